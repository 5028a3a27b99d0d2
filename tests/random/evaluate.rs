//! The reference evaluator: what each view of a project shows, worked out row by row from the rules of section 8 of the
//! language ("rule 4" and so on below). It is slow and obvious on purpose, and knows nothing of how the compiler goes about it.

use super::calendar::{Back, days, earlier};
use super::facts::is_zero;
use super::functions;
use super::print::{has_interval, seconds};
use super::project::{
    Aggregate, Body, Calendar, Each, Expr, Figure, Formula, Grain, Grouped, Kpi, Length, Past, Project, Row, RowLeaf, Stock,
    Value, Window,
};
use super::rows::{Record, Rows, evaluate, refers, related};
use jiff::civil::Date;
use std::cell::RefCell;
use std::collections::HashMap;

/// A row of a view.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub period: Date,
    pub dimensions: Vec<Value>,
    pub value: Value,
    /// The number of rows, and the bounds of the interval, if there is one.
    pub beside: Option<[Value; 3]>,
    pub is_complete: bool,
}

/// For what a formula is computed: a period, a slice of it, and the parts that `slice` takes.
#[derive(Clone)]
pub struct Place<'a> {
    pub grain: Grain,
    pub start: Date,
    pub slice: Vec<(String, Value)>,
    pub parts: Vec<&'a Row>,
    /// The age at which cohorts are looked at, in a unit.
    pub age: Option<(Grain, i32)>,
    /// The day of the row of a cohort that is at hand.
    pub born: Option<Date>,
    /// Whether sums and counts over no rows are null: those of the formula at hand, not of the KPIs that it names.
    pub empty_is_null: bool,
}

/// A row that passed a condition, with what aggregates ask of it.
pub type Passed<'a> = (Option<Date>, Record<'a>, Value);

pub struct Evaluator<'a> {
    pub project: &'a Project,
    pub calendar: &'a Calendar,
    pub rows: Rows<'a>,
    /// Up to which day rows have been seen: what is looked at as of an earlier day is no less trusted for it.
    pub seen_until: Date,
    /// Rows whose condition does not depend on the period, by aggregate, slice and parts; only to save time.
    passed: RefCell<HashMap<String, Vec<Passed<'a>>>>,
    /// The values of a dimension that stand for themselves, where all others are one, with the nulls.
    pub tops: Option<(String, Vec<Value>)>,
}

impl<'a> Evaluator<'a> {
    pub fn new(project: &'a Project) -> Self {
        let rows = Rows::new(project);
        let seen_until = project.calendar.as_of;
        Self { project, calendar: &project.calendar, rows, seen_until, passed: RefCell::default(), tops: None }
    }

    /// Forgets which rows passed, as slices are others now.
    pub fn forget(&self) {
        self.passed.borrow_mut().clear();
    }

    /// The value of a dimension by which a row is in a slice.
    pub fn slice_of(&self, record: Record<'_>, name: &str) -> Value {
        let value = self.rows.dimension(record, name);
        let is_other = self.tops.as_ref().is_some_and(|(of, tops)| of == name && !tops.contains(&value));
        if is_other { Value::Null } else { value }
    }

    /// The rows of a view.
    pub fn view(&self, kpi: &'a Kpi, grain: Grain, dimensions: &[String]) -> Vec<Line> {
        let slices = if dimensions.is_empty() { vec![(Vec::new(), Date::MIN)] } else { self.slices(kpi, grain, dimensions) };
        let mut lines = Vec::new();
        for start in self.calendar.shown(grain) {
            for (values, first) in &slices {
                // Rule 8: dense, and in slices from the period of the first row that shows them.
                if *first >= self.calendar.end(grain, start) {
                    continue;
                }
                let slice: Vec<_> = dimensions.iter().cloned().zip(values.iter().cloned()).collect();
                for age in ages(kpi) {
                    let parts = Vec::new();
                    let place = Place { grain, start, slice: slice.clone(), parts, age, born: None, empty_is_null: false };
                    // A cohort is there at an age once that of its first day has begun.
                    if age.is_some_and(|age| !self.has_begun(age, start)) {
                        continue;
                    }
                    if kpi.omit_gaps && !self.kpi_has_rows(kpi, &place) {
                        continue;
                    }
                    // Rule 9; the age of a cohort is over with that of its last day.
                    let end = self.calendar.end(grain, start);
                    let of_last = age.map(|age| self.at_age(age, days(end, -1)));
                    let ends = [Some((start, end)), of_last.flatten()];
                    let settled = ends.into_iter().flatten().all(|(_, end)| self.is_over(end));
                    let unit = age.map_or((grain, start), |(unit, _)| (unit, of_last.flatten().map_or(start, |at| at.0)));
                    let known = [(grain, start), unit].iter().all(|(grain, start)| self.calendar.end_is_known(*grain, *start));
                    let there = age.is_none() || of_last.flatten().is_some();
                    let is_complete = settled && known && there && self.kpi_is_whole(kpi, &place);
                    let mut dimensions = values.clone();
                    dimensions.extend(age.map(|(_, age)| Value::Number(f64::from(age))));
                    let (value, beside) = (self.kpi(kpi, &place), self.interval(kpi, &place));
                    lines.push(Line { period: start, dimensions, value, beside, is_complete });
                }
            }
        }
        lines
    }

