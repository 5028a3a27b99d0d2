//! What a KPI, or the slice of it that a key result is about, was in each period of the past.

use super::number;
use crate::calendar::Date;
use crate::engine::Rows;
use crate::model::Model;
use crate::model::expr::Literal;
use crate::model::objective::MeasuredKpi;
use crate::plan::{Data, Output, Question, Show};
use serde_json::Value;

/// The question after all periods that begin no later than `to`.
pub(super) fn question(model: &Model, shown: &MeasuredKpi, to: Option<Date>) -> Question {
    let output = |name: &str, show| Output { name: name.to_owned(), show };
    let kpi = shown.kpi;
    Question {
        outputs: vec![output("value", Show::Value(kpi)), output("is_complete", Show::IsComplete(vec![kpi]))],
        grain: shown.grain,
        dimensions: shown.dimensions(),
        age: None,
        filter: None,
        lumped: None,
        since: None,
        omit_gaps: false,
        is_lead_in: false,
        from: Some(model.calendar.data_from),
        to,
        data: Data::Warehouse,
        is_own: |name| ["period", "value", "is_complete"].contains(&name),
    }
}

/// The complete periods with their values, the earliest first.
pub(super) fn complete(model: &Model, shown: &MeasuredKpi, rows: &Rows) -> Vec<(Date, Option<f64>)> {
    let question = question(model, shown, None);
    let is_complete = |row: &[Value]| rows.get(row, "is_complete").and_then(Value::as_bool).unwrap_or(false);
    let day = |row: &[Value]| rows.get(row, "period").and_then(Value::as_str).and_then(|day| day.parse::<Date>().ok());
    let own = rows.rows.iter().filter(|row| is_of_slice(model, &question, shown, rows, row) && is_complete(row));
    let mut found: Vec<(Date, Option<f64>)> =
        own.filter_map(|row| Some((day(row)?, rows.get(row, "value").and_then(number)))).collect();
    found.sort_by_key(|(period, _)| *period);
    found
}

/// Whether a row is of the slice that a result is about.
fn is_of_slice(model: &Model, question: &Question, shown: &MeasuredKpi, rows: &Rows, row: &[Value]) -> bool {
    shown.slice.iter().all(|member| {
        let value = rows.get(row, &question.key(model, member.dimension)).unwrap_or(&Value::Null);
        match (&member.value, value) {
            (Literal::Null, value) => value.is_null(),
            (Literal::Text(text), Value::String(value)) => text == value,
            (Literal::Date(day), Value::String(value)) => day.to_string() == *value,
            (Literal::Truth(truth), Value::Bool(value)) => truth == value,
            (Literal::Number(digits), Value::Number(value)) => *digits == value.to_string(),
            _ => false,
        }
    })
}
