//! From a text to nodes that know how they were written: quotes, brackets, anchors, tags.
//!
//! `load::yaml` reads the same text for its meaning; there aliases stand for what they name, and comments are gone.

use super::Why;
use crate::diagnostic::Findings;
use crate::load::yaml::{self, Style};
use crate::text::Files;
use granit_parser::{Event, Parser, ScalarStyle, StructureStyle, Tag, options};
use std::ops::Range;

/// How many lists and maps may be in one another; `load` allows as many.
const NESTED: usize = 100;

/// A file.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// Its documents.
    pub documents: Vec<Document>,
    /// The places of all comments, in their order.
    pub comments: Vec<Range<usize>>,
    /// What stands behind the last document.
    pub foot: Vec<Lead>,
}

/// A document of a file.
#[derive(Debug)]
pub(super) struct Document {
    /// The place of `---`, where it is written.
    pub mark: Option<usize>,
    /// What stands above `---`.
    pub above: Vec<Lead>,
    /// What stands above the first entry.
    pub head: Vec<Lead>,
    /// What it holds.
    pub root: Node,
    /// The comment behind a root that is one line.
    pub comment: Option<String>,
}

/// A node.
#[derive(Debug)]
pub(super) struct Node {
    /// Its tag and anchor as written: `&base`.
    pub marks: String,
    /// Where it starts, without tag and anchor.
    pub start: usize,
    /// Where its last character ends.
    pub end: usize,
    /// What it is.
    pub kind: Kind,
}

/// What a node is.
#[derive(Debug)]
pub(super) enum Kind {
    /// A scalar.
    Scalar(Scalar),
    /// `*base`
    Alias(String),
    /// A list.
    List(List),
    /// A map.
    Map(Map),
}

/// A scalar.
#[derive(Debug)]
pub(super) struct Scalar {
    /// How it is written.
    pub style: Style,
    /// Its text, with escapes and folding undone.
    pub text: String,
    /// The same as written; of a literal or folded one, its lines without indentation.
    pub source: String,
}

/// A list.
#[derive(Debug)]
pub(super) struct List {
    /// Its items.
    pub items: Vec<Item>,
    /// Whether it is in brackets.
    pub flow: bool,
    /// What stands behind its last item.
    pub foot: Vec<Lead>,
}

/// An item of a list.
#[derive(Debug)]
pub(super) struct Item {
    /// What stands above it.
    pub lead: Vec<Lead>,
    /// The item.
    pub node: Node,
    /// The comment behind it.
    pub comment: Option<String>,
}

/// A map.
#[derive(Debug)]
pub(super) struct Map {
    /// Its entries.
    pub entries: Vec<Entry>,
    /// Whether it is in braces.
    pub flow: bool,
    /// What stands behind its last entry.
    pub foot: Vec<Lead>,
}

/// A key with its value.
#[derive(Debug)]
pub(super) struct Entry {
    /// What stands above it.
    pub lead: Vec<Lead>,
    /// The key.
    pub key: Node,
    /// The value.
    pub value: Node,
    /// The comment behind the key, or behind a value that is one line.
    pub comment: Option<String>,
}

/// What stands above an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lead {
    /// Blank lines.
    Blank,
    /// A comment on its own line.
    Comment(String),
}

impl Node {
    /// Whether nothing is written.
    pub(super) fn is_empty(&self) -> bool {
        self.marks.is_empty()
            && matches!(&self.kind, Kind::Scalar(scalar) if scalar.style == Style::Plain && scalar.source.is_empty())
    }

    /// Whether it is a list or map that is not in brackets.
    pub(super) fn is_block(&self) -> bool {
        matches!(&self.kind, Kind::List(List { flow: false, .. }) | Kind::Map(Map { flow: false, .. }))
    }

    /// The plain text of a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(&scalar.text),
            Kind::Alias(_) | Kind::List(_) | Kind::Map(_) => None,
        }
    }
}

