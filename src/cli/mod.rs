//! The command line: arguments in, text and an exit code out. The only module that prints.
//!
//! A command is a file in `commands` with its arguments and a function `run`; the table is [`Command`]. `show` lays figures
//! out, `out` writes them.

mod ahead;
mod cohorts;
mod commands;
mod complete;
mod csv;
mod day;
mod evidence;
mod fault;
mod files;
mod findings;
mod firing;
mod freshness;
mod guarded;
mod history;
mod limits;
mod mistake;
mod out;
mod parquet;
mod policy;
mod profile;
mod progress;
pub mod reference;
mod show;
mod standing;

use crate::calendar::{AsOf, Label, meant_day};
use crate::diagnostic::{Findings, render};
use crate::dialect::{self, Client, Dialect};
use crate::engine::{Changes, DuckDb, Engine, Failure, Postgres, Reach, Sqlite, postgres, sqlite as sqlite3};
use crate::graph::Node;
use crate::load::bounds::Bounds;
use crate::model::{KpiId, Warehouse};
use crate::pipeline::{Checked, Options, SoundPart, Valid};
use crate::pipeline::{Chosen, VARIABLE};
use crate::text::{Files, Span, shown};
use clap::{Args, Parser, Subcommand, ValueEnum};
use findings::FindingsFormat;
use profile::Profile;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
#[cfg(target_os = "linux")]
use std::sync::Once;
use std::time::Duration;

/// Everything is fine, or there are warnings only.
const FINE: u8 = 0;
/// The project, its data or its tests are wrong.
const FINDINGS: u8 = 1;
/// The command line is wrong.
const USAGE: u8 = 2;
/// Something outside the project is missing or refuses.
const ENVIRONMENT: u8 = 3;

/// kpic itself failed.
const FAULT: u8 = 4;

/// The KPI compiler: KPI definitions in, checked numbers and SQL views out.
#[derive(Debug, Parser)]
#[command(name = "kpic", version, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

const EXAMPLES: &str = "Examples:
  kpic init shop --sample         create a project in the folder shop
  kpic check                      check the project in this folder
  kpic run revenue                show the recent periods of a KPI
  kpic query revenue --by country --from 2024-01
  kpic build                      write the SQL views below build/

Exit codes: 0 success, 1 findings, 2 usage error, 3 environment error, 4 a fault of kpic.";

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
struct Common {
    /// The project's folder, or a folder inside it.
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true, default_value = ".")]
    directory: PathBuf,
    /// Use this last visible day instead of the project's: a day, or `today`.
    #[arg(long, value_name = "DAY", global = true, value_parser = as_of)]
    as_of: Option<AsOf>,
    /// Write SQL for this warehouse instead of the project's `dialect`; for several, with commas between them: commands ask the first.
    #[arg(long, value_name = "NAME", global = true, value_parser = dialect_named, value_delimiter = ',')]
    dialect: Vec<&'static str>,
    /// Use this target of kpic.yml: its schema, its dialect and its connection [default: `KPIC_TARGET`, else the project's].
    #[arg(long, value_name = "NAME", global = true, add = complete::targets())]
    target: Option<String>,
    /// A folder outside the project from which specs, templates and data may be read; may be given several times.
    #[arg(long, value_name = "DIR", global = true)]
    allow_path: Vec<PathBuf>,
    /// A function, perhaps with its schema, that SQL of specs may call on PostgreSQL, SQLite and ClickHouse; may be given several times.
    #[arg(long, value_name = "NAME", global = true)]
    allow_function: Vec<String>,
    /// When to use colours.
    #[arg(long, value_name = "WHEN", global = true, default_value = "auto")]
    color: Color,
    /// Where the engine refuses something, also show what it says itself.
    #[arg(long, global = true)]
    verbose: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

