//! `kpic init`

use crate::cli::{
    Context, ENVIRONMENT, EngineArgs, FINDINGS, FINE, Stop, connection, environment, out, progress, show, show_findings, usage,
    variable,
};
use crate::dialect::{self, Client, Dialect};
use crate::draft::{self, Asked, Data, Draft, Patterns, Table};
use crate::engine::{DuckDb, Engine, Failure, Postgres, postgres};
use crate::load::bounds::Bounds;
use crate::pipeline::{self, Options};
use clap::Args;
use dialoguer::{Input, MultiSelect, Select};
use existing::Existing;
use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

#[path = "init/existing.rs"]
mod existing;
#[path = "init/groups.rs"]
mod groups;
#[path = "init/paths.rs"]
mod paths;
mod refused;

use paths::{absolute, clean, from};

/// The arguments of `init`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic init                               asks questions, in a terminal
  kpic init shop --sample                 a project with a few sample rows, in shop/
  kpic init --database shop.duckdb        drafts a source for each table
  kpic init --database shop.duckdb --schema sales --table 'fact_*'
  kpic init --connection postgresql://reader@db/shop --schema sales
  kpic init --csv orders.csv users.parquet
  kpic init --csv data/orders-*.csv       monthly files are one source
  kpic init --csv returns.csv             in a project: drafts one more source

Existing files are never overwritten. The draft is a starting point: read the comments in specs/.")]
pub(in crate::cli) struct InitArgs {
    /// The folder of the project; created if it does not exist.
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// The project's name [default: that of the folder].
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Draft sources for the tables of a DuckDB database.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["csv", "sample"])]
    database: Option<PathBuf>,
    /// Only tables of this schema; `*` stands for anything.
    #[arg(long, value_name = "PATTERN", num_args = 1.., conflicts_with_all = ["csv", "sample"])]
    schema: Vec<String>,
    /// Only tables of this name; `*` stands for anything.
    #[arg(long, value_name = "PATTERN", num_args = 1.., conflicts_with_all = ["csv", "sample"])]
    table: Vec<String>,
    /// Draft sources for the tables of a PostgreSQL server; with `--dialect postgres` it is where `KPIC_CONNECTION` or PGHOST and so on say.
    #[arg(long, value_name = "URL", conflicts_with_all = ["csv", "sample", "database"])]
    connection: Option<String>,
    /// Draft sources for CSV, Parquet or JSON files.
    #[arg(long, value_name = "FILE", visible_alias = "files", num_args = 1.., conflicts_with = "sample")]
    csv: Vec<PathBuf>,
    /// Start with sample data.
    #[arg(long)]
    sample: bool,
    /// Ask nothing: use the database or files in the folder, or else sample data.
    #[arg(long, short = 'y')]
    yes: bool,
    /// The `duckdb` program [default: `KPIC_DUCKDB`, next to kpic, or on PATH].
    #[arg(long, value_name = "PATH", help_heading = "Engine")]
    duckdb: Option<PathBuf>,
}

/// What a project is to be over.
#[derive(Debug, Clone)]
enum Over {
    Sample,
    Database(PathBuf),
    /// A server of that dialect, with where it is.
    Server(String, Option<String>),
    Files(Vec<PathBuf>),
}

/// What git need not know.
const IGNORED: [&str; 1] = ["/build/"];
/// How a shell knows that a program was interrupted.
const INTERRUPTED: u8 = 130;

