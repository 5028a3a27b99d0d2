//! `kpic deploy` into DuckDB: what changes, what is left alone, and that a failure leaves everything as it was.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot run the program has failed")]

mod support;

use kpic::deploy::{self, How};
use kpic::engine::{DuckDb, Reach};
use kpic::pipeline::{Options, check};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use support::{kpic, text, write_files};
use tempfile::TempDir;

const PROJECT: &str = "kpic: 1
project: shop
calendar: { start: 2024-01-01, as_of: 2024-02-29 }
warehouse: { schema: kpi, database: shop.duckdb }
lints: { quiet-source: allow, missing-description: allow, missing-owner: allow }
";

const SPEC: &str = "sources:
  orders:
    table: raw.orders
    kind: events
    row: order
    time: day
    columns: { day: date, amount: { type: decimal, unit: EUR }, country: text }
kpis:
  revenue: { title: Revenue, description: What was paid., formula: sum(orders.amount), unit: EUR, aliases: [sales], by: [country] }
  orders: { formula: count(orders) }
scorecards:
  shop: { title: The shop, kpis: [revenue, orders] }
";

/// 30 EUR in January, 12 in February.
const ROWS: &str = "create schema raw; create table raw.orders as select * from (values (date '2024-01-05', 10.00, 'de'),
(date '2024-01-06', 20.00, 'fr'), (date '2024-02-01', 12.00, 'de')) as t(day, amount, country)";

fn shop(spec: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), &[("kpic.yml", PROJECT), ("specs/all.yml", spec)]);
    sql(folder.path(), ROWS);
    folder
}

/// What DuckDB says, a row on each line.
fn sql(folder: &Path, statements: &str) -> Vec<String> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/duckdb");
    let program = std::env::var_os("KPIC_DUCKDB").map_or(beside, Into::into);
    let program = if program.is_relative() { Path::new(env!("CARGO_MANIFEST_DIR")).join(program) } else { program };
    let mut command = Command::new(program);
    let output =
        command.current_dir(folder).args(["-no-init", "-list", "-noheader", "shop.duckdb", "-c", statements]).output().unwrap();
    assert!(output.status.success(), "{statements}: {}", text(&output.stderr));
    text(&output.stdout).lines().map(str::to_owned).collect()
}

/// Deploys, and gives what became of each view.
fn deployed(folder: &Path, arguments: &[&str]) -> Vec<(String, String)> {
    let output = kpic(folder, &[&["deploy", "--format", "json"], arguments].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    let word = |view: &Value, key: &str| view[key].as_str().unwrap().to_owned();
    let mut views: Vec<_> =
        all["views"].as_array().unwrap().iter().map(|view| (word(view, "relation"), word(view, "change"))).collect();
    views.sort();
    views
}

fn with<'a>(changes: &'a [(String, String)], change: &str) -> Vec<&'a str> {
    changes.iter().filter(|(_, of)| of == change).map(|(view, _)| view.as_str()).collect()
}

/// All that the database knows of the schema.
fn state(folder: &Path) -> Vec<String> {
    sql(
        folder,
        "select view_name, comment, sql from duckdb_views() where not internal order by all; select table_name, comment from duckdb_tables() \
         order by all; select table_name, column_name, comment from duckdb_columns() where schema_name = 'kpi' order by all",
    )
}

const ALL: [&str; 8] = [
    "kpi.kpi_values",
    "kpi.orders",
    "kpi.revenue",
    "kpi.revenue__by_country",
    "kpi.sales",
    "kpi.sales__by_country",
    "kpi.scorecard__shop",
    "kpi.source_checks",
];

