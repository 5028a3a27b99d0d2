//! Makes up sources of states and their rows.

use super::super::calendar::{days, earlier};
use super::super::data::{Times, cell, ddl, key, time_type};
use super::super::generate::Choices;
use super::super::project::{Column, Grain, Holds, Length, Project, Source, Type, Value};
use super::super::rows::{Record, Rows};
use jiff::civil::{DateTime, Time, time};

/// How many of a hundred sources have states.
pub const OFTEN: usize = 30;

/// How many keys there may be.
pub const KEYS: usize = 5;

/// For how long the rows of a source of states hold.
pub fn holds(choices: &mut Choices) -> Holds {
    if choices.chance(50) {
        return Holds::Valid { from: "since".to_owned(), to: "until".to_owned(), inclusive: choices.chance(20) };
    }
    if choices.chance(50) {
        let (unit, most) = *choices.pick(&[(Grain::Day, 20), (Grain::Week, 9), (Grain::Month, 14), (Grain::Year, 2)]);
        let stale_after = Length { count: i32::try_from(choices.between(1, most)).unwrap(), unit };
        return Holds::Readings { taken: "taken".to_owned(), stale_after };
    }
    let every = *choices.pick(&[Grain::Day, Grain::Week, Grain::Month]);
    let stale_after = choices.chance(50).then(|| {
        let (unit, most) = *choices.pick(&[(Grain::Day, 60), (Grain::Week, 9), (Grain::Month, 3), (Grain::Quarter, 1)]);
        Length { count: i32::try_from(choices.between(1, most)).unwrap(), unit }
    });
    Holds::Snapshot { taken: "taken".to_owned(), every, stale_after }
}

pub fn is_of_states(project: &Project, source: &str) -> bool {
    project.sources.iter().any(|known| known.name == source && known.states.is_some())
}

/// Whether rows can refer to a source: to states with `valid` and to readings only by a time, and to snapshots not at all.
pub fn can_refer(has_time: bool, target: &Source) -> bool {
    match target.states {
        None => true,
        Some(Holds::Valid { .. } | Holds::Readings { .. }) => has_time,
        Some(Holds::Snapshot { .. }) => false,
    }
}

/// Whether states are among what a source refers to, so that its time says what it sees of them.
pub fn leads_to_states(project: &Project, source: &Source) -> bool {
    let targets = source.columns.iter().filter_map(|column| column.references.as_ref());
    let mut targets = targets.filter_map(|target| project.sources.iter().find(|known| known.name == *target));
    targets.any(|target| target.states.is_some() || target.name != source.name && leads_to_states(project, target))
}

/// Adds the columns that say when, and the rows.
pub fn rows(project: &Project, source: &mut Source, times: &Times, choices: &mut Choices) {
    let keys = choices.below(KEYS) + 1;
    match source.states.clone().unwrap() {
        Holds::Valid { from, to, inclusive } => {
            let begins = time_type(project, choices);
            let ends = if choices.chance(75) { begins } else { time_type(project, choices) };
            add(source, &from, begins, choices);
            add(source, &to, if inclusive { Type::Date } else { ends }, choices);
            for number in 1..=keys {
                states(project, source, number, times, choices);
            }
        }
        Holds::Snapshot { taken, every, .. } => {
            add(source, &taken, time_type(project, choices), choices);
            snapshots(project, source, keys, every, times, choices);
        }
        Holds::Readings { taken, .. } => {
            add(source, &taken, time_type(project, choices), choices);
            for number in 1..=keys {
                readings(project, source, number, times, choices);
            }
        }
    }
}

/// The readings of one key, some of them of one day, but no two of one time.
fn readings(project: &Project, source: &mut Source, number: usize, times: &Times, choices: &mut Choices) {
    let at = source.at("taken");
    let ty = source.columns[at].ty;
    let mut taken: Vec<Value> = Vec::new();
    for _ in 0..choices.weighted(&[(1, 0), (3, 4), (3, 9), (1, 20)]) {
        let time = if choices.chance(3) { Value::Null } else { times.stored(ty, choices) };
        if taken.contains(&time) {
            continue;
        }
        let mut cells = row(project, source, number, times, choices);
        cells[at] = time.clone();
        taken.push(time);
        source.rows.push(cells);
    }
}

/// Puts a column behind the key.
fn add(source: &mut Source, name: &str, ty: Type, choices: &mut Choices) {
    let (name, ddl) = (name.to_owned(), ddl(ty, choices));
    let stored_as = if choices.chance(12) { format!("Col {name}") } else { name.clone() };
    let at = source.columns.len().min(2);
    source.columns.insert(at, Column { name, stored_as, ty, ddl, references: None, expr: None, sql: None });
}

