//! A project for several warehouses: what is written for each, and what is wrong in one of them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot run the program has failed")]

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use support::{text, write_files};

const SPEC: &str = "sources:
  orders: { table: orders, kind: events, key: id, time: on, columns: { id: integer, on: date, amount: decimal } }
kpis:
  revenue: { description: x, formula: sum(orders.amount) }
";

fn project(dialect: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let start = format!(
        "kpic: 1\ncalendar: {{ start: 2024-01-01, as_of: 2024-03-31 }}\nwarehouse: {{ dialect: {dialect}, schema: kpi }}\n"
    );
    write_files(folder.path(), &[("kpic.yml", &start), ("specs/a.yml", SPEC)]);
    folder
}

fn kpic(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kpic")).args(arguments).current_dir(folder).output().unwrap()
}

#[test]
fn each_dialect_gets_what_it_gets_alone() {
    let all = ["duckdb", "postgres", "clickhouse", "sqlite", "snowflake", "redshift"];
    let together = project(&format!("[{}]", all.join(", ")));
    let named = project("duckdb");
    let output = kpic(together.path(), &["build"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("build/sql/*/deploy.sql create the views"), "{}", text(&output.stdout));
    assert!(kpic(named.path(), &["build", "--dialect", &all.join(",")]).status.success());
    let read = |folder: &tempfile::TempDir, dialect: &str, file: &str| {
        fs::read_to_string(folder.path().join("build/sql").join(dialect).join(file)).unwrap()
    };
    for dialect in all {
        let alone = project(dialect);
        assert!(kpic(alone.path(), &["build"]).status.success());
        for file in ["revenue.sql", "deploy.sql"] {
            let wanted = read(&alone, dialect, file);
            assert_eq!(read(&together, dialect, file), wanted);
            assert_eq!(read(&named, dialect, file), wanted);
        }
    }
    // A table that is named alone is in the schema of each warehouse.
    let schemas = [
        "from main.orders",
        "from public.orders",
        "from default.orders",
        "from orders",
        "from public.orders",
        "from public.orders",
    ];
    for (dialect, schema) in all.into_iter().zip(schemas) {
        let sql = read(&together, dialect, "revenue.sql");
        assert!(sql.contains(schema), "{dialect}: {sql}");
    }
}

/// Where a warehouse takes two names for one, its plans are its own; so are its statements where the project has a template for them.
#[test]
fn what_dialects_do_not_share_is_as_each_has_it() {
    let one_table = SPEC.replace("kpis:", "  old: { table: main.orders, kind: events, key: id, time: on, columns: { id: integer, on: date, amount: decimal } }\nkpis:")
        + "  both: { description: x, formula: revenue + sum(old.amount) }\n";
    let one_column = SPEC.replace("amount: decimal }", "amount: decimal, more: { type: decimal, column: Amount } }")
        + "  both: { description: x, formula: revenue + sum(orders.more) }\n";
    let schemas_apart = SPEC.replace("kpis:", "  old: { table: public.orders, kind: events, key: id, time: on, columns: { id: integer, on: date, amount: decimal } }\nkpis:")
        + "  both: { description: x, formula: revenue + sum(old.amount) }\n";
    let template = "-- {{ view.name }} of {{ project.name }}\n{{ begin }}\n{{ query }};\n";
    let build = |dialect: &str, spec: &str, template: Option<&str>| {
        let folder = project(dialect);
        write_files(folder.path(), &[("specs/a.yml", spec)]);
        if let Some(template) = template {
            write_files(folder.path(), &[("templates/view.sql.j2", template)]);
        }
        let output = kpic(folder.path(), &["build"]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        folder
    };
    let read = |folder: &tempfile::TempDir, dialect: &str| {
        fs::read_to_string(folder.path().join("build/sql").join(dialect).join("deploy.sql")).unwrap()
    };
    for (spec, template) in
        [(&one_table, None), (&one_column, None), (&schemas_apart, None), (&SPEC.to_owned(), Some(template))]
    {
        for order in [["duckdb", "postgres", "clickhouse"], ["clickhouse", "postgres", "duckdb"]] {
            let together = build(&format!("[{}]", order.join(", ")), spec, template);
            for dialect in order {
                assert_eq!(read(&together, dialect), read(&build(dialect, spec, template), dialect), "{dialect} of {order:?}");
            }
        }
    }
    // In DuckDB it is one table, which is read once; in PostgreSQL it is another one.
    let duckdb = read(&build("[postgres, duckdb]", &one_table, None), "duckdb");
    assert!(!duckdb.contains("public.orders"), "{duckdb}");
    let postgres = read(&build("[duckdb, postgres]", &one_table, None), "postgres");
    assert!(postgres.contains("from public.orders") && postgres.contains("from main.orders"), "{postgres}");
}

/// `psql` cuts SQL by the encoding that it takes for a file's, which it is told where that matters.
/// A file of statements cannot tell whose table it would replace: it makes views, whose statements leave tables alone.
#[test]
fn statements_never_drop_a_table() {
    let every = ["duckdb", "postgres", "clickhouse", "sqlite", "snowflake", "redshift", "databricks"];
    let folder = project(&format!("[{}]", every.join(", ")));
    let spec = format!("{SPEC}  orders: {{ description: x, formula: count(orders), materialize: table }}\n");
    write_files(folder.path(), &[("specs/a.yml", &spec)]);
    let output = kpic(folder.path(), &["build"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    for dialect in every {
        let deploy = fs::read_to_string(folder.path().join("build/sql").join(dialect).join("deploy.sql")).unwrap();
        assert!(deploy.contains("view") && !deploy.contains("table "), "{dialect}: {deploy}");
    }
}

#[test]
fn statements_for_psql_say_in_which_encoding_they_are() {
    let folder = project("postgres");
    let spec = SPEC.replace("amount: decimal }", "amount: { type: decimal, column: 'a\\b!\"あ' } }")
        + "  plain: { description: x, formula: count(orders) }\n";
    write_files(folder.path(), &[("specs/a.yml", &spec)]);
    assert!(kpic(folder.path(), &["build"]).status.success());
    let read = |file: &str| fs::read_to_string(folder.path().join("build/sql/postgres").join(file)).unwrap();
    let says = "set client_encoding = 'UTF8';\n";
    assert!(read("deploy.sql").lines().nth(1).is_some_and(|line| line == says.trim()), "{}", read("deploy.sql"));
    assert!(read("revenue.sql").starts_with(says) && read("revenue.sql").contains("U&\"a!005cb!!\"\"あ\" uescape '!'"));
    assert!(!read("plain.sql").contains("client_encoding") && !read("deploy.sql").contains('\\'));
}

#[test]
fn a_dialect_that_is_named_twice_is_one() {
    let folder = project("[duckdb, postgres, duckdb, postgres]");
    let output = kpic(folder.path(), &["build"]);
    assert!(text(&output.stdout).contains("each for one of 2 dialects"), "{}", text(&output.stdout));
}

#[test]
fn what_one_dialect_cannot_is_told_and_nothing_is_written() {
    let folder = project("[duckdb, postgres, mysqll]");
    let source = SPEC.replace("table: orders", "files: orders.csv");
    write_files(folder.path(), &[("specs/a.yml", &source), ("orders.csv", "id,on,amount\n")]);
    for command in ["check", "build"] {
        let output = kpic(folder.path(), &[command]);
        assert_eq!(output.status.code(), Some(1));
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(said.contains("`orders` reads files, and views of `postgres` cannot"), "{said}");
        assert!(said.contains("there is no dialect `mysqll`"), "{said}");
        assert_eq!(said.matches("×").count(), 2, "{said}");
    }
    assert!(!folder.path().join("build").exists());
}

#[test]
fn snowflake_gets_names_in_capitals_and_nothing_that_a_session_decides() {
    let folder = project("snowflake");
    let spec = "sources:
  orders:
    table: RAW.Orders
    kind: events
    key: id
    time: at
    columns: { id: { type: integer, column: OrderId }, at: instant, amount: decimal, order: text, paid: boolean }
kpis:
  revenue: { description: x, formula: sum(orders.amount where orders.paid), by: [order] }
  mean: { description: x, formula: avg(orders.amount), grain: week }
  lately: { description: x, formula: sum(orders.amount over trailing 28 days), grain: day }
  kinds: { description: x, formula: count_distinct(orders.order) }
  newest: { description: x, formula: last(orders.amount) }
  paid_share: { description: x, formula: sum(orders.amount where orders.paid) / sum(orders.amount) }
";
    write_files(folder.path(), &[("specs/a.yml", spec)]);
    let output = kpic(folder.path(), &["build"]);
    assert!(output.status.success(), "{}", text(&output.stdout) + &text(&output.stderr));
    let sql = fs::read_to_string(folder.path().join("build/sql/snowflake/deploy.sql")).unwrap();
    let code: String = sql.lines().filter(|line| !line.starts_with("--")).map(|line| format!("{line}\n")).collect();
    for wanted in [
        "create or replace view kpi.revenue copy grants as",
        "\"RAW\".\"Orders\"",
        "\"OrderId\"",
        "collate(orders.\"ORDER\", '') as \"ORDER\"",
        "count(distinct collate(\"ORDER\", ''))",
        "sum(case when",
        "range between interval '27 days' preceding and current row",
        "dayofweekiso(",
        "convert_timezone('UTC', ",
    ] {
        assert!(code.contains(wanted), "{wanted}\n{code}");
    }
    let decided =
        ["filter (", "date '", "timestamp '", "timestamptz", "current_date", "date_trunc('week'", "avg(", " as timestamp)"];
    for other in decided {
        assert!(!code.contains(other), "{other}\n{code}");
    }
}

/// There is no usual dataset, and a view has to name the one of each table.
#[test]
fn bigquery_has_to_know_the_datasets_of_views_and_tables() {
    let said = |folder: &tempfile::TempDir| {
        let output = kpic(folder.path(), &["build"]);
        (output.status.success(), text(&output.stdout) + &text(&output.stderr))
    };
    let (is_fine, told) = said(&project("bigquery"));
    assert!(
        !is_fine && told.contains("`orders` reads the table `orders`, and nothing says in which dataset that is"),
        "{told}"
    );
    assert_eq!(told.matches("×").count(), 1, "{told}");

    let folder = project("bigquery");
    let start = "kpic: 1\ncalendar: { start: 2024-01-01, as_of: 2024-03-31 }\n";
    let named = "warehouse: { dialect: bigquery, schema: my-shop.kpi, source_schema: my-shop.raw }\n";
    write_files(folder.path(), &[("kpic.yml", &format!("{start}{named}")), ("specs/a.yml", SPEC)]);
    let (is_fine, told) = said(&folder);
    assert!(is_fine, "{told}");
    let sql = fs::read_to_string(folder.path().join("build/sql/bigquery/revenue.sql")).unwrap();
    assert!(sql.contains("create or replace view `my-shop`.kpi.revenue as\n"), "{sql}");
    assert!(sql.contains("from `my-shop`.raw.orders\n"), "{sql}");
    let deploy = fs::read_to_string(folder.path().join("build/sql/bigquery/deploy.sql")).unwrap();
    assert!(deploy.contains("create schema if not exists `my-shop`.kpi;\n"), "{deploy}");
}

#[test]
fn sql_that_bigquery_would_cut_in_another_way_is_told() {
    let folder = project("bigquery");
    let columns = "columns: { id: integer, on: date, amount: decimal, kind: { type: text, sql: \"case when amount > 1 then 'a\\\\' end\" } } }";
    let spec = SPEC
        .replace("table: orders", "table: shop.orders")
        .replace("columns: { id: integer, on: date, amount: decimal } }", columns);
    write_files(folder.path(), &[("specs/a.yml", &spec)]);
    let output = kpic(folder.path(), &["check"]);
    let told = text(&output.stdout) + &text(&output.stderr);
    assert!(told.contains("`bigquery` reads `'a\\'` in the SQL of `kind` in another way than kpic"), "{told}");
}

#[test]
fn mariadb_gets_texts_by_their_bytes_and_nothing_that_a_session_decides() {
    let folder = project("mariadb");
    let spec = "sources:
  people: { table: shop.people, kind: entities, key: name, columns: { name: text, joined: date } }
  orders:
    table: shop.orders
    kind: events
    key: id
    time: at
    columns: { id: integer, at: instant, amount: decimal, size: number, kind: text, paid: boolean, who: { type: text, references: people } }
kpis:
  revenue: { description: x, formula: sum(orders.amount where orders.paid), by: [kind] }
  sizes: { description: x, formula: sum(orders.size) }
  kinds: { description: x, formula: count_distinct(orders.kind) }
  newest: { description: x, formula: last(orders.amount) }
  lately: { description: x, formula: sum(orders.amount over trailing 28 days), grain: day }
  since: { description: x, formula: \"count(orders where kind = 'a\\\\b' and not who.joined > date '2024-01-01')\" }
";
    write_files(folder.path(), &[("specs/a.yml", spec)]);
    let output = kpic(folder.path(), &["build"]);
    assert!(output.status.success(), "{}", text(&output.stdout) + &text(&output.stderr));
    let sql = fs::read_to_string(folder.path().join("build/sql/mariadb/deploy.sql")).unwrap();
    let code: String = sql.lines().filter(|line| !line.starts_with("--")).map(|line| format!("{line}\n")).collect();
    for wanted in [
        "set names utf8mb4;\n",
        "create or replace view kpi.revenue as",
        "using utf8mb4) collate utf8mb4_nopad_bin as kind",
        "count(distinct convert(",
        "text_hash = crc32(convert(orders.who using utf8mb4))",
        "limit 18446744073709551615",
        " + 0e0",
        "range between 27 preceding and current row",
        "convert(x'615c62' using utf8mb4)",
        "not (",
        "instants are read in a session whose time_zone is not UTC",
    ] {
        assert!(code.contains(wanted), "{wanted}\n{code}");
    }
    for other in ["filter (", "nulls last", "\\", "\"", "||", "convert_tz", "with recursive", "avg(", "distinct from"] {
        assert!(!code.contains(other), "{other}\n{code}");
    }
    // A table that is named alone would be in the database of whoever makes the views.
    let folder = project("mariadb");
    let output = kpic(folder.path(), &["check"]);
    let told = text(&output.stdout) + &text(&output.stderr);
    assert!(told.contains("nothing says in which database that is"), "{told}");
}

/// BigQuery would take the table for what is counted, a row of which is never null.
#[test]
fn a_column_that_is_called_as_its_table_is_read_with_the_relations_name() {
    let folder = project("bigquery");
    let spec = "sources:
  s: { table: shop.amount, kind: events, key: id, time: on, columns: { id: integer, on: date, amount: { type: decimal, min: 0 } } }
kpis:
  revenue: { description: x, formula: sum(s.amount) }
";
    write_files(folder.path(), &[("specs/a.yml", spec)]);
    let output = kpic(folder.path(), &["build"]);
    assert!(output.status.success(), "{}", text(&output.stdout));
    for (view, read) in [("revenue", "sum(s.amount)"), ("source_checks", "s.amount < 0")] {
        let sql = fs::read_to_string(folder.path().join(format!("build/sql/bigquery/{view}.sql"))).unwrap();
        assert!(sql.contains("from shop.amount as s") && sql.contains(read), "{sql}");
    }
}

#[test]
fn redshift_gets_views_that_are_bound_to_no_table_and_only_what_it_documents() {
    let folder = project("redshift");
    let spec = "sources:
  orders:
    table: raw.Orders
    kind: events
    key: id
    time: at
    columns: { id: { type: integer, column: OrderId }, at: instant, amount: decimal, order: text, paid: boolean }
kpis:
  revenue: { description: 'x \\ y', formula: sum(orders.amount where orders.paid), by: [order] }
  mean: { description: x, formula: avg(orders.amount), grain: week }
  lately: { description: x, formula: sum(orders.amount over trailing 28 days), grain: day, by: [order] }
  newest: { description: x, formula: last(orders.amount) }
  middle: { description: x, formula: median(orders.amount) }
";
    write_files(folder.path(), &[("specs/a.yml", spec)]);
    let output = kpic(folder.path(), &["build"]);
    assert!(output.status.success(), "{}", text(&output.stdout) + &text(&output.stderr));
    let sql = fs::read_to_string(folder.path().join("build/sql/redshift/deploy.sql")).unwrap();
    assert!(!sql.contains('\\'), "{sql}");
    assert_eq!(sql.matches("create or replace view ").count(), sql.matches("\nwith no schema binding;\n").count());
    let code: String = sql.lines().filter(|line| !line.starts_with("--")).map(|line| format!("{line}\n")).collect();
    for wanted in [
        "create or replace view kpi.revenue as",
        "from \"raw\".\"Orders\"",
        "\"OrderId\"",
        "collate(\"order\", 'case_sensitive')",
        "sum(case when",
        "dateadd(month, 1, ",
        ".period >= cast(dateadd(day, -27, shown_day.period) as date)",
        "row_number() over (",
    ] {
        assert!(code.contains(wanted), "{wanted}\n{code}");
    }
    for other in [
        "filter (",
        "interval",
        "range between",
        "percentile_cont",
        "avg(",
        "generate_series",
        "values",
        "as varchar)",
        "as numeric)",
    ] {
        assert!(!code.contains(other), "{other}\n{code}");
    }
}

#[test]
fn what_redshift_has_no_function_for_is_told() {
    let folder = project("redshift");
    let spec = SPEC.replace("amount: decimal", "amount: number")
        + "  odd: { description: x, formula: 'count(orders where mod(orders.amount, 2) = 1)' }\n";
    write_files(folder.path(), &[("specs/a.yml", &spec)]);
    let output = kpic(folder.path(), &["build"]);
    let told = text(&output.stdout) + &text(&output.stderr);
    assert!(
        !output.status.success() && told.contains("needs `mod` of floating-point numbers, which `redshift` does not have"),
        "{told}"
    );
    // Of whole numbers it has.
    write_files(folder.path(), &[("specs/a.yml", &spec.replace("orders.amount, 2", "orders.id, 2"))]);
    assert!(kpic(folder.path(), &["build"]).status.success());
}

/// `spark` is another name of it, in `kpic.yml`, on the command line and beside SQL of a spec.
#[test]
fn databricks_is_also_called_spark() {
    let spec = SPEC
        .replace("amount: decimal }", "amount: decimal, kind: { type: text, sql: { spark: \"lower(kind)\", duckdb: x } } }")
        + "  kinds: { description: x, formula: count_distinct(orders.kind) }\n";
    let built = |dialect: &str, arguments: &[&str]| {
        let folder = project(dialect);
        write_files(folder.path(), &[("specs/a.yml", &spec)]);
        let output = kpic(folder.path(), arguments);
        assert!(output.status.success(), "{}", text(&output.stdout) + &text(&output.stderr));
        fs::read_to_string(folder.path().join("build/sql/databricks/deploy.sql")).unwrap()
    };
    let spark = built("spark", &["build"]);
    assert!(spark.contains("(lower(kind)) as kind") && spark.contains("from `default`.orders"), "{spark}");
    assert_eq!(spark, built("databricks", &["build"]));
    assert_eq!(spark, built("duckdb", &["build", "--dialect", "spark"]));
    assert_eq!(spark, built("[spark, databricks]", &["build"]));
}

/// In Spark a backslash at the end of a comment joins the next line to it, and `${name}` is replaced wherever it stands.
#[test]
fn databricks_gets_no_text_that_a_session_decides() {
    let folder = project("databricks");
    let spec = "sources:
  orders:
    table: Raw.Orders
    kind: events
    key: id
    time: at
    columns: { id: integer, at: instant, day: date, amount: decimal, rate: decimal, share: decimal, order: text, paid: boolean }
kpis:
  hostile: { description: 'it''s ${env:HOME} \\', formula: \"count(orders where orders.order = 'it''s \\\\ ${env:HOME}')\" }
  revenue: { description: x, formula: sum(orders.amount where orders.paid), by: [order] }
  lately: { description: x, formula: sum(orders.amount over trailing 28 days), grain: day }
  weekly: { description: x, formula: avg(orders.amount), grain: week }
  products: { description: x, formula: sum(orders.amount * orders.rate * orders.share where orders.amount > orders.rate) }
  newest: { description: x, formula: last(orders.amount) }
";
    write_files(folder.path(), &[("specs/a.yml", spec)]);
    let output = kpic(folder.path(), &["build"]);
    assert!(output.status.success(), "{}", text(&output.stdout) + &text(&output.stderr));
    let sql = fs::read_to_string(folder.path().join("build/sql/databricks/deploy.sql")).unwrap();
    assert!(!sql.contains('\\') && !sql.contains("${"), "{sql}");
    for wanted in [
        "these views need ANSI mode",
        "create or replace view kpi.revenue as",
        "`Raw`.`Orders`",
        "('it' || chr(39) || 's ' || chr(92) || ' ' || chr(36) || '{env:HOME}')",
        "range between interval '27' day preceding and current row",
        "unix_micros(",
        "trunc(",
        "amount + 0.000000 > ",
        "max_by(",
        "collate(",
    ] {
        assert!(sql.contains(wanted), "{wanted}\n{sql}");
    }
    let decided = ["date_trunc(", "current_date", "timestamptz", "to_utc_timestamp", "from_utc_timestamp", "avg(amount"];
    for other in decided {
        assert!(!sql.contains(other), "{other}\n{sql}");
    }
    let raw = SPEC.replace(
        "amount: decimal }",
        "amount: decimal, kind: { type: text, sql: \"reflect('java.lang.System', 'getenv', 'HOME')\" } }",
    );
    write_files(folder.path(), &[("specs/a.yml", &raw)]);
    let output = kpic(folder.path(), &["check"]);
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(!output.status.success() && said.contains("`kind` cannot call `reflect`"), "{said}");
    let named = SPEC.replace("amount: decimal }", "amount: { type: decimal, column: 'a${env:HOME}' } }");
    write_files(folder.path(), &[("specs/a.yml", &named)]);
    let output = kpic(folder.path(), &["check"]);
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(
        !output.status.success() && said.contains("has what `databricks` or its program takes for something else"),
        "{said}"
    );
}
