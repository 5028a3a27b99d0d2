//! Why a KPI changed: what each of its components contributed between two periods.

use super::guard::{self, Guarded, Guarding};
use super::refused::{self, Refused};
use super::{Session, number};
use crate::align::drivers::{Contribution, Tree};
use crate::calendar::{Date, Grain, add};
use crate::diagnostic::Findings;
use crate::engine::{Failure, Refusal, Rows};
use crate::model::expr::Node;
use crate::model::{Body, DimensionId, KpiId};
use crate::plan::relation::Query;
use crate::plan::{self, Data, Output, Question, Show, views};
use crate::text::Spanned;
use serde_json::Value;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// The KPI.
    pub kpi: KpiId,
    /// The grain of the periods.
    pub grain: Grain,
    /// The first day of the period to start with; the one before the other if not given.
    pub from: Option<Date>,
    /// The first day of the period to end with; the last complete one if not given.
    pub to: Option<Date>,
}

/// The answer.
#[derive(Debug)]
pub enum Outcome {
    /// What contributed.
    Told(Box<Told>),
    /// The engine cannot work them out.
    Unfit(Findings),
    /// There is no such period, or no two of them that are complete.
    NoPeriod(Option<Date>),
    /// No complete period is after the one to start with; the last complete one, if there is any.
    NothingAfter(Date, Option<Date>),
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
    /// What the slices of the KPI contributed, by each dimension that it is sliced by alone, where it has no other components and its
    /// slices add up to it.
    pub slices: BySlices,
}

/// Slices by some dimensions, those of each together.
pub type BySlices = Vec<(DimensionId, Vec<Slice>)>;

/// A slice at two periods.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    /// Its value of the dimension; nothing for null.
    pub of: Option<String>,
    /// Its figure in the earlier period; 0 where it is not there yet.
    pub before: f64,
    /// Its figure in the later period.
    pub now: f64,
}

/// Asks an engine.
///
/// # Errors
/// Fails if the engine cannot be used.
pub fn why(session: &Session<'_>, guarding: Guarding, asked: Asked) -> Result<Guarded<Outcome>, Failure> {
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
        lumped: None,
        omit_gaps: false,
        is_lead_in: false,
        since: None,
        from,
        to: asked.to,
        data: Data::Warehouse,
        is_own: plan::nothing_is_own,
    };
    let plans = [plan::plan(session.project, &question)];
    // Which two periods are shown by slices is known by the answer; their rows are among those of the question.
    let (_, by_slices) = slice_plans(session, asked, from, asked.to);
    let read: Vec<Query> = plans.iter().cloned().chain(by_slices).collect();
    guard::beside(session, guarding, &read, || match session.answer(&plans)?.into_iter().next() {
        Some(Ok(rows)) => told(session, asked, tree, &rows),
        Some(Err(why)) => Ok(Outcome::Unfit(refusal(session, asked.kpi, &plans, &why)?)),
        None => told(session, asked, tree, &Rows::default()),
    })
}

/// What the rows of the plan tell.
fn told(session: &Session<'_>, asked: Asked, tree: Tree, rows: &Rows) -> Result<Outcome, Failure> {
    let mut periods: Vec<(Date, bool, &Vec<Value>)> = rows.rows.iter().filter_map(|row| period(rows, row)).collect();
    periods.sort_by_key(|(day, ..)| *day);
    let to = match asked.to {
        Some(day) => periods.iter().position(|(known, ..)| *known == day),
        None => periods.iter().rposition(|(day, complete, _)| *complete && asked.from.is_none_or(|from| *day > from)),
    };
    let Some(to) = to else {
        let last = periods.iter().rev().find(|(_, complete, _)| *complete).map(|(day, ..)| *day);
        return Ok(match (asked.to, asked.from) {
            (None, Some(from)) => Outcome::NothingAfter(from, last),
            (to, _) => Outcome::NoPeriod(to),
        });
    };
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
    let slices = match slices(session, asked, *one, *two)? {
        Ok(slices) => slices,
        Err(unfit) => return Ok(Outcome::Unfit(unfit)),
    };
    let told = Told { contributions, from: (*one, *one_complete), to: (*two, *two_complete), slices, tree };
    Ok(Outcome::Told(Box::new(told)))
}

