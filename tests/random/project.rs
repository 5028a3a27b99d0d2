//! The projects that the tests make up: a small syntax tree of its own, which shares nothing with the compiler's.
//!
//! Names are texts and are looked up each time, expressions are trees as a formula writes them, and the rows stand beside the
//! columns. `print` writes a project as specs and tables, `evaluate` says what its KPIs are, `shrink` makes it smaller.

use super::freshness::Freshness;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;

/// A whole project with its data.
#[derive(Clone, PartialEq)]
pub struct Project {
    pub calendar: Calendar,
    pub sources: Vec<Source>,
    pub dimensions: Vec<Dimension>,
    pub journeys: Vec<Journey>,
    pub kpis: Vec<Kpi>,
    /// The zone of the engine's session, on which nothing may depend.
    pub session: &'static str,
    /// What the reader's session has set beside its zone.
    pub settings: Vec<String>,
    /// Whether this is a failing project made smaller. Only those may be refused by the compiler, as they may be nonsense.
    pub reduced: bool,
    /// Whether its data has numbers near the end of what their types hold, so that figures made of them may be refused.
    pub extreme: bool,
}

#[derive(Clone, PartialEq)]
pub struct Calendar {
    pub start: Date,
    /// The same as `start` where nothing is written.
    pub data_from: Date,
    pub as_of: Date,
    pub settle: i64,
    pub zone: &'static str,
    pub week_starts: Weekday,
    pub fiscal_month: i8,
    /// The periods, if they come from the rows of a source.
    pub custom: Option<Custom>,
}

/// A calendar of one's own: a row for each day, with the first day of each of its periods.
#[derive(Clone, PartialEq)]
pub struct Custom {
    pub first: Date,
    pub last: Date,
    /// For each grain but the day the first days of its periods, of which the first may be before the first day.
    pub starts: [Vec<Date>; 4],
    /// Whether the periods are those that the rules would give.
    pub is_regular: bool,
}

#[derive(Clone, PartialEq)]
pub struct Source {
    pub name: String,
    pub entities: bool,
    /// For how long its rows hold, if it has states.
    pub states: Option<Holds>,
    /// What it promises about when its rows come.
    pub freshness: Freshness,
    /// Whether the spec has a query in the place of a table.
    pub by_query: bool,
    /// How its rows are written, if they are files.
    pub written: Option<super::written::Written>,
    pub key: Option<String>,
    pub time: Option<String>,
    pub columns: Vec<Column>,
    /// The cells of each row, one for each column; those of derived columns stay null.
    pub rows: Vec<Vec<Value>>,
    /// The journey whose rows they are, if they are those of one.
    pub journey: Option<Journey>,
}

/// The order in which something takes steps.
#[derive(Clone, PartialEq)]
pub struct Journey {
    pub name: String,
    /// Whether every first step begins one.
    pub every: bool,
    /// Whether steps may come in any order after the first.
    pub any: bool,
    pub steps: Vec<Step>,
}

#[derive(Clone, PartialEq)]
pub struct Step {
    pub name: String,
    pub source: String,
    pub at: String,
    pub entity: Path,
    pub filter: Option<Row>,
}

/// For how long the rows of a source of states hold.
#[derive(Clone, PartialEq)]
pub enum Holds {
    /// From one column to another, in which `inclusive` means that it has the last day.
    Valid { from: String, to: String, inclusive: bool },
    /// From one snapshot to the next.
    Snapshot { taken: String, every: Grain, stale_after: Option<Length> },
    /// From one reading of a key to the next of the same key.
    Readings { taken: String, stale_after: Length },
}

/// One side of a period.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Edge {
    Start,
    End,
}

/// How an aggregate looks at states.
#[derive(Clone, PartialEq)]
pub enum Stock {
    /// At those of one moment.
    At(Edge),
    /// At the two of each key, or at those of each entity at the end of a path.
    Pairs(Option<Path>),
}

/// What a formula says of a pair of states.
#[derive(Clone, PartialEq)]
pub enum Pair {
    Of(Edge, Path),
    Exists(Edge),
    Ever,
}

