//! Days whose bounds are columns of what is joined before them become all days between the smallest and the largest bound, joined where
//! they are within. All bounds of one list of days are the same number of steps apart, so that each of its days is one of these.

use super::walk::every_select;
use crate::functions::operators::{AND, GREATER_OR_EQUAL, LESS};
use crate::functions::{Function, max, min};
use crate::model::expr::{Expr, Node};
use crate::plan::relation::{Atom, From, JoinKind, Query, Rows, Scalar, Select, column, fold};

pub(super) fn between_all_bounds(query: &mut Query) {
    every_select(query, &|select| {
        for at in 0..select.joins.len() {
            let base = Select {
                from: select.from.clone(),
                joins: select.joins.get(..at).map(<[_]>::to_vec).unwrap_or_default(),
                ..Select::default()
            };
            let Some(join) = select.joins.get_mut(at) else { continue };
            let From { relation: Rows::Days { from, before, .. }, name } = &mut join.from else { continue };
            let mut condition = None;
            for (bound, function, compare) in [(from, &min::MIN, &GREATER_OR_EQUAL), (before, &max::MAX, &LESS)] {
                if !reads_columns(bound) {
                    continue;
                }
                let own = (**bound).clone();
                **bound = over_all(&base, function, own.clone());
                let within = Expr::apply(compare, vec![column(name, "day"), own]);
                condition = Some(match condition {
                    None => within,
                    Some(known) => Expr::apply(&AND, vec![known, within]),
                });
            }
            if condition.is_some() {
                (join.kind, join.on) = (JoinKind::Inner, condition);
            }
        }
    });
}

fn over_all(base: &Select, function: &'static Function, bound: Scalar) -> Scalar {
    let mut single = base.clone();
    single.column(fold(function, bound), "bound");
    Expr::leaf(Atom::Single(Box::new(single)))
}

fn reads_columns(expr: &Scalar) -> bool {
    match &expr.node {
        Node::Apply(_, arguments) => arguments.iter().any(reads_columns),
        Node::Leaf(Atom::Column { .. }) => true,
        Node::Leaf(atom) => {
            let mut found = false;
            atom.parts(&mut |part| found = found || reads_columns(part));
            found
        }
        Node::Literal(_) | Node::Broken => false,
    }
}