pub(in crate::cli) fn run(args: &InitArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let base = absolute(&context.common.directory);
    let root = clean(&base.join(&args.folder));
    let options = context.options();
    let is_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if root.join(crate::load::PROJECT_FILE).exists() {
        return more(args, &base, &root, is_terminal && !args.yes, &options);
    }
    if root.is_file() {
        let file = args.folder.display();
        let option = if holds_rows(&args.folder) { "--csv" } else { "--database" };
        let help = format!("`kpic init {option} {file}` creates a project for it in the current folder");
        return Err(usage(&format!("{file} is a file, but a project is a folder"), &help));
    }
    let server = server(args, &options);
    refused::other_engine(args, &base, options.dialects.first().copied())?;
    let flags = server.is_some() || args.database.is_some() || !args.csv.is_empty() || args.sample || args.yes;
    let ask = !flags && is_terminal;
    if !flags && !ask {
        let help = "use `--sample`, `--database FILE` or `--csv FILE...`; in a terminal `kpic init` asks";
        return Err(usage("there is no terminal to ask which data the project is for", help));
    }
    if is_terminal {
        restore_when_interrupted();
    }
    let own_name = || root.file_name().map_or_else(|| "kpis".to_owned(), |name| name.to_string_lossy().into_owned());
    let name = match &args.name {
        Some(name) => name.clone(),
        None if ask => prompt(Input::new().with_prompt("Name of the project").default(own_name()).interact_text())?,
        None => own_name(),
    };
    let over = match (&args.database, args.csv.as_slice(), args.sample) {
        (None, [], false) if server.is_some() => {
            let connection = args.connection.clone().or_else(|| variable("KPIC_CONNECTION"));
            Over::Server(server.unwrap_or_default(), connection)
        }
        (Some(database), ..) => Over::Database(clean(&base.join(database))),
        (None, [_, ..], _) => Over::Files(groups::expanded(&base, &args.csv)?),
        (None, [], true) => Over::Sample,
        (None, [], false) if ask => choose(&root, &base, &options)?,
        (None, [], false) => offers(&root, &options).into_iter().next().map_or(Over::Sample, |(_, over)| over),
    };
    leads_nowhere(&root, &over, &options)?;
    let (options, outside) = opened(&root, &over, &options);
    let draft = match &over {
        Over::Sample => draft::sample(&name),
        Over::Database(_) | Over::Server(..) | Over::Files(_) => {
            let looked = look(args, &root, &options.opened, &over, ask, is_terminal && !args.yes)?;
            let database = match &over {
                // A spec names nothing outside its project.
                Over::Database(path) if path.starts_with(&root) => Some(from(&root, path)),
                Over::Database(_) | Over::Server(..) | Over::Sample | Over::Files(_) => None,
            };
            let drafting =
                || draft::draft(&name, looked.tables, database.as_deref(), &Asked::of(&*looked.engine, looked.dialect));
            let mut draft = progress::during("looking at the data", drafting).map_err(|failure| environment(&failure))?;
            let can_read = looked.unreadable.is_empty();
            draft.left_out.extend(looked.unreadable);
            whole(draft, can_read)?
        }
    };
    write(&root, &draft, &IGNORED)?;
    out::print(&(report(&draft, "made", &name, args) + &outside));
    Ok(check(&root, &options))
}

/// The dialect of the server that the tables are on, if the command line says that they are on one.
fn server(args: &InitArgs, options: &Options) -> Option<String> {
    let named = options.dialects.first().copied().filter(|name| dialect::dialect(Some(name)).client() == Client::Psql);
    let of_files = args.database.is_some() || !args.csv.is_empty() || args.sample;
    named.filter(|_| !of_files).or(args.connection.as_ref().map(|_| "postgres")).map(str::to_owned)
}

/// Further sources for a project.
fn more(args: &InitArgs, base: &Path, root: &Path, may_ask: bool, options: &Options) -> Result<u8, Stop> {
    refused::other_engine(args, base, None)?;
    let over_tables = args.connection.is_some() || args.database.is_some() || !args.schema.is_empty() || !args.table.is_empty();
    if args.csv.is_empty() && !over_tables {
        let help = "use `kpic check` and `kpic run` with it, add sources with `kpic init --csv FILE` or `--table NAME`, or \
         name another folder: `kpic init DIR`";
        return Err(usage(&format!("there is already a project in {}", root.display()), help));
    }
    if args.name.is_some() {
        return Err(usage("the project already has a name", "leave out `--name`: the name is in kpic.yml"));
    }
    if may_ask {
        restore_when_interrupted();
    }
    let existing = Existing::of(root, options);
    let over = if let (true, Some(dialect)) = (over_tables, existing.server()) {
        if args.database.is_some() {
            return Err(usage(
                "the tables of this project are on a server",
                "leave out `--database`, or make a second project",
            ));
        }
        let engine = EngineArgs { connection: args.connection.clone(), ..EngineArgs::default() };
        Over::Server(dialect, connection(&engine, root, &existing.warehouse)?)
    } else if over_tables && args.connection.is_none() {
        Over::Database(existing.database(args.database.as_ref().map(|path| clean(&base.join(path))))?)
    } else {
        Over::Files(existing.new_files(groups::expanded(base, &args.csv)?)?)
    };
    leads_nowhere(root, &over, options)?;
    let (options, outside) = opened(root, &over, options);
    let mut looked = look(args, root, &options.opened, &over, false, may_ask)?;
    looked.tables.retain(|table| !existing.has_table(table));
    let drafting = || draft::more(&existing.known, looked.tables, &Asked::of(&*looked.engine, looked.dialect));
    let mut draft = progress::during("looking at the data", drafting).map_err(|failure| environment(&failure))?;
    let can_read = looked.unreadable.is_empty();
    draft.left_out.extend(looked.unreadable);
    let draft = whole(draft, can_read)?;
    write(root, &draft, &[])?;
    let hidden = draft.days.iter().filter_map(|(source, days)| existing.hidden(source, *days));
    let hidden: String = hidden.map(|said| format!("{} {said}\n", out::styled(out::DIM, "note:"))).collect();
    out::print(&(report(&draft, "added to", &existing.name, args) + &hidden + &outside));
    Ok(check(root, &options))
}

