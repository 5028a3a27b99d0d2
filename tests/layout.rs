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
                folders.push(path);
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
            found.push(match info.contains("kpic.yml") {
                true => (name, vec![("kpic.yml".to_owned(), block)]),
                false => (name, vec![("kpic.yml".to_owned(), PROJECT.to_owned()), ("specs/a.yml".to_owned(), block)]),
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
    // A block of a document is built by the tests of documents.
    if name.contains(": block") {
        return (findings, String::new());
    }
    let documents = if name.starts_with("specs/") { Documents::Pages(None) } else { Documents::None };
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
