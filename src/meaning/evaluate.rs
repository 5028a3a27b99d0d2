//! The value of a term over rows that are made up.
//!
//! Rows, references and states are made of a seed, so that the same column of the same row has the same value wherever it is read. A period is
//! 30 days long and a year 360, so that what is equal on the real calendar is equal here too. What is too much for this little engine (a
//! journey, a text that is taken apart) gets a value made of itself and of what goes into it.

use super::number::Quotient;
use super::term::{Aggregate, Column, Leaf, Moment, OfEntity, Stock, Term};
use crate::calendar::{Date, Grain, Length, TimeUnit};
use crate::model::expr::{Edge, Window};
use num_traits::ToPrimitive;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

/// How many days all rows are within.
const DAYS: i64 = 720;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Truth(bool),
    Number(f64),
    Text(String),
    /// The number of a day.
    Day(i64),
}

/// Rows that are made up.
pub(super) struct World<'a> {
    pub seed: u64,
    /// How many rows a source has.
    pub rows: usize,
    /// The values that the terms ask for, beside which others are made.
    pub asked: &'a Asked,
}

/// What terms ask for: values near which a difference is likely.
#[derive(Debug, Default)]
pub(super) struct Asked {
    numbers: Vec<f64>,
    texts: Vec<String>,
    days: Vec<i64>,
    /// The functions that get a value made of what goes into them.
    pub opaque: BTreeSet<&'static str>,
}

/// Functions that are computed as they are.
const COMPUTED: &[&str] = &[
    "+",
    "-",
    "*",
    "/",
    "negate",
    "=",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "in",
    "not in",
    "between",
    "not between",
    "is null",
    "is not null",
    "not",
    "and",
    "or",
    "if",
    "case",
    "coalesce",
    "least",
    "greatest",
    "abs",
    "round",
    "floor",
    "ceil",
    "mod",
    "sqrt",
    "exp",
    "ln",
    "power",
    "known",
    "to number",
    "to date",
    "lower",
    "upper",
    "concat",
    "length",
    "days between",
    "seconds between",
];

impl Asked {
    /// Takes note of what a term asks for.
    pub(super) fn add(&mut self, term: &Term) {
        term.each(&mut |term| match term {
            Term::Number(number) => self.numbers.extend(number.to_f64()),
            Term::Text(text) => self.texts.push(text.clone()),
            Term::Date(date) => self.days.push(number_of(*date)),
            Term::Apply(name, _) if !COMPUTED.contains(name) => _ = self.opaque.insert(name),
            _ => {}
        });
    }
}

fn number_of(date: Date) -> i64 {
    i64::from(date.year()) * 360 + i64::from(date.month() - 1) * 30 + i64::from(date.day().min(30))
}

/// Where a term is evaluated: over KPIs at the end of a period, over a row, or over one entity.
#[derive(Clone)]
pub(super) struct At<'a> {
    /// The last day of the period.
    end: i64,
    /// How long it is, in days.
    length: i64,
    /// The source of the row, its number, and whether it is a pair.
    row: Option<(&'a str, usize)>,
    /// The value of the entity.
    value: Option<Value>,
    /// Which rows are those of the entity, where its value is made.
    own: Option<&'a dyn Fn(usize) -> bool>,
}

impl At<'_> {
    pub(super) fn period(number: i64, length: i64) -> Self {
        Self { end: (number + 1) * length - 1, length, row: None, value: None, own: None }
    }
}

fn days(count: u32, unit: TimeUnit) -> f64 {
    let one = match (unit.months(), unit.seconds()) {
        (Some(months), _) => f64::from(months) * 30.0,
        (None, seconds) => f64::from(seconds.unwrap_or(0)) / 86_400.0,
    };
    f64::from(count) * one
}

fn grain_days(grain: Grain) -> i64 {
    match grain {
        Grain::Day => 1,
        // Weeks make up years here as days do; none is cut by another.
        Grain::Week => 7,
        Grain::Month => 30,
        Grain::Quarter => 90,
        Grain::Year => 360,
    }
}

