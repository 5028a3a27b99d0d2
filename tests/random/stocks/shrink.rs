//! Smaller states, and what may not be taken away from them.

use super::super::project::{Aggregate, Edge, Expr, Holds, Pair, Row, RowLeaf, Source, Stock};

/// Whether a column says since when or until when the rows of a source hold.
pub fn says_when(source: &Source, column: usize) -> bool {
    let name = &source.columns[column].name;
    match &source.states {
        None => false,
        Some(Holds::Valid { from, to, .. }) => name == from || name == to,
        Some(Holds::Snapshot { taken, .. } | Holds::Readings { taken, .. }) => name == taken,
    }
}

/// Whether an aggregate over pairs still says so: without `start.` and `end.` the same text would mean the states at the end.
pub fn is_sound(aggregate: &Aggregate) -> bool {
    let pairs = aggregate.argument.iter().chain(&aggregate.filter).any(has_pair);
    match &aggregate.stock {
        Some(Stock::Pairs(_)) => pairs,
        _ => !pairs,
    }
}

fn has_pair(row: &Row) -> bool {
    let mut found = false;
    row.leaves(&mut |leaf| found |= matches!(leaf, RowLeaf::Pair(_)));
    found
}

/// Aggregates that look at states in a simpler way.
pub fn smaller(aggregate: &Aggregate, add: &mut dyn FnMut(Aggregate)) {
    match &aggregate.stock {
        Some(Stock::Pairs(per)) => {
            let exists = |edge| Some(Expr::Leaf(RowLeaf::Pair(Pair::Exists(edge))));
            for filter in [exists(Edge::Start), exists(Edge::End)] {
                add(Aggregate { function: "count", share: None, argument: None, filter, ..aggregate.clone() });
            }
            if per.is_some() {
                add(Aggregate { stock: Some(Stock::Pairs(None)), ..aggregate.clone() });
            }
        }
        Some(Stock::At(Edge::Start)) => add(Aggregate { stock: None, ..aggregate.clone() }),
        Some(Stock::At(Edge::End)) | None => {}
    }
}
