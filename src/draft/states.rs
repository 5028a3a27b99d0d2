//! Finds tables whose rows hold for a while: those with a column for the beginning and one for the end.

use super::Asked;
use super::tables::{Column, Table, may_be_key, relation};
use crate::dialect::Dialect;
use crate::engine::Failure;
use crate::engine::types::Family;
use crate::measure::number;

/// For how long rows hold, and whose state they are.
#[derive(Debug, Clone)]
pub(super) struct Holding {
    /// The column that says whose state it is, by place.
    pub key: usize,
    /// For how long.
    pub how: How,
}

/// For how long rows hold.
#[derive(Debug, Clone)]
pub(super) enum How {
    /// From a beginning to an end.
    Valid {
        /// The beginning, by place.
        from: usize,
        /// The end, by place.
        to: usize,
        /// Whether the end is the last day; nothing where the rows do not show it.
        inclusive: Option<bool>,
    },
    /// Until they are taken anew.
    Snapshot {
        /// The day on which they were taken, by place.
        taken: usize,
        /// How often.
        every: &'static str,
    },
}

impl Holding {
    /// The column that says since when, by place.
    pub(super) fn begins(&self) -> usize {
        match self.how {
            How::Valid { from, .. } => from,
            How::Snapshot { taken, .. } => taken,
        }
    }
}

/// Words of names that say how much there is, rather than how much came or went.
const LEVELS: [&str; 11] = [
    "balance",
    "stock",
    "inventory",
    "snapshot",
    "level",
    "holding",
    "headcount",
    "position",
    "saldo",
    "bestand",
    "kontostand",
];

/// How rows hold that are known by a thing and a day, if their names say that they are levels. `days` is how many days there are.
pub(super) fn snapshot(table: &Table, key: usize, taken: usize, days: f64) -> Option<Holding> {
    let names = table.columns.iter().map(|column| column.spec_name.as_str()).chain([table.name.as_str()]);
    let says = |name: &str| LEVELS.iter().any(|word| name.contains(word));
    let (first, last) = table.columns.get(taken)?.days?;
    let span = f64::from(first.until(last).ok()?.get_days());
    let every = match span / (days - 1.0).max(1.0) {
        gap if gap < 3.0 => "day",
        gap if gap < 15.0 => "week",
        _ => "month",
    };
    (days > 1.5 && names.into_iter().any(says)).then_some(Holding { key, how: How::Snapshot { taken, every } })
}

/// Words of beginnings, and those of the ends that belong to them.
const BORDERS: [(&str, &[&str]); 13] = [
    ("from", &["to", "until", "till"]),
    ("start", &["end", "stop"]),
    ("started", &["ended", "stopped"]),
    ("starts", &["ends"]),
    ("begin", &["end"]),
    ("begins", &["ends"]),
    ("began", &["ended"]),
    ("since", &["until"]),
    ("first", &["last"]),
    ("hired", &["left"]),
    ("opened", &["closed"]),
    ("von", &["bis"]),
    ("beginn", &["ende"]),
];

/// For each table for how long its rows hold, if they do. `keys` are the single columns that tell rows apart.
///
/// # Errors
/// Fails if the engine cannot be used.
pub(super) fn holding(tables: &[Table], keys: &[Option<usize>], engine: &Asked<'_>) -> Result<Vec<Option<Holding>>, Failure> {
    let mut asked = Vec::new();
    let mut queries = Vec::new();
    for (at, (table, key)) in tables.iter().zip(keys).enumerate() {
        let Some((from, to)) = borders(table) else { continue };
        for key in key.map_or_else(|| things(table), |key| vec![key]) {
            if let Some(query) = look(table, from, to, key, engine.dialect) {
                queries.push(query);
                asked.push((at, from, to, key));
            }
        }
    }
    let mut found: Vec<Option<Holding>> = vec![None; tables.len()];
    for ((at, from, to, key), answer) in asked.into_iter().zip(engine.answer("", &queries)?) {
        let (Ok(rows), Some(place)) = (answer, found.get_mut(at)) else { continue };
        let row = rows.rows.first().map(Vec::as_slice).unwrap_or_default();
        let count = |name: &str| rows.get(row, name).and_then(number).unwrap_or(0.0);
        let is_sound = count("unclear") < 0.5 && count("overlaps") < 0.5;
        // What is over within a day happens rather than holds: a ride, a call.
        let lasts = count("open") > 0.5 || count("days") >= 1.0;
        if place.is_none() && is_sound && lasts {
            let inclusive = match (count("next_days") > 0.5, count("same") > 0.5) {
                (true, false) => Some(true),
                (false, true) => Some(false),
                _ => None,
            };
            *place = Some(Holding { key, how: How::Valid { from, to, inclusive } });
        }
    }
    Ok(found)
}

/// A beginning and an end, by their names.
fn borders(table: &Table) -> Option<(usize, usize)> {
    let is_time = |column: &Column| matches!(column.family, Family::Date | Family::Timestamp | Family::Instant);
    for (from, column) in table.columns.iter().enumerate().filter(|(_, column)| is_time(column)) {
        let words: Vec<&str> = column.spec_name.split('_').collect();
        for (start, ends) in BORDERS {
            let Some(place) = words.iter().position(|word| *word == start) else { continue };
            for end in ends {
                let mut other = words.clone();
                if let Some(word) = other.get_mut(place) {
                    *word = end;
                }
                let name = other.join("_");
                let fits = |other: &Column| other.spec_name == name && other.family == column.family;
                if let Some(to) = table.columns.iter().position(fits).filter(|to| *to != from) {
                    return Some((from, to));
                }
            }
        }
    }
    None
}

/// Columns that may say whose state a row is.
fn things(table: &Table) -> Vec<usize> {
    let may_be = |column: &Column| {
        matches!(column.family, Family::Integer | Family::Text) && column.filled == table.rows && may_be_key(&column.spec_name)
    };
    let found = table.columns.iter().enumerate().filter(|(_, column)| may_be(column));
    found.map(|(at, _)| at).take(3).collect()
}

/// What there is to know: rows that cannot be states, those that hold when the next of the same thing starts, those that still
/// hold, how many days most hold, and how ends and beginnings meet.
fn look(table: &Table, from: usize, to: usize, key: usize, dialect: &dyn Dialect) -> Option<String> {
    let name = |at: usize| table.columns.get(at).map(|column| dialect.identifier(&column.name).into_owned());
    let (from_name, to_name, key) = (name(from)?, name(to)?, name(key)?);
    let is_date = table.columns.get(from)?.family == Family::Date;
    let next_day = if is_date { "next = till + 1" } else { "false" };
    Some(format!(
        "select count(*) filter (where since is null or since > till) as unclear, \
         count(*) filter (where next is not null and (till is null or next < till)) as overlaps, \
         count(*) filter (where till is null) as open, coalesce(percentile_cont(0.5) within group \
         (order by floor(extract(epoch from (cast(till as timestamp) - cast(since as timestamp))) / 3600)) / 24, 0) as days, \
         count(*) filter (where {next_day}) as next_days, count(*) filter (where next = till) as same \
         from (select since, till, lead(since) over (partition by of order by since) as next from \
         (select {key} as of, {from_name} as since, {to_name} as till from {}) as rows) as states",
        relation(&table.place, dialect)
    ))
}
