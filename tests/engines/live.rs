//! Commands against a live server: what they print is what they print over DuckDB, and what a server refuses is said in kpic's own words.

use super::driver::{Driver, driver, tell};
use super::projects::example;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What is asked of both engines.
const ASKED: &[&[&str]] = &[
    &["run", "--format", "json"],
    &["run", "mrr"],
    &["run", "win_rate"],
    &["query", "mrr", "arr", "--by", "plan", "--format", "json"],
    &["query", "mrr", "--where", "plan = 'team'", "--format", "csv"],
    &["query", "median = median(deals.amount)", "--grain", "quarter", "--format", "json"],
    &["status", "--format", "json"],
    &["status"],
    &["review", "weekly", "--format", "json"],
    &["review", "monthly"],
    &["why", "mrr"],
    &["verify"],
];

#[test]
fn commands_print_the_same_of_a_server_as_of_the_embedded_engine() {
    let Some(mut server) = driver("postgres") else { return };
    let saas = example("saas");
    let tables: Vec<_> = saas.tables.iter().map(|table| table.within(Some("public"))).collect();
    server.reset().unwrap();
    server.tables(&tables).unwrap();
    let connection = connection(&mut server);
    prints_the_same("postgres", &connection);
}

/// Whether the program `sqlite3` is there, which asks a file; where it is not, that is told.
fn asks_sqlite() -> bool {
    let is_there = Command::new("sqlite3").arg("-version").output().is_ok_and(|output| output.status.success());
    if !is_there {
        tell("ENGINE LEFT OUT: the program sqlite3 is not on PATH, and no command is tried on a file of SQLite");
    }
    is_there
}

/// A file with the tables that an engine has in memory.
fn file(sqlite: &mut Driver, folder: &Path) -> String {
    let path = folder.join("shop.db").to_str().unwrap().to_owned();
    sqlite.run(&[format!("vacuum into '{path}'")]).unwrap();
    path
}

#[test]
fn commands_print_the_same_of_a_file_of_sqlite_as_of_the_embedded_engine() {
    let Some(mut sqlite) = driver("sqlite").filter(|_| asks_sqlite()) else { return };
    sqlite.reset().unwrap();
    sqlite.tables(&example("saas").tables).unwrap();
    let folder = tempfile::tempdir().unwrap();
    prints_the_same("sqlite", &file(&mut sqlite, folder.path()));
}

