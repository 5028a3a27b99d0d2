//! The periods themselves: a row for each, with its bounds, the periods before it, and whether it is complete.
//!
//! Other parts ask a [`Spine`] for the columns that they need; it is written out once all have asked. In a calendar of rules
//! the columns are arithmetic on the period's first day. In a custom calendar they come from the calendar's rows
//! ([`crate::plan::time::custom`]).

use crate::calendar::{AsOf, Calendar, Date, Grain, Length, add_days};
use crate::functions::{conversions, if_, operators};
use crate::model::expr::{Expr, Window};
use crate::plan::algebra::names::Names;
use crate::plan::algebra::relation::{Atom, Body, From, Join, JoinKind, Part, Rows, Scalar, Select, column, day, moved};
use crate::plan::lookup::expand::Move;
use crate::plan::rows::scan::period_of;
use std::collections::BTreeMap;

/// The periods of one grain.
#[derive(Debug)]
pub(in crate::plan) struct Spine {
    /// The grain.
    pub grain: Grain,
    /// The name of the part.
    pub name: String,
    columns: BTreeMap<Need, String>,
}

/// A column of the spine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::plan) enum Need {
    /// Whether the period is over and its data has settled.
    IsComplete,
    /// Whether the period is over, whatever time its data has to settle.
    IsOver,
    /// The day after the period.
    End,
    /// The day after the period that follows; null where it is not known.
    NextEnd,
    /// The last visible day of the period.
    LastDay,
    /// The period that a move leads to; null where there is none.
    Moved(Move),
    /// The first day of a window.
    WindowStart(Window),
    /// The first day of the period of a longer grain that holds the first day.
    UnitOf(Grain),
    /// The first period of a finer grain in a window; null where that began before the calendar's first day.
    FirstPart(Grain, Window),
    /// The last period of a finer grain in the period.
    LastPart(Grain),
}

/// What a spine is made of.
pub(in crate::plan) struct SpineBasis<'a> {
    /// The project's calendar.
    pub calendar: &'a Calendar,
    /// The part with the current date, if the end of time is not fixed.
    pub today: Option<&'a str>,
    /// The part with the days of a custom calendar.
    pub custom: Option<&'a str>,
    /// The parts with all periods of a custom calendar, numbered, by their grain.
    pub numbered: BTreeMap<Grain, String>,
}

impl Spine {
    pub(in crate::plan) fn new(grain: Grain, names: &mut Names) -> Self {
        let name = names.take(&format!("{grain}s"));
        Self { grain, name, columns: BTreeMap::new() }
    }

    /// The name of a column that somebody needs.
    pub(in crate::plan) fn need(&mut self, need: Need) -> String {
        let grain = self.grain;
        let taken: Vec<String> = self.columns.values().cloned().collect();
        self.columns
            .entry(need)
            .or_insert_with_key(|need| {
                let wish = match need {
                    Need::IsComplete => "is_complete".to_owned(),
                    Need::IsOver => "is_over".to_owned(),
                    Need::End => "period_end".to_owned(),
                    Need::NextEnd => "next_period_end".to_owned(),
                    Need::UnitOf(unit) => format!("{unit}_of_start"),
                    Need::LastPart(part) => format!("last_{part}"),
                    Need::LastDay => "last_day".to_owned(),
                    Need::Moved(way) => move_name(grain, way),
                    Need::WindowStart(window) => format!("{}_start", window_name(*window)),
                    Need::FirstPart(part, window) => format!("first_{part}_{}", window_name(*window)),
                };
                let mut name = wish.clone();
                let mut count = 1;
                while taken.contains(&name) {
                    count += 1;
                    name = format!("{wish}_{count}");
                }
                name
            })
            .clone()
    }

    /// The columns that somebody needs, with their names.
    pub(in crate::plan) fn needs(&self) -> impl Iterator<Item = (&Need, &String)> {
        self.columns.iter()
    }

    /// Writes the spine out.
    pub(in crate::plan) fn parts(&self, ground: &SpineBasis<'_>, names: &mut Names) -> Vec<Part> {
        match ground.custom {
            None => vec![self.by_rules(ground)],
            Some(days) => self.by_rows(ground, days, names),
        }
    }

