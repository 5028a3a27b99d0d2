//! Why a KPI changed: what each of its components contributed between two periods.

use super::{Session, guard, number};
use crate::align::drivers::{Contribution, Tree};
use crate::calendar::{Date, Grain, add};
use crate::diagnostic::Findings;
use crate::engine::{Failure, Rows};
use crate::model::KpiId;
use crate::plan::{self, Data, Output, Question, Show};
use serde_json::Value;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// The KPI.
    pub kpi: KpiId,
    /// The grain of the periods.
    pub grain: Grain,
    /// The first day of the period to begin with; the one before the other if not given.
    pub from: Option<Date>,
    /// The first day of the period to end with; the last complete one if not given.
    pub to: Option<Date>,
}

/// The answer.
#[derive(Debug)]
pub enum Outcome {
    /// What contributed.
    Told(Box<Told>),
    /// The data is not fit for figures.
    Unfit(Findings),
    /// There is no such period, or no two of them that are complete.
    NoPeriod(Option<Date>),
    /// The engine says no.
    Refused(String),
}

/// What contributed to a change.
#[derive(Debug)]
pub struct Told {
    /// The KPI taken apart.
    pub tree: Tree,
    /// What each component contributed, in the order of the tree.
    pub contributions: Vec<Contribution>,
    /// The first day of the earlier period, and whether it is complete.
    pub from: (Date, bool),
    /// The first day of the later period, and whether it is complete.
    pub to: (Date, bool),
}

/// Asks an engine.
///
/// # Errors
/// Fails if the engine cannot be used.
pub fn why(session: &Session<'_>, asked: Asked) -> Result<Outcome, Failure> {
    let model = session.project.model();
    let tree = Tree::of(model, session.project.files(), asked.kpi);
    let outputs = tree.values.iter().enumerate();
    let mut outputs: Vec<Output> =
        outputs.map(|(at, calc)| Output { name: name(at), show: Show::Figure(Box::new(calc.clone())) }).collect();
    outputs.push(Output { name: "is_complete".to_owned(), show: Show::IsComplete(vec![asked.kpi]) });
    // Only the warehouse knows which period of a custom calendar is the one before.
    let calendar = &model.calendar;
    let first = asked.from.into_iter().chain(asked.to).min();
    let from = first.map(|first| if calendar.custom { calendar.data_from } else { add(first, asked.grain, -1) });
    let question = Question {
        outputs,
        grain: asked.grain,
        dimensions: Vec::new(),
        age: None,
        filter: None,
        omit_gaps: false,
        is_lead_in: false,
        since: None,
        from,
        to: asked.to,
        data: Data::Warehouse,
    };
    let plans = [plan::plan(session.project, &question)];
    let unfit = guard::check(session, &plans)?;
    if unfit.has_errors() {
        return Ok(Outcome::Unfit(unfit));
    }
    let rows = match session.answer(&plans)?.into_iter().next() {
        Some(Ok(rows)) => rows,
        Some(Err(why)) => {
            let unfit = guard::refusal(session, &plans)?;
            return Ok(if unfit.has_errors() { Outcome::Unfit(unfit) } else { Outcome::Refused(why) });
        }
        None => Rows::default(),
    };
    let mut periods: Vec<(Date, bool, &Vec<Value>)> = rows.rows.iter().filter_map(|row| period(&rows, row)).collect();
    periods.sort_by_key(|(day, ..)| *day);
    let to = match asked.to {
        Some(day) => periods.iter().position(|(known, ..)| *known == day),
        None => periods.iter().rposition(|(day, complete, _)| *complete && asked.from.is_none_or(|from| *day > from)),
    };
    let Some(to) = to else { return Ok(Outcome::NoPeriod(asked.to)) };
    let from = match asked.from {
        Some(day) => periods.iter().position(|(known, ..)| *known == day),
        None => to.checked_sub(1),
    };
    let (Some((one, one_complete, before)), Some((two, two_complete, now))) =
        (from.and_then(|from| periods.get(from)), periods.get(to))
    else {
        return Ok(Outcome::NoPeriod(asked.from));
    };
    let values = |row: &Vec<Value>| -> Vec<Option<f64>> {
        (0..tree.values.len()).map(|at| rows.get(row, &name(at)).and_then(number)).collect()
    };
    let contributions = tree.contributions(&values(before), &values(now));
    let told = Told { contributions, from: (*one, *one_complete), to: (*two, *two_complete), tree };
    Ok(Outcome::Told(Box::new(told)))
}

fn name(at: usize) -> String {
    format!("value_{}", at + 1)
}

fn period<'r>(rows: &Rows, row: &'r Vec<Value>) -> Option<(Date, bool, &'r Vec<Value>)> {
    let day = rows.get(row, "period")?.as_str()?.parse().ok()?;
    Some((day, rows.get(row, "is_complete").and_then(Value::as_bool).unwrap_or(false), row))
}
