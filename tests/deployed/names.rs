//! A view reads the relations that its sources name and no others, and names and texts are what they are.

use super::warehouse::Warehouse;
use kpic::pipeline::{Options, check};
use kpic::plan::views;
use kpic::rawsql::{Kind, tokens};
use kpic::support::views::shown;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const PROJECT: &str = "kpic: 1
project: shop
calendar: { start: 2024-01-01, as_of: 2024-03-31 }
warehouse: { database: shop.duckdb }
lints: { missing-owner: allow, missing-description: allow, no-north-star: allow, null-left-out: allow }
";

/// The periods and values of a view, without the rest.
fn figures(warehouse: &Warehouse, view: &str) -> Vec<String> {
    let lines = warehouse.view(view);
    lines.iter().map(|line| line.rsplit_once(',').unwrap().0.replace("2024-", "").replace("-01,", " ")).collect()
}

#[test]
fn a_kpi_may_be_called_as_the_table_that_it_counts() {
    let spec = "
sources:
  orders:  { table: orders, kind: events, time: t, key: k, columns: { k: integer, t: date, value: integer, period: date } }
  returns: { table: returns, kind: events, time: period, columns: { period: date, value: integer } }
kpis:
  orders:    { formula: count(orders) }
  late:      { formula: count(orders where value > 5) }
  returns:   { formula: sum(returns.value) }
  n_returns: { formula: count(returns) }
";
    let data = "create table orders as select * from (values (1, date '2024-01-05', 5, null::date), (2, '2024-01-06', 7, null)) v(k, t, value, period);
create table returns as select * from (values (date '2024-01-01', 10), (date '2024-01-01', 20), (date '2024-01-03', -5)) v(period, value);";
    let warehouse = Warehouse::new(PROJECT, spec, data);
    assert_eq!(warehouse.deploy(), ["late", "n_returns", "orders", "returns", "source_checks"]);
    assert_eq!(figures(&warehouse, "orders"), ["01 2", "02 0", "03 0"]);
    assert_eq!(figures(&warehouse, "late"), ["01 1", "02 0", "03 0"]);
    assert_eq!(figures(&warehouse, "returns"), ["01 25", "02 0", "03 0"]);
    assert_eq!(figures(&warehouse, "n_returns"), ["01 3", "02 0", "03 0"]);
    // It may be done again, now that there are views of these names.
    assert_eq!(warehouse.deploy().len(), 5);
    assert_eq!(figures(&warehouse, "orders"), ["01 2", "02 0", "03 0"]);
}