    /// Periods of a calendar of rules: from the first that begins once data is whole, to the one that holds the last day.
    fn by_rules(&self, ground: &SpineBasis<'_>) -> Part {
        let calendar = ground.calendar;
        let first = calendar.first_from(self.grain, calendar.data_from);
        let (before, today) = match (calendar.as_of, ground.today) {
            // Where no period has begun there is none; that must not end before it begins, or DuckDB fails while it guesses how many
            // rows there are (an internal error in 1.5.6 and before).
            (AsOf::Day(last), _) => (day(add_days(last, 1).max(first)), None),
            (AsOf::Today, Some(today)) => (moved(column(today, "as_of"), 1, Grain::Day), Some(today)),
            (AsOf::Today, None) => (day(calendar.start), None),
        };
        let (every, unit) = match self.grain {
            Grain::Day => (1, Grain::Day),
            Grain::Week => (7, Grain::Day),
            Grain::Month => (1, Grain::Month),
            Grain::Quarter => (3, Grain::Month),
            Grain::Year => (12, Grain::Month),
        };
        let days = Rows::Days { from: Box::new(day(first)), before: Box::new(before), every, unit };
        let days = From { relation: days, name: self.name.clone() };
        let mut select = match today {
            None => Select { from: Some(days), ..Select::default() },
            Some(today) => {
                let mut select = Select::from_part(today);
                select.joins.push(Join { kind: JoinKind::Cross, from: days, on: None });
                select
            }
        };
        let period = column(&self.name, "day");
        select.column(period.clone(), "period");
        let as_of = today.map(|today| column(today, "as_of"));
        let end = moved(period.clone(), 1, self.grain);
        let last_day = last_day(calendar, self.grain, &end, as_of.as_ref());
        for (need, name) in &self.columns {
            let expr = match need {
                Need::IsComplete => complete(calendar, end.clone(), as_of.as_ref()),
                Need::IsOver => over(calendar, end.clone(), as_of.as_ref()),
                Need::End => end.clone(),
                Need::NextEnd => moved(end.clone(), 1, self.grain),
                Need::UnitOf(unit) => period_of(calendar, *unit, period.clone()),
                Need::LastPart(part) => period_of(calendar, *part, moved(end.clone(), -1, Grain::Day)),
                Need::LastDay => last_day.clone(),
                Need::Moved(way) => {
                    let moved = self.moved_by_rules(period.clone(), way, first);
                    where_open(way, moved, || over(calendar, end.clone(), as_of.as_ref()))
                }
                Need::WindowStart(window) => window_start(calendar, &period, &last_day, *window),
                Need::FirstPart(part, window) => first_part(calendar, *part, &period, &last_day, *window),
            };
            select.column(expr, name);
        }
        Part { name: self.name.clone(), body: Body::Select(select) }
    }

    /// Follows a move by arithmetic: in a calendar of rules the period before begins one length of it earlier.
    fn moved_by_rules(&self, period: Scalar, way: &Move, first: Date) -> Scalar {
        let mut at = period;
        for length in &way.back {
            let count = -i64::from(length.count);
            at = moved(at, count, length.unit);
        }
        if !way.back.is_empty() {
            let known = Expr::apply(&operators::GREATER_OR_EQUAL, vec![at.clone(), day(first)]);
            at = Expr::apply(&if_::IF, vec![known, at]);
        }
        if way.previous { moved(at, -1, self.grain) } else { at }
    }
}

/// The earlier of a period's last day and the last visible day.
pub(in crate::plan) fn last_day(calendar: &Calendar, grain: Grain, end: &Scalar, as_of: Option<&Scalar>) -> Scalar {
    let last = moved(end.clone(), -1, Grain::Day);
    let visible = match (calendar.as_of, as_of) {
        _ if grain == Grain::Day => return last,
        (_, Some(as_of)) => as_of.clone(),
        (AsOf::Day(last), None) => day(last),
        (AsOf::Today, None) => return last,
    };
    Expr::apply(&conversions::EARLIER, vec![last, visible])
}

