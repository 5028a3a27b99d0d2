//! What looks at the last visible day of its period (`closing_day()`), itself or through derived columns.

use super::expr::{Aggregate, Edge, Expr, Node, PairLeaf, Path, RowExpr, RowLeaf, Stock, Window};
use super::{Model, SourceId, Storage};
use crate::functions::closing_day::CLOSING_DAY;

impl Model {
    /// Whether a row expression of a source looks at the closing day. What is inside aggregates over related rows is about these.
    pub fn closes(&self, source: SourceId, expr: &RowExpr) -> bool {
        match &expr.node {
            Node::Apply(function, arguments) => {
                **function == CLOSING_DAY || arguments.iter().any(|argument| self.closes(source, argument))
            }
            Node::Leaf(RowLeaf::Column(path) | RowLeaf::Pair(PairLeaf::Of(_, path) | PairLeaf::Either(path))) => {
                self.path_closes(source, path)
            }
            Node::Leaf(RowLeaf::Reached(reached)) => self.closes(source, &reached.condition),
            Node::Leaf(_) | Node::Literal(_) | Node::Broken => false,
        }
    }

    /// Whether the column at the end of a path looks at it.
    pub fn path_closes(&self, source: SourceId, path: &Path) -> bool {
        match &self.column(source, path).storage {
            Storage::Derived(expr) => self.closes(self.end_of(source, path), expr),
            Storage::Stored(_) | Storage::Several(_) | Storage::Raw(_) => false,
        }
    }

    /// Whether an aggregate looks at it, apart from the dimensions that it is asked for.
    pub fn aggregate_closes(&self, aggregate: &Aggregate) -> bool {
        aggregate.argument.iter().chain(&aggregate.filter).any(|expr| self.closes(aggregate.source, expr))
    }

    /// Why the rows of an aggregate have no closing day; nothing if they have one: they fall into the period, or hold at its end.
    pub fn no_closing_day(&self, aggregate: &Aggregate) -> Option<&'static str> {
        if self.sources.get(aggregate.source).journey.is_some() {
            return Some("a journey goes on over many periods");
        }
        if aggregate.age().is_some() {
            return Some("a cohort is looked at when it has an age, and not when its period closes");
        }
        match (&aggregate.stock, aggregate.window) {
            (Some(Stock::At(Edge::End)), _) => None,
            (Some(Stock::At(Edge::Start)), _) => Some("`at start` looks at states before the period"),
            (Some(Stock::Pairs(_)), _) => Some("`start` and `end` compare states of two days"),
            (None, Window::Period) if aggregate.time.is_some() => None,
            (None, Window::Period) => Some("its rows have no time, so they are in no period"),
            (None, _) => Some("its rows come from more than one period"),
        }
    }
}

impl Expr<RowLeaf> {
    /// The place where the closing day is written in it, if it is.
    pub fn written_closing_day(&self) -> Option<crate::text::Span> {
        match &self.node {
            Node::Apply(function, _) if **function == CLOSING_DAY => self.at.0,
            Node::Apply(_, arguments) => arguments.iter().find_map(Expr::written_closing_day),
            Node::Leaf(_) | Node::Literal(_) | Node::Broken => None,
        }
    }
}
