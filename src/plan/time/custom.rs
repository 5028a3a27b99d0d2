//! The periods of a custom calendar. Only the calendar's rows know them, so they are numbered, and the one before is found by its
//! number.
//!
//! 1. The days are grouped into the periods that the calendar has, shown or not.
//! 2. They are numbered, and numbered within each longer period. A longer period that began before the calendar's first day numbers
//!    nothing: which of its periods a row is, is not known.
//! 3. The spine keeps those from the day on which data is whole up to the last visible one, with the columns that are needed.

use crate::calendar::{AsOf, Date, Grain, Length};
use crate::functions::{coalesce, if_, max, min, operators};
use crate::model::expr::{Expr, Path, Window};
use crate::model::{CalendarSource, Model};
use crate::plan::Data;
use crate::plan::algebra::names::Names;
use crate::plan::algebra::relation::{
    Atom, Body, JoinKind, Neighbour, Part, Ranking, Rows, Scalar, Select, column, day, fold, moved,
};
use crate::plan::lookup::expand::Move;
use crate::plan::rows::scan::Scan;
use crate::plan::time::spine::{Need, Spine, SpineBasis, complete, last_day_after, over, where_open};

/// The spine while its columns are written.
struct Writing<'a> {
    spine: &'a Spine,
    ground: &'a SpineBasis<'a>,
    /// The part with the days of the calendar.
    days: &'a str,
    /// The part with all periods of the grain.
    numbered: &'a str,
    last_day: Scalar,
    select: Select,
    /// How many relations have been joined that others may be joined to again.
    joined: u32,
}

impl Spine {
    pub(in crate::plan) fn by_rows(&self, ground: &SpineBasis<'_>, days: &str, names: &mut Names) -> Vec<Part> {
        let Some(numbered) = ground.numbered.get(&self.grain) else { return Vec::new() };
        let all = names.take(&format!("all_{}", self.name));
        vec![
            Part { name: all.clone(), body: Body::Select(self.every_period(days)) },
            Part { name: numbered.clone(), body: Body::Select(self.numbers(&all, days)) },
            Part { name: self.name.clone(), body: Body::Select(self.of_rows(ground, days, numbered)) },
        ]
    }

    fn longer(&self) -> impl Iterator<Item = Grain> {
        let own = self.grain;
        Grain::ALL.into_iter().filter(move |grain| *grain > own)
    }

    fn every_period(&self, days: &str) -> Select {
        let own = if self.grain == Grain::Day { "day" } else { self.grain.name() };
        let mut every = Select::from_part(days);
        every.column(column(days, own), "period").group_by_these();
        every.column(moved(fold(&max::MAX, column(days, "day")), 1, Grain::Day), "period_end");
        for grain in self.longer() {
            every.column(fold(&max::MAX, column(days, grain.name())), grain.name());
        }
        every
    }

    fn numbers(&self, all: &str, days: &str) -> Select {
        let mut select = Select::from_part(all);
        for name in ["period", "period_end"] {
            select.column(column(all, name), name);
        }
        let rank = |part: Vec<Scalar>, by: Scalar, dense: bool| {
            Expr::leaf(Atom::RowNumber(Box::new(Ranking { part, order: vec![(by, false)], dense })))
        };
        let period = || column(all, "period");
        select.column(rank(Vec::new(), period(), false), "number");
        if self.grain != Grain::Day {
            for (offset, name) in [(1, "next"), (2, "next_end")] {
                let neighbour = Neighbour { value: period(), offset, part: Vec::new(), order: vec![period()] };
                select.column(Expr::leaf(Atom::Neighbour(Box::new(neighbour))), name);
            }
        }
        for grain in self.longer() {
            let name = grain.name();
            select.column(column(all, name), name);
            select.column(rank(Vec::new(), column(all, name), true), &format!("{name}_number"));
            let mut first_day = Select::from_part(days);
            first_day.column(fold(&min::MIN, column(days, "day")), "day");
            let first_day = Expr::leaf(Atom::Single(Box::new(first_day)));
            let is_whole = Expr::apply(&operators::GREATER_OR_EQUAL, vec![column(all, name), first_day]);
            let number = rank(vec![column(all, name)], period(), false);
            select.column(Expr::apply(&if_::IF, vec![is_whole, number]), &format!("number_in_{name}"));
        }
        select
    }