    /// The period in which what began on a day has an age: its first day, and the day after it.
    pub fn at_age(&self, (unit, age): (Grain, i32), born: Date) -> Option<(Date, Date)> {
        let start = self.calendar.later(unit, self.calendar.period(unit, born)?, age)?;
        Some((start, self.calendar.end(unit, start)))
    }

    /// Whether that period has begun.
    pub fn has_begun(&self, age: (Grain, i32), born: Date) -> bool {
        self.at_age(age, born).is_some_and(|(start, _)| start <= self.calendar.as_of)
    }

    /// Rule 9: whether what ends before a day is over, and its data has settled.
    pub fn is_over(&self, end: Date) -> bool {
        days(end, self.calendar.settle) <= days(self.calendar.as_of, 1)
    }

    /// The number of rows of a mean, and between which bounds it lies with a confidence of 95 %.
    fn interval(&self, kpi: &'a Kpi, place: &Place<'a>) -> Option<[Value; 3]> {
        let interval = kpi.interval.as_ref().filter(|_| has_interval(kpi))?;
        let place = Place { empty_is_null: kpi.empty_is_null, ..place.clone() };
        let count = self.aggregate(&interval.count, &place);
        let (Value::Number(mean), Value::Number(rows), Value::Number(spread)) =
            (self.kpi(kpi, &place), count.clone(), self.aggregate(&interval.spread, &place))
        else {
            return Some([count, Value::Null, Value::Null]);
        };
        let half = 1.959_963_984_540_054 * spread / rows.sqrt() / kpi.unit.map_or(1.0, seconds);
        Some([count, Value::Number(mean - half), Value::Number(mean + half)])
    }

    /// The value of a KPI.
    fn kpi(&self, kpi: &'a Kpi, place: &Place<'a>) -> Value {
        let value = match &kpi.body {
            Body::Formula(formula) => self.formula(formula, &Place { empty_is_null: kpi.empty_is_null, ..place.clone() }),
            Body::Values { figures, .. } => {
                let figure = figures.iter().find(|(start, _)| *start == place.start);
                figure.map_or(Value::Null, |(_, figure)| Value::Number(*figure))
            }
        };
        match (value, kpi.unit) {
            (Value::Number(value), Some(unit)) => Value::Number(value / seconds(unit)),
            (value, _) => value,
        }
    }

    /// Rule 6: the parts of a formula meet on period and slice, and each has a value there.
    fn formula(&self, formula: &'a Formula, place: &Place<'a>) -> Value {
        match formula {
            Expr::Literal(value) => value.clone(),
            Expr::Leaf(figure) => self.figure(figure, place),
            Expr::Apply(name, arguments) => {
                let values: Vec<Value> = arguments.iter().map(|argument| self.formula(argument, place)).collect();
                functions::apply(self.calendar, name, &values)
            }
        }
    }

