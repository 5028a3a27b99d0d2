//! One file's YAML as a tree in which every node knows its place.
//!
//! The tree is built from the events of granit-parser, the parser below serde-saphyr, because one tree with all spans serves
//! every finding, and because a decoder that stops at the first mistake cannot report all of them. Anchors, aliases and merge
//! keys are resolved here; an alias keeps the spans of what it stands for. The limits hold against hostile files.

use super::mistake;
use crate::diagnostic::{Finding, Findings, codes};
use crate::text::{FileId, Name, Span, is_bidi, is_control};
use granit_parser::{Event, Parser, ScalarStyle, ScanError, options};
use std::collections::{BTreeMap, HashSet};

/// How many values the aliases of one file may stand for, and how many its anchors may mark; those in anchors within anchors count for each
/// of these. A long text counts once more for every [`TEXT_OF_A_VALUE`] bytes.
const REPEATED: usize = 200_000;
/// How many bytes of a text count as one value.
const TEXT_OF_A_VALUE: usize = 64;
/// How many lists and maps may be in one another.
const NESTED: usize = 100;

/// A node with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The place of its text; of a list or map, from the first to the last of its parts.
    pub span: Span,
    /// What it is.
    pub value: Value,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// A text, number, date or truth value: a decoder decides which it wants.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file.
    Map(Vec<Entry>),
}

/// The text of a scalar, with escapes and folding undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The text.
    pub text: String,
    /// How it was written.
    pub style: Style,
}

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes.
    Double,
    /// After `|`.
    Literal,
    /// After `>`.
    Folded,
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Name,
    /// The value.
    pub value: Node,
}

impl Node {
    /// What the node is, for a message: "a list", "the text `abc`".
    pub fn describe(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a map".to_owned(),
            Value::Scalar(scalar) => {
                let text: String = scalar.text.chars().take(40).collect();
                let more = if text.len() < scalar.text.len() { "…" } else { "" };
                format!("`{text}{more}`")
            }
        }
    }

    /// Whether two nodes say the same in the same way, wherever they stand.
    pub fn is_written_as(&self, other: &Node) -> bool {
        match (&self.value, &other.value) {
            (Value::Null, Value::Null) => true,
            (Value::Scalar(one), Value::Scalar(other)) => one == other,
            (Value::List(one), Value::List(other)) => {
                one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.is_written_as(other))
            }
            (Value::Map(one), Value::Map(other)) => {
                let same =
                    |(one, other): (&Entry, &Entry)| one.key.value == other.key.value && one.value.is_written_as(&other.value);
                one.len() == other.len() && one.iter().zip(other).all(same)
            }
            _ => false,
        }
    }

    /// What a copy costs, in values.
    fn size(&self) -> usize {
        let of_text = |text: &str| text.len() / TEXT_OF_A_VALUE;
        1 + match &self.value {
            Value::Null => 0,
            Value::Scalar(scalar) => of_text(&scalar.text),
            Value::List(items) => items.iter().map(Node::size).sum(),
            Value::Map(entries) => entries.iter().map(|entry| of_text(&entry.key.value) + entry.value.size()).sum(),
        }
    }
}

/// The root nodes of the documents of a file, or nothing if it is not YAML; what is wrong goes into `findings`.
pub fn parse(file: FileId, text: &str, findings: &mut Findings) -> Option<Vec<Node>> {
    let parser = Parser::new_from_str_with_options(
        text,
        options! { emit_comments: false, emit_unresolved_aliases: true, flow_nesting_limit: NESTED, block_nesting_limit: NESTED },
    );
    let mut builder =
        Builder { text, open: Vec::new(), anchors: BTreeMap::new(), roots: Vec::new(), aliased: 0, anchored: 0, findings };
    for event in parser {
        match event {
            Ok((event, span)) => {
                let range = span.byte_range().unwrap_or(0..0);
                builder.event(event, Span::new(file, range));
            }
            Err(error) => {
                // The rest of a text that starts with `*` fits no more; the alias has been reported.
                if !builder.stops_after_alias(text, &error) {
                    mistake::report(file, text, &error, builder.findings);
                }
                return None;
            }
        }
        let (aliased, anchored) = (builder.aliased > REPEATED, builder.anchored > REPEATED);
        if aliased || anchored {
            let (what, help) = if aliased {
                ("the aliases of this file expand to", "write fewer aliases of aliases")
            } else {
                ("the anchors of this file mark", "write fewer nested anchors, and remove unused ones")
            };
            let message = format!("{what} more than 200,000 values");
            builder.findings.report(&codes::YAML_LIMIT, Span::start_of(file), message).help(help);
            return None;
        }
    }
    Some(builder.roots)
}

