//! Evidence for what `diff` says: both versions of a project work out the same figures of the same rows.
//!
//! 1. [`asked`] says which figures of which KPIs are compared, and what two answers differ in.
//! 2. [`world`] holds rows that both versions can be given; [`made`] makes them up, and keeps what sources declare of them.
//! 3. [`rows`] looks for rows on which figures differ, those of spec tests first, and [`smaller`] takes away what is not needed.
//! 4. [`written`] writes what is left as a spec test.
//! 5. [`data`] compares both versions on the project's own data.
//!
//! [`sql`] has the queries of both versions. It proves that figures differ and never that they are the same.

mod asked;
mod data;
mod made;
mod random;
mod rows;
mod smaller;
mod sql;
mod world;
mod written;

pub use data::{OnAllData, on_data};
pub use rows::over_rows;
pub use sql::sql;

use crate::diff::{Change, Diff};
use crate::pipeline::Valid;

/// Of so many KPIs evidence is looked for; a change of something that all stand on would take minutes.
pub const KPIS: usize = 20;

/// Two versions that can be run.
pub struct Versions<'a> {
    /// The one before.
    pub before: &'a mut Valid,
    /// The one after.
    pub after: &'a mut Valid,
}

/// The KPIs whose figures tell something of changes, without doubles, the first [`KPIS`] of them.
fn kpis(diff: &Diff) -> Vec<String> {
    let mut kpis: Vec<String> = Vec::new();
    for name in diff.changes.iter().flat_map(Change::looked_at) {
        if !kpis.iter().any(|known| known == name) {
            kpis.push(name.to_owned());
        }
    }
    kpis.truncate(KPIS);
    kpis
}
