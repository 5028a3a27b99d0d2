//! What a project refuses of a change: with the changelog and the trailers that are read for it.

use super::commands::diff::stopped;
use super::{Context, Stop, environment, out};
use crate::diff::policy::{Allowance, Policy, Refused, new_lines, trailers};
use crate::diff::{Change, Diff, What};
use crate::engine::Failure;
use crate::git::{Commit, Repository};
use crate::history::changelog;
use crate::load::bounds::Bounds;
use crate::pipeline::Checked;
use crate::text::shown_on_a_line;
use clap::Args;
use std::path::{Path, PathBuf};

/// What is refused, and who may allow it.
#[derive(Debug, Args)]
pub(super) struct PolicyArgs {
    /// End with exit code 1 if a change is of this class, too; may be given several times.
    #[arg(long, value_name = "CLASS", value_parser = clap::builder::PossibleValuesParser::new(crate::diff::DENIABLE))]
    pub deny: Vec<String>,
    /// A file with the text of the request, whose `Kpic-Allow` trailers count as those of commits do.
    #[arg(long, value_name = "FILE")]
    trailers: Option<PathBuf>,
}

/// A version that is compared.
pub(super) struct Side<'a> {
    pub checked: &'a Checked,
    pub root: &'a Path,
    pub commit: Option<&'a Commit>,
}

/// What of a difference is refused; what is allowed is put down in it.
pub(super) fn judge(
    args: &PolicyArgs,
    (before, after): (&Side<'_>, &Side<'_>),
    diff: &mut Diff,
    context: &Context<'_>,
) -> Result<Refused, Stop> {
    let deny: Vec<String> = before.checked.denied().iter().chain(&args.deny).cloned().collect();
    let mut policy = Policy { deny, ..Policy::default() };
    if policy.deny.is_empty() {
        return Ok(Refused::default());
    }
    let (mut allowances, mut wrong) = (Vec::new(), Vec::new());
    for (by, text) in messages(args, before, after, context)? {
        let (found, not) = trailers(&text, &by);
        allowances.extend(found);
        wrong.extend(not);
    }
    if before.checked.forbids_trailers() && !allowances.is_empty() {
        wrong.push("the version before has `trailers: false`, so `Kpic-Allow` allows nothing".to_owned());
        allowances.clear();
    }
    policy.allowances = allowances;
    let lines = if policy.deny.iter().any(|word| word == "meaning-without-changelog") {
        new_in_changelog(before, after, context)?
    } else {
        Vec::new()
    };
    policy.changelog = &lines;
    let title = |change: &Change| {
        let of = if change.what == What::Removed { before } else { after };
        ((change.kind, change.name.clone()), changelog::title(change.kind, &change.name, &of.checked.model))
    };
    policy.titles = diff.changes.iter().map(title).collect();
    let refused = policy.judge(diff);
    for why in wrong.into_iter().chain(refused.idle.iter().map(Allowance::idle)) {
        out::error(&format!("{} {}\n", out::styled(out::DIM, "note:"), shown_on_a_line(&why)));
    }
    Ok(refused)
}

/// The texts that may have trailers, each with who says so.
fn messages(
    args: &PolicyArgs,
    before: &Side<'_>,
    after: &Side<'_>,
    context: &Context<'_>,
) -> Result<Vec<(String, String)>, Stop> {
    let mut texts = Vec::new();
    if let Some(from) = before.commit {
        let repository = Repository::around(&context.root()?).map_err(|problem| stopped(&problem))?;
        let head = || repository.commit("HEAD");
        let to = after.commit.cloned().map_or_else(head, Ok).map_err(|problem| stopped(&problem))?;
        texts = repository.messages(from, &to).map_err(|problem| stopped(&problem))?;
    }
    if let Some(file) = &args.trailers {
        let text = std::fs::read_to_string(file).map_err(|error| {
            environment(&Failure { message: format!("cannot read {}: {error}", file.display()), help: None })
        })?;
        texts.push(("the request".to_owned(), text));
    }
    Ok(texts)
}

/// The new lines of the changelog that the version before names, or the one after where that is new.
fn new_in_changelog(before: &Side<'_>, after: &Side<'_>, context: &Context<'_>) -> Result<Vec<String>, Stop> {
    let Some(path) = before.checked.changelog().or(after.checked.changelog()) else {
        let note = out::styled(out::DIM, "note:");
        out::error(&format!(
            "{note} no file is named as changelog, so nothing is in it: `diff: {{ changelog: CHANGELOG.md }}` in kpic.yml\n"
        ));
        return Ok(Vec::new());
    };
    Ok(new_lines(&text(before, path, context)?, &text(after, path, context)?))
}

/// A file of a version; empty where it has none.
fn text(version: &Side<'_>, path: &str, context: &Context<'_>) -> Result<String, Stop> {
    let Some(commit) = version.commit else {
        let is_outside = Bounds::of(version.root, &context.opened()).outside(Path::new(path)).is_some();
        return Ok(if is_outside {
            String::new()
        } else {
            std::fs::read_to_string(version.root.join(path)).unwrap_or_default()
        });
    };
    let read = || Repository::around(version.root)?.objects(commit)?.file(path);
    let entry = read().map_err(|problem| stopped(&problem))?;
    Ok(entry.and_then(|entry| entry.text.ok()).unwrap_or_default())
}