fn finite(number: f64) -> Value {
    if number.is_finite() { Value::Number(number) } else { Value::Null }
}

impl World<'_> {
    fn hash(&self, of: impl Hash) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.seed, of).hash(&mut hasher);
        hasher.finish()
    }

    /// The row to which references lead; nothing where one is null.
    fn reached(&self, source: &str, row: usize, through: &[(String, String)]) -> Option<usize> {
        let mut at = (source, row);
        for (reads, to) in through {
            let hash = self.hash(("reference", at, reads));
            if hash.is_multiple_of(9) {
                return None;
            }
            at = (to, usize::try_from(hash / 9).unwrap_or(0) % self.rows);
        }
        Some(at.1)
    }

    /// The value of a column, at a moment of a state where it is that of one.
    fn column(&self, column: &Column, row: usize, moment: &str) -> Value {
        let Some(at) = self.reached(&column.source, row, &column.through) else { return Value::Null };
        let source = column.through.last().map_or(&column.source, |(_, to)| to);
        let hash = self.hash(("column", source, at, &column.reads, moment));
        if hash.is_multiple_of(7) && !column.never_null {
            return Value::Null;
        }
        let hash = hash / 7;
        let pick = |count: usize| usize::try_from(hash / 5).unwrap_or(0) % count.max(1);
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        match column.ty {
            "boolean" => Value::Truth(hash.is_multiple_of(2)),
            "text" | "key" => match self.asked.texts.get(pick(self.asked.texts.len())) {
                Some(text) if !hash.is_multiple_of(5) => Value::Text(text.clone()),
                _ => Value::Text(format!("text {}", pick(5))),
            },
            "date" | "timestamp" => match self.asked.days.get(pick(self.asked.days.len())) {
                Some(day) if hash.is_multiple_of(5) => Value::Day(day + i64::try_from(pick(3)).unwrap_or(0) - 1),
                _ => Value::Day(i64::try_from(hash % 720).unwrap_or(0)),
            },
            _ => match self.asked.numbers.get(pick(self.asked.numbers.len())) {
                Some(number) if !hash.is_multiple_of(3) => Value::Number(number + pick(3) as f64 - 1.0),
                _ => Value::Number((pick(41) as f64) - 12.0 + if is_whole(column.ty) { 0.0 } else { pick(8) as f64 / 8.0 }),
            },
        }
    }

    /// When a row counts: a day within those that are looked at.
    fn day(&self, time: &Column, row: usize) -> i64 {
        match self.reached(&time.source, row, &time.through) {
            None => DAYS * 2,
            Some(at) => i64::try_from(self.hash(("day", &time.source, at, &time.reads))).unwrap_or(i64::MAX).rem_euclid(DAYS),
        }
    }

    pub(super) fn value(&self, term: &Term, at: &At<'_>) -> Value {
        match term {
            Term::Null | Term::Broken => Value::Null,
            Term::Truth(truth) => Value::Truth(*truth),
            Term::Number(number) => number.to_f64().map_or(Value::Null, finite),
            Term::Text(text) => Value::Text(text.clone()),
            Term::Grain(grain) => Value::Text(grain.name().to_owned()),
            Term::Date(date) => Value::Day(number_of(*date)),
            Term::Apply(name, arguments) => self.apply(name, arguments, at),
            Term::Leaf(leaf) => self.leaf(leaf, at),
            Term::Quotient(quotient) => self.quotient(quotient, at),
        }
    }

    fn quotient(&self, quotient: &Quotient, at: &At<'_>) -> Value {
        let mut known: BTreeMap<&Term, f64> = BTreeMap::new();
        for term in &quotient.known {
            match self.value(term, at) {
                Value::Null => return Value::Null,
                Value::Number(number) => _ = known.insert(term, number),
                Value::Truth(_) | Value::Text(_) | Value::Day(_) => {}
            }
        }
        let sum = |sum: &super::number::Polynomial| {
            let mut all = 0.0;
            for (product, factor) in &sum.0 {
                let mut one = factor.to_f64()?;
                for (term, power) in product {
                    let value = match known.get(term) {
                        Some(value) => *value,
                        None => match self.value(term, at) {
                            Value::Number(value) => value,
                            _ => return None,
                        },
                    };
                    one *= value.powi(i32::try_from(*power).unwrap_or(i32::MAX));
                }
                all += one;
            }
            Some(all)
        };
        if quotient.not_zero.iter().any(|term| matches!(self.value(term, at), Value::Null | Value::Number(0.0))) {
            return Value::Null;
        }
        match (sum(&quotient.over), sum(&quotient.under)) {
            (Some(over), Some(under)) => finite(over / under),
            _ => Value::Null,
        }
    }

    fn leaf(&self, leaf: &Leaf, at: &At<'_>) -> Value {
        let row = at.row.map_or(0, |(_, row)| row);
        let moment = |edge: Edge| format!("{edge:?} {}", at.end);
        match leaf {
            Leaf::Column(column) => self.column(column, row, ""),
            Leaf::Duration(count, unit) => Value::Number(days(*count, *unit)),
            Leaf::Value => at.value.clone().unwrap_or(Value::Null),
            Leaf::Of(edge, column) if self.exists(*edge, row, at) => self.column(column, row, &moment(*edge)),
            Leaf::Of(..) => Value::Null,
            Leaf::Either(column) => {
                let edge = if self.exists(Edge::Start, row, at) { Edge::Start } else { Edge::End };
                self.column(column, row, &moment(edge))
            }
            Leaf::Exists(edge) => Value::Truth(self.exists(*edge, row, at)),
            Leaf::Ever => Value::Truth(self.exists(Edge::Start, row, at) || self.hash(("ever", row, at.end)).is_multiple_of(2)),
            Leaf::Reached { .. } => Value::Truth(self.hash(("reached", format!("{leaf:?}"), row)).is_multiple_of(2)),
            Leaf::Related { of, via, from } => {
                let Some((_, row)) = at.row else { return Value::Null };
                let mut whole = via.clone();
                whole.through.push((via.reads.clone(), String::new()));
                let start = from.as_ref().map(|from| self.day(from, row));
                let belongs = |other: usize| self.reached(&whole.source, other, &whole.through) == Some(row);
                self.aggregate(of, at, &belongs, start)
            }
            Leaf::Aggregate(of, moment) => {
                let Some(at) = Self::back(moment, at) else { return Value::Null };
                let mut of = of.clone();
                if !moment.whole.is_empty() {
                    of.source = format!("{} of all {:?}", of.source, moment.whole);
                    // The same rows and others: a total is not what its part is.
                    return self.total(leaf, &at);
                }
                self.aggregate(&of, &at, at.own.unwrap_or(&|_| true), None)
            }
            Leaf::Grouped { moment, .. } => {
                let Some(at) = Self::back(moment, at) else { return Value::Null };
                if moment.whole.is_empty() { self.grouped(leaf, &at) } else { self.total(leaf, &at) }
            }
            Leaf::Each { function, fraction, of, grain, window, null_if_empty, moment } => {
                let Some(at) = Self::back(moment, at) else { return Value::Null };
                let (from, to) = bounds(*window, &at, None);
                let length = grain_days(*grain).min(at.length);
                let ends = (from.max(0) / length..=to / length).filter(|number| number * length >= from);
                let values = ends.map(|number| (number, self.value(of, &At::period(number, length))));
                folded(function, fraction.as_deref(), values.collect(), *null_if_empty)
            }
            Leaf::ByHand(name, moment) => {
                let Some(at) = Self::back(moment, at) else { return Value::Null };
                self.made(("by hand", name, at.end))
            }
            Leaf::Known(back) => {
                let moment = Moment { back: back.clone(), ..Moment::default() };
                Self::back(&moment, at).map_or(Value::Null, |_| Value::Truth(true))
            }
            Leaf::Kpi(name) => self.made(("kpi", name, at.end)),
            Leaf::Dimension(name) => self.made(("dimension", name, row)),
            Leaf::Prior(..) | Leaf::Trend { .. } | Leaf::Slice(..) | Leaf::Total(..) => {
                self.made(("leaf", format!("{leaf:?}"), at.end))
            }
        }
    }

    /// The total of a figure over dimensions: a number of its own.
    fn total(&self, leaf: &Leaf, at: &At<'_>) -> Value {
        self.made(("total", format!("{leaf:?}"), at.end))
    }

    fn made(&self, of: impl Hash) -> Value {
        let hash = self.hash(of);
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        let number = ((hash / 11) % 97) as f64 - 20.0;
        if hash.is_multiple_of(11) { Value::Null } else { Value::Number(number) }
    }

    /// Whether a pair has a state at one of its moments.
    fn exists(&self, edge: Edge, row: usize, at: &At<'_>) -> bool {
        !self.hash(("exists", edge, row, at.end)).is_multiple_of(3)
    }

    /// The period so far back; nothing where there is none.
    fn back<'b>(moment: &Moment, at: &At<'b>) -> Option<At<'b>> {
        let mut there = at.clone();
        for step in &moment.back {
            there.end -= step.map_or(at.length, |Length { count, unit }| i64::from(count) * grain_days(unit));
        }
        if moment.to_date && there.length % 2 == 0 {
            // As if half of the period had passed.
            there.length /= 2;
            there.end -= there.length;
        }
        (there.end >= 0).then_some(there)
    }

    fn aggregate(&self, of: &Aggregate, at: &At<'_>, belongs: &dyn Fn(usize) -> bool, start: Option<i64>) -> Value {
        let (from, to) = bounds(of.window, at, start);
        let is_in = |row: usize| match (&of.stock, &of.time) {
            (Some(Stock::At(edge)), _) => self.hash(("holds", edge, &of.source, row, at.end)).is_multiple_of(2),
            (Some(Stock::Pairs(per)), _) => {
                let pair = self.hash(("pair", per, &of.source, row, at.end));
                !pair.is_multiple_of(4)
            }
            (None, None) => true,
            (None, Some(time)) => (from..=to).contains(&self.day(time, row)),
        };
        let mut values = Vec::new();
        for row in (0..self.rows).filter(|row| belongs(*row) && is_in(*row)) {
            let here = At { row: Some((&of.source, row)), value: None, ..at.clone() };
            if of.filter.iter().all(|condition| self.value(condition, &here) == Value::Truth(true)) {
                let value = of.argument.as_ref().map_or(Value::Truth(true), |argument| self.value(argument, &here));
                let order = of.time.as_ref().map_or(0, |time| self.day(time, row));
                values.push((order * 1000 + i64::try_from(row).unwrap_or(0), value));
            }
        }
        folded(of.function, of.fraction.as_deref(), values, of.null_if_empty)
    }

    fn grouped(&self, leaf: &Leaf, at: &At<'_>) -> Value {
        let Leaf::Grouped { function, fraction, of, entity, filter, top, null_if_empty, .. } = leaf else { return Value::Null };
        let mut groups: Vec<Value> = Vec::new();
        let keys: Vec<Value> = (0..self.rows).map(|row| self.entity(entity, row)).collect();
        for key in &keys {
            if *key != Value::Null && !groups.contains(key) {
                groups.push(key.clone());
            }
        }
        let mut values: Vec<(i64, Value)> = Vec::new();
        for group in groups {
            let belongs = |row: usize| keys.get(row) == Some(&group);
            let first = (0..self.rows).find(|row| belongs(*row)).unwrap_or(0);
            // Who has no rows in the window is not there.
            let is_there = |counted: &Aggregate| self.aggregate(counted, at, &belongs, None) != Value::Number(0.0);
            let (is_there, value) = match of {
                OfEntity::One(of) => {
                    let counted = Aggregate { function: "count", argument: None, ..(**of).clone() };
                    (is_there(&counted), self.aggregate(of, at, &belongs, None))
                }
                OfEntity::Made { value, rows } => {
                    (rows.iter().any(is_there), self.value(value, &At { own: Some(&belongs), ..at.clone() }))
                }
            };
            if !is_there {
                continue;
            }
            let here = At { row: Some((&entity.source, first)), value: Some(value.clone()), ..at.clone() };
            if filter.iter().all(|condition| self.value(condition, &here) == Value::Truth(true)) {
                values.push((i64::try_from(first).unwrap_or(0), value));
            }
        }
        if let Some(top) = top {
            values.sort_by(|(_, one), (_, two)| order(two, one));
            values.truncate(usize::try_from(*top).unwrap_or(usize::MAX));
        }
        folded(function, fraction.as_deref(), values, *null_if_empty)
    }

    /// How many entities there are; in some worlds more than any question asks for.
    fn entities(&self) -> u64 {
        if self.rows > 10 { 25 } else { 4 }
    }

    /// What tells entities apart: few of them, so that some have several rows.
    fn entity(&self, entity: &Column, row: usize) -> Value {
        match self.reached(&entity.source, row, &entity.through) {
            None => Value::Null,
            Some(at) => {
                let hash = self.hash(("entity", &entity.source, at, &entity.reads));
                if hash.is_multiple_of(9) {
                    Value::Null
                } else {
                    Value::Day(i64::try_from((hash / 9) % self.entities()).unwrap_or(0))
                }
            }
        }
    }

    fn apply(&self, name: &'static str, arguments: &[Term], at: &At<'_>) -> Value {
        match name {
            "if" | "case" => {
                let mut pairs = arguments.chunks_exact(2);
                for pair in &mut pairs {
                    if let [when, then] = pair
                        && self.value(when, at) == Value::Truth(true)
                    {
                        return self.value(then, at);
                    }
                }
                return pairs.remainder().first().map_or(Value::Null, |otherwise| self.value(otherwise, at));
            }
            "coalesce" => {
                let values = arguments.iter().map(|argument| self.value(argument, at));
                return values.into_iter().find(|value| *value != Value::Null).unwrap_or(Value::Null);
            }
            _ => {}
        }
        let values: Vec<Value> = arguments.iter().map(|argument| self.value(argument, at)).collect();
        computed(name, &values).unwrap_or_else(|| {
            if values.contains(&Value::Null) {
                return Value::Null;
            }
            let hash = self.hash((name, format!("{values:?}")));
            match name {
                "like" | "not like" | "contains" | "starts_with" => Value::Truth(hash.is_multiple_of(2)),
                "trim" | "text" | "to json" => Value::Text(format!("made {}", hash % 5)),
                "date" | "trunc" | "add days" | "add months" | "add seconds" | "add days to time" | "add months to time" => {
                    Value::Day(i64::try_from(hash % 720).unwrap_or(0))
                }
                #[expect(clippy::cast_precision_loss, reason = "a small number")]
                _ => Value::Number((hash % 31) as f64),
            }
        })
    }
}

