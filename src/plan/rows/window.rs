//! Daily results: one row per day and keys, and what is made of them, per period and over windows.
//!
//! Windows of days, windows to date and windows over all time are rolled along the days: the daily rows and one empty row at
//! the last day of each period, summed over the range before. Windows of months are joined to their days.

use crate::calendar::Grain;
use crate::functions::{Function, Splits, count, max, min, operators, sum};
use crate::model::expr::{Expr, Window};
use crate::plan::algebra::relation::{
    Atom, Body, Fold, From, JoinKind, PeriodOf, Rolling, Rows, Scalar, Select, column, count_rows, fold, impossible, moved,
};
use crate::plan::answer::assemble::Planner;
use crate::plan::rows::{Ask, Group, Series, add_keys, argument_of, conditions, splits};
use crate::plan::time::spine::{Need, window_name};

/// Rows per day and keys.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Daily {
    /// The part.
    pub part: String,
    /// The keys.
    pub keys: Vec<String>,
}

/// A column of partial results, and the function that puts them together.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Partial {
    /// The column.
    pub column: String,
    /// The function.
    pub together: &'static Function,
}

/// An aggregate in terms of its partial results.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Partials {
    /// The partial results: one, or a sum and a count.
    pub columns: Vec<Partial>,
    /// The name of the value.
    pub value: String,
}

impl Partials {
    /// One column that is added up.
    pub(in crate::plan) fn sum(name: &str) -> Self {
        Self { columns: vec![Partial { column: name.to_owned(), together: &sum::SUM }], value: name.to_owned() }
    }
}

