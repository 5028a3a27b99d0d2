//! A stored wall clock is asked which zone its readings are in, where a type has one: in any but UTC they would be others. So is an instant, where its
//! readings are those of a session's clock.

use crate::functions::conversions::IS_IN_UTC;
use crate::model::expr::{Expr, Node};
use crate::model::value::Type;
use crate::plan::relation::{Atom, Body, Query, Rows, Scalar, Select, column};

pub(super) fn in_utc(query: &mut Query, ty: Type) {
    for body in query.parts.iter_mut().map(|part| &mut part.body).chain([&mut query.result]) {
        match body {
            Body::Select(one) => select(one, ty),
            Body::Union(selects) => selects.iter_mut().for_each(|one| select(one, ty)),
        }
    }
}

fn select(of: &mut Select, ty: Type) {
    of.exprs_mut().for_each(|one| expr(one, ty));
    let mut clocks = Vec::new();
    for from in of.from.iter_mut().chain(of.joins.iter_mut().map(|join| &mut join.from)) {
        match &mut from.relation {
            Rows::Select(inner) => select(inner, ty),
            Rows::Source(rows) => {
                let stored = rows.stored.iter().chain(rows.raw.iter().map(|(name, _)| name));
                let read = stored.filter(|name| rows.types.get(*name) == Some(&ty));
                clocks.extend(read.map(|name| Expr::apply(&IS_IN_UTC, vec![column(&from.name, name)])));
            }
            Rows::Days { from, before, .. } => [from, before].into_iter().for_each(|bound| expr(bound, ty)),
            Rows::Part(_) | Rows::Readings(..) | Rows::Values(..) => {}
        }
    }
    of.filter.append(&mut clocks);
}

fn expr(of: &mut Scalar, ty: Type) {
    match &mut of.node {
        Node::Apply(_, arguments) => arguments.iter_mut().for_each(|argument| expr(argument, ty)),
        Node::Leaf(Atom::Single(inner)) => select(inner, ty),
        Node::Leaf(atom) => atom.parts_mut(&mut |part| expr(part, ty)),
        Node::Literal(_) | Node::Broken => {}
    }
}
