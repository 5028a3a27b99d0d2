//! What a spec file may hold, as tables, and the one place that holds a file against them.
//!
//! A [`Record`] lists the keys of one kind of definition with the [`Shape`] of each value. [`check`] walks a tree along a
//! shape and reports every key that is unknown, doubled or missing and every value of the wrong shape. Decoders read a tree
//! after that and therefore never report a shape: what is wrong is left out there, because it has been said here.

use super::foreign;
use super::reader::Reader;
use crate::calendar::{Date, Label, meant_day};
use crate::diagnostic::suggest::{self, Words};
use crate::diagnostic::{Finding, Findings, Fix, codes};
use crate::load::yaml::Style;
use crate::load::{Entry, Node, Value};
use crate::text::{Name, Span};
use foldhash::{HashMap, HashMapExt as _};

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
    /// `null`, written out.
    Nothing,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of such values.
    List(&'static Shape),
    /// A list of two numbers, the lower first.
    Bounds,
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
    check_as(None, node, shape, findings);
}

/// The same for the value of a name, which the findings then say.
fn check_as(named: Option<&Name>, node: &Node, shape: &Shape, findings: &mut Findings) {
    match (shape, &node.value) {
        (Shape::Any, _) => doubled_below(node, findings),
        (Shape::Either(shapes), _) => match shapes.iter().find(|shape| shape.takes(node)) {
            Some(shape) => check_as(named, node, shape, findings),
            None => wrong(node, shape, findings),
        },
        (Shape::List(inner), Value::List(items)) => {
            for item in items {
                check(item, inner, findings);
            }
        }
        (Shape::Named(what, inner), Value::Map(entries)) => {
            doubled(entries, findings);
            for (at, entry) in entries.iter().enumerate() {
                if is_rest_of_type(entries, at) || belongs_above(entries, at, inner) {
                    continue;
                }
                name(&entry.key.value, entry.key.span, what, findings);
                if !unindented(entries, at, inner, findings) {
                    check_as(Some(&entry.key), &entry.value, inner, findings);
                }
            }
        }
        (Shape::Map(inner), Value::Map(entries)) => {
            doubled(entries, findings);
            for entry in entries {
                check(&entry.value, inner, findings);
            }
        }
        (Shape::Record(record), Value::Map(entries)) => record.check(named, node, entries, findings),
        // A definition without anything in it: `orders:` lacks what is required and nothing else.
        (Shape::Record(record), Value::Null) => record.check(named, node, &[], findings),
        (Shape::Named(..) | Shape::Map(_) | Shape::List(_), Value::Null) => {}
        _ if shape.takes(node) => {}
        _ => wrong(node, shape, findings),
    }
}

impl Shape {
    /// Whether a value is of this shape, leaving aside what is inside a list or map.
    pub(super) fn takes(&self, node: &Node) -> bool {
        let text = match &node.value {
            Value::Scalar(scalar) => Some(scalar.text.as_str()),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        };
        match self {
            Shape::Any => true,
            // A key that nothing follows is one that somebody has not finished.
            Shape::Nothing => node.value == Value::Null && node.span.start < node.span.end,
            Shape::Text | Shape::Name | Shape::Formula => text.is_some(),
            Shape::Count => text.is_some_and(|text| text.parse::<u32>().is_ok()),
            Shape::Number => text.is_some_and(|text| number(text).is_some()),
            Shape::Truth => text.is_some_and(|text| matches!(text, "true" | "false")),
            Shape::Day => text.is_some_and(|text| text.parse::<Date>().is_ok()),
            Shape::Period => text.is_some_and(|text| Label::parse(text).is_some()),
            Shape::Word(words) => text.is_some_and(|text| words.contains(&text)),
            Shape::List(_) => matches!(node.value, Value::List(_)),
            Shape::Bounds => match &node.value {
                Value::List(items) => matches!(numbers(items).as_slice(), [Some(low), Some(high)] if low <= high),
                Value::Null | Value::Scalar(_) | Value::Map(_) => false,
            },
            Shape::Named(..) | Shape::Map(_) | Shape::Record(_) => matches!(node.value, Value::Map(_)),
            Shape::Either(shapes) => shapes.iter().any(|shape| shape.takes(node)),
        }
    }

