//! `kpic blame`

use crate::cli::commands::diff::stopped;
use crate::cli::history::{self, OfArgs, Past};
use crate::cli::{Context, FINE, Stop, out, progress};
use crate::diff::words::many;
use crate::history::blame::Blame;
use crate::history::{Ended, Step, json, words};
use crate::pipeline::Checked;
use clap::{Args, ValueEnum};

/// The arguments of `blame`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic blame revenue                    since when its values mean what they mean
  kpic blame growth.more_revenue        a key result
  kpic blame revenue --from v1.2        as of a commit
  kpic blame revenue --format json

Values mean something else where the formula of a KPI changes, or anything upstream of it; a refactoring that is proven to be the same counts for nothing.")]
pub(in crate::cli) struct BlameArgs {
    #[command(flatten)]
    of: OfArgs,
    /// How it is shown.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs; `kpic schema blame` prints the schema.
    Json,
}

pub(in crate::cli) fn run(args: &BlameArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let mut past = Past::of(&args.of, context)?;
    let here = past.here.take();
    if args.format == Format::Text {
        history::say_broken(here.as_ref());
    }
    let is_gone = here.as_ref().is_some_and(|here| is_gone(here, &args.of.name));
    let find = || Blame::of(&past.history(), past.subject.clone(), &past.from, here);
    let blame = progress::during("reading the history", find).map_err(|problem| stopped(&problem))?;
    if blame.ended == Ended::NotFound && blame.meaning.is_none() {
        return Err(history::not_found(&past, &args.of.name));
    }
    match args.format {
        Format::Text if is_gone => out::print(&format!(
            "{}{} {} is gone; `kpic log {}` shows when it went\n",
            text(&args.of.name, &blame),
            out::styled(out::BAD, "note:"),
            args.of.name,
            args.of.name
        )),
        Format::Text => out::print(&text(&args.of.name, &blame)),
        Format::Json => out::json(&json::text(&json::blamed(&args.of.name, &blame))),
    }
    Ok(FINE)
}

/// Whether no KPI, source or dimension has a name that history has; what has a point in it is a key result.
fn is_gone(here: &Checked, name: &str) -> bool {
    let model = &here.model;
    let others = model.teams.rows().iter().map(|team| &team.name.value);
    let others = others.chain(model.scorecards.iter().map(|card| &card.name.value));
    let mut others = others
        .chain(model.objectives.rows().iter().map(|objective| &objective.name.value))
        .chain(model.guardrails.iter().map(|guardrail| &guardrail.name.value));
    let is_known =
        model.kpi_names.contains_key(name) || model.source_names.contains_key(name) || model.dimension_names.contains_key(name);
    !is_known && !name.contains('.') && !others.any(|known| known == name)
}

fn text(name: &str, blame: &Blame) -> String {
    let mut text = format!("{}\n\n", out::styled(out::STRONG, name));
    for (what, step) in
        [("values", &blame.meaning), ("goal", &blame.goal), ("owner", &blame.ownership), ("words", &blame.words)]
    {
        text.push_str(&match step {
            Some(step) => told(what, step),
            None => format!("{} not found in the history that can be read\n\n", out::styled(out::STRONG, &format!("{what}:"))),
        });
    }
    if blame.broken > 0 {
        let verb = if blame.broken == 1 { "does" } else { "do" };
        text.push_str(&format!(
            "{} {} on the way {verb} not compile\n",
            out::styled(out::DIM, "note:"),
            many(blame.broken, "version")
        ));
    }
    if let Some(why) = words::ended(&blame.ended) {
        text.push_str(&format!("{} {why}\n", out::styled(out::BAD, "note:")));
    }
    text
}

/// The latest change of one kind: the commit, and for values the whole step.
fn told(what: &str, step: &Step) -> String {
    let since = format!("{} since {}\n", out::styled(out::STRONG, &format!("{what}:")), history::commit(step.logged.as_ref()));
    let mut text = since;
    if step.is_first() {
        let unsure = if step.unsure > 0 { format!("  {}\n", words::unsure(step.unsure)) } else { String::new() };
        return format!("{text}  unchanged since it was added\n{unsure}\n");
    }
    let whole = history::text(step);
    // The first line is the commit, which is told.
    let rest = whole.split_once('\n').map_or("", |(_, rest)| rest);
    text.push_str(rest);
    text
}
