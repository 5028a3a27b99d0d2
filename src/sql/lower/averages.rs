//! Where a mean is worked out of floating numbers, or is a decimal of few digits, that of exact numbers is their sum, which is exact, over their
//! count: large ones may cancel out.

use super::walk::every_expr;
use crate::dialect::Abilities;
use crate::functions::operators::DIVIDE;
use crate::functions::{Function, avg, count, sum};
use crate::model::expr::{Expr, Node};
use crate::model::value::Type;
use crate::plan::relation::{Atom, Query, Scalar};

pub(super) fn divided(query: &mut Query, able: Abilities) {
    every_expr(query, &|scope, expr| {
        let argument = match &expr.node {
            Node::Leaf(Atom::Aggregate(fold)) if *fold.function == avg::AVG => fold.argument.as_ref(),
            Node::Leaf(Atom::Rolling(rolling)) if *rolling.function == avg::AVG => Some(&rolling.argument),
            _ => None,
        };
        let is_divided = match argument.map(|argument| scope.ty(argument)) {
            Some(Ok(Type::Integer)) => !able.exact_means,
            Some(Ok(Type::Decimal)) => !able.decimal_means,
            _ => false,
        };
        if is_divided {
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
