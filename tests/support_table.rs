//! `docs/support.md` is made of what dialects say of themselves, and of how far tests prove each.
//!
//! `KPIC_UPDATE_DOCS=1` writes the page anew.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its page has failed")]

use kpic::dialect::{self, Client, Dialect};
use kpic::model::value::Type;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

/// How far each dialect is proven, and by which test: the drivers of `tests/engines/drivers` say the same of themselves.
const PROOF: &[(&str, &str, &str)] = &[
    ("duckdb", "executed", "DuckDB 1.5"),
    ("postgres", "executed", "PostgreSQL 15 and 18"),
    ("clickhouse", "executed", "ClickHouse 26.9"),
    ("sqlite", "executed", "SQLite 3.54"),
    ("bigquery", "executed", "Google's own evaluator of BigQuery's SQL"),
    ("databricks", "executed", "Apache Spark 4.3, in part"),
    ("snowflake", "emulated", "fakesnow, which translates it for DuckDB"),
    ("redshift", "emulated", "PostgreSQL, within what both have"),
    ("mariadb", "executed", "MariaDB 10.11"),
];

const BEGIN: &str = "# What each warehouse can do

Made of what kpic itself knows of each dialect; a test keeps it so. Every KPI shows the same numbers everywhere. Where a warehouse cannot compute one, `kpic build` refuses it with
[a finding](codes/not-in-dialect.md) that names the KPI, what it needs and the dialect; it never writes SQL that would show something else. [Warehouses](guides/warehouses.md) says how to connect
and what to know of each.

## How far each is proven

*Executed*: views of the examples, of the test cases and of random projects ran there, and each cell was compared with DuckDB's; *emulated*: on something that behaves like it. How much of it
ran, and when, is under `verified` in [Warehouses](guides/warehouses.md). `make test-engines` does it again.

| `dialect` | proven | on | asked by `run`, `query`, `status` through | `kpic deploy` | `deploy.sql` |
|---|---|---|---|---|---|
";

fn all() -> impl Iterator<Item = &'static dyn Dialect> {
    dialect::names().map(|name| dialect::dialect(Some(name)))
}

fn proof(dialect: &str) -> (&'static str, &'static str) {
    PROOF.iter().find(|(name, ..)| *name == dialect).map(|(_, tier, on)| (*tier, *on)).unwrap()
}

fn or_dash(number: Option<usize>) -> String {
    number.map_or_else(|| "-".to_owned(), |number| number.to_string())
}

fn page() -> String {
    let mut text = BEGIN.to_owned();
    for dialect in all() {
        let (tier, on) = proof(dialect.name());
        let client = match dialect.client() {
            Client::DuckDb => "`duckdb`",
            Client::Psql => "`psql`",
            Client::Sqlite => "`sqlite3`",
            Client::None => "not yet",
        };
        let deploy = if dialect.catalog().is_some() { "yes" } else { "not yet" };
        let names = [&[dialect.name()], dialect.other_names()].concat();
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        writeln!(text, "| {} | {tier} | {on} | {client} | {deploy} | yes |", names.join(", ")).unwrap();
    }
    text.push_str(
        "\n## Limits\n\nWhat is beyond them is a finding of `build`. *Overflow* says what becomes of a floating-point number that is too large: null, as on DuckDB, or the query is refused \
         when it is read. A whole number that is too large is refused everywhere.\n\n| `dialect` | a name, in bytes | columns of a view | characters of a view | overflow |\n|---|---|---|---|---|\n",
    );
    for dialect in all() {
        let large = if dialect.refuses().is_empty() { "null" } else { "refused" };
        let (columns, view) = (or_dash(dialect.most_columns()), or_dash(dialect.longest_view()));
        writeln!(text, "| `{}` | {} | {columns} | {view} | {large} |", dialect.name(), dialect.longest_name()).unwrap();
    }
    text.push_str("\n## Functions\n\nAll of the [functions](functions.md) of formulas are there for every warehouse, but for these:\n\n| function | of | is not there for |\n|---|---|---|\n");
    let mut lacking: BTreeMap<(&str, String), Vec<String>> = BTreeMap::new();
    for dialect in all() {
        for (function, ty) in dialect.lacks() {
            let of = if *ty == Type::Double { "floating-point numbers".to_owned() } else { ty.to_string() };
            lacking.entry((function, of)).or_default().push(format!("`{}`", dialect.name()));
        }
    }
    for ((function, of), dialects) in lacking {
        writeln!(text, "| `{function}` | {of} | {} |", dialects.join(", ")).unwrap();
    }
    text.push_str("\n## Settings of a session\n\nA view shows the same rows whatever a reader's session has set of these; a test reads views under each.\n\n| `dialect` | withstands |\n|---|---|\n");
    for dialect in all() {
        let settings: Vec<String> = dialect.withstands().iter().map(|setting| format!("`{}`", setting.name)).collect();
        writeln!(text, "| `{}` | {} |", dialect.name(), settings.join(", ")).unwrap();
    }
    text
}

#[test]
fn the_page_says_what_dialects_say() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/support.md");
    let (is, should_be) = (fs::read_to_string(&path).unwrap_or_default(), page());
    if is != should_be && std::env::var_os("KPIC_UPDATE_DOCS").is_some() {
        fs::write(path, should_be).unwrap();
    } else {
        assert!(is == should_be, "docs/support.md is out of date; KPIC_UPDATE_DOCS=1 writes it anew");
    }
}

/// Drivers say of themselves whether they execute, emulate or parse.
#[test]
fn tiers_are_those_of_the_drivers() {
    for (dialect, tier, _) in PROOF {
        let engine = if *dialect == "databricks" { "spark" } else { dialect };
        let driver = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/engines/drivers/on_{engine}.py"));
        let driver = fs::read_to_string(driver).unwrap();
        let said = driver.split_once("tier = \"").and_then(|(_, rest)| rest.split('"').next()).unwrap_or("executed");
        assert_eq!(said, *tier, "{dialect}");
    }
    assert_eq!(PROOF.len(), dialect::names().count());
}