/// What commands that need an engine take.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Engine")]
struct EngineArgs {
    /// The `duckdb` program [default: `KPIC_DUCKDB`, next to kpic, or on PATH].
    #[arg(long, value_name = "PATH")]
    duckdb: Option<PathBuf>,
    /// A DuckDB or SQLite database to read tables from [default: `warehouse.database` of kpic.yml, else in memory].
    #[arg(long, value_name = "FILE")]
    database: Option<PathBuf>,
    /// Where the data of a project for PostgreSQL is, as `psql` reads it, or the file of one for SQLite [default: `KPIC_CONNECTION`, else PGHOST, PGSERVICE and so on, or the database].
    #[arg(long, value_name = "URL")]
    connection: Option<String>,
    #[command(flatten)]
    profile: profile::ProfileArgs,
    /// Let SQL of the project use the network, for which `DuckDB` loads extensions; then it may read every file, too.
    #[arg(long)]
    allow_network: bool,
    /// How much memory the engine may use, such as `4GB` [default: 80 % of the machine's].
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    memory: Option<String>,
    /// How much the engine may write into temporary files, such as `100GB` [default: 20GB].
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    spill: Option<String>,
    /// After how many seconds to stop the engine where it has not answered [default: never].
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<u64>,
}

impl EngineArgs {
    /// What the engine may reach, with the paths that the command line opens.
    fn reach(&self, paths: Vec<PathBuf>) -> Reach {
        let starter = starter();
        let timeout = self.timeout.map(Duration::from_secs);
        Reach { paths, network: self.allow_network, memory: self.memory.clone(), spill: self.spill.clone(), timeout, starter }
    }
}

/// The program kpic, which becomes an engine. Only on Linux can a program ask the system to end it with its parent.
fn starter() -> Option<PathBuf> {
    if cfg!(target_os = "linux") { std::env::current_exe().ok().filter(|own| own.is_file()) } else { None }
}

/// The name of a dialect that kpic compiles for.
fn dialect_named(text: &str) -> Result<&'static str, String> {
    let known = || dialect::names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let found = dialect::find(Some(text)).map(Dialect::name);
    found.ok_or_else(|| format!("the dialects are {}", known()))
}

/// A size of memory as `DuckDB` reads it.
fn memory(text: &str) -> Result<String, String> {
    let (number, unit) = text.split_at(text.find(|char: char| !char.is_ascii_digit() && char != '.').unwrap_or(text.len()));
    let units = ["MB", "GB", "TB", "MiB", "GiB", "TiB"];
    let unit = units.iter().find(|known| known.eq_ignore_ascii_case(unit.trim()));
    match (number.parse::<f64>(), unit) {
        (Ok(size), Some(unit)) if size > 0.0 => Ok(format!("{number}{unit}")),
        _ => Err("expected a size such as 500MB or 4GB".to_owned()),
    }
}

