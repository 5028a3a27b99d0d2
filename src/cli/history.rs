//! What the commands of history share: which definition and which commits are meant, and how a step is shown.

use super::commands::diff::{clean, fields, stopped, today};
use super::{Context, Stop, out, usage};
use crate::diagnostic::suggest;
use crate::diff::{Class, Kind, definitions, words};
use crate::git::{Commit, Logged, Problem, Repository};
use crate::history::step::first_error;
use crate::history::words::{about, unsure};
use crate::history::{History, Step, Subject, version};
use crate::pipeline::{self, Checked, Options};
use crate::text::shown_on_a_line;
use clap::Args;
use std::fmt::Write;
use std::path::Path;

/// Which definition, and from where its history is gone through.
#[derive(Debug, Args)]
pub(super) struct OfArgs {
    /// A KPI, or another definition: a source, an objective, a key result as `objective.result`, or `calendar`, `warehouse`, `north_star`.
    #[arg(value_name = "KPI")]
    pub name: String,
    /// What it is, where several definitions have the name: kpi, source, dimension, objective, guardrail, scorecard, team and so on.
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Option<Kind>,
    /// The commit to start from [default: this folder, with what is not committed].
    #[arg(long, value_name = "COMMIT")]
    from: Option<String>,
}

fn kind(text: &str) -> Result<Kind, String> {
    let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    let found = Kind::ALL.iter().copied().find(|kind| kind.name() == text);
    found.ok_or_else(|| format!("expected one of {}", names.join(", ")))
}

/// What is gone through.
pub(super) struct Past {
    pub repository: Repository,
    pub subject: Subject,
    pub from: Commit,
    pub here: Option<Checked>,
    pub options: Options,
}

impl Past {
    pub(super) fn of(args: &OfArgs, context: &Context<'_>) -> Result<Self, Stop> {
        let root = context.root()?;
        let options = context.options();
        let (repository, from) = match &args.from {
            None => newest(&root)?,
            Some(named) => {
                let repository = around(&root)?;
                let from = repository.commit(named).map_err(|problem| stopped(&problem))?;
                (repository, from)
            }
        };
        let newest = match args.from {
            None => Some(pipeline::check(&root, &options)),
            Some(_) => version::at(&repository, &from, &options).map_err(|problem| stopped(&problem))?,
        };
        let subject = newest
            .as_ref()
            .map_or_else(|| Ok(Subject { kind: args.kind, name: args.name.clone() }), |newest| meant(args, newest))?;
        let here = if args.from.is_none() { newest } else { None };
        Ok(Self { repository, subject, from, here, options })
    }

    pub(super) fn history(&self) -> History<'_> {
        History { repository: &self.repository, options: &self.options, today: today(), reads_branches: true }
    }
}

/// The repository of a project.
fn around(root: &Path) -> Result<Repository, Stop> {
    Repository::around(root).map_err(|problem| stopped(&without_folders(problem)))
}

/// The repository of a project, and its latest commit.
pub(super) fn newest(root: &Path) -> Result<(Repository, Commit), Stop> {
    let repository = around(root)?;
    let head = repository.commit("HEAD").map_err(|_| {
        stopped(&Problem {
            message: "this repository has no commit yet, so there is no history".to_owned(),
            help: "commit the project: `git add . && git commit`".to_owned(),
        })
    })?;
    Ok((repository, head))
}

/// Two folders have no history.
fn without_folders(problem: Problem) -> Problem {
    let help = if problem.help.contains("OLD NEW") {
        "history is read from git: run it inside a repository".to_owned()
    } else {
        problem.help
    };
    Problem { help, ..problem }
}

/// The definition that is meant: a KPI before others, since that is what people ask for.
fn meant(args: &OfArgs, newest: &Checked) -> Result<Subject, Stop> {
    let single = Kind::ALL.iter().copied().find(|kind| kind.is_single() && kind.name() == args.name);
    if let (Some(kind), None) = (single, args.kind) {
        return Ok(Subject { kind: Some(kind), name: String::new() });
    }
    let alias = newest.model.kpi_names.get(&args.name).map(|id| newest.model.kpis.get(*id).name.value.clone());
    if let Some(name) = alias.filter(|_| args.kind.is_none_or(|kind| kind == Kind::Kpi)) {
        return Ok(Subject { kind: Some(Kind::Kpi), name });
    }
    let all = definitions(newest);
    let found: Vec<Kind> = all
        .iter()
        .filter(|(kind, name, _)| *name == args.name && args.kind.is_none_or(|wanted| wanted == *kind))
        .map(|(kind, ..)| *kind)
        .collect();
    if let [one, other, ..] = found.as_slice() {
        let message = format!("`{}` is a {} and a {}", args.name, one.noun(), other.noun());
        return Err(usage(&message, &format!("say which: `--kind {}` or `--kind {}`", one.name(), other.name())));
    }
    // What is gone may still be in history.
    Ok(Subject { kind: found.first().copied().or(args.kind), name: args.name.clone() })
}

