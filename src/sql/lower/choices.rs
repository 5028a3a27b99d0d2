//! What is chosen from has one type: a floating number and an exact one are two to some engines.

use super::walk::every_expr;
use crate::model::expr::{Expr, Node};
use crate::model::value::Type;
use crate::plan::relation::{Atom, Query, Scalar};
use crate::plan::types::Scope;

pub(super) fn of_one_type(query: &mut Query) {
    every_expr(query, &|scope, expr| {
        let Node::Apply(function, arguments) = &mut expr.node else { return };
        match function.name {
            "coalesce" | "least" | "greatest" | "earlier" => cast(scope, arguments.iter_mut().collect()),
            "if" => cast(scope, arguments.iter_mut().skip(1).collect()),
            "case" => {
                let pairs = arguments.len() / 2 * 2;
                let is_value = |at: usize| at >= pairs || at % 2 == 1;
                cast(scope, arguments.iter_mut().enumerate().filter(|(at, _)| is_value(*at)).map(|(_, value)| value).collect());
            }
            _ => {}
        }
    });
}

fn cast(scope: &Scope<'_>, values: Vec<&mut Scalar>) {
    let Ok(common) = scope.common("choice", values.iter().map(|value| &**value)) else { return };
    values.into_iter().for_each(|value| as_one_of(scope, value, common));
}

/// Makes a value one of a type that holds it. Exact numbers of all kinds meet by themselves, and keep their scale.
pub(super) fn as_one_of(scope: &Scope<'_>, value: &mut Scalar, common: Type) {
    let own = scope.ty(value).unwrap_or(Type::Null);
    if own != common && own != Type::Null && common != Type::Decimal {
        *value = Expr::leaf(Atom::As(Box::new(value.clone()), common));
    }
}
