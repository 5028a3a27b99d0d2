//! `kpic fmt`: over every spec of the repository the layout is stable and changes neither findings nor what is built; then rules one by one.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "support/cases.rs"]
mod markdown;
mod support;

use kpic::build::{Documents, outputs};
use kpic::diagnostic::Finding;
use kpic::layout::{self, Why};
use kpic::pipeline::{Options, check_texts};
use rayon::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use support::{kpic, text, write_files};

const PROJECT: &str = "kpic: 1\ncalendar: { start: 2024-01-01, as_of: 2024-06-30 }\n";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Files below a folder of the repository whose names end so.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                // What a build wrote there is no spec.
                folders.extend(Some(path).filter(|path| !path.ends_with("build")));
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The projects that are laid out: a name, and files of which the first is `kpic.yml`.
fn projects() -> Vec<(String, Vec<(String, String)>)> {
    let mut found = Vec::new();
    for project in ["specs/cdnow", "specs/flights", "specs/saas", "tests/hostile"] {
        let of = |path: &Path| {
            (path.strip_prefix(root().join(project)).unwrap().display().to_string(), fs::read_to_string(path).unwrap())
        };
        let mut texts: Vec<(String, String)> = files(project, ".yml").iter().map(|path| of(path)).collect();
        texts.sort_by_key(|(path, _)| path != "kpic.yml");
        found.push((project.to_owned(), texts));
    }
    for path in files("tests/cases", ".md") {
        let (mut cases, name) = (Vec::new(), path.strip_prefix(root()).unwrap().display().to_string());
        if !name.contains("first_sessions") {
            markdown::read(&name, &fs::read_to_string(&path).unwrap(), &mut cases, &mut Vec::new());
        }
        found.extend(cases.into_iter().map(|case| {
            (
                format!("{name}: {}", case.title),
                vec![("kpic.yml".to_owned(), case.project), (markdown::SPEC.to_owned(), case.spec)],
            )
        }));
    }
    let others = files("tests", ".md").into_iter().filter(|path| !path.starts_with(root().join("tests/cases")));
    for path in files("docs", ".md").into_iter().chain(others).chain([root().join("README.md")]) {
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        for (at, block) in fs::read_to_string(&path).unwrap().split("\n```yaml").skip(1).enumerate() {
            let (info, block) = block.split_once('\n').unwrap_or_default();
            let block = block.split("\n```").next().unwrap_or_default().to_owned() + "\n";
            let name = format!("{name}: block {at}");
            found.push(if info.contains("kpic.yml") {
                (name, vec![("kpic.yml".to_owned(), block)])
            } else {
                (name, vec![("kpic.yml".to_owned(), PROJECT.to_owned()), ("specs/a.yml".to_owned(), block)])
            });
        }
    }
    found
}

