//! Runs the Markdown cases in `tests/cases/`: specs with rows, and the figures that follow by the rules of the language.
//!
//! `tests/support/cases.rs` finds the files and cuts them into cases, [`problems`] compiles and runs a case. All failures of all
//! files are reported at once. `tests/cases/README.md` says how a case is written.
//!
//! The figures were worked out by hand; nothing here writes them.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its cases has failed")]

#[path = "support/cases.rs"]
mod markdown;

use kpic::diagnostic::{Finding, Severity};
use kpic::engine::{DuckDb, find};
use kpic::measure::test::{Figure, run};
use kpic::measure::{Session, guard};
use kpic::pipeline::{Checked, Options, Valid, check_texts};
use kpic::plan::relation::Query;
use kpic::plan::{Question, plan};
use kpic::text::{Files, Span};
use markdown::{Case, SPEC, collect, read};
use rayon::prelude::*;
use std::collections::HashSet;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

#[test]
fn every_case_comes_out_as_worked_out_by_hand() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("tests/cases");
    let engine = DuckDb {
        program: find(None).unwrap(),
        folder: root.to_path_buf(),
        database: None,
        reach: kpic::engine::Reach::default(),
    };
    let only = std::env::var("KPIC_CASES").unwrap_or_default();
    let mut failures = Vec::new();
    let mut cases = Vec::new();
    for path in collect(&folder) {
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string().replace('\\', "/");
        if name.contains(&only) {
            let text = std::fs::read_to_string(&path).unwrap();
            read(&name, &text, &mut cases, &mut failures);
        }
    }
    assert!(!cases.is_empty(), "there are no cases");
    failures.extend(cases.par_iter().filter_map(|case| verdict(case, &engine)).collect::<Vec<_>>());
    let count = failures.len();
    assert!(failures.is_empty(), "{count} of {} cases:\n\n{}\n", cases.len(), failures.join("\n"));
}

// --- From cases to failures ---

/// What is to be said about a case, if anything.
fn verdict(case: &Case, engine: &DuckDb) -> Option<String> {
    let found =
        catch_unwind(AssertUnwindSafe(|| problems(case, engine))).unwrap_or_else(|_| vec!["the compiler panicked".into()]);
    let title = format!("{}: {}\n", case.place, case.title);
    let lines = found.iter().map(|problem| format!("  {}\n", problem.trim_end().replace('\n', "\n    ")));
    (!found.is_empty()).then(|| title + &lines.collect::<String>())
}

/// Everything that is wrong with a case.
fn problems(case: &Case, engine: &DuckDb) -> Vec<String> {
    let texts = vec![("kpic.yml".to_owned(), case.project.clone()), (SPEC.to_owned(), case.spec.clone())];
    let checked = check_texts(texts, &Options::default());
    let has_tests = !checked.model.tests.is_empty();
    if case.project.is_empty() {
        return vec!["there is no block `yaml kpic.yml` above it".to_owned()];
    }
    if let Some(expected) = &case.findings {
        let found: Vec<String> = checked.findings.iter().map(|finding| line(finding, &checked.files)).collect();
        if found != *expected {
            return vec![difference(expected, &found)];
        }
        // With an error among the findings there is nothing to run.
        if !has_tests || checked.findings.has_errors() {
            return Vec::new();
        }
    }
    let broken = checked.model.kpis.rows().iter().find(|kpi| kpi.facts.is_broken());
    if let (Some(kpi), false) = (broken, checked.findings.has_errors()) {
        return vec![format!("`{}` is broken, and no finding says why", kpi.name.value)];
    }
    match checked.valid() {
        Ok(_) if !has_tests && case.guards.is_empty() => {
            vec!["has neither `tests:` nor a block `findings` or `guards`".to_owned()]
        }
        Ok(valid) => {
            let mut problems: Vec<String> =
                case.guards.iter().filter_map(|(asked, expected)| unguarded(&valid, engine, asked, expected)).collect();
            if has_tests {
                problems.extend(failing(case, valid, engine));
            }
            problems
        }
        Err(checked) => vec![format!("has errors:\n{}", errors(case, &checked))],
    }
}

