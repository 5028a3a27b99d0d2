//! What a spec file may hold, as tables, and the one place that holds a file against them.
//!
//! A [`Record`] lists the keys of one kind of definition with the [`Shape`] of each value. [`check`] walks a tree along a
//! shape and reports every key that is unknown, doubled or missing and every value of the wrong shape. Decoders read a tree
//! after that and therefore never report a shape: what is wrong is left out there, because it has been said here.

use crate::calendar::{Date, Label};
use crate::diagnostic::suggest::{self, Words};
use crate::diagnostic::{Findings, Fix, codes};
use crate::load::{Entry, Node, Value};
use crate::text::Span;

/// A map with a fixed set of keys.
#[derive(Debug)]
pub struct Record {
    /// What the map describes, for messages: "a KPI".
    pub what: &'static str,
    /// Its keys.
    pub fields: &'static [Field],
}

/// One key of a record.
#[derive(Debug)]
pub struct Field {
    /// The key.
    pub key: &'static str,
    /// What its value may be.
    pub shape: Shape,
    /// What it means, for the schema and the docs.
    pub about: &'static str,
    /// A value as YAML, for the schema and the docs, where the shape does not say enough.
    pub example: Option<&'static str>,
    /// Whether the key has to be there.
    pub required: bool,
    /// Whether this version of kpic knows the key but cannot compile it yet.
    pub later: bool,
}

impl Field {
    /// A key that may be left out.
    pub const fn new(key: &'static str, shape: Shape, about: &'static str) -> Self {
        Self { key, shape, about, example: None, required: false, later: false }
    }

    /// The same key, with a value as an example.
    #[must_use]
    pub const fn example(self, yaml: &'static str) -> Self {
        Self { example: Some(yaml), ..self }
    }

    /// The same key, which has to be there.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The same key, which is part of the language but not supported yet.
    #[must_use]
    pub const fn later(self) -> Self {
        Self { later: true, ..self }
    }
}

