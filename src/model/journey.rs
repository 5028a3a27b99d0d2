//! Journeys: sources whose rows are made of the rows of others, one for each journey.
//!
//! The columns of a journey are its steps, each with the time at which it was reached, and the columns of the source of its first
//! step, which have the values of the row that the journey starts with.

use super::expr::{Expr, Path, RowExpr, RowLeaf};
use super::{ColumnId, Model, SourceId};
use crate::calendar::TimeUnit;
use crate::text::Span;

/// What the rows of a journey are made of.
#[derive(Debug, Clone)]
pub struct Journey {
    /// Which first steps start a journey.
    pub starts: Starts,
    /// After which step a step has to come.
    pub order: Order,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// The columns of the first step's source that the journey has, each with its column there.
    pub inherited: Vec<(ColumnId, ColumnId)>,
    /// How the stored parts of these columns are called in rows of the journey.
    pub carried: Vec<Carried>,
}

/// Which first steps start a journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Starts {
    /// The first of each entity.
    First,
    /// Every one.
    Every,
}

/// After which step a step has to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The one before it.
    Strict,
    /// The first.
    Any,
}

/// A step of a journey.
#[derive(Debug, Clone)]
pub struct Step {
    /// The column of the journey that holds its time.
    pub column: ColumnId,
    /// The rows that are the step; nothing if the spec is wrong.
    pub rows: Option<StepRows>,
    /// The places of the earlier steps that a row of this one could be as well, at the same of its times. One row is one step of a
    /// journey. Known once conditions have been checked.
    pub apart: Vec<usize>,
}

/// The rows that are a step.
#[derive(Debug, Clone)]
pub struct StepRows {
    /// Their source.
    pub source: SourceId,
    /// When each happens.
    pub time: ColumnId,
    /// Where the time is written.
    pub time_span: Span,
    /// Who takes the step.
    pub entity: Path,
    /// Where the entity is written.
    pub entity_span: Span,
    /// Which of the rows count.
    pub filter: Option<RowExpr>,
    /// The same as it was written; empty if all count.
    pub written: String,
}

/// A stored value of the first step's row that rows of a journey carry along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// What it is called in rows of the journey.
    pub name: String,
    /// Its column in the first step's source.
    pub column: ColumnId,
    /// Which part of a key of several columns it is.
    pub part: usize,
}

/// Whether a journey got to a step.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reached {
    /// The step.
    pub step: ColumnId,
    /// From which step a duration counts.
    pub of: ColumnId,
    /// Within which time.
    pub within: Option<(u32, TimeUnit)>,
    /// The same as a condition on the times of the steps.
    pub condition: RowExpr,
}

impl Journey {
    /// The rows of the first step.
    pub fn first(&self) -> Option<&StepRows> {
        self.steps.first().and_then(|step| step.rows.as_ref())
    }

    /// The place of a step among the steps.
    pub fn place(&self, column: ColumnId) -> Option<usize> {
        self.steps.iter().position(|step| step.column == column)
    }

    /// The step that a step has to come after; nothing for the first.
    pub fn after(&self, place: usize) -> Option<&Step> {
        let before = place.checked_sub(1)?;
        match self.order {
            Order::Strict => self.steps.get(before),
            Order::Any => self.steps.first(),
        }
    }

    /// Whether every journey of which the one is true is one of which the other is.
    pub fn implies(&self, one: &Reached, other: &Reached) -> bool {
        match (one.within, other.within) {
            (_, None) => {
                let (reached, asked) = (self.place(one.step), self.place(other.step));
                one.step == other.step
                    || one.within.is_some() && one.of == other.step
                    || self.order == Order::Strict && asked <= reached
            }
            (Some(one_time), Some(other_time)) => {
                let same = one.step == other.step && one.of == other.of;
                let length = |(count, unit): (u32, TimeUnit)| match (unit.months(), unit.seconds()) {
                    (Some(months), _) => (true, u64::from(count) * u64::from(months)),
                    (None, seconds) => (false, u64::from(count) * u64::from(seconds.unwrap_or(1))),
                };
                let (one, other) = (length(one_time), length(other_time));
                same && one.0 == other.0 && one.1 <= other.1
            }
            (None, Some(_)) => false,
        }
    }

    /// The entity of a journey, as a path that starts in it.
    pub fn entity(&self) -> Option<Path> {
        self.inherit(&self.first()?.entity)
    }

    /// A path that starts in the first step's source, as one that starts in the journey.
    pub fn inherit(&self, path: &Path) -> Option<Path> {
        let own = |column: ColumnId| self.inherited.iter().find(|(_, first)| *first == column).map(|(own, _)| *own);
        let mut through = path.through.clone();
        match through.first_mut() {
            None => Some(Path::to(own(path.column)?)),
            Some(step) => {
                *step = own(*step)?;
                Some(Path { through, column: path.column })
            }
        }
    }

    /// An expression over the rows of the first step's source, as one over the journey.
    pub fn inherit_row(&self, expr: &RowExpr) -> RowExpr {
        expr.map(&mut |leaf| match leaf {
            RowLeaf::Column(path) => match self.inherit(path) {
                Some(path) => Expr::leaf(RowLeaf::Column(path)),
                None => Expr::made(super::expr::Node::Broken),
            },
            other => Expr::leaf(other.clone()),
        })
    }
}

impl Model {
    /// The source whose key a column at the end of a path holds: the one to which it refers, or its own; nothing if it is no key.
    pub fn key_at(&self, source: SourceId, path: &Path) -> Option<SourceId> {
        let end = self.end_of(source, path);
        let own = self.sources.get(end);
        let is_key = || own.key.as_slice() == [path.column];
        own.columns.get(path.column).reference.or_else(|| is_key().then_some(end))
    }
}

/// A time shorter than a day or of whole days, as days; a day that has started counts as whole.
pub fn whole_days(count: u32, unit: TimeUnit) -> i64 {
    let seconds = i64::from(count) * i64::from(unit.seconds().unwrap_or(86_400));
    (seconds + 86_399) / 86_400
}
