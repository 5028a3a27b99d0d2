//! What a project means once its names are resolved: sources, columns, dimensions, KPIs, and the expressions between them.
//!
//! Data that several stages fill and read, without their logic: `resolve` makes it, `check` adds what it found out ([`facts`]), the planner reads it.

pub mod about;
pub mod clock;
mod closing;
pub mod conversions;
pub mod exclusion;
pub mod expr;
pub mod facts;
pub mod files;
pub mod freshness;
pub mod guardrail;
pub mod id;
pub mod journey;
pub mod north_star;
pub mod objective;
pub mod review;
pub mod sampling;
mod storage;
pub mod unit;
pub mod unusual;
pub mod uses;
pub mod value;
mod warehouse;

use crate::calendar::{AsOf, Calendar, Date, DateTime, Grain, Length};
use crate::functions::operators;
use crate::text::{Name, Span, Spanned};
use about::About;
use expr::{Age, Calc, CalcLeaf, Node, Path};
use facts::{Facts, Kind, Range, Type};
use foldhash::HashMap;
use freshness::Freshness;
use guardrail::Guardrail;
use id::{Id, Table};
use journey::Journey;
pub use objective::Okrs;
use objective::{Objective, Sheet};
pub use sampling::{AskedSampling, Confidence, Sampling};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};
pub use storage::{KeyPart, RawSql, Storage};
use unit::Unit;
pub use warehouse::{Made, Tables, Warehouse};

/// A source.
pub type SourceId = Id<Source>;
/// A column of one source.
pub type ColumnId = Id<Column>;
/// A dimension.
pub type DimensionId = Id<Dimension>;
/// A KPI.
pub type KpiId = Id<Kpi>;
/// A team.
pub type TeamId = Id<Team>;

/// A project.
#[derive(Debug)]
pub struct Model {
    /// See [`Model::words_of_relations`].
    pub(crate) words: OnceLock<Arc<foldhash::HashSet<String>>>,
    /// See [`Model::names_of_journeys`].
    pub(crate) journey_names: OnceLock<Arc<foldhash::HashSet<String>>>,
    /// See [`Model::conversions`].
    pub(crate) conversions: OnceLock<Arc<Vec<conversions::Conversion>>>,
    /// Its name; empty if it has none.
    pub name: String,
    /// Acronyms of its own, as titles made from names have them.
    pub acronyms: Vec<String>,
    /// How people call it; empty if it has no name either.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// Its calendar.
    pub calendar: Calendar,
    /// The source of a custom calendar.
    pub calendar_source: Option<CalendarSource>,
    /// Where its views will live.
    pub warehouse: Warehouse,
    /// Its sources.
    pub sources: Table<Source>,
    /// Its dimensions: those that specs define, then one for each column name.
    pub dimensions: Table<Dimension>,
    /// Its KPIs.
    pub kpis: Table<Kpi>,
    /// Its teams.
    pub teams: Table<Team>,
    /// Its taxonomies, the built-in ones among them.
    pub taxonomies: Vec<Taxonomy>,
    /// Its scorecards.
    pub scorecards: Vec<Scorecard>,
    /// What it aims for, if it says so.
    pub north_star: Option<north_star::NorthStar>,
    /// Its guardrails.
    pub guardrails: Vec<Guardrail>,
    /// Its objectives.
    pub objectives: Table<Objective>,
    /// How objectives are judged.
    pub okrs: Okrs,
    /// Its spec tests.
    pub tests: Vec<TestCase>,
    /// Which name in the specs means which definition.
    pub uses: uses::Uses,
    /// The KPI of each name and former name.
    pub kpi_names: HashMap<String, KpiId>,
    /// The source of each name.
    pub source_names: HashMap<String, SourceId>,
    /// The dimension of each name.
    pub dimension_names: HashMap<String, DimensionId>,
}

/// The columns of a calendar source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarSource {
    /// The source.
    pub source: SourceId,
    /// Its column of days.
    pub day: ColumnId,
    /// For week, month, quarter and year the column with the first day of the period.
    pub periods: Vec<(Grain, ColumnId)>,
}

