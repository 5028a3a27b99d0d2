//! Writes states as specs and formulas do.

use super::super::print::written;
use super::super::project::{Edge, Holds, Pair, Stock};

/// For how long the rows of a source hold.
pub fn holds(holds: &Holds) -> String {
    match holds {
        Holds::Valid { from, to, inclusive: false } => format!("valid: {{ from: {from}, to: {to} }}"),
        Holds::Valid { from, to, inclusive: true } => {
            format!("valid: {{ from: {from}, to: {{ column: {to}, inclusive: true }} }}")
        }
        Holds::Snapshot { taken, every, stale_after } => {
            let stale = stale_after.map(|length| format!("\n    stale_after: {}", written(length))).unwrap_or_default();
            format!("snapshot: {taken}\n    every: {}{stale}", every.name())
        }
        Holds::Readings { taken, stale_after } => {
            format!("snapshot: {{ on: {taken}, per: key }}\n    stale_after: {}", written(*stale_after))
        }
    }
}

/// What an aggregate says of how it looks at states: the entities, and the moment.
pub fn look(stock: &Stock) -> (String, String) {
    match stock {
        Stock::At(edge) => (String::new(), format!(" at {}", word(*edge))),
        Stock::Pairs(None) => (String::new(), String::new()),
        Stock::Pairs(Some(per)) => (format!(" per {}", per.join(".")), String::new()),
    }
}

pub fn pair(pair: &Pair) -> String {
    match pair {
        Pair::Of(edge, path) => format!("{}.{}", word(*edge), path.join(".")),
        Pair::Exists(edge) => format!("{}.exists", word(*edge)),
        Pair::Ever => "start.ever".to_owned(),
    }
}

fn word(edge: Edge) -> &'static str {
    match edge {
        Edge::Start => "start",
        Edge::End => "end",
    }
}
