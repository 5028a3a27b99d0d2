//! From nodes to lines.

use super::LINE;
use super::align::{self, Line};
use super::order::{is_formula, item_of, record_of, value_of};
use super::scalar::{double, quoted};
use super::tree::{Entry, Item, Kind, Lead, List, Map, Node, Scalar, Stream};
use crate::formula::layout;
use crate::load::yaml::Style;
use crate::spec::FILE;
use crate::spec::shape::Shape;
use std::collections::{BTreeMap, BTreeSet};

/// By how much what belongs to a key is indented.
const STEP: usize = 2;

/// The text of a file.
pub(super) fn write(stream: &Stream, shape: &Shape) -> String {
    let mut writer = Writer::default();
    for (at, document) in stream.documents.iter().enumerate() {
        writer.leads(&document.above, 0);
        if document.mark.is_some() || at > 0 {
            writer.line(0, "---".to_owned(), None);
        }
        writer.leads(&document.head, 0);
        if !document.root.is_empty() || document.comment.is_some() {
            writer.root(&document.root, shape, document.comment.clone());
        }
    }
    writer.leads(&stream.foot, 0);
    align::join(&writer.lines)
}

#[derive(Default)]
struct Writer {
    lines: Vec<Line>,
    /// Whether the last lines are a text that keeps the line breaks at its end.
    keeps: bool,
}

impl Writer {
    fn line(&mut self, indent: usize, text: String, comment: Option<String>) {
        self.lines.push(Line { indent, text, comment });
        self.keeps = false;
    }

    /// One blank line, unless there is one, nothing stands above it, or it would belong to the text above it.
    fn blank(&mut self) {
        let is_first = self.lines.last().is_none_or(|line| line.text.is_empty() || line.text == "---");
        if !is_first && !self.keeps {
            self.line(0, String::new(), None);
        }
    }

    fn leads(&mut self, leads: &[Lead], indent: usize) {
        for lead in leads {
            match lead {
                Lead::Blank => self.blank(),
                Lead::Comment(comment) => self.line(indent, comment.clone(), None),
            }
        }
    }

    /// The first lines of a list or map have no blank line above them.
    fn first_leads(&mut self, leads: &[Lead], indent: usize) {
        let leads = leads.iter().skip_while(|lead| **lead == Lead::Blank);
        leads.for_each(|lead| self.leads(std::slice::from_ref(lead), indent));
    }

    fn root(&mut self, root: &Node, shape: &Shape, comment: Option<String>) {
        let inline = inline(root, shape).filter(|text| text.chars().count() <= LINE);
        match (&root.kind, inline) {
            (Kind::List(_) | Kind::Map(_), None) => {
                if !root.marks.is_empty() {
                    self.line(0, root.marks.clone(), comment);
                } else if let Some(comment) = comment {
                    self.line(0, comment, None);
                }
                self.collection(root, shape, 0);
            }
            (_, Some(text)) => self.line(0, text, comment),
            (Kind::Scalar(scalar), None) => {
                let begin = marked(root);
                self.scalar(&begin, scalar, shape, 0, comment);
            }
            (Kind::Alias(_), None) => {}
        }
    }

    fn collection(&mut self, node: &Node, shape: &Shape, indent: usize) {
        match &node.kind {
            Kind::List(list) => self.list(list, item_of(shape), indent),
            Kind::Map(map) => self.map(map, shape, indent),
            Kind::Scalar(_) | Kind::Alias(_) => {}
        }
    }

    fn list(&mut self, list: &List, shape: &Shape, indent: usize) {
        for (at, item) in list.items.iter().enumerate() {
            if at == 0 {
                self.first_leads(&item.lead, indent);
            } else {
                self.leads(&item.lead, indent);
            }
            self.item(item, shape, indent);
        }
        self.leads(&list.foot, indent);
    }

    fn item(&mut self, item: &Item, shape: &Shape, indent: usize) {
        let node = &item.node;
        let comment = item.comment.clone();
        if node.is_empty() {
            return self.line(indent, "-".to_owned(), comment);
        }
        if let Some(text) = inline(node, shape).filter(|text| fits(node, indent + STEP, text)) {
            return self.line(indent, format!("- {text}"), comment);
        }
        if let Kind::Scalar(scalar) = &node.kind {
            return self.scalar(&format!("- {}", marked(node)), scalar, shape, indent, comment);
        }
        if !node.marks.is_empty() {
            self.line(indent, format!("- {}", node.marks), comment);
            return self.collection(node, shape, indent + STEP);
        }
        if let Some(comment) = comment {
            self.line(indent, comment, None);
        }
        let first = self.lines.len();
        self.collection(node, shape, indent + STEP);
        // The first line of what is in it goes beside the dash.
        if let Some(line) = self.lines.get_mut(first) {
            line.indent = indent;
            line.text = format!("- {}", line.text);
        }
    }