/// A relation of the warehouse.
#[derive(Debug, Clone)]
pub struct Source {
    /// Whether the spec's columns could not be read; an error has said so.
    pub is_partial: bool,
    /// Whether the time that rows should have is not there; an error has said so.
    pub lacks_time: bool,
    /// Whether what its rows are, or when they count, is written and could not be read: nothing is computed of it.
    pub unread: bool,
    /// Its name.
    pub name: Name,
    /// What it holds.
    pub description: String,
    /// Where its rows are; nothing if the spec does not say.
    pub relation: Option<Relation>,
    /// Where that is written.
    pub relation_span: Option<Span>,
    /// The relations that the spec names for it: its table, or those in SQL of its own.
    pub reads: Vec<Read>,
    /// Whether rows happen or are.
    pub kind: SourceKind,
    /// What its rows are made of, if they are journeys.
    pub journey: Option<Journey>,
    /// A noun for one row.
    pub row: String,
    /// The columns that tell rows apart.
    pub key: Vec<ColumnId>,
    /// Where the key is declared.
    pub key_span: Option<Span>,
    /// The time at which a row counts.
    pub time: Option<ColumnId>,
    /// Where the time is declared.
    pub time_span: Option<Span>,
    /// For how long its rows hold; nothing but for states.
    pub holds: Option<Holds>,
    /// What it promises about when its rows come.
    pub freshness: Freshness,
    /// Its columns.
    pub columns: Table<Column>,
    /// The column of each name.
    pub names: HashMap<String, ColumnId>,
}

/// Whether rows happen or are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// Each row happens once.
    Events,
    /// Each row is a thing.
    Entities,
    /// Each row says that something was so for a while.
    States,
}

/// For how long the rows of a source of states hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// From a time on and up to another.
    Valid {
        /// The time since which.
        from: ColumnId,
        /// The time up to which; null for what still holds.
        to: ColumnId,
        /// Whether that is the last day on which it holds, rather than the first moment at which it does not.
        inclusive: bool,
    },
    /// From one snapshot to the next. A snapshot stands for the end of its day.
    Snapshot {
        /// When it was taken.
        taken: ColumnId,
        /// How often snapshots are taken.
        every: Grain,
        /// How long the latest stands for what is so; after that nothing is known.
        fresh_for: Length,
    },
    /// From one reading of its key to the next of the same key. A reading stands for the end of its day.
    Readings {
        /// When it was taken.
        taken: ColumnId,
        /// How long it stands for what is so; after that the key has no state.
        fresh_for: Length,
    },
}

/// The name of the table that holds the rows that a spec test gives of a source.
pub fn given_table(source: &str) -> String {
    format!("given_{source}")
}

/// Where rows are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relation {
    /// A table or view, by the parts of its name.
    Table(Vec<String>),
    /// Files that the embedded engine reads.
    Files(Arc<files::Files>),
    /// A query.
    Query(String),
}

/// A relation that a spec names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The parts of its name as they are written.
    pub parts: Vec<String>,
    /// Where they are written.
    pub span: Span,
    /// Whether they are in SQL, where the engine looks up what has no schema.
    pub in_sql: bool,
}

/// A column of a source.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name.
    pub name: Name,
    /// What it holds.
    pub description: String,
    /// Its type in formulas.
    pub ty: Type,
    /// How a stored time becomes civil time of the project.
    pub clock: Clock,
    /// Where its values come from.
    pub storage: Storage,
    /// Where each SQL of [`Storage::Raw`] is written.
    pub sql_spans: Vec<Span>,
    /// Its formula as it was written; empty if it has none.
    pub written: String,
    /// The source whose key it holds.
    pub reference: Option<SourceId>,
    /// Where the reference is written; it may have no source, and is wrong then.
    pub reference_span: Option<Span>,
    /// The unit of its numbers.
    pub unit: ColumnUnit,
    /// The values that it can have, as far as declared.
    pub range: Range,
    /// All values it can have, if declared.
    pub values: Vec<String>,
    /// Whether it may be null.
    pub nullable: bool,
}

