//! Tables that every engine has, and rows that one gives: all cells are canonical text, as `drivers/protocol.py` writes it.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A cell as canonical text; nothing for null.
pub type Cell = Option<String>;

/// A table with its rows.
#[derive(Debug, Clone, Serialize)]
pub struct Table {
    /// The parts of its name.
    pub name: Vec<String>,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
    /// Where further rows are: a file that a driver has written. Many rows go from engine to engine this way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
}

/// A column of a table, which may be null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    pub name: String,
    /// `integer`, `decimal(18, 4)`, `double`, `text`, `date`, `timestamp`, `instant` or `boolean`.
    #[serde(rename = "type")]
    pub ty: String,
}

impl Table {
    /// The same table in a schema.
    pub fn within(&self, schema: Option<&str>) -> Self {
        let schema = schema.map(str::to_owned);
        Self { name: schema.into_iter().chain(self.name.iter().cloned()).collect(), ..self.clone() }
    }
}

/// What an engine answers to a query.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Answer {
    pub columns: Vec<String>,
    /// What the values of each column are: `integer`, `decimal`, `double`, `text`, `date`, `timestamp`, `instant` or `boolean`; nothing
    /// where all of them are null.
    pub kinds: Vec<Option<String>>,
    pub rows: Vec<Vec<Cell>>,
}
