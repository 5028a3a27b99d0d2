//! `SQLite`, as the program `sqlite3`: started for some questions, which it reads from its standard input, on a file that it can only read.
//!
//! All of them are asked in one transaction, so that they see the same rows. The program ends at the first query that is refused, and what comes
//! after that is asked anew. It is in its safe mode, in which it loads no extension and runs no program.
//!
//! That mode leaves the program modules that read any file. So it is asked which modules it has first, and what the schema of the database holds: SQL that reads
//! one that is not known to be harmless is refused, and so is a database whose views and virtual tables do. On Linux the kernel also keeps it from all other files.

use super::process::{Ended, client, mark, run};
use super::reach::only_files;
use super::spill::Spill;
use super::{Answer, Batch, Engine, Failure, Kind, Refusal, Rows};
use crate::rawsql;
use crate::text::is_control;
use serde_json::{Map, Value};
use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The program, with the file that it asks.
#[derive(Debug, Clone)]
pub struct Sqlite {
    /// The program `sqlite3`.
    pub program: PathBuf,
    /// The database.
    pub database: PathBuf,
    /// How long all of an answer may take.
    pub timeout: Option<Duration>,
    /// The program kpic, which starts it so that the system keeps it from other files, and ends it with kpic.
    pub starter: Option<PathBuf>,
}

/// The `sqlite3` program: the one that `KPIC_SQLITE3` names, or the first on `PATH`.
///
/// # Errors
/// Fails if there is none.
pub fn find() -> Result<PathBuf, Failure> {
    client("sqlite3", "KPIC_SQLITE3", "SQLite", "install SQLite's command line program")
}

/// How many bytes it may answer. All of an answer is in memory, some times over.
const LONGEST: u64 = 100_000_000;

/// What stands before a query whose columns are asked for, and not its rows.
const DESCRIBE: &str = "\u{1}describe ";

/// What the program needs of the environment.
const ENVIRONMENT: &[&str] = &["PATH", "SYSTEMROOT", "SYSTEMDRIVE", "TMPDIR", "TEMP", "TMP", "SQLITE_TMPDIR"];

/// What is asked.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// The database, which can only be read.
    File,
    /// One in memory, which is gone with the program.
    Memory,
}

impl Engine for Sqlite {
    fn answer(&self, setup: &str, queries: &[String]) -> Result<Vec<Answer>, Failure> {
        let modules = self.modules(Place::File)?;
        self.all_answers(Place::File, &modules, setup, queries)
    }

    /// In memory: the file is not opened.
    fn rehearse(&self, batches: &[Batch]) -> Result<Vec<Vec<Answer>>, Failure> {
        let modules = self.modules(Place::Memory)?;
        batches.iter().map(|batch| self.all_answers(Place::Memory, &modules, &batch.setup, &batch.queries)).collect()
    }

    fn description(&self, query: &str) -> String {
        format!("{DESCRIBE}{query}")
    }
}

impl Sqlite {
    /// The modules of the program that may read files, in lower case. A database whose schema uses one is refused.
    fn modules(&self, place: Place) -> Result<Vec<String>, Failure> {
        // The pragma itself: a database may have a view of the name of the table that gives the same.
        let mark = mark();
        let mut script = format!(".mode json\n.print {mark}\npragma module_list;\n.print {mark}\n");
        if matches!(place, Place::File) {
            script.push_str(&format!("select sql from main.sqlite_master where sql is not null;\n.print {mark}\n"));
        }
        let (output, errors) = self.run(place, script)?;
        let mark = format!("{mark}\n");
        let mut printed = output.split(mark.as_str()).skip(1).map(rows);
        let texts = |rows: Rows| {
            rows.rows.into_iter().filter_map(|row| row.first()?.as_str().map(str::to_owned)).collect::<Vec<String>>()
        };
        let is_about_data = ["Error: ", "error near line"].iter().any(|words| errors.contains(words));
        let unread = || {
            let help = "run `pragma integrity_check` with `sqlite3`";
            if is_about_data { self.unreadable("the program finds a fault in it", help) } else { self.stopped() }
        };
        let modules = printed.next().flatten().map(texts).filter(|modules| !modules.is_empty()).ok_or_else(unread)?;
        let lower = modules.into_iter().map(|module| module.to_ascii_lowercase());
        let modules: Vec<String> = lower.filter(|module| rawsql::may_reach_files(module)).collect();
        if matches!(place, Place::File) {
            let statements = printed.next().flatten().map(texts).ok_or_else(unread)?;
            if let Some(function) = statements.iter().find_map(|statement| rawsql::function_called(statement)) {
                return Err(Failure {
                    message: format!(
                        "a view, trigger or virtual table of the database `{}` calls `{function}`, which does more than answer",
                        self.database.display()
                    ),
                    help: Some("remove it, or copy the tables that the project needs into another database".to_owned()),
                });
            }
            if let Some(module) = statements.iter().find_map(|statement| rawsql::module_used(statement, &modules)) {
                return Err(Failure {
                    message: format!(
                        "a view, trigger or virtual table of the database `{}` uses the module `{module}`, which may read other files",
                        self.database.display()
                    ),
                    help: Some("remove it, or copy the tables that the project needs into another database".to_owned()),
                });
            }
        }
        Ok(modules)
    }

