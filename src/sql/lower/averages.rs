//! Where a mean is worked out of floating numbers, that of whole numbers is their sum, which is exact, over their count: large ones may cancel out.

use super::walk::every_expr;
use crate::functions::operators::DIVIDE;
use crate::functions::{Function, avg, count, sum};
use crate::model::expr::{Expr, Node};
use crate::model::value::Type;
use crate::plan::relation::{Atom, Query, Scalar};

pub(super) fn divided(query: &mut Query) {
    every_expr(query, &|scope, expr| {
        let argument = match &expr.node {
            Node::Leaf(Atom::Aggregate(fold)) if *fold.function == avg::AVG => fold.argument.as_ref(),
            Node::Leaf(Atom::Rolling(rolling)) if *rolling.function == avg::AVG => Some(&rolling.argument),
            _ => None,
        };
        if argument.is_some_and(|argument| scope.ty(argument) == Ok(Type::Integer)) {
            *expr = Expr::apply(&DIVIDE, vec![with(expr, &sum::SUM), with(expr, &count::COUNT)]);
        }
    });
}

/// The same over the same rows, by another function.
fn with(of: &Scalar, function: &'static Function) -> Scalar {
    let mut of = of.clone();
    match &mut of.node {
        Node::Leaf(Atom::Aggregate(fold)) => fold.function = function,
        Node::Leaf(Atom::Rolling(rolling)) => rolling.function = function,
        _ => {}
    }
    of
}
