//! The reference evaluator: what each view of a project shows, worked out row by row from the rules of section 8 of the
//! language ("rule 4" and so on below). It is slow and obvious on purpose, and knows nothing of how the compiler goes about it.

use super::calendar::{days, earlier, months};
use super::functions;
use super::print::seconds;
use super::project::{
    Aggregate, Body, Calendar, Each, Expr, Figure, Formula, Grain, Grouped, Kpi, Length, Past, Project, Row, RowLeaf, Stock,
    Unit, Value, Window,
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
    /// Nothing where the language does not say.
    pub is_complete: Option<bool>,
}

/// For what a formula is worked out: a period, a slice of it, and the parts that `slice` takes.
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
}

/// A row that passed a condition, with what aggregates ask of it.
pub type Passed<'a> = (Option<Date>, Record<'a>, Value);

pub struct Evaluator<'a> {
    pub project: &'a Project,
    pub calendar: &'a Calendar,
    pub rows: Rows<'a>,
    /// Rows whose condition does not depend on the period, by aggregate, slice and parts; only to save time.
    passed: RefCell<HashMap<String, Vec<Passed<'a>>>>,
}

impl<'a> Evaluator<'a> {
    pub fn new(project: &'a Project) -> Self {
        let rows = Rows::new(project);
        Self { project, calendar: &project.calendar, rows, passed: RefCell::default() }
    }

    /// The rows of a view.
    pub fn view(&self, kpi: &'a Kpi, grain: Grain, dimensions: &[String]) -> Vec<Line> {
        let slices = if dimensions.is_empty() { vec![(Vec::new(), None)] } else { self.slices(kpi, grain, dimensions) };
        let mut lines = Vec::new();
        for start in self.calendar.shown(grain) {
            for (values, first) in &slices {
                // Rule 8: dense, and in slices from the period of the first appearance.
                if first.is_some_and(|first| start < first) {
                    continue;
                }
                let slice: Vec<_> = dimensions.iter().cloned().zip(values.iter().cloned()).collect();
                for age in ages(kpi) {
                    let place = Place { grain, start, slice: slice.clone(), parts: Vec::new(), age, born: None };
                    // A cohort is there at an age once that of its first day has begun.
                    if age.is_some_and(|age| self.at_age(age, start).0 > self.calendar.as_of) {
                        continue;
                    }
                    if kpi.omit_gaps && !self.kpi_has_rows(kpi, &place) {
                        continue;
                    }
                    // Rule 9; the age of a cohort is over with that of its last day.
                    let mut end = Calendar::end(grain, start);
                    if let Some(age) = age {
                        end = self.at_age(age, days(end, -1)).1;
                    }
                    let settled = days(end, self.calendar.settle) <= days(self.calendar.as_of, 1);
                    let is_complete = if settled { self.kpi_is_whole(kpi, &place) } else { Some(false) };
                    let mut dimensions = values.clone();
                    dimensions.extend(age.map(|(_, age)| Value::Number(f64::from(age))));
                    lines.push(Line { period: start, dimensions, value: self.kpi(kpi, &place), is_complete });
                }
            }
        }
        lines
    }

    /// The period in which what began on a day has an age: its first day, and the day after it.
    fn at_age(&self, (unit, age): (Grain, i32), born: Date) -> (Date, Date) {
        let start = Calendar::later(unit, self.calendar.period(unit, born), age);
        (start, Calendar::end(unit, start))
    }

