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
        "list" | "ls" | "show" | "metrics" | "kpis" | "status" => {
            "`kpic run` shows every KPI, `kpic graph` shows what it \
         is made of"
        }
        "validate" | "lint" | "parse" | "analyze" | "analyse" | "fix" => "`kpic check` finds mistakes",
        "compile" | "generate" | "deploy" | "docs" | "doc" => "`kpic build` writes SQL and docs",
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
        return Some(format!("pass a data file with its option: `kpic init --csv {typed}`"));
    }
    let is_database = ["duckdb", "db"].iter().any(|known| ending == *known);
    is_database.then(|| format!("pass a DuckDB file with its option: `--database {typed}`"))
}

/// The option for what other tools call otherwise.
fn option(typed: &str) -> Option<String> {
    let meant = match typed {
        "--select" | "-s" | "--models" | "-m" | "--metrics" | "--metric" | "--kpi" | "--kpis" => {
            "name KPIs without an option: `kpic run revenue`"
        }
        "--dimensions" | "--dimension" | "--group-by" | "--group_by" | "--slice" => {
            "for slices use `kpic query revenue --by country`"
        }
        "--start-time" | "--start" | "--since" | "--start-date" => {
            "for the first period use `kpic query` with `--from \
         2024-01`"
        }
        "--end-time" | "--end" | "--until" | "--end-date" => "for the last period use `kpic query` with `--to 2024-12`",
        "--filter" => "for a condition on dimensions use `kpic query` with `--where \"country = 'DE'\"`",
        "--json" | "-o" | "--output" => "for the output format use `--format json`",
        "--compile" | "--explain" => "to see the SQL use `kpic query revenue --sql`",
        "--project-dir" | "--project" | "-p" => "for the project's folder use `-C DIR`",
        "--target" | "--profile" | "--profiles-dir" => {
            "the warehouse is set in kpic.yml, under `warehouse`; for a DuckDB file use `--database FILE`"
        }
        "--db" => "for a DuckDB file use `--database FILE`",
        "--today" | "--date" => "for the last visible day use `--as-of 2024-12-31`",
        _ => return None,
    };
    Some(meant.to_owned())
}
