//! Findings as a report of GitLab's Code Quality, which shows what a merge request adds and what it settles.

use super::{Places, fingerprint};
use crate::diagnostic::{Finding, Findings, Severity};
use crate::text::Files;
use serde_json::{Value, json};

/// The file to which a finding is put that no file is to blame for: GitLab asks for one.
const PROJECT_FILE: &str = "kpic.yml";

/// All findings as a JSON array with a line break at its end. `folder` is the project's folder as seen from the repository's root.
pub fn gitlab(findings: &Findings, files: &Files, folder: &str) -> String {
    let places = Places::of(files, folder);
    let fingerprints = fingerprint::fingerprints(findings, &places);
    let all: Vec<Value> =
        findings.iter().zip(fingerprints).map(|(finding, fingerprint)| issue(finding, &fingerprint, &places)).collect();
    let mut text = crate::text::json(&all);
    text.push('\n');
    text
}

fn issue(finding: &Finding, fingerprint: &str, places: &Places<'_>) -> Value {
    let (path, begin, end) = match finding.labels.first() {
        Some(label) => {
            let (start, end) = places.positions(label.span);
            (places.path(label.span.file), start.line, end.line)
        }
        None => (places.inside(PROJECT_FILE), 1, 1),
    };
    // One line: GitLab shows the description in a list.
    let help = finding.help.as_ref().map_or_else(String::new, |help| format!("; help: {help}"));
    json!({
        "description": format!("{}{help}", finding.message),
        "check_name": finding.code.name,
        "fingerprint": fingerprint,
        "severity": match finding.severity {
            Severity::Error => "critical",
            Severity::Warning => "minor",
        },
        "location": { "path": path, "lines": { "begin": begin, "end": end } },
    })
}
