//! From the text of a YAML file to the same file in its canonical layout.
//!
//! 1. [`tree`] reads the text into nodes that know how they were written.
//! 2. [`comments`] gives each comment and blank line to the entry that it belongs to.
//! 3. [`order`] puts the keys of definitions in the order of the tables of `spec`.
//! 4. [`write`](mod@write) writes lines, and [`align`] puts comments and columns below each other.
//! 5. [`same`] reads the result and compares it with the text: only layout and the order of keys may differ.
//!
//! [`scalar`] is the one place that writes a text as YAML. Nothing here knows what a definition means.

mod align;
mod comments;
mod order;
pub mod outline;
pub mod put;
mod same;
pub mod scalar;
mod tree;
mod write;

use crate::diagnostic::Findings;
use crate::load::{self, PROJECT_FILE};
use crate::spec::shape::{Record, Shape};
use crate::spec::{self, FILE, project::PROJECT};
use crate::text::{FileId, Files};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// How long a line may be before a list or map in brackets goes below its key, an item a line.
pub const LINE: usize = 160;

/// Why a file has no canonical layout.
#[derive(Debug)]
pub enum Why {
    /// It is not YAML; the findings say where.
    Broken(Box<(Files, Findings)>),
    /// It holds something that is no part of a spec, such as a list as a key.
    Unusual(&'static str),
    /// The result would not say the same: a mistake of kpic.
    Changed(&'static str),
}

/// The YAML files of a project, each in its canonical layout.
#[derive(Debug)]
pub struct Project {
    /// All files as they are.
    pub files: Files,
    /// The layout of each that is YAML, in the order of their paths.
    pub made: Vec<(FileId, Result<String, Why>)>,
    /// Files that cannot be read at all.
    pub unread: Findings,
}

/// Lays out the files of the project in a folder for which `is_wanted` holds. Nothing is written.
pub fn project(root: &Path, opened: &[PathBuf], is_wanted: impl Fn(&str) -> bool + Sync) -> Project {
    let mut loaded = load::project(root, opened, spec::specs_folder);
    let mut unread = std::mem::take(&mut loaded.findings);
    unread.retain(|finding| finding.labels.is_empty());
    // What is not to be shown of a file is known once it has been read as a spec.
    spec::decode(&mut loaded);
    let templates: BTreeSet<FileId> = load::templates(&loaded.files).into_iter().map(|(_, id)| id).collect();
    let wanted: Vec<(FileId, &str, &str)> = loaded
        .files
        .iter()
        .filter(|(id, file)| is_wanted(&file.path) && !templates.contains(id))
        .map(|(id, file)| (id, file.path.as_str(), file.text.as_str()))
        .collect();
    let made = wanted.into_par_iter().with_max_len(1).map(|(id, path, text)| (id, format(path, text))).collect();
    Project { files: loaded.files, made, unread }
}

/// The keys that the file at a path may hold.
pub fn record_of(path: &str) -> &'static Record {
    if path == PROJECT_FILE { &PROJECT } else { &FILE }
}

/// A text in its canonical layout.
///
/// # Errors
/// Fails if the text is not YAML or has no canonical layout. The file is best left as it is then.
pub fn format(path: &str, text: &str) -> Result<String, Why> {
    let mut made = once(path, text)?;
    // What one pass opens or takes away may give the next one something to do.
    for _ in 0..PASSES {
        let next = once(path, &made)?;
        if next == made {
            return Ok(made);
        }
        made = next;
    }
    Err(Why::Changed("its layout does not come to rest"))
}

/// So many passes are made over a file.
const PASSES: usize = 8;

fn once(path: &str, text: &str) -> Result<String, Why> {
    let shape = Shape::Record(record_of(path));
    let breaks = Breaks::of(text);
    let plain = Breaks::plain(text);
    let mut stream = tree::read(path, &plain)?;
    comments::attach(&plain, &mut stream);
    stream.documents.iter_mut().for_each(|document| order::sort(&mut document.root, &shape));
    let written = write::write(&stream, &shape);
    same::check(path, &plain, &written, &shape)?;
    Ok(breaks.put(written))
}

/// How the lines of a file end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaks {
    /// `\n`
    Line,
    /// `\r\n`
    ReturnAndLine,
}

impl Breaks {
    /// How the first line of a text ends.
    pub fn of(text: &str) -> Self {
        let first = text.split_inclusive('\n').next().unwrap_or_default();
        if first.ends_with("\r\n") { Breaks::ReturnAndLine } else { Breaks::Line }
    }

    /// A text without a byte-order mark, whose lines end in `\n` only. YAML reads all line breaks as that.
    pub fn plain(text: &str) -> String {
        text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n")
    }

    /// A text with these line breaks.
    pub fn put(self, text: String) -> String {
        match self {
            Breaks::Line => text,
            Breaks::ReturnAndLine => text.replace('\n', "\r\n"),
        }
    }
}
