//! Mends what is certain: from the findings of a project to changed texts.
//!
//! 1. [`fix`] takes the fixes of all findings, as far as they map to bytes of the files and do not overlap, and applies them in
//!    memory.
//! 2. It checks the project that comes out. A fix at whose place there is an error now that was not there before is taken back.
//! 3. It starts again until nothing is left: what was fixed may have hidden something else that can be.
//! 4. [`write`](write()) puts the texts in the place of the files.
//!
//! It never decides what a fix is; findings bring it along.

mod write;

pub use write::{Problem, write};

pub use crate::diagnostic::fix::Replacement;
use crate::diagnostic::{Code, Finding, Findings, Severity};
use crate::load::PROJECT_FILE;
use crate::pipeline::{self, Checked, Options};
use crate::text::{Files, Span};
use std::collections::BTreeSet;

/// A file that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its path from the project's folder.
    pub path: String,
    /// The text as it was read.
    pub before: String,
    /// The text as it is to be.
    pub after: String,
    /// What is not to be shown of it.
    pub hidden: Vec<String>,
}

/// A finding that is settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mended {
    /// Its code.
    pub code: &'static Code,
    /// The path of the file, from the project's folder.
    pub path: String,
    /// The line at which it stood.
    pub line: usize,
    /// What was done.
    pub says: String,
}

/// What came of mending a project, in memory.
#[derive(Debug)]
pub struct Fixed {
    /// The files that change, in their order.
    pub changes: Vec<Change>,
    /// What was fixed, in the order in which it was done.
    pub mended: Vec<Mended>,
    /// The project after that.
    pub left: Findings,
}

/// The files in which bytes are replaced, as they would be. What overlaps with something before it stays as it is.
pub fn replaced(files: &Files, mut replacements: Vec<Replacement>) -> Vec<Change> {
    replacements.sort_by_key(|replacement| replacement.span);
    let mut changes = Vec::new();
    for (id, file) in files.iter() {
        let mut after = String::with_capacity(file.text.len());
        let mut at = 0;
        for replacement in replacements.iter().filter(|replacement| replacement.span.file == id) {
            let range = replacement.span.range();
            if range.start < at {
                continue;
            }
            after.push_str(file.text.get(at..range.start).unwrap_or_default());
            after.push_str(&replacement.text);
            at = range.end;
        }
        after.push_str(file.text.get(at..).unwrap_or_default());
        if after != file.text {
            changes.push(Change {
                path: file.path.clone(),
                before: file.text.clone(),
                after,
                hidden: file.hidden().map(str::to_owned).collect(),
            });
        }
    }
    changes
}

/// A fix that is being tried.
struct Trial {
    replacement: Replacement,
    mended: Mended,
}

/// How often what was fixed is looked through for what it hid. Each round fixes something, so this only guards against two
/// fixes that undo each other.
const ROUNDS: usize = 20;

/// Mends all that is certain in a checked project. Nothing is written.
pub fn fix(checked: &Checked, options: &Options) -> Fixed {
    let mut texts: Vec<(String, String)> =
        checked.files.iter().map(|(_, file)| (file.path.clone(), file.text.clone())).collect();
    let before = texts.clone();
    let mut mended = Vec::new();
    let mut refused: BTreeSet<(String, String)> = BTreeSet::new();
    let mut findings = checked.findings.clone();
    let mut files = checked.files.clone();
    // Without a project file there is nothing that could be checked again.
    let rounds = if texts.first().is_some_and(|(path, _)| path == PROJECT_FILE) { ROUNDS } else { 0 };
    for _ in 0..rounds {
        let Some(next) = round(&texts, &findings, &files, options, &mut refused) else { break };
        (texts, findings, files) = (next.texts, next.findings, next.files);
        mended.extend(next.mended);
    }
    let hidden = checked.files.iter().map(|(_, file)| file.hidden().map(str::to_owned).collect::<Vec<_>>());
    let pairs = before.into_iter().zip(texts).zip(hidden).filter(|((before, after), _)| before != after);
    let changes = pairs.map(|(((path, before), (_, after)), hidden)| Change { path, before, after, hidden }).collect();
    Fixed { changes, mended, left: findings }
}

