//! Engines run SQL and nothing else: text goes in, rows come out.

mod connection;
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
pub use start::{kernel_confines, start};

use serde_json::Value;

/// Something that runs SQL, from any thread.
pub trait Engine: Sync {
    /// Runs `setup`, whose results are not looked at, and then each query. A query that the engine refuses does not keep the
    /// others from being answered; a setup that it refuses is the answer to all of them.
    ///
    /// # Errors
    /// Fails if the engine itself cannot be used.
    fn answer(&self, setup: &str, queries: &[String]) -> Result<Vec<Answer>, Failure>;

    /// Asks queries of tables that are made for them, each batch of its own, and leaves nothing behind. A setup that is refused is the answer to
    /// all of its batch.
    ///
    /// # Errors
    /// Fails if the engine itself cannot be used.
    fn rehearse(&self, batches: &[Batch]) -> Result<Vec<Vec<Answer>>, Failure>;

    /// What the tables of a batch are made as.
    fn own_table(&self) -> &'static str {
        "table"
    }

    /// What to ask for the columns that a query would give: the answer has a row for each, with `column_name` and `column_type`, as the
    /// engine calls it.
    fn description(&self, query: &str) -> String;
}

/// Queries over tables of their own.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// What makes the tables.
    pub setup: String,
    /// What is asked.
    pub queries: Vec<String>,
}

/// An engine that changes what is in its database.
pub trait Changes: Engine {
    /// Runs statements, all of them or none: in one transaction, which is taken back where one is refused. Gives the place of that one, and why.
    ///
    /// # Errors
    /// Fails if the engine itself cannot be used. Then nothing is changed either, unless the message says that this is not known.
    fn change(&self, statements: &[String]) -> Result<Option<(usize, Refusal)>, Failure>;
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