impl Planner<'_> {
    /// Works out asks by day, and then by period or over their windows.
    pub(in crate::plan) fn daily(&mut self, group: &Group, places: &[usize], found: &mut [Option<Series>]) {
        let asks: Vec<&Ask> = places.iter().filter_map(|at| group.asks.get(*at)).collect();
        let Some(time) = group.time else { return };
        let (mut scan, days) = self.scan(group, &asks);
        let mut select = Select::default();
        let day = scan.day(time);
        select.column(day, "day");
        add_keys(&mut scan, &group.keys, &mut select);
        select.group_by_these();
        let range = scan.range(time, days);
        let (shared, own) = conditions(&mut scan, group, &asks);
        select.filter = range.into_iter().chain(shared).collect();
        let mut partials = Vec::new();
        for (ask, filter) in asks.iter().zip(&own) {
            let argument = ask.aggregate.argument.as_ref();
            let argument = argument.map(|argument| argument_of(&mut scan, ask.aggregate.function, argument));
            partials.push(add_partials(ask, argument.as_ref(), filter.as_ref(), &mut select));
        }
        let which = self.which_show(group, &asks, &own, &mut select);
        let rows = group.presence.then(|| self.columns.take("rows"));
        if let Some(rows) = &rows {
            select.column(count_rows(), rows);
        }
        let (from, joins) = self.finish(scan);
        select.from = Some(from);
        select.joins = joins;
        let part = self.part_name(group, "_by_day");
        self.push(&part, select);
        self.appears(group, &part, "day", which);
        let daily = Daily { part, keys: group.keys.iter().map(|key| key.name.clone()).collect() };
        for grain in Grain::ALL {
            self.daily_at(group, grain, &daily, places, &partials, rows.as_deref(), found);
        }
    }

    /// What is made of daily rows at one grain.
    #[expect(clippy::too_many_arguments, reason = "one step of `daily`, cut out to be read on its own")]
    fn daily_at(
        &mut self,
        group: &Group,
        grain: Grain,
        daily: &Daily,
        places: &[usize],
        partials: &[Partials],
        rows: Option<&str>,
        found: &mut [Option<Series>],
    ) {
        let mut by_window: Vec<(Window, Vec<(usize, &Partials)>)> = Vec::new();
        for (at, partials) in places.iter().zip(partials) {
            let Some(ask) = group.asks.get(*at).filter(|ask| ask.grain == grain) else { continue };
            let window = ask.aggregate.window;
            match by_window.iter_mut().find(|(known, _)| *known == window) {
                Some((_, list)) => list.push((*at, partials)),
                None => by_window.push((window, vec![(*at, partials)])),
            }
        }
        for (window, list) in by_window {
            let values: Vec<&Partials> = list.iter().map(|(_, partials)| *partials).collect();
            let custom = self.calendar.custom;
            let (part, rows) = match window {
                Window::Period | Window::Previous | Window::Age(_) | Window::AgeToDate(_) => {
                    (self.by_period(group, grain, daily, &values), None)
                }
                Window::Trailing(length) if length.unit > Grain::Week => {
                    (self.by_window_days(group, grain, window, daily, &values), None)
                }
                Window::ToDate(_) if custom => (self.by_window_days(group, grain, window, daily, &values), None),
                _ => {
                    let name = self.part_name(group, &format!("_{}_by_{grain}", window_name(window)));
                    self.rolled(&name, grain, window, daily, &values, rows)
                }
            };
            for (at, partials) in list {
                let series = Series { part: part.clone(), column: partials.value.clone(), rows: rows.clone() };
                if let Some(slot) = found.get_mut(at) {
                    *slot = Some(series);
                }
            }
        }
    }

    /// Days put together by period.
    fn by_period(&mut self, group: &Group, grain: Grain, daily: &Daily, values: &[&Partials]) -> String {
        let from = daily.part.as_str();
        let mut select = Select::from_part(from);
        let period = match &self.custom {
            Some(calendar) if grain != Grain::Day => {
                let on = Expr::apply(&operators::EQUAL, vec![column(calendar, "day"), column(from, "day")]);
                select.join(JoinKind::Inner, calendar, calendar, Some(on));
                column(calendar, grain.name())
            }
            _ if grain == Grain::Day => column(from, "day"),
            _ => crate::plan::rows::scan::period_of(self.calendar, grain, column(from, "day")),
        };
        select.column(period, "period");
        for key in &daily.keys {
            select.column(column(from, key), key);
        }
        select.group_by_these();
        for partials in values {
            let parts: Vec<Scalar> = together(from, partials);
            select.column(put_together(&parts), &partials.value);
        }
        let name = self.part_name(group, &format!("_by_{grain}"));
        self.push(&name, select);
        name
    }

    /// Days joined to the windows that they are in.
    fn by_window_days(&mut self, group: &Group, grain: Grain, window: Window, daily: &Daily, values: &[&Partials]) -> String {
        let days = self.window_days(grain, window);
        let from = "daily";
        let mut select = Select::from_part_as(&daily.part, from);
        let on = Expr::apply(&operators::EQUAL, vec![column("in_window", "day"), column(from, "day")]);
        select.join(JoinKind::Inner, &days, "in_window", Some(on));
        select.column(column("in_window", "period"), "period");
        for key in &daily.keys {
            select.column(column(from, key), key);
        }
        select.group_by_these();
        for partials in values {
            let parts: Vec<Scalar> = together(from, partials);
            select.column(put_together(&parts), &partials.value);
        }
        let name = self.part_name(group, &format!("_{}_by_{grain}", window_name(window)));
        self.push(&name, select);
        name
    }

    /// The days of each period's window, one row for each.
    pub(in crate::plan) fn window_days(&mut self, grain: Grain, window: Window) -> String {
        if let Some(part) = self.window_day_parts.get(&(grain, window)) {
            return part.clone();
        }
        let start = self.need(grain, Need::WindowStart(window));
        let last = self.need(grain, Need::LastDay);
        let spine = self.spine_name(grain);
        let part = self.names.take(&format!("days_of_{}", window_name(window)));
        let mut select = Select::from_part(&spine);
        let days = Rows::Days {
            from: Box::new(column(&spine, &start)),
            before: Box::new(moved(column(&spine, &last), 1, Grain::Day)),
            every: 1,
            unit: Grain::Day,
        };
        let from = From { relation: days, name: "each_day".to_owned() };
        select.joins.push(crate::plan::algebra::relation::Join { kind: JoinKind::Cross, from, on: None });
        select.column(column(&spine, "period"), "period");
        select.column(column("each_day", "day"), "day");
        self.push(&part, select);
        self.window_day_parts.insert((grain, window), part.clone());
        part
    }

    /// Days rolled along: at the last day of each period, everything in the range before it.
    pub(in crate::plan) fn rolled(
        &mut self,
        name: &str,
        grain: Grain,
        window: Window,
        daily: &Daily,
        values: &[&Partials],
        rows: Option<&str>,
    ) -> (String, Option<String>) {
        let spine = self.spine_name(grain);
        // By day a period is its own last day.
        let (last_day, day_name) =
            if grain == Grain::Day { ("period".to_owned(), "period") } else { (self.need(grain, Need::LastDay), "day") };
        let mut columns: Vec<Partial> = values.iter().flat_map(|partials| partials.columns.clone()).collect();
        columns.extend(rows.map(|rows| Partial { column: rows.to_owned(), together: &sum::SUM }));
        let ends = self.with_ends(daily, &spine, &last_day, day_name, &columns);
        let mut roll = Select::from_part(&ends);
        roll.column(column(&ends, day_name), day_name);
        for key in &daily.keys {
            roll.column(column(&ends, key), key);
        }
        roll.group_by_these();
        let mut part: Vec<Scalar> = daily.keys.iter().map(|key| column(&ends, key)).collect();
        let order = column(&ends, day_name);
        let days_before = match window {
            Window::Trailing(length) => Some(i64::from(length.count) * if length.unit == Grain::Week { 7 } else { 1 } - 1),
            Window::ToDate(unit) => {
                let calendar = self.calendar;
                let (week_starts, fiscal_month) = (calendar.week_starts, calendar.fiscal_month);
                let of = order.clone();
                part.push(Expr::leaf(Atom::PeriodOf(Box::new(PeriodOf { grain: unit, of, week_starts, fiscal_month }))));
                None
            }
            Window::Period
            | Window::Previous
            | Window::AllTime
            | Window::Age(_)
            | Window::AgeToDate(_)
            | Window::Within(..) => None,
        };
        let rolled = |partial: &Partial| {
            let argument = fold(partial.together, column(&ends, &partial.column));
            let rolling = Rolling {
                function: partial.together,
                fraction: None,
                argument,
                part: part.clone(),
                order: order.clone(),
                days_before,
            };
            Expr::leaf(Atom::Rolling(Box::new(rolling)))
        };
        if grain == Grain::Day {
            for partials in values {
                let parts: Vec<Scalar> = partials.columns.iter().map(rolled).collect();
                roll.column(put_together(&parts), &partials.value);
            }
            if let Some(rows) = rows {
                let partial = Partial { column: rows.to_owned(), together: &sum::SUM };
                roll.column(rolled(&partial), rows);
            }
            self.push(name, roll);
            return (name.to_owned(), rows.map(str::to_owned));
        }
        for partial in &columns {
            roll.column(rolled(partial), &partial.column);
        }
        let so_far = if window == Window::AllTime { "so_far".to_owned() } else { window_name(window) };
        let rolling = self.names.take(&format!("{}_{so_far}", daily.part));
        self.push(&rolling, roll);
        let mut at_end = Select::from_part(&spine);
        let on = Expr::apply(&operators::EQUAL, vec![column("rolled", "day"), column(&spine, &last_day)]);
        at_end.join(JoinKind::Inner, &rolling, "rolled", Some(on));
        let rolling = "rolled".to_owned();
        at_end.column(column(&spine, "period"), "period");
        for key in &daily.keys {
            at_end.column(column(&rolling, key), key);
        }
        for partials in values {
            let parts: Vec<Scalar> = partials.columns.iter().map(|partial| column(&rolling, &partial.column)).collect();
            at_end.column(put_together(&parts), &partials.value);
        }
        if let Some(rows) = rows {
            at_end.column(column(&rolling, rows), rows);
        }
        self.push(name, at_end);
        (name.to_owned(), rows.map(str::to_owned))
    }

    /// The daily rows, and an empty row at the last day of each period for each combination of keys.
    fn with_ends(&mut self, daily: &Daily, spine: &str, last_day: &str, day_name: &str, columns: &[Partial]) -> String {
        let from = daily.part.as_str();
        let mut rows = Select::from_part(from);
        rows.column(column(from, "day"), day_name);
        let mut ends = Select::from_part(spine);
        ends.column(column(spine, last_day), day_name);
        if !daily.keys.is_empty() {
            let mut keys = Select { distinct: true, ..Select::from_part(from) };
            for key in &daily.keys {
                keys.column(column(from, key), key);
            }
            let part = self.names.take(&format!("keys_of_{from}"));
            self.push(&part, keys);
            ends.join(JoinKind::Cross, &part, "each", None);
            for key in &daily.keys {
                rows.column(column(from, key), key);
                ends.column(column("each", key), key);
            }
        }
        for partial in columns {
            rows.column(column(from, &partial.column), &partial.column);
            ends.column(Expr::null(), &partial.column);
        }
        let part = self.names.take(&format!("{from}_and_ends"));
        self.push_body(&part, Body::Union(vec![rows, ends]));
        part
    }
}