    /// The keys of a map of this shape, if it has a fixed set.
    fn record(&self) -> Option<&'static Record> {
        match self {
            Shape::Record(record) => Some(record),
            Shape::Either(shapes) => shapes.iter().find_map(Shape::record),
            _ => None,
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

    /// Whether to say what it is takes more than a word, which an example says better.
    fn is_nested(&self) -> bool {
        matches!(self, Shape::Any | Shape::Map(_) | Shape::List(_) | Shape::Either(_))
    }

    /// What the shape is, for messages.
    pub fn describe(&self) -> String {
        match self {
            Shape::Any => "anything".to_owned(),
            Shape::Nothing => "`null`".to_owned(),
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
            Shape::List(Shape::Text) => "a list of texts".to_owned(),
            Shape::List(Shape::Name) => "a list of names".to_owned(),
            Shape::List(inner) if inner.is_nested() => "a list".to_owned(),
            Shape::List(inner) => format!("a list, each item {}", inner.describe()),
            Shape::Bounds => "a list of two numbers, the lower first".to_owned(),
            Shape::Named(what, _) => format!("a map from names, each to {what}"),
            Shape::Map(inner) if inner.is_nested() => "a map".to_owned(),
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

    fn check(&self, named: Option<&Name>, node: &Node, entries: &[Entry], findings: &mut Findings) {
        doubled(entries, findings);
        let mut misspelt = Vec::new();
        let mut formula = None;
        for entry in entries {
            let key = &entry.key;
            let Some(field) = self.fields.iter().find(|field| field.key == key.value) else {
                if !is_rest_of_formula(entry, formula, findings) {
                    let before = findings.iter().len();
                    let meant = self.unknown(entry, entries, findings);
                    for found in findings.after(before) {
                        found.misspells = named.map(|name| name.span).zip(meant);
                    }
                    misspelt.extend(meant);
                }
                continue;
            };
            if matches!(field.shape, Shape::Formula) {
                formula = Some(entry);
            }
            if field.later {
                findings
                    .report(&codes::NOT_SUPPORTED_YET, key.span, format!("`{}` is not supported yet", key.value))
                    .help("a later version of kpic will support it; remove it for now");
                continue;
            }
            let before = findings.iter().len();
            check(&entry.value, &field.shape, findings);
            // A value that cannot be read is not one that lacks.
            let whole = |found: &Finding| {
                found.code == &codes::WRONG_SHAPE && found.labels.first().is_some_and(|label| label.span == entry.value.span)
            };
            for found in findings.after(before).iter_mut().filter(|found| whole(found)) {
                found.misspells = named.map(|name| (name.span, field.key));
            }
            // Where nothing better is known, an example says what is expected.
            if let Some(example) = field.example {
                let unhelped = |found: &&mut Finding| found.code == &codes::WRONG_SHAPE && found.help.is_none();
                for found in findings.after(before).iter_mut().filter(unhelped) {
                    found.help(format!("for instance `{}: {example}`", field.key));
                }
            }
        }
        for field in self.fields.iter().filter(|field| field.required) {
            // A key that was meant to be this one has been reported.
            if misspelt.contains(&field.key) || entries.iter().any(|entry| entry.key.value == field.key) {
                continue;
            }
            let what = match named {
                Some(name) => format!("the {} `{}`", self.noun(), name.value),
                None => self.what.to_owned(),
            };
            let place = named.map_or_else(|| first_line(node, entries), |name| name.span);
            findings.report(&codes::MISSING_KEY, place, format!("{what} needs `{}`", field.key)).help(format!(
                "add `{}:` with {}. {}",
                field.key,
                field.shape.describe(),
                field.about
            ));
        }
    }

    /// Reports a key that the record does not have; gives the one that was probably meant.
    fn unknown(&self, entry: &Entry, entries: &[Entry], findings: &mut Findings) -> Option<&'static str> {
        let key = &entry.key;
        let message = format!("{} has no key `{}`", self.what, key.value);
        let finding = findings.report(&codes::UNKNOWN_KEY, key.span, message);
        let known = || self.fields.iter().map(|field| field.key);
        let meant = suggest::nearest(&key.value, known())
            .or_else(|| foreign::words(&key.value).iter().find_map(|here| known().find(|known| known == here)));
        if let Some(advice) = foreign::advice(self.what, entry) {
            finding.help(advice);
            return meant;
        }
        finding.help = match meant {
            Some(meant) => Some(format!("did you mean `{meant}`?")),
            None => Some(format!("its keys are: {}", known().collect::<Vec<_>>().join(", "))),
        };
        finding.mend(key.span, &key.value, self.meant(entry, entries));
        meant
    }

    /// What the map describes, without its article.
    fn noun(&self) -> &'static str {
        self.what.strip_prefix("a ").or_else(|| self.what.strip_prefix("an ")).unwrap_or(self.what)
    }

    /// Whether one of some keys is there with a value of another shape, which has been reported.
    pub(super) fn cannot_read(&self, reader: &Reader<'_>, keys: &[&str]) -> bool {
        let fields = self.fields.iter().filter(|field| keys.contains(&field.key));
        fields.into_iter().any(|field| reader.get(field.key).is_some_and(|value| !field.shape.takes(value)))
    }

    /// The other keys that have to be there, each with a value, as they follow one in braces.
    fn required_beside(&self, field: &Field) -> String {
        let others = self.fields.iter().filter(|other| other.required && other.key != field.key);
        let shown = others.map(|other| {
            let word = other.shape.words().and_then(|words| words.first().copied());
            format!(", {}: {}", other.key, other.example.or(word).unwrap_or("..."))
        });
        shown.collect()
    }

    /// The key that a lone value in the place of the map was probably meant for.
    fn main(&self) -> Option<&'static Field> {
        let formula = self.fields.iter().find(|field| matches!(field.shape, Shape::Formula));
        let required = self.fields.iter().find(|field| field.required);
        formula.or(required).or(self.fields.first())
    }
}