/// A list or map whose end has not come yet.
enum Open {
    List { items: Vec<Node> },
    Map { entries: Vec<Entry>, merged: Vec<Node>, key: Option<Name> },
}

struct Builder<'a> {
    text: &'a str,
    open: Vec<(Open, usize, Span)>,
    anchors: BTreeMap<usize, Node>,
    roots: Vec<Node>,
    aliased: usize,
    anchored: usize,
    findings: &'a mut Findings,
}

impl Builder<'_> {
    /// Whether the parser stopped in the line of an alias that stands for nothing.
    fn stops_after_alias(&self, text: &str, error: &ScanError) -> bool {
        let byte = error.marker().byte_offset().unwrap_or(0);
        self.findings.iter().filter(|finding| *finding.code == codes::UNKNOWN_ANCHOR).any(|finding| {
            let end = finding.labels.first().map_or(0, |label| label.span.end as usize);
            text.get(end..byte).is_some_and(|between| !between.contains('\n'))
        })
    }

    fn event(&mut self, event: Event<'_>, span: Span) {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                self.look_at(&text, span);
                let node = scalar(&text, style, span);
                self.finish(node, anchor);
            }
            Event::SequenceStart(_, anchor, _) => self.open.push((Open::List { items: Vec::new() }, anchor, span)),
            Event::MappingStart(_, anchor, _) => {
                self.open.push((Open::Map { entries: Vec::new(), merged: Vec::new(), key: None }, anchor, span));
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(id) => self.alias(id, span),
            Event::UnresolvedAlias(name) => {
                self.findings
                    .report(&codes::UNKNOWN_ANCHOR, span, format!("there is no anchor `&{name}` above this alias"))
                    .help("put the anchor before its first use, or put quotes around the text if it is not an alias");
                self.add(Node { span, value: Value::Null });
            }
            _ => {}
        }
    }

    /// Reports what no name and no text of a spec may hold: what cannot be seen and is not a line break.
    fn look_at(&mut self, text: &str, span: Span) {
        // Marks of direction that are in the file as they are have been seen there, comments included.
        let written = self.text.get(span.range()).unwrap_or_default();
        let escaped_bidi = |char: char| is_bidi(char) && !written.contains(char);
        if let Some(char) = text.chars().find(|char| is_control(*char)) {
            let point = format!("U+{:04X}", u32::from(char));
            self.findings
                .report(&codes::CONTROL_CHARACTER, span, format!("this text holds the control character {point}"))
                .help("only tabs and line breaks are allowed: delete it");
        } else if let Some(char) = text.chars().find(|char| escaped_bidi(*char)) {
            self.findings.push(bidi(char, span));
        }
    }

    fn alias(&mut self, id: usize, span: Span) {
        let node = if let Some(node) = self.anchors.get(&id) {
            self.aliased = self.aliased.saturating_add(node.size());
            if self.aliased > REPEATED { Node { span, value: Value::Null } } else { node.clone() }
        } else {
            self.findings
                .report(&codes::UNKNOWN_ANCHOR, span, "this alias is inside its own value")
                .help("name another anchor, or write the value out");
            Node { span, value: Value::Null }
        };
        self.add(node);
    }

    fn close(&mut self, end: Span) {
        let Some((open, anchor, start)) = self.open.pop() else { return };
        let value = match open {
            Open::List { items } => Value::List(items),
            Open::Map { entries, merged, .. } => Value::Map(merge(entries, merged)),
        };
        let last = match &value {
            Value::List(items) => items.last().map(|item| item.span),
            Value::Map(entries) => entries.last().map(|entry| entry.value.span),
            Value::Null | Value::Scalar(_) => None,
        };
        // The end of a block stands where the next thing starts; its last part says better where it ends.
        let end = if end.start == end.end { last.unwrap_or(start) } else { end };
        self.finish(Node { span: start.to(end), value }, anchor);
    }

    fn finish(&mut self, node: Node, anchor: usize) {
        if anchor != 0 {
            self.anchored = self.anchored.saturating_add(node.size());
            if self.anchored <= REPEATED {
                self.anchors.insert(anchor, node.clone());
            }
        }
        self.add(node);
    }

    fn add(&mut self, node: Node) {
        match self.open.last_mut() {
            None => self.roots.push(node),
            Some((Open::List { items }, ..)) => items.push(node),
            Some((Open::Map { entries, merged, key }, ..)) => match key.take() {
                None => {
                    let name = key_name(&node);
                    if name.is_none() {
                        self.findings
                            .report(&codes::WRONG_SHAPE, node.span, "a key has to be a text, but this is a list or map")
                            .help("put quotes around a text that starts with `{` or `[`");
                    }
                    *key = Some(Name::new(name.unwrap_or_default(), node.span));
                }
                Some(name) if name.value == "<<" => merged.push(node),
                Some(name) => entries.push(Entry { key: name, value: node }),
            },
        }
    }
}

