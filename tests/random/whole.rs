//! Which rows of a view are complete: what rules 4 and 9 of the language say of windows and of the time that steps have.

use super::calendar::{Back, days, months};
use super::evaluate::{Evaluator, Place, part, total};
use super::project::{Aggregate, Body, Figure, Formula, Grain, Kpi, Past, RowLeaf, Unit, Window};
use super::rows::related;
use jiff::civil::Date;

impl<'a> Evaluator<'a> {
    pub fn kpi_is_whole(&self, kpi: &'a Kpi, place: &Place<'a>) -> bool {
        match &kpi.body {
            Body::Formula(formula) => self.is_whole(formula, place),
            Body::Values { .. } => true,
        }
    }

    /// Rule 4: whether no window begins before `data_from`; and rule 9: whether all steps have had their time.
    fn is_whole(&self, formula: &'a Formula, place: &Place<'a>) -> bool {
        let mut all = true;
        formula.leaves(&mut |figure| {
            all &= match figure {
                Figure::Kpi(name) => self.kpi_is_whole(self.project.kpi(name), place),
                Figure::Aggregate(aggregate) => {
                    self.aggregate_is_whole(aggregate, place)
                        && !self.is_unknown(aggregate, place)
                        && !self.is_doubtful(aggregate, None, place)
                }
                Figure::Grouped(grouped) => {
                    let is_whole = |of| {
                        self.aggregate_is_whole(of, place)
                            && !self.is_unknown(of, place)
                            && !self.is_doubtful(of, Some(&grouped.per), place)
                    };
                    grouped.aggregates().all(is_whole)
                }
                Figure::Each(each) => {
                    let from = self.each_window(each, place).0;
                    // The first period of a calendar has none before it, which is as good as one before data was whole.
                    let before = || self.calendar.later(place.grain, place.start, -1).or(Some(Date::MIN));
                    let from = if each.window == Window::Previous { before() } else { from };
                    let own = self.begins_whole(each.window, from);
                    own && self.periods(each, place).iter().all(|period| self.is_whole(&each.of, period))
                }
                Figure::Past(past, of, length) => {
                    let before = match self.calendar.back(place.grain, place.start, *length).unwrap() {
                        Back::To(start) => self.is_whole(of, &Place { start, ..place.clone() }),
                        // Its windows would begin even earlier.
                        Back::Before => !self.has_windows(of, place),
                        // No window begins in a period that there is not.
                        Back::Nowhere => true,
                    };
                    let waited = place.age.is_none() || self.ages_have_waited(of, place);
                    before && waited && (past.whole() == Past::Prior || self.is_whole(of, place))
                }
                // What a condition looks up is a part of the figure, and what the slices of a total would be is not.
                Figure::Slice(of, condition) => self.is_whole(of, &part(place, condition)),
                Figure::Total(of, dimensions) => self.is_whole(of, &total(place, dimensions)),
            };
        });
        all
    }

    fn aggregate_is_whole(&self, aggregate: &Aggregate, place: &Place<'_>) -> bool {
        let inner = related(aggregate);
        let (from, _) = self.window(aggregate.window, place);
        let before = self.calendar.later(place.grain, place.start, -1);
        let from = if aggregate.window == Window::Previous { before.or(Some(Date::MIN)) } else { from };
        let at_birth = || place.age.is_none_or(|(_, age)| age == 0);
        let begins = match aggregate.window {
            Window::Age if !at_birth() => true,
            Window::Age | Window::AgeToDate => !self.looks_before(place) || self.age_begins_whole(place),
            window => self.begins_whole(window, from),
        };
        self.has_waited(aggregate, place) && begins && inner.into_iter().all(|inner| self.aggregate_is_whole(inner, place))
    }

    /// Rule 9: whether the period is over, and the longest time that a step has, and the time in which data settles.
    fn has_waited(&self, aggregate: &Aggregate, place: &Place<'_>) -> bool {
        let shifted = aggregate.window == Window::Previous && related(aggregate).is_empty();
        let start = if shifted { self.calendar.later(place.grain, place.start, -1) } else { Some(place.start) };
        withins(aggregate).into_iter().all(|within| {
            let Some(mut end) = start.map(|start| self.calendar.end(place.grain, start)) else { return true };
            if let (true, Some(age)) = (aggregate.window.is_at_age(), place.age) {
                match self.at_age(age, days(end, -1)) {
                    Some((_, of_age)) => end = of_age,
                    None => return false,
                }
            }
            self.is_over(within.into_iter().fold(end, later))
        })
    }