/// How figures are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FiguresFormat {
    /// For people.
    Table,
    /// The same as data.
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create a project from sample data, files or database tables, with a draft of each source.
    Init(commands::init::InitArgs),
    /// Import metrics of another tool: a source for each model and a KPI for each metric, with a report.
    #[command(subcommand, after_help = commands::import::EXAMPLES)]
    Import(commands::import::ImportCommand),
    /// Check the specs: names, types, units, time, slices, and likely mistakes.
    Check(commands::check::CheckArgs),
    /// Lay out the files of a project in the one canonical way; nothing else changes.
    Fmt(commands::fmt::FmtArgs),
    /// Give a definition another name, wherever it is used.
    Rename(commands::rename::RenameArgs),
    /// Move a definition to another spec file, with its comments.
    Move(commands::move_to::MoveArgs),
    /// Explain a finding: what it means, why it matters and how to fix it.
    Explain(commands::explain::ExplainArgs),
    /// Show what a change of the specs does to the figures, from git: values, views, goals, and who is downstream.
    Diff(commands::diff::DiffArgs),
    /// Show the history of a definition: each commit that changed it or its values, with what it did to readers.
    Log(commands::log::LogArgs),
    /// Show since when a figure means what it means, and who last changed its goal, its owner and its words.
    Blame(commands::blame::BlameArgs),
    /// Write release notes for those who read the figures: what a change of the specs means to them.
    Changelog(commands::changelog::ChangelogArgs),
    /// Show who owns which spec file and who has to look at a change, and write lines for CODEOWNERS.
    Owners(commands::owners::OwnersArgs),
    /// Write the SQL views, the manifest and the documents.
    Build(commands::build::BuildArgs),
    /// Write a site of static pages that shows how things stand: figures, charts, objectives.
    Site(commands::site::SiteArgs),
    /// Put the views into the warehouse: all of them or none.
    Deploy(commands::deploy::DeployArgs),
    /// Show the recent periods of KPIs.
    Run(commands::run::RunArgs),
    /// Query KPIs or formulas by dimension, at any grain, with filters.
    Query(commands::query::QueryArgs),
    /// Run the spec tests.
    Test(commands::test::TestArgs),
    /// Show the progress of objectives and key results against the expected pace.
    Status(commands::status::StatusArgs),
    /// Show what a review needs: guardrails that fire, key results that slip, and who acts.
    Review(commands::review::ReviewArgs),
    /// Write what moved in a week, what slips and what is to be decided, as Markdown that can be mailed.
    Digest(commands::digest::DigestArgs),
    /// Write a check-in of a key result into its spec: how far it is, how sure people are, what is in its way.
    Checkin(commands::checkin::CheckinArgs),
    /// Close a period: draft the grades of its objectives, and ask for what was learned.
    Close(commands::close::CloseArgs),
    /// Write measured baselines into the specs, so that late data cannot move them.
    Freeze(commands::freeze::FreezeArgs),
    /// Show lineage, from sources and columns to KPIs.
    Graph(commands::graph::GraphArgs),
    /// Show what moves the North Star, and what is not linked to it.
    Align(commands::align::AlignArgs),
    /// Explain the change of a KPI between two periods by what contributed to it.
    Why(commands::why::WhyArgs),
    /// Print the JSON Schemas of `kpic.yml` and of spec files, for editors.
    Schema(commands::schema::SchemaArgs),
    /// Print shell completions for commands, options and KPI names.
    Completions(commands::completions::CompletionsArgs),
    /// Print the manual pages, or write them to a folder.
    Man(commands::man::ManArgs),
    /// Check the data against the specs: keys, references, times, values, types.
    Verify(commands::verify::VerifyArgs),
    /// Check again whenever a file changes, and optionally build.
    Watch(commands::watch::WatchArgs),
}

fn as_of(text: &str) -> Result<AsOf, String> {
    match text {
        "today" => Ok(AsOf::Today),
        _ => text.parse().map(AsOf::Day).map_err(|_| match meant_day(text) {
            Some(day) => format!("write the day as {day}"),
            None => Label::absent(text).unwrap_or_else(|| "expected `today` or a day such as 2025-01-31".to_owned()),
        }),
    }
}

fn seconds(text: &str) -> Result<u64, String> {
    text.parse().ok().filter(|seconds| *seconds > 0).ok_or_else(|| "expected a whole number of seconds, 1 or more".to_owned())
}

/// How much stack threads get. Formulas may be some hundred levels deep, and every stage walks them.
const STACK: usize = 64 << 20;

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    if let Some(code) = engine_of_another() {
        return code;
    }
    fault::explain();
    // Address space, not memory: what is not used is never there.
    let _ = rayon::ThreadPoolBuilder::new().stack_size(STACK).build_global();
    let work = std::thread::Builder::new().stack_size(STACK).spawn(run);
    match work {
        Ok(thread) => thread.join().unwrap_or(ExitCode::from(FAULT)),
        Err(_) => ExitCode::from(ENVIRONMENT),
    }
}

/// Becomes the engine of another process of kpic, or cleans up after one, if that asks for it.
#[cfg(target_os = "linux")]
fn engine_of_another() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let first = arguments.next()?;
    if first == crate::engine::CLEANER {
        arguments.next().iter().for_each(|folder| crate::engine::clean(Path::new(folder)));
        return Some(ExitCode::from(FINE));
    }
    if first != crate::engine::STARTER {
        return None;
    }
    let failed = crate::engine::start(&arguments.collect::<Vec<_>>());
    out::error(&format!("{failed}\n"));
    Some(ExitCode::from(ENVIRONMENT))
}

