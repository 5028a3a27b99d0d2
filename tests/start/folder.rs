//! A folder of its own for a test, and the two programs that work in it: kpic itself and a plain `DuckDB`.

use crate::fed::fed;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A folder, which is deleted in the end.
pub(crate) struct Folder {
    folder: TempDir,
}

/// What a program left behind.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// A finding for programs: its code, the characters that it points at, and what it says.
pub(crate) type Found = (String, String, String);

impl Folder {
    /// An empty one. There is a space and an umlaut in its path.
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::Builder::new().prefix("kpic für ").tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).unwrap()
    }

    /// The paths of all files, in order.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.path().to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(path.strip_prefix(self.path()).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        found.sort();
        found
    }

    /// Runs SQL in a database of this folder; it must succeed.
    pub(crate) fn sql(&self, database: &str, script: &str) -> String {
        let mut command = Command::new(duckdb());
        command.args(["-no-init", "-batch", "-csv", "-noheader", "-bail", database]).current_dir(self.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let outcome = outcome(fed(command.spawn().unwrap(), script));
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{}", outcome.stdout);
        outcome.stdout
    }

    /// The command `kpic` in this folder, where nobody looks.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kpic"));
        // A project that is named lies beside its data here, which a spec alone does not open.
        if arguments.contains(&"-C") {
            command.args(["--allow-path", "."]);
        }
        command.args(arguments).env("KPIC_DUCKDB", duckdb()).env_remove("CLICOLOR_FORCE").current_dir(self.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn kpic(&self, arguments: &[&str]) -> Outcome {
        let outcome = outcome(self.command(arguments).output().unwrap());
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(!said.contains('\u{1b}') && !said.contains("panicked"), "{arguments:?}: {said}");
        outcome
    }

    /// Runs kpic, which must say nothing against anything; gives what it prints.
    pub(crate) fn fine(&self, arguments: &[&str]) -> String {
        let outcome = self.kpic(arguments);
        assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{arguments:?}: {}", outcome.stdout);
        outcome.stdout
    }

    /// The findings of a command that has the option `--format json`, which must end as that goes.
    pub(crate) fn findings(&self, arguments: &[&str]) -> Vec<Found> {
        let outcome = self.kpic(&[arguments, &["--format", "json"]].concat());
        let parsed: Value = serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{outcome:?}"));
        let found: Vec<Found> = parsed.as_array().unwrap().iter().map(|finding| self.found(finding)).collect();
        assert_eq!((outcome.code, outcome.stderr.as_str()), (i32::from(!found.is_empty()), ""));
        found
    }

    fn found(&self, finding: &Value) -> Found {
        let text = |key: &str| finding[key].as_str().unwrap().to_owned();
        let number = |key: &str| usize::try_from(finding[key].as_u64().unwrap()).unwrap() - 1;
        let file = self.read(&text("file"));
        let line = file.lines().nth(number("line")).unwrap();
        let at = line.chars().skip(number("column")).take(number("end_column") - number("column")).collect();
        (text("code"), at, text("message"))
    }
}

/// The `duckdb` program.
pub(crate) fn duckdb() -> PathBuf {
    kpic::engine::find(None).unwrap()
}

fn outcome(output: Output) -> Outcome {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Outcome { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}
