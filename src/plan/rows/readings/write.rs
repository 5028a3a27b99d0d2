//! Writes readings out in the forms that have been asked for.

use super::{Form, Marks, Reading, Wanted, stretch, stretch_of};
use crate::calendar::{AsOf, Date, Grain, Length, Zone, add_days};
use crate::functions::{coalesce, conversions, max, operators};
use crate::model::clock::TimeKind;
use crate::model::expr::{Edge, Expr, Literal, Node, Path};
use crate::model::{ColumnId, Holds, Model, SourceId};
use crate::plan::algebra::names::Names;
use crate::plan::algebra::relation::{
    Atom, Body, From, Join, JoinKind, Moment, Neighbour, Part, Rows, Scalar, Select, column, day, fold, moved,
};
use crate::plan::rows::scan::{Days, Scan};
use jiff::civil::{Time, date};
use std::collections::{BTreeMap, BTreeSet};

/// What the writing of readings needs beside the model.
pub(super) struct Writing<'a, 'w> {
    pub(super) model: &'a Model,
    pub(super) scan: &'w dyn Fn(SourceId) -> Scan<'a>,
    pub(super) names: &'w mut Names,
    /// The end of time.
    pub(super) as_of: AsOf,
    /// The part with the current date, if the end of time is not fixed.
    pub(super) today: Option<String>,
    /// The part that maps days to the periods of a custom calendar.
    pub(super) calendar: Option<String>,
    pub(super) wanted: Wanted,
    /// For each grain the periods: the part, and its column with the last visible day.
    pub(super) spines: BTreeMap<Grain, (String, String)>,
    pub(super) parts: Vec<Part>,
}

impl Writing<'_, '_> {
    pub(super) fn all(mut self) -> Vec<Part> {
        let wanted = std::mem::take(&mut self.wanted);
        // By source, and each form after those that it stands on.
        for ((source, form), reading) in &wanted.parts {
            let below = |form: Form| wanted.parts.get(&(*source, form)).map(|part| part.name.clone()).unwrap_or_default();
            match form {
                Form::Days(grain) => self.days(*source, *grain, reading),
                Form::Times(kind) => self.times(*source, *kind, reading),
                Form::Held(grain, edge) => self.held(*source, (*grain, *edge), reading, &below(Form::Days(*grain))),
                Form::Both(grain) => {
                    let ends = [Edge::Start, Edge::End].map(|edge| below(Form::Held(*grain, edge)));
                    self.both(*source, reading, &ends);
                }
                Form::Met(kind) => self.met(*source, *kind, reading, &below(Form::Times(*kind))),
            }
        }
        self.parts
    }

    fn push(&mut self, name: &str, select: Select) {
        self.parts.push(Part { name: name.to_owned(), body: Body::Select(select) });
    }

    fn holds(&self, source: SourceId) -> Option<(ColumnId, Length)> {
        match self.model.sources.get(source).holds {
            Some(Holds::Readings { taken, fresh_for }) => Some((taken, fresh_for)),
            _ => None,
        }
    }

    /// The first day on which a reading of a day is too old.
    fn too_old(of: Scalar, fresh_for: Length) -> Scalar {
        moved(moved(of, 1, Grain::Day), i64::from(fresh_for.count), fresh_for.unit)
    }

