//! `kpic import`

use crate::calendar::{Calendar, Date, Weekday};
use crate::cli::{Context, FINDINGS, FINE, Stop, environment, out};
use crate::draft::{self, File};
use crate::engine::Failure;
use crate::import::{self, Existing, Settings, Unreadable};
use crate::load::PROJECT_FILE;
use crate::pipeline::{self, Options};
use crate::text::json;
use clap::{Args, Subcommand, ValueEnum};
use std::path::{Path, PathBuf};

/// What there is to import.
pub(in crate::cli) const EXAMPLES: &str = "Examples:
  kpic import dbt ../shop/target --dry-run";

/// What is imported.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ImportCommand {
    /// Import the metrics of a dbt project, from the artifacts in its target folder.
    Dbt(DbtArgs),
}

/// The arguments of `import dbt`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic import dbt ../shop/target --dry-run      show what would become of each metric
  kpic import dbt ../shop/target --output kpis  a project in kpis/, or new definitions in the one that is there
  kpic -C kpis import dbt ../shop/target --format markdown > import.md

`dbt parse` writes what is read; after `dbt docs generate` the types of columns are known too. Definitions that the project has already stay as they are, and are compared. No file is changed.")]
pub(in crate::cli) struct DbtArgs {
    /// The folder with `semantic_manifest.json` and `manifest.json`, or the dbt project.
    #[arg(value_name = "TARGET")]
    artifacts: PathBuf,
    /// The folder of the project; created if it does not exist [default: the current one].
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Write nothing: only show the report and the names of files.
    #[arg(long)]
    dry_run: bool,
    /// How the report is shown.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: ReportFormat,
    /// The name of a new project [default: that of the dbt project].
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The first day that a new project shows.
    #[arg(long, value_name = "DATE", default_value = "2000-01-01")]
    start: Date,
}

/// How a report is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ReportFormat {
    /// For people, in a terminal.
    Text,
    /// For a pull request.
    Markdown,
    /// For programs.
    Json,
}

pub(in crate::cli) fn run(what: &ImportCommand, context: &Context<'_>) -> Result<u8, Stop> {
    let ImportCommand::Dbt(args) = what;
    let base = &context.common.directory;
    let folder = args.output.as_ref().map_or_else(|| base.clone(), |output| base.join(output));
    let root = if folder.join(PROJECT_FILE).exists() || args.output.is_some() {
        folder
    } else {
        crate::load::find_root(&folder).unwrap_or(folder)
    };
    let options = context.options();
    let artifacts = import::read(&base.join(&args.artifacts)).map_err(unreadable)?;
    let existing = existing(&root, &options)?;
    let settings = Settings { name: args.name.clone(), start: args.start };
    let import = import::import(&artifacts, existing.as_ref(), &settings, &options).map_err(unreadable)?;
    let names: Vec<&str> = import.files.iter().map(|file| file.path.as_str()).collect();
    if !args.dry_run {
        write(&root, &import.files)?;
    }
    match args.format {
        ReportFormat::Text => out::print(&import.report.text()),
        ReportFormat::Markdown => out::data(&import.report.markdown()),
        ReportFormat::Json => out::json(&format!("{}\n", json(&import.report.json()))),
    }
    let did = if args.dry_run { "would write" } else { "wrote" };
    let shown = if names.is_empty() { "nothing: there is nothing new".to_owned() } else { names.join(", ") };
    out::error(&format!("{did} {shown}\n"));
    Ok(FINE)
}

/// The project that is there, if there is one.
fn existing(root: &Path, options: &Options) -> Result<Option<Existing>, Stop> {
    if !root.join(PROJECT_FILE).exists() {
        return Ok(None);
    }
    let checked = pipeline::check(root, options);
    let specs = pipeline::specs_folder(root, options);
    let is_unread = |code: &str| matches!(code, "yaml-syntax" | "unreadable-file" | "outside-project");
    // A project may have no specs yet.
    if root.join(&specs).exists() && checked.incomplete && checked.findings.iter().any(|finding| is_unread(finding.code.name)) {
        crate::cli::show_findings(&checked.findings, &checked.files);
        return Err(Stop { code: FINDINGS });
    }
    let is_spec = |path: &str| path == PROJECT_FILE || [".yml", ".yaml"].iter().any(|ending| path.ends_with(ending));
    let texts = checked.files.iter().map(|(_, file)| (file.path.clone(), file.text.clone()));
    Ok(Some(Existing {
        texts: texts.filter(|(path, _)| is_spec(path)).collect(),
        specs: specs.to_string_lossy().trim_end_matches('/').to_owned(),
        zone: checked.model.calendar.zone.name().to_owned(),
        periods: periods(&checked.model.calendar),
        dialect: checked.model.warehouse.dialect.as_ref().map(|name| name.value.clone()),
    }))
}

/// How a calendar's periods differ from those of SQL.
fn periods(calendar: &Calendar) -> Option<String> {
    let is_usual = !calendar.custom && calendar.week_starts == Weekday::Monday && calendar.fiscal_month == 1;
    (!is_usual).then(|| "its weeks, quarters and years are those of the calendar in kpic.yml".to_owned())
}

fn write(root: &Path, files: &[File]) -> Result<(), Stop> {
    if let Some(path) = draft::in_the_way(root, files) {
        let message = format!("{} is there already", path.display());
        return Err(environment(&Failure { message, help: Some("import into another folder with `--output DIR`".to_owned()) }));
    }
    let is_new = files.iter().any(|file| file.path == PROJECT_FILE);
    let ignored: &[&str] = if is_new { &["/build/"] } else { &[] };
    draft::write(root, files, ignored).map_err(|problem| environment(&Failure { message: problem.message, help: None }))
}

fn unreadable(why: Unreadable) -> Stop {
    environment(&Failure { message: why.message, help: Some(why.help) })
}
