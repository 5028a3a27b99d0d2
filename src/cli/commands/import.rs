//! `kpic import`

use crate::calendar::{Calendar, Date, Weekday};
use crate::cli::{Context, EngineArgs, FINDINGS, FINE, Stop, environment, out, usage};
use crate::dialect;
use crate::draft::{self, Asked, Data, File, Patterns};
use crate::engine::{DuckDb, Failure};
use crate::import::{self, Existing, Import, Known, Models, Settings, Sql, Unreadable};
use crate::load::PROJECT_FILE;
use crate::pipeline::{self, Options};
use crate::text::json;
use clap::{Args, Subcommand, ValueEnum};
use std::path::{Path, PathBuf};

/// What there is to import.
pub(in crate::cli) const EXAMPLES: &str = "Examples:
  kpic import dbt ../shop/target --dry-run
  kpic import cube ../shop/model --dry-run
  kpic import lookml ../shop/views --dry-run
  kpic import sql dashboard.sql --dry-run";

/// What is imported.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ImportCommand {
    /// Import the metrics of a dbt project, from the artifacts in its target folder.
    Dbt(DbtArgs),
    /// Import the measures of Cube's data models, from the YAML files in a folder.
    Cube(CubeArgs),
    /// Import the measures of LookML, from the views and explores in a folder.
    Lookml(LookmlArgs),
    /// Import SELECTs with aggregates, as dashboards have them.
    Sql(SqlArgs),
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
    #[command(flatten)]
    into: Into,
}

/// The arguments of `import cube`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic import cube model --dry-run                               show what would become of each measure
  kpic import cube model --database shop.duckdb --output kpis    a project in kpis/, or new definitions in the one that is there
  kpic import cube model --dialect postgres --format markdown > import.md

Each measure becomes a KPI that counts by the first dimension of the type `time` of its cube, and each view a scorecard. With `--database` the types of columns are those of the DuckDB database. Models in JavaScript and what templates decide are reported and not read. Definitions that the project has already stay as they are, and are compared. No file is changed.")]
pub(in crate::cli) struct CubeArgs {
    #[command(flatten)]
    models: ModelArgs,
}

/// The arguments of `import lookml`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic import lookml views --dry-run                               show what would become of each measure
  kpic import lookml . --database shop.duckdb --output kpis        a project in kpis/, or new definitions in the one that is there
  kpic import lookml . --dialect snowflake --format markdown > import.md

Each measure becomes a KPI that counts by the first time of its view, and joins of explores that lead to one row become references. With `--database` the types of columns are those of the DuckDB database. Dashboards and what Liquid decides are reported and not read. Definitions that the project has already stay as they are, and are compared. No file is changed.")]
pub(in crate::cli) struct LookmlArgs {
    #[command(flatten)]
    models: ModelArgs,
}

/// A folder of models, and where what is made of them goes.
#[derive(Debug, Args)]
struct ModelArgs {
    /// The folder with the files of the data model.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The DuckDB database whose tables it reads, for the types of columns.
    #[arg(long, value_name = "FILE")]
    database: Option<PathBuf>,
    /// The `duckdb` program [default: `KPIC_DUCKDB`, next to kpic, or on PATH].
    #[arg(long, value_name = "PATH", help_heading = "Engine")]
    duckdb: Option<PathBuf>,
    #[command(flatten)]
    into: Into,
}

/// The arguments of `import sql`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic import sql monthly.sql --dry-run                                     show what would become of each column
  kpic import sql monthly.sql --database shop.duckdb --output kpis          a project in kpis/, or new definitions in the one that is there
  kpic import sql board.sql --dialect bigquery --format markdown > import.md

Each SELECT groups by a period, as `date_trunc('month', t)`, and each of its columns that aggregates becomes a KPI. With `--database` the types of columns are those of the DuckDB database. Definitions that the project has already stay as they are, and are compared. No file is changed.")]
pub(in crate::cli) struct SqlArgs {
    /// The file with SELECTs, parted by `;`.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The DuckDB database whose tables it reads, for the types of columns.
    #[arg(long, value_name = "FILE")]
    database: Option<PathBuf>,
    /// The `duckdb` program [default: `KPIC_DUCKDB`, next to kpic, or on PATH].
    #[arg(long, value_name = "PATH", help_heading = "Engine")]
    duckdb: Option<PathBuf>,
    #[command(flatten)]
    into: Into,
}