    fn of_rows(&self, ground: &SpineBasis<'_>, days: &str, numbered: &str) -> Select {
        let (here, calendar) = (self.name.as_str(), ground.calendar);
        let mut select = Select::from_part_as(numbered, here);
        let period = column(here, "period");
        select.filter.push(Expr::apply(&operators::GREATER_OR_EQUAL, vec![period.clone(), day(calendar.data_from)]));
        let as_of = ground.today.map(|today| column(today, "as_of"));
        if let Some(today) = ground.today {
            select.join(JoinKind::Cross, today, today, None);
        }
        let last_visible = match (calendar.as_of, &as_of) {
            (AsOf::Day(last), _) => day(last),
            (AsOf::Today, Some(as_of)) => as_of.clone(),
            (AsOf::Today, None) => day(calendar.start),
        };
        select.filter.push(Expr::apply(&operators::LESS_OR_EQUAL, vec![period.clone(), last_visible]));
        select.column(period, "period");
        let last_day = super::spine::last_day(calendar, self.grain, &column(here, "period_end"), as_of.as_ref());
        let mut writing = Writing { spine: self, ground, days, numbered, last_day, select, joined: 0 };
        for (need, name) in self.needs() {
            let expr = writing.needed(need, as_of.as_ref());
            writing.select.column(expr, name);
        }
        writing.select
    }
}