/// Where a definition starts: its first key rather than all of it.
fn first_line(node: &Node, entries: &[Entry]) -> Span {
    entries.first().map_or(node.span, |entry| entry.key.span)
}

/// Reports a value of the wrong shape.
fn wrong(node: &Node, shape: &Shape, findings: &mut Findings) {
    let message = format!("expected {}, found {}", shape.describe(), node.describe());
    let finding = findings.report(&codes::WRONG_SHAPE, node.span, message);
    finding.help = instead(node, shape);
    if let (Some(words), Value::Scalar(scalar)) = (shape.words(), &node.value) {
        finding.mend(node.span, &scalar.text, suggest::certain(&scalar.text, words.iter().copied(), Words::Language));
    }
}

/// What to write instead of a value of the wrong shape.
fn instead(node: &Node, shape: &Shape) -> Option<String> {
    match (shape, &node.value) {
        (Shape::Text | Shape::Name | Shape::Formula, Value::Null) => {
            Some("give it a value, or delete the key; put quotes around a value that starts with `#`".to_owned())
        }
        (_, Value::Null) => Some("give it a value, or delete the key".to_owned()),
        (Shape::Formula, Value::Map(_) | Value::List(_)) => {
            Some("put quotes around the formula: `: `, `[` and `{` have a meaning in YAML".to_owned())
        }
        (Shape::Word(words), Value::Scalar(scalar)) => word(&scalar.text, words),
        (Shape::Day, Value::Scalar(scalar)) => Some(day(&scalar.text)),
        (Shape::Count, Value::Scalar(scalar)) => {
            let whole = scalar.text.split_once('.').filter(|(_, part)| part.bytes().all(|byte| byte == b'0'))?.0;
            whole.parse::<u32>().ok().map(|whole| format!("write `{whole}`"))
        }
        (Shape::Truth, Value::Scalar(scalar)) => word(&scalar.text, &["true", "false"]),
        (Shape::List(_), Value::Scalar(scalar)) if scalar.text.len() <= 40 => {
            Some(format!("put brackets around a list: `[{}]`", scalar.text))
        }
        (Shape::Bounds, Value::List(_)) => Some("for instance `between: [0.9, 1.1]`".to_owned()),
        (Shape::Named(..), Value::List(items)) => Some(match items.first().and_then(called) {
            Some((name, true)) => format!("write `{name}:` with the rest below it, instead of `- name: {name}`"),
            Some((name, false)) => format!("give each entry a name and a value, `{name}: ...`, instead of `- {name}`"),
            None => "give each entry a name: `name: { ... }` instead of `- ...`".to_owned(),
        }),
        (Shape::Record(record), Value::Scalar(scalar)) if scalar.text.len() <= 80 => record.main().map(|field| {
            let rest = record.required_beside(field);
            if field.shape.takes(node) {
                format!("write `{{ {}: {}{rest} }}`", field.key, scalar.text)
            } else {
                format!("for instance `{{ {}: {}{rest} }}`", field.key, field.example.unwrap_or("..."))
            }
        }),
        (Shape::Record(record), Value::List(_)) => {
            let field = record.fields.iter().find(|field| field.shape.takes(node))?;
            Some(format!("put the list under a key: `{{ {}: [...] }}`", field.key))
        }
        (Shape::Name, Value::Map(_)) => Some("write just the name; it is defined in its own section".to_owned()),
        (Shape::Number, Value::Scalar(scalar)) => Some(match scalar.text.replace(',', ".").trim().parse::<f64>() {
            Ok(number) if number.is_finite() => format!("write `{number}`"),
            _ => "write a number as `12`, `1_000.5` or `25%`; without a number, delete the key".to_owned(),
        }),
        (Shape::Text | Shape::Name | Shape::Number | Shape::Word(_), Value::List(items)) if items.len() == 1 => {
            Some("write the value without brackets".to_owned())
        }
        (Shape::Either(shapes), Value::Scalar(scalar)) => {
            shapes.iter().find_map(Shape::words).and_then(|words| word(&scalar.text, words))
        }
        _ => None,
    }
}

