//! Runs every page of `docs/codes/`: the first spec gives the findings that the page shows, and the mended one gives none.
//!
//! A page begins with `# K0301 unit-mismatch`. It has a section "Fails" and a section "Works", each with a block ```` ```yaml ````
//! that is a spec file, perhaps a block ```` ```yaml kpic.yml ```` before it, blocks ```` ```jinja NAME ```` for templates, ```` ```csv PATH ```` for files, and ```` ```sql deploys ```` for
//! what is in a database into which it is deployed. The block ```` ```text ```` under "Fails" is what
//! `kpic check` says, or `kpic test`, `kpic run`, `kpic verify`, `kpic build` or `kpic deploy` where only they can see it. `KPIC_UPDATE_DOCS=1` writes these blocks anew.
//!
//! `docs/codes/README.md` lists all of them; it is made of the table of codes by `KPIC_UPDATE_DOCS=1` too.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot read its pages has failed")]

use kpic::deploy::{self, How};
use kpic::diagnostic::codes::Level;
use kpic::diagnostic::render::{Look, human};
use kpic::diagnostic::{Code, Findings, codes};
use kpic::engine::{DuckDb, find};
use kpic::measure::refused::{self, Refused};
use kpic::measure::{Session, guard, test, verify};
use kpic::pipeline::{Checked, Options, Valid, check};
use kpic::plan::views;
use kpic::plan::views::checks::{DATA_CHECKS, DataCheck};
use rayon::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The project of a page that says nothing else: the lints that nearly every small spec would have are silent.
const PROJECT: &str = "kpic: 1
calendar: { start: 2024-01-01, as_of: 2024-03-31 }
lints: { missing-owner: allow, missing-description: allow, no-north-star: allow, quiet-source: allow }
";

/// A section of a page that is run.
#[derive(Debug, Default)]
struct Part {
    project: Option<String>,
    spec: String,
    /// Templates of the project, by name.
    templates: Vec<(String, String)>,
    /// Files of rows, by path.
    rows: Vec<(String, String)>,
    /// What is in the database into which the project is deployed.
    database: Option<String>,
    says: Option<String>,
}

fn page_path(code: &Code) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/codes").join(format!("{}.md", code.name))
}

/// The blocks below a heading, each with the word after its fence.
fn part(page: &str, heading: &str) -> Option<Part> {
    let section = page.split("\n## ").skip(1).find(|section| section.lines().next() == Some(heading))?;
    let mut part = Part::default();
    let mut lines = section.lines();
    while let Some(line) = lines.next() {
        let Some(kind) = line.strip_prefix("```") else { continue };
        let block: String = lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
        match kind {
            "yaml kpic.yml" => part.project = Some(block),
            "yaml" => part.spec.push_str(&block),
            _ if kind.starts_with("jinja ") => part.templates.push((kind.replacen("jinja ", "", 1), block)),
            _ if kind.starts_with("csv ") => part.rows.push((kind.replacen("csv ", "", 1), block)),
            "sql deploys" => part.database = Some(block),
            "text" => part.says = Some(block),
            _ => {}
        }
    }
    Some(part)
}

