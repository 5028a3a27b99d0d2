//! Formulas as terms: by names instead of ids, so that those of two versions of a project can be compared.

use super::number::Quotient;
use crate::calendar::{Date, Grain, Length, TimeUnit};
use crate::model::expr::{Edge, Window};
use crate::model::facts::Type;
use num_rational::BigRational;
use std::collections::BTreeSet;
use std::fmt;

/// A formula, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Term {
    /// Null.
    Null,
    /// True or false.
    Truth(bool),
    /// A number, exactly as it is written.
    Number(BigRational),
    /// A text.
    Text(String),
    /// A day.
    Date(Date),
    /// The name of a grain.
    Grain(Grain),
    /// A function of the table in `functions`, by its name.
    Apply(&'static str, Vec<Term>),
    /// What its level knows.
    Leaf(Box<Leaf>),
    /// Arithmetic in its normal form.
    Quotient(Box<Quotient>),
    /// Something that is wrong, so that nothing can be said of it.
    Broken,
}

/// What stands at the leaves of a term.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leaf {
    /// A column of a row.
    Column(Column),
    /// So many of a unit of time.
    Duration(u32, TimeUnit),
    /// A dimension, in a condition that no source has been put to yet.
    Dimension(String),
    /// The value of one entity.
    Value,
    /// An aggregate over the rows that belong to a row.
    Related {
        /// The aggregate.
        of: Aggregate,
        /// The path that leads from its rows to the row.
        via: Column,
        /// The time of the row from which `within` counts.
        from: Option<Column>,
    },
    /// A column of the state at one moment of a pair.
    Of(Edge, Column),
    /// A column of the state at the start of a pair, or of that at the end where there is none.
    Either(Column),
    /// Whether there is a state at that moment.
    Exists(Edge),
    /// Whether some state of the entity started before the period.
    Ever,
    /// Whether a journey got to a step.
    Reached {
        /// The journey.
        journey: String,
        /// The step.
        step: String,
        /// The step from which a duration counts.
        from: String,
        /// Within which time.
        within: Option<(u32, TimeUnit)>,
    },
    /// Another KPI, where KPIs are not written out.
    Kpi(String),
    /// Figures that are kept by hand.
    ByHand(String, Moment),
    /// An aggregate over rows.
    Aggregate(Aggregate, Moment),
    /// One value for each entity, then an aggregate over these.
    Grouped {
        /// The function over entities.
        function: &'static str,
        /// The share of a percentile.
        fraction: Option<String>,
        /// The value of one entity.
        of: OfEntity,
        /// The entity.
        entity: Column,
        /// The conditions that an entity has to meet.
        filter: BTreeSet<Term>,
        /// How many of the greatest values count.
        top: Option<u32>,
        /// Whether nothing is null, instead of 0.
        null_if_empty: bool,
        /// At which period, and over which dimensions.
        moment: Moment,
    },
    /// An aggregate over the values of a finer grain.
    Each {
        /// The function.
        function: &'static str,
        /// The share of a percentile.
        fraction: Option<String>,
        /// What has values at the finer grain.
        of: Term,
        /// The finer grain.
        grain: Grain,
        /// Over what it ranges.
        window: Window,
        /// Whether nothing is null, instead of 0.
        null_if_empty: bool,
        /// At which period, and over which dimensions.
        moment: Moment,
    },
    /// Whether there is a period so far back.
    Known(Vec<Option<Length>>),
    /// What was asked of earlier periods, where KPIs are not written out.
    Prior(&'static str, Term, Option<Length>),
    /// Which way a value goes.
    Trend {
        /// `rising`, `falling` or `flat`.
        way: &'static str,
        /// How flat.
        tolerance: String,
        /// The value.
        of: Term,
        /// Over how many periods.
        length: Length,
    },
    /// A part of the rows, where KPIs are not written out.
    Slice(Term, Term),
    /// The value without some dimensions, or without any, where KPIs are not written out.
    Total(Term, BTreeSet<String>),
}

/// The value of one entity.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum OfEntity {
    /// An aggregate over its rows.
    One(Box<Aggregate>),
    /// What is computed of several.
    Made {
        /// The value, at whose leaves these aggregates stand, at no other moment.
        value: Term,
        /// What counts the rows by one of which the entity is there.
        rows: BTreeSet<Aggregate>,
    },
}

/// Marks of what a KPI means are made of this text, and an aggregate alone is written as it was before there were others.
impl fmt::Debug for OfEntity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OfEntity::One(aggregate) => aggregate.fmt(f),
            OfEntity::Made { value, rows } => f.debug_struct("Made").field("value", value).field("rows", rows).finish(),
        }
    }
}