    /// The value of a KPI.
    fn kpi(&self, kpi: &'a Kpi, place: &Place<'a>) -> Value {
        let value = match &kpi.body {
            Body::Formula(formula) => self.formula(formula, place),
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
                let periods = self.periods(each, place);
                let values: Vec<Value> = periods.iter().map(|period| self.formula(&each.of, period)).collect();
                functions::aggregate(each.function, each.share, &values)
            }
            Figure::Past(past, of, length) => {
                let prior = self.past(*length, place).map_or(Value::Null, |before| self.formula(of, &before));
                if *past == Past::Prior {
                    return prior;
                }
                let apply = |name, one: &Value, two: &Value| functions::apply(self.calendar, name, &[one.clone(), two.clone()]);
                let change = apply("-", &self.formula(of, place), &prior);
                if *past == Past::Change {
                    return change;
                }
                apply("/", &change, &functions::apply(self.calendar, "abs", &[prior]))
            }
            Figure::Slice(of, condition) => self.formula(of, &part(place, condition)),
            Figure::Total(of, dimensions) => self.formula(of, &total(place, dimensions)),
        }
    }

    /// Rule 7: the same at the period before; nothing if that starts before `data_from`.
    fn past(&self, length: Option<Length>, place: &Place<'a>) -> Option<Place<'a>> {
        let start = Calendar::back(place.grain, place.start, length).unwrap();
        (start >= self.calendar.data_from).then(|| Place { start, ..place.clone() })
    }

    /// Rule 2: an aggregate over the rows of the period and slice for which its condition is true.
    fn aggregate(&self, aggregate: &'a Aggregate, place: &Place<'a>) -> Value {
        if self.is_unknown(aggregate, place) {
            return Value::Null;
        }
        let mut rows = self.in_window(aggregate, place);
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
        if self.is_unknown(&grouped.of, place) {
            return Value::Null;
        }
        let rows = self.in_window(&grouped.of, place);
        let mut entities: Vec<Value> = Vec::new();
        for (_, record, _) in &rows {
            let entity = self.rows.column(*record, &grouped.per);
            if entity != Value::Null && !entities.contains(&entity) {
                entities.push(entity);
            }
        }
        // Ties go by the entity.
        entities.sort_by(|one, two| functions::compare(one, two).unwrap());
        let mut values: Vec<Value> = Vec::new();
        for entity in &entities {
            let mut own: Vec<&Passed<'a>> =
                rows.iter().filter(|(_, row, _)| self.rows.column(*row, &grouped.per) == *entity).collect();
            if matches!(grouped.of.function, "first" | "last") {
                own.sort_by(|(_, one, _), (_, two, _)| {
                    let at = grouped.of.at.as_ref();
                    let (one, two) = (self.rows.order(*one, at), self.rows.order(*two, at));
                    one.0.cmp(&two.0).then(functions::compare(&one.1, &two.1).unwrap())
                });
            }
            let own: Vec<Value> = own.into_iter().map(|(_, _, value)| value.clone()).collect();
            let value = functions::aggregate(grouped.of.function, grouped.of.share, &own);
            let passes = grouped.filter.as_ref().is_none_or(|filter| {
                let leaf = |_: &RowLeaf| value.clone();
                evaluate(self.project, filter, &leaf) == Value::Bool(true)
            });
            if passes {
                values.push(value);
            }
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

    /// The rows of an aggregate's window and slice for which its condition is true.
    fn in_window(&self, aggregate: &'a Aggregate, place: &Place<'a>) -> Vec<Passed<'a>> {
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
        let depends = !related(aggregate.filter.as_ref()).is_empty();
        if !depends && let Some(rows) = self.passed.borrow().get(&known) {
            return rows.clone();
        }
        let mut rows = Vec::new();
        let looks_at_ages = related(aggregate.filter.as_ref()).iter().any(|inner| inner.window == Window::Age);
        for record in self.rows.of(&aggregate.source) {
            let born = self.rows.day(record, aggregate.at.as_ref()).filter(|_| looks_at_ages);
            let own = born.map(|day| Place { born: Some(day), ..place.clone() });
            let place = own.as_ref().unwrap_or(place);
            // A row counts at an age once its own has begun; without a time it is in no cohort.
            let begun = || place.age.zip(born).is_some_and(|(age, born)| self.at_age(age, born).0 <= self.calendar.as_of);
            if looks_at_ages && !begun() {
                continue;
            }
            let passes = |condition: &Row| {
                let related = |inner: &Aggregate, to: Record<'_>| self.related(inner, to, place);
                self.rows.row(record, condition, &related) == Value::Bool(true)
            };
            // Rule 10: a null meets itself.
            let in_slice = place.slice.iter().all(|(name, value)| self.rows.dimension(record, name) == *value);
            if in_slice && place.parts.iter().all(|part| passes(part)) && aggregate.filter.as_ref().is_none_or(passes) {
                let value = aggregate.argument.as_ref().map_or(Value::Bool(true), |argument| {
                    self.rows.row(record, argument, &|_, _| unreachable!("an argument has no aggregates"))
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
            let nothing = |_: &Aggregate, _: Record<'_>| unreachable!("an argument has no aggregates");
            aggregate.argument.as_ref().map_or(Value::Bool(true), |argument| self.rows.row(record, argument, &nothing))
        };
        functions::aggregate(aggregate.function, aggregate.share, &found.into_iter().map(value).collect::<Vec<_>>())
    }

    /// Rules 1, 3 and 4: from which day on, if there is one, and before which day the rows of a window are.
    fn window(&self, window: Window, place: &Place<'_>) -> (Option<Date>, Date) {
        let Place { grain, start, .. } = *place;
        let anchor = self.calendar.anchor(grain, start);
        match window {
            Window::Period => (Some(start), anchor),
            Window::Trailing(length) => (Some(earlier(anchor, length)), anchor),
            Window::ToDate(of) => (Some(self.calendar.period(of, days(anchor, -1))), anchor),
            Window::AllTime => (None, anchor),
            Window::Previous => (Some(Calendar::later(grain, start, -1)), start.min(anchor)),
            Window::Age => {
                // Where no row is at hand, the first day of the cohort.
                let (from, to) = self.at_age(place.age.unwrap(), place.born.unwrap_or(start));
                (Some(from), to.min(days(self.calendar.as_of, 1)))
            }
        }
    }

    /// The periods that `each` goes over: those of its window that start on or after `data_from`.
    fn periods(&self, each: &Each, place: &Place<'a>) -> Vec<Place<'a>> {
        let (from, to) = self.each_window(each, place);
        let mut start = self.calendar.period(each.grain, from.unwrap_or(self.calendar.data_from));
        let mut periods = Vec::new();
        while start < to {
            if start >= self.calendar.data_from {
                periods.push(Place { grain: each.grain, start, ..place.clone() });
            }
            start = Calendar::end(each.grain, start);
        }
        periods
    }

    /// Rule 4: with `each g`, `trailing N g` is the last N periods of g, ending with the one that holds the last day before
    /// the anchor.
    fn each_window(&self, each: &Each, place: &Place<'a>) -> (Option<Date>, Date) {
        let (from, to) = self.window(each.window, place);
        match each.window {
            Window::Trailing(length) if each.grain != Grain::Day => {
                let last = self.calendar.period(each.grain, days(to, -1));
                // As many periods back from the one after it.
                (Calendar::back(each.grain, Calendar::end(each.grain, last), Some(length)), to)
            }
            _ => (from, to),
        }
    }
}

// Which rows of a view there are, and which of them are complete.
impl<'a> Evaluator<'a> {
    /// Rule 8: the combinations of dimension values that a KPI has had, each with the first period of its appearance.
    fn slices(&self, kpi: &'a Kpi, grain: Grain, dimensions: &[String]) -> Vec<(Vec<Value>, Option<Date>)> {
        let mut found: Vec<(Vec<Value>, Option<Date>)> = Vec::new();
        let slice: Vec<(String, Value)> = dimensions.iter().map(|name| (name.clone(), Value::Null)).collect();
        let mut seen = |record: Record<'a>, day: Date| {
            let first = self.calendar.period(grain, day);
            let values: Vec<Value> = dimensions.iter().map(|name| self.rows.dimension(record, name)).collect();
            match found.iter_mut().find(|(known, _)| *known == values) {
                Some((_, known)) => *known = (*known).min(Some(first)),
                None => found.push((values, Some(first))),
            }
        };
        for age in ages(kpi) {
            let start = self.calendar.data_from;
            let place = Place { grain, start, slice: slice.clone(), parts: Vec::new(), age, born: None };
            self.kpi_appearances(kpi, &place, &mut seen);
        }
        found
    }

    fn kpi_appearances(&self, kpi: &'a Kpi, place: &Place<'a>, seen: &mut dyn FnMut(Record<'a>, Date)) {
        match &kpi.body {
            Body::Formula(formula) => self.appearances(formula, place, seen),
            Body::Values { .. } => {}
        }
    }

    fn appearances(&self, formula: &'a Formula, place: &Place<'a>, seen: &mut dyn FnMut(Record<'a>, Date)) {
        formula.leaves(&mut |figure| match figure {
            Figure::Kpi(name) => self.kpi_appearances(self.project.kpi(name), place, seen),
            Figure::Aggregate(aggregate) => self.leaf_appearances(aggregate, place, seen),
            Figure::Grouped(grouped) => self.leaf_appearances(&grouped.of, place, seen),
            Figure::Each(each) => self.appearances(&each.of, &Place { grain: each.grain, ..place.clone() }, seen),
            Figure::Past(_, of, _) => self.appearances(of, place, seen),
            Figure::Slice(of, condition) => self.appearances(of, &part(place, condition), seen),
            Figure::Total(of, dimensions) => {
                // What lacks a dimension shows no slices.
                let without = total(place, dimensions);
                if without.slice.len() == place.slice.len() {
                    self.appearances(of, &without, seen);
                }
            }
        });
    }

    /// The rows of a leaf that pass its condition, each with the day on which it counts, whatever the window.
    fn leaf_appearances(&self, aggregate: &'a Aggregate, place: &Place<'a>, seen: &mut dyn FnMut(Record<'a>, Date)) {
        let calendar = self.calendar;
        let anywhere = Place { slice: Vec::new(), ..place.clone() };
        if related(aggregate.filter.as_ref()).is_empty() && self.project.stock(aggregate).is_none() {
            for (day, record, _) in self.passing(aggregate, &anywhere) {
                match day {
                    Some(day) if day >= calendar.data_from && day <= calendar.as_of => {
                        seen(record, day);
                    }
                    // Rows without a time are there from the beginning.
                    None if aggregate.at.is_none() && record.source.time.is_none() => seen(record, calendar.data_from),
                    _ => {}
                }
            }
            return;
        }
        // Whether a row passes, or a state holds, depends on the period: it appears in the first in which it is in the window and passes.
        let mut start = calendar.period(place.grain, calendar.data_from);
        while start <= calendar.as_of {
            if start >= calendar.data_from {
                for (_, record, _) in self.in_window(aggregate, &Place { start, ..anywhere.clone() }) {
                    seen(record, start);
                }
            }
            start = Calendar::end(place.grain, start);
        }
    }

    fn kpi_has_rows(&self, kpi: &'a Kpi, place: &Place<'a>) -> bool {
        match &kpi.body {
            Body::Formula(formula) => self.has_rows(formula, place),
            Body::Values { figures, .. } => figures.iter().any(|(start, _)| *start == place.start),
        }
    }

    /// `gaps: omit`: whether any leaf has a row in its own window.
    fn has_rows(&self, formula: &'a Formula, place: &Place<'a>) -> bool {
        let mut any = false;
        formula.leaves(&mut |figure| {
            any |= match figure {
                Figure::Kpi(name) => self.kpi_has_rows(self.project.kpi(name), place),
                Figure::Aggregate(aggregate) => !self.in_window(aggregate, place).is_empty(),
                Figure::Grouped(grouped) => !self.in_window(&grouped.of, place).is_empty(),
                Figure::Each(each) => self.periods(each, place).iter().any(|period| self.has_rows(&each.of, period)),
                Figure::Past(past, of, length) => {
                    let before = self.past(*length, place).is_some_and(|before| self.has_rows(of, &before));
                    before || *past != Past::Prior && self.has_rows(of, place)
                }
                Figure::Slice(of, condition) => self.has_rows(of, &part(place, condition)),
                Figure::Total(of, dimensions) => self.has_rows(of, &total(place, dimensions)),
            };
        });
        any
    }

    fn kpi_is_whole(&self, kpi: &'a Kpi, place: &Place<'a>) -> Option<bool> {
        match &kpi.body {
            Body::Formula(formula) => self.is_whole(formula, place),
            Body::Values { .. } => Some(true),
        }
    }

    /// Rule 4: whether no window begins before `data_from`. What the windows of a part mean that is null, because `prior` leads
    /// to before `data_from`, the language leaves open.
    fn is_whole(&self, formula: &'a Formula, place: &Place<'a>) -> Option<bool> {
        let mut all = Some(true);
        formula.leaves(&mut |figure| {
            let whole = match figure {
                Figure::Kpi(name) => self.kpi_is_whole(self.project.kpi(name), place),
                Figure::Aggregate(aggregate) => Some(self.aggregate_is_whole(aggregate, place)),
                Figure::Grouped(grouped) => Some(self.aggregate_is_whole(&grouped.of, place)),
                Figure::Each(each) => {
                    let own = Some(self.begins_whole(each.window, self.each_window(each, place).0));
                    self.periods(each, place).iter().fold(own, |all, period| both(all, self.is_whole(&each.of, period)))
                }
                Figure::Past(past, of, length) => {
                    let before = match self.past(*length, place) {
                        Some(before) => self.is_whole(of, &before),
                        None => (!has_windows(self.project, of)).then_some(true),
                    };
                    if *past == Past::Prior { before } else { both(before, self.is_whole(of, place)) }
                }
                Figure::Slice(of, _) | Figure::Total(of, _) => self.is_whole(of, place),
            };
            all = both(all, whole);
        });
        all
    }

    fn aggregate_is_whole(&self, aggregate: &Aggregate, place: &Place<'_>) -> bool {
        let (from, _) = self.window(aggregate.window, place);
        let inner = related(aggregate.filter.as_ref());
        let shifted = aggregate.window == Window::Previous && inner.is_empty();
        let start = if shifted { Calendar::later(place.grain, place.start, -1) } else { place.start };
        let over = |within| {
            // Rule 9: the period's end, the longest time that a step has, and the time in which data settles.
            let mut end = Calendar::end(place.grain, start);
            if let (Window::Age, Some(age)) = (aggregate.window, place.age) {
                end = self.at_age(age, days(end, -1)).1;
            }
            let end = days(later(end, within), self.calendar.settle);
            end <= days(self.calendar.as_of, 1)
        };
        withins(aggregate).into_iter().all(over)
            && self.begins_whole(aggregate.window, from)
            && inner.into_iter().all(|inner| self.aggregate_is_whole(inner, place))
    }

    fn begins_whole(&self, window: Window, from: Option<Date>) -> bool {
        match window {
            // All time has no beginning, and a period is no window.
            Window::Period | Window::AllTime => true,
            Window::Trailing(_) | Window::ToDate(_) | Window::Previous | Window::Age => {
                from.is_none_or(|from| from >= self.calendar.data_from)
            }
        }
    }
}

/// The ages at which a KPI is looked at; without ages, once.
fn ages(kpi: &Kpi) -> Vec<Option<(Grain, i32)>> {
    match kpi.age {
        None => vec![None],
        Some((unit, up_to)) => (0..=up_to).map(|age| Some((unit, age))).collect(),
    }
}

/// Whether both are true; nothing where that is open.
fn both(one: Option<bool>, two: Option<bool>) -> Option<bool> {
    if one == Some(false) || two == Some(false) { Some(false) } else { one.and(two) }
}

/// Whether a formula has windows that may begin before `data_from`.
fn has_windows(project: &Project, formula: &Formula) -> bool {
    let open = |window: Window| !matches!(window, Window::Period | Window::AllTime);
    let in_rows = |of: &Aggregate| {
        open(of.window) || !withins(of).is_empty() || related(of.filter.as_ref()).into_iter().any(|inner| open(inner.window))
    };
    let mut any = false;
    formula.leaves(&mut |figure| {
        any |= match figure {
            Figure::Kpi(name) => match &project.kpi(name).body {
                Body::Formula(of) => has_windows(project, of),
                Body::Values { .. } => false,
            },
            Figure::Aggregate(of) => in_rows(of),
            Figure::Grouped(of) => in_rows(&of.of),
            Figure::Each(each) => open(each.window) || has_windows(project, &each.of),
            Figure::Past(_, of, _) | Figure::Slice(of, _) | Figure::Total(of, _) => has_windows(project, of),
        };
    });
    any
}

/// The times that steps of journeys have in an aggregate, those over related rows among them.
fn withins(aggregate: &Aggregate) -> Vec<(i32, Unit)> {
    let mut found = Vec::new();
    for expr in aggregate.filter.iter().chain(&aggregate.argument) {
        expr.leaves(&mut |leaf| match leaf {
            RowLeaf::Reached { within, .. } => found.extend(*within),
            RowLeaf::Related(inner) => found.extend(withins(inner)),
            _ => {}
        });
    }
    found
}

/// The day that comes so much time after the beginning of another; a day that has begun counts.
fn later(day: Date, (count, unit): (i32, Unit)) -> Date {
    match unit {
        Unit::Hour => days(day, i64::from((count + 23) / 24)),
        Unit::Of(Grain::Month) => months(day, count),
        Unit::Of(Grain::Week) => days(day, 7 * i64::from(count)),
        Unit::Of(_) => days(day, i64::from(count)),
    }
}

/// A place without some dimensions, or without all where none is named.
fn total<'a>(place: &Place<'a>, dimensions: &[String]) -> Place<'a> {
    let mut place = place.clone();
    place.slice.retain(|(name, _)| !dimensions.is_empty() && !dimensions.contains(name));
    place
}

/// A place with a further condition on its rows.
fn part<'a>(place: &Place<'a>, condition: &'a Row) -> Place<'a> {
    let mut place = place.clone();
    place.parts.push(condition);
    place
}