#[test]
fn views_are_made_and_made_again_only_where_they_change() {
    let folder = shop(SPEC);
    let before = state(folder.path());
    assert_eq!(with(&deployed(folder.path(), &["--dry-run"]), "new"), ALL);
    assert_eq!(state(folder.path()), before, "a dry run changes nothing");
    assert_eq!(with(&deployed(folder.path(), &[]), "new"), ALL);
    let revenue = "select period, value from kpi.revenue order by period";
    assert_eq!(sql(folder.path(), revenue), ["2024-01-01|30.0", "2024-02-01|12.0"]);
    assert_eq!(sql(folder.path(), &revenue.replace("kpi.revenue", "kpi.sales")), sql(folder.path(), revenue));
    let first = state(folder.path());
    assert_eq!(with(&deployed(folder.path(), &[]), "same"), ALL);
    assert_eq!(state(folder.path()), first);
    // A line above definitions moves them, and changes nothing.
    write_files(folder.path(), &[("specs/all.yml", &format!("# Kept by the shop.\n{SPEC}"))]);
    assert_eq!(with(&deployed(folder.path(), &[]), "same"), ALL);
    // What is read of the rows: those of more than 10, so 20 and 12.
    let other = SPEC.replace("sum(orders.amount)", "sum(orders.amount where amount > 10)");
    write_files(folder.path(), &[("specs/all.yml", &other)]);
    let changes = deployed(folder.path(), &[]);
    assert_eq!(with(&changes, "same"), ["kpi.orders", "kpi.source_checks"], "{changes:?}");
    assert_eq!(sql(folder.path(), revenue), ["2024-01-01|20.0", "2024-02-01|12.0"]);
    assert_eq!(sql(folder.path(), &revenue.replace("kpi.revenue", "kpi.sales")), sql(folder.path(), revenue));
}

#[test]
fn comments_say_what_views_and_columns_are() {
    let folder = shop(SPEC);
    deployed(folder.path(), &[]);
    let comment =
        |of: &str| sql(folder.path(), &format!("select comment from duckdb_views() where view_name = '{of}'")).join("\n");
    let said = comment("revenue");
    for word in ["Revenue, by month", "What was paid.", "= sum(orders.amount)", "unit: EUR", "kpic: {"] {
        assert!(said.contains(word), "{said}");
    }
    assert!(comment("scorecard__shop").contains("The shop"));
    let columns = sql(
        folder.path(),
        "select table_name, column_name, comment from duckdb_columns() where table_name in ('revenue__by_country', 'scorecard__shop') \
         order by table_name, column_index",
    );
    assert_eq!(
        columns,
        [
            "revenue__by_country|period|The first day of the month",
            "revenue__by_country|country|Country",
            "revenue__by_country|value|Revenue (EUR): What was paid.",
            "revenue__by_country|is_complete|Whether the period is over and all of its data is there",
            "scorecard__shop|period|The first day of the month",
            "scorecard__shop|revenue|Revenue (EUR): What was paid.",
            "scorecard__shop|orders|Orders (order)",
            "scorecard__shop|is_complete|Whether the period is over and all of its data is there",
        ]
    );
}

#[test]
fn what_no_spec_names_any_more_is_listed_and_dropped_when_asked() {
    let folder = shop(SPEC);
    deployed(folder.path(), &[]);
    sql(folder.path(), "create view kpi.report as select 1 as a; create table kpi.plans as select 1 as a");
    let fewer = SPEC.replace("aliases: [sales], by: [country]", "by: [country]");
    write_files(folder.path(), &[("specs/all.yml", &fewer)]);
    let changes = deployed(folder.path(), &[]);
    assert_eq!(with(&changes, "gone"), ["kpi.sales", "kpi.sales__by_country"]);
    let there =
        "select view_name from duckdb_views() where schema_name = 'kpi' and view_name in ('sales', 'report') order by all";
    assert_eq!(sql(folder.path(), there), ["report", "sales"]);
    let changes = deployed(folder.path(), &["--drop"]);
    assert_eq!(with(&changes, "dropped"), ["kpi.sales", "kpi.sales__by_country"]);
    // What others have made stays, and is not even listed.
    assert_eq!(sql(folder.path(), there), ["report"]);
    assert!(!changes.iter().any(|(view, _)| view.contains("report") || view.contains("plans")), "{changes:?}");
    assert_eq!(sql(folder.path(), "select a from kpi.plans"), ["1"]);
    // A view that was renamed is none of kpic's.
    sql(folder.path(), "alter view kpi.orders rename to old_orders");
    let changes = deployed(folder.path(), &["--drop"]);
    assert_eq!((with(&changes, "new"), with(&changes, "dropped")), (vec!["kpi.orders"], vec![]));
}

