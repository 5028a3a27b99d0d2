//! A git repository of a test's own, and what kpic says in it.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test uses a part of it, and one that cannot run git has failed"
)]

use std::path::Path;
use std::process::{Command, Output};

pub struct Repository {
    pub folder: tempfile::TempDir,
}

/// What the program says, and its exit code.
pub struct Said {
    pub out: String,
    pub err: String,
    pub code: i32,
}

impl Repository {
    /// One without commits.
    pub fn empty() -> Self {
        let repository = Self { folder: tempfile::tempdir().unwrap() };
        repository.git(&["init", "-q", "-b", "main"]);
        repository
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, path: &str, text: &str) {
        super::write_files(self.path(), &[(path, text)]);
    }

    pub fn git(&self, arguments: &[&str]) -> Output {
        git(self.path(), arguments)
    }

    pub fn commit(&self, message: &str) {
        self.commit_by("Ada Lövelace", message);
    }

    pub fn commit_by(&self, author: &str, message: &str) {
        self.git(&["add", "-A"]);
        let author = format!("{author} <a@example.org>");
        self.git(&["commit", "-q", "--allow-empty", "--author", &author, "-m", message]);
    }
}

/// Runs git in a folder, on a day in the zone of its committer.
pub fn git(folder: &Path, arguments: &[&str]) -> Output {
    let settings = [
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@example.org",
        "-c",
        "protocol.file.allow=always",
        "-c",
        "commit.gpgsign=false",
    ];
    let mut command = Command::new("git");
    command.env("GIT_COMMITTER_DATE", "2026-03-31T23:30:00-08:00");
    let output = command.current_dir(folder).args(settings).args(arguments).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// Runs kpic in a folder, without colours.
pub fn run(folder: &Path, arguments: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kpic"));
    let output = command.current_dir(folder).args(["--color", "never"]).args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said { out: text(&output.stdout), err: text(&output.stderr), code: output.status.code().unwrap() }
}
