//! Measures over rows: which shape each takes, and the scans that they share.
//!
//! All measures that read the same source by the same time and keep the same dimensions are one [`Group`]. Within it:
//!
//! - what can be put together from parts (sums, counts, extremes, means) is worked out per day first, once for all grains and
//!   windows; periods and windows are then made of the few daily rows;
//! - what needs every row (medians, distinct counts) is worked out per period in one scan, with everything else of that grain;
//! - over windows, distinct counts go through [`crate::plan::rows::distinct`], and what else needs every row is joined to the days of each
//!   window.

pub(super) mod distinct;
pub(super) mod every_start;
pub(super) mod journey;
pub(super) mod levels;
pub(super) mod readings;
pub(super) mod related;
pub(super) mod scan;
pub(super) mod states;
pub(super) mod up_to_age;
pub(super) mod window;
pub(super) mod within;

use crate::calendar::{AsOf, Date, Grain, add, add_days};
use crate::functions::{Function, OverNothing, Splits, coalesce, count_distinct, first, last, max, operators};
use crate::model::clock::picks;
use crate::model::expr::{Aggregate, Expr, Node, Path, Related, RowExpr, RowLeaf, Stock, Window};
use crate::model::{ColumnId, Model, SourceId};
use crate::plan::Lumped;
use crate::plan::algebra::names::beside_own;
use crate::plan::algebra::relation::{Atom, Fold, JoinKind, Relies, Scalar, Select, column, day, fold, impossible, moved};
use crate::plan::answer::assemble::{Planner, is_own_column};
use crate::plan::answer::since::Since;
use crate::plan::lookup::expand::{Move, shifts, take_previous};
use crate::plan::rows::levels::is_level;
use crate::plan::rows::related::{adds_up, needs_rows, related_leaves};
use crate::plan::rows::scan::{Days, Scan};
use crate::plan::time::ages::{AGE, PERIOD_AT_AGE};
use crate::plan::time::clocks;
use crate::plan::time::spine::{self, Need, window_name};

/// A column that rows are grouped by.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Key {
    /// Its name in the result.
    pub name: String,
    /// Where its value stands.
    pub path: Path,
    /// Which part of a key of several columns it is.
    pub part: usize,
    /// Which of its values stand for themselves, if not all of them do.
    pub lumped: Option<Lumped>,
}

/// An aggregate that is asked for.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Ask {
    /// The aggregate.
    pub aggregate: Aggregate,
    /// The name of its column.
    pub column: String,
    /// The grain.
    pub grain: Grain,
    /// The first day of the first period that is needed; nothing where that is not known.
    pub first: Option<Date>,
    /// From which day on its rows show slices.
    pub since: Since,
    /// The same for the figures that are shown: earlier rows only say which slices there are.
    pub first_shown: Option<Date>,
}

/// Aggregates that read one source by one time and keep the same keys.
#[derive(Debug)]
pub(in crate::plan) struct Group {
    /// The source.
    pub source: SourceId,
    /// The time.
    pub time: Option<ColumnId>,
    /// How states are looked at; nothing where rows count at a time.
    pub stock: Option<Stock>,
    /// The keys.
    pub keys: Vec<Key>,
    /// How many of the keys, from the first, are the dimensions whose values slices are made of; nothing where the rows say
    /// nothing of slices.
    pub slices: Option<usize>,
    /// Whether the keys tell entities apart, of which there are many.
    pub by_entity: bool,
    /// Whether it matters which keys have rows in the window.
    pub presence: bool,
    /// What is asked for.
    pub asks: Vec<Ask>,
}

/// Where the values of a measure are: one row for each period and combination of keys that has any.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Series {
    /// The part.
    pub part: String,
    /// The column of values.
    pub column: String,
    /// The column that counts rows, where combinations without rows are among the rows of the part.
    pub rows: Option<String>,
}

/// How an aggregate over related rows is joined.
pub(in crate::plan) struct RelatedJoin {
    pub part: String,
    pub alias: String,
    pub on: Scalar,
}

/// How an aggregate is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// By period, from rows or from days.
    Period,
    /// From days, over a range of them.
    Rolling,
    /// From days, joined to the days of each window.
    WindowDays,
    /// From the days of each distinct value.
    Distinct,
    /// From rows joined to the days of each window.
    Expanded,
    /// From all rows, at all times.
    Timeless,
    /// From the states that begin and end on each day.
    Levels,
    /// From the states at the start and at the end of each period.
    Pairs,
}

