//! Decimals of different digits meet: an engine that keeps the digits before the point where there are too many would compare 1.12 with 1.125 and
//! find them the same. So each gets six digits after the point first, and what comes of a third factor is a floating number.

use super::choices::as_one_of;
use super::walk::{every_body, every_expr};
use crate::functions::conversions::SCALED;
use crate::model::expr::{Expr, Node};
use crate::model::value::Type;
use crate::plan::relation::{Body, Query, Scalar};
use crate::plan::types::Scope;
use crate::sql::write::fault;

pub(super) fn kept(query: &mut Query) {
    every_expr(query, &|scope, expr| {
        let Node::Apply(function, arguments) = &mut expr.node else { return };
        match function.name {
            "=" | "!=" | "<" | "<=" | ">" | ">=" | "between" | "not between" | "in" | "not in" | "coalesce" | "least"
            | "greatest" => {
                scaled(scope, arguments.iter_mut().collect());
            }
            "if" => scaled(scope, arguments.iter_mut().skip(1).collect()),
            "case" => {
                let pairs = arguments.len() / 2 * 2;
                let is_value = |at: usize| at >= pairs || at % 2 == 1;
                scaled(
                    scope,
                    arguments.iter_mut().enumerate().filter(|(at, _)| is_value(*at)).map(|(_, value)| value).collect(),
                );
            }
            "*" if arguments.iter().any(has_product) && arguments.iter().any(|factor| is_decimal(scope, factor)) => {
                arguments.iter_mut().for_each(|factor| as_one_of(scope, factor, Type::Double));
            }
            _ => {}
        }
    });
    every_body(query, &mut |types, body| {
        let Body::Union(selects) = body else { return };
        let columns = selects.first().map_or(0, |first| first.columns.len());
        for at in 0..columns {
            let is_own = |select: &&mut crate::plan::relation::Select| {
                let scope = types.scope(select, None).unwrap_or_else(|wrong| fault(&wrong.0));
                select.columns.get(at).is_some_and(|(value, _)| is_decimal(&scope, value))
            };
            let mut values: Vec<_> =
                selects.iter_mut().filter(is_own).filter_map(|select| select.columns.get_mut(at)).collect();
            if values.len() > 1 {
                values.iter_mut().for_each(|(value, _)| scale(value));
            }
        }
    });
}

/// What meets, if there are several decimals.
fn scaled(scope: &Scope<'_>, mut values: Vec<&mut Scalar>) {
    values.retain(|value| is_decimal(scope, value));
    if values.len() > 1 {
        values.into_iter().for_each(scale);
    }
}

fn scale(value: &mut Scalar) {
    let is_done =
        matches!(&value.node, Node::Literal(_)) || matches!(&value.node, Node::Apply(function, _) if **function == SCALED);
    if !is_done {
        *value = Expr::apply(&SCALED, vec![value.clone()]);
    }
}

fn is_decimal(scope: &Scope<'_>, value: &Scalar) -> bool {
    scope.ty(value) == Ok(Type::Decimal)
}

/// Whether something is multiplied there that is not written out.
fn has_product(expr: &Scalar) -> bool {
    let Node::Apply(function, arguments) = &expr.node else { return false };
    let is_product = function.name == "*" && arguments.iter().all(|factor| !matches!(factor.node, Node::Literal(_)));
    is_product || arguments.iter().any(has_product)
}