/// What a stored time is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clock {
    /// Civil time as it is: a date, or no time at all.
    Civil,
    /// An instant, stored as one.
    Instant,
    /// Wall-clock time of a zone.
    Wall(crate::calendar::Zone),
}

/// The unit of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnUnit {
    /// The same for all rows.
    Fixed(Unit),
    /// A currency that another column of the source names.
    ByColumn(ColumnId),
}

/// One business notion with its place in each source.
#[derive(Debug)]
pub struct Dimension {
    /// Its name.
    pub name: String,
    /// Where a spec defines it; nothing for one that is only a column's name.
    pub defined: Option<Span>,
    /// How people call it.
    pub title: String,
    /// What it means.
    pub description: String,
    /// Its type, if a spec says or all places agree.
    pub ty: Option<Type>,
    /// For each source its value there.
    pub places: BTreeMap<SourceId, Path>,
    /// Sources in which its place is written and could not be read: nothing is said of it there.
    pub lost: BTreeSet<SourceId>,
}

/// How the names of KPIs start that are made of questions on the command line. No definition has a name with a blank.
pub const ASKED: &str = "asked ";

/// The name of the KPI that is made of a condition on the columns of a question: 1 where it holds, 0 where it does not or is not known.
pub const HAVING: &str = "asked having";

/// A figure and what it means.
#[derive(Debug)]
pub struct Kpi {
    /// Its name.
    pub name: Name,
    /// How people call it.
    pub title: String,
    /// What it means.
    pub description: String,
    /// How it is computed.
    pub body: Body,
    /// The formula as one line, for people.
    pub formula: String,
    /// The formula as it was written, with its lines.
    pub written: String,
    /// Where the formula stands.
    pub formula_span: Option<Span>,
    /// The unit as declared, and where.
    pub unit: Option<Spanned<Unit>>,
    /// Where a unit is named, known or not.
    pub unit_span: Option<Span>,
    /// Which way is good.
    pub better: Option<Better>,
    /// The team that owns it.
    pub owner: Option<TeamId>,
    /// Whether an owner is named, known or not.
    pub owner_named: bool,
    /// The grain of its figures.
    pub grain: Grain,
    /// Further grains to emit, in order.
    pub grains: Vec<Grain>,
    /// Slices to emit, with their places.
    pub by: Vec<Spanned<Vec<DimensionId>>>,
    /// The ages at which its cohorts are looked at.
    pub age: Option<Spanned<Age>>,
    /// Whether rows without data are left out.
    pub omit_gaps: bool,
    /// Whether its sums and counts over no rows are null, instead of 0.
    pub empty_is_null: bool,
    /// How sure the interval is that its views are to show, and on how many rows a figure has to rest.
    pub asked_sampling: AskedSampling,
    /// What its views show of its sampling error, if anything.
    pub sampling: Option<Sampling>,
    /// What its views become in the warehouse, if it says so.
    pub made: Option<Made>,
    /// Its values in taxonomies.
    pub taxonomies: Vec<(String, String)>,
    /// Why it should not be used any more, and what to use instead.
    pub deprecated: Option<Deprecated>,
    /// Former names.
    pub aliases: Vec<Name>,
    /// What else people say about it.
    pub about: About,
    /// What the checker found out.
    pub facts: Facts,
}

impl Kpi {
    /// Whether it is made of a question on the command line, and no definition of the project.
    pub fn is_asked(&self) -> bool {
        self.name.value.starts_with(ASKED)
    }

    /// Whether it is made of a condition.
    pub fn is_condition(&self) -> bool {
        self.name.value == HAVING
    }
}

/// Which way is good.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Better {
    /// More is better.
    Up,
    /// Less is better.
    Down,
    /// Best between two values.
    Between(f64, f64),
}

/// How a KPI is computed.
#[derive(Debug)]
pub enum Body {
    /// By a formula.
    Formula(Calc),
    /// By hand.
    Values(Values),
    /// Not at all: the spec is wrong, and that has been said.
    Broken,
}

