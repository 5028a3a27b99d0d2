//! `kpic freeze`

use super::check::{many, print_diff};
use crate::cli::{Context, EngineArgs, FINDINGS, FINE, Stop, engine_of, environment, guarded, out, show_findings, valid};
use crate::engine::Failure;
use crate::fix::{self, Replacement};
use crate::measure::freeze::{self, Measured};
use crate::measure::refused::Refused;
use crate::measure::{Session, guard, status};
use crate::pipeline;
use crate::text::{Files, Span};
use clap::Args;

/// The arguments of `freeze`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic freeze --diff      show what would be written
  kpic freeze

`from: measured` becomes the value of the last complete period before the objective starts. Until it is frozen, late data can change it, and every score with it. Objectives that have not started are left alone.")]
pub(in crate::cli) struct FreezeArgs {
    /// Show the changes without writing them.
    #[arg(long)]
    diff: bool,
    #[command(flatten)]
    engine: EngineArgs,
}

pub(in crate::cli) fn run(args: &FreezeArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let root = context.root()?;
    let project = valid(pipeline::check(&root, &context.options()))?;
    if !freeze::is_asked(project.model()) {
        out::print("nothing to freeze: no baseline says `measured`\n");
        return Ok(FINE);
    }
    let engine = engine_of(context, &root, &args.engine, &project.model().warehouse)?;
    let session = Session { project: &project, engine: &*engine };
    let (measured, refused) = guarded::guarded(&guarded::GuardArgs::default(), project.files(), "measuring", |guarding| {
        guard::beside(&session, guarding, &status::queries(&session), || {
            let mut refused = Refused::default();
            let measured = freeze::measured(&session, &mut refused)?;
            Ok((measured, refused.explained(&session)?))
        })
    })?;
    let replacements: Vec<Replacement> =
        measured.iter().filter_map(|one| replacement(project.files(), one.span?, one.number.as_deref()?)).collect();
    let count = replacements.len();
    let changes = fix::replaced(project.files(), replacements);
    let left: String = measured.iter().filter_map(left_alone).collect();
    let code = if refused.is_empty() { FINE } else { FINDINGS };
    if args.diff {
        print_diff(&changes, &root);
        out::error(&left);
        show_findings(&refused, project.files());
        return Ok(code);
    }
    fix::write(&root, &changes).map_err(|problem| environment(&Failure { message: problem.message, help: problem.help }))?;
    let done = format!("{} in {}", many(count, "baseline"), many(changes.len(), "file"));
    out::print(&format!("{} {done}\n{left}", out::styled(out::GOOD, "frozen:")));
    show_findings(&refused, project.files());
    Ok(code)
}

/// The number in the place of `measured`, and a comment that says where it comes from if there is room for one.
fn replacement(files: &Files, span: Span, number: &str) -> Option<Replacement> {
    let text = &files.get(span.file)?.text;
    let rest = text.get(span.end as usize..)?.lines().next().unwrap_or_default();
    let comment = if rest.trim().is_empty() { "  # measured before the start, by `kpic freeze`" } else { "" };
    Some(Replacement { span, text: format!("{number}{comment}") })
}

/// Why a baseline is not frozen.
fn left_alone(one: &Measured) -> Option<String> {
    let why = match (&one.number, one.span) {
        (None, _) => "the period before it starts is not complete, or has no value",
        (Some(_), None) => "write `from: measured` there first",
        (Some(_), Some(_)) => return None,
    };
    Some(format!("{} {}: {why}\n", out::styled(out::DIM, "left:"), one.of))
}
