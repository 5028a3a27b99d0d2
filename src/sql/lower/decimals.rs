//! Where decimals are floating numbers, a sum of them is brought back to the digits that it can have: 0.1 and 0.2 are 0.3, and
//! what is added and taken away again leaves nothing behind.

use super::walk::every_expr;
use crate::functions::conversions::SETTLED;
use crate::functions::operators::ADD;
use crate::functions::{abs, sum};
use crate::model::expr::{Expr, Node};
use crate::model::value::Type;
use crate::plan::relation::{Atom, Query, Scalar};

pub(super) fn settled(query: &mut Query) {
    every_expr(query, &|scope, expr| {
        match &mut expr.node {
            Node::Leaf(Atom::Aggregate(fold)) if *fold.function == sum::SUM => {
                fold.argument.iter_mut().for_each(unsettled);
            }
            Node::Apply(function, arguments) if is_arithmetic(function.name) => arguments.iter_mut().for_each(unsettled),
            Node::Leaf(Atom::Rolling(rolling)) if *rolling.function == sum::SUM => {}
            _ => return,
        }
        if scope.ty(expr) != Ok(Type::Decimal) {
            return;
        }
        let sizes = match &expr.node {
            Node::Leaf(Atom::Aggregate(fold)) => {
                let mut fold = fold.clone();
                fold.argument = fold.argument.map(size);
                Expr::leaf(Atom::Aggregate(fold))
            }
            Node::Leaf(Atom::Rolling(rolling)) => {
                let mut rolling = rolling.clone();
                rolling.argument = size(rolling.argument);
                Expr::leaf(Atom::Rolling(rolling))
            }
            _ => sizes(expr),
        };
        *expr = Expr::apply(&SETTLED, vec![expr.clone(), sizes]);
    });
}

fn is_arithmetic(function: &str) -> bool {
    matches!(function, "+" | "-" | "*" | "negate")
}

/// What is computed further is brought back at the end.
fn unsettled(expr: &mut Scalar) {
    let Node::Apply(function, arguments) = &expr.node else { return };
    let Some(of) = arguments.first().filter(|_| **function == SETTLED) else { return };
    if matches!(&of.node, Node::Apply(..)) {
        *expr = of.clone();
    }
}

fn size(of: Scalar) -> Scalar {
    Expr::apply(&abs::ABS, vec![of])
}

/// The sum of the sizes of what is added.
fn sizes(of: &Scalar) -> Scalar {
    match &of.node {
        Node::Apply(function, arguments) if matches!(function.name, "+" | "-" | "negate") => {
            let each = arguments.iter().map(sizes).reduce(|all, next| Expr::apply(&ADD, vec![all, next]));
            each.unwrap_or_else(|| size(of.clone()))
        }
        _ => size(of.clone()),
    }
}