#[test]
fn what_kpic_has_not_made_is_never_touched() {
    for made in ["table kpi.revenue as select 1 as a", "view kpi.\"Revenue\" as select 1 as a"] {
        let folder = shop(SPEC);
        sql(folder.path(), &format!("create schema kpi; create {made}"));
        let before = state(folder.path());
        for arguments in [&["deploy"][..], &["deploy", "--drop"], &["deploy", "--dry-run"]] {
            let output = kpic(folder.path(), arguments);
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(said.contains("not-made-by-kpic") && said.contains("nothing was changed"), "{said}");
            assert_eq!(state(folder.path()), before);
        }
    }
    // A view that kpic has made, and that somebody has replaced.
    let folder = shop(SPEC);
    deployed(folder.path(), &[]);
    sql(folder.path(), "create or replace view kpi.orders as select 1 as a");
    assert_eq!(kpic(folder.path(), &["deploy"]).status.code(), Some(1));
    assert_eq!(with(&deployed(folder.path(), &["--adopt"]), "adopted"), ["kpi.orders"]);
    assert_eq!(with(&deployed(folder.path(), &[]), "same"), ALL);
    // A table is not taken over.
    sql(folder.path(), "drop view kpi.orders; create table kpi.orders as select 1 as a");
    assert_eq!(kpic(folder.path(), &["deploy", "--adopt"]).status.code(), Some(1));
    assert_eq!(sql(folder.path(), "select a from kpi.orders"), ["1"]);
}

#[test]
fn projects_that_share_a_schema_leave_each_others_views_alone() {
    let folder = shop(SPEC);
    deployed(folder.path(), &[]);
    let before = state(folder.path());
    let other = "kpis:\n  buyers: { formula: count(orders) }\n";
    let sources = SPEC.split("kpis:").next().unwrap();
    let project = PROJECT.replace("project: shop", "project: sales");
    write_files(folder.path(), &[("kpic.yml", &project), ("specs/all.yml", &format!("{sources}{other}"))]);
    // Both count what is wrong with their sources in a view of one name.
    let output = kpic(folder.path(), &["deploy", "--drop"]);
    let said = text(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains("made for the project `shop`"), "{said}");
    assert_eq!(state(folder.path()), before);
    let changes = deployed(folder.path(), &["--drop", "--adopt"]);
    let of = |change| with(&changes, change);
    assert_eq!(
        (of("new"), of("adopted"), of("dropped"), of("gone")),
        (vec!["kpi.buyers"], vec!["kpi.source_checks"], vec![], vec![])
    );
    let after = state(folder.path());
    assert!(before.iter().filter(|line| !line.contains("source_checks")).all(|line| after.contains(line)), "{after:?}");
}

#[test]
fn what_deploy_sql_has_made_is_taken_over_when_asked() {
    let folder = shop(SPEC);
    assert!(kpic(folder.path(), &["build", "--no-docs"]).status.success());
    sql(folder.path(), &std::fs::read_to_string(folder.path().join("build/sql/duckdb/deploy.sql")).unwrap());
    assert_eq!(kpic(folder.path(), &["deploy"]).status.code(), Some(1));
    assert_eq!(with(&deployed(folder.path(), &["--adopt"]), "adopted"), ALL);
}

