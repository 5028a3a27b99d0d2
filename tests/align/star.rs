//! The views of the North Star on the engine, by hand.

use super::drivers::rows;
use super::valid;
use std::collections::HashMap;

type Row = HashMap<String, serde_json::Value>;

const SPEC: &str = "
sources:
  visits:
    query: |
      select date '2024-01-15' as day, 'a' as channel, 100 as visits, 10 as buyers
      union all select date '2024-01-20', 'b', 100, 30
      union all select date '2024-02-15', 'a', 300, 30
      union all select date '2024-02-20', 'b', 100, 30
      union all select date '2024-03-01', 'a', 300, 30
      union all select date '2024-03-20', 'b', 100, 50
      union all select date '2024-03-25', 'c', 100, 20
    kind: events
    time: day
    columns: { day: date, channel: { type: text, nullable: false }, visits: integer, buyers: integer }
kpis:
  buyers: { formula: sum(visits.buyers), better: up, by: [channel] }
  conversion: { formula: buyers / sum(visits.visits), unit: \"%\", better: up, by: [channel] }
  left: { values: { 2024-01: 5, 2024-02: 4 }, kind: flow, better: down }
north_star:
  volume: buyers
  efficiency: conversion
  counter: [left]
";

fn of<'r>(rows: &'r [Row], wanted: &[(&str, &str)]) -> &'r Row {
    let fits = |row: &&Row| wanted.iter().all(|(column, value)| row[*column] == *value);
    let found: Vec<&Row> = rows.iter().filter(fits).collect();
    assert_eq!(found.len(), 1, "{wanted:?}");
    found[0]
}

fn number(row: &Row, column: &str, expected: f64) {
    let found = row[column].as_f64().unwrap_or_else(|| panic!("{column}: {row:?}"));
    assert!((found - expected).abs() < 1e-12, "{column} is {found} instead of {expected}");
}

#[test]
fn the_north_star_over_time() {
    let rows = rows(&valid(SPEC), "north_star");
    let february = |kpi| of(&rows, &[("kpi", kpi), ("period", "2024-02-01")]);
    // 10 + 30, then 30 + 30.
    let buyers = february("buyers");
    assert_eq!((&buyers["part"], &buyers["better"], &buyers["is_better"]), (&"volume".into(), &"up".into(), &true.into()));
    number(buyers, "value", 60.0);
    number(buyers, "prior", 40.0);
    number(buyers, "change", 20.0);
    // 40 / 200, then 60 / 400.
    let conversion = february("conversion");
    assert_eq!((&conversion["part"], &conversion["is_better"]), (&"efficiency".into(), &false.into()));
    number(conversion, "change", -0.05);
    // One that left less is better.
    let left = february("left");
    assert_eq!((&left["part"], &left["is_better"], &left["is_complete"]), (&"counter".into(), &true.into(), &true.into()));
    // Before the data begins nothing is known.
    let january = of(&rows, &[("kpi", "buyers"), ("period", "2024-01-01")]);
    assert!(january["prior"].is_null() && january["is_better"].is_null());
}

#[test]
fn mix_against_rate() {
    let rows = rows(&valid(SPEC), "north_star_drivers");
    let contribution = |effect, member, expected| {
        let wanted = [("kpi", "conversion"), ("period", "2024-02-01"), ("effect", effect), ("member", member)];
        number(of(&rows, &wanted), "contribution", expected);
    };
    // Both convert as before, 10 % and 30 %; the weights go from half and half to three quarters and one.
    contribution("rate", "a", 0.0);
    contribution("rate", "b", 0.0);
    // a: 30 / 400 - 10 / 200, less 0.25 of the mean 0.175. b: 30 / 400 - 30 / 200, and 0.25 of it back.
    contribution("mix", "a", -0.01875);
    contribution("mix", "b", -0.03125);
    // Sums by slices have one row each.
    let wanted = [("kpi", "buyers"), ("period", "2024-02-01"), ("effect", "member"), ("member", "a")];
    number(of(&rows, &wanted), "contribution", 20.0);
}

#[test]
fn members_add_up_to_the_change_when_some_are_new() {
    let rows = rows(&valid(SPEC), "north_star_drivers");
    let march = |effects: &[&str]| -> f64 {
        let fits = |row: &&Row| {
            row["kpi"] == "conversion" && row["period"] == "2024-03-01" && effects.iter().any(|effect| row["effect"] == *effect)
        };
        rows.iter().filter(fits).map(|row| row["contribution"].as_f64().unwrap()).sum()
    };
    // 60 / 400, then 100 / 500.
    assert!((march(&["total"]) - 0.05).abs() < 1e-12, "{}", march(&["total"]));
    assert!((march(&["rate", "mix"]) - 0.05).abs() < 1e-12, "{}", march(&["rate", "mix"]));
    // b alone has another figure: 30 % became 50 %, at the mean weight of 0.25 and 0.2.
    let b = [("kpi", "conversion"), ("period", "2024-03-01"), ("effect", "rate"), ("member", "b")];
    number(of(&rows, &b), "contribution", 0.2 * 0.225);
    // Who is new has all of it in the mix.
    let c = [("kpi", "conversion"), ("period", "2024-03-01"), ("effect", "rate"), ("member", "c")];
    number(of(&rows, &c), "contribution", 0.0);
}

#[test]
fn names_that_the_view_has_for_itself_change_nothing() {
    let names = [
        ("own_above", "slope_1"),
        ("own_below", "part_1"),
        ("all_below", "part_2"),
        ("all_value", "slope_2"),
        ("own_value", "by_mean_1"),
        ("own_above_before", "own_above"),
        ("member", "contribution"),
    ];
    for (dimension, kpi) in names {
        let spec = SPEC.replace("channel", dimension).replace("conversion", kpi);
        let rows = rows(&valid(&spec), "north_star_drivers");
        let february = |effect, of_member: &[(&str, &str)], column, expected| {
            let wanted = [&[("kpi", kpi), ("period", "2024-02-01"), ("effect", effect)], of_member].concat();
            number(of(&rows, &wanted), column, expected);
        };
        // 40 / 200, then 60 / 400; the shares as in `mix_against_rate`.
        february("total", &[], "prior", 0.2);
        february("total", &[], "contribution", -0.05);
        february("rate", &[("member", "b")], "value", 0.3);
        february("mix", &[("member", "a")], "contribution", -0.01875);
        february("mix", &[("member", "b")], "contribution", -0.03125);
        // One of its two components grew by 20, the other by 200.
        let components = rows.iter().filter(|row| {
            row["kpi"] == kpi && row["effect"] == "component" && row["period"] == "2024-02-01" && row["level"] == 1
        });
        let changes: Vec<f64> = components.map(|row| row["change"].as_f64().unwrap()).collect();
        assert_eq!(changes, [20.0, 200.0], "{kpi}");
        let buyers = [("kpi", "buyers"), ("period", "2024-02-01"), ("effect", "member"), ("member", "a")];
        number(of(&rows, &buyers), "contribution", 20.0);
    }
}
