//! Several values as one are texts: engines that put them together as such take nothing else.

use super::walk::every_expr;
use crate::functions::conversions::BY_BYTES;
use crate::functions::text::TEXT;
use crate::model::expr::{Expr, Node};
use crate::model::value::Type;
use crate::plan::relation::{Atom, Query};

pub(super) fn of_texts(query: &mut Query) {
    every_expr(query, &|scope, expr| {
        let Node::Leaf(Atom::Tuple(parts)) = &mut expr.node else { return };
        for part in parts {
            // A column may be stored as something that is written as a text.
            let is_marked = matches!(&part.node, Node::Apply(function, _) if **function == BY_BYTES);
            if scope.ty(part) != Ok(Type::Text) {
                *part = Expr::apply(&TEXT, vec![part.clone()]);
            } else if !is_marked {
                *part = Expr::leaf(Atom::As(Box::new(part.clone()), Type::Text));
            }
        }
    });
}