/// The first and the last day of a window.
fn bounds(window: Window, at: &At<'_>, start: Option<i64>) -> (i64, i64) {
    let first = at.end - at.length + 1;
    match window {
        Window::Period => (first, at.end),
        Window::Trailing(Length { count, unit }) => (at.end - i64::from(count) * grain_days(unit) + 1, at.end),
        Window::ToDate(grain) => (at.end.div_euclid(grain_days(grain)) * grain_days(grain), at.end),
        Window::AllTime => (i64::MIN, at.end),
        Window::Previous => (first - at.length, first - 1),
        Window::Age(age) | Window::AgeToDate(age) => (first, at.end + i64::from(age.up_to) * grain_days(age.unit)),
        #[expect(clippy::cast_possible_truncation, reason = "a number of days")]
        Window::Within(count, unit) => {
            let start = start.unwrap_or(0);
            (start, start.saturating_add(days(count, unit).ceil() as i64))
        }
    }
}

/// Whether a type has whole numbers alone.
fn is_whole(ty: &str) -> bool {
    ty == "integer"
}

/// Values in order; those of other types, which no formula compares, by their types.
fn order(one: &Value, two: &Value) -> std::cmp::Ordering {
    let place = |value: &Value| match value {
        Value::Null => 0,
        Value::Truth(_) => 1,
        Value::Number(_) => 2,
        Value::Day(_) => 3,
        Value::Text(_) => 4,
    };
    match (one, two) {
        (Value::Number(one), Value::Number(two)) => one.total_cmp(two),
        (Value::Text(one), Value::Text(two)) => one.cmp(two),
        (Value::Day(one), Value::Day(two)) => one.cmp(two),
        (Value::Truth(one), Value::Truth(two)) => one.cmp(two),
        (one, two) => place(one).cmp(&place(two)),
    }
}

