//! From tables that an engine knows to the files of a new project: for `init`.
//!
//! 1. [`tables`] asks the engine which tables and columns there are, and what is in them.
//! 2. [`sources`] decides what each table is: its key, its time, what it refers to, and which KPIs to begin with.
//! 3. [`text`] writes that down as YAML, with comments where a person has to decide.
//! 4. [`place`] puts the files into a folder, all of them or none, and never over another file.
//!
//! [`sample`] has a project over a few rows of its own, for those who have no data at hand. What is drafted is an ordinary
//! project: nothing of it is known to any other stage.

mod names;
mod place;
mod sample;
mod sources;
mod tables;
mod text;

pub use names::snake;
pub use place::{Problem, in_the_way, write};
pub use sample::sample;
pub use tables::{Data, Table, ask};
pub use text::rows;

use crate::engine::{Engine, Failure};

/// A file of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path from the project's folder, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// A project that has been drafted.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// Its files.
    pub files: Vec<File>,
    /// For each source what was made of it, in a line.
    pub made: Vec<(String, String)>,
    /// The tables of which no source could be made, each with the reason.
    pub left_out: Vec<(String, String)>,
}

/// Drafts a project over tables. `database` is the path of the database that they are in, from the project's folder.
///
/// # Errors
/// Fails if the engine cannot be used.
pub fn draft(name: &str, tables: Vec<Table>, database: Option<&str>, engine: &dyn Engine) -> Result<Draft, Failure> {
    let (sources, left_out) = sources::decide(tables, engine)?;
    let made = sources.iter().map(|source| (source.name.clone(), text::in_short(source))).collect();
    Ok(Draft { files: text::files(name, &sources, database), made, left_out })
}
