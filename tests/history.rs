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
mod support;

use std::path::Path;
use support::repository::{Repository, Said, git, run};

const KPIC: &str = "kpic: 1\nproject: shop\ncalendar: { start: 2024-01-01, as_of: 2024-12-31 }\n";
const SOURCES: &str = "sources:\n  orders:\n    table: orders\n    kind: events\n    row: order\n    time: day\n    columns: { day: date, amount: number, status: text }\n";
const PAID: &str = "sum(orders.amount where status = 'paid')";

/// One KPI on lines of its own, and one that is made of it.
fn kpis(formula: &str, owner: &str) -> String {
    format!(
        "kpis:\n  revenue:\n    description: What was sold.\n    formula: {formula}\n    owner: {owner}\n  double:\n    description: Twice as much.\n    formula: revenue * 2\n    owner: finance\n"
    )
}

impl Repository {
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

    fn kpic(&self, arguments: &[&str]) -> Said {
        run(self.path(), arguments)
    }

    fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let said = self.kpic(&[arguments, &["--format", "json"]].concat());
        serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}{}", said.out, said.err))
    }
}

/// A published schema, which is that of this version.
fn schema(name: &str) -> jsonschema::Validator {
    let path = format!("docs/schema/{name}.schema.json");
    let made = run(Path::new("."), &["schema", name]).out;
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
