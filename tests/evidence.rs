//! `kpic diff --evidence`, `--data` and `--sql`: rows on which figures differ are found, are few, and make a spec test that tells the versions
//! apart; what differs on data is counted.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod support;

use serde_json::Value;
use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Output};
use support::write_files as write;

const PROJECT: &str = "\
kpic: 1
project: shop
calendar: { start: 2023-01-01, as_of: 2024-06-15 }
lints: { missing-owner: allow, missing-description: allow, unused-source: allow, missing-unit: allow, null-left-out: allow }
";

const SOURCES: &str = "\
sources:
  customers:
    table: customers
    kind: entities
    row: customer
    key: customer_id
    time: since
    columns:
      customer_id: integer
      since: date
      country: text
  orders:
    table: orders
    kind: events
    row: order
    key: order_id
    time: ordered_on
    columns:
      order_id: text
      customer: { column: customer_id, references: customers }
      ordered_on: date
      paid_on: date
      status: { type: text, values: [open, paid, returned] }
      amount: { type: decimal, min: 0 }
  lines:
    table: lines
    kind: events
    row: line
    key: [order, line_no]
    time: sold_on
    columns:
      order: { column: order_id, references: orders }
      line_no: integer
      sold_on: date
      units: integer
  returns:
    table: returns
    kind: events
    row: return
    time: returned_at
    columns:
      line: { column: [order_id, line_no], references: lines }
      returned_at: timestamp
      units: integer
  subscriptions:
    table: subscriptions
    kind: states
    row: subscription
    key: subscription_id
    valid: { from: valid_from, to: valid_to }
    columns:
      subscription_id: integer
      customer: { column: customer_id, references: customers }
      valid_from: date
      valid_to: date
      mrr: { type: decimal, min: 0 }
  stock:
    table: stock
    kind: states
    row: article
    key: article
    snapshot: taken_on
    every: month
    columns:
      article: text
      taken_on: date
      pieces: integer
  visits:
    table: visits
    kind: events
    row: visit
    time: visited_at
    columns:
      visitor: { column: customer_id, references: customers }
      visited_at: timestamp

journeys:
  buying:
    row: customer
    steps:
      came: { at: visits.visited_at, entity: visitor }
      bought: { at: orders.ordered_on, entity: customer }

dimensions:
  country: { from: { orders: customer.country, customers: country } }
";

/// What changes: the name of a KPI, its formula before, and after.
const CHANGES: &[(&str, &str, &str)] = &[
    ("filter", "sum(orders.amount where status = 'paid')", "sum(orders.amount)"),
    ("aggregate", "avg(orders.amount)", "median(orders.amount)"),
    ("window", "sum(orders.amount over trailing 3 months)", "sum(orders.amount over trailing 2 months)"),
    ("threshold", "count(orders where amount > 1000)", "count(orders where amount >= 1000)"),
    ("distinct", "count_distinct(orders.customer)", "count(orders where customer is not null)"),
    ("reference", "count(orders where customer.country = 'DE')", "count(orders where customer.country = 'AT')"),
    ("moment", "sum(subscriptions.mrr)", "sum(subscriptions.mrr at start)"),
    (
        "churn",
        "count(subscriptions per customer where start.exists and not end.exists)",
        "count(subscriptions per customer where start.exists and (not end.exists or end.mrr < start.mrr))",
    ),
    ("journey", "count(buying where bought is not null)", "count(buying where bought - came <= 7 days)"),
    ("related", "count(customers where count(orders) > 0)", "count(customers where count(orders) > 1)"),
    ("clock", "count(orders)", "count(orders at paid_on)"),
    ("snapshot", "sum(stock.pieces)", "max(stock.pieces)"),
    ("composite", "sum(returns.units)", "sum(returns.units where line.units > 1)"),
    ("day", "count(visits where visited_at >= date '2023-11-01')", "count(visits where visited_at >= date '2023-11-02')"),
    ("earlier", "growth(filter)", "growth(filter, 2 months)"),
    ("mean", "avg(aggregate each month over trailing 3 months)", "avg(aggregate each month over trailing 6 months)"),
];

fn kpis(pick: impl Fn(&(&'static str, &'static str, &'static str)) -> &'static str, more: &str) -> String {
    let mut text = "kpis:\n".to_owned();
    for change in CHANGES {
        let by = if change.0 == "filter" { ", by: [country]" } else { "" };
        writeln!(text, "  {}: {{ formula: {:?}{by} }}", change.0, pick(change)).unwrap();
    }
    text + more
}

fn kpic(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kpic")).args(arguments).current_dir(folder).output().unwrap()
}

fn json(output: &Output) -> Value {
    let fault = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}{fault}", String::from_utf8_lossy(&output.stdout)))
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn evidence<'a>(document: &'a Value, kpi: &str) -> &'a Value {
    let all = document["changes"].as_array().unwrap().iter().flat_map(|change| change["evidence"].as_array().unwrap());
    all.into_iter().find(|evidence| evidence["kpi"] == kpi).unwrap_or_else(|| panic!("no evidence of {kpi}"))
}

