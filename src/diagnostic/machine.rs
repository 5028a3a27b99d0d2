//! Findings for programs: JSON.

use super::{Finding, Findings, Label, Severity};
use crate::text::{FileId, Files, Lines, Position};
use serde::Serialize;
use std::collections::BTreeMap;

/// A finding as it stands in the JSON output. The keys are part of kpic's interface.
#[derive(Debug, Serialize)]
struct JsonFinding<'a> {
    code: &'a str,
    name: &'a str,
    severity: &'a str,
    message: &'a str,
    help: Option<&'a str>,
    #[serde(flatten)]
    place: Option<JsonPlace<'a>>,
    related: Vec<JsonLabel<'a>>,
}

#[derive(Debug, Serialize)]
struct JsonPlace<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Debug, Serialize)]
struct JsonLabel<'a> {
    message: &'a str,
    #[serde(flatten)]
    place: JsonPlace<'a>,
}

/// All findings as a JSON array, with a line break at its end.
///
/// Lines and columns count from 1, columns in characters; the end is the place after the last character. A finding that no
/// file is to blame for has no `file`.
pub fn json(findings: &Findings, files: &Files) -> String {
    let lines = files.lines(findings.iter().flat_map(|finding| &finding.labels).map(|label| label.span.file));
    let all: Vec<_> = findings.iter().map(|finding| of(finding, files, &lines)).collect();
    let mut text = serde_json::to_string_pretty(&all).unwrap_or_else(|_| "[]".to_owned());
    text.push('\n');
    text
}

fn of<'a>(finding: &'a Finding, files: &'a Files, lines: &BTreeMap<FileId, Lines>) -> JsonFinding<'a> {
    let mut labels = finding.labels.iter();
    JsonFinding {
        code: finding.code.id,
        name: finding.code.name,
        severity: match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        message: &finding.message,
        help: finding.help.as_deref(),
        place: labels.next().map(|label| place(label, files, lines)),
        related: labels.map(|label| JsonLabel { message: &label.text, place: place(label, files, lines) }).collect(),
    }
}

fn place<'a>(label: &Label, files: &'a Files, lines: &BTreeMap<FileId, Lines>) -> JsonPlace<'a> {
    let text = files.get(label.span.file).map_or("", |file| file.text.as_str());
    let at = |byte: u32| match lines.get(&label.span.file) {
        Some(lines) => lines.position(text, byte as usize),
        None => Position { line: 1, column: 1 },
    };
    let (start, end) = (at(label.span.start), at(label.span.end));
    JsonPlace {
        file: files.path(label.span.file),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
    }
}