/// Refuses files of the project's folder that are links out of it: who names one there does not mean what it leads to.
fn leads_nowhere(root: &Path, over: &Over, options: &Options) -> Result<(), Stop> {
    let files = match over {
        Over::Files(files) => files.as_slice(),
        Over::Database(database) => std::slice::from_ref(database),
        Over::Server(..) | Over::Sample => &[],
    };
    match files.iter().find_map(|file| Some((file, led_out(root, file, options)?))) {
        Some((file, real)) => Err(usage(
            &format!("{} leads out of the project, to {}", file.display(), real.display()),
            "if that is the data you mean, name it by that path, or allow its folder: `--allow-path DIR`",
        )),
        None => Ok(()),
    }
}

/// Where a file in a folder leads to outside of it.
fn led_out(root: &Path, file: &Path, options: &Options) -> Option<PathBuf> {
    Bounds::of(root, &options.opened).outside(file).filter(|_| file.starts_with(root) && root.exists())
}

/// What is named on the command line is opened by it: the folders of files outside the project, with what there is to say of them.
fn opened(root: &Path, over: &Over, options: &Options) -> (Options, String) {
    let (mut options, mut said) = (options.clone(), String::new());
    let note = out::styled(out::DIM, "note:");
    let files = match over {
        Over::Files(files) => files.as_slice(),
        Over::Database(path) if !path.starts_with(root) => {
            said = format!("{note} {0} is outside the project; commands read it with `--database '{0}'`\n", path.display());
            &[]
        }
        Over::Database(_) | Over::Server(..) | Over::Sample => &[],
    };
    for file in files {
        let is_outside = Bounds::of(root, &options.opened).outside(file).is_some();
        if let Some(folder) = file.parent().filter(|_| is_outside) {
            said.push_str(&format!(
                "{note} {} is outside the project; commands read it with `--allow-path '{}'`, or put it below the project's folder\n",
                file.display(),
                folder.display()
            ));
            options.opened.push(folder.to_path_buf());
        }
    }
    (options, said)
}

/// What was drafted is checked like what anybody writes.
fn check(root: &Path, options: &Options) -> u8 {
    let checked = pipeline::check(root, options);
    show_findings(&checked.findings, &checked.files);
    if checked.findings.has_errors() { FINDINGS } else { FINE }
}

fn write(root: &Path, draft: &Draft, ignored: &[&str]) -> Result<(), Stop> {
    if let Some(path) = draft::in_the_way(root, &draft.files) {
        return Err(usage(
            &format!("{} already exists", path.display()),
            "move it away, or name another folder: `kpic init DIR`",
        ));
    }
    draft::write(root, &draft.files, ignored).map_err(|problem| environment(&Failure { message: problem.message, help: None }))
}

/// Tables that have been looked at.
struct Looked {
    engine: Box<dyn Engine>,
    dialect: &'static dyn Dialect,
    tables: Vec<Table>,
    unreadable: Vec<(String, String)>,
}

