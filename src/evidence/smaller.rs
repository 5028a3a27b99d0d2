//! Takes rows and values away as long as figures still differ (delta debugging: Zeller and Hildebrandt, "Simplifying and isolating
//! failure-inducing input", 2002).

use super::Versions;
use super::asked::{Asked, Pair};
use super::rows::{Compared, compared};
use super::world::{Row, World, stored};
use crate::engine::{Engine, Failure};
use crate::meaning::Names;
use crate::model::{Cell, Model};
use std::collections::{BTreeMap, BTreeSet};

/// Rows on which a figure differs.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub asked: Asked,
    pub world: World,
    pub pairs: Vec<Pair>,
    /// The test that gave the rows.
    pub test: Option<String>,
}

/// So many candidates are tried at once.
const AT_ONCE: usize = 12;

/// So many rounds are made: what is small by then is small enough.
const ROUNDS: usize = 60;

/// Makes the rows of a case as few and as plain as it can.
pub(super) fn smaller(versions: &mut Versions<'_>, names: &Names, engine: &dyn Engine, case: &mut Case) -> Result<(), Failure> {
    let mut rounds = ROUNDS;
    let held = is_sound(versions.after.model(), &case.world);
    let mut chunk = case.world.size().div_ceil(2).max(1);
    while rounds > 0 {
        let candidates = without_rows(&case.world, chunk);
        let was = case.world.size();
        let found = first(versions, names, engine, case, candidates, held, &mut rounds)?;
        match (found, chunk) {
            (true, _) => chunk = chunk.min(case.world.size().div_ceil(2)).max(1),
            (false, 1) => break,
            (false, _) => chunk = chunk.div_ceil(2),
        }
        if case.world.size() == 0 || was == 0 {
            break;
        }
    }
    for step in [without_values, with_ones] {
        let edits = step(versions.after.model(), &case.world);
        plainer(versions, names, engine, case, &edits, held, &mut rounds)?;
    }
    // What differs on the rows that are left.
    let all = compared(versions, names, engine, &[(&case.world, &[&case.asked])])?.pop();
    if let Some(Ok(mut pairs)) = all
        && let Some(pairs) = pairs.pop().filter(|pairs| !pairs.is_empty())
    {
        case.pairs = pairs;
    }
    Ok(())
}

/// Takes the first candidate on which figures still differ; whether there is one.
fn first(
    versions: &mut Versions<'_>,
    names: &Names,
    engine: &dyn Engine,
    case: &mut Case,
    candidates: Vec<World>,
    held: bool,
    rounds: &mut usize,
) -> Result<bool, Failure> {
    let model = versions.after.model();
    let sound: Vec<World> = candidates.into_iter().filter(|world| !held || is_sound(model, world)).collect();
    for some in sound.chunks(AT_ONCE) {
        let differing = still(versions, names, engine, case, some, held, rounds)?;
        if let Some(world) = differing.iter().position(|differs| *differs).and_then(|at| some.get(at)) {
            case.world = world.clone();
            return Ok(true);
        }
    }
    Ok(false)
}

/// Makes all changes of values that each leave the difference as it is: together if that does, else as many as go together.
fn plainer(
    versions: &mut Versions<'_>,
    names: &Names,
    engine: &dyn Engine,
    case: &mut Case,
    edits: &[Edit],
    held: bool,
    rounds: &mut usize,
) -> Result<(), Failure> {
    let mut fine = Vec::new();
    for some in edits.chunks(AT_ONCE) {
        let worlds: Vec<World> = some.iter().map(|edit| edit.made(&case.world)).collect();
        let differing = still(versions, names, engine, case, &worlds, held, rounds)?;
        fine.extend(some.iter().zip(differing).filter(|(_, differs)| *differs).map(|(edit, _)| edit));
    }
    let mut chunk = fine.len();
    while chunk > 0 && *rounds > 0 {
        let mut left = Vec::new();
        for some in fine.chunks(chunk) {
            let world = some.iter().fold(case.world.clone(), |world, edit| edit.made(&world));
            if still(versions, names, engine, case, std::slice::from_ref(&world), held, rounds)?.contains(&true) {
                case.world = world;
            } else {
                left.extend(some);
            }
        }
        fine = left;
        chunk = if chunk == 1 { 0 } else { chunk.div_ceil(2).min(fine.len()) };
    }
    Ok(())
}

