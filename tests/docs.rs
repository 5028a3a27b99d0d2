//! Runs the documents: every YAML block is compiled, every block of commands is run and its output compared. The pages of
//! `docs/codes` are run by `tests/codes.rs`.
//!
//! - The blocks ```` ```yaml kpic.yml ```` and ```` ```yaml ```` of one document are one project, which has to be valid, and
//!   whose spec tests have to pass.
//! - In a block ```` ```console ```` a line that begins with `$ kpic` or `$ duckdb` is run in the repository's folder; what follows up
//!   to the next such line is what it has to print.
//! - A document that saves files has a folder of its own, which is empty at first, and its commands are run there. A block
//!   ```` ```yaml saves PATH ```` puts a file there, ```` ```yaml adds PATH ```` adds lines to its end, and ```` ```yaml shows PATH ```` has to be
//!   what it holds by then. What it writes has to be checked by a command that it shows.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot read its documents has failed")]

use kpic::diagnostic::render::{Look, human};
use kpic::engine::DuckDb;
use kpic::pipeline::{Options, check_texts};
use rayon::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const DEFAULT_PROJECT: &str = "kpic: 1\ncalendar: { start: 2024-01-01, as_of: 2024-06-30 }\n";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The documents that are run.
fn documents() -> Vec<PathBuf> {
    let mut found = vec![root().join("README.md"), root().join("CONTRIBUTING.md")];
    documents_below(&root().join("docs"), &mut found);
    found.sort();
    found
}

fn documents_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
        if path.is_dir() && path != root().join("docs/codes") {
            documents_below(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "md") {
            found.push(path);
        }
    }
}

/// The fenced blocks of a document: what stands after the fence, the line, and the text.
fn blocks(text: &str) -> Vec<(String, usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(String, usize, String)> = None;
    for (at, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some(info), None) => open = Some((info.trim().to_owned(), at + 1, String::new())),
            (None, Some((_, _, block))) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

fn duckdb() -> PathBuf {
    kpic::engine::find(None).unwrap()
}

#[test]
fn the_specs_in_documents_compile_and_their_tests_pass() {
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        let mut project = DEFAULT_PROJECT.to_owned();
        let mut specs = Vec::new();
        for (info, line, block) in blocks(&text) {
            match info.as_str() {
                "yaml kpic.yml" => project = block,
                "yaml" => specs.push((format!("line {line}"), block)),
                _ => {}
            }
        }
        if specs.is_empty() {
            continue;
        }
        let texts = std::iter::once(("kpic.yml".to_owned(), project)).chain(specs).collect();
        let checked = check_texts(texts, &Options::default());
        let found = human(&checked.findings, &checked.files, Look { color: false, width: 120 });
        assert!(checked.findings.is_empty(), "{}:\n{found}", document.display());
        let mut valid = checked.valid().unwrap();
        let engine = DuckDb { program: duckdb(), folder: root(), database: None, reach: kpic::engine::Reach::default() };
        for outcome in kpic::measure::test::run(&mut valid, &engine, &[]).unwrap() {
            assert!(outcome.passes(), "{}: {outcome:#?}", document.display());
        }
    }
}

#[test]
fn documents_show_what_happens() {
    let wrong: Vec<String> = documents().par_iter().flat_map_iter(|document| differences(document)).collect();
    assert!(wrong.is_empty(), "{}\nwith KPIC_UPDATE_DOCS=1 the documents are brought up to date", wrong.join("\n"));
}

/// What a document shows otherwise than it is.
fn differences(document: &Path) -> Vec<String> {
    let text = fs::read_to_string(document).unwrap();
    let all = blocks(&text);
    let saves = |info: &str| info.split(' ').nth(1) == Some("saves");
    let own = all.iter().any(|(info, ..)| saves(info)).then(|| tempfile::tempdir().unwrap());
    let Some(own) = own else {
        return compare(document, |info, line, block| (info == "console").then(|| ran(document, line, block, &root())));
    };
    let runs = all.iter().any(|(info, ..)| info == "console");
    assert!(runs, "{} saves files and does nothing with them", document.display());
    compare(document, |info, line, block| {
        let words: Vec<&str> = info.split(' ').collect();
        match words.as_slice() {
            ["console"] => Some(ran(document, line, block, own.path())),
            [_, "shows", path] => Some(fs::read_to_string(own.path().join(path)).unwrap()),
            [_, how @ ("saves" | "adds"), path] => {
                let path = own.path().join(path);
                let before = if *how == "adds" { fs::read_to_string(&path).unwrap() } else { String::new() };
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, before + block).unwrap();
                None
            }
            _ => None,
        }
    })
}

/// Compares the blocks of a document with what `should_be` says that they should be, and says what differs. With
/// `KPIC_UPDATE_DOCS` it is brought up to date, for somebody to read.
fn compare(document: &Path, mut should_be: impl FnMut(&str, usize, &str) -> Option<String>) -> Vec<String> {
    let text = fs::read_to_string(document).unwrap();
    let mut wrong = Vec::new();
    let mut lines = text.lines();
    let mut after: Vec<String> = Vec::new();
    let mut taken = 0;
    for (info, line, block) in blocks(&text) {
        let expected = should_be(&info, line, &block).unwrap_or_else(|| block.clone());
        if expected != block {
            wrong.push(format!("{}:{line}\n--- shown\n{block}--- printed\n{expected}", document.display()));
        }
        after.extend(lines.by_ref().take(line - taken).map(str::to_owned));
        after.extend(expected.lines().map(str::to_owned));
        let shown = block.lines().count();
        lines.by_ref().take(shown).for_each(drop);
        taken = line + shown;
    }
    after.extend(lines.map(str::to_owned));
    let after = format!("{}\n", after.join("\n"));
    if after != text && std::env::var_os("KPIC_UPDATE_DOCS").is_some() {
        fs::write(document, after).unwrap();
    }
    wrong
}

/// A block of commands with what they print in a folder.
fn ran(document: &Path, line: usize, block: &str, folder: &Path) -> String {
    let mut out = String::new();
    for command in block.lines().filter_map(|text| text.strip_prefix("$ ")) {
        out.push_str(&format!("$ {command}\n"));
        let mut words = words(command).into_iter();
        let program = match words.next().as_deref() {
            Some("kpic") => PathBuf::from(env!("CARGO_BIN_EXE_kpic")),
            Some("duckdb") => duckdb(),
            _ => panic!("{}:{line}: only kpic and duckdb are run", document.display()),
        };
        let output = Command::new(program).args(words).env("KPIC_DUCKDB", duckdb()).current_dir(folder).output().unwrap();
        out.push_str(&String::from_utf8_lossy(&output.stdout));
        out.push_str(&String::from_utf8_lossy(&output.stderr));
    }
    out
}

/// Splits a command line as a shell would, for single and double quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for char in line.chars() {
        match (quote, char) {
            (Some(open), char) if char == open => quote = None,
            (None, '\'' | '"') => quote = Some(char),
            (None, ' ') => words.push(String::new()),
            _ => words.last_mut().unwrap().push(char),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
