//! Expressions: one tree for all levels, told apart by what stands at its leaves.
//!
//! A [`RowExpr`] has columns at its leaves, a [`Calc`] KPIs and aggregates, and the planner's expressions have columns of
//! relations. What is in between is the same everywhere: functions of the table in `functions`, applied to expressions.
//! Places do not count when expressions are compared, so that the same calculation is found wherever it was written.

use super::journey::Reached;
use super::{ColumnId, DimensionId, KpiId, SourceId};
use crate::calendar::{Date, Grain, Length, TimeUnit};
use crate::functions::Function;
use crate::text::Span;
use std::fmt;
use std::hash::{Hash, Hasher};

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Expr<L> {
    /// What it is.
    pub node: Node<L>,
    /// Where it was written, if anywhere.
    pub at: At,
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Node<L> {
    /// A value.
    Literal(Literal),
    /// What the level knows.
    Leaf(L),
    /// A function's value.
    Apply(&'static Function, Vec<Expr<L>>),
    /// Something that is wrong; it has been said.
    Broken,
}

/// A value that is written out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Literal {
    /// Null.
    Null,
    /// True or false.
    Truth(bool),
    /// A number, in digits.
    Number(String),
    /// A text.
    Text(String),
    /// A day.
    Date(Date),
    /// The name of a grain.
    Grain(Grain),
}

/// Whether a number in digits is a whole one of 64 bits. One with more digits is a decimal.
pub fn is_whole(digits: &str) -> bool {
    digits.parse::<i64>().is_ok()
}

/// The arguments one of which a function gives, without the conditions by which it chooses.
pub fn values<'a, L>(function: &Function, arguments: &'a [Expr<L>]) -> impl Iterator<Item = &'a Expr<L>> {
    arguments.iter().enumerate().filter(|(at, _)| !function.chooses_by(*at, arguments.len())).map(|(_, value)| value)
}

/// A place that does not count in comparisons.
#[derive(Debug, Clone, Copy)]
pub struct At(pub Option<Span>);

impl PartialEq for At {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for At {}

impl Hash for At {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// An expression over the columns of a source's rows.
pub type RowExpr = Expr<RowLeaf>;

/// An expression over KPIs and aggregates.
pub type Calc = Expr<CalcLeaf>;

/// What stands at the leaves of a row expression.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RowLeaf {
    /// A column, perhaps through references.
    Column(Path),
    /// A duration as written: so many of a unit.
    Duration(u32, TimeUnit),
    /// The value of a dimension, in the condition of `slice`.
    Dimension(DimensionId),
    /// The value of one entity, in the condition of a grouped aggregate.
    Value,
    /// An aggregate over the rows of another source that belong to this row.
    Related(Box<Related>),
    /// Something of the two states of a pair: at the start of a period and at its end.
    Pair(PairLeaf),
    /// Whether a journey got to a step.
    Reached(Box<Reached>),
}

/// One of the two moments of a period at which states are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edge {
    /// The start of the period.
    Start,
    /// Its end, or that of the last visible day.
    End,
}

/// Something of the two states of a pair.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PairLeaf {
    /// A column of one of them.
    Of(Edge, Path),
    /// Whether there is one.
    Exists(Edge),
    /// Whether some state of the entity started before the period.
    Ever,
    /// A column of the state at the start, or, where there is none, of that at the end.
    Either(Path),
}

/// How an aggregate looks at states.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stock {
    /// At those that hold at a moment.
    At(Edge),
    /// At pairs: for each key, or each value of that path, the state at the start and the one at the end.
    Pairs(Option<Path>),
}

/// A column reached through references.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    /// The references, in order.
    pub through: Vec<ColumnId>,
    /// The column, of the source to which the last reference leads.
    pub column: ColumnId,
}

/// An aggregate over the rows of another source that belong to a row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Related {
    /// The aggregate.
    pub aggregate: Aggregate,
    /// The path, in the aggregate's source, whose value is the row's key.
    pub via: Path,
    /// The time of the row from which a window `within` counts.
    pub of: Option<Path>,
}

/// What stands at the leaves of KPI arithmetic.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CalcLeaf {
    /// Another KPI.
    Kpi(KpiId),
    /// A duration as written.
    Duration(u32, TimeUnit),
    /// An aggregate over rows.
    Aggregate(Box<Aggregate>),
    /// One value per entity, then an aggregate over entities.
    Grouped(Box<Grouped>),
    /// An aggregate over the values of a finer grain.
    Each(Box<Each>),
    /// The value at an earlier period, or what follows from it.
    Prior(Past, Box<Calc>, Option<Length>),
    /// Which way the value has gone over its last periods, as a condition.
    Trend(Box<Trend>),
    /// The value on a part of the rows.
    Slice(Box<Calc>, Box<RowExpr>),
    /// The value without some dimensions, or without any.
    Total(Box<Calc>, Vec<DimensionId>),
}