fn run() -> ExitCode {
    if complete::is_asked_for() {
        return ExitCode::from(FINE);
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and versions are not errors; they come this way too.
            let code = if error.use_stderr() { USAGE } else { FINE };
            let explained = mistake::explained(error);
            // What was typed may hold what a terminal takes for a command; the styles of the message are its own.
            if std::env::args_os().any(|typed| shown(&typed.to_string_lossy()) != typed.to_string_lossy()) {
                out::error(&explained.render().to_string());
                return ExitCode::from(written(code));
            }
            out::note(explained.print().and_then(|()| std::io::stdout().flush()));
            return ExitCode::from(written(code));
        }
    };
    match cli.common.color {
        Color::Auto => {}
        Color::Always => anstream::ColorChoice::Always.write_global(),
        Color::Never => anstream::ColorChoice::Never.write_global(),
    }
    if cli.common.verbose {
        out::be_verbose();
    }
    let context = Context { common: &cli.common };
    let code = match cli.command {
        Command::Init(args) => commands::init::run(&args, &context),
        Command::Import(what) => commands::import::run(&what, &context),
        Command::Check(args) => commands::check::run(&args, &context),
        Command::Fmt(args) => commands::fmt::run(&args, &context),
        Command::Rename(args) => commands::rename::run(&args, &context),
        Command::Move(args) => commands::move_to::run(&args, &context),
        Command::Explain(args) => commands::explain::run(&args),
        Command::Diff(args) => commands::diff::run(&args, &context),
        Command::Log(args) => commands::log::run(&args, &context),
        Command::Blame(args) => commands::blame::run(&args, &context),
        Command::Changelog(args) => commands::changelog::run(&args, &context),
        Command::Owners(args) => commands::owners::run(&args, &context),
        Command::Build(args) => commands::build::run(&args, &context),
        Command::Site(args) => commands::site::run(&args, &context),
        Command::Deploy(args) => commands::deploy::run(&args, &context),
        Command::Run(args) => commands::run::run(&args, &context),
        Command::Query(args) => commands::query::run(&args, &context),
        Command::Test(args) => commands::test::run(&args, &context),
        Command::Status(args) => commands::status::run(&args, &context),
        Command::Review(args) => commands::review::run(&args, &context),
        Command::Checkin(args) => commands::checkin::run(&args, &context),
        Command::Digest(args) => commands::digest::run(&args, &context),
        Command::Close(args) => commands::close::run(&args, &context),
        Command::Freeze(args) => commands::freeze::run(&args, &context),
        Command::Graph(args) => commands::graph::run(&args, &context),
        Command::Align(args) => commands::align::run(&args, &context),
        Command::Why(args) => commands::why::run(&args, &context),
        Command::Schema(args) => commands::schema::run(&args),
        Command::Completions(args) => commands::completions::run(&args),
        Command::Man(args) => commands::man::run(&args),
        Command::Verify(args) => commands::verify::run(&args, &context),
        Command::Watch(args) => commands::watch::run(&args, &context),
    };
    ExitCode::from(written(code.unwrap_or_else(|stop| stop.code)))
}

/// The exit code, once all output is written; another one if it could not be.
fn written(code: u8) -> u8 {
    let Some(why) = out::has_failed() else { return code };
    out::error(&out::failure(&format!("the output could not be written: {why}"), None));
    ENVIRONMENT
}

/// Why a command ends early; what there is to say has been said.
struct Stop {
    code: u8,
}

/// What every command works with.
struct Context<'a> {
    common: &'a Common,
}

