//! What the engine refuses: in kpic's own words, with the KPI and the way out, and without keeping other KPIs from being shown.

#![allow(clippy::unwrap_used, reason = "a test that cannot run the program has failed")]

mod support;

use serde_json::Value;
use std::path::Path;
use support::{kpic, text, write_files};

const PROJECT: &str = "kpic: 1
calendar: { start: 2024-01-01, as_of: 2024-02-29 }
lints: { missing-description: allow, no-north-star: allow }
";

/// The product of 4e9 and 3e9 is beyond 64 bits, the sum of two numbers of 5e18 too; there are two files and one late one.
const SPEC: &str = "
sources:
  files:
    query: |
      select * from (values (date '2024-01-05', 4000000000, 3000000000, 5000000000000000000, 'a'),
        (date '2024-01-06', 2, 3, 5000000000000000000, 'b'), (date '2024-02-05', 4, 5, 1, 'a')) as t(day, width, height, bytes, kind)
    kind: events
    time: day
    columns: { day: date, width: integer, height: integer, bytes: integer, kind: text }
teams: { web: { title: Web } }
kpis:
  files:  { formula: count(files), owner: web, better: up, by: [kind] }
  widest: { formula: max(files.width), owner: web }
  pixels: { formula: sum(width * height from files), owner: web, better: up, by: [kind] }
  bytes:  { formula: sum(files.bytes), owner: web }
  cohort: { formula: count(files), owner: web, grain: quarter }
north_star: { title: Pixels, volume: pixels }
guardrails:
  few:   { when: files < 2, owner: web, action: Upload. }
  small: { when: pixels < 10, owner: web, action: Zoom. }
objectives:
  more:
    title: More files
    owner: web
    period: 2024-Q1
    key_results:
      files:  { kpi: files, from: 0, to: 4 }
      pixels: { kpi: pixels, from: 0, to: 40 }
  base:
    title: A base
    owner: web
    period: 2024-Q1
    key_results:
      files: { kpi: files, from: 0, to: 2 }
      start: { kpi: pixels, from: measured, to: +10% }
  above:
    title: Above all
    owner: web
    period: 2024-Q1
  below:
    title: Below
    owner: web
    period: 2024-Q1
    parent: above
    key_results:
      pixels: { kpi: pixels, from: 0, to: 40 }
tests:
  wide:
    given: { files: [ { day: 2024-01-05, width: 4000000000, height: 3000000000 } ] }
    expect: { files: { 2024-01: 1 }, pixels: { 2024-01: 12000000000000000000 }, widest: { 2024-01: 4000000000 } }
";

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), &[("kpic.yml", PROJECT), ("specs/files.yml", SPEC)]);
    folder
}

/// What a command prints, what it says on stderr, and its exit code.
fn said(folder: &Path, arguments: &[&str]) -> (String, String, i32) {
    let output = kpic(folder, arguments);
    (text(&output.stdout), text(&output.stderr), output.status.code().unwrap())
}

/// Nothing of what an engine calls its errors and types.
fn is_plain(text: &str) {
    for word in ["Error:", "INT64", "INT128", "HUGEINT", "Overflow", "LINE 1", "cast("] {
        assert!(!text.contains(word), "{word} in {text}");
    }
}

const TOO_LARGE: &str = "a whole number exceeds 9,223,372,036,854,775,807, the largest possible one";

#[test]
fn a_run_shows_all_other_kpis() {
    let folder = project();
    let (shown, found, code) = said(folder.path(), &["run", "--periods", "2"]);
    assert_eq!(code, 1, "{found}");
    for name in ["files", "widest", "cohort"] {
        assert!(shown.contains(&format!("\n{name} ")), "{name} in {shown}");
    }
    assert!(!shown.contains("\npixels ") && !shown.contains("\nbytes "), "{shown}");
    assert!(shown.contains("few") && !shown.contains("small"), "{shown}");
    let flat = found.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
    for name in ["pixels", "bytes"] {
        assert!(flat.contains(&format!("`{name}` cannot be computed: {TOO_LARGE}")), "{flat}");
    }
    assert!(flat.contains("whether `small` fires cannot be computed"), "{flat}");
    assert!(flat.contains("help: compute with floating-point numbers"), "{flat}");
    assert!(flat.contains("3 errors"), "{flat}");
    is_plain(&found);
    let (shown, _, code) = said(folder.path(), &["run", "--format", "json"]);
    let all: Value = serde_json::from_str(&shown).unwrap();
    let names: Vec<&str> = all.as_array().unwrap().iter().map(|kpi| kpi["kpi"].as_str().unwrap()).collect();
    assert_eq!((names, code), (vec!["files", "widest", "cohort"], 1));
}

#[test]
fn the_engines_own_words_are_shown_to_those_who_ask() {
    let folder = project();
    let (_, found, _) = said(folder.path(), &["run", "pixels", "--verbose"]);
    assert!(found.contains("Out of Range Error: Overflow in multiplication of INT64"), "{found}");
    let (shown, ..) = said(folder.path(), &["test", "--verbose"]);
    assert!(shown.contains("Overflow in multiplication of INT64"), "{shown}");
}

