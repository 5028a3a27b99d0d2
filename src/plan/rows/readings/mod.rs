//! The readings of sources of which each key has snapshots of its own (`per: key`): from when to when each of them counts.
//!
//! A reading counts from its own time until the next reading of its key, or until it is too old. Other parts ask for readings in
//! one of four [`Form`]s, with the columns that they read; all forms are written out once all have asked.
//!
//! - For levels only the last reading of each key in each period can matter, so these are found first, by grouping. What is left is
//!   put in order, and each gets the day from which on it does not count any more ([`Form::Days`]). Levels that are sums are then made of what
//!   begins and ends, as those of states with `valid` are; all others of the readings that hold at a moment ([`Form::Held`]).
//! - What refers to readings is joined by the key and by the stretch of time in which both lie ([`Form::Met`]): a day, a month or a year,
//!   after how long a reading may count. A reading has a row for each stretch that it reaches into, so that a row meets few
//!   readings, and one of them at most is in force at its time.
//!
//! No reading is joined to every period, and no row to every reading of its key.

mod write;

use crate::calendar::{Grain, Length};
use crate::functions::{conversions, operators};
use crate::model::clock::TimeKind;
use crate::model::expr::{Edge, Expr, Path};
use crate::model::{ColumnId, Holds, Model, RawSql, SourceId, Storage};
use crate::plan::Data;
use crate::plan::algebra::names::Names;
use crate::plan::algebra::relation::{From, Join, Part, Rows, Scalar, SourceRows, column};
use crate::plan::answer::assemble::Planner;
use crate::plan::rows::scan::{Scan, period_of};
use crate::plan::time::spine::Need;
use std::collections::{BTreeMap, BTreeSet};
use write::Writing;

/// In which form readings are read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::plan) enum Form {
    /// The last of each key in each period of a grain, with the days `from` which on and `until` which it counts.
    Days(Grain),
    /// All, with the times `from` which on and `until` which each counts: instants, what the project's clock shows, or days. Also those
    /// that are not visible yet: a row that refers to them may count by another of its times.
    Times(TimeKind),
    /// Those that hold at one side of a period, each with its `period`.
    Held(Grain, Edge),
    /// Those that hold at the two sides of a period, each with its `period` and whether that `is_end`.
    Both(Grain),
    /// A row for each `stretch` that a reading reaches into, by instants, by what the project's clock shows, or by days, with `from` and
    /// `until`.
    Met(TimeKind),
}

/// What the columns are called that readings have beside those of the source.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Marks {
    /// When it begins to count.
    pub from: String,
    /// When it does not count any more.
    pub until: String,
    /// The period.
    pub period: String,
    /// Whether it holds at the end of the period, rather than at its start.
    pub is_end: String,
    /// The first day of the stretch.
    pub stretch: String,
}

impl Marks {
    /// Names that no column of the source has.
    pub(in crate::plan) fn of(model: &Model, source: SourceId) -> Self {
        let mut names = Names::default();
        let known = model.sources.get(source);
        for (id, column) in known.columns.iter() {
            names.take(&column.name.value);
            column.storage.stored().for_each(|name| _ = names.take(name));
            if matches!(column.storage, Storage::Raw(_)) {
                names.take(&known.made_name(id));
            }
        }
        let mut take = |wish: &str| names.take(wish);
        Self {
            from: take("counts_from"),
            until: take("counts_until"),
            period: take("period"),
            is_end: take("is_end"),
            stretch: take("stretch"),
        }
    }

    /// Whether one of them is called so.
    pub(in crate::plan) fn has(&self, name: &str) -> bool {
        [&self.from, &self.until, &self.period, &self.is_end, &self.stretch].into_iter().any(|mark| mark == name)
    }
}

/// The parts with readings that have been asked for.
#[derive(Debug, Default)]
pub(in crate::plan) struct Wanted {
    parts: BTreeMap<(SourceId, Form), Reading>,
}

/// One part with readings, and the columns that are read of it.
#[derive(Debug, Default, Clone)]
struct Reading {
    name: String,
    stored: BTreeSet<String>,
    raw: BTreeMap<String, RawSql>,
}

impl Wanted {
    /// What stands for the rows of a source where its readings are read.
    pub(in crate::plan) fn ask(
        &mut self,
        (model, names): (&Model, &mut Names),
        source: SourceId,
        form: Form,
        rows: &SourceRows,
    ) -> Rows {
        let own = &model.sources.get(source).name.value;
        let stands_on = match &form {
            Form::Days(_) | Form::Times(_) => None,
            Form::Held(grain, _) => Some(Form::Days(*grain)),
            Form::Both(grain) => {
                self.ask((model, &mut *names), source, Form::Held(*grain, Edge::Start), rows);
                Some(Form::Held(*grain, Edge::End))
            }
            Form::Met(kind) => Some(Form::Times(*kind)),
        };
        if let Some(below) = stands_on {
            self.ask((model, &mut *names), source, below, rows);
        }
        let wish = match &form {
            Form::Days(Grain::Day) | Form::Times(_) => format!("{own}_read"),
            Form::Days(grain) => format!("{own}_read_by_{grain}"),
            Form::Held(grain, Edge::Start) => format!("{own}_held_at_{grain}_start"),
            Form::Held(grain, Edge::End) => format!("{own}_held_at_{grain}_end"),
            Form::Both(grain) => format!("{own}_held_at_{grain}_start_and_end"),
            Form::Met(_) => format!("{own}_in_force"),
        };
        let part =
            self.parts.entry((source, form)).or_insert_with(|| Reading { name: names.take(&wish), ..Reading::default() });
        part.stored.extend(rows.stored.iter().cloned());
        part.raw.extend(rows.raw.iter().cloned());
        Rows::Readings(part.name.clone(), Box::new(rows.clone()))
    }
}