/// What is said of the data beside the figures of a question, where that is not what is expected. A question is `revenue, orders`
/// or `revenue by country`.
fn unguarded(valid: &Valid, engine: &DuckDb, asked: &str, expected: &[String]) -> Option<String> {
    let model = valid.model();
    let (kpis, by) = asked.split_once(" by ").unwrap_or((asked, ""));
    let names =
        |list: &str| list.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect::<Vec<_>>();
    let dimension = |name: &String| model.dimensions.iter().find(|(_, known)| known.name == *name).map(|(id, _)| id);
    let by: Vec<_> = names(by).iter().filter_map(dimension).collect();
    let mut queries: Vec<Query> = Vec::new();
    for name in names(kpis) {
        let Some(id) = model.kpi_names.get(&name) else { return Some(format!("there is no KPI `{name}` to ask for")) };
        queries.push(plan(valid, &Question::view(model, *id, model.kpis.get(*id).grain, by.clone())));
    }
    let found = match guard::check(&Session { project: valid, engine }, &queries) {
        Ok(findings) => findings,
        Err(failure) => return Some(format!("{} {}", failure.message, failure.help.unwrap_or_default())),
    };
    let level = |finding: &Finding| if finding.severity == Severity::Error { "error" } else { "warning" };
    let found: Vec<String> =
        found.iter().map(|finding| format!("{} {}", level(finding), line(finding, valid.files()))).collect();
    (found != expected).then(|| format!("{asked}: {}", difference(expected, &found)))
}

/// Runs a case's tests; gives what does not agree.
fn failing(case: &Case, mut valid: Valid, engine: &DuckDb) -> Vec<String> {
    let outcomes = match run(&mut valid, engine, &[]) {
        Ok(outcomes) => outcomes,
        Err(failure) => return vec![format!("{} {}", failure.message, failure.help.unwrap_or_default())],
    };
    let mut problems = Vec::new();
    for outcome in outcomes {
        let name = &outcome.name;
        let whys: Vec<String> = outcome.refused.iter().map(|(of, why)| format!("{of}: {why}")).collect();
        match &case.refused {
            Some(expected) if whys.iter().any(|why| why.contains(expected)) => {}
            Some(expected) => problems.push(format!("{name}: was to be refused with {expected:?}, but it is {whys:?}")),
            None => {}
        }
        let refused = outcome.refused.iter().filter(|_| case.refused.is_none());
        problems.extend(refused.map(|(of, why)| format!("{name}: {of} is refused: {why} ({})", why.said)));
        if outcome.refused.is_empty() && outcome.figures.is_empty() {
            problems.push(format!("{name}: expects nothing"));
        }
        for Figure { of, row, expected, actual, span, .. } in outcome.figures.iter().filter(|figure| !figure.agrees) {
            let place = place(case, *span, valid.files());
            problems.push(format!("{place}: {name}: {of} {row}: expected {expected}, actual {actual}"));
        }
    }
    problems
}

/// A finding as a case writes it: `K0301 unit-mismatch 14:14 message`; the file stands there if it is not the spec.
fn line(finding: &Finding, files: &Files) -> String {
    let at = finding.labels.first().map_or(String::new(), |label| {
        let path = files.path(label.span.file);
        let position = files.position(label.span.file, label.span.start as usize);
        let file = if path == SPEC { String::new() } else { format!("{path}:") };
        format!("{file}{}:{} ", position.line, position.column)
    });
    format!("{} {} {at}{}", finding.code.id, finding.code.name, finding.message)
}

