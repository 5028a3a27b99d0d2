//! Rows that are joined where values are the same are joined where these are equal, or both null: some engines look for the rows of
//! that condition, and would try all pairs for the other.

use super::walk::every_select;
use crate::functions::operators::{AND, EQUAL, IS_NULL, OR};
use crate::model::expr::{Expr, Node};
use crate::plan::relation::{Atom, Query, Scalar};

pub(super) fn compared(query: &mut Query) {
    every_select(query, &|select| select.joins.iter_mut().filter_map(|join| join.on.as_mut()).for_each(expr));
}

fn expr(of: &mut Scalar) {
    match &mut of.node {
        Node::Leaf(Atom::Same(one, two)) => {
            let (one, two) = ((**one).clone(), (**two).clone());
            let is_null = |side: &Scalar| Expr::apply(&IS_NULL, vec![side.clone()]);
            let nulls = Expr::apply(&AND, vec![is_null(&one), is_null(&two)]);
            *of = Expr::apply(&OR, vec![Expr::apply(&EQUAL, vec![one, two]), nulls]);
        }
        // Below anything else it would matter that what is neither is null, and not false.
        Node::Apply(function, arguments) if function.name == "and" => arguments.iter_mut().for_each(expr),
        Node::Apply(..) | Node::Leaf(_) | Node::Literal(_) | Node::Broken => {}
    }
}
