//! Names of parts and columns that a dialect would cut off become shorter: their beginning, and what tells them apart.

use crate::model::expr::Node;
use crate::plan::relation::{Atom, Body, Query, Rows, Scalar, Select};
use std::hash::Hasher;

/// Whether a plan has such a name. Those of views and their columns are known to be short enough.
pub(super) fn are_too_long(query: &Query, longest: usize) -> bool {
    let long = |name: &String| name.len() > longest;
    let in_select = |select: &Select| {
        select.columns.iter().any(|(_, name)| long(name))
            || select.from.iter().chain(select.joins.iter().map(|join| &join.from)).any(|from| long(&from.name))
    };
    query.parts.iter().any(|part| {
        long(&part.name)
            || match &part.body {
                Body::Select(select) => in_select(select),
                Body::Union(selects) => selects.iter().any(in_select),
            }
    }) || matches!(&query.result, Body::Select(select) if in_select(select))
}

/// Makes all of them shorter: the same name becomes the same wherever it stands.
pub(super) fn shortened(query: &mut Query, longest: usize) {
    let short = |name: &mut String| *name = shorter(name, longest);
    query.parts.iter_mut().for_each(|part| short(&mut part.name));
    let mut bodies: Vec<&mut Body> = query.parts.iter_mut().map(|part| &mut part.body).collect();
    bodies.push(&mut query.result);
    for body in bodies {
        match body {
            Body::Select(one) => select(one, &short),
            Body::Union(selects) => selects.iter_mut().for_each(|one| select(one, &short)),
        }
    }
}

fn select(of: &mut Select, short: &dyn Fn(&mut String)) {
    of.columns.iter_mut().for_each(|(_, name)| short(name));
    for from in of.from.iter_mut().chain(of.joins.iter_mut().map(|join| &mut join.from)) {
        short(&mut from.name);
        match &mut from.relation {
            Rows::Part(name) | Rows::Readings(name, _) => short(name),
            Rows::Select(inner) => select(inner, short),
            Rows::Values(columns, rows) => {
                columns.iter_mut().for_each(short);
                rows.iter_mut().flatten().for_each(|value| expr(value, short));
            }
            Rows::Days { from, before, .. } => {
                expr(from, short);
                expr(before, short);
            }
            Rows::Source(_) => {}
        }
    }
    of.exprs_mut().for_each(|inner| expr(inner, short));
}

fn expr(of: &mut Scalar, short: &dyn Fn(&mut String)) {
    match &mut of.node {
        Node::Apply(_, arguments) => arguments.iter_mut().for_each(|argument| expr(argument, short)),
        Node::Leaf(Atom::Column { of, name }) => {
            short(of);
            short(name);
        }
        Node::Leaf(Atom::Single(inner)) => select(inner, short),
        Node::Leaf(atom) => atom.parts_mut(&mut |part| expr(part, short)),
        Node::Literal(_) | Node::Broken => {}
    }
}

/// A name as it is, or its beginning with a hash of all of it.
fn shorter(name: &str, longest: usize) -> String {
    if name.len() <= longest {
        return name.to_owned();
    }
    let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
    hasher.write(name.as_bytes());
    let mark = format!("_{:08x}", hasher.finish() & 0xffff_ffff);
    let mut end = longest.saturating_sub(mark.len());
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{mark}", name.get(..end).unwrap_or_default())
}

/// FNV-1a: the same on every machine and in every version, as names of views have to be.
struct Fnv(u64);

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::shorter;

    #[test]
    fn long_names_keep_their_beginning_and_differ() {
        assert_eq!(shorter("orders_by_month", 63), "orders_by_month");
        let (one, other) = (shorter(&"x".repeat(80), 63), shorter(&("x".repeat(79) + "y"), 63));
        assert_eq!((one.len(), other.len()), (63, 63));
        assert_ne!(one, other);
        assert!(one.starts_with("xxxx") && one != other);
        assert!(shorter(&"ä".repeat(60), 64).len() <= 64);
    }
}
