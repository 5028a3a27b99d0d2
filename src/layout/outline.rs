//! Where the definitions of a spec file stand, to move them or to add to them. All places are bytes of the text as it is.

use super::tree::{self, Entry, Kind, Lead, List, Map, Node, Stream};
use super::{Why, comments, order};
use std::ops::Range;

/// A definition of a file.
#[derive(Debug, Clone)]
pub struct Outlined {
    /// Its section: `kpis`.
    pub section: String,
    /// Its name.
    pub name: String,
    /// Its lines, with the comments above it and at its end.
    pub lines: Range<usize>,
    /// The line of the section's key.
    pub section_line: Range<usize>,
    /// Where the section's last line ends.
    pub section_end: usize,
    /// By how much it is indented.
    pub indent: usize,
    /// Whether it has lines of its own: what is in braces cannot be moved.
    pub has_lines: bool,
    /// Whether it names or is an anchor, which only holds in its file.
    pub has_anchors: bool,
    /// Whether it is the only one of its section.
    pub is_alone: bool,
    /// Where to write an entry of its list of former names, and what; nothing where that is not clear.
    pub alias: Option<Insertion>,
}

/// A text that goes between two others.
#[derive(Debug, Clone)]
pub struct Insertion {
    /// The place.
    pub at: usize,
    /// What goes before the name.
    pub before: String,
    /// What goes after it.
    pub after: String,
}

/// The definitions of a text.
///
/// # Errors
/// Fails if it is not YAML.
pub fn outline(path: &str, text: &str) -> Result<Vec<Outlined>, Why> {
    let mut stream = tree::read(path, text)?;
    comments::attach(text, &mut stream);
    let mut found = Vec::new();
    for root in roots(&stream) {
        let Kind::Map(sections) = &root.kind else { continue };
        for section in &sections.entries {
            let Kind::Map(map) = &section.value.kind else { continue };
            let in_lines = !sections.flow && !map.flow && section.value.marks.is_empty();
            let section_line = line_of(text, section.key.start);
            let section_end = end_of(text, map.entries.last().map_or(section.value.end, |entry| entry.value.end));
            for entry in &map.entries {
                let begin = begin_of(text, entry);
                let mut has_anchors = false;
                let mut look =
                    |node: &Node| has_anchors |= order::anchor(node).is_some() || matches!(node.kind, Kind::Alias(_));
                order::visit(&entry.key, &mut look);
                order::visit(&entry.value, &mut look);
                found.push(Outlined {
                    section: section.key.text().unwrap_or_default().to_owned(),
                    name: entry.key.text().unwrap_or_default().to_owned(),
                    lines: begin..end_of(text, foot(text, entry)),
                    section_line: section_line.clone(),
                    section_end,
                    indent: column(text, entry.key.start),
                    has_lines: in_lines,
                    has_anchors,
                    is_alone: map.entries.len() == 1,
                    alias: alias(text, entry),
                });
            }
        }
    }
    Ok(found)
}

pub(super) fn roots(stream: &Stream) -> impl Iterator<Item = &Node> {
    stream.documents.iter().map(|document| &document.root)
}

fn line_of(text: &str, at: usize) -> Range<usize> {
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |line| line + 1);
    start..end_of(text, at)
}

/// The start of the line behind the one that a place is in.
pub(super) fn end_of(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |line| at + line + 1)
}

pub(super) fn column(text: &str, at: usize) -> usize {
    at - line_of(text, at).start
}

/// Where the comments directly above an entry start, or its own line.
pub(super) fn begin_of(text: &str, entry: &Entry) -> usize {
    let mut begin = line_of(text, entry.key.start).start;
    // Those above a blank line are about more than this entry.
    for lead in entry.lead.iter().rev() {
        match lead {
            Lead::Blank => break,
            Lead::Comment(_) => begin = line_of(text, begin.saturating_sub(1)).start,
        }
    }
    begin
}

/// Where an entry ends, with the comments at its end.
fn foot(text: &str, entry: &Entry) -> usize {
    fn comments(node: &Node) -> usize {
        let (own, last) = match &node.kind {
            Kind::Map(map) => (&map.foot, map.entries.last().map(|entry| &entry.value)),
            Kind::List(list) => (&list.foot, list.items.last().map(|item| &item.node)),
            Kind::Scalar(_) | Kind::Alias(_) => return 0,
        };
        let count = |leads: &[Lead]| leads.iter().filter(|lead| matches!(lead, Lead::Comment(_))).count();
        if node.is_block() { count(own) + last.map_or(0, comments) } else { 0 }
    }
    let mut end = entry.value.end;
    for _ in 0..comments(&entry.value) {
        let next = end_of(text, end);
        let comment = text.get(next..).and_then(|rest| rest.find('#'));
        end = comment.map_or(next, |at| next + at);
    }
    end
}

/// Where a former name goes.
fn alias(text: &str, entry: &Entry) -> Option<Insertion> {
    let Kind::Map(map) = &entry.value.kind else { return None };
    let make =
        |at: usize, before: &str, after: &str| Some(Insertion { at, before: before.to_owned(), after: after.to_owned() });
    let known = map.entries.iter().find(|entry| entry.key.text() == Some("aliases"));
    match known.map(|known| &known.value.kind) {
        Some(Kind::List(List { items, flow: true, .. })) => match items.last() {
            Some(last) => make(last.node.end, ", ", ""),
            None => make(known?.value.start + 1, "", ""),
        },
        Some(Kind::List(List { items, flow: false, .. })) => {
            let last = &items.last()?.node;
            let line = line_of(text, last.start);
            let indent = text.get(line.start..)?.find('-')?;
            make(line.end, &format!("{}- ", " ".repeat(indent)), breaks(text))
        }
        Some(_) => None,
        None => new_alias(text, map, &make),
    }
}

/// Where the key goes that is not there yet: behind all others, before what `meta` and its like say.
fn new_alias(text: &str, map: &Map, make: &dyn Fn(usize, &str, &str) -> Option<Insertion>) -> Option<Insertion> {
    let last = map.entries.last()?;
    if map.flow {
        return make(last.value.end, ", aliases: [", "]");
    }
    // A text that keeps the blank lines at its end would take the line for one of its own.
    let at = end_of(text, last.value.end);
    let indent = " ".repeat(column(text, map.entries.first()?.key.start));
    let before = if text.get(..at).is_some_and(|before| before.ends_with('\n')) { "" } else { breaks(text) };
    make(at, &format!("{before}{indent}aliases: ["), &format!("]{}", breaks(text)))
}

pub(super) fn breaks(text: &str) -> &'static str {
    match super::Breaks::of(text) {
        super::Breaks::Line => "\n",
        super::Breaks::ReturnAndLine => "\r\n",
    }
}
