//! Findings as SARIF 2.1.0, the OASIS standard for the results of static analysis, which code hosts and editors read.
//!
//! The codes that were found are its rules, with their pages. Regions count columns in UTF-16 code units and say so (`columnKind`), because that is what
//! the readers of SARIF count in when nothing is said. A finding that no file is to blame for stands at `kpic.yml` as a whole.

use super::{Places, fingerprint};
use crate::diagnostic::fix::Replacement;
use crate::diagnostic::{Code, Finding, Findings, Label, Level, Severity, codes};
use crate::text::{Files, Span};
use serde_json::{Map, Value, json};

/// The schema of the standard, with the corrections of its first errata.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Under this name code hosts know the root of the repository.
const ROOT: &str = "%SRCROOT%";

/// The file at which a finding stands that no file is to blame for.
const PROJECT_FILE: &str = "kpic.yml";

/// All findings as a SARIF log with one run, and a line break at its end. `folder` is the project's folder as seen from the
/// repository's root.
pub fn sarif(findings: &Findings, files: &Files, folder: &str) -> String {
    let places = Places::of(files, folder);
    let fingerprints = fingerprint::fingerprints(findings, &places);
    let found: Vec<&Code> =
        codes::ALL.iter().copied().filter(|code| findings.iter().any(|finding| finding.code == *code)).collect();
    let results =
        findings.iter().zip(fingerprints).map(|(finding, fingerprint)| result(finding, &found, &fingerprint, &places));
    let results: Vec<Value> = results.collect();
    log(&found.iter().map(|code| rule(code)).collect::<Vec<_>>(), &results)
}

/// Something to be known of a place that is no finding: what a change does.
#[derive(Debug)]
pub struct Remark {
    /// Under which rule it is listed.
    pub rule: &'static str,
    /// `error`, `warning` or `note`.
    pub level: &'static str,
    /// What is to be known.
    pub says: String,
    /// Where; nothing where no file has it any more.
    pub span: Option<Span>,
    /// By what it is known in a later run.
    pub identity: String,
}

/// Remarks as a SARIF log with one run, each rule with what it is about.
pub fn remarks(rules: &[(&'static str, &str)], remarks: &[Remark], files: &Files, folder: &str) -> String {
    let places = Places::of(files, folder);
    let used: Vec<&(&str, &str)> = rules.iter().filter(|(rule, _)| remarks.iter().any(|remark| remark.rule == *rule)).collect();
    let described = used.iter().map(|(id, about)| {
        json!({ "id": id, "name": id, "shortDescription": { "text": about }, "fullDescription": { "text": about } })
    });
    let results = remarks.iter().map(|remark| {
        let place = match remark.span {
            Some(span) => location(&Label { span, text: String::new() }, &places),
            None => json!({ "physicalLocation": { "artifactLocation": artifact(&places.inside(PROJECT_FILE)) } }),
        };
        json!({
            "ruleId": remark.rule,
            "ruleIndex": used.iter().position(|(rule, _)| *rule == remark.rule).unwrap_or_default(),
            "level": remark.level,
            "message": { "text": remark.says },
            "locations": [place],
            "partialFingerprints": { "kpicRemark/v1": fingerprint::of_text(&format!("{}\0{}", remark.rule, remark.identity)) },
        })
    });
    log(&described.collect::<Vec<_>>(), &results.collect::<Vec<_>>())
}

/// A log of one run.
fn log(rules: &[Value], results: &[Value]) -> String {
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "kpic",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "originalUriBaseIds": { ROOT: { "description": { "text": "The root of the repository." } } },
            "columnKind": "utf16CodeUnits",
            "results": results,
        }],
    });
    let mut text = crate::text::json(&log);
    text.push('\n');
    text
}

fn rule(code: &Code) -> Value {
    let mut sentence = code.about.to_owned();
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    sentence.push('.');
    let level = match code.level {
        Level::Error | Level::Deny => "error",
        Level::Warn | Level::Allow => "warning",
    };
    let help = if code.is_lint() {
        format!("{sentence} `{}` under `lints:` in kpic.yml sets its level.", code.name)
    } else {
        sentence.clone()
    };
    json!({
        "id": code.id,
        "name": code.name,
        "shortDescription": { "text": sentence },
        "fullDescription": { "text": sentence },
        "help": { "text": help, "markdown": code.page },
        "defaultConfiguration": { "enabled": code.level != Level::Allow, "level": level },
    })
}

fn result(finding: &Finding, rules: &[&Code], fingerprint: &str, places: &Places<'_>) -> Value {
    let help = finding.help.as_ref().map_or_else(String::new, |help| format!("\nhelp: {help}"));
    let mut labels = finding.labels.iter();
    let place = match labels.next() {
        Some(label) => location(label, places),
        None => json!({ "physicalLocation": { "artifactLocation": artifact(&places.inside(PROJECT_FILE)) } }),
    };
    let mut result = Map::new();
    result.insert("ruleId".to_owned(), json!(finding.code.id));
    if let Some(index) = rules.iter().position(|code| *code == finding.code) {
        result.insert("ruleIndex".to_owned(), json!(index));
    }
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    result.insert("level".to_owned(), json!(level));
    result.insert("message".to_owned(), json!({ "text": format!("{}{help}", finding.message) }));
    result.insert("locations".to_owned(), json!([place]));
    let related: Vec<Value> = labels.map(|label| location(label, places)).collect();
    if !related.is_empty() {
        result.insert("relatedLocations".to_owned(), json!(related));
    }
    result.insert("partialFingerprints".to_owned(), json!({ "kpicFinding/v1": fingerprint }));
    if let Some(fix) = &finding.fix
        && let Some(replacement) = fix.exact(places.files)
    {
        result.insert("fixes".to_owned(), json!([change(&fix.says, &replacement, places)]));
    }
    Value::Object(result)
}

fn location(label: &Label, places: &Places<'_>) -> Value {
    let mut location = Map::new();
    let physical = json!({
        "artifactLocation": artifact(&places.path(label.span.file)),
        "region": region(label.span, places),
    });
    location.insert("physicalLocation".to_owned(), physical);
    if !label.text.is_empty() {
        location.insert("message".to_owned(), json!({ "text": label.text }));
    }
    Value::Object(location)
}

fn change(says: &str, replacement: &Replacement, places: &Places<'_>) -> Value {
    json!({
        "description": { "text": says },
        "artifactChanges": [{
            "artifactLocation": artifact(&places.path(replacement.span.file)),
            "replacements": [{
                "deletedRegion": region(replacement.span, places),
                "insertedContent": { "text": replacement.text },
            }],
        }],
    })
}

fn region(span: Span, places: &Places<'_>) -> Value {
    let (start, end) = places.positions_utf16(span);
    json!({ "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column })
}

fn artifact(path: &str) -> Value {
    json!({ "uri": uri(path), "uriBaseId": ROOT })
}

/// A path as a relative reference of RFC 3986.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