impl Context<'_> {
    /// The project's folder.
    fn root(&self) -> Result<PathBuf, Stop> {
        let folder = &self.common.directory;
        // What stands above a folder that is not there is another project.
        if !folder.is_dir() {
            let message = format!("there is no folder `{}`", folder.display());
            let help = Some("name a project's folder with `-C DIR`".to_owned());
            return Err(environment(&Failure { message, help }));
        }
        crate::load::find_root(folder).ok_or_else(|| {
            let shown = if folder.as_os_str() == "." { "this folder".to_owned() } else { format!("`{}`", folder.display()) };
            let nearly = ["kpic.yaml", "kpic.yml.txt", "kpic.YML", "Kpic.yml", "kpi.yml"].map(|name| folder.join(name));
            let nearly = nearly.iter().find(|path| path.is_file());
            let (message, help) = match nearly {
                Some(path) => (
                    format!("there is no {} in {shown} or any folder above it", crate::load::PROJECT_FILE),
                    format!(
                        "rename `{}`: the project file is called {}",
                        path.strip_prefix(".").unwrap_or(path).display(),
                        crate::load::PROJECT_FILE
                    ),
                ),
                None => (
                    format!("there is no {} in {shown} or any folder above it", crate::load::PROJECT_FILE),
                    "go to a project's folder, name it with `-C DIR`, or create one with `kpic init`".to_owned(),
                ),
            };
            environment(&Failure { message, help: Some(help) })
        })
    }

    /// The folders that the command line opens, beside the project's.
    fn opened(&self) -> Vec<PathBuf> {
        self.common.allow_path.iter().map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone())).collect()
    }

    fn options(&self) -> Options {
        let (as_of, dialects) = (self.common.as_of, self.common.dialect.clone());
        Options { as_of, dialects, chosen: self.chosen(), opened: self.opened(), functions: self.common.allow_function.clone() }
    }

    /// The target that is named outside the specs, and what these may take from the environment.
    fn chosen(&self) -> Chosen {
        let from_outside = || variable("KPIC_TARGET").map(|name| (name, "KPIC_TARGET"));
        let target = self.common.target.clone().map(|name| (name, "--target")).or_else(from_outside);
        let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned()));
        let all = std::env::vars_os().filter_map(text);
        Chosen { target, variables: all.filter(|(name, _)| name.starts_with(VARIABLE)).collect() }
    }
}

/// The project, if nothing in it is wrong; else its findings are shown on stderr. Warnings are the business of `check`.
fn valid(checked: Checked) -> Result<Valid, Stop> {
    match checked.valid() {
        Ok(valid) => Ok(valid),
        Err(checked) => Err(refused(&checked.findings, &checked.files)),
    }
}

/// The part of a project that is right; the findings are shown on stderr if there is none.
fn right_part(context: &Context<'_>, root: &Path) -> Result<SoundPart, Stop> {
    let part = crate::pipeline::part(root, |_, _| Vec::new(), &context.options());
    part.map_err(|checked| refused(&checked.findings, &checked.files))
}

/// Shows why something cannot be done.
fn refused(findings: &Findings, files: &Files) -> Stop {
    show_findings(findings, files);
    Stop { code: FINDINGS }
}

/// Says on stderr which KPIs are left out because they are wrong, and which definitions of further sections, each with what one of them
/// is called.
fn say_left_out(part: &SoundPart, further: &[(&str, &str)]) {
    let of_section = |(section, what): &(&str, &str)| {
        let names = part.left_out_of(section);
        let plural = if names.len() == 1 { "" } else { "s" };
        (!names.is_empty()).then(|| format!("{what}{plural} {}", some(&names)))
    };
    let found: Vec<String> = std::iter::once(&("kpis", "KPI")).chain(further).filter_map(of_section).collect();
    if !found.is_empty() {
        let mark = out::styled(out::BAD, "left out because of errors:");
        out::error(&format!("{mark} {}; `kpic check` shows the errors\n", found.join("; ")));
    }
}

