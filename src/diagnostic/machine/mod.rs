//! Findings for programs, one file a form: JSON, SARIF, and the annotations of two code hosts.
//!
//! JSON names files as kpic does, from the project's folder. The other forms are read by code hosts, which know files by their
//! paths from the repository's root; [`Places`] puts the folder of the project before them.

mod fingerprint;
mod github;
mod gitlab;
mod json;
mod sarif;

pub use github::{annotation, github};
pub use gitlab::gitlab;
pub use json::json;
pub use sarif::{Remark, remarks, sarif};

use super::Finding;
use crate::text::{FileId, Files, Lines, Position, Span};

/// The places of findings as programs want them.
struct Places<'a> {
    files: &'a Files,
    folder: &'a str,
}

impl<'a> Places<'a> {
    /// Places in a project that is in `folder`, as seen from where the reader of the output looks.
    fn of(files: &'a Files, folder: &'a str) -> Self {
        Self { files, folder }
    }

    /// The path of a file.
    fn path(&self, file: FileId) -> String {
        self.inside(self.files.path(file))
    }

    /// The path of a file that is given by its path from the project's folder.
    fn inside(&self, path: &str) -> String {
        if self.folder.is_empty() { path.to_owned() } else { format!("{}/{path}", self.folder) }
    }

    /// The beginning and the end of a span, columns in characters.
    fn positions(&self, span: Span) -> (Position, Position) {
        self.both(span, Lines::position)
    }

    /// The same with columns in UTF-16 code units.
    fn positions_utf16(&self, span: Span) -> (Position, Position) {
        self.both(span, Lines::position_utf16)
    }

    fn both(&self, span: Span, position: impl Fn(&Lines, &str, usize) -> Position) -> (Position, Position) {
        let at = |byte: u32| match self.files.get(span.file) {
            Some(file) => position(file.lines(), &file.text, byte as usize),
            None => Position { line: 1, column: 1 },
        };
        (at(span.start), at(span.end))
    }
}

/// The message of a finding with its help, for a reader that has one field for both.
fn whole_message(finding: &Finding) -> String {
    let here = finding.labels.first().map_or("", |label| label.text.as_str());
    let here = if here.is_empty() { String::new() } else { format!("\n{here}") };
    let help = finding.help.as_ref().map_or_else(String::new, |help| format!("\nhelp: {help}"));
    format!("{}{here}{help}", finding.message)
}
