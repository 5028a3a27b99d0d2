//! Completeness of aggregates over periods (`each`): every period that is gone over has to be whole, and so has their own window.

use crate::calendar::{AsOf, Date, Grain, add, add_days};
use crate::functions::{coalesce, max, min, operators};
use crate::model::expr::{Expr, Literal, Node, Window};
use crate::plan::algebra::relation::{Atom, JoinKind, Select, column, fold};
use crate::plan::answer::assemble::Planner;
use crate::plan::lookup::expand::{Move, Periods};
use crate::plan::time::complete::{Limit, PeriodRange, among, first_period, move_back};
use crate::plan::time::spine::{Need, parts_in};

impl Planner<'_> {
    /// The same for an aggregate over periods: its window, and the windows of what is inside.
    pub(in crate::plan) fn periods_whole_from(&mut self, periods: &Periods, grain: Grain) -> Vec<PeriodRange> {
        let (ends, starts): (Vec<_>, Vec<_>) =
            self.whole_from(&periods.of, periods.grain).into_iter().partition(|(_, bound)| bound.is_end());
        let mut bounds = self.windows_whole_from(periods, grain, starts);
        for (way, bound) in ends {
            if let PeriodRange::Until(limit) = bound {
                bounds.push(self.periods_until(periods, grain, &way, &limit));
            }
        }
        bounds
    }

    /// The last period in which every period that is gone over is one in which all steps have had their time.
    fn periods_until(&mut self, periods: &Periods, grain: Grain, way: &Move, limit: &Limit) -> PeriodRange {
        let calendar = self.calendar;
        if let (AsOf::Day(last), Limit::Day(limit), false) = (calendar.as_of, limit, calendar.custom) {
            let mut period = calendar.period_start(grain, last);
            let inner = |period: Date| calendar.period_start(periods.grain, add_days(calendar.next(grain, period), -1));
            while move_back(way, inner(period), periods.grain) > *limit && period >= calendar.data_from {
                period = add(period, grain, -1);
            }
            return PeriodRange::Until(Limit::Day(period));
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
        PeriodRange::Until(Limit::of(&spine, &last, &inner_limit, false))
    }

    /// From which periods on the window of an aggregate over periods, and the windows of what is inside, begin once data is whole.
    fn windows_whole_from(&mut self, periods: &Periods, grain: Grain, inner: Vec<(Move, PeriodRange)>) -> Vec<PeriodRange> {
        let from = self.calendar.data_from;
        let has_start = matches!(periods.window, Window::Trailing(_) | Window::ToDate(_));
        if self.calendar.custom {
            let first_part = Need::FirstPart(periods.grain, periods.window);
            let mut bounds = Vec::new();
            if has_start {
                bounds.push(PeriodRange::From(self.first_of(grain, first_part.clone(), &Limit::Day(from))));
            }
            let mut others = Vec::new();
            for (way, bound) in inner {
                match bound {
                    PeriodRange::From(limit) if way.is_nothing() => {
                        bounds.push(PeriodRange::From(if periods.window == Window::AllTime {
                            self.all_or_none(periods.grain, grain, &limit)
                        } else {
                            self.first_of(grain, first_part.clone(), &limit)
                        }));
                    }
                    bound => others.push((way, bound)),
                }
            }
            if !others.is_empty() {
                bounds.push(PeriodRange::Among(self.whole_periods(periods, grain, others)));
            }
            return bounds;
        }
        if inner.is_empty() && !has_start {
            return Vec::new();
        }
        let calendar = self.calendar;
        // The first inner period that counts, whatever it is moved by: its moves lead to earlier ones.
        let first_inner = calendar.first_from(periods.grain, from);
        let mut first = first_inner;
        for (way, bound) in inner {
            let PeriodRange::From(Limit::Day(bound)) = bound else { continue };
            let reach = |period: Date| move_back(&way, period, periods.grain) >= bound;
            first = first.max(first_period(calendar, periods.grain, reach));
        }
        let start_of = |period: Date| {
            let last = add_days(calendar.next(grain, period), -1);
            match periods.window {
                Window::Period | Window::Previous | Window::Age(_) | Window::AgeToDate(_) | Window::Within(..) => period,
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
            return vec![PeriodRange::From(Limit::Day(whole))];
        }
        vec![PeriodRange::From(Limit::Day(first_period(calendar, grain, |period| start_of(period) >= first)))]
    }

    /// The part with the periods in whose window all finer periods hold some bounds. Of a custom calendar's they may hold, fail and hold again:
    /// where a move leads to a period that there is not, nothing begins too early.
    fn whole_periods(&mut self, periods: &Periods, grain: Grain, bounds: Vec<(Move, PeriodRange)>) -> String {
        let key = (periods.clone(), grain);
        if let Some((_, known)) = self.whole_periods.iter().find(|(known, _)| *known == key) {
            return known.clone();
        }
        let inner = self.spine_name(periods.grain);
        let mut broken = Select::from_part(&inner);
        broken.column(column(&inner, "period"), "period");
        let mut holds = Vec::new();
        for (way, bound) in bounds {
            let period = if way.is_nothing() {
                column(&inner, "period")
            } else {
                let name = self.need(periods.grain, Need::Moved(way));
                column(&inner, &name)
            };
            let all_hold = bound.holds(period.clone(), &Expr::null(), |part| among(&mut broken, part, period));
            let no = Expr::made(Node::Literal(Literal::Truth(false)));
            holds.push(Expr::apply(&coalesce::COALESCE, vec![all_hold, no]));
        }
        broken.filter.extend(Expr::all(holds).map(|holds| Expr::apply(&operators::NOT, vec![holds])));
        let part = self.names.take(&format!("{inner}_not_whole"));
        self.push(&part, broken);
        let last_day = self.need(grain, Need::LastDay);
        let spine = self.spine_name(grain);
        let mut on = vec![Expr::apply(&operators::LESS_OR_EQUAL, vec![column(&part, "period"), column(&spine, &last_day)])];
        if periods.window != Window::AllTime {
            let start = self.need(grain, Need::FirstPart(periods.grain, periods.window));
            let reaches = Expr::apply(&operators::GREATER_OR_EQUAL, vec![column(&part, "period"), column(&spine, &start)]);
            let none = Expr::apply(&operators::IS_NULL, vec![column(&spine, &start)]);
            on.extend(Expr::any(vec![reaches, none]));
        }
        let mut whole = Select::from_part(&spine);
        whole.column(column(&spine, "period"), "period").group_by_these();
        whole.join(JoinKind::Left, &part, &part, Expr::all(on));
        let none = Expr::apply(&operators::IS_NULL, vec![fold(&max::MAX, column(&part, "period"))]);
        whole.having.push(none);
        let name = self.names.take(&format!("whole_{spine}"));
        self.push(&name, whole);
        self.whole_periods.push((key, name.clone()));
        name
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
