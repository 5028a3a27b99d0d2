//! Findings as a JSON array, the form that is kpic's own.

use super::Places;
use crate::diagnostic::{Finding, Findings, Label, Severity};
use crate::text::Files;
use serde::Serialize;

/// A finding as it is in the output. The keys are part of kpic's interface.
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
    let places = Places::of(files, "");
    let all: Vec<_> = findings.iter().map(|finding| of(finding, &places)).collect();
    let mut text = crate::text::json(&all);
    text.push('\n');
    text
}

fn of<'a>(finding: &'a Finding, places: &Places<'a>) -> JsonFinding<'a> {
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
        place: labels.next().map(|label| place(label, places)),
        related: labels.map(|label| JsonLabel { message: &label.text, place: place(label, places) }).collect(),
    }
}

fn place<'a>(label: &Label, places: &Places<'a>) -> JsonPlace<'a> {
    let (start, end) = places.positions(label.span);
    JsonPlace {
        file: places.files.path(label.span.file),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
    }
}
