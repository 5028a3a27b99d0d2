//! Completeness: from which period on every window of a formula begins once data is whole, and up to which one all steps of
//! journeys have had the time that `within` gives them.
//!
//! In a calendar of rules that period is worked out here, as a date. In a custom calendar only the warehouse knows the
//! periods, and the plan asks it for the first that fits.

use super::ages::AGE;
use super::assemble::Planner;
use super::expand::{Formula, Measure, MeasureOf, Move, Part as Leaf, Periods};
use super::relation::{Atom, JoinKind, Moment, Scalar, Select, column, day, fold, moved};
use super::spine::{Need, parts_in};
use super::stack::Stack;
use crate::calendar::{AsOf, Calendar, Date, Grain, TimeUnit, add, add_days};
use crate::functions::{coalesce, max, min, operators};
use crate::model::expr::{Age, Aggregate, Expr, Literal, Node, RowExpr, RowLeaf, Window};
use crate::model::journey::whole_days;

/// A day from which on something holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Bound {
    /// That day.
    Day(Date),
    /// The first period of a spine whose column is on or after a day.
    FirstOf { spine: String, column: String, from: Date },
    /// The first period of a spine whose column is on or after another bound.
    FirstAfter { spine: String, column: String, bound: Box<Bound> },
    /// The same for what is looked at at age 0; later ages begin after the period does.
    AtBirth(Box<Bound>),
    /// Up to that day.
    Until(Date),
    /// Up to the last period of a spine whose end, so much time later, is not after the end of what is whole.
    UntilLastOf(Box<Select>),
}

/// The time that a step of a journey has.
pub(super) type Within = (u32, TimeUnit);

impl Bound {
    fn scalar(&self) -> Scalar {
        let first = |spine: &str, name: &str, from: Scalar| {
            let mut select = Select::from_part(spine);
            select.column(fold(&min::MIN, column(spine, "period")), "period");
            select.filter.push(Expr::apply(&operators::GREATER_OR_EQUAL, vec![column(spine, name), from]));
            Expr::leaf(Atom::Single(Box::new(select)))
        };
        match self {
            Bound::Day(day) | Bound::Until(day) => Expr::leaf(Atom::Moment(Moment::Day(*day))),
            Bound::FirstOf { spine, column, from } => first(spine, column, day(*from)),
            Bound::FirstAfter { spine, column, bound } => first(spine, column, bound.scalar()),
            Bound::AtBirth(bound) => bound.scalar(),
            Bound::UntilLastOf(select) => Expr::leaf(Atom::Single(select.clone())),
        }
    }

    /// Whether it says up to which period something holds, rather than from which on.
    fn is_end(&self) -> bool {
        matches!(self, Bound::Until(_) | Bound::UntilLastOf(_))
    }

    /// That the bound holds for a period, at an age where there is one.
    fn holds(&self, period: Scalar, age: &Scalar) -> Scalar {
        if let Bound::AtBirth(bound) = self {
            let later = Expr::apply(&operators::GREATER, vec![age.clone(), Expr::number(0)]);
            return Expr::apply(&operators::OR, vec![later, bound.holds(period, age)]);
        }
        let function = if self.is_end() { &operators::LESS_OR_EQUAL } else { &operators::GREATER_OR_EQUAL };
        Expr::apply(function, vec![period, self.scalar()])
    }
}

