//! `kpic build`

mod dbt;

use crate::build::{self, Beside, Built, Documents, Elsewhere, Lock, Sink};
use crate::cli::commands::diff::{stopped, today};
use crate::cli::{
    Context, EngineArgs, FINDINGS, FINE, FindingsFormat, Stop, engine_of, environment, findings, guarded, history, out,
    progress, show_findings, usage,
};
use crate::diagnostic::{Findings, Severity};
use crate::dialect;
use crate::engine::Failure;
use crate::history::{History, pages};
use crate::manifest::present::Present;
use crate::measure::{Session, present};
use crate::pipeline::{self, Options, Valid};

use clap::{Args, ValueEnum};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The arguments of `build`.
#[derive(Debug, Default, Args)]
#[command(after_help = "Examples:
  kpic build
  kpic build && duckdb shop.duckdb < build/sql/duckdb/deploy.sql
  kpic build --no-docs                    only views and the manifest: fastest
  kpic build --figures                    pages also show current figures: needs an engine
  kpic build --history                    pages of KPIs also show which commits changed them
  kpic build --format dbt                 a dbt package in build/dbt: models, sources, tests
  kpic build --format dbt --output ../shop/models/kpi --dbt-target ../shop/target

Nothing is written if the project has errors. Files that kpic did not write are never touched. To use your own templates for pages and for the statements around views, put them into the project's folder templates/.")]
pub(in crate::cli) struct BuildArgs {
    /// How findings are shown; with `dbt`, what is built.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: BuildFormat,
    /// With `--format dbt`, write models into this folder of a dbt project, instead of a package.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["no_docs", "figures", "history"])]
    output: Option<PathBuf>,
    /// The target folder of that dbt project, with its manifest.json: tables that its models make are read by `ref`.
    #[arg(long, value_name = "DIR", requires = "output")]
    dbt_target: Option<PathBuf>,
    /// Write views and the manifest, and no documents.
    #[arg(long)]
    no_docs: bool,
    /// Ask the engine how things stand, and say on the pages of reviews, objectives and the North Star what fires and what slips.
    #[arg(long, conflicts_with = "no_docs")]
    figures: bool,
    /// Say on the page of each KPI which commits changed it or its values, as `kpic log` does: needs git.
    #[arg(long, conflicts_with = "no_docs")]
    history: bool,
    #[command(flatten)]
    engine: EngineArgs,
}

/// What is built, and how findings are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum BuildFormat {
    /// Views, manifest and documents; findings for people.
    #[default]
    Human,
    /// The same; findings for programs: a JSON array.
    Json,
    /// The same; findings as SARIF 2.1.0, for code scanning and editors.
    Sarif,
    /// The same; findings as annotations of GitHub Actions.
    Github,
    /// The same; findings as a report of GitLab's Code Quality.
    Gitlab,
    /// A dbt package, or models for a dbt project; findings for people.
    Dbt,
}

impl BuildFormat {
    fn of_findings(self) -> FindingsFormat {
        match self {
            BuildFormat::Human | BuildFormat::Dbt => FindingsFormat::Human,
            BuildFormat::Json => FindingsFormat::Json,
            BuildFormat::Sarif => FindingsFormat::Sarif,
            BuildFormat::Github => FindingsFormat::Github,
            BuildFormat::Gitlab => FindingsFormat::Gitlab,
        }
    }
}

