//! `kpic rename`

use super::check::{many, print_diff};
use crate::cli::{Context, FINDINGS, FINE, Stop, complete, environment, out, show_findings};
use crate::engine::Failure;
use crate::fix::{self, Change};
use crate::pipeline;
use crate::refactor::rename::{self, Wish};
use crate::refactor::{Kind, Refusal};
use clap::{Args, ValueEnum};
use std::path::Path;

/// The arguments of `rename`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic rename revenue net_revenue
  kpic rename revenue net_revenue --diff       show the changes without writing them
  kpic rename orders purchases --kind source
  kpic rename revenue net_revenue --no-alias

The name changes in formulas, lists, scorecards, tests, objectives and wherever else it is used; nothing else changes. A KPI keeps its old name under `aliases`, so that its views stay readable under it. The project has to be free of errors, and is checked with the new name before anything is written.")]
pub(in crate::cli) struct RenameArgs {
    /// The name as it is.
    #[arg(value_name = "OLD", add = complete::kpis())]
    old: String,
    /// The new name.
    #[arg(value_name = "NEW")]
    new: String,
    /// What it is the name of, where several definitions share it.
    #[arg(long, value_name = "KIND")]
    kind: Option<KindArg>,
    /// Do not keep a KPI's old name as a former one.
    #[arg(long)]
    no_alias: bool,
    /// Show the changes without writing them.
    #[arg(long)]
    diff: bool,
    /// Say what would change, and change nothing.
    #[arg(long, conflicts_with = "diff")]
    dry_run: bool,
}

/// A kind of definition on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "lower")]
pub(in crate::cli) enum KindArg {
    Kpi,
    Source,
    Journey,
    Dimension,
    Team,
    Scorecard,
    Objective,
    Guardrail,
}

impl From<KindArg> for Kind {
    fn from(kind: KindArg) -> Self {
        match kind {
            KindArg::Kpi => Kind::Kpi,
            KindArg::Source => Kind::Source,
            KindArg::Journey => Kind::Journey,
            KindArg::Dimension => Kind::Dimension,
            KindArg::Team => Kind::Team,
            KindArg::Scorecard => Kind::Scorecard,
            KindArg::Objective => Kind::Objective,
            KindArg::Guardrail => Kind::Guardrail,
        }
    }
}

pub(in crate::cli) fn run(args: &RenameArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let root = context.root()?;
    let options = context.options();
    let project = pipeline::check(&root, &options);
    let wish = Wish { kind: args.kind.map(Kind::from), old: &args.old, new: &args.new, keeps_alias: !args.no_alias };
    let renamed = rename::rename(&project, wish, &options).map_err(|refusal| refused(&refusal))?;
    let places = many(renamed.places, "place");
    let mut said = format!(
        "the {} {} is called {} in {places} of {}",
        renamed.kind.noun(),
        args.old,
        args.new,
        many(renamed.changes.len(), "file")
    );
    if renamed.has_alias {
        said += &format!("; {} stays its former name", args.old);
    }
    finish(&root, &renamed.changes, args.diff, args.dry_run, &said)?;
    if !renamed.mentions.is_empty() {
        let lines: String = renamed.mentions.iter().map(|(path, line)| format!("  {path}:{line}\n")).collect();
        out::error(&format!("{} texts still say {}:\n{lines}", out::styled(out::DIM, "note:"), args.old));
    }
    Ok(FINE)
}

/// Shows or writes changes, and says what they are.
pub(super) fn finish(root: &Path, changes: &[Change], diff: bool, dry_run: bool, said: &str) -> Result<(), Stop> {
    if diff {
        print_diff(changes, root);
        return Ok(());
    }
    if !dry_run {
        fix::write(root, changes).map_err(|problem| environment(&Failure { message: problem.message, help: problem.help }))?;
    }
    let files: String = changes.iter().map(|change| format!("  {}\n", change.path)).collect();
    let head = if dry_run { out::styled(out::DIM, "would change:") } else { out::styled(out::GOOD, "done:") };
    out::print(&format!("{head} {said}\n{files}"));
    Ok(())
}

/// Says why nothing was changed.
pub(super) fn refused(refusal: &Refusal) -> Stop {
    match refusal {
        Refusal::Errors(errors) => {
            show_findings(&errors.0, &errors.1);
            let help = "errors hide what names mean: fix them first; nothing was changed";
            out::error(&out::failure("the project has errors", Some(help)));
        }
        Refusal::Cannot { message, help } => out::error(&out::failure(message, Some(&format!("{help}; nothing was changed")))),
        Refusal::Breaks(errors) => {
            show_findings(&errors.0, &errors.1);
            let help = "this is what `kpic check` would say afterwards; nothing was changed";
            out::error(&out::failure("the project would not be the same", Some(help)));
        }
    }
    Stop { code: FINDINGS }
}
