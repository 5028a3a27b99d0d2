//! What the dialects can do, as a table. How they spell it is in `sql::dialect`.

use crate::diagnostic::{Findings, codes, suggest};
use crate::model::Model;

/// A dialect.
#[derive(Debug)]
pub(super) struct Traits {
    /// Its name, as `kpic.yml` has it.
    pub name: &'static str,
    /// The schema of tables that are named without one; nothing where there is no usual one.
    pub source_schema: Option<&'static str>,
    /// A name as the warehouse compares it: two names of one thing become the same.
    pub folded: fn(&str) -> String,
}

/// The dialects that kpic compiles for; the first is meant where none is named.
static DIALECTS: &[Traits] =
    // Names are compared without regard to case, quoted ones too, but only the letters of ASCII have any.
    &[Traits { name: "duckdb", source_schema: Some("main"), folded: str::to_ascii_lowercase }];

/// Dialects of the language that this version does not compile for yet.
const LATER: [&str; 13] = [
    "postgres",
    "snowflake",
    "bigquery",
    "redshift",
    "databricks",
    "spark",
    "clickhouse",
    "mysql",
    "mariadb",
    "sqlite",
    "trino",
    "sqlserver",
    "datafusion",
];

/// The dialect of a model, if kpic compiles for it.
pub(super) fn of(model: &Model) -> Option<&'static Traits> {
    match &model.warehouse.dialect {
        None => DIALECTS.first(),
        Some(written) => DIALECTS.iter().find(|dialect| dialect.name == written.value),
    }
}

/// The dialect of a model, or a finding.
pub(super) fn dialect(model: &Model, findings: &mut Findings) -> Option<&'static Traits> {
    let Some(written) = model.warehouse.dialect.as_ref().filter(|_| of(model).is_none()) else { return of(model) };
    let name = written.value.as_str();
    if LATER.contains(&name) {
        findings
            .report(&codes::NOT_SUPPORTED_YET, written.span, format!("the dialect `{name}` is not supported yet"))
            .help("this version of kpic writes SQL for `duckdb`");
    } else {
        let finding = findings.report(&codes::UNKNOWN_DIALECT, written.span, format!("there is no dialect `{name}`"));
        finding.help = suggest::did_you_mean(name, "the dialects are", DIALECTS.iter().map(|dialect| dialect.name));
    }
    None
}
