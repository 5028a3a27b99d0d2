//! A relation and a column that a select reads have different names: `customer.size` may be a part of the column `customer` too.

use super::walk::every_select;
use crate::model::expr::Node;
use crate::plan::relation::{Atom, Query, Rows, Scalar, Select};
use std::collections::HashSet;

pub(super) fn apart(query: &mut Query) {
    every_select(query, &|select| {
        if select.joins.is_empty() {
            return;
        }
        let mut columns = HashSet::new();
        for from in select.from.iter().chain(select.joins.iter().map(|join| &join.from)) {
            if let Rows::Source(rows) = &from.relation {
                columns.extend(rows.stored.iter().chain(rows.raw.iter().map(|(name, _)| name)).cloned());
            }
        }
        select.exprs_mut().for_each(|expr| read(expr, &mut columns));
        let taken: HashSet<String> = relations(select).collect();
        for name in relations(select).filter(|name| columns.contains(name)).collect::<Vec<_>>() {
            let mut other = format!("{name}_rows");
            while columns.contains(&other) || taken.contains(&other) {
                other.push('_');
            }
            rename(select, &name, &other);
        }
    });
}

fn relations(select: &Select) -> impl Iterator<Item = String> + '_ {
    select.from.iter().chain(select.joins.iter().map(|join| &join.from)).map(|from| from.name.clone())
}

/// The columns that an expression reads.
fn read(expr: &Scalar, found: &mut HashSet<String>) {
    match &expr.node {
        Node::Apply(_, arguments) => arguments.iter().for_each(|argument| read(argument, found)),
        Node::Leaf(Atom::Column { name, .. }) => _ = found.insert(name.clone()),
        Node::Leaf(atom) => atom.parts(&mut |part| read(part, found)),
        Node::Literal(_) | Node::Broken => {}
    }
}

fn rename(select: &mut Select, from: &str, to: &str) {
    for relation in select.from.iter_mut().chain(select.joins.iter_mut().map(|join| &mut join.from)) {
        if relation.name == from {
            to.clone_into(&mut relation.name);
        }
        if let Rows::Days { from: first, before, .. } = &mut relation.relation {
            in_expr(first, from, to);
            in_expr(before, from, to);
        }
    }
    select.exprs_mut().for_each(|expr| in_expr(expr, from, to));
}

fn in_expr(expr: &mut Scalar, from: &str, to: &str) {
    match &mut expr.node {
        Node::Apply(_, arguments) => arguments.iter_mut().for_each(|argument| in_expr(argument, from, to)),
        Node::Leaf(Atom::Column { of, .. }) if of == from => to.clone_into(of),
        // A query of its own may have a relation of that name.
        Node::Leaf(Atom::Single(inner)) if !relations(inner).any(|name| name == from) => {
            inner.exprs_mut().for_each(|expr| in_expr(expr, from, to));
        }
        Node::Leaf(atom) => atom.parts_mut(&mut |part| in_expr(part, from, to)),
        Node::Literal(_) | Node::Broken => {}
    }
}
