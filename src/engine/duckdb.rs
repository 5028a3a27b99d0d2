//! `DuckDB`, as the program `duckdb`: started once for a script, which it reads from its standard input, and confined (see
//! [`Reach`]) before it reads anything of a project.

use super::process::{Ended, mark, run};
use super::reach::{BEGUN, NOT_CONFINED, Reach, SETTINGS, UNSAFE_DATABASE};
use super::spill::Spill;
use super::{Answer, Batch, Changes, Engine, Failure, Kind, Refusal, Rows};
use crate::program::on_path;
use crate::rawsql;
use crate::text::is_control;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The program, with where and on what it works.
#[derive(Debug, Clone)]
pub struct DuckDb {
    /// The program.
    pub program: PathBuf,
    /// The folder to which the paths of files are relative, and below which they are.
    pub folder: PathBuf,
    /// The database to open for reading; in memory without one.
    pub database: Option<PathBuf>,
    /// What it may reach beside these.
    pub reach: Reach,
}

/// The `duckdb` program: the one named on the command line, the one that `KPIC_DUCKDB` names, the one next to this program, or
/// the first on `PATH`.
///
/// # Errors
/// Fails if there is none.
pub fn find(named: Option<&Path>) -> Result<PathBuf, Failure> {
    let missing = |path: &Path, from: &str| Failure {
        message: format!("there is no program `{}` (from {from})", path.display()),
        help: Some("correct the path, or run `pip install duckdb-cli`, which puts `duckdb` on PATH".to_owned()),
    };
    if let Some(path) = named {
        return program(path).ok_or_else(|| missing(path, "--duckdb"));
    }
    if let Some(path) = std::env::var_os("KPIC_DUCKDB").filter(|path| !path.is_empty()).map(PathBuf::from) {
        return program(&path).ok_or_else(|| missing(&path, "KPIC_DUCKDB"));
    }
    let name = format!("duckdb{}", std::env::consts::EXE_SUFFIX);
    let beside = std::env::current_exe().ok().and_then(|own| own.parent().map(|folder| folder.join(&name)));
    beside.filter(|path| path.is_file()).or_else(|| on_path(&name)).ok_or_else(|| Failure {
        message: "the program `duckdb` was not found".to_owned(),
        help: Some(
            "install it with `pip install duckdb-cli`, or say where it is: `--duckdb PATH` or the variable KPIC_DUCKDB"
                .to_owned(),
        ),
    })
}

/// A program by its path, or by a bare name: that is looked for on `PATH`, as shells do, and never in the folder where kpic is started,
/// which may be somebody else's project.
fn program(named: &Path) -> Option<PathBuf> {
    let is_bare = named.parent().is_some_and(|folder| folder.as_os_str().is_empty());
    if is_bare { on_path(&named.to_string_lossy()) } else { Some(named.to_path_buf()).filter(|path| path.is_file()) }
}

/// How many bytes it may answer. All of an answer is in memory, some times over.
const LONGEST: u64 = 100_000_000;

/// What an engine is started for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    /// To read the database.
    Reads,
    /// To change it.
    Writes,
}

impl Engine for DuckDb {
    fn answer(&self, setup: &str, queries: &[String]) -> Result<Vec<Answer>, Failure> {
        if setup.trim().is_empty() && queries.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(refusal) = not_given(setup) {
            return Ok(vec![Err(Refusal { in_setup: true, ..refusal }); queries.len()]);
        }
        let refused: Vec<Option<Refusal>> = queries.iter().map(|query| not_given(query)).collect();
        if refused.iter().all(Option::is_none) {
            return self.ask(setup, queries);
        }
        let given = queries.iter().zip(&refused).filter(|(_, refused)| refused.is_none());
        let given: Vec<String> = given.map(|(query, _)| query.clone()).collect();
        let mut answers = if given.is_empty() { Vec::new() } else { self.ask(setup, &given)? }.into_iter();
        Ok(refused.into_iter().filter_map(|refused| refused.map(Err).or_else(|| answers.next())).collect())
    }

    /// All in one database, each in a schema of its own. Where that fails as a whole, one by one, to see which is to blame.
    fn rehearse(&self, batches: &[Batch]) -> Result<Vec<Vec<Answer>>, Failure> {
        let all = self.beside_each_other(batches)?;
        let is_refused = |answer: &Answer| answer.as_ref().is_err_and(|why| why.in_setup);
        if !all.iter().flatten().any(is_refused) {
            return Ok(all);
        }
        let mut all = Vec::new();
        for batch in batches {
            all.extend(self.beside_each_other(std::slice::from_ref(batch))?);
        }
        Ok(all)
    }