    fn all_answers(&self, place: Place, modules: &[String], setup: &str, queries: &[String]) -> Result<Vec<Answer>, Failure> {
        if let Some(refusal) = not_given(setup, modules) {
            return Ok(vec![Err(Refusal { in_setup: true, ..refusal }); queries.len()]);
        }
        let mut answers = Vec::new();
        while let Some(rest) = queries.get(answers.len()..).filter(|rest| !rest.is_empty()) {
            answers.extend(self.ask(place, modules, setup, rest)?);
        }
        Ok(answers)
    }

    /// The answers to the first queries, of which the last one may be refused. There is one at least.
    fn ask(&self, place: Place, modules: &[String], setup: &str, queries: &[String]) -> Result<Vec<Answer>, Failure> {
        let given: Vec<&String> = queries.iter().take_while(|query| not_given(query, modules).is_none()).collect();
        if given.is_empty() {
            return Ok(queries.first().and_then(|query| not_given(query, modules)).map(Err).into_iter().collect());
        }
        // The program says what it refuses once it has written the answers before that.
        let mark = mark();
        let mut script = format!(".mode json\n.print {mark}\nbegin;\n{}\n", ended(setup));
        for query in &given {
            script.push_str(&format!(".print {mark}\n"));
            script.push_str(&match query.strip_prefix(DESCRIBE) {
                // Columns hold values of all types, so that nothing follows from what they are declared as.
                Some(query) => format!(
                    "create temp view kpic_described as {}\nselect name as column_name, 'NULL' as column_type from \
                     pragma_table_info('kpic_described');\ndrop view kpic_described;\n",
                    ended(query)
                ),
                None => format!("{}\n", ended(query)),
            });
        }
        script.push_str(&format!(".print {mark}\n"));
        let (output, errors) = self.run(place, script)?;
        let mark = format!("{mark}\n");
        let mut printed = output.split(mark.as_str()).skip(1);
        let refused = refusal(&errors);
        let _ = printed.next();
        let printed: Vec<&str> = printed.collect();
        if printed.is_empty() {
            return match refused {
                Some(refusal) => Ok(vec![Err(Refusal { in_setup: true, ..refusal }); queries.len()]),
                None => Err(self.stopped()),
            };
        }
        // Behind the last mark there is nothing, unless the program has ended before that.
        let (last, whole) = printed.split_last().map_or(("", &[][..]), |(last, whole)| (*last, whole));
        let mut answers: Vec<Answer> =
            whole.iter().map(|printed| rows(printed).ok_or_else(|| Refusal::of("the answer is not JSON"))).collect();
        // Nothing answers more than it is asked.
        if whole.len() + usize::from(refused.is_some()) > given.len() {
            return Err(self.stopped());
        }
        match refused {
            Some(refusal) => answers.push(Err(refusal)),
            None if !last.trim().is_empty() || whole.len() < given.len() => return Err(self.stopped()),
            None => {}
        }
        Ok(answers)
    }

