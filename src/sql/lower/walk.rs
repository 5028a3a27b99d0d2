//! Goes through the selects of a plan, each with the types of what it reads.

use crate::model::expr::Node;
use crate::plan::relation::{Atom, Body, Query, Rows, Scalar, Select};
use crate::plan::types::{Scope, Types};
use crate::sql::write::fault;

/// Changes every expression of a plan, the inner ones first. What is changed keeps its type.
pub(super) fn every_expr(query: &mut Query, change: &dyn Fn(&Scope<'_>, &mut Scalar)) {
    every_body(query, &mut |types, body| {
        let selects = match body {
            Body::Select(select) => std::slice::from_mut(select),
            Body::Union(selects) => selects.as_mut_slice(),
        };
        selects.iter_mut().for_each(|of| select(types, of, None, change));
    });
}

/// Changes every select of a plan, the inner ones first, but for those that stand in expressions.
pub(super) fn every_select(query: &mut Query, change: &dyn Fn(&mut Select)) {
    fn inside(of: &mut Select, change: &dyn Fn(&mut Select)) {
        for from in of.from.iter_mut().chain(of.joins.iter_mut().map(|join| &mut join.from)) {
            if let Rows::Select(inner) = &mut from.relation {
                inside(inner, change);
            }
        }
        change(of);
    }
    for body in query.parts.iter_mut().map(|part| &mut part.body).chain([&mut query.result]) {
        match body {
            Body::Select(select) => inside(select, change),
            Body::Union(selects) => selects.iter_mut().for_each(|select| inside(select, change)),
        }
    }
}

/// Visits the bodies of a plan in order, each with the types of the parts before.
pub(super) fn every_body(query: &mut Query, visit: &mut dyn FnMut(&Types, &mut Body)) {
    let mut types = Types::default();
    for part in &mut query.parts {
        visit(&types, &mut part.body);
        let columns = types.body(&part.body).unwrap_or_else(|wrong| fault(&wrong.0));
        types.add(&part.name, columns);
    }
    visit(&types, &mut query.result);
}

fn select(types: &Types, of: &mut Select, outer: Option<&Scope<'_>>, change: &dyn Fn(&Scope<'_>, &mut Scalar)) {
    for from in of.from.iter_mut().chain(of.joins.iter_mut().map(|join| &mut join.from)) {
        if let Rows::Select(inner) = &mut from.relation {
            select(types, inner, None, change);
        }
    }
    let scope = types.scope(of, outer).unwrap_or_else(|wrong| fault(&wrong.0));
    of.exprs_mut().for_each(|inner| expr(types, inner, &scope, change));
}

fn expr(types: &Types, of: &mut Scalar, scope: &Scope<'_>, change: &dyn Fn(&Scope<'_>, &mut Scalar)) {
    match &mut of.node {
        Node::Apply(_, arguments) => arguments.iter_mut().for_each(|argument| expr(types, argument, scope, change)),
        Node::Leaf(Atom::Single(inner)) => select(types, inner, Some(scope), change),
        Node::Leaf(atom) => atom.parts_mut(&mut |part| expr(types, part, scope, change)),
        Node::Literal(_) | Node::Broken => {}
    }
    change(scope, of);
}

/// Visits every relation that a plan reads, also in expressions.
pub(super) fn every_relation(query: &mut Query, visit: &mut dyn FnMut(&mut Rows)) {
    for body in query.parts.iter_mut().map(|part| &mut part.body).chain([&mut query.result]) {
        match body {
            Body::Select(of) => relations(of, visit),
            Body::Union(selects) => selects.iter_mut().for_each(|of| relations(of, visit)),
        }
    }
}

fn relations(of: &mut Select, visit: &mut dyn FnMut(&mut Rows)) {
    for from in of.from.iter_mut().chain(of.joins.iter_mut().map(|join| &mut join.from)) {
        visit(&mut from.relation);
        match &mut from.relation {
            Rows::Select(inner) => relations(inner, visit),
            Rows::Days { from, before, .. } => [from, before].into_iter().for_each(|bound| relations_of_expr(bound, visit)),
            _ => {}
        }
    }
    of.exprs_mut().for_each(|inner| relations_of_expr(inner, visit));
}

fn relations_of_expr(of: &mut Scalar, visit: &mut dyn FnMut(&mut Rows)) {
    match &mut of.node {
        Node::Apply(_, arguments) => arguments.iter_mut().for_each(|argument| relations_of_expr(argument, visit)),
        Node::Leaf(Atom::Single(inner)) => relations(inner, visit),
        Node::Leaf(atom) => atom.parts_mut(&mut |part| relations_of_expr(part, visit)),
        Node::Literal(_) | Node::Broken => {}
    }
}