impl OfEntity {
    /// The terms inside.
    fn parts(&self) -> Vec<&Term> {
        match self {
            OfEntity::One(aggregate) => aggregate.parts().collect(),
            OfEntity::Made { value, rows } => std::iter::once(value).chain(rows.iter().flat_map(Aggregate::parts)).collect(),
        }
    }
}

/// A column that a row leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Column {
    /// The source of the row.
    pub source: String,
    /// The references on the way, each by what it reads and where it leads.
    pub through: Vec<(String, String)>,
    /// What it reads: the name of a stored column, or SQL.
    pub reads: String,
    /// The type.
    pub ty: TypeName,
    /// The clock of a time: empty for civil time.
    pub clock: String,
    /// Whether the source promises that it is never null.
    pub never_null: bool,
}

/// The name of a type, which is ordered.
pub type TypeName = &'static str;

/// The name of a type.
pub fn type_name(ty: Type) -> TypeName {
    ty.written()
}

/// An aggregate over the rows of a source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Aggregate {
    /// The function.
    pub function: &'static str,
    /// The share of a percentile.
    pub fraction: Option<String>,
    /// The source.
    pub source: String,
    /// What is aggregated; nothing where rows are counted.
    pub argument: Option<Term>,
    /// The conditions that a row has to meet.
    pub filter: BTreeSet<Term>,
    /// The time at which a row counts.
    pub time: Option<Column>,
    /// How states are looked at.
    pub stock: Option<Stock>,
    /// Over what it ranges.
    pub window: Window,
    /// Whether nothing is null, instead of 0.
    pub null_if_empty: bool,
}

/// How an aggregate looks at states.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stock {
    /// At those that hold at a moment.
    At(Edge),
    /// At pairs, for each key or each value of that column.
    Pairs(Option<Column>),
}

/// At which period a value is taken, and over which dimensions.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Moment {
    /// The steps back; nothing for one period of whatever grain.
    pub back: Vec<Option<Length>>,
    /// Whether the earlier period is looked at up to the same day, where the period itself is not over.
    pub to_date: bool,
    /// The dimensions over which it is the total; an empty name stands for all of them.
    pub whole: BTreeSet<String>,
}

/// What is not to date is written as it was before anything could be: the marks of what KPIs mean are made of it.
impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut moment = f.debug_struct("Moment");
        moment.field("back", &self.back);
        if self.to_date {
            moment.field("to_date", &self.to_date);
        }
        moment.field("whole", &self.whole).finish()
    }
}

impl Term {
    /// A leaf.
    pub fn leaf(leaf: Leaf) -> Self {
        Term::Leaf(Box::new(leaf))
    }

    /// Calls `visit` on this term and every term inside, those in leaves too.
    pub fn each<'a>(&'a self, visit: &mut impl FnMut(&'a Term)) {
        visit(self);
        match self {
            Term::Apply(_, arguments) => arguments.iter().for_each(|argument| argument.each(visit)),
            Term::Leaf(leaf) => leaf.parts().into_iter().for_each(|part| part.each(visit)),
            Term::Quotient(quotient) => {
                quotient.known.iter().chain(&quotient.not_zero).for_each(|part| part.each(visit));
                for product in [&quotient.over, &quotient.under].into_iter().flat_map(|sum| sum.0.keys()) {
                    product.keys().for_each(|part| part.each(visit));
                }
            }
            Term::Null | Term::Truth(_) | Term::Number(_) | Term::Text(_) | Term::Date(_) | Term::Grain(_) | Term::Broken => {}
        }
    }

    /// Whether something in it is wrong, or too much to look at.
    pub fn is_broken(&self) -> bool {
        let mut found = false;
        self.each(&mut |term| found |= *term == Term::Broken);
        found
    }
}

impl Aggregate {
    fn parts(&self) -> impl Iterator<Item = &Term> {
        self.argument.iter().chain(&self.filter)
    }
}

impl Leaf {
    /// The terms inside.
    fn parts(&self) -> Vec<&Term> {
        match self {
            Leaf::Related { of, .. } | Leaf::Aggregate(of, _) => of.parts().collect(),
            Leaf::Grouped { of, filter, .. } => of.parts().into_iter().chain(filter).collect(),
            Leaf::Each { of, .. } | Leaf::Prior(_, of, _) | Leaf::Trend { of, .. } | Leaf::Total(of, _) => vec![of],
            Leaf::Slice(of, condition) => vec![of, condition],
            Leaf::Column(_)
            | Leaf::Duration(..)
            | Leaf::Dimension(_)
            | Leaf::Value
            | Leaf::Of(..)
            | Leaf::Either(_)
            | Leaf::Exists(_)
            | Leaf::Ever
            | Leaf::Reached { .. }
            | Leaf::Kpi(_)
            | Leaf::ByHand(..)
            | Leaf::Known(_) => Vec::new(),
        }
    }
}
