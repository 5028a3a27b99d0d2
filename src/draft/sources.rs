//! Decides what a table is: its key, its time, what it refers to, and which KPIs to start with.
//!
//! What the engine declares (keys, references) counts first; then names, as far as the rows bear them out. Whatever is decided here
//! is a proposal: the file that comes of it says so where it matters.

use super::Asked;
use super::Known;
use super::keys::{self, Key};
use super::kpis::{self, Kpi};
use super::names::{free, singular};
use super::references;
use super::states::{self, Holding};
use super::tables::{Column, Table};
use crate::engine::Failure;
use crate::engine::types::Family;

/// A source that is proposed for a table.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// Its name, which is that of the table.
    pub name: String,
    /// A noun for one row.
    pub row: String,
    /// The table.
    pub table: Table,
    /// Whether rows happen; else they are things.
    pub events: bool,
    /// For how long rows hold, if they do.
    pub holding: Option<Holding>,
    /// The thing and the day that each row is of, by place, if each thing is there on most days.
    pub daily: Option<(usize, usize)>,
    /// The columns of the key, by place.
    pub key: Vec<usize>,
    /// What would be the key, and why it is none.
    pub remark: String,
    /// The column of the time, by place.
    pub time: Option<usize>,
    /// The references.
    pub references: Vec<Reference>,
    /// The KPIs to start with.
    pub kpis: Vec<Kpi>,
}

/// A column that holds the key of another source.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    /// The column, by place.
    pub column: usize,
    /// The name of the reference.
    pub name: String,
    /// The source.
    pub target: String,
    /// How many rows name a key that is not there.
    pub lost: u64,
}

/// A table that has been left out, with the reason.
type LeftOut = (String, String);

/// Proposes a source for each table of which one can be made, beside what is known already.
///
/// # Errors
/// Fails if the engine cannot be used.
pub(super) fn decide(
    mut tables: Vec<Table>,
    known: &Known,
    engine: &Asked<'_>,
) -> Result<(Vec<Source>, Vec<LeftOut>), Failure> {
    let mut taken = known.names.clone();
    for table in &mut tables {
        table.name = free(&table.name, &mut taken);
    }
    let keys = keys::keys(&tables, engine)?;
    let alone: Vec<Option<usize>> = keys
        .iter()
        .map(|key| match key.columns.as_slice() {
            [only] => Some(*only),
            _ => None,
        })
        .collect();
    let holding = states::holding(&tables, &alone, engine)?;
    let mut left_out = Vec::new();
    let mut sources: Vec<Source> = Vec::new();
    for ((table, Key { columns, remark, daily }), holding) in tables.into_iter().zip(keys).zip(holding) {
        let snapshot = daily.and_then(|(key, taken, days)| states::snapshot(&table, key, taken, days));
        let holding = holding.or(snapshot);
        let time = if holding.is_some() { None } else { time(&table) };
        if columns.is_empty() && time.is_none() && holding.is_none() {
            let reason = if table.rows == 0 {
                "it has no rows, which would show what its columns are"
            } else {
                "no column is a time, and none tells its rows apart"
            };
            left_out.push((table.name.clone(), reason.to_owned()));
            continue;
        }
        let (name, row) = (table.name.clone(), singular(&table.name));
        let key = holding.as_ref().map_or(columns, |holding| vec![holding.key]);
        let remark = if holding.is_some() { String::new() } else { remark };
        let daily = daily.filter(|_| holding.is_none()).map(|(thing, day, _)| (thing, day));
        let (references, kpis) = Default::default();
        sources.push(Source { name, row, table, events: false, holding, daily, key, remark, time, references, kpis });
    }
    references::references(&mut sources, known, engine)?;
    let referred: Vec<String> =
        sources.iter().flat_map(|source| source.references.iter().map(|reference| reference.target.clone())).collect();
    for source in &mut sources {
        // What others refer to and itself refers to nothing is a thing, even if it says when it came to be.
        let thing = source.references.is_empty() && referred.contains(&source.name) && !source.key.is_empty();
        source.events = source.time.is_some() && !thing;
    }
    for source in &mut sources {
        source.kpis = kpis::kpis(source, &mut taken);
    }
    Ok((sources, left_out))
}

/// The time at which a row counts: rather one that is always there, and not that of the last change.
fn time(table: &Table) -> Option<usize> {
    let is_time = |column: &Column| matches!(column.family, Family::Date | Family::Timestamp | Family::Instant);
    let late =
        ["update", "modif", "delete", "load", "sync", "change", "end", "expire", "due", "valid", "birth", "cancel", "last"];
    let early = ["creat", "order", "happen", "occur", "event", "placed", "purchas", "sold", "sign", "start", "book", "paid"];
    let score = |column: &Column| {
        let name = &column.spec_name;
        let is = |words: &[&str]| words.iter().any(|word| name.contains(word));
        let has_nulls = column.filled < table.rows;
        (has_nulls, is(&late), !is(&early))
    };
    let times = table.columns.iter().enumerate().filter(|(_, column)| is_time(column));
    // A column that is null in most rows says when something else happened.
    let usable = times.filter(|(_, column)| table.rows == 0 || column.filled * 2 > table.rows);
    usable.min_by_key(|(at, column)| (score(column), *at)).map(|(at, _)| at)
}