/// Hand-kept figures.
#[derive(Debug, Clone)]
pub struct Values {
    /// The grain of the periods.
    pub grain: Grain,
    /// The first day of each period with its figure, in order.
    pub figures: Vec<(Date, Kept)>,
    /// What readers may do with them.
    pub kind: Kind,
}

/// A figure that is kept by hand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kept {
    /// The number.
    pub number: f64,
    /// All of its digits, where it is a whole number of 64 bits.
    pub whole: Option<i64>,
}

impl Kept {
    /// A number as specs write it.
    pub fn of(number: f64, written: &str) -> Self {
        let digits = written.replace('_', "").parse().ok();
        // Below this, a floating number has room for every whole one.
        #[expect(clippy::cast_possible_truncation, reason = "a whole number below 9e15")]
        let whole = || (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64);
        Self { number, whole: digits.or_else(whole) }
    }
}

impl Values {
    /// Whether all figures are whole numbers.
    pub fn are_whole(&self) -> bool {
        self.figures.iter().all(|(_, figure)| figure.whole.is_some())
    }
}

/// That a KPI should not be used any more.
#[derive(Debug, Clone)]
pub struct Deprecated {
    /// Since which day; empty if nobody says.
    pub since: String,
    /// What to use instead.
    pub instead: Option<KpiId>,
    /// Why.
    pub because: String,
}

/// Who owns KPIs.
#[derive(Debug)]
pub struct Team {
    /// Its name.
    pub name: Name,
    /// How people call it.
    pub title: String,
    /// What it does.
    pub description: String,
    /// Who leads it.
    pub lead: String,
    /// Who reviews for it on the code host.
    pub reviewers: Vec<String>,
}

/// A set of values to classify KPIs by.
#[derive(Debug, Clone)]
pub struct Taxonomy {
    /// Its name.
    pub name: String,
    /// How people call it.
    pub title: String,
    /// What it classifies.
    pub description: String,
    /// Its values, with their places; the built-in ones are in no file.
    pub values: Vec<(String, Option<Span>)>,
    /// Whether each value needs a KPI.
    pub cover: bool,
}

/// KPIs that are reviewed together.
#[derive(Debug)]
pub struct Scorecard {
    /// Its name.
    pub name: Name,
    /// How people call it.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// How often it is reviewed; empty if nobody says.
    pub cadence: String,
    /// The grain of its rows.
    pub grain: Grain,
    /// Its KPIs, with their places.
    pub kpis: Vec<Spanned<KpiId>>,
    /// How many KPIs it may have.
    pub max: u32,
}

/// Given rows and expected figures.
#[derive(Debug, Clone)]
pub struct TestCase {
    /// Its name.
    pub name: Name,
    /// Which rule it shows.
    pub description: String,
    /// The last visible day, if it is not the project's.
    pub as_of: Option<AsOf>,
    /// The rows of each source that has any.
    pub given: Vec<Given>,
    /// What is expected of KPIs.
    pub expect: Vec<Expected>,
    /// What is expected of objectives and key results.
    pub sheets: Vec<ExpectedSheet>,
    /// When guardrails are expected to fire.
    pub firings: Vec<ExpectedFirings>,
}

/// The rows of a source in a test.
#[derive(Debug, Clone)]
pub struct Given {
    /// The source.
    pub source: SourceId,
    /// The rows: for each its columns with their values.
    pub rows: Vec<Vec<(ColumnId, Cell)>>,
}

/// A value in a test.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Null.
    Null,
    /// A condition.
    Truth(bool),
    /// A number, in digits.
    Number(String),
    /// NaN or an infinite number, in the words of SQL.
    NotFinite(&'static str),
    /// A text.
    Text(String),
    /// A day.
    Day(Date),
    /// A reading of the stored clock.
    Wall(DateTime),
    /// An instant, by its reading in UTC.
    Instant(DateTime),
    /// The parts of a key of several columns, as written.
    Key(Vec<String>),
}

/// The figures of a KPI that a test expects.
#[derive(Debug, Clone)]
pub struct Expected {
    /// The KPI.
    pub kpi: KpiId,
    /// The grain.
    pub grain: Grain,
    /// The dimensions.
    pub dimensions: Vec<DimensionId>,
    /// The rows.
    pub rows: Vec<ExpectedRow>,
}

