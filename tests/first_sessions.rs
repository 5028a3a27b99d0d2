//! Runs the first sessions in `tests/cases/first_sessions/`: what people type who know other tools, and what kpic answers.
//!
//! A file begins with the files of a project, each in a block ```` ```yaml saves PATH ````; every section `## ...` begins with a
//! folder that holds them. Then:
//!
//! - ```` ```formulas ```` has a formula on each line that is not indented, and below it what is found in it as a KPI;
//! - ```` ```yaml ```` is a spec file beside the others, and the block ```` ```found ```` after it what is found in it;
//! - ```` ```yaml saves PATH ```` puts a further file there, whose `<BOM>` is a byte-order mark and whose `<TAB>` a tab;
//! - ```` ```console ```` has commands after `$ `, each with all that it prints; the folder's path is shown as `DIR`.
//!
//! `KPIC_UPDATE_DOCS=1` writes the answers anew. Then read them aloud: whoever typed this has to know what to type instead.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot read its cases has failed")]

use kpic::diagnostic::{Finding, Severity};
use kpic::pipeline::{Checked, Options, check_texts};
use kpic::text::Files;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The files of a project, by path.
type Saved = Vec<(String, String)>;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_first_session_is_answered_as_shown() {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(root().join("tests/cases/first_sessions")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 10, "there are too few sessions");
    let mut wrong = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        let (answered, silent) = play(&text);
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        wrong.extend(silent.into_iter().map(|message| format!("{name}: no help is given with: {message}")));
        if answered == text {
            continue;
        }
        if std::env::var_os("KPIC_UPDATE_DOCS").is_some() {
            fs::write(&path, answered).unwrap();
        } else {
            let diff = similar::TextDiff::from_lines(&text, &answered);
            wrong.push(format!("{name}:\n{}", diff.unified_diff().context_radius(2)));
        }
    }
    assert!(wrong.is_empty(), "{} (KPIC_UPDATE_DOCS=1 writes the answers):\n\n{}", wrong.len(), wrong.join("\n"));
}

/// A document with its answers as they are now, and the messages of errors that come without help.
fn play(text: &str) -> (String, Vec<String>) {
    let (mut out, mut silent) = (String::new(), Vec::new());
    let (mut all, mut own): (Saved, Saved) = (Vec::new(), Vec::new());
    let mut in_section = false;
    let mut spec: Option<String> = None;
    let mut folder = None;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        out.push_str(&format!("{line}\n"));
        if line.starts_with("## ") {
            in_section = true;
            own.clone_from(&all);
            folder = None;
        }
        let Some(info) = line.strip_prefix("```") else { continue };
        let block: String = lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
        let mut shown = block.clone();
        match info.split(' ').collect::<Vec<_>>().as_slice() {
            [_, "saves", path] => {
                let text = block.replace("<BOM>", "\u{feff}").replace("<TAB>", "\t");
                let saved = if in_section { &mut own } else { &mut all };
                saved.retain(|(known, _)| known != path);
                saved.push(((*path).to_owned(), text));
                folder = None;
            }
            ["formulas"] => shown = formulas(&block, &own, &mut silent),
            ["yaml"] => spec = Some(block),
            ["found"] => shown = found(&own, &spec.take().unwrap(), &mut silent),
            ["console"] => shown = console(&block, folder.get_or_insert_with(|| written(&own)).path()),
            _ => panic!("a block `{info}` means nothing here"),
        }
        out.push_str(&format!("{shown}```\n"));
    }
    (out, silent)
}

/// Each formula with what is found in it.
fn formulas(block: &str, saved: &Saved, silent: &mut Vec<String>) -> String {
    let typed = block.lines().filter(|line| !line.starts_with(' ') && !line.is_empty());
    let answers = typed.map(|formula| {
        format!("{formula}\n{}", found(saved, &format!("kpis:\n  it:\n    formula: |-\n      {formula}\n"), silent))
    });
    answers.collect::<Vec<_>>().join("\n")
}

/// What is found in a spec file beside others, two lines for each finding.
fn found(saved: &Saved, spec: &str, silent: &mut Vec<String>) -> String {
    let texts = saved.iter().cloned().chain([("specs/it.yml".to_owned(), spec.to_owned())]).collect();
    let Checked { files, findings, .. } = check_texts(texts, &Options::default());
    let without = findings.iter().filter(|finding| finding.severity == Severity::Error && finding.help.is_none());
    silent.extend(without.map(|finding| finding.message.clone()));
    if findings.is_empty() {
        return "  fine\n".to_owned();
    }
    findings.iter().map(|finding| said(finding, &files)).collect()
}

/// A finding as a line with its place and message, and one with its help.
fn said(finding: &Finding, files: &Files) -> String {
    let place = finding.labels.first().map_or(String::new(), |label| {
        let text = files.slice(label.span).lines().next().unwrap_or_default();
        let shown: String = text.chars().take(40).collect();
        let file = files.path(label.span.file);
        let other = if file == "specs/it.yml" { String::new() } else { format!(" in {file}") };
        format!(" at [{shown}]{other}")
    });
    let help = finding.help.as_ref().map_or(String::new(), |help| format!("    help: {help}\n"));
    format!("  {} {}{place}: {}\n{help}", finding.code.id, finding.code.name, finding.message)
}

/// A folder with these files, and a data folder of its own.
fn written(saved: &Saved) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in saved {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// The commands of a block, each with what it prints now.
fn console(block: &str, folder: &Path) -> String {
    let mut out = String::new();
    for typed in block.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let mut words = split(typed);
        let set: Vec<String> = words.iter().take_while(|word| *word != "kpic").cloned().collect();
        words.drain(..=set.len());
        let mut command = Command::new(env!("CARGO_BIN_EXE_kpic"));
        command.args(&words).current_dir(folder).env("NO_COLOR", "1").env("KPIC_DUCKDB", kpic::engine::find(None).unwrap());
        command.envs(set.iter().filter_map(|set| set.split_once('=')));
        let output = command.output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        let real = fs::canonicalize(folder).unwrap();
        let text =
            String::from_utf8(text).unwrap().replace(real.to_str().unwrap(), "DIR").replace(folder.to_str().unwrap(), "DIR");
        out.push_str(&format!("$ {typed}\n{}\nexit code {}\n\n", text.trim_end(), output.status.code().unwrap()));
    }
    format!("{}\n", out.trim_end())
}

/// The words of a command line, quotes taken off.
fn split(typed: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for char in typed.chars() {
        match (quote, char) {
            (Some(open), _) if open == char => quote = None,
            (None, '"' | '\'') => quote = Some(char),
            (None, ' ') => words.push(std::mem::take(&mut word)),
            _ => word.push(char),
        }
    }
    words.push(word);
    words
}
