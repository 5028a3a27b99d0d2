//! An answer as a table that people read.

use crate::calendar::Grain;
use crate::cli::{out, show};
use crate::engine::Rows;
use crate::measure::shown::Precision;
use crate::measure::{number, shown};
use crate::model::unit::Unit;
use crate::model::{KpiId, Model, Sampling, sampling};
use crate::pipeline::Valid;
use crate::plan::asked_for;
use crate::plan::views::shape::IS_OTHERS;
use crate::query::Column;
use serde_json::Value;

/// Rows as a table, in which the first of the `dimensions` says which row is all others.
pub(super) fn table(
    project: &Valid,
    rows: &Rows,
    columns: &[Column],
    kpis: &[KpiId],
    (grain, dimension): (Grain, Option<&str>),
) -> String {
    let model = project.model();
    let mut units: Vec<(String, Unit)> = Vec::new();
    for (column, id) in columns.iter().zip(kpis) {
        let kpi = model.kpis.get(*id);
        units.push((column.name.clone(), kpi.facts.unit.clone()));
        for (beside, _) in model.kpis.get(asked_for(model, *id).0).sampling.iter().flat_map(Sampling::columns) {
            let unit = if beside == sampling::N { Unit::default() } else { kpi.facts.unit.clone() };
            units.push((sampling::beside(&column.name, beside), unit));
        }
    }
    if rows.rows.is_empty() {
        return "no rows\n".to_owned();
    }
    let shown: Vec<usize> = rows
        .columns
        .iter()
        .enumerate()
        .filter(|(_, name)| !matches!(name.as_str(), "is_complete" | IS_OTHERS))
        .map(|(at, _)| at)
        .collect();
    let headings: Vec<String> = shown.iter().filter_map(|at| rows.columns.get(*at)).map(|name| heading(name, &units)).collect();
    let precisions: Vec<Option<Precision>> = rows
        .columns
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let (_, unit) = units.iter().find(|(known, _)| known == name)?;
            Some(Precision::of(rows.rows.iter().filter_map(|row| number(row.get(at)?)), unit))
        })
        .collect();
    let mut any_open = false;
    let body: Vec<Vec<String>> = rows
        .rows
        .iter()
        .map(|row| {
            let complete = rows.get(row, "is_complete").and_then(Value::as_bool).unwrap_or(true);
            any_open |= !complete;
            let is_others = rows.get(row, IS_OTHERS).and_then(Value::as_bool).unwrap_or(false);
            let text = |at: &usize| {
                let is_named = is_others && rows.columns.get(*at).map(String::as_str) == dimension;
                if is_named {
                    "(others)".to_owned()
                } else {
                    cell(model, rows, row, *at, (&units, &precisions), grain, complete)
                }
            };
            shown.iter().map(text).collect()
        })
        .collect();
    let is_figure = |at: usize| {
        let name = shown.get(at).and_then(|at| rows.columns.get(*at));
        name.is_some_and(|name| units.iter().any(|(known, _)| known == name))
    };
    let keys = (0..shown.len()).take_while(|at| !is_figure(*at)).count();
    let mut out = show::split_table(&headings, &body, keys, is_figure);
    if any_open {
        out.push_str(&format!("\n{}\n", out::styled(out::DIM, "* not complete")));
    }
    out
}

fn heading(name: &str, units: &[(String, Unit)]) -> String {
    match units.iter().find(|(known, _)| *known == name).map(|(_, unit)| unit.to_string()) {
        Some(unit) if !unit.is_empty() => format!("{name} ({unit})"),
        _ => name.to_owned(),
    }
}

/// The columns of figures by their names and units, and the precision of each of all columns that is one.
type Figures<'a> = (&'a [(String, Unit)], &'a [Option<Precision>]);

fn cell(
    model: &Model,
    rows: &Rows,
    row: &[Value],
    at: usize,
    (units, precisions): Figures<'_>,
    grain: Grain,
    complete: bool,
) -> String {
    let name = rows.columns.get(at).map(String::as_str).unwrap_or_default();
    let value = row.get(at).unwrap_or(&Value::Null);
    if let (Some((_, unit)), Some(Some(precision))) = (units.iter().find(|(known, _)| *known == name), precisions.get(at)) {
        return precision.exact(value, unit);
    }
    match value {
        Value::Null => "null".to_owned(),
        Value::String(text) if name == "period" => {
            let label = text.parse().map_or_else(|_| text.clone(), |day| shown::period(day, grain, &model.calendar));
            if complete { label } else { format!("{label}*") }
        }
        Value::String(text) => {
            let line: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
            shown::told_from_null(&line)
        }
        other => other.to_string(),
    }
}