/// What a value may be.
#[derive(Debug)]
pub enum Shape {
    /// Any scalar, read as text.
    Text,
    /// A name that is defined or referred to elsewhere.
    Name,
    /// A text in the formula language.
    Formula,
    /// A whole number from 0.
    Count,
    /// A number, which may be a percentage.
    Number,
    /// `true` or `false`.
    Truth,
    /// A day, `2025-01-31`.
    Day,
    /// A period, `2025-01`, `2025-Q1`, `2025-W05`, `2025`, `2025-01-31`.
    Period,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of such values.
    List(&'static Shape),
    /// A map from names to such values. The text says what one of them is: "a KPI".
    Named(&'static str, &'static Shape),
    /// A map from any text to such values.
    Map(&'static Shape),
    /// A map with these keys.
    Record(&'static Record),
    /// One of these, told apart by whether the value is a scalar, a list or a map.
    Either(&'static [Shape]),
    /// Anything.
    Any,
}

/// Reports everything in `node` that does not fit `shape`.
pub fn check(node: &Node, shape: &Shape, findings: &mut Findings) {
    match (shape, &node.value) {
        (Shape::Any, _) => doubled_below(node, findings),
        (Shape::Either(shapes), _) => match shapes.iter().find(|shape| shape.takes(node)) {
            Some(shape) => check(node, shape, findings),
            None => wrong(node, shape, findings),
        },
        (Shape::List(inner), Value::List(items)) => {
            for item in items {
                check(item, inner, findings);
            }
        }
        (Shape::Named(what, inner), Value::Map(entries)) => {
            doubled(entries, findings);
            for entry in entries {
                name(&entry.key.value, entry.key.span, what, findings);
                check(&entry.value, inner, findings);
            }
        }
        (Shape::Map(inner), Value::Map(entries)) => {
            doubled(entries, findings);
            for entry in entries {
                check(&entry.value, inner, findings);
            }
        }
        (Shape::Record(record), Value::Map(entries)) => record.check(node, entries, findings),
        // A definition without anything in it: `orders:` lacks what is required and nothing else.
        (Shape::Record(record), Value::Null) => record.check(node, &[], findings),
        (Shape::Named(..) | Shape::Map(_) | Shape::List(_), Value::Null) => {}
        _ if shape.takes(node) => {}
        _ => wrong(node, shape, findings),
    }
}

impl Shape {
    /// Whether a value is of this shape, leaving aside what is inside a list or map.
    fn takes(&self, node: &Node) -> bool {
        let text = match &node.value {
            Value::Scalar(scalar) => Some(scalar.text.as_str()),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        };
        match self {
            Shape::Any => true,
            Shape::Text | Shape::Name | Shape::Formula => text.is_some(),
            Shape::Count => text.is_some_and(|text| text.parse::<u32>().is_ok()),
            Shape::Number => text.is_some_and(|text| number(text).is_some()),
            Shape::Truth => text.is_some_and(|text| matches!(text, "true" | "false")),
            Shape::Day => text.is_some_and(|text| text.parse::<Date>().is_ok()),
            Shape::Period => text.is_some_and(|text| Label::parse(text).is_some()),
            Shape::Word(words) => text.is_some_and(|text| words.contains(&text)),
            Shape::List(_) => matches!(node.value, Value::List(_)),
            Shape::Named(..) | Shape::Map(_) | Shape::Record(_) => matches!(node.value, Value::Map(_)),
            Shape::Either(shapes) => shapes.iter().any(|shape| shape.takes(node)),
        }
    }

    /// The words that a scalar of this shape has to be one of.
    fn words(&self) -> Option<&'static [&'static str]> {
        match self {
            Shape::Word(words) => Some(words),
            Shape::Either(shapes) => shapes.iter().find_map(Shape::words),
            _ => None,
        }
    }

    /// What the shape is, for messages.
    pub fn describe(&self) -> String {
        match self {
            Shape::Any => "anything".to_owned(),
            Shape::Text => "a text".to_owned(),
            Shape::Name => "a name".to_owned(),
            Shape::Formula => "a formula".to_owned(),
            Shape::Count => "a whole number".to_owned(),
            Shape::Number => "a number".to_owned(),
            Shape::Truth => "`true` or `false`".to_owned(),
            Shape::Day => "a day such as `2025-01-31`".to_owned(),
            Shape::Period => "a period such as `2025-01`, `2025-Q1` or `2025-01-31`".to_owned(),
            Shape::Word(words) => match words {
                [first, .., last] if words.len() <= 12 => {
                    let between = words.get(1..words.len() - 1).unwrap_or_default();
                    let middle: String = between.iter().map(|word| format!(", `{word}`")).collect();
                    format!("`{first}`{middle} or `{last}`")
                }
                [only] => format!("`{only}`"),
                _ => "one of a fixed set of words".to_owned(),
            },
            Shape::List(inner) => format!("a list, each item {}", inner.describe()),
            Shape::Named(what, _) => format!("a map from names, each to {what}"),
            Shape::Map(inner) => format!("a map, each value {}", inner.describe()),
            Shape::Record(record) => format!("{} as a map", record.what),
            Shape::Either(shapes) => shapes.iter().map(Shape::describe).collect::<Vec<_>>().join(", or "),
        }
    }
}

impl Record {
    /// The key that an unknown one is certain to have been meant to be: it is not there yet and takes the value.
    fn meant(&self, unknown: &Entry, entries: &[Entry]) -> Option<&'static str> {
        let known = self.fields.iter().map(|field| field.key);
        let key = suggest::certain(&unknown.key.value, known, Words::Language)?;
        let field = self.fields.iter().find(|field| field.key == key)?;
        let free = !field.later && entries.iter().all(|entry| entry.key.value != key);
        (free && field.shape.takes(&unknown.value)).then_some(key)
    }

    fn check(&self, node: &Node, entries: &[Entry], findings: &mut Findings) {
        doubled(entries, findings);
        for entry in entries {
            let key = &entry.key;
            let Some(field) = self.fields.iter().find(|field| field.key == key.value) else {
                let message = format!("{} has no key `{}`", self.what, key.value);
                let known = self.fields.iter().map(|field| field.key);
                let finding = findings.report(&codes::UNKNOWN_KEY, key.span, message);
                finding.help = suggest::did_you_mean(&key.value, "its keys are", known);
                finding.mend(key.span, &key.value, self.meant(entry, entries));
                continue;
            };
            if field.later {
                findings
                    .report(&codes::NOT_SUPPORTED_YET, key.span, format!("`{}` is not supported yet", key.value))
                    .help("it is part of the language, and a later version of kpic will compile it; leave it out for now");
                continue;
            }
            check(&entry.value, &field.shape, findings);
        }
        for field in self.fields.iter().filter(|field| field.required) {
            if !entries.iter().any(|entry| entry.key.value == field.key) {
                let message = format!("{} needs `{}`", self.what, field.key);
                findings
                    .report(&codes::MISSING_KEY, first_line(node, entries), message)
                    .help(format!("{}: {}", field.key, field.about));
            }
        }
    }
}

/// Where a definition begins: its first key rather than all of it.
fn first_line(node: &Node, entries: &[Entry]) -> Span {
    entries.first().map_or(node.span, |entry| entry.key.span)
}

/// Reports a value of the wrong shape.
fn wrong(node: &Node, shape: &Shape, findings: &mut Findings) {
    let message = format!("expected {}, found {}", shape.describe(), node.describe());
    let finding = findings.report(&codes::WRONG_SHAPE, node.span, message);
    if let (Some(words), Value::Scalar(scalar)) = (shape.words(), &node.value) {
        finding.mend(node.span, &scalar.text, suggest::certain(&scalar.text, words.iter().copied(), Words::Language));
    }
    match (shape, &node.value) {
        (Shape::Formula, Value::Map(_) | Value::List(_)) => {
            finding.help("put quotes around the formula: YAML reads `: `, `[` and `{` as its own");
        }
        (Shape::Word(words), Value::Scalar(scalar)) => {
            finding.help = suggest::did_you_mean(&scalar.text, "the words are", words.iter().copied());
        }
        (Shape::Record(record), Value::Scalar(_)) => {
            finding.help = record.fields.first().map(|field| format!("for instance `{{ {}: ... }}`", field.key));
        }
        _ => {}
    }
}

/// Reports keys that stand twice in one map.
fn doubled(entries: &[Entry], findings: &mut Findings) {
    if entries.len() < 2 {
        return;
    }
    let mut seen = std::collections::HashMap::with_capacity(entries.len());
    for entry in entries {
        if let Some(first) = seen.insert(entry.key.value.as_str(), entry) {
            let finding = findings
                .report(&codes::DUPLICATE_KEY, entry.key.span, format!("`{}` stands twice in this map", entry.key.value))
                .here("again here")
                .also(first.key.span, "first here")
                .help("YAML would take only one of the two; delete or rename the other");
            if first.value.is_written_as(&entry.value) {
                finding.fix = Some(Fix::delete_entry(entry.key.span.to(entry.value.span), &entry.key.value));
            }
        }
    }
}

/// The same for a value that may hold anything.
fn doubled_below(node: &Node, findings: &mut Findings) {
    match &node.value {
        Value::Map(entries) => {
            doubled(entries, findings);
            entries.iter().for_each(|entry| doubled_below(&entry.value, findings));
        }
        Value::List(items) => items.iter().for_each(|item| doubled_below(item, findings)),
        Value::Null | Value::Scalar(_) => {}
    }
}

/// Reports a name that is not one.
fn name(text: &str, span: Span, what: &str, findings: &mut Findings) {
    if is_name(text) {
        return;
    }
    let message = format!("`{text}` cannot name {what}: names are lower case, with digits and single `_`, from a letter on");
    let finding = findings.report(&codes::BAD_NAME, span, message);
    let better = snake_case(text);
    if is_name(&better) {
        finding.help(format!("call it `{better}`"));
    }
}

/// Whether a text is a name of the language: `[a-z][a-z0-9_]*` without `__`.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|char: char| char.is_ascii_lowercase())
        && text.chars().all(|char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_')
        && !text.contains("__")
}

/// The name that was probably meant.
fn snake_case(text: &str) -> String {
    let mut name = String::new();
    let mut after_lower = false;
    for char in text.chars() {
        if char.is_ascii_alphanumeric() {
            if char.is_ascii_uppercase() && after_lower {
                name.push('_');
            }
            name.push(char.to_ascii_lowercase());
        } else if !name.ends_with('_') {
            name.push('_');
        }
        after_lower = char.is_ascii_lowercase();
    }
    name.trim_matches('_').to_owned()
}

/// A number as specs write it: `1_000.5`, `25%`, `-3`.
pub fn number(text: &str) -> Option<f64> {
    let (digits, scale) = match text.strip_suffix('%') {
        Some(digits) => (digits, 0.01),
        None => (text, 1.0),
    };
    let plain = digits.trim_start_matches('-');
    let starts = plain.starts_with(|char: char| char.is_ascii_digit());
    let fits = plain.chars().all(|char| char.is_ascii_digit() || matches!(char, '.' | '_' | 'e' | 'E' | '-' | '+'));
    if !starts || !fits {
        return None;
    }
    let value = digits.replace('_', "").parse::<f64>().ok()?;
    // 25 % is 0.25 to the last digit: dividing rounds once, where multiplying by 0.01 would round twice.
    let value = if scale < 1.0 { value / 100.0 } else { value };
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(is_name("revenue_2024"));
        for bad in ["Revenue", "_a", "1a", "a__b", "", "a-b", "größe"] {
            assert!(!is_name(bad), "{bad}");
        }
        assert_eq!(snake_case("MonthlyRevenue 2024"), "monthly_revenue_2024");
    }

    #[test]
    fn numbers() {
        assert_eq!(number("1_000.5"), Some(1000.5));
        assert_eq!(number("7%"), Some(0.07));
        assert_eq!(number("-3"), Some(-3.0));
        for bad in ["", "x", "nan", "inf", "1e999", "-", "%", "_1"] {
            assert_eq!(number(bad), None, "{bad}");
        }
    }
}
