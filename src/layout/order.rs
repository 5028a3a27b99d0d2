//! The keys of definitions in the order of the tables of `spec`. Definitions, and all lists, stay in the order in which they were written.

use super::tree::{Entry, Kind, Lead, Node};
use crate::spec::FILE;
use crate::spec::shape::{Record, Shape};
use std::collections::BTreeSet;

/// Sorts the keys of everything below a node that has a fixed set of them.
pub(super) fn sort(root: &mut Node, shape: &Shape) {
    let (mut anchors, mut doubled) = (BTreeSet::new(), false);
    visit(root, &mut |node| {
        if let Some(name) = anchor(node) {
            doubled |= !anchors.insert(name.to_owned());
        }
    });
    // Of two anchors of one name an alias means the last one above it.
    if !doubled {
        below(root, shape);
    }
}

fn below(node: &mut Node, shape: &Shape) {
    match &mut node.kind {
        Kind::Scalar(_) | Kind::Alias(_) => {}
        Kind::List(list) => {
            let inner = item_of(shape);
            list.items.iter_mut().for_each(|item| below(&mut item.node, inner));
            for item in &mut list.items {
                // The first key stands beside the dash, where no comment can be above it.
                if let Kind::Map(map) = &mut item.node.kind
                    && let Some(first) = map.entries.first_mut()
                {
                    item.lead.append(&mut first.lead);
                }
            }
        }
        Kind::Map(map) => {
            for entry in &mut map.entries {
                let inner = value_of(shape, entry.key.text().unwrap_or_default());
                below(&mut entry.value, inner);
            }
            if let Some(record) = record_of(shape).filter(|record| record.what != FILE.what) {
                keys(&mut map.entries, record, map.flow);
            }
        }
    }
}

/// Sorts the keys of one definition. One that is unknown stays behind the one above it. In one line the sentence that describes it comes last.
fn keys(entries: &mut Vec<Entry>, record: &Record, flow: bool) {
    let mut rank = 0;
    let mut ranked: Vec<(usize, Entry)> = Vec::with_capacity(entries.len());
    for entry in entries.drain(..) {
        let key = entry.key.text().unwrap_or_default();
        match record.fields.iter().position(|field| field.key == key) {
            Some(_) if flow && key == "description" => rank = record.fields.len() + 2,
            Some(at) => rank = at + 2,
            // What is merged in comes first.
            None if key == "<<" => rank = 1,
            None => {}
        }
        ranked.push((rank, entry));
    }
    let is_sorted = ranked.iter().zip(ranked.iter().skip(1)).all(|((one, _), (other, _))| one <= other);
    if !is_sorted && !needs_order(&ranked) {
        ranked.sort_by_key(|(rank, _)| *rank);
        if let Some((_, first)) = ranked.first_mut()
            && first.lead.first() == Some(&Lead::Blank)
        {
            first.lead.remove(0);
        }
    }
    entries.extend(ranked.into_iter().map(|(_, entry)| entry));
}

/// Whether an alias of one entry stands for an anchor of another.
fn needs_order(entries: &[(usize, Entry)]) -> bool {
    let (mut defined, mut used) = (BTreeSet::new(), BTreeSet::new());
    let mut look = |node: &Node| {
        defined.extend(anchor(node).map(str::to_owned));
        if let Kind::Alias(name) = &node.kind {
            used.insert(name.trim_start_matches('*').to_owned());
        }
    };
    for (_, entry) in entries {
        visit(&entry.key, &mut look);
        visit(&entry.value, &mut look);
    }
    !defined.is_disjoint(&used)
}

/// The anchor of a node.
pub(super) fn anchor(node: &Node) -> Option<&str> {
    node.marks.split(' ').find_map(|mark| mark.strip_prefix('&'))
}

/// Calls a function with a node and every one below it, keys included.
pub(super) fn visit<'a>(node: &'a Node, look: &mut impl FnMut(&'a Node)) {
    look(node);
    match &node.kind {
        Kind::Scalar(_) | Kind::Alias(_) => {}
        Kind::List(list) => list.items.iter().for_each(|item| visit(&item.node, look)),
        Kind::Map(map) => {
            for entry in &map.entries {
                visit(&entry.key, look);
                visit(&entry.value, look);
            }
        }
    }
}

/// The keys of a map of a shape, if it has a fixed set.
pub(super) fn record_of(shape: &Shape) -> Option<&'static Record> {
    match shape {
        Shape::Record(record) => Some(record),
        Shape::Either(shapes) => shapes.iter().find_map(record_of),
        _ => None,
    }
}

/// The shape of a list's items.
pub(super) fn item_of(shape: &Shape) -> &Shape {
    match shape {
        Shape::List(inner) => inner,
        Shape::Either(shapes) => {
            shapes.iter().find(|shape| matches!(shape, Shape::List(_))).map_or(&Shape::Any, |shape| item_of(shape))
        }
        _ => &Shape::Any,
    }
}

/// The shape of the value of a key.
pub(super) fn value_of<'a>(shape: &'a Shape, key: &str) -> &'a Shape {
    match shape {
        Shape::Record(record) => record.fields.iter().find(|field| field.key == key).map_or(&Shape::Any, |field| &field.shape),
        Shape::Named(_, inner) | Shape::Map(inner) => inner,
        Shape::Either(shapes) => {
            let of_map = |shape: &&Shape| matches!(shape, Shape::Record(_) | Shape::Named(..) | Shape::Map(_));
            shapes.iter().find(of_map).map_or(&Shape::Any, |shape| value_of(shape, key))
        }
        _ => &Shape::Any,
    }
}

/// Whether a scalar of a shape is a formula.
pub(super) fn is_formula(shape: &Shape) -> bool {
    match shape {
        Shape::Formula => true,
        Shape::Either(shapes) => {
            let of_scalar = |shape: &&Shape| {
                !matches!(shape, Shape::Record(_) | Shape::Named(..) | Shape::Map(_) | Shape::List(_) | Shape::Bounds)
            };
            matches!(shapes.iter().find(of_scalar), Some(Shape::Formula))
        }
        _ => false,
    }
}
