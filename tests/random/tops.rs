//! The top values of a dimension beside all others: which values these are, and what the evaluator says where the others, and the nulls,
//! are one value.

use super::engine::{Answer, Engine};
use super::evaluate::{Evaluator, Line};
use super::project::{Grain, Kpi, Project, Value};
use super::{compile, difference, journeys, may_be_refused, print, rounding, shown};
use kpic::model::KpiId;
use kpic::pipeline::Valid;
use kpic::plan::Question;
use kpic::plan::views::shape::{Shape, Top, shaped};
use proptest::test_runner::TestCaseError;
use std::cmp::Ordering;

/// A KPI by some dimensions, with the top values of the first.
struct Asked<'a> {
    kpi: &'a Kpi,
    by: &'a [String],
    top: Top,
    sql: String,
}

/// Whether every slice of a project shows so; how many were compared.
pub fn agree(project: &Project, engine: &mut Engine) -> Result<usize, TestCaseError> {
    // Rows may add up to what the engine refuses, and only the warehouse knows the periods of a custom calendar.
    if project.extreme || project.calendar.custom.is_some() || project.reduced && !project.calendar.is_sound() {
        return Ok(0);
    }
    let Ok(compiled) = compile(project) else { return Ok(0) };
    super::written::write(project);
    let whole = journeys::materialised(project);
    let asked = questions(&compiled.valid, &whole);
    let statements = super::statements_of(project, project);
    let queries: Vec<String> = asked.iter().map(|asked| asked.sql.clone()).collect();
    for (asked, answer) in asked.iter().zip(engine.answers(&statements, &queries)) {
        let fails = |why: String| Err(TestCaseError::fail(format!("top of {}: {why}\n{}", asked.kpi.name, asked.sql)));
        let rows = match answer {
            Ok(rows) => rows,
            Err(why) if may_be_refused(project, 0.0, &why) => continue,
            Err(why) => return fails(format!("the engine refuses it:\n{why}\n{}", print::tables(project))),
        };
        let problem = wrong(&compiled.valid, &whole, asked, &rows, rounding(project));
        if let Some(problem) = problem {
            return fails(problem);
        }
    }
    Ok(asked.len())
}

fn questions<'a>(valid: &Valid, project: &'a Project) -> Vec<Asked<'a>> {
    let model = valid.model();
    let mut asked = Vec::new();
    for kpi in project.kpis.iter().filter(|kpi| kpi.age.is_none()) {
        let id: KpiId = model.kpi_names[&kpi.name];
        for (at, by) in kpi.by.iter().enumerate() {
            let dimensions = by.iter().map(|name| model.dimension_names[name]).collect();
            let question = Question::view(model, id, model.kpis.get(id).grain, dimensions);
            let top = Top { count: 1 + at as u64 % 2, by: id, others: true };
            let shape = Shape { top: Some(top), ..Shape::default() };
            let plan = shaped(valid, &question, &shape);
            kpic::plan::verify(&plan).unwrap_or_else(|fault| panic!("a plan makes no sense: {fault}"));
            let sql = kpic::sql::query(&plan, kpic::dialect::dialect(None));
            asked.push(Asked { kpi, by, top, sql });
        }
    }
    asked
}

fn wrong(valid: &Valid, project: &Project, asked: &Asked<'_>, rows: &[Answer], rounding: f64) -> Option<String> {
    let Asked { kpi, by, top, .. } = asked;
    let first = &by[0];
    let mut evaluator = Evaluator::new(project);
    let grain = kpi.grains[0];
    let lines = evaluator.view(kpi, grain, by);
    let mut values: Vec<Value> = Vec::new();
    for line in &lines {
        if line.dimensions[0] != Value::Null && !values.contains(&line.dimensions[0]) {
            values.push(line.dimensions[0].clone());
        }
    }
    let is_shown = |value: &Value| rows.iter().any(|row| row[first] == shown(value) && row[first].is_some());
    let tops: Vec<Value> = values.iter().filter(|value| is_shown(value)).cloned().collect();
    for row in rows {
        if (row["is_others"].as_deref() == Some("true")) != row[first].is_none() {
            return Some(format!("{:?} is called others: {:?}", row[first], row["is_others"]));
        }
    }
    if tops.len() as u64 > top.count {
        return Some(format!("{tops:?} are more than {}", top.count));
    }
    let dimension = valid.model().dimension_names[first];
    if top.goes_by_last_period(valid.model(), &[dimension]) && !kpi.omit_gaps {
        let own = Evaluator::new(project).view(kpi, grain, &by[..1]);
        if let Some(problem) = other_tops(project, &own, &tops, top.count, grain, rounding) {
            return Some(problem);
        }
    }
    evaluator.tops = Some((first.clone(), tops));
    evaluator.forget();
    difference(by, &evaluator.view(kpi, grain, by), rows, rounding)
}

/// Where others should be the top values, by what they are at the last period.
fn other_tops(project: &Project, lines: &[Line], tops: &[Value], count: u64, grain: Grain, rounding: f64) -> Option<String> {
    let last = *project.calendar.shown(grain).last()?;
    let number = |line: &Line| if let Value::Number(number) = line.value { number } else { f64::NEG_INFINITY };
    let mut there: Vec<&Line> = lines.iter().filter(|line| line.period == last && line.dimensions[0] != Value::Null).collect();
    there.sort_by(|one, two| number(two).partial_cmp(&number(one)).unwrap_or(Ordering::Equal));
    let bound = there.get(..usize::try_from(count).unwrap().min(there.len()))?.last().map(|line| number(line))?;
    let near =
        |number: f64| (number - bound).abs() <= rounding.max(1e-9 * bound.abs().max(1.0)) || number.total_cmp(&bound).is_eq();
    for line in there {
        let is_top = tops.contains(&line.dimensions[0]);
        let value = number(line);
        if !near(value) && is_top != (value > bound) {
            return Some(format!("{:?} is at {value}, the least of the top at {bound}; among it: {is_top}", line.dimensions));
        }
    }
    None
}
