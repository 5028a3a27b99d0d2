//! A text or a null that stands alone in a column gets a type: to some engines it has none, and cannot be read from outside.

use super::walk::every_select;
use crate::model::expr::{Expr, Literal, Node};
use crate::model::value::Type;
use crate::plan::relation::{Atom, Query};

pub(super) fn typed(query: &mut Query) {
    every_select(query, &|select| {
        for (expr, _) in &mut select.columns {
            if matches!(&expr.node, Node::Literal(Literal::Text(_) | Literal::Null)) {
                *expr = Expr::leaf(Atom::As(Box::new(expr.clone()), Type::Text));
            }
        }
    });
}