#[test]
fn what_sqlite_refuses_is_said_in_words_and_nothing_is_written() {
    let Some(mut sqlite) = driver("sqlite").filter(|_| asks_sqlite()) else { return };
    sqlite.reset().unwrap();
    let made = "create table orders (id integer, at date, amount decimal(12, 2), note text, many integer, seen timestamp);
insert into orders values (1, '2025-01-05', 10.50, '12', 9000000000000000000, '2025-01-05 10:00:00'),
  (2, '2025-01-06', 4.50, 'x', 9000000000000000000, '2025-01-05 10:00:00.250');";
    sqlite.run(&[made.to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let database = file(&mut sqlite, folder.path());
    let columns = "id: integer, at: date, amount: decimal, note: text, many: integer";
    let ask = |source: &str, columns: &str, formula: &str, database: &str| {
        let spec = format!(
            "sources:\n  orders:\n    {source}\n    kind: events\n    key: id\n    time: at\n    columns: {{ {columns} }}\nkpis:\n  asked: {{ \
             formula: \"{formula}\" }}\n"
        );
        fs::create_dir_all(folder.path().join("specs")).unwrap();
        fs::write(folder.path().join("specs/all.yml"), spec).unwrap();
        let project =
            "kpic: 1\nproject: shop\ncalendar: { start: 2025-01-01, as_of: 2025-01-31 }\nwarehouse: { dialect: sqlite }\n";
        fs::write(folder.path().join("kpic.yml"), project).unwrap();
        let output = kpic(folder.path(), &["query", "asked", "--format", "csv"], &[("KPIC_CONNECTION", database)]);
        let said = String::from_utf8(output.stderr).unwrap();
        for word in ["near line", "JSON path", "Runtime error", "Parse error", "json_extract"] {
            assert!(!said.contains(word), "{formula}: {said}");
        }
        (String::from_utf8(output.stdout).unwrap(), said)
    };
    assert_eq!(
        ask("table: orders", columns, "sum(orders.amount where note = 'x')", &database).0,
        "period,asked,is_complete\n2025-01-01,4.5,true\n"
    );
    let refused = |source: &str, columns: &str, formula: &str, words: &[&str]| {
        let (shown, said) = ask(source, columns, formula, &database);
        assert!(shown.is_empty(), "{formula}: {shown}");
        // Long lines are broken.
        let said = said.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
        words.iter().for_each(|word| assert!(said.contains(word), "{formula}: no `{word}` in\n{said}"));
    };
    refused("table: order", columns, "count(orders)", &["there is no table or view `order`"]);
    refused("table: orders", "id: integer, at: date, price: decimal", "sum(orders.price)", &["price"]);
    let numbers = "id: integer, at: date, note: integer";
    refused(
        "table: orders",
        numbers,
        "sum(orders.note)",
        &["the column `note` of `orders` is to hold whole numbers, and has '12'"],
    );
    let times = "id: integer, at: date, seen: timestamp";
    refused("table: orders", times, "count(orders where seen > at)", &["`seen`", "'2025-01-05 10:00:00.250'"]);
    refused("table: orders", columns, "max(orders.many + orders.many)", &["a whole number exceeds 9,223,372,036,854,775,807"]);
    refused("table: orders", columns, "sum(orders.many)", &["a whole number exceeds 9,223,372,036,854,775,807"]);
    let reads = "query: select id, at, readfile('/etc/hostname') as amount from orders";
    refused(reads, "id: integer, at: date, amount: text", "count_distinct(orders.amount)", &["readfile"]);
    let said = ask("table: orders", columns, "count(orders)", &format!("{database}.none")).1;
    assert!(said.contains("is not the path of a file"), "{said}");
    let said = ask("table: orders", columns, "count(orders)", folder.path().join("kpic.yml").to_str().unwrap()).1;
    assert!(said.contains("it is not a database of SQLite"), "{said}");
}

/// Compares what commands print of the example over an engine's tables with what they print of its files.
fn prints_the_same(dialect: &str, connection: &str) {
    let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs/saas");
    let folder = tempfile::tempdir().unwrap();
    over_tables(&original, folder.path(), dialect);
    for asked in ASKED {
        let here = kpic(&original, asked, &[]);
        let there = kpic(folder.path(), asked, &[("KPIC_CONNECTION", connection)]);
        let said = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(here.status.success(), "{asked:?}: {}", said(&here));
        assert!(there.status.success(), "{asked:?}: {}", said(&there));
        let (here, there) = (plain(&here.stdout), plain(&there.stdout));
        let other = here.lines().zip(there.lines()).find(|(here, there)| here != there);
        assert!(here == there, "{asked:?}: {other:?}");
    }
}

#[test]
fn what_a_server_refuses_is_said_in_words() {
    let Some(mut server) = driver("postgres") else { return };
    server.reset().unwrap();
    let made = "create type public.state as enum ('paid', 'open');
create domain public.money_of_shop as numeric(12, 2);
create table public.orders (id bigint, at date, amount public.money_of_shop, state public.state, note text, many bigint, far double precision);
insert into public.orders values (1, '2025-01-05', 10.50, 'paid', '12', 9000000000000000000, 1e300),
  (2, '2025-01-06', 4.50, 'open', 'x', 9000000000000000000, 1e300);";
    server.run(&[made.to_owned()]).unwrap();
    let connection = connection(&mut server);
    let folder = tempfile::tempdir().unwrap();
    let columns = "id: integer, at: date, amount: decimal, state: text, note: text, many: integer, far: number";
    let ask = |table: &str, columns: &str, formula: &str, connection: &str| {
        let spec = format!(
            "sources:\n  orders:\n    table: {table}\n    kind: events\n    key: id\n    time: at\n    columns: {{ {columns} }}\nkpis:\n  asked: {{ \
             formula: \"{formula}\" }}\n"
        );
        fs::create_dir_all(folder.path().join("specs")).unwrap();
        fs::write(folder.path().join("specs/all.yml"), spec).unwrap();
        let project =
            "kpic: 1\nproject: shop\ncalendar: { start: 2025-01-01, as_of: 2025-01-31 }\nwarehouse: { dialect: postgres }\n";
        fs::write(folder.path().join("kpic.yml"), project).unwrap();
        let output = kpic(folder.path(), &["query", "asked", "--format", "csv"], &[("KPIC_CONNECTION", connection)]);
        let said = String::from_utf8(output.stderr).unwrap();
        for word in ["ERROR", "LINE 1", "LOCATION", "psql:", "SQLSTATE"] {
            assert!(!said.contains(word), "{formula}: {said}");
        }
        (String::from_utf8(output.stdout).unwrap(), said)
    };
    // An enum is a text, and a domain what it is of.
    assert_eq!(
        ask("orders", columns, "sum(orders.amount where state = 'paid')", &connection).0,
        "period,asked,is_complete\n2025-01-01,10.5,true\n"
    );
    let refused = |table: &str, columns: &str, formula: &str, words: &[&str]| {
        let (shown, said) = ask(table, columns, formula, &connection);
        assert!(shown.is_empty(), "{formula}: {shown}");
        words.iter().for_each(|word| assert!(said.contains(word), "{formula}: no `{word}` in\n{said}"));
    };
    refused("order", columns, "count(orders)", &["there is no table or view `public.order`", "--connection"]);
    refused("orders", "id: integer, at: date, price: decimal", "sum(orders.price)", &["price"]);
    refused("orders", "id: integer, at: date, note: integer", "sum(orders.note)", &["note", "text"]);
    refused("orders", columns, "max(orders.many + orders.many)", &["a whole number exceeds 9,223,372,036,854,775,807"]);
    refused("orders", columns, "max(orders.far * orders.far)", &["a floating-point number exceeds 1.8e308"]);
    let said = ask("orders", columns, "count(orders)", &connection.replace("user=", "user=nobody_")).1;
    assert!(said.contains("it does not know the user"), "{said}");
    let said = ask("orders", columns, "count(orders)", "postgresql://kpic:secret@localhost:1/shop").1;
    assert!(said.contains("nothing answers there") && !said.contains("secret"), "{said}");
    server.reset().unwrap();
}

#[test]
fn nothing_is_written_to_a_server() {
    let Some(mut server) = driver("postgres") else { return };
    server.reset().unwrap();
    let made = "create table public.orders (id bigint, at date);
insert into public.orders values (1, '2025-01-05');
create function public.sell() returns bigint language sql as 'insert into public.orders values (2, ''2025-01-06'') returning id';";
    server.run(&[made.to_owned()]).unwrap();
    let connection = connection(&mut server);
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("specs")).unwrap();
    let spec = "sources:
  orders:
    query: select id, at, public.sell() as sold from public.orders
    kind: events
    key: id
    time: at
    columns: { id: integer, at: date, sold: integer }
kpis:
  sold: { formula: sum(orders.sold) }
";
    fs::write(folder.path().join("specs/all.yml"), spec).unwrap();
    let project =
        "kpic: 1\nproject: shop\ncalendar: { start: 2025-01-01, as_of: 2025-01-31 }\nwarehouse: { dialect: postgres }\n";
    fs::write(folder.path().join("kpic.yml"), project).unwrap();
    let output =
        kpic(folder.path(), &["query", "sold", "--allow-function", "public.sell"], &[("KPIC_CONNECTION", &connection)]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("may only read"), "{said}");
    assert_eq!(server.query("select count(*) from public.orders").unwrap().rows, [[Some("1".to_owned())]]);
    server.reset().unwrap();
}

/// What a query sets holds for nothing that comes after it, nor for how the program reads that.
#[test]
fn what_a_query_sets_holds_for_itself() {
    let Some(mut server) = driver("postgres") else { return };
    server.reset().unwrap();
    let made = "create table public.orders (id bigint, at date, amount double precision, country text);
insert into public.orders values (1, '2025-01-05', 170.123456789, 'de'), (2, '2025-01-06', 1, '¥');
create table public.canary (a text)";
    server.run(&[made.to_owned()]).unwrap();
    let connection = connection(&mut server);
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("specs")).unwrap();
    let set = |calls: &str| {
        format!(
            "sources:
  alpha:
    query: select id, at, country from public.orders where coalesce({calls}, '') <> ''
    kind: events
    key: id
    time: at
    columns: {{ id: integer, at: date, country: text }}
  beta:
    query: \"select id, at, amount, country from public.orders where country <> E'\\\\\\\\¥'' ) as b) as answer; rollback; begin read write; insert into public.canary values (1); commit; begin read only; select row_to_json(answer) from (select 0 as n from (select 1 where $$x$$ <> $$y$$ --'\"
    kind: events
    key: id
    time: at
    columns: {{ id: integer, at: date, amount: number, country: text }}
kpis:
  first: {{ formula: count(alpha) }}
  second: {{ formula: sum(beta.amount) }}
"
        )
    };
    let project =
        "kpic: 1\nproject: shop\ncalendar: { start: 2025-01-01, as_of: 2025-01-31 }\nwarehouse: { dialect: postgres }\n";
    fs::write(folder.path().join("kpic.yml"), project).unwrap();
    // Functions that set something are not called by their names. What calls them in its own may be there.
    let settings = "set_config('backslash_quote', 'on', false) || set_config('client_encoding', 'SJIS', false)";
    let hidden =
        "query_to_xml('select pg_catalog.se' || 't_config(''client_encoding'', ''SJIS'', false)', true, true, '')::text";
    for calls in [settings, hidden] {
        fs::write(folder.path().join("specs/all.yml"), set(calls)).unwrap();
        let output = kpic(folder.path(), &["check"], &[]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.code() == Some(1) && said.contains("K0824 call-not-allowed"), "{said}");
    }
    let function = |name: &str, body: &str| {
        format!(
            "create function public.{name}() returns text language sql set search_path = pg_catalog as $m$ select {body} $m$"
        )
    };
    server.run(&[function("meddle", &format!("{settings} || {hidden}"))]).unwrap();
    server.run(&[function("digits", "set_config('extra_float_digits', '-15', false)")]).unwrap();
    for calls in ["public.meddle()", "public.meddle() || public.digits()"] {
        fs::write(folder.path().join("specs/all.yml"), set(calls)).unwrap();
        for command in [&["run"][..], &["verify"], &["query", "first", "second", "--format", "json"]] {
            let allowed = ["--allow-function", "public.meddle", "--allow-function", "public.digits"];
            let output = kpic(folder.path(), &[command, &allowed].concat(), &[("KPIC_CONNECTION", &connection)]);
            let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{command:?}: {said}");
            assert_eq!(
                server.query("select count(*) from public.canary").unwrap().rows,
                [[Some("0".to_owned())]],
                "{command:?}"
            );
            // In one question with it, a figure is as it makes it.
            if command.first() == Some(&"query") && !calls.contains("digits") {
                assert!(said.contains("171.123456789"), "{said}");
            }
        }
    }
    // Words of the data that look like what stands between two answers.
    let said = "sources:
  orders:
    query: select id, at, ('x' || amount || coalesce((xpath('/a', xmlparse(document E'<a xmlns=\"x\">kpic-answer\\n</a>')))[1]::text, ''))::integer as amount from public.orders
    kind: events
    time: at
    columns: { id: integer, at: date, amount: { type: integer, min: 0 } }
kpis: { sum: { formula: sum(orders.amount) } }
";
    fs::write(folder.path().join("specs/all.yml"), said).unwrap();
    for command in [&["run"][..], &["verify"], &["query", "sum"]] {
        let output = kpic(folder.path(), command, &[("KPIC_CONNECTION", &connection)]);
        assert!(!output.status.success(), "{command:?}: {output:?}");
    }
    server.reset().unwrap();
}