    fn description(&self, query: &str) -> String {
        format!("select column_name, column_type from (describe {query})")
    }
}

impl Changes for DuckDb {
    fn change(&self, statements: &[String]) -> Result<Option<(usize, Refusal)>, Failure> {
        if let Some((at, refusal)) = statements.iter().enumerate().find_map(|(at, sql)| Some((at, not_given(sql)?))) {
            return Ok(Some((at, refusal)));
        }
        let mark = mark();
        let mut script = ".bail on\nbegin transaction;\n".to_owned();
        for statement in statements {
            script.push_str(&format!(".print {mark}\n{};\n", statement.trim_end().trim_end_matches(';')));
        }
        let done = format!("{mark}-done");
        script.push_str(&format!(".print {mark}\ncommit;\n.print {done}\n{SETTINGS}"));
        let output = self.run(&script, Access::Writes)?;
        let begun = output.text.split(BEGUN).nth(1).and_then(rows);
        let Some(begun) = begun else {
            return Err(match &self.database {
                _ if output.error.contains(NOT_CONFINED) => self.not_confined(),
                Some(database) if output.error.contains(UNSAFE_DATABASE) => unsafe_database(database, "remove it"),
                Some(database) if output.error.contains("Error:") => unopened(database, &output.error),
                _ => self.stopped(&output),
            });
        };
        if let Some((_, after)) = output.text.rsplit_once(&format!("{done}\n")) {
            return match rows(after).as_ref().and_then(|ended| changed(&begun, ended)) {
                Some(setting) => Err(meddled(setting)),
                None => Ok(None),
            };
        }
        match output.ended {
            Ended::TooLate => return Err(self.too_late()),
            Ended::Code(_) if output.error.contains("Error:") => {}
            _ => return Err(self.stopped(&output)),
        }
        // The one after the last mark is refused; behind all of them it is the end of the transaction.
        let marks = output.text.matches(&format!("{mark}\n")).count();
        let at = marks.saturating_sub(1).min(statements.len().saturating_sub(1));
        Ok(Some((at, Refusal::of(&brief(&output.error)))))
    }
}

/// Whether a shell would read a line of SQL as a command, or its end at a character in the middle.
fn is_command(sql: &str) -> bool {
    sql.starts_with(['.', '#'])
        || rawsql::command_line(sql).is_some()
        || sql.contains(|char: char| char.is_ascii_control() && is_control(char))
}

/// Why the engine is not given some SQL, if it is not.
fn not_given(sql: &str) -> Option<Refusal> {
    if is_command(sql) {
        return Some(unread());
    }
    let call = rawsql::refused_call(sql)?;
    let said = format!("kpic does not let SQL call {}", sql.get(call).unwrap_or_default());
    Some(Refusal { kind: Kind::Confined, about: None, said, in_setup: false })
}

/// The refusal of SQL that no shell is given.
fn unread() -> Refusal {
    let said = "kpic does not pass a line that starts with a dot, or a control character, to its shell".to_owned();
    Refusal { kind: Kind::Unread, about: None, said, in_setup: false }
}

struct Output {
    text: String,
    error: String,
    ended: Ended,
}

impl DuckDb {
    fn beside_each_other(&self, batches: &[Batch]) -> Result<Vec<Vec<Answer>>, Failure> {
        let (mut setup, mut queries) = (String::new(), Vec::new());
        for (at, batch) in batches.iter().enumerate() {
            setup.push_str(&format!("create schema test_{at};\nuse test_{at};\n{}", batch.setup));
            queries.extend(batch.queries.iter().map(|query| format!("use test_{at};\n{query}")));
        }
        let mut all = self.answer(&setup, &queries)?.into_iter();
        Ok(batches.iter().map(|batch| all.by_ref().take(batch.queries.len()).collect()).collect())
    }

