//! What the figures of queries rely on, as far as only the rows can say whether it is so, and the queries that ask them.
//!
//! A plan says what each of its selects reads of a source ([`Reading`](crate::plan::algebra::relation::Reading)). [`read`] gathers from that which
//! rules have to hold, each of the rows that are read and of no others; [`count`] makes the queries that count the rows for which
//! one does not hold, and those that show the first of them.
//!
//! Which rows are read is known by the conditions of a select on its own columns: rows in range that pass them. Conditions on
//! columns behind references and on related rows are left out, because they cost as much as the figure itself; so a row may be
//! counted that such a condition leaves out, and none is missed.

mod count;
mod names;
mod read;

use crate::model::{ColumnId, Model, SourceId};
use crate::plan::algebra::relation::Query;
use crate::plan::rules::Rule;
use std::collections::BTreeSet;

pub use names::sources_read;

/// A rule that figures rely on.
#[derive(Debug, Clone)]
pub struct Guard {
    /// The source whose rows are looked at.
    pub of: SourceId,
    /// The references that lead from there to the source of the rule; none where that is the same.
    pub through: Vec<ColumnId>,
    /// The source of the rule.
    pub source: SourceId,
    /// The rule.
    pub rule: Rule,
    /// Shows the first rows for which it does not hold.
    pub examples: Query,
}

/// A query that counts rows for which rules do not hold.
#[derive(Debug, Clone)]
pub struct Counting {
    /// The query: one row.
    pub query: Query,
    /// What its columns count.
    pub columns: Vec<Counted>,
    /// The sources that it reads.
    pub reads: BTreeSet<SourceId>,
}

/// A column that counts rows of a guard.
#[derive(Debug, Clone)]
pub struct Counted {
    /// The place of the guard.
    pub guard: usize,
    /// The column.
    pub column: String,
    /// Whether the rows are to be taken off: those that are as they should be.
    pub taken_off: bool,
}

/// All that some queries rely on.
#[derive(Debug, Clone, Default)]
pub struct Guards {
    /// The rules.
    pub guards: Vec<Guard>,
    /// The queries that count; the counts of a guard are added up.
    pub counts: Vec<Counting>,
}

/// What some queries rely on.
pub fn guards(model: &Model, queries: &[Query]) -> Guards {
    count::guards(model, read::asked(model, queries))
}