/// Why the engine refuses queries for a KPI.
fn refusal(session: &Session<'_>, kpi: KpiId, queries: &[Query], why: &Refusal) -> Result<Findings, Failure> {
    let model = session.project.model();
    let mut refused = Refused::default();
    queries.iter().for_each(|query| refused.add(query, refused::kpi(model, kpi, why)));
    refused.explained(session)
}

/// The queries for the slices of a KPI that is not made of others, where they add up to it, each with its dimension.
fn slice_plans(session: &Session<'_>, asked: Asked, from: Option<Date>, to: Option<Date>) -> (Vec<DimensionId>, Vec<Query>) {
    let kpi = session.project.model().kpis.get(asked.kpi);
    let is_whole = matches!(&kpi.body, Body::Formula(calc) if matches!(calc.node, Node::Leaf(_)));
    if !is_whole || !kpi.facts.adds_over_slices {
        return (Vec::new(), Vec::new());
    }
    let alone = |by: &Spanned<Vec<DimensionId>>| if let [one] = by.value.as_slice() { Some(*one) } else { None };
    let plan_of = |dimension: DimensionId| {
        let shown = Output { name: name(0), show: Show::Value(asked.kpi) };
        let question = Question { outputs: vec![shown], dimensions: vec![dimension], from, to, ..views::blank(asked.grain) };
        (dimension, plan::plan(session.project, &question))
    };
    kpi.by.iter().filter_map(alone).map(plan_of).unzip()
}

/// What the slices of a KPI come to in two periods. The inner error is why the engine refuses that.
fn slices(session: &Session<'_>, asked: Asked, one: Date, two: Date) -> Result<Result<BySlices, Findings>, Failure> {
    let model = session.project.model();
    let (dimensions, plans) = slice_plans(session, asked, Some(one), Some(two));
    let mut all = Vec::new();
    for (dimension, answer) in dimensions.into_iter().zip(session.answer(&plans)?) {
        let rows = match answer {
            Ok(rows) => rows,
            Err(why) => return Ok(Err(refusal(session, asked.kpi, &plans, &why)?)),
        };
        let mut slices: Vec<Slice> = Vec::new();
        for row in &rows.rows {
            let day: Option<Date> = rows.get(row, "period").and_then(Value::as_str).and_then(|day| day.parse().ok());
            let is_now = match day {
                Some(day) if day == one => false,
                Some(day) if day == two => true,
                _ => continue,
            };
            let of = match rows.get(row, &model.dimensions.get(dimension).name) {
                Some(Value::String(text)) => Some(text.clone()),
                Some(Value::Null) | None => None,
                Some(other) => Some(other.to_string()),
            };
            let value = rows.get(row, &name(0)).and_then(number).unwrap_or(0.0);
            let at = slices.iter().position(|slice| slice.of == of).unwrap_or_else(|| {
                slices.push(Slice { of, before: 0.0, now: 0.0 });
                slices.len() - 1
            });
            if let Some(slice) = slices.get_mut(at) {
                *(if is_now { &mut slice.now } else { &mut slice.before }) = value;
            }
        }
        let change = |slice: &Slice| (slice.now - slice.before).abs();
        slices.sort_by(|a, b| change(b).total_cmp(&change(a)).then_with(|| a.of.cmp(&b.of)));
        all.push((dimension, slices));
    }
    Ok(Ok(all))
}

fn name(at: usize) -> String {
    format!("value_{}", at + 1)
}

fn period<'r>(rows: &Rows, row: &'r Vec<Value>) -> Option<(Date, bool, &'r Vec<Value>)> {
    let day = rows.get(row, "period")?.as_str()?.parse().ok()?;
    Some((day, rows.get(row, "is_complete").and_then(Value::as_bool).unwrap_or(false), row))
}
