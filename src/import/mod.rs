//! From what other tools have to spec files: for `import`. What dbt leaves of MetricFlow's metrics is read here, [`sql`] has SELECTs, and [`models`] what BI tools have: [`cube`] and [`lookml`] read it.
//!
//! 1. [`artifacts`] reads the files, in the versions that are known ([`semantic`], [`manifest`]).
//! 2. [`sources`] makes a source of each semantic model, with what [`tables`] knows of its columns; [`paths`] finds what a filter asks for.
//! 3. [`metrics`] makes a KPI of each metric, and says what differs, or why there is none. Its SQL is read by [`expression`], its filters by
//!    [`template`].
//! 4. [`files`] writes that down as YAML.
//! 5. [`project`] puts what was [`brought`] it beside what a project has, has it checked, and leaves out what would not pass; [`report`] says all of it.
//!
//! A metric is carried so that its figures are the same, or with a difference that is said, or not at all: never with others.

mod aggregate;
mod artifacts;
mod brought;
mod cube;
mod expression;
mod files;
mod kept;
mod kpis;
mod lookml;
mod manifest;
mod metrics;
mod models;
mod node;
mod paths;
mod project;
mod report;
mod semantic;
mod sources;
mod sql;
mod tables;
mod template;
mod types;
mod words;
mod yaml;

pub use artifacts::{Artifacts, Unreadable, of_texts, read};
pub use cube::{FILES as CUBE_FILES, import as import_cube};
pub use lookml::{FILES as LOOKML_FILES, import as import_lookml};
pub use models::folder::model_files;
pub use models::{ModelFile, Models};
pub use project::{Existing, Import, Settings, import};
pub use report::{Fate, Finding, Kept, Metric, Report};
pub use sql::{Known, Sql, import as import_sql};
pub use words::Words;

use crate::dialect::{self, Dialect};

/// The dialect of that name, if SQL that is written for it can be read.
fn known(name: Option<&str>, unknown: impl FnOnce() -> Unreadable) -> Result<&'static dyn Dialect, Unreadable> {
    let dialect = dialect::find(name).ok_or_else(unknown)?;
    let Some(rules) = dialect.foreign_rules() else { return Ok(dialect) };
    let message = format!("SQL of `{}` is not imported: {rules}", dialect.name());
    Err(Unreadable { message, help: "write the KPIs yourself; `kpic check` says what they mean".to_owned() })
}

/// What is shown of a name or text of others.
fn short(text: &str) -> String {
    const LONGEST: usize = 80;
    let text = crate::text::shown_on_a_line(text);
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}...", text.get(..at).unwrap_or_default()),
        None => text.into_owned(),
    }
}

/// A text without line breaks and characters that a terminal obeys.
fn on_a_line(text: &str) -> String {
    crate::text::shown_on_a_line(&text.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned()
}

/// What is said of a definition that is not as dbt writes it.
fn unlike_dbt(error: &serde_json::Error) -> String {
    format!("it is not as dbt writes it: {}", short(&error.to_string()))
}