/// Says on stderr that what is shown may not be what was meant: of which KPIs, and those that they need, `check` warns.
fn say_doubts(project: &Valid, kpis: &[KpiId]) {
    let (model, graph) = (project.model(), project.graph());
    let findings = project.findings().iter().filter(|finding| finding.code.is_about_figures());
    let places: Vec<Span> = findings.filter_map(|finding| Some(finding.labels.first()?.span)).collect();
    if places.is_empty() {
        return;
    }
    let needed = kpis.iter().flat_map(|id| graph.upstream(Node::Kpi(*id)).into_iter().chain([Node::Kpi(*id)]));
    let ids: BTreeSet<KpiId> = needed.filter_map(|node| if let Node::Kpi(id) = node { Some(id) } else { None }).collect();
    let warned = |formula: Span| places.iter().any(|place| formula.holds(*place));
    let doubted =
        ids.into_iter().map(|id| model.kpis.get(id)).filter(|kpi| !kpi.is_asked() && kpi.formula_span.is_some_and(warned));
    let names: Vec<&str> = doubted.map(|kpi| kpi.name.value.as_str()).collect();
    if !names.is_empty() {
        out::error(&format!("{} `kpic check` warns of {}\n", out::styled(out::DIM, "note:"), some(&names)));
    }
}