impl Planner<'_> {
    /// From which periods on the windows of a formula begin once data is whole.
    pub(super) fn whole_from(&mut self, formula: &Formula, grain: Grain) -> Vec<(Move, Bound)> {
        let mut leaves = Vec::new();
        formula.leaves(&mut |leaf| {
            if let Leaf::Value(id, way) = leaf {
                leaves.push((*id, way.clone()));
            }
        });
        let mut found: Vec<(Move, Bound)> = Vec::new();
        let mut add = |way: Move, bound: Bound| {
            if !found.contains(&(way.clone(), bound.clone())) {
                found.push((way, bound));
            }
        };
        for (id, way) in leaves {
            if way.previous {
                add(way.clone(), Bound::Day(self.model.calendar.data_from));
            }
            let Some(measure) = self.expansion.measures.get(id).cloned() else { continue };
            for bound in self.measure_whole_from(&measure, grain) {
                // A guarded move never leads before the first period; a bound at it says nothing.
                add(way.clone(), bound);
            }
        }
        found
    }

    /// From which period of its grain on a measure's own window begins once data is whole.
    fn measure_whole_from(&mut self, measure: &Measure, grain: Grain) -> Vec<Bound> {
        match &measure.of {
            MeasureOf::Rows(aggregate) => {
                let mut bounds: Vec<Bound> = self.window_whole_from(aggregate.window, grain).into_iter().collect();
                for window in related_windows(aggregate.filter.as_ref()) {
                    bounds.extend(self.window_whole_from(window, grain));
                }
                bounds.extend(self.until(&withins(aggregate), grain));
                bounds
            }
            MeasureOf::Entities(grouped) => {
                let mut bounds: Vec<Bound> = self.window_whole_from(grouped.of.window, grain).into_iter().collect();
                for window in related_windows(grouped.of.filter.as_ref()) {
                    bounds.extend(self.window_whole_from(window, grain));
                }
                bounds.extend(self.until(&withins(&grouped.of), grain));
                bounds
            }
            MeasureOf::ByHand(_) | MeasureOf::Fresh(..) => Vec::new(),
            MeasureOf::Periods(periods) => self.periods_whole_from(periods, grain),
        }
    }

    /// The first period whose window begins on or after the day from which data is whole.
    fn window_whole_from(&mut self, window: Window, grain: Grain) -> Option<Bound> {
        let calendar = &self.model.calendar;
        match window {
            Window::Age(age) => return self.age_whole_from(age, grain),
            Window::Period | Window::AllTime => return None,
            Window::Previous | Window::Trailing(_) | Window::ToDate(_) => {}
        }
        if calendar.custom {
            let spine = self.spine_name(grain);
            let start = match window {
                Window::Previous => self.need(grain, Need::Moved(Move { back: Vec::new(), previous: true })),
                _ => self.need(grain, Need::WindowStart(window)),
            };
            return Some(Bound::FirstOf { spine, column: start, from: self.model.calendar.data_from });
        }
        let start_of = |period: Date| match window {
            Window::Previous => add(period, grain, -1),
            Window::Trailing(length) => add(calendar.next(grain, period), length.unit, -i64::from(length.count)),
            Window::ToDate(unit) => calendar.period_start(unit, add_days(calendar.next(grain, period), -1)),
            Window::Period | Window::AllTime | Window::Age(_) => period,
        };
        Some(Bound::Day(first_period(calendar, grain, |period| start_of(period) >= calendar.data_from)))
    }

    /// The first period that lies in a unit of ages which begins on or after the day from which data is whole; nothing if all do.
    fn age_whole_from(&mut self, age: Age, grain: Grain) -> Option<Bound> {
        let calendar = &self.model.calendar;
        let from = calendar.data_from;
        if age.unit == grain {
            return None;
        }
        if calendar.custom {
            let (spine, start) = (self.spine_name(grain), self.need(grain, Need::WindowStart(Window::ToDate(age.unit))));
            return Some(Bound::AtBirth(Box::new(Bound::FirstOf { spine, column: start, from })));
        }
        let first = first_period(calendar, grain, |period| calendar.period_start(age.unit, period) >= from);
        (first > calendar.first_from(grain, from)).then(|| Bound::AtBirth(Box::new(Bound::Day(first))))
    }

    /// The last period after whose end every step has had its time: what is counted in it cannot change any more.
    fn until(&mut self, withins: &[Within], grain: Grain) -> Vec<Bound> {
        let calendar = &self.model.calendar;
        let settle = i64::from(calendar.settle);
        if let (AsOf::Day(last), false) = (calendar.as_of, calendar.custom) {
            let limit = add_days(last, 1 - settle);
            let last = |within: &Within| {
                let over = |period: Date| later(calendar.next(grain, period), *within) <= limit;
                let mut period = calendar.period_start(grain, last);
                while !over(period) && period >= calendar.data_from {
                    period = add(period, grain, -1);
                }
                period
            };
            return withins.iter().map(last).min().map(Bound::Until).into_iter().collect();
        }
        let calendar = self.model.calendar.clone();
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
            let (count, unit) = days_or_months(*within);
            let end = moved(column(&spine, &end), count, unit);
            select.filter.push(Expr::apply(&operators::LESS_OR_EQUAL, vec![end, limit]));
            Bound::UntilLastOf(Box::new(select))
        };
        withins.iter().map(bound).collect()
    }

    /// The same for an aggregate over periods: its window, and the windows of what is inside.
    fn periods_whole_from(&mut self, periods: &Periods, grain: Grain) -> Vec<Bound> {
        let calendar = self.model.calendar.clone();
        let (ends, inner): (Vec<_>, Vec<_>) =
            self.whole_from(&periods.of, periods.grain).into_iter().partition(|(_, bound)| bound.is_end());
        let until = self.periods_until(periods, grain, ends);
        let mut bounds = self.windows_whole_from(periods, grain, &calendar, inner);
        bounds.extend(until);
        bounds
    }

    /// The last period in which every period that is gone over is one in which all steps have had their time.
    fn periods_until(&mut self, periods: &Periods, grain: Grain, ends: Vec<(Move, Bound)>) -> Vec<Bound> {
        let calendar = &self.model.calendar;
        let (AsOf::Day(last), false) = (calendar.as_of, calendar.custom) else {
            // The warehouse alone knows the periods. A part that looks back may be whole earlier than that.
            return if ends.is_empty() { Vec::new() } else { self.until(&self.withins_of(&periods.of), grain) };
        };
        let until = |(way, bound): (Move, Bound)| {
            let Bound::Until(bound) = bound else { return None };
            let mut period = calendar.period_start(grain, last);
            let inner = |period: Date| calendar.period_start(periods.grain, add_days(calendar.next(grain, period), -1));
            while move_back(&way, inner(period), periods.grain) > bound && period >= calendar.data_from {
                period = add(period, grain, -1);
            }
            Some(period)
        };
        ends.into_iter().filter_map(until).min().map(Bound::Until).into_iter().collect()
    }

    /// The times that the steps of journeys have in a formula.
    fn withins_of(&self, formula: &Formula) -> Vec<Within> {
        let mut found = Vec::new();
        formula.leaves(&mut |leaf| {
            let Leaf::Value(id, _) = leaf else { return };
            found.extend(match self.expansion.measures.get(*id).map(|measure| &measure.of) {
                Some(MeasureOf::Rows(aggregate)) => withins(aggregate),
                Some(MeasureOf::Entities(grouped)) => withins(&grouped.of),
                Some(MeasureOf::Periods(periods)) => self.withins_of(&periods.of),
                Some(MeasureOf::ByHand(_) | MeasureOf::Fresh(..)) | None => Vec::new(),
            });
        });
        found
    }

    fn windows_whole_from(
        &mut self,
        periods: &Periods,
        grain: Grain,
        calendar: &Calendar,
        inner: Vec<(Move, Bound)>,
    ) -> Vec<Bound> {
        if calendar.custom {
            let spine = self.spine_name(grain);
            let start = self.need(grain, Need::FirstPart(periods.grain, periods.window));
            let mut bounds = vec![Bound::FirstOf { spine: spine.clone(), column: start.clone(), from: calendar.data_from }];
            bounds.extend(inner.into_iter().map(|(_, bound)| Bound::FirstAfter {
                spine: spine.clone(),
                column: start.clone(),
                bound: Box::new(bound),
            }));
            return if periods.window == Window::AllTime { Vec::new() } else { bounds };
        }
        // The first inner period that counts, whatever it is moved by: its moves lead to earlier ones.
        let mut from = calendar.first_from(periods.grain, calendar.data_from);
        for (way, bound) in inner {
            let Bound::Day(bound) = bound else { continue };
            let reach = |period: Date| move_back(&way, period, periods.grain) >= bound;
            from = from.max(first_period(calendar, periods.grain, reach));
        }
        let start_of = |period: Date| {
            let last = add_days(calendar.next(grain, period), -1);
            match periods.window {
                Window::Period | Window::Previous | Window::Age(_) => period,
                Window::AllTime => calendar.first_from(periods.grain, calendar.data_from),
                Window::ToDate(unit) => calendar.period_start(unit, last),
                Window::Trailing(length) if periods.grain == Grain::Day => {
                    add(add_days(last, 1), length.unit, -i64::from(length.count))
                }
                Window::Trailing(length) => {
                    let count = i64::from(parts_in(periods.grain, length));
                    add(calendar.period_start(periods.grain, last), periods.grain, 1 - count)
                }
            }
        };
        if periods.window == Window::AllTime {
            let whole = from <= calendar.first_from(periods.grain, calendar.data_from);
            return if whole { Vec::new() } else { vec![Bound::Day(Date::MAX)] };
        }
        let first = first_period(calendar, grain, |period| start_of(period) >= from);
        if first <= calendar.first_from(grain, calendar.data_from) { Vec::new() } else { vec![Bound::Day(first)] }
    }
}

