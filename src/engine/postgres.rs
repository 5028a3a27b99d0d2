//! PostgreSQL, as the program `psql`: started once for some questions, which it reads from its standard input.
//!
//! All of them are asked in one transaction that can only read and is taken back, so that they see the same rows and leave nothing behind. The program
//! reads each query as a text within a block, which the server runs: it never comes back to be read as SQL once more, and no part of it is a command of the
//! program. How the program reads texts is up to the server, which says in which encoding and with which backslashes, so all that it reads is ASCII and in
//! quotes of the one kind that is always read alike. What a query sets is taken back before the next one.
//! A server says what kind of thing is in the way by a code of five characters, which is the same in all languages and versions.

use super::connection::apart;
use super::process::{Ended, client, mark, run};
use super::types::Family;
use super::{Answer, Batch, Changes, Engine, Failure, Kind, Refusal, Rows};
use crate::rawsql;
use serde_json::{Map, Value};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// The program, with the database that it asks.
#[derive(Debug, Clone)]
pub struct Postgres {
    /// The program `psql`.
    pub program: PathBuf,
    /// Where the database is, as `psql` reads it: an address or `name=value` pairs. Without it the program's own settings hold, such as PGHOST
    /// and PGSERVICE.
    pub connection: Option<String>,
    /// How long all of an answer may take.
    pub timeout: Option<Duration>,
}

/// The `psql` program: the one that `KPIC_PSQL` names, or the first on `PATH`.
///
/// # Errors
/// Fails if there is none.
pub fn find() -> Result<PathBuf, Failure> {
    client("psql", "KPIC_PSQL", "PostgreSQL", "install PostgreSQL's client programs")
}

/// How many bytes it may answer. All of an answer is in memory, some times over.
const LONGEST: u64 = 100_000_000;

/// What stands before a query whose columns are asked for, and not its rows.
const DESCRIBE: &str = "\u{1}describe ";

/// What the program says first. Its own settings are the user's to make, so that it reads none. Only some users may choose the language of messages; of
/// others it is read what is the same in all languages.
const BEGIN: &str = "\\set ON_ERROR_STOP off\n\\set ON_ERROR_ROLLBACK on\n\\set VERBOSITY verbose\n\\set SHOW_CONTEXT never\n\
\\pset format unaligned\n\\pset tuples_only on\n\\pset fieldsep '\\t'\n\\pset null ''\n\\pset pager off\n\
set standard_conforming_strings = on;\nset client_encoding = 'UTF8';\nset datestyle = 'ISO';\n\
do $kpic$ begin set lc_messages = 'C'; exception when insufficient_privilege then null; end $kpic$;\n";

/// What stands before all names that say no schema: of functions and operators only the server's own are left, so that nobody else's come between.
const PATH: &str = "set search_path = pg_catalog;\n";

/// Writes the columns of a query into a setting, as a list of names and types. It joins the query to a row on a condition that is never true, so that there
/// is a row of its types and none of its own is looked for.
const DESCRIBING: &str = "declare
    query text := {query};
    names text[];
    types text[];
    columns text;
    calls text;
begin
    execute 'select array(select pg_catalog.json_object_keys((select pg_catalog.row_to_json(kpic_its_row) from (select kpic_its_query.* from (select 1) as kpic_its_one left join ('
        || query || chr(10) || ') as kpic_its_query on false offset 0) as kpic_its_row)))' into names;
    perform pg_catalog.set_config('search_path', 'pg_catalog', true);
    if cardinality(names) > 0 then
        select string_agg('c' || n, ', ' order by n), string_agg('pg_catalog.pg_typeof(kpic_its_row.c' || n || ')::text', ', ' order by n) into columns, calls
        from generate_subscripts(names, 1) as n;
        execute 'select array[' || calls || '] from (select kpic_its_query.* from (select 1) as kpic_its_one left join (' || query || chr(10)
            || ') as kpic_its_query(' || columns || ') on false offset 0) as kpic_its_row' into types;
        perform pg_catalog.set_config('search_path', 'pg_catalog', true);
    end if;
    perform set_config('kpic.described',
        (select coalesce(json_agg(json_build_array(names[n], types[n]) order by n), '[]')::text from generate_subscripts(names, 1) as n), true);