/// Whether a period is over, and its data has had its time to settle.
pub(in crate::plan) fn complete(calendar: &Calendar, end: Scalar, as_of: Option<&Scalar>) -> Scalar {
    let settle = i64::from(calendar.settle);
    let limit = match (calendar.as_of, as_of) {
        // Today is not whole yet: the last whole day is yesterday, and it ends where today begins.
        (_, Some(today)) => moved(today.clone(), -settle, Grain::Day),
        (AsOf::Day(last), None) => day(add_days(last, 1 - settle)),
        (AsOf::Today, None) => day(calendar.start),
    };
    Expr::apply(&operators::LESS_OR_EQUAL, vec![end, limit])
}

/// Whether a period is over, whatever time its data has to settle.
pub(in crate::plan) fn over(calendar: &Calendar, end: Scalar, as_of: Option<&Scalar>) -> Scalar {
    complete(&Calendar { settle: 0, ..calendar.clone() }, end, as_of)
}

/// The period that a move leads to, which may be for the one alone that is not over.
pub(in crate::plan) fn where_open(way: &Move, moved: Scalar, is_over: impl FnOnce() -> Scalar) -> Scalar {
    if !way.open {
        return moved;
    }
    Expr::apply(&if_::IF, vec![Expr::apply(&operators::NOT, vec![is_over()]), moved])
}

pub(in crate::plan) fn last_day_after(last_day: &Scalar) -> Scalar {
    moved(last_day.clone(), 1, Grain::Day)
}

/// The first day of a window.
fn window_start(calendar: &Calendar, period: &Scalar, last_day: &Scalar, window: Window) -> Scalar {
    match window {
        Window::Period | Window::Previous | Window::AllTime | Window::Age(_) | Window::AgeToDate(_) | Window::Within(..) => {
            period.clone()
        }
        Window::Trailing(length) => moved(last_day_after(last_day), -i64::from(length.count), length.unit),
        Window::ToDate(unit) => period_of(calendar, unit, last_day.clone()),
    }
}

/// The first period of a finer grain in a window: of the last so many, or from the start of the longer period.
fn first_part(calendar: &Calendar, part: Grain, period: &Scalar, last_day: &Scalar, window: Window) -> Scalar {
    match window {
        Window::Trailing(length) if part != Grain::Day => {
            let last = period_of(calendar, part, last_day.clone());
            moved(last, 1 - i64::from(parts_in(part, length)), part)
        }
        _ => window_start(calendar, period, last_day, window),
    }
}

/// How many periods of a grain a length holds.
pub(in crate::plan) fn parts_in(part: Grain, length: Length) -> u32 {
    let months = |grain: Grain| match grain {
        Grain::Month => 1,
        Grain::Quarter => 3,
        Grain::Year => 12,
        Grain::Day | Grain::Week => 0,
    };
    if length.unit == part || months(part) == 0 {
        return length.count;
    }
    length.count.saturating_mul(months(length.unit)) / months(part)
}

/// What the period that a move leads to is called: `month_before`, `3_months_before`; of the open one alone `open_month_before`.
pub(in crate::plan) fn move_name(grain: Grain, way: &Move) -> String {
    let own = Length { count: 1, unit: grain };
    let steps: Vec<String> = way
        .back
        .iter()
        .chain(way.previous.then_some(&own))
        .map(|length| match length.count {
            1 => length.unit.name().to_owned(),
            count => format!("{}_{count}", length.unit),
        })
        .collect();
    format!("{}{}_before", if way.open { "open_" } else { "" }, steps.join("_and_"))
}

/// What a window is called: `trailing_28_days`.
pub(in crate::plan) fn window_name(window: Window) -> String {
    match window {
        Window::Period => "in_period".to_owned(),
        Window::Previous => "in_previous_period".to_owned(),
        Window::AllTime => "of_all_time".to_owned(),
        Window::Age(_) => "at_age".to_owned(),
        Window::AgeToDate(_) => "up_to_age".to_owned(),
        Window::Within(count, unit) => format!("within_{count}_{}{}", unit.name(), if count == 1 { "" } else { "s" }),
        Window::ToDate(unit) => format!("{unit}_to_date"),
        Window::Trailing(length) => format!("trailing_{}", length.to_string().replace(' ', "_")),
    }
}

/// The engine's current date, read once.
pub(in crate::plan) fn today(name: &str, zone: &str) -> Part {
    let mut select = Select::default();
    select.column(Expr::leaf(Atom::Today(zone.to_owned())), "as_of");
    Part { name: name.to_owned(), body: Body::Select(select) }
}
