//! How fresh sources are: the view `source_freshness`, and what commands ask before they show figures.

use crate::calendar::{AsOf, Grain};
use crate::functions::{conversions, max, operators};
use crate::model::expr::{Expr, Literal, Node};
use crate::model::facts::Type;
use crate::model::{Holds, Model, Source, SourceId, SourceKind};
use crate::plan::algebra::names::Names;
use crate::plan::algebra::relation::{
    Atom, Body, JoinKind, Neighbour, Query, Scalar, Select, column, count_rows, day, fold, moved, text, text_or_null,
};
use crate::plan::answer::assemble::Planner;
use crate::plan::rows::scan::Days;
use crate::plan::time::trust::is_fresh;
use crate::plan::views::blank;

/// The columns of the view `source_freshness`.
pub const COLUMNS: [&str; 8] =
    ["source", "last_row", "days_behind", "fresh_within", "is_fresh", "expected", "holes", "last_hole"];

/// How many days before its last row say how often a source has one.
const USUAL_DAYS: i64 = 90;

/// The sources that promise when their rows come.
pub fn promising(model: &Model) -> Vec<SourceId> {
    model.sources.iter().filter(|(_, source)| !source.freshness.is_nothing()).map(|(id, _)| id).collect()
}

/// Whether rows of a source come again and again, and it does not promise when: events and snapshots.
pub fn says_nothing_of_it(source: &Source) -> bool {
    let comes = match source.holds {
        Some(Holds::Snapshot { .. } | Holds::Readings { .. }) => true,
        Some(Holds::Valid { .. }) => false,
        None => source.kind == SourceKind::Events && source.journey.is_none(),
    };
    comes && source.freshness.is_nothing() && source.clock().is_some()
}

/// How fresh some sources are that promise when their rows come, a row for each with [`COLUMNS`].
pub fn freshness(model: &Model, sources: &[SourceId]) -> Query {
    let question = blank(Grain::Day);
    let mut planner = Planner::new(model, &question, Names::of(model));
    let members = sources.iter().map(|source| planner.freshness_of(*source)).collect();
    planner.with(Body::Union(members))
}

/// When the last visible row of a source came, how long before the last visible day that is (`behind`), and the longest time between two
/// days with rows in the ninety days before it (`gap`).
pub fn rhythm(model: &Model, source: SourceId) -> Query {
    let question = blank(Grain::Day);
    let mut planner = Planner::new(model, &question, Names::of(model));
    let result = planner.rhythm_of(source);
    planner.with(Body::Select(result))
}

