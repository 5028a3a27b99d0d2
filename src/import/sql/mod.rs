//! From SELECTs with aggregates to KPIs: for `import sql`.
//!
//! 1. [`statement`] finds the clauses of each SELECT.
//! 2. [`groups`] finds the [`period`] that rows are grouped by, and the time that it cuts; [`guess`] what types columns seem to have.
//! 3. [`scope`] makes sources of the tables: that with the time is the one whose rows count, and the others are what it refers to.
//! 4. [`figure`] makes a formula of each column that aggregates, under the [`conditions`] of the rows, [`select`] a KPI of it, with the grain and the slices of the SELECT.
//!
//! The tokens are those of [`rawsql`](crate::rawsql), and the expressions those that other imports read: what is read is what
//! formulas can say, and all else is refused at its place.

mod conditions;
pub(super) mod figure;
mod groups;
pub(super) mod guess;
pub(super) mod period;
pub(super) mod scope;
pub(super) mod select;
pub(super) mod statement;

use super::artifacts::Unreadable;
use super::brought::Brought;
use super::kpis::{Dimension, Kpi, Made};
use super::project::{self, Existing, Import, Settings};
use super::short;
use super::sources::Sources;
use super::words;
use crate::dialect::Dialect;
use crate::pipeline::Options;
use crate::rawsql::{Kind, Token, tokens};
use std::collections::{BTreeSet, HashMap, HashSet};

/// No file that is larger is read.
const LARGEST: usize = 4 << 20;
/// No file with more statements is read.
const MOST_STATEMENTS: usize = 2_000;
/// No statement with more tokens is read.
const MOST_TOKENS: usize = 20_000;

/// A table of the database, with its columns and what the engine calls their types.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub table: String,
    /// Its columns, each with its type.
    pub columns: Vec<(String, String)>,
}

/// SQL that is imported.
#[derive(Debug, Clone, Copy)]
pub struct Sql<'a> {
    /// What the file is called.
    pub name: &'a str,
    /// Its text.
    pub text: &'a str,
    /// The tables of its database; nothing if none is at hand.
    pub known: Option<&'a [Known]>,
}

/// Why something is not read, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) why: String,
}

impl Fault {
    pub(super) fn at(at: usize, why: &str) -> Self {
        Self { at, why: why.to_owned() }
    }

    fn of(token: &Token<'_>, why: &str) -> Self {
        Self::at(token.start, why)
    }
}

/// A source with what it is the source of.
#[derive(Clone)]
struct Place {
    /// Its table in lower case, or its query.
    relation: String,
    source: usize,
    time: Option<String>,
    key: Option<String>,
}

/// What was made of the statements so far.
struct State {
    file: String,
    text: String,
    known: Option<Vec<Known>>,
    sources: Sources,
    places: Vec<Place>,
    /// The names of sources.
    taken: HashSet<String>,
    dimensions: Vec<Dimension>,
    /// The names of dimensions.
    taken_dimensions: HashSet<String>,
    kpis: Vec<Kpi>,
    /// The names of KPIs, each with its place.
    named: HashMap<String, usize>,
    /// Figures that are a KPI already, each with its place.
    also: Vec<(String, usize)>,
    refused: Vec<(String, String)>,
    origins: HashMap<String, String>,
    order: Vec<String>,
    labels: HashSet<String>,
    notes: BTreeSet<String>,
    lines: Vec<usize>,
}

