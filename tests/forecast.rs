//! Forecasts beside those of statsmodels and SciPy on fixed random series (`tests/forecast/reference.json`, made by `make test-forecast`), what `kpic status`
//! says of a project whose forecasts are worked out by hand, and the back-tests of the examples that `docs/explanation/forecasts.md` reports
//! (`KPIC_UPDATE_DOCS=1` writes them anew).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_precision_loss,
    reason = "a test that cannot read the numbers has failed"
)]

mod support;

use kpic::forecast::{FEWEST, Weights, forecast, run, start};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use support::{text, write_files};

fn reference() -> Value {
    serde_json::from_str(include_str!("forecast/reference.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

fn close(value: f64, wanted: &Value, what: &str) {
    let wanted = wanted.as_f64().unwrap();
    assert!((value - wanted).abs() <= 1e-6 * wanted.abs().max(1.0), "{what}: {value} is not {wanted}");
}

#[test]
fn the_recursion_is_that_of_statsmodels() {
    let reference = &reference()["recursion"];
    let (values, part) = (numbers(&reference["values"]), |key: &str| reference[key].as_f64().unwrap());
    let weights = Weights { level: part("level"), trend: part("trend"), damping: part("damping") };
    let (state, squares) = run(&values, weights, start(&values).unwrap());
    close(squares, &reference["squares"], "squares");
    let ahead = numbers(&reference["ahead"]);
    for (value, wanted) in state.ahead(weights.damping, ahead.len()).into_iter().zip(reference["ahead"].as_array().unwrap()) {
        close(value, wanted, "ahead");
    }
}

#[test]
fn methods_values_errors_and_chances_are_those_of_the_reference() {
    let reference = reference();
    let cases = reference["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 7);
    for case in cases {
        let whole = |key: &str| usize::try_from(case[key].as_u64().unwrap()).unwrap();
        let found = forecast(&numbers(&case["values"]), whole("season"), whole("horizon")).unwrap();
        assert_eq!(found.method.name(), case["method"].as_str().unwrap(), "{case}");
        assert_eq!(found.errors, whole("errors"), "{case}");
        close(found.value, &case["value"], "value");
        close(found.error.unwrap(), &case["error"], "error");
        assert_eq!(found.spread.is_none(), case["margin"].is_null(), "{case}");
        let Some(spread) = found.spread else { continue };
        close(spread.margin(), &case["margin"], "margin");
        close(spread.chance(found.value, case["target"].as_f64().unwrap(), f64::INFINITY), &case["chance"], "chance");
    }
}

const PROJECT: &str = "kpic: 1
calendar: { start: 2023-01-01, as_of: 2024-03-31 }
lints: { missing-description: allow, missing-owner: allow }
";

/// In month n, of 15, `up` is 10 n and `down` 1000 - 10 n. `late` is there from the ninth month on, `holed` not in the tenth.
const SPEC: &str = "
sources:
  months:
    query: |
      select cast(date '2023-01-15' + interval (n) month as date) as day, 10 * (n + 1) as up, 990 - 10 * n as down,
        case when n >= 8 then 10 * n end as late, case when n <> 9 then 10 * n end as holed
      from range(15) as months(n)
    kind: events
    row: month
    time: day
    columns: { day: date, up: integer, down: integer, late: integer, holed: integer }
kpis:
  up: { formula: sum(months.up) }
  down: { formula: avg(months.down) }
  late: { formula: avg(months.late) }
  holed: { formula: avg(months.holed) }
objectives:
  grow:
    title: We grow
    period: 2024-H1
    key_results:
      more:    { title: More, kpi: up, from: 120, to: 180 }
      less:    { title: Less, kpi: down, from: 880, to: 820 }
      reached: { title: Reached, kpi: up, from: 100, to: 130 }
      soon:    { title: Soon, kpi: up, from: 120, to: 180, due: 2024-04-15 }
      ended:   { title: Ended, kpi: up, from: 120, to: 180, due: 2024-03-31 }
      late:    { title: Late, kpi: late, from: 110, to: 180 }
      holed:   { title: Holed, kpi: holed, from: 110, to: 180 }
      total:   { title: Total, kpi: up, measure: to_date, from: 0, to: 900 }
      kept:    { title: Kept, kpi: up, at_most: 175, health: true }
";

fn asked(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_kpic")).args(arguments).arg("-C").arg(folder).output().unwrap();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn status_says_what_follows_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), &[("kpic.yml", PROJECT), ("specs/all.yml", SPEC)]);
    let all: Value = serde_json::from_str(&asked(folder.path(), &["status", "--format", "json"])).unwrap();
    let results = all[0]["key_results"].as_array().unwrap();
    let of = |name: &str| results.iter().find(|result| result["key_result"] == name).unwrap();
    let is = |name: &str, key: &str, wanted: f64| {
        let value = of(name)[key].as_f64().unwrap_or_else(|| panic!("{name}.{key}: {}", of(name)));
        assert!((value - wanted).abs() < 5e-5, "{name}.{key}: {value} is not {wanted}");
    };
    // The line goes on by 9.8, 9.604 and 9.41192, in April, May and June. Each of the nine back-tests of three months misses 30 - 28.81592 = 1.18408.
    // Student's distribution with nine degrees of freedom has a tenth beyond 1.383029 and 0.171718 beyond 1, and 180 is 1 error away.
    let margin = 1.184_08 * 1.383_029;
    is("more", "forecast", 178.815_92);
    is("more", "forecast_error", 1.184_08);
    is("more", "low", 178.815_92 - margin);
    is("more", "high", 178.815_92 + margin);
    is("more", "chance", 0.171_718);
    is("more", "needed_per_period", 10.0);
    is("more", "best_so_far", 30.0);
    assert_eq!(of("more")["forecast_on"], "2024-06-30");
    assert_eq!(of("more")["forecast_periods"], 3);
    assert_eq!(of("more")["forecast_method"], "damped trend");
    // The same downwards, from 850.
    is("less", "forecast", 821.184_08);
    is("less", "chance", 0.171_718);
    is("less", "needed_per_period", -10.0);
    is("less", "best_so_far", -30.0);
    // It is at 150 already; nothing is needed, and nothing is surer than 99 %.
    is("reached", "chance", 0.99);
    assert_eq!(of("reached")["needed_per_period"], Value::Null);
    // 175 is 3.81592 / 1.18408 = 3.2227 errors below: 0.0052 are there, and no chance is below 1 %.
    is("kept", "chance", 0.01);
    assert_eq!(of("kept")["needed_per_period"], Value::Null);
    for (name, why) in [
        ("soon", "no month ends between the last complete one and 2024-04-15"),
        ("ended", "it has ended"),
        ("late", "its past has 7 complete months without a gap, and 8 are needed"),
        ("holed", "its past has 5 complete months without a gap, and 8 are needed"),
        ("total", "it adds up since the start, and a forecast is of one period"),
    ] {
        assert_eq!(of(name)["no_forecast"], why, "{name}");
        let keys = ["forecast", "low", "high", "chance", "needed_per_period", "best_so_far", "forecast_error"];
        assert!(keys.iter().all(|key| of(name)[*key].is_null()), "{}", of(name));
    }
    let said = asked(folder.path(), &["status"]);
    for line in [
        "forecast: grow.more: at this rate 178.8 of 180.0 on 2024-06-30; 80% interval 177.2 to 180.5; chance 17%; +10 a month is needed; the best 3 months so far brought +30\n",
        "forecast: grow.late: none; its past has 7 complete months without a gap, and 8 are needed\n",
    ] {
        assert!(said.contains(line), "no `{line}` in {said}");
    }
    assert!(!said.contains("forecast: grow.ended"), "{said}");
}

/// The last values without a gap of complete periods.
fn unbroken(periods: &Value) -> Vec<f64> {
    let complete = periods.as_array().unwrap().iter().filter(|period| period["is_complete"] == true);
    let values: Vec<Option<f64>> = complete.map(|period| period["value"].as_f64()).collect();
    let from = values.iter().rposition(Option::is_none).map_or(0, |at| at + 1);
    values[from..].iter().flatten().copied().collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2])
}

#[test]
fn the_errors_on_the_examples_are_those_of_the_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut table = String::new();
    for project in ["cdnow", "flights", "saas"] {
        let run = asked(&root.join("specs").join(project), &["run", "--periods", "200", "--no-guards", "--format", "json"]);
        let run: Value = serde_json::from_str(&run).unwrap();
        for horizon in [1, 3, 6] {
            let (mut own, mut last) = (Vec::new(), Vec::new());
            for kpi in run.as_array().unwrap() {
                let season = match kpi["grain"].as_str().unwrap() {
                    "day" => 7,
                    "week" => 52,
                    "month" => 12,
                    "quarter" => 4,
                    _ => 1,
                };
                let values = if kpi["periods"].is_array() { unbroken(&kpi["periods"]) } else { Vec::new() };
                let values = &values[values.len().saturating_sub(120)..];
                let size = values.iter().map(|value| value.abs()).sum::<f64>() / values.len() as f64;
                let Some(found) = forecast(values, season, horizon).filter(|found| found.errors >= 4 && size > 0.0) else {
                    assert!(values.len() < FEWEST + 6 || size == 0.0, "{}", kpi["kpi"]);
                    continue;
                };
                // The same stretches of the past, had the last value stayed.
                let stretches = values.len() - horizon - found.errors..values.len() - horizon;
                let stayed: f64 = stretches.map(|at| (values[at + horizon] - values[at]).abs()).sum();
                own.push(found.error.unwrap() / size);
                last.push(stayed / found.errors as f64 / size);
            }
            let better = own.iter().zip(&last).filter(|(own, last)| own <= last).count();
            let count = own.len();
            table += &format!(
                "| {project} | {horizon} | {count} | {:.1}% | {:.1}% | {better} |\n",
                median(own) * 100.0,
                median(last) * 100.0
            );
        }
    }
    let page = root.join("docs/explanation/forecasts.md");
    let is = std::fs::read_to_string(&page).unwrap();
    let heading = "|---|---:|---:|---:|---:|---:|\n";
    let (before, rest) = is.split_once(heading).unwrap();
    let after = rest.find("\n\n").map_or("", |at| &rest[at + 1..]);
    let made = format!("{before}{heading}{table}{after}");
    if std::env::var_os("KPIC_UPDATE_DOCS").is_some() {
        std::fs::write(&page, made).unwrap();
    } else {
        assert_eq!(is, made, "with KPIC_UPDATE_DOCS=1 it is brought up to date");
    }
}
