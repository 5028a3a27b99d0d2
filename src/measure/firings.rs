//! Guardrails that fire, as the engine answers the view `guardrails`.

use super::refused::{self, Refused};
use super::{Session, number, shown};
use crate::calendar::Date;
use crate::engine::{Answer, Failure, Rows};
use crate::model::Model;
use crate::model::guardrail::Guardrail;
use crate::plan::Data;
use crate::plan::views::guardrails::query;
use serde_json::Value;

/// A period in which a guardrail fires.
#[derive(Debug, Clone)]
pub struct Firing<'a> {
    /// The guardrail.
    pub guardrail: &'a Guardrail,
    /// The first day of the period.
    pub period: Date,
    /// The slice as people read it; nothing for the total.
    pub slice: Option<String>,
    /// The first day of the first period of the run.
    pub since: Date,
    /// How many periods of the run there are up to this one.
    pub periods: u64,
    /// The figures that the condition compares, in its order.
    pub figures: Vec<Option<f64>>,
    /// Whether it is the last complete period.
    pub is_current: bool,
}

impl Firing<'_> {
    /// What the condition compared, in its units: `gross_churn_rate 6.2%, growth(gross_churn_rate) 24.0%`.
    pub fn compared(&self) -> String {
        let each = self.guardrail.readings.iter().zip(&self.figures);
        let shown = each.map(|(reading, value)| format!("{} {}", reading.text, shown::known(*value, &reading.unit)));
        shown.collect::<Vec<_>>().join(", ")
    }
}

/// The firings in the rows of the view, by guardrail in the order of their definitions, then by period and slice.
pub fn firings<'a>(model: &'a Model, rows: &Rows) -> Vec<Firing<'a>> {
    let mut found: Vec<(usize, Firing<'a>)> = rows.rows.iter().filter_map(|row| firing(model, rows, row)).collect();
    found.sort_by(|(at, one), (place, two)| (at, one.period, &one.slice).cmp(&(place, two.period, &two.slice)));
    found.into_iter().map(|(_, firing)| firing).collect()
}

/// The firings of some guardrails, of which the view has answered. Where the engine refuses it, each guardrail is asked alone, and what
/// is refused then goes to `refused`.
///
/// # Errors
/// Fails if the engine cannot be used.
pub fn apart<'a>(
    session: &Session<'a>,
    guardrails: &[&'a Guardrail],
    answer: Answer,
    refused: &mut Refused,
) -> Result<Vec<Firing<'a>>, Failure> {
    let model = session.project.model();
    let mut found = Vec::new();
    for (of, answer) in session.apart(guardrails, answer, |guardrail| query(model, &[guardrail], Data::Warehouse))? {
        match (answer, of.first()) {
            (Ok(rows), _) => found.extend(firings(model, &rows)),
            (Err(why), Some(guardrail)) => {
                let what = format!("whether `{}` fires", guardrail.name.value);
                let finding = refused::other(&what, Some(guardrail.name.span), &why);
                refused.add(&query(model, &of, Data::Warehouse), finding);
            }
            (Err(_), None) => {}
        }
    }
    Ok(found)
}

fn firing<'a>(model: &'a Model, rows: &Rows, row: &[Value]) -> Option<(usize, Firing<'a>)> {
    let text = |name: &str| rows.get(row, name).and_then(Value::as_str);
    let day = |name: &str| text(name).and_then(|text| text.parse().ok());
    let name = text("guardrail")?;
    let (at, guardrail) = model.guardrails.iter().enumerate().find(|(_, guardrail)| guardrail.name.value == name)?;
    let figures: Value = text("figures").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let firing = Firing {
        guardrail,
        period: day("period")?,
        slice: text("slice").map(str::to_owned),
        since: day("since")?,
        periods: rows.get(row, "periods").and_then(number).map_or(1, super::whole),
        figures: guardrail.readings.iter().map(|reading| figures.get(&reading.text).and_then(number)).collect(),
        is_current: rows.get(row, "is_current").and_then(Value::as_bool).unwrap_or(false),
    };
    Some((at, firing))
}
