//! What the selects and expressions of plans name: relations, their columns, and parts of the query.

use crate::model::SourceId;
use crate::model::expr::Node;
use crate::plan::algebra::relation::{Atom, Body, Fold, From, Part, Query, Reading, Rows, Scalar, Select};
use std::collections::BTreeSet;

/// The sources whose rows some queries read.
pub fn sources_read(queries: &[Query]) -> BTreeSet<SourceId> {
    let mut found = BTreeSet::new();
    for query in queries {
        for body in query.parts.iter().map(|part| &part.body).chain([&query.result]) {
            selects_of(body).iter().for_each(|select| read_by(select, &mut found));
        }
    }
    found
}

fn read_by(select: &Select, found: &mut BTreeSet<SourceId>) {
    for from in select.from.iter().chain(select.joins.iter().map(|join| &join.from)) {
        match &from.relation {
            Rows::Source(rows) => found.extend(rows.read.as_ref().map(|read| read.source)),
            Rows::Readings(_, rows) => found.extend(rows.read.as_ref().map(|read| read.source)),
            Rows::Select(inner) => read_by(inner, found),
            Rows::Part(_) | Rows::Days { .. } | Rows::Values(..) => {}
        }
    }
}

/// The selects of a part.
pub(super) fn selects_of(body: &Body) -> &[Select] {
    match body {
        Body::Select(select) => std::slice::from_ref(select),
        Body::Union(selects) => selects,
    }
}

/// What a select reads of the source that a relation is.
pub(super) fn reading(from: &From) -> Option<&Reading> {
    match &from.relation {
        Rows::Source(rows) => rows.read.as_deref(),
        Rows::Readings(_, rows) => rows.read.as_deref(),
        _ => None,
    }
}

/// The aggregates of an expression in which something is used; whether it is used nowhere else.
pub(super) fn all_in_folds<'e>(expr: &'e Scalar, uses: &impl Fn(&Scalar) -> bool, found: &mut Vec<&'e Fold>) -> bool {
    match &expr.node {
        Node::Apply(_, arguments) => arguments.iter().all(|argument| all_in_folds(argument, uses, found)),
        Node::Leaf(Atom::Aggregate(fold)) => {
            if uses(expr) {
                found.push(fold);
            }
            true
        }
        Node::Leaf(Atom::Whole(of)) => all_in_folds(of, uses, found),
        Node::Leaf(_) => !uses(expr),
        Node::Literal(_) | Node::Broken => true,
    }
}

/// Whether an expression is about the columns of one relation alone.
pub(super) fn is_about(expr: &Scalar, relation: &str) -> bool {
    names_in(expr).iter().all(|name| name == relation)
}

/// The relations whose columns an expression names, but for those of queries in it.
pub(super) fn names_in(expr: &Scalar) -> BTreeSet<String> {
    columns_in(expr).into_iter().map(|(relation, _)| relation).collect()
}

/// The same with the columns.
pub(super) fn columns_in(expr: &Scalar) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    expr.leaves(&mut |atom| match atom {
        Atom::Column { of, name } => _ = found.insert((of.clone(), name.clone())),
        Atom::Single(select) => {
            let own: BTreeSet<&str> =
                select.from.iter().chain(select.joins.iter().map(|join| &join.from)).map(|from| from.name.as_str()).collect();
            let scalars = select.columns.iter().map(|(expr, _)| expr).chain(&select.filter);
            found.extend(scalars.flat_map(columns_in).filter(|(relation, _)| !own.contains(relation.as_str())));
        }
        other => other.parts(&mut |inner| found.extend(columns_in(inner))),
    });
    found
}

/// The parts that the queries in an expression read.
pub(super) fn named(expr: &Scalar) -> Vec<&str> {
    let mut found = Vec::new();
    expr.leaves(&mut |atom| match atom {
        Atom::Single(select) => {
            found.extend(reads(select));
        }
        other => other.parts(&mut |inner| found.extend(named(inner))),
    });
    found
}

/// The parts that a select reads from.
fn relations(select: &Select) -> impl Iterator<Item = &str> {
    fn of(from: &From) -> Vec<&str> {
        match &from.relation {
            Rows::Part(part) | Rows::Readings(part, _) => vec![part.as_str()],
            Rows::Select(inner) => reads(inner).collect(),
            Rows::Days { from, before, .. } => [from, before].into_iter().flat_map(|bound| named(bound)).collect(),
            Rows::Source(_) | Rows::Values(..) => Vec::new(),
        }
    }
    select.from.iter().chain(select.joins.iter().map(|join| &join.from)).flat_map(of)
}

/// The parts that a select reads from, and those that its expressions look something up in.
pub(super) fn reads(select: &Select) -> impl Iterator<Item = &str> {
    let scalars = select.columns.iter().map(|(expr, _)| expr).chain(&select.filter).chain(&select.having);
    let on = select.joins.iter().filter_map(|join| join.on.as_ref());
    relations(select).chain(scalars.chain(on).flat_map(named))
}

/// Some parts of a query with all those that they need, in their order.
pub(super) fn parts_of<'s>(query: &Query, wanted: impl Iterator<Item = &'s str>) -> Vec<Part> {
    let mut needed: BTreeSet<String> = wanted.map(str::to_owned).collect();
    let mut found = Vec::new();
    for part in query.parts.iter().rev() {
        if !needed.contains(&part.name) {
            continue;
        }
        for select in selects_of(&part.body) {
            needed.extend(reads(select).map(str::to_owned));
        }
        found.push(part.clone());
    }
    found.reverse();
    found
}
