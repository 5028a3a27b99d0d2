//! Rows made up for the declarations of sources: types, values, ranges, nulls, keys, references and for how long states hold are kept, so that
//! figures never differ only because a promise is broken.
//!
//! 1. Each source gets its keys.
//! 2. Rows are made of them, references lead to keys that are there.
//! 3. Numbers, texts and days that formulas compare with are likely values, so that conditions are met and missed.

use super::random::Random;
use super::world::{Row, View, World, stored};
use crate::calendar::{Date, Grain, add_days};
use crate::meaning::Term;
use crate::model::facts::{Range, Type};
use crate::model::{Cell, Clock, Column, ColumnId, ColumnUnit, Holds, KeyPart, Model, Source, SourceId, Storage};
use std::collections::{BTreeMap, BTreeSet};

/// What formulas compare with.
#[derive(Debug, Clone, Default)]
pub(super) struct Constants {
    numbers: Vec<f64>,
    texts: Vec<String>,
    days: Vec<Date>,
}

impl Constants {
    /// Takes note of those of a formula.
    pub(super) fn add(&mut self, term: &Term) {
        use num_traits::ToPrimitive;
        term.each(&mut |term| match term {
            Term::Number(number) => self.numbers.extend(number.to_f64()),
            Term::Text(text) => self.texts.push(text.clone()),
            Term::Date(day) => self.days.push(*day),
            _ => {}
        });
    }
}

/// How many days before the last visible one most rows are.
const RECENT: usize = 150;

/// How often a key of the same kind is looked for before there are no more.
const TRIES: usize = 40;

/// The times between which rows are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub first: Date,
    pub last: Date,
}

/// Makes rows for some sources.
pub(super) struct Maker<'a> {
    pub view: View<'a>,
    pub constants: &'a Constants,
    pub span: Span,
    pub random: Random,
    /// About how many rows a source gets.
    pub size: usize,
    /// The keys of sources, each the cells of its key columns.
    keys: BTreeMap<SourceId, Vec<Vec<Cell>>>,
}

impl<'a> Maker<'a> {
    pub(super) fn new(view: View<'a>, constants: &'a Constants, span: Span, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let size = match seed % 4 {
            0 => 4,
            1 => 12,
            2 => 30,
            _ => 6 + random.below(20),
        };
        Maker { view, constants, span, random, size, keys: BTreeMap::new() }
    }

