//! Measured baselines as the numbers that they are now, for `freeze`.

use super::refused::Refused;
use super::{Session, status};
use crate::engine::Failure;
use crate::model::Model;
use crate::model::objective::{Baseline, Goal, KeyResult};
use crate::model::unit::{Notation, Unit};
use crate::text::Span;

/// A measured baseline.
#[derive(Debug)]
pub struct Measured {
    /// The objective and key result: `love_at_first_use.activation_up`.
    pub of: String,
    /// Where `measured` stands; nothing where the spec does not say it.
    pub span: Option<Span>,
    /// The number as specs write it; nothing where it is not known yet.
    pub number: Option<String>,
}

/// Whether any baseline is measured.
pub fn is_asked(model: &Model) -> bool {
    model.objectives.rows().iter().flat_map(|objective| &objective.key_results).any(|result| measured_at(result).is_some())
}

/// All measured baselines, in the order of their definitions. What the engine refuses is not known, and goes to `refused`.
///
/// # Errors
/// Fails if the engine cannot be used.
pub fn measured(session: &Session<'_>, refused: &mut Refused) -> Result<Vec<Measured>, Failure> {
    let model = session.project.model();
    let mut found = Vec::new();
    for standing in status::standings(session, refused)? {
        let objective = model.objectives.get(standing.objective);
        for (result, known) in objective.key_results.iter().zip(&standing.key_results) {
            let Some(span) = measured_at(result) else { continue };
            let unit = result.kpi().map(|shown| model.kpis.get(shown.kpi).facts.unit.clone()).unwrap_or_default();
            found.push(Measured {
                of: format!("{}.{}", objective.name.value, result.name.value),
                span: *span,
                number: known.baseline.map(|value| written(value, &unit)),
            });
        }
    }
    Ok(found)
}

/// Where a spec says that a baseline is measured, as far as it says so; nothing where it is not.
fn measured_at(result: &KeyResult) -> Option<&Option<Span>> {
    match &result.goal {
        Some(Goal::Reach { from: Baseline::Measured(span), .. }) if result.dropped.is_none() => Some(span),
        _ => None,
    }
}

/// A number as specs write it. 12 digits are more than any target needs, and leave no trace of binary arithmetic.
pub fn written(value: f64, unit: &Unit) -> String {
    let plain = |value: f64| {
        let settled: f64 = format!("{value:.11e}").parse().unwrap_or(value);
        format!("{settled}")
    };
    if unit.shown == Notation::Percent { format!("{}%", plain(value * 100.0)) } else { plain(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_would() {
        let percent = Unit::parse("%").unwrap();
        assert_eq!(written(0.29, &percent), "29%");
        assert_eq!(written(1.0 / 3.0, &percent), "33.3333333333%");
        assert_eq!(written(1234.5, &Unit::none()), "1234.5");
        assert_eq!(written(0.1 + 0.2, &Unit::none()), "0.3");
        assert_eq!(written(-100.0, &Unit::none()), "-100");
    }
}