/// An aggregate over values, each with its place in time.
fn folded(function: &str, fraction: Option<&str>, values: Vec<(i64, Value)>, null_if_empty: bool) -> Value {
    let is_empty = values.is_empty();
    let mut values: Vec<(i64, Value)> = values.into_iter().filter(|(_, value)| *value != Value::Null).collect();
    let numbers: Vec<f64> = values.iter().filter_map(|(_, value)| number(value)).collect();
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let count = values.len() as f64;
    let sum: f64 = numbers.iter().sum();
    let zero = |value: f64| if null_if_empty && is_empty { Value::Null } else { finite(value) };
    match function {
        "count" => zero(count),
        "sum" => zero(sum),
        "count_distinct" => {
            let mut seen: Vec<&Value> = Vec::new();
            for (_, value) in &values {
                if !seen.contains(&value) {
                    seen.push(value);
                }
            }
            #[expect(clippy::cast_precision_loss, reason = "a small number")]
            zero(seen.len() as f64)
        }
        "avg" => finite(sum / count),
        "min" | "max" => {
            values.sort_by(|(_, one), (_, two)| order(one, two));
            let of = if function == "min" { values.first() } else { values.last() };
            of.map_or(Value::Null, |(_, value)| value.clone())
        }
        "first" | "last" => {
            values.sort_by_key(|(place, _)| *place);
            let of = if function == "first" { values.first() } else { values.last() };
            of.map_or(Value::Null, |(_, value)| value.clone())
        }
        "median" | "percentile" => {
            let fraction = fraction.and_then(|fraction| fraction.parse().ok()).unwrap_or(0.5);
            percentile(numbers, fraction)
        }
        "percentile_disc" => {
            let fraction = fraction.and_then(|fraction| fraction.parse::<f64>().ok()).unwrap_or(0.5);
            values.sort_by(|(_, one), (_, two)| order(one, two));
            // What rounding leaves of a whole number is not a place further on.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number")]
            let place = (fraction * count - 1e-9).ceil().max(1.0) as usize;
            values.get(place - 1).map_or(Value::Null, |(_, value)| value.clone())
        }
        "stddev" | "variance" => {
            let mean = sum / count;
            let squares: f64 = numbers.iter().map(|number| (number - mean) * (number - mean)).sum();
            let variance = squares / (count - 1.0);
            finite(if function == "stddev" { variance.sqrt() } else { variance })
        }
        _ => Value::Null,
    }
}

