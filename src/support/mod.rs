//! What the project's warehouse can do, and how long its names may be. The first stage that knows dialects.

use crate::diagnostic::{Findings, codes, suggest};
use crate::model::{Model, Storage};
use crate::text::Span;

/// The dialects that kpic compiles for.
pub const DIALECTS: [&str; 1] = ["duckdb"];

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

/// The longest name of a view. DuckDB has no limit of its own; a file of that name has.
const LONGEST_NAME: usize = 200;

/// Checks a model against its warehouse.
pub fn support(model: &Model, findings: &mut Findings) {
    let Some(dialect) = dialect(model, findings) else { return };
    raw_sql(model, dialect, findings);
    names(model, findings);
}

/// The dialect, or a finding.
fn dialect(model: &Model, findings: &mut Findings) -> Option<&'static str> {
    let Some(written) = &model.warehouse.dialect else { return DIALECTS.first().copied() };
    let name = written.value.as_str();
    if let Some(known) = DIALECTS.into_iter().find(|dialect| *dialect == name) {
        return Some(known);
    }
    if LATER.contains(&name) {
        findings
            .report(&codes::NOT_SUPPORTED_YET, written.span, format!("the dialect `{name}` is not supported yet"))
            .help("this version of kpic writes SQL for `duckdb`");
    } else {
        let finding = findings.report(&codes::UNKNOWN_DIALECT, written.span, format!("there is no dialect `{name}`"));
        finding.help = suggest::did_you_mean(name, "the dialects are", DIALECTS);
    }
    None
}

/// Raw SQL has to be there for the dialect.
fn raw_sql(model: &Model, dialect: &str, findings: &mut Findings) {
    for source in model.sources.rows() {
        for column in source.columns.rows() {
            let Storage::Raw(each) = &column.storage else { continue };
            let given = each.iter().any(|(name, _)| name.as_deref().is_none_or(|name| name == dialect));
            if !given {
                let message = format!("the column `{}` has no SQL for `{dialect}`", column.name.value);
                findings
                    .report(&codes::NO_SQL_FOR_DIALECT, column.name.span, message)
                    .help(format!("add `{dialect}: ...` to its `sql`"));
            }
        }
    }
}

/// Names of views have to fit.
fn names(model: &Model, findings: &mut Findings) {
    let mut check = |view: String, span: Span| {
        if view.len() > LONGEST_NAME {
            let message =
                format!("the view `{}…` would have a name of {} characters", view.get(..40).unwrap_or(&view), view.len());
            findings
                .report(&codes::NAME_TOO_LONG, span, message)
                .help(format!("names of views may have {LONGEST_NAME} characters; shorten the KPI's or the dimensions' names, or slice by fewer"));
        }
    };
    for kpi in model.kpis.rows() {
        check(kpi.name.value.clone(), kpi.name.span);
        for slice in &kpi.by {
            let names: Vec<&str> = slice.value.iter().map(|id| model.dimensions.get(*id).name.as_str()).collect();
            check(format!("{}__quarter__by_{}", kpi.name.value, names.join("__")), slice.span);
        }
    }
}
