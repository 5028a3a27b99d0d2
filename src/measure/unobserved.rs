//! Why a key result is not observable, in words: what its figures are lacking.

use super::shown;
use super::status::ResultStanding;
use crate::calendar::{Date, add_days};
use crate::model::Model;
use crate::model::objective::{Baseline, Evidence, Goal, KeyResult, MeasuredKpi, Objective, Reads};
use crate::plan::views::objectives::slice_text;

/// The status of what nothing is known of.
pub(super) const STATUS: &str = "not_observable";

/// Why nothing is known of a key result; empty if something is.
pub(super) fn why(
    model: &Model,
    objective: &Objective,
    result: &KeyResult,
    known: &ResultStanding,
    today: Option<Date>,
) -> String {
    if known.score.status != STATUS {
        return String::new();
    }
    match (&result.evidence, known.current) {
        (Evidence::Manual(_), None) => "there is no check-in yet".to_owned(),
        (Evidence::Kpi(shown), None) => no_value(model, objective, result, shown, today),
        _ if known.baseline.is_none() => no_baseline(objective, result),
        _ if known.baseline.is_some() && known.baseline == known.target => "its target equals its baseline".to_owned(),
        _ => "no progress follows from its figures".to_owned(),
    }
}

fn no_value(model: &Model, objective: &Objective, result: &KeyResult, shown: &MeasuredKpi, today: Option<Date>) -> String {
    let (grain, calendar) = (shown.grain, &model.calendar);
    let Some(start) = objective.period.map(|period| period.first) else { return "it has no value".to_owned() };
    let first = calendar.first_from(grain, start);
    let end = add_days(calendar.next(grain, first), -1);
    if !calendar.custom && today.is_some_and(|today| today < end) {
        return format!("its first reading is on {end}");
    }
    let slice = slice_text(model, result);
    let of = if slice.is_empty() { String::new() } else { format!(" for {slice}") };
    if result.reads == Reads::Latest {
        // Earlier ones may have values; only the last one is read.
        let end = objective.period.map_or(Date::MAX, |period| period.last).min(today.unwrap_or(Date::MAX));
        let (mut last, mut next) = (first, calendar.next(grain, first));
        while next > last && add_days(calendar.next(grain, next), -1) <= end {
            (last, next) = (next, calendar.next(grain, next));
        }
        let named = if calendar.custom || calendar.settle > 0 {
            String::new()
        } else {
            format!(", {},", shown::period(last, grain, calendar))
        };
        return format!("its last complete {grain}{named} has no value{of}");
    }
    format!("no complete {grain} from {start} on has a value{of}")
}

fn no_baseline(objective: &Objective, result: &KeyResult) -> String {
    let grain = result.kpi().map_or_else(|| "period".to_owned(), |shown| shown.grain.to_string());
    match (&result.goal, objective.period) {
        (Some(Goal::Reach { from: Baseline::Measured(_), .. }), Some(period)) => {
            format!("there is no {grain} with a value before {}, from which `from: measured` takes the baseline", period.first)
        }
        _ => "it has no baseline".to_owned(),
    }
}
