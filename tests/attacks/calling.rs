//! SQL for other engines than DuckDB that calls what does more than compute, that they cut in another way, or that asks which question it is in.

use super::{PROJECT, Place, over};
use crate::support::{text, write_files};
use std::fs;
use std::process::{Command, Stdio};

/// A project for a dialect, whose source is a query.
fn of(dialect: &str, query: &str) -> Place {
    let place = Place::new();
    let warehouse = format!("{PROJECT}warehouse: {{ dialect: {dialect}, schema: kpi }}\n");
    write_files(&place.project(), &[("kpic.yml", &warehouse), ("specs/a.yml", &over(query))]);
    place
}

/// What `check` says of a query, with further arguments.
fn checked(dialect: &str, query: &str, arguments: &[&str]) -> String {
    let output = of(dialect, query).kpic(&[&["check"], arguments].concat());
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

#[test]
fn what_does_more_than_compute_is_not_called() {
    let day = "select date '2024-01-02' as d";
    let refused: Vec<(&str, String)> = vec![
        // A text that is written in parentheses behind a name.
        (
            "postgres",
            format!("{day}, (ts_stat E'select\\tto_tsvector(''simple'', lo_export(777, ''/PWNED'')::text)')::text as s"),
        ),
        ("postgres", format!("{day}, (ts_stat 'a\\b')::text as s")),
        ("postgres", format!("{day}, s from ts_stat E'select\\tx' as f(s, a, b)")),
        // A function that stands where a column would.
        ("postgres", format!("{day}, pg_catalog.pg_read_file as s from string_to_table('/etc/passwd', '|') as pg_catalog")),
        ("postgres", format!("{day}, \"pg_catalog\".\"pg_ls_dir\"::text as s from string_to_table('/', '|') as pg_catalog")),
        ("postgres", format!("{day}, ('s'::regclass).nextval::text as s")),
        // Functions that no list of refused ones had.
        ("postgres", format!("{day}, gin_clean_pending_list('i')::text as s")),
        ("postgres", format!("{day}, brin_summarize_new_values('i')::text as s")),
        ("postgres", format!("{day}, txid_current()::text as s")),
        ("postgres", format!("{day}, current_setting('data_directory') as s")),
        ("postgres", format!("{day}, public.dblink_exec('x') as s")),
        ("postgres", format!("{day}, s from pg_catalog.pg_stat_activity")),
        ("sqlite", "select '2024-01-02' as d, sqlite_compileoption_get(1) as s".to_owned()),
        ("sqlite", "select '2024-01-02' as d, sql as s from sqlite_schema".to_owned()),
        ("clickhouse", "select toDate32('2024-01-02') as d, s from `url`('http://localhost/x', 'CSV', 's String')".to_owned()),
        ("clickhouse", "select toDate32('2024-01-02') as d, file('/etc/passwd') as s".to_owned()),
        ("clickhouse", "select toDate32('2024-01-02') as d, name as s from system.users".to_owned()),
        ("duckdb", format!("{day}, 'x' as s where txid_current() <> 4")),
        ("duckdb", format!("{day}, table_name as s from information_schema.tables")),
        ("duckdb", format!("{day}, table_name as s from 'duckdb_tables'")),
    ];
    for (dialect, query) in refused {
        let said = checked(dialect, &query, &[]);
        assert!(said.contains("K0824 call-not-allowed"), "{dialect} {query}: {said}");
    }
    for (dialect, query) in [
        (
            "postgres",
            "select date_trunc('day', t)::date as d, lower(s) collate \"C\" as s from raw.t where s like 'a' and pg_typeof(s) is not null",
        ),
        ("postgres", "with a(d, s) as (select date '2024-01-02', E'x\\ty') select d, s from a, generate_series(1, 2) as g(n)"),
        ("sqlite", "select date(t) as d, j.value as s from t, json_each(t.list) as j where coalesce(x, 1) in (1, 2)"),
        (
            "clickhouse",
            "select toDate32(t) as d, `s` from raw.t where match(s, '\\\\d+') group by all having countIf(s = 'x') > 1",
        ),
    ] {
        let said = checked(dialect, query, &[]);
        assert!(!said.contains("error"), "{dialect} {query}: {said}");
    }
}

#[test]
fn only_the_command_line_allows_a_function() {
    let query = "select public.mine(1) as d, other(2) as s";
    let said = checked("postgres", query, &[]);
    assert!(said.contains("`orders` cannot call `public.mine`") && said.contains("--allow-function public.mine"), "{said}");
    let said = checked("postgres", query, &["--allow-function", "public.mine"]);
    assert!(said.contains("`orders` cannot call `other`"), "{said}");
    let said = checked("postgres", query, &["--allow-function", "public.mine", "--allow-function", "OTHER"]);
    assert!(!said.contains("K0824"), "{said}");
    // A function of the program that reads files is not let in this way either.
    let said = checked("sqlite", "select '2024-01-02' as d, readfile('x') as s", &["--allow-function", "readfile"]);
    assert!(said.contains("`orders` cannot call `readfile`") && !said.contains("--allow-function"), "{said}");
    // A project cannot say so.
    let place = of("postgres", query);
    let kpic =
        format!("{PROJECT}warehouse: {{ dialect: postgres, schema: kpi, functions: [other], allow_function: [other] }}\n");
    write_files(&place.project(), &[("kpic.yml", &kpic)]);
    assert!(text(&place.kpic(&["check"]).stdout).contains("unknown-key"));
}

/// Where ClickHouse and SQLite end a name, a text or a statement.
#[test]
fn sql_that_ends_elsewhere_is_refused() {
    for (dialect, query) in [
        ("clickhouse", "select d, s, 1 as `'` from raw.t) as o group by 1) select 1 as x; drop table raw.victim; --'`"),
        ("clickhouse", "select d, s, 1 as \"a\\\" from raw.t; drop table raw.victim; --\" from raw.t"),
        ("clickhouse", "select d, s, 'a\\' as x from raw.t; drop table raw.victim; --' as y from raw.t"),
        ("sqlite", "select '2024-01-02' as d, 'x' as s, 6\n/\ndrop table t\n/\nselect 2"),
        ("sqlite", "select '2024-01-02' as d, 'x' as s, 6\n /* x */ GO -- y\ndrop table t"),
    ] {
        let said = checked(dialect, query, &[]);
        assert!(said.contains("K0806 not-in-dialect"), "{dialect} {query}: {said}");
    }
    for dialect in ["duckdb", "postgres", "sqlite", "clickhouse"] {
        let said = checked(dialect, "select d, file as s from --\rpragma_database_list\n", &[]);
        assert!(said.contains("SQL cannot have a carriage return"), "{dialect}: {said}");
    }
    let column = of("sqlite", "select '2024-01-02' as d, 'x' as s");
    let spec = over("select '2024-01-02' as d, 'x' as s")
        .replace("s: text", "s: { type: text, sql: \"6\\n/\\ndrop table t\\n/\\n2\" }");
    write_files(&column.project(), &[("specs/a.yml", &spec)]);
    assert!(text(&column.kpic(&["check"]).stdout).contains("K0806 not-in-dialect"));
}

/// ClickHouse knows no texts with a prefix.
#[test]
fn texts_are_written_for_clickhouse() {
    let place = of("clickhouse", "select toDate32('2024-01-02') as d, 'a\nb' as s where match('x1', '\\\\d')");
    assert!(place.kpic(&["build"]).status.success());
    let sql = fs::read_to_string(place.project().join("build/sql/clickhouse/deploy.sql")).unwrap();
    assert!(sql.contains("'a\\nb'") && sql.contains("'\\\\d'") && !sql.contains("E'"), "{sql}");
}

/// A division over several lines is one statement for the program.
#[test]
fn no_line_of_a_build_ends_a_statement() {
    let place = of("sqlite", "select '2024-01-02' as d, 'x' as s, 6 /\n2 as go\nfrom t");
    assert!(place.kpic(&["build"]).status.success());
    let sql = fs::read_to_string(place.project().join("build/sql/sqlite/deploy.sql")).unwrap();
    assert!(!sql.lines().any(|line| line.trim() == "/" || line.trim() == "go"), "{sql}");
    let shell = Command::new("sqlite3")
        .args(["-batch", ":memory:"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut shell) = shell else { return };
    std::io::Write::write_all(&mut shell.stdin.take().unwrap(), sql.as_bytes()).unwrap();
    let output = shell.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

/// A log is read by people and by a CI.
#[test]
fn what_programs_read_is_no_command_of_a_ci() {
    let place = of("duckdb", "select date '2024-01-02' as d, 'x ##vso[task.setvariable variable=a]1 ##teamcity[a]' as s");
    let spec = fs::read_to_string(place.project().join("specs/a.yml")).unwrap();
    let titled = spec.replace("description: x", "title: \"##vso[a]b\", description: x");
    write_files(&place.project(), &[("specs/a.yml", &titled)]);
    for arguments in [
        &["query", "n", "--by", "s", "--format", "json"] as &[&str],
        &["verify", "--format", "json"],
        &["verify", "--format", "sarif"],
        &["verify", "--format", "github"],
        &["graph", "--format", "json"],
        &["graph", "--format", "dot"],
    ] {
        let output = place.kpic(arguments);
        let said = text(&output.stdout).to_lowercase();
        assert!(!said.contains("##vso[") && !said.contains("##teamcity["), "{arguments:?}: {said}");
    }
    // A mistake that is fixed beside lines of a text that mean something to a CI.
    let fixable = titled
        .replace("description: x", "description: \"x\", titel: |\n      ::error file=x::y\n      \u{202e}\n     ")
        .replace("title: \"##vso[a]b\", ", "");
    write_files(&place.project(), &[("specs/a.yml", &fixable)]);
    let output = place.kpic(&["check", "--diff"]);
    assert!(!text(&output.stdout).lines().any(|line| line.trim_start_matches(['+', '-', ' ']).starts_with("::")), "{output:?}");
    assert!(!text(&output.stdout).contains('\u{202e}'), "{output:?}");
}

/// A few lines with aliases ask for hundreds of thousands of views.
#[test]
fn a_project_has_only_so_many_views() {
    let place = of("duckdb", "select 1");
    let names: Vec<String> = (0..300).map(|at| format!("c{at}")).collect();
    let kpis: String = (0..300)
        .map(|at| {
            let by = if at == 0 { format!("&b [{}]", names.join(", ")) } else { "*b".to_owned() };
            format!("  k{at}: {{ description: x., formula: count(o), grain: year, grains: [day, week, month, quarter], by: {by} }}\n")
        })
        .collect();
    let columns: Vec<String> = names.iter().map(|name| format!("{name}: text")).collect();
    let spec = format!(
        "sources:\n  o: {{ table: o, kind: events, time: d, columns: {{ d: date, {} }} }}\nkpis:\n{kpis}",
        columns.join(", ")
    );
    write_files(&place.project(), &[("specs/a.yml", &spec)]);
    let output = place.kpic(&["build"]);
    assert!(output.status.code() == Some(1), "{output:?}");
    assert!(text(&output.stderr).contains("have more than 100,000 views"), "{}", text(&output.stderr));
}