/// What is done with the value at an earlier period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Past {
    /// It is the value.
    Prior,
    /// It is subtracted.
    Change,
    /// It is subtracted, and the difference is divided by its absolute value.
    Growth,
    /// It is the value, but in a period that is not over that of the earlier one up to the same day.
    PriorToDate,
    /// That is subtracted.
    ChangeToDate,
    /// That is subtracted, and the difference is divided by its absolute value.
    GrowthToDate,
}

impl Past {
    /// The name of the function.
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

    /// Whether a period that is not over is compared with the earlier one up to the same day.
    pub fn is_to_date(self) -> bool {
        matches!(self, Past::PriorToDate | Past::ChangeToDate | Past::GrowthToDate)
    }

    /// Whether it is the earlier value itself.
    pub fn is_value(self) -> bool {
        matches!(self, Past::Prior | Past::PriorToDate)
    }

    /// Whether it is a share of the earlier value.
    pub fn is_growth(self) -> bool {
        matches!(self, Past::Growth | Past::GrowthToDate)
    }
}

/// Which way a value has gone over its last periods.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Trend {
    /// Which way.
    pub way: Way,
    /// The value.
    pub of: Calc,
    /// Over how many periods, each compared with the one before it.
    pub length: Length,
}

impl Trend {
    /// The value, and before it those of so many periods, the latest first.
    pub fn values(&self) -> Vec<Calc> {
        let before = (1..=self.length.count).map(|count| {
            let length = Length { count, unit: self.length.unit };
            Expr::leaf(CalcLeaf::Prior(Past::Prior, Box::new(self.of.clone()), Some(length)))
        });
        std::iter::once(self.of.clone()).chain(before).collect()
    }
}

/// Which way a value goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Way {
    /// Each period is above the one before.
    Rising,
    /// Each period is below the one before.
    Falling,
    /// Each period differs from the one before all of them by at most that share of it, in digits.
    Flat(String),
    /// The period is a signal after those before it, which lie so far apart from each other.
    Unusual,
}

impl Way {
    /// The name of the function that asks for it.
    pub fn name(&self) -> &'static str {
        match self {
            Way::Rising => "rising",
            Way::Falling => "falling",
            Way::Flat(_) => "flat",
            Way::Unusual => "unusual",
        }
    }
}

/// An aggregate over the rows of a source.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Aggregate {
    /// The function.
    pub function: &'static Function,
    /// The share of a percentile, in digits.
    pub fraction: Option<String>,
    /// The source.
    pub source: SourceId,
    /// What is aggregated; nothing where rows are counted.
    pub argument: Option<RowExpr>,
    /// Which rows count.
    pub filter: Option<RowExpr>,
    /// The time at which a row counts; nothing where all rows count at all times.
    pub time: Option<ColumnId>,
    /// How states are looked at; nothing where rows count at a time.
    pub stock: Option<Stock>,
    /// Over what it ranges.
    pub window: Window,
    /// Whether a sum or count over no rows is null, instead of 0.
    pub null_if_empty: bool,
    /// Where it was written.
    pub at: At,
}

/// One value per entity, then an aggregate over entities.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Grouped {
    /// The source whose rows belong to entities.
    pub source: SourceId,
    /// The function over entities.
    pub function: &'static Function,
    /// The share of a percentile, in digits.
    pub fraction: Option<String>,
    /// The value of one entity: an aggregate over its rows, or arithmetic over several, which all go by one time over one window.
    pub of: Calc,
    /// The entity.
    pub entity: Path,
    /// Which entities count.
    pub filter: Option<RowExpr>,
    /// How many of the greatest values count.
    pub top: Option<u32>,
    /// Whether a sum or count over no rows is null, instead of 0.
    pub null_if_empty: bool,
}

/// An aggregate over the values of a finer grain.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Each {
    /// The function.
    pub function: &'static Function,
    /// The share of a percentile, in digits.
    pub fraction: Option<String>,
    /// What has values at the finer grain.
    pub of: Calc,
    /// The finer grain.
    pub grain: Grain,
    /// Over what it ranges.
    pub window: Window,
    /// Whether the periods themselves are counted; `of` is the condition then, until it has been checked.
    pub counts_periods: bool,
    /// Whether a sum or count over no rows is null, instead of 0.
    pub null_if_empty: bool,
}

