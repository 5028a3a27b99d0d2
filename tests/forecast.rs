//! Forecasts beside those of statsmodels and SciPy on fixed random series: `tests/forecast/reference.json`, made by `make test-forecast`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot read the numbers has failed")]

use kpic::forecast::{Weights, forecast, run, start};
use serde_json::Value;

fn reference() -> Value {
    serde_json::from_str(include_str!("forecast/reference.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

fn close(value: f64, wanted: &Value, what: &str) {
    let wanted = wanted.as_f64().unwrap();
    assert!((value - wanted).abs() <= 1e-6 * wanted.abs().max(1.0), "{what}: {value} is not {wanted}");
}

#[test]
fn the_recursion_is_that_of_statsmodels() {
    let reference = &reference()["recursion"];
    let (values, part) = (numbers(&reference["values"]), |key: &str| reference[key].as_f64().unwrap());
    let weights = Weights { level: part("level"), trend: part("trend"), damping: part("damping") };
    let (state, squares) = run(&values, weights, start(&values).unwrap());
    close(squares, &reference["squares"], "squares");
    let ahead = numbers(&reference["ahead"]);
    for (value, wanted) in state.ahead(weights.damping, ahead.len()).into_iter().zip(reference["ahead"].as_array().unwrap()) {
        close(value, wanted, "ahead");
    }
}

#[test]
fn methods_values_errors_and_chances_are_those_of_the_reference() {
    let reference = reference();
    let cases = reference["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 7);
    for case in cases {
        let whole = |key: &str| usize::try_from(case[key].as_u64().unwrap()).unwrap();
        let found = forecast(&numbers(&case["values"]), whole("season"), whole("horizon")).unwrap();
        assert_eq!(found.method.name(), case["method"].as_str().unwrap(), "{case}");
        assert_eq!(found.errors, whole("errors"), "{case}");
        close(found.value, &case["value"], "value");
        close(found.error.unwrap(), &case["error"], "error");
        assert_eq!(found.spread.is_none(), case["margin"].is_null(), "{case}");
        let Some(spread) = found.spread else { continue };
        close(spread.margin(), &case["margin"], "margin");
        close(spread.chance(found.value, case["target"].as_f64().unwrap(), f64::INFINITY), &case["chance"], "chance");
    }
}