fn shape(model: &Model, ask: &Ask, group: &Group) -> Shape {
    let custom = model.calendar.custom;
    let aggregate = &ask.aggregate;
    match &aggregate.stock {
        Some(Stock::At(_)) if is_level(model, group, ask) => return Shape::Levels,
        Some(Stock::At(_)) => return Shape::Expanded,
        Some(Stock::Pairs(_)) => return Shape::Pairs,
        None => {}
    }
    if aggregate.has_related() || closes(model, group, ask) {
        return Shape::Expanded;
    }
    if group.time.is_none() {
        return Shape::Timeless;
    }
    let splits = splits(aggregate) != Splits::Not;
    let distinct = *aggregate.function == count_distinct::COUNT_DISTINCT && !group.presence;
    match aggregate.window {
        Window::Period | Window::Previous | Window::Age(_) | Window::AgeToDate(_) | Window::Within(..) => Shape::Period,
        Window::ToDate(_) if custom && !splits => Shape::Expanded,
        _ if distinct => Shape::Distinct,
        Window::ToDate(_) if custom => Shape::WindowDays,
        Window::ToDate(_) | Window::AllTime if splits => Shape::Rolling,
        Window::Trailing(length) if splits && matches!(length.unit, Grain::Day | Grain::Week) => Shape::Rolling,
        Window::Trailing(_) if splits => Shape::WindowDays,
        Window::ToDate(_) | Window::AllTime | Window::Trailing(_) => Shape::Expanded,
    }
}

/// Whether an aggregate looks at the closing day of its periods, itself or in what it is sliced by: then rows are told apart by period.
pub(in crate::plan) fn closes(model: &Model, group: &Group, ask: &Ask) -> bool {
    model.aggregate_closes(&ask.aggregate) || group.keys.iter().any(|key| model.path_closes(group.source, &key.path))
}

pub(in crate::plan) fn splits(aggregate: &Aggregate) -> Splits {
    aggregate.function.aggregation().map_or(Splits::Not, |traits| traits.splits)
}

impl<'a> Planner<'a> {
    /// Plans a group; one series for each ask, in order.
    pub(in crate::plan) fn group(&mut self, group: &Group) -> Vec<Series> {
        let shapes: Vec<Shape> = group.asks.iter().map(|ask| shape(self.model, ask, group)).collect();
        let mut found: Vec<Option<Series>> = vec![None; group.asks.len()];
        let (daily, direct) = daily_and_direct(group, &shapes);
        if !daily.is_empty() {
            self.daily(group, &daily, &mut found);
        }
        for (grain, asks) in direct {
            self.direct(group, grain, &asks, &mut found);
        }
        for (at, ask) in group.asks.iter().enumerate() {
            match shapes.get(at) {
                Some(Shape::Distinct) => {
                    let series = self.distinct(group, ask);
                    put(&mut found, at, series);
                }
                Some(Shape::Expanded) => {
                    let series = self.expanded(group, ask);
                    put(&mut found, at, series);
                }
                _ => {}
            }
        }
        for grain in Grain::ALL {
            let at_grain = |at: &usize| group.asks.get(*at).is_some_and(|ask| ask.grain == grain);
            let timeless: Vec<usize> = places(&shapes, Shape::Timeless).filter(at_grain).collect();
            if !timeless.is_empty() {
                self.timeless(group, grain, &timeless, &mut found);
            }
            let levels: Vec<usize> = places(&shapes, Shape::Levels).filter(at_grain).collect();
            if !levels.is_empty() {
                let asks: Vec<&Ask> = levels.iter().filter_map(|at| group.asks.get(*at)).collect();
                for (at, series) in levels.iter().zip(self.levels(group, grain, &asks)) {
                    put(&mut found, *at, series);
                }
            }
            let pairs: Vec<usize> = places(&shapes, Shape::Pairs).filter(at_grain).collect();
            if let (false, Some(Stock::Pairs(per))) = (pairs.is_empty(), &group.stock) {
                let asks: Vec<&Ask> = pairs.iter().filter_map(|at| group.asks.get(*at)).collect();
                for (at, series) in pairs.iter().zip(self.pairs(group, per.as_ref(), grain, &asks)) {
                    put(&mut found, *at, series);
                }
            }
        }
        let nowhere = || Series { part: String::new(), column: String::new(), rows: None };
        found.into_iter().map(|series| series.unwrap_or_else(nowhere)).collect()
    }

