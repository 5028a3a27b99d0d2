//! The relational algebra that plans are written in. It knows relations, columns, joins and grouping, and no dialect.

use crate::calendar::{Date, DateTime, Grain, Pieces, Weekday};
use crate::functions::Function;
use crate::model::expr::{Expr, Literal, Node};
use crate::model::files::Files;
use crate::model::value::Type;
use crate::model::{ColumnId, RawSql, Relation, SourceId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An expression over the columns of relations.
pub type Scalar = Expr<Atom>;

/// What stands at the leaves of a plan's expressions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Atom {
    /// A column of one of the relations at hand.
    Column {
        /// The relation's name in this select; the writer leaves it out where there is only one.
        of: String,
        /// The column.
        name: String,
    },
    /// A moment on a stored clock.
    Moment(Moment),
    /// An aggregate over the group.
    Aggregate(Box<Fold>),
    /// An aggregate over a range of rows in an order.
    Rolling(Box<Rolling>),
    /// What the rows of its part come to, up to this one in an order.
    SoFar(Box<SoFar>),
    /// How far a row is from the first of its part, in an order; from 1.
    RowNumber(Box<Ranking>),
    /// The value of the row before or after, in an order.
    Neighbour(Box<Neighbour>),
    /// The first day of the period that holds a day.
    PeriodOf(Box<PeriodOf>),
    /// A day moved by so many units.
    Moved(Box<Scalar>, i64, Grain),
    /// A stored time as civil time of the project.
    Civil(Box<Civil>),
    /// A value as a whole number of ordinary size.
    Whole(Box<Scalar>),
    /// A value that has that type for an engine that would not know it otherwise, such as a null in a union.
    As(Box<Scalar>, Type),
    /// The engine's current date in that zone.
    Today(String),
    /// The instant at which a day begins in that zone, by the engine's rules.
    Midnight(Box<Scalar>, String),
    /// An instant as the wall clock of that zone shows it, by the engine's rules.
    OnClock(Box<Scalar>, String),
    /// The one value of a query.
    Single(Box<Select>),
    /// Whether two values are the same, null being the same as null.
    Same(Box<Scalar>, Box<Scalar>),
    /// Several values as one, to be counted.
    Tuple(Vec<Scalar>),
}

/// A moment on a stored clock.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Moment {
    /// A day.
    Day(Date),
    /// A reading of a wall clock.
    Wall(DateTime),
    /// An instant, by its reading in UTC.
    Instant(DateTime),
    /// What is earlier than every day, reading or instant.
    Never(Type),
}

/// An aggregate over the rows of a group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fold {
    /// The function.
    pub function: &'static Function,
    /// The share of a percentile.
    pub fraction: Option<String>,
    /// What is aggregated; nothing where rows are counted.
    pub argument: Option<Scalar>,
    /// Which rows count.
    pub filter: Option<Scalar>,
    /// The order that `first` and `last` go by.
    pub order: Vec<Scalar>,
}

/// An aggregate over a range of rows. No two rows of a part have the same day, unless all rows of the part are in the range.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rolling {
    /// The function: `sum`, `min` or `max`; `percentile` where a dialect has no such aggregate.
    pub function: &'static Function,
    /// The share of a percentile.
    pub fraction: Option<String>,
    /// What is aggregated.
    pub argument: Scalar,
    /// Within which parts.
    pub part: Vec<Scalar>,
    /// Along which days; a constant for all rows of the part.
    pub order: Scalar,
    /// From how many days before; nothing for all before.
    pub days_before: Option<i64>,
}

/// What rows come to up to the row at hand.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SoFar {
    /// What is made of them.
    pub of: Running,
    /// Within which parts.
    pub part: Vec<Scalar>,
    /// In which order; `true` for the greatest first. Nulls come last.
    pub order: Vec<(Scalar, bool)>,
}

/// What is made of the rows up to the row at hand.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Running {
    /// How many hold a condition.
    Count(Scalar),
    /// The greatest value.
    Greatest(Scalar),
}

/// A rank within a part.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ranking {
    /// Within which parts.
    pub part: Vec<Scalar>,
    /// In which order; `true` for the greatest first. Nulls come last.
    pub order: Vec<(Scalar, bool)>,
    /// Whether rows that are equal share a number and the next follows at once.
    pub dense: bool,
}

/// The value of a neighbouring row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Neighbour {
    /// The value.
    pub value: Scalar,
    /// How many rows before (negative) or after.
    pub offset: i64,
    /// Within which parts.
    pub part: Vec<Scalar>,
    /// In which order.
    pub order: Vec<Scalar>,
}