    /// The last reading of each key in each period, with the days of which it is the latest.
    fn days(&mut self, source: SourceId, grain: Grain, reading: &Reading) {
        let Some((taken, fresh_for)) = self.holds(source) else { return };
        let marks = Marks::of(self.model, source);
        let until = |of: Scalar, next: Scalar| {
            let next = Expr::apply(&coalesce::COALESCE, vec![next, day(Date::MAX)]);
            Expr::apply(&conversions::EARLIER, vec![next, Self::too_old(of, fresh_for)])
        };
        if grain == Grain::Day {
            let mut scan = (self.scan)(source);
            let mut select = Select::default();
            let key = scan.key_parts_of_source();
            scan.carry(&reading.stored, &reading.raw, &mut select);
            let own = scan.day(taken);
            // Of several readings of a day the last one counts.
            let order = in_order(&own, scan.order(taken));
            let next = Neighbour { value: own.clone(), offset: 1, part: key.clone(), order };
            select.column(own.clone(), &marks.from);
            select.column(until(own, Expr::leaf(Atom::Neighbour(Box::new(next)))), &marks.until);
            select.filter = scan.range(taken, Days { from: None });
            scan.rely_on_one_state(None);
            select.filter.extend(key.iter().map(there));
            (select.from, select.joins) = plain(scan);
            self.push(&reading.name, select);
            return;
        }
        let (lasts, keys) = self.lasts(source, grain, &reading.name);
        let mut scan = (self.scan)(source);
        let mut select = Select::default();
        let own_key = scan.key_parts_of_source();
        scan.carry(&reading.stored, &reading.raw, &mut select);
        let own = scan.day(taken);
        let next = scan.civil_day(taken, column(&lasts, "next"));
        select.column(own.clone(), &marks.from);
        select.column(until(own, next), &marks.until);
        let mut on: Vec<Scalar> = keys.iter().zip(own_key).map(|(name, own)| equal(own, column(&lasts, name))).collect();
        on.push(equal(scan.order(taken), column(&lasts, "taken")));
        (select.from, select.joins) = plain(scan);
        select.join(JoinKind::Inner, &lasts, &lasts, Expr::all(on));
        self.push(&reading.name, select);
    }

    /// When the last reading of each key in each period was taken, and when that of the next period which has one.
    fn lasts(&mut self, source: SourceId, grain: Grain, name: &str) -> (String, Vec<String>) {
        let Some((taken, _)) = self.holds(source) else { return (String::new(), Vec::new()) };
        let mut scan = (self.scan)(source);
        let mut select = Select::default();
        let mut keys = Vec::new();
        for (at, part) in scan.key_parts_of_source().into_iter().enumerate() {
            keys.push(format!("key_{}", at + 1));
            select.filter.push(there(&part));
            select.column(part, &format!("key_{}", at + 1));
        }
        let calendar = self.calendar.clone().filter(|_| grain != Grain::Day);
        let period = match &calendar {
            Some(calendar) => column(calendar, grain.name()),
            None => scan.period(taken, grain),
        };
        select.column(period, "period").group_by_these();
        select.column(fold(&max::MAX, scan.order(taken)), "taken");
        select.filter.extend(scan.range(taken, Days { from: None }));
        scan.rely_on_one_state(None);
        let own = scan.day(taken);
        (select.from, select.joins) = plain(scan);
        if let Some(calendar) = &calendar {
            // What is before the first day of the calendar is one period.
            let on = equal(column(calendar, "day"), own);
            select.join(JoinKind::Left, calendar, calendar, Some(on));
        }
        let last = self.names.take(&format!("{name}_last"));
        self.push(&last, select);
        let mut order = Select::from_part(&last);
        for name in keys.iter().map(String::as_str).chain(["taken"]) {
            order.column(column(&last, name), name);
        }
        let part = keys.iter().map(|key| column(&last, key)).collect();
        let next =
            Neighbour { value: column(&last, "taken"), offset: 1, part, order: vec![by_period(&last, calendar.is_some())] };
        order.column(Expr::leaf(Atom::Neighbour(Box::new(next))), "next");
        let part = self.names.take(&format!("{last}_and_next"));
        self.push(&part, order);
        (part, keys)
    }