#[test]
fn spec_tests_pass_on_a_server_and_leave_nothing() {
    let Some(mut server) = driver("postgres") else { return };
    server.reset().unwrap();
    let all = "select count(*)::text, (select count(*)::text from pg_namespace where nspname not like 'pg_%') from pg_class where relpersistence <> 't'";
    let before = server.query(all).unwrap().rows;
    let connection = connection(&mut server);
    let folder = tempfile::tempdir().unwrap();
    let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs/saas");
    over_tables(&original, folder.path(), "postgres");
    let test = |arguments: &[&str]| kpic(folder.path(), &[&["test"], arguments].concat(), &[("KPIC_CONNECTION", &connection)]);
    let (here, there) = (test(&[]), test(&["--live"]));
    let printed = String::from_utf8_lossy(&there.stdout).into_owned();
    assert!(there.status.success(), "{printed}{}", String::from_utf8_lossy(&there.stderr));
    assert_eq!(String::from_utf8_lossy(&here.stdout), printed);
    assert!(printed.contains("passed"), "{printed}");
    assert_eq!(server.query(all).unwrap().rows, before);
    server.reset().unwrap();
}

#[test]
fn spec_tests_pass_in_sqlite_without_a_file() {
    if !asks_sqlite() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    over_tables(&Path::new(env!("CARGO_MANIFEST_DIR")).join("specs/saas"), folder.path(), "sqlite");
    let (here, there) = (kpic(folder.path(), &["test"], &[]), kpic(folder.path(), &["test", "--live"], &[]));
    let printed = String::from_utf8_lossy(&there.stdout).into_owned();
    assert!(there.status.success(), "{printed}{}", String::from_utf8_lossy(&there.stderr));
    assert_eq!(String::from_utf8_lossy(&here.stdout), printed);
    assert!(printed.contains("passed"), "{printed}");
}