    /// Runs a script to its end: what it printed, and what it complained of.
    fn run(&self, place: Place, script: String) -> Result<(String, String), Failure> {
        let spill = Spill::make(self.starter.as_deref()).map_err(|error| Failure {
            message: format!("there is no room for temporary files: {error}"),
            help: Some("free some space, or set the variable TMPDIR to another folder".to_owned()),
        })?;
        let files = match place {
            Place::File => self.files()?,
            Place::Memory => Vec::new(),
        };
        let mut command = only_files(self.starter.as_deref(), &self.program, spill.path(), &files);
        let kept = std::env::vars_os().filter(|(name, _)| ENVIRONMENT.contains(&name.to_string_lossy().as_ref()));
        let kept: Vec<_> = kept.collect();
        // Without a home there is no file with settings of the user's.
        command.env_clear().envs(kept).env("HOME", "").env("SQLITE_TMPDIR", spill.path()).args(["-batch", "-safe", "-bail"]);
        match place {
            Place::File => command.arg("-readonly").arg(&self.database),
            Place::Memory => command.arg(":memory:"),
        };
        let cannot = |error: std::io::Error| Failure {
            message: format!("`{}` cannot be started: {error}", self.program.display()),
            help: Some("check that it is SQLite's program `sqlite3`, from version 3.40 on".to_owned()),
        };
        let ended = run(command, script, self.timeout, LONGEST).map_err(cannot)?;
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("\r\n", "\n");
        let (output, errors) = (lossy(&ended.output), lossy(&ended.errors));
        match ended.how {
            Ended::TooLate => Err(Failure {
                message: format!("SQLite did not answer within {} seconds", self.timeout.unwrap_or_default().as_secs()),
                help: Some("ask for fewer KPIs or periods at once, or allow more time: `--timeout SECONDS`".to_owned()),
            }),
            Ended::TooMuch => Err(Failure {
                message: format!("SQLite's answer has more than {} MB", LONGEST / 1_000_000),
                help: Some("ask for fewer KPIs, slices or periods at once".to_owned()),
            }),
            _ if errors.contains("shared librar") => Err(Failure {
                message: format!("`{}` cannot load its libraries", self.program.display()),
                help: Some(
                    "kpic lets it read the system's folders for libraries and the folder `lib` beside its `bin`: use a `sqlite3` that has them there"
                        .to_owned(),
                ),
            }),
            _ => match UNREADABLE.iter().find(|(needle, ..)| errors.contains(needle)) {
                Some((_, why, help)) => Err(self.unreadable(why, help)),
                None => Ok((output, errors)),
            },
        }
    }

    fn unreadable(&self, why: &str, help: &str) -> Failure {
        Failure {
            message: format!("the database `{}` cannot be read: {why}", self.database.display()),
            help: Some(help.to_owned()),
        }
    }

    /// The files that the program needs to read the database. Where it keeps its changes in a log, whoever reads locks that; the program would make what is not
    /// there, and may make no files.
    fn files(&self) -> Result<Vec<PathBuf>, Failure> {
        // What is not there, the program says itself.
        let Ok(real) = self.database.canonicalize() else { return Ok(Vec::new()) };
        let named = |ending: &str| {
            let mut name = real.clone().into_os_string();
            name.push(ending);
            PathBuf::from(name)
        };
        let has_log = self.starter.is_some() && keeps_a_log(&real);
        let mut files = Vec::new();
        for ending in ["-journal", "-wal", "-shm"] {
            let path = named(ending);
            match path.symlink_metadata() {
                Ok(meta) if !meta.is_file() => {
                    let why = format!("`{}` beside it is not a regular file", path.display());
                    return Err(self.unreadable(&why, "delete it: SQLite would read rows from where it leads"));
                }
                Err(_) if has_log && ending != "-journal" => make_beside(&real, &path),
                _ => {}
            }
            files.extend(path.is_file().then_some(path));
        }
        files.push(real);
        Ok(files)
    }

    fn stopped(&self) -> Failure {
        Failure {
            message: format!("`{}` stopped before it had answered everything", self.program.display()),
            help: Some(
                "it has to be SQLite's program `sqlite3`, from version 3.40 on; ask for fewer KPIs or periods at once"
                    .to_owned(),
            ),
        }
    }
}

