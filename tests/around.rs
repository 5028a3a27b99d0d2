//! What stands around a query, or is named instead of one: templates, tables that are the engine's own, options of readers, files of Spark.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot run the program has failed")]

mod support;

use std::path::Path;
use support::{kpic, text, write_files};

const DIALECTS: &[&str] =
    &["duckdb", "postgres", "redshift", "snowflake", "bigquery", "databricks", "clickhouse", "sqlite", "mariadb"];

fn project(dialect: &str, specs: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let more = match dialect {
        "sqlite" => ", database: shop.db",
        "duckdb" => "",
        _ => ", source_schema: raw",
    };
    let project = format!(
        "kpic: 1\nproject: shop\ncalendar: {{ start: 2024-01-01, as_of: 2024-01-31 }}\nwarehouse: {{ dialect: {dialect}, schema: kpi{more} }}\n"
    );
    write_files(folder.path(), &[("kpic.yml", &project), ("specs/a.yml", specs)]);
    folder
}

/// A spec over a query.
fn over(query: &str) -> String {
    format!(
        "teams: {{ t: {{ title: T }} }}
sources:
  orders: {{ query: \"{query}\", kind: events, row: order, time: d, columns: {{ d: date, s: text }} }}
kpis:
  n: {{ description: Rows., owner: t, formula: count(orders), by: [s] }}
"
    )
}

/// All that it says.
fn said(folder: &Path, arguments: &[&str]) -> String {
    let output = kpic(folder, arguments);
    text(&output.stdout) + &text(&output.stderr)
}

fn of_table(name: &str) -> String {
    over("QUERY").replace("query: \"QUERY\"", &format!("table: {name:?}"))
}

#[test]
fn nothing_of_a_template_hides_around_the_query() {
    let honest = "{{ begin }}\n{{ query }};\n";
    for dialect in DIALECTS {
        let folder = project(dialect, &of_table("t"));
        for template in [
            honest,
            "-- {{ view.name }}: it's one of {{ project.name }}\n{{ begin }}\n{{ query }}\n;\n-- done\n",
            "/* it's */ {{ begin }} {{ query }};\ngrant select on {{ view.relation }} to readers;\n",
        ] {
            write_files(folder.path(), &[("templates/view.sql.j2", template)]);
            let output = kpic(folder.path(), &["build"]);
            assert!(output.status.success(), "{dialect}: {template}{}", text(&output.stderr));
        }
        std::fs::remove_dir_all(folder.path().join("build")).unwrap();
        for template in [
            "{{ begin }}\n{{ query }};\nselect $a$ {{ query }}\n$a$; select lo_export(1, 'x'); copy (select 1) to program 'touch x'; select $a$x$a$;\n",
            "{{ begin }}\n{{ query }};\nselect 1 as ` {{ query }}\n'`;\nselect edit(\"a\", \"touch x; true\");\nselect '1';\n",
            "{{ begin }}\nselect $a$ {{ query }}\n$a$; select lo_export(1, 'x'); select $a$x$a$;\n",
            "{{ begin }} select 1 as `{{ query }}'`; select edit('a', 'touch x'); select '1';\n",
            "{{ begin }}\n-- {{ query }} '\n; select edit('a', 'touch x'); select '1';\n",
            "{{ begin }}\n/* {{ query }} */ select 1 '\n; select edit('a', 'touch x'); select '1';\n",
            "{{ begin }}\nselect ' {{ query }} '; select 1;\n",
            "{{ begin }}\nselect \" {{ query }} \"; select 1;\n",
            "{{ begin }}\nselect x{{ query }};\n",
            "{{ begin }}\nselect 1 # {{ query }};\n",
            "{{ begin }}\n{{ query }};\nselect 'open\n",
        ] {
            write_files(folder.path(), &[("templates/view.sql.j2", template)]);
            let output = kpic(folder.path(), &["build"]);
            assert!(text(&output.stderr).contains("K0812 bad-template"), "{dialect}: {template}{}", text(&output.stderr));
            assert!(!folder.path().join("build").exists(), "{dialect}: {template}");
        }
        if *dialect == "duckdb" {
            continue;
        }
        for line in [
            "select 1; !touch x;",
            "!touch x;",
            "  !system touch x",
            "source x.sql;",
            "select '${env:HOME}';",
            // What a program cuts elsewhere than kpic: lines in comments and texts, comments in comments.
            "/*\n-- /*\n*/ ; !touch x;\n-- */",
            "/* /* */ attach '/x/y.db' as e; create table e.t as select 1 x; detach e; -- */",
            "insert into kpi.t format TSV '\n;select file('/etc/passwd');\n-- '",
            "select 'a\n;b'",
            "select 1 as \"a\n;b\"",
            // What reads or writes beside tables, in plain sight.
            "insert overwrite local directory '/x' select 1;",
            "create table x (a string) location '/x';",
            "commit; vacuum into '/x'; begin;",
            "select 1 ->> copy into 's3://x' from t;",
        ] {
            write_files(folder.path(), &[("templates/view.sql.j2", &format!("{honest}{line}\n"))]);
            let output = kpic(folder.path(), &["build"]);
            assert!(text(&output.stderr).contains("K0812 bad-template"), "{dialect}: {line}{}", text(&output.stderr));
        }
    }
}

#[test]
fn a_template_changes_nothing_but_relations_of_its_schema() {
    for dialect in DIALECTS {
        let folder = project(dialect, &of_table("t"));
        for line in [
            "drop table raw.t;",
            "create view other.v as select 1;",
            "delete from raw.t;",
            "grant select on raw.t to readers;",
            "grant all on {{ view.relation }} to readers;",
            "with x as (delete from raw.t returning 1) select * from x;",
            "copy {{ view.relation }} to '/x';",
            "install httpfs;",
            "attach '/x' as y;",
            "export data options (uri = 'x') as select 1;",
        ] {
            let template = format!("{{{{ begin }}}}\n{{{{ query }}}};\n{line}\n");
            write_files(folder.path(), &[("templates/view.sql.j2", &template)]);
            let output = kpic(folder.path(), &["build"]);
            let said = text(&output.stderr);
            assert!(said.contains("K0812 bad-template"), "{dialect}: {line}{said}");
            assert!(!folder.path().join("build").exists(), "{dialect}: {line}");
        }
    }
}

#[test]
fn a_table_is_none_of_the_engine_itself() {
    for (dialect, tables) in [
        (
            "duckdb",
            &["pg_catalog.pg_settings", "information_schema.tables", "duckdb_databases", "system.information_schema.tables"][..],
        ),
        ("postgres", &["pg_catalog.pg_stat_activity", "pg_catalog.pg_shadow", "information_schema.tables", "pg_stat_activity"]),
        ("redshift", &["pg_catalog.pg_user", "information_schema.tables", "pg_internal.x"]),
        ("snowflake", &["information_schema.tables", "snowflake.account_usage.query_history"]),
        ("bigquery", &["information_schema.tables"]),
        ("clickhouse", &["system.tables", "information_schema.tables", "INFORMATION_SCHEMA.tables"]),
        ("sqlite", &["sqlite_master", "dbstat"]),
        ("mariadb", &["mysql.user", "information_schema.tables", "performance_schema.threads"]),
    ] {
        for table in tables {
            let folder = project(dialect, &of_table(table));
            let said = said(folder.path(), &["check"]);
            assert_eq!(said.matches("K0824 call-not-allowed").count(), 1, "{dialect} {table}: {said}");
        }
        let folder = project(dialect, &of_table(if dialect == "sqlite" { "settings" } else { "raw.settings" }));
        let output = kpic(folder.path(), &["check"]);
        assert!(output.status.success(), "{dialect}: {}", text(&output.stderr));
    }
}

#[test]
fn rows_do_not_depend_on_what_is_asked_of_a_file() {
    for option in [
        "ignore_errors = true",
        "IGNORE_ERRORS=true",
        "store_rejects := true",
        "rejects_table = 'r'",
        "(ignore_errors) = true",
        "ignore_errors == true",
        "\"ignore_errors\" = 1",
    ] {
        let query = format!("select d, s from read_csv('data.csv', {option})").replace('"', "\\\"");
        let folder = project("duckdb", &over(&query));
        let said = said(folder.path(), &["check"]);
        assert!(said.contains("K0824 call-not-allowed"), "{option}: {said}");
    }
    for told in ["(show databases)", "(describe)", "(explain select 1)", "(pragma version)"] {
        let folder = project("duckdb", &over(&format!("select date '2024-01-02' as d, 'x' as s from {told}")));
        let said = said(folder.path(), &["check"]);
        assert!(said.contains("K0824 call-not-allowed") || said.contains("K08"), "{told}: {said}");
        assert!(!kpic(folder.path(), &["check"]).status.success(), "{told}");
    }
    for query in [
        "select d, ignore_errors as s from read_csv('data.csv', header = true)",
        "select d, coalesce(show, describe) as s from t where (explain = 1)",
    ] {
        let folder = project("duckdb", &over(query));
        let said = said(folder.path(), &["check"]);
        assert!(!said.contains("K0824"), "{query}: {said}");
    }
}

#[test]
fn spark_reads_no_file_under_the_name_of_a_class() {
    for table in [
        "\"org.apache.spark.sql.execution.datasources.text.TextFileFormat\".\"/path\"",
        "\"org.apache.spark.sql.json\".\"/path\"",
        "\"com.databricks.spark.csv\".x",
        "image.\"/path\"",
        "parquet.\"/path\"",
        "thing.\"s3://bucket/path\"",
    ] {
        let specs = over("QUERY").replace("query: \"QUERY\"", &format!("table: '{table}'"));
        let said = said(project("databricks", &specs).path(), &["check"]);
        assert!(said.contains("K0824 call-not-allowed") || said.contains("K08"), "{table}: {said}");
        let query = format!("select date '2024-01-02' as d, 'x' as s from {table}").replace('"', "`");
        let output = kpic(project("databricks", &over(&query)).path(), &["check"]);
        assert!(!output.status.success(), "{query}: {}", text(&output.stderr));
    }
    let output = kpic(project("databricks", &of_table("main.shop.orders")).path(), &["check"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn a_folder_beside_a_project_is_not_in_it() {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), &[("a/kpic.yml", "kpic: 1\nproject: a\n"), ("a/specs/b.yml", "{}\n"), ("b/c.txt", "")]);
    let kpic = |from: &str, arguments: &[&str]| {
        let program = env!("CARGO_BIN_EXE_kpic");
        std::process::Command::new(program).current_dir(folder.path().join(from)).args(arguments).output().unwrap()
    };
    let said = kpic("a", &["-C", "../b", "check"]);
    assert_eq!(said.status.code(), Some(3), "{}{}", text(&said.stdout), text(&said.stderr));
    let above = kpic("a/specs", &["-C", "../specs", "fmt", "--check"]);
    assert_eq!(above.status.code(), Some(0), "{}", text(&above.stderr));
}