end";

/// Asks a query, and leaves its rows as a list in a cursor. That it is one query is made sure of by a cursor too: without one the server would run several. The
/// rows are read by another, since the server has several processes work at a query only where it is asked for all of its rows.
const ASKING: &str = "declare
    question text := {query};
    looked refcursor;
    found text;
    answer refcursor := 'kpic_answer';
begin
    open looked for execute question;
    close looked;
    perform pg_catalog.set_config('search_path', 'pg_catalog', true);
    execute question into found;
    perform pg_catalog.set_config('client_encoding', 'UTF8', true);
    open answer for select found;
end";

/// What the program needs of the environment beside the variables of PostgreSQL, all of which begin with `PG`.
const ENVIRONMENT: &[&str] =
    &["PATH", "HOME", "USER", "USERPROFILE", "APPDATA", "SYSTEMROOT", "SYSTEMDRIVE", "TMPDIR", "TEMP", "TMP"];

impl Engine for Postgres {
    fn answer(&self, setup: &str, queries: &[String]) -> Result<Vec<Answer>, Failure> {
        if setup.trim().is_empty() && queries.is_empty() {
            return Ok(Vec::new());
        }
        let batch = Batch { setup: setup.to_owned(), queries: queries.to_vec() };
        Ok(self.ask(&[batch], &READING)?.pop().unwrap_or_default())
    }

    /// In temporary tables, which are gone once the transaction is taken back. What is asked of them can only read.
    fn rehearse(&self, batches: &[Batch]) -> Result<Vec<Vec<Answer>>, Failure> {
        if batches.is_empty() { Ok(Vec::new()) } else { self.ask(batches, &REHEARSING) }
    }

    fn own_table(&self) -> &'static str {
        "temporary table"
    }

    fn description(&self, query: &str) -> String {
        format!("{DESCRIBE}{query}")
    }
}

/// What begins a transaction that changes something. It waits for no reader longer than this, since whoever comes after it waits for it.
const CHANGE: &str = "\\set ON_ERROR_STOP on\n\\set ON_ERROR_ROLLBACK off\nbegin isolation level read committed read write;\n\
set local lock_timeout = '30s';\n";

impl Changes for Postgres {
    fn change(&self, statements: &[String]) -> Result<Option<(usize, Refusal)>, Failure> {
        let mut script = format!("{BEGIN}{PATH}{CHANGE}");
        let mark = mark();
        for statement in statements {
            script.push_str(&format!("\\warn {mark}\n{}", executed(statement)));
        }
        script.push_str(&format!("\\warn {mark}\ncommit;\n\\echo {mark}\n"));
        let (ended, output, errors) = self.start(script)?;
        let marks = errors.matches(&format!("{mark}\n")).count();
        if ended == Ended::Code(0) && output.lines().any(|line| line == mark) {
            return Ok(None);
        }
        let said = errors.rsplit(&format!("{mark}\n")).next().and_then(error_of);
        match said {
            Some(refusal) if marks > 0 => Ok(Some((marks.saturating_sub(1).min(statements.len().saturating_sub(1)), refusal))),
            _ if marks > statements.len() => Err(Failure {
                message: "PostgreSQL ended the connection while it finished, and may have done so or not".to_owned(),
                help: Some("`kpic deploy --dry-run` says what is there".to_owned()),
            }),
            _ => Err(self.unanswered(ended, &errors).unwrap_or_else(|| stopped(&errors))),
        }
    }
}

/// What stands around a batch of questions.
struct Transaction {
    begin: &'static str,
    /// Between what makes its tables and the questions.
    then: &'static str,
    end: &'static str,
}