/// Why a file cannot be read, by what is in the program's message, with what to do about it.
const UNREADABLE: &[(&str, &str, &str)] = &[
    ("unable to open database", "there is no such file, or it may not be read", "check the path: `--connection FILE`"),
    ("file is not a database", "it is not a database of SQLite", "check the path: `--connection FILE`"),
    ("database is locked", "another program is writing to it", "wait until that has ended, and run it again"),
    ("disk image is malformed", "it is damaged", "restore it from a backup"),
    (
        "attempt to write a readonly database (264)",
        "its last changes are in a file that may not be written beside it",
        "open it once with `sqlite3`",
    ),
    (
        "attempt to write a readonly database (8)",
        "readers lock a file beside it, which cannot be made there",
        "make its folder writable for you, or run `pragma journal_mode = delete` on it with `sqlite3`",
    ),
    ("unknown option", "the program is older than SQLite 3.40", "install a newer `sqlite3`"),
];

/// A query with its end, as the program wants it.
fn ended(query: &str) -> String {
    let query = query.trim_end().trim_end_matches(';');
    if query.is_empty() { String::new() } else { format!("{query}\n;") }
}

/// Whether the program reads a text as SQL and nothing else: it has commands that are lines, and lines that end a query.
fn is_read(query: &str) -> bool {
    let query = query.strip_prefix(DESCRIBE).unwrap_or(query);
    let is_command = |line: &str| {
        let line = line.trim();
        line.starts_with(['.', '#']) || rawsql::ends_statement(line)
    };
    !query.lines().any(is_command) && !query.contains(|char| is_control(char) && char != '\n')
}

/// Whether a database is one whose changes are in a log beside it first, as its header says.
fn keeps_a_log(database: &Path) -> bool {
    let mut header = Vec::new();
    let read = File::open(database).and_then(|file| file.take(20).read_to_end(&mut header));
    read.is_ok() && header.get(18..) == Some([2, 2].as_slice())
}

/// Makes an empty file for those who may use the database, as SQLite does. Where none can be made, the program says what is in the way.
fn make_beside(database: &Path, path: &Path) {
    let made = OpenOptions::new().write(true).create_new(true).open(path);
    if let (Ok(file), Ok(meta)) = (made, fs::metadata(database)) {
        let _ = file.set_permissions(meta.permissions());
    }
}

/// Why the program is not given some SQL, if it is not.
fn not_given(sql: &str, modules: &[String]) -> Option<Refusal> {
    if !is_read(sql) {
        return Some(unread());
    }
    let said = match (rawsql::function_called(sql), rawsql::module_read(sql, modules)) {
        (Some(function), _) => format!("kpic does not let SQL call {function}"),
        (None, Some(module)) => format!("kpic does not let SQL read the module {module} of SQLite's program"),
        (None, None) => return None,
    };
    Some(Refusal { kind: Kind::Confined, about: None, said, in_setup: false })
}

/// The refusal of SQL that the program is not given.
fn unread() -> Refusal {
    let said = "kpic does not pass a line that SQLite's program takes for a command, or a control character".to_owned();
    Refusal { kind: Kind::Unread, about: None, said, in_setup: false }
}

/// Kinds by what is in the program's message; the first row that fits counts.
const KINDS: &[(&str, Kind)] = &[
    ("JSON path", Kind::Other),
    ("no such table: ", Kind::NoRelation),
    ("no such column: ", Kind::NoColumn),
    ("integer overflow", Kind::Whole),
    ("nested too deep", Kind::TooLong),
    ("too many ", Kind::TooLong),
    ("parser stack overflow", Kind::TooLong),
    ("Expression tree is too large", Kind::TooLong),
    ("in safe mode", Kind::Confined),
    ("readonly database", Kind::Confined),
    ("not authorized", Kind::Confined),
    ("prohibited", Kind::Confined),
    ("out of memory", Kind::NoMemory),
    ("is full", Kind::NoMemory),
    ("interrupted", Kind::Interrupted),
    ("syntax error", Kind::BadSql),
    ("no such function", Kind::BadSql),
    ("incomplete input", Kind::BadSql),
    ("unrecognized token", Kind::BadSql),
    ("ambiguous column name", Kind::BadSql),
];