    fn figure(&self, figure: &'a Figure, place: &Place<'a>) -> Value {
        match figure {
            Figure::Kpi(name) => self.kpi(self.project.kpi(name), place),
            Figure::Aggregate(aggregate) => self.aggregate(aggregate, place),
            Figure::Grouped(grouped) => self.grouped(grouped, place),
            Figure::Each(each) => {
                let begins = match each.window {
                    Window::Previous => self.calendar.later(place.grain, place.start, -1).unwrap_or(place.start),
                    _ => place.start,
                };
                if self.is_untrusted_over(&each.of, begins, place) {
                    return Value::Null;
                }
                let periods = self.periods(each, place);
                if place.empty_is_null
                    && is_zero(each.function)
                    && !each.counts_all_periods()
                    && !periods.iter().any(|period| self.has_rows(&each.of, period))
                {
                    return Value::Null;
                }
                let mut values: Vec<Value> = periods.iter().map(|period| self.formula(&each.of, period)).collect();
                if each.counts_periods {
                    values.retain(|holds| *holds == Value::Bool(true));
                }
                functions::aggregate(each.function, each.share, &values)
            }
            Figure::Past(past, of, length) => {
                let prior = match self.earlier(*past, *length, place) {
                    Some(earlier) => {
                        let (evaluator, before) = earlier.as_it_stood();
                        evaluator.formula(of, &before)
                    }
                    None => self.past(*length, place).map_or(Value::Null, |before| self.formula(of, &before)),
                };
                if past.whole() == Past::Prior {
                    return prior;
                }
                let apply = |name, one: &Value, two: &Value| functions::apply(self.calendar, name, &[one.clone(), two.clone()]);
                let change = apply("-", &self.formula(of, place), &prior);
                if past.whole() == Past::Change {
                    return change;
                }
                apply("/", &change, &functions::apply(self.calendar, "abs", &[prior]))
            }
            Figure::Slice(of, condition) => self.formula(of, &part(place, condition)),
            Figure::Total(of, dimensions) => self.formula(of, &total(place, dimensions)),
        }
    }

