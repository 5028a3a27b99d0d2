//! What the YAML parser did not like, in the words of someone who writes specs.

use crate::diagnostic::{Findings, codes};
use crate::text::{FileId, Span};
use granit_parser::{ErrorKind, ScanError};
use std::ops::Range;

/// Where the parser stopped: the place and its line.
struct Stop<'a> {
    text: &'a str,
    byte: usize,
    line: &'a str,
    line_start: usize,
}

/// Reports why a file is not YAML.
pub(super) fn report(file: FileId, text: &str, error: &ScanError, findings: &mut Findings) {
    let byte = error.marker().byte_offset().unwrap_or(0).min(text.len());
    let line_start = text.get(..byte).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let line_end = text.get(byte..).and_then(|after| after.find('\n')).map_or(text.len(), |at| byte + at);
    let line = text.get(line_start..line_end).unwrap_or_default().trim_end();
    let width = text.get(byte..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    let end = if byte < line_end { byte + width } else { byte };
    let here = Span::new(file, byte..end);
    if line.starts_with("<<<<<<<") || line.starts_with("=======") || line.starts_with(">>>>>>>") {
        findings
            .report(
                &codes::MERGE_CONFLICT,
                Span::new(file, line_start..line_start + line.len()),
                "a merge conflict was left in this file",
            )
            .help("keep one side of the conflict and delete the markers");
        return;
    }
    if line.trim_start_matches(' ').starts_with('\t') {
        findings
            .report(&codes::TAB_INDENTATION, here, "this line is indented with a tab, which YAML does not allow")
            .help("indent with spaces");
        return;
    }
    let stop = Stop { text, byte, line, line_start };
    if let Some(tab) = stop.tab(error.kind()) {
        let place = Span::new(file, tab..tab + 1);
        let before = text.get(..tab).unwrap_or_default();
        if before.rsplit('\n').next().is_some_and(|before| before.trim_start_matches(' ').is_empty()) {
            findings
                .report(&codes::TAB_INDENTATION, place, "this line is indented with a tab, which YAML does not allow")
                .help("indent with spaces");
        } else {
            findings
                .report(&codes::TAB_INDENTATION, place, "there is a tab here, which YAML does not allow outside quotes")
                .help("write spaces instead");
        }
        return;
    }
    if let Some(comment) = stop.comment(error.kind()) {
        let (start, end) = (comment.start, comment.end);
        let shown: String = text.get(start..end).unwrap_or_default().chars().take(30).collect();
        findings
            .report(
                &codes::YAML_SYNTAX,
                Span::new(file, start..end),
                format!("`{shown}` is a comment, because `#` after a blank starts one; the bracket before it stays open"),
            )
            .help("put double quotes around the whole value that holds `#`; a comment goes behind the closing bracket");
        return;
    }
    if stop.is_in_cut_formula(error.kind()) {
        let message = "YAML ended a formula at the comma before this, because commas separate the entries between `{` and \
         `}`";
        findings.report(&codes::FORMULA_CUT, here, message).help("put double quotes around the whole formula");
        return;
    }
    let (message, help) = stop.words(error.kind());
    findings.report(&codes::YAML_SYNTAX, here, message).help = help;
}

impl Stop<'_> {
    /// What is wrong, and what to write instead.
    fn words(&self, kind: &ErrorKind) -> (String, Option<String>) {
        let (message, help) = match kind {
            ErrorKind::MappingValueNotAllowed => return self.unexpected_colon(),
            ErrorKind::ExpectedFlowMappingSeparator if self.rest().starts_with(':') && self.follows_open_bracket() => (
                "a bracket in the lines above is not closed".to_owned(),
                "add `}` or `]` at the end of the line where it belongs",
            ),
            ErrorKind::ExpectedFlowMappingSeparator if self.rest().starts_with(':') => return colon_in_text(),
            ErrorKind::ExpectedFlowMappingSeparator | ErrorKind::ExpectedFlowSequenceSeparator => (
                "expected `,` or the closing bracket here".to_owned(),
                "inside brackets, commas separate the entries; a text with `,`, `[`, `]`, `{` or `}` needs quotes",
            ),
            ErrorKind::UnclosedFlowCollection { open } => {
                (format!("this `{open}` is not closed"), if *open == '{' { "add `}`" } else { "add `]`" })
            }
            ErrorKind::UnexpectedEofFlowMapping | ErrorKind::UnexpectedEofImplicitFlowMapping => {
                ("the file ends, but a `{` is not closed".to_owned(), "add `}`")
            }
            ErrorKind::UnexpectedEofFlowSequence => ("the file ends, but a `[` is not closed".to_owned(), "add `]`"),
            ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
                (format!("this `{open}` is closed by `{close}`"), "`{` goes with `}`, and `[` with `]`")
            }
            ErrorKind::MisplacedFlowCollectionEnd => {
                ("this bracket was never opened".to_owned(), "delete it, or put quotes around the text that it belongs to")
            }
            ErrorKind::UnexpectedCharacter { character } => {
                (format!("a text without quotes cannot start with `{character}`"), "put quotes around the text")
            }
            ErrorKind::MissingAnchorOrAliasName => (
                "a text without quotes cannot start with `*` or `&`".to_owned(),
                "put quotes around the text; in YAML, `&name` and `*name` repeat a value",
            ),
            ErrorKind::InvalidTrailingSingleQuotedScalar => (
                "YAML ended the text at the quote before this".to_owned(),
                "double a quote inside a text: `'it''s'`; put double quotes around a whole formula that starts with a quote",
            ),
            ErrorKind::InvalidTrailingDoubleQuotedScalar => (
                "YAML ended the text at the quote before this".to_owned(),
                "inside double quotes use single ones: `\"count(orders where status = 'paid')\"`",
            ),
            ErrorKind::UnclosedQuotedScalar
            | ErrorKind::InvalidQuotedScalarIndent
            | ErrorKind::DocumentIndicatorInQuotedScalar => {
                ("a text that starts with a quote is not closed".to_owned(), "add the closing quote at the end of the text")
            }
            ErrorKind::UnknownQuotedScalarEscape => (
                "in double quotes `\\` starts a special character, and this is not one".to_owned(),
                "double it, `\\\\`, or put the text in single quotes",
            ),
            ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
                ("this line is not `key: value`".to_owned(), "add `:` after the key")
            }
            ErrorKind::ExpectedBlockMappingKey
            | ErrorKind::InvalidIndentation
            | ErrorKind::ExpectedBlockSequenceEntry
            | ErrorKind::BlockSequenceEntryNotAllowed
                if self.begins_line() =>
            {
                (
                    "this line starts in a different column from the lines that it belongs to".to_owned(),
                    "all keys of a map start in the same column, and so do all `-` of a list",
                )
            }
            ErrorKind::InvalidFlowScalarIndent => (
                "this line is not indented, but a bracket above is still open".to_owned(),
                "close the bracket, or indent the line",
            ),
            ErrorKind::RecursionLimitExceeded => {
                ("this is nested deeper than 100 levels".to_owned(), "a spec needs only a few levels")
            }
            other => return (format!("this is not YAML: {other}"), None),
        };
        (message, Some(help.to_owned()))
    }

    /// Whether a quoted text stands after a comma and an open parenthesis: `{ formula: count(orders where status in ('a', 'b')) }`.
    fn is_in_cut_formula(&self, kind: &ErrorKind) -> bool {
        let quote = match kind {
            ErrorKind::InvalidTrailingSingleQuotedScalar => '\'',
            ErrorKind::InvalidTrailingDoubleQuotedScalar => '"',
            _ => return false,
        };
        let text = self.before().trim_end().trim_end_matches(quote);
        let before = text.rfind(quote).and_then(|at| text.get(..at)).unwrap_or_default().trim_end();
        before.ends_with(',') && before.matches('(').count() > before.matches(')').count()
    }

    /// Where a tab is that no YAML allows: at the place, or after it.
    fn tab(&self, kind: &ErrorKind) -> Option<usize> {
        let is_tab = matches!(
            kind,
            ErrorKind::TabNotAllowed
                | ErrorKind::TabInBlockIndentation
                | ErrorKind::TabAtBlockScalarStart
                | ErrorKind::TabInIndentation
                | ErrorKind::TabInPlainScalar
        );
        let after = self.text.get(self.byte..).filter(|_| is_tab)?;
        after.find('\t').map(|at| self.byte + at)
    }

    /// A comment that has taken the end of a bracket: on this line or on the one above, inside of a bracket.
    fn comment(&self, kind: &ErrorKind) -> Option<Range<usize>> {
        let is_open = matches!(
            kind,
            ErrorKind::ExpectedFlowMappingSeparator
                | ErrorKind::ExpectedFlowSequenceSeparator
                | ErrorKind::UnclosedFlowCollection { .. }
                | ErrorKind::UnexpectedEofFlowMapping
                | ErrorKind::UnexpectedEofImplicitFlowMapping
                | ErrorKind::UnexpectedEofFlowSequence
                | ErrorKind::InvalidFlowScalarIndent
        );
        let above = self.text.get(..self.line_start).filter(|_| is_open)?.trim_end();
        let start = above.rfind('\n').map_or(0, |at| at + 1);
        let lines = [(self.line_start, self.line), (start, above.get(start..)?)];
        lines.into_iter().find_map(|(start, line)| {
            let at = line.find(" #")?;
            let (before, after) = (line.get(..at)?, line.get(at..)?);
            let quotes = before.matches('"').count() % 2 + before.matches('\'').count() % 2;
            let opens = before.matches(['{', '[']).count() > before.matches(['}', ']']).count();
            let closes = after.contains(['}', ']']);
            (quotes == 0 && opens && closes).then(|| start + at + 1..start + line.trim_end().len())
        })
    }

    fn rest(&self) -> &str {
        self.text.get(self.byte..).unwrap_or_default()
    }

    /// The part of the line before the place.
    fn before(&self) -> &str {
        self.text.get(self.line_start..self.byte).unwrap_or_default()
    }

    /// Whether a key starts this line, and the line above has a bracket that it does not close.
    fn follows_open_bracket(&self) -> bool {
        let above = self.text.get(..self.line_start).unwrap_or_default().lines().next_back().unwrap_or_default();
        let count = |marks: [char; 2]| above.chars().filter(|char| marks.contains(char)).count();
        let is_key = self.before().trim().chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
        is_key && count(['{', '[']) > count(['}', ']'])
    }

    fn begins_line(&self) -> bool {
        self.before().trim_start_matches([' ', '-']).is_empty()
    }

    /// A `:` where no key can be: in the middle of a text, or because of the line above.
    fn unexpected_colon(&self) -> (String, Option<String>) {
        if self.before().contains(": ") {
            return colon_in_text();
        }
        let above = self.text.get(..self.line_start).unwrap_or_default().lines().rev().find(|line| !line.trim().is_empty());
        let indent = |line: &str| line.len() - line.trim_start().len();
        match above {
            Some(above) if above.contains(':') && !above.contains(": ") && !above.trim_end().ends_with(':') => {
                let (key, value) = above.trim().split_once(':').unwrap_or_default();
                (
                    format!("`{}` in the line above has no blank after its `:`", above.trim()),
                    Some(format!("write `{key}: {value}`")),
                )
            }
            Some(above) if !above.contains(':') => (
                format!("`{}` in the line above has no `:` after it", above.trim()),
                Some("a key ends with `:`, even if its value is on the lines below".to_owned()),
            ),
            Some(above) if indent(self.line) > indent(above) => (
                "this line is indented deeper than the line above, which has a value already".to_owned(),
                Some("begin it in the same column as the line above".to_owned()),
            ),
            _ => ("a key cannot stand here".to_owned(), Some("put quotes around a text that holds `: `".to_owned())),
        }
    }
}

/// A text with `: ` in it that is not in quotes.
fn colon_in_text() -> (String, Option<String>) {
    (
        "this text holds `: `, which YAML takes for the end of a key".to_owned(),
        Some("put quotes around the whole text".to_owned()),
    )
}
