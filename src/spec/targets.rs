//! Targets: where the views go, under names such as `dev` and `prod`, of which the command line or the environment chooses one.
//!
//! A target says in what one place differs from what is under `warehouse`. It never says how to connect: that comes from outside, at most by the name of
//! a variable. Names of schemas may have parts from the environment, `analytics_${KPIC_VAR_USER:-dev}`. Specs come from strangers, so that only
//! variables that somebody named for this can stand there, and only what is part of a plain name is taken from them.

use super::project::{GRANTS, MADE, Project};
use super::reader::{Reader, Text};
use super::shape::{Field, Record, Shape};
use crate::diagnostic::{Finding, Findings, codes, suggest};
use crate::load::{Entry, Node, Value};
use crate::model::Made;
use crate::text::{Files, Name, Span};
use std::collections::BTreeMap;

/// What the variables that may stand in a spec begin with.
pub const VARIABLE: &str = "KPIC_VAR_";

/// What the variables begin with that hold a connection. Others may hold what somebody else fills, such as the name of a branch, and would send a password
/// of the job to wherever that says.
const CONNECTION: &str = "KPIC_CONNECTION";

/// How long a part of a name from the environment may be.
const LONGEST: usize = 40;

/// Where the views go, under a name.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its name.
    pub name: Name,
    /// Its dialect.
    pub dialect: Option<Text>,
    /// The schema of its views.
    pub schema: Option<Text>,
    /// The schema of tables that are named without one.
    pub source_schema: Option<Text>,
    /// Its database file for the embedded engine.
    pub database: Option<Text>,
    /// The variable that says how to connect.
    pub connection_env: Option<Text>,
    /// What its views become, if it says so.
    pub made: Option<Made>,
    /// The roles that may read its views, if it says which.
    pub readers: Option<Vec<Text>>,
}

/// What is chosen from outside the specs.
#[derive(Debug, Clone, Default)]
pub struct Chosen {
    /// The target, and what names it, such as `--target`.
    pub target: Option<(String, &'static str)>,
    /// The variables of the environment that begin with [`VARIABLE`].
    pub variables: BTreeMap<String, String>,
}

/// The keys of a target.
pub(super) static TARGET: Record = Record {
    what: "a target",
    fields: &[
        Field::new("dialect", Shape::Text, "Its SQL dialect. Default: that under `warehouse`.").example("postgres"),
        Field::new(
            "schema",
            Shape::Text,
            "Where its views go; `${KPIC_VAR_NAME:-default}` takes a part of the name from the environment.",
        )
        .example("\"analytics_${KPIC_VAR_USER:-dev}\""),
        Field::new("source_schema", Shape::Text, "The schema of its tables that are named without one.").example("raw"),
        Field::new("database", Shape::Text, "Its DuckDB file that the embedded engine opens for reading.")
            .example("dev.duckdb"),
        Field::new(
            "connection_env",
            Shape::Text,
            "The name of the variable of the environment that says how to connect. Default: `KPIC_CONNECTION`.",
        )
        .example("KPIC_CONNECTION_PROD"),
        Field::new("materialize", MADE, "Whether its views are views or tables. Default: what is under `warehouse`.")
            .example("table"),
        Field::new("grants", Shape::Record(&GRANTS), "Who may read its views. Default: what is under `warehouse`."),
    ],
};

/// Reports what is wrong with the variables in the names of schemas.
pub(super) fn check_variables<'a>(names: impl Iterator<Item = &'a Text>, findings: &mut Findings) {
    for text in names {
        if let Err(wrong) = pieces(&text.value) {
            findings.report(&codes::BAD_VARIABLE, text.span, wrong.message).help(wrong.help);
        }
    }
}

/// Reads the targets of `kpic.yml`.
pub(super) fn decode(reader: &Reader<'_>, findings: &mut Findings) -> Vec<Target> {
    let read = |entry: &Entry| {
        let of = Reader::of(&entry.value);
        Target {
            name: entry.key.clone(),
            dialect: of.text("dialect"),
            schema: of.text("schema"),
            source_schema: of.text("source_schema"),
            database: of.text("database"),
            connection_env: of.text("connection_env").filter(|name| is_of_connection(&name.value)),
            made: made(Some(of)),
            readers: of.get("grants").map(|_| readers(Some(of))),
        }
    };
    let targets: Vec<Target> = reader.entries("targets").iter().map(read).collect();
    check_variables(targets.iter().flat_map(|target| [&target.schema, &target.source_schema]).flatten(), findings);
    targets
}

/// What views become, under `materialize`.
pub(super) fn made(of: Option<Reader<'_>>) -> Option<Made> {
    of.and_then(|of| of.text("materialize")).and_then(|word| Made::of(&word.value))
}

/// The roles under `grants`.
pub(super) fn readers(of: Option<Reader<'_>>) -> Vec<Text> {
    of.and_then(|of| of.record("grants")).map(|grants| grants.texts("select")).unwrap_or_default()
}