/// What the program says against a query, if it says something.
fn refusal(errors: &str) -> Option<Refusal> {
    let said = errors.lines().find(|line| !line.trim().is_empty())?;
    // `Runtime error near line 3: no such column: x`
    let message = said.split_once("line ").and_then(|(_, rest)| rest.split_once(": ")).map_or(said, |(_, message)| message);
    let of = |kind, about: Option<&str>| Refusal {
        kind,
        about: about.map(str::to_owned),
        said: message.to_owned(),
        in_setup: false,
    };
    // What a view refuses by itself, in words of its own.
    let own = message.split_once("JSON path error near '").or_else(|| message.split_once("bad JSON path: '"));
    if let Some((_, own)) = own {
        let own = own.trim_end();
        let own = own.strip_suffix('\'').unwrap_or(own).replace("''", "'");
        return Some(match own.as_str() {
            own if own.starts_with("the column ") => of(Kind::NotStored, Some(own)),
            own if own.starts_with("a whole number") => of(Kind::Whole, None),
            own if own.starts_with("a day") || own.starts_with("a time") => of(Kind::Time, None),
            _ => of(Kind::Decimals, None),
        });
    }
    let kind = KINDS.iter().find(|(needle, _)| message.contains(needle)).map_or(Kind::Other, |(_, kind)| *kind);
    let named = |words: &str| {
        let name = message.split_once(words)?.1.split_whitespace().next()?;
        name.rsplit('.').next()
    };
    Some(match kind {
        Kind::NoRelation => of(kind, named("no such table: ")),
        Kind::NoColumn => of(kind, named("no such column: ")),
        Kind::BadSql => of(kind, message.split('"').nth(1).or_else(|| named("no such function: "))),
        _ => of(kind, None),
    })
}

/// The rows of an answer; nothing if it is none.
fn rows(printed: &str) -> Option<Rows> {
    let mut rows = Rows::default();
    if printed.trim().is_empty() {
        return Some(rows);
    }
    let all: Vec<Map<String, Value>> = serde_json::from_str(printed).ok()?;
    for row in all {
        if rows.columns.is_empty() {
            rows.columns = row.keys().cloned().collect();
        }
        rows.rows.push(row.into_iter().map(|(_, value)| value).collect());
    }
    Some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_program_says_is_sorted() {
        let sorted = |said: &str| refusal(said).map(|refusal| (refusal.kind, refusal.about));
        let some = |kind, about: &str| Some((kind, Some(about.to_owned())));
        assert_eq!(sorted("Parse error near line 7: no such table: main.orders"), some(Kind::NoRelation, "orders"));
        assert_eq!(sorted("Parse error near line 7: no such column: orders.price\n  select"), some(Kind::NoColumn, "price"));
        assert_eq!(sorted("Runtime error near line 2: integer overflow"), Some((Kind::Whole, None)));
        assert_eq!(sorted("line 14: cannot use the load_extension() function in safe mode"), Some((Kind::Confined, None)));
        let stored = "the column `at` of `orders` is to hold days as YYYY-MM-DD, and has '2024-2-6'";
        let quoted = stored.replace('\'', "''");
        assert_eq!(
            sorted(&format!("Runtime error near line 3: JSON path error near '{quoted}'")),
            some(Kind::NotStored, stored)
        );
        assert_eq!(sorted(&format!("Error: stepping, bad JSON path: '{quoted}'")), some(Kind::NotStored, stored));
        assert_eq!(sorted("Runtime error near line 3: bad JSON path: 'a day is too far away'"), Some((Kind::Time, None)));
        assert_eq!(sorted(""), None);
    }

    #[test]
    fn a_line_that_is_a_command_is_not_given() {
        assert!(is_read("select 1\nfrom t"));
        for query in ["select 1\n.shell id", "select 1\n / \n2", "select 1\nGO\n", "select '\u{1}'", "# x"] {
            assert!(!is_read(query), "{query}");
        }
    }
}