/// Questions to what is there.
const READING: Transaction = Transaction {
    begin: "begin isolation level repeatable read read only;\nselect 1 where false;\n",
    then: "",
    end: "rollback;\n",
};

/// Questions to tables of their own.
const REHEARSING: Transaction = Transaction {
    begin: "begin isolation level repeatable read read write;\n",
    // At the end of a savepoint, which each statement has while errors are rolled back, it would be forgotten.
    then: "\\set ON_ERROR_ROLLBACK off\nset transaction read only;\n\\set ON_ERROR_ROLLBACK on\n",
    end: "rollback;\n",
};

impl Postgres {
    /// Asks batches of questions, each in a transaction.
    fn ask(&self, batches: &[Batch], transaction: &Transaction) -> Result<Vec<Vec<Answer>>, Failure> {
        let mark = mark();
        let marked = format!("\\echo {mark}\n\\warn {mark}\n");
        let mut script = format!("{BEGIN}{PATH}{}", self.limit());
        for batch in batches {
            script.push_str(transaction.begin);
            if !batch.setup.trim().is_empty() {
                script.push_str(&executed(&batch.setup));
            }
            script.push_str(transaction.then);
            for query in &batch.queries {
                script.push_str(&format!("{marked}savepoint kpic_question;\n"));
                let query = query.trim_end().trim_end_matches(';');
                script.push_str(&if let Some(query) = query.strip_prefix(DESCRIBE) {
                    let block = DESCRIBING.replace("{query}", &quoted(query));
                    format!("do {};\nselect current_setting('kpic.described');\n", text(&block))
                } else {
                    // No column is called as its rows are.
                    let all = format!(
                        "array(select pg_catalog.row_to_json(kpic_its_answer)::text from ({query}\n) as kpic_its_answer)"
                    );
                    let list = format!("select '[' || pg_catalog.array_to_string({all}, ',') || ']'");
                    format!("do {};\nfetch all from kpic_answer;\n", text(&ASKING.replace("{query}", &quoted(&list))))
                });
                script.push_str("rollback to savepoint kpic_question;\nrelease savepoint kpic_question;\n");
            }
            script.push_str(&format!("{marked}select current_setting('transaction_read_only');\n{}", transaction.end));
        }
        let (output, errors) = self.run(script)?;
        let mark = format!("{mark}\n");
        let (mut answers, mut refusals) = (output.split(mark.as_str()), errors.split(mark.as_str()));
        let mut all = Vec::new();
        // What stands before the first question of a batch is said of its tables.
        let mut before = refusals.next();
        answers.next();
        for batch in batches {
            let in_setup = before.and_then(error_of);
            let mut of_batch = Vec::new();
            for query in &batch.queries {
                let (Some(printed), Some(said)) = (answers.next(), refusals.next()) else { return Err(stopped(&errors)) };
                let refused = in_setup.clone().map(|refusal| Refusal { in_setup: true, ..refusal }).or_else(|| error_of(said));
                of_batch.push(match refused {
                    Some(refusal) => Err(refusal),
                    None if query.starts_with(DESCRIBE) => {
                        description(printed).ok_or_else(|| Refusal::of("the columns are not JSON"))
                    }
                    None => rows(printed).ok_or_else(|| Refusal::of("the answer is not JSON")),
                });
            }
            // Behind the last mark: all before it was answered, and nothing could have been written.
            match answers.next().map(str::trim) {
                Some("on") => {}
                Some(_) => return Err(meddled()),
                None => return Err(stopped(&errors)),
            }
            before = refusals.next();
            all.push(of_batch);
        }
        for answers in &mut all {
            self.name_kinds(answers)?;
        }
        Ok(all)
    }

    /// What keeps a server from working on when nobody waits any more.
    fn limit(&self) -> String {
        let limit = self.timeout.map(|limit| limit.as_millis().saturating_add(1_000).min(i32::MAX.unsigned_abs().into()));
        limit.map(|limit| format!("set statement_timeout = {limit};\n")).unwrap_or_default()
    }