    /// A scan over the rows that asks need: from the earliest day that one of them needs to the last visible one.
    pub(in crate::plan) fn scan(&mut self, group: &Group, asks: &[&Ask]) -> (Scan<'a>, Days) {
        let mut scan = self.rows_of(group.source);
        let earliest = |first: fn(&Ask) -> Option<Date>| {
            let days: Vec<Option<Date>> = asks.iter().map(|ask| self.first_row_day(ask, first(ask))).collect();
            days.iter().copied().min().flatten().filter(|_| days.iter().all(Option::is_some))
        };
        let from = earliest(|ask| ask.first);
        scan.matters = (earliest(|ask| ask.first_shown), self.shown_until(group));
        let last = match self.calendar.as_of {
            AsOf::Day(last) => Some(last),
            AsOf::Today => None,
        };
        scan.known_days = group.time.map(|time| (time, from, last));
        (scan, Days { from })
    }

    /// The day before which rows of a group have to be for a period that is shown; nothing where that is not known.
    pub(in crate::plan) fn shown_until(&self, group: &Group) -> Option<Date> {
        let calendar = self.calendar;
        // What belongs to a row may come at any later age of it.
        let belongs = group.by_entity && !group.presence;
        let last = self.question.to.filter(|_| !belongs && !calendar.custom)?;
        let grain = self.question.grain;
        Some(add(calendar.period_start(grain, last), grain, 1))
    }

    /// The first day whose rows an ask needs for the periods from the one of a first day on; nothing where it needs all.
    pub(in crate::plan) fn first_row_day(&self, ask: &Ask, first: Option<Date>) -> Option<Date> {
        let calendar = self.calendar;
        let first = first?;
        match ask.aggregate.window {
            Window::Period | Window::Age(_) | Window::AgeToDate(_) => Some(first),
            Window::Previous => (!calendar.custom).then(|| add(calendar.period_start(ask.grain, first), ask.grain, -1)),
            Window::Trailing(length) => Some(add(add_days(first, 1), length.unit, -i64::from(length.count))),
            Window::ToDate(unit) if !calendar.custom => Some(calendar.period_start(unit, first)),
            Window::ToDate(_) | Window::AllTime | Window::Within(..) => None,
        }
    }

    /// What a part of a group is called: `orders_by_day_and_channel`.
    pub(in crate::plan) fn part_name(&mut self, group: &Group, by: &str) -> String {
        let source = self.model.sources.get(group.source);
        let at = match group.time {
            Some(time) if source.time != Some(time) => format!("_at_{}", source.columns.get(time).name.value),
            _ => String::new(),
        };
        let mut name = format!("{}{at}{by}", source.name.value);
        for (at, key) in group.keys.iter().enumerate() {
            name.push_str(if at == 0 && by.is_empty() { "_by_" } else { "_and_" });
            name.push_str(&key.name);
        }
        self.names.take(&name)
    }

    /// One scan at one grain, with everything that is asked for there.
    fn direct(&mut self, group: &Group, grain: Grain, places: &[usize], found: &mut [Option<Series>]) {
        let asks: Vec<&Ask> = places.iter().filter_map(|at| group.asks.get(*at)).collect();
        let Some(time) = group.time else { return };
        let (mut scan, days) = self.scan(group, &asks);
        let mut select = Select::default();
        let period = match (&self.custom, grain) {
            (Some(calendar), grain) if grain != Grain::Day => column(calendar, grain.name()),
            _ => scan.period(time, grain),
        };
        select.column(period, "period");
        add_keys(&mut scan, &group.keys, &mut select);
        select.group_by_these();
        let range = scan.range(time, days);
        let (shared, own) = conditions(&mut scan, group, &asks);
        for (ask, filter) in asks.iter().zip(&own) {
            let fold = fold_of(&mut scan, group, &ask.aggregate, filter.clone());
            select.column(fold, &ask.column);
        }
        select.filter.extend(range.into_iter().chain(shared));
        let which = self.which_show(group, &asks, &own, &mut select);
        let day = scan.day(time);
        let shows = self.day_of_appearance(group, &asks, grain, day, &mut select);
        let of_calendar = self.custom.clone().filter(|_| grain != Grain::Day).map(|calendar| (calendar, scan.day(time)));
        let (from, joins) = self.finish(scan);
        select.from = Some(from);
        select.joins = joins;
        if let Some((calendar, day)) = of_calendar {
            let on = Expr::apply(&operators::EQUAL, vec![column(&calendar, "day"), day]);
            select.join(JoinKind::Inner, &calendar, &calendar, Some(on));
        }
        let part = self.part_name(group, &format!("_by_{grain}"));
        self.push(&part, select);
        self.appears(group, &part, &shows, which);
        for (at, ask) in places.iter().zip(&asks) {
            put(found, *at, Series { part: part.clone(), column: ask.column.clone(), rows: None });
        }
    }

