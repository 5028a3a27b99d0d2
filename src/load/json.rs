//! A YAML tree as JSON, for what kpic itself gives no meaning: the compiler leaves it to each key what a scalar is.

use super::yaml::{Node, Style, Value};
use serde_json::{Value as Json, json};

/// A YAML node as JSON, by the core schema of YAML 1.2.
pub fn value(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Scalar(scalar) if scalar.style == Style::Plain => plain(&scalar.text),
        Value::Scalar(scalar) => json!(scalar.text),
        Value::List(items) => Json::Array(items.iter().map(value).collect()),
        Value::Map(entries) => {
            Json::Object(entries.iter().map(|entry| (entry.key.value.clone(), value(&entry.value))).collect())
        }
    }
}

/// A plain scalar: a truth value, a number, or a text.
fn plain(text: &str) -> Json {
    match text {
        "true" | "True" | "TRUE" => return json!(true),
        "false" | "False" | "FALSE" => return json!(false),
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let numeric = digits.starts_with(|char: char| char.is_ascii_digit() || char == '.')
        && digits.contains(|char: char| char.is_ascii_digit())
        && digits.chars().all(|char| char.is_ascii_digit() || matches!(char, '.' | 'e' | 'E' | '-' | '+'));
    let number = text.strip_prefix('+').unwrap_or(text);
    match (number.parse::<i64>(), number.parse::<f64>()) {
        (Ok(whole), _) if numeric => json!(whole),
        (_, Ok(value)) if numeric && value.is_finite() => json!(value),
        _ => json!(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_are_read_as_editors_do() {
        let pairs = [("1", json!(1)), ("-2.5", json!(-2.5)), ("+3", json!(3)), ("1e3", json!(1000.0)), (".5", json!(0.5))];
        let texts = ["1_000", "25%", "2024-01-31", "2024-Q1", "a", "-", ".", "+", "1e999", "yes"];
        for (text, wanted) in pairs.into_iter().chain(texts.map(|text| (text, json!(text)))) {
            assert_eq!(plain(text), wanted, "{text}");
        }
        assert_eq!(plain("true"), json!(true));
    }
}
