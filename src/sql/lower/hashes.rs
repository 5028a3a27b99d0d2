//! Rows that are joined by a text, which is compared by its bytes, are joined by a number that is made of these too. Some engines look for the rows of an
//! equality only where a column of what is joined stands alone in it, and would try all pairs: so that column is made in a relation of its own, which has
//! a limit that it never reaches. Else it would be put back into the condition.

use super::joins::columns_read;
use super::walk::every_select;
use crate::functions::conversions::{BY_BYTES, HASHED};
use crate::functions::operators::{AND, EQUAL};
use crate::model::expr::{Expr, Node};
use crate::plan::relation::{Atom, Query, Rows, Scalar, Select, column};

pub(super) fn joined(query: &mut Query) {
    every_select(query, &|select| {
        for at in 0..select.joins.len() {
            let Some(join) = select.joins.get(at) else { continue };
            let name = join.from.name.clone();
            let is_stored = matches!(join.from.relation, Rows::Source(_));
            let Some((own, other)) = join.on.as_ref().filter(|_| is_stored).and_then(|on| texts(on, &name)) else { continue };
            let read = columns_read(select, &name);
            let mut hash = "text_hash".to_owned();
            while read.contains(&hash) {
                hash.push('_');
            }
            let Some(join) = select.joins.get_mut(at) else { continue };
            let mut inner = Select { from: Some(join.from.clone()), limit: Some(u64::MAX), ..Select::default() };
            read.iter().for_each(|own| _ = inner.column(column(&name, own), own));
            inner.column(Expr::apply(&HASHED, vec![own]), &hash);
            join.from.relation = Rows::Select(Box::new(inner));
            let same = Expr::apply(&EQUAL, vec![column(&name, &hash), Expr::apply(&HASHED, vec![other])]);
            join.on = join.on.take().map(|on| Expr::apply(&AND, vec![same, on]));
        }
    });
}

/// The texts of the first equality that holds wherever a condition does: that of a column of the joined relation, and the one that it equals.
fn texts(on: &Scalar, name: &str) -> Option<(Scalar, Scalar)> {
    let Node::Apply(function, arguments) = &on.node else { return None };
    match (function.name, arguments.as_slice()) {
        ("and", all) => all.iter().find_map(|part| texts(part, name)),
        ("=", [one, two]) => match (of_column(one, name), of_column(two, name)) {
            (Some(own), None) => Some((own.clone(), of_bytes(two).unwrap_or(two).clone())),
            (None, Some(own)) => Some((own.clone(), of_bytes(one).unwrap_or(one).clone())),
            _ => None,
        },
        _ => None,
    }
}

fn of_bytes(expr: &Scalar) -> Option<&Scalar> {
    match &expr.node {
        Node::Apply(function, arguments) if **function == BY_BYTES => arguments.first(),
        _ => None,
    }
}

/// The column of the joined relation that is compared by its bytes.
fn of_column<'a>(expr: &'a Scalar, name: &str) -> Option<&'a Scalar> {
    of_bytes(expr).filter(|text| matches!(&text.node, Node::Leaf(Atom::Column { of, .. }) if of == name))
}
