//! What is known of a time: its day, what a clock showed, or the instant itself.
//!
//! An instant is read off every clock, but a clock that is put back shows the same reading twice. So instants are compared, and the
//! time between them is counted, as they are; only what else has to become a reading of the project's clock first.

use super::expr::{Aggregate, Calc, CalcLeaf, Expr, Grouped, Literal, Node, PairLeaf, Path, RowExpr, RowLeaf};
use super::facts::Type;
use super::{Clock, Column, Model, SourceId, Storage};

/// What is known of a time, from the least on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimeKind {
    /// The day alone.
    Day,
    /// What a clock showed that is changed now and then, or a time so many days away from another.
    Civil,
    /// The instant: an absolute time, or the reading of a clock that is never changed.
    Instant,
}

impl Model {
    /// What is known of the time that a checked row expression gives; nothing where it gives none, or only null.
    pub fn time_kind(&self, source: SourceId, expr: &RowExpr) -> Option<TimeKind> {
        match &expr.node {
            Node::Leaf(RowLeaf::Column(path) | RowLeaf::Pair(PairLeaf::Of(_, path) | PairLeaf::Either(path))) => {
                self.path_time_kind(source, path)
            }
            Node::Leaf(RowLeaf::Related(related)) => self.aggregate_time_kind(&related.aggregate),
            Node::Literal(Literal::Date(_)) => Some(TimeKind::Day),
            Node::Leaf(_) | Node::Literal(_) | Node::Broken => None,
            Node::Apply(function, arguments) => {
                let of = |argument: &RowExpr| self.time_kind(source, argument);
                function_time_kind(function.name, arguments, &of)
            }
        }
    }

    /// What is known of the time at the end of a path.
    pub fn path_time_kind(&self, source: SourceId, path: &Path) -> Option<TimeKind> {
        let end = self.end_of(source, path);
        self.column_time_kind(end, self.sources.get(end).columns.get(path.column))
    }

    /// What is known of the times of a column of a source.
    pub fn column_time_kind(&self, source: SourceId, column: &Column) -> Option<TimeKind> {
        match column.ty {
            Type::Date => return Some(TimeKind::Day),
            Type::Timestamp => {}
            _ => return None,
        }
        if let Storage::Derived(expr) = &column.storage {
            return self.time_kind(source, expr);
        }
        let zone = match &column.clock {
            Clock::Instant => return Some(TimeKind::Instant),
            Clock::Wall(zone) => zone,
            Clock::Civil => &self.calendar.zone,
        };
        Some(if zone.is_fixed() { TimeKind::Instant } else { TimeKind::Civil })
    }

    /// What is known of the time that an aggregate gives: that of one of its rows.
    pub fn aggregate_time_kind(&self, aggregate: &Aggregate) -> Option<TimeKind> {
        picks(aggregate.function.name).then_some(())?;
        self.time_kind(aggregate.source, aggregate.argument.as_ref()?)
    }

    /// What is known of the time that the value of an entity is.
    pub fn entity_time_kind(&self, grouped: &Grouped) -> Option<TimeKind> {
        self.calc_time_kind(&grouped.of)
    }

    /// What is known of the time that arithmetic over aggregates gives.
    fn calc_time_kind(&self, calc: &Calc) -> Option<TimeKind> {
        match &calc.node {
            Node::Leaf(CalcLeaf::Aggregate(aggregate)) => self.aggregate_time_kind(aggregate),
            Node::Literal(Literal::Date(_)) => Some(TimeKind::Day),
            Node::Leaf(_) | Node::Literal(_) | Node::Broken => None,
            Node::Apply(function, arguments) => {
                function_time_kind(function.name, arguments, &|argument| self.calc_time_kind(argument))
            }
        }
    }
}

/// Whether an aggregate function gives one of the values that it goes over.
pub fn picks(function: &str) -> bool {
    matches!(function, "min" | "max" | "first" | "last")
}

/// What is known of the time that a function gives, by what is known of its arguments.
pub fn function_time_kind<L>(
    function: &str,
    arguments: &[Expr<L>],
    of: &dyn Fn(&Expr<L>) -> Option<TimeKind>,
) -> Option<TimeKind> {
    match function {
        "add seconds" => of(arguments.first()?),
        "add days to time" | "add months to time" => Some(TimeKind::Civil),
        "to date" | "date" | "trunc" | "add days" | "add months" => Some(TimeKind::Day),
        "coalesce" | "least" | "greatest" | "if" | "case" => arguments.iter().filter_map(of).min(),
        _ => None,
    }
}

/// Whether a function compares values.
pub fn compares(function: &str) -> bool {
    matches!(function, "=" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in" | "between" | "not between")
}