#[test]
fn a_query_shows_the_columns_that_can_be_worked_out() {
    let folder = project();
    let (shown, found, code) = said(folder.path(), &["query", "pixels", "files", "half = files / 2", "--order=-files,pixels"]);
    assert_eq!(code, 1, "{found}");
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines.iter().any(|line| line.starts_with("2024-01") && line.ends_with("1.00")), "{shown}");
    assert!(!shown.contains("pixels"), "{shown}");
    assert!(found.contains("`pixels` cannot be computed"), "{found}");
    is_plain(&found);
    let (shown, found, code) = said(folder.path(), &["query", "wide = pixels * 2", "--format", "csv"]);
    assert_eq!((code, shown.as_str()), (1, ""));
    assert!(found.contains("`wide` cannot be computed"), "{found}");
    is_plain(&found);
}

#[test]
fn objectives_are_judged_without_what_is_refused_or_not_at_all() {
    let folder = project();
    let (shown, found, code) = said(folder.path(), &["status", "--format", "json"]);
    assert_eq!(code, 1, "{found}");
    assert!(found.contains("`pixels` cannot be computed"), "{found}");
    assert_eq!(found.matches("cannot be computed").count(), 1, "{found}");
    is_plain(&found);
    let all: Value = serde_json::from_str(&shown).unwrap();
    let objective = |name: &str| all.as_array().unwrap().iter().find(|one| one["objective"] == name).unwrap().clone();
    let result = |of: &Value, name: &str| {
        of["key_results"].as_array().unwrap().iter().find(|one| one["key_result"] == name).unwrap().clone()
    };
    // There is one file in February: a quarter of the way to four.
    let more = objective("more");
    assert_eq!((&result(&more, "files")["current"], &result(&more, "files")["score"]), (&1.0.into(), &0.25.into()));
    assert_eq!(
        (&result(&more, "pixels")["current"], &result(&more, "pixels")["status"]),
        (&Value::Null, &"not_observable".into())
    );
    // A score without one of its results would be another score, and so would that of what is judged by it.
    for name in ["more", "base", "below", "above"] {
        assert_eq!((&objective(name)["score"], &objective(name)["status"]), (&Value::Null, &"not_observable".into()), "{name}");
    }
}

#[test]
fn a_review_shows_what_it_can() {
    let folder = project();
    let (shown, found, code) = said(folder.path(), &["review"]);
    assert_eq!(code, 1, "{found}");
    assert!(shown.contains("few") && found.contains("whether `small` fires"), "{shown}{found}");
    is_plain(&found);
}

#[test]
fn a_test_shows_the_figures_that_agree_and_why_one_is_refused() {
    let folder = project();
    let (shown, found, code) = said(folder.path(), &["test"]);
    assert_eq!(code, 1, "{found}");
    assert_eq!(shown.lines().nth(1).unwrap().trim(), format!("pixels cannot be computed: {TOO_LARGE}"));
    assert_eq!(shown.lines().count(), 3, "{shown}");
    is_plain(&shown);
    let (shown, ..) = said(folder.path(), &["test", "--format", "json"]);
    let all: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(all[0]["name"], "number-too-large");
}

#[test]
fn other_commands_say_it_too() {
    let folder = project();
    let (_, found, code) = said(folder.path(), &["why", "pixels"]);
    assert_eq!(code, 1);
    assert!(found.contains("`pixels` cannot be computed"), "{found}");
    is_plain(&found);
    let (shown, found, code) = said(folder.path(), &["freeze", "--diff"]);
    assert_eq!(code, 1, "{shown}{found}");
    assert!(found.contains("`pixels` cannot be computed"), "{found}");
    is_plain(&found);
    let (shown, found, code) = said(folder.path(), &["build", "--figures"]);
    assert_eq!(code, 1, "{shown}{found}");
    assert!(shown.contains("built"), "{shown}");
    is_plain(&found);
}

#[test]
fn there_may_be_nothing_to_freeze() {
    let folder = tempfile::tempdir().unwrap();
    let spec = "kpis: { price: { kind: ratio, values: { 2024-01: 5 } } }\n";
    write_files(folder.path(), &[("kpic.yml", PROJECT), ("specs/a.yml", spec)]);
    let (shown, found, code) = said(folder.path(), &["freeze"]);
    assert_eq!((shown.as_str(), found.as_str(), code), ("nothing to freeze: no baseline says `measured`\n", "", 0));
}

