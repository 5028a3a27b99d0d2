//! Data models of BI tools as sources and KPIs: tables with dimensions, measures and joins, whatever their files look like.
//!
//! 1. A tool's own module reads its files into [`Model`]s: SQL in [parts](text::Sql), of which some name members of a model.
//! 2. [`rows`] makes a source of each model, and a reference of each join that leads to one row.
//! 3. [`text`] puts the parts together to the SQL that the tool makes of a measure, and knows where in the files each part stands.
//! 4. [`figures`] makes a KPI of each measure, by the reader of `import sql`.
//!
//! What a tool computes is a SELECT, so what is carried, what differs and what is refused is what it is for that SELECT.

mod figures;
pub(super) mod folder;
mod rows;
pub(super) mod text;

use super::artifacts::Unreadable;
use super::brought::Brought;
use super::kpis::{Made, Scorecard};
use super::project::{self, Existing, Import, Settings};
use super::sources::{Sources, free, quoted};
use super::sql::Known;
use super::words::Words;
use crate::dialect::{self, Dialect};
use crate::draft::snake;
use crate::pipeline::Options;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap, HashSet};
use text::{Place, Sql, Texts};

/// A file of models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFile {
    /// Its path from the folder that is imported.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// A folder of models that is imported.
#[derive(Debug, Clone, Copy)]
pub struct Models<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its files, sorted by their paths.
    pub files: &'a [ModelFile],
    /// The tables of its database; nothing if none is at hand.
    pub known: Option<&'a [Known]>,
}

/// A table with what its columns mean.
#[derive(Debug, Clone)]
pub(super) struct Model {
    pub(super) name: String,
    pub(super) at: Place,
    pub(super) description: Option<String>,
    pub(super) from: From,
    pub(super) dimensions: Vec<Dimension>,
    pub(super) measures: Vec<Measure>,
    pub(super) joins: Vec<Join>,
}

/// Where the rows of a model are.
#[derive(Debug, Clone)]
pub(super) enum From {
    Table(Sql),
    Query(Sql),
    /// Nowhere that is read, and why.
    Nothing(String),
}

/// What a dimension holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Text,
    Number,
    Boolean,
    Time,
    Day,
}

/// A column, or what is computed of columns.
#[derive(Debug, Clone)]
pub(super) struct Dimension {
    pub(super) name: String,
    pub(super) at: Place,
    pub(super) description: Option<String>,
    pub(super) holds: Holds,
    /// Its SQL, or why there is none.
    pub(super) sql: Result<Sql, String>,
    pub(super) is_key: bool,
}

/// How a measure aggregates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Aggregates {
    Count,
    CountDistinct,
    /// An estimate of it.
    CountDistinctApproximately,
    Sum,
    /// A sum that is 0 where all values are null, or no row fulfils its conditions.
    SumOrZero,
    Average,
    Min,
    Max,
    Median,
    Percentile(f64),
    /// Arithmetic of other measures, or SQL that aggregates itself.
    Nothing,
}

/// A measure.
#[derive(Debug, Clone)]
pub(super) struct Measure {
    pub(super) name: String,
    pub(super) at: Place,
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) meta: Option<Value>,
    pub(super) aggregates: Aggregates,
    pub(super) sql: Option<Sql>,
    pub(super) filters: Vec<Sql>,
    /// ` over trailing 7 days`, with the blank before it.
    pub(super) window: String,
    /// What differs whatever its SQL is.
    pub(super) differences: Vec<String>,
    /// Why it is not carried, whatever its SQL is.
    pub(super) fault: Option<(Place, String)>,
}

/// How many rows of another model a row has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Relationship {
    One,
    Many,
}

/// A join to another model.
#[derive(Debug, Clone)]
pub(super) struct Join {
    pub(super) to: String,
    pub(super) at: Place,
    pub(super) relationship: Relationship,
    pub(super) on: Result<Sql, String>,
}

/// A list of measures that has a name.
#[derive(Debug, Clone)]
pub(super) struct Card {
    pub(super) name: String,
    pub(super) at: Place,
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    /// Models with their measures.
    pub(super) measures: Vec<(String, String)>,
}

/// All that a tool's files say.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) models: Vec<Model>,
    pub(super) cards: Vec<Card>,
    pub(super) texts: Texts,
    /// What is not read, with the reason.
    pub(super) left_out: Vec<(String, String)>,
    pub(super) notes: BTreeSet<String>,
}

