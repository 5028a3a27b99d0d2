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
use crate::functions::{Function, coalesce, max, min, operators};
use crate::model::expr::{Age, Aggregate, Expr, Literal, Node, RowExpr, RowLeaf, Window};
use crate::model::journey::whole_days;

/// From or up to which period something holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Bound {
    /// From that period on.
    From(Limit),
    /// The same for what is looked at at age 0; later ages begin after the period does.
    AtBirth(Limit),
    /// Up to that period.
    Until(Limit),
}

/// A period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Limit {
    /// The one that begins on that day.
    Day(Date),
    /// The one that a query finds; none where that finds nothing.
    Found(Box<Select>),
}

/// The time that a step of a journey has.
pub(super) type Within = (u32, TimeUnit);

impl Limit {
    fn scalar(&self) -> Scalar {
        match self {
            Limit::Day(day) => Expr::leaf(Atom::Moment(Moment::Day(*day))),
            Limit::Found(select) => Expr::leaf(Atom::Single(select.clone())),
        }
    }

    /// The first period of a spine whose column is on or after a limit, or the last whose column is not after it.
    fn of(spine: &str, name: &str, limit: &Limit, first: bool) -> Self {
        let (choose, compare): (&Function, &Function) =
            if first { (&min::MIN, &operators::GREATER_OR_EQUAL) } else { (&max::MAX, &operators::LESS_OR_EQUAL) };
        let mut select = Select::from_part(spine);
        select.column(fold(choose, column(spine, "period")), "period");
        select.filter.push(Expr::apply(compare, vec![column(spine, name), limit.scalar()]));
        Limit::Found(Box::new(select))
    }
}

impl Bound {
    fn limit(&self) -> &Limit {
        match self {
            Bound::From(limit) | Bound::AtBirth(limit) | Bound::Until(limit) => limit,
        }
    }

    /// Whether it says up to which period something holds, rather than from which on.
    fn is_end(&self) -> bool {
        matches!(self, Bound::Until(_))
    }

    /// That the bound holds for a period, at an age where there is one.
    fn holds(&self, period: Scalar, age: &Scalar) -> Scalar {
        let function = if self.is_end() { &operators::LESS_OR_EQUAL } else { &operators::GREATER_OR_EQUAL };
        let holds = Expr::apply(function, vec![period, self.limit().scalar()]);
        if let Bound::AtBirth(_) = self {
            let later = Expr::apply(&operators::GREATER, vec![age.clone(), Expr::number(0)]);
            return Expr::apply(&operators::OR, vec![later, holds]);
        }
        holds
    }
}

