//! The tables of a plan that was made for another dialect are called as this one calls them.

use super::walk::every_relation;
use crate::model::Tables;
use crate::plan::relation::{Query, RelationRef, Rows, SourceRows};

pub(super) fn renamed(query: &mut Query, tables: &Tables) {
    every_source(query, &mut |rows| {
        if let RelationRef::Table(parts) = &mut rows.relation
            && let Some(there) = tables.get(parts.as_slice())
        {
            parts.clone_from(there);
        }
    });
}

/// Visits the rows of sources that a plan reads, to change where they are.
pub fn every_source(query: &mut Query, visit: &mut dyn FnMut(&mut SourceRows)) {
    every_relation(query, &mut |rows| {
        if let Rows::Source(rows) = rows {
            visit(rows);
        }
    });
}