    /// Rule 7: the same at the period before; nothing if that starts before `data_from`, or is not there.
    pub fn past(&self, length: Option<Length>, place: &Place<'a>) -> Option<Place<'a>> {
        match self.calendar.back(place.grain, place.start, length).unwrap() {
            Back::To(start) => Some(Place { start, ..place.clone() }),
            Back::Before | Back::Nowhere => None,
        }
    }

    /// Rule 2: an aggregate over the rows of the period and slice for which its condition is true.
    fn aggregate(&self, aggregate: &'a Aggregate, place: &Place<'a>) -> Value {
        if self.is_unknown(aggregate, place) || self.is_untrusted(aggregate, None, place) {
            return Value::Null;
        }
        let mut rows = self.in_window(aggregate, place);
        if place.empty_is_null && is_zero(aggregate.function) && rows.is_empty() {
            return Value::Null;
        }
        if matches!(aggregate.function, "first" | "last") {
            rows.sort_by(|(_, one, _), (_, two, _)| {
                let (one, two) = (self.rows.order(*one, aggregate.at.as_ref()), self.rows.order(*two, aggregate.at.as_ref()));
                one.0.cmp(&two.0).then(functions::compare(&one.1, &two.1).unwrap())
            });
        }
        let values: Vec<Value> = rows.into_iter().map(|(_, _, value)| value).collect();
        functions::aggregate(aggregate.function, aggregate.share, &values)
    }

    /// First one value per entity, then over entities.
    fn grouped(&self, grouped: &'a Grouped, place: &Place<'a>) -> Value {
        let cannot_say = |of| self.is_unknown(of, place) || self.is_untrusted(of, Some(&grouped.per), place);
        if grouped.aggregates().any(cannot_say) {
            return Value::Null;
        }
        let mut values = self.entities(grouped, place);
        if place.empty_is_null && is_zero(grouped.function) && values.is_empty() {
            return Value::Null;
        }
        if let Some(top) = grouped.top {
            // The greatest first, nulls last; the sort keeps the order of the entities among equals.
            values.sort_by(|one, two| match functions::compare(two, one) {
                Some(order) => order,
                None => (*one == Value::Null).cmp(&(*two == Value::Null)),
            });
            values.truncate(top);
        }
        functions::aggregate(grouped.function, grouped.share, &values)
    }

    /// The values of the entities that meet the condition, in the order of the entities.
    pub fn entities(&self, grouped: &'a Grouped, place: &Place<'a>) -> Vec<Value> {
        let rows: Vec<Vec<Passed<'a>>> = grouped.aggregates().map(|of| self.in_window(of, place)).collect();
        let mut entities: Vec<Value> = Vec::new();
        for (_, record, _) in rows.iter().flatten() {
            let entity = self.rows.column(*record, &grouped.per);
            if entity != Value::Null && !entities.contains(&entity) {
                entities.push(entity);
            }
        }
        // Ties go by the entity.
        entities.sort_by(|one, two| functions::compare(one, two).unwrap());
        let mut values: Vec<Value> = Vec::new();
        for entity in &entities {
            let of_entity = |of: &Aggregate, rows: &[Passed<'a>]| {
                let mut own: Vec<&Passed<'a>> =
                    rows.iter().filter(|(_, row, _)| self.rows.column(*row, &grouped.per) == *entity).collect();
                if matches!(of.function, "first" | "last") {
                    own.sort_by(|(_, one, _), (_, two, _)| {
                        let at = of.at.as_ref();
                        let (one, two) = (self.rows.order(*one, at), self.rows.order(*two, at));
                        one.0.cmp(&two.0).then(functions::compare(&one.1, &two.1).unwrap())
                    });
                }
                let own: Vec<Value> = own.into_iter().map(|(_, _, value)| value.clone()).collect();
                functions::aggregate(of.function, of.share, &own)
            };
            let mut parts = grouped.aggregates().zip(&rows).map(|(of, rows)| of_entity(of, rows));
            let first = parts.next().unwrap();
            let value = grouped
                .with
                .iter()
                .zip(parts)
                .fold(first, |value, ((name, _), next)| functions::apply(self.calendar, name, &[value, next]));
            let passes = grouped.filter.as_ref().is_none_or(|filter| {
                let leaf = |_: &RowLeaf| value.clone();
                evaluate(self.project, filter, &leaf) == Value::Bool(true)
            });
            if passes {
                values.push(value);
            }
        }
        values
    }

    /// The rows of an aggregate's window and slice for which its condition is true.
    pub fn in_window(&self, aggregate: &'a Aggregate, place: &Place<'a>) -> Vec<Passed<'a>> {
        if let Some(stock) = self.project.stock(aggregate) {
            return self.held(aggregate, &stock, place);
        }
        let (from, to) = self.window(aggregate.window, place);
        let timeless = aggregate.at.is_none() && self.project.source(&aggregate.source).time.is_none();
        let rows = self.passing(aggregate, place).into_iter();
        rows.filter(|(day, ..)| match day {
            Some(day) => from.is_none_or(|from| *day >= from) && *day < to,
            // Rows that have no time are in no period, and those of a source without time in all (section 3).
            None => timeless,
        })
        .collect()
    }

