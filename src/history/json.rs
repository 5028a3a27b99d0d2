//! History as data. The comments of these structs are the descriptions in the JSON Schemas.

use super::blame::Blame;
use super::step::{Step, Way};
use super::walk::{Ended, Item};
use crate::diff::json::{Field, field};
use crate::git::Logged;
use schemars::JsonSchema;
use serde::Serialize;

/// The history of one definition.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Log {
    /// The version of this form.
    pub log_version: u32,
    /// The version of kpic that wrote it.
    pub kpic_version: String,
    /// The definition that was asked for.
    pub name: String,
    /// What changed it, the latest first.
    pub steps: Vec<Stepped>,
    /// Versions that do not compile, so that they are compared with nothing.
    pub broken: Vec<Broken>,
    /// How the history ends: `began` where the definition is new, `stopped` at a limit, `cut_off` where this clone has no more, `unread` where no
    /// older version compiles.
    pub ended: &'static str,
}

/// Since when a definition means what it means.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Blamed {
    /// The version of this form.
    pub blame_version: u32,
    /// The version of kpic that wrote it.
    pub kpic_version: String,
    /// The definition that was asked for.
    pub name: String,
    /// The latest change of its values; nothing where the history ends before.
    pub meaning: Option<Stepped>,
    /// The latest change of what is aimed for.
    pub goal: Option<Stepped>,
    /// The latest change of its owner.
    pub ownership: Option<Stepped>,
    /// The latest change of its words.
    pub words: Option<Stepped>,
    /// How many versions on the way do not compile.
    pub broken: usize,
    /// How the search ended: `stopped` where all was found, else as in the history.
    pub ended: &'static str,
}

/// A commit.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Committed {
    /// Its whole name.
    pub commit: String,
    /// Who wrote it.
    pub author: String,
    /// The day on which it was committed.
    pub date: String,
    /// The first line of its message.
    pub summary: String,
}

/// What one commit did.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Stepped {
    /// The commit; nothing for what is not committed.
    pub commit: Option<Committed>,
    /// What is defined: `kpi`, `source`, `objective` and so on.
    pub kind: &'static str,
    /// Its name after the commit.
    pub name: String,
    /// Its name before, if it is renamed.
    pub former: Option<String>,
    /// `added`, `removed`, `renamed` or `changed`; nothing where only something else changed.
    pub change: Option<&'static str>,
    /// What that does to readers: the greatest class of its own change and of those upstream.
    pub class: &'static str,
    /// The fields that differ.
    pub fields: Vec<Field>,
    /// Why it cannot be compared; empty if it can.
    pub open: String,
    /// The file that it is defined in.
    pub file: String,
    /// The line, from 1; 0 if it is in no file.
    pub line: usize,
    /// Changes of something else that change its values.
    pub upstream: Vec<Upstream>,
    /// Changes of goals that are set for it.
    pub goals: Vec<Upstream>,
    /// For a merge: the commits of the branch that did it.
    pub brought: Vec<BroughtBy>,
    /// How many versions right before do not compile, so that one of them may have done it.
    pub unsure: usize,
}

/// A change of something else.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Upstream {
    /// What is defined.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// What the change does to readers.
    pub class: &'static str,
    /// What it goes through, with the end of the way.
    pub through: Vec<String>,
    /// The fields that differ.
    pub fields: Vec<Field>,
    /// The file that it is defined in.
    pub file: String,
    /// The line, from 1; 0 if it is in no file.
    pub line: usize,
}

/// A commit of a merged branch.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BroughtBy {
    /// The commit.
    #[serde(flatten)]
    pub commit: Committed,
    /// What it did to readers.
    pub class: &'static str,
}

/// Versions that do not compile, one after the other.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Broken {
    /// Their commits, the latest first; nothing for what is not committed.
    pub commits: Vec<Option<Committed>>,
    /// The first error of the latest.
    pub error: String,
}

/// The history of a definition as data.
pub fn log(name: &str, items: &[Item], ended: &Ended) -> Log {
    let steps = items.iter().filter_map(|item| match item {
        Item::Step(step) => Some(stepped(step)),
        Item::Broken(..) => None,
    });
    let broken = items.iter().filter_map(|item| match item {
        Item::Broken(commits, error) => {
            let commits = commits.iter().map(|logged| logged.as_ref().map(committed)).collect();
            Some(Broken { commits, error: error.clone() })
        }
        Item::Step(_) => None,
    });
    Log {
        log_version: 1,
        kpic_version: env!("CARGO_PKG_VERSION").to_owned(),
        name: name.to_owned(),
        steps: steps.collect(),
        broken: broken.collect(),
        ended: word(ended),
    }
}

/// Since when a definition means what it means, as data.
pub fn blamed(name: &str, blame: &Blame) -> Blamed {
    let step = |step: &Option<Step>| step.as_ref().map(stepped);
    Blamed {
        blame_version: 1,
        kpic_version: env!("CARGO_PKG_VERSION").to_owned(),
        name: name.to_owned(),
        meaning: step(&blame.meaning),
        goal: step(&blame.goal),
        ownership: step(&blame.ownership),
        words: step(&blame.words),
        broken: blame.broken,
        ended: word(&blame.ended),
    }
}

fn word(ended: &Ended) -> &'static str {
    match ended {
        Ended::Began => "began",
        Ended::Stopped => "stopped",
        Ended::CutOff(_) => "cut_off",
        Ended::NotFound => "not_found",
        Ended::Unread => "unread",
    }
}

fn committed(logged: &Logged) -> Committed {
    Committed {
        commit: logged.commit.name().to_owned(),
        author: logged.author.clone(),
        date: logged.day.clone(),
        summary: logged.summary.clone(),
    }
}

fn stepped(step: &Step) -> Stepped {
    let own = step.own.as_ref();
    let (file, line) = step.place.clone();
    let brought = step.brought.iter();
    Stepped {
        commit: step.logged.as_ref().map(committed),
        kind: step.kind.name(),
        name: step.name.clone(),
        former: own.and_then(|own| own.former.clone()),
        change: own.map(|own| own.what.name()),
        class: step.class().name(),
        fields: own.map(|own| own.fields.iter().map(field).collect()).unwrap_or_default(),
        open: own.map(|own| own.open.clone()).unwrap_or_default(),
        file,
        line,
        upstream: step.upstream.iter().map(upstream).collect(),
        goals: step.goals.iter().map(upstream).collect(),
        brought: brought.map(|one| BroughtBy { commit: committed(&one.logged), class: one.class.name() }).collect(),
        unsure: step.unsure,
    }
}

fn upstream(way: &Way) -> Upstream {
    let (file, line) = way.place.clone();
    Upstream {
        kind: way.change.kind.name(),
        name: way.change.name.clone(),
        class: way.change.class.name(),
        through: way.through.clone(),
        fields: way.change.fields.iter().map(field).collect(),
        file,
        line,
    }
}

/// A document as text.
pub fn text(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

/// The JSON Schema of a document.
pub fn schema<T: JsonSchema>() -> String {
    text(&schemars::schema_for!(T))
}
