//! Values as they stood earlier: what a period that is not over is compared with (`prior_to_date`).
//!
//! The earlier period is looked at as if its own end of time were so far in it as the last visible day is in the open one. So these measures are
//! planned like all others, by a planner of their own whose end of time is that earlier day, and only the open period looks at them
//! ([`Move::open`]).
//!
//! In a calendar of rules the day is moved back as `prior` moves days. In a custom calendar it is the one of the same number within the earlier
//! period, or its last.
//!
//! [`Move::open`]: crate::plan::lookup::expand::Move

use crate::calendar::{AsOf, Calendar, Date, Grain, add};
use crate::functions::{conversions, max, operators};
use crate::model::expr::Expr;
use crate::plan::algebra::relation::{JoinKind, Select, column, fold, moved};
use crate::plan::answer::assemble::Planner;
use crate::plan::lookup::expand::{Formula, Measure, MeasureOf, Move, Seen};
use crate::plan::time::spine::Need;
use std::collections::BTreeSet;

impl Planner<'_> {
    /// Plans the measures that are looked at as of earlier days.
    pub(in crate::plan) fn measures_to_date(&mut self, formulas: &[Formula], data: Option<&Formula>) {
        let seen: BTreeSet<Seen> = self.expansion.measures.iter().filter_map(|measure| measure.seen).collect();
        for seen in seen {
            self.as_of(seen, formulas, data);
        }
    }

    /// Plans the measures that are looked at as of one earlier day.
    fn as_of(&mut self, seen: Seen, formulas: &[Formula], data: Option<&Formula>) {
        self.trust_of(seen);
        let (as_of, moment) = self.earlier_day(seen);
        let calendar = Calendar { as_of, ..self.calendar.clone() };
        let names = std::mem::take(&mut self.names);
        let mut earlier = Planner::new(self.model, self.question, names);
        earlier.calendar = &calendar;
        earlier.seen = Some(seen);
        earlier.custom.clone_from(&self.custom);
        earlier.today = moment.is_some().then(|| earlier.names.take("earlier_day"));
        earlier.moment = moment;
        earlier.columns = std::mem::take(&mut self.columns);
        earlier.expansion = std::mem::take(&mut self.expansion);
        earlier.value_columns.clone_from(&self.value_columns);
        earlier.last_trusted.clone_from(&self.last_trusted);
        earlier.slices = std::mem::take(&mut self.slices);
        earlier.series = vec![None; earlier.expansion.measures.len()];
        earlier.measures_over_rows(formulas, data);
        earlier.measures_over_periods();
        let parts = earlier.all_parts();
        for (own, made) in self.series.iter_mut().zip(earlier.series) {
            *own = own.take().or(made);
        }
        self.names = earlier.names;
        self.columns = earlier.columns;
        self.expansion = earlier.expansion;
        self.slices = earlier.slices;
        self.append(parts);
    }

    /// Up to which day the rows of sources can be trusted is known better by now: those that came later were not late.
    fn trust_of(&mut self, seen: Seen) {
        for measure in self.expansion.measures.clone() {
            if let (MeasureOf::Trusted(source, _) | MeasureOf::Doubt(source, _), true) =
                (&measure.of, measure.seen == Some(seen))
                && self.model.sources.get(*source).freshness.within.is_some()
            {
                self.last_trusted_part(*source);
            }
        }
    }

    /// The earlier day, as a date or as what finds it.
    fn earlier_day(&mut self, seen: Seen) -> (AsOf, Option<Select>) {
        let Seen { grain, back } = seen;
        match (self.calendar.as_of, self.custom.clone(), self.today.clone()) {
            (AsOf::Day(last), None, _) => (AsOf::Day(add(last, back.unit, -i64::from(back.count))), None),
            (_, None, today) => {
                let today = today.unwrap_or_default();
                let mut select = Select::from_part(&today);
                select.column(moved(column(&today, "as_of"), -i64::from(back.count), back.unit), "as_of");
                (AsOf::Today, Some(select))
            }
            (_, Some(days), _) => {
                let before = self.need(grain, Need::Moved(Move { back: vec![back], open: true, ..Move::default() }));
                let last_day = self.need(grain, Need::LastDay);
                let spine = self.spine_name(grain);
                let mut select = Select::from_part(&spine);
                let first = column(&spine, &before);
                let day = column(&days, "day");
                let of = if grain == Grain::Day { "day" } else { grain.name() };
                let since = |day, first| Expr::apply(&conversions::DAYS_BETWEEN, vec![day, first]);
                let gone = since(column(&spine, &last_day), column(&spine, "period"));
                let on = vec![
                    Expr::apply(&operators::EQUAL, vec![column(&days, of), first.clone()]),
                    Expr::apply(&operators::LESS_OR_EQUAL, vec![since(day.clone(), first), gone]),
                ];
                select.join(JoinKind::Inner, &days, &days, Expr::all(on));
                select.column(fold(&max::MAX, day), "as_of");
                (AsOf::Today, Some(select))
            }
        }
    }

    /// The first day of the first period at which a measure is needed as of an earlier day: that of the period which holds the day, if nothing
    /// looks further back.
    pub(in crate::plan) fn first_needed_to_date(&self, measure: &Measure, moves: &BTreeSet<Move>) -> Option<Date> {
        let calendar = self.calendar;
        let further = moves.iter().any(|way| way.back.len() > 1) || self.expansion.is_inside_periods(measure);
        let first = match calendar.as_of {
            AsOf::Day(last) if !calendar.custom && !further => {
                calendar.period_start(measure.grain, last).max(calendar.data_from)
            }
            AsOf::Day(_) | AsOf::Today => calendar.data_from,
        };
        if !moves.iter().any(|way| way.previous) {
            return Some(first);
        }
        (!calendar.custom).then(|| add(calendar.period_start(measure.grain, first), measure.grain, -1))
    }
}