/// The first day of the period that holds a day.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PeriodOf {
    /// The grain.
    pub grain: Grain,
    /// The day or timestamp.
    pub of: Scalar,
    /// The first day of a week.
    pub week_starts: Weekday,
    /// The first month of a fiscal year.
    pub fiscal_month: i8,
}

/// A stored time that is to become civil time of the project.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Civil {
    /// The stored time.
    pub of: Scalar,
    /// Whether it is an instant; else it is a reading of a wall clock.
    pub instant: bool,
    /// How to move the clock.
    pub pieces: Pieces,
    /// Where the pieces end, and the zones to ask the engine for beyond; nothing where no reading can be outside.
    pub beyond: Option<Beyond>,
    /// The project's zone, if readings may be infinite and no piece ends: the engine knows what becomes of these.
    pub infinite: Option<String>,
}

/// How to convert times for which no pieces were computed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Beyond {
    /// The first reading that the pieces are right for, unless none can be before.
    pub from: Option<DateTime>,
    /// The first reading after those, unless none can be.
    pub to: Option<DateTime>,
    /// The zone of the stored clock; nothing for instants.
    pub stored: Option<String>,
    /// The project's zone.
    pub project: String,
}

/// A whole query: named parts, then the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The named parts, each after those it reads.
    pub parts: Vec<Part>,
    /// The result.
    pub result: Body,
}

impl Query {
    /// How many of the first columns of the result tell its rows apart.
    pub fn keys(&self) -> usize {
        let Body::Select(result) = &self.result else { return 0 };
        let mut select = result;
        // A part reads only those before it.
        for _ in 0..=self.parts.len() {
            if let Some(keys) = select.group {
                return keys;
            }
            let part = select.from.as_ref().and_then(|from| match &from.relation {
                Rows::Part(name) | Rows::Readings(name, _) => self.parts.iter().find(|part| part.name == *name),
                _ => None,
            });
            let Some(Part { body: Body::Select(inner), .. }) = part else { break };
            select = inner;
        }
        0
    }

    /// How many columns the widest of its parts has, or its result.
    pub fn widest(&self) -> usize {
        let of_body = |body: &Body| match body {
            Body::Select(select) => select.columns.len(),
            Body::Union(selects) => selects.first().map_or(0, |select| select.columns.len()),
        };
        self.parts.iter().map(|part| &part.body).chain([&self.result]).map(of_body).max().unwrap_or(0)
    }
}

/// A named part of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// Its rows.
    pub body: Body,
}

/// The rows of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "a plan has few parts, and nearly all are selects")]
pub enum Body {
    /// A select.
    Select(Select),
    /// Several selects with the same columns, one after the other.
    Union(Vec<Select>),
}

/// One select.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Select {
    /// Whether equal rows are one.
    pub distinct: bool,
    /// The columns, with their names.
    pub columns: Vec<(Scalar, String)>,
    /// What is read first; nothing for a single row.
    pub from: Option<From>,
    /// What is joined to it.
    pub joins: Vec<Join>,
    /// Which rows count, all of these.
    pub filter: Vec<Scalar>,
    /// Over how many of the first columns rows are grouped; nothing for no grouping.
    pub group: Option<usize>,
    /// Which groups count, all of these.
    pub having: Vec<Scalar>,
    /// The order of the rows; `true` for the greatest first.
    pub order: Vec<(Scalar, bool)>,
    /// How many rows at most.
    pub limit: Option<u64>,
}

/// A relation with the name it has in a select.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct From {
    /// The relation.
    pub relation: Rows,
    /// Its name here.
    pub name: String,
}

/// Where rows come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Rows {
    /// A part of this query.
    Part(String),
    /// A part that has the readings of a source, with what is read of these.
    Readings(String, Box<SourceRows>),
    /// A relation of the warehouse.
    Source(SourceRows),
    /// A select of its own.
    Select(Box<Select>),
    /// Days from the first, `every` so many units apart, up to and not including the last; the column is `day`.
    Days {
        /// The first day.
        from: Box<Scalar>,
        /// The day before which they end.
        before: Box<Scalar>,
        /// How many units apart.
        every: u32,
        /// The unit.
        unit: Grain,
    },
    /// Rows that are written out, with the names of their columns.
    Values(Vec<String>, Vec<Vec<Scalar>>),
}

/// A relation of the warehouse, perhaps with columns of raw SQL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SourceRows {
    /// The relation.
    pub relation: RelationRef,
    /// The stored columns that are read.
    pub stored: Vec<String>,
    /// The columns of raw SQL that are read, with their names.
    pub raw: Vec<(String, RawSql)>,
    /// The types of both.
    pub types: BTreeMap<String, Type>,
    /// Whether the relation is joined to itself. Its further rows are then a select of their own that names its columns: DuckDB
    /// 1.5.1 to 1.5.6 take two such joins for the same although they give different columns, and so give wrong values
    /// (duckdb issue 25819).
    pub again: bool,
    /// What is read of the source that has these rows; nothing where no source does.
    pub read: Option<Box<Reading>>,
}