    /// The rows of a slice for which a condition is true, whenever they are.
    pub fn passing(&self, aggregate: &'a Aggregate, place: &Place<'a>) -> Vec<Passed<'a>> {
        let parts: Vec<*const Row> = place.parts.iter().map(|part| std::ptr::from_ref(*part)).collect();
        let known = format!("{:?} {:?} {parts:?}", std::ptr::from_ref(aggregate), place.slice);
        // The closing day is that of the period, the row's own if it is in one: the day before its anchor.
        let closing = |own: Option<Date>| {
            let start = own.and_then(|day| self.calendar.period(place.grain, day)).unwrap_or(place.start);
            days(self.calendar.anchor(place.grain, start), -1)
        };
        let depends = !related(aggregate).is_empty() || aggregate.filter.as_ref().is_some_and(closes);
        let holds = self.project.stock(aggregate).is_some();
        if !depends && let Some(rows) = self.passed.borrow().get(&known) {
            return rows.clone();
        }
        let mut rows = Vec::new();
        let looks_at_ages = related(aggregate).iter().any(|inner| inner.window.is_at_age());
        for record in self.rows.of(&aggregate.source) {
            let born = self.rows.day(record, aggregate.at.as_ref()).filter(|_| looks_at_ages);
            let own = born.map(|day| Place { born: Some(day), ..place.clone() });
            let place = own.as_ref().unwrap_or(place);
            // A row counts at an age once its own has begun; without a time it is in no cohort.
            let begun = || place.age.zip(born).is_some_and(|(age, born)| self.has_begun(age, born));
            if looks_at_ages && !begun() {
                continue;
            }
            let passes = |condition: &Row| {
                let related = |inner: &Aggregate, to: Record<'_>| self.related(inner, to, place);
                self.rows.row(record, condition, &related) == Value::Bool(true)
            };
            let own = self.rows.day(record, aggregate.at.as_ref()).filter(|_| !holds);
            let filter = aggregate.filter.as_ref().map(|filter| closed(filter, closing(own)));
            // Rule 10: a null meets itself.
            let in_slice = place.slice.iter().all(|(name, value)| self.slice_of(record, name) == *value);
            if in_slice && place.parts.iter().all(|part| passes(part)) && filter.as_ref().is_none_or(passes) {
                let value = aggregate.argument.as_ref().map_or(Value::Bool(true), |argument| {
                    self.rows.row(record, argument, &|inner, to| self.related(inner, to, place))
                });
                rows.push((self.rows.day(record, aggregate.at.as_ref()), record, value));
            }
        }
        if !depends {
            self.passed.borrow_mut().insert(known, rows.clone());
        }
        rows
    }

    /// An aggregate inside a condition: over the rows that refer to the one at hand, in p unless it says `over` itself. It does
    /// not know the slice, which the rows that are counted are in.
    pub fn related(&self, aggregate: &Aggregate, to: Record<'_>, place: &Place<'a>) -> Value {
        let (from, to_day) = self.window(aggregate.window, place);
        let timeless = aggregate.at.is_none() && self.project.source(&aggregate.source).time.is_none();
        let mut found: Vec<Record<'_>> = Vec::new();
        let holding = self.project.stock(aggregate);
        for record in self.rows.of(&aggregate.source) {
            let inside = match self.rows.day(record, aggregate.at.as_ref()) {
                Some(_) if aggregate.of.is_some() => self.is_within(aggregate, record, to),
                Some(day) => from.is_none_or(|from| day >= from) && day < to_day,
                None => match &holding {
                    Some(Stock::At(edge)) => self.holds(record, *edge, place),
                    _ => timeless,
                },
            };
            let deeper = |inner: &Aggregate, to: Record<'_>| self.related(inner, to, place);
            let passes =
                || aggregate.filter.as_ref().is_none_or(|filter| self.rows.row(record, filter, &deeper) == Value::Bool(true));
            if inside && refers(&self.rows, record, aggregate.via.as_ref().unwrap(), to) && passes() {
                found.push(record);
            }
        }
        if matches!(aggregate.function, "first" | "last") {
            found.sort_by(|one, two| {
                let (one, two) = (self.rows.order(*one, aggregate.at.as_ref()), self.rows.order(*two, aggregate.at.as_ref()));
                one.0.cmp(&two.0).then(functions::compare(&one.1, &two.1).unwrap())
            });
        }
        let value = |record: Record<'_>| {
            let nothing = |_: &Aggregate, _: Record<'_>| unreachable!("what is aggregated of related rows has no aggregates");
            aggregate.argument.as_ref().map_or(Value::Bool(true), |argument| self.rows.row(record, argument, &nothing))
        };
        functions::aggregate(aggregate.function, aggregate.share, &found.into_iter().map(value).collect::<Vec<_>>())
    }

    /// Whether a related row comes within the time of the row that it belongs to, both ends included. All visible rows are looked
    /// at, in every period.
    fn is_within(&self, aggregate: &Aggregate, record: Record<'_>, to: Record<'_>) -> bool {
        let (Window::Within(count, unit), Some(of)) = (aggregate.window, &aggregate.of) else { unreachable!("it is") };
        let at = aggregate.at.as_ref().or(record.source.time.as_ref()).unwrap();
        let (time, since) = (self.rows.column(record, std::slice::from_ref(at)), self.rows.column(to, of));
        let apply = |name, one: &Value, two: &Value| functions::apply(self.calendar, name, &[one.clone(), two.clone()]);
        let until = apply("+", &since, &Value::Span(count, unit));
        let visible = functions::day_of(&time) <= self.calendar.as_of;
        visible && apply(">=", &time, &since) == Value::Bool(true) && apply("<=", &time, &until) == Value::Bool(true)
    }

    /// Rules 1, 3 and 4: from which day on, if there is one, and before which day the rows of a window are.
    pub fn window(&self, window: Window, place: &Place<'_>) -> (Option<Date>, Date) {
        let Place { grain, start, .. } = *place;
        let anchor = self.calendar.anchor(grain, start);
        match window {
            Window::Period => (Some(start.max(self.calendar.first_day())), anchor),
            Window::Trailing(length) => (Some(earlier(anchor, length)), anchor),
            Window::ToDate(of) => (self.calendar.period(of, days(anchor, -1)), anchor),
            Window::AllTime => (None, anchor),
            Window::Previous => match self.calendar.later(grain, start, -1) {
                Some(before) => (Some(before.max(self.calendar.first_day())), start.min(anchor)),
                // In no period of the calendar there are no rows.
                None => (Some(start), start),
            },
            // Where no row is at hand, the first day of the cohort.
            Window::Age => match self.at_age(place.age.unwrap(), place.born.unwrap_or(start)) {
                Some((from, to)) => (Some(from.max(self.calendar.first_day())), to.min(days(self.calendar.as_of, 1))),
                None => (Some(start), start),
            },
            Window::AgeToDate => {
                let (age, born) = (place.age.unwrap(), place.born.unwrap_or(start));
                match self.at_age(age, born) {
                    Some((_, to)) => {
                        let from = self.calendar.period(age.0, born).unwrap();
                        (Some(from.max(self.calendar.first_day())), to.min(days(self.calendar.as_of, 1)))
                    }
                    None => (Some(start), start),
                }
            }
            // What counts is a matter of the row at hand.
            Window::Within(..) => (None, days(self.calendar.as_of, 1)),
        }
    }

    /// The periods that `each` goes over: those of its window that start on or after `data_from`.
    pub fn periods(&self, each: &Each, place: &Place<'a>) -> Vec<Place<'a>> {
        let (from, to) = self.each_window(each, place);
        let from = from.map_or(self.calendar.data_from, |from| from.max(self.calendar.data_from));
        let starts = self.calendar.from(each.grain, from).into_iter().filter(|start| *start < to);
        starts.map(|start| Place { grain: each.grain, start, ..place.clone() }).collect()
    }

    /// Rule 4: with `each g`, `trailing N g` is the last N periods of g, ending with the one that holds the last day before
    /// the anchor.
    pub fn each_window(&self, each: &Each, place: &Place<'a>) -> (Option<Date>, Date) {
        let (from, to) = self.window(each.window, place);
        match each.window {
            Window::Trailing(length) if each.grain != Grain::Day => {
                // Where the calendar does not reach back so far, it begins before all that is known.
                (Some(self.calendar.first_of_last(each.grain, days(to, -1), length).unwrap_or(Date::MIN)), to)
            }
            _ => (from, to),
        }
    }
}