#[test]
fn the_fewest_rows_make_a_spec_test_that_tells_the_versions_apart() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for (name, more) in [("before", ""), ("after", "")] {
        let kpis = kpis(|change| if name == "before" { change.1 } else { change.2 }, more);
        write(
            root,
            &[
                (&format!("{name}/kpic.yml"), PROJECT),
                (&format!("{name}/specs/sources.yml"), SOURCES),
                (&format!("{name}/specs/kpis.yml"), &kpis),
            ],
        );
    }
    let output = kpic(root, &["diff", "--evidence", "--format", "json", "before", "after"]);
    let document = json(&output);
    assert_eq!(text(&kpic(root, &["diff", "--evidence", "--format", "json", "before", "after"])), text(&output));
    let mut tests = "tests:\n".to_owned();
    for (kpi, ..) in CHANGES {
        let rows = &evidence(&document, kpi)["rows"];
        assert_eq!(rows["outcome"], "differs", "{kpi}: {rows}");
        assert!(rows["rows"].as_u64().unwrap() <= 8, "{kpi}: {rows}");
        let figure = &rows["figures"][0];
        assert_ne!(figure["before"], figure["after"], "{kpi}");
        let test = rows["test"].as_str().unwrap().strip_prefix("tests:\n").unwrap();
        assert!(test.starts_with(&format!("  {kpi}_differs:\n")), "{test}");
        tests.push_str(test);
    }
    for name in ["before", "after"] {
        write(root, &[(&format!("{name}/specs/tests.yml"), &tests)]);
    }
    let after = kpic(&root.join("after"), &["test"]);
    assert!(after.status.success(), "{tests}{}{}", text(&after), String::from_utf8_lossy(&after.stderr));
    let before = text(&kpic(&root.join("before"), &["test"]));
    for (kpi, ..) in CHANGES {
        assert!(before.contains(&format!("FAIL {kpi}_differs\n")), "{kpi}:\n{before}");
    }
}

/// A project over one file of orders.
fn with_data(root: &Path, name: &str, formula: &str) {
    let specs = format!(
        "\
sources:
  orders:
    files: orders.csv
    kind: events
    row: order
    time: on
    columns: {{ on: {{ type: date, column: day }}, amount: {{ type: integer, unit: EUR }}, paid: boolean, shop: text }}
kpis:
  revenue: {{ title: Revenue, formula: {formula:?}, better: up, by: [shop], owner: sales, unit: EUR, description: What comes in. }}
  orders_paid: {{ formula: count(orders where paid), unit: order, owner: sales, description: Orders. }}
teams: {{ sales: {{}} }}
guardrails:
  low: {{ when: revenue < 25, action: Call the shops., owner: sales }}
objectives:
  more:
    title: More
    owner: sales
    period: 2024
    key_results:
      enough: {{ kpi: revenue, from: 0, to: 40, measure: to_date }}
"
    );
    let project = "\
kpic: 1
project: shop
calendar: { start: 2024-01-01, as_of: 2024-04-30 }
lints: { missing-description: allow, missing-counter-metric: allow }
";
    let orders =
        "day,amount,paid,shop\n2024-01-05,10,true,a\n2024-02-05,20,true,a\n2024-02-06,5,false,b\n2024-04-07,30,false,b\n";
    write(&root.join(name), &[("kpic.yml", project), ("specs/shop.yml", &specs), ("orders.csv", orders)]);
}