/// The rows of a view of objectives that a test expects.
#[derive(Debug, Clone)]
pub struct ExpectedSheet {
    /// The view.
    pub sheet: Sheet,
    /// Its rows.
    pub rows: Vec<ExpectedCells>,
}

/// A row that a test expects, as far as it says what is in it.
#[derive(Debug, Clone)]
pub struct ExpectedCells {
    /// The columns that it names, each with its value and where that stands.
    pub cells: Vec<(&'static str, Spanned<ExpectedCell>)>,
    /// Where the row stands.
    pub span: Span,
}

impl ExpectedCells {
    /// The objective that the row is about.
    pub fn objective(&self) -> Option<&str> {
        self.cells.iter().find(|(name, _)| *name == "objective").and_then(|(_, cell)| match &cell.value {
            ExpectedCell::Text(text) => Some(text.as_str()),
            ExpectedCell::Null | ExpectedCell::Number(_) | ExpectedCell::Truth(_) => None,
        })
    }
}

/// What is in a column.
#[derive(Debug, Clone, PartialEq)]
pub enum ExpectedCell {
    /// Null.
    Null,
    /// That number.
    Number(f64),
    /// That text, or day.
    Text(String),
    /// True or false.
    Truth(bool),
}

/// One figure that a test expects.
#[derive(Debug, Clone)]
pub struct ExpectedRow {
    /// The period as written.
    pub label: String,
    /// Its first day.
    pub period: Date,
    /// The values of the dimensions.
    pub keys: Vec<Cell>,
    /// The age of the cohort, if the KPI has ages.
    pub age: Option<u32>,
    /// The figure.
    pub value: ExpectedValue,
    /// Whether it is to be complete, if the test says so.
    pub is_complete: Option<bool>,
    /// Where it stands.
    pub span: Span,
}

/// All periods in which a guardrail is expected to fire.
#[derive(Debug, Clone)]
pub struct ExpectedFirings {
    /// The place of the guardrail among those of the project.
    pub guardrail: usize,
    /// The periods, and no others.
    pub rows: Vec<ExpectedFiring>,
    /// Where they stand.
    pub span: Span,
}

/// One period in which a guardrail is expected to fire.
#[derive(Debug, Clone)]
pub struct ExpectedFiring {
    /// The period as written.
    pub label: String,
    /// Its first day.
    pub period: Date,
    /// The slice as the view shows it; nothing for the total.
    pub slice: Option<String>,
    /// The first period of the run, if the test says so.
    pub since: Option<Date>,
    /// What the condition compares, as far as the test says so.
    pub figures: Vec<(String, ExpectedValue)>,
    /// Where it stands.
    pub span: Span,
}

/// What a figure is to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ExpectedValue {
    /// That number.
    Number(f64),
    /// Null.
    Null,
    /// Not there: no such row.
    Absent,
    /// There, whatever it is.
    Any,
}

impl Model {
    /// A title made of a name.
    pub fn title(&self, name: &str) -> String {
        crate::text::title(name, &self.acronyms)
    }

    /// Every word, in lower case, that is in the name of a source or of a column that references one, in a query or in raw SQL: as the name of a
    /// part it would hide what is read there, or be joined beside what is called so. Tables have their schema, which no part has. Gathered once.
    pub fn words_of_relations(&self) -> Arc<foldhash::HashSet<String>> {
        let gather = || {
            let mut found = foldhash::HashSet::default();
            let mut words = |text: &str| {
                let each = text.split(|char: char| !(char.is_alphanumeric() || char == '_'));
                found.extend(each.map(str::to_lowercase));
            };
            for source in self.sources.rows() {
                if source.journey.is_none() {
                    // What is read is called so where it is joined; the rows of a test are in a table of that name.
                    words(&source.name.value);
                    words(&given_table(&source.name.value));
                }
                if let Some(Relation::Query(query)) = &source.relation {
                    words(query);
                }
                for column in source.columns.rows() {
                    if column.reference.is_some() {
                        words(&column.name.value);
                    }
                    if let Storage::Raw(each) = &column.storage {
                        each.0.iter().for_each(|(_, sql)| words(sql));
                    }
                }
            }
            Arc::new(found)
        };
        Arc::clone(self.words.get_or_init(gather))
    }