    /// Rows joined to the days of each window, or to the aggregates over related rows that their condition needs.
    fn expanded(&mut self, group: &Group, ask: &Ask) -> Series {
        let window = ask.aggregate.window;
        let related = related_leaves(&ask.aggregate);
        let in_period = window == Window::Period && group.time.is_some();
        let (mut scan, days) = self.scan(group, &[ask]);
        let mut select = Select::default();
        let own_day = group.time.map(|time| scan.day(time));
        let (period, mut windows) = self.period_of_rows(group, ask, &mut scan, own_day.as_ref());
        if closes(self.model, group, ask) {
            scan.closing = Some(self.closing_day(ask.grain, &period, &mut windows));
        }
        let needed = needs_rows(&ask.aggregate, !group.presence && !group.by_entity);
        let through = self.goes_through(ask, &related, &needed);
        let mut ages = None;
        if let (Some(age), None, Some(time)) = (ask.aggregate.age(), through, group.time) {
            let (part, joins) = self.row_ages(&mut scan, time, (age, &windows));
            windows.extend(joins);
            ages = Some(part);
        }
        let own_key =
            if related.is_empty() { Vec::new() } else { scan.key_of_related().into_iter().map(|(_, part)| part).collect() };
        let outer = self.model.sources.get(group.source);
        if !own_key.is_empty() && outer.holds.is_none() && outer.journey.is_none() {
            // What belongs to a row would count once for each row of its key.
            scan.rely_on(Relies::UniqueKey);
        }
        let adds = adds_up(&ask.aggregate);
        let mut related_joins = Vec::new();
        let mut later = None;
        for (leaf, needed) in related.into_iter().zip(needed) {
            let at_age = ages.as_deref().map(|ages| column(ages, PERIOD_AT_AGE));
            let (value, join) = match (&leaf.of, leaf.aggregate.window, &ages) {
                (Some(of), ..) => self.related_within(leaf, ask, &mut scan, of, &own_key),
                (None, Window::AgeToDate(age), Some(ages)) => self.related_up_to_age(leaf, (group, ask), (age, ages), &own_key),
                _ if through.is_some() && adds.is_some() => self.related_to_add(leaf, ask, &own_key),
                _ => self.related(leaf, ask, (&period, at_age.as_ref()), &own_key),
            };
            scan.related.push(value);
            if leaf.aggregate.window.age().is_some() {
                later = Some(column(&join.alias, "period"));
            }
            // Each row of a cohort shows its slice, whether any row belongs to it or not.
            let needed = needed && (through.is_some() || adds.is_none());
            let kind = if needed { JoinKind::Inner } else { JoinKind::Left };
            related_joins.push((kind, join));
        }
        select.column(period.clone(), "period");
        match (&ages, &later) {
            (Some(ages), _) => _ = select.column(column(ages, AGE), AGE),
            (None, Some(later)) => _ = select.column(later.clone(), PERIOD_AT_AGE),
            (None, None) => {}
        }
        add_keys(&mut scan, &group.keys, &mut select);
        select.group_by_these();
        if let Some(time) = group.time {
            select.filter = scan.range(time, days);
            if let (Some(age), Some(later), None) = (through, later, &self.custom) {
                // What came before the row's own unit has no age.
                let own = scan.period(time, age.unit);
                select.filter.push(Expr::apply(&operators::GREATER_OR_EQUAL, vec![later, own]));
            }
        }
        let conditions = add_folds(&mut scan, group, &[ask], &mut select);
        select.filter.extend(conditions);
        // What values stand for themselves may be asked of the closing day, which windows know.
        let lumped = scan.take_lumped();
        let (from, joins) = self.finish(scan);
        select.from = Some(from);
        select.joins = joins;
        for (kind, part, on) in windows {
            select.join(kind, &part, &part, on);
        }
        select.joins.extend(lumped);
        for (kind, join) in related_joins {
            select.join(kind, &join.part, &join.alias, Some(join.on));
        }
        let related = ask.aggregate.has_related();
        let shows = own_day
            .filter(|_| in_period && !related)
            .map(|day| self.day_of_appearance(group, &[ask], ask.grain, day, &mut select));
        let also = match (&ages, through) {
            (Some(_), _) => "_and_age".to_owned(),
            (None, Some(age)) => format!("_and_later_{}", age.unit),
            (None, None) => String::new(),
        };
        let by = format!("_by_{}{also}", ask.grain);
        let by = if in_period { by } else { format!("_{}{by}", window_name(window)) };
        let mut part = self.part_name(group, &by);
        self.push(&part, select);
        if let Some(age) = through {
            part = self.by_age(group, ask, &part, age);
        }
        if let Some(shows) = shows {
            self.appears(group, &part, &shows, vec![(ask.since.clone(), None)]);
        } else if through.is_some() && adds.is_some() {
            self.first_days(group, ask);
        } else if related || group.time.is_none() {
            // Which rows pass depends on the period, and periods count from the first that is whole.
            let which = self.since_whole();
            self.appears(group, &part, "period", which);
        } else {
            self.first_days(group, ask);
        }
        Series { part, column: ask.column.clone(), rows: None }
    }