    /// Runs a script to its end: what it printed, and what it complained of.
    fn run(&self, script: String) -> Result<(String, String), Failure> {
        let (ended, output, errors) = self.start(script)?;
        self.unanswered(ended, &errors).map_or(Ok((output, errors)), Err)
    }

    /// Why a script was not run to its end, if it was not.
    fn unanswered(&self, ended: Ended, errors: &str) -> Option<Failure> {
        Some(match ended {
            Ended::Code(0) => return None,
            Ended::TooLate => Failure {
                message: format!("PostgreSQL did not answer within {} seconds", self.timeout.unwrap_or_default().as_secs()),
                help: Some("ask for fewer KPIs or periods at once, or allow more time: `--timeout SECONDS`".to_owned()),
            },
            Ended::TooMuch => Failure {
                message: format!("PostgreSQL's answer has more than {} MB", LONGEST / 1_000_000),
                help: Some("ask for fewer KPIs, slices or periods at once".to_owned()),
            },
            Ended::Code(_) | Ended::Signal | Ended::Crash if errors.starts_with("psql: error") => unreached(errors),
            Ended::Code(_) | Ended::Signal | Ended::Crash => stopped(errors),
        })
    }

    /// Runs a script: how the program ended, what it printed, and what it complained of.
    fn start(&self, script: String) -> Result<(Ended, String, String), Failure> {
        let mut command = Command::new(&self.program);
        let kept = std::env::vars_os().filter(|(name, _)| {
            let name = name.to_string_lossy();
            name.starts_with("PG") || ENVIRONMENT.contains(&name.as_ref())
        });
        let kept: Vec<_> = kept.collect();
        command.env_clear().envs(kept).env("PGAPPNAME", "kpic").arg("--no-psqlrc").arg("--quiet").arg("--no-password");
        if let Some(connection) = &self.connection {
            // What a process is started with can be read by others on the machine.
            let (connection, password) = apart(connection)?;
            command.arg("--dbname").arg(connection);
            if let Some(password) = password {
                command.env("PGPASSWORD", password);
            }
        }
        let cannot = |error: std::io::Error| Failure {
            message: format!("`{}` cannot be started: {error}", self.program.display()),
            help: Some("check that it is PostgreSQL's program `psql`, from version 11 on".to_owned()),
        };
        let ended = run(command, script, self.timeout, LONGEST).map_err(cannot)?;
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("\r\n", "\n");
        Ok((ended.how, lossy(&ended.output), lossy(&ended.errors)))
    }

    /// Writes the kind of a type where a server's own name says nothing: those of enums and domains are made by users.
    fn name_kinds(&self, answers: &mut [Answer]) -> Result<(), Failure> {
        let is_type = |rows: &Rows| rows.columns == ["column_name", "column_type"];
        let unknown = |ty: &Value| ty.as_str().filter(|ty| Family::of(ty) == Some(Family::Other)).map(str::to_owned);
        let described = answers.iter().flatten().filter(|rows| is_type(rows));
        let mut names: Vec<String> =
            described.flat_map(|rows| rows.rows.iter().filter_map(|row| unknown(row.get(1)?))).collect();
        names.sort();
        names.dedup();
        if names.is_empty() {
            return Ok(());
        }
        let list = names.iter().map(|name| rawsql::literal(name)).collect::<Vec<_>>().join(", ");
        let query = format!(
            "select format_type(oid, null) as name, case typtype when 'e' then 'enum' else format_type(typbasetype, typtypmod) end as kind \
             from pg_type where typtype in ('e', 'd') and format_type(oid, null) in ({list})"
        );
        let Some(Ok(kinds)) = self.answer("", &[query])?.pop() else { return Ok(()) };
        for rows in answers.iter_mut().flatten().filter(|rows| is_type(rows)) {
            for row in &mut rows.rows {
                let Some(ty) = row.get_mut(1) else { continue };
                if let Some(known) = kinds.rows.iter().find(|known| known.first() == Some(ty)) {
                    *ty = known.get(1).cloned().unwrap_or(Value::Null);
                }
            }
        }
        Ok(())
    }
}

