//! What stands around the commands: help, completion, manual pages, schemas, and the reference in `docs/cli.md`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn kpic(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kpic")).args(arguments).current_dir(folder).output().unwrap()
}

/// What a command that succeeds prints.
fn printed(folder: &Path, arguments: &[&str]) -> String {
    let output = kpic(folder, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The commands, as the help lists them.
fn commands() -> Vec<String> {
    let help = printed(&root(), &["--help"]);
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = list.lines().filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    names.map(|line| line.split_whitespace().next().unwrap().to_owned()).filter(|name| name != "help").collect()
}

#[test]
fn the_reference_is_up_to_date() {
    let path = root().join("docs/cli.md");
    let made = kpic::cli::reference::markdown();
    if std::env::var_os("KPIC_UPDATE_DOCS").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == made, "docs/cli.md is not up to date: KPIC_UPDATE_DOCS=1 rewrites it");
    for command in commands() {
        assert!(made.contains(&format!("\n## kpic {command}\n")), "{command}");
    }
}

#[test]
fn every_help_has_examples() {
    let commands = commands();
    assert!(commands.len() >= 9, "{commands:?}");
    for command in &commands {
        let help = printed(&root(), &[command, "--help"]);
        let examples = help.split("\nExamples:\n").nth(1).unwrap_or_else(|| panic!("{command} has no examples:\n{help}"));
        assert!(examples.contains(&format!("kpic {command}")) || examples.contains("kpic -C"), "{command}: {examples}");
    }
    assert!(printed(&root(), &["--help"]).contains("\nExamples:\n"));
}

#[test]
fn a_misspelt_command_is_answered_with_the_right_one() {
    for (typed, meant) in [("chek", "check"), ("grpah", "graph"), ("quer", "query")] {
        let output = kpic(&root(), &[typed]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(text.contains(&format!("'{meant}'")), "{text}");
    }
    let output = kpic(&root(), &["man", "chek"]);
    assert!(String::from_utf8(output.stderr).unwrap().contains("did you mean `check`?"));
}

/// What kpic offers a shell in a folder for the last of some words.
fn offered(folder: &Path, words: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_kpic"))
        .args([&["--"], words].concat())
        .envs([("COMPLETE", "fish"), ("_CLAP_IFS", "\n")])
        .env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string())
        .current_dir(folder)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

#[test]
fn names_of_the_project_at_hand_are_completed() {
    let project = root().join("specs/cdnow/specs");
    assert_eq!(offered(&project, &["kpic", "che"]), ["check", "checkin"]);
    let revenues = ["revenue", "revenue_growth", "revenue_growth_yoy", "revenue_per_buyer", "revenue_year_to_date"];
    for command in [&["kpic", "run", "reven"][..], &["kpic", "query", "reven"], &["kpic", "graph", "--focus", "reven"]] {
        let mut found = offered(&project, command);
        found.sort();
        assert_eq!(found, revenues, "{command:?}");
    }
    assert_eq!(offered(&project, &["kpic", "test", "ninety"]), ["ninety_days_are_ninety_days"]);
    let saas = root().join("specs/saas");
    assert_eq!(offered(&saas, &["kpic", "status", "customers_who"]), ["customers_who_stay"]);
    assert_eq!(offered(&saas, &["kpic", "status", "--owner", "deli"]), ["delivery"]);
    assert_eq!(offered(&saas, &["kpic", "review", "week"]), ["weekly"]);
    assert_eq!(offered(&saas, &["kpic", "checkin", "at_home_abroad.p"]), ["at_home_abroad.partnerships"]);
    // No project, no names, and no noise.
    assert_eq!(offered(tempfile::tempdir().unwrap().path(), &["kpic", "run", "reven"]), Vec::<String>::new());
    let formats = offered(&project, &["kpic", "check", "--format", "s"]);
    assert_eq!(formats, ["sarif"]);
}

#[test]
fn every_shell_gets_a_script_that_asks_kpic() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = printed(&root(), &["completions", shell]);
        assert!(script.contains("COMPLETE") && script.contains("kpic"), "{shell}: {script}");
        assert!(!script.contains(env!("CARGO_BIN_EXE_kpic")), "{shell}: the kpic on PATH is asked");
    }
    assert_eq!(kpic(&root(), &["completions", "cmd"]).status.code(), Some(2));
}

#[test]
fn manual_pages_are_printed_and_written() {
    let page = printed(&root(), &["man", "check"]);
    assert!(page.contains(".TH kpic-check 1") && page.contains("Examples:"), "{page}");
    let folder = tempfile::tempdir().unwrap();
    printed(folder.path(), &["man", "--output", "a/man1"]);
    let mut pages: Vec<String> = fs::read_dir(folder.path().join("a/man1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    let mut wanted: Vec<String> = commands().iter().map(|command| format!("kpic-{command}.1")).collect();
    wanted.extend(
        ["kpic.1", "kpic-import-cube.1", "kpic-import-dbt.1", "kpic-import-lookml.1", "kpic-import-sql.1"].map(str::to_owned),
    );
    wanted.sort();
    assert_eq!(pages, wanted);
    let written = fs::read_to_string(folder.path().join("a/man1/kpic-check.1")).unwrap();
    assert_eq!(written, page);
}

#[test]
fn schemas_are_written_with_the_lines_that_wire_them() {
    let folder = tempfile::tempdir().unwrap();
    let said = printed(folder.path(), &["schema", "--output", ".kpic"]);
    assert!(said.contains("# yaml-language-server: $schema=.kpic/project.schema.json\n"), "{said}");
    assert!(said.contains("# yaml-language-server: $schema=../.kpic/spec.schema.json\n"), "{said}");
    for name in ["project", "spec"] {
        let written = fs::read_to_string(folder.path().join(format!(".kpic/{name}.schema.json"))).unwrap();
        assert_eq!(written, printed(folder.path(), &["schema", name]));
    }
    assert_eq!(kpic(folder.path(), &["schema"]).status.code(), Some(2));
}