impl Planner<'_> {
    /// The last visible day, with what a select has to join to know it.
    fn last_visible(&self, select: &mut Select) -> Scalar {
        match (self.model.calendar.as_of, &self.today) {
            (AsOf::Today, Some(today)) => {
                select.join(JoinKind::Cross, today, today, None);
                column(today, "as_of")
            }
            (AsOf::Day(last), _) => day(last),
            (AsOf::Today, None) => day(self.model.calendar.start),
        }
    }

    fn freshness_of(&mut self, source: SourceId) -> Select {
        let known = self.model.sources.get(source);
        let (within, expect) = (known.freshness.within.as_ref(), known.freshness.expect.as_ref().map(|expect| expect.value));
        let last = self.last_row_of(source);
        let holes = expect.map(|_| self.holes_of(source));
        let mut select = Select::from_part(&last);
        let as_of = self.last_visible(&mut select);
        let last_row = column(&last, "day");
        let fresh = within.map(|within| is_fresh(last_row.clone(), Some(within.value), as_of.clone()));
        let of_holes = |of: Scalar, name: &str| {
            let holes = holes.as_ref()?;
            let mut single = Select::from_part(holes);
            single.column(of, name);
            Some(Expr::leaf(Atom::Single(Box::new(single))))
        };
        let count = of_holes(count_rows(), "holes");
        let last_hole = of_holes(fold(&max::MAX, column(holes.as_deref().unwrap_or_default(), "first_day")), "last_hole");
        let written = within.map(|within| within.value.to_string());
        let expected = expect.map(|expect| expect.to_string());
        let no_number = || Expr::apply(&conversions::WIDEN, vec![Expr::null()]);
        let no_truth = || Expr::apply(&operators::AND, vec![Expr::null(), Expr::made(Node::Literal(Literal::Truth(true)))]);
        let no_day = || Expr::apply(&conversions::TO_DATE, vec![Expr::null()]);
        select.column(text(&known.name.value), "source");
        select.column(last_row.clone(), "last_row");
        select.column(
            Expr::apply(&conversions::WIDEN, vec![Expr::apply(&conversions::DAYS_BETWEEN, vec![as_of, last_row])]),
            "days_behind",
        );
        select.column(text_or_null(written.as_deref()), "fresh_within");
        select.column(fresh.unwrap_or_else(no_truth), "is_fresh");
        select.column(text_or_null(expected.as_deref()), "expected");
        select.column(count.unwrap_or_else(no_number), "holes");
        select.column(last_hole.unwrap_or_else(no_day), "last_hole");
        select
    }

    fn rhythm_of(&mut self, source: SourceId) -> Select {
        let known = self.model.sources.get(source);
        let Some(clock) = known.clock() else { return Select::default() };
        let name = &known.name.value;
        let by_day = known.columns.get(clock).ty == Type::Date;
        let mut scan = self.rows_of(source);
        let mut select = Select::default();
        let stored = scan.order(clock);
        select.column(scan.last_day(clock), "day");
        let latest = fold(&max::MAX, stored.clone());
        let back = USUAL_DAYS + 2;
        select.column(
            if by_day {
                moved(latest, -back, Grain::Day)
            } else {
                Expr::apply(&conversions::ADD_SECONDS, vec![latest, Expr::number(-back * 86_400)])
            },
            "usual_from",
        );
        select.filter = scan.range(clock, Days { from: None });
        let (from, joins) = self.finish(scan);
        (select.from, select.joins) = (Some(from), joins);
        let last = self.names.take(&format!("last_row_of_{name}"));
        self.push(&last, select);
        let single = |name: &str| {
            let mut single = Select::from_part(&last);
            single.column(column(&last, name), name);
            Expr::leaf(Atom::Single(Box::new(single)))
        };
        let mut scan = self.rows_of(source);
        let mut days = Select { distinct: true, ..Select::default() };
        let own = scan.day(clock);
        days.column(own, "day");
        days.filter = scan.range(clock, Days { from: None });
        // Few rows are left to be converted.
        days.filter.push(Expr::apply(&operators::GREATER_OR_EQUAL, vec![scan.order(clock), single("usual_from")]));
        let (from, joins) = self.finish(scan);
        (days.from, days.joins) = (Some(from), joins);
        let seen = self.names.take(&format!("days_of_{name}"));
        self.push(&seen, days);
        let mut gaps = Select::from_part(&seen);
        let own = column(&seen, "day");
        let before = Neighbour { value: own.clone(), offset: -1, part: Vec::new(), order: vec![own.clone()] };
        gaps.column(
            Expr::apply(&conversions::DAYS_BETWEEN, vec![own.clone(), Expr::leaf(Atom::Neighbour(Box::new(before)))]),
            "gap",
        );
        let usual = moved(single("day"), -USUAL_DAYS, Grain::Day);
        gaps.filter.push(Expr::apply(&operators::GREATER_OR_EQUAL, vec![own, usual]));
        let between = self.names.take(&format!("gaps_of_{name}"));
        self.push(&between, gaps);
        let mut select = Select::from_part(&last);
        let as_of = self.last_visible(&mut select);
        let mut longest = Select::from_part(&between);
        longest.column(fold(&max::MAX, column(&between, "gap")), "gap");
        select.column(column(&last, "day"), "last_row");
        select.column(Expr::apply(&conversions::DAYS_BETWEEN, vec![as_of, column(&last, "day")]), "behind");
        select.column(Expr::leaf(Atom::Single(Box::new(longest))), "gap");
        select
    }
}
