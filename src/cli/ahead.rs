//! What is expected of a key result at its due date, for programs.

use crate::measure::outlook::{Expected, Outlook};
use serde_json::{Value, json};

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
