//! What is said about a command line that is wrong: clap says what, and this what to type instead.
//!
//! [`explained`] takes away tips that lead nowhere, and puts in those for words that other tools have for the same thing.

use super::commands::init::holds_rows;
use clap::Error;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::path::Path;

/// The error with a tip that leads on.
pub(super) fn explained(mut error: Error) -> Error {
    let text = |error: &Error, kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    let tip = match error.kind() {
        ErrorKind::InvalidSubcommand => text(&error, ContextKind::InvalidSubcommand).and_then(|typed| command(&typed)),
        ErrorKind::UnknownArgument => {
            let typed = text(&error, ContextKind::InvalidArg).unwrap_or_default();
            // That it could be passed on as a value, after `--`, is never what was meant.
            error.remove(ContextKind::Suggested);
            let tip = option(typed.split('=').next().unwrap_or_default()).or_else(|| file(&typed));
            if tip.is_some() {
                error.remove(ContextKind::SuggestedArg);
            }
            tip
        }
        _ => None,
    };
    if let Some(tip) = tip {
        error.remove(ContextKind::SuggestedSubcommand);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
    }
    error
}

/// The command for what other tools call otherwise.
fn command(typed: &str) -> Option<String> {
    let meant = match typed {
        "list" | "ls" | "show" | "metrics" | "kpis" | "status" => "`kpic run` shows every KPI, `kpic graph` what it is made of",
        "validate" | "lint" | "parse" | "analyze" | "analyse" | "fix" => "`kpic check` looks for mistakes",
        "compile" | "generate" | "deploy" | "docs" | "doc" => "`kpic build` writes SQL and documents",
        "new" | "create" | "start" => "`kpic init` creates a project",
        "ask" | "select" | "get" | "sql" => "`kpic query` answers a question; with `--sql` it prints the SQL",
        "lineage" | "dag" | "deps" | "tree" => "`kpic graph` shows lineage",
        "data" | "freshness" | "quality" | "debug" | "doctor" => "`kpic verify` checks the data against the specs",
        "dev" | "serve" => "`kpic watch` checks again on every change",
        _ => return None,
    };
    Some(meant.to_owned())
}

/// The option for a file that is named without one.
fn file(typed: &str) -> Option<String> {
    let ending = Path::new(typed).extension().filter(|_| !typed.starts_with('-'))?;
    if holds_rows(Path::new(typed)) {
        return Some(format!("a file of rows is named with its option, as in `kpic init --csv {typed}`"));
    }
    let is_database = ["duckdb", "db"].iter().any(|known| ending == *known);
    is_database.then(|| format!("a DuckDB file is named with its option: `--database {typed}`"))
}

/// The option for what other tools call otherwise.
fn option(typed: &str) -> Option<String> {
    let meant = match typed {
        "--select" | "-s" | "--models" | "-m" | "--metrics" | "--metric" | "--kpi" | "--kpis" => {
            "KPIs are named without an option: `kpic run revenue`"
        }
        "--dimensions" | "--dimension" | "--group-by" | "--group_by" | "--slice" => {
            "slices are asked for by `kpic query revenue --by country`"
        }
        "--start-time" | "--start" | "--since" | "--start-date" => "the first period is `--from 2024-01`, of `kpic query`",
        "--end-time" | "--end" | "--until" | "--end-date" => "the last period is `--to 2024-12`, of `kpic query`",
        "--filter" => "a condition on dimensions is `--where \"country = 'DE'\"`, of `kpic query`",
        "--json" | "-o" | "--output" => "the form of the output is `--format json`",
        "--compile" | "--explain" => "the SQL of a question is shown by `kpic query revenue --sql`",
        "--project-dir" | "--project" | "-p" => "the project's folder is `-C DIR`",
        "--target" | "--profile" | "--profiles-dir" => {
            "the warehouse stands in kpic.yml, under `warehouse`; a DuckDB file is `--database FILE`"
        }
        "--db" => "a DuckDB file is `--database FILE`",
        "--today" | "--date" => "the last visible day is `--as-of 2024-12-31`",
        _ => return None,
    };
    Some(meant.to_owned())
}
