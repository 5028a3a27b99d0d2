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

/// Guests 2 and 3 arrived at an infinite time, 4 has left at one. Every visit but the last two is of January.
const WITHIN: &str = "
sources:
  guests:
    query: |
      select k, day, arrived from (values (1, date '2024-01-05', timestamp '2024-01-05 10:00:00'), (2, '2024-01-06', 'infinity'),
        (3, '2024-01-07', '-infinity')) as t(k, day, arrived)
    kind: entities
    row: guest
    key: k
    time: day
    columns: { k: integer, day: date, arrived: timestamp }
  visits:
    query: |
      select no, guest, room, began, ended from (values
        (1, 1, 1, timestamp '2024-01-05 12:00:00', timestamp '2024-01-05 13:00:00'),
        (2, 1, 1, 'infinity', 'infinity'),
        (3, 2, 2, '2024-01-06 09:00:00', 'infinity'),
        (4, 3, 3, '2024-01-07 10:00:00', '2024-01-07 11:00:00'),
        (5, 3, 1, '-infinity', '2024-01-07 11:00:00'),
        (6, 1, 4, '2024-02-05 10:00:00', '2024-02-05 12:00:00')) as t(no, guest, room, began, ended)
    kind: events
    key: no
    time: began
    columns:
      no: integer
      guest: { references: guests }
      room: { references: rooms }
      began: timestamp
      ended: timestamp
      long: { type: boolean, expr: ended > began + 1 hour }
      last_hour: { type: timestamp, expr: ended - 1 hour }
  rooms:
    query: |
      select * from (values (1, date '2024-01-01', date 'infinity', 10), (2, '-infinity', '2024-02-10', 20),
        (3, '2024-01-01', '-infinity', 30), (4, 'infinity', null, 40)) as t(k, since, until, rent)
    kind: states
    key: k
    valid: { from: since, to: until }
    columns: { k: integer, since: date, until: date, rent: integer }
journeys:
  stays:
    row: guest
    steps: { arrives: { at: guests.arrived, entity: k }, comes: { at: visits.began, entity: guest } }
  days:
    row: guest
    steps: { known: { at: guests.day, entity: k }, comes: { at: visits.began, entity: guest } }
  next:
    row: visit
    starts: every
    steps: { here: { at: visits.began, entity: guest }, again: { at: visits.began, entity: guest } }
kpis:
  soon:    { formula: count(guests where count(visits within 7 days of arrived) > 0) }
  hours:   { formula: count(guests where count(visits within 3 hours of arrived) > 0) }
  of_day:  { formula: count(guests where count(visits within 1 month of day) > 0) }
  later:   { formula: count(guests where min(visits.began over all time) >= arrived) }
  stay:    { formula: max(visits.ended) - min(visits.began), unit: hour }
  mean:    { formula: avg(ended - began from visits), unit: hour }
  long:    { formula: count(visits where long) }
  short:   { formula: count(visits where ended - began <= 2 hours) }
  a_day:   { formula: count(visits where ended <= began + 1 day) }
  ends:    { formula: count_distinct(visits.ended) }
  wait:    { formula: avg(last_hour - began from visits), unit: hour }
  rent:    { formula: sum(room.rent * 1 from visits), allow: { fan-out: one rent each visit } }
  arrived: { formula: count(stays) }
  came:    { formula: count(stays where reached(comes within 3 hours)) }
  waited:  { formula: median(comes - arrives from stays), unit: hour }
  all:     { formula: count(days where reached(comes within 1 day)) }
  begun:   { formula: count(next) }
  again:   { formula: count(next where reached(again)) }
";

