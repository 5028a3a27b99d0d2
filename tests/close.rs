//! `kpic close`: which grades are drafted, what is asked for, and what is left alone.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot run the program has failed")]

mod support;

use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Output;
use support::{kpic, write_files};

const PROJECT: &str = "kpic: 1
calendar: { start: 2024-01-01, as_of: 2024-04-02 }
lints: { missing-description: allow, missing-owner: allow, no-north-star: allow }
";

/// Sales are 4 in January, 3 in February and 1 in March.
const SPEC: &str = "\
sources:
  sales:
    query: |
      select * from (values (date '2024-01-05', 10), (date '2024-01-06', 10), (date '2024-01-07', 10), (date '2024-01-08', 10),
        (date '2024-02-05', 10), (date '2024-02-06', 10), (date '2024-02-07', 10), (date '2024-03-07', 10)) as t(day, amount)
    kind: events
    row: sale
    time: day
    columns: { day: date, amount: { type: integer, unit: EUR, min: 0 } }
teams: { shop: { title: The shop }, care: { title: Customer care } }
kpis:
  sold: { formula: count(sales), owner: shop, better: up }
objectives:
  # What we wanted.
  grow:
    title: We grow
    owner: shop
    period: 2024-Q1   # the first
    key_results:
      sold:  { title: More is sold, kpi: sold, from: 0, to: 4 }
      shops: { title: Shops open, manual: true, from: 0, to: 2, check_ins: { 2024-03-31: 2 } }
      money: { title: Money, kpi: sold, from: 0, to: 100, dropped: Why not. }
      guard: { title: Some, kpi: sold, at_least: 1, health: true }
  calm: { title: All is calm, owner: care, period: 2024-Q1, key_results: { calls: { title: Calls, manual: true, from: 0, to: 3, check_ins: { 2024-03-30: 1 } } } }
  known:
    title: Known
    owner: care
    period: { from: 2024-01-01, to: 2024-03-31 }
    key_results: { a: { title: A, kpi: sold, from: 0, to: 2 } }
    final: { 2024-04-01: { grade: 0.4 } }
  dark: { title: Dark, owner: shop, period: 2024-Q1, key_results: { a: { title: A, manual: true, from: 0, to: 2 } } }
  later: { title: Later, owner: shop, period: 2024-Q2, key_results: { a: { title: A, kpi: sold, from: 0, to: 2 } } }
";

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), &[("kpic.yml", PROJECT), ("specs/shop.yml", SPEC)]);
    folder
}

fn spec(project: &Path) -> String {
    fs::read_to_string(project.join("specs/shop.yml")).unwrap()
}

fn close(project: &Path, arguments: &[&str]) -> Output {
    kpic(project, &[&["close"], arguments].concat())
}

fn text(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The lines that a text has and another has not.
fn new_lines(before: &str, after: &str) -> Vec<String> {
    let known: Vec<&str> = before.lines().collect();
    after.lines().filter(|line| !known.contains(line)).map(str::to_owned).collect()
}

#[test]
fn objectives_of_a_period_get_their_score_as_grade() {
    let project = project();
    // 1 of 4 sold is 0.25 and 2 of 2 shops are 1: 0.625, which reads as 0.62 or 0.63. A third of the calls is 0.33.
    let said = text(&close(project.path(), &["2024-Q1"]));
    let wanted = "done: 2 objectives of 2024-Q1 graded on 2024-04-02
  specs/shop.yml
objective    grade  score  reached  dropped  learned
We grow       0.62   0.62   1 of 2        1
All is calm   0.33   0.33   0 of 1        0
unfinished: grow.sold
note: say what was learned in the spec, or with `kpic close 2024-Q1 --learned grow=\"...\"`
note: the score of calm may still change: not all of its results have their last reading
unfinished: calm.calls
note: say what was learned in the spec, or with `kpic close 2024-Q1 --learned calm=\"...\"`
left: known: it was graded 0.4 on 2024-04-01
left: dark: its score is not known: name a grade with `--grade`
";
    assert_eq!(said, wanted);
    let after = spec(project.path());
    let calm = SPEC.lines().find(|line| line.starts_with("  calm:")).unwrap();
    let calm = calm.replace(" } } } }", " } } }, final: { 2024-04-02: { grade: 0.33 } } }");
    let lines = ["    final:", "      2024-04-02: { grade: 0.62 }  # learned: what will you do differently?", &calm];
    assert_eq!(new_lines(SPEC, &after), lines);
    // What was learned takes the place of the question; the grade stays.
    text(&close(project.path(), &["2024-Q1", "--learned", "grow=Ask: first", "--learned", "known=Less", "--grade", "dark=0"]));
    let said = spec(project.path());
    assert!(said.contains("      2024-04-02: { grade: 0.62, learned: \"Ask: first\" }\n  calm"), "{said}");
    assert!(said.contains("final: { 2024-04-01: { grade: 0.4, learned: Less } }"), "{said}");
    assert!(said.contains("final: { 2024-04-02: { grade: 0 } } }\n  later"), "{said}");
    let again = text(&close(project.path(), &["2024-Q1"]));
    assert!(again.starts_with("nothing to grade in 2024-Q1\nleft: grow: it was graded 0.62 on 2024-04-02\n"), "{again}");
    assert_eq!(spec(project.path()), said);
}

#[test]
fn programs_read_what_was_closed() {
    let project = project();
    let arguments = ["2024-Q1", "--owner", "shop", "--grade", "grow=0.7", "--dry-run", "--format", "json"];
    let told: Value = serde_json::from_str(&text(&close(project.path(), &arguments))).unwrap();
    assert_eq!((&told["written"], spec(project.path()).as_str()), (&json!([]), SPEC));
    assert_eq!(told["objectives"].as_array().unwrap().len(), 2);
    let wanted = json!({
        "objective": "grow", "owner": "shop", "grade": 0.7, "graded_on": "2024-04-02", "score": 0.625, "is_complete": true,
        "learned": null, "reached": 1, "key_results": 2, "dropped": 1, "unfinished": ["sold"], "left": null,
    });
    assert_eq!(told["objectives"][0], wanted);
    assert_eq!(told["objectives"][1]["left"], "its score is not known: name a grade with `--grade`");
}

#[test]
fn what_cannot_be_closed_is_said_and_nothing_is_written() {
    let project = project();
    for (arguments, code, said) in [
        (&["2024-Q2"][..], 0, "left: later: it runs until 2024-06-30"),
        (&["2024-Q1", "--on", "2024-03-30"], 0, "left: grow: it runs until 2024-03-31"),
        (&["2024-Q3"], 2, "no objective is of the period `2024-Q3`"),
        (&["2024-Q1", "--on", "2024-04-03"], 2, "2024-04-03 is after the project's last visible day, 2024-04-02"),
        (&["2024-Q1", "--grade", "grow=1.5"], 2, "a grade from 0 to 1"),
        (&["2024-Q1", "--grade", "later=1"], 2, "`later` is not an objective of 2024-Q1 that is closed here"),
        (&["2024-Q1", "--learned", "grow"], 2, "expected `objective=text`"),
        (&["2024-Q1", "--owner", "cares"], 2, "did you mean `care`?"),
        (&["2024-Q1", "--learned", "grow=a\u{7}b"], 1, "nothing was changed"),
        (&["2024-Q1", "--diff"], 0, "+      2024-04-02: { grade: 0.62 }"),
    ] {
        let output = close(project.path(), arguments);
        let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
        assert!(told.contains(said), "{arguments:?}: {told}");
        assert_eq!(spec(project.path()), SPEC, "{arguments:?}");
    }
}
