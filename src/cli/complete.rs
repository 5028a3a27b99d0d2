//! Completion on the command line: the shell asks kpic itself, so that names of the project at hand are completed too.
//!
//! The script that `kpic completions` prints calls kpic with the words typed so far and `COMPLETE` set in the environment.

use super::Cli;
use crate::model::{Model, review};
use clap::CommandFactory;
use clap_complete::env::Shells;
use clap_complete::{ArgValueCompleter, CompleteEnv, CompletionCandidate};
use std::ffi::OsStr;
use std::path::Path;

/// The variable with which the script asks.
const VARIABLE: &str = "COMPLETE";

/// Answers a shell's question, if there is one.
pub(super) fn is_asked_for() -> bool {
    let here = std::env::current_dir().ok();
    CompleteEnv::with_factory(Cli::command).var(VARIABLE).try_complete(std::env::args_os(), here.as_deref()).unwrap_or(true)
}

/// What a shell has to run to ask kpic; nothing if the shell is not known.
pub(super) fn script(shell_name: &str) -> Option<String> {
    let mut script = Vec::new();
    let shells = Shells::builtins();
    let shell = shells.completer(shell_name)?;
    shell.write_registration(VARIABLE, "kpic", "kpic", "kpic", &mut script).ok()?;
    String::from_utf8(script).ok()
}

/// Completes the names of the KPIs of the project in the current folder.
pub(super) fn kpis() -> ArgValueCompleter {
    names(|model| model.kpis.rows().iter().map(|kpi| (kpi.name.value.clone(), Some(kpi.title.clone()))).collect())
}

/// Completes the names of its tests.
pub(super) fn tests() -> ArgValueCompleter {
    names(|model| model.tests.iter().map(|test| (test.name.value.clone(), None)).collect())
}

/// Completes the names of its objectives.
pub(super) fn objectives() -> ArgValueCompleter {
    let of = |model: &Model| {
        let objectives = model.objectives.rows().iter();
        objectives.map(|objective| (objective.name.value.clone(), Some(objective.title.clone()))).collect()
    };
    names(of)
}

/// Completes the names of its key results, each behind its objective's.
pub(super) fn key_results() -> ArgValueCompleter {
    let of = |model: &Model| {
        let all = model.objectives.rows().iter().flat_map(|of| of.key_results.iter().map(move |result| (of, result)));
        all.map(|(of, result)| (format!("{}.{}", of.name.value, result.name.value), Some(result.title.clone()))).collect()
    };
    names(of)
}

/// Completes the periods of its objectives.
pub(super) fn periods() -> ArgValueCompleter {
    let of = |model: &Model| {
        let periods: std::collections::BTreeSet<&String> =
            model.objectives.rows().iter().map(|objective| &objective.period_text).collect();
        periods.into_iter().map(|period| (period.clone(), None)).collect()
    };
    names(of)
}

/// Completes the names of its teams.
pub(super) fn teams() -> ArgValueCompleter {
    names(|model| model.teams.rows().iter().map(|team| (team.name.value.clone(), Some(team.title.clone()))).collect())
}

/// Completes the names of its targets.
pub(super) fn targets() -> ArgValueCompleter {
    names(|model| model.warehouse.targets.iter().map(|name| (name.clone(), None)).collect())
}

/// Completes the cadences of its reviews.
pub(super) fn cadences() -> ArgValueCompleter {
    names(|model| review::reviews(model).iter().map(|review| (review.cadence.to_owned(), None)).collect())
}

/// A name, perhaps with what to say beside it.
type Offered = (String, Option<String>);

/// Completes names, each perhaps with a title, in the order of their definitions.
fn names(of: fn(&Model) -> Vec<Offered>) -> ArgValueCompleter {
    ArgValueCompleter::new(move |typed: &OsStr| {
        let typed = typed.to_string_lossy();
        let Some(root) = crate::load::find_root(Path::new(".")) else { return Vec::new() };
        let checked = crate::pipeline::check(&root, &crate::pipeline::Options::default());
        let fitting = of(&checked.model).into_iter().filter(|(name, _)| name.starts_with(&*typed));
        fitting.map(|(name, title)| CompletionCandidate::new(name).help(title.map(Into::into))).collect()
    })
}
