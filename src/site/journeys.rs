//! How many journeys have reached each step: questions as `kpic query` asks them, beside the KPIs of the project.

use super::figures::Funnel;
use crate::calendar::Grain;
use crate::engine::{Engine, Failure};
use crate::measure::{Session, number, shown};
use crate::model::Model;
use crate::pipeline::{self, Options, Valid};
use crate::plan;
use crate::query::{self, Asked, Written};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// In how many months the journeys started that are counted.
const MONTHS: usize = 12;

/// The journeys of a project with the names of their steps.
fn journeys(model: &Model) -> Vec<(String, Vec<String>)> {
    let steps = |journey: &crate::model::journey::Journey, source: &crate::model::Source| -> Vec<String> {
        journey.steps.iter().map(|step| source.columns.get(step.column).name.value.clone()).collect()
    };
    let all = model.sources.rows().iter();
    all.filter_map(|source| Some((source.name.value.clone(), steps(source.journey.as_ref()?, source)))).collect()
}

/// The questions: one for each step of each journey, the first of them all that have started.
fn asked(journeys: &[(String, Vec<String>)]) -> Asked {
    let step = |(at, journey): (usize, &(String, Vec<String>))| {
        let (name, steps) = journey;
        let all = std::iter::once(format!("funnel_{at}_0 = count({name})"));
        let later = steps
            .iter()
            .enumerate()
            .skip(1)
            .map(|(step, column)| format!("funnel_{at}_{step} = count({name} where reached({column}))"));
        all.chain(later).collect::<Vec<_>>()
    };
    Asked { kpis: journeys.iter().enumerate().flat_map(step).collect(), grain: Some(Grain::Month), ..Asked::default() }
}

/// The funnels of all journeys, by the months in which they started. None where the engine refuses to count them.
///
/// # Errors
/// Fails if the engine cannot be used.
pub fn funnels(
    root: &Path,
    project: &Valid,
    options: &Options,
    engine: &dyn Engine,
) -> Result<BTreeMap<String, Funnel>, Failure> {
    let journeys = journeys(project.model());
    if journeys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let asked = asked(&journeys);
    let mut written = Written::default();
    let checked = pipeline::check_with(
        root,
        |spec, files| {
            written = query::write(&asked, spec, files);
            written.kpis.clone()
        },
        options,
    );
    let Ok(project) = checked.valid() else { return Ok(BTreeMap::new()) };
    // Nothing here counts back from today.
    let today = project.model().calendar.start;
    let Ok(answering) = query::question(project.model(), &asked, &written, today) else { return Ok(BTreeMap::new()) };
    let question = answering.question;
    let session = Session { project: &project, engine };
    let query = plan::plan(&project, &question);
    let Some(Ok(rows)) = session.answer(&[query])?.pop() else { return Ok(BTreeMap::new()) };
    let mut months: Vec<(&str, &Vec<Value>)> = rows
        .rows
        .iter()
        .filter(|row| rows.get(row, "is_complete").and_then(Value::as_bool) == Some(true))
        .filter_map(|row| Some((rows.get(row, "period")?.as_str()?, row)))
        .collect();
    months.sort_by_key(|(day, _)| *day);
    let last = months.get(months.len().saturating_sub(MONTHS)..).unwrap_or_default();
    let label = |day: &str| {
        day.parse().map_or_else(|_| day.to_owned(), |day| shown::period(day, Grain::Month, &project.model().calendar))
    };
    let (Some((first, _)), Some((until, _))) = (last.first(), last.last()) else { return Ok(BTreeMap::new()) };
    let count = |column: &str| last.iter().filter_map(|(_, row)| rows.get(row, column).and_then(number)).sum();
    let funnel = |(at, (name, steps)): (usize, &(String, Vec<String>))| {
        let steps = (0..steps.len()).map(|step| count(&format!("funnel_{at}_{step}"))).collect();
        (name.clone(), Funnel { since: label(first), until: label(until), steps })
    };
    Ok(journeys.iter().enumerate().map(funnel).collect())
}