/// Reads a text.
pub(super) fn read(path: &str, text: &str) -> Result<Stream, Why> {
    let (mut files, mut findings) = (Files::default(), Findings::default());
    let file = files.add(path.to_owned(), text.to_owned());
    if yaml::parse(file, text, &mut findings).is_none() {
        return Err(Why::Broken(Box::new((files, findings))));
    }
    let parser = Parser::new_from_str_with_options(
        text,
        options! {
            emit_comments: true,
            emit_anchor_events: true,
            emit_unresolved_aliases: true,
            flow_nesting_limit: NESTED,
            block_nesting_limit: NESTED,
            max_buffered_comment_events: text.len(),
        },
    );
    let mut builder = Builder { text, open: Vec::new(), stream: Stream::default(), mark: None, last: 0 };
    for event in parser {
        let Ok((event, span)) = event else { return Err(Why::Unusual("comments where only a value can be")) };
        builder.event(event, span.byte_range().unwrap_or(0..0))?;
    }
    builder.stream.comments.sort_by_key(|range| range.start);
    builder.stream.comments.dedup();
    Ok(builder.stream)
}

/// A list or map whose end has not come yet.
struct Open {
    node: Node,
    key: Option<Node>,
}

struct Builder<'a> {
    text: &'a str,
    open: Vec<Open>,
    stream: Stream,
    mark: Option<usize>,
    /// Where the last node ends.
    last: usize,
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, range: Range<usize>) -> Result<(), Why> {
        match event {
            Event::Comment(..) => self.stream.comments.push(range),
            Event::DocumentStart(explicit, version) => {
                let directive =
                    self.text.get(self.last..range.end).unwrap_or_default().lines().any(|line| line.starts_with('%'));
                if version.is_some() || directive {
                    return Err(Why::Unusual("a line that starts with `%`"));
                }
                self.mark = explicit.then_some(range.start);
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                let kind = Kind::Alias(self.text.get(range.clone()).unwrap_or_default().to_owned());
                self.add(Node { marks: String::new(), start: range.start, end: range.end, kind })?;
            }
            Event::Anchor(_, name) => self.anchor(&name),
            Event::Scalar(text, style, _, tag) => {
                let node = self.scalar(&text, style, tag.as_deref(), range);
                self.add(node)?;
            }
            Event::SequenceStart(style, _, tag) => {
                let list = List { items: Vec::new(), flow: style == StructureStyle::Flow, foot: Vec::new() };
                self.begin(Kind::List(list), tag.as_deref(), &range);
            }
            Event::MappingStart(style, _, tag) => {
                let map = Map { entries: Vec::new(), flow: style == StructureStyle::Flow, foot: Vec::new() };
                self.begin(Kind::Map(map), tag.as_deref(), &range);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Open { mut node, .. }) = self.open.pop() else { return Ok(()) };
                node.end = if node.is_block() { self.last } else { range.end.max(self.last) };
                self.add(node)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, kind: Kind, tag: Option<&Tag>, range: &Range<usize>) {
        let node = Node { marks: tag.map(written).unwrap_or_default(), start: range.start, end: range.end, kind };
        self.open.push(Open { node, key: None });
    }

    /// The anchor of the node that was just begun or added.
    fn anchor(&mut self, name: &str) {
        let last = match self.open.last_mut() {
            None => self.stream.documents.last_mut().map(|document| &mut document.root),
            Some(open) => match (&mut open.node.kind, &mut open.key) {
                (_, Some(key)) => Some(key),
                (Kind::List(list), None) if !list.items.is_empty() => list.items.last_mut().map(|item| &mut item.node),
                (Kind::Map(map), None) if !map.entries.is_empty() => map.entries.last_mut().map(|entry| &mut entry.value),
                _ => Some(&mut open.node),
            },
        };
        if let Some(node) = last {
            let blank = if node.marks.is_empty() { "" } else { " " };
            node.marks = format!("&{name}{blank}{}", node.marks);
        }
    }

    fn add(&mut self, node: Node) -> Result<(), Why> {
        self.last = self.last.max(node.end);
        let Some(open) = self.open.last_mut() else {
            let mark = self.mark.take();
            self.stream.documents.push(Document { mark, above: Vec::new(), head: Vec::new(), root: node, comment: None });
            return Ok(());
        };
        match &mut open.node.kind {
            Kind::List(list) => list.items.push(Item { lead: Vec::new(), node, comment: None }),
            Kind::Map(map) => match open.key.take() {
                None if matches!(node.kind, Kind::List(_) | Kind::Map(_)) => {
                    return Err(Why::Unusual("a key that is a list or map"));
                }
                None if node.is_empty() => return Err(Why::Unusual("a value without a key")),
                None => open.key = Some(node),
                Some(key) => map.entries.push(Entry { lead: Vec::new(), key, value: node, comment: None }),
            },
            Kind::Scalar(_) | Kind::Alias(_) => {}
        }
        Ok(())
    }

    fn scalar(&self, text: &str, style: ScalarStyle, tag: Option<&Tag>, range: Range<usize>) -> Node {
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::Single,
            ScalarStyle::DoubleQuoted => Style::Double,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
        };
        let (start, end, source) = if matches!(style, Style::Literal | Style::Folded) {
            self.block(text)
        } else if range.is_empty() && style == Style::Plain {
            // What is not there has a place somewhere behind its key.
            let at = self.after_key();
            (at, at, String::new())
        } else {
            (range.start, range.end, self.text.get(range).unwrap_or_default().to_owned())
        };
        let scalar = Scalar { style, text: text.to_owned(), source };
        Node { marks: tag.map(written).unwrap_or_default(), start, end, kind: Kind::Scalar(scalar) }
    }

    /// The place behind the last key or node.
    fn after_key(&self) -> usize {
        let key = self.open.last().and_then(|open| open.key.as_ref()).map(|key| key.end);
        let begin = self.open.last().map_or(0, |open| open.node.start);
        key.unwrap_or(self.last).max(begin)
    }

    /// A literal or folded text: where `|` or `>` is, where the last line ends, and the lines without their indentation.
    fn block(&self, text: &str) -> (usize, usize, String) {
        let start = self.header(self.after_key());
        let rest = self.text.get(start..).unwrap_or_default();
        let head = rest.find('\n').map_or(rest.len(), |at| at + 1);
        let body = rest.get(head..).unwrap_or_default();
        let blanks = |line: &str| line.len() - line.trim_start_matches(' ').len();
        let first = body.lines().find(|line| !line.trim_matches(' ').is_empty()).unwrap_or_default();
        let own = text.lines().find(|line| !line.trim_matches(' ').is_empty()).map_or(0, blanks);
        let indent = blanks(first).saturating_sub(own);
        let keeps = text.ends_with("\n\n") || (text.chars().all(|char| char == '\n') && !text.is_empty());
        let (mut lines, mut at, mut end) = (Vec::new(), start + head, start + head.saturating_sub(1));
        for line in body.split_inclusive('\n') {
            let content = line.trim_end_matches('\n');
            let is_blank = content.trim_matches(' ').is_empty();
            if !is_blank && (blanks(content) < indent || text.trim_matches('\n').is_empty()) {
                break;
            }
            at += line.len();
            lines.push(content.get(indent..).unwrap_or_default());
            if !is_blank || keeps {
                end = at - (line.len() - content.len());
            }
        }
        while lines.last().is_some_and(|line| line.is_empty()) {
            lines.pop();
        }
        (start, end.max(start + 1), lines.join("\n"))
    }

    /// The place of `|` or `>` from a place on.
    fn header(&self, from: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut at = from;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'|' | b'>' => return at,
                b'#' => {
                    while bytes.get(at).is_some_and(|byte| *byte != b'\n') {
                        at += 1;
                    }
                }
                b'&' | b'!' => {
                    while bytes.get(at).is_some_and(|byte| !matches!(byte, b' ' | b'\t' | b'\n')) {
                        at += 1;
                    }
                }
                _ => at += 1,
            }
        }
        from
    }
}

/// A tag as written.
fn written(tag: &Tag) -> String {
    let (handle, suffix) = (tag.original_handle(), tag.suffix());
    if handle.is_empty() { format!("!<{}{suffix}>", tag.handle()) } else { format!("{handle}{suffix}") }
}
