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
fn unfinished_results_go_on_in_drafts() {
    let project = project();
    let said = text(&close(project.path(), &["2024-Q1", "--carry-to", "2024-Q2"]));
    for pair in ["grow.sold as grow_2024_q2.sold", "calm.calls as calm_2024_q2.calls", "known.a as known_2024_q2.a"] {
        assert!(said.contains(&format!("carried on: {pair}\n")), "{said}");
    }
    let after = spec(project.path());
    // What was reached, dropped or guarded does not go on, nor what has no grade yet.
    let drafts = "\
  grow_2024_q2: { title: We grow, owner: shop, period: 2024-Q2, key_results: { sold: { title: More is sold, kpi: sold, from: measured, to: 4, continues: grow.sold } } }
  calm_2024_q2: { title: All is calm, owner: care, period: 2024-Q2, key_results: { calls: { title: Calls, manual: true, from: 1, to: 3, continues: calm.calls } } }
  known_2024_q2: { title: Known, owner: care, period: 2024-Q2, key_results: { a: { title: A, kpi: sold, from: measured, to: 2, continues: known.a } } }
";
    assert!(after.ends_with(drafts), "{after}");
    assert!(after.contains("2024-04-02: { grade: 0.62 }"), "{after}");
    assert_eq!(kpic(project.path(), &["check"]).status.code(), Some(0));
    // March had one sale.
    let status: Value =
        serde_json::from_str(&text(&kpic(project.path(), &["status", "grow_2024_q2", "--format", "json"]))).unwrap();
    assert_eq!((&status[0]["key_results"][0]["baseline"], &status[0]["key_results"][0]["target"]), (&json!(1.0), &json!(4.0)));
    let again = close(project.path(), &["2024-Q1", "--carry-to", "2024-Q2"]);
    assert_eq!(again.status.code(), Some(1));
    let told = String::from_utf8(again.stderr).unwrap();
    assert!(told.contains("there is already an objective `grow_2024_q2`"), "{told}");
    assert_eq!(spec(project.path()), after);
    // A name follows its objective.
    text(&kpic(project.path(), &["rename", "grow", "rise"]));
    assert!(spec(project.path()).contains("continues: rise.sold }"));
}

#[test]
fn drafts_keep_what_makes_a_result() {
    let project = project();
    let own = "sources:
  sales: { table: sales, kind: events, time: day, columns: { day: date, kind: text, is_good: { type: boolean, nullable: false } } }
teams: { shop: { title: The shop }, care: { title: Customer care } }
kpis:
  good: { formula: count(sales where is_good) / count(sales), unit: \"%\", better: up, by: [kind] }
  sold: { formula: count(sales), better: up, by: [kind] }
objectives:
  year: { title: A year, period: 2024, key_results: { a: { kpi: sold, from: 0, to: 9 } } }
  grow_2024_q1:
    title: \"We: grow\"
    owner: shop
    period: 2024-Q1
    parent: year
    review: weekly
    key_results:
      good:  { title: Good ones, kpi: good, slice: { kind: 'a: b' }, at_least: 45%, owner: care, weight: 2, due: 2024-03-20, confidence: { 2024-02-01: 5 } }
      kept:  { kpi: good, between: [40%, \"60%\"], measure: mean, commitment: committed }
      sum:   { kpi: sold, from: 0, to: 9, measure: to_date }
      shops: { manual: true, unit: shop, to: 3, unaligned: So far. }
    final: { 2024-04-01: { grade: 0.5 } }
";
    let data = "create table sales as select date '2024-01-05' as day, 'x' as kind, true as is_good";
    let database = project.path().join("data.duckdb");
    let duckdb =
        std::env::var("KPIC_DUCKDB").unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/.tools/duckdb").to_owned());
    assert!(std::process::Command::new(duckdb).arg(&database).arg(data).status().unwrap().success());
    fs::write(project.path().join("specs/shop.yml"), own).unwrap();
    let arguments = ["2024-Q1", "--carry-to", "2024-Q2", "--database", database.to_str().unwrap()];
    let said = text(&close(project.path(), &arguments));
    assert!(said.contains("not carried on: grow_2024_q1.sum: it adds up from the start of its period"), "{said}");
    let draft = "  grow_2024_q2: { title: \"We: grow\", owner: shop, period: 2024-Q2, parent: year, review: weekly, key_results: { \
        good: { title: Good ones, kpi: good, slice: { kind: \"a: b\" }, at_least: 45%, owner: care, weight: 2, continues: grow_2024_q1.good }, \
        kept: { kpi: good, between: [40%, 60%], measure: mean, commitment: committed, continues: grow_2024_q1.kept }, \
        shops: { manual: true, unit: shop, from: 0, to: 3, unaligned: So far., continues: grow_2024_q1.shops } } }\n";
    assert_eq!(spec(project.path()).strip_prefix(own).unwrap(), draft);
}

#[test]
fn only_what_came_before_and_is_measured_alike_is_continued() {
    let project = project();
    for (own, why) in [
        ("kpi: sold, from: 0, to: 2, continues: grow.sold", None),
        ("manual: true, from: 0, to: 2, continues: grow.shops", None),
        ("kpi: sold, from: 0, to: 2, continues: grow.sol", Some("there is no key result `grow.sol`")),
        ("kpi: sold, from: 0, to: 2, continues: later.a", Some("`later.a` does not begin earlier")),
        ("kpi: sold, from: 0, to: 2, continues: grow.shops", Some("`grow.shops` is measured in another way")),
        ("manual: true, unit: day, from: 0, to: 2, continues: grow.shops", Some("`grow.shops` is measured in another way")),
    ] {
        let spec = SPEC.replace(
            "period: 2024-Q2, key_results: { a: { title: A, kpi: sold, from: 0, to: 2 } }",
            &format!("period: 2024-Q2, key_results: {{ a: {{ title: A, {own} }} }}"),
        );
        assert_ne!(spec, SPEC);
        fs::write(project.path().join("specs/shop.yml"), spec).unwrap();
        let output = kpic(project.path(), &["check"]);
        let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        match why {
            None => assert_eq!(output.status.code(), Some(0), "{told}"),
            Some(why) => assert!(told.contains(why) && told.contains("bad-key-result"), "{told}"),
        }
    }
}

#[test]
fn what_cannot_be_closed_is_said_and_nothing_is_written() {
    let project = project();
    for (arguments, code, said) in [
        (&["2024-Q2"][..], 0, "left: later: it runs until 2024-06-30"),
        (&["2024-Q1", "--on", "2024-03-30"], 0, "left: grow: it runs until 2024-03-31"),
        (&["2024-Q1", "--carry-to", "2024-01"], 2, "2024-01 does not come after 2024-Q1"),
        (&["2024-Q1", "--carry-to", "soon"], 2, "`soon` is not a period"),
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