/// Says that no version has a definition.
pub(super) fn not_found(past: &Past, name: &str) -> Stop {
    let newest = match &past.here {
        Some(_) => None,
        None => version::at(&past.repository, &past.from, &past.options).ok().flatten(),
    };
    let known: Vec<String> = newest.iter().flat_map(definitions).map(|(_, name, _)| name).collect();
    let near = suggest::nearest(name, known.iter().map(String::as_str));
    let help = near.map_or_else(
        || "`kpic graph` shows what there is; a key result is `objective.result`".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    usage(&format!("neither this version nor one before it has a definition `{name}`"), &help)
}

/// A style for a class.
fn style(class: Class) -> anstyle::Style {
    match class {
        Class::Meaning | Class::Undecided | Class::Interface => out::BAD,
        Class::Goal | Class::Ownership => out::STRONG,
        Class::Words | Class::None => out::DIM,
    }
}

/// A commit on a line: its day, name, author and summary.
pub(super) fn commit(logged: Option<&Logged>) -> String {
    let Some(logged) = logged else { return out::styled(out::STRONG, "not committed") };
    format!(
        "{}  {}  {}  {}",
        logged.day,
        out::styled(out::DIM, logged.commit.short()),
        shown_on_a_line(&logged.author),
        out::styled(out::STRONG, &shown_on_a_line(&logged.summary))
    )
}

/// A step for a terminal.
pub(super) fn text(step: &Step) -> String {
    let mut text = format!("{} {}\n", out::styled(style(step.class()), step.class().name()), commit(step.logged.as_ref()));
    let (file, line) = &step.place;
    let place = if *line > 0 { format!("  {}", out::styled(out::DIM, &format!("{file}:{line}"))) } else { String::new() };
    let _ = writeln!(text, "  {}{place}", about(step, clean));
    text.extend(step.own.iter().map(fields));
    for way in &step.upstream {
        let _ = writeln!(
            text,
            "  {} {}",
            out::styled(style(way.change.class), way.change.class.name()),
            words::heading(&way.change, clean)
        );
        text.push_str(&fields(&way.change));
        if way.through.len() > 1 {
            let _ = writeln!(text, "    by {}", clean(&way.through.join(" → ")));
        }
    }
    for way in &step.goals {
        let _ = writeln!(text, "  {} {}", out::styled(out::STRONG, "goal"), words::heading(&way.change, clean));
        text.push_str(&fields(&way.change));
    }
    if !step.brought.is_empty() {
        let _ = writeln!(text, "    merged from:");
        for brought in &step.brought {
            let _ = writeln!(text, "      {} {}", brought.class.name(), commit(Some(&brought.logged)));
        }
    }
    if step.unsure > 0 {
        let _ = writeln!(text, "    {}", unsure(step.unsure));
    }
    text.push('\n');
    text
}

/// Versions that do not compile, for a terminal.
pub(super) fn broken(versions: &[Option<Logged>], why: &str) -> String {
    let first = versions.first().and_then(Option::as_ref);
    let more = if versions.len() > 1 {
        format!("  and {} before it", words::many(versions.len() - 1, "version"))
    } else {
        String::new()
    };
    format!("{} {}{more}\n  {}\n\n", out::styled(out::BAD, "does not compile"), commit(first), shown_on_a_line(why))
}

/// Says on stderr that the newest version has errors, which keep it from being compared.
pub(super) fn say_broken(here: Option<&Checked>) {
    if let Some(why) = here.and_then(first_error) {
        out::error(&format!(
            "{} this folder has errors, so history starts at the last version that compiles: {why}\n",
            out::styled(out::BAD, "note:")
        ));
    }
}
