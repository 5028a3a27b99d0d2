//! Completeness: from which period on every window of a formula begins once data is whole, and up to which one all steps of
//! journeys have had the time that `within` gives them.
//!
//! What aggregates over periods add is in [`crate::plan::time::complete_each`]. In a calendar of rules that period is worked out here, as a
//! date. In a custom calendar only the warehouse knows the periods, and the plan asks it for the first that fits.

use crate::calendar::{AsOf, Calendar, Date, Grain, TimeUnit, add, add_days};
use crate::functions::{Function, coalesce, max, min, operators};
use crate::model::expr::{Age, Aggregate, Expr, Literal, Node, RowLeaf, Window};
use crate::model::journey::whole_days;
use crate::plan::algebra::relation::{Atom, JoinKind, Moment, Scalar, Select, column, day, fold, impossible, moved};
use crate::plan::answer::assemble::Planner;
use crate::plan::answer::stack::Stack;
use crate::plan::lookup::expand::{Formula, FormulaLeaf, Measure, MeasureOf, Move};
use crate::plan::time::ages::AGE;
use crate::plan::time::spine::Need;

/// From or up to which period something holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::plan) enum PeriodRange {
    /// From that period on.
    From(Limit),
    /// The same for what is looked at at age 0; later ages begin after the period does.
    AtBirth(Limit),
    /// Up to that period.
    Until(Limit),
    /// In the periods of a part.
    Among(String),
}

/// A period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::plan) enum Limit {
    /// The one that begins on that day.
    Day(Date),
    /// The one that a query finds; none where that finds nothing.
    Found(Box<Select>),
}

/// The time that a step of a journey has, or that rows have to come after another: perhaps several, one after the other.
pub(in crate::plan) type Within = Vec<(u32, TimeUnit)>;

impl Limit {
    pub(in crate::plan) fn scalar(&self) -> Scalar {
        match self {
            Limit::Day(day) => Expr::leaf(Atom::Moment(Moment::Day(*day))),
            Limit::Found(select) => Expr::leaf(Atom::Single(select.clone())),
        }
    }

    /// The first period of a spine whose column is on or after a limit, or the last whose column is not after it.
    pub(in crate::plan) fn of(spine: &str, name: &str, limit: &Limit, first: bool) -> Self {
        let (choose, compare): (&Function, &Function) =
            if first { (&min::MIN, &operators::GREATER_OR_EQUAL) } else { (&max::MAX, &operators::LESS_OR_EQUAL) };
        let mut select = Select::from_part(spine);
        select.column(fold(choose, column(spine, "period")), "period");
        select.filter.push(Expr::apply(compare, vec![column(spine, name), limit.scalar()]));
        Limit::Found(Box::new(select))
    }
}

impl PeriodRange {
    /// Whether it says up to which period something holds, rather than from which on.
    pub(in crate::plan) fn is_end(&self) -> bool {
        matches!(self, PeriodRange::Until(_))
    }

    /// What holds at age 0, for what is looked at from age 0 on at every age.
    fn at_every_age(self) -> Self {
        match self {
            PeriodRange::AtBirth(limit) => PeriodRange::From(limit),
            other => other,
        }
    }

    /// Whether it is there to be compared with, whatever the data is.
    fn is_known(&self) -> bool {
        matches!(
            self,
            PeriodRange::From(Limit::Day(_)) | PeriodRange::AtBirth(Limit::Day(_)) | PeriodRange::Until(Limit::Day(_))
        )
    }

    /// That the bound holds for a period, at an age where there is one. `among` is that period among those of the bound's part, or null.
    pub(in crate::plan) fn holds(&self, period: Scalar, age: &Scalar, among: impl FnOnce(&str) -> Scalar) -> Scalar {
        let from = |limit: &Limit, period| Expr::apply(&operators::GREATER_OR_EQUAL, vec![period, limit.scalar()]);
        match self {
            PeriodRange::From(limit) => from(limit, period),
            PeriodRange::AtBirth(limit) => {
                let later = Expr::apply(&operators::GREATER, vec![age.clone(), Expr::number(0)]);
                Expr::apply(&operators::OR, vec![later, from(limit, period)])
            }
            PeriodRange::Until(limit) => Expr::apply(&operators::LESS_OR_EQUAL, vec![period, limit.scalar()]),
            PeriodRange::Among(part) => {
                // What leads to no period that there is has none to be whole.
                let never = Expr::apply(&operators::EQUAL, vec![period, day(Date::MAX)]);
                let there = Expr::apply(&operators::IS_NOT_NULL, vec![among(part)]);
                Expr::apply(&operators::OR, vec![there, never])
            }
        }
    }
}