/// Where an import goes, and how it is reported.
#[derive(Debug, Args)]
struct Into {
    /// The folder of the project; created if it does not exist [default: the current one].
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Write nothing: only show the report and the names of files.
    #[arg(long)]
    dry_run: bool,
    /// How the report is shown.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: ReportFormat,
    /// The name of a new project [default: that of the dbt project, of the file or of the folder].
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
    let base = &context.common.directory;
    let options = context.options();
    match what {
        ImportCommand::Dbt(args) => {
            let artifacts = import::read(&base.join(&args.artifacts)).map_err(unreadable)?;
            args.into.put(base, &options, |existing, settings| import::import(&artifacts, existing, settings, &options))
        }
        ImportCommand::Cube(args) => args.models.put(base, &options, import::CUBE_FILES, import::import_cube),
        ImportCommand::Lookml(args) => args.models.put(base, &options, import::LOOKML_FILES, import::import_lookml),
        ImportCommand::Sql(args) => {
            let text = read(&base.join(&args.file))?;
            let known = args.database.as_ref().map(|path| tables(&base.join(path), args.duckdb.as_deref())).transpose()?;
            let name = args.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let sql = Sql { name: &name, text: &text, known: known.as_deref() };
            args.into.put(base, &options, |existing, settings| import::import_sql(&sql, existing, settings, &options))
        }
    }
}

/// The text of a file of SQL.
fn read(path: &Path) -> Result<String, Stop> {
    let refused = |why: &str| {
        let message = format!("cannot read {}: {why}", path.display());
        environment(&Failure { message, help: Some("name a file with SELECTs".to_owned()) })
    };
    if !path.is_file() {
        return Err(refused(if path.exists() { "it is no file" } else { "it does not exist" }));
    }
    let bytes = std::fs::read(path).map_err(|error| refused(&error.to_string()))?;
    String::from_utf8(bytes).map_err(|_| refused("it is not UTF-8"))
}

/// The tables of a DuckDB database.
fn tables(database: &Path, duckdb: Option<&Path>) -> Result<Vec<Known>, Stop> {
    if !database.is_file() {
        return Err(usage(&format!("there is no file {}", database.display()), "check the path"));
    }
    let fail = |failure: Failure| environment(&failure);
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let program = crate::engine::find(duckdb).map_err(fail)?;
    let database = absolute(database);
    let folder = database.parent().unwrap_or(Path::new("/")).to_path_buf();
    let reach = EngineArgs::default().reach(Vec::new());
    let engine = DuckDb { program: absolute(&program), folder, database: Some(database), reach };
    let asked = Asked::of(&engine, dialect::dialect(None));
    let (found, _) = draft::find(&asked, &Data::Database(Patterns::default())).map_err(fail)?;
    let known = |table: &draft::Table| {
        let (schema, name) = table.in_database()?;
        let columns = table.columns.iter().map(|column| (column.name.clone(), column.ty.clone())).collect();
        Some(Known { schema: schema.to_owned(), table: name.to_owned(), columns })
    };
    Ok(found.iter().filter_map(known).collect())
}

/// Imports the models of a tool.
type Importer = fn(&Models<'_>, Option<&Existing>, &Settings, &Options) -> Result<Import, Unreadable>;

impl ModelArgs {
    fn put(&self, base: &Path, options: &Options, endings: &[&str], import: Importer) -> Result<u8, Stop> {
        let folder = base.join(&self.folder);
        let files = import::model_files(&folder, endings).map_err(unreadable)?;
        let known = self.database.as_ref().map(|path| tables(&base.join(path), self.duckdb.as_deref())).transpose()?;
        let name = std::path::absolute(&folder).unwrap_or(folder);
        let name = name.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let models = Models { name: &name, files: &files, known: known.as_deref() };
        self.into.put(base, options, |existing, settings| import(&models, existing, settings, options))
    }
}

impl Into {
    /// Puts what is imported into the project, and reports it.
    fn put(
        &self,
        base: &Path,
        options: &Options,
        import: impl FnOnce(Option<&Existing>, &Settings) -> Result<Import, Unreadable>,
    ) -> Result<u8, Stop> {
        let folder = self.output.as_ref().map_or_else(|| base.to_path_buf(), |output| base.join(output));
        let root = if folder.join(PROJECT_FILE).exists() || self.output.is_some() {
            folder
        } else {
            crate::load::find_root(&folder).unwrap_or(folder)
        };
        let existing = existing(&root, options)?;
        let settings = Settings { name: self.name.clone(), start: self.start };
        let import = import(existing.as_ref(), &settings).map_err(unreadable)?;
        self.report(&root, &import)
    }

    fn report(&self, root: &Path, import: &Import) -> Result<u8, Stop> {
        let names: Vec<&str> = import.files.iter().map(|file| file.path.as_str()).collect();
        if !self.dry_run {
            write(root, &import.files)?;
        }
        match self.format {
            ReportFormat::Text => out::print(&import.report.text()),
            ReportFormat::Markdown => out::data(&import.report.markdown()),
            ReportFormat::Json => out::json(&format!("{}\n", json(&import.report.json()))),
        }
        let did = if self.dry_run { "would write" } else { "wrote" };
        let shown = if names.is_empty() { "nothing: there is nothing new".to_owned() } else { names.join(", ") };
        out::error(&format!("{did} {shown}\n"));
        Ok(FINE)
    }
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