/// On which of some worlds figures still differ.
fn still(
    versions: &mut Versions<'_>,
    names: &Names,
    engine: &dyn Engine,
    case: &Case,
    worlds: &[World],
    held: bool,
    rounds: &mut usize,
) -> Result<Vec<bool>, Failure> {
    if *rounds == 0 {
        return Ok(vec![false; worlds.len()]);
    }
    *rounds -= 1;
    let asked = [&case.asked];
    let all: Vec<(&World, &[&Asked])> = worlds.iter().map(|world| (world, &asked[..])).collect();
    let answers = compared(versions, names, engine, &all)?;
    let model = versions.after.model();
    let differs = |(answer, world): (&Compared, &World)| {
        let differs = answer.as_ref().is_ok_and(|pairs| pairs.iter().any(|pairs| !pairs.is_empty()));
        differs && (!held || is_sound(model, world))
    };
    Ok(answers.iter().zip(worlds).map(differs).collect())
}

/// A value that is set in some rows of a source.
#[derive(Debug, Clone)]
struct Edit {
    source: String,
    column: String,
    /// The place of the row; all rows where there is none.
    row: Option<usize>,
    cell: Cell,
}

impl Edit {
    fn made(&self, world: &World) -> World {
        let mut world = world.clone();
        let rows = world.rows.get_mut(&self.source).into_iter().flatten().enumerate();
        for (_, row) in rows.filter(|(at, _)| self.row.is_none_or(|wanted| wanted == *at)) {
            row.insert(self.column.clone(), self.cell.clone());
        }
        world
    }
}

/// The same without some rows that stand together.
fn without_rows(world: &World, chunk: usize) -> Vec<World> {
    let size = world.size();
    let starts = (0..size).step_by(chunk.max(1));
    let without = |from: usize| {
        let mut at = 0;
        let mut left = world.clone();
        for rows in left.rows.values_mut() {
            rows.retain(|_| {
                at += 1;
                !(from..from + chunk).contains(&(at - 1))
            });
        }
        left
    };
    starts.map(without).collect()
}

/// No value, in each column that may have none.
fn without_values(model: &Model, world: &World) -> Vec<Edit> {
    let mut found = Vec::new();
    for source in model.sources.rows() {
        let Some(rows) = world.rows.get(&source.name.value) else { continue };
        let is_fixed = |column: &str| {
            source.columns.ids().any(|id| {
                let keeps = source.key.contains(&id) || source.time == Some(id) || !source.columns.get(id).nullable;
                keeps && stored(source, id).as_deref() == Some(column)
            })
        };
        let columns: BTreeSet<&String> = rows.iter().flat_map(Row::keys).filter(|column| !is_fixed(column)).collect();
        let is_there = |column: &&&String| rows.iter().any(|row| row.get(**column).is_some_and(|cell| *cell != Cell::Null));
        found.extend(columns.iter().filter(is_there).map(|column| Edit {
            source: source.name.value.clone(),
            column: (*column).clone(),
            row: None,
            cell: Cell::Null,
        }));
    }
    found
}

/// The numbers that are plainer than others.
const PLAIN: [&str; 3] = ["1", "2", "10"];

/// A plainer number, in each value that is one.
fn with_ones(model: &Model, world: &World) -> Vec<Edit> {
    let mut found = Vec::new();
    for source in model.sources.rows() {
        let Some(rows) = world.rows.get(&source.name.value) else { continue };
        let mut ranges = BTreeMap::new();
        for id in source.columns.ids().filter(|id| !source.key.contains(id)) {
            let column = source.columns.get(id);
            if let Some(name) = stored(source, id).filter(|_| column.reference.is_none()) {
                ranges.insert(name, column.range);
            }
        }
        for (at, row) in rows.iter().enumerate() {
            for (column, cell) in row {
                let (Cell::Number(digits), Some(range)) = (cell, ranges.get(column)) else { continue };
                let is_inside =
                    |plain: &&&str| plain.parse::<f64>().is_ok_and(|number| range.low <= number && number <= range.high);
                let plain = PLAIN.iter().take_while(|plain| **plain != digits).find(is_inside);
                found.extend(plain.map(|plain| Edit {
                    source: source.name.value.clone(),
                    column: column.clone(),
                    row: Some(at),
                    cell: Cell::Number((*plain).to_owned()),
                }));
            }
        }
    }
    found
}

/// Whether each reference that is set leads to a row.
fn is_sound(model: &Model, world: &World) -> bool {
    let empty: Vec<Row> = Vec::new();
    let rows_of = |name: &str| world.rows.get(name).unwrap_or(&empty);
    model.sources.rows().iter().filter(|source| source.journey.is_none()).all(|source| {
        source.columns.ids().all(|id| {
            let Some(target) = source.columns.get(id).reference else { return true };
            let target = model.sources.get(target);
            let (Some(column), [key]) = (stored(source, id), target.key.as_slice()) else { return true };
            let Some(key) = stored(target, *key) else { return true };
            let keys: Vec<Option<&Cell>> = rows_of(&target.name.value).iter().map(|row| row.get(&key)).collect();
            rows_of(&source.name.value).iter().all(|row| match row.get(&column) {
                None | Some(Cell::Null) => true,
                cell => keys.contains(&cell),
            })
        })
    })
}