/// The first of several names, and how many more there are.
fn some(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    let shown = names.get(..SHOWN.min(names.len())).unwrap_or_default().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// The engine that answers a project's questions: that of its dialect.
fn engine_of(context: &Context<'_>, root: &Path, args: &EngineArgs, warehouse: &Warehouse) -> Result<Box<dyn Engine>, Stop> {
    let name = warehouse.dialect.as_ref().map(|name| name.value.as_str());
    if dialect::dialect(name).client() == Client::Sqlite {
        return Ok(Box::new(sqlite_file(context, root, args, warehouse)?));
    }
    let engine: Box<dyn Changes> = engine_to_change(context, root, args, warehouse)?;
    Ok(engine)
}

/// A database of `SQLite`: the file that the command line names, the variable that the target names, `KPIC_CONNECTION` or the project.
fn sqlite_file(context: &Context<'_>, root: &Path, args: &EngineArgs, warehouse: &Warehouse) -> Result<Sqlite, Stop> {
    let named = args.connection.clone().filter(|_| args.database.is_none()).map(PathBuf::from);
    let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
    let database = match named.map(absolute) {
        Some(path) => Some(path),
        None => match own_file(context, root, args, warehouse)? {
            Some(path) => Some(path),
            None if args.database.is_some() => database(context, root, args, Some(warehouse), "SQLite")?,
            None => match variable("KPIC_CONNECTION") {
                Some(path) => Some(file_of_variable(context, root, "KPIC_CONNECTION", path)?),
                None => database(context, root, args, Some(warehouse), "SQLite")?,
            },
        },
    };
    let missing = || {
        let help = "name the file: `--connection FILE`, or `database:` under `warehouse` in kpic.yml";
        let message = "this project does not say where its database is".to_owned();
        environment(&Failure { message, help: Some(help.to_owned()) })
    };
    sqlite(database.ok_or_else(missing)?, args)
}

/// The file in the variable that the target names, if it names one and the command line neither another file nor a profile. A target with a variable of its own reads no other's
/// database.
fn own_file(context: &Context<'_>, root: &Path, args: &EngineArgs, warehouse: &Warehouse) -> Result<Option<PathBuf>, Stop> {
    let is_elsewhere = args.database.is_some() || args.profile.is_named(true);
    let Some(name) = warehouse.connection_env.as_ref().filter(|_| !is_elsewhere) else { return Ok(None) };
    match variable(name) {
        None => Err(environment(&Failure {
            message: format!("the variable `{name}` is not set, which says where the database of the target is"),
            help: Some("set it to the path of the database, or use `--database FILE`".to_owned()),
        })),
        Some(path) => file_of_variable(context, root, name, path).map(Some),
    }
}

/// The file that a variable of the environment names. A spec chooses that one is read, so what it holds is not shown, and a path from here leads to no
/// other folder through a link.
fn file_of_variable(context: &Context<'_>, root: &Path, name: &str, path: String) -> Result<PathBuf, Stop> {
    let path = PathBuf::from(path);
    let fails = |message: String, help: &str| Err(environment(&Failure { message, help: Some(help.to_owned()) }));
    if !path.is_file() {
        let help = "set it to the path of the database, or use `--database FILE`";
        return fails(format!("what the variable `{name}` holds is not the path of a file, and the project reads one"), help);
    }
    let whole = std::path::absolute(&path).unwrap_or_else(|_| path.clone());
    let bounds = Bounds::of(root, &context.opened());
    if whole.starts_with(std::path::absolute(root).unwrap_or_default()) && bounds.outside(&whole).is_some() {
        let help = "name the file that is meant with its whole path";
        return fails(format!("the file that the variable `{name}` names leads out of the project"), help);
    }
    Ok(whole)
}

/// `SQLite` over a file.
fn sqlite(database: PathBuf, args: &EngineArgs) -> Result<Sqlite, Stop> {
    let program = sqlite3::find().map_err(|failure| environment(&failure))?;
    Ok(Sqlite { program, database, timeout: args.timeout.map(Duration::from_secs), starter: starter() })
}

/// The same as one that can change what is there, for `deploy` alone.
fn engine_to_change(
    context: &Context<'_>,
    root: &Path,
    args: &EngineArgs,
    warehouse: &Warehouse,
) -> Result<Box<dyn Changes>, Stop> {
    let name = warehouse.dialect.as_ref().map(|name| name.value.as_str());
    let fails = |failure: Failure| environment(&failure);
    let client = dialect::dialect(name).client();
    of_this_client(client, args)?;
    match client {
        Client::DuckDb => Ok(Box::new(embedded(context, root, args, Some(warehouse))?)),
        Client::Psql => Ok(Box::new(Postgres {
            program: postgres::find().map_err(fails)?,
            connection: connection(args, root, warehouse)?,
            timeout: args.timeout.map(Duration::from_secs),
        })),
        Client::Sqlite | Client::None => Err(fails(Failure {
            message: format!(
                "the data of this project is in `{}`, which this version of kpic cannot ask",
                name.unwrap_or_default()
            ),
            help: Some(
                "`kpic build` writes the views, `kpic query --sql` prints a query, and `kpic test` runs the tests of the specs"
                    .to_owned(),
            ),
        })),
    }
}

/// Refuses an option that says where the data of another kind of project is: to leave it out would read other data than was asked for.
fn of_this_client(client: Client, args: &EngineArgs) -> Result<(), Stop> {
    match client {
        Client::DuckDb if args.connection.is_some() => Err(usage(
            "`--connection` names a server, and the data of this project is in DuckDB",
            "name the file: `--database FILE`; `--target` and `--dialect` choose another warehouse",
        )),
        Client::Psql if args.database.is_some() => Err(usage(
            "`--database` names a file, and the data of this project is on a PostgreSQL server",
            "name the server: `--connection postgresql://user@host/database`",
        )),
        _ => Ok(()),
    }
}

/// Where a server is: as the command line says, as a profile of dbt's does that it names, as the variable does that the target names, or as `KPIC_CONNECTION` does. A target with a variable of its
/// own never takes another's connection.
fn connection(args: &EngineArgs, root: &Path, warehouse: &Warehouse) -> Result<Option<String>, Stop> {
    if args.connection.is_some() {
        return Ok(args.connection.clone());
    }
    match profile::profile(args, root, warehouse.connection_env.is_some())? {
        Some(Profile::Postgres(address)) => return Ok(Some(address)),
        Some(other) => return Err(other.other("postgres")),
        None => {}
    }
    let Some(name) = &warehouse.connection_env else { return Ok(variable("KPIC_CONNECTION")) };
    let target = warehouse.target.as_deref().unwrap_or_default();
    let fails = |message: String, help: &str| Err(environment(&Failure { message, help: Some(help.to_owned()) }));
    match variable(name) {
        None => fails(
            format!("the variable `{name}` is not set, which says how to connect to the target `{target}`"),
            "set it to an address such as postgresql://user@host/database, or use `--connection`",
        ),
        // A spec chooses the variable: what is no connection is handed to nobody.
        Some(connection) if !connection.contains("://") && !connection.contains('=') => fails(
            format!("what the variable `{name}` holds is not a connection, and the target `{target}` names it as one"),
            "set it to an address such as postgresql://user@host/database, or to pairs such as `host=db dbname=shop`",
        ),
        connection => Ok(connection),
    }
}

/// A variable of the environment that has something in it.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The embedded engine, in memory or over a file.
fn embedded(context: &Context<'_>, root: &Path, args: &EngineArgs, warehouse: Option<&Warehouse>) -> Result<DuckDb, Stop> {
    let program = crate::engine::find(args.duckdb.as_deref()).map_err(|failure| environment(&failure))?;
    let program = std::path::absolute(&program).unwrap_or(program);
    let own = warehouse.map(|warehouse| own_file(context, root, args, warehouse)).transpose()?.flatten();
    let database = match own {
        Some(own) => Some(own),
        None => database(context, root, args, warehouse, "DuckDB")?,
    };
    #[cfg(target_os = "linux")]
    weak_kernel();
    Ok(DuckDb { program, folder: root.to_path_buf(), database, reach: args.reach(context.opened()) })
}

/// Says once that the kernel does not keep SQL of specs from all that it should.
#[cfg(target_os = "linux")]
fn weak_kernel() {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        if !crate::engine::kernel_confines() {
            let note = out::styled(out::DIM, "note:");
            out::error(&format!(
                "{note} this kernel has no Landlock, so SQL in specs may list folders and read the project's .git; run specs of strangers elsewhere\n"
            ));
        }
    });
}