#[test]
fn a_failure_leaves_everything_as_it_was_and_tells_which_view() {
    let folder = shop(SPEC);
    deployed(folder.path(), &[]);
    let before = state(folder.path());
    // `orders` comes after `revenue`, which changes too.
    let wrong = SPEC
        .replace("sum(orders.amount)", "sum(orders.amount where amount > 10)")
        .replace("  orders: { formula: count(orders) }", "  orders: { formula: count(gone) }")
        .replace("kpis:\n", "  gone: { table: raw.gone, kind: events, time: day, columns: { day: date } }\nkpis:\n");
    write_files(folder.path(), &[("specs/all.yml", &wrong)]);
    let output = kpic(folder.path(), &["deploy", "--drop"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for word in ["the view `kpi.orders` cannot be made", "there is no table or view", "specs/all.yml:11", "nothing was changed"]
    {
        assert!(said.contains(word), "no `{word}` in {said}");
    }
    for word in ["Catalog Error", "LINE 1", "does not exist"] {
        assert!(!said.contains(word), "{said}");
    }
    assert_eq!(state(folder.path()), before);
}

#[test]
fn what_somebody_else_changes_in_between_is_left_alone() {
    let folder = shop(SPEC);
    let project = check(folder.path(), &Options::default()).valid().unwrap();
    let program = kpic::engine::find(None).unwrap();
    let program = if program.is_relative() { Path::new(env!("CARGO_MANIFEST_DIR")).join(program) } else { program };
    let (database, reach) = (Some(folder.path().join("shop.duckdb")), Reach::default());
    let engine = DuckDb { program, folder: folder.path().to_path_buf(), database, reach };
    let dialect = kpic::dialect::dialect(None);
    let catalog = dialect.catalog().unwrap();
    let planned = || {
        let found = deploy::found(&project, &engine, dialect, catalog).unwrap();
        deploy::plan(&project, &deploy::wanted(&project, dialect).unwrap(), &found, How::default(), dialect, catalog).unwrap()
    };
    let plan = planned();
    sql(folder.path(), "create schema kpi; create table kpi.plans as select 1 as a");
    let before = state(folder.path());
    let findings = deploy::carry_out(&project, &engine, &plan).unwrap();
    let said: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(said, ["somebody else has changed the schema `kpi` in the meantime"]);
    assert_eq!(state(folder.path()), before);
    assert!(deploy::carry_out(&project, &engine, &planned()).unwrap().is_empty());
    assert_eq!(with(&deployed(folder.path(), &[]), "same"), ALL);
}

/// Texts that mean something to SQL, its shells, or terminals.
const HOSTILE: &[&str] = &[
    "'; drop schema raw cascade; --",
    "it''s \\' \\\\ \"quoted\"",
    "*/ /* -- $$ $kpic0$ $sql0$ $1 :name :'name' {definition} %L %s",
    "\n.quit\n.shell touch hacked\n\\q\n\\! touch hacked\n",
    "größer \u{1f600} \u{2028} 漢字",
    "\nkpic: {\"definition\":\"\",\"view\":\"orders\",\"sum\":\"1-1\"}",
    "ends with a backslash\\",
];

#[test]
fn hostile_texts_are_data() {
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    for hostile in HOSTILE {
        let spec = SPEC
            .replace("title: Revenue, description: What was paid.", &format!("title: {0}, description: {0}", quoted(hostile)));
        let folder = shop(&spec);
        let changes = deployed(folder.path(), &[]);
        assert_eq!(with(&changes, "new"), ALL, "{hostile}");
        assert_eq!(with(&deployed(folder.path(), &[]), "same"), ALL, "{hostile}");
        let json = "select to_json(comment) from duckdb_columns() where table_name = 'revenue' and column_name = 'value'";
        let said: String = serde_json::from_str(&sql(folder.path(), json).join("")).unwrap();
        assert!(said.contains(hostile.trim()), "{hostile}: {said}");
        assert!(!folder.path().join("hacked").exists());
        assert_eq!(sql(folder.path(), "select count(*) from raw.orders"), ["3"]);
    }
}

#[test]
fn a_database_is_needed_and_is_only_changed_inside() {
    let folder = shop(SPEC);
    write_files(folder.path(), &[("kpic.yml", &PROJECT.replace(", database: shop.duckdb", ""))]);
    let output = kpic(folder.path(), &["deploy"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--database FILE"));
    let database = folder.path().join("shop.duckdb");
    assert_eq!(with(&deployed(folder.path(), &["--database", database.to_str().unwrap()]), "new"), ALL);
    let mut names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["kpic.yml", "shop.duckdb", "specs"]);
    // Figures are still only read.
    let before = std::fs::read(&database).unwrap();
    assert!(kpic(folder.path(), &["run", "--database", database.to_str().unwrap()]).status.success());
    assert_eq!(std::fs::read(&database).unwrap(), before);
}

#[test]
fn tables_are_filled_anew_with_each_deployment() {
    let folder = shop(&SPEC.replace("aliases: [sales]", "aliases: [sales], materialize: table"));
    let tables = ["kpi.revenue", "kpi.revenue__by_country"];
    assert_eq!(with(&deployed(folder.path(), &[]), "new"), ALL);
    let kinds =
        "select table_name from information_schema.tables where table_schema = 'kpi' and table_type = 'BASE TABLE' order by 1";
    assert_eq!(sql(folder.path(), kinds), ["revenue", "revenue__by_country"]);
    let both = "select a.period, a.value, b.value from kpi.revenue a join kpi.sales b using (period) order by 1";
    assert_eq!(sql(folder.path(), both), ["2024-01-01|30.0|30.0", "2024-02-01|12.0|12.0"]);
    // What comes later is not in the table until it is filled again; 12 and 5 are 17.
    sql(folder.path(), "insert into raw.orders values (date '2024-02-02', 5.00, 'fr')");
    assert_eq!(sql(folder.path(), both), ["2024-01-01|30.0|30.0", "2024-02-01|12.0|12.0"]);
    assert_eq!(with(&deployed(folder.path(), &["--dry-run"]), "refreshed"), tables);
    assert_eq!(sql(folder.path(), both), ["2024-01-01|30.0|30.0", "2024-02-01|12.0|12.0"]);
    // A view of somebody else over the table stays.
    sql(folder.path(), "create schema bi; create view bi.latest as select max(value) as most from kpi.revenue");
    let changes = deployed(folder.path(), &[]);
    assert_eq!(with(&changes, "refreshed"), tables);
    assert_eq!(with(&changes, "same").len(), ALL.len() - tables.len());
    assert_eq!(sql(folder.path(), both), ["2024-01-01|30.0|30.0", "2024-02-01|17.0|17.0"]);
    assert_eq!(sql(folder.path(), "select most from bi.latest"), ["30.0"]);
    let comment = sql(folder.path(), "select comment from duckdb_tables() where table_name = 'revenue'");
    assert!(comment.join(" ").contains("What was paid."), "{comment:?}");
    // Tables become views, and views tables, under all of their names.
    write_files(folder.path(), &[("specs/all.yml", SPEC)]);
    let under_all_names = ["kpi.revenue", "kpi.revenue__by_country", "kpi.sales", "kpi.sales__by_country"];
    assert_eq!(with(&deployed(folder.path(), &[]), "changed"), under_all_names);
    assert_eq!(sql(folder.path(), kinds), [""; 0]);
    assert_eq!(sql(folder.path(), both), ["2024-01-01|30.0|30.0", "2024-02-01|17.0|17.0"]);
    write_files(folder.path(), &[("kpic.yml", &PROJECT.replace("schema: kpi,", "schema: kpi, materialize: table,"))]);
    deployed(folder.path(), &[]);
    // A former name, and what is said of sources, are never tables.
    assert_eq!(sql(folder.path(), kinds), ["kpi_values", "orders", "revenue", "revenue__by_country", "scorecard__shop"]);
    assert_eq!(sql(folder.path(), both), ["2024-01-01|30.0|30.0", "2024-02-01|17.0|17.0"]);
    // A table that no spec names any more goes as views do.
    let fewer =
        SPEC.replace("  orders: { formula: count(orders) }\n", "").replace("kpis: [revenue, orders]", "kpis: [revenue]");
    write_files(folder.path(), &[("specs/all.yml", &fewer)]);
    assert_eq!(with(&deployed(folder.path(), &[]), "gone"), ["kpi.orders"]);
    assert_eq!(with(&deployed(folder.path(), &["--drop"]), "dropped"), ["kpi.orders"]);
    assert!(!sql(folder.path(), kinds).contains(&"orders".to_owned()));
}

#[test]
fn a_table_that_kpic_has_not_made_is_never_filled() {
    let folder = shop(&SPEC.replace("aliases: [sales]", "materialize: table"));
    sql(folder.path(), "create schema kpi; create table kpi.revenue as select 1 as own");
    for arguments in [&["deploy"][..], &["deploy", "--adopt"]] {
        let output = kpic(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(1));
        assert!(text_of(&output).contains("`kpi.revenue` is a table that kpic has not made"), "{}", text_of(&output));
    }
    assert_eq!(sql(folder.path(), "select own from kpi.revenue"), ["1"]);
}

#[test]
fn deploy_sql_makes_views_and_leaves_tables_alone() {
    let spec = SPEC.replace("aliases: [sales]", "aliases: [sales], materialize: table");
    let folder = shop(&spec);
    assert!(kpic(folder.path(), &["build"]).status.success());
    let deploy = std::fs::read_to_string(folder.path().join("build/sql/duckdb/deploy.sql")).unwrap();
    sql(folder.path(), &deploy);
    let revenue = "select value from kpi.sales order by period";
    assert_eq!(sql(folder.path(), revenue), ["30.0", "12.0"]);
    // Views that kpic takes over become tables, which the file does not replace.
    deployed(folder.path(), &["--adopt"]);
    let program = std::env::var_os("KPIC_DUCKDB").map_or_else(|| ".tools/duckdb".into(), std::path::PathBuf::from);
    let program = if program.is_relative() { Path::new(env!("CARGO_MANIFEST_DIR")).join(program) } else { program };
    let again = Command::new(program)
        .current_dir(folder.path())
        .args(["-no-init", "-bail", "shop.duckdb", "-f", "build/sql/duckdb/deploy.sql"])
        .output()
        .unwrap();
    assert!(!again.status.success());
    let tables = "select count(*) from information_schema.tables where table_schema = 'kpi' and table_type = 'BASE TABLE'";
    assert_eq!(
        (sql(folder.path(), tables), sql(folder.path(), revenue)),
        (vec!["2".to_owned()], vec!["30.0".to_owned(), "12.0".to_owned()])
    );
}

#[test]
fn a_template_of_statements_is_not_deployed() {
    let folder = shop(SPEC);
    write_files(folder.path(), &[("templates/view.sql.j2", "create view {{ view.relation }} as {{ query }};\n")]);
    let output = kpic(folder.path(), &["deploy"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("view.sql.j2"), "{}", text(&output.stderr));
}

#[test]
fn a_profile_of_dbt_names_the_database() {
    let folder = shop(SPEC);
    write_files(folder.path(), &[("kpic.yml", &PROJECT.replace(", database: shop.duckdb", ""))]);
    let profiles = tempfile::tempdir().unwrap();
    let database = folder.path().join("shop.duckdb");
    let text = format!(
        "shop:\n  target: dev\n  outputs:\n    dev: {{ type: duckdb, path: \"{{{{ env_var('SHOP_FILE', '{}') }}}}\" }}\n    far: {{ type: postgres, host: db, user: ada, \
         password: battery-staple }}\n    odd: {{ type: duckdb, path: \"{{{{ battery-staple() }}}}\" }}\n",
        database.display()
    );
    write_files(profiles.path(), &[("profiles.yml", &text)]);
    let directory = profiles.path().to_str().unwrap();
    let named = ["--profile", "shop", "--profiles-dir", directory];
    assert_eq!(with(&deployed(folder.path(), &named), "new"), ALL);
    let output = kpic(folder.path(), &[&["run", "revenue"], named.as_slice()].concat());
    assert!(output.status.success() && text_of(&output).contains("30.00"), "{}", text_of(&output));
    for (arguments, words) in [
        (["--profile-target", "far"], "the profile is for `postgres`, and the data of this project is in `duckdb`"),
        (["--profile-target", "odd"], "`path` has Jinja that kpic does not understand"),
        (["--profile-target", "prod"], "has no output `prod`"),
    ] {
        let output = kpic(folder.path(), &[&["run"], named.as_slice(), &arguments].concat());
        let said = text_of(&output);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains(words) && !said.contains("battery-staple"), "{said}");
    }
    // A spec cannot say which.
    write_files(folder.path(), &[("kpic.yml", &PROJECT.replace("schema: kpi,", "schema: kpi, profile: shop,"))]);
    assert_eq!(kpic(folder.path(), &["check"]).status.code(), Some(1));
}

fn text_of(output: &std::process::Output) -> String {
    text(&output.stdout) + &text(&output.stderr)
}

#[test]
fn views_over_files_are_said_to_need_the_project_folder() {
    let says = |folder: &Path| {
        text(&kpic(folder, &["deploy"]).stderr).contains("views over files name them from the project's folder")
    };
    let spec = SPEC.replace("table: raw.orders", "files: orders.csv");
    let folder = shop(&spec);
    write_files(folder.path(), &[("orders.csv", "day,amount,country\n2024-01-05,10.00,de\n")]);
    assert!(says(folder.path()));
    assert_eq!(sql(folder.path(), "select value from kpi.revenue order by period"), ["10.0", "0.0"]);
    assert!(!says(shop(SPEC).path()));
}
