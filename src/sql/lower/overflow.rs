//! What is computed of whole numbers is asked whether it is still one: some engines make a floating number of one that is too large.

use super::walk::every_expr;
use crate::functions::conversions::IN_RANGE;
use crate::functions::{avg, sum};
use crate::model::expr::{Expr, Node};
use crate::model::value::Type;
use crate::plan::relation::{Atom, Query, Scalar};

pub(super) fn refused(query: &mut Query) {
    every_expr(query, &|scope, expr| {
        let Node::Apply(function, arguments) = &mut expr.node else { return };
        if !matches!(function.name, "+" | "-" | "*" | "negate") {
            return;
        }
        // What is floating stays so, and is asked about at the end.
        arguments.iter_mut().for_each(unasked);
        if scope.ty(expr) == Ok(Type::Integer) {
            *expr = Expr::apply(&IN_RANGE, vec![expr.clone()]);
        }
    });
}

/// What is added up of floating numbers is asked the same: some engines give the largest number that they have in place of one that is larger.
pub(super) fn added_up(query: &mut Query) {
    every_expr(query, &|scope, expr| {
        let function = match &expr.node {
            Node::Leaf(Atom::Aggregate(fold)) => fold.function,
            Node::Leaf(Atom::Rolling(rolling)) => rolling.function,
            _ => return,
        };
        if (*function == sum::SUM || *function == avg::AVG) && scope.ty(expr) == Ok(Type::Double) {
            *expr = Expr::apply(&IN_RANGE, vec![expr.clone()]);
        }
    });
}

fn unasked(expr: &mut Scalar) {
    if let Node::Apply(function, arguments) = &expr.node
        && **function == IN_RANGE
        && let Some(of) = arguments.first()
    {
        *expr = of.clone();
    }
}