fn percentile(mut numbers: Vec<f64>, fraction: f64) -> Value {
    numbers.sort_by(f64::total_cmp);
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number")]
    let (at, low) = {
        let at = fraction.clamp(0.0, 1.0) * (numbers.len().saturating_sub(1)) as f64;
        (at.fract(), at.floor() as usize)
    };
    match (numbers.get(low), numbers.get(low + 1)) {
        (Some(one), Some(two)) => finite(one + (two - one) * at),
        (Some(one), None) => finite(*one),
        _ => Value::Null,
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        Value::Day(day) => Some(*day as f64),
        Value::Null | Value::Truth(_) | Value::Text(_) => None,
    }
}

/// A function that is computed as it is; nothing for any other.
fn computed(name: &str, values: &[Value]) -> Option<Value> {
    let truth = |truth: bool| Some(Value::Truth(truth));
    let is_null = values.contains(&Value::Null);
    match (name, values) {
        ("is null", [of]) => return truth(*of == Value::Null),
        ("is not null", [of]) => return truth(*of != Value::Null),
        ("and", _) if values.contains(&Value::Truth(false)) => return truth(false),
        ("or", _) if values.contains(&Value::Truth(true)) => return truth(true),
        ("and" | "or", _) if is_null => return Some(Value::Null),
        ("and", _) => return truth(true),
        ("or", _) => return truth(false),
        ("in" | "not in", [of, among @ ..]) => {
            let found = among.contains(of);
            return Some(match (name, of, found) {
                (_, Value::Null, _) => Value::Null,
                (name, _, true) => Value::Truth(name == "in"),
                _ if among.contains(&Value::Null) => Value::Null,
                (name, ..) => Value::Truth(name == "not in"),
            });
        }
        ("between" | "not between", [of, low, high]) => {
            let both = [computed("<=", &[low.clone(), of.clone()])?, computed("<=", &[of.clone(), high.clone()])?];
            let inside = computed("and", &both)?;
            return if name == "between" { Some(inside) } else { computed("not", &[inside]) };
        }
        _ => {}
    }
    if !COMPUTED.contains(&name) {
        return None;
    }
    if is_null {
        return Some(Value::Null);
    }
    let numbers: Vec<f64> = values.iter().filter_map(number).collect();
    Some(match (name, values, numbers.as_slice()) {
        ("not", [Value::Truth(of)], _) => Value::Truth(!of),
        ("=", [one, two], _) => Value::Truth(one == two),
        ("!=", [one, two], _) => Value::Truth(one != two),
        ("<", [one, two], _) => Value::Truth(order(one, two).is_lt()),
        ("<=", [one, two], _) => Value::Truth(order(one, two).is_le()),
        (">", [one, two], _) => Value::Truth(order(one, two).is_gt()),
        (">=", [one, two], _) => Value::Truth(order(one, two).is_ge()),
        ("least", _, _) => values.iter().min_by(|one, two| order(one, two)).cloned()?,
        ("greatest", _, _) => values.iter().max_by(|one, two| order(one, two)).cloned()?,
        ("known", ..) => Value::Truth(true),
        ("+", _, [one, two]) => finite(one + two),
        ("-" | "days between", _, [one, two]) => finite(one - two),
        ("seconds between", _, [one, two]) => finite((one - two) * 86_400.0),
        ("*", _, [one, two]) => finite(one * two),
        ("/", _, [one, two]) => finite(one / two),
        ("negate", _, [of]) => finite(-of),
        ("abs", _, [of]) => finite(of.abs()),
        ("floor", _, [of]) => finite(of.floor()),
        ("ceil", _, [of]) => finite(of.ceil()),
        ("round", _, [of]) => finite(of.round()),
        ("round", _, [of, places]) => {
            let power = 10f64.powf(*places);
            finite((of * power).round() / power)
        }
        ("mod", _, [one, two]) => finite(one % two),
        ("sqrt", _, [of]) => finite(of.sqrt()),
        ("exp", _, [of]) => finite(of.exp()),
        ("ln", _, [of]) if *of > 0.0 => finite(of.ln()),
        ("power", _, [one, two]) => finite(one.powf(*two)),
        ("to number", [Value::Number(of)], _) => finite(*of),
        ("to date", [Value::Day(day)], _) => Value::Day(*day),
        ("lower", [Value::Text(text)], _) => Value::Text(text.to_lowercase()),
        ("upper", [Value::Text(text)], _) => Value::Text(text.to_uppercase()),
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        ("length", [Value::Text(text)], _) => Value::Number(text.chars().count() as f64),
        ("concat", _, _) => {
            let texts = values.iter().map(|value| match value {
                Value::Text(text) => text.clone(),
                other => format!("{other:?}"),
            });
            Value::Text(texts.collect())
        }
        _ => Value::Null,
    })
}
