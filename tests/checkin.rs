//! `kpic checkin`: what is written into specs and what is refused, with nothing written then; falling confidence in `status` and `review`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot run the program has failed")]

mod support;

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Output;
use support::{kpic, write_files};

const PROJECT: &str = "kpic: 1
calendar: { start: 2024-01-01, as_of: 2024-02-29 }
lints: { missing-description: allow, missing-owner: allow, no-north-star: allow }
";

/// Sales are 4 in January and 3 in February.
const SPEC: &str = "\
sources:
  sales:
    query: |
      select * from (values (date '2024-01-05', 10), (date '2024-01-06', 10), (date '2024-01-07', 10), (date '2024-01-08', 10),
        (date '2024-02-05', 10), (date '2024-02-06', 10), (date '2024-02-07', 10)) as t(day, amount)
    kind: events
    row: sale
    time: day
    columns: { day: date, amount: { type: integer, unit: EUR, min: 0 } }
teams: { shop: { title: The shop } }
kpis:
  sold: { formula: count(sales), owner: shop, better: up }
objectives:
  # What we want this quarter.
  grow:
    title: We grow
    owner: shop
    period: 2024-Q1
    key_results:
      sold:  { title: More is sold, kpi: sold, from: 0, to: 4 }    # by the till
      shops:
        title: Shops open
        manual: true
        unit: shop
        from: 0
        to: 2
        confidence: { 2024-01-31: 7 }
        check_ins:
          2024-01-31: 1   # Lisbon
      new_kinds: { title: New kinds of goods, manual: true, from: 0, to: 3 }
";

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), &[("kpic.yml", PROJECT), ("specs/shop.yml", SPEC)]);
    folder
}

fn spec(project: &Path) -> String {
    fs::read_to_string(project.join("specs/shop.yml")).unwrap()
}

/// Runs `kpic checkin` with arguments.
fn checkin(project: &Path, arguments: &[&str]) -> Output {
    kpic(project, &[&["checkin"], arguments].concat())
}

/// What a command prints that works.
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
fn a_check_in_is_written_where_it_belongs_and_nothing_else_changes() {
    let project = project();
    let said = text(&checkin(project.path(), &["grow.shops", "2", "--confidence", "8", "--note", "Porto: \"open\"."]));
    assert_eq!(
        said,
        "done: grow.shops is checked in on 2024-02-29
  specs/shop.yml
value       2 on 2024-02-29, +1 since 2024-01-31  ▁█
confidence  8 of 10 on 2024-02-29, 7 on 2024-01-31  ▁█
"
    );
    let after = spec(project.path());
    assert_eq!(
        new_lines(SPEC, &after),
        [
            "        confidence: { 2024-01-31: 7, 2024-02-29: 8 }",
            "          2024-02-29: { value: 2, note: \"Porto: \\\"open\\\".\" }"
        ]
    );
    assert!(after.contains("          2024-01-31: 1   # Lisbon\n          2024-02-29"), "{after}");
    // A plain value needs no braces, and a day before goes before.
    text(&checkin(project.path(), &["grow.shops", "0", "--on", "2024-01-10"]));
    assert!(spec(project.path()).contains("        check_ins:\n          2024-01-10: 0\n          2024-01-31: 1   # Lisbon\n"));
    text(&checkin(project.path(), &["grow.new_kinds", "-1"]));
    assert!(spec(project.path()).contains("from: 0, to: 3, check_ins: { 2024-02-29: -1 } }\n"));
    let status: Value = serde_json::from_str(&text(&kpic(project.path(), &["status", "--format", "json"]))).unwrap();
    let results = status[0]["key_results"].as_array().unwrap();
    assert_eq!(
        (&results[1]["current"], &results[1]["confidence"], &results[1]["confidence_before"]),
        (&2.0.into(), &8.into(), &7.into())
    );
    assert_eq!(results[2]["current"], -1.0);
}