/// The first period from the day on which data is whole for which something holds; it holds for all later ones then.
fn first_period(calendar: &Calendar, grain: Grain, holds: impl Fn(Date) -> bool) -> Date {
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
fn move_back(way: &Move, period: Date, grain: Grain) -> Date {
    let back = way.back.iter().fold(period, |at, length| add(at, length.unit, -i64::from(length.count)));
    if way.previous { add(back, grain, -1) } else { back }
}

/// The times that the steps of journeys have in an aggregate, those over related rows among them.
fn withins(aggregate: &Aggregate) -> Vec<Within> {
    let mut found = Vec::new();
    for expr in aggregate.filter.iter().chain(&aggregate.argument) {
        expr.leaves(&mut |leaf| match leaf {
            RowLeaf::Reached(reached) => found.extend(reached.within),
            RowLeaf::Related(related) => found.extend(withins(&related.aggregate)),
            RowLeaf::Column(_) | RowLeaf::Duration(..) | RowLeaf::Dimension(_) | RowLeaf::Value | RowLeaf::Pair(_) => {}
        });
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The times that the steps of journeys have in the aggregates over related rows that look at ages.
pub(super) fn withins_at_age(aggregate: &Aggregate) -> Vec<Within> {
    let mut found = Vec::new();
    if let Some(filter) = &aggregate.filter {
        filter.leaves(&mut |leaf| {
            if let RowLeaf::Related(related) = leaf
                && matches!(related.aggregate.window, Window::Age(_))
            {
                found.extend(withins(&related.aggregate));
            }
        });
    }
    found
}

/// A time as days, whole ones, or as months.
pub(super) fn days_or_months((count, unit): Within) -> (i64, Grain) {
    match unit.months() {
        Some(months) => (i64::from(count) * i64::from(months), Grain::Month),
        None => (whole_days(count, unit), Grain::Day),
    }
}

/// The day that comes so much time after the beginning of another.
fn later(day: Date, within: Within) -> Date {
    let (count, unit) = days_or_months(within);
    add(day, unit, count)
}

/// The windows of the aggregates over related rows in a condition.
fn related_windows(filter: Option<&RowExpr>) -> Vec<Window> {
    let mut found = Vec::new();
    if let Some(filter) = filter {
        filter.leaves(&mut |leaf| {
            if let RowLeaf::Related(related) = leaf {
                found.push(related.aggregate.window);
                found.extend(related_windows(related.aggregate.filter.as_ref()));
            }
        });
    }
    found
}

/// Whether a row is complete: its period is, and every window of its formulas begins once data is whole.
pub(super) fn is_complete_here(stack: &Stack, whole: Vec<(Move, Bound)>) -> Scalar {
    let mut conditions = vec![fold(&max::MAX, column(&stack.name, &stack.dense))];
    for (way, bound) in whole {
        let period = match stack.moves.get(&way) {
            Some(name) => fold(&max::MAX, column(&stack.name, name)),
            None => column(&stack.name, "period"),
        };
        let reached = bound.holds(period, &column(&stack.name, AGE));
        // Where there is no such period nothing is whole.
        let reached = if way.is_nothing() && !matches!(bound, Bound::UntilLastOf(_)) {
            reached
        } else {
            Expr::apply(&coalesce::COALESCE, vec![reached, Expr::made(Node::Literal(Literal::Truth(false)))])
        };
        conditions.push(reached);
    }
    Expr::all(conditions).unwrap_or_else(Expr::null)
}