/// Over what an aggregate ranges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Window {
    /// The period.
    Period,
    /// So much time up to the end of the period.
    Trailing(Length),
    /// From the start of the longer period to the end of the period.
    ToDate(Grain),
    /// Everything up to the end of the period.
    AllTime,
    /// The period before.
    Previous,
    /// For a row of a cohort the period so many units after the one in which it fell.
    Age(Age),
    /// The same with all of these units before it, from the one in which the row fell on.
    AgeToDate(Age),
    /// For a row that others belong to, from a time of it up to so long after.
    Within(u32, TimeUnit),
}

/// The ages at which cohorts are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Age {
    /// The unit in which ages are counted.
    pub unit: Grain,
    /// The last age; the first is 0.
    pub up_to: u32,
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "age: {{ unit: {}, up_to: {} }}", self.unit, self.up_to)
    }
}

impl Window {
    /// The ages at which it looks at what belongs to the rows of a cohort.
    pub fn age(self) -> Option<Age> {
        match self {
            Window::Age(age) | Window::AgeToDate(age) => Some(age),
            Window::Period
            | Window::Trailing(_)
            | Window::ToDate(_)
            | Window::AllTime
            | Window::Previous
            | Window::Within(..) => None,
        }
    }
}

impl<L> Expr<L> {
    /// An expression that was written at `span`.
    pub fn new(node: Node<L>, span: Span) -> Self {
        Self { node, at: At(Some(span)) }
    }

    /// An expression that nobody wrote.
    pub fn made(node: Node<L>) -> Self {
        Self { node, at: At(None) }
    }

    /// A function's value, written where its first argument was.
    pub fn apply(function: &'static Function, arguments: Vec<Expr<L>>) -> Self {
        let at = arguments.first().map_or(At(None), |first| first.at);
        Self { node: Node::Apply(function, arguments), at }
    }

    /// A leaf that nobody wrote.
    pub fn leaf(leaf: L) -> Self {
        Self::made(Node::Leaf(leaf))
    }

    /// A number in digits.
    pub fn number(digits: impl std::fmt::Display) -> Self {
        Self::made(Node::Literal(Literal::Number(format!("{digits}"))))
    }

    /// Null.
    pub fn null() -> Self {
        Self::made(Node::Literal(Literal::Null))
    }

    /// The place where it was written; `or` where nobody wrote it.
    pub fn span_or(&self, or: Span) -> Span {
        self.at.0.unwrap_or(or)
    }

    /// Calls `visit` on every leaf, in order.
    pub fn leaves<'a>(&'a self, visit: &mut impl FnMut(&'a L)) {
        match &self.node {
            Node::Leaf(leaf) => visit(leaf),
            Node::Apply(_, arguments) => arguments.iter().for_each(|argument| argument.leaves(visit)),
            Node::Literal(_) | Node::Broken => {}
        }
    }

    /// The same tree with other leaves.
    pub fn map<M>(&self, change: &mut impl FnMut(&L) -> Expr<M>) -> Expr<M> {
        let node = match &self.node {
            Node::Leaf(leaf) => return change(leaf),
            Node::Literal(literal) => Node::Literal(literal.clone()),
            Node::Apply(function, arguments) => {
                Node::Apply(function, arguments.iter().map(|argument| argument.map(change)).collect())
            }
            Node::Broken => Node::Broken,
        };
        Expr { node, at: self.at }
    }

    /// Whether any part is wrong.
    pub fn is_broken(&self) -> bool {
        match &self.node {
            Node::Broken => true,
            Node::Apply(_, arguments) => arguments.iter().any(Expr::is_broken),
            Node::Literal(_) | Node::Leaf(_) => false,
        }
    }

    /// The expressions that `and` joins at the top; the expression itself where none does.
    pub fn conjuncts(&self) -> Vec<&Expr<L>> {
        match &self.node {
            Node::Apply(function, arguments) if function.name == "and" => arguments.iter().flat_map(Expr::conjuncts).collect(),
            _ => vec![self],
        }
    }
}

impl<L: Clone> Expr<L> {
    /// All conditions joined by `and`; nothing if there are none.
    pub fn all(conditions: Vec<Expr<L>>) -> Option<Expr<L>> {
        joined(&crate::functions::operators::AND, conditions)
    }