/// A text without blanks and case, line by line: findings, comments and pages show formulas as they are written.
fn shown_alike(text: &str) -> String {
    let line = |line: &str| line.replace("<>", "!=").split_whitespace().collect::<String>().to_lowercase();
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// What a check says, without places, and what is built, without line numbers.
fn seen(name: &str, texts: Vec<(String, String)>) -> (Vec<String>, String) {
    let checked = check_texts(texts, &Options::default());
    let of_layout = |finding: &&Finding| finding.code.name == "byte-order-mark";
    let findings = checked.findings.iter().filter(|finding| !of_layout(finding));
    let mut findings: Vec<String> = findings
        .map(|finding| format!("{} {:?} {}", finding.code.name, finding.severity, shown_alike(&finding.message)))
        .collect();
    findings.sort();
    // A block of a document is built by the tests of documents, and a fourth of the cases does to see what is built.
    if name.contains(": block") || (!name.starts_with("specs/") && !name.len().is_multiple_of(4)) {
        return (findings, String::new());
    }
    let documents = if name.starts_with("specs/") { Documents::Pages(kpic::docs::Beside::default()) } else { Documents::None };
    let Ok(valid) = checked.valid() else { return (findings, String::new()) };
    let Ok(made) = outputs(&valid, documents) else { return (findings, String::new()) };
    let is_example = name.starts_with("specs/");
    let of = |text: &str| if is_example { without_lines(text) } else { shown_alike(&without_lines(text)) };
    let text: String = made.iter().map(|output| format!("{}\n{}\n", output.path, of(&output.text))).collect();
    (findings, text)
}

fn without_lines(text: &str) -> String {
    let line = |line: &str| {
        let place = line.contains(".yml") || line.trim_start().starts_with("\"line\"");
        if place { line.chars().filter(|char| !char.is_ascii_digit()).collect() } else { line.to_owned() }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn layout_is_stable_and_changes_nothing_that_counts() {
    let projects = projects();
    let problem = |(name, texts): &(String, Vec<(String, String)>)| -> Option<String> {
        let mut after = Vec::new();
        for (path, text) in texts {
            match layout::format(path, text) {
                Ok(made) => {
                    if layout::format(path, &made).ok()? != made {
                        return Some(format!("{name}: {path} is laid out anew each time"));
                    }
                    after.push((path.clone(), made));
                }
                Err(Why::Broken(_)) => return None,
                Err(Why::Unusual(what)) => {
                    let known = ["a key that is a list or map", "a value without a key"];
                    return (!known.contains(&what)).then(|| format!("{name}: {path} holds {what}"));
                }
                Err(Why::Changed(what)) => return Some(format!("{name}: {path}: {what}")),
            }
        }
        let (old, new) = (seen(name, texts.clone()), seen(name, after));
        if old.0 != new.0 {
            return Some(format!("{name}: other findings:\n{:#?}\n{:#?}", old.0, new.0));
        }
        let differing = old.1.lines().zip(new.1.lines()).find(|(old, new)| old != new);
        differing.map(|(old, new)| format!("{name}: builds\n  {new}\ninstead of\n  {old}"))
    };
    let problems: Vec<String> = projects.par_iter().filter_map(problem).collect();
    assert!(projects.len() > 1000, "{}", projects.len());
    assert!(problems.is_empty(), "{} of {}:\n{}", problems.len(), projects.len(), problems.join("\n"));
}

#[test]
fn the_examples_have_their_layout() {
    for path in files("specs", ".yml") {
        let name = if path.ends_with("kpic.yml") { "kpic.yml" } else { "specs/a.yml" };
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(layout::format(name, &text).ok().as_deref(), Some(text.as_str()), "{}", path.display());
    }
}

fn laid_out(text: &str) -> String {
    let made = layout::format("specs/a.yml", text).unwrap_or_else(|why| panic!("{why:?}\n{text}"));
    assert_eq!(layout::format("specs/a.yml", &made).unwrap(), made, "laid out anew each time");
    made
}

#[test]
fn comments_stay_with_what_they_belong_to() {
    let odd = "\
# head

# second
kpis:   # kpis


  # before a
  a:  # at a
    # before formula
    formula: # f
      count(o)   # g
    unit: x
    by:   # by
    # in by
    - x # x
    # after x
    -  # dash
      y
  # b
# c
";
    let wanted = "\
# head

# second
kpis:  # kpis
  # before a
  a:  # at a
    # before formula
    # f
    formula: count(o)  # g
    unit: x
    by:  # by
      # in by
      - x  # x
      # after x
      # dash
      - y
  # b
# c
";
    assert_eq!(laid_out(odd), wanted);
    let flow = "kpis:\n  a: { # start\n    unit: x, # unit\n    formula: count(o), # count\n    # end\n  } # after\n  b: [a, # one\n    b]\n";
    let wanted = "kpis:\n  a:  # after\n    # start\n    formula: count(o)  # count\n    unit: x            # unit\n    # end\n\n  b:\n    - a  # one\n    - b\n";
    // The first comment belongs to the first entry, which goes below another.
    let wanted = wanted.replace(
        "    # start\n    formula: count(o)  # count\n    unit: x            # unit\n",
        "    formula: count(o)  # count\n    # start\n    unit: x  # unit\n",
    );
    assert_eq!(laid_out(flow), wanted);
    let groups = "kpis:\n  a:\n    formula: x\n  # --- b ---\n\n  b:\n    formula: x\n\n\n\n  # about c\n\n  # c itself\n  c:\n    formula: x\n";
    let wanted = "kpis:\n  a:\n    formula: x\n\n  # --- b ---\n\n  b:\n    formula: x\n\n  # about c\n\n  # c itself\n  c:\n    formula: x\n";
    assert_eq!(laid_out(groups), wanted);
    assert_eq!(laid_out("# x\n\n\n\n#y\n"), "# x\n\n#y\n");
}

#[test]
fn keys_of_definitions_have_one_order_and_anchors_come_first() {
    assert_eq!(
        laid_out("kpis:\n  a:\n    foo: 1\n    unit: x\n    bar: 2\n    formula: count(o)\n    title: A\n"),
        "kpis:\n  a:\n    foo: 1\n    title: A\n    formula: count(o)\n    unit: x\n    bar: 2\n"
    );
    // What appears twice stays in its order: the first counts.
    assert_eq!(
        laid_out("kpis:\n  a: { unit: x, formula: count(o), unit: y }\n"),
        "kpis:\n  a: { formula: count(o), unit: x, unit: y }\n"
    );
    let anchors = "kpis:\n  a: &a\n    unit: &u x\n    formula: count(o)\n  b:\n    formula: sum(o.x)\n    <<: *a\n    title: B\n  c: {unit: *u, formula: count(o)}\n  d:\n    owner: &f count(o)\n    formula: *f\n";
    let wanted = "kpis:\n  a: &a\n    formula: count(o)\n    unit: &u x\n\n  b:\n    <<: *a\n    title: B\n    formula: sum(o.x)\n\n  c: { formula: count(o), unit: *u }\n\n  d:\n    owner: &f count(o)\n    formula: *f\n";
    assert_eq!(laid_out(anchors), wanted);
    // An anchor of a name that comes twice means another thing below the second.
    let doubled = "kpis:\n  a:\n    unit: &x b\n    formula: c\n  b:\n    unit: &x d\n    formula: e\n    owner: *x\n";
    assert_eq!(laid_out(doubled), doubled.replace("  b:", "\n  b:"));
    assert_eq!(
        laid_out("sources:\n  o:\n    columns:\n      x: { description: What it is., values: [a], type: text }\n"),
        "sources:\n  o:\n    columns:\n      x: { type: text, values: [a], description: What it is. }\n"
    );
}

#[test]
fn what_one_pass_opens_is_laid_out_at_once() {
    let long = "x".repeat(150);
    for text in [
        format!("kpis:\n  a: {{ formula: x / y, unit: EUR, description: {long} }}\n"),
        "kpis:\n  a: { formula: x / y, # why\n    unit: EUR, description: d }\n".to_owned(),
        "kpis:\n  a:\n    formula: ((((x + y))))\n".to_owned(),
    ] {
        let once = kpic::layout::format("specs/a.yml", &text).unwrap();
        assert_eq!(kpic::layout::format("specs/a.yml", &once).unwrap(), once);
        assert!(!once.contains("(x"), "{once}");
    }
}

#[test]
fn texts_keep_their_lines() {
    for text in [
        "kpis:\n  a:\n    description: |+\n      one\n\n\n    formula: count(o)\n",
        "kpis:\n  a:\n    description: |2\n        indented\n      less\n    formula: x\n",
        "kpis:\n  a:\n    description: >-  # why\n      text\n      # no comment\n\n        - list\n    formula: x\n",
        "kpis:\n  a:\n    title: \"a\n      b \\\n      c\"\n    description: one\n      two\n\n      three\n    formula: sum(o.x)\n      / count(o)\n",
        "kpis:\n  a:\n    description: |\n      one\n         \n      two   \n    formula: x\n",
        "kpis:\n  a:\n    title: Größe → 日本\n    formula: count(o where x = 'größe')\n",
        "kpis:\n  a:\n  b: ~\n  c: null\n  d: {}\n  e: []\n",
        "a: &x\n",
        "",
    ] {
        assert_eq!(laid_out(text), text);
    }
    // What keeps its blank lines gets none more, whatever follows.
    let kept = "kpis:\n  a:\n    formula: x\n    description: |+\n      one\n\n  b:\n    formula: y\n";
    assert_eq!(laid_out(kept), "kpis:\n  a:\n    description: |+\n      one\n\n    formula: x\n\n  b:\n    formula: y\n");
    assert_eq!(
        laid_out("kpis:\n    a:\n        formula: >-\n            sum(o.x where   y = 1)\n              /  count(o)\n"),
        "kpis:\n  a:\n    formula: >-\n      sum(o.x where y = 1)\n        / count(o)\n"
    );
}

#[test]
fn tables_stay_tables_and_nothing_else_becomes_one() {
    let table = "sources:\n  o:\n    columns:\n      a:        integer\n      long_name:    { type: text }\n      bb:       { type: date }\n";
    let wanted = "sources:\n  o:\n    columns:\n      a:         integer\n      long_name: { type: text }\n      bb:        { type: date }\n";
    assert_eq!(laid_out(table), wanted);
    let plain =
        "sources:\n  o:\n    table:   raw.o\n    kind:    events\n    columns:\n      a: integer\n      long_name:  text\n";
    assert_eq!(
        laid_out(plain),
        "sources:\n  o:\n    table: raw.o\n    kind: events\n    columns:\n      a: integer\n      long_name: text\n"
    );
    let long =
        format!("kpis:\n  a: {{formula: count(o), questions: [{}], unit: x}}\n", ["how many of them are there?"; 8].join(", "));
    let items = "      - how many of them are there?\n".repeat(8);
    assert_eq!(laid_out(&long), format!("kpis:\n  a:\n    formula: count(o)\n    unit: x\n    questions:\n{items}"));
}

#[test]
fn files_on_disk_are_written_only_where_something_changes() {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("kpic.yml", "kpic: 1\r\ncalendar: {start: 2024-01-01}\r\n"),
        ("specs/a.yml", "kpis:\n  a: { formula: count(o) }\n"),
        ("specs/b.yml", "\u{feff}kpis:\n  b: {formula: count(o)}"),
        ("specs/broken.yml", "kpis: [\n"),
        ("specs/odd.yml", "? [a]\n: 1\n"),
    ];
    write_files(folder.path(), &files);
    let read = |path: &str| fs::read_to_string(folder.path().join(path)).unwrap();
    let out = kpic(folder.path(), &["fmt", "--check"]);
    assert_eq!(out.status.code(), Some(1));
    assert_eq!(text(&out.stdout), "kpic.yml\nspecs/b.yml\n");
    for part in ["2 files would change", "broken.yml:1:7", "specs/odd.yml has no layout"] {
        assert!(text(&out.stderr).contains(part), "{part}: {}", text(&out.stderr));
    }
    files.iter().for_each(|(path, text)| assert_eq!(read(path), *text));
    let out = kpic(folder.path(), &["fmt"]);
    assert_eq!(out.status.code(), Some(1), "a file could not be laid out");
    assert_eq!(read("kpic.yml"), "kpic: 1\r\ncalendar: { start: 2024-01-01 }\r\n");
    assert_eq!(read("specs/b.yml"), "kpis:\n  b: { formula: count(o) }\n");
    assert_eq!(read("specs/broken.yml"), "kpis: [\n");
    fs::remove_file(folder.path().join("specs/broken.yml")).unwrap();
    fs::remove_file(folder.path().join("specs/odd.yml")).unwrap();
    // The specs are wrong in another way, which is no matter of layout.
    assert_eq!(kpic(folder.path(), &["check"]).status.code(), Some(1));
    let out = kpic(folder.path(), &["fmt", "--check"]);
    assert!(out.status.success() && out.stdout.is_empty(), "{}", text(&out.stderr));
    let one = folder.path().join("specs/a.yml");
    assert!(kpic(folder.path(), &["fmt", one.to_str().unwrap()]).status.success());
    let out = kpic(folder.path(), &["fmt", folder.path().join("specs/none.yml").to_str().unwrap()]);
    assert!(text(&out.stderr).contains("is no file of this project"), "{}", text(&out.stderr));
}

#[test]
fn what_init_writes_has_its_layout() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("shop");
    let out = kpic(folder.path(), &["init", place.to_str().unwrap(), "--sample"]);
    assert!(out.status.success(), "{}", text(&out.stderr));
    let out = kpic(&place, &["fmt", "--check"]);
    assert!(out.status.success(), "{}{}", text(&out.stdout), text(&out.stderr));
}

#[test]
fn many_definitions_take_their_time_and_no_more() {
    let kpi = |at: usize| format!("  k{at}:\n    # about {at}\n    unit: x   # unit\n    formula: sum( o.x where x>{at} )\n");
    let time = |count: usize| {
        let text = format!("kpis:\n{}", (0..count).map(kpi).collect::<String>());
        let begun = std::time::Instant::now();
        layout::format("specs/a.yml", &text).unwrap();
        begun.elapsed()
    };
    // Quadratic work would take 64 times as long.
    assert!(time(4_000) < time(500) * 40);
}