impl Planner<'_> {
    /// From which periods on the windows of a formula begin once data is whole, and up to which its steps have had their time.
    pub(in crate::plan) fn whole_from(&mut self, formula: &Formula, grain: Grain) -> Vec<(Move, PeriodRange)> {
        let mut leaves = Vec::new();
        formula.leaves(&mut |leaf| {
            // A period that is not over is not complete, whatever it is compared with.
            if let FormulaLeaf::Value(id, way) = leaf
                && !way.open
            {
                leaves.push((*id, way.clone()));
            }
        });
        let custom = self.calendar.custom;
        let mut found: Vec<(Move, PeriodRange)> = Vec::new();
        let mut add = |way: &Move, bound: PeriodRange| {
            // What begins in a period that the calendar does not have begins in none.
            let or_never = custom && !bound.is_end() && !way.back.is_empty();
            let way = Move { or_never, ..way.clone() };
            if !found.contains(&(way.clone(), bound.clone())) {
                found.push((way, bound));
            }
        };
        for (id, way) in leaves {
            if way.previous {
                add(&way, PeriodRange::From(Limit::Day(self.calendar.data_from)));
            }
            let Some(measure) = self.expansion.measures.get(id).cloned() else { continue };
            for bound in self.measure_whole_from(&measure, grain) {
                add(&way, bound);
            }
        }
        found
    }

    /// From which period of its grain on a measure's own window begins once data is whole.
    fn measure_whole_from(&mut self, measure: &Measure, grain: Grain) -> Vec<PeriodRange> {
        let aggregates = match &measure.of {
            MeasureOf::Rows(aggregate) => vec![aggregate.as_ref()],
            MeasureOf::Entities(grouped) => grouped.aggregates(),
            MeasureOf::ByHand(_)
            | MeasureOf::Fresh(..)
            | MeasureOf::Unknown(..)
            | MeasureOf::Trusted(..)
            | MeasureOf::Doubt(..) => return Vec::new(),
            MeasureOf::Periods(periods) => return self.periods_whole_from(periods, grain),
        };
        let mut bounds: Vec<PeriodRange> = Vec::new();
        for aggregate in aggregates {
            bounds.extend(self.window_whole_from(aggregate.window, grain));
            for window in related_windows(aggregate) {
                bounds.extend(self.window_whole_from(window, grain));
            }
            bounds.extend(self.until(&withins(aggregate), grain));
        }
        bounds
    }

    /// The first period whose window begins on or after the day from which data is whole.
    fn window_whole_from(&mut self, window: Window, grain: Grain) -> Option<PeriodRange> {
        let calendar = self.calendar;
        match window {
            Window::Age(age) => return self.age_whole_from(age, grain),
            Window::AgeToDate(age) => return self.age_whole_from(age, grain).map(PeriodRange::at_every_age),
            Window::Period | Window::AllTime | Window::Within(..) => return None,
            Window::Previous | Window::Trailing(_) | Window::ToDate(_) => {}
        }
        let from = calendar.data_from;
        if calendar.custom {
            let start = match window {
                Window::Previous => Need::Moved(Move::previous()),
                _ => Need::WindowStart(window),
            };
            return Some(PeriodRange::From(self.first_of(grain, start, &Limit::Day(from))));
        }
        let start_of = |period: Date| match window {
            Window::Previous => add(period, grain, -1),
            Window::Trailing(length) => add(calendar.next(grain, period), length.unit, -i64::from(length.count)),
            Window::ToDate(unit) => calendar.period_start(unit, add_days(calendar.next(grain, period), -1)),
            Window::Period | Window::AllTime | Window::Age(_) | Window::AgeToDate(_) | Window::Within(..) => period,
        };
        Some(PeriodRange::From(Limit::Day(first_period(calendar, grain, |period| start_of(period) >= from))))
    }

    /// The first period of a grain whose column is on or after a limit.
    pub(in crate::plan) fn first_of(&mut self, grain: Grain, need: Need, limit: &Limit) -> Limit {
        let (spine, name) = (self.spine_name(grain), self.need(grain, need));
        Limit::of(&spine, &name, limit, true)
    }

    /// The first period that lies in a unit of ages which begins on or after the day from which data is whole; nothing if no unit
    /// begins before the period does.
    fn age_whole_from(&mut self, age: Age, grain: Grain) -> Option<PeriodRange> {
        let calendar = self.calendar;
        let from = calendar.data_from;
        if age.unit.nests_in(grain, calendar.custom) {
            return None;
        }
        if calendar.custom {
            return Some(PeriodRange::AtBirth(self.first_of(grain, Need::UnitOf(age.unit), &Limit::Day(from))));
        }
        let first = first_period(calendar, grain, |period| calendar.period_start(age.unit, period) >= from);
        Some(PeriodRange::AtBirth(Limit::Day(first)))
    }

    /// The last period after whose end every step has had its time: what is counted in it cannot change any more.
    fn until(&mut self, withins: &[Within], grain: Grain) -> Vec<PeriodRange> {
        let calendar = self.calendar;
        let settle = i64::from(calendar.settle);
        if let (AsOf::Day(last), false) = (calendar.as_of, calendar.custom) {
            let limit = add_days(last, 1 - settle);
            let last = |within: &Within| {
                let over = |period: Date| later(calendar.next(grain, period), within) <= limit;
                let mut period = calendar.period_start(grain, last);
                while !over(period) && period >= calendar.data_from {
                    period = add(period, grain, -1);
                }
                period
            };
            return withins.iter().map(last).min().map(|last| PeriodRange::Until(Limit::Day(last))).into_iter().collect();
        }
        let calendar = self.calendar.clone();
        let end = self.need(grain, Need::End);
        let spine = self.spine_name(grain);
        let bound = |within: &Within| {
            let mut select = Select::from_part(&spine);
            select.column(fold(&max::MAX, column(&spine, "period")), "period");
            let limit = match (calendar.as_of, &self.today) {
                (AsOf::Today, Some(today)) => {
                    select.join(JoinKind::Cross, today, today, None);
                    moved(column(today, "as_of"), -settle, Grain::Day)
                }
                (AsOf::Day(last), _) => day(add_days(last, 1 - settle)),
                (AsOf::Today, None) => day(calendar.start),
            };
            let end = days_or_months(within).fold(column(&spine, &end), |end, (count, unit)| moved(end, count, unit));
            select.filter.push(Expr::apply(&operators::LESS_OR_EQUAL, vec![end, limit]));
            PeriodRange::Until(Limit::Found(Box::new(select)))
        };
        withins.iter().map(bound).collect()
    }
}

