//! A value is compared with each of a list that has other types, nulls, or what is no literal.

use super::walk::every_expr;
use crate::functions::operators::{AND, EQUAL, NOT_EQUAL, OR};
use crate::model::expr::{Expr, Literal, Node};
use crate::model::value::Type;
use crate::plan::relation::{Atom, Query, Scalar};
use crate::plan::types::Scope;

pub(super) fn compared(query: &mut Query) {
    every_expr(query, &|scope, expr| {
        let Node::Apply(function, arguments) = &expr.node else { return };
        let is_in = match function.name {
            "in" => true,
            "not in" => false,
            _ => return,
        };
        let [value, list @ ..] = arguments.as_slice() else { return };
        let own = scope.ty(value);
        if list.iter().all(|item| is_literal(item) && scope.ty(item) == own && own != Ok(Type::Decimal)) {
            return;
        }
        let (compare, join) = if is_in { (&EQUAL, &OR) } else { (&NOT_EQUAL, &AND) };
        let each = list.iter().map(|item| Expr::apply(compare, vec![value.clone(), as_compared(scope, value, item)]));
        if let Some(all) = each.reduce(|all, next| Expr::apply(join, vec![all, next])) {
            *expr = all;
        }
    });
}

fn as_compared(scope: &Scope<'_>, value: &Scalar, item: &Scalar) -> Scalar {
    let mut item = item.clone();
    if scope.ty(value) == Ok(Type::Double) {
        super::choices::as_one_of(scope, &mut item, Type::Double);
    }
    item
}

fn is_literal(item: &Scalar) -> bool {
    match &item.node {
        Node::Literal(literal) => *literal != Literal::Null,
        Node::Leaf(Atom::Moment(_)) => true,
        Node::Apply(function, arguments) if function.name == "by bytes" => arguments.iter().all(is_literal),
        _ => false,
    }
}