    fn ask(&self, setup: &str, queries: &[String]) -> Result<Vec<Answer>, Failure> {
        // What stands between two answers, so that a refused one can be told from its neighbours.
        let mark = mark();
        let mut script = String::new();
        if !setup.trim().is_empty() {
            script.push_str(".bail on\n");
            script.push_str(setup);
            script.push_str("\n.bail off\n");
        }
        for query in queries {
            script.push_str(&format!(".print {mark}\n{};\n", query.trim_end().trim_end_matches(';')));
        }
        script.push_str(&format!(".print {mark}\n{SETTINGS}"));
        let output = self.run(&script, Access::Reads)?;
        let mark = format!("{mark}\n");
        let mut chunks = output.text.split(mark.as_str());
        let before = chunks.next();
        let chunks: Vec<&str> = chunks.collect();
        if output.ended == Ended::TooLate {
            return Err(self.too_late());
        }
        if output.ended == Ended::TooMuch {
            return Err(Failure {
                message: format!("DuckDB's answer has more than {} MB", LONGEST / 1_000_000),
                help: Some("ask for fewer KPIs, slices or periods at once".to_owned()),
            });
        }
        let (Some(before), true) = (before, chunks.len() == queries.len() + 1) else {
            if output.error.contains(NOT_CONFINED) {
                return Err(self.not_confined());
            }
            if let (Some(database), true) = (&self.database, output.error.contains(UNSAFE_DATABASE)) {
                let help = "remove it, or run kpic on Linux, where the system keeps it from writing";
                return Err(unsafe_database(database, help));
            }
            // An answer of its own starts with the mark: without one it is the program that is not what it should be.
            if let (Some(database), true) = (&self.database, output.error.contains("Error:") && setup.trim().is_empty()) {
                return Err(unopened(database, &output.error));
            }
            if output.error.contains("Error:") {
                let refusal = Refusal { in_setup: true, ..Refusal::of(&brief(&output.error)) };
                return Ok(vec![Err(refusal); queries.len()]);
            }
            return Err(self.stopped(&output));
        };
        let begun = before.split(BEGUN).nth(1);
        let ended = chunks.get(queries.len()).copied();
        // As good as always they are printed alike, and need not be read twice.
        let is_same = begun.zip(ended).is_some_and(|(begun, ended)| begun.trim() == ended.trim());
        let begun = begun.and_then(rows);
        let ended = if is_same { begun.clone() } else { ended.and_then(rows) };
        if let Some(setting) = begun.as_ref().zip(ended.as_ref()).and_then(|(begun, ended)| changed(begun, ended)) {
            return Err(meddled(setting));
        }
        // Its exit code is 1 where it refused a query.
        let all_well = match output.ended {
            Ended::Code(code) => code == 0 || (code == 1 && !output.error.is_empty()),
            Ended::Signal | Ended::Crash | Ended::TooLate | Ended::TooMuch => false,
        };
        if !all_well || begun.is_none() || ended.is_none() {
            return Err(self.stopped(&output));
        }
        let mut answers = Vec::new();
        for (query, chunk) in queries.iter().zip(chunks) {
            answers.push(match rows(chunk) {
                Some(rows) => Ok(rows),
                // Messages come without a place: ask once more, alone.
                None if queries.len() > 1 => match self.ask(setup, std::slice::from_ref(query))?.pop() {
                    Some(answer) => answer,
                    None => Err(Refusal::of(&brief(&output.error))),
                },
                None => Err(Refusal::of(&brief(&output.error))),
            });
        }
        Ok(answers)
    }

    /// Why the program ended before it had answered, or badly.
    fn stopped(&self, output: &Output) -> Failure {
        if output.ended == Ended::Crash {
            return Failure {
                message: "DuckDB crashed before it had answered everything".to_owned(),
                help: Some(
                    "look for data that it cannot take, such as JSON that is nested very deep; or use another version of it"
                        .to_owned(),
                ),
            };
        }
        if output.text.contains(BEGUN) || output.ended == Ended::Signal {
            let message = match output.ended {
                // What a system ends, for lack of memory in most cases, has no exit code of its own.
                Ended::Signal => {
                    "DuckDB was killed before it had answered everything; the system does that when memory \
                 runs out"
                }
                Ended::Code(_) | Ended::Crash | Ended::TooLate | Ended::TooMuch => {
                    "DuckDB stopped before it had answered everything"
                }
            };
            let help = "ask for fewer KPIs or periods at once, or use a machine with more memory";
            return Failure { message: message.to_owned(), help: Some(help.to_owned()) };
        }
        let first = output.error.lines().next().filter(|line| line.len() < 200).map(|line| format!(": {line}"));
        Failure {
            message: format!("`{}` does not answer as DuckDB does{}", self.program.display(), first.unwrap_or_default()),
            help: Some("name the DuckDB command line program, with `--duckdb PATH` or the variable KPIC_DUCKDB".to_owned()),
        }
    }