/// The word that was probably meant.
fn word(typed: &str, words: &[&'static str]) -> Option<String> {
    // `numeric(10, 2)`
    let typed = typed.split('(').next().unwrap_or(typed);
    let month = typed.parse::<usize>().ok().filter(|_| words.len() == 12).and_then(|month| words.get(month.checked_sub(1)?));
    if let Some(month) = month {
        return Some(format!("write `{month}`"));
    }
    if words.contains(&"day") && (typed.starts_with("hour") || typed.starts_with("minute")) {
        return Some("the finest grain is `day`".to_owned());
    }
    let meant = foreign::words(typed).iter().find(|here| words.contains(here)).copied();
    let meant = meant.or_else(|| suggest::nearest(typed, words.iter().copied()));
    meant.map(|meant| format!("did you mean `{meant}`?"))
}

/// How a day is written that was written in another way.
fn day(typed: &str) -> String {
    if let Some(day) = meant_day(typed) {
        return format!("write `{day}`");
    }
    let looks_right = typed.len() == 10 && typed.split('-').map(str::len).eq([4, 2, 2]);
    let what = if looks_right { "there is no such day" } else { "write a day as year, month, day: `2025-01-31`" };
    what.to_owned()
}

/// What an item of a list calls itself, and whether it does so by a key.
fn called(item: &Node) -> Option<(&str, bool)> {
    match &item.value {
        Value::Scalar(scalar) => Some((scalar.text.as_str(), false)),
        Value::Map(entries) => match &entries.iter().find(|entry| entry.key.value == "name")?.value.value {
            Value::Scalar(scalar) => Some((scalar.text.as_str(), true)),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        },
        Value::Null | Value::List(_) => None,
    }
}

/// Whether an entry is what is left of the one before, which YAML ended at a comma: `{ amount: numeric(10, 2) }`.
pub(super) fn is_rest_of_type(entries: &[Entry], at: usize) -> bool {
    let (Some(entry), Some(before)) = (entries.get(at), at.checked_sub(1).and_then(|at| entries.get(at))) else { return false };
    let Value::Scalar(text) = &before.value.value else { return false };
    entry.value.value == Value::Null && entry.key.value.ends_with(')') && super::reader::is_open(&text.text)
}

/// Whether an entry is a key of the definition above it that lacks its indentation:
///
/// ```yaml
/// revenue:
/// formula: sum(orders.amount)
/// ```
pub(super) fn belongs_above(entries: &[Entry], at: usize, shape: &Shape) -> bool {
    let is_key = |entry: &Entry| {
        !matches!(entry.value.value, Value::Null)
            && !shape.takes(&entry.value)
            && shape.record().is_some_and(|record| record.fields.iter().any(|field| field.key == entry.key.value))
    };
    // Longer runs are not definition, whatever else they are.
    let above = |at: usize| entries.get(..at)?.iter().rev().take(64).find(|entry| !is_key(entry));
    entries.get(at).is_some_and(is_key) && above(at).is_some_and(|above| above.value.value == Value::Null)
}

/// Whether what belongs to an entry stands after it without indentation; says so.
fn unindented(entries: &[Entry], at: usize, shape: &Shape, findings: &mut Findings) -> bool {
    let Some((entry, next)) = entries.get(at).zip(entries.get(at + 1)) else { return false };
    let lacks = belongs_above(entries, at + 1, shape);
    if lacks {
        let (name, key) = (&entry.key.value, &next.key.value);
        findings
            .report(&codes::WRONG_SHAPE, next.key.span, format!("`{key}` is not indented below `{name}`"))
            .also(entry.key.span, format!("so `{name}` is empty"))
            .help(format!("indent `{key}` and the lines after it by two more spaces"));
    }
    lacks
}

/// Whether a key is what YAML took for one after it had cut the formula before it at a comma; says so if nobody else will.
fn is_rest_of_formula(key: &Entry, formula: Option<&Entry>, findings: &mut Findings) -> bool {
    let Some(formula) = formula else { return false };
    let Value::Scalar(text) = &formula.value.value else { return false };
    if key.value.value != Value::Null || text.style != Style::Plain {
        return false;
    }
    if super::reader::is_open(&text.text) {
        return true;
    }
    if is_name(&key.key.value) {
        return false;
    }
    findings
        .report(
            &codes::FORMULA_CUT,
            formula.value.span,
            "YAML ended this formula at `,`, which separates the entries between `{` and `}`",
        )
        .here("this is all that is left of it")
        .help("put double quotes around the whole formula");
    true
}

/// The numbers of a list.
fn numbers(items: &[Node]) -> Vec<Option<f64>> {
    let value = |node: &Node| match &node.value {
        Value::Scalar(scalar) => number(&scalar.text),
        Value::Null | Value::List(_) | Value::Map(_) => None,
    };
    items.iter().map(value).collect()
}

/// Reports keys that appear twice in one map.
fn doubled(entries: &[Entry], findings: &mut Findings) {
    if entries.len() < 2 {
        return;
    }
    let mut seen = HashMap::with_capacity(entries.len());
    for entry in entries {
        if let Some(first) = seen.insert(entry.key.value.as_str(), entry) {
            let finding = findings
                .report(&codes::DUPLICATE_KEY, entry.key.span, format!("`{}` appears twice in this map", entry.key.value))
                .here("again here")
                .also(first.key.span, "first here")
                .help("YAML would keep only one of the two; delete or rename the other");
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
    let message = format!(
        "`{text}` cannot name {what}: a name starts with a letter from a to z and continues with such letters, digits and \
         single `_`"
    );
    let better = snake_case(text);
    let better = if is_name(&better) { better } else { "net_revenue_2024".to_owned() };
    let verb = if better == "net_revenue_2024" { "a name is for instance" } else { "call it" };
    findings.report(&codes::BAD_NAME, span, message).help(format!("{verb} `{better}`"));
}

/// Whether a text is a name of the language: `[a-z][a-z0-9_]*` without `__`.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|char: char| char.is_ascii_lowercase())
        && text.chars().all(|char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_')
        && !text.contains("__")
}

/// The name that was probably meant: words parted by `_`, digits in front moved to the end.
fn snake_case(text: &str) -> String {
    let mut name = String::new();
    let mut after_lower = false;
    for char in text.chars() {
        if char.is_alphanumeric() {
            if char.is_uppercase() && after_lower {
                name.push('_');
            }
            match plain_letters(char) {
                Some(letters) => name.push_str(letters),
                None => name.extend(char.to_lowercase()),
            }
        } else if !name.ends_with('_') {
            name.push('_');
        }
        after_lower = char.is_lowercase();
    }
    let name = name.trim_matches('_');
    let rest = name.trim_start_matches(|char: char| char.is_ascii_digit());
    let digits = name.strip_suffix(rest).unwrap_or_default();
    match rest.trim_start_matches('_') {
        rest if digits.is_empty() || rest.is_empty() => name.to_owned(),
        rest => format!("{rest}_{digits}"),
    }
}

/// How a letter that is not from a to z is spelt with those that are.
fn plain_letters(char: char) -> Option<&'static str> {
    Some(match char {
        'ä' | 'Ä' | 'æ' | 'Æ' => "ae",
        'ö' | 'Ö' | 'ø' | 'Ø' | 'œ' | 'Œ' => "oe",
        'ü' | 'Ü' => "ue",
        'ß' => "ss",
        'à' | 'á' | 'â' | 'ã' | 'å' | 'À' | 'Á' | 'Â' | 'Ã' | 'Å' => "a",
        'è' | 'é' | 'ê' | 'ë' | 'È' | 'É' | 'Ê' | 'Ë' => "e",
        'ì' | 'í' | 'î' | 'ï' | 'Ì' | 'Í' | 'Î' | 'Ï' => "i",
        'ò' | 'ó' | 'ô' | 'õ' | 'Ò' | 'Ó' | 'Ô' | 'Õ' => "o",
        'ù' | 'ú' | 'û' | 'Ù' | 'Ú' | 'Û' => "u",
        'ñ' | 'Ñ' => "n",
        'ç' | 'Ç' => "c",
        _ => return None,
    })
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
        for (typed, meant) in [
            ("MonthlyRevenue 2024", "monthly_revenue_2024"),
            ("2024_revenue", "revenue_2024"),
            ("Größe", "groesse"),
            ("net__revenue", "net_revenue"),
        ] {
            assert_eq!(snake_case(typed), meant);
        }
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