    /// All conditions joined by `or`; nothing if there are none.
    pub fn any(conditions: Vec<Expr<L>>) -> Option<Expr<L>> {
        joined(&crate::functions::operators::OR, conditions)
    }
}

fn joined<L>(function: &'static Function, mut conditions: Vec<Expr<L>>) -> Option<Expr<L>> {
    match conditions.len() {
        0 => None,
        1 => conditions.pop(),
        _ => Some(Expr::apply(function, conditions)),
    }
}

impl Path {
    /// A column of the source at hand.
    pub fn to(column: ColumnId) -> Self {
        Self { through: Vec::new(), column }
    }

    /// Whether it is that path, or goes on where that one leads.
    pub fn is_of(&self, entity: &Path) -> bool {
        let (last, before) = (entity.column, entity.through.as_slice());
        let goes_on = self
            .through
            .split_at_checked(before.len())
            .is_some_and(|(first, rest)| first == before && rest.first() == Some(&last));
        self == entity || goes_on
    }
}

impl Each {
    /// Whether it counts periods and looks at no figure of them, so that it does not depend on any data.
    pub fn counts_all_periods(&self) -> bool {
        let mut looks = false;
        self.of.leaves(&mut |leaf| looks |= !matches!(leaf, CalcLeaf::Duration(..)));
        self.counts_periods && !looks
    }
}

impl Grouped {
    /// The aggregates of which the value of an entity is made, each once.
    pub fn aggregates(&self) -> Vec<&Aggregate> {
        let mut found: Vec<&Aggregate> = Vec::new();
        self.of.leaves(&mut |leaf| {
            if let CalcLeaf::Aggregate(aggregate) = leaf
                && !found.contains(&aggregate.as_ref())
            {
                found.push(aggregate);
            }
        });
        found
    }

    /// The same with other aggregates.
    #[must_use]
    pub fn over(&self, mut change: impl FnMut(&Aggregate) -> Aggregate) -> Self {
        let of = self.of.map(&mut |leaf| {
            Expr::leaf(match leaf {
                CalcLeaf::Aggregate(aggregate) => CalcLeaf::Aggregate(Box::new(change(aggregate))),
                other => other.clone(),
            })
        });
        Self { of, ..self.clone() }
    }

    /// How all of them look at the rows of their source: at which time, at which states, and over what.
    pub fn looks(&self) -> (Option<ColumnId>, Option<&Stock>, Window) {
        let first = self.aggregates().first().copied();
        first.map_or((None, None, Window::Period), |first| (first.time, first.stock.as_ref(), first.window))
    }

    /// The ages at which its rows are looked at, if they are a cohort.
    pub fn age(&self) -> Option<Age> {
        self.aggregates().into_iter().find_map(Aggregate::age)
    }
}

impl Aggregate {
    /// The ages at which its rows are looked at, if they are a cohort.
    pub fn age(&self) -> Option<Age> {
        self.filter.iter().chain(&self.argument).find_map(RowExpr::age)
    }

    /// Whether it looks at related rows, in its condition or in what it aggregates, so that it depends on the period.
    pub fn has_related(&self) -> bool {
        self.filter.iter().chain(&self.argument).any(RowExpr::has_related)
    }
}

impl RowExpr {
    /// The ages at which an aggregate over related rows in it looks.
    pub fn age(&self) -> Option<Age> {
        let mut found = None;
        self.leaves(&mut |leaf| {
            if let RowLeaf::Related(related) = leaf {
                found = found.or(related.aggregate.window.age());
            }
        });
        found
    }

    /// Whether an aggregate over related rows is in it, so that it depends on the period.
    pub fn has_related(&self) -> bool {
        let mut found = false;
        self.leaves(&mut |leaf| found |= matches!(leaf, RowLeaf::Related(_)));
        found
    }
}

impl Calc {
    /// Calls `visit` on every leaf, those inside other leaves too, the outer before the inner.
    pub fn deep_leaves<'a>(&'a self, visit: &mut impl FnMut(&'a CalcLeaf)) {
        self.leaves(&mut |leaf| {
            visit(leaf);
            match leaf {
                CalcLeaf::Each(each) => each.of.deep_leaves(visit),
                CalcLeaf::Trend(trend) => trend.of.deep_leaves(visit),
                CalcLeaf::Prior(_, of, _) | CalcLeaf::Slice(of, _) | CalcLeaf::Total(of, _) => of.deep_leaves(visit),
                CalcLeaf::Kpi(_) | CalcLeaf::Duration(..) | CalcLeaf::Aggregate(_) | CalcLeaf::Grouped(_) => {}
            }
        });
    }
}