    /// All readings with the times from which on and until which they count.
    fn times(&mut self, source: SourceId, kind: TimeKind, reading: &Reading) {
        let Some((taken, fresh_for)) = self.holds(source) else { return };
        let marks = Marks::of(self.model, source);
        let zone = &self.model.calendar.zone;
        let mut scan = (self.scan)(source);
        let mut select = Select::default();
        let key = scan.key_parts_of_source();
        scan.carry(&reading.stored, &reading.raw, &mut select);
        let own = scan.time_as(kind, &Path::to(taken));
        let stale = Self::too_old(scan.day(taken), fresh_for);
        let stale = if kind == TimeKind::Instant && !zone.is_fixed() {
            let midnight = Expr::leaf(Atom::Midnight(Box::new(stale), zone.clock().to_owned()));
            Expr::leaf(Atom::OnClock(Box::new(midnight), Zone::utc().name().to_owned()))
        } else {
            stale
        };
        let order = in_order(&own, scan.order(taken));
        let next = Neighbour { value: own.clone(), offset: 1, part: key.clone(), order };
        let never = match kind {
            TimeKind::Day => day(Date::MAX),
            _ => Expr::leaf(Atom::Moment(Moment::Wall(Date::MAX.to_datetime(Time::midnight())))),
        };
        let next = Expr::apply(&coalesce::COALESCE, vec![Expr::leaf(Atom::Neighbour(Box::new(next))), never]);
        select.column(own, &marks.from);
        select.column(Expr::apply(&conversions::EARLIER, vec![next, stale]), &marks.until);
        select.filter = key.iter().chain([&scan.order(taken)]).map(there).collect();
        select.filter.push(scan.is_dated(taken));
        scan.rely_on_one_state(None);
        (select.from, select.joins) = plain(scan);
        self.push(&reading.name, select);
    }

    /// A select over a part with the source's columns that are wanted.
    fn over(part: &str, reading: &Reading) -> Select {
        let mut select = Select::from_part(part);
        let mut seen = BTreeSet::new();
        for name in reading.stored.iter().chain(reading.raw.keys()) {
            if seen.insert(name.to_lowercase()) {
                select.column(column(part, name), name);
            }
        }
        select
    }

    /// The readings that hold at one side of each period: at that of their own, or the next where it is the start, and at those of
    /// the periods after it, as far as they reach.
    fn held(&mut self, source: SourceId, (grain, edge): (Grain, Edge), reading: &Reading, below: &str) {
        let marks = Marks::of(self.model, source);
        let Some((spine, last_day)) = self.spines.get(&grain).cloned() else { return };
        let calendar = &self.model.calendar;
        let (from, until) = (column(below, &marks.from), column(below, &marks.until));
        let moment = match edge {
            Edge::Start => column(&spine, "period"),
            Edge::End => moved(column(&spine, &last_day), 1, Grain::Day),
        };
        let reaches = |moment: Scalar| Expr::apply(&operators::GREATER_OR_EQUAL, vec![until.clone(), moment]);
        let mut further = Self::over(below, reading);
        further.column(column(&spine, "period"), &marks.period);
        if calendar.custom && grain != Grain::Day {
            let begun = Expr::apply(&operators::LESS, vec![from, moment.clone()]);
            further.join(JoinKind::Inner, &spine, &spine, Expr::all(vec![begun, reaches(moment)]));
            self.push(&reading.name, further);
            return;
        }
        let own = stretch_of(self.model, grain, from.clone(), false);
        let next = moved(own.clone(), 1, grain);
        let mut first = Self::over(below, reading);
        let as_of = match (self.as_of, &self.today) {
            (AsOf::Today, Some(today)) => {
                first.join(JoinKind::Cross, today, today, None);
                column(today, "as_of")
            }
            (AsOf::Day(last), _) => day(last),
            (AsOf::Today, None) => day(calendar.start),
        };
        let (period, moment_of_first) = match edge {
            Edge::Start => (next.clone(), next.clone()),
            Edge::End => {
                let after = match self.as_of {
                    AsOf::Day(last) => day(add_days(last, 1)),
                    AsOf::Today => moved(as_of.clone(), 1, Grain::Day),
                };
                (own, Expr::apply(&conversions::EARLIER, vec![next.clone(), after]))
            }
        };
        first.column(period.clone(), &marks.period);
        first.filter.push(reaches(moment_of_first));
        let shown = day(calendar.first_from(grain, calendar.data_from));
        first.filter.push(Expr::apply(&operators::GREATER_OR_EQUAL, vec![period.clone(), shown]));
        first.filter.push(Expr::apply(&operators::LESS_OR_EQUAL, vec![period, as_of]));
        let later = match edge {
            Edge::Start => next.clone(),
            Edge::End => from,
        };
        let on = vec![Expr::apply(&operators::GREATER, vec![column(&spine, "period"), later]), reaches(moment)];
        further.join(JoinKind::Inner, &spine, &spine, Expr::all(on));
        further.filter.push(Expr::apply(&operators::GREATER, vec![until.clone(), next]));
        self.parts.push(Part { name: reading.name.clone(), body: Body::Union(vec![first, further]) });
    }

