//! Reads a map that has been held against its table. What has the wrong shape is taken as absent: it has been reported.

use super::shape;
use crate::calendar::{Date, Grain, Label};
use crate::load::{Entry, Node, Value, scalar};
use crate::text::{Files, Name, Span, Spanned};

/// A text as written, with its place.
pub type Text = Spanned<String>;

/// A map that is being read.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    entries: &'a [Entry],
}

/// The text of a formula and where each byte of it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormulaText {
    /// The text, with YAML's quoting undone.
    pub text: String,
    /// The place of the whole scalar.
    pub span: Span,
    /// What YAML ended it at, if that may have been meant as a part of it.
    pub cut: Option<Cut>,
    /// For each byte where its character is in the file; nothing where the text is there as it is.
    origins: Option<Vec<(u32, u32)>>,
}

/// What may have ended a formula before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// A comment.
    Comment,
    /// The comma between the entries of a map in braces.
    Comma,
}

/// Whether a text has a parenthesis or quote that is not closed, so that it can be no formula.
pub fn is_open(text: &str) -> bool {
    let mut depth = 0usize;
    let mut quoted: Option<char> = None;
    for char in text.chars() {
        match (quoted, char) {
            (Some(quote), _) if quote == char => quoted = None,
            (None, '\'' | '`') => quoted = Some(char),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    quoted.is_some() || depth > 0
}

impl FormulaText {
    /// The place in the file of a range of the text.
    pub fn span(&self, start: usize, end: usize) -> Span {
        let Some(origins) = &self.origins else {
            let begin = self.span.start as usize;
            return Span::new(self.span.file, begin + start.min(self.text.len())..begin + end.min(self.text.len()));
        };
        let (Some(first), Some(last)) = (origins.get(start), origins.get(end.saturating_sub(1).max(start))) else {
            return Span { start: self.span.end, ..self.span };
        };
        Span { start: first.0, end: last.1.max(first.0), ..self.span }
    }

    /// A formula that is in no YAML, such as one on the command line.
    pub fn bare(text: &str, span: Span) -> Self {
        Self { text: text.to_owned(), span, cut: None, origins: None }
    }
}

impl<'a> Reader<'a> {
    /// A reader of a map; of anything else, one that finds nothing.
    pub fn of(node: &'a Node) -> Self {
        match &node.value {
            Value::Map(entries) => Self { entries },
            Value::Null | Value::Scalar(_) | Value::List(_) => Self { entries: &[] },
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&'a Node> {
        self.entries.iter().find(|entry| entry.key.value == key).map(|entry| &entry.value)
    }

    /// The place of a key itself.
    pub fn key_span(&self, key: &str) -> Option<Span> {
        self.entries.iter().find(|entry| entry.key.value == key).map(|entry| entry.key.span)
    }

    /// The entries of the map under a key.
    pub fn entries(&self, key: &str) -> &'a [Entry] {
        match self.get(key).map(|node| &node.value) {
            Some(Value::Map(entries)) => entries,
            _ => &[],
        }
    }

    /// The items of the list under a key.
    pub fn items(&self, key: &str) -> &'a [Node] {
        match self.get(key).map(|node| &node.value) {
            Some(Value::List(items)) => items,
            _ => &[],
        }
    }

    /// The items of a list; none of anything else.
    pub fn list_of(node: &'a Node) -> &'a [Node] {
        match &node.value {
            Value::List(items) => items,
            Value::Null | Value::Scalar(_) | Value::Map(_) => &[],
        }
    }

    /// A text.
    pub fn text(&self, key: &str) -> Option<Text> {
        text(self.get(key)?)
    }

    /// One text or a list of texts.
    pub fn texts(&self, key: &str) -> Vec<Text> {
        match self.get(key) {
            Some(node) => text_list(node),
            None => Vec::new(),
        }
    }

    /// A formula.
    pub fn formula(&self, key: &str, files: &Files) -> Option<FormulaText> {
        formula(self.get(key)?, files)
    }

    /// A number.
    pub fn number(&self, key: &str) -> Option<Spanned<f64>> {
        let text = self.text(key)?;
        shape::number(&text.value).map(|value| Spanned::new(value, text.span))
    }

    /// A whole number.
    pub fn count(&self, key: &str) -> Option<Spanned<u32>> {
        let text = self.text(key)?;
        text.value.parse().ok().map(|value| Spanned::new(value, text.span))
    }

    /// `true` or `false`.
    pub fn truth(&self, key: &str) -> Option<bool> {
        self.text(key).and_then(|text| text.value.parse().ok())
    }

    /// A day.
    pub fn day(&self, key: &str) -> Option<Spanned<Date>> {
        let text = self.text(key)?;
        text.value.parse().ok().map(|value| Spanned::new(value, text.span))
    }

    /// A grain.
    pub fn grain(&self, key: &str) -> Option<Spanned<Grain>> {
        let text = self.text(key)?;
        Grain::NAMES
            .contains(&text.value.as_str())
            .then(|| Grain::parse(&text.value))?
            .map(|value| Spanned::new(value, text.span))
    }

    /// A reader of the map under a key.
    pub fn record(&self, key: &str) -> Option<Reader<'a>> {
        match self.get(key) {
            Some(node) if matches!(node.value, Value::Map(_)) => Some(Reader::of(node)),
            _ => None,
        }
    }

    /// The entries themselves.
    pub fn all(&self) -> &'a [Entry] {
        self.entries
    }
}

/// A scalar's text.
pub fn text(node: &Node) -> Option<Text> {
    match &node.value {
        Value::Scalar(scalar) => Some(Text::new(scalar.text.clone(), node.span)),
        Value::Null | Value::List(_) | Value::Map(_) => None,
    }
}

/// One text or a list of texts.
pub fn text_list(node: &Node) -> Vec<Text> {
    match &node.value {
        Value::List(items) => items.iter().filter_map(text).collect(),
        Value::Null | Value::Scalar(_) | Value::Map(_) => text(node).into_iter().collect(),
    }
}

/// A scalar as a formula.
pub fn formula(node: &Node, files: &Files) -> Option<FormulaText> {
    let Value::Scalar(scalar) = &node.value else { return None };
    let source = files.slice(node.span);
    let origins = (source != scalar.text).then(|| scalar::origins(scalar, source, node.span.start as usize));
    let file = files.get(node.span.file).map_or("", |file| file.text.as_str());
    let rest = file.get(node.span.end as usize..).unwrap_or_default();
    let line = rest.lines().next().unwrap_or_default();
    let plain = scalar.style == crate::load::yaml::Style::Plain;
    let cut = match line.trim_start().chars().next() {
        Some('#') if plain => Some(Cut::Comment),
        Some(',') if plain => Some(Cut::Comma),
        _ => None,
    };
    Some(FormulaText { text: scalar.text.clone(), span: node.span, cut, origins })
}

/// A period's label with its place.
pub fn label(name: &Name) -> Option<Spanned<Label>> {
    Label::parse(&name.value).map(|value| Spanned::new(value, name.span))
}