#[test]
fn a_view_reads_no_view_of_another_kpi() {
    let spec = "
sources:
  plan:  { table: plan, kind: events, time: period, columns: { period: date, value: integer } }
  sales: { table: sold, kind: events, time: t, columns: { t: date, x: integer } }
  # Behind a name that its own `with` makes there is nothing to look up.
  again: { query: \"with plan as (select * from main.plan) select * from plan\", kind: events, time: period, columns: { period: date, value: integer } }
kpis:
  plan:    { formula: sum(sales.x) }
  planned: { formula: sum(plan.value) }
  again:   { formula: sum(again.value) }
";
    let data =
        "create table plan as select * from (values (date '2024-01-01', 1000), (date '2024-02-01', 2000)) v(period, value);
create table sold as select * from (values (date '2024-01-15', 7), (date '2024-02-03', 9)) v(t, x);";
    let warehouse = Warehouse::new(PROJECT, spec, data);
    warehouse.deploy();
    assert_eq!(figures(&warehouse, "plan"), ["01 7", "02 9", "03 0"]);
    assert_eq!(figures(&warehouse, "planned"), ["01 1000", "02 2000", "03 0"]);
    assert_eq!(figures(&warehouse, "again"), ["01 1000", "02 2000", "03 0"]);
    let asked = warehouse.says(&["query", "planned", "again", "plan", "--format", "csv"]);
    assert!(asked.contains("2024-01-01,1000,1000,7"), "{asked}");
}

#[test]
fn tables_without_a_schema_are_where_the_project_says() {
    let project = PROJECT.replace("database: shop.duckdb", "database: shop.duckdb, source_schema: raw");
    let spec = "
sources:
  orders: { table: orders, kind: events, time: day, columns: { day: date, x: integer } }
  main:   { table: main.orders, kind: events, time: day, columns: { day: date, x: integer } }
  # Parts of the queries are called like these.
  months: { table: months, kind: events, time: day, columns: { day: date, x: integer } }
  parts:  { files: parts.csv, kind: events, time: day, columns: { day: date, x: integer, order: { column: x, references: keys } } }
  keys:   { table: orders_by_day, kind: entities, key: x, columns: { x: integer, name: text } }
kpis:
  raw:    { formula: sum(orders.x) }
  main:   { formula: sum(main.x) }
  months: { formula: sum(months.x) }
  parts:  { formula: \"count(parts where order.name = 'one')\" }
tests:
  given: { given: { orders: [ { day: 2024-01-01, x: 5 } ] }, expect: { raw: { 2024-01: 5 }, main: { 2024-01: 0 } } }
";
    let row = |table: &str, x: u32| format!("create table {table} as select date '2024-01-05' as day, {x} as x;\n");
    let data = format!(
        "create schema raw;\n{}{}{}create table raw.orders_by_day as select 1 as x, 'one' as name;\n\
         copy (select date '2024-01-05' as day, 1 as x) to 'parts.csv';",
        row("raw.orders", 1),
        row("main.orders", 2),
        row("raw.months", 3)
    );
    let warehouse = Warehouse::new(&project, spec, &data);
    warehouse.deploy();
    for (view, january) in [("raw", 1), ("main", 2), ("months", 3), ("parts", 1)] {
        assert_eq!(figures(&warehouse, view), [format!("01 {january}"), "02 0".into(), "03 0".into()], "{view}");
    }
    let asked = warehouse.says(&["query", "raw", "main", "months", "parts", "--format", "csv"]);
    assert!(asked.contains("2024-01-01,1,2,3,1"), "{asked}");
    assert!(warehouse.says(&["test"]).contains("pass"));
    let verified = warehouse.says(&["verify"]);
    assert!(verified.contains("fine"), "{verified}");
}

#[test]
fn a_stored_column_and_raw_sql_of_its_name_are_two() {
    let spec = "
sources:
  a:
    files: a.csv
    kind: events
    row: order
    time: day
    key: id
    columns:
      id:         integer
      day:        { type: date, sql: \"cast(day as date) + 5\" }
      raw_day:    { column: day, type: date }
      amount:     { type: integer, sql: \"amount * 100 -- in cents\" }
      raw_amount: { column: Amount, type: integer }
      clean:      { type: text, sql: \"lower(trim(shop))\" }
      shop:       { column: clean, references: shops }
  shops:
    files: shops.csv
    kind: entities
    row: shop
    key: code
    columns:
      code: text
      town: { type: text, sql: \"upper(town)\" }
      as_written: { type: text, column: town }
dimensions:
  town: { from: { a: shop.town } }
  as_written: { from: { a: shop.as_written } }
kpis:
  orders: { formula: count(a), by: [[town], [as_written], [town, as_written]] }
  early:  { formula: count(a where raw_day >= date '2000-01-01') }
  total:  { formula: sum(a.amount), by: [town] }
  both:   { formula: sum(amount + 0 * raw_amount from a) }
  stored: { formula: sum(a.raw_amount) }
  ulm:    { formula: \"count(a where shop.town = 'ULM')\" }
  small:  { formula: \"count(a where shop.as_written = 'Ulm')\" }
  big:    { formula: sum(amount + raw_amount from a where raw_day < day and shop.town != shop.as_written) }
";
    let data = "copy (select * from (values (1, '2024-01-31', 10, ' S1'), (2, '2024-02-29', 20, 's2'), (3, '2024-01-01', 3, 's9')) v(id, day, amount, shop)) to 'a.csv';
copy (select * from (values ('s1', 'Ulm'), ('s2', 'Bonn')) v(code, town)) to 'shops.csv';";
    let warehouse = Warehouse::new(PROJECT, spec, data);
    warehouse.deploy();
    // The days are 5 February, 5 March and 6 January.
    assert_eq!(figures(&warehouse, "orders"), ["01 1", "02 1", "03 1"]);
    assert_eq!(figures(&warehouse, "early"), ["01 1", "02 1", "03 1"]);
    assert_eq!(figures(&warehouse, "total"), ["01 300", "02 1000", "03 2000"]);
    assert_eq!(figures(&warehouse, "both"), ["01 300", "02 1000", "03 2000"]);
    assert_eq!(figures(&warehouse, "stored"), ["01 3", "02 10", "03 20"]);
    assert_eq!(figures(&warehouse, "ulm"), ["01 0", "02 1", "03 0"]);
    assert_eq!(figures(&warehouse, "small"), ["01 0", "02 1", "03 0"]);
    assert_eq!(figures(&warehouse, "big"), ["01 0", "02 1010", "03 2020"]);
    assert_eq!(
        figures(&warehouse, "orders__by_town__as_written"),
        ["01 NULL,NULL,1", "02 NULL,NULL,0", "02 ULM,Ulm,1", "03 BONN,Bonn,1", "03 NULL,NULL,0", "03 ULM,Ulm,0"]
    );
    // Whatever else is asked along, and under conditions that are always true.
    for more in [&[] as &[&str], &["both", "stored"], &["early"]] {
        for condition in
            ["raw_amount >= 0", "town is null or town is not null", "as_written is null or town is not null or raw_day < day"]
        {
            let asked = warehouse.says(&[&["query", "total"], more, &["--format", "csv", "--where", condition]].concat());
            let first: Vec<&str> = asked.lines().skip(1).map(|line| line.split(',').nth(1).unwrap()).collect();
            assert_eq!(first, ["300", "1000", "2000"], "{more:?} {condition}: {asked}");
        }
    }
    let verified = String::from_utf8(warehouse.kpic(&["verify"]).stdout).unwrap();
    assert!(verified.contains("shop is in shops       1 wrong  s9 (1 row)"), "{verified}");
}

/// Names and texts that end a name, a text, a comment or a statement where nobody quotes them.
const HOSTILE: &str = r#"
sources:
  select_rows:
    table: '"order by"."select; -- ""x"" /*"'
    kind: events
    time: day
    columns:
      day:    { type: date, column: "Tag; --" }
      amount: { type: integer, column: 'a"b''c' }
      again:  { type: integer, column: 'A"B''C' }
      cents:  { type: integer, sql: '"a""b''c" * 100 /* not; ''this */ -- nor this' }
      g:      { type: text, column: "*/ größe" }
      from:   { type: text, column: from }
      code:   { column: 'c.d', references: other }
  other:
    table: '"Größe.日付"'
    kind: entities
    key: 'key'
    columns: { key: { type: text, column: "select" }, town: { type: text, column: "'" } }
dimensions:
  town: { from: { select_rows: code.town } }
kpis:
  n:
    title: "*/ ; drop table x; --\n drop table y"
    description: "-- '\"; */"
    formula: "count(select_rows)"
    by: [[g], [from], [town]]
  amounts: { formula: sum(amount + again + cents from select_rows) }
  quotes: { formula: "count(select_rows where g = 'it''s; -- /* \"x\" \\')" }
  lines: { formula: "count(select_rows where g = 'a\n--b')" }
  among: { formula: "count(select_rows where code.town in ('''', '日'';--', '*/'))" }
"#;

#[test]
fn names_and_texts_are_never_sql() {
    let project = PROJECT
        .replace("project: shop", "project: \"shop */ ; drop table x; --\"")
        .replace("database: shop.duckdb", "database: shop.duckdb, schema: '\"kpi \"\"; --\"', source_schema: '\"ma.in\"'");
    let data = r#"
create schema "order by";
create schema "ma.in";
create table "order by"."select; -- ""x"" /*" ("Tag; --" date, "a""b'c" integer, "*/ größe" varchar, "from" varchar, "c.d" varchar);
insert into "order by"."select; -- ""x"" /*" values
  ('2024-01-05', 1, 'it''s; -- /* "x" \', 'select', 'k'),
  ('2024-01-06', 2, E'a\n--b', '''); drop table x; --', 'K'),
  ('2024-01-07', 3, 'Größe', 'GRÖSSE', '日'),
  ('2024-01-08', 4, 'größe', 'größe', null);
create table "ma.in"."Größe.日付" ("select" varchar, "'" varchar);
insert into "ma.in"."Größe.日付" values ('k', ''''), ('K', '*/'), ('日', '日'';--');
"#;
    let warehouse = Warehouse::new(&project, HOSTILE, data);
    warehouse.says(&["check"]);
    warehouse.says(&["build"]);
    let deploy = fs::read_to_string(warehouse.folder.join("build/sql/duckdb/deploy.sql")).unwrap();
    assert_eq!(comments_within(&deploy), Vec::<String>::new());
    warehouse.sql(&deploy);
    let read = |view: &str| {
        warehouse.sql(&format!("select value from \"kpi \"\"; --\".{view} where period = '2024-01-01';")).trim().to_owned()
    };
    let slices = |view: &str, column: &str| {
        let query = format!(
            "select {column}, value from \"kpi \"\"; --\".{view} where period = '2024-01-01' order by {column} collate c nulls last;"
        );
        warehouse.sql(&query)
    };
    assert_eq!(
        slices("n__by_g", "replace(g, chr(10), '|')"),
        "\"Größe\",1\na|--b,1\n\"größe\",1\n\"it's; -- /* \"\"x\"\" \\\",1\n"
    );
    assert_eq!(slices("n__by_from", "\"from\""), "\"'); drop table x; --\",1\n\"GRÖSSE\",1\n\"größe\",1\nselect,1\n");
    assert_eq!(slices("n__by_town", "town"), "\"'\",1\n*/,1\n\"日';--\",1\nNULL,1\n");
    // 10 and 10 and 1,000.
    assert_eq!(read("amounts"), "1020");
    assert_eq!(read("quotes"), "1");
    assert_eq!(read("lines"), "1");
    assert_eq!(read("among"), "3");
    let asked = warehouse.says(&["query", "n", "amounts", "among", "--format", "csv"]);
    assert!(asked.contains("2024-01-01,4,1020,3"), "{asked}");
    assert!(warehouse.says(&["verify"]).contains("fine"));
}

/// The comments of a script that are not those of kpic above a statement, and what no token may be.
fn comments_within(script: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut between = true;
    for token in tokens(script) {
        match token.kind {
            Kind::Comment if between && token.text.starts_with("-- ") => {}
            // Of raw SQL, which is as it was written.
            Kind::Comment if token.text.contains("not; 'this") || token.text == "-- nor this" => {}
            Kind::Comment | Kind::Open | Kind::Other | Kind::Parameter => wrong.push(token.text.to_owned()),
            _ => between = token.is_mark(";"),
        }
    }
    wrong
}

#[test]
fn sql_of_examples_has_no_comments_but_those_above_each_view() {
    for name in ["cdnow", "flights", "saas"] {
        let valid =
            check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("specs").join(name), &Options::default()).valid().unwrap();
        let outputs = kpic::build::outputs(&valid, kpic::build::Documents::None).unwrap();
        let deploy = outputs.iter().find(|output| output.path.ends_with("deploy.sql")).unwrap();
        assert_eq!(comments_within(&deploy.text), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn the_names_of_views_are_known_before_there_are_any() {
    for name in ["cdnow", "flights", "saas"] {
        let valid =
            check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("specs").join(name), &Options::default()).valid().unwrap();
        let model = valid.model();
        let names: BTreeSet<String> = views::views(&valid).into_iter().map(|view| view.name).collect();
        for view in &names {
            let shown = shown(model, view).unwrap_or_else(|| panic!("{name}: {view}"));
            assert!(valid.files().slice(shown.span).len() > 1, "{view}");
        }
        // Neither a part of a name nor more than a name is one.
        let others =
            names.iter().flat_map(|view| [format!("{view}_x"), format!("{view}__x"), view[..view.len() - 1].to_owned()]);
        for other in others.filter(|other| !names.contains(other)) {
            assert_eq!(shown(model, &other), None, "{name}: {other}");
        }
    }
}
