//! Findings as workflow commands of GitHub Actions: a line for each, which GitHub shows at the line of the file in a pull request.

use super::{Places, whole_message};
use crate::diagnostic::{Finding, Findings, Severity};
use crate::text::{Files, shown};

/// All findings as workflow commands. `folder` is the project's folder as seen from the repository's root.
///
/// Lines and columns count from 1, columns in characters; the end column is that after the last character. GitHub takes columns
/// only where a finding starts and ends on one line.
pub fn github(findings: &Findings, files: &Files, folder: &str) -> String {
    let places = Places::of(files, folder);
    findings.iter().map(|finding| command(finding, &places)).collect()
}

fn command(finding: &Finding, places: &Places<'_>) -> String {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut properties = Vec::new();
    if let Some(label) = finding.labels.first() {
        let (start, end) = places.positions(label.span);
        properties.push(format!("file={}", property(&places.path(label.span.file))));
        properties.push(format!("line={}", start.line));
        properties.push(format!("endLine={}", end.line));
        if start.line == end.line {
            properties.push(format!("col={}", start.column));
            properties.push(format!("endColumn={}", end.column));
        }
    }
    properties.push(format!("title={}", property(&format!("{} {}", finding.code.id, finding.code.name))));
    format!("::{level} {}::{}\n", properties.join(","), data(&whole_message(finding)))
}

/// A remark about a line of a file as a workflow command.
pub fn annotation(level: &str, place: Option<(&str, usize)>, title: &str, says: &str) -> String {
    let place = place.map(|(file, line)| format!("file={},line={line},", property(file))).unwrap_or_default();
    format!("::{level} {place}title={}::{}\n", property(title), data(says))
}

/// A text after the second `::`.
fn data(text: &str) -> String {
    shown(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, in which two more characters have a meaning.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
