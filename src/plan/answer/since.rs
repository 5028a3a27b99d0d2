//! From which day on the rows of a measure show which slices there are.
//!
//! A slice is there if it has a row since data is whole, or one in a window that a period shown looks at: otherwise the sums of the slices
//! would lack what their total has. So the earliest window of each measure is looked for.
//!
//! 1. Each formula is looked at from the first period shown on; `prior` leads back from there, but to no period that begins before data
//!    is whole.
//! 2. An aggregate over periods looks at what is inside from the first finer period of its own window on, but not before data is whole.
//! 3. The window of an aggregate over rows begins where it does in the first of these periods.
//!
//! In a calendar of rules with a fixed last day all of it is worked out here, as a date; otherwise the plan asks the periods.

use crate::calendar::{AsOf, Date, Grain, add, add_days};
use crate::functions::{coalesce, min, operators};
use crate::model::expr::{Aggregate, Expr, Window};
use crate::plan::algebra::relation::{Atom, Scalar, Select, column, day, fold};
use crate::plan::answer::assemble::Planner;
use crate::plan::lookup::expand::{Formula, FormulaLeaf, MeasureId, MeasureOf, Move, Periods};
use crate::plan::time::spine::{Need, parts_in};

/// From which day on rows show slices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::plan) enum Since {
    /// Whenever they are.
    Ever,
    /// From a day on, or from one of those that the plan finds.
    Days(Date, Vec<Scalar>),
}

/// A day: the first one of a period, or of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
enum First {
    Day(Date),
    Found(Scalar),
}

/// Where a window begins.
enum Start {
    At(First),
    /// It has no beginning.
    Never,
}

/// A period at which a measure is looked at before all others.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Look {
    period: First,
    /// Whether it may begin before data is whole, as the one before the first.
    is_previous: bool,
}

impl Since {
    /// That the days before do not count, if there are any.
    pub(in crate::plan) fn counts(&self, seen_on: &Scalar) -> Option<Scalar> {
        let Since::Days(first, others) = self else { return None };
        let from = |day: Scalar| Expr::apply(&operators::GREATER_OR_EQUAL, vec![seen_on.clone(), day]);
        Expr::any(std::iter::once(day(*first)).chain(others.iter().cloned()).map(from).collect())
    }

    /// Both of two.
    pub(in crate::plan) fn or(self, other: Since) -> Since {
        let (Since::Days(one, mut days), Since::Days(two, others)) = (self, other) else { return Since::Ever };
        for other in others {
            if !days.contains(&other) {
                days.push(other);
            }
        }
        Since::Days(one.min(two), days)
    }

    fn reach(&mut self, first: First) {
        let also = match first {
            First::Day(day) => Since::Days(day, Vec::new()),
            First::Found(found) => match self {
                Since::Days(day, _) => Since::Days(*day, vec![found]),
                Since::Ever => return,
            },
        };
        *self = std::mem::replace(self, Since::Ever).or(also);
    }
}

