//! Which comment belongs to what: one on its own line to the entry below it, or to the end of the list or map that it is indented like; one behind
//! something to that.

use super::tree::{Document, Entry, Item, Kind, Lead, Node, Stream};
use crate::load::yaml::Style;
use std::ops::Range;

/// Gives every comment and blank line of a file to what it belongs to.
pub(super) fn attach(text: &str, stream: &mut Stream) {
    let comments = std::mem::take(&mut stream.comments);
    let mut walk = Walk { text, comments: &comments, next: 0, last: 0 };
    let starts: Vec<usize> = stream.documents.iter().map(|document| document.mark.unwrap_or(document.root.start)).collect();
    for (at, document) in stream.documents.iter_mut().enumerate() {
        walk.document(document, starts.get(at + 1).copied().unwrap_or(text.len()));
    }
    stream.foot = walk.above(text.len());
    if stream.foot.last() == Some(&Lead::Blank) {
        stream.foot.pop();
    }
    stream.comments = comments;
}

struct Walk<'a> {
    text: &'a str,
    comments: &'a [Range<usize>],
    /// The first comment that belongs to nothing yet.
    next: usize,
    /// Where the last thing ends that was passed.
    last: usize,
}

impl Walk<'_> {
    fn document(&mut self, document: &mut Document, until: usize) {
        if let Some(mark) = document.mark {
            document.above = self.above(mark);
            self.last = mark + 3;
        }
        document.head = self.above(document.root.start);
        document.comment = self.node(&mut document.root, None, until);
        if document.root.is_empty() {
            document.head.extend(self.above(until));
        }
    }

    /// Whether there is a blank line between two places.
    fn is_blank(&self, from: usize, to: usize) -> bool {
        let mut lines = self.text.get(from..to).unwrap_or_default().split('\n').skip(1).peekable();
        std::iter::from_fn(|| lines.next().filter(|_| lines.peek().is_some())).any(|line| line.trim().is_empty())
    }

    fn column(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default();
        at - before.rfind('\n').map_or(0, |line| line + 1)
    }

    /// The next comment, if it starts before a place.
    fn peek(&self, until: usize) -> Option<&Range<usize>> {
        self.comments.get(self.next).filter(|comment| comment.start < until)
    }

    /// Takes the next comment.
    fn take(&mut self) -> Option<String> {
        let comment = self.comments.get(self.next)?;
        self.next += 1;
        self.last = comment.end;
        Some(self.text.get(comment.clone())?.trim_end().to_owned())
    }

    /// All comments up to a place, and the blank lines between them.
    fn above(&mut self, until: usize) -> Vec<Lead> {
        let mut found = Vec::new();
        while let Some(comment) = self.peek(until) {
            let is_blank = self.is_blank(self.last, comment.start);
            found.extend(is_blank.then_some(Lead::Blank));
            found.extend(self.take().map(Lead::Comment));
        }
        if self.is_blank(self.last, until) {
            found.push(Lead::Blank);
        }
        found
    }

    /// The comment in the line in which something ends.
    fn behind(&mut self, end: usize, until: usize) -> Option<String> {
        self.last = self.last.max(end);
        let comment = self.peek(until)?;
        let between = self.text.get(end..comment.start)?;
        if between.contains('\n') { None } else { self.take() }
    }

    /// Walks a value, whose parent's next part starts at `until`, below a key that starts at a column. Gives the comment behind it.
    fn node(&mut self, node: &mut Node, key: Option<usize>, until: usize) -> Option<String> {
        let is_block = node.is_block();
        let mut first = None;
        match &mut node.kind {
            Kind::List(list) => {
                let close = if list.flow { node.end.saturating_sub(1) } else { until };
                // Items may start below the key's first character; a comment there belongs to what follows.
                let column = self.column(node.start);
                let column = column + usize::from(key == Some(column));
                let starts: Vec<usize> = list.items.iter().map(|item| item.node.start).collect();
                for (at, item) in list.items.iter_mut().enumerate() {
                    self.item(item, starts.get(at + 1).copied().unwrap_or(close));
                }
                list.foot = if list.flow { self.above(close) } else { self.foot(column, until) };
            }
            Kind::Map(map) => {
                let close = if map.flow { node.end.saturating_sub(1) } else { until };
                let column = self.column(node.start);
                let starts: Vec<usize> = map.entries.iter().map(|entry| entry.key.start).collect();
                for (at, entry) in map.entries.iter_mut().enumerate() {
                    self.entry(entry, starts.get(at + 1).copied().unwrap_or(close));
                }
                map.foot = if map.flow { self.above(close) } else { self.foot(column, until) };
            }
            Kind::Scalar(scalar) if matches!(scalar.style, Style::Literal | Style::Folded) => {
                first = self.behind(node.start, node.end);
                self.last = node.end;
            }
            Kind::Scalar(_) | Kind::Alias(_) => {}
        }
        if is_block {
            return first;
        }
        let behind = self.behind(node.end, until);
        match (first, behind) {
            (Some(first), Some(behind)) => Some(format!("{first} {behind}")),
            (first, behind) => first.or(behind),
        }
    }

    fn item(&mut self, item: &mut Item, until: usize) {
        item.lead = self.above(item.node.start);
        item.comment = self.node(&mut item.node, None, until);
    }

    fn entry(&mut self, entry: &mut Entry, until: usize) {
        entry.lead = self.above(entry.key.start);
        self.last = entry.key.end;
        let first = self.behind(entry.key.end, entry.value.start);
        if !entry.value.is_block() {
            // A comment between a key and its value goes above the key.
            entry.lead.extend(self.above(entry.value.start).into_iter().filter(|lead| *lead != Lead::Blank));
        }
        let column = self.column(entry.key.start);
        let comment = self.node(&mut entry.value, Some(column), until);
        entry.comment = match (first, comment) {
            (Some(first), Some(comment)) => {
                entry.lead.push(Lead::Comment(first));
                Some(comment)
            }
            (first, comment) => first.or(comment),
        };
    }

    /// The comments at the end of a list or map that starts at a column.
    fn foot(&mut self, column: usize, until: usize) -> Vec<Lead> {
        let mut found = Vec::new();
        while let Some(comment) = self.peek(until)
            && self.column(comment.start) >= column
        {
            let is_blank = self.is_blank(self.last, comment.start);
            found.extend(is_blank.then_some(Lead::Blank));
            found.extend(self.take().map(Lead::Comment));
        }
        found
    }
}
