//! What reaches terminals, CI logs and spreadsheets: nothing that is taken for a command, and nothing that is lost without a word.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot run kpic has failed")]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn kpic(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kpic"));
    command.arg("-C").arg(root).args(arguments).stdin(Stdio::null());
    command
}

fn project(spec: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("kpic.yml"), "kpic: 1\nproject: t\ncalendar: { start: 2024-01-01, as_of: 2024-03-31 }\n")
        .unwrap();
    fs::create_dir(folder.path().join("specs")).unwrap();
    fs::write(folder.path().join("specs/a.yml"), spec).unwrap();
    folder
}

const SPEC: &str = "sources:
  orders: { table: orders, kind: events, time: day, columns: { day: date, amount: decimal } }
kpis:
  revenue: { formula: sum(orders.amount) }
";

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_exit_code_3() {
    let folder = project(SPEC);
    for arguments in
        [["check"].as_slice(), &["explain", "unit-mismatch"], &["--help"], &["check", "--format", "json"], &["schema", "spec"]]
    {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let output = kpic(folder.path(), arguments).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("could not be written"), "{arguments:?}");
    }
}

#[test]
fn a_reader_that_has_gone_away_is_no_error() {
    let folder = project(SPEC);
    let mut child = kpic(folder.path(), &["schema", "spec"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
}

/// That no line of an output is a command for GitHub, and that nothing in it moves a cursor or turns a text around.
fn is_harmless(output: &Output, own: &str) -> String {
    let text = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8(bytes.clone()).unwrap()).concat();
    let odd = |char: char| (char.is_control() && char != '\n') || ('\u{202a}'..='\u{202e}').contains(&char);
    assert!(!text.contains(odd), "{text:?}");
    for line in text.lines() {
        let is_own = !own.is_empty() && line.starts_with(own);
        assert!(is_own || !line.trim_start().starts_with("::"), "{line}");
        assert!(!line.contains("##["), "{line}");
    }
    text
}

#[test]
fn titles_values_and_names_of_files_do_nothing_in_terminals_and_logs() {
    let spec = format!(
        "{SPEC}  odd:\n    title: \"::error::title\\n::error::next ##[error]x\"\n    formula: sum(orders.amount) + 1\n    onwer: \"a\\n::error::b\"\n    better: \"::error::up\\n::error::down\"\n"
    );
    let folder = project(&spec);
    let name = OsStr::from_bytes(b"b\n::error::name\x1b[2K.yml");
    fs::write(folder.path().join("specs").join(name), "kpis:\n  x: { formula: 1 +\n    \u{202e}: y }\n").unwrap();
    let not_text = OsStr::from_bytes(b"c\n::error::text\x1b[2K.yml");
    fs::write(folder.path().join("specs").join(not_text), b"\xff").unwrap();
    for format in ["human", "github"] {
        let output = kpic(folder.path(), &["check", "--format", format]).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let text = is_harmless(&output, if format == "github" { "::" } else { "" });
        assert!(text.contains("\\u{1b}[2K"), "{text}");
    }
    // GitHub takes findings without a place too, and each is one line.
    let output = kpic(folder.path(), &["check", "--format", "github"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.lines().all(|line| line.starts_with("::error ") || line.starts_with("::warning ")), "{text}");
}

#[test]
fn titles_are_shown_on_pages_and_in_the_summary_as_they_are_read() {
    let folder = project(&SPEC.replace("formula: sum", "title: \"::error::x\\n::warning::y\", formula: sum"));
    let output = kpic(folder.path(), &["build"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    is_harmless(&output, "");
    let page = fs::read_to_string(folder.path().join("build/docs/kpis/revenue.md")).unwrap();
    assert!(page.lines().all(|line| !line.starts_with("::")), "{page}");
}