    /// The last visible day of the period of a row. Where the periods are not joined it is worked out, since a row may be in one that began
    /// before data is whole.
    fn closing_day(&mut self, grain: Grain, period: &Scalar, joined: &mut Vec<(JoinKind, String, Option<Scalar>)>) -> Scalar {
        let spine = self.spine_name(grain);
        if joined.iter().any(|(_, part, _)| *part == spine) {
            let last_day = self.need(grain, Need::LastDay);
            return column(&spine, &last_day);
        }
        let today = self.today.clone();
        if let Some(calendar) = self.custom.clone().filter(|_| grain != Grain::Day) {
            let mut ends = Select::from_part(&calendar);
            ends.column(column(&calendar, grain.name()), "period").group_by_these();
            ends.column(fold(&max::MAX, column(&calendar, "day")), "last_day");
            let visible = match (self.calendar.as_of, &today) {
                (AsOf::Day(last), _) => Some(day(last)),
                (AsOf::Today, Some(today)) => {
                    ends.join(JoinKind::Cross, today, today, None);
                    Some(column(today, "as_of"))
                }
                (AsOf::Today, None) => None,
            };
            let seen = visible.map(|last| Expr::apply(&operators::LESS_OR_EQUAL, vec![column(&calendar, "day"), last]));
            ends.filter.extend(seen);
            let part = self.names.take(&format!("{grain}s_that_close"));
            self.push(&part, ends);
            let on = Expr::apply(&operators::EQUAL, vec![column(&part, "period"), period.clone()]);
            joined.push((JoinKind::Inner, part.clone(), Some(on)));
            return column(&part, "last_day");
        }
        if let Some(today) = &today {
            joined.push((JoinKind::Cross, today.clone(), None));
        }
        let as_of = today.map(|today| column(&today, "as_of"));
        spine::last_day(self.calendar, grain, &moved(period.clone(), 1, grain), as_of.as_ref())
    }

