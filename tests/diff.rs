//! `kpic diff`: each kind of change has its class and its reach, whatever the layout; versions come from git, folders and the working tree.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

use kpic::diff::{Change, Class, Diff, diff};
use kpic::pipeline::{Checked, Options, check_texts};
use std::fmt::Write;
use std::path::Path;

const CASES: &str = "tests/diff/changes.md";

fn base() -> Vec<(String, String)> {
    let read = |name: &str| std::fs::read_to_string(Path::new("tests/diff").join(name)).unwrap();
    vec![("kpic.yml".to_owned(), read("kpic.yml")), ("specs/shop.yml".to_owned(), read("shop.yml"))]
}

fn checked(texts: Vec<(String, String)>) -> Checked {
    check_texts(texts, &Options::default())
}

fn compared(before: &Checked, after: &Checked) -> Diff {
    diff(before, after, "2024-10-01".parse().unwrap())
}

/// A section of the cases: its class, its title, what is replaced in which file, and what was found.
struct Case<'a> {
    class: &'a str,
    title: &'a str,
    edits: Vec<(&'a str, &'a str, &'a str)>,
    found: &'a str,
}

fn cases(text: &str) -> Vec<Case<'_>> {
    let sections = text.split("\n## ").skip(1);
    let case = |section| {
        let (heading, rest): (&str, &str) = str::split_once(section, '\n').unwrap();
        let (class, title) = heading.split_once(": ").unwrap();
        let mut case = Case { class, title, edits: Vec::new(), found: "" };
        for block in rest.split("\n```").map(|block| block.trim_start_matches("```")) {
            if let Some(change) = block.strip_prefix("change ") {
                let (file, body) = change.split_once('\n').unwrap();
                let (old, new) = body.split_once("\n=>\n").unwrap_or_else(|| (body.strip_suffix("\n=>").unwrap(), ""));
                case.edits.push((file, old, new));
            } else if let Some(found) = block.strip_prefix("found\n") {
                case.found = found;
            }
        }
        case
    };
    sections.map(case).collect()
}

fn edited(case: &Case<'_>) -> Vec<(String, String)> {
    let mut texts = base();
    for (file, old, new) in &case.edits {
        let (_, text) = texts.iter_mut().find(|(path, _)| path.ends_with(file)).unwrap();
        assert!(text.contains(old), "{}: there is no\n{old}", case.title);
        *text = text.replace(old, new);
    }
    texts
}

/// What is found, a line for each definition.
fn shown(diff: &Diff) -> String {
    let mut text = String::new();
    for change in &diff.changes {
        writeln!(text, "{}", line(change)).unwrap();
    }
    for link in &diff.links {
        writeln!(text, "link of {}: {:?} to {:?}", link.kpi, link.before, link.after).unwrap();
    }
    text
}

fn line(change: &Change) -> String {
    let fields = change.fields.iter().map(|field| {
        let proven = if field.is_proven { " proven" } else { "" };
        format!("{} {}{proven}", field.name, field.class.name())
    });
    let fields: Vec<String> = fields.collect();
    let former = change.former.as_ref().map(|former| format!(" from {former}")).unwrap_or_default();
    let mid = if change.is_mid_cycle { " mid-cycle" } else { "" };
    let mut line = format!(
        "{} {} {} {}{former}{mid}: {}",
        change.class.name(),
        change.what.name(),
        change.kind.name(),
        change.name,
        if change.open.is_empty() { fields.join(", ") } else { change.open.clone() }
    );
    let down = &change.downstream;
    let kpis: Vec<String> = down.kpis.iter().map(|kpi| kpi.name.clone()).collect();
    for (what, names) in [
        ("kpis", &kpis),
        ("scorecards", &down.scorecards),
        ("key results", &down.key_results),
        ("objectives", &down.objectives),
        ("guardrails", &down.guardrails),
        ("north star", &down.north_star),
        ("owners", &change.owners),
    ] {
        if !names.is_empty() {
            write!(line, "\n    {what}: {}", names.join(" ")).unwrap();
        }
    }
    line
}