/// A key's text; `null` is a key like any other word.
fn key_name(node: &Node) -> Option<String> {
    match &node.value {
        Value::Scalar(scalar) => Some(scalar.text.clone()),
        Value::Null => Some("null".to_owned()),
        Value::List(_) | Value::Map(_) => None,
    }
}

/// The entries of a map with those of the maps that it merges in (`<<`); what the map itself says wins.
fn merge(mut entries: Vec<Entry>, merged: Vec<Node>) -> Vec<Entry> {
    if merged.is_empty() {
        return entries;
    }
    let mut known: HashSet<String> = entries.iter().map(|entry| entry.key.value.clone()).collect();
    let mut sources = Vec::new();
    for node in merged {
        match node.value {
            Value::List(items) => sources.extend(items),
            _ => sources.push(node),
        }
    }
    for source in sources {
        if let Value::Map(more) = source.value {
            for entry in more {
                if known.insert(entry.key.value.clone()) {
                    entries.push(entry);
                }
            }
        }
    }
    entries
}

/// Reports the characters of a file, comments included, that turn the order of others around: each line with some once.
pub fn bidi_characters(file: FileId, text: &str, findings: &mut Findings) {
    // All of them start with this byte, which nothing of a plain text has.
    let mut last_line = None;
    for at in memchr::memchr_iter(0xe2, text.as_bytes()) {
        let Some(char) = text.get(at..).and_then(|rest| rest.chars().next()).filter(|char| is_bidi(*char)) else { continue };
        let line = text.get(..at).and_then(|before| before.rfind('\n'));
        if last_line != Some(line) {
            findings.push(bidi(char, Span::new(file, at..at + char.len_utf8())));
            last_line = Some(line);
        }
    }
}

fn bidi(char: char, span: Span) -> Finding {
    let message = format!(
        "the invisible character U+{:04X} makes the text after it look different from how it is \
         read",
        u32::from(char)
    );
    let mut finding = Finding::new(&codes::BIDI_CHARACTER, span, message);
    finding.help("delete it; right-to-left scripts do not need it");
    finding
}