    /// Rule 9: at an age a cohort waits for what its formula gives time to, also where it only looks at an earlier cohort.
    fn ages_have_waited(&self, formula: &Formula, place: &Place<'_>) -> bool {
        let mut all = true;
        formula.leaves(&mut |figure| {
            all &= match figure {
                Figure::Kpi(name) => match &self.project.kpi(name).body {
                    Body::Formula(of) => self.ages_have_waited(of, place),
                    Body::Values { .. } => true,
                },
                Figure::Aggregate(of) => self.age_has_waited(of, place),
                Figure::Grouped(grouped) => grouped.aggregates().all(|of| self.age_has_waited(of, place)),
                Figure::Each(each) => self.ages_have_waited(&each.of, place),
                Figure::Past(_, of, _) | Figure::Slice(of, _) | Figure::Total(of, _) => self.ages_have_waited(of, place),
            };
        });
        all
    }

    fn age_has_waited(&self, aggregate: &Aggregate, place: &Place<'_>) -> bool {
        (!aggregate.window.is_at_age() || self.has_waited(aggregate, place))
            && related(aggregate).into_iter().all(|inner| self.age_has_waited(inner, place))
    }

    /// Whether the unit in which a cohort has its ages may begin before the cohort does.
    fn looks_before(&self, place: &Place<'_>) -> bool {
        place.age.is_some_and(|(unit, _)| !self.calendar.nests(unit, place.grain))
    }

    /// Whether the unit in which a cohort begins begins once data is whole.
    fn age_begins_whole(&self, place: &Place<'_>) -> bool {
        let unit = place.age.and_then(|(unit, _)| self.calendar.period(unit, place.start));
        unit.is_some_and(|start| start >= self.calendar.data_from)
    }

    fn begins_whole(&self, window: Window, from: Option<Date>) -> bool {
        match window {
            // All time has no beginning, and a period is no window.
            Window::Period | Window::AllTime | Window::Within(..) => true,
            Window::Trailing(_) | Window::ToDate(_) | Window::Previous | Window::Age | Window::AgeToDate => {
                from.is_none_or(|from| from >= self.calendar.data_from)
            }
        }
    }

    /// Whether a formula has windows that may begin before their period.
    fn has_windows(&self, formula: &Formula, place: &Place<'_>) -> bool {
        let open = |window: Window| match window {
            Window::Period | Window::AllTime | Window::Within(..) => false,
            Window::Trailing(_) | Window::ToDate(_) | Window::Previous => true,
            Window::Age => place.age.is_none_or(|(_, age)| age == 0) && self.looks_before(place),
            Window::AgeToDate => self.looks_before(place),
        };
        let in_rows = |of: &Aggregate| any_window(of, &open);
        let mut any = false;
        formula.leaves(&mut |figure| {
            any |= match figure {
                Figure::Kpi(name) => match &self.project.kpi(name).body {
                    Body::Formula(of) => self.has_windows(of, place),
                    Body::Values { .. } => false,
                },
                Figure::Aggregate(of) => in_rows(of),
                Figure::Grouped(of) => in_rows(&of.of),
                Figure::Each(each) => open(each.window) || self.has_windows(&each.of, place),
                Figure::Past(_, of, _) | Figure::Slice(of, _) | Figure::Total(of, _) => self.has_windows(of, place),
            };
        });
        any
    }
}

/// Whether an aggregate, or one over related rows in it, has a window of some kind.
fn any_window(of: &Aggregate, is: &dyn Fn(Window) -> bool) -> bool {
    is(of.window) || related(of).into_iter().any(|inner| any_window(inner, is))
}

/// The times that have to pass before an aggregate stands: those that steps of journeys have, and those in which related rows come.
/// What conditions on these wait for comes after them.
pub fn withins(aggregate: &Aggregate) -> Vec<Vec<(i32, Unit)>> {
    let mut found = Vec::new();
    for expr in aggregate.filter.iter().chain(&aggregate.argument) {
        expr.leaves(&mut |leaf| match leaf {
            RowLeaf::Reached { within, .. } => found.extend(within.map(|within| vec![within])),
            RowLeaf::Related(inner) => {
                let mut own = withins(inner);
                if let Window::Within(count, unit) = inner.window {
                    own.push(Vec::new());
                    own.iter_mut().for_each(|within| within.insert(0, (count, unit)));
                }
                found.extend(own);
            }
            _ => {}
        });
    }
    found
}

/// The day that comes so much time after the beginning of another; a day that has begun counts.
pub fn later(day: Date, (count, unit): (i32, Unit)) -> Date {
    match unit {
        Unit::Hour => days(day, i64::from((count + 23) / 24)),
        Unit::Of(Grain::Month) => months(day, count),
        Unit::Of(Grain::Week) => days(day, 7 * i64::from(count)),
        Unit::Of(_) => days(day, i64::from(count)),
    }
}