    fn both(&mut self, source: SourceId, reading: &Reading, ends: &[String; 2]) {
        let marks = Marks::of(self.model, source);
        let [start, end] = ends;
        let members = [(start, false), (end, true)].map(|(part, is_end)| {
            let mut select = Self::over(part, reading);
            select.column(column(part, &marks.period), &marks.period);
            select.column(Expr::made(Node::Literal(Literal::Truth(is_end))), &marks.is_end);
            select
        });
        self.parts.push(Part { name: reading.name.clone(), body: Body::Union(members.to_vec()) });
    }

    /// A row for each stretch that a reading reaches into: its own, and those after it.
    fn met(&mut self, source: SourceId, kind: TimeKind, reading: &Reading, below: &str) {
        let Some((_, fresh_for)) = self.holds(source) else { return };
        let marks = Marks::of(self.model, source);
        let grain = stretch(fresh_for);
        let (from, until) = (column(below, &marks.from), column(below, &marks.until));
        let own = stretch_of(self.model, grain, from.clone(), kind != TimeKind::Day);
        let next = moved(own.clone(), 1, grain);
        let with = |mut select: Select, stretch: Scalar| {
            select.column(from.clone(), &marks.from);
            select.column(until.clone(), &marks.until);
            select.column(stretch, &marks.stretch);
            select
        };
        let first = with(Self::over(below, reading), own);
        // Its last day is the one before it does not count any more, or by times of day that day itself.
        let before = match kind {
            TimeKind::Day => until.clone(),
            TimeKind::Civil | TimeKind::Instant => {
                moved(Expr::apply(&conversions::TO_DATE, vec![until.clone()]), 1, Grain::Day)
            }
        };
        let (every, unit) = match grain {
            Grain::Year => (12, Grain::Month),
            grain => (1, grain),
        };
        let days = Rows::Days { from: Box::new(next.clone()), before: Box::new(before), every, unit };
        let mut further = with(Self::over(below, reading), column("later", "day"));
        let days = From { relation: days, name: "later".to_owned() };
        further.joins.push(Join { kind: JoinKind::Cross, from: days, on: None });
        further.filter.push(Expr::apply(&operators::GREATER, vec![until.clone(), next]));
        self.parts.push(Part { name: reading.name.clone(), body: Body::Union(vec![first, further]) });
    }
}

/// What a scan over the rows of readings themselves reads.
fn plain(scan: Scan<'_>) -> (Option<From>, Vec<Join>) {
    // Checked: readings do not refer to states.
    let (from, joins) = scan.finish(&mut |_, _, rows| Rows::Source(rows));
    (Some(from), joins)
}

/// What puts readings in order: their day or civil time, and where clocks show the same twice the time as it is stored.
fn in_order(civil: &Scalar, stored: Scalar) -> Vec<Scalar> {
    if *civil == stored { vec![stored] } else { vec![civil.clone(), stored] }
}

/// What puts the last readings of periods in order: the period. Times may not, where clocks are put back across midnight.
fn by_period(last: &str, custom: bool) -> Scalar {
    let period = column(last, "period");
    // Before a custom calendar begins there is no period.
    if custom { Expr::apply(&coalesce::COALESCE, vec![period, day(date(1, 1, 1))]) } else { period }
}

fn there(value: &Scalar) -> Scalar {
    Expr::apply(&operators::IS_NOT_NULL, vec![value.clone()])
}

fn equal(one: Scalar, two: Scalar) -> Scalar {
    Expr::apply(&operators::EQUAL, vec![one, two])
}
