//! The greatest of conditions is whether any holds, the smallest whether all do.

use super::walk::every_expr;
use crate::functions::conversions::{ALL_HOLD, ANY_HOLDS};
use crate::functions::{max, min};
use crate::model::expr::Node;
use crate::model::value::Type;
use crate::plan::relation::{Atom, Query};

pub(super) fn any_or_all(query: &mut Query) {
    every_expr(query, &|scope, expr| {
        let Node::Leaf(Atom::Aggregate(fold)) = &mut expr.node else { return };
        let is_condition = fold.argument.as_ref().is_some_and(|argument| scope.ty(argument) == Ok(Type::Boolean));
        if is_condition && *fold.function == max::MAX {
            fold.function = &ANY_HOLDS;
        } else if is_condition && *fold.function == min::MIN {
            fold.function = &ALL_HOLD;
        }
    });
}