    fn model(&self) -> &'a Model {
        self.view.model
    }

    /// Rows of the sources that are wanted, by their names in the version after.
    pub(super) fn world(&mut self, wanted: &BTreeSet<String>) -> World {
        let sources: Vec<(String, SourceId, &Source)> =
            self.view.sources().filter(|(name, ..)| wanted.contains(name)).collect();
        let mut rows = BTreeMap::new();
        for (name, id, source) in sources {
            let made = self.source(id, source);
            rows.insert(name, made);
        }
        World { as_of: self.span.last, rows }
    }

    fn source(&mut self, id: SourceId, source: &'a Source) -> Vec<Row> {
        let keys = self.keys_of(id, 0);
        if keys.is_empty() {
            let count = self.random.below(self.size + 1);
            return (0..count).map(|_| self.row(source, &[], &[])).collect();
        }
        let mut rows = Vec::new();
        for key in &keys {
            match &source.holds {
                None => rows.push(self.row(source, key, &[])),
                Some(Holds::Valid { from, to, inclusive }) => {
                    for (begins, ends) in self.spells(*inclusive) {
                        let ends = ends.map_or(Cell::Null, |day| self.at(source.columns.get(*to), day));
                        let begins = self.at(source.columns.get(*from), begins);
                        rows.push(self.row(source, key, &[(*from, begins), (*to, ends)]));
                    }
                }
                Some(Holds::Snapshot { taken, every, .. }) => {
                    for day in self.snapshots(*every) {
                        if self.random.is(4, 5) {
                            let day = self.at(source.columns.get(*taken), day);
                            rows.push(self.row(source, key, &[(*taken, day)]));
                        }
                    }
                }
                Some(Holds::Readings { taken, .. }) => {
                    let count = 1 + self.random.below(4);
                    let days: BTreeSet<Date> = (0..count).map(|_| self.day()).collect();
                    for day in days {
                        let day = self.at(source.columns.get(*taken), day);
                        rows.push(self.row(source, key, &[(*taken, day)]));
                    }
                }
            }
        }
        rows
    }

    /// The keys of a source; none where it has no key, or one that cannot be made up.
    fn keys_of(&mut self, id: SourceId, depth: usize) -> Vec<Vec<Cell>> {
        if let Some(keys) = self.keys.get(&id) {
            return keys.clone();
        }
        let source = self.model().sources.get(id);
        if source.key.is_empty() || depth > 8 {
            return Vec::new();
        }
        let wanted = 1 + self.random.below(self.size);
        let mut keys: Vec<Vec<Cell>> = Vec::new();
        for number in 0..wanted {
            for _ in 0..TRIES {
                let part = |maker: &mut Self, column: &ColumnId| maker.key_part(id, *column, number, depth);
                let key: Option<Vec<Cell>> = source.key.iter().map(|column| part(self, column)).collect();
                match key {
                    Some(key) if keys.contains(&key) => {}
                    Some(key) => {
                        keys.push(key);
                        break;
                    }
                    None => break,
                }
            }
        }
        self.keys.insert(id, keys.clone());
        keys
    }

    fn key_part(&mut self, id: SourceId, column: ColumnId, number: usize, depth: usize) -> Option<Cell> {
        let source = self.model().sources.get(id);
        let of = source.columns.get(column);
        if let Some(target) = of.reference.filter(|target| *target != id) {
            let keys = self.keys_of(target, depth + 1);
            return self.random.one(&keys).map(|key| reference(key));
        }
        // The parts of a key repeat, whole keys do not.
        let number = if source.key.len() > 1 { self.random.below(4) } else { number };
        Some(match of.ty {
            Type::Integer | Type::Decimal | Type::Number => Cell::Number((number + 1).to_string()),
            Type::Date | Type::Timestamp => self.at(of, add_days(self.span.last, -i64::try_from(number).unwrap_or(0) * 9)),
            Type::Text if !of.values.is_empty() => Cell::Text(of.values.get(number)?.clone()),
            Type::Text => {
                let letter = source.row.chars().find(char::is_ascii_alphabetic).unwrap_or('k').to_ascii_lowercase();
                Cell::Text(format!("{letter}{}", number + 1))
            }
            Type::Boolean => Cell::Truth(number % 2 == 0),
            Type::Key | Type::Null | Type::Error => return None,
        })
    }

    /// A row with a key and some columns that are given.
    fn row(&mut self, source: &'a Source, key: &[Cell], given: &[(ColumnId, Cell)]) -> Row {
        let mut row = Row::new();
        for id in source.columns.ids() {
            let Some(name) = stored(source, id) else { continue };
            let in_key = source.key.iter().position(|column| *column == id).and_then(|at| key.get(at));
            let own = given.iter().find(|(column, _)| *column == id).map(|(_, cell)| cell);
            let cell = match in_key.or(own) {
                Some(cell) => cell.clone(),
                None if row.contains_key(&name) => continue,
                None => self.value(source, id),
            };
            row.insert(name, cell);
        }
        // What is a part of a key and a column of its own has one value.
        for id in source.columns.ids() {
            let column = source.columns.get(id);
            let Storage::Several(parts) = &column.storage else { continue };
            let cell = stored(source, id).and_then(|name| row.get(&name).cloned());
            let target = column.reference.map(|target| self.model().sources.get(target));
            for (at, part) in parts.iter().enumerate() {
                let KeyPart::Stored(name) = part else { continue };
                let ty = target.and_then(|target| Some(target.columns.get(*target.key.get(at)?).ty));
                if let (Some(own), Some(cell)) = (row.get_mut(name), &cell) {
                    *own = match cell {
                        Cell::Key(parts) => parts.get(at).map_or(Cell::Null, |part| of_text(part, ty)),
                        _ => Cell::Null,
                    };
                }
            }
        }
        row
    }

    fn value(&mut self, source: &'a Source, id: ColumnId) -> Cell {
        let column = source.columns.get(id);
        if let Some(target) = column.reference {
            let keys = self.keys_of(target, 0);
            let found = if column.nullable && self.random.is(1, 8) { None } else { self.random.one(&keys).cloned() };
            return found.map_or(Cell::Null, |key| reference(&key));
        }
        let is_time = source.time == Some(id);
        if column.nullable && !is_time && self.random.is(1, 8) {
            return Cell::Null;
        }
        match column.ty {
            Type::Boolean => Cell::Truth(self.random.is(1, 2)),
            Type::Integer | Type::Decimal | Type::Number => Cell::Number(self.number(column)),
            Type::Text => Cell::Text(self.text(source, id)),
            Type::Date | Type::Timestamp => {
                let day = self.day();
                self.at(column, day)
            }
            Type::Key | Type::Null | Type::Error => Cell::Null,
        }
    }

    fn number(&mut self, column: &Column) -> String {
        let Range { low, high } = column.range;
        let whole = column.ty == Type::Integer;
        let near = if self.random.is(2, 5) { self.random.one(&self.constants.numbers).copied() } else { None };
        let is_share = low >= 0.0 && high <= 1.0;
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let mut small = |count: usize| self.random.below(count) as f64;
        let mut number = match near {
            Some(near) if near.abs() < 1e9 => near + small(3) - 1.0,
            _ if is_share && !whole => small(5) / 4.0,
            _ if low > f64::NEG_INFINITY => low.ceil() + small(20),
            _ if high < f64::INFINITY => high.floor() - small(20),
            // Below 0 where nothing speaks against it.
            _ => small(24) - 3.0,
        };
        if !whole && !is_share && small(4) < 1.0 {
            number += 0.5;
        }
        let mut number = number.clamp(low, high);
        if whole {
            number = if number.round() < low {
                number.ceil()
            } else if number.round() > high {
                number.floor()
            } else {
                number.round()
            };
        }
        format!("{}", if number == 0.0 { 0.0 } else { number })
    }

    fn text(&mut self, source: &Source, id: ColumnId) -> String {
        let column = source.columns.get(id);
        let one = |random: &mut Random, of: &[String]| random.one(of).cloned();
        if !column.values.is_empty() {
            return one(&mut self.random, &column.values).unwrap_or_default();
        }
        let names_currency = |other: &Column| matches!(other.unit, ColumnUnit::ByColumn(by) if by == id);
        if source.columns.rows().iter().any(names_currency) {
            return if self.random.is(2, 3) { "EUR" } else { "USD" }.to_owned();
        }
        let known = if self.random.is(1, 2) { one(&mut self.random, &self.constants.texts) } else { None };
        known.unwrap_or_else(|| ["a", "b", "c"].get(self.random.below(3)).copied().unwrap_or("a").to_owned())
    }

    /// A day; the first and the last of periods are likely.
    fn day(&mut self) -> Date {
        let Span { first, last } = self.span;
        let asked = if self.random.is(1, 10) { self.random.one(&self.constants.days).copied() } else { None };
        let back = if self.random.is(1, 6) { 400 } else { RECENT };
        let day = add_days(last, -i64::try_from(self.random.below(back)).unwrap_or(0));
        let month = add_days(day, 1 - i64::from(day.day()));
        let day = match (asked, self.random.below(6)) {
            (Some(day), _) => day,
            (None, 0) => month,
            (None, 1) => add_days(month, -1),
            (None, _) => day,
        };
        day.clamp(first, last)
    }

    /// A time of a day as a column holds it.
    fn at(&mut self, column: &Column, day: Date) -> Cell {
        let hour = match self.random.below(4) {
            0 => 0,
            1 => 23,
            _ => i8::try_from(self.random.below(24)).unwrap_or(12),
        };
        let time = day.at(hour, 0, 0, 0);
        match (column.ty, &column.clock) {
            (Type::Timestamp, Clock::Instant) => Cell::Instant(time),
            (Type::Timestamp, _) => Cell::Wall(time),
            _ => Cell::Day(day),
        }
    }

    /// One to three stretches of time, none of which overlap; the last may have no end.
    fn spells(&mut self, inclusive: bool) -> Vec<(Date, Option<Date>)> {
        let mut days: BTreeSet<Date> = BTreeSet::new();
        let count = 2 * (1 + self.random.below(3));
        for _ in 0..count {
            days.insert(self.day());
        }
        let days: Vec<Date> = days.into_iter().collect();
        let mut spells = Vec::new();
        let mut at = 0;
        while let Some(begins) = days.get(at).copied() {
            let ends = days.get(at + 1).copied();
            let shown = ends.map(|day| if inclusive { add_days(day, -1) } else { day });
            spells.push((begins, shown));
            // Every other one begins where the one before ends.
            at += if self.random.is(1, 2) { 1 } else { 2 };
        }
        spells
    }

    /// The days of the last snapshots.
    fn snapshots(&mut self, every: Grain) -> Vec<Date> {
        let calendar = &self.model().calendar;
        let mut days = Vec::new();
        let mut start = calendar.period_start(every, self.span.last);
        for _ in 0..6 {
            let day = add_days(start, -1);
            if day < self.span.first {
                break;
            }
            days.push(day);
            start = calendar.period_start(every, day);
        }
        days
    }
}

/// What refers to a key.
fn reference(key: &[Cell]) -> Cell {
    match key {
        [one] => one.clone(),
        several => Cell::Key(several.iter().map(part_text).collect()),
    }
}

fn part_text(cell: &Cell) -> String {
    match cell {
        Cell::Number(text) | Cell::Text(text) => text.clone(),
        Cell::Truth(truth) => truth.to_string(),
        Cell::Day(day) => day.to_string(),
        Cell::Wall(reading) | Cell::Instant(reading) => reading.to_string(),
        Cell::Null | Cell::NotFinite(_) | Cell::Key(_) => String::new(),
    }
}

/// A part of a key as a column of some type holds it.
fn of_text(text: &str, ty: Option<Type>) -> Cell {
    match ty {
        Some(Type::Integer | Type::Decimal | Type::Number) => Cell::Number(text.to_owned()),
        Some(Type::Date) => text.parse().map_or(Cell::Null, Cell::Day),
        Some(Type::Timestamp) => text.parse().map_or(Cell::Null, Cell::Wall),
        _ => Cell::Text(text.to_owned()),
    }
}