    /// The period of a row: its own, or each in whose window it is; and what is joined to know it.
    fn period_of_rows(
        &mut self,
        group: &Group,
        ask: &Ask,
        scan: &mut Scan<'a>,
        own_day: Option<&Scalar>,
    ) -> (Scalar, Vec<(JoinKind, String, Option<Scalar>)>) {
        let window = ask.aggregate.window;
        let in_period = window == Window::Period && group.time.is_some();
        let held = match &group.stock {
            Some(Stock::At(edge)) => self.held(scan, group.source, *edge, ask.grain),
            _ => None,
        };
        match (own_day, group.time) {
            _ if held.is_some() => held.map_or((impossible(), Vec::new()), |tie| (tie.period, tie.join.into_iter().collect())),
            (Some(own_day), Some(time)) if matches!(window, Window::Period | Window::Previous) => {
                let (own, mut joins) = match (&self.custom, ask.grain) {
                    (Some(calendar), grain) if grain != Grain::Day => {
                        let on = Expr::apply(&operators::EQUAL, vec![column(calendar, "day"), own_day.clone()]);
                        (column(calendar, grain.name()), vec![(JoinKind::Inner, calendar.clone(), Some(on))])
                    }
                    _ => (scan.period(time, ask.grain), Vec::new()),
                };
                if in_period {
                    (own, joins)
                } else {
                    let before = self.need(ask.grain, Need::Moved(Move::previous()));
                    let spine = self.spine_name(ask.grain);
                    let on = Expr::apply(&operators::EQUAL, vec![column(&spine, &before), own]);
                    joins.push((JoinKind::Inner, spine.clone(), Some(on)));
                    (column(&spine, "period"), joins)
                }
            }
            (Some(own_day), _) if window == Window::AllTime => {
                let last_day = self.need(ask.grain, Need::LastDay);
                let spine = self.spine_name(ask.grain);
                let on = Expr::apply(&operators::LESS_OR_EQUAL, vec![own_day.clone(), column(&spine, &last_day)]);
                (column(&spine, "period"), vec![(JoinKind::Inner, spine, Some(on))])
            }
            (Some(own_day), _) => {
                let part = self.window_days(ask.grain, window);
                let on = Expr::apply(&operators::EQUAL, vec![column(&part, "day"), own_day.clone()]);
                (column(&part, "period"), vec![(JoinKind::Inner, part, Some(on))])
            }
            (None, _) => {
                let spine = self.spine_name(ask.grain);
                (column(&spine, "period"), vec![(JoinKind::Cross, spine, None)])
            }
        }
    }

    /// An aggregate over the rows that belong to a row: its value for each period and key, and how it is joined.
    fn related(
        &mut self,
        related: &Related,
        outer: &Ask,
        (period, at_age): (&Scalar, Option<&Scalar>),
        own_key: &[Scalar],
    ) -> (Scalar, RelatedJoin) {
        let mut aggregate = related.aggregate.clone();
        let (mut grain, mut period, mut outer_first) = (outer.grain, Some(period), outer.first);
        if let Some(age) = aggregate.window.age() {
            // Of the period at the age of the row, or of any, whatever period the row counts in.
            aggregate.window = Window::Period;
            outer_first = self.first_of_cohorts(outer, age);
            (grain, period) = (age.unit, at_age);
        }
        let previous = shifts(&aggregate) && take_previous(&mut aggregate.window);
        let zero = aggregate.function.aggregation().is_some_and(|traits| traits.over_nothing == OverNothing::Zero);
        let column_name = self.columns.take(&format!("{RELATED}{}", aggregate.function.name));
        let keys = (0..own_key.len()).map(|part| Key {
            name: key_name(self, related, part),
            path: related.via.clone(),
            part,
            lumped: None,
        });
        let first = if previous {
            outer_first.map(|first| add(first, grain, -1)).filter(|_| !self.calendar.custom)
        } else {
            outer_first
        };
        let group = Group {
            source: aggregate.source,
            time: aggregate.time,
            stock: aggregate.stock.clone(),
            keys: keys.collect(),
            slices: None,
            by_entity: true,
            presence: false,
            asks: vec![Ask { aggregate, column: column_name.clone(), grain, first, first_shown: first, since: Since::Ever }],
        };
        let series = self.group(&group);
        let Some(series) = series.into_iter().next() else {
            return (impossible(), RelatedJoin { part: String::new(), alias: String::new(), on: impossible() });
        };
        let alias = self.names.take("related");
        let mut on = Vec::new();
        if let Some(period) = period {
            let at = if previous { self.period_before(grain, period.clone()) } else { period.clone() };
            on.push(Expr::apply(&operators::EQUAL, vec![column(&alias, "period"), at]));
        }
        for (key, own) in group.keys.iter().zip(own_key) {
            on.push(Expr::apply(&operators::EQUAL, vec![column(&alias, &key.name), own.clone()]));
        }
        let value = column(&alias, &series.column);
        let value = if zero { Expr::apply(&coalesce::COALESCE, vec![value, Expr::number(0)]) } else { value };
        (value, RelatedJoin { part: series.part, alias, on: Expr::all(on).unwrap_or_else(impossible) })
    }