/// Makes sources and KPIs of models, and puts them into a project that is there or into a new one.
pub(super) fn import(
    name: &str,
    read: Read,
    known: Option<&[Known]>,
    words: &'static Words,
    existing: Option<&Existing>,
    settings: &Settings,
    options: &Options,
) -> Result<Import, Unreadable> {
    let named = options.dialects.first().copied().or(existing.and_then(|existing| existing.dialect.as_deref()));
    let Some(dialect) = dialect::find(named) else {
        let message = format!("kpic has no dialect `{}`", super::short(named.unwrap_or_default()));
        return Err(Unreadable { message, help: "name one with `--dialect`".to_owned() });
    };
    let mut maker = Maker::of(read, dialect, known, words);
    maker.rows();
    maker.figures();
    project::put(maker.brought(name.to_owned()), existing, settings, options)
}

/// What was made of models so far.
struct Maker<'k> {
    models: Vec<Model>,
    cards: Vec<Card>,
    texts: Texts,
    known: Option<&'k [Known]>,
    words: &'static Words,
    dialect: &'static dyn Dialect,
    sources: Sources,
    /// What was made of each model, by its place in `models`.
    places: Vec<rows::Row>,
    made: figures::Figures,
    dimensions: Vec<super::kpis::Dimension>,
    left_out: Vec<(String, String)>,
    notes: BTreeSet<String>,
}

impl<'k> Maker<'k> {
    fn of(read: Read, dialect: &'static dyn Dialect, known: Option<&'k [Known]>, words: &'static Words) -> Self {
        let Read { models, cards, texts, left_out, notes } = read;
        Self {
            models,
            cards,
            texts,
            known,
            words,
            dialect,
            sources: Sources::empty(dialect),
            places: Vec::new(),
            made: figures::Figures::default(),
            dimensions: Vec::new(),
            left_out,
            notes,
        }
    }

    /// A model by its name.
    fn model(&self, name: &str) -> Option<usize> {
        self.models.iter().position(|model| model.name == name)
    }

    fn leave_out(&mut self, what: String, at: Place, why: &str) {
        let place = self.texts.place(at);
        self.left_out.push((what, format!("{place}: {why}")));
    }

    /// A scorecard for each list of measures of which some are KPIs.
    fn scorecards(&mut self) -> Vec<Scorecard> {
        let (mut found, mut taken) = (Vec::new(), HashSet::new());
        for card in std::mem::take(&mut self.cards) {
            let kpi = |(model, measure): &(String, String)| {
                let at = self.made.kpi_of(&format!("{model}.{measure}"))?;
                self.made.kpis.get(at).map(|kpi| kpi.name.clone())
            };
            let mut kpis: Vec<String> = Vec::new();
            for name in card.measures.iter().filter_map(kpi) {
                if !kpis.contains(&name) {
                    kpis.push(name);
                }
            }
            let origin = self.texts.place(card.at);
            match (snake(&card.name), kpis.is_empty()) {
                (Some(name), false) => found.push(Scorecard {
                    name: free(&name, &mut taken),
                    title: card.title,
                    description: card.description,
                    grain: None,
                    kpis,
                    origin: Some(origin),
                }),
                _ => self.leave_out(
                    format!("{} `{}`", self.words.card, super::short(&card.name)),
                    card.at,
                    "none of its measures is carried",
                ),
            }
        }
        found
    }

    fn brought(mut self, name: String) -> Brought {
        let scorecards = self.scorecards();
        let mut notes: Vec<String> = self.notes.into_iter().collect();
        if !self.made.kpis.is_empty() {
            notes.push(format!("No KPI has a unit, since {} knows none that has a meaning: set `unit:` on columns with money or time, so that kpic sees what must not be added.", self.words.figures));
        }
        let types = if self.known.is_none() {
            "name the DuckDB database with `--database FILE`, and import again"
        } else {
            "look for `# the type is assumed` in the specs"
        };
        self.sources.left_out = self.left_out;
        let figures::Figures { kpis, refused, origins, order, .. } = self.made;
        let made = Made {
            sources: self.sources,
            kpis,
            also: Vec::new(),
            teams: Vec::new(),
            dimensions: self.dimensions,
            scorecards,
            refused,
            origins,
            zone: None,
            words: self.words,
        };
        Brought { made, dialect: self.dialect, name: Some(name), order, types, notes }
    }
}

/// The path of columns with the last of them.
fn path(way: &[String], column: &str) -> String {
    way.iter().cloned().chain([quoted(column)]).collect::<Vec<_>>().join(".")
}

/// Names by what they are the names of.
type Names<T> = HashMap<String, T>;