/// What a select reads of a source. SQL is made without it; [`crate::plan::rules::guards`] asks with it whether the rows are as declared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reading {
    /// The source.
    pub source: SourceId,
    /// The references that lead to it from the source at [`Reading::from`]; none where its rows are read themselves.
    pub through: Vec<ColumnId>,
    /// The source whose rows are read themselves.
    pub from: SourceId,
    /// The columns whose values are read.
    pub columns: BTreeSet<ColumnId>,
    /// The time that says which rows are in range.
    pub time: Option<ColumnId>,
    /// The conditions that say so: those of the select, and those that are needed for what is shown beside.
    pub range: Vec<Scalar>,
    /// What the select relies on beside.
    pub relies: Vec<Relies>,
}

/// What a select relies on, as far as only the rows can say whether it is so.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Relies {
    /// A key has one state at a time.
    OneState {
        /// The conditions that say which states have begun by the last visible day.
        visible: Vec<Scalar>,
        /// Of snapshots the part whose column `taken` has the days that are read; nothing where all are.
        taken: Option<String>,
    },
    /// No two rows have the same key.
    UniqueKey,
    /// Rows are told from others by their keys, among them rows that the select's own conditions leave out.
    ToldApart,
    /// No two rows that share these values have the same key.
    UniqueAmong(Vec<Scalar>),
}

/// A relation as the model has it, in a form that can be compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RelationRef {
    /// A table or view, by the parts of its name.
    Table(Vec<String>),
    /// Files, with how they are read.
    Files(Arc<Files>),
    /// A query.
    Query(String),
}

impl RelationRef {
    /// The relation of a source.
    pub fn of(relation: &Relation) -> Self {
        match relation {
            Relation::Table(name) => RelationRef::Table(name.clone()),
            Relation::Files(files) => RelationRef::Files(Arc::clone(files)),
            Relation::Query(query) => RelationRef::Query(query.clone()),
        }
    }
}

/// A joined relation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Join {
    /// How.
    pub kind: JoinKind,
    /// What.
    pub from: From,
    /// On which condition; nothing for every row with every row.
    pub on: Option<Scalar>,
}

/// How a relation is joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JoinKind {
    /// Rows that have a partner.
    Inner,
    /// All rows on the left.
    Left,
    /// Every row with every row.
    Cross,
}

/// A column of a relation.
pub fn column(of: &str, name: &str) -> Scalar {
    Expr::leaf(Atom::Column { of: of.to_owned(), name: name.to_owned() })
}

/// A text.
pub fn text(text: &str) -> Scalar {
    Expr::made(Node::Literal(Literal::Text(text.to_owned())))
}

/// A text that may not be there. Without one it is a null that is known to be a text, so that a column has its type whatever a
/// project defines.
pub fn text_or_null(of: Option<&str>) -> Scalar {
    of.map_or_else(|| Expr::apply(&crate::functions::text::TEXT, vec![Expr::null()]), text)
}

/// What stands where nothing can: a valid project never reaches it. No SQL is made of a plan that has it, so that a fault of kpic
/// gives no number.
pub fn impossible<L>() -> Expr<L> {
    Expr::made(Node::Broken)
}

/// A day.
pub fn day(day: Date) -> Scalar {
    Expr::leaf(Atom::Moment(Moment::Day(day)))
}

/// An aggregate without a filter.
pub fn fold(function: &'static Function, argument: Scalar) -> Scalar {
    let argument = Some(argument);
    Expr::leaf(Atom::Aggregate(Box::new(Fold { function, fraction: None, argument, filter: None, order: Vec::new() })))
}

/// How many rows a group has.
pub fn count_rows() -> Scalar {
    let function = &crate::functions::count::COUNT;
    Expr::leaf(Atom::Aggregate(Box::new(Fold { function, fraction: None, argument: None, filter: None, order: Vec::new() })))
}

/// A day moved by so many units.
pub fn moved(day: Scalar, count: i64, unit: Grain) -> Scalar {
    if count == 0 { day } else { Expr::leaf(Atom::Moved(Box::new(day), count, unit)) }
}