#[derive(Clone, PartialEq)]
pub struct Column {
    pub name: String,
    /// Its name in the table.
    pub stored_as: String,
    pub ty: Type,
    /// Its type in the table.
    pub ddl: &'static str,
    /// The source whose key it holds. With `expr` it is the key that the column `stored_as` works out.
    pub references: Option<String>,
    pub expr: Option<Row>,
    /// The raw SQL that stands in the place of `expr`, which says the same.
    pub sql: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Type {
    Boolean,
    Integer,
    Decimal,
    Number,
    Text,
    Date,
    /// Wall-clock time in a zone.
    Timestamp(&'static str),
    /// An absolute time; its cells hold UTC.
    Instant,
}

impl Type {
    pub fn is_numeric(self) -> bool {
        matches!(self, Type::Integer | Type::Decimal | Type::Number)
    }

    pub fn is_time(self) -> bool {
        matches!(self, Type::Date | Type::Timestamp(_) | Type::Instant)
    }
}

/// A value of a row or of a KPI. Numbers are floating: what the generator makes is exact in them.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    Date(Date),
    /// A cell with a time of day, or what a clock that is changed now and then showed.
    Time(DateTime),
    /// An instant, by its reading in UTC and on the project's clock.
    Instant {
        utc: DateTime,
        local: DateTime,
    },
    /// A duration as written; differences of times are numbers of seconds.
    Span(i32, Unit),
}

#[derive(Clone, PartialEq)]
pub struct Dimension {
    pub name: String,
    pub ty: Type,
    /// For each source the path to it.
    pub from: Vec<(String, Path)>,
}

pub type Path = Vec<String>;

#[derive(Clone, PartialEq)]
pub struct Kpi {
    pub name: String,
    pub body: Body,
    /// The unit in which a duration is shown.
    pub unit: Option<Unit>,
    /// Its grain, and further ones.
    pub grains: Vec<Grain>,
    pub by: Vec<Vec<String>>,
    /// The unit and the last of the ages at which its cohorts are looked at.
    pub age: Option<(Grain, i32)>,
    pub omit_gaps: bool,
    /// Whether its own sums and counts over no rows are null, instead of 0.
    pub empty_is_null: bool,
    /// What the interval of its mean is made of, if it shows one; see [`Interval::of`].
    pub interval: Option<Interval>,
}

/// How many rows have a value, and how these spread.
#[derive(Clone, PartialEq)]
pub struct Interval {
    pub count: Aggregate,
    pub spread: Aggregate,
}

impl Interval {
    /// That of a mean over rows, which is not one over pairs of states.
    pub fn of(body: &Body) -> Option<Self> {
        let Body::Formula(Expr::Leaf(Figure::Aggregate(mean))) = body else { return None };
        let with = |function| Aggregate { function, ..mean.clone() };
        let is_mean = mean.function == "avg" && mean.window != Window::Previous;
        is_mean.then(|| Self { count: with("count"), spread: with("stddev") })
    }
}

#[derive(Clone, PartialEq)]
// A project has a handful of them.
#[allow(clippy::large_enum_variant)]
pub enum Body {
    Formula(Formula),
    /// Figures by the first day of their period.
    Values {
        flow: bool,
        figures: Vec<(Date, f64)>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Grain {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Grain {
    pub const ALL: [Grain; 5] = [Grain::Day, Grain::Week, Grain::Month, Grain::Quarter, Grain::Year];

    pub fn name(self) -> &'static str {
        match self {
            Grain::Day => "day",
            Grain::Week => "week",
            Grain::Month => "month",
            Grain::Quarter => "quarter",
            Grain::Year => "year",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    Hour,
    Of(Grain),
}

impl Unit {
    pub fn name(self) -> &'static str {
        match self {
            Unit::Hour => "hour",
            Unit::Of(grain) => grain.name(),
        }
    }
}

/// An expression over leaves of some kind. Operators and functions go by the names that formulas give them.
#[derive(Clone, PartialEq)]
pub enum Expr<L> {
    Literal(Value),
    Leaf(L),
    Apply(&'static str, Vec<Expr<L>>),
}

/// An expression over the columns of a row.
pub type Row = Expr<RowLeaf>;

#[derive(Clone, PartialEq)]
pub enum RowLeaf {
    /// A column, perhaps through references.
    Path(Path),
    /// The word for a grain, as `trunc` takes it.
    Grain(Grain),
    /// The last visible day of the period in which the row is looked at.
    Closing,
    /// What a pair of states has.
    Pair(Pair),
    /// An aggregate over the rows that refer to the one at hand.
    Related(Box<Aggregate>),
    /// The value of one entity.
    Value,
    /// A dimension, in the condition of a slice.
    Dimension(String),
    /// Whether a journey got to a step, perhaps within a time of another one or of the first.
    Reached { step: String, within: Option<(i32, Unit)>, of: Option<String> },
}

/// KPI arithmetic.
pub type Formula = Expr<Figure>;

#[derive(Clone, PartialEq)]
// A formula has a handful of them.
#[allow(clippy::large_enum_variant)]
pub enum Figure {
    Kpi(String),
    Aggregate(Aggregate),
    Grouped(Box<Grouped>),
    Each(Box<Each>),
    Past(Past, Box<Formula>, Option<Length>),
    Slice(Box<Formula>, Row),
    Total(Box<Formula>, Vec<String>),
}

#[derive(Clone, PartialEq)]
pub struct Aggregate {
    pub function: &'static str,
    /// The percentage of a percentile.
    pub share: Option<u32>,
    pub source: String,
    /// What is aggregated; nothing counts the rows.
    pub argument: Option<Row>,
    /// The reference by which the rows belong to another one.
    pub via: Option<Path>,
    /// Whether the formula says so, or there is only that one.
    pub says_via: bool,
    /// The time of the other row from which a window `within` counts.
    pub of: Option<Path>,
    pub filter: Option<Row>,
    pub at: Option<String>,
    /// How it looks at states. Where nothing is written, and no `at`, it looks at those at the end.
    pub stock: Option<Stock>,
    pub window: Window,
}

/// An aggregate over the values of entities.
#[derive(Clone, PartialEq)]
pub struct Grouped {
    pub function: &'static str,
    pub share: Option<u32>,
    pub of: Aggregate,
    pub per: Path,
    pub filter: Option<Row>,
    pub top: Option<usize>,
}

/// An aggregate over the values at periods.
#[derive(Clone, PartialEq)]
pub struct Each {
    pub function: &'static str,
    pub share: Option<u32>,
    pub of: Formula,
    pub grain: Grain,
    pub window: Window,
    /// Whether the periods are counted in which `of`, a condition, is true.
    pub counts_periods: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Past {
    Prior,
    Change,
    Growth,
    PriorToDate,
    ChangeToDate,
    GrowthToDate,
}

impl Past {
    /// The same of whole periods.
    pub fn whole(self) -> Past {
        match self {
            Past::Prior | Past::PriorToDate => Past::Prior,
            Past::Change | Past::ChangeToDate => Past::Change,
            Past::Growth | Past::GrowthToDate => Past::Growth,
        }
    }

    /// The same to date.
    pub fn to_date(self) -> Past {
        match self.whole() {
            Past::Prior => Past::PriorToDate,
            Past::Change => Past::ChangeToDate,
            _ => Past::GrowthToDate,
        }
    }

    pub fn is_to_date(self) -> bool {
        self != self.whole()
    }

    pub fn name(self) -> &'static str {
        match self {
            Past::Prior => "prior",
            Past::Change => "change",
            Past::Growth => "growth",
            Past::PriorToDate => "prior_to_date",
            Past::ChangeToDate => "change_to_date",
            Past::GrowthToDate => "growth_to_date",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Length {
    pub count: i32,
    pub unit: Grain,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Window {
    Period,
    Trailing(Length),
    ToDate(Grain),
    AllTime,
    Previous,
    /// What belongs to a row of a cohort, at the age at hand.
    Age,
    /// What belongs to a row, from a time of it up to so long after.
    Within(i32, Unit),
}

impl Project {
    pub fn source(&self, name: &str) -> &Source {
        self.sources.iter().find(|source| source.name == name).unwrap()
    }

    /// How an aggregate looks at states; nothing where it reads events, or makes events of states by one of their dates.
    pub fn stock(&self, aggregate: &Aggregate) -> Option<Stock> {
        let states = aggregate.at.is_none() && self.source(&aggregate.source).states.is_some();
        states.then(|| aggregate.stock.clone().unwrap_or(Stock::At(Edge::End)))
    }

    pub fn kpi(&self, name: &str) -> &Kpi {
        self.kpis.iter().find(|kpi| kpi.name == name).unwrap()
    }

    /// The column at the end of a path, and the source that it stands in.
    pub fn column<'a>(&'a self, source: &'a Source, path: &[String]) -> &'a Column {
        let column = source.column(&path[0]);
        if path.len() == 1 { column } else { self.column(self.source(column.references.as_ref().unwrap()), &path[1..]) }
    }

    /// Where a dimension stands in a source: where it says, else in the column of its name.
    pub fn place(&self, source: &Source, dimension: &str) -> Option<Path> {
        let defined = self.dimensions.iter().find(|known| known.name == dimension);
        let from = defined.and_then(|defined| defined.from.iter().find(|(name, _)| *name == source.name));
        let own = || source.columns.iter().any(|column| column.name == dimension).then(|| vec![dimension.to_owned()]);
        from.map(|(_, path)| path.clone()).or_else(own)
    }
}

impl Source {
    pub fn column(&self, name: &str) -> &Column {
        &self.columns[self.at(name)]
    }

    /// Where a column's cells stand in a row.
    pub fn at(&self, name: &str) -> usize {
        self.columns.iter().position(|column| column.name == name).unwrap()
    }
}

impl Each {
    /// Whether it counts periods and looks at nothing in them.
    pub fn counts_all_periods(&self) -> bool {
        let mut looks = false;
        self.of.leaves(&mut |_| looks = true);
        self.counts_periods && !looks
    }
}

impl<L> Expr<L> {
    /// Calls a function with every leaf of an expression.
    pub fn leaves<'a>(&'a self, visit: &mut dyn FnMut(&'a L)) {
        match self {
            Expr::Literal(_) => {}
            Expr::Leaf(leaf) => visit(leaf),
            Expr::Apply(_, arguments) => arguments.iter().for_each(|argument| argument.leaves(visit)),
        }
    }
}

/// Whether the clock of a zone is never changed, so that each of its readings is an instant.
pub fn is_fixed(zone: &str) -> bool {
    matches!(zone, "UTC" | "Asia/Kolkata")
}

impl Calendar {
    /// The instant that a clock of UTC shows.
    pub fn instant(&self, utc: DateTime) -> Value {
        let local = utc.to_zoned(TimeZone::UTC).unwrap().with_time_zone(self.time_zone()).datetime();
        Value::Instant { utc, local }
    }

    /// The zone in which an instant falls into a day.
    pub fn time_zone(&self) -> TimeZone {
        TimeZone::get(self.zone).unwrap()
    }
}
