//! `kpic log`

use crate::calendar::Date;
use crate::cli::commands::diff::stopped;
use crate::cli::history::{self, OfArgs, Past};
use crate::cli::{Context, FINE, Stop, out, progress};
use crate::diff::words::many;
use crate::history::{Ended, Item, json, words};
use clap::{Args, ValueEnum};
use std::ops::ControlFlow;

/// The arguments of `log`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic log revenue                      each commit that changed the KPI, or its values from upstream
  kpic log revenue --meaning            only where its values may have changed
  kpic log growth.more_revenue          a key result
  kpic log orders --kind source --since 2026-01-01
  kpic log revenue --format markdown > history.md

It follows a definition through renames, as `kpic diff` finds them, and through files. Of merges the first parent counts; what a branch brought is listed below.
Versions that do not compile are shown as such and compared with nothing.")]
pub(in crate::cli) struct LogArgs {
    #[command(flatten)]
    of: OfArgs,
    /// Only steps in which values may have changed, by the definition itself or from upstream.
    #[arg(long)]
    meaning: bool,
    /// Show at most so many steps.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Only steps committed on this day or later.
    #[arg(long, value_name = "DAY")]
    since: Option<Date>,
    /// How it is shown.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs; `kpic schema log` prints the schema.
    Json,
    /// A list.
    Markdown,
}

pub(in crate::cli) fn run(args: &LogArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let mut past = Past::of(&args.of, context)?;
    let here = past.here.take();
    if args.format == Format::Text {
        history::say_broken(here.as_ref());
    }
    let since = args.since.map(|day| day.to_string()).unwrap_or_default();
    let limit = args.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let (mut items, mut steps) = (Vec::new(), 0);
    let mut visit = |item: Item| {
        let logged = match &item {
            Item::Step(step) => step.logged.as_ref(),
            Item::Broken(versions, _) => versions.first().and_then(Option::as_ref),
        };
        if logged.is_some_and(|logged| logged.day < since) {
            return ControlFlow::Break(());
        }
        let is_shown = match &item {
            Item::Step(step) if args.meaning => step.is_of_meaning(),
            Item::Step(step) => step.own.is_some() || !step.upstream.is_empty(),
            Item::Broken(..) => true,
        };
        if is_shown {
            steps += usize::from(matches!(item, Item::Step(_)));
            items.push(item);
        }
        if steps >= limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let walked =
        progress::during("reading the history", || past.history().walk(past.subject.clone(), &past.from, here, &mut visit));
    let ended = walked.map_err(|problem| stopped(&problem))?;
    if ended == Ended::NotFound && steps == 0 {
        return Err(history::not_found(&past, &args.of.name));
    }
    match args.format {
        Format::Text => out::print(&text(&items, steps, &ended)),
        Format::Json => out::json(&json::text(&json::log(&args.of.name, &items, &ended))),
        Format::Markdown => out::data(&words::document(&args.of.name, &items, &ended)),
    }
    Ok(FINE)
}

fn text(items: &[Item], steps: usize, ended: &Ended) -> String {
    let mut text = String::new();
    for item in items {
        text.push_str(&match item {
            Item::Step(step) => history::text(step),
            Item::Broken(versions, why) => history::broken(versions, why),
        });
    }
    let more = match ended {
        Ended::Stopped => ", and there may be earlier ones",
        _ => "",
    };
    text.push_str(&format!("{}{more}\n", out::styled(out::STRONG, &many(steps, "step"))));
    if let Some(why) = words::ended(ended) {
        text.push_str(&format!("{} {why}\n", out::styled(out::BAD, "note:")));
    }
    text
}
