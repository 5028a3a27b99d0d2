//! The JSON Schemas against a real validator: every spec of the repository that has the right shape is valid by them, every one
//! that has not is not, and the stored copies are up to date.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use jsonschema::Validator;
use kpic::diagnostic::Finding;
use kpic::load;
use kpic::load::json::value;
use kpic::pipeline::{Options, check_texts};
use kpic::schema::{Document, schema, text};
use std::fs;
use std::path::{Path, PathBuf};

const PROJECT: &str = "kpic: 1\ncalendar: { start: 2024-01-01, as_of: 2024-06-30 }\n";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn validator(document: Document) -> Validator {
    jsonschema::draft7::new(&schema(document)).unwrap()
}

/// What the validator says of a YAML text; nothing if all of its documents are valid.
fn said(validator: &Validator, yaml: &str) -> Vec<String> {
    said_of_yaml(validator, yaml).unwrap_or_else(|| panic!("no YAML: {yaml}"))
}

/// The same of a text that may not be YAML, of which nothing can be said.
fn said_of_yaml(validator: &Validator, yaml: &str) -> Option<Vec<String>> {
    let tree = load::texts(vec![("kpic.yml".into(), yaml.into())]).project?;
    let values = tree.roots.iter().map(value);
    let errors = values
        .flat_map(|value| {
            validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect::<Vec<_>>()
        })
        .collect();
    Some(errors)
}

/// Every file below a folder whose name ends so.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            // What a build wrote there is no spec.
            if !path.ends_with("build") {
                found.extend(files(&path, ending));
            }
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The YAML blocks of a document: whether it is a project file, and the text.
fn blocks(markdown: &str) -> Vec<(bool, String)> {
    let mut found = Vec::new();
    let mut open: Option<(bool, String)> = None;
    for line in markdown.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some("yaml"), None) => open = Some((false, String::new())),
            (Some("yaml kpic.yml"), None) => open = Some((true, String::new())),
            (Some(_), Some(_)) => found.extend(open.take()),
            (None, Some((_, text))) => *text += &format!("{line}\n"),
            _ => {}
        }
    }
    found
}

#[test]
fn the_schemas_are_schemas() {
    for document in Document::ALL {
        assert!(jsonschema::meta::is_valid(&schema(document)), "{document:?}");
    }
}

#[test]
fn every_example_is_valid() {
    let (project, spec) = (validator(Document::Project), validator(Document::Spec));
    let mut count = 0;
    for path in files(&root().join("specs"), ".yml") {
        let is_project = path.file_name().is_some_and(|name| name == "kpic.yml");
        let errors = said(if is_project { &project } else { &spec }, &fs::read_to_string(&path).unwrap());
        assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
        count += 1;
    }
    let pages = files(&root().join("docs"), ".md").into_iter().filter(|path| !path.starts_with(root().join("docs/codes")));
    for path in pages.chain([root().join("README.md")]) {
        for (is_project, text) in blocks(&fs::read_to_string(&path).unwrap()) {
            let errors = said(if is_project { &project } else { &spec }, &text);
            assert!(errors.is_empty(), "{}: {errors:#?}\n{text}", path.display());
            count += 1;
        }
    }
    assert!(count > 20, "only {count}");
}

/// The codes of what is wrong with the shape of a file.
const SHAPE: [&str; 5] = ["unknown-key", "wrong-shape", "missing-key", "bad-name", "not-supported-yet"];

#[test]
fn cases_and_pages_of_codes_are_valid_by_the_schema_if_and_only_if_their_shape_is_right() {
    let spec = validator(Document::Spec);
    let mut count = 0;
    let folders = [root().join("tests/cases"), root().join("docs/codes")];
    for path in folders.iter().flat_map(|folder| files(folder, ".md")) {
        for (is_project, text) in blocks(&fs::read_to_string(&path).unwrap()) {
            if is_project {
                continue;
            }
            let checked =
                check_texts(vec![("kpic.yml".into(), PROJECT.into()), ("a.yml".into(), text.clone())], &Options::default());
            // A schema cannot say which of two numbers is the lower one, or where a name of a table has its quotes and dots.
            let beyond = |message: &str| message.contains("the lower first") || message.contains("is not the name of a");
            let shape = |finding: &&Finding| SHAPE.contains(&finding.code.name) && !beyond(&finding.message);
            let wrong: Vec<_> = checked.findings.iter().filter(shape).collect();
            let Some(errors) = said_of_yaml(&spec, &text) else { continue };
            // What is left of a cut formula may or may not be keys of their own, and what an alias without an anchor is nobody knows.
            if checked.findings.iter().any(|finding| matches!(finding.code.name, "formula-cut" | "unknown-anchor")) {
                continue;
            }
            assert_eq!(errors.is_empty(), wrong.is_empty(), "{}: {errors:#?} {wrong:#?}\n{text}", path.display());
            count += 1;
        }
    }
    assert!(count > 100, "only {count}");
}

