//! What is put together over so many days up to each day is joined to that day, where windows have no frames of values: a frame of rows would
//! reach over days that are not there.
//!
//! A plan has such windows over groups of a day and keys. Each of these groups is read once more, and all rows of its keys are joined to it that are
//! of its days; groups over them have the same keys, and so the same rows.

use super::walk::every_select;
use crate::calendar::Grain;
use crate::functions::operators::{AND, GREATER_OR_EQUAL, LESS_OR_EQUAL};
use crate::model::expr::{Expr, Node};
use crate::plan::relation::{Atom, From, Join, JoinKind, Query, Rolling, Rows, Scalar, Select, column, moved};
use crate::sql::write::fault;

/// What the groups are called to which rows are joined.
const SHOWN: &str = "shown_day";

pub(super) fn joined(query: &mut Query) {
    every_select(query, &|select| {
        let mut found: Vec<Rolling> = Vec::new();
        select.columns.iter().for_each(|(expr, _)| bounded(expr, &mut found));
        if let Some(rolling) = found.pop() {
            let is_other = |other: &Rolling| {
                (&other.part, &other.order, other.days_before) != (&rolling.part, &rolling.order, rolling.days_before)
            };
            if found.iter().any(is_other) {
                fault("windows of several frames in one select");
            }
            rewrite(select, &rolling);
        }
    });
}

fn bounded(expr: &Scalar, found: &mut Vec<Rolling>) {
    match &expr.node {
        Node::Apply(_, arguments) => arguments.iter().for_each(|argument| bounded(argument, found)),
        Node::Leaf(Atom::Rolling(rolling)) if rolling.days_before.is_some() => found.push((**rolling).clone()),
        Node::Leaf(atom) => atom.parts(&mut |part| bounded(part, found)),
        Node::Literal(_) | Node::Broken => {}
    }
}

fn rewrite(select: &mut Select, rolling: &Rolling) {
    let keys: Vec<(Scalar, String)> = select.columns.iter().take(select.group.unwrap_or(0)).cloned().collect();
    let from = select.from.clone().filter(|_| select.joins.is_empty() && !keys.is_empty());
    let (Some(rows), Some(days)) = (from, rolling.days_before) else { fault("a window of days over no groups") };
    let groups = Select {
        distinct: true,
        columns: keys.clone(),
        from: Some(rows.clone()),
        filter: select.filter.clone(),
        ..Select::default()
    };
    let of_group = |expr: &Scalar| match keys.iter().find(|(key, _)| key == expr) {
        Some((_, name)) => column(SHOWN, name),
        None => fault("a window along what rows are not grouped by"),
    };
    let last = of_group(&rolling.order);
    let first = moved(last.clone(), -days, Grain::Day);
    let mut on: Vec<Scalar> = rolling.part.iter().map(|by| same(of_group(by), by.clone())).collect();
    on.push(Expr::apply(&GREATER_OR_EQUAL, vec![rolling.order.clone(), first]));
    on.push(Expr::apply(&LESS_OR_EQUAL, vec![rolling.order.clone(), last]));
    for (at, (expr, _)) in select.columns.iter_mut().enumerate() {
        if at < keys.len() {
            *expr = of_group(expr);
        } else {
            over_joined(expr);
        }
    }
    select.from = Some(From { relation: Rows::Select(Box::new(groups)), name: SHOWN.to_owned() });
    select.joins.push(Join { kind: JoinKind::Inner, from: rows, on: on.into_iter().reduce(and) });
}

/// What was put together of a group, and then of its days, is put together of all rows at once: a sum of sums is one.
fn over_joined(expr: &mut Scalar) {
    match &mut expr.node {
        Node::Apply(_, arguments) => arguments.iter_mut().for_each(over_joined),
        Node::Leaf(Atom::Rolling(rolling)) => *expr = rolling.argument.clone(),
        Node::Leaf(atom) => atom.parts_mut(&mut over_joined),
        Node::Literal(_) | Node::Broken => {}
    }
}

fn same(one: Scalar, two: Scalar) -> Scalar {
    Expr::leaf(Atom::Same(Box::new(one), Box::new(two)))
}

fn and(one: Scalar, two: Scalar) -> Scalar {
    Expr::apply(&AND, vec![one, two])
}
