//! Findings as data: what is wrong, where, why, and what to write instead.
//!
//! Every stage reports into [`Findings`]; nothing here knows how a finding will look. `codes` has the table of all codes,
//! `fix` what may be fixed without asking, `render` shows findings to people, `machine` to programs.

mod code;
pub mod codes;
mod excerpt;
pub mod fix;
pub mod machine;
pub mod render;
pub mod suggest;

pub use codes::{Code, Level};
pub use fix::Fix;

use crate::text::Span;
use std::collections::BTreeMap;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The project has no meaning before this is fixed.
    Error,
    /// The project means something, but perhaps not what was meant.
    Warning,
}

/// A place that a finding points at, with what is to be said there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The exact characters.
    pub span: Span,
    /// What to see there; may be empty.
    pub text: String,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its code.
    pub code: &'static Code,
    /// How bad it is here; lints take it from the project's settings.
    pub severity: Severity,
    /// What is wrong, in the words of the one who wrote the spec.
    pub message: String,
    /// The places, the main one first. Empty only where no file is to blame.
    pub labels: Vec<Label>,
    /// What to write instead.
    pub help: Option<String>,
    /// What fixes it, where that is certain.
    pub fix: Option<Fix>,
    /// What the engine itself says, where it refuses something: shown only to those who ask.
    pub engine: Option<String>,
    /// The key that an unknown one was probably meant to be, or whose value cannot be read, with the name of the definition that
    /// has it: nobody has to be told that it lacks.
    pub misspells: Option<(Span, &'static str)>,
}

impl Finding {
    /// A finding of `code` at `span`.
    pub fn new(code: &'static Code, span: Span, message: impl Into<String>) -> Self {
        let label = Label { span, text: String::new() };
        Self { labels: vec![label], ..Self::placeless(code, message) }
    }

    /// How bad a code is before a project has said so. A lint that is silent by default is not an error either.
    fn severity_of(code: &Code) -> Severity {
        if matches!(code.level, Level::Warn | Level::Allow) { Severity::Warning } else { Severity::Error }
    }

    /// A finding of `code` that no place in a file is to blame for.
    pub fn placeless(code: &'static Code, message: impl Into<String>) -> Self {
        let severity = Self::severity_of(code);
        let message = message.into();
        Self { code, severity, message, labels: Vec::new(), help: None, fix: None, engine: None, misspells: None }
    }

    /// Says `text` at the main place.
    pub fn here(&mut self, text: impl Into<String>) -> &mut Self {
        if let Some(first) = self.labels.first_mut() {
            first.text = text.into();
        }
        self
    }

    /// Points at one more place.
    pub fn also(&mut self, span: Span, text: impl Into<String>) -> &mut Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Says what to write instead.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Says that the word `from` at `span` is certain to have been meant to be `to`, if that is known.
    pub fn mend(&mut self, span: Span, from: &str, to: Option<&str>) -> &mut Self {
        self.fix = to.map(|to| Fix::word(span, from, to));
        self
    }
}

/// All findings of a run, in the order in which they are shown once sorted.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    items: Vec<Finding>,
}

impl Findings {
    /// Reports one finding and gives it back, so that labels and help can be added.
    pub fn report(&mut self, code: &'static Code, span: Span, message: impl Into<String>) -> &mut Finding {
        self.push(Finding::new(code, span, message))
    }

    /// Adds a finding.
    #[expect(clippy::missing_panics_doc, clippy::expect_used, reason = "an item was pushed one line above")]
    pub fn push(&mut self, finding: Finding) -> &mut Finding {
        self.items.push(finding);
        self.items.last_mut().expect("just pushed")
    }

    /// A single finding.
    pub fn of(finding: Finding) -> Self {
        Self { items: vec![finding] }
    }

    /// The findings that were added after the first so many.
    pub fn after(&mut self, count: usize) -> &mut [Finding] {
        self.items.get_mut(count..).unwrap_or_default()
    }

    /// Adds all findings of another run.
    pub fn append(&mut self, other: Findings) {
        self.items.extend(other.items);
    }

    /// Keeps the findings for which `keep` is true.
    pub fn retain(&mut self, keep: impl FnMut(&Finding) -> bool) {
        self.items.retain(keep);
    }

    /// Says everything in other words.
    pub fn reword(&mut self, words: impl Fn(&str) -> String) {
        for finding in &mut self.items {
            finding.message = words(&finding.message);
            finding.help = finding.help.as_deref().map(&words);
            for label in &mut finding.labels {
                label.text = words(&label.text);
            }
        }
    }

    /// Whether any finding is an error.
    pub fn has_errors(&self) -> bool {
        self.items.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many findings have that severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.items.iter().filter(|finding| finding.severity == severity).count()
    }

    /// The findings.
    pub fn iter(&self) -> std::slice::Iter<'_, Finding> {
        self.items.iter()
    }

    /// Gives lints the level that the project asks for, and drops those that it allows.
    pub fn set_levels(&mut self, levels: &BTreeMap<String, Level>) {
        self.items.retain_mut(|finding| match levels.get(finding.code.name) {
            Some(_) if !finding.code.is_lint() => true,
            Some(Level::Allow) => false,
            Some(Level::Warn) => {
                finding.severity = Severity::Warning;
                true
            }
            Some(Level::Deny) => {
                finding.severity = Severity::Error;
                true
            }
            Some(Level::Error) | None => finding.code.level != Level::Allow,
        });
    }

    /// Sorts by place, then by code, and drops what is said twice of the same place. What could not be read comes first: other
    /// findings may be about what it holds.
    pub fn sort(&mut self) {
        let place = |finding: &Finding| (!finding.code.is_about_reading(), finding.labels.first().map(|label| label.span));
        self.items.sort_by(|a, b| (place(a), a.code.id, &a.message).cmp(&(place(b), b.code.id, &b.message)));
        self.items.dedup();
    }
}

impl IntoIterator for Findings {
    type Item = Finding;
    type IntoIter = std::vec::IntoIter<Finding>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<'a> IntoIterator for &'a Findings {
    type Item = &'a Finding;
    type IntoIter = std::slice::Iter<'a, Finding>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}
