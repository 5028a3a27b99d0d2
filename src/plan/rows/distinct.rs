//! Distinct counts over windows, exactly and without joining every row to every window.
//!
//! A value is in the window of a last day L if it has a day d with `d <= L < exit(d)`, where `exit(d)` is the first last day
//! whose window no longer holds d. The days of one value are merged into spells in which each day comes before the exit of the
//! one before it. A spell adds one to the count on its first day and takes it back on the exit of its last; what is added up
//! to L is the number of distinct values in L's window. Over all time nothing is ever taken back.

use crate::calendar::{Calendar, Grain};
use crate::functions::{if_, min, operators};
use crate::model::expr::{Expr, Node, RowLeaf, Window};
use crate::plan::algebra::relation::{Atom, Body, Neighbour, Scalar, Select, column, count_rows, fold, moved};
use crate::plan::answer::assemble::Planner;
use crate::plan::rows::scan::period_of;
use crate::plan::rows::window::{Daily, Partials};
use crate::plan::rows::{Ask, Group, Series, add_keys, argument_of, composite, conditions};
use crate::plan::time::spine::window_name;

impl Planner<'_> {
    /// A distinct count over a window.
    pub(in crate::plan) fn distinct(&mut self, group: &Group, ask: &Ask) -> Series {
        let (days, values) = self.days_of_values(group, ask);
        let window = ask.aggregate.window;
        let changes = if window == Window::AllTime {
            self.first_days_of_values(&days, &values, group, ask)
        } else {
            let spells = self.spells(&days, &values, group);
            self.comings_and_goings(&spells, group, ask)
        };
        let keys = group.keys.iter().map(|key| key.name.clone()).collect();
        let name = self.part_name(group, &format!("_distinct_{}_by_{}", window_name(window), ask.grain));
        let daily = Daily { part: changes, keys };
        let partials = Partials::sum(&ask.column);
        let (part, _) = self.rolled(&name, ask.grain, Window::AllTime, &daily, &[&partials], None);
        Series { part, column: ask.column.clone(), rows: None }
    }

    /// The days on which each value has a row, each day once.
    fn days_of_values(&mut self, group: &Group, ask: &Ask) -> (String, Vec<String>) {
        let (mut scan, range) = self.scan(group, &[ask]);
        let mut select = Select { distinct: true, ..Select::default() };
        if let Some(time) = group.time {
            let day = scan.day(time);
            select.column(day, "day");
            select.filter = scan.range(time, range);
        }
        add_keys(&mut scan, &group.keys, &mut select);
        let (shared, _) = conditions(&mut scan, group, &[ask]);
        select.filter.extend(shared);
        let argument = ask.aggregate.argument.as_ref();
        let values: Vec<Scalar> = match argument.and_then(|argument| composite(&mut scan, argument)) {
            Some(parts) => parts,
            None => argument.map(|argument| argument_of(&mut scan, ask.aggregate.function, argument)).into_iter().collect(),
        };
        let mut names = Vec::new();
        for value in values {
            // The keys of related rows are called as their columns are.
            let is_key = |name: &String| group.keys.iter().any(|key| key.name.eq_ignore_ascii_case(name));
            let mut name = self.columns.take("counted");
            while is_key(&name) {
                name = self.columns.take("counted");
            }
            // Rows without a value count for nothing, but they show that a slice is there.
            if group.slices.is_none() {
                select.filter.push(Expr::apply(&operators::IS_NOT_NULL, vec![value.clone()]));
            }
            select.column(value, &name);
            names.push(name);
        }
        let (from, joins) = self.finish(scan);
        select.from = Some(from);
        select.joins = joins;
        let of = match argument.map(|argument| &argument.node) {
            Some(Node::Leaf(RowLeaf::Column(path))) => self.model.column(group.source, path).name.value.clone(),
            _ => "value".to_owned(),
        };
        let part = self.part_name(group, &format!("_days_of_each_{of}"));
        self.push(&part, select);
        self.appears(group, &part, "day", vec![(ask.since.clone(), None)]);
        (part, names)
    }

    /// How many values have their first day on each day.
    fn first_days_of_values(&mut self, days: &str, values: &[String], group: &Group, ask: &Ask) -> String {
        let mut firsts = Select::from_part(days);
        for name in group.keys.iter().map(|key| &key.name).chain(values) {
            firsts.column(column(days, name), name);
        }
        firsts.group_by_these();
        firsts.column(fold(&min::MIN, column(days, "day")), "day");
        if group.slices.is_some() {
            firsts.filter = there(days, values);
        }
        let part = self.names.take(&format!("first_{days}"));
        self.push(&part, firsts);
        let mut changes = Select::from_part(&part);
        changes.column(column(&part, "day"), "day");
        for key in &group.keys {
            changes.column(column(&part, &key.name), &key.name);
        }
        changes.group_by_these();
        changes.column(count_rows(), &ask.column);
        let name = self.part_name(group, "_comings");
        self.push(&name, changes);
        name
    }

    /// Each day of each value with the day before it and the day after it.
    fn spells(&mut self, days: &str, values: &[String], group: &Group) -> String {
        let mut select = Select::from_part(days);
        let part: Vec<Scalar> = group.keys.iter().map(|key| &key.name).chain(values).map(|name| column(days, name)).collect();
        select.column(column(days, "day"), "day");
        for key in &group.keys {
            select.column(column(days, &key.name), &key.name);
        }
        for (name, offset) in [("day_before", -1), ("day_after", 1)] {
            let (value, order) = (column(days, "day"), vec![column(days, "day")]);
            let neighbour = Neighbour { value, offset, part: part.clone(), order };
            select.column(Expr::leaf(Atom::Neighbour(Box::new(neighbour))), name);
        }
        if group.slices.is_some() {
            select.filter = there(days, values);
        }
        let name = self.names.take(&format!("{days}_in_order"));
        self.push(&name, select);
        name
    }

    /// +1 on the first day of each spell, -1 on the exit of its last.
    fn comings_and_goings(&mut self, spells: &str, group: &Group, ask: &Ask) -> String {
        let calendar = self.calendar;
        let window = ask.aggregate.window;
        let own = column(spells, "day");
        let (before, after) = (column(spells, "day_before"), column(spells, "day_after"));
        let leaves = exit(calendar, window, own.clone());
        let mut comings = Select::from_part(spells);
        comings.column(own.clone(), "day");
        let mut goings = Select::from_part(spells);
        goings.column(leaves.clone(), "day");
        for key in &group.keys {
            comings.column(column(spells, &key.name), &key.name);
            goings.column(column(spells, &key.name), &key.name);
        }
        comings.column(Expr::number(1), &ask.column);
        goings.column(Expr::number(-1), &ask.column);
        let is_null = |scalar: &Scalar| Expr::apply(&operators::IS_NULL, vec![scalar.clone()]);
        let begins = Expr::apply(&operators::LESS, vec![exit(calendar, window, before.clone()), own]);
        comings.filter.push(Expr::apply(&operators::OR, vec![is_null(&before), begins]));
        let ends = Expr::apply(&operators::GREATER, vec![after.clone(), leaves]);
        goings.filter.push(Expr::apply(&operators::OR, vec![is_null(&after), ends]));
        let name = self.part_name(group, "_comings_and_goings");
        self.push_body(&name, Body::Union(vec![comings, goings]));
        name
    }
}