/// Puts what the chosen target says in the place of what is under `warehouse`, and fills in the variables of what is in use.
pub fn choose(project: &mut Project, chosen: &Chosen, findings: &mut Findings) {
    if let Some(target) = target(project, chosen, findings) {
        project.schema = target.schema.or(project.schema.take());
        project.source_schema = target.source_schema.or(project.source_schema.take());
        if let Some(dialect) = target.dialect {
            project.dialect = Some(dialect);
            project.also.clear();
        }
        project.database = target.database.or(project.database.take());
        project.connection_env = target.connection_env;
        project.made = target.made.or(project.made);
        project.readers = target.readers.unwrap_or(std::mem::take(&mut project.readers));
        project.target = Some(target.name);
    }
    for name in [&mut project.schema, &mut project.source_schema] {
        let Some(text) = name else { continue };
        match fill(&text.value, &chosen.variables) {
            Ok(value) => text.value = value,
            Err(wrong) => {
                // What is not written as it should be has been said.
                if pieces(&text.value).is_ok() {
                    findings.report(&codes::BAD_VARIABLE, text.span, wrong.message).help(wrong.help);
                }
                *name = None;
            }
        }
    }
}

/// The chosen target, if there is one.
fn target(project: &Project, chosen: &Chosen, findings: &mut Findings) -> Option<Target> {
    let (name, from) = match (&chosen.target, &project.target) {
        (Some((name, from)), _) => (name, Err(*from)),
        (None, Some(name)) => (&name.value, Ok(name.span)),
        (None, None) => return None,
    };
    let found = project.targets.iter().find(|target| target.name.value == *name);
    if found.is_none() {
        findings.push(unknown(project, name, from));
    }
    found.cloned()
}

fn unknown(project: &Project, name: &str, from: Result<Span, &str>) -> Finding {
    let message = |of: &str| {
        if project.targets.is_empty() {
            format!("there is no target `{name}`{of}: kpic.yml has no `targets`")
        } else {
            format!("there is no target `{name}`{of}")
        }
    };
    let mut finding = match from {
        Ok(span) => Finding::new(&codes::UNKNOWN_TARGET, span, message("")),
        Err(from) => Finding::placeless(&codes::UNKNOWN_TARGET, message(&format!(" (from {from})"))),
    };
    finding.help = if project.targets.is_empty() {
        Some("add it, for instance `targets: { dev: { schema: analytics_dev } }`".to_owned())
    } else {
        suggest::did_you_mean(name, "the targets are", project.targets.iter().map(|target| target.name.value.as_str()))
    };
    finding
}

/// A part of a name: as it is, or a variable with its default.
enum Piece<'a> {
    Plain(&'a str),
    Variable(&'a str, Option<&'a str>),
}

/// What is wrong with a name that has variables.
struct Wrong {
    message: String,
    help: String,
}

fn wrong(message: impl Into<String>, help: impl Into<String>) -> Wrong {
    Wrong { message: message.into(), help: help.into() }
}

/// Cuts a name at its variables.
fn pieces(text: &str) -> Result<Vec<Piece<'_>>, Wrong> {
    let example = || format!("for instance `analytics_${{{VARIABLE}USER:-dev}}`");
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.find('$') {
        let (before, from) = rest.split_at(at);
        pieces.push(Piece::Plain(before));
        let inner = from.strip_prefix("${").and_then(|inner| inner.split_once('}'));
        let Some((inner, after)) = inner else {
            return Err(wrong("`$` begins a variable, and this is not one", example()));
        };
        let (name, default) = inner.split_once(":-").map_or((inner, None), |(name, default)| (name, Some(default)));
        if !is_variable(name) {
            return Err(wrong(format!("`{name}` is not the name of a variable"), example()));
        }
        if name.len() == VARIABLE.len() || !name.starts_with(VARIABLE) {
            return Err(wrong(
                format!("a spec cannot read the variable `{name}`"),
                format!(
                    "only those whose names begin with `{VARIABLE}`, so that a spec cannot show what else is in the environment"
                ),
            ));
        }
        if default.is_some_and(|default| !is_part(default)) {
            return Err(wrong(format!("the default of `{name}` is not a part of a plain name"), PLAIN));
        }
        pieces.push(Piece::Variable(name, default));
        rest = after;
    }
    pieces.push(Piece::Plain(rest));
    Ok(pieces)
}

const PLAIN: &str = "use letters from a to z, digits and underscores, at most 40 of them";

/// A name with its variables filled in.
fn fill(text: &str, variables: &BTreeMap<String, String>) -> Result<String, Wrong> {
    let mut filled = String::new();
    for piece in pieces(text)? {
        match piece {
            Piece::Plain(text) => filled.push_str(text),
            Piece::Variable(name, default) => {
                let given = variables.get(name).map(String::as_str).filter(|value| !value.is_empty());
                let value = given.or(default).ok_or_else(|| {
                    wrong(
                        format!("the variable `{name}` is not set"),
                        format!("set it, or give it a default: `${{{name}:-dev}}`"),
                    )
                })?;
                // The value itself may be anything, and is not shown.
                if !is_part(value) {
                    return Err(wrong(format!("what the variable `{name}` holds is not a part of a plain name"), PLAIN));
                }
                filled.push_str(value);
            }
        }
    }
    Ok(filled)
}

