//! From tables that an engine knows to the files of a project: for `init`.
//!
//! 1. [`tables`] asks the engine which tables and columns there are, and what is in them. Of [`files`] it is found out first how values
//!    are [`written`].
//! 2. [`sources`] decides what each table is: its key ([`keys`]), its time or for how long its rows hold ([`states`]), what it refers to
//!    ([`references`]), and which KPIs to start with ([`kpis`]).
//! 3. [`text`] writes that down as YAML, with comments where a person has to decide.
//! 4. [`place`] puts the files into a folder, all of them or none, and never over another file.
//!
//! [`sample`] has a project over a few rows of its own, for those who have no data at hand. What is drafted is an ordinary
//! project: nothing of it is known to any other stage.

mod files;
mod keys;
mod kpis;
mod names;
mod place;
mod references;
mod sample;
mod sources;
mod states;
mod tables;
mod text;
mod written;

pub use files::{Group, Named};
pub use names::snake;
pub use place::{Problem, in_the_way, write};
pub use references::Target;
pub use sample::sample;
pub use tables::{Data, Found, Patterns, Place, Table, find, like, look};
pub use text::rows;
pub use written::Doubt;

use crate::calendar::Date;
use crate::dialect::Dialect;
use crate::engine::{Answer, Engine, Failure};

/// An engine with the dialect in which it is asked.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    engine: &'a dyn Engine,
    dialect: &'static dyn Dialect,
}

impl<'a> Asked<'a> {
    /// An engine of that dialect.
    pub fn of(engine: &'a dyn Engine, dialect: &'static dyn Dialect) -> Self {
        Self { engine, dialect }
    }

    fn answer(&self, setup: &str, queries: &[String]) -> Result<Vec<Answer>, Failure> {
        self.engine.answer(setup, queries)
    }
}

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
    /// For each source whose rows have a time, the first and last day of it.
    pub days: Vec<(String, (Date, Date))>,
    /// The tables of which no source could be made, each with the reason.
    pub left_out: Vec<(String, String)>,
}

/// What there is in the project that a draft is added to; nothing for a new one.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The names of sources and KPIs, which are taken.
    pub names: Vec<String>,
    /// What rows may refer to.
    pub targets: Vec<Target>,
    /// The team that is responsible for KPIs until somebody decides.
    pub team: Option<String>,
    /// The folder with the spec files, and their names.
    pub specs: String,
    /// The paths of files that are there.
    pub paths: Vec<String>,
}

/// Drafts a project over tables. `database` is the path of the database that they are in, from the project's folder.
///
/// # Errors
/// Fails if the engine cannot be used.
pub fn draft(name: &str, tables: Vec<Table>, database: Option<&str>, engine: &Asked<'_>) -> Result<Draft, Failure> {
    let known = Known { specs: crate::spec::project::DEFAULT_SPECS.to_owned(), ..Known::default() };
    let (sources, left_out) = sources::decide(tables, &known, engine)?;
    Ok(Draft {
        files: text::files(name, &sources, database, engine.dialect),
        made: made(&sources),
        days: days(&sources),
        left_out,
    })
}

/// Drafts sources beside those of a project.
///
/// # Errors
/// Fails if the engine cannot be used.
pub fn more(known: &Known, tables: Vec<Table>, engine: &Asked<'_>) -> Result<Draft, Failure> {
    let (sources, left_out) = sources::decide(tables, known, engine)?;
    Ok(Draft { files: text::more(known, &sources, engine.dialect), made: made(&sources), days: days(&sources), left_out })
}

fn days(sources: &[sources::Source]) -> Vec<(String, (Date, Date))> {
    let days = |source: &sources::Source| source.table.columns.get(source.time?)?.days;
    sources.iter().filter_map(|source| Some((source.name.clone(), days(source)?))).collect()
}

fn made(sources: &[sources::Source]) -> Vec<(String, String)> {
    sources.iter().map(|source| (source.name.clone(), text::in_short(source))).collect()
}