impl Planner<'_> {
    /// From which periods on the windows of a formula begin once data is whole, and up to which its steps have had their time.
    pub(super) fn whole_from(&mut self, formula: &Formula, grain: Grain) -> Vec<(Move, Bound)> {
        let mut leaves = Vec::new();
        formula.leaves(&mut |leaf| {
            if let Leaf::Value(id, way) = leaf {
                leaves.push((*id, way.clone()));
            }
        });
        let custom = self.model.calendar.custom;
        let mut found: Vec<(Move, Bound)> = Vec::new();
        let mut add = |way: &Move, bound: Bound| {
            // What begins in a period that the calendar does not have begins in none.
            let or_never = custom && !bound.is_end() && !way.back.is_empty();
            let way = Move { or_never, ..way.clone() };
            if !found.contains(&(way.clone(), bound.clone())) {
                found.push((way, bound));
            }
        };
        for (id, way) in leaves {
            if way.previous {
                add(&way, Bound::From(Limit::Day(self.model.calendar.data_from)));
            }
            let Some(measure) = self.expansion.measures.get(id).cloned() else { continue };
            for bound in self.measure_whole_from(&measure, grain) {
                add(&way, bound);
            }
        }
        found
    }

    /// From which period of its grain on a measure's own window begins once data is whole.
    fn measure_whole_from(&mut self, measure: &Measure, grain: Grain) -> Vec<Bound> {
        let aggregate = match &measure.of {
            MeasureOf::Rows(aggregate) => aggregate,
            MeasureOf::Entities(grouped) => &grouped.of,
            MeasureOf::ByHand(_) | MeasureOf::Fresh(..) => return Vec::new(),
            MeasureOf::Periods(periods) => return self.periods_whole_from(periods, grain),
        };
        let mut bounds: Vec<Bound> = self.window_whole_from(aggregate.window, grain).into_iter().collect();
        for window in related_windows(aggregate.filter.as_ref()) {
            bounds.extend(self.window_whole_from(window, grain));
        }
        bounds.extend(self.until(&withins(aggregate), grain));
        bounds
    }

    /// The first period whose window begins on or after the day from which data is whole.
    fn window_whole_from(&mut self, window: Window, grain: Grain) -> Option<Bound> {
        let calendar = &self.model.calendar;
        match window {
            Window::Age(age) => return self.age_whole_from(age, grain),
            Window::Period | Window::AllTime => return None,
            Window::Previous | Window::Trailing(_) | Window::ToDate(_) => {}
        }
        let from = calendar.data_from;
        if calendar.custom {
            let start = match window {
                Window::Previous => Need::Moved(Move::previous()),
                _ => Need::WindowStart(window),
            };
            return Some(Bound::From(self.first_of(grain, start, &Limit::Day(from))));
        }
        let start_of = |period: Date| match window {
            Window::Previous => add(period, grain, -1),
            Window::Trailing(length) => add(calendar.next(grain, period), length.unit, -i64::from(length.count)),
            Window::ToDate(unit) => calendar.period_start(unit, add_days(calendar.next(grain, period), -1)),
            Window::Period | Window::AllTime | Window::Age(_) => period,
        };
        Some(Bound::From(Limit::Day(first_period(calendar, grain, |period| start_of(period) >= from))))
    }

    /// The first period of a grain whose column is on or after a limit.
    fn first_of(&mut self, grain: Grain, need: Need, limit: &Limit) -> Limit {
        let (spine, name) = (self.spine_name(grain), self.need(grain, need));
        Limit::of(&spine, &name, limit, true)
    }

    /// The first period that lies in a unit of ages which begins on or after the day from which data is whole; nothing if no unit
    /// begins before the period does.
    fn age_whole_from(&mut self, age: Age, grain: Grain) -> Option<Bound> {
        let calendar = &self.model.calendar;
        let from = calendar.data_from;
        if age.unit.nests_in(grain, calendar.custom) {
            return None;
        }
        if calendar.custom {
            return Some(Bound::AtBirth(self.first_of(grain, Need::UnitOf(age.unit), &Limit::Day(from))));
        }
        let first = first_period(calendar, grain, |period| calendar.period_start(age.unit, period) >= from);
        Some(Bound::AtBirth(Limit::Day(first)))
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
            return withins.iter().map(last).min().map(|last| Bound::Until(Limit::Day(last))).into_iter().collect();
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
            Bound::Until(Limit::Found(Box::new(select)))
        };
        withins.iter().map(bound).collect()
    }

    /// The same for an aggregate over periods: its window, and the windows of what is inside.
    fn periods_whole_from(&mut self, periods: &Periods, grain: Grain) -> Vec<Bound> {
        let (ends, starts): (Vec<_>, Vec<_>) =
            self.whole_from(&periods.of, periods.grain).into_iter().partition(|(_, bound)| bound.is_end());
        let mut bounds = self.windows_whole_from(periods, grain, starts);
        bounds.extend(ends.into_iter().map(|(way, bound)| self.periods_until(periods, grain, &way, bound.limit())));
        bounds
    }

    /// The last period in which every period that is gone over is one in which all steps have had their time.
    fn periods_until(&mut self, periods: &Periods, grain: Grain, way: &Move, limit: &Limit) -> Bound {
        let calendar = &self.model.calendar;
        if let (AsOf::Day(last), Limit::Day(limit), false) = (calendar.as_of, limit, calendar.custom) {
            let mut period = calendar.period_start(grain, last);
            let inner = |period: Date| calendar.period_start(periods.grain, add_days(calendar.next(grain, period), -1));
            while move_back(way, inner(period), periods.grain) > *limit && period >= calendar.data_from {
                period = add(period, grain, -1);
            }
            return Bound::Until(Limit::Day(period));
        }
        // The last of the finer periods first: what leads to before data is whole has had its time.
        let inner = self.spine_name(periods.grain);
        let inner_limit = if way.is_nothing() {
            limit.clone()
        } else {
            let name = self.need(periods.grain, Need::Moved(way.clone()));
            let in_time = Expr::apply(&operators::LESS_OR_EQUAL, vec![column(&inner, &name), limit.scalar()]);
            let none = Expr::apply(&operators::IS_NULL, vec![column(&inner, &name)]);
            let mut select = Select::from_part(&inner);
            select.column(fold(&max::MAX, column(&inner, "period")), "period");
            select.filter.extend(Expr::any(vec![in_time, none]));
            Limit::Found(Box::new(select))
        };
        let (spine, last) = (self.spine_name(grain), self.need(grain, Need::LastPart(periods.grain)));
        Bound::Until(Limit::of(&spine, &last, &inner_limit, false))
    }

    /// From which periods on the window of an aggregate over periods, and the windows of what is inside, begin once data is whole.
    fn windows_whole_from(&mut self, periods: &Periods, grain: Grain, inner: Vec<(Move, Bound)>) -> Vec<Bound> {
        let from = self.model.calendar.data_from;
        let has_start = matches!(periods.window, Window::Trailing(_) | Window::ToDate(_));
        if self.model.calendar.custom {
            let first_part = Need::FirstPart(periods.grain, periods.window);
            let mut bounds = Vec::new();
            if has_start {
                bounds.push(Bound::From(self.first_of(grain, first_part.clone(), &Limit::Day(from))));
            }
            for (way, bound) in inner {
                let mut limit = bound.limit().clone();
                if !way.is_nothing() {
                    // From the first on that is there and holds: all after it do.
                    let way = Move { or_never: false, ..way };
                    limit = self.first_of(periods.grain, Need::Moved(way), &limit);
                }
                bounds.push(Bound::From(if periods.window == Window::AllTime {
                    self.all_or_none(periods.grain, grain, &limit)
                } else {
                    self.first_of(grain, first_part.clone(), &limit)
                }));
            }
            return bounds;
        }
        if inner.is_empty() && !has_start {
            return Vec::new();
        }
        let calendar = &self.model.calendar;
        // The first inner period that counts, whatever it is moved by: its moves lead to earlier ones.
        let first_inner = calendar.first_from(periods.grain, from);
        let mut first = first_inner;
        for (way, bound) in inner {
            let Limit::Day(bound) = bound.limit() else { continue };
            let reach = |period: Date| move_back(&way, period, periods.grain) >= *bound;
            first = first.max(first_period(calendar, periods.grain, reach));
        }
        let start_of = |period: Date| {
            let last = add_days(calendar.next(grain, period), -1);
            match periods.window {
                Window::Period | Window::Previous | Window::Age(_) => period,
                Window::AllTime => first_inner,
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
            let whole = if first <= first_inner { calendar.first_from(grain, from) } else { Date::MAX };
            return vec![Bound::From(Limit::Day(whole))];
        }
        vec![Bound::From(Limit::Day(first_period(calendar, grain, |period| start_of(period) >= first)))]
    }

    /// The first of all periods if the windows of all finer ones begin once data is whole, and none otherwise.
    fn all_or_none(&mut self, inner: Grain, grain: Grain, limit: &Limit) -> Limit {
        let (inner, spine) = (self.spine_name(inner), self.spine_name(grain));
        let mut first = Select::from_part(&inner);
        first.column(fold(&min::MIN, column(&inner, "period")), "period");
        let first = Expr::leaf(Atom::Single(Box::new(first)));
        let mut select = Select::from_part(&spine);
        select.column(fold(&min::MIN, column(&spine, "period")), "period");
        select.filter.push(Expr::apply(&operators::GREATER_OR_EQUAL, vec![first, limit.scalar()]));
        Limit::Found(Box::new(select))
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

/// Whether a row is complete: its period is, every window of its formulas begins once data is whole, and all steps have had their
/// time.
pub(super) fn is_complete_here(stack: &Stack, whole: Vec<(Move, Bound)>) -> Scalar {
    let mut conditions = vec![fold(&max::MAX, column(&stack.name, &stack.dense))];
    for (way, bound) in whole {
        let period = match stack.moves.get(&way) {
            Some(name) => fold(&max::MAX, column(&stack.name, name)),
            None => column(&stack.name, "period"),
        };
        let holds = bound.holds(period.clone(), &column(&stack.name, AGE));
        if way.is_nothing() && matches!(bound.limit(), Limit::Day(_)) {
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
    Expr::all(conditions).unwrap_or_else(Expr::null)
}