    /// All rows at all times: the same value at every period.
    fn timeless(&mut self, group: &Group, grain: Grain, places: &[usize], found: &mut [Option<Series>]) {
        let asks: Vec<&Ask> = places.iter().filter_map(|at| group.asks.get(*at)).collect();
        let mut scan = self.rows_of(group.source);
        let mut select = Select::default();
        add_keys(&mut scan, &group.keys, &mut select);
        select.group_by_these();
        let conditions = add_folds(&mut scan, group, &asks, &mut select);
        select.filter = conditions;
        let (from, joins) = self.finish(scan);
        select.from = Some(from);
        select.joins = joins;
        let all = self.part_name(group, "_of_all_time");
        let columns: Vec<String> = select.columns.iter().map(|(_, name)| name.clone()).collect();
        self.push(&all, select);
        let spine = self.spine_name(grain);
        let mut select = Select::from_part(&spine);
        select.join(JoinKind::Cross, &all, &all, None);
        select.column(column(&spine, "period"), "period");
        for name in columns {
            select.column(column(&all, &name), &name);
        }
        let part = self.part_name(group, &format!("_by_{grain}"));
        self.push(&part, select);
        let which = self.since_whole();
        self.appears(group, &part, "period", which);
        for (at, ask) in places.iter().zip(&asks) {
            put(found, *at, Series { part: part.clone(), column: ask.column.clone(), rows: None });
        }
    }
}

/// The name of a column that holds the key of the row that others belong to.
/// What columns with aggregates over related rows begin with.
const RELATED: &str = "related_";

fn key_name(planner: &Planner<'_>, related: &Related, part: usize) -> String {
    let column = planner.model.column(related.aggregate.source, &related.via);
    let name = &column.name.value;
    let name = if part == 0 { name.clone() } else { format!("{name}_{}", part + 1) };
    beside_own(&name, |name| is_own_column(name) || name.starts_with(RELATED))
}

fn put(found: &mut [Option<Series>], at: usize, series: Series) {
    if let Some(slot) = found.get_mut(at) {
        *slot = Some(series);
    }
}

fn places(shapes: &[Shape], shape: Shape) -> impl Iterator<Item = usize> {
    shapes.iter().enumerate().filter(move |(_, known)| **known == shape).map(|(at, _)| at)
}

/// Which asks are made of days, and which take one scan per grain: a grain at which something needs every row does all of its
/// work in that scan.
fn daily_and_direct(group: &Group, shapes: &[Shape]) -> (Vec<usize>, Vec<(Grain, Vec<usize>)>) {
    let mut daily: Vec<usize> = places(shapes, Shape::Rolling).chain(places(shapes, Shape::WindowDays)).collect();
    let mut direct = Vec::new();
    let coarser = group.asks.iter().any(|ask| ask.grain > Grain::Day);
    let by_entity = group.by_entity;
    for grain in Grain::ALL {
        let asks: Vec<usize> =
            places(shapes, Shape::Period).filter(|at| group.asks.get(*at).is_some_and(|ask| ask.grain == grain)).collect();
        if asks.is_empty() {
            continue;
        }
        let all_split = asks.iter().filter_map(|at| group.asks.get(*at)).all(|ask| splits(&ask.aggregate) != Splits::Not);
        // Days alone need no second step, unless others are made of them too. By entity there are as many days as rows.
        let alone = (grain == Grain::Day && daily.is_empty() && !coarser) || (by_entity && daily.is_empty());
        if all_split && !alone {
            daily.extend(asks);
        } else {
            direct.push((grain, asks));
        }
    }
    daily.sort_unstable();
    (daily, direct)
}

/// Adds the key columns to a select.
pub(in crate::plan) fn add_keys(scan: &mut Scan<'_>, keys: &[Key], select: &mut Select) {
    for key in keys {
        let parts = scan.key_parts(&key.path);
        if let Some(part) = parts.into_iter().nth(key.part) {
            let value = match &key.lumped {
                Some(lumped) => scan.lumped(lumped, part),
                None => part,
            };
            select.column(value, &key.name);
        }
    }
}

/// Adds the aggregates to a select; gives the conditions that all of them share.
pub(in crate::plan) fn add_folds(scan: &mut Scan<'_>, group: &Group, asks: &[&Ask], select: &mut Select) -> Vec<Scalar> {
    let (conditions, own) = conditions(scan, group, asks);
    for (ask, filter) in asks.iter().zip(own) {
        let fold = fold_of(scan, group, &ask.aggregate, filter);
        select.column(fold, &ask.column);
    }
    conditions
}