fn difference(expected: &[String], found: &[String]) -> String {
    let (wanted, got): (HashSet<_>, HashSet<_>) = (expected.iter().collect(), found.iter().collect());
    let mut out = "other findings than expected:\n".to_owned();
    for line in found.iter().filter(|line| !wanted.contains(line)) {
        let _ = writeln!(out, "found   {line}");
    }
    for line in expected.iter().filter(|line| !got.contains(line)) {
        let _ = writeln!(out, "missing {line}");
    }
    if wanted == got {
        out.push_str("the same ones in another order or number\n");
    }
    out
}

/// The errors among the findings, each with its place in the Markdown file and its help.
fn errors(case: &Case, checked: &Checked) -> String {
    let mut out = String::new();
    for finding in checked.findings.iter().filter(|finding| finding.severity == kpic::diagnostic::Severity::Error) {
        let place = finding.labels.first().map(|label| place(case, label.span, &checked.files)).unwrap_or_default();
        let _ = writeln!(out, "{place}: {}", line(finding, &checked.files));
        if let Some(help) = &finding.help {
            let _ = writeln!(out, "  help: {help}");
        }
    }
    out
}

/// The place in the Markdown file of a place in the case's spec.
fn place(case: &Case, span: Span, files: &Files) -> String {
    let path = files.path(span.file);
    let position = files.position(span.file, span.start as usize);
    let file = case.place.rsplit_once(':').map_or("", |(file, _)| file);
    match case.lines.get(position.line - 1).filter(|_| path == SPEC) {
        Some(line) => format!("{file}:{line}"),
        None => format!("{path}:{}", position.line),
    }
}

// --- The harness itself ---

/// A file with a source of two rows, with `below` after it.
fn project(below: &str) -> String {
    let sources = "sources: { a: { table: a, kind: entities, key: x, columns: { x: integer } } }\n\
                   kpis: { n: { formula: count(a over all time) } }\n";
    format!(
        "# Title\n\n```yaml kpic.yml\nkpic: 1\ncalendar: {{ start: 2024-01-01, as_of: 2024-01-31 }}\n```\n\n## Case\n\n```yaml\n{sources}{below}"
    )
}

/// What is said about the cases of a text.
fn said(name: &str, text: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let engine = DuckDb {
        program: find(None).unwrap(),
        folder: root.to_path_buf(),
        database: None,
        reach: kpic::engine::Reach::default(),
    };
    let (mut cases, mut failures) = (Vec::new(), Vec::new());
    read(name, text, &mut cases, &mut failures);
    failures.extend(cases.iter().filter_map(|case| verdict(case, &engine)));
    failures
}

#[test]
fn a_wrong_figure_is_told_with_its_line() {
    let tests = |figure: u32| {
        project(&format!(
            "tests: {{ t: {{ given: {{ a: [ {{ x: 1 }}, {{ x: 2 }} ] }},\n  expect: {{ n: {{ 2024-01: {figure} }} }} }} }}\n```\n"
        ))
    };
    assert_eq!(said("a.md", &tests(2)), Vec::<String>::new());
    assert_eq!(said("a.md", &tests(3)), ["a.md:8: Case\n  a.md:14: t: n 2024-01: expected 3, actual 2\n"]);
}

#[test]
fn a_case_has_to_show_something() {
    assert_eq!(said("a.md", &project("```\n")), ["a.md:8: Case\n  has neither `tests:` nor a block `findings` or `guards`\n"]);
    assert_eq!(
        said("a.md", "# A\n## B\n```yml\n"),
        [
            "a.md:3: this block is not closed\n",
            "a.md:3: a block `yml` means nothing here\n",
            "a.md:2: B\n  there is no block `yaml kpic.yml` above it\n",
        ]
    );
}

#[test]
fn findings_are_compared_exactly() {
    let said =
        |findings: &str| said("a.md", &project(&format!("  m: {{ formula: nn }}\n```\n\n```findings\n{findings}\n```\n")));
    let told = said("none");
    assert!(told.len() == 1 && told[0].contains("missing none\n"), "{told:?}");
}
