//! Findings for people: miette's report with the lines of the file, and a summary line.

use super::{Finding, Findings, Label, Severity};
use crate::text::{File, FileId, Files, Span};
use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan,
    SpanContents,
};
use std::collections::BTreeMap;
use std::fmt::{self, Display, Write as _};

/// How a report may look.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// With colours.
    pub color: bool,
    /// How many columns the terminal has.
    pub width: usize,
}

/// All findings as text, each with a blank line after it, and a summary where there are any.
pub fn human(findings: &Findings, files: &Files, look: Look) -> String {
    let mut theme = if look.color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    "note:".clone_into(&mut theme.characters.advice);
    let handler = GraphicalReportHandler::new_themed(theme).with_width(look.width).with_links(false).with_context_lines(1);
    let sources = Sources::of(findings, files);
    let mut out = String::new();
    for finding in findings {
        for report in reports(finding, &sources) {
            if handler.render_report(&mut out, &report).is_err() {
                // Writing to a string does not fail; if the renderer refuses, the message must not be lost.
                let _ = writeln!(out, "{}: {}", finding.code.id, report.message);
            }
        }
        out.push('\n');
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

/// The texts that findings point into.
struct Sources<'a>(BTreeMap<FileId, Source<'a>>);

impl<'a> Sources<'a> {
    fn of(findings: &Findings, files: &'a Files) -> Self {
        let labels = findings.iter().flat_map(|finding| &finding.labels);
        Self(labels.filter_map(|label| Some((label.span.file, Source(files.get(label.span.file)?)))).collect())
    }
}

/// A file as miette wants it. miette looks for a place from the first byte on, so that many findings in a long file would take long;
/// it gets the lines around the place only.
struct Source<'a>(&'a File);

impl SourceCode for Source<'_> {
    fn read_span<'b>(
        &'b self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'b> + 'b>, MietteError> {
        let Self(file) = self;
        let (text, lines) = (&file.text, file.lines());
        let line = |byte: usize| lines.position(text, byte).line;
        let first = line(span.offset()).saturating_sub(before).max(1);
        let begin = lines.start_of(first).unwrap_or(0);
        let end = lines.start_of(line(span.offset() + span.len()) + after + 2).unwrap_or(text.len());
        let around = text.get(begin..end).ok_or(MietteError::OutOfBounds)?;
        let inside = SourceSpan::new(span.offset().saturating_sub(begin).into(), span.len());
        let found = around.read_span(&inside, before, after)?;
        let whole = SourceSpan::new((found.span().offset() + begin).into(), found.span().len());
        Ok(Box::new(MietteSpanContents::new_named(
            file.path.clone(),
            found.data(),
            whole,
            found.line() + first - 1,
            found.column(),
            found.line_count() + first - 1,
        )))
    }
}

/// A finding as miette wants it, with the labels in one file.
struct Report<'a> {
    title: Option<String>,
    message: String,
    help: Option<&'a str>,
    severity: miette::Severity,
    source: Option<&'a Source<'a>>,
    labels: Vec<LabeledSpan>,
}

/// A finding with the labels of its own file, and then a note for each label in another file.
fn reports<'a>(finding: &'a Finding, sources: &'a Sources<'a>) -> Vec<Report<'a>> {
    let main = finding.labels.first().map(|label| label.span.file);
    let (own, others): (Vec<_>, Vec<_>) = finding.labels.iter().partition(|label| Some(label.span.file) == main);
    let first = Report {
        title: Some(format!("{} {}", finding.code.id, finding.code.name)),
        message: finding.message.clone(),
        help: finding.help.as_deref(),
        severity: match finding.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        },
        source: main.and_then(|file| sources.0.get(&file)),
        labels: own.into_iter().map(|label| labelled(&label.text, label.span)).collect(),
    };
    let note = |label: &Label| Report {
        title: None,
        message: label.text.clone(),
        help: None,
        severity: miette::Severity::Advice,
        source: sources.0.get(&label.span.file),
        labels: vec![labelled("", label.span)],
    };
    std::iter::once(first).chain(others.into_iter().map(note)).collect()
}

fn labelled(text: &str, span: Span) -> LabeledSpan {
    let range = span.range();
    let place = SourceSpan::new(range.start.into(), range.len());
    LabeledSpan::new_with_span((!text.is_empty()).then(|| text.to_owned()), place)
}

impl Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Report<'_> {}

impl Diagnostic for Report<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn Display + 'b>> {
        self.title.as_ref().map(|title| Box::new(title) as Box<dyn Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'b>(&'b self) -> Option<Box<dyn Display + 'b>> {
        self.help.map(|help| Box::new(help) as Box<dyn Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty()).then(|| Box::new(self.labels.iter().cloned()) as Box<dyn Iterator<Item = LabeledSpan>>)
    }
}