#[test]
fn each_kind_of_change_has_its_class_and_its_reach() {
    let text = std::fs::read_to_string(CASES).unwrap();
    let before = checked(base());
    assert!(!before.findings.has_errors(), "{:?}", before.findings);
    let cases = cases(&text);
    assert!(cases.len() >= 80, "{} kinds of change", cases.len());
    let (mut wrong, mut anew) = (String::new(), text.split("\n## ").next().unwrap().to_owned());
    for (case, section) in cases.iter().zip(text.split("\n## ").skip(1)) {
        let after = checked(edited(case));
        let is_error = after.findings.has_errors();
        if is_error != case.title.contains("has an error") {
            let why: Vec<&String> = after.findings.iter().map(|finding| &finding.message).collect();
            writeln!(wrong, "{}: {why:?}", case.title).unwrap();
        }
        let diff = compared(&before, &after);
        let class = diff.class().map_or("none", Class::name);
        let found = shown(&diff);
        if class != case.class || found.trim_end() != case.found.trim_end() {
            writeln!(wrong, "## {}: {} is {class}:\n{found}", case.class, case.title).unwrap();
        }
        let (kept, _) = section.split_once("\n```found").unwrap();
        write!(anew, "\n## {kept}\n```found\n{found}```\n").unwrap();
    }
    if std::env::var("KPIC_UPDATE_CASES").is_ok() {
        std::fs::write(CASES, anew).unwrap();
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_version_is_no_change_of_itself_whatever_the_order_and_the_files() {
    let before = checked(base());
    let mut texts = base();
    // Each section in a file of its own, the last first.
    let (_, all) = texts.pop().unwrap();
    let mut sections: Vec<String> = Vec::new();
    for line in all.lines() {
        if !line.is_empty() && !line.starts_with(' ') {
            sections.push(String::new());
        }
        if let Some(last) = sections.last_mut() {
            writeln!(last, "{line}").unwrap();
        }
    }
    for (at, section) in sections.into_iter().rev().enumerate() {
        texts.push((format!("specs/part_{at}.yml"), section));
    }
    let found = compared(&before, &checked(texts));
    assert_eq!(shown(&found), "");
}

#[test]
fn what_is_broken_before_is_undecided_and_never_no_change() {
    let mut texts = base();
    texts[1].1 = texts[1].1.replace("formula: growth(revenue)", "formula: growth(revenu)");
    let (broken, fine) = (checked(texts.clone()), checked(base()));
    for (before, after) in [(&broken, &fine), (&fine, &broken), (&broken, &broken)] {
        let found = compared(before, after);
        let rate = found.changes.iter().find(|change| change.name == "growth_rate").unwrap();
        assert_eq!(rate.class, Class::Undecided);
    }
    // A file that cannot be read may have held what is new.
    texts[1].1 = texts[1].1.replace("growth(revenu)", "growth(revenue)");
    let kept = texts[1].1.clone();
    texts[1].1.push_str("kpis: [\n");
    let unread = checked(texts.clone());
    assert!(unread.incomplete);
    texts[1].1 = kept;
    let found = compared(&unread, &checked(texts));
    assert!(found.changes.iter().all(|change| change.class == Class::Undecided || change.open.is_empty()));
    assert!(found.changes.iter().any(|change| change.name == "revenue" && change.class == Class::Undecided));
}

#[test]
fn a_comment_stays_within_what_code_hosts_take_and_says_so() {
    use kpic::diff::json::Versions;
    let many = |factor: usize| {
        let mut texts = base();
        let kpis: String = (0..900)
            .map(|at| {
                format!(
                    "  number_{at}:\n    description: One of many.\n    formula: count(visits) * {}\n    owner: sales\n",
                    at + factor
                )
            })
            .collect();
        texts.push(("specs/many.yml".to_owned(), format!("kpis:\n{kpis}")));
        checked(texts)
    };
    let (before, after) = (many(2), many(3));
    let found = compared(&before, &after);
    assert_eq!(found.count(Class::Meaning), 900);
    let versions = Versions { before: "a", after: "b", before_files: &before.files, after_files: &after.files };
    let comment = kpic::diff::markdown::text(&found, versions, &[]);
    assert!(comment.len() < 65_000, "{}", comment.len());
    assert!(comment.contains("left out here"), "{comment}");
    assert!(comment.starts_with("<!-- kpic diff -->\n### KPI changes: 900 may change values\n"));
}

#[test]
fn a_comment_calls_nobody_and_links_nowhere() {
    use kpic::diff::json::Versions;
    let mut texts = base();
    let before = checked(texts.clone());
    texts[1].1 = texts[1].1.replace("lead: Ada", "lead: \"@everyone [x](http://y) <img src=x onerror=y> ``` | a\"");
    let after = checked(texts);
    let found = compared(&before, &after);
    let versions = Versions { before: "a", after: "b", before_files: &before.files, after_files: &after.files };
    let comment = kpic::diff::markdown::text(&found, versions, &[]);
    let (outside, inside): (Vec<_>, Vec<_>) = comment.lines().partition(|line| !line.starts_with(['+', '-']));
    assert!(inside.iter().any(|line| line.contains("@everyone")), "{comment}");
    assert!(outside.iter().all(|line| !line.contains("@everyone") && !line.contains("<img")), "{comment}");
    // The fence is longer than any run of its signs inside.
    assert!(comment.contains("````diff"), "{comment}");
}

#[test]
fn the_published_schema_is_that_of_this_version() {
    let path = Path::new("docs/schema/diff.schema.json");
    let schema = kpic::diff::json::schema();
    if std::env::var_os("KPIC_UPDATE_DOCS").is_some() {
        std::fs::write(path, &schema).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), schema, "with KPIC_UPDATE_DOCS=1 it is brought up to date");
}

#[test]
fn the_schema_holds_what_is_written() {
    let before = checked(base());
    let text = std::fs::read_to_string(CASES).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&kpic::diff::json::schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for case in cases(&text).iter().step_by(9) {
        let after = checked(edited(case));
        let found = compared(&before, &after);
        let versions =
            kpic::diff::json::Versions { before: "a", after: "b", before_files: &before.files, after_files: &after.files };
        let document = kpic::diff::json::document(&found, versions, &[]);
        let value: serde_json::Value = serde_json::from_str(&kpic::diff::json::text(&document)).unwrap();
        assert!(validator.is_valid(&value), "{value}");
        let classes = ["meaning", "interface", "goal", "ownership", "words", "none", "undecided"];
        assert!(value["changes"].as_array().unwrap().iter().all(|change| classes.contains(&change["class"].as_str().unwrap())));
    }
}

/// The changes between two projects with one file of specs each.
fn between(before: &str, after: &str) -> Diff {
    let project = "kpic: 1\nproject: p\ncalendar: { start: 2024-01-01, as_of: 2024-12-31 }\n";
    let of =
        |specs: &str| checked(vec![("kpic.yml".to_owned(), project.to_owned()), ("specs/a.yml".to_owned(), specs.to_owned())]);
    compared(&of(before), &of(after))
}

#[test]
fn what_one_version_promises_proves_nothing() {
    let specs = |nullable: &str, formula: &str| {
        format!(
            "sources:\n  s: {{ table: s, kind: events, time: d, columns: {{ d: date, c: {{ type: text{nullable} }} }} }}\nkpis:\n  k: {{ formula: {formula} }}\n"
        )
    };
    let (kept, gone) = (", nullable: false", "");
    for (before, after, is_proven) in [(kept, kept, true), (kept, gone, false), (gone, kept, false), (gone, gone, false)] {
        for (one, two) in [("count(s.c)", "count(s)"), ("count(s)", "count(s where c is not null)")] {
            let diff = between(&specs(before, one), &specs(after, two));
            let kpi = diff.changes.iter().find(|change| change.name == "k").unwrap();
            assert_eq!(kpi.class == Class::None, is_proven, "{one}{before} to {two}{after}: {:?}", kpi.class);
        }
    }
}

#[test]
fn a_goal_in_another_unit_is_the_same_goal() {
    let specs = |unit: &str, goal: &str| {
        format!(
            "sources:\n  s: {{ table: s, kind: events, time: d, columns: {{ d: date, t: {{ type: number, unit: hour }} }} }}\nkpis:\n  k: {{ formula: avg(s.t), unit: {unit}, direction: down }}\nobjectives:\n  o:\n    period: 2024\n    key_results:\n      r: {{ kpi: k, {goal} }}\n"
        )
    };
    let goals = |diff: &Diff| diff.changes.iter().filter(|change| change.class == Class::Goal).count();
    let before = specs("day", "from: 2 days, to: 1 day");
    assert_eq!(goals(&between(&before, &specs("hour", "from: 2 days, to: 1 day"))), 0);
    assert_eq!(goals(&between(&before, &specs("day", "from: 2 days, to: 24 hours"))), 0);
    assert_eq!(goals(&between(&before, &specs("day", "from: 2, to: 1"))), 0);
    let harder = between(&before, &specs("hour", "from: 2 days, to: 12 hours"));
    assert_eq!(goals(&harder), 1);
    let field = harder.changes.iter().flat_map(|change| &change.fields).find(|field| field.name == "to").unwrap();
    assert_eq!((field.before.as_deref(), field.after.as_deref()), (Some("1 day"), Some("12 hour")));
}

#[test]
fn what_neither_version_can_read_is_never_the_same() {
    let specs = "sources:\n  s: { table: s, kind: events, time: d, columns: { d: date } }\nkpis:\n  k: { formula: count(s) }\n";
    let with = |lost: &str| {
        let project = "kpic: 1\nproject: p\ncalendar: { start: 2024-01-01, as_of: 2024-12-31 }\n";
        let files = [("kpic.yml", project), ("specs/a.yml", specs), ("specs/b.yml", lost)];
        checked(files.map(|(path, text)| (path.to_owned(), text.to_owned())).to_vec())
    };
    let lost = "kpis:\n<<<<<<< HEAD\n  l: { formula: count(s) + 1 }\n=======\n  l: { formula: count(s) + 2 }\n>>>>>>> b\n";
    let diff = compared(&with(lost), &with(&lost.replace("+ 2", "+ 3")));
    assert_eq!(diff.class(), Some(Class::Undecided));
    assert!(diff.changes[0].open.contains("in either version"), "{:?}", diff.changes);
    // What one version can read and the other cannot is not said to be gone from what names it.
    let card = "scorecards:\n  c: { kpis: [k, l], cadence: weekly }\n";
    let whole = format!("kpis:\n  l: {{ formula: count(s) + 1 }}\n{card}");
    let diff = compared(&with(&whole), &with(lost));
    assert!(diff.changes.iter().all(|change| change.class == Class::Undecided), "{:?}", diff.changes);
}

#[test]
fn versions_with_errors_are_never_told_to_be_the_same() {
    let specs = "sources:\n  s: { files: { paths: [s.csv], header: false }, kind: events, time: d, columns: { d: date, x: integer, y: integer } }\nkpis:\n  k: { formula: sum(s.x) }\n";
    let diff = between(specs, &specs.replace("x: integer, y: integer", "y: integer, x: integer"));
    assert!(diff.changes.is_empty() && diff.errors_before > 0);
    assert_eq!(kpic::diff::words::summary(&diff), "no difference in what can be compared");
    assert_eq!(kpic::diff::words::summary(&between("teams: {}\n", "teams: {}\n")), "no change");
}