pub(in crate::cli) fn run(args: &BuildArgs, context: &Context<'_>) -> Result<u8, Stop> {
    if args.format == BuildFormat::Dbt {
        if args.no_docs || args.figures || args.history {
            let message = "`--no-docs`, `--figures` and `--history` are about documents, and `--format dbt` writes none";
            return Err(usage(message, "leave them out"));
        }
        return dbt::run(args, context);
    }
    if args.output.is_some() {
        return Err(usage("`--output` is for `--format dbt`", "say where else a build goes with `target_dir:` in kpic.yml"));
    }
    let findings_format = args.format.of_findings();
    let root = context.root()?;
    let (checked, others) = pipeline::check_everywhere(&root, &context.options());
    let project = findings_format.valid(checked, &root)?;
    let others = others_of(&project, &others, args, context, &root)?;
    let target = &project.model().warehouse.target_dir;
    let (present, refused) = if args.figures { present(context, args, &project, &root)? } else { (None, Findings::default()) };
    let past = if args.history { Some(past(context, &project, &root)?) } else { None };
    let beside = Beside { present: present.as_ref(), past: past.as_ref() };
    let documents = if args.no_docs { Documents::None } else { Documents::Pages(beside) };
    let code = if refused.is_empty() { FINE } else { FINDINGS };
    let failed = |problem: build::Problem| environment(&Failure { message: problem.message, help: problem.help });
    let waited = progress::during("waiting for another build", || Lock::take(&root.join(target), build::PATIENCE));
    let lock = waited.map_err(failed)?;
    let (format, folder) = (findings_format, root.clone());
    let watch = findings::watch(project.files(), move |findings, files| _ = format.refused(findings, files, &folder));
    let made = progress::during("writing", || build::write(&lock, |sink| make(&project, &others, documents, sink)));
    drop(watch);
    let made = made.map_err(failed)?;
    drop(lock);
    let made = made.map_err(|findings| findings_format.refused(&findings, project.files(), &root))?;
    let many = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let (mut built, mut begin) = (many(made.views, "view"), String::new());
    if !args.no_docs {
        built = format!("{built} and {}", many(made.pages, "page"));
        begin = format!(", and {target}/docs/index.md is the start page");
    }
    let creates = match made.deploys.as_slice() {
        [deploy] => format!("{target}/{deploy} creates the views"),
        several => format!("{target}/sql/*/deploy.sql create the views, each for one of {} dialects", several.len()),
    };
    let built = format!("{} {built}\n  {creates}{begin}\n", out::styled(out::GOOD, "built"));
    if findings_format.is_for_programs() {
        out::json(&findings_format.text(project.findings(), project.files(), &root, out::look_of_stdout()));
        out::error(&built);
        show_findings(&refused, project.files());
        return Ok(code);
    }
    out::print(&built);
    show_findings(&refused, project.files());
    let warnings = project.findings().count(Severity::Warning);
    if warnings > 0 {
        let plural = if warnings == 1 { "" } else { "s" };
        out::error(&format!("{} {warnings} warning{plural}; see `kpic check`\n", out::styled(out::DIM, "note:")));
    }
    // The process ends; to take all of this apart before would only take time.
    std::mem::forget(project);
    Ok(code)
}

/// The other dialects of a project.
struct Others {
    /// Those that share its plans.
    alike: Vec<Elsewhere>,
    /// The project as the others have it.
    apart: Vec<Valid>,
}

fn others_of(
    project: &Valid,
    others: &[pipeline::Elsewhere],
    args: &BuildArgs,
    context: &Context<'_>,
    root: &Path,
) -> Result<Others, Stop> {
    let mut found = Others { alike: Vec::new(), apart: Vec::new() };
    for other in others {
        let dialect = dialect::dialect(Some(other.dialect()));
        let tables = other.tables(project.model()).filter(|_| !build::has_own_template(project, dialect));
        if let Some(tables) = tables {
            found.alike.push(Elsewhere { dialect, tables });
        } else {
            let options = Options { dialects: vec![other.dialect()], ..context.options() };
            found.apart.push(args.format.of_findings().valid(pipeline::check(root, &options), root)?);
        }
    }
    Ok(found)
}

/// Makes all files of a project, and the SQL for its other dialects.
fn make(project: &Valid, others: &Others, documents: Documents<'_>, sink: Sink<'_>) -> Result<Built, Findings> {
    let mut built = build::make(project, &others.alike, documents, sink)?;
    for other in &others.apart {
        built.deploys.extend(build::make_sql(other, sink)?.deploys);
    }
    Ok(built)
}

/// What became of each KPI, as git says.
fn past(context: &Context<'_>, project: &Valid, root: &Path) -> Result<BTreeMap<String, String>, Stop> {
    let (repository, head) = history::newest(root)?;
    let options = context.options();
    let history = History { repository: &repository, options: &options, today: today(), reads_branches: false };
    let here = pipeline::check(root, &options);
    let read = || pages::of_kpis(&history, project.model(), &head, here);
    progress::during("reading the history", read).map_err(|problem| stopped(&problem))
}

/// How things stand, as the engine says, and what it refuses to compute.
fn present(context: &Context<'_>, args: &BuildArgs, project: &Valid, root: &Path) -> Result<(Option<Present>, Findings), Stop> {
    let model = project.model();
    let engine = engine_of(context, root, &args.engine, &model.warehouse)?;
    let session = Session { project, engine: &*engine };
    let read = |guarding| present::read(&session, guarding);
    let found = guarded::guarded(&guarded::GuardArgs::default(), project.files(), "reading", read)?;
    Ok((Some(present::data(model, &found)), found.refused))
}
