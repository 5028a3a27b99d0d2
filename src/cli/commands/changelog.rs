//! `kpic changelog`

use crate::cli::commands::diff::{today, versions};
use crate::cli::{Context, FINDINGS, FINE, Stop, out};
use crate::diff;
use crate::history::{changelog, json};
use clap::{Args, ValueEnum};

/// The arguments of `changelog`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic changelog v1.2..v1.3             what changed for those who read the figures
  kpic changelog main                   what this folder changes
  kpic changelog v1.2..HEAD --format json

Versions are named as for `kpic diff`. It tells which figures may be different, what is new, renamed and removed, and how goals and owners moved. What nobody sees who reads \
figures, such as a formula written in another way, is not told.")]
pub(in crate::cli) struct ChangelogArgs {
    /// What to compare: a commit, or two with `..` between them [default: where this branch left the main branch].
    #[arg(value_name = "BASE..HEAD")]
    base: Option<String>,
    /// How it is shown.
    #[arg(long, value_name = "FORMAT", default_value = "markdown")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Release notes.
    Markdown,
    /// For programs; `kpic schema changelog` prints the schema.
    Json,
}

pub(in crate::cli) fn run(args: &ChangelogArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let (before, after) = versions(args.base.as_deref(), None, context)?;
    let diff = diff::diff(&before.checked, &after.checked, today());
    let document = changelog::document(&diff, (&before.checked, &before.name), (&after.checked, &after.name));
    match args.format {
        Format::Markdown => out::data(&changelog::markdown(&document)),
        Format::Json => out::json(&json::text(&document)),
    }
    Ok(if diff.errors_after > 0 { FINDINGS } else { FINE })
}