/// The project after one round.
struct Next {
    texts: Vec<(String, String)>,
    findings: Findings,
    files: Files,
    mended: Vec<Mended>,
}

/// Applies the fixes of all findings; nothing if there are none that hold.
fn round(
    texts: &[(String, String)],
    findings: &Findings,
    files: &Files,
    options: &Options,
    refused: &mut BTreeSet<(String, String)>,
) -> Option<Next> {
    let known: BTreeSet<(&str, &str)> = findings.iter().map(key).collect();
    let mut trials = trials(findings, files);
    trials.retain(|trial| !refused.contains(&(trial.mended.path.clone(), trial.mended.says.clone())));
    while !trials.is_empty() {
        let (changed, places) = apply(texts, &trials);
        let checked = pipeline::check_texts(changed.clone(), options);
        let new: Vec<Span> = checked
            .findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error && !known.contains(&key(finding)))
            .flat_map(|finding| finding.labels.iter().map(|label| label.span))
            .collect();
        let wrong: Vec<bool> = places.iter().map(|place| new.iter().any(|span| overlaps(*span, *place))).collect();
        if !wrong.contains(&true) {
            let mended = trials.into_iter().map(|trial| trial.mended).collect();
            return Some(Next { texts: changed, findings: checked.findings, files: checked.files, mended });
        }
        let mut wrong = wrong.into_iter();
        trials.retain(|trial| {
            let keep = !wrong.next().unwrap_or(false);
            if !keep {
                refused.insert((trial.mended.path.clone(), trial.mended.says.clone()));
            }
            keep
        });
    }
    None
}

/// What a finding is, wherever it stands.
fn key(finding: &Finding) -> (&'static str, &str) {
    (finding.code.id, finding.message.as_str())
}

/// The fixes that map to bytes and do not overlap, in the order of their places.
fn trials(findings: &Findings, files: &Files) -> Vec<Trial> {
    let mut found: Vec<Trial> = Vec::new();
    for finding in findings {
        let Some(fix) = &finding.fix else { continue };
        let Some(replacement) = fix.exact(files) else { continue };
        let mended = Mended {
            code: finding.code,
            path: files.path(replacement.span.file).to_owned(),
            line: files.line(fix.span()),
            says: fix.says.clone(),
        };
        found.push(Trial { replacement, mended });
    }
    found.sort_by_key(|trial| trial.replacement.span);
    let mut last: Option<Span> = None;
    found.retain(|trial| {
        let span = trial.replacement.span;
        let free = last.is_none_or(|last| last.file != span.file || last.end <= span.start);
        if free {
            last = Some(span);
        }
        free
    });
    found
}

/// The texts with fixes applied, and where in them the new words stand.
fn apply(texts: &[(String, String)], trials: &[Trial]) -> (Vec<(String, String)>, Vec<Span>) {
    let mut files = Files::default();
    let mut places = Vec::new();
    let mut changed = Vec::new();
    for (path, text) in texts {
        // Ids are given in the order of the texts, as they were when the findings were made.
        let file = files.add(path.clone(), String::new());
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for trial in trials.iter().filter(|trial| trial.replacement.span.file == file) {
            let range = trial.replacement.span.range();
            out.push_str(text.get(at..range.start).unwrap_or_default());
            let start = out.len();
            out.push_str(&trial.replacement.text);
            places.push(Span::new(file, start..out.len()));
            at = range.end;
        }
        out.push_str(text.get(at..).unwrap_or_default());
        changed.push((path.clone(), out));
    }
    (changed, places)
}

fn overlaps(one: Span, other: Span) -> bool {
    one.file == other.file && one.start < other.end && other.start < one.end
}
