//! How far key results were, reading by reading: the rows of the view of their history, put back to what they are about.

use super::refused::{self, Refused};
use super::{Session, number, status};
use crate::calendar::Date;
use crate::engine::{Failure, Rows};
use crate::model::objective::{ObjectiveId, Sheet};
use crate::model::{KpiId, Model};
use crate::plan::Data;
use crate::plan::relation::Query;
use crate::plan::views::objectives;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How far a key result was at the end of a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The day.
    pub day: Date,
    /// The value.
    pub value: f64,
    /// The score.
    pub score: Option<f64>,
    /// The status: `on_track`.
    pub status: String,
}

/// The readings of key results, the earliest first, by objective and place within it.
pub type Courses = BTreeMap<(ObjectiveId, usize), Vec<Reading>>;

/// The query that [`courses`] runs.
pub fn query(session: &Session<'_>, left_out: &BTreeSet<KpiId>) -> Query {
    objectives::query_without(session.project, Sheet::History, Data::Warehouse, left_out)
}

/// The readings of all key results. Where the engine refuses some KPIs, those of all others; that it does, `status` has said by then.
///
/// # Errors
/// Fails if the engine cannot be used.
pub fn all(session: &Session<'_>) -> Result<Courses, Failure> {
    let query = query(session, &BTreeSet::new());
    if let Some(Ok(rows)) = session.answer(std::slice::from_ref(&query))?.into_iter().next() {
        return Ok(by_result(session.project.model(), &rows));
    }
    let left_out = status::to_blame(session, &mut Refused::default())?;
    courses(session, &left_out, &mut Refused::default())
}

/// All readings of all key results, but of those that some KPIs show. What the engine refuses is not known, and goes to `refused`.
///
/// # Errors
/// Fails if the engine cannot be used.
pub fn courses(session: &Session<'_>, left_out: &BTreeSet<KpiId>, refused: &mut Refused) -> Result<Courses, Failure> {
    let query = query(session, left_out);
    match session.answer(std::slice::from_ref(&query))?.into_iter().next() {
        Some(Ok(rows)) => Ok(by_result(session.project.model(), &rows)),
        Some(Err(why)) => {
            refused.add(&query, refused::other("how far key results were", None, &why));
            Ok(Courses::new())
        }
        None => Ok(Courses::new()),
    }
}

fn by_result(model: &Model, rows: &Rows) -> Courses {
    let mut places = BTreeMap::new();
    for (id, objective) in model.objectives.iter() {
        for (at, result) in objective.key_results.iter().enumerate() {
            places.insert((objective.name.value.as_str(), result.name.value.as_str()), (id, at));
        }
    }
    let mut found = Courses::new();
    for row in &rows.rows {
        let text = |column: &str| rows.get(row, column).and_then(Value::as_str);
        let place = text("objective").zip(text("key_result")).and_then(|names| places.get(&names));
        let value = rows.get(row, "current").and_then(number);
        let day = text("as_of").and_then(|day| day.parse().ok());
        let (Some(place), Some(value), Some(day)) = (place, value, day) else { continue };
        let score = rows.get(row, "score").and_then(number);
        found.entry(*place).or_default().push(Reading {
            day,
            value,
            score,
            status: text("status").unwrap_or_default().to_owned(),
        });
    }
    found.values_mut().for_each(|readings| readings.sort_by_key(|reading| reading.day));
    found
}