fn scalar(text: &str, style: ScalarStyle, span: Span) -> Node {
    let style = match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::Single,
        ScalarStyle::DoubleQuoted => Style::Double,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
    };
    let null = style == Style::Plain && matches!(text, "" | "~" | "null" | "Null" | "NULL");
    let value = if null { Value::Null } else { Value::Scalar(Scalar { text: text.to_owned(), style }) };
    Node { span, value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Files;

    fn parse_one(text: &str) -> (Files, Option<Vec<Node>>, Findings) {
        let mut files = Files::default();
        let id = files.add("a.yml".into(), text.into());
        let mut findings = Findings::default();
        let roots = parse(id, text, &mut findings);
        (files, roots, findings)
    }

    fn keys(node: &Node) -> Vec<String> {
        match &node.value {
            Value::Map(entries) => entries.iter().map(|entry| entry.key.value.clone()).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn merge_keys_add_what_the_map_does_not_say_itself() {
        let (_, roots, findings) = parse_one("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\n");
        assert!(findings.is_empty());
        let root = roots.unwrap().remove(0);
        let Value::Map(entries) = root.value else { panic!("a map") };
        assert_eq!(keys(&entries[1].value), ["y", "x"]);
    }

    #[test]
    fn an_alias_inside_its_own_anchor_and_an_unknown_one_are_findings() {
        let (_, _, findings) = parse_one("a: &a [1, *a]\nb: *nope\n");
        let codes: Vec<_> = findings.iter().map(|finding| finding.code.name).collect();
        assert_eq!(codes, ["unknown-anchor", "unknown-anchor"]);
    }

    #[test]
    fn a_billion_laughs_is_refused() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let alias = format!("*a{}", level - 1);
            text += &format!("a{level}: &a{level} [{}]\n", [alias.as_str(); 10].join(", "));
        }
        let (_, roots, findings) = parse_one(&text);
        assert!(roots.is_none());
        assert_eq!(findings.iter().next().unwrap().code.name, "yaml-limit");
    }

    #[test]
    fn nested_anchors_and_long_texts_count() {
        let code = |text: &str| parse_one(text).2.iter().next().map(|finding| finding.code.name);
        let nested: String = (0..90).map(|level| format!("&a{level} [")).collect();
        let deep = format!("{nested}{}{}", "x, ".repeat(20_000), "]".repeat(90));
        assert_eq!(code(&deep), Some("yaml-limit"));
        let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(100_000), "*a, ".repeat(1_000));
        assert_eq!(code(&long), Some("yaml-limit"));
        assert_eq!(code("a: &a {x: 1}\nb: &b {c: *a}\nd: *b\n"), None);
    }

    #[test]
    fn merges_of_many_keys_take_no_time() {
        let keys = |from: usize| (from..from + 90_000).map(|at| format!("  k{at}: 1\n")).collect::<String>();
        let text = format!("a: &a\n{}b:\n  <<: *a\n{}", keys(0), keys(45_000));
        let begun = std::time::Instant::now();
        let (_, roots, findings) = parse_one(&text);
        assert!(findings.is_empty());
        let Value::Map(entries) = &roots.unwrap()[0].value else { panic!("a map") };
        assert_eq!(keys_of(&entries[1].value), 135_000);
        assert!(begun.elapsed().as_secs() < 60);
    }

    fn keys_of(node: &Node) -> usize {
        keys(node).len()
    }

    #[test]
    fn control_characters_and_bidi_characters_are_refused() {
        let code = |text: &str| parse_one(text).2.iter().next().map(|finding| finding.code.name);
        assert_eq!(code("a: \"x\\0\""), Some("control-character"));
        assert_eq!(code("\"a\\e\": x"), Some("control-character"));
        assert_eq!(code("a: \"x\\u202ey\""), Some("bidi-character"));
        assert_eq!(code("a: \"x\\ty\\r\\nz\""), None);
        let mut findings = Findings::default();
        let id = crate::text::Files::default().add("a.yml".into(), String::new());
        bidi_characters(id, "a: 1 # \u{202e}x\u{2066}\nb: 2 # →\nc: \u{2069}\n", &mut findings);
        assert_eq!(findings.iter().count(), 2);
    }

    #[test]
    fn conflict_marks_and_tabs_are_named() {
        let (_, roots, findings) = parse_one("a: 1\n<<<<<<< HEAD\nb: 2\n");
        assert!(roots.is_none());
        assert_eq!(findings.iter().next().unwrap().code.name, "merge-conflict");
        let (_, _, findings) = parse_one("a:\n\tb: 2\n");
        assert!(findings.iter().next().unwrap().message.contains("tab"));
    }

    #[test]
    fn the_span_of_a_block_ends_with_its_last_part() {
        let (files, roots, _) = parse_one("a:\n  b: 1\n  c: two\n\n\nd: 2\n");
        let Value::Map(entries) = &roots.as_ref().unwrap()[0].value else { panic!("a map") };
        assert_eq!(files.slice(entries[0].value.span), "b: 1\n  c: two");
    }
}