/// Looks at tables, and asks what their values leave open if somebody is there.
fn look(args: &InitArgs, root: &Path, opened: &[PathBuf], over: &Over, pick_some: bool, may_ask: bool) -> Result<Looked, Stop> {
    let (files, database) = match over {
        Over::Files(files) => (files.clone(), None),
        Over::Database(database) => (Vec::new(), Some(database.clone())),
        Over::Sample | Over::Server(..) => (Vec::new(), None),
    };
    if let Some(missing) = files.iter().chain(&database).find(|file| !file.is_file()) {
        return Err(usage(&format!("there is no file {}", missing.display()), "check the path"));
    }
    let fail = |failure: Failure| environment(&failure);
    let (engine, dialect): (Box<dyn Engine>, _) = if let Over::Server(name, connection) = over {
        let program = postgres::find().map_err(fail)?;
        (Box::new(Postgres { program, connection: connection.clone(), timeout: None }), dialect::dialect(Some(name)))
    } else {
        let program = crate::engine::find(args.duckdb.as_deref()).map_err(fail)?;
        // The folder may not be there yet; all paths are absolute.
        let folder = root.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new(".")).to_path_buf();
        // Whoever names files here opens them.
        let reach = EngineArgs::default().reach(files.iter().chain(opened).cloned().collect());
        (Box::new(DuckDb { program: absolute(&program), folder, database: database.clone(), reach }), dialect::dialect(None))
    };
    let asked = Asked::of(&*engine, dialect);
    let patterns = Patterns { schemas: args.schema.clone(), tables: args.table.clone() };
    let in_database = matches!(over, Over::Database(_) | Over::Server(..));
    let data = if in_database { Data::Database(patterns) } else { Data::Files(groups::groups(root, &files)) };
    let mut found = progress::during("looking at the data", || draft::find(&asked, &data)).map_err(fail)?;
    if in_database && found.0.is_empty() && !(args.schema.is_empty() && args.table.is_empty()) {
        let wanted: Vec<&str> = args.schema.iter().chain(&args.table).map(String::as_str).collect();
        let message = format!("no table in the database matches: {}", wanted.join(", "));
        return Err(usage(
            &message,
            "`*` stands for anything, as in `--table 'fact_*'`; the quotes keep the shell from \
         expanding it",
        ));
    }
    if may_ask {
        settle(&mut found.0)?;
    }
    let (tables, unreadable) = progress::during("looking at the data", || draft::look(&asked, found)).map_err(fail)?;
    let tables = if pick_some { pick(tables)? } else { tables };
    Ok(Looked { engine, dialect, tables, unreadable })
}

/// Asks what the values of files leave open.
fn settle(tables: &mut [Table]) -> Result<(), Stop> {
    for table in tables {
        let questions: Vec<(String, Vec<String>)> =
            table.doubts().iter().map(|doubt| (doubt.question.clone(), doubt.answers.clone())).collect();
        for (at, (question, answers)) in questions.into_iter().enumerate() {
            let asked = Select::new().with_prompt(format!("{}: {question}", table.name)).items(&answers).default(0);
            let answer = prompt(asked.interact())?;
            table.answer(at, answer);
        }
    }
    Ok(())
}

/// A draft that has sources.
fn whole(draft: Draft, can_read: bool) -> Result<Draft, Stop> {
    if draft.made.is_empty() {
        let why: Vec<String> = draft.left_out.iter().map(|(name, why)| format!("{name}: {why}")).collect();
        let why = if why.is_empty() { "there are no tables".to_owned() } else { why.join("; ") };
        let help = if can_read {
            "a source needs a time, or a column that identifies its rows; `kpic init --sample` shows one"
        } else {
            "correct that and run the command again; `kpic init --sample` shows a project"
        };
        let failure = Failure { message: format!("this data gives no source: {why}"), help: Some(help.to_owned()) };
        return Err(environment(&failure));
    }
    Ok(draft)
}

/// What was made, and what to do next.
fn report(draft: &Draft, done: &str, name: &str, args: &InitArgs) -> String {
    let mut out = format!("{} project {name}\n\n", out::styled(out::GOOD, done));
    let made = draft.made.iter().map(|(name, what)| vec![name.clone(), what.clone()]);
    let left_out = draft.left_out.iter().map(|(name, why)| vec![name.clone(), format!("left out: {why}")]);
    out.push_str(&show::table(vec!["source".to_owned(), "what it is".to_owned()], made.chain(left_out).collect(), |_| false));
    let here = args.folder == Path::new(".");
    let at = if here { String::new() } else { format!(" -C {}", args.folder.display()) };
    let specs = draft.files.first().and_then(|file| Some(file.path.rsplit_once('/')?.0)).unwrap_or("specs");
    let specs = if here { PathBuf::from(specs) } else { args.folder.join(specs) };
    out.push_str(&format!("\nnext: `kpic{at} run` shows figures; read the comments in {}\n", specs.display()));
    out
}