    fn map(&mut self, map: &Map, shape: &Shape, indent: usize) {
        let is_file = record_of(shape).is_some_and(|record| record.what == FILE.what);
        let is_section = indent == STEP && matches!(shape, Shape::Named(..)) || is_file;
        let width = if record_of(shape).is_some() { None } else { aligned(map, shape, indent) };
        let mut was_long = false;
        for (at, entry) in map.entries.iter().enumerate() {
            let shape = value_of(shape, entry.key.text().unwrap_or_default());
            let is_long = one_line(entry, shape, indent).is_none();
            let parted = is_section && (is_file || was_long || is_long);
            if at == 0 {
                self.first_leads(&entry.lead, indent);
            } else {
                if parted {
                    self.blank();
                }
                self.leads(&entry.lead, indent);
            }
            self.entry(entry, shape, indent, width);
            was_long = is_long;
        }
        self.leads(&map.foot, indent);
    }

    fn entry(&mut self, entry: &Entry, shape: &Shape, indent: usize, width: Option<usize>) {
        let (key, value) = (key(&entry.key), &entry.value);
        let comment = entry.comment.clone();
        if value.is_empty() {
            return self.line(indent, key, comment);
        }
        if let Some(text) = one_line(entry, shape, indent) {
            let blanks = width.unwrap_or(0).saturating_sub(key.chars().count());
            return self.line(indent, format!("{key}{} {text}", " ".repeat(blanks)), comment);
        }
        if let Kind::Scalar(scalar) = &value.kind {
            return self.scalar(&format!("{key} {}", marked(value)), scalar, shape, indent, comment);
        }
        let marks = if value.marks.is_empty() { String::new() } else { format!(" {}", value.marks) };
        self.line(indent, format!("{key}{marks}"), comment);
        self.collection(value, shape, indent + STEP);
    }

    /// A scalar of several lines, behind what its first line starts with.
    fn scalar(&mut self, begin: &str, scalar: &Scalar, shape: &Shape, indent: usize, comment: Option<String>) {
        let below = indent + STEP;
        let sign = match scalar.style {
            Style::Literal => '|',
            Style::Folded => '>',
            Style::Plain | Style::Single | Style::Double => {
                let source = if scalar.style == Style::Plain && is_formula(shape) {
                    layout::lines(&scalar.source).unwrap_or_else(|| scalar.source.clone())
                } else {
                    scalar.source.clone()
                };
                let mut lines = source.lines().map(|line| line.trim_matches([' ', '\t']).to_owned());
                let mut last = format!("{begin}{}", lines.next().unwrap_or_default());
                let mut at = indent;
                for line in lines {
                    self.line(at, std::mem::replace(&mut last, line), None);
                    at = below;
                }
                return self.line(at, last, comment);
            }
        };
        let source = if is_formula(shape) { layout::lines(&scalar.source) } else { None };
        let source = source.as_ref().unwrap_or(&scalar.source);
        let breaks = scalar.text.len() - scalar.text.trim_end_matches('\n').len();
        let is_blank = scalar.text.len() == breaks;
        let first = source.lines().find(|line| !line.trim_matches(' ').is_empty());
        let indicator = if first.is_some_and(|line| line.starts_with([' ', '\t'])) { "2" } else { "" };
        let keeps = breaks > 1 || (is_blank && breaks > 0);
        let chomp = match breaks {
            _ if keeps => "+",
            0 => "-",
            _ => "",
        };
        self.line(indent, format!("{begin}{sign}{indicator}{chomp}"), comment);
        for line in source.lines() {
            self.line(below, line.to_owned(), None);
        }
        if keeps {
            let more = if is_blank { breaks } else { breaks - 1 };
            (0..more).for_each(|_| self.line(0, String::new(), None));
            self.keeps = true;
        }
    }
}

/// A key with its colon.
fn key(key: &Node) -> String {
    let text = match &key.kind {
        // `*a:` would be an alias of another name.
        Kind::Alias(name) => format!("{name} "),
        Kind::Scalar(scalar) => flow_scalar(scalar, false),
        Kind::List(_) | Kind::Map(_) => String::new(),
    };
    format!("{}{text}:", marked(key))
}

/// A node's tag and anchor with a blank behind them, if it has any.
fn marked(node: &Node) -> String {
    if node.marks.is_empty() { String::new() } else { format!("{} ", node.marks) }
}

/// The value of an entry, if it goes into the line of its key.
fn one_line(entry: &Entry, shape: &Shape, indent: usize) -> Option<String> {
    let before = indent + entry.key.end.saturating_sub(entry.key.start) + 2;
    inline(&entry.value, shape).filter(|text| fits(&entry.value, before, text))
}