impl Writing<'_> {
    fn own(&self, name: &str) -> Scalar {
        column(&self.spine.name, name)
    }

    fn needed(&mut self, need: &Need, as_of: Option<&Scalar>) -> Scalar {
        let grain = self.spine.grain;
        match need {
            Need::IsComplete => self.known_over(complete(self.ground.calendar, self.own("period_end"), as_of)),
            Need::IsOver => self.known_over(over(self.ground.calendar, self.own("period_end"), as_of)),
            Need::End => self.own("period_end"),
            Need::NextEnd if grain == Grain::Day => moved(self.own("period_end"), 1, Grain::Day),
            Need::NextEnd => self.own("next_end"),
            Need::LastDay => self.last_day.clone(),
            Need::Moved(way) => {
                let moved = self.moved(way);
                where_open(way, moved, || self.known_over(over(self.ground.calendar, self.own("period_end"), as_of)))
            }
            Need::UnitOf(unit) => self.unit(*unit, self.own("period"), "at_start"),
            Need::LastPart(part) => self.unit(*part, moved(self.own("period_end"), -1, Grain::Day), "at_period_end"),
            Need::FirstPart(part, Window::Trailing(length)) if *part != Grain::Day => self.first_part(*part, *length),
            Need::WindowStart(window) | Need::FirstPart(_, window) => match window {
                Window::ToDate(unit) => self.unit(*unit, self.last_day.clone(), "at_last_day"),
                Window::Period
                | Window::Previous
                | Window::AllTime
                | Window::Age(_)
                | Window::AgeToDate(_)
                | Window::Within(..) => self.own("period"),
                Window::Trailing(length) => moved(last_day_after(&self.last_day), -i64::from(length.count), length.unit),
            },
        }
    }

    /// That a period is over. Whether the last period of the calendar goes on after the calendar's last day is not known.
    fn known_over(&self, over: Scalar) -> Scalar {
        let known = Expr::apply(&operators::IS_NOT_NULL, vec![self.own("next")]);
        if self.spine.grain == Grain::Day { over } else { Expr::apply(&operators::AND, vec![over, known]) }
    }

    /// The first day of the period of a grain that holds a day of the period at hand; `name` says which day that is.
    fn unit(&mut self, unit: Grain, on: Scalar, name: &str) -> Scalar {
        let grain = self.spine.grain;
        if unit == Grain::Day {
            return on;
        }
        if unit == grain {
            return self.own("period");
        }
        if grain == Grain::Day {
            return self.own(unit.name());
        }
        if !self.select.joins.iter().any(|join| join.from.name == name) {
            let same = Expr::apply(&operators::EQUAL, vec![column(name, "day"), on]);
            self.select.join(JoinKind::Left, self.days, name, Some(same));
        }
        column(name, unit.name())
    }

    /// The first of the last so many periods of a grain, by their numbers; null where the calendar does not reach back so far.
    fn first_part(&mut self, part: Grain, length: Length) -> Scalar {
        let Some(numbered) = self.ground.numbered.get(&part) else { return Expr::null() };
        let last = self.unit(part, self.last_day.clone(), "at_last_day");
        self.joined += 1;
        let (last_part, first_part) = (format!("last_part_{}", self.joined), format!("first_part_{}", self.joined));
        let same = Expr::apply(&operators::EQUAL, vec![column(&last_part, "period"), last]);
        self.select.join(JoinKind::Left, numbered, &last_part, Some(same));
        let first =
            Expr::apply(&operators::SUBTRACT, vec![column(&last_part, "number"), Expr::number(length.count.saturating_sub(1))]);
        let same = Expr::apply(&operators::EQUAL, vec![column(&first_part, "number"), first]);
        self.select.join(JoinKind::Left, numbered, &first_part, Some(same));
        column(&first_part, "period")
    }

    /// Follows a move by the numbers of periods, with a join for each step.
    fn moved(&mut self, way: &Move) -> Scalar {
        let whole = self.ground.calendar.data_from;
        let is_whole = |day_: Scalar| Expr::apply(&operators::GREATER_OR_EQUAL, vec![day_, day(whole)]);
        let mut at = self.spine.name.clone();
        let mut missing = Vec::new();
        for length in &way.back {
            let before = self.step(&at, *length, None);
            if way.or_never && length.unit != self.spine.grain {
                missing.push(self.is_missing(&at, &before, *length));
            }
            at = before;
        }
        let own = Length { count: 1, unit: self.spine.grain };
        let period = column(&at, "period");
        let found = match (way.back.is_empty(), way.previous) {
            (true, false) => period,
            (true, true) => column(&self.step(&at, own, None), "period"),
            (false, true) => column(&self.step(&at, own, Some(is_whole(period))), "period"),
            (false, false) => Expr::apply(&if_::IF, vec![is_whole(period.clone()), period]),
        };
        match Expr::any(missing) {
            None => found,
            Some(missing) => {
                let never = Expr::apply(&if_::IF, vec![missing, day(Date::MAX)]);
                Expr::apply(&coalesce::COALESCE, vec![found, never])
            }
        }
    }

    /// Joins the period so many periods before, or that of the same number within a longer one so many before; gives its name.
    fn step(&mut self, at: &str, length: Length, only: Option<Scalar>) -> String {
        self.joined += 1;
        let before = format!("before_{}", self.joined);
        let less = |name: &str| {
            let earlier = Expr::apply(&operators::SUBTRACT, vec![column(at, name), Expr::number(length.count)]);
            Expr::apply(&operators::EQUAL, vec![column(&before, name), earlier])
        };
        let mut on: Vec<Scalar> = if length.unit == self.spine.grain {
            vec![less("number")]
        } else {
            let name = length.unit.name();
            let within = format!("number_in_{name}");
            let same = Expr::apply(&operators::EQUAL, vec![column(&before, &within), column(at, &within)]);
            vec![less(&format!("{name}_number")), same]
        };
        on.extend(only);
        self.select.join(JoinKind::Left, self.numbered, &before, Expr::all(on));
        before
    }

    /// Whether there is no period of the same number, although the longer period in which it would be ends after data has become
    /// whole.
    fn is_missing(&mut self, at: &str, before: &str, length: Length) -> Scalar {
        self.joined += 1;
        let after = format!("after_{}", self.joined);
        let name = length.unit.name();
        let (number, within) = (format!("{name}_number"), format!("number_in_{name}"));
        let later = length.count.saturating_sub(1);
        let following = Expr::apply(&operators::SUBTRACT, vec![column(at, &number), Expr::number(later)]);
        let on = vec![
            Expr::apply(&operators::EQUAL, vec![column(&after, &number), following]),
            Expr::apply(&operators::EQUAL, vec![column(&after, &within), Expr::number(1)]),
        ];
        self.select.join(JoinKind::Left, self.numbered, &after, Expr::all(on));
        let none = Expr::apply(&operators::IS_NULL, vec![column(before, "period")]);
        let late = Expr::apply(&operators::GREATER, vec![column(&after, "period"), day(self.ground.calendar.data_from)]);
        Expr::apply(&operators::AND, vec![none, late])
    }
}

/// The days of a custom calendar, each with the first day of its periods.
pub(in crate::plan) fn days_of(model: &Model, data: Data, calendar: &CalendarSource) -> Select {
    let mut scan = Scan::of(model, data, calendar.source);
    let mut select = Select::default();
    select.column(scan.path(&Path::to(calendar.day)), "day");
    for (grain, first_day) in &calendar.periods {
        select.column(scan.path(&Path::to(*first_day)), grain.name());
    }
    // A calendar's days are not looked up anywhere.
    let (from, joins) = scan.finish(&mut |_, _, rows| Rows::Source(rows));
    (select.from, select.joins) = (Some(from), joins);
    select
}

/// The part with the days of a custom calendar; nothing where there is none.
pub(in crate::plan) fn calendar_days(model: &Model, data: Data, name: &str) -> Option<Part> {
    let days = days_of(model, data, model.calendar_source.as_ref()?);
    Some(Part { name: name.to_owned(), body: Body::Select(days) })
}