/// The first period from the day on which data is whole for which something holds; it holds for all later ones then.
pub(in crate::plan) fn first_period(calendar: &Calendar, grain: Grain, holds: impl Fn(Date) -> bool) -> Date {
    let mut period = calendar.first_from(grain, calendar.data_from);
    while !holds(period) {
        let next = calendar.next(grain, period);
        if next <= period {
            return period;
        }
        period = next;
    }
    period
}

/// The period to which a move leads, in a calendar of rules.
pub(in crate::plan) fn move_back(way: &Move, period: Date, grain: Grain) -> Date {
    let back = way.back.iter().fold(period, |at, length| add(at, length.unit, -i64::from(length.count)));
    if way.previous { add(back, grain, -1) } else { back }
}

/// The times that have to pass before the value of an aggregate stands: those of the steps of journeys, and those of related rows.
pub(in crate::plan) fn withins(aggregate: &Aggregate) -> Vec<Within> {
    let mut found = Vec::new();
    for expr in aggregate.filter.iter().chain(&aggregate.argument) {
        expr.leaves(&mut |leaf| match leaf {
            RowLeaf::Reached(reached) => found.extend(reached.within.map(|within| vec![within])),
            RowLeaf::Related(related) => found.extend(withins_of_related(&related.aggregate)),
            RowLeaf::Column(_) | RowLeaf::Duration(..) | RowLeaf::Dimension(_) | RowLeaf::Value | RowLeaf::Pair(_) => {}
        });
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The same for an aggregate over related rows: what their own conditions wait for comes after them.
fn withins_of_related(aggregate: &Aggregate) -> Vec<Within> {
    let inner = withins(aggregate);
    let Window::Within(count, unit) = aggregate.window else { return inner };
    let after = |own: Within| std::iter::once((count, unit)).chain(own).collect();
    if inner.is_empty() { vec![vec![(count, unit)]] } else { inner.into_iter().map(after).collect() }
}

/// The times that the steps of journeys have in the aggregates over related rows that look at ages.
pub(in crate::plan) fn withins_at_age(aggregate: &Aggregate) -> Vec<Within> {
    let mut found = Vec::new();
    for expr in aggregate.filter.iter().chain(&aggregate.argument) {
        expr.leaves(&mut |leaf| {
            if let RowLeaf::Related(related) = leaf
                && related.aggregate.window.age().is_some()
            {
                found.extend(withins_of_related(&related.aggregate));
            }
        });
    }
    found
}

/// A time as days, whole ones, or as months; several one after the other.
pub(in crate::plan) fn days_or_months(within: &Within) -> impl Iterator<Item = (i64, Grain)> {
    within.iter().map(|(count, unit)| match unit.months() {
        Some(months) => (i64::from(*count) * i64::from(months), Grain::Month),
        None => (whole_days(*count, *unit), Grain::Day),
    })
}

/// The day that comes so much time after the beginning of another.
fn later(day: Date, within: &Within) -> Date {
    days_or_months(within).fold(day, |day, (count, unit)| add(day, unit, count))
}

/// The windows of the aggregates over related rows in an aggregate.
fn related_windows(aggregate: &Aggregate) -> Vec<Window> {
    let mut found = Vec::new();
    for expr in aggregate.filter.iter().chain(&aggregate.argument) {
        expr.leaves(&mut |leaf| {
            if let RowLeaf::Related(related) = leaf {
                found.push(related.aggregate.window);
                found.extend(related_windows(&related.aggregate));
            }
        });
    }
    found
}

/// A period among those of a part, which is joined; null where it is not.
pub(in crate::plan) fn among(select: &mut Select, part: &str, period: Scalar) -> Scalar {
    let mut count = 1;
    let mut name = part.to_owned();
    while select.from.iter().chain(select.joins.iter().map(|join| &join.from)).any(|from| from.name == name) {
        count += 1;
        name = format!("{part}_{count}");
    }
    let same = Expr::apply(&operators::EQUAL, vec![column(&name, "period"), period]);
    select.join(JoinKind::Left, part, &name, Some(same));
    column(&name, "period")
}

/// Whether a row is complete: its period is, every window of its formulas begins once data is whole, and all steps have had their
/// time.
pub(in crate::plan) fn is_complete_here(stack: &Stack, whole: Vec<(Move, PeriodRange)>, select: &mut Select) -> Scalar {
    let mut conditions = vec![fold(&max::MAX, column(&stack.name, &stack.dense))];
    for (way, bound) in whole {
        let at = column(&stack.name, stack.moves.get(&way).map_or("period", String::as_str));
        let period = if way.is_nothing() { at.clone() } else { fold(&max::MAX, at.clone()) };
        let age = column(&stack.name, AGE);
        let holds = bound.holds(period.clone(), &age, |part| fold(&max::MAX, among(select, part, at)));
        if way.is_nothing() && bound.is_known() {
            conditions.push(holds);
            continue;
        }
        // Where there is no such period, no window begins once data is whole ...
        let holds = Expr::apply(&coalesce::COALESCE, vec![holds, Expr::made(Node::Literal(Literal::Truth(false)))]);
        // ... and nothing is left to be waited for.
        conditions.push(if bound.is_end() && !way.is_nothing() {
            Expr::apply(&operators::OR, vec![Expr::apply(&operators::IS_NULL, vec![period]), holds])
        } else {
            holds
        });
    }
    Expr::all(conditions).unwrap_or_else(impossible)
}