// --- What there is, and what is wanted ---

/// What a project in a folder can be over: databases first, then all files of rows, those in `data/` too.
fn offers(root: &Path, options: &Options) -> Vec<(String, Over)> {
    let mut databases = Vec::new();
    let mut files = Vec::new();
    for folder in [root.to_path_buf(), root.join("data")] {
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut paths: Vec<PathBuf> = entries.filter(|path| path.is_file() && led_out(root, path, options).is_none()).collect();
        paths.sort();
        for path in paths {
            match path.extension().and_then(|ending| ending.to_str()) {
                Some("duckdb" | "ddb") => databases.push(path),
                Some("csv" | "tsv" | "parquet") => files.push(path),
                _ => {}
            }
        }
    }
    let of_database = |path: PathBuf| (format!("The tables of {}", from(root, &path)), Over::Database(path));
    let mut offers: Vec<(String, Over)> = databases.into_iter().map(of_database).collect();
    if !files.is_empty() {
        let names: Vec<String> = files.iter().map(|path| from(root, path)).collect();
        offers.push((format!("The rows of {}", names.join(", ")), Over::Files(files)));
    }
    offers
}

fn choose(root: &Path, base: &Path, options: &Options) -> Result<Over, Stop> {
    let mut offers = offers(root, options);
    let named = offers.len();
    let mut labels: Vec<String> = offers.iter().map(|(label, _)| label.clone()).collect();
    labels.extend(["A DuckDB database or data file somewhere else".to_owned(), "Sample data, to look around".to_owned()]);
    let default = usize::from(named == 0);
    let at = prompt(Select::new().with_prompt("Which data is the project for?").items(&labels).default(default).interact())?;
    if at < named {
        return Ok(offers.swap_remove(at).1);
    }
    if at > named {
        return Ok(Over::Sample);
    }
    let is_there = |text: &String| {
        if clean(&base.join(text)).is_file() { Ok(()) } else { Err("there is no such file") }
    };
    let path: String = prompt(Input::new().with_prompt("Path of the file").validate_with(is_there).interact_text())?;
    let path = clean(&base.join(path));
    Ok(if holds_rows(&path) { Over::Files(vec![path]) } else { Over::Database(path) })
}

/// Whether a file holds rows, as its name has it, rather than a database.
pub(in crate::cli) fn holds_rows(file: &Path) -> bool {
    let known = |ending: &str| ["csv", "tsv", "parquet", "json"].iter().any(|known| ending.eq_ignore_ascii_case(known));
    file.extension().and_then(|ending| ending.to_str()).is_some_and(known)
}

/// The tables that are wanted, of several.
fn pick(tables: Vec<Table>) -> Result<Vec<Table>, Stop> {
    if tables.len() < 2 {
        return Ok(tables);
    }
    let labels: Vec<String> = tables
        .iter()
        .map(|table| format!("{} ({}, {} columns)", table.name, draft::rows(table.rows), table.columns.len()))
        .collect();
    let chosen = MultiSelect::new().with_prompt("Which tables? (space selects, enter continues)");
    let all = vec![true; labels.len()];
    let chosen = prompt(chosen.items(&labels).defaults(&all).interact())?;
    Ok(tables.into_iter().enumerate().filter(|(at, _)| chosen.contains(at)).map(|(_, table)| table).collect())
}

/// Lists hide the cursor; an interrupt must not leave it so.
#[expect(clippy::exit, reason = "an interrupt ends the program, and nothing has been written while questions are asked")]
fn restore_when_interrupted() {
    let end = || {
        let _ = dialoguer::console::Term::stderr().show_cursor();
        std::process::exit(i32::from(INTERRUPTED))
    };
    // Where no handler can be set, the system ends the program by itself.
    let _ = ctrlc::set_handler(end);
}

fn prompt<T>(answer: dialoguer::Result<T>) -> Result<T, Stop> {
    answer.map_err(|dialoguer::Error::IO(error)| {
        if error.kind() == std::io::ErrorKind::Interrupted {
            Stop { code: INTERRUPTED }
        } else {
            out::error(&out::failure(
                &format!("cannot ask in this terminal: {error}"),
                Some("use flags: see `kpic init --help`"),
            ));
            Stop { code: ENVIRONMENT }
        }
    })
}
