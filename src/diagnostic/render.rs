//! Findings for people: miette's report with the lines of the file, and a summary line.

use super::excerpt::Excerpt;
use super::{Finding, Findings, Label, Severity};
use crate::text::{Files, Span, shown, shown_on_a_line};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};
use std::fmt::{self, Display, Write as _};
use std::ops::Range;

/// How a report may look.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// With colours.
    pub color: bool,
    /// How many columns the terminal has.
    pub width: usize,
}

/// How many findings are shown to people at once, errors before warnings.
const MOST: usize = 500;

/// The findings as text, each with a blank line after it, and a summary where there are any. Of very many only the first are shown.
pub fn human(findings: &Findings, files: &Files, look: Look) -> String {
    let mut theme = if look.color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    "note:".clone_into(&mut theme.characters.advice);
    let handler = GraphicalReportHandler::new_themed(theme).with_width(look.width).with_links(false).with_context_lines(1);
    let mut out = String::new();
    let errors = findings.count(Severity::Error);
    let left = |finding: &&Finding| errors <= MOST || finding.severity == Severity::Error;
    let shown: Vec<&Finding> = findings.iter().filter(left).take(MOST).collect();
    for finding in &shown {
        for report in reports(finding, files) {
            if handler.render_report(&mut out, &report).is_err() {
                // Writing to a string does not fail; if the renderer refuses, the message must not be lost.
                let _ = writeln!(out, "{}: {}", finding.code.id, report.message);
            }
        }
        out.push('\n');
    }
    let more = findings.iter().len() - shown.len();
    if more > 0 {
        let _ = writeln!(out, "and {more} more, which show once these are gone; `--format json` has all\n");
    }
    if !findings.is_empty() {
        let _ = writeln!(out, "{}", summary(findings));
    }
    out
}

/// "2 errors, 1 warning".
pub fn summary(findings: &Findings) -> String {
    let many = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let errors = findings.count(Severity::Error);
    let warnings = findings.count(Severity::Warning);
    match (errors, warnings) {
        (0, warnings) => many(warnings, "warning"),
        (errors, 0) => many(errors, "error"),
        (errors, warnings) => format!("{}, {}", many(errors, "error"), many(warnings, "warning")),
    }
}

/// A finding as miette wants it, with the labels in one file.
struct Report {
    title: Option<String>,
    message: String,
    help: Option<String>,
    severity: miette::Severity,
    source: Option<Excerpt>,
    labels: Vec<LabeledSpan>,
}

/// A finding with the labels of its own file, and then a note for each label in another file.
fn reports(finding: &Finding, files: &Files) -> Vec<Report> {
    let main = finding.labels.first().map(|label| label.span.file);
    let (own, others): (Vec<_>, Vec<_>) = finding.labels.iter().partition(|label| Some(label.span.file) == main);
    let first = Report {
        title: Some(format!("{} {}", finding.code.id, finding.code.name)),
        message: brief(&shown_on_a_line(&finding.message)),
        help: finding.help.as_deref().map(|help| brief(&shown(help).replace('\t', "\\t"))),
        severity: match finding.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        },
        source: None,
        labels: Vec::new(),
    };
    let note = |label: &Label| Report {
        title: None,
        message: brief(&shown_on_a_line(&label.text)),
        help: None,
        severity: miette::Severity::Advice,
        source: None,
        labels: Vec::new(),
    };
    let spans: Vec<Span> = own.iter().map(|label| label.span).collect();
    let texts: Vec<&str> = own.iter().map(|label| label.text.as_str()).collect();
    let first = first.around(&spans, &texts, files);
    std::iter::once(first).chain(others.into_iter().map(|label| note(label).around(&[label.span], &[""], files))).collect()
}

/// How many characters of a message are shown.
const MESSAGE: usize = 4_000;

/// A message without what nobody would read.
fn brief(text: &str) -> String {
    match text.char_indices().nth(MESSAGE) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

impl Report {
    /// The same with the lines around places in one file.
    fn around(mut self, spans: &[Span], texts: &[&str], files: &Files) -> Self {
        let Some(file) = spans.first().and_then(|span| files.get(span.file)) else { return self };
        let excerpt = Excerpt::of(file, spans);
        let label = |(place, text): (Range<usize>, &&str)| {
            let text = brief(&shown_on_a_line(text));
            LabeledSpan::new((!text.is_empty()).then_some(text), place.start, place.len())
        };
        self.labels = excerpt.places().zip(texts).map(label).collect();
        self.source = Some(excerpt);
        self
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Report {}

impl Diagnostic for Report {
    fn code<'b>(&'b self) -> Option<Box<dyn Display + 'b>> {
        self.title.as_ref().map(|title| Box::new(title) as Box<dyn Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'b>(&'b self) -> Option<Box<dyn Display + 'b>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty()).then(|| Box::new(self.labels.iter().cloned()) as Box<dyn Iterator<Item = LabeledSpan>>)
    }
}
