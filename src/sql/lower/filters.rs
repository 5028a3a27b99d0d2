//! An aggregate with a condition goes over values that are null where it does not hold: aggregates leave out nulls.

use super::walk::every_expr;
use crate::functions::if_::IF;
use crate::model::expr::{Expr, Node};
use crate::plan::relation::{Atom, Query, Scalar};

/// `as_values` says whether values that are put together are one that can be chosen.
pub(super) fn within(query: &mut Query, as_values: bool) {
    every_expr(query, &|_, expr| {
        let Node::Leaf(Atom::Aggregate(fold)) = &mut expr.node else { return };
        let Some(filter) = fold.filter.take() else { return };
        let only = |value: Scalar| Expr::apply(&IF, vec![filter.clone(), value]);
        fold.argument = Some(match fold.argument.take() {
            None => only(Expr::number(1)),
            // Values that are put together are left out as soon as one of them is null.
            Some(Expr { node: Node::Leaf(Atom::Tuple(mut parts)), at }) if !as_values => {
                if let Some(first) = parts.first_mut() {
                    *first = only(first.clone());
                }
                Expr { node: Node::Leaf(Atom::Tuple(parts)), at }
            }
            Some(value) => only(value),
        });
    });
}