/// A row of a key, often like the one before it.
fn row(project: &Project, source: &Source, number: usize, times: &Times, choices: &mut Choices) -> Vec<Value> {
    let at = source.at("id");
    let id = key(source.columns[at].ty, number);
    let before = source.rows.iter().rev().find(|cells| cells[at] == id).cloned();
    let mut cells = Vec::new();
    for (column, known) in source.columns.iter().enumerate() {
        cells.push(match &before {
            Some(before) if choices.chance(60) => before[column].clone(),
            _ => cell(project, source, known, number, KEYS, times, choices),
        });
    }
    cells
}

/// The states of one key: one after the other, with gaps and without, some of no length.
fn states(project: &Project, source: &mut Source, number: usize, times: &Times, choices: &mut Choices) {
    let Some(Holds::Valid { from, to, inclusive }) = source.states.clone() else { return };
    let (from, to) = (source.at(&from), source.at(&to));
    let count = choices.weighted(&[(3, 1), (4, 2), (3, 4)]);
    let mut locals: Vec<DateTime> = (0..2 * count).map(|_| times.local(choices)).collect();
    locals.sort();
    // As often as not one state begins when the other ends.
    for at in 1..count {
        if choices.chance(50) {
            locals[2 * at] = locals[2 * at - 1];
        }
    }
    let mut until: [Option<DateTime>; 2] = [None; 2];
    for (at, pair) in locals.chunks(2).enumerate() {
        let mut cells = row(project, source, number, times, choices);
        cells[from] = if choices.chance(3) { Value::Null } else { times.store(pair[0], source.columns[from].ty) };
        cells[to] = match times.store(pair[1], source.columns[to].ty) {
            _ if at + 1 == count && choices.chance(45) => Value::Null,
            Value::Date(end) if inclusive => Value::Date(days(end, -1)),
            end => end,
        };
        // Clocks that are changed, and times that are days, may put two in another order, and no two states of a key overlap.
        let begins = both_clocks(project, source, &cells, from);
        if begins.iter().zip(&until).any(|(begins, until)| begins.is_some() && begins < until) {
            continue;
        }
        let next_day = |end: DateTime| end.date().tomorrow().unwrap().to_datetime(Time::midnight());
        for (until, end) in until.iter_mut().zip(both_clocks(project, source, &cells, to)) {
            *until = (*until).max(if inclusive { end.map(next_day) } else { end });
        }
        source.rows.push(cells);
    }
}

/// The time of a cell on the project's clock, and that of UTC where it is an instant.
fn both_clocks(project: &Project, source: &Source, cells: &[Value], column: usize) -> [Option<DateTime>; 2] {
    let name = source.columns[column].name.clone();
    match Rows::new(project).column(Record { source, cells }, &[name]) {
        Value::Date(day) => [Some(day.to_datetime(Time::midnight())), None],
        Value::Time(time) => [Some(time), None],
        Value::Instant { utc, local } => [Some(local), Some(utc)],
        _ => [None, None],
    }
}

/// Snapshots, some of them late, some not taken, and some keys missing.
fn snapshots(project: &Project, source: &mut Source, keys: usize, every: Grain, times: &Times, choices: &mut Choices) {
    let at = source.at("taken");
    let ty = source.columns[at].ty;
    let calendar = &project.calendar;
    let mut day = days(calendar.data_from, -choices.between(0, 70));
    for _ in 0..choices.weighted(&[(1, 4), (3, 14), (2, 28)]) {
        if day > days(calendar.as_of, 12) {
            return;
        }
        let clock = *choices.pick(&[time(0, 0, 0, 0), time(12, 0, 0, 0), time(20, 30, 0, 0)]);
        let missed = if choices.chance(12) { choices.between(2, 12) } else { 1 };
        for number in (1..=keys).filter(|_| missed == 1) {
            if choices.chance(70) {
                let mut cells = row(project, source, number, times, choices);
                cells[at] = if choices.chance(2) { Value::Null } else { times.store(day.to_datetime(clock), ty) };
                source.rows.push(cells);
            }
        }
        day = earlier(day, Length { count: -i32::try_from(missed).unwrap(), unit: every });
        if every != Grain::Day && choices.chance(20) {
            day = days(day, choices.between(1, 3));
        }
    }
}