#[test]
fn results_of_kpis_take_words_and_confidence_and_no_other_value() {
    let project = project();
    let said = text(&checkin(
        project.path(),
        &["grow.sold", "--confidence", "6", "--blocker", "No stock", "--decision", "Rent a store?"],
    ));
    // The KPI says how far it is: 3 of February, 4 of January.
    assert!(said.contains("value       3 on 2024-02-29, -1 since 2024-01-31  █▁\n"), "{said}");
    let line = "      sold:  { title: More is sold, kpi: sold, from: 0, to: 4, check_ins: { 2024-02-29: { blocker: No stock, decision: \"Rent a store?\" } }, confidence: { 2024-02-29: 6 } }    # by the till";
    assert_eq!(new_lines(SPEC, &spec(project.path())), [line]);
    let before = spec(project.path());
    let refused = checkin(project.path(), &["grow.sold", "5", "--note", "We count five.", "--replace"]);
    assert_eq!(refused.status.code(), Some(1));
    let why = String::from_utf8(refused.stderr).unwrap();
    assert!(why.contains("`sold` is 3 on 2024-02-29, and not 5") && why.contains("nothing was changed"), "{why}");
    assert_eq!(spec(project.path()), before);
    // The same value is the KPI's, and is not written.
    text(&checkin(project.path(), &["grow.sold", "3.0", "--note", "As counted", "--replace"]));
    assert!(spec(project.path()).contains("check_ins: { 2024-02-29: { note: As counted } }, confidence: { 2024-02-29: 6 }"));
    // Without the engine there is nothing to compare.
    let blind = checkin(project.path(), &["grow.sold", "3", "--note", "As counted", "--no-figures", "--on", "2024-02-28"]);
    assert_eq!(blind.status.code(), Some(2));
    text(&checkin(project.path(), &["grow.sold", "--note", "Blind", "--no-figures", "--on", "2024-02-28"]));
}

#[test]
fn what_cannot_be_written_is_refused_and_nothing_is() {
    let project = project();
    for (arguments, code, said) in [
        (&["grow.shops"][..], 0, ""),
        (&["grow.shop", "2"], 1, "did you mean `grow.shops`?"),
        (&["shops", "2"], 1, "name its objective too: `grow.shops`"),
        (&["grow.shops", "two"], 2, "`two` is not a number"),
        (&["grow.shops", "--note", "Later"], 2, "a check-in says how far the result is"),
        (&["grow.sold", "3"], 2, "there is nothing to write"),
        (&["grow.shops", "2", "--confidence", "11"], 2, "1..=10"),
        (&["grow.shops", "2", "--on", "2024-03-01"], 2, "2024-03-01 is after the project's last visible day, 2024-02-29"),
        (
            &["grow.shops", "2", "--on", "2023-12-31"],
            1,
            "this check-in is from 2023-12-31, but the objective only starts on 2024-01-01",
        ),
        (&["grow.shops", "2", "--on", "2024-01-31"], 1, "`grow.shops` has been checked in on 2024-01-31 already"),
        (&["grow.shops", "2", "--on", "2024-01-30", "--note", "a\u{7}b"], 1, "nothing was changed"),
        (&["grow.shops", "2", "--dry-run"], 0, ""),
        (&["grow.shops", "2", "--diff"], 0, ""),
    ] {
        let output = checkin(project.path(), arguments);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
        assert!(told.contains(said), "{arguments:?}: {told}");
        assert_eq!(spec(project.path()), SPEC, "{arguments:?}");
    }
    // A project with errors elsewhere is told of these.
    fs::write(project.path().join("specs/other.yml"), "kpis: { a: { formula: nothing } }\n").unwrap();
    assert_eq!(checkin(project.path(), &["grow.shops", "2"]).status.code(), Some(1));
    assert_eq!(spec(project.path()), SPEC);
}

#[test]
fn a_repeated_check_in_replaces_the_first_if_asked() {
    let project = project();
    text(&checkin(project.path(), &["grow.shops", "2", "--on", "2024-02-01", "--note", "Two"]));
    text(&checkin(project.path(), &["grow.shops", "1", "--on", "2024-02-01", "--note", "One", "--replace"]));
    assert_eq!(new_lines(SPEC, &spec(project.path())), ["          2024-02-01: { value: 1, note: One }"]);
}

