//! A neighbour's value may be null: where a type has no null, a row without a neighbour would show 0.

use super::walk::every_expr;
use crate::functions::if_::IF;
use crate::functions::operators::IS_NOT_NULL;
use crate::model::expr::{Expr, Node};
use crate::model::value::Type;
use crate::plan::relation::{Atom, Query};

pub(super) fn nullable(query: &mut Query) {
    every_expr(query, &|scope, expr| {
        let ty = scope.ty(expr).unwrap_or(Type::Null);
        let Node::Leaf(Atom::Neighbour(neighbour)) = &mut expr.node else { return };
        let value = neighbour.value.clone();
        neighbour.value = match ty {
            // Decimals keep their scale.
            Type::Decimal => {
                let known = Expr::apply(&IS_NOT_NULL, vec![value.clone()]);
                Expr::apply(&IF, vec![known, value])
            }
            _ => Expr::leaf(Atom::As(Box::new(value), ty)),
        };
    });
}