impl<'a> Planner<'a> {
    /// The parts with all readings that are read.
    pub(in crate::plan) fn reading_parts(&mut self) -> Vec<Part> {
        let wanted = std::mem::take(&mut self.readings);
        let mut spines = BTreeMap::new();
        for (_, form) in wanted.parts.keys() {
            if let Form::Held(grain, _) = form {
                // Asked for before the spines are written out.
                spines.insert(*grain, (self.spine_name(*grain), self.need(*grain, Need::LastDay)));
            }
        }
        let (data, today, calendar) = (self.question.data, self.today.clone(), self.custom.clone());
        let model = self.model;
        let as_of = self.calendar.as_of;
        let scan = |source| {
            let mut scan = Scan::of(model, data, source);
            scan.as_of = as_of;
            scan.today.clone_from(&today);
            scan.calendar.clone_from(&calendar);
            scan
        };
        let names = &mut self.names;
        let (today, calendar) = (today.clone(), calendar.clone());
        Writing { model, scan: &scan, names, as_of, today, calendar, wanted, spines, parts: Vec::new() }.all()
    }

    /// What a scan reads and joins, with parts for readings, which will have the columns that the scan reads.
    pub(in crate::plan) fn read(&mut self, scan: Scan<'a>) -> (From, Vec<Join>) {
        let (model, names, wanted) = (self.model, &mut self.names, &mut self.readings);
        scan.finish(&mut |source, form, rows| wanted.ask((model, &mut *names), source, form, &rows))
    }
}

/// The parts with readings for a query that is not planned: those that are referred to.
pub(in crate::plan) fn parts_for(model: &Model, wanted: Wanted, names: &mut Names, calendar: Option<String>) -> Vec<Part> {
    let of_scans = calendar.clone();
    let scan = |source| {
        let mut scan = Scan::of(model, Data::Warehouse, source);
        scan.calendar.clone_from(&of_scans);
        scan
    };
    let (today, spines) = (None, BTreeMap::new());
    let as_of = model.calendar.as_of;
    Writing { model, scan: &scan, names, as_of, today, calendar, wanted, spines, parts: Vec::new() }.all()
}

/// In which stretches of time readings are met: short ones where a reading counts for a short time only.
fn stretch(fresh_for: Length) -> Grain {
    let days = u64::from(fresh_for.count)
        * match fresh_for.unit {
            Grain::Day => 1,
            Grain::Week => 7,
            Grain::Month => 31,
            Grain::Quarter => 92,
            Grain::Year => 366,
        };
    match days {
        0..=31 => Grain::Day,
        32..=400 => Grain::Month,
        _ => Grain::Year,
    }
}

/// The first day of the stretch, or period, that holds a day, or a time of day.
fn stretch_of(model: &Model, grain: Grain, of: Scalar, is_time: bool) -> Scalar {
    match grain {
        Grain::Day if is_time => Expr::apply(&conversions::TO_DATE, vec![of]),
        Grain::Day => of,
        grain => period_of(&model.calendar, grain, of),
    }
}

impl Scan<'_> {
    /// How a row meets the reading of another source that is in force at its time: in which form that is read, and the conditions
    /// beside the equality of keys.
    pub(in crate::plan) fn in_force(
        &mut self,
        (before, own): (&[ColumnId], SourceId),
        (through, target): (&[ColumnId], SourceId),
    ) -> Option<(Form, Vec<Scalar>)> {
        let model = self.model();
        let Some(Holds::Readings { taken, fresh_for }) = model.sources.get(target).holds else { return None };
        let time = model.sources.get(own).time?;
        // By as much as is known of both.
        let kind_of = |source, time| model.path_time_kind(source, &Path::to(time)).unwrap_or(TimeKind::Day);
        let kind = kind_of(own, time).min(kind_of(target, taken));
        let at = self.time_as_at(before, kind, &Path::to(time));
        let marks = Marks::of(model, target);
        let alias = self.alias(through);
        let of = |name: &str| column(&alias, name);
        let conditions = vec![
            Expr::apply(
                &operators::EQUAL,
                vec![of(&marks.stretch), stretch_of(model, stretch(fresh_for), at.clone(), kind != TimeKind::Day)],
            ),
            Expr::apply(&operators::LESS_OR_EQUAL, vec![of(&marks.from), at.clone()]),
            Expr::apply(&operators::GREATER, vec![of(&marks.until), at]),
        ];
        Some((Form::Met(kind), conditions))
    }
}
