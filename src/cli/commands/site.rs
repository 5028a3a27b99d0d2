//! `kpic site`

use crate::build::{self, Lock};
use crate::cli::{
    Context, EngineArgs, FINDINGS, FINE, Stop, engine_of, environment, files, freshness, guarded, out, progress, refused,
    show_findings, valid,
};
use crate::engine::Failure;
use crate::measure::Session;
use crate::pipeline;
use crate::site::{self, Reading};
use clap::Args;
use std::path::{Path, PathBuf};

/// The arguments of `site`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic site
  kpic site --output /srv/www/kpis
  kpic site && open site/index.html

The pages need no server, load nothing from elsewhere and work from disk. Files in the folder that kpic did not write are never touched.")]
pub(in crate::cli) struct SiteArgs {
    /// The folder to write [default: `site` in the project's folder].
    #[arg(long, short, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    output: Option<PathBuf>,
    #[command(flatten)]
    guards: guarded::GuardArgs,
    #[command(flatten)]
    engine: EngineArgs,
}

pub(in crate::cli) fn run(args: &SiteArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let root = context.root()?;
    let target = args.output.clone().unwrap_or_else(|| root.join("site"));
    files::own_folder(&root, &target)?;
    let project = valid(pipeline::check(&root, &context.options()))?;
    let engine = engine_of(context, &root, &args.engine, &project.model().warehouse)?;
    let session = Session { project: &project, engine: &*engine };
    let fail = |failure: Failure| environment(&failure);
    let reading = progress::during("planning", || Reading::of(&session)).map_err(fail)?;
    let read = |guarding| reading.read(guarding);
    let (mut figures, unknown) = guarded::guarded(&args.guards, project.files(), "computing figures", read)?;
    let counting = || site::funnels(&root, &project, &context.options(), &*engine);
    figures.journeys = progress::during("counting journeys", counting).map_err(fail)?;
    let fresh = progress::during("checking the data", || freshness::look(&session, &reading.queries()))?;
    out::error(&freshness::lines(&session, &fresh));
    figures.stale = freshness::plain_lines(&session, &fresh);
    let failed = |problem: build::Problem| environment(&Failure { message: problem.message, help: problem.help });
    let waited = progress::during("waiting for another build", || Lock::take(&target, build::PATIENCE));
    let lock = waited.map_err(failed)?;
    let written = progress::during("writing", || build::write(&lock, |sink| site::make(&session, &figures, sink)));
    let pages = written.map_err(failed)?.map_err(|findings| refused(&findings, project.files()))?;
    drop(lock);
    let plural = if pages == 1 { "" } else { "s" };
    // Beside the project's folder, as `build` says it.
    let front = args.output.as_deref().unwrap_or(Path::new("site")).join("index.html");
    out::print(&format!("{} {pages} page{plural}\n  {} is the front page\n", out::styled(out::GOOD, "built"), front.display()));
    show_findings(&unknown, project.files());
    Ok(if unknown.is_empty() { FINE } else { FINDINGS })
}