/// The value of an aggregate, of scalars that stand for its partial results: one, or a sum and a count.
fn put_together(parts: &[Scalar]) -> Scalar {
    match parts {
        [total, count] => Expr::apply(&operators::DIVIDE, vec![total.clone(), count.clone()]),
        [only] => only.clone(),
        _ => impossible(),
    }
}

/// Partial results put together over a group.
fn together(from: &str, partials: &Partials) -> Vec<Scalar> {
    partials.columns.iter().map(|partial| fold(partial.together, column(from, &partial.column))).collect()
}

/// Adds the columns of partial results of an ask to a select.
fn add_partials(ask: &Ask, argument: Option<&Scalar>, filter: Option<&Scalar>, select: &mut Select) -> Partials {
    let name = ask.column.as_str();
    let add = |select: &mut Select, function: &'static Function, column: String, together: &'static Function| {
        let fold = Fold { function, fraction: None, argument: argument.cloned(), filter: filter.cloned(), order: Vec::new() };
        select.column(Expr::leaf(Atom::Aggregate(Box::new(fold))), &column);
        Partial { column, together }
    };
    let columns = match splits(&ask.aggregate) {
        Splits::Min => vec![add(select, &min::MIN, name.to_owned(), &min::MIN)],
        Splits::Max => vec![add(select, &max::MAX, name.to_owned(), &max::MAX)],
        Splits::SumAndCount => vec![
            add(select, &sum::SUM, format!("{name}_sum"), &sum::SUM),
            add(select, &count::COUNT, format!("{name}_count"), &sum::SUM),
        ],
        Splits::Sum | Splits::Not => vec![add(select, ask.aggregate.function, name.to_owned(), &sum::SUM)],
    };
    Partials { columns, value: name.to_owned() }
}