/// SQL that the server runs within a block, so that the program does not read it.
fn executed(sql: &str) -> String {
    format!("do {};\n", text(&format!("begin execute {}; end", quoted(sql))))
}

/// A text as the server reads it within a block, whatever it takes for an escape.
fn quoted(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// A text as the program and the server read it, whatever they take for an encoding or for an escape.
fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    out.push_str("E'");
    for char in text.chars() {
        match char {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("''"),
            _ if char.is_ascii() => out.push(char),
            _ => out.push_str(&format!("\\U{:08X}", u32::from(char))),
        }
    }
    out.push('\'');
    out
}

/// Why a server cannot be reached, by what is in the program's message, with what to do about it.
const UNREACHED: &[(&str, &str, &str)] = &[
    ("Connection refused", "nothing answers there", "check the host and the port, and that the server runs"),
    (
        "No such file or directory",
        "no server runs on this machine",
        "name the host: `--connection postgresql://user@host/database`",
    ),
    ("could not translate host name", "the host is not known", "check the host"),
    ("timeout expired", "the host does not answer", "check the host, the port and the firewall"),
    (
        "password authentication failed",
        "the user or the password is wrong",
        "check PGUSER and PGPASSWORD, or the password file",
    ),
    (
        "no password supplied",
        "it asks for a password",
        "set the variable PGPASSWORD, or write the password into the password file",
    ),
    ("role", "it does not know the user", "name the user: `--connection postgresql://user@host/database`"),
    ("database", "it has no such database", "name the database: `--connection postgresql://user@host/database`"),
    ("no pg_hba.conf entry", "it does not let this user in from here", "ask whoever keeps the server"),
    ("SSL", "it cannot be talked to safely as it is asked", "check `sslmode` and the certificates"),
    (
        "invalid",
        "the connection is not written as `psql` reads it",
        "for instance `--connection postgresql://user@host/database`",
    ),
];

fn unreached(errors: &str) -> Failure {
    let known = UNREACHED.iter().find(|(needle, ..)| errors.contains(needle));
    let (why, help) =
        known.map_or(("`psql` does not get there", "try the same with `psql` itself"), |(_, why, help)| (*why, *help));
    Failure { message: format!("PostgreSQL cannot be asked: {why}"), help: Some(help.to_owned()) }
}

/// SQL has left the transaction that can only read.
fn meddled() -> Failure {
    Failure {
        message: "a question to PostgreSQL ended the transaction that can only read, so that no answer counts".to_owned(),
        help: Some("look for it under `query:` and `sql:` in the specs, and in functions that they call".to_owned()),
    }
}

/// Why the program ended before it had answered.
fn stopped(errors: &str) -> Failure {
    let lost = errors.contains("server closed the connection") || errors.contains("terminating connection");
    Failure {
        message: if lost {
            "PostgreSQL ended the connection before it had answered everything"
        } else {
            "`psql` stopped before it had answered everything"
        }
        .to_owned(),
        help: Some("ask for fewer KPIs or periods at once; the server's log may say more".to_owned()),
    }
}

/// What the server says against a query, if it says something.
fn error_of(said: &str) -> Option<Refusal> {
    let (state, message) = said.lines().find_map(|line| {
        let (state, message) = line.split_once(":  ")?.1.split_once(": ")?;
        let is_state = state.len() == 5 && state.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
        // These are of notes and warnings.
        (is_state && !["00", "01", "02"].iter().any(|class| state.starts_with(class))).then_some((state, message))
    })?;
    Some(refusal(state, message))
}