/// The ages at which a KPI is looked at; without ages, once.
pub fn ages(kpi: &Kpi) -> Vec<Option<(Grain, i32)>> {
    match kpi.age {
        None => vec![None],
        Some((unit, up_to)) => (0..=up_to).map(|age| Some((unit, age))).collect(),
    }
}

/// A place without some dimensions, or without all where none is named.
pub fn total<'a>(place: &Place<'a>, dimensions: &[String]) -> Place<'a> {
    let mut place = place.clone();
    place.slice.retain(|(name, _)| !dimensions.is_empty() && !dimensions.contains(name));
    place
}

/// A place with a further condition on its rows.
pub fn part<'a>(place: &Place<'a>, condition: &'a Row) -> Place<'a> {
    let mut place = place.clone();
    place.parts.push(condition);
    place
}

/// Whether a row expression looks at the closing day.
fn closes(row: &Row) -> bool {
    match row {
        Expr::Leaf(leaf) => *leaf == RowLeaf::Closing,
        Expr::Literal(_) => false,
        Expr::Apply(_, arguments) => arguments.iter().any(closes),
    }
}

/// A row expression with the day in the place of `closing_day()`.
fn closed(row: &Row, day: Date) -> Row {
    match row {
        Expr::Leaf(RowLeaf::Closing) => Expr::Literal(Value::Date(day)),
        Expr::Literal(_) | Expr::Leaf(_) => row.clone(),
        Expr::Apply(name, arguments) => Expr::Apply(name, arguments.iter().map(|argument| closed(argument, day)).collect()),
    }
}