/// The file that the command line names, or else the one of the project, which is inside its folder.
fn database(
    context: &Context<'_>,
    root: &Path,
    args: &EngineArgs,
    warehouse: Option<&Warehouse>,
    engine: &str,
) -> Result<Option<PathBuf>, Stop> {
    let database = warehouse.and_then(|warehouse| warehouse.database.as_deref());
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let from = if args.database.is_some() { "--database" } else { "`database` under `warehouse` in kpic.yml" };
    let named = database.filter(|_| args.database.is_none() && !args.profile.is_named(true)).map(|path| root.join(path));
    if let Some(path) = named.as_ref().filter(|path| Bounds::of(root, &context.opened()).outside(path).is_some()) {
        return Err(environment(&Failure {
            message: format!("the database `{}` in kpic.yml is outside the project", path.display()),
            help: Some(
                "specs can only read files inside the project's folder; name another database on the command line: \
                 `--database FILE`"
                    .to_owned(),
            ),
        }));
    }
    let of_profile = match warehouse.map(|_| profile::profile(args, root, database.is_some())).transpose()?.flatten() {
        Some(Profile::DuckDb(path)) => Some(absolute(&path)),
        Some(other) => return Err(other.other("duckdb")),
        None => None,
    };
    let is_of_profile = args.database.is_none() && of_profile.is_some();
    let database = args.database.as_deref().map(absolute).or(of_profile).or(named);
    if is_of_profile && database.as_ref().is_some_and(|path| !path.is_file()) {
        // The path may come from a variable of the environment.
        return Err(environment(&Failure {
            message: "there is no database at the `path` of the profile".to_owned(),
            help: Some(format!("name a {engine} file: kpic only reads it")),
        }));
    }
    if let Some(path) = database.as_ref().filter(|path| !path.is_file()) {
        return Err(environment(&Failure {
            message: format!("there is no database `{}` (from {from})", path.display()),
            help: Some(format!("name a {engine} file: kpic only reads it")),
        }));
    }
    Ok(database)
}

/// Shows findings on stderr.
fn show_findings(findings: &Findings, files: &Files) {
    if !findings.is_empty() {
        out::error(&render::human(findings, files, out::look_of_stderr()));
        out::error(&out::engine_says(findings));
    }
}

/// Says why something outside the project is in the way.
fn environment(failure: &Failure) -> Stop {
    out::error(&out::failure(&failure.message, failure.help.as_deref()));
    Stop { code: ENVIRONMENT }
}

/// Says what is wrong with the command line.
fn usage(message: &str, help: &str) -> Stop {
    out::error(&out::failure(message, Some(help)));
    Stop { code: USAGE }
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