#[test]
fn infinite_times_count_in_no_window_step_or_duration() {
    for (zone, ty) in [("UTC", "timestamp"), ("Europe/Berlin", "timestamp"), ("UTC", "instant"), ("Europe/Berlin", "instant")] {
        let mut spec = WITHIN.to_owned();
        if ty == "instant" {
            let utc = |name: &str| format!("{name} at time zone 'UTC' as {name}");
            spec = spec.replace("select k, day, arrived from", &format!("select k, day, {} from", utc("arrived")));
            spec = spec.replace("room, began, ended from", &format!("room, {}, {} from", utc("began"), utc("ended")));
            for name in ["arrived", "began", "ended"] {
                spec = spec.replace(&format!("{name}: timestamp"), &format!("{name}: instant"));
            }
        }
        let folder = project(&spec);
        let year = PROJECT.replace("04-30 }", &format!("02-29, timezone: {zone} }}"));
        write_files(folder.path(), &[("kpic.yml", &year)]);
        let all = json(folder.path(), &["run", "--format", "json"]);
        let is = |name: &str, expected: [Option<f64>; 2]| {
            assert_eq!(values(&all, name), expected, "{name} of {ty} in {zone}: {all}");
        };
        // Guest 1 comes two hours after arriving. Nothing is so long after an infinite time.
        is("soon", [Some(1.0), Some(0.0)]);
        is("hours", [Some(1.0), Some(0.0)]);
        is("of_day", [Some(3.0), Some(0.0)]);
        // Guest 3 has been here ever since.
        is("later", [Some(2.0), Some(0.0)]);
        is("stay", [None, Some(2.0)]);
        is("mean", [Some(1.0), Some(2.0)]);
        is("long", [Some(1.0), Some(1.0)]);
        is("short", [Some(2.0), Some(1.0)]);
        is("a_day", [Some(2.0), Some(1.0)]);
        is("ends", [Some(3.0), Some(1.0)]);
        is("wait", [Some(0.0), Some(1.0)]);
        // Room 1 for 10, room 2 for 20; room 3 was let no more, and room 4 never is.
        is("rent", [Some(30.0), Some(0.0)]);
        is("arrived", [Some(1.0), Some(0.0)]);
        is("came", [Some(1.0), Some(0.0)]);
        is("waited", [Some(2.0), None]);
        is("all", [Some(3.0), Some(0.0)]);
        // Of visits 1, 3, 4 and 6 only the first has another one after it.
        is("begun", [Some(3.0), Some(1.0)]);
        is("again", [Some(1.0), Some(0.0)]);
    }
}

#[test]
fn questions_choose_among_known_numbers() {
    let folder = project(
        "
sources:
  readings:
    query: |
      select * from (values (date '2024-04-01', 7.0::double, 'a'), ('2024-04-02', 'nan', 'a'), ('2024-04-03', 'inf', 'b'),
        ('2024-04-04', 2, 'b'), ('2024-04-05', '-inf', 'b')) as t(day, x, g)
    kind: events
    time: day
    columns: { day: date, x: number, g: text, is_big: { type: boolean, expr: x > 5 } }
kpis:
  rows:  { formula: count(readings), by: [g, is_big] }
  total: { formula: sum(readings.x), by: [g] }
",
    );
    let asked = |arguments: &[&str]| {
        let shown = json(folder.path(), &[&["query"], arguments, &["--from", "2024-04-01", "--format", "json"]].concat());
        let rows = shown.as_array().unwrap().clone();
        rows.iter().map(|row| ["rows", "total", "at_most"].iter().find_map(|name| row[*name].as_f64())).collect::<Vec<_>>()
    };
    // In the engine NaN and infinity are above 5.
    assert_eq!(asked(&["rows", "--where", "is_big"]), [Some(1.0)]);
    assert_eq!(asked(&["rows", "--where", "not is_big"]), [Some(1.0)]);
    assert_eq!(asked(&["rows", "--where", "is_big is null"]), [Some(3.0)]);
    let mut slices = asked(&["rows", "--by", "is_big"]);
    slices.sort_by(|one, other| one.partial_cmp(other).unwrap());
    assert_eq!(slices, [Some(1.0), Some(1.0), Some(3.0)]);
    assert_eq!(asked(&["at_most = sum(least(x, 5) from readings)"]), [Some(7.0)]);
    assert_eq!(asked(&["total", "--where", "g = 'b'"]), [Some(2.0)]);
}
