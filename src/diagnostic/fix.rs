//! What may be fixed without asking: a change to a file as data, for `kpic check --fix` and for editors.
//!
//! A stage gives a finding a fix only where it cannot change a figure in a way that the author did not mean
//! ([`suggest::certain`](super::suggest::certain) says which words are). A stage sees text with YAML's quoting undone;
//! [`Fix::exact`] goes back to the bytes of the file and refuses where they are not what the stage saw.

use crate::text::{Files, Span};

/// A change that fixes a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What the change does, in the past tense: "`onwer` became `owner`".
    pub says: String,
    /// The change.
    edit: Edit,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Edit {
    /// One word takes the place of another.
    Word { span: Span, from: String, to: String },
    /// An entry of a map goes, with its key, its value, and its line or comma.
    Entry { span: Span },
}

/// Bytes of a file and what is to stand there instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// The bytes.
    pub span: Span,
    /// What takes their place.
    pub text: String,
}

impl Fix {
    /// `to` takes the place of the word `from` at `span`.
    pub fn word(span: Span, from: &str, to: &str) -> Self {
        let says = format!("`{from}` became `{to}`");
        Self { says, edit: Edit::Word { span, from: from.to_owned(), to: to.to_owned() } }
    }

    /// The entry of a map that covers `span`, from its key to its value, is deleted. `key` is its key.
    pub fn delete_entry(span: Span, key: &str) -> Self {
        Self { says: format!("the second `{key}` was deleted"), edit: Edit::Entry { span } }
    }

    /// The place of the change.
    pub fn span(&self) -> Span {
        match &self.edit {
            Edit::Word { span, .. } | Edit::Entry { span } => *span,
        }
    }

    /// The bytes to replace; nothing if the file does not have there, character by character, what is to be changed.
    pub fn exact(&self, files: &Files) -> Option<Replacement> {
        match &self.edit {
            Edit::Word { span, from, to } => word(*span, from, to, files.slice(*span)),
            Edit::Entry { span } => {
                let text = &files.get(span.file)?.text;
                let range = entry(text, span.start as usize, span.end as usize)?;
                Some(Replacement { span: Span::new(span.file, range), text: String::new() })
            }
        }
    }
}

/// A word that is there as it is, in quotes, or in a formula's backticks, which a known name does not need.
fn word(span: Span, from: &str, to: &str, written: &str) -> Option<Replacement> {
    if written == from || written.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) == Some(from) {
        return Some(Replacement { span, text: to.to_owned() });
    }
    let quoted = ['\'', '"'].into_iter().any(|quote| {
        written.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)).is_some_and(|inside| inside == from)
    });
    quoted.then(|| Replacement { span: Span { start: span.start + 1, end: span.end - 1, ..span }, text: to.to_owned() })
}

/// The bytes that an entry of a map takes up: its lines in a block, what is between two commas in `{ ... }`.
///
/// Entries with comments, anchors, aliases or block scalars are left alone: what else goes with them is not certain.
fn entry(text: &str, start: usize, end: usize) -> Option<std::ops::Range<usize>> {
    let body = text.get(start..end)?;
    if body.is_empty() || body.contains(['#', '&', '*', '|', '>']) {
        return None;
    }
    let before = text.get(..start)?;
    let after = text.get(end..)?;
    if let Some(rest) = before.trim_end_matches([' ', '\t']).strip_suffix(',') {
        return Some(rest.len()..end);
    }
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line_end = after.find('\n').map_or(text.len(), |at| end + at + 1);
    let alone = text.get(line_start..start)?.chars().all(|char| char == ' ') && text.get(end..line_end)?.trim().is_empty();
    alone.then_some(line_start..line_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text after the fix of the bytes `needle`.
    fn fixed(text: &str, needle: &str, fix: impl Fn(Span) -> Fix) -> Option<String> {
        let mut files = Files::default();
        let file = files.add("a.yml".into(), text.into());
        let at = text.rfind(needle).unwrap();
        let replacement = fix(Span::new(file, at..at + needle.len())).exact(&files)?;
        let mut out = text.to_owned();
        out.replace_range(replacement.span.range(), &replacement.text);
        Some(out)
    }

    #[test]
    fn words_are_replaced_inside_of_quotes_and_nowhere_else() {
        let owner = |span| Fix::word(span, "onwer", "owner");
        assert_eq!(fixed("onwer: a", "onwer", owner).as_deref(), Some("owner: a"));
        assert_eq!(fixed("'onwer': a", "'onwer'", owner).as_deref(), Some("'owner': a"));
        assert_eq!(fixed("\"onwer\": a", "\"onwer\"", owner).as_deref(), Some("\"owner\": a"));
        assert_eq!(fixed("f: `onwer` + 1", "`onwer`", owner).as_deref(), Some("f: owner + 1"));
        assert_eq!(fixed("\"\\u006fnwer\": a", "\"\\u006fnwer\"", owner), None);
        assert_eq!(fixed("f: on\n  wer", "on\n  wer", owner), None);
    }

    #[test]
    fn entries_go_with_their_line_or_comma() {
        let delete = |span| Fix::delete_entry(span, "a");
        assert_eq!(fixed("m:\n  a: 1\n  b: 2\n  a: 1\n", "a: 1", delete).as_deref(), Some("m:\n  a: 1\n  b: 2\n"));
        assert_eq!(fixed("m:\r\n  a: 1\r\n  a: 1 \r\nn: 1", "a: 1", delete).as_deref(), Some("m:\r\n  a: 1\r\nn: 1"));
        assert_eq!(fixed("m: { a: 1, a: 1, b: 2 }", "a: 1", delete).as_deref(), Some("m: { a: 1, b: 2 }"));
        assert_eq!(fixed("m:\n  a: 1\n  a: 1 # why\n", "a: 1", delete), None);
        assert_eq!(fixed("m:\n  a: 1\n  a: &x 1\n", "a: &x 1", delete), None);
        assert_eq!(fixed("- a: 1\n- { b: 1 }\n- a: 1\n", "a: 1", delete), None);
    }
}