/// Whether what is in brackets may be in a line that starts with so many characters. Texts are never broken.
fn fits(node: &Node, before: usize, text: &str) -> bool {
    match &node.kind {
        Kind::Scalar(_) | Kind::Alias(_) => true,
        Kind::List(_) | Kind::Map(_) => before + text.chars().count() <= LINE,
    }
}

/// The width of keys with their colons, where the values of a map stand below each other.
///
/// Whoever writes a table has done so: two values stand below each other behind keys of unlike length.
fn aligned(map: &Map, shape: &Shape, indent: usize) -> Option<usize> {
    let of_one_line = |entry: &&Entry| {
        let shape = value_of(shape, entry.key.text().unwrap_or_default());
        !entry.value.is_empty() && one_line(entry, shape, indent).is_some()
    };
    let entries: Vec<&Entry> = map.entries.iter().filter(of_one_line).collect();
    // Values of keys of unlike length that stand at the same distance from the start of their keys.
    let distance = |entry: &Entry| entry.value.start.saturating_sub(entry.key.start + marked(&entry.value).len());
    let length = |entry: &Entry| entry.key.end - entry.key.start;
    let mut lengths: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for entry in &entries {
        lengths.entry(distance(entry)).or_default().insert(length(entry));
    }
    let is_table =
        lengths.iter().any(|(distance, lengths)| lengths.len() > 1 && lengths.iter().any(|length| *distance > length + 2));
    is_table.then(|| entries.iter().map(|entry| key(&entry.key).chars().count()).max().unwrap_or(0))
}

/// A node as a part of a line, if it can be one.
fn inline(node: &Node, shape: &Shape) -> Option<String> {
    let marks = marked(node);
    let text = match &node.kind {
        Kind::Alias(name) => name.clone(),
        Kind::Scalar(scalar) if matches!(scalar.style, Style::Literal | Style::Folded) => return None,
        Kind::Scalar(scalar) if scalar.source.contains('\n') => return None,
        Kind::Scalar(scalar) => shaped(scalar, shape),
        Kind::List(_) | Kind::Map(_) => flow(node, shape)?,
    };
    Some(format!("{marks}{text}").trim_end().to_owned())
}

/// A scalar of one line, as a formula if it is one.
fn shaped(scalar: &Scalar, shape: &Shape) -> String {
    let text = if is_formula(shape) { layout::line(&scalar.text) } else { None };
    match text {
        Some(text) if text != scalar.text => {
            let source = match scalar.style {
                Style::Plain => text.clone(),
                _ => double(&text),
            };
            flow_scalar(&Scalar { style: scalar.style, text, source }, false)
        }
        _ => flow_scalar(scalar, false),
    }
}

/// A scalar as a part of a line; one of several lines only within brackets.
fn flow_scalar(scalar: &Scalar, in_brackets: bool) -> String {
    let lines = scalar.source.contains('\n');
    match scalar.style {
        _ if lines && in_brackets && (scalar.style != Style::Plain || scalar.text.contains('\n')) => double(&scalar.text),
        Style::Plain if lines => scalar.text.clone(),
        Style::Plain => scalar.source.clone(),
        _ => quoted(&scalar.text, &scalar.source),
    }
}

/// A list or map in brackets, if it was written so and nothing in it needs lines of its own.
fn flow(node: &Node, shape: &Shape) -> Option<String> {
    let part = |node: &Node, shape: &Shape| match &node.kind {
        Kind::Scalar(scalar) if scalar.source.contains('\n') => Some(format!("{}{}", marked(node), flow_scalar(scalar, true))),
        _ => inline(node, shape),
    };
    match &node.kind {
        Kind::List(List { items, flow: true, foot }) if without_comments(foot) => {
            let mut parts = Vec::with_capacity(items.len());
            for item in items {
                if item.comment.is_some() || !without_comments(&item.lead) {
                    return None;
                }
                parts.push(part(&item.node, item_of(shape))?);
            }
            let holds_maps = items.iter().any(|item| matches!(item.node.kind, Kind::Map(_)));
            Some(if holds_maps { format!("[ {} ]", parts.join(", ")) } else { format!("[{}]", parts.join(", ")) })
        }
        Kind::Map(Map { entries, flow: true, foot }) if without_comments(foot) => {
            let mut parts = Vec::with_capacity(entries.len());
            for entry in entries {
                if entry.comment.is_some() || !without_comments(&entry.lead) {
                    return None;
                }
                let shape = value_of(shape, entry.key.text().unwrap_or_default());
                let key = key(&entry.key);
                parts.push(if entry.value.is_empty() {
                    key.trim_end_matches(':').to_owned()
                } else {
                    format!("{key} {}", part(&entry.value, shape)?)
                });
            }
            Some(if parts.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", parts.join(", ")) })
        }
        _ => None,
    }
}

fn without_comments(leads: &[Lead]) -> bool {
    leads.iter().all(|lead| *lead == Lead::Blank)
}
