//! What states are at a moment, what a pair of them is, and which state a reference leads to: rule 5 of the language, row by row.

use super::super::calendar::{days, earlier};
use super::super::evaluate::{Evaluator, Passed, Place};
use super::super::functions::{compare, day_of};
use super::super::project::{Aggregate, Edge, Holds, Length, Pair, Path, Row, RowLeaf, Source, Stock, Type, Value};
use super::super::rows::{Record, Rows, evaluate};
use jiff::civil::{Date, Time};
use std::cmp::Ordering;

impl Rows<'_> {
    fn cell(&self, record: Record<'_>, column: &str) -> Value {
        self.column(record, &[column.to_owned()])
    }

    /// Since when and until when a state with `valid` holds: from the first time on, and up to the second, if it has ended.
    fn span(&self, record: Record<'_>) -> Option<(Value, Value)> {
        let Some(Holds::Valid { from, to, inclusive }) = &record.source.states else { return None };
        let end = match self.cell(record, to) {
            // It holds on its last day, and so up to the day after it.
            Value::Date(last) if *inclusive => Value::Date(days(last, 1)),
            end => end,
        };
        Some((self.cell(record, from), end))
    }

    /// The first day on which a reading of a day does not count any more.
    fn too_old(day: Date, stale_after: Length) -> Date {
        let Length { count, unit } = stale_after;
        earlier(days(day, 1), Length { count: -count, unit })
    }

    /// The reading to which a reference leads: the latest of its key at or before the referring row, unless it is too old by then. Instants
    /// compare as instants, other times as local times, and by the day where one of the two is known by its day.
    fn reading_of<'t>(&self, referring: Record<'_>, key: &Value, target: &'t Source) -> Option<Record<'t>> {
        let Some(Holds::Readings { taken, stale_after }) = &target.states else { unreachable!("it has readings") };
        let own = referring.source.time.as_ref()?;
        let stored = |record: Record<'_>, column: &str| record.cells[record.source.at(column)].clone();
        let mut best: Option<(Record<'t>, Value)> = None;
        for cells in &target.rows {
            let reading = Record { source: target, cells };
            if self.key(reading) != *key || *key == Value::Null {
                continue;
            }
            let (local, time) = (self.cell(reading, taken), self.cell(referring, own));
            if local == Value::Null || time == Value::Null {
                continue;
            }
            let (on, at) = match (local, time) {
                (on @ Value::Instant { .. }, at @ Value::Instant { .. }) => (on, at),
                (on, at) if matches!(on, Value::Date(_)) || matches!(at, Value::Date(_)) => {
                    (Value::Date(day_of(&on)), Value::Date(day_of(&at)))
                }
                (on, at) => (civil(on), civil(at)),
            };
            if compare(&on, &at) == Some(Ordering::Greater) {
                continue;
            }
            let is_later = best.as_ref().is_none_or(|(known, before)| {
                let order = compare(&on, before).unwrap();
                order.then_with(|| compare(&stored(reading, taken), &stored(*known, taken)).unwrap()).is_gt()
            });
            if is_later {
                best = Some((reading, on));
            }
        }
        let (reading, _) = best?;
        let (day, at) = (day_of(&self.cell(reading, taken)), day_of(&self.cell(referring, own)));
        (at < Self::too_old(day, *stale_after)).then_some(reading)
    }

    /// The state to which a reference leads: the one that held at the referring row's time (section 3).
    pub fn state_of<'t>(&self, referring: Record<'_>, key: &Value, target: &'t Source) -> Option<Record<'t>> {
        if matches!(target.states, Some(Holds::Readings { .. })) {
            return self.reading_of(referring, key, target);
        }
        let time = self.cell(referring, referring.source.time.as_ref()?);
        let mut states = target.rows.iter().map(|cells| Record { source: target, cells });
        states.find(|state| {
            let (from, to) = self.span(*state).unwrap();
            // Rule 1: a date and a timestamp compare as local dates, which is what `compare` does.
            let begun = matches!(compare(&from, &time), Some(Ordering::Less | Ordering::Equal));
            let ended = to != Value::Null && compare(&time, &to) != Some(Ordering::Less);
            self.key(*state) == *key && *key != Value::Null && begun && !ended
        })
    }
}

/// What the project's clock shows at a time.
fn civil(time: Value) -> Value {
    if let Value::Instant { local, .. } = time { Value::Time(local) } else { time }
}

/// Whether a local time is before the beginning of a day.
fn is_before(time: &Value, day: Date) -> bool {
    match time {
        Value::Null => false,
        Value::Date(date) => *date < day,
        Value::Time(time) | Value::Instant { local: time, .. } => *time < day.to_datetime(Time::midnight()),
        other => unreachable!("{other:?} is no time"),
    }
}