/// The classes of a server's codes, from the PostgreSQL manual, appendix A. The first row that fits counts; a text has to be in the message.
const STATES: &[(&str, &str, Kind)] = &[
    ("22003", "numeric field overflow", Kind::Decimals),
    ("22003", "overflows numeric", Kind::Decimals),
    ("22003", "value out of range", Kind::Number),
    ("22003", "double precision", Kind::Number),
    ("22003", "", Kind::Whole),
    ("22008", "", Kind::Time),
    ("22007", "", Kind::NotConvertible),
    ("22P02", "", Kind::NotConvertible),
    ("42P01", "", Kind::NoRelation),
    ("3F000", "", Kind::NoRelation),
    ("42703", "", Kind::NoColumn),
    ("2BP01", "", Kind::Needed),
    ("55P03", "", Kind::Busy),
    ("42P22", "", Kind::Collations),
    ("42P21", "", Kind::Collations),
    ("42501", "", Kind::NotAllowed),
    ("25006", "", Kind::Confined),
    ("57014", "", Kind::Interrupted),
    ("53", "", Kind::NoMemory),
    ("54011", "", Kind::TooLong),
    ("54", "", Kind::NoMemory),
    ("42", "", Kind::BadSql),
];

fn refusal(state: &str, message: &str) -> Refusal {
    let row = STATES.iter().find(|(class, words, _)| state.starts_with(class) && message.contains(words));
    let kind = row.map_or(Kind::Other, |(.., kind)| *kind);
    let last = || message.rsplit_once(": \"").map(|(_, value)| value.trim_end_matches('"').to_owned());
    let quoted = || message.split('"').nth(1).map(str::to_owned);
    let about = match kind {
        Kind::NotConvertible => last(),
        // `column t.b does not exist` has no quotes.
        Kind::NoColumn => quoted().or_else(|| message.split_whitespace().nth(1)?.rsplit('.').next().map(str::to_owned)),
        Kind::NoRelation | Kind::BadSql => quoted(),
        _ => None,
    };
    Refusal { kind, about, said: message.to_owned(), in_setup: false }
}

/// The rows of an answer, which are a list; nothing if it is none.
fn rows(printed: &str) -> Option<Rows> {
    let mut rows = Rows::default();
    let list: Vec<Map<String, Value>> = serde_json::from_str(printed).ok()?;
    for row in list {
        if rows.columns.is_empty() {
            rows.columns = row.keys().cloned().collect();
        }
        rows.rows.push(row.into_iter().map(|(_, value)| value).collect());
    }
    Some(rows)
}

/// The columns of a query, with their names and their types.
fn description(printed: &str) -> Option<Rows> {
    let columns: Vec<[String; 2]> = serde_json::from_str(printed.trim()).ok()?;
    Some(Rows {
        columns: ["column_name", "column_type"].map(str::to_owned).to_vec(),
        rows: columns.into_iter().map(|column| column.map(Value::from).to_vec()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_program_reads_is_ascii_in_quotes() {
        assert_eq!(text("select 'a\\b' as \"üあ😀\""), "E'select ''a\\\\b'' as \"\\U000000FC\\U00003042\\U0001F600\"'");
    }

    #[test]
    fn an_error_is_read_in_any_language_and_a_note_is_none() {
        let kind = |said: &str| error_of(said).map(|refusal| (refusal.kind, refusal.about));
        let missing = Some((Kind::NoRelation, Some("raw.gone".to_owned())));
        assert_eq!(kind("psql:<stdin>:9: ERROR:  42P01: relation \"raw.gone\" does not exist\nLINE 1: x"), missing);
        assert_eq!(kind("psql:<stdin>:9: FEHLER:  42P01: Relation \"raw.gone\" existiert nicht\nZEILE 1: x"), missing);
        assert_eq!(kind("NOTICE:  00000: schema \"kpi\" already exists, skipping\nWARNUNG:  01000: nichts"), None);
        assert_eq!(kind("NOTICE:  00000: x\nERROR:  2BP01: cannot drop"), Some((Kind::Needed, None)));
        assert_eq!(kind(""), None);
    }
}
