//! On which line a change stands: that of the field that changed, where the version after has it, and not only that of its definition.

use super::{Change, FieldChange, Kind, Side};
use crate::diagnostic::Findings;
use crate::load::{Entry, Node, Value, yaml};
use crate::text::{FileId, Files, Span};
use std::collections::BTreeMap;

/// Fields of a definition that are written under other keys.
const WRITTEN: &[(&str, &[&str])] = &[
    ("rows", &["table", "files", "query", "sql"]),
    ("holds", &["valid", "snapshot", "readings"]),
    ("views", &["by", "grains", "grain", "aliases"]),
    ("in", &["from"]),
    ("time_zone", &["timezone"]),
    ("dialects", &["dialect"]),
    ("fresh_within", &["freshness"]),
    ("expect", &["freshness"]),
    ("kind", &["formula"]),
    ("unit", &["formula"]),
    ("type", &["formula"]),
];

/// Finds lines in the files of one version.
#[derive(Debug)]
pub struct Finder<'a> {
    files: &'a Files,
    trees: BTreeMap<FileId, Vec<Node>>,
}

impl<'a> Finder<'a> {
    /// One of the version after.
    pub fn of(files: &'a Files) -> Self {
        Self { files, trees: BTreeMap::new() }
    }

    /// Where a change stands: at the field that makes its class, else at its definition; nothing where the version after has neither.
    pub fn place(&mut self, change: &Change) -> Option<Span> {
        let definition = change.place.filter(|(side, _)| *side == Side::After).map(|(_, span)| span);
        let file = definition.map_or(FileId::FIRST, |span| span.file);
        let roots = self.trees(file);
        let node = match (definition, change.kind) {
            (Some(span), _) => roots.iter().find_map(|root| defined(root, span)),
            (None, Kind::Calendar) => roots.first().and_then(|root| entry(root, "calendar")).map(|entry| &entry.value),
            (None, Kind::Warehouse) => roots.first().and_then(|root| entry(root, "warehouse")).map(|entry| &entry.value),
            (None, Kind::Okrs) => roots.first().and_then(|root| entry(root, "okrs")).map(|entry| &entry.value),
            (None, Kind::Project) => roots.first(),
            _ => None,
        };
        let mut fields: Vec<&FieldChange> = change.fields.iter().filter(|field| field.class == change.class).collect();
        // What is written comes before what follows from it.
        fields.sort_by_key(|field| WRITTEN.iter().any(|(name, _)| *name == field.name));
        node.and_then(|node| fields.into_iter().find_map(|field| written(node, &field.name))).or(definition)
    }

    fn trees(&mut self, file: FileId) -> &[Node] {
        let files = self.files;
        self.trees.entry(file).or_insert_with(|| {
            let text = files.get(file).map_or("", |file| file.text.as_str());
            yaml::parse(file, text, &mut Findings::default()).unwrap_or_default()
        })
    }
}

/// The value of the key at a place.
fn defined(node: &Node, span: Span) -> Option<&Node> {
    match &node.value {
        Value::Map(entries) => {
            let own = entries.iter().find(|entry| entry.key.span == span).map(|entry| &entry.value);
            own.or_else(|| {
                entries.iter().filter(|entry| entry.value.span.holds(span)).find_map(|entry| defined(&entry.value, span))
            })
        }
        Value::List(items) => items.iter().filter(|item| item.span.holds(span)).find_map(|item| defined(item, span)),
        Value::Null | Value::Scalar(_) => None,
    }
}

fn entry<'n>(node: &'n Node, key: &str) -> Option<&'n Entry> {
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find(|entry| entry.key.value == key)
}

/// The key of a field such as `columns.amount.unit`: as many of its parts as are written; nothing where the first is not.
fn written(node: &Node, field: &str) -> Option<Span> {
    let (mut at, mut found) = (node, None);
    let mut rest = field;
    while !rest.is_empty() {
        let (first, next) = rest.split_once('.').unwrap_or((rest, ""));
        let keys = WRITTEN.iter().find(|(name, _)| *name == first).map_or(&[][..], |(_, keys)| keys);
        let Some(entry) = std::iter::once(first).chain(keys.iter().copied()).find_map(|key| entry(at, key)) else { break };
        found = Some(entry.key.span);
        (at, rest) = (&entry.value, next);
    }
    found
}
