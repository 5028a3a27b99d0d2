//! What git says of a project's definitions, and whom a change concerns: `log`, `blame`, `owners`, `changelog`, and what `diff` refuses.
//! Each test has a repository of its own. Nothing that a repository brings along runs.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "history/changelog.rs"]
mod changelog;
#[path = "history/log.rs"]
mod log;
#[path = "history/owners.rs"]
mod owners;
#[path = "history/policy.rs"]
mod policy;

use std::path::Path;
use std::process::{Command, Output};

const KPIC: &str = "kpic: 1\nproject: shop\ncalendar: { start: 2024-01-01, as_of: 2024-12-31 }\n";
const SOURCES: &str = "sources:\n  orders:\n    table: orders\n    kind: events\n    row: order\n    time: day\n    columns: { day: date, amount: number, status: text }\n";
const PAID: &str = "sum(orders.amount where status = 'paid')";

struct Repository {
    folder: tempfile::TempDir,
}

/// What the program says, and its exit code.
struct Said {
    out: String,
    err: String,
    code: i32,
}

/// One KPI on lines of its own, and one that is made of it.
fn kpis(formula: &str, owner: &str) -> String {
    format!(
        "kpis:\n  revenue:\n    description: What was sold.\n    formula: {formula}\n    owner: {owner}\n  double:\n    description: Twice as much.\n    formula: revenue * 2\n    owner: finance\n"
    )
}

impl Repository {
    fn empty() -> Self {
        let repository = Self { folder: tempfile::tempdir().unwrap() };
        repository.git(&["init", "-q", "-b", "main"]);
        repository
    }

    /// One with a project on its main branch.
    fn new() -> Self {
        let repository = Self::empty();
        repository.write("kpic.yml", KPIC);
        repository.write("specs/teams.yml", "teams: { sales: {}, finance: {} }\n");
        repository.write("specs/sources.yml", SOURCES);
        repository.write("specs/kpis.yml", &kpis("sum(orders.amount)", "sales"));
        repository.commit("first");
        repository
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn git(&self, arguments: &[&str]) -> Output {
        git(self.path(), arguments)
    }

    fn commit(&self, message: &str) {
        self.commit_by("Ada Lövelace", message);
    }

    fn commit_by(&self, author: &str, message: &str) {
        self.git(&["add", "-A"]);
        let author = format!("{author} <a@example.org>");
        self.git(&["commit", "-q", "--allow-empty", "--author", &author, "-m", message]);
    }

    fn kpic(&self, arguments: &[&str]) -> Said {
        kpic(self.path(), arguments)
    }

    fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let said = self.kpic(&[arguments, &["--format", "json"]].concat());
        serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}{}", said.out, said.err))
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Output {
    let settings = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
    let mut command = Command::new("git");
    // A day in the zone of the committer.
    command.env("GIT_COMMITTER_DATE", "2026-03-31T23:30:00-08:00");
    let output = command.current_dir(folder).args(settings).args(arguments).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn kpic(folder: &Path, arguments: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kpic"));
    let output = command.current_dir(folder).args(arguments).args(["--color", "never"]).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said { out: text(&output.stdout), err: text(&output.stderr), code: output.status.code().unwrap() }
}

/// A published schema, which is that of this version.
fn schema(name: &str) -> jsonschema::Validator {
    let path = format!("docs/schema/{name}.schema.json");
    let made = kpic(Path::new("."), &["schema", name]).out;
    if std::env::var_os("KPIC_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), made, "with KPIC_UPDATE_DOCS=1 it is brought up to date");
    jsonschema::validator_for(&serde_json::from_str(&made).unwrap()).unwrap()
}

/// Whether a schema holds, and not because it holds of everything.
fn holds(name: &str, document: &serde_json::Value) {
    let validator = schema(name);
    let wrong: Vec<String> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(!validator.is_valid(&serde_json::json!({})));
}
