//! Measures over periods (`each`): the values at a finer grain, and the aggregate over them.

use crate::calendar::Grain;
use crate::functions::operators;
use crate::model::expr::{Expr, Window};
use crate::plan::algebra::relation::{Atom, Fold, JoinKind, Select, column};
use crate::plan::answer::assemble::Planner;
use crate::plan::answer::stack::{is_dense, moves_in};
use crate::plan::lookup::expand::{Measure, MeasureId, MeasureOf, Periods};
use crate::plan::rows::{Series, is_ordered};
use crate::plan::time::spine::Need;

impl Planner<'_> {
    pub(in crate::plan) fn measures_over_periods(&mut self) {
        for (id, measure) in self.expansion.measures.clone().iter().enumerate() {
            if let (MeasureOf::Periods(periods), true) = (&measure.of, measure.seen == self.seen) {
                let series = self.periods(id, measure, periods);
                self.set(id, series);
            }
        }
    }

    /// The values at the finer grain, for every one of its periods and every slice, and then the aggregate over them.
    fn periods(&mut self, id: MeasureId, measure: &Measure, periods: &Periods) -> Series {
        let own = self.value_columns.get(id).cloned().unwrap_or_default();
        let keys = self.key_names(&measure.keeps);
        let spine = self.spine_name(periods.grain);
        let dense = match self.slices_of(&measure.keeps) {
            None => spine.clone(),
            Some(slices) => {
                let part = self.names.take(&format!("{spine}_and_{}", keys.join("_and_")));
                let mut select = Select::from_part(&spine);
                select.join(JoinKind::Cross, &slices, &slices, None);
                select.column(column(&spine, "period"), "period");
                for key in &keys {
                    select.column(column(&slices, key), key);
                }
                let moves = moves_in(std::slice::from_ref(&periods.of));
                for way in moves {
                    let name = self.need(periods.grain, Need::Moved(way));
                    select.column(column(&spine, &name), &name);
                }
                self.push(&part, select);
                part
            }
        };
        let stack = self.stack(std::slice::from_ref(&periods.of), periods.grain, (&measure.keeps, false), &dense, None);
        let mut each = Select::from_part(&stack.name);
        each.column(column(&stack.name, "period"), "period");
        for key in &keys {
            each.column(column(&stack.name, key), key);
        }
        each.group_by_these();
        each.column(self.scalar(&periods.of, &stack), "value");
        each.having.push(is_dense(&stack));
        let values = self.names.take(&format!("{own}_values_by_{}", periods.grain));
        self.push(&values, each);
        let part = self.over_periods(&own, measure, periods, &values, &keys);
        Series { part, column: own, rows: None }
    }

    /// The aggregate over the values of a finer grain, within the period or a window of it.
    fn over_periods(&mut self, own: &str, measure: &Measure, periods: &Periods, values: &str, keys: &[String]) -> String {
        let grain = measure.grain;
        let custom = self.calendar.custom;
        let mut select = Select::from_part(values);
        let inner = column(values, "period");
        // A period may be looked at from the next, whether it is shown or not.
        if periods.window == Window::Period {
            let period = match &self.custom {
                Some(calendar) if grain > Grain::Day => {
                    let on = Expr::apply(&operators::EQUAL, vec![column(calendar, "day"), inner]);
                    select.join(JoinKind::Inner, calendar, calendar, Some(on));
                    column(calendar, grain.name())
                }
                _ => crate::plan::rows::scan::period_of(self.calendar, grain, inner),
            };
            select.column(period, "period");
        } else {
            let last_day = self.need(grain, Need::LastDay);
            let spine = self.spine_name(grain);
            let mut on = vec![Expr::apply(&operators::LESS_OR_EQUAL, vec![inner.clone(), column(&spine, &last_day)])];
            if periods.window != Window::AllTime {
                let start = self.need(grain, Need::FirstPart(periods.grain, periods.window));
                let start = column(&spine, &start);
                let reaches = Expr::apply(&operators::GREATER_OR_EQUAL, vec![inner, start.clone()]);
                // By numbers a window may begin before the calendar's first day.
                let counted = matches!(periods.window, Window::Trailing(_)) && custom && periods.grain != Grain::Day;
                let none = counted.then(|| Expr::apply(&operators::IS_NULL, vec![start]));
                on.extend(Expr::any(std::iter::once(reaches).chain(none).collect()));
            }
            select.join(JoinKind::Inner, &spine, &spine, Expr::all(on));
            select.column(column(&spine, "period"), "period");
        }
        for key in keys {
            select.column(column(values, key), key);
        }
        select.group_by_these();
        let argument = Some(column(values, "value"));
        let (function, fraction) = (periods.function, periods.fraction.clone());
        // No two of them are the same period, so that nothing else decides.
        let order = if is_ordered(function) { vec![column(values, "period")] } else { Vec::new() };
        let over = Fold { function, fraction, argument, filter: None, order };
        select.column(Expr::leaf(Atom::Aggregate(Box::new(over))), own);
        let part = self.names.take(&format!("{own}_by_{grain}"));
        self.push(&part, select);
        part
    }
}