impl Planner<'_> {
    /// For each measure from which day on its rows show slices.
    pub(in crate::plan) fn since_of_measures<'f>(&mut self, formulas: impl Iterator<Item = &'f Formula>) -> Vec<Since> {
        let whole = Since::Days(self.calendar.data_from, Vec::new());
        let count = self.expansion.measures.len();
        let mut since = vec![whole; count];
        if self.question.dimensions.is_empty() {
            return since;
        }
        let grain = self.question.grain;
        let first = self.first_shown();
        let mut looks: Vec<Vec<Look>> = vec![Vec::new(); count];
        for formula in formulas {
            self.look(formula, grain, &first, &mut looks);
        }
        // What is inside others comes before them.
        for id in (0..count).rev() {
            let Some(measure) = self.expansion.measures.get(id).cloned() else { continue };
            for look in looks.get(id).cloned().unwrap_or_default() {
                let aggregates = match &measure.of {
                    MeasureOf::Rows(aggregate) => vec![aggregate.as_ref()],
                    MeasureOf::Entities(grouped) => grouped.aggregates(),
                    MeasureOf::Periods(periods) => {
                        let first = self.first_inside(periods, measure.grain, &look);
                        self.look(&periods.of, periods.grain, &first, &mut looks);
                        continue;
                    }
                    _ => continue,
                };
                for aggregate in aggregates {
                    let start = self.window_of(aggregate, measure.grain, &look);
                    if let Some(since) = since.get_mut(id) {
                        match start {
                            Some(Start::At(start)) => since.reach(start),
                            Some(Start::Never) => *since = Since::Ever,
                            None => {}
                        }
                    }
                }
            }
        }
        since
    }

    /// Whether days can be computed here.
    fn knows_days(&self) -> Option<Date> {
        match self.calendar.as_of {
            AsOf::Day(last) if !self.calendar.custom => Some(last),
            AsOf::Day(_) | AsOf::Today => None,
        }
    }

    /// The first period shown. One that is asked for only for what follows from it does not count.
    fn first_shown(&mut self) -> First {
        let calendar = self.calendar;
        let (start, grain) = (calendar.start, self.question.grain);
        let from = self.question.from.filter(|_| !self.question.is_lead_in);
        let from = from.map_or(start, |from| from.max(calendar.data_from).min(start));
        if self.knows_days().is_some() {
            return First::Day(calendar.first_from(grain, from));
        }
        First::Found(self.first_from(grain, &First::Day(from)))
    }

    /// The first period of a grain that begins on or after a day.
    fn first_from(&mut self, grain: Grain, from: &First) -> Scalar {
        let spine = self.spine_name(grain);
        let mut select = Select::from_part(&spine);
        select.column(fold(&min::MIN, column(&spine, "period")), "period");
        select.filter.push(Expr::apply(&operators::GREATER_OR_EQUAL, vec![column(&spine, "period"), from.scalar()]));
        Expr::leaf(Atom::Single(Box::new(select)))
    }

    /// A column of a period; null where it has none.
    fn of_period(&mut self, grain: Grain, need: Need, period: &First) -> Scalar {
        let (spine, name) = (self.spine_name(grain), self.need(grain, need));
        let mut select = Select::from_part(&spine);
        select.column(fold(&min::MIN, column(&spine, &name)), &name);
        select.filter.push(Expr::apply(&operators::EQUAL, vec![column(&spine, "period"), period.scalar()]));
        Expr::leaf(Atom::Single(Box::new(select)))
    }

    /// Notes at which periods the measures of a formula are looked at first.
    fn look(&mut self, formula: &Formula, grain: Grain, first: &First, looks: &mut [Vec<Look>]) {
        let mut leaves: Vec<(MeasureId, Move)> = Vec::new();
        formula.leaves(&mut |leaf| {
            if let FormulaLeaf::Value(id, way) = leaf
                && !way.open
                && !leaves.contains(&(*id, way.clone()))
            {
                leaves.push((*id, way.clone()));
            }
        });
        for (id, way) in leaves {
            let period = self.first_moved(grain, &way, first);
            let look = Look { period, is_previous: way.previous };
            if let Some(known) = looks.get_mut(id)
                && !known.contains(&look)
            {
                known.push(look);
            }
        }
    }

    /// The period to which a move leads, or the first since data is whole where that begins before.
    fn first_moved(&mut self, grain: Grain, way: &Move, first: &First) -> First {
        let calendar = self.calendar;
        let whole = calendar.data_from;
        let mut at = first.clone();
        if let (First::Day(first), Some(_)) = (first, self.knows_days()) {
            let back = way.back.iter().fold(*first, |at, length| add(at, length.unit, -i64::from(length.count)));
            let at = back.max(calendar.first_from(grain, whole));
            return First::Day(if way.previous { add(at, grain, -1) } else { at });
        }
        if !way.back.is_empty() {
            let back = Move { back: way.back.clone(), ..Move::default() };
            let back = self.of_period(grain, Need::Moved(back), first);
            let whole = self.first_from(grain, &First::Day(whole));
            at = First::Found(Expr::apply(&coalesce::COALESCE, vec![back, whole]));
        }
        if way.previous { First::Found(self.of_period(grain, Need::Moved(Move::previous()), &at)) } else { at }
    }

    /// The first of the finer periods that an aggregate over them goes over.
    fn first_inside(&mut self, periods: &Periods, grain: Grain, look: &Look) -> First {
        let (inner, window) = (periods.grain, periods.window);
        let whole = self.calendar.data_from;
        let (First::Day(period), Some(last)) = (&look.period, self.knows_days()) else {
            let start = match window {
                Window::AllTime => First::Day(whole),
                _ if look.is_previous => look.period.clone(),
                _ => {
                    let first = self.of_period(grain, Need::FirstPart(inner, window), &look.period);
                    // It may have begun before the calendar did.
                    First::Found(Expr::apply(&coalesce::COALESCE, vec![first, day(whole)]))
                }
            };
            return First::Found(self.first_from(inner, &start));
        };
        let calendar = self.calendar;
        let last = add_days(calendar.next(grain, *period), -1).min(last);
        let start = match window {
            Window::Period | Window::Previous | Window::Age(_) | Window::AgeToDate(_) | Window::Within(..) => *period,
            Window::AllTime => whole,
            Window::ToDate(unit) => calendar.period_start(unit, last),
            Window::Trailing(length) if inner == Grain::Day => add(add_days(last, 1), length.unit, -i64::from(length.count)),
            Window::Trailing(length) => add(calendar.period_start(inner, last), inner, 1 - i64::from(parts_in(inner, length))),
        };
        First::Day(calendar.first_from(inner, start.max(whole)))
    }

    /// The first day of an aggregate's window in a period; nothing where rows from before data is
    /// whole are not met in it, or show no slices by their own day.
    fn window_of(&mut self, aggregate: &Aggregate, grain: Grain, look: &Look) -> Option<Start> {
        let related = aggregate.has_related();
        if aggregate.stock.is_some() || related || aggregate.time.is_none() {
            return None;
        }
        let window = aggregate.window;
        match window {
            Window::Period => look.is_previous.then(|| Start::At(self.first_known_day(grain, &look.period))),
            Window::AllTime => Some(Start::Never),
            Window::Previous | Window::Age(_) | Window::AgeToDate(_) | Window::Within(..) => None,
            Window::Trailing(_) | Window::ToDate(_) => Some(Start::At(self.window_start(window, grain, &look.period))),
        }
    }

    /// The first day of a period. A custom calendar may begin within it, and does not say of the days before in which period they are.
    fn first_known_day(&self, grain: Grain, period: &First) -> First {
        let Some(calendar) = self.custom.as_ref().filter(|_| grain > Grain::Day) else { return period.clone() };
        let mut select = Select::from_part(calendar);
        select.column(fold(&min::MIN, column(calendar, "day")), "day");
        let of = column(calendar, grain.name());
        select.filter.push(Expr::apply(&operators::GREATER_OR_EQUAL, vec![of, period.scalar()]));
        First::Found(Expr::leaf(Atom::Single(Box::new(select))))
    }

    fn window_start(&mut self, window: Window, grain: Grain, period: &First) -> First {
        let (First::Day(period), Some(last)) = (period, self.knows_days()) else {
            return First::Found(self.of_period(grain, Need::WindowStart(window), period));
        };
        let calendar = self.calendar;
        let last = add_days(calendar.next(grain, *period), -1).min(last);
        First::Day(match window {
            Window::Trailing(length) => add(add_days(last, 1), length.unit, -i64::from(length.count)),
            Window::ToDate(unit) => calendar.period_start(unit, last),
            Window::Period
            | Window::Previous
            | Window::AllTime
            | Window::Age(_)
            | Window::AgeToDate(_)
            | Window::Within(..) => *period,
        })
    }
}

impl First {
    fn scalar(&self) -> Scalar {
        match self {
            First::Day(first) => day(*first),
            First::Found(found) => found.clone(),
        }
    }
}