/// Those of an entity, or of a key, that hold at the two sides of a period.
struct Two<'a> {
    of: Value,
    start: Vec<Record<'a>>,
    end: Vec<Record<'a>>,
}

impl<'a> Evaluator<'a> {
    /// The moment of a side of a period: the beginning of a day. Closings are at the anchor (rule 5).
    fn moment(&self, edge: Edge, place: &Place<'_>) -> Date {
        match edge {
            Edge::Start => place.start,
            Edge::End => self.calendar.anchor(place.grain, place.start),
        }
    }

    /// The day of the latest snapshot whose end is at or before a moment. It is the source's, whatever it lacks.
    fn latest(&self, source: &'a Source, taken: &str, moment: Date) -> Option<Date> {
        let rows = source.rows.iter().map(|cells| Record { source, cells });
        let all = rows.filter_map(|record| match self.rows.cell(record, taken) {
            Value::Null => None,
            time => Some(day_of(&time)),
        });
        all.filter(|day| days(*day, 1) <= moment).max()
    }

    /// Whether a reading is the latest of its key at a moment, and not too old.
    fn counts(&self, record: Record<'_>, moment: Date) -> bool {
        let source = self.project.source(&record.source.name);
        let Some(Holds::Readings { taken, stale_after }) = &source.states else { unreachable!("it is a reading") };
        let key = self.rows.key(record);
        let when = |record: Record<'_>| match self.rows.cell(record, taken) {
            Value::Null => None,
            time => Some((day_of(&time), record.cells[source.at(taken)].clone())),
        };
        let begun = |(day, _): &(Date, Value)| days(*day, 1) <= moment;
        let Some(own) = when(record).filter(begun) else { return false };
        let later = source.rows.iter().map(|cells| Record { source, cells }).any(|other| {
            self.rows.key(other) == key
                && when(other)
                    .filter(begun)
                    .is_some_and(|other| other.0.cmp(&own.0).then_with(|| compare(&other.1, &own.1).unwrap()).is_gt())
        });
        key != Value::Null && !later && moment <= Rows::too_old(own.0, *stale_after)
    }

    /// Whether nothing is known of the states at a moment: there is no snapshot, or it is too old.
    fn is_stale(&self, source: &'a Source, moment: Date) -> bool {
        if let Some(Holds::Readings { .. }) = &source.states {
            let mut rows = source.rows.iter().map(|cells| Record { source, cells });
            return !rows.any(|record| self.counts(record, moment));
        }
        let Some(Holds::Snapshot { taken, every, stale_after }) = &source.states else { return false };
        let Some(latest) = self.latest(source, taken, moment) else { return true };
        let Length { count, unit } = stale_after.unwrap_or(Length { count: 2, unit: *every });
        // The snapshot stands for the end of its day.
        moment > earlier(days(latest, 1), Length { count: -count, unit })
    }

    /// Whether what an aggregate looks at is not known in a period, so that it is null.
    pub fn is_unknown(&self, aggregate: &'a Aggregate, place: &Place<'_>) -> bool {
        let source = self.project.source(&aggregate.source);
        let stale = |edge| self.is_stale(source, self.moment(edge, place));
        match self.project.stock(aggregate) {
            None => false,
            Some(Stock::At(edge)) => stale(edge),
            Some(Stock::Pairs(_)) => stale(Edge::Start) || stale(Edge::End),
        }
    }

    /// Whether a state holds at a side of a period.
    pub fn holds(&self, record: Record<'_>, edge: Edge, place: &Place<'_>) -> bool {
        let moment = self.moment(edge, place);
        match &record.source.states {
            None => unreachable!("only states hold"),
            Some(Holds::Valid { .. }) => {
                let (from, to) = self.rows.span(record).unwrap();
                is_before(&from, moment) && !is_before(&to, moment)
            }
            Some(Holds::Snapshot { taken, .. }) => {
                let source = self.project.source(&record.source.name);
                let day = self.rows.cell(record, taken);
                let latest = self.latest(source, taken, moment);
                day != Value::Null && latest == Some(day_of(&day)) && !self.is_stale(source, moment)
            }
            Some(Holds::Readings { .. }) => self.counts(record, moment),
        }
    }

    /// Whether a state began before a period, whenever it ended.
    fn began_before(&self, record: Record<'_>, place: &Place<'_>) -> bool {
        match &record.source.states {
            Some(Holds::Valid { from, .. }) => is_before(&self.rows.cell(record, from), place.start),
            // A snapshot stands for the end of its day, which is then before the period or is its beginning.
            Some(Holds::Snapshot { taken, .. } | Holds::Readings { taken, .. }) => {
                is_before(&self.rows.cell(record, taken), place.start)
            }
            None => unreachable!("only states begin"),
        }
    }

    /// What an aggregate over states ranges over, as if each were a row: states of a moment, or pairs. A pair stands in the place
    /// of its state at the start, else of that at the end, which is where its slice is.
    pub fn held(&self, aggregate: &'a Aggregate, stock: &Stock, place: &Place<'a>) -> Vec<Passed<'a>> {
        if self.is_unknown(aggregate, place) {
            return Vec::new();
        }
        match stock {
            Stock::At(edge) => {
                let mut found = self.passing(aggregate, place);
                found.retain(|(_, record, _)| self.holds(*record, *edge, place));
                found.into_iter().map(|(_, record, value)| (None, record, value)).collect()
            }
            Stock::Pairs(per) => self.pairs(aggregate, per.as_ref(), place),
        }
    }

    fn pairs(&self, aggregate: &'a Aggregate, per: Option<&Path>, place: &Place<'a>) -> Vec<Passed<'a>> {
        let mut all: Vec<Two<'a>> = Vec::new();
        for record in self.rows.of(&aggregate.source) {
            let (at_start, at_end) = (self.holds(record, Edge::Start, place), self.holds(record, Edge::End, place));
            let of = per.map_or_else(|| self.rows.key(record), |per| self.rows.column(record, per));
            // A null is no entity.
            if !at_start && !at_end || of == Value::Null {
                continue;
            }
            let known = all.iter().position(|two| two.of == of).unwrap_or_else(|| {
                all.push(Two { of, start: Vec::new(), end: Vec::new() });
                all.len() - 1
            });
            all[known].start.extend(at_start.then_some(record));
            all[known].end.extend(at_end.then_some(record));
        }
        let mut found = Vec::new();
        for two in &all {
            let stands_for = *two.start.first().or(two.end.first()).unwrap();
            let in_slice = place.slice.iter().all(|(name, value)| self.slice_of(stands_for, name) == *value);
            let nothing = |_: &Aggregate, _: Record<'_>| unreachable!("a slice has no aggregates");
            let in_part = place.parts.iter().all(|part| self.rows.row(stands_for, part, &nothing) == Value::Bool(true));
            let value = |expr: &Row| self.of_pair(aggregate, per, two, expr, place);
            if in_slice && in_part && aggregate.filter.as_ref().is_none_or(|filter| value(filter) == Value::Bool(true)) {
                found.push((None, stands_for, aggregate.argument.as_ref().map_or(Value::Bool(true), value)));
            }
        }
        found
    }

    /// A row expression on a pair.
    fn of_pair(&self, aggregate: &Aggregate, per: Option<&Path>, two: &Two<'a>, expr: &Row, place: &Place<'a>) -> Value {
        let source = self.project.source(&aggregate.source);
        let side = |edge: Edge| match edge {
            Edge::Start => &two.start,
            Edge::End => &two.end,
        };
        evaluate(self.project, expr, &|leaf| match leaf {
            RowLeaf::Grain(grain) => Value::Text(grain.name().to_owned()),
            RowLeaf::Pair(Pair::Exists(edge)) => Value::Bool(!side(*edge).is_empty()),
            RowLeaf::Pair(Pair::Ever) => {
                let of = |record| per.map_or_else(|| self.rows.key(record), |per| self.rows.column(record, per));
                let mut all = self.rows.of(&aggregate.source);
                Value::Bool(all.any(|record| of(record) == two.of && self.began_before(record, place)))
            }
            RowLeaf::Pair(Pair::Of(edge, path)) => {
                let ty: Type = self.project.column(source, path).ty;
                let values: Vec<Value> = side(*edge).iter().map(|record| self.rows.column(*record, path)).collect();
                if ty.is_numeric() {
                    // The states of an entity are added up, what it is itself stands once, and a missing number is 0.
                    let own = per.is_some_and(|per| path.starts_with(per));
                    let counted = if own { values.get(..1).unwrap_or_default() } else { &values };
                    let numbers = counted.iter().filter_map(|value| match value {
                        Value::Number(number) => Some(*number),
                        _ => None,
                    });
                    return Value::Number(numbers.sum::<f64>() + 0.0);
                }
                // Of an entity only what it is itself can be asked, which is the same in all of its states.
                values.first().cloned().unwrap_or(Value::Null)
            }
            _ => unreachable!("everything in a pair says of which state it is"),
        })
    }
}