/// Imports the SELECTs of a file, into a project that is there or into a new one.
///
/// # Errors
/// Fails if the text cannot be cut into tokens, or if what is there already keeps anything from being checked.
pub fn import(
    sql: &Sql<'_>,
    existing: Option<&Existing>,
    settings: &Settings,
    options: &Options,
) -> Result<Import, Unreadable> {
    let named = options.dialects.first().copied().or(existing.and_then(|existing| existing.dialect.as_deref()));
    let dialect = super::known(named, || {
        let message = format!("kpic has no dialect `{}`", short(named.unwrap_or_default()));
        Unreadable { message, help: "name one with `--dialect`".to_owned() }
    })?;
    if sql.text.len() > LARGEST {
        let message = format!("{} has more than {} MiB", short(sql.name), LARGEST >> 20);
        return Err(Unreadable { message, help: "import it in parts".to_owned() });
    }
    let mut state = State::of(sql, dialect);
    let text = plain_quotes(sql.text, dialect);
    let all: Vec<Token<'_>> = tokens(&text).collect();
    let odd = dialect.reads_otherwise(sql.text).and_then(|part| sql.text.find(part));
    let odd = odd.or_else(|| {
        all.iter().find(|token| matches!(token.kind, Kind::Open | Kind::Other | Kind::Parameter)).map(|token| token.start)
    });
    if let Some(at) = odd {
        let rest = sql.text.get(at..).unwrap_or_default().lines().next().unwrap_or_default();
        let message = format!("{}: kpic does not know how {} reads `{}`", state.place(at), dialect.name(), short(rest));
        let help =
            "close what is open, and write it without parameters and escapes; a template is imported after it was filled in";
        return Err(Unreadable { message, help: help.to_owned() });
    }
    let all: Vec<Token<'_>> = all.into_iter().filter(|token| token.kind != Kind::Comment).collect();
    let statements: Vec<&[Token<'_>]> =
        all.split(|token| token.is_mark(";")).filter(|statement| !statement.is_empty()).collect();
    if statements.len() > MOST_STATEMENTS {
        let message = format!("{} has more than {MOST_STATEMENTS} statements", short(sql.name));
        return Err(Unreadable { message, help: "import it in parts".to_owned() });
    }
    for (at, statement) in statements.iter().enumerate() {
        state.statement(statement, (statements.len() > 1).then_some(at + 1));
    }
    if state.order.is_empty() {
        let message = format!("{} has no SELECT", short(sql.name));
        return Err(Unreadable { message, help: "name a file with SELECTs that aggregate".to_owned() });
    }
    project::put(state.brought(dialect), existing, settings, options)
}

/// The text with double quotes around names, where the dialect has others.
pub(super) fn plain_quotes(text: &str, dialect: &dyn Dialect) -> String {
    if dialect.identifier("a b").starts_with('`') { text.replace('`', "\"") } else { text.to_owned() }
}

impl State {
    fn of(sql: &Sql<'_>, dialect: &'static dyn Dialect) -> Self {
        let breaks = sql.text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            file: sql.name.to_owned(),
            text: sql.text.to_owned(),
            known: sql.known.map(<[Known]>::to_vec),
            sources: Sources::empty(dialect),
            places: Vec::new(),
            taken: HashSet::new(),
            dimensions: Vec::new(),
            taken_dimensions: HashSet::new(),
            kpis: Vec::new(),
            named: HashMap::new(),
            also: Vec::new(),
            refused: Vec::new(),
            origins: HashMap::new(),
            order: Vec::new(),
            labels: HashSet::new(),
            notes: BTreeSet::new(),
            lines: std::iter::once(0).chain(breaks).collect(),
        }
    }

    /// A place in the file, as people name it: its line and column.
    fn place(&self, at: usize) -> String {
        let line = self.lines.partition_point(|start| *start <= at);
        let start = line.checked_sub(1).and_then(|line| self.lines.get(line)).copied().unwrap_or(0);
        let column = self.text.get(start..at).map_or(0, |before| before.chars().count());
        format!("{}:{line}:{}", short(&self.file), column + 1)
    }

    /// A label that no other figure has.
    fn label(&mut self, wish: &str, at: usize) -> String {
        let label = super::sources::free(&short(wish), &mut self.labels);
        self.order.push(label.clone());
        let place = self.place(at);
        self.origins.insert(label.clone(), place);
        label
    }

    fn refuse(&mut self, label: String, fault: &Fault) {
        let place = self.place(fault.at);
        self.origins.insert(label.clone(), place.clone());
        self.refused.push((label, format!("{place}: {}", fault.why)));
    }

    /// What one statement comes to; it has a number if there are several.
    fn statement(&mut self, tokens: &[Token<'_>], number: Option<usize>) {
        let start = tokens.first().map_or(0, |token| token.start);
        let whole = number.map_or_else(|| "select".to_owned(), |number| format!("select {number}"));
        let read = if tokens.len() > MOST_TOKENS {
            Err(Fault::at(start, &format!("it has more than {MOST_TOKENS} words and signs")))
        } else {
            statement::read(tokens)
        };
        match read {
            Ok(mut statement) => {
                if self.sources.dialect.name() == "bigquery" {
                    statement.part_names();
                }
                self.select(&statement, &whole);
            }
            Err(fault) => {
                let label = self.label(&whole, start);
                self.refuse(label, &fault);
            }
        }
    }

    fn brought(mut self, dialect: &'static dyn Dialect) -> Brought {
        let mut notes: Vec<String> = std::mem::take(&mut self.notes).into_iter().collect();
        if !self.kpis.is_empty() {
            notes.push("No KPI has a unit, since SQL knows none: set `unit:` on columns with money or time, so that kpic sees what must not be added.".to_owned());
        }
        let types = if self.known.is_none() {
            "name the DuckDB database with `--database FILE`, and import again"
        } else {
            "look for `# the type is assumed` in the specs"
        };
        let made = Made {
            sources: self.sources,
            kpis: self.kpis,
            also: self.also,
            teams: Vec::new(),
            dimensions: self.dimensions,
            scorecards: Vec::new(),
            refused: self.refused,
            origins: self.origins,
            zone: None,
            words: &words::SQL,
        };
        let stem = self.file.rsplit('/').next().and_then(|name| name.split('.').next()).map(str::to_owned);
        Brought { made, dialect, name: stem, order: self.order, types, notes }
    }
}
