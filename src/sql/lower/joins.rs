//! Rows that are kept although they meet no other are joined by an equality too, which always holds: some engines keep rows by no other
//! condition. What is joined says `true` of each of its rows, and a column of the rows that are kept is null or is not. An engine that would find out
//! that both are constants is asked whether several values as one are there, which they are.

use super::walk::every_select;
use crate::functions::operators::{AND, EQUAL, IS_NOT_NULL, IS_NULL, OR};
use crate::model::expr::{Expr, Literal, Node};
use crate::plan::relation::{Atom, From, JoinKind, Query, Rows, Scalar, Select, column};
use std::collections::BTreeSet;

/// The columns that an expression reads, each with its relation.
type Read = BTreeSet<(String, String)>;

pub(super) fn by_equality(query: &mut Query, finds_constants: bool) {
    every_select(query, &|select| {
        let mut all = Read::new();
        select.exprs_mut().for_each(|expr| read(expr, &mut all));
        for join in &mut select.joins {
            let Some(on) = join.on.as_mut().filter(|_| join.kind == JoinKind::Left) else { continue };
            let name = join.from.name.clone();
            if has_equality(on, &name) {
                continue;
            }
            let mut found = Read::new();
            read(on, &mut found);
            let Some((of, kept)) = found.into_iter().find(|(of, _)| *of != name) else { continue };
            let (mark, inner) = marked(&join.from, &all, finds_constants);
            join.from.relation = Rows::Select(Box::new(inner));
            let kept = column(&of, &kept);
            let always = if finds_constants {
                are_there(kept)
            } else {
                Expr::apply(&OR, vec![Expr::apply(&IS_NULL, vec![kept.clone()]), Expr::apply(&IS_NOT_NULL, vec![kept])])
            };
            let equal = Expr::apply(&EQUAL, vec![column(&name, &mark), always]);
            *on = Expr::apply(&AND, vec![equal, on.clone()]);
        }
    });
}

/// What is joined, with a column more; and the name of that.
fn marked(from: &From, all: &Read, finds_constants: bool) -> (String, Select) {
    let columns: Vec<&String> = all.iter().filter(|(of, _)| *of == from.name).map(|(_, name)| name).collect();
    let mut mark = "is_there".to_owned();
    while columns.contains(&&mark) {
        mark.push('_');
    }
    let mut inner = Select { from: Some(from.clone()), ..Select::default() };
    columns.iter().for_each(|name| _ = inner.column(column(&from.name, name), name));
    let always = match columns.first().filter(|_| finds_constants) {
        Some(first) => are_there(column(&from.name, first)),
        None => Expr::made(Node::Literal(Literal::Truth(true))),
    };
    inner.column(always, &mark);
    (mark, inner)
}

/// True: one value as several is there, although it may be null.
fn are_there(value: Scalar) -> Scalar {
    Expr::apply(&IS_NOT_NULL, vec![Expr::leaf(Atom::Tuple(vec![value]))])
}

/// Whether a condition holds only where something of the joined relation equals something of the others.
fn has_equality(on: &Scalar, name: &str) -> bool {
    let sides = |one: &Scalar, two: &Scalar| {
        let side = |expr: &Scalar| {
            let mut found = Read::new();
            read(expr, &mut found);
            let own = found.iter().filter(|(of, _)| of == name).count();
            (own > 0, own < found.len())
        };
        matches!((side(one), side(two)), ((true, false), (false, true)) | ((false, true), (true, false)))
    };
    match &on.node {
        Node::Leaf(Atom::Same(one, two)) => sides(one, two),
        Node::Apply(function, arguments) => match (function.name, arguments.as_slice()) {
            ("=", [one, two]) => sides(one, two),
            ("and", all) => all.iter().any(|part| has_equality(part, name)),
            ("or", all) => all.iter().all(|part| has_equality(part, name)),
            _ => false,
        },
        _ => false,
    }
}

/// The columns that a select reads of a relation.
pub(super) fn columns_read(select: &Select, name: &str) -> BTreeSet<String> {
    let mut found = Read::new();
    select.clone().exprs_mut().for_each(|expr| read(expr, &mut found));
    found.into_iter().filter(|(of, _)| of == name).map(|(_, column)| column).collect()
}

fn read(expr: &Scalar, found: &mut Read) {
    match &expr.node {
        Node::Apply(_, arguments) => arguments.iter().for_each(|argument| read(argument, found)),
        Node::Leaf(Atom::Column { of, name }) => _ = found.insert((of.clone(), name.clone())),
        Node::Leaf(Atom::Single(inner)) => inner.clone().exprs_mut().for_each(|expr| read(expr, found)),
        Node::Leaf(atom) => atom.parts(&mut |part| read(part, found)),
        Node::Literal(_) | Node::Broken => {}
    }
}