#[test]
fn shared_maps_are_left_alone() {
    let project = project();
    let shared = SPEC.replace("check_ins:\n          2024-01-31: 1   # Lisbon", "check_ins: &said { 2024-01-31: 1 }");
    let shared = shared.replace("from: 0, to: 3 }", "from: 0, to: 3, check_ins: *said }");
    fs::write(project.path().join("specs/shop.yml"), &shared).unwrap();
    for name in ["grow.shops", "grow.new_kinds"] {
        let output = checkin(project.path(), &[name, "2"]);
        assert_eq!(output.status.code(), Some(1));
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains("anchor or alias"), "{told}");
        assert_eq!(spec(project.path()), shared);
    }
}

#[test]
fn falling_confidence_slips() {
    let project = project();
    let slipping = |day: &str| {
        let review = text(&kpic(project.path(), &["review", "--format", "json", "--as-of", day]));
        let review: Value = serde_json::from_str(&review).unwrap();
        let names =
            review["slipping"].as_array().unwrap().iter().map(|result| result["key_result"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    text(&checkin(project.path(), &["grow.shops", "2"]));
    text(&checkin(project.path(), &["grow.new_kinds", "3"]));
    // 3 of 4 with 60 of 91 days gone is on its way.
    assert_eq!(slipping("2024-02-29"), [""; 0]);
    let said = text(&checkin(project.path(), &["grow.shops", "2", "--confidence", "5", "--replace"]));
    assert!(said.contains("note: confidence fell from 7 to 5 on 2024-02-29, so grow.shops slips until it rises\n"), "{said}");
    assert_eq!(slipping("2024-02-29"), ["shops"]);
    let status = text(&kpic(project.path(), &["status"]));
    assert!(status.contains("note: grow.shops: confidence fell from 7 to 5 on 2024-02-29\n"), "{status}");
    let review = text(&kpic(project.path(), &["review"]));
    assert!(
        review.contains("1 of 3 key results has lost confidence\n")
            && review.contains("note: grow.shops: confidence fell from 7 to 5"),
        "{review}"
    );
    // The day before nobody knew; once the quarter is over nobody can help; a rise ends it.
    assert!(!slipping("2024-02-28").contains(&"shops".to_owned()));
    fs::write(project.path().join("kpic.yml"), PROJECT.replace("2024-02-29", "2024-03-10")).unwrap();
    assert_eq!(slipping("2024-03-10"), ["shops"]);
    text(&checkin(project.path(), &["grow.shops", "2", "--confidence", "5"]));
    assert_eq!(slipping("2024-03-10"), [""; 0]);
}

#[test]
fn programs_read_the_history() {
    let project = project();
    text(&checkin(project.path(), &["grow.shops", "2", "--confidence", "4", "--on", "2024-02-20", "--blocker", "Paint"]));
    let told: Value = serde_json::from_str(&text(&checkin(project.path(), &["grow.shops", "--format", "json"]))).unwrap();
    let wanted = serde_json::json!({
        "key_result": "grow.shops", "title": "Shops open", "kpi": null, "unit": "shop", "day": "2024-02-29", "written": null,
        "check_ins": [
            { "day": "2024-01-31", "value": 1.0, "note": null, "blocker": null, "decision": null },
            { "day": "2024-02-20", "value": 2.0, "note": null, "blocker": "Paint", "decision": null },
        ],
        "readings": [ { "day": "2024-01-31", "value": 1.0 }, { "day": "2024-02-20", "value": 2.0 } ],
        "change": 1.0, "since": "2024-01-31",
        "confidence": [ { "day": "2024-01-31", "confidence": 7 }, { "day": "2024-02-20", "confidence": 4 } ],
        "confidence_falls": true,
    });
    assert_eq!(told, wanted);
    let shown = text(&checkin(project.path(), &["grow.shops"]));
    assert!(shown.contains("2024-02-20      2           4        Paint"), "{shown}");
}