#[test]
fn figures_on_data_are_counted_and_what_flips_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    with_data(root, "before", "sum(orders.amount where paid)");
    with_data(root, "after", "sum(orders.amount)");
    let output = kpic(root, &["diff", "--data", "--format", "json", "before", "after"]);
    let document = json(&output);
    let data = evidence(&document, "revenue")["data"].as_array().unwrap();
    // January to April: 10, 20, 0, 0 before and 10, 25, 0, 30 after.
    assert_eq!(
        (data[0]["view"].as_str(), data[0]["cells"].as_u64(), data[0]["differing"].as_u64()),
        (Some("revenue"), Some(4), Some(2))
    );
    let told = |figure: &Value| format!("{}: {} {}", figure["row"], figure["before"], figure["after"]).replace('"', "");
    let largest: Vec<String> = data[0]["largest"].as_array().unwrap().iter().map(told).collect();
    assert_eq!(largest, ["2024-04: 0 30", "2024-02: 20 25"]);
    let latest: Vec<String> = data[0]["latest"].as_array().unwrap().iter().map(told).collect();
    assert_eq!(latest, ["2024-01: 10 10", "2024-02: 20 25", "2024-03: 0 0", "2024-04: 0 30"]);
    // Shop b comes in February with 5 in the one version, and never in the other: its three periods are rows of one version only.
    assert_eq!(
        (data[1]["view"].as_str(), data[1]["cells"].as_u64(), data[1]["differing"].as_u64()),
        (Some("revenue__by_shop"), Some(7), Some(3))
    );
    let flips: Vec<String> = document["flips"]
        .as_array()
        .unwrap()
        .iter()
        .map(|flip| format!("{} {}: {} {}", flip["kind"], flip["name"], flip["before"], flip["after"]).replace('"', ""))
        .collect();
    // 30 of 40 in April, where a third of the year asks for 13.3: 65 is beyond the target. The last complete month has 0 before and 30 after.
    assert!(flips.contains(&"guardrail low: fires does not fire".to_owned()), "{flips:?}");
    assert!(flips.iter().any(|flip| flip.starts_with("key_result more.enough: ")), "{flips:?}");
    let told = text(&kpic(root, &["diff", "--data", "before", "after"]));
    assert!(told.contains("revenue on the data: 2 of 4 figures differ\n"), "{told}");
    assert!(told.contains("guardrail low: fires → does not fire\n"), "{told}");
    let comment = text(&kpic(root, &["diff", "--data", "--format", "markdown", "before", "after"]));
    assert!(comment.contains("| `revenue` | `2024-04` | `0` | `30` |"), "{comment}");
    assert!(comment.contains("- guardrail `low`: fires → does not fire\n"), "{comment}");
}

#[test]
fn the_sql_of_both_versions_is_shown_as_it_differs() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    with_data(root, "before", "sum(orders.amount where paid)");
    with_data(root, "after", "sum(orders.amount)");
    let document = json(&kpic(root, &["diff", "--sql", "--format", "json", "before", "after", "--duckdb", "/nonexistent"]));
    let sql = &document["sql"][0];
    assert_eq!((sql["view"].as_str(), sql["dialect"].as_str()), (Some("revenue"), Some("duckdb")));
    assert!(sql["before"].as_str().unwrap().contains("paid"), "{sql}");
    assert!(!sql["after"].as_str().unwrap().contains("paid"), "{sql}");
    let of_postgres = json(&kpic(root, &["diff", "--sql", "--format", "json", "--dialect", "snowflake", "before", "after"]));
    assert_eq!(of_postgres["sql"].as_array().map(Vec::len), Some(0), "files are of DuckDB alone, so there are errors");
    let comment = text(&kpic(root, &["diff", "--sql", "--format", "markdown", "before", "after"]));
    assert!(comment.contains("<details><summary>SQL of <code>revenue</code> (duckdb)</summary>\n\n```diff\n"), "{comment}");
}

#[test]
fn what_is_not_seen_is_not_said_to_be_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    // The same, by a law of logarithms that no proof here knows.
    with_data(root, "before", "sum(orders.amount * ln(49))");
    with_data(root, "after", "sum(orders.amount * 2 * ln(7))");
    let document = json(&kpic(root, &["diff", "--evidence", "--format", "json", "before", "after"]));
    let change = &document["changes"][0];
    assert_eq!((change["name"].as_str(), change["class"].as_str()), (Some("revenue"), Some("undecided")), "{change}");
    assert_eq!(change["evidence"][0]["rows"]["outcome"], "alike", "{change}");
    // Rows that are given stand for what a source reads: another file shows nothing.
    with_data(root, "after", "sum(orders.amount * ln(49))");
    let path = root.join("after/specs/shop.yml");
    let moved = std::fs::read_to_string(&path).unwrap().replace("files: orders.csv", "files: other.csv");
    std::fs::write(&path, moved).unwrap();
    std::fs::copy(root.join("after/orders.csv"), root.join("after/other.csv")).unwrap();
    let document = json(&kpic(root, &["diff", "--evidence", "--format", "json", "before", "after"]));
    let rows = &evidence(&document, "revenue")["rows"];
    assert_eq!(rows["outcome"], "untried", "{rows}");
    // What has errors is not run.
    write(&root.join("after"), &[("specs/wrong.yml", "kpis: { wrong: { formula: sum(orders.nothing) } }\n")]);
    let output = kpic(root, &["diff", "--evidence", "--data", "before", "after"]);
    let note = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(note.contains("the version after has errors, so it cannot be run"), "{note}");
    assert_eq!(output.status.code(), Some(1));
}