#[test]
fn specs_of_the_wrong_shape_are_not_valid() {
    let spec = validator(Document::Spec);
    let source = "table: t, kind: events, columns: { d: date }";
    let specs = [
        "kpi: {}".to_owned(),
        "kpis: [a, b]".to_owned(),
        "kpis: { a: { formula: count(orders), onwer: x } }".to_owned(),
        "kpis: { Revenue: { formula: count(orders) } }".to_owned(),
        "kpis: { a__b: { formula: count(orders) } }".to_owned(),
        "kpis: { a: { formula: { count: orders } } }".to_owned(),
        "kpis: { a: { formula: count(orders), grain: fortnight } }".to_owned(),
        "kpis: { a: { formula: count(orders), better: { amid: [1, 2] } } }".to_owned(),
        "kpis: { a: { formula: count(orders), better: sideways } }".to_owned(),
        "kpis: { a: { formula: count(orders), by: channel } }".to_owned(),
        "kpis: { a: { values: { 2024-Q1: many } } }".to_owned(),
        "kpis: { a: { formula: count(orders), drives: [ { kpi: b } ] } }".to_owned(),
        "kpis: { a: { formula: count(orders), deprecated: { since: lately } } }".to_owned(),
        format!("sources: {{ a: {{ {source}, key: {{ a: b }} }} }}"),
        "sources: { a: { table: t, columns: { d: date } } }".to_owned(),
        "sources: { a: { table: t, kind: rows, columns: { d: date } } }".to_owned(),
        "sources: { a: { table: t, kind: events, columns: { d: { type: day } } } }".to_owned(),
        "sources: { a: { table: t, kind: events, columns: { d: { type: date, nullable: perhaps } } } }".to_owned(),
        "scorecards: { a: { kpis: [b], max: -1 } }".to_owned(),
        "taxonomies: { a: { cover: true } }".to_owned(),
        "tests: { a: { given: { orders: { a: 1 } }, expect: {} } }".to_owned(),
        "tests: { a: { given: {} } }".to_owned(),
        "objectives: []".to_owned(),
        "- kpis".to_owned(),
    ];
    for text in specs {
        assert!(!said(&spec, &text).is_empty(), "the schema takes {text}");
        let checked =
            check_texts(vec![("kpic.yml".into(), PROJECT.into()), ("a.yml".into(), text.clone())], &Options::default());
        let wrong = checked.findings.iter().any(|finding| SHAPE.contains(&finding.code.name));
        assert!(wrong, "kpic takes {text}: {:?}", checked.findings);
    }
    let project = validator(Document::Project);
    let projects = [
        "calendar: { start: 2024-01-01 }",
        "kpic: one\ncalendar: { start: 2024-01-01 }",
        "kpic: 1\ncalendar: { start: 1 January }",
        "kpic: 1\ncalendar: { start: 2024-01-01, week_starts: weekend }",
        "kpic: 1\ncalendar: { start: 2024-01-01 }\nlints: { missing-owner: never }",
        "kpic: 1\ncalendar: { start: 2024-01-01 }\nkpis: {}",
    ];
    for text in projects {
        assert!(!said(&project, text).is_empty(), "the schema takes {text}");
        assert!(check_texts(vec![("kpic.yml".into(), text.into())], &Options::default()).findings.has_errors());
    }
}

#[test]
fn what_kpic_reads_leniently_the_schema_takes_too() {
    let spec = validator(Document::Spec);
    let specs = [
        "kpis:\n",
        "kpis:\n  a: { formula: 1, title: 2024, unit: \"%\", owner: true }\n",
        "kpis: { a: { values: { 2024: 1_000, 2025: 25%, 2026: -3.5, 2027: '12' }, grain: year, kind: flow } }\n",
        "sources:\n  a: &a { table: t, kind: events, columns: { d: date } }\n  b: { <<: *a, table: u }\n",
        "scorecards: { a: { kpis: [b], max: \"3\" } }\n",
    ];
    for text in specs {
        let errors = said(&spec, text);
        assert!(errors.is_empty(), "{text}: {errors:?}");
        let checked =
            check_texts(vec![("kpic.yml".into(), PROJECT.into()), ("a.yml".into(), text.into())], &Options::default());
        let wrong = checked.findings.iter().find(|finding| SHAPE.contains(&finding.code.name));
        assert_eq!(wrong, None, "{text}");
    }
}

#[test]
fn the_stored_schemas_are_up_to_date() {
    for document in Document::ALL {
        let path = root().join("docs/schema").join(document.file_name());
        if std::env::var_os("KPIC_UPDATE_DOCS").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text(document)).unwrap();
        }
        let stored = fs::read_to_string(&path).unwrap_or_default();
        assert!(stored == text(document), "{} is not up to date: KPIC_UPDATE_DOCS=1 rewrites it", path.display());
    }
}

#[test]
fn every_example_tells_editors_of_its_schema() {
    for path in files(&root().join("specs"), ".yml") {
        let text = fs::read_to_string(&path).unwrap();
        let line = text.lines().next().unwrap();
        let named =
            line.strip_prefix("# yaml-language-server: $schema=").unwrap_or_else(|| panic!("{}: {line}", path.display()));
        let document = if path.file_name().is_some_and(|name| name == "kpic.yml") { Document::Project } else { Document::Spec };
        let meant = fs::canonicalize(path.parent().unwrap().join(named)).unwrap();
        assert_eq!(meant, fs::canonicalize(root().join("docs/schema").join(document.file_name())).unwrap());
    }
}
