//! Engines run SQL and nothing else: text goes in, rows come out.

mod duckdb;
pub mod postgres;
mod process;
mod reach;
mod refusal;
mod script;
mod spill;
pub mod sqlite;
#[cfg(target_os = "linux")]
mod start;
pub mod types;

pub use duckdb::{DuckDb, find};
pub use postgres::Postgres;
pub use reach::{Reach, STARTER};
pub use refusal::{Kind, Refusal};
pub use spill::{CLEANER, clean};
pub use sqlite::Sqlite;
#[cfg(target_os = "linux")]
pub use start::start;

use serde_json::Value;

/// Something that runs SQL, from any thread.
pub trait Engine: Sync {
    /// Runs `setup`, whose results are not looked at, and then each query. A query that the engine refuses does not keep the
    /// others from being answered; a setup that it refuses is the answer to all of them.
    ///
    /// # Errors
    /// Fails if the engine itself cannot be used.
    fn answer(&self, setup: &str, queries: &[String]) -> Result<Vec<Answer>, Failure>;

    /// What to ask for the columns that a query would give: the answer has a row for each, with `column_name` and `column_type`, as the
    /// engine calls it.
    fn description(&self, query: &str) -> String;
}

/// The answer to one query: its rows, or why the engine refuses it.
pub type Answer = Result<Rows, Refusal>;

/// The rows of a result.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    /// The names of the columns; none where there are no rows.
    pub columns: Vec<String>,
    /// The rows, each with a value for every column.
    pub rows: Vec<Vec<Value>>,
}

/// Why an engine cannot be used at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Rows {
    /// The value of a column in a row.
    pub fn get<'a>(&self, row: &'a [Value], column: &str) -> Option<&'a Value> {
        let at = self.columns.iter().position(|name| name == column)?;
        row.get(at)
    }
}
