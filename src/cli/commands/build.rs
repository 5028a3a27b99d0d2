//! `kpic build`

use crate::build;
use crate::cli::{Context, FINE, FindingsFormat, Stop, environment, out, progress};
use crate::diagnostic::Severity;
use crate::engine::Failure;
use crate::pipeline;
use clap::Args;

/// The arguments of `build`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic build
  kpic build && duckdb shop.duckdb < build/sql/duckdb/deploy.sql

Nothing is written if the project has errors. Files that kpic did not write are never touched.")]
pub(in crate::cli) struct BuildArgs {
    /// How findings are shown.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: FindingsFormat,
}

pub(in crate::cli) fn run(args: &BuildArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let root = context.root()?;
    let project = args.format.valid(pipeline::check(&root, &context.options()), &root)?;
    let target = &project.model().warehouse.target_dir;
    let outputs = progress::during("writing", || build::outputs(&project));
    build::write(&root.join(target), &outputs)
        .map_err(|problem| environment(&Failure { message: problem.message, help: problem.help }))?;
    let views = outputs.len().saturating_sub(1);
    let plural = if views == 1 { "" } else { "s" };
    let deploy = outputs.first().map_or("", |output| output.path.as_str());
    let built = format!("{} {views} view{plural}; deploy them with {target}/{deploy}\n", out::styled(out::GOOD, "built"));
    if args.format.is_for_programs() {
        out::print(&args.format.text(project.findings(), project.files(), &root, out::look_of_stdout()));
        out::error(&built);
        return Ok(FINE);
    }
    out::print(&built);
    let warnings = project.findings().count(Severity::Warning);
    if warnings > 0 {
        let plural = if warnings == 1 { "" } else { "s" };
        out::error(&format!("{} {warnings} warning{plural}; see `kpic check`\n", out::styled(out::DIM, "note:")));
    }
    Ok(FINE)
}
