//! Where the views of a project will live.

use crate::text::{Name, Span};
use std::collections::HashMap;

/// The names of tables in one warehouse, each with its name in another.
pub type Tables = HashMap<Vec<String>, Vec<String>>;

/// A kind of relation that kpic makes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Made {
    /// A query under a name.
    #[default]
    View,
    /// Rows of their own, as they were when it was filled.
    Table,
}

impl Made {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::View, Self::Table];

    /// The word for it, in specs, in SQL and for people.
    pub const fn word(self) -> &'static str {
        match self {
            Made::View => "view",
            Made::Table => "table",
        }
    }

    /// What a word stands for.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|made| made.word() == word)
    }
}

/// Where views will live.
#[derive(Debug, Clone)]
pub struct Warehouse {
    /// The SQL dialect's name, and where it was given.
    pub dialect: Option<Name>,
    /// Other dialects that SQL is written for.
    pub also: Vec<Name>,
    /// The parts of the schema's name.
    pub schema: Vec<String>,
    /// Where the schema was given.
    pub schema_span: Option<Span>,
    /// The parts of the name of the schema in which tables are that are named without one. Empty where neither the project nor
    /// its dialect says.
    pub source_schema: Vec<String>,
    /// Where that was given.
    pub source_schema_span: Option<Span>,
    /// A database file for the embedded engine.
    pub database: Option<String>,
    /// Functions that the command line lets SQL of specs call, beside those that only compute.
    pub functions: Vec<String>,
    /// What views become there, where nothing else is said.
    pub made: Made,
    /// The roles that may read the views.
    pub readers: Vec<Name>,
    /// The folder for output.
    pub target_dir: String,
    /// The target that is chosen.
    pub target: Option<String>,
    /// The names of all targets.
    pub targets: Vec<String>,
    /// The variable that says how to connect to the chosen target.
    pub connection_env: Option<String>,
}