impl Atom {
    /// Visits the expressions in it; not those of a query of its own.
    pub fn parts<'a>(&'a self, visit: &mut dyn FnMut(&'a Scalar)) {
        match self {
            Atom::Column { .. } | Atom::Moment(_) | Atom::Today(_) | Atom::Single(_) => {}
            Atom::Aggregate(fold) => {
                fold.argument.iter().chain(&fold.filter).chain(&fold.order).for_each(visit);
            }
            Atom::Rolling(rolling) => {
                [&rolling.argument, &rolling.order].into_iter().chain(&rolling.part).for_each(visit);
            }
            Atom::SoFar(so_far) => {
                let order = so_far.order.iter().map(|(by, _)| by);
                let (Running::Count(of) | Running::Greatest(of)) = &so_far.of;
                std::iter::once(of).chain(&so_far.part).chain(order).for_each(visit);
            }
            Atom::RowNumber(ranking) => ranking.part.iter().chain(ranking.order.iter().map(|(by, _)| by)).for_each(visit),
            Atom::Neighbour(neighbour) => {
                std::iter::once(&neighbour.value).chain(&neighbour.part).chain(&neighbour.order).for_each(visit);
            }
            Atom::PeriodOf(period) => visit(&period.of),
            Atom::Civil(civil) => visit(&civil.of),
            Atom::Moved(of, ..) | Atom::Whole(of) | Atom::As(of, _) | Atom::Midnight(of, _) | Atom::OnClock(of, _) => visit(of),
            Atom::Same(one, two) => {
                visit(one);
                visit(two);
            }
            Atom::Tuple(parts) => parts.iter().for_each(visit),
        }
    }

    /// The same, to change them.
    pub fn parts_mut(&mut self, visit: &mut dyn FnMut(&mut Scalar)) {
        match self {
            Atom::Column { .. } | Atom::Moment(_) | Atom::Today(_) | Atom::Single(_) => {}
            Atom::Aggregate(fold) => {
                fold.argument.iter_mut().chain(&mut fold.filter).chain(&mut fold.order).for_each(visit);
            }
            Atom::Rolling(rolling) => {
                [&mut rolling.argument, &mut rolling.order].into_iter().chain(&mut rolling.part).for_each(visit);
            }
            Atom::SoFar(so_far) => {
                let order = so_far.order.iter_mut().map(|(by, _)| by);
                let (Running::Count(of) | Running::Greatest(of)) = &mut so_far.of;
                std::iter::once(of).chain(&mut so_far.part).chain(order).for_each(visit);
            }
            Atom::RowNumber(ranking) => {
                ranking.part.iter_mut().chain(ranking.order.iter_mut().map(|(by, _)| by)).for_each(visit);
            }
            Atom::Neighbour(neighbour) => {
                std::iter::once(&mut neighbour.value).chain(&mut neighbour.part).chain(&mut neighbour.order).for_each(visit);
            }
            Atom::PeriodOf(period) => visit(&mut period.of),
            Atom::Civil(civil) => visit(&mut civil.of),
            Atom::Moved(of, ..) | Atom::Whole(of) | Atom::As(of, _) | Atom::Midnight(of, _) | Atom::OnClock(of, _) => visit(of),
            Atom::Same(one, two) => {
                visit(one);
                visit(two);
            }
            Atom::Tuple(parts) => parts.iter_mut().for_each(visit),
        }
    }
}

impl Select {
    /// A select from one relation under its own name.
    pub fn from_part(name: &str) -> Self {
        Self::from_part_as(name, name)
    }

    /// A select from a part under another name.
    pub fn from_part_as(part: &str, name: &str) -> Self {
        let from = From { relation: Rows::Part(part.to_owned()), name: name.to_owned() };
        Self { from: Some(from), ..Self::default() }
    }

    /// Its expressions, to change them; not those of selects inside.
    pub fn exprs_mut(&mut self) -> impl Iterator<Item = &mut Scalar> {
        let columns = self.columns.iter_mut().map(|(expr, _)| expr);
        let order = self.order.iter_mut().map(|(expr, _)| expr);
        let joins = self.joins.iter_mut().filter_map(|join| join.on.as_mut());
        columns.chain(joins).chain(&mut self.filter).chain(&mut self.having).chain(order)
    }

    /// Adds a column.
    pub fn column(&mut self, expr: Scalar, name: &str) -> &mut Self {
        self.columns.push((expr, name.to_owned()));
        self
    }

    /// Joins a part under a name.
    pub fn join(&mut self, kind: JoinKind, part: &str, name: &str, on: Option<Scalar>) -> &mut Self {
        let from = From { relation: Rows::Part(part.to_owned()), name: name.to_owned() };
        self.joins.push(Join { kind, from, on });
        self
    }

    /// Groups by the columns that are there now.
    pub fn group_by_these(&mut self) -> &mut Self {
        self.group = Some(self.columns.len());
        self
    }
}