#[test]
fn a_source_that_cannot_be_read_is_said_in_own_words() {
    let cases = [
        ("table: nowhere", "there is no table or view `nowhere`"),
        ("files: data/nowhere.csv", "there is no file `data/nowhere.csv`"),
        ("query: selec 1", "a query cannot start with `selec`"),
        ("query: select select", "the SQL is not valid"),
        ("query: select day from (select 1 as a)", "there is no column `day`"),
        ("query: \"select error('no rates yet') as day\"", ""),
    ];
    for (relation, why) in cases {
        let folder = tempfile::tempdir().unwrap();
        let spec = format!(
            "sources:\n  orders:\n    {relation}\n    kind: events\n    time: day\n    columns: {{ day: date }}\nkpis:\n  orders: {{ \
             formula: count(orders) }}\n"
        );
        write_files(folder.path(), &[("kpic.yml", PROJECT), ("specs/a.yml", &spec)]);
        for command in ["run", "verify"] {
            let (shown, found, code) = said(folder.path(), &[command]);
            let all = format!("{shown}{found}");
            assert_eq!(code, 1, "{all}");
            assert!(all.contains(why), "{relation}: {all}");
            is_plain(&all);
        }
    }
}

#[test]
fn a_database_that_cannot_be_opened_is_said_in_own_words() {
    let folder = project();
    write_files(folder.path(), &[("some.duckdb", "no database")]);
    let (_, found, code) =
        said(folder.path(), &["run", "--database", &folder.path().join("some.duckdb").display().to_string()]);
    assert_eq!(code, 3, "{found}");
    assert!(found.contains("cannot be opened: it is not a DuckDB database"), "{found}");
    is_plain(&found);
}

#[cfg(unix)]
#[test]
fn an_engine_that_is_stopped_is_said_in_own_words() {
    use std::os::unix::fs::PermissionsExt;
    let folder = project();
    let program = folder.path().join("duckdb");
    for (script, why, code) in [
        ("#!/bin/sh\nkill -9 $$\n", "DuckDB was killed before it had answered", 3),
        ("#!/bin/sh\necho kpic-begun\nexit 1\n", "DuckDB stopped before it had answered", 3),
        ("#!/bin/sh\necho hello\n", "does not answer as DuckDB does", 3),
    ] {
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let (_, found, is) = said(folder.path(), &["run", "--duckdb", &program.display().to_string()]);
        assert!(found.contains(why), "{found}");
        assert_eq!(is, code, "{found}");
    }
}

/// A file with a value that is none, a table with a product that is too large, and KPIs of which some read neither.
const MIXED: &str = "
sources:
  orders:
    files: orders.csv
    kind: events
    time: day
    columns: { day: date, amount: integer, shop: integer }
  files:
    query: select date '2024-01-05' as day, 4000000000 as width
    kind: events
    time: day
    columns: { day: date, width: integer }
teams: { web: { title: Web } }
kpis:
  orders: { formula: count(orders), owner: web }
  amount: { formula: sum(orders.amount), owner: web }
  files:  { formula: count(files), owner: web }
  pixels: { formula: sum(width * width from files where width * 4000000000 > 0), owner: web }
north_star: { title: Amount, volume: amount }
guardrails:
  few:  { when: files < 2, owner: web, action: Upload. }
  poor: { when: amount < 10, owner: web, action: Sell. }
objectives:
  more:
    title: More
    owner: web
    period: 2024-Q1
    key_results:
      files:  { kpi: files, from: 0, to: 4 }
      amount: { kpi: amount, from: measured, to: 40 }
";

#[test]
fn what_stands_in_a_file_comes_before_the_kind_of_refusal() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "day,amount,shop\n2024-01-05,1,1\n2024-01-06,many,1\n";
    write_files(folder.path(), &[("kpic.yml", PROJECT), ("specs/mixed.yml", MIXED), ("orders.csv", rows)]);
    let flat = |text: &str| text.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
    let in_file = "line 3 of `orders.csv` has `many` in the column `amount`, which is declared as `integer`";
    let (shown, found, code) = said(folder.path(), &["run"]);
    assert_eq!(code, 1, "{found}");
    for (name, is_shown) in [("orders", true), ("files", true), ("amount", false), ("pixels", false)] {
        assert_eq!(shown.lines().any(|line| line.starts_with(&format!("{name} "))), is_shown, "{name} in {shown}");
    }
    let told = flat(&found);
    assert!(told.contains(in_file) && told.contains(&format!("`pixels` cannot be computed: {TOO_LARGE}")), "{told}");
    // The KPI and the guardrail that read it are not blamed as well.
    assert!(told.contains("2 errors") && !told.contains("`amount` cannot be") && !told.contains("`poor`"), "{told}");
    is_plain(&found);
    let (shown, found, code) = said(folder.path(), &["query", "amount", "files"]);
    assert!(shown.contains("files") && !shown.contains("amount") && flat(&found).contains(in_file), "{shown}{found}");
    assert_eq!(code, 1);
    for command in [&["status"][..], &["review"], &["freeze", "--diff"], &["why", "amount"], &["build", "--figures"]] {
        let (shown, found, code) = said(folder.path(), command);
        let told = flat(&found);
        assert_eq!((code, told.contains(in_file), told.contains("1 error")), (1, true, true), "{command:?}: {shown}{found}");
        is_plain(&found);
    }
}
