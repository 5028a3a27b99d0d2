//! Which sources a figure is made of, as far as these promise when their rows come: those whose rows it counts, those of related rows, those
//! that references lead to, and those of the steps of journeys that it looks at.

use crate::calendar::Date;
use crate::model::expr::{Aggregate, Edge, PairLeaf, Path, Related, RowExpr, RowLeaf, Stock, Window};
use crate::model::journey::Order;
use crate::model::{ColumnId, DimensionId, Model, SourceId, Storage};
use crate::plan::time::complete::{Within, withins};
use std::collections::BTreeSet;

/// Over which time a figure looks at the rows of a source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::plan) struct Reach {
    /// The window. The opening of a period is the closing of the one before, so it has the window of the previous period.
    pub window: Window,
    /// The first day of a window that has no beginning of its own.
    pub since: Option<Date>,
    /// How much longer the steps of journeys and related rows have.
    pub withins: Vec<Within>,
}

/// What a figure reads.
pub(in crate::plan) type Reads = BTreeSet<(SourceId, Reach)>;

/// What an aggregate reads, with the values of some dimensions and, where there is one, the entity by which it is grouped.
pub(in crate::plan) fn reads(
    model: &Model,
    aggregate: &Aggregate,
    dimensions: &[DimensionId],
    entity: Option<&Path>,
    since: Option<Date>,
) -> Reads {
    let reach = Reach { window: Window::Period, since, withins: Vec::new() };
    let mut walk = Walk { model, found: BTreeSet::new(), seen: BTreeSet::new(), reach, time: aggregate.time };
    walk.aggregate(aggregate);
    walk.look(aggregate);
    let places = dimensions.iter().filter_map(|id| model.dimensions.get(*id).places.get(&aggregate.source));
    for path in places.chain(entity) {
        walk.path(aggregate.source, path);
    }
    walk.found
}

/// A walk through what is read.
struct Walk<'m> {
    model: &'m Model,
    found: Reads,
    /// The columns that have been looked at.
    seen: BTreeSet<(SourceId, ColumnId, Reach)>,
    /// That of the aggregate at hand.
    reach: Reach,
    /// The time at which its rows count.
    time: Option<ColumnId>,
}

impl Walk<'_> {
    /// Takes the reach of an aggregate. Rows within a time of others are looked at with these.
    fn look(&mut self, aggregate: &Aggregate) {
        if matches!(aggregate.window, Window::Within(..)) {
            return;
        }
        let window = match aggregate.stock {
            Some(Stock::At(Edge::Start)) => Window::Previous,
            _ => aggregate.window,
        };
        // What counts since a day counts all from then on.
        let since = self.reach.since.filter(|_| matches!(window, Window::Period | Window::AllTime));
        self.reach =
            Reach { window: if since.is_some() { Window::AllTime } else { window }, since, withins: withins(aggregate) };
    }

    /// Takes the reach of related rows, before the aggregate over them takes its own.
    fn look_from(&mut self, related: &Related) {
        let Some(of) = &related.of else {
            self.reach.since = None;
            return;
        };
        let is_own = self.time.is_some_and(|time| *of == Path::to(time));
        if !is_own && matches!(self.reach.window, Window::Period | Window::Trailing(_) | Window::ToDate(_)) {
            // They come within a time of what may have been long before.
            (self.reach.window, self.reach.since) = (Window::AllTime, None);
        }
    }

    fn aggregate(&mut self, aggregate: &Aggregate) {
        let outer = self.reach.clone();
        self.look(aggregate);
        let source = aggregate.source;
        let time = std::mem::replace(&mut self.time, aggregate.time);
        self.rows(source);
        if let Some(column) = aggregate.time {
            self.column(source, column);
        }
        if let Some(Stock::Pairs(Some(per))) = &aggregate.stock {
            self.path(source, per);
        }
        for expr in aggregate.argument.iter().chain(&aggregate.filter) {
            self.expr(source, expr);
        }
        self.reach = outer;
        self.time = time;
    }

    /// The rows of a source are counted, or looked up.
    fn rows(&mut self, source: SourceId) {
        let known = self.model.sources.get(source);
        if known.journey.is_some() {
            self.steps(source, 0);
        } else if !known.freshness.is_nothing() {
            self.found.insert((source, self.reach.clone()));
        }
    }

    /// The rows of a journey's steps up to one of them.
    fn steps(&mut self, source: SourceId, last: usize) {
        let Some(journey) = &self.model.sources.get(source).journey else { return };
        for (place, step) in journey.steps.iter().enumerate() {
            let is_read = place == 0 || place == last || journey.order == Order::Strict && place < last;
            if let (true, Some(rows)) = (is_read, &step.rows) {
                self.rows(rows.source);
                self.path(rows.source, &rows.entity);
                self.column(rows.source, rows.time);
                if let Some(filter) = &rows.filter {
                    self.expr(rows.source, filter);
                }
            }
        }
    }

    fn path(&mut self, source: SourceId, path: &Path) {
        let mut at = source;
        for step in &path.through {
            self.column(at, *step);
            let Some(target) = self.model.sources.get(at).columns.get(*step).reference else { return };
            self.rows(target);
            at = target;
        }
        self.column(at, path.column);
    }

    fn column(&mut self, source: SourceId, column: ColumnId) {
        if !self.seen.insert((source, column, self.reach.clone())) {
            return;
        }
        let known = self.model.sources.get(source);
        if let Some(place) = known.journey.as_ref().and_then(|journey| journey.place(column)) {
            self.steps(source, place);
        }
        if let Storage::Derived(expr) = &known.columns.get(column).storage {
            self.expr(source, expr);
        }
    }

    fn expr(&mut self, source: SourceId, expr: &RowExpr) {
        let mut leaves: Vec<&RowLeaf> = Vec::new();
        expr.leaves(&mut |leaf| leaves.push(leaf));
        for leaf in leaves {
            match leaf {
                RowLeaf::Column(path) | RowLeaf::Pair(PairLeaf::Of(_, path) | PairLeaf::Either(path)) => {
                    self.path(source, path);
                }
                RowLeaf::Related(related) => {
                    let outer = self.reach.clone();
                    self.look_from(related);
                    self.aggregate(&related.aggregate);
                    self.reach = outer;
                }
                RowLeaf::Reached(reached) => self.expr(source, &reached.condition),
                RowLeaf::Pair(PairLeaf::Exists(_) | PairLeaf::Ever)
                | RowLeaf::Duration(..)
                | RowLeaf::Dimension(_)
                | RowLeaf::Value => {}
            }
        }
    }
}