#[test]
fn a_spec_test_that_fails_on_a_server_is_told_as_anywhere() {
    let Some(mut server) = driver("postgres") else { return };
    server.reset().unwrap();
    let connection = connection(&mut server);
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("specs")).unwrap();
    // 10 and 20 EUR; the last of these tests expects 3 more, and one gives a day that is none.
    let spec = "sources:
  orders: { table: orders, kind: events, time: day, columns: { day: date, amount: { type: decimal, unit: EUR }, country: text, rate: number } }
kpis:
  revenue: { formula: sum(orders.amount), unit: EUR, by: [country] }
  rate: { formula: max(orders.rate) }
tests:
  adds_up:
    given: { orders: [ { day: 2025-01-05, amount: 10, country: \"it's \\\\ $kpic0$\" }, { day: 2025-01-06, amount: 20, country: de, rate: 1e3 } ] }
    expect:
      revenue: { 2025-01: 30 }
      rate: { 2025-01: 1000 }
      revenue by country: [ { period: 2025-01, country: \"it's \\\\ $kpic0$\", value: 10 }, { period: 2025-01, country: de, value: 20 } ]
  is_wrong:
    given: { orders: [ { day: 2025-01-05, amount: 10 }, { day: 2025-01-06, amount: 20 } ] }
    expect: { revenue: { 2025-01: 33 } }
  is_empty:
    given: { orders: [] }
    expect: { revenue: { 2025-01: 0 } }
";
    fs::write(folder.path().join("specs/all.yml"), spec).unwrap();
    let project =
        "kpic: 1\nproject: shop\ncalendar: { start: 2025-01-01, as_of: 2025-01-31 }\nwarehouse: { dialect: postgres }\n";
    fs::write(folder.path().join("kpic.yml"), project).unwrap();
    let test = |arguments: &[&str]| {
        let output = kpic(folder.path(), &[&["test"], arguments].concat(), &[("KPIC_CONNECTION", &connection)]);
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let there = test(&["--live"]);
    assert_eq!(there.0, Some(1), "{there:?}");
    assert!(there.1.contains("FAIL is_wrong") && there.1.contains("33") && there.1.contains("ok   adds_up"), "{there:?}");
    assert_eq!(there, test(&[]));
    assert_eq!(
        server.query("select count(*)::text from pg_class where relname like 'given%'").unwrap().rows,
        [[Some("0".to_owned())]]
    );
    server.reset().unwrap();
}

pub fn connection(server: &mut Driver) -> String {
    let answer = server.query("show unix_socket_directories").unwrap();
    format!("host={} user=kpic dbname=postgres", answer.rows[0][0].as_deref().unwrap())
}

fn kpic(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kpic"));
    command.args(arguments).arg("-C").arg(folder).envs(environment.iter().copied());
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/duckdb");
    if std::env::var_os("KPIC_DUCKDB").is_none() && beside.is_file() {
        command.env("KPIC_DUCKDB", beside);
    }
    command.output().unwrap()
}

/// What a command printed, with numbers that are the same written in the same way.
fn plain(printed: &[u8]) -> String {
    let text = String::from_utf8_lossy(printed);
    let cell = |cell: &str| cell.parse::<f64>().map_or_else(|_| cell.to_owned(), |number| format!("{number:.9e}"));
    let Ok(value) = serde_json::from_str::<Value>(&text) else {
        return text.lines().map(|line| line.split(',').map(cell).collect::<Vec<_>>().join(",") + "\n").collect();
    };
    format!("{:#}", floats(value))
}

fn floats(value: Value) -> Value {
    match value {
        // The last digits of floating-point numbers are those of an engine's way of adding up.
        Value::Number(number) => Value::from(format!("{:.9e}", number.as_f64().unwrap()).parse::<f64>().unwrap()),
        Value::Array(items) => items.into_iter().map(floats).collect(),
        Value::Object(entries) => entries.into_iter().map(|(name, value)| (name, floats(value))).collect(),
        other => other,
    }
}

/// Copies a project, with tables in the place of its files.
fn over_tables(from: &Path, to: &Path, dialect: &str) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, target): (PathBuf, PathBuf) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() && path.file_name().is_some_and(|name| name != "data" && name != "build") {
            fs::create_dir_all(&target).unwrap();
            over_tables(&path, &target, dialect);
        } else if path.extension().is_some_and(|ending| ending == "yml") {
            let (mut source, mut lines) = (String::new(), Vec::new());
            for line in fs::read_to_string(&path).unwrap().lines() {
                if let Some(name) =
                    line.strip_prefix("  ").and_then(|line| line.strip_suffix(':')).filter(|name| !name.starts_with(' '))
                {
                    name.clone_into(&mut source);
                }
                let is_files = line.trim_start().starts_with("files:");
                lines.push(if is_files { format!("    table: given_{source}") } else { line.to_owned() });
            }
            let is_project = path.file_name().is_some_and(|name| name == "kpic.yml");
            let text = lines.join("\n") + "\n";
            fs::write(target, if is_project { text.replace("dialect: duckdb", &format!("dialect: {dialect}")) } else { text })
                .unwrap();
        }
    }
}
