//! NaN, infinity and infinite times in data that an engine reads: what commands show, that JSON is JSON, and what views have.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot run the program has failed"
)]

mod support;

use serde_json::Value;
use std::path::Path;
use std::process::Command;
use support::{kpic, text, write_files};

const PROJECT: &str = "kpic: 1
calendar: { start: 2024-01-01, as_of: 2024-04-30 }
warehouse: { dialect: duckdb }
lints: { missing-owner: allow, missing-description: allow, no-north-star: allow }
";

/// The mean of x is unknown in January and March (NaN), 1 in February, and infinite in April, which is unknown too.
const READINGS: &str = "
sources:
  readings:
    query: |
      select * from (values (1, date '2024-01-05', 'nan'::double, 'nan'::float, 'a'), (2, date '2024-02-03', 1, 2, 'b'),
        (3, date '2024-03-03', 'nan', 'inf', 'a'), (4, date '2024-04-03', 'inf', 3, 'a')) as t(k, t, x, y, g)
    kind: events
    key: k
    time: t
    columns:
      k: integer
      t: date
      x: { type: number, min: 0, max: 10 }
      y: number
      z: { type: number, sql: x * 2 }
      g: text
teams: { a: { title: A } }
kpis:
  m:      { formula: avg(readings.x), by: [g], better: up }
  big:    { formula: count(readings where x > 5) }
  c:      { formula: \"coalesce(avg(readings.x), 0)\" }
  l:      { formula: \"least(m, 3)\" }
  isn:    { formula: \"if(m is null, 1, 0)\" }
  gr:     { formula: growth(m) }
  total:  { formula: sum(readings.x over all time) }
  narrow: { formula: sum(readings.y) }
  raw:    { formula: sum(readings.z) }
  huge:   { formula: \"m * power(10, 200) * power(10, 200)\" }
guardrails:
  high:   { when: m > 5, owner: a, action: Look. }
  unlike: { when: m < 5 or narrow > 0, owner: a, action: Look. }
objectives:
  ob: { title: O, owner: a, period: 2024-Q1, key_results: { k: { kpi: m, from: 0, to: 5 }, mean: { kpi: m, measure: mean, from: 0, to: 4 } } }
";

fn project(spec: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), &[("kpic.yml", PROJECT), ("specs/all.yml", spec)]);
    folder
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    let output = kpic(folder, arguments);
    let shown = text(&output.stdout);
    serde_json::from_str(&shown).unwrap_or_else(|error| panic!("{error} in {shown}{}", text(&output.stderr)))
}

/// The values of a KPI by month.
fn values(all: &Value, name: &str) -> Vec<Option<f64>> {
    let kpi = all.as_array().unwrap().iter().find(|kpi| kpi["kpi"] == name).unwrap();
    kpi["periods"].as_array().unwrap().iter().map(|period| period["value"].as_f64()).collect()
}

#[test]
fn every_command_takes_them_as_null() {
    let folder = project(READINGS);
    let all = json(folder.path(), &["run", "--format", "json", "--periods", "4"]);
    let known = |of: &[f64]| of.iter().map(|value| Some(*value)).collect::<Vec<_>>();
    assert_eq!(values(&all, "m"), [None, Some(1.0), None, None]);
    assert_eq!(values(&all, "big"), known(&[0.0; 4]));
    assert_eq!(values(&all, "c"), known(&[0.0, 1.0, 0.0, 0.0]));
    assert_eq!(values(&all, "l"), [None, Some(1.0), None, None]);
    assert_eq!(values(&all, "isn"), known(&[1.0, 0.0, 1.0, 1.0]));
    assert_eq!(values(&all, "gr"), [None; 4]);
    assert_eq!(values(&all, "total"), known(&[0.0, 1.0, 1.0, 1.0]));
    assert_eq!(values(&all, "narrow"), known(&[0.0, 2.0, 0.0, 3.0]));
    assert_eq!(values(&all, "raw"), known(&[0.0, 2.0, 0.0, 0.0]));
    assert_eq!(values(&all, "huge"), [None; 4]);
    let status = json(folder.path(), &["status", "--format", "json"]);
    let results = status[0]["key_results"].as_array().unwrap();
    assert_eq!((&results[0]["current"], &results[0]["status"]), (&Value::Null, &"not_observable".into()));
    // One month of three is known: the mean is 1, a quarter of the way to 4.
    assert_eq!((&results[1]["current"], &results[1]["progress"]), (&1.0.into(), &0.25.into()));
    let review = json(folder.path(), &["review", "--format", "json"]);
    let fires = review["firings"].as_array().unwrap();
    assert_eq!(fires.iter().map(|fired| fired["guardrail"].as_str().unwrap()).collect::<Vec<_>>(), ["unlike"], "{review}");
}

#[test]
fn views_have_none_of_them() {
    let folder = project(READINGS);
    assert!(kpic(folder.path(), &["build", "--no-docs"]).status.success());
    let views = "select table_name as name from information_schema.tables where table_schema = 'kpi'";
    let ask = |sql: &str| {
        let program = kpic::engine::find(None).unwrap();
        let mut command = Command::new(program);
        command.current_dir(folder.path()).args(["kpis.duckdb", "-json", "-c", sql]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    ask(".read build/sql/duckdb/deploy.sql");
    let names: Vec<Value> = serde_json::from_str(&ask(views)).unwrap();
    assert!(names.len() > 12, "{names:?}");
    for name in names {
        let name = name["name"].as_str().unwrap();
        // The program shows NaN and infinity as such, which JSON has not.
        let rows = ask(&format!("select * from kpi.{name}"));
        assert!(rows.trim().is_empty() || serde_json::from_str::<Value>(&rows).is_ok(), "{name}: {rows}");
    }
    // The figures that a guardrail compares are a text of JSON, too.
    let rows: Value = serde_json::from_str(&ask("select period, figures from kpi.guardrails order by period")).unwrap();
    let figures = rows.as_array().unwrap().iter().map(|row| row["figures"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(figures, ["{\"m\": 1, \"narrow\": 2}", "{\"m\": null, \"narrow\": 3}"]);
}

#[test]
fn verify_counts_them_with_bounds_and_without() {
    let folder = project(READINGS);
    let output = kpic(folder.path(), &["verify"]);
    let shown = text(&output.stdout);
    for line in [
        "x is from 0 to 10         fine",
        "x has no NaN or infinity  3 wrong  NaN (k 1); NaN (k 3); infinity (k 4)",
        "y has no NaN or infinity  2 wrong  NaN (k 1); infinity (k 3)",
        "z has no NaN or infinity  3 wrong  NaN (k 1); NaN (k 3); infinity (k 4)",
    ] {
        assert!(shown.contains(line), "{line} is not in {shown}");
    }
    assert_eq!((shown.matches("K0917 not-finite").count(), output.status.code()), (3, Some(0)), "{shown}");
}

/// Orders 1 and 4 are of January; 2 has an infinite day, 3 the other. What 4 ends with is infinite.
const TIMES: &str = "
sources:
  orders:
    query: |
      select * from (values
        (1, date '2024-01-05', timestamp '2024-01-05 10:00:00', timestamp '2024-01-06 10:00:00', date '2024-01-07', 'a'),
        (2, 'infinity', '2024-01-05 10:00:00', '2024-01-05 10:00:00', '2024-01-05', 'a'),
        (3, '-infinity', '-infinity', '2024-01-05 10:00:00', '2024-01-05', 'b'),
        (4, '2024-01-09', '2024-01-05 10:00:00', 'infinity', 'infinity', 'a')) as t(k, day, begun, ended, shipped, g)
    kind: events
    time: day
    key: k
    columns: { k: integer, day: date, begun: timestamp, ended: timestamp, shipped: date, g: text }
  instants:
    query: |
      select k, day, begun at time zone 'UTC' as begun, ended at time zone 'UTC' as ended
      from (values (1, date '2024-01-05', timestamp '2024-01-05 10:00:00', timestamp '2024-01-06 10:00:00'),
        (2, '2024-01-05', '2024-01-05 10:00:00', 'infinity')) as t(k, day, begun, ended)
    kind: events
    time: day
    columns: { k: integer, day: date, begun: instant, ended: instant }
  rooms:
    query: |
      select * from (values (1, date '2024-01-01', date 'infinity', 10), (2, '-infinity', '2024-02-10', 20),
        (3, '2024-01-01', '-infinity', 30), (4, 'infinity', null, 40)) as t(k, since, until, rent)
    kind: states
    key: k
    valid: { from: since, to: until }
    columns: { k: integer, since: date, until: date, rent: integer }
kpis:
  orders:  { formula: count(orders) }
  ever:    { formula: count(orders over all time), by: [g] }
  kinds:   { formula: count_distinct(orders.g over all time) }
  first:   { formula: first(orders.k over all time) }
  days:    { formula: avg(shipped - day from orders), unit: day }
  hours:   { formula: avg(ended - begun from orders), unit: hour }
  elapsed: { formula: avg(ended - begun from instants), unit: hour }
  later:   { formula: count(orders where ended > begun) }
  after:   { formula: count(instants where ended > begun) }
  open:    { formula: count(orders where ended is null) }
  dated:   { formula: count(orders where year(ended) > 2000) }
  rents:   { formula: sum(rooms.rent) }
  opening: { formula: sum(rooms.rent at start) }
";

#[test]
fn an_infinite_time_is_later_than_all_others_and_in_no_period() {
    for zone in ["UTC", "Europe/Berlin"] {
        let folder = project(TIMES);
        write_files(folder.path(), &[("kpic.yml", &PROJECT.replace("04-30 }", &format!("02-29, timezone: {zone} }}")))]);
        let all = json(folder.path(), &["run", "--format", "json"]);
        let is = |name: &str, expected: [Option<f64>; 2]| assert_eq!(values(&all, name), expected, "{name} in {zone}");
        is("orders", [Some(2.0), Some(0.0)]);
        is("ever", [Some(2.0), Some(2.0)]);
        is("kinds", [Some(1.0), Some(1.0)]);
        is("first", [Some(1.0), Some(1.0)]);
        is("days", [Some(2.0), None]);
        is("hours", [Some(24.0), None]);
        is("elapsed", [Some(24.0), None]);
        is("later", [Some(2.0), Some(0.0)]);
        is("after", [Some(2.0), Some(0.0)]);
        is("open", [Some(0.0), Some(0.0)]);
        is("dated", [Some(1.0), Some(0.0)]);
        // Room 1 is let for ever, room 2 has been ever since; 3 ended before it began, and 4 never begins.
        is("rents", [Some(30.0), Some(10.0)]);
        is("opening", [Some(20.0), Some(30.0)]);
        let sliced = kpic(folder.path(), &["query", "ever", "--by", "g", "--format", "csv"]);
        assert_eq!(text(&sliced.stdout).lines().count(), 3, "{}", text(&sliced.stdout));
        let verified = text(&kpic(folder.path(), &["verify", "orders"]).stdout);
        assert!(verified.contains("day is never infinite      2 wrong  infinity (k 2); -infinity (k 3)"), "{verified}");
        assert!(verified.contains("K0908 time-missing"), "{verified}");
    }
}