    fn too_late(&self) -> Failure {
        let seconds = self.reach.timeout.unwrap_or_default().as_secs();
        let plural = if seconds == 1 { "" } else { "s" };
        Failure {
            message: format!("DuckDB did not answer within {seconds} second{plural} and was stopped"),
            help: Some("ask for fewer KPIs or periods at once, or allow more time: `--timeout SECONDS`".to_owned()),
        }
    }

    fn not_confined(&self) -> Failure {
        Failure {
            message: format!("`{}` cannot be kept from reading other files and running programs", self.program.display()),
            help: Some("install a newer DuckDB: `pip install --upgrade duckdb-cli`".to_owned()),
        }
    }

    /// Runs a script to its end.
    fn run(&self, script: &str, access: Access) -> Result<Output, Failure> {
        let cannot = |error: std::io::Error| Failure {
            message: format!("`{}` cannot be started: {error}", self.program.display()),
            help: Some("check that it is the DuckDB command line program".to_owned()),
        };
        let spill = Spill::make(self.reach.starter.as_deref()).map_err(|error| Failure {
            message: format!("there is no room for temporary files: {error}"),
            help: Some("free some space, or set the variable TMPDIR to another folder".to_owned()),
        })?;
        // A log is made beside the database, and goes away again.
        let database = self.database.as_ref().filter(|_| access == Access::Writes);
        let written = database.and_then(|database| database.canonicalize().ok()?.parent().map(Path::to_path_buf));
        let mut command = self.reach.command(&self.program, &self.folder, spill.path(), written.as_deref());
        command.arg("-json").arg("-no-init").current_dir(&self.folder);
        if let Some(database) = &self.database {
            // For a file of another kind it would fetch an extension, before it has given up the network.
            if !self.reach.network && is_other_than_duckdb(database) {
                return Err(unopened(database, NOT_A_DATABASE));
            }
            for path in beside(database) {
                if let Some(why) = path.symlink_metadata().ok().and_then(|meta| unfit(&meta)) {
                    return Err(Failure {
                        message: format!(
                            "the database `{}` cannot be opened: `{}` beside it is {why}",
                            database.display(),
                            path.display()
                        ),
                        help: Some("delete it: DuckDB would read rows from where it leads".to_owned()),
                    });
                }
            }
            if access == Access::Reads {
                command.arg("-readonly");
            }
            command.arg(database);
        }
        let script = self.reach.confine(&self.folder, spill.path(), self.database.is_some(), access == Access::Writes) + script;
        let ended = run(command, script, self.reach.timeout, LONGEST).map_err(cannot)?;
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("\r\n", "\n");
        Ok(Output { text: lossy(&ended.output), error: lossy(&ended.errors).trim().to_owned(), ended: ended.how })
    }
}

fn unsafe_database(database: &Path, help: &str) -> Failure {
    let message = format!("a view or macro of the database `{}` calls a function that may write files", database.display());
    Failure { message, help: Some(help.to_owned()) }
}

/// A setting that is not as it was.
fn changed<'a>(begun: &'a Rows, ended: &Rows) -> Option<&'a str> {
    let now: BTreeMap<&str, &[Value]> = ended.rows.iter().map(|row| (named(row), row.as_slice())).collect();
    begun.rows.iter().find(|row| now.get(named(row)) != Some(&row.as_slice())).map(|row| named(row))
}

/// The name in the first column of a row.
fn named(row: &[Value]) -> &str {
    row.first().and_then(Value::as_str).unwrap_or_default()
}

/// SQL has changed a setting of the engine, though all are locked: what it says after that is not to be trusted.
fn meddled(setting: &str) -> Failure {
    Failure {
        message: format!("SQL changed DuckDB's setting `{setting}` while it ran, so none of its answers counts"),
        help: Some("look for a function that changes settings in the views and macros of the database".to_owned()),
    }
}

/// The files that DuckDB opens beside a database, and others of such names.
fn beside(database: &Path) -> Vec<PathBuf> {
    let named = |path: &Path| {
        let of = |suffix: &&str| {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        };
        [".wal", ".wal.checkpoint", ".wal.recovery", ".checkpoint.wal", ".recovery.wal", ".tmp"]
            .iter()
            .map(of)
            .collect::<Vec<_>>()
    };
    // A database that the command line names may be a link.
    let real = database.canonicalize().ok().filter(|real| real != database);
    std::iter::once(database).chain(real.as_deref()).flat_map(named).collect()
}

/// Why nothing is read from such a file.
fn unfit(meta: &Metadata) -> Option<&'static str> {
    if meta.is_symlink() { Some("a link") } else { (!meta.is_file() && !meta.is_dir()).then_some("not a regular file") }
}