/// Everything that is found in a project, with its text: by checking it, and if that finds no error by running it.
fn findings(part: &Part) -> (Findings, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("kpic.yml"), part.project.as_deref().unwrap_or(PROJECT)).unwrap();
    fs::create_dir(folder.path().join("specs")).unwrap();
    fs::write(folder.path().join("specs/example.yml"), &part.spec).unwrap();
    for (path, text) in &part.rows {
        fs::write(folder.path().join(path), text).unwrap();
    }
    for (name, text) in &part.templates {
        fs::create_dir_all(folder.path().join("templates")).unwrap();
        fs::write(folder.path().join("templates").join(name), text).unwrap();
    }
    let checked = check(folder.path(), &Options::default());
    let (files, found) = match checked.valid() {
        Err(wrong) => {
            let Checked { files, findings, .. } = *wrong;
            (files, findings)
        }
        Ok(mut valid) => {
            let engine = DuckDb {
                program: find(None).unwrap(),
                folder: folder.path().to_path_buf(),
                database: None,
                reach: kpic::engine::Reach::default(),
            };
            let mut found = valid.findings().clone();
            let outcomes = test::run(&mut valid, &engine, &[]).unwrap();
            found.append(test::findings(&valid, &outcomes));
            if !part.templates.is_empty() {
                found.append(
                    kpic::build::outputs(&valid, kpic::build::Documents::Pages(kpic::docs::Beside::default()))
                        .err()
                        .unwrap_or_default(),
                );
            }
            if let Some(sql) = &part.database {
                found.append(deployed(&valid, folder.path(), sql));
            }
            // Specs without a relation of their own have no data to look at.
            if part.spec.contains("query:") || !part.rows.is_empty() {
                let session = Session { engine: &engine, project: &valid };
                let all = views::views(&valid);
                let queries: Vec<_> = all.iter().filter_map(|view| views::query(&valid, &view.shows)).collect();
                let mut guarded = guard::check(&session, &queries).unwrap();
                if guarded.is_empty() {
                    let mut refused = Refused::default();
                    for (query, answer) in queries.iter().zip(session.answer(&queries).unwrap()) {
                        let told = answer.err().map(|why| refused::other("a view", None, &why));
                        told.into_iter().for_each(|finding| refused.add(query, finding));
                    }
                    guarded.append(refused.explained(&session).unwrap());
                }
                // What a figure can live with is what `kpic verify` is for.
                let sources: Vec<_> = valid.model().sources.ids().collect();
                let verified = || verify::verify(&session, &sources).unwrap().findings;
                found.append(if guarded.has_errors() { guarded } else { verified() });
            }
            (valid.files().clone(), found)
        }
    };
    let text = human(&found, &files, Look { color: false, width: 100 });
    (found, text)
}

/// What is found where a project is deployed into a database that holds something.
fn deployed(project: &Valid, folder: &Path, sql: &str) -> Findings {
    let (program, database) = (find(None).unwrap(), folder.join("shop.duckdb"));
    assert!(Command::new(&program).arg("-no-init").arg(&database).args(["-c", sql]).status().unwrap().success());
    let database = Some(database);
    let engine = DuckDb { program, folder: folder.to_path_buf(), database, reach: kpic::engine::Reach::default() };
    let dialect = kpic::dialect::dialect(None);
    let catalog = dialect.catalog().unwrap();
    let found = deploy::found(project, &engine, dialect, catalog).unwrap();
    match deploy::plan(project, &deploy::wanted(project, dialect).unwrap(), &found, How::default(), dialect, catalog) {
        Ok(plan) => deploy::carry_out(project, &engine, &plan).unwrap(),
        Err(findings) => findings,
    }
}

fn problem(code: &'static Code) -> Option<String> {
    let wrong = |why: String| Some(format!("docs/codes/{}.md: {why}", code.name));
    let page = fs::read_to_string(page_path(code)).unwrap();
    if page.lines().next() != Some(format!("# {} {}", code.id, code.name).as_str()) {
        return wrong(format!("does not begin with `# {} {}`", code.id, code.name));
    }
    let (Some(fails), Some(works)) = (part(&page, "Fails"), part(&page, "Works")) else {
        return wrong("lacks a section \"Fails\" or \"Works\"".to_owned());
    };
    let (found, text) = findings(&fails);
    if !found.iter().any(|finding| finding.code == code) {
        return wrong(format!("the failing spec does not give it, but\n{text}"));
    }
    if let Some(other) = found.iter().find(|finding| finding.code != code) {
        return wrong(format!("the failing spec gives {} too:\n{text}", other.code.name));
    }
    if fails.says.as_deref() != Some(text.as_str()) {
        if std::env::var_os("KPIC_UPDATE_DOCS").is_none() {
            return wrong(format!("the failing spec says something else (KPIC_UPDATE_DOCS=1 writes it):\n{text}"));
        }
        let Some(says) = fails.says else { return wrong("has no block ```text under \"Fails\"".to_owned()) };
        let block = |text: &str| format!("```text\n{text}```\n");
        fs::write(page_path(code), page.replacen(&block(&says), &block(&text), 1)).unwrap();
    }
    let (found, text) = findings(&works);
    if found.is_empty() { None } else { wrong(format!("the mended spec is not clean:\n{text}")) }
}