fn is_part(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|char: char| char.is_ascii_alphabetic() || char == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Keys that say how to connect, in other tools' settings.
const CONNECTIONS: &[&str] = &[
    "connection",
    "connection_string",
    "credentials",
    "dsn",
    "host",
    "hostname",
    "keyfile",
    "pass",
    "passwd",
    "password",
    "port",
    "private_key",
    "secret",
    "server",
    "token",
    "uri",
    "url",
    "user",
    "username",
];

/// Reports what `kpic.yml` says of how to connect, and hides it wherever the file is shown from now on.
pub(super) fn no_connections(root: &Node, findings: &mut Findings, files: &mut Files) {
    let reader = Reader::of(root);
    let mut found = Vec::new();
    for entry in reader.all() {
        match entry.key.value.as_str() {
            "warehouse" | "targets" => below(&entry.value, &mut found),
            key if is_connection(key) => found.push(entry),
            _ => {}
        }
    }
    for entry in found {
        let (key, value) = (&entry.key, entry.value.span);
        files.hide(value);
        findings.retain(|known| known.labels.first().is_none_or(|label| label.span != key.span && label.span != value));
        findings
            .report(&codes::CONNECTION_IN_SPEC, key.span, format!("`{}` says in a spec how to connect", key.value))
            .help(
                "take it out, and change a password that was there: it comes from `--connection` or the environment, and a target names \
                 a variable: `connection_env: KPIC_CONNECTION_PROD`",
            );
    }
    for entry in reader.entries("targets") {
        let Some(name) = Reader::of(&entry.value).text("connection_env") else { continue };
        if !is_variable(&name.value) {
            files.hide(name.span);
            let message = "`connection_env` is the name of a variable, and this is not one";
            findings.report(&codes::CONNECTION_IN_SPEC, name.span, message).help(
                "put how to connect into a variable of the environment, and name that: `connection_env: KPIC_CONNECTION_PROD`",
            );
        } else if !is_of_connection(&name.value) {
            let message = format!("a spec cannot take a connection from the variable `{}`", name.value);
            findings.report(&codes::BAD_VARIABLE, name.span, message).help(format!(
                "only from one whose name begins with `{CONNECTION}`, such as `{CONNECTION}_PROD`: what others hold may be up to somebody \
                 who is not to choose where passwords go"
            ));
        }
    }
}

/// Whether a variable may hold a connection.
fn is_of_connection(name: &str) -> bool {
    is_variable(name) && name.starts_with(CONNECTION)
}

fn is_connection(key: &str) -> bool {
    CONNECTIONS.contains(&key.to_ascii_lowercase().as_str())
}

/// What says how to connect at any depth: by its key, or because it looks so.
fn below<'a>(node: &'a Node, found: &mut Vec<&'a Entry>) {
    let Value::Map(entries) = &node.value else { return };
    for entry in entries {
        match &entry.value.value {
            // A name of a variable is looked at by itself.
            Value::Scalar(_) if entry.key.value == "connection_env" => {}
            Value::Scalar(scalar) if is_connection(&entry.key.value) || looks_so(&scalar.text) => found.push(entry),
            // A target may be called `server`, and is a map.
            _ => below(&entry.value, found),
        }
    }
}

fn looks_so(text: &str) -> bool {
    text.contains("://") || text.to_ascii_lowercase().contains("password=")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str, variables: &[(&str, &str)]) -> Result<String, String> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        fill(text, &variables).map_err(|wrong| wrong.message)
    }

    #[test]
    fn names_take_parts_from_the_environment() {
        let user = [("KPIC_VAR_USER", "ada")];
        assert_eq!(filled("analytics", &user).unwrap(), "analytics");
        assert_eq!(filled("a_${KPIC_VAR_USER}_${KPIC_VAR_ENV:-dev}", &user).unwrap(), "a_ada_dev");
        // A variable without anything in it is as good as none.
        assert_eq!(filled("a_${KPIC_VAR_USER:-dev}", &[("KPIC_VAR_USER", "")]).unwrap(), "a_dev");
        assert_eq!(filled("a_${KPIC_VAR_USER}", &[]).unwrap_err(), "the variable `KPIC_VAR_USER` is not set");
    }

    #[test]
    fn nothing_else_of_the_environment_can_stand_in_a_spec() {
        let all = [("HOME", "x"), ("KPIC_CONNECTION", "x"), ("KPIC_VAR_", "x"), ("KPIC_VAR_URL", "postgres://ada:geheim@db")];
        for text in
            ["${HOME}", "${KPIC_CONNECTION}", "${KPIC_VAR_}", "$HOME", "${KPIC_VAR_X", "${KPIC_VAR_X:-a.b}", "$$", "${}"]
        {
            assert!(filled(text, &all).is_err(), "{text}");
        }
        let said = filled("${KPIC_VAR_URL}", &all).unwrap_err();
        assert!(!said.contains("geheim") && said.contains("not a part of a plain name"), "{said}");
    }
}