/// Whether a file that can be read is no database of DuckDB's, by how it begins: with eight bytes of a sum, and a word.
fn is_other_than_duckdb(path: &Path) -> bool {
    let mut begin = Vec::new();
    let read = File::open(path).and_then(|file| file.take(12).read_to_end(&mut begin));
    read.is_ok() && begin.get(8..) != Some(b"DUCK".as_slice())
}

/// What DuckDB says of a file that is none of its databases.
const NOT_A_DATABASE: &str = "not a valid DuckDB";

/// Why a database cannot be opened, by what is in the engine's message, with what to do about it.
const UNOPENED: &[(&str, &str, &str)] = &[
    (
        "set lock",
        "another program has it open for writing",
        "close that program, or read a copy of the file: `--database FILE`",
    ),
    (NOT_A_DATABASE, "it is not a DuckDB database", "name a DuckDB file: kpic only reads it"),
    ("version", "another version of DuckDB wrote it", "use that version's program: `--duckdb PATH`"),
    ("Permission denied", "reading it is not permitted", "give yourself permission to read the file"),
];

fn unopened(database: &Path, error: &str) -> Failure {
    let known = UNOPENED.iter().find(|(needle, ..)| error.contains(needle));
    let (why, help) = known.map_or(("DuckDB cannot read it", None), |(_, why, help)| (*why, Some((*help).to_owned())));
    Failure { message: format!("the database `{}` cannot be opened: {why}", database.display()), help }
}

/// The rows of a result as the program prints them; nothing if there is none.
fn rows(printed: &str) -> Option<Rows> {
    let printed = printed.trim();
    if printed.is_empty() {
        return None;
    }
    let parsed: Vec<Map<String, Value>> =
        serde_json::from_str(printed).or_else(|_| serde_json::from_str(&without_odd_numbers(printed))).ok()?;
    let columns: Vec<String> = parsed.first().map(|row| row.keys().cloned().collect()).unwrap_or_default();
    let rows = parsed.into_iter().map(|row| row.into_iter().map(|(_, value)| value).collect()).collect();
    Some(Rows { columns, rows })
}

/// The program prints numbers that JSON does not have; no figure is one of them, so they are null.
fn without_odd_numbers(printed: &str) -> String {
    let mut out = String::with_capacity(printed.len());
    let mut rest = printed;
    let mut in_text = false;
    while let Some(char) = rest.chars().next() {
        if !in_text {
            let odd = ["-Infinity", "Infinity", "-NaN", "NaN", "-nan", "nan", "-inf", "inf"];
            if let Some(word) = odd.into_iter().find(|word| rest.starts_with(word)) {
                out.push_str("null");
                rest = rest.get(word.len()..).unwrap_or_default();
                continue;
            }
        }
        let width = match char {
            '\\' if in_text => 1 + rest.chars().nth(1).map_or(0, char::len_utf8),
            _ => char.len_utf8(),
        };
        if char == '"' {
            in_text = !in_text;
        }
        out.push_str(rest.get(..width).unwrap_or_default());
        rest = rest.get(width..).unwrap_or_default();
    }
    out
}

/// The first paragraph of what the engine says.
fn brief(error: &str) -> String {
    let lines: Vec<&str> = error.lines().map(str::trim_end).take_while(|line| !line.starts_with("LINE ")).collect();
    let text = lines.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    // What follows are settings of the reader, which a spec does not have.
    let text = text.split(" Possible Solution").next().unwrap_or_default();
    text.split(" Possible fixes").next().unwrap_or_default().trim_start_matches("Invalid Input Error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_columns_in_order() {
        let rows = rows("[{\"b\":1,\"a\":null},\n{\"b\":2.5,\"a\":\"x\"}]\n").unwrap();
        assert_eq!(rows.columns, ["b", "a"]);
        assert_eq!(rows.rows[1], [Value::from(2.5), Value::from("x")]);
    }

    #[test]
    fn numbers_that_json_lacks_become_null_and_texts_stay() {
        let rows = rows("[{\"a\":NaN,\"b\":-Infinity,\"c\":\"NaN \\\" inf\"}]").unwrap();
        assert_eq!(rows.rows[0], [Value::Null, Value::Null, Value::from("NaN \" inf")]);
    }

    #[test]
    fn no_result_is_no_rows() {
        assert_eq!(rows(""), None);
        assert_eq!(rows("[]"), Some(Rows::default()));
    }
}
