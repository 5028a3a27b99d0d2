//! What is counted, or stored and read by an aggregate, becomes an ordinary number: to some engines it has no sign, and no type that
//! holds negative numbers too.

use super::walk::every_expr;
use crate::model::expr::{Expr, Node};
use crate::model::value::Type;
use crate::plan::relation::{Atom, Query};

pub(super) fn signed(query: &mut Query) {
    every_expr(query, &|scope, expr| {
        let is_count = match &expr.node {
            Node::Leaf(Atom::Aggregate(fold)) => match fold.function.name {
                "count" | "count_distinct" => true,
                // What is stored may have no sign either.
                "min" | "max" | "first" | "last" => scope.ty(expr) == Ok(Type::Integer),
                _ => false,
            },
            Node::Leaf(Atom::RowNumber(_)) => true,
            Node::Leaf(Atom::SoFar(_)) => scope.ty(expr) == Ok(Type::Integer),
            Node::Apply(function, _) => match function.name {
                "length" => true,
                "abs" => scope.ty(expr) == Ok(Type::Integer),
                _ => false,
            },
            // What is of that type already need not become so again.
            Node::Leaf(Atom::Whole(of)) if matches!(&of.node, Node::Leaf(Atom::As(_, Type::Integer))) => {
                *expr = (**of).clone();
                false
            }
            _ => false,
        };
        if is_count {
            *expr = Expr::leaf(Atom::As(Box::new(expr.clone()), Type::Integer));
        }
    });
}