    /// The names of journeys, in lower case. The rows of a journey are a part that is called so where it is read, so that no other part beside it can be.
    pub fn names_of_journeys(&self) -> Arc<foldhash::HashSet<String>> {
        let gather = || {
            let journeys = self.sources.rows().iter().filter(|source| source.journey.is_some());
            Arc::new(journeys.map(|journey| journey.name.value.to_lowercase()).collect())
        };
        Arc::clone(self.journey_names.get_or_init(gather))
    }

    /// The conversions of texts in formulas, which may give null. Gathered once.
    pub fn conversions(&self) -> Arc<Vec<conversions::Conversion>> {
        Arc::clone(self.conversions.get_or_init(|| Arc::new(conversions::all(self))))
    }

    /// How many sources there are, journeys left out: their rows are those of other sources.
    pub fn source_count(&self) -> usize {
        self.sources.rows().iter().filter(|source| source.journey.is_none()).count()
    }

    /// The last column of a path that starts in `source`.
    pub fn column(&self, source: SourceId, path: &Path) -> &Column {
        self.sources.get(self.end_of(source, path)).columns.get(path.column)
    }

    /// The source to which the last column of a path belongs.
    pub fn end_of(&self, source: SourceId, path: &Path) -> SourceId {
        let mut at = source;
        for step in &path.through {
            if let Some(next) = self.sources.get(at).columns.get(*step).reference {
                at = next;
            }
        }
        at
    }

    /// The sources whose rows a calculation aggregates, through other KPIs too.
    pub fn sources_read(&self, calc: &Calc) -> BTreeSet<SourceId> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut left = vec![calc];
        while let Some(calc) = left.pop() {
            calc.deep_leaves(&mut |leaf| match leaf {
                CalcLeaf::Aggregate(aggregate) => _ = found.insert(aggregate.source),
                CalcLeaf::Grouped(grouped) => _ = found.insert(grouped.source),
                CalcLeaf::Kpi(id) if seen.insert(*id) => {
                    if let Body::Formula(of) = &self.kpis.get(*id).body {
                        left.push(of);
                    }
                }
                _ => {}
            });
        }
        found
    }

    /// The dimensions over which a figure is a share of its own total, so that without a slice it is always 1; none means all of them.
    /// Nothing of any other figure.
    pub fn share_over<'a>(&'a self, calc: &'a Calc) -> Option<&'a [DimensionId]> {
        match &calc.node {
            Node::Apply(function, arguments) if **function == operators::DIVIDE => match arguments.as_slice() {
                [part, Calc { node: Node::Leaf(CalcLeaf::Total(whole, dimensions)), .. }] if part == whole.as_ref() => {
                    Some(dimensions)
                }
                _ => None,
            },
            Node::Leaf(CalcLeaf::Slice(of, _)) => self.share_over(of),
            Node::Leaf(CalcLeaf::Kpi(id)) => match &self.kpis.get(*id).body {
                Body::Formula(of) => self.share_over(of),
                Body::Values(_) | Body::Broken => None,
            },
            _ => None,
        }
    }

    /// The names of a path that starts in `source`, with dots between them.
    pub fn path_text(&self, source: SourceId, path: &Path) -> String {
        let mut at = source;
        let mut names = Vec::new();
        for step in path.through.iter().chain([&path.column]) {
            let column = self.sources.get(at).columns.get(*step);
            names.push(column.name.value.as_str());
            at = column.reference.unwrap_or(at);
        }
        names.join(".")
    }

    /// The grains at which a KPI is emitted, its own first.
    pub fn grains(&self, kpi: &Kpi) -> Vec<Grain> {
        let mut grains = vec![kpi.grain];
        for grain in &kpi.grains {
            if !grains.contains(grain) {
                grains.push(*grain);
            }
        }
        grains
    }
}
