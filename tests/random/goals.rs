//! Key results of slices: what a key result reads is the KPI's row for its slice, as the evaluator says of the view by these dimensions.

use super::engine::Answer;
use super::evaluate::Evaluator;
use super::print;
use super::project::{Project, Value};
use super::same;
use jiff::ToSpan;
use kpic::model::objective::Sheet;
use kpic::pipeline::{Options, check_texts};
use kpic::plan::views::{Shows, query, views};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Key results, with what is expected of each in complete periods.
pub struct Goals {
    /// The query that shows what was read of them.
    pub sql: String,
    expected: BTreeMap<String, BTreeMap<String, Value>>,
}

/// Some key results of the slices of a project's KPIs; nothing if it has no slices.
pub fn goals<'a>(project: &Project, whole: &'a Project, evaluator: &Evaluator<'a>) -> Result<Option<Goals>, String> {
    let begins = project.calendar.start;
    let ends = project.calendar.as_of + 900.days();
    let mut text =
        format!("objectives:\n  o:\n    title: All\n    period: {{ from: {begins}, to: {ends} }}\n    key_results:\n");
    let mut expected: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    // Rows that are left out of a view are read all the same.
    for kpi in whole.kpis.iter().filter(|kpi| kpi.age.is_none() && !kpi.omit_gaps) {
        for slice in &kpi.by {
            let lines = evaluator.view(kpi, kpi.grains[0], slice);
            let Some(last) = lines.last() else { continue };
            let name = format!("r{}_{}", expected.len(), kpi.name);
            let members: Vec<String> = slice
                .iter()
                .zip(&last.dimensions)
                .map(|(dimension, value)| format!("{dimension}: {}", written(value)))
                .collect();
            _ = writeln!(text, "      {name}: {{ kpi: {}, slice: {{ {} }}, from: 0, to: 1000 }}", kpi.name, members.join(", "));
            let own = lines.iter().filter(|line| line.dimensions == last.dimensions && line.period >= begins);
            let complete = own.filter(|line| line.is_complete);
            expected.insert(name, complete.map(|line| (line.period.to_string(), line.value.clone())).collect());
        }
    }
    if expected.is_empty() {
        return Ok(None);
    }
    let mut files = print::files(project);
    files[1].1.push_str(&text);
    let checked = check_texts(files, &Options::default());
    let valid = checked.valid().map_err(|checked| print::findings(&checked))?;
    let shown = views(&valid).into_iter().find(|view| matches!(view.shows, Shows::Objectives(Sheet::History))).unwrap();
    let plan = query(&valid, &shown.shows).unwrap();
    kpic::plan::verify(&plan).unwrap_or_else(|fault| panic!("a plan makes no sense: {fault}\n{}", kpic::plan::print(&plan)));
    let sql = kpic::sql::query(&plan, kpic::dialect::dialect(None));
    Ok(Some(Goals { sql, expected }))
}

/// Where what was read differs from what is expected.
pub fn difference(goals: &Goals, got: &[Answer], rounding: f64) -> Option<String> {
    for (name, expected) in &goals.expected {
        let of = got.iter().filter(|row| row["key_result"].as_deref() == Some(name));
        let read: BTreeMap<String, Option<&str>> =
            of.map(|row| (row["period"].clone().unwrap_or_default(), row["current"].as_deref())).collect();
        if read.keys().ne(expected.keys()) {
            return Some(format!("{name}: expected {expected:?}, got {read:?}"));
        }
        for (period, value) in expected {
            if !same(value, read[period], rounding) {
                return Some(format!("{name}, {period}: expected {value:?}, got {:?}", read[period]));
            }
        }
    }
    None
}

/// A value of a dimension as YAML.
fn written(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        Value::Date(day) => day.to_string(),
        other => panic!("{other:?} is not a value of a dimension"),
    }
}
