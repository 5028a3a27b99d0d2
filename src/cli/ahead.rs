//! What is expected of a key result at its due date, in words and for programs.

use crate::measure::outlook::{Expected, Outlook};
use crate::measure::present;
use crate::measure::shown::Precision;
use crate::measure::status::ResultStanding;
use crate::model::Model;
use crate::model::objective::{Goal, KeyResult};
use crate::model::unit::Unit;
use crate::plan::views::objectives::unit_text;
use serde_json::{Value, json};

/// The forecast of a key result in words: where it will be, how sure that is, what would be needed and what the past ever brought; or why there is none.
pub(super) fn line(model: &Model, result: &KeyResult, known: &ResultStanding, outlook: &Outlook) -> String {
    let outlook = match outlook {
        Ok(outlook) => outlook,
        Err(why) => return format!("none; {why}"),
    };
    let unit = Unit::parse(&unit_text(model, result)).unwrap_or_default();
    let figures = [Some(outlook.value), known.current, known.target].into_iter().flatten();
    let precision = Precision::of(figures, &unit);
    let figure = |value: f64| precision.figure(value, &unit);
    let value = figure(outlook.value);
    let goal = match &result.goal {
        Some(Goal::Reach { .. }) => format!(" of {}", precision.known(known.target, &unit)),
        Some(Goal::Keep(_)) => format!(" ({})", present::goal(result, known.target, &unit)),
        None => String::new(),
    };
    let mut parts = vec![format!("at this rate {value}{goal} on {}", outlook.day)];
    if let Some((low, high)) = outlook.interval {
        parts.push(format!("80% interval {} to {}", figure(low), figure(high)));
    }
    parts.extend(outlook.chance.map(|chance| format!("chance {:.0}%", chance * 100.0)));
    parts.extend(outlook.why_no_interval());
    let (grain, periods) = (outlook.grain, outlook.periods);
    let span = if periods == 1 { grain.to_string() } else { format!("{periods} {grain}s") };
    let change = |value: f64| {
        let sizes = known.target.into_iter().chain(known.current).chain([value]);
        Precision::of(sizes, &unit).change(value, &unit)
    };
    parts.extend(outlook.needed.map(|needed| format!("{} a {grain} is needed", change(needed))));
    parts.extend(outlook.best.map(|best| format!("the best {span} so far brought {}", change(best))));
    parts.join("; ")
}

/// A key result for programs with what is expected of it: all members are there for each result, null where there is nothing to say.
pub(super) fn with_outlook(mut object: Value, outlook: Option<&Outlook>) -> Value {
    let expected = outlook.and_then(|outlook| outlook.as_ref().ok());
    let no_forecast = outlook.and_then(|outlook| outlook.as_ref().err().cloned());
    let low_and_high = expected.and_then(|expected| expected.interval);
    let members = [
        ("forecast", json!(expected.map(|expected| expected.value))),
        ("low", json!(low_and_high.map(|(low, _)| low))),
        ("high", json!(low_and_high.map(|(_, high)| high))),
        ("chance", json!(expected.and_then(|expected| expected.chance))),
        ("needed_per_period", json!(expected.and_then(|expected| expected.needed))),
        ("best_so_far", json!(expected.and_then(|expected| expected.best))),
        ("forecast_on", json!(expected.map(|expected| expected.day.to_string()))),
        ("forecast_periods", json!(expected.map(|expected| expected.periods))),
        ("forecast_method", json!(expected.map(|expected| expected.made.method.name()))),
        ("forecast_error", json!(expected.and_then(|expected| expected.made.error))),
        ("no_forecast", json!(no_forecast)),
        ("no_interval", json!(expected.and_then(Expected::why_no_interval))),
    ];
    if let Some(object) = object.as_object_mut() {
        object.extend(members.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }
    object
}