/// The conditions that all asks share, for the select as a whole, and what remains of each ask's own.
pub(in crate::plan) fn conditions(scan: &mut Scan<'_>, group: &Group, asks: &[&Ask]) -> (Vec<Scalar>, Vec<Option<Scalar>>) {
    let filters: Vec<Option<RowExpr>> = asks.iter().map(|ask| ask.aggregate.filter.clone()).collect();
    if let [only] = filters.as_slice() {
        // One condition stays whole: its parts over related rows are met in the order in which they are written.
        return (only.iter().map(|filter| scan.row(filter)).collect(), vec![None]);
    }
    let (common, own, either) = shared_conditions(&filters, group.slices.is_some() || group.presence);
    let conditions = common.iter().chain(&either).map(|condition| scan.row(condition)).collect();
    (conditions, own.iter().map(|filter| filter.as_ref().map(|filter| scan.row(filter))).collect())
}

/// Splits conditions into those that all have, what remains of each, and that one of the remains has to hold (if none is
/// without condition): then a group has rows only if an aggregate has, which is needed where they show slices or entities.
fn shared_conditions(filters: &[Option<RowExpr>], show: bool) -> (Vec<RowExpr>, Vec<Option<RowExpr>>, Option<RowExpr>) {
    let parts: Vec<Vec<RowExpr>> =
        filters.iter().map(|filter| filter.iter().flat_map(Expr::conjuncts).cloned().collect()).collect();
    let first = parts.first().cloned().unwrap_or_default();
    let common: Vec<RowExpr> = first.into_iter().filter(|part| parts.iter().all(|other| other.contains(part))).collect();
    let rest: Vec<Option<RowExpr>> =
        parts.into_iter().map(|own| Expr::all(own.into_iter().filter(|part| !common.contains(part)).collect())).collect();
    let mut either: Vec<RowExpr> = Vec::new();
    for filter in &rest {
        match filter {
            None => return (common, rest, None),
            Some(filter) if !either.contains(filter) => either.push(filter.clone()),
            Some(_) => {}
        }
    }
    // A long list of alternatives costs more than the rows that it keeps away.
    let either = if either.len() > 4 && !show { None } else { Expr::any(either) };
    (common, rest, either)
}

/// Whether an aggregate goes by an order of what it is over.
pub(in crate::plan) fn is_ordered(function: &Function) -> bool {
    *function == first::FIRST || *function == last::LAST
}

/// An aggregate as it is in a select.
fn fold_of(scan: &mut Scan<'_>, group: &Group, aggregate: &Aggregate, filter: Option<Scalar>) -> Scalar {
    let function = aggregate.function;
    let mut filter = filter;
    let argument = aggregate.argument.as_ref().map(|argument| match composite(scan, argument) {
        Some(parts) => {
            // A key of which a part is null refers to nothing.
            let there = parts.iter().map(|part| Expr::apply(&operators::IS_NOT_NULL, vec![part.clone()]));
            filter = Expr::all(filter.take().into_iter().chain(there).collect());
            Expr::leaf(Atom::Tuple(parts))
        }
        None => argument_of(scan, function, argument),
    });
    let order = match (is_ordered(function), group.time) {
        (true, Some(time)) => std::iter::once(scan.order(time)).chain(scan.own_key()).collect(),
        _ => Vec::new(),
    };
    Expr::leaf(Atom::Aggregate(Box::new(Fold { function, fraction: aggregate.fraction.clone(), argument, filter, order })))
}

/// What an aggregate function goes over: values as they are known where it picks one or tells them apart.
pub(in crate::plan) fn argument_of(scan: &mut Scan<'_>, function: &Function, argument: &RowExpr) -> Scalar {
    if *function == count_distinct::COUNT_DISTINCT {
        return clocks::as_stored(scan.value(argument));
    }
    if picks(function.name) { scan.value(argument) } else { scan.row(argument) }
}

/// The parts of a key of several columns, if an expression is one.
pub(in crate::plan) fn composite(scan: &mut Scan<'_>, expr: &RowExpr) -> Option<Vec<Scalar>> {
    let Node::Leaf(RowLeaf::Column(path)) = &expr.node else { return None };
    let parts = scan.key_parts(path);
    (parts.len() > 1).then_some(parts)
}