#[test]
fn every_code_has_a_page_that_shows_it() {
    let problems: Vec<String> = codes::ALL.par_iter().filter_map(|code| problem(code)).collect();
    assert!(problems.is_empty(), "{} of {} pages:\n\n{}\n", problems.len(), codes::ALL.len(), problems.join("\n"));
}

#[test]
fn every_page_belongs_to_a_code() {
    for entry in fs::read_dir(page_path(codes::ALL.first().unwrap()).parent().unwrap()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let code = name.strip_suffix(".md").unwrap_or(&name);
        assert!(name == "README.md" || codes::named(code).is_some(), "{name}");
    }
}

/// What the codes of a group are about, by how their numbers begin.
const GROUPS: &[(&str, &str)] = &[
    ("K00", "Files"),
    ("K01", "The shape of specs"),
    ("K02", "Names and formulas"),
    ("K03", "Types and units"),
    ("K04", "Time"),
    ("K05", "Slices"),
    ("K06", "States"),
    ("K07", "Lints"),
    ("K08", "Warehouses and templates"),
    ("K09", "Data and tests"),
    ("K10", "The North Star"),
    ("K11", "Objectives and key results"),
    ("K12", "Guardrails and reviews"),
];

/// The index of all pages, by number and by name.
fn index() -> String {
    let mut text = "# Findings\n
Everything that kpic can say about a project, by number and [by name](#by-name). Each page says what the finding means, shows a spec that
has it, and the same spec fixed. `kpic explain NAME` prints the page. Errors are always errors. The others are lints: a project
[sets their level](../guides/lints.md) or silences one with a reason.\n"
        .to_owned();
    for (start, title) in GROUPS.iter().filter(|(start, _)| codes::ALL.iter().any(|code| code.id.starts_with(start))) {
        text.push_str(&format!("\n## {title}\n\n| number | name | level | what it is |\n|---|---|---|---|\n"));
        for code in codes::ALL.iter().filter(|code| code.id.starts_with(start)) {
            let level = match code.level {
                Level::Error => "error",
                Level::Deny => "deny",
                Level::Warn => "warn",
                Level::Allow => "allow",
            };
            text.push_str(&format!("| {} | [{name}]({name}.md) | {level} | {} |\n", code.id, code.about, name = code.name));
        }
    }
    text.push_str("\n## By name\n\n");
    let mut names: Vec<&str> = codes::ALL.iter().map(|code| code.name).collect();
    names.sort_unstable();
    let links: Vec<String> = names.iter().map(|name| format!("[{name}]({name}.md)")).collect();
    text.push_str(&links.join(" ·\n"));
    text.push('\n');
    text
}

#[test]
fn the_index_lists_every_code() {
    let outside: Vec<&str> =
        codes::ALL.iter().map(|code| code.id).filter(|id| !GROUPS.iter().any(|(start, _)| id.starts_with(start))).collect();
    assert!(outside.is_empty(), "no group of the index holds {outside:?}");
    let path = page_path(codes::ALL.first().unwrap()).with_file_name("README.md");
    let (is, should_be) = (fs::read_to_string(&path).unwrap_or_default(), index());
    if is != should_be && std::env::var_os("KPIC_UPDATE_DOCS").is_some() {
        fs::write(path, should_be).unwrap();
    } else {
        assert!(is == should_be, "docs/codes/README.md is out of date; KPIC_UPDATE_DOCS=1 writes it anew");
    }
}

/// The row of the table in the guide on checks of data.
fn checked_when(held: &DataCheck) -> String {
    let word = |level: Level| match level {
        Level::Error => "error",
        Level::Deny => "deny",
        Level::Warn => "warn",
        Level::Allow => "allow",
    };
    let name = held.code.name;
    format!("| [{name}](../codes/{name}.md) | {} | {} | {} |", word(held.code.level), word(held.figures), held.looks_at)
}

#[test]
fn the_guide_says_what_is_checked_when() {
    let guide = fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/guides/data-checks.md")).unwrap();
    let shown: Vec<&str> = guide.lines().filter(|line| line.starts_with("| [")).collect();
    let expected: Vec<String> = DATA_CHECKS.iter().map(checked_when).collect();
    assert_eq!(shown, expected);
}
