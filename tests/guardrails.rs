//! `kpic run` on a project with guardrails: what it says of those that fire, as text and as JSON, and its exit code.

#![allow(clippy::unwrap_used, reason = "a test that cannot run the program has failed")]

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const PROJECT: &str = "kpic: 1
calendar: { start: 2024-01-01, as_of: 2024-04-15 }
lints: { missing-description: allow }
";

/// Revenue is 100, 60 and 40 in the complete months; of shop b nothing after January.
const SPEC: &str = "
sources:
  sales:
    query: |
      select * from (values (date '2024-01-05', 70, 'a'), (date '2024-01-06', 30, 'b'), (date '2024-02-05', 60, 'a'),
        (date '2024-03-05', 40, 'a'), (date '2024-04-05', 500, 'a')) as t(day, amount, shop)
    kind: events
    time: day
    columns: { day: date, amount: { type: integer, unit: EUR, min: 0 }, shop: text }
teams: { care: { title: Customer care } }
kpis:
  revenue: { formula: sum(sales.amount), owner: care }
  sales:   { formula: count(sales), owner: care }
guardrails:
  drop:    { when: growth(revenue) < -30%, severity: SEVERITY, owner: care, action: Call. }
  closed:  { when: revenue = 0, by: [shop], for: 2, severity: notice, owner: care, action: \"Ask.\\ntwice\" }
  no_sale: { when: sales = 0, severity: alert, owner: care, action: Look. }
";

fn run(project: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kpic")).current_dir(project).arg("run").args(arguments).output().unwrap()
}

fn project(severity: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("specs")).unwrap();
    fs::write(folder.path().join("kpic.yml"), PROJECT).unwrap();
    fs::write(folder.path().join("specs/shop.yml"), SPEC.replace("SEVERITY", severity)).unwrap();
    folder
}

#[test]
fn what_fires_is_shown_with_its_figures_and_who_acts() {
    let project = project("warn");
    let output = run(project.path(), &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    let (_, fires) = text.split_once("\n\n2 of 3").unwrap();
    // February: 60 after 100 is 40 % less; March: 40 after 60 is a third less. Shop b has sold nothing since February.
    assert_eq!(
        fires,
        " guardrails fire
  warn    drop  2024-03
          growth(revenue) -33.3%, since 2024-02
          Customer care: Call.
  notice  closed  2024-03
          shop = b: revenue 0.00, since 2024-02
          Customer care: Ask. twice
"
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn guardrails_of_other_kpis_are_left_out() {
    let project = project("warn");
    let text = String::from_utf8(run(project.path(), &["sales"]).stdout).unwrap();
    assert!(text.ends_with("fine: the guardrail does not fire\n"), "{text}");
}

#[test]
fn the_exit_code_is_what_is_asked_for() {
    for (severity, asked, code) in [
        ("warn", None, 0),
        ("warn", Some("alert"), 0),
        ("warn", Some("warn"), 1),
        ("warn", Some("notice"), 1),
        ("alert", Some("alert"), 1),
        ("alert", None, 0),
    ] {
        let project = project(severity);
        let arguments: Vec<&str> = asked.map(|asked| ["--fail-on", asked]).into_iter().flatten().collect();
        assert_eq!(run(project.path(), &arguments).status.code(), Some(code), "{severity} {asked:?}");
    }
}

#[test]
fn programs_get_the_firings_of_each_kpi() {
    let project = project("warn");
    let output = run(project.path(), &["revenue", "--format", "json"]);
    let kpis: Value = serde_json::from_slice(&output.stdout).unwrap();
    let fires = kpis.pointer("/0/guardrails").unwrap();
    let expected = serde_json::json!([
        {
            "guardrail": "drop", "severity": "warn", "owner": "care", "grain": "month", "period": "2024-03-01", "slice": null,
            "since": "2024-02-01", "periods": 2, "figures": { "growth(revenue)": -0.333_333 }, "action": "Call.",
        },
        {
            "guardrail": "closed", "severity": "notice", "owner": "care", "grain": "month", "period": "2024-03-01",
            "slice": "shop = b", "since": "2024-02-01", "periods": 2, "figures": { "revenue": 0.0 },
            "action": "Ask.\ntwice",
        },
    ]);
    assert_eq!(*fires, expected);
}