/// That the counted values are there; without slices they have been asked for when the rows were read.
fn there(days: &str, values: &[String]) -> Vec<Scalar> {
    values.iter().map(|name| Expr::apply(&operators::IS_NOT_NULL, vec![column(days, name)])).collect()
}

/// The first last day whose window no longer holds a day.
fn exit(calendar: &Calendar, window: Window, day: Scalar) -> Scalar {
    match window {
        Window::Trailing(length) if matches!(length.unit, Grain::Day | Grain::Week) => {
            moved(day, i64::from(length.count), length.unit)
        }
        Window::Trailing(length) => {
            // The window of L begins so many months before the day after L. That is after `day` for the first time when the day
            // after L is as many months after the day after `day`; where the month is too short, on the first of the next.
            let next = moved(day, 1, Grain::Day);
            let later = moved(next.clone(), i64::from(length.count), length.unit);
            let back = moved(later.clone(), -i64::from(length.count), length.unit);
            let reached = Expr::apply(&operators::GREATER_OR_EQUAL, vec![back, next]);
            let exact = moved(later.clone(), -1, Grain::Day);
            Expr::apply(&if_::IF, vec![reached, exact, later])
        }
        Window::ToDate(unit) => moved(period_of(calendar, unit, day), 1, unit),
        Window::Period | Window::Previous | Window::AllTime | Window::Age(_) | Window::AgeToDate(_) | Window::Within(..) => day,
    }
}
