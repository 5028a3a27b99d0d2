//! A definition gets another file, with its comments. Its lines are cut out and put behind those of its section there.

use super::{Kind, Refusal, checked, definition};
use crate::diagnostic::Finding;
use crate::fix::Change;
use crate::layout::outline::{Outlined, outline};
use crate::load::PROJECT_FILE;
use crate::pipeline::{Checked, Options};

/// What to move.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// The kind, if it is said.
    pub kind: Option<Kind>,
    /// The name.
    pub name: &'a str,
    /// The path of the file, from the project's folder, with `/`.
    pub to: &'a str,
}

/// A project with a definition in another file.
#[derive(Debug)]
pub struct Moved {
    /// What was moved.
    pub kind: Kind,
    /// The file in which it was.
    pub from: String,
    /// The files that change.
    pub changes: Vec<Change>,
    /// Whether nothing is defined in the file any more.
    pub is_left_empty: bool,
}

/// Moves a definition in memory.
///
/// # Errors
/// Fails if the project has errors or would say something else, and if the definition cannot stand alone.
pub fn move_to(project: &Checked, wish: Wish<'_>, options: &Options) -> Result<Moved, Refusal> {
    if project.findings.has_errors() {
        return Err(Refusal::Errors(Box::new((project.findings.clone(), project.files.clone()))));
    }
    let of = definition(&project.model, wish.name, wish.kind)?;
    let files = &project.files;
    let from = files.path(of.name.span.file).to_owned();
    if from == wish.to {
        return Err(Refusal::cannot(format!("`{}` is in {from} already", wish.name), "name another file"));
    }
    let is_yaml = [".yml", ".yaml"].iter().any(|ending| wish.to.ends_with(ending));
    if wish.to == PROJECT_FILE || !is_yaml {
        return Err(Refusal::cannot(format!("`{}` is no spec file", wish.to), "a spec file ends in `.yml` or `.yaml`"));
    }
    let text = files.get(of.name.span.file).map_or("", |file| file.text.as_str());
    let here = of.name.span.range().start;
    let own = outline(&from, text).unwrap_or_default();
    let Some(own) = own.into_iter().find(|each| each.section == of.kind.section() && each.lines.contains(&here)) else {
        return Err(Refusal::cannot(format!("`{}` comes from an anchor of {from}", wish.name), "write it out first"));
    };
    if own.has_anchors {
        let message = format!("`{}` uses an anchor, which holds in {from} only", wish.name);
        return Err(Refusal::cannot(message, "write out what the alias stands for first"));
    }
    if !own.has_lines {
        let message = format!("`{}` has no lines of its own: its section is in braces", wish.name);
        return Err(Refusal::cannot(message, "`kpic fmt` keeps braces; write the section in lines first"));
    }
    let (left, is_left_empty) = without(text, &own);
    let target = files.iter().find(|(_, file)| file.path == wish.to);
    let before = target.map_or(String::new(), |(_, file)| file.text.clone());
    let after = with(wish.to, &before, text.get(own.lines.clone()).unwrap_or_default(), &own)?;
    let change = |path: &str, before: &str, after: String| {
        let hidden = files.iter().find(|(_, file)| file.path == path);
        let hidden = hidden.map(|(_, file)| file.hidden().map(str::to_owned).collect()).unwrap_or_default();
        Change { path: path.to_owned(), before: before.to_owned(), after, hidden }
    };
    let changes = vec![change(&from, text, left), change(wish.to, &before, after)];
    let (before, after) = (checked(files, &[], options)?, checked(files, &changes, options)?);
    if after.findings.has_errors() || said(before.findings.iter()) != said(after.findings.iter()) {
        return Err(Refusal::Breaks(Box::new((after.findings, after.files))));
    }
    Ok(Moved { kind: of.kind, from, changes, is_left_empty })
}

/// What findings say, wherever.
fn said<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<(&'static str, String)> {
    let mut said: Vec<_> = findings.map(|finding| (finding.code.id, finding.message.clone())).collect();
    said.sort();
    said
}

/// A text without a definition, and without its section if it was the only one; whether nothing is left.
fn without(text: &str, own: &Outlined) -> (String, bool) {
    let start = if own.is_alone { own.section_line.start } else { own.lines.start };
    let (before, after) = (text.get(..start).unwrap_or_default(), text.get(own.lines.end..).unwrap_or_default());
    // Of the blank lines on both sides one is left, and none at the end.
    let blanks = |line: &str| line.trim().is_empty();
    let ends_blank = before.is_empty() || before.lines().last().is_some_and(blanks);
    let after = if ends_blank {
        let skip: usize = after.split_inclusive('\n').take_while(|line| blanks(line)).map(str::len).sum();
        after.get(skip..).unwrap_or_default()
    } else {
        after
    };
    let before = if after.is_empty() { before.trim_end_matches(['\n', '\r', ' ']) } else { before };
    let end = if after.is_empty() && !before.is_empty() { "\n" } else { "" };
    let left = format!("{before}{end}{after}");
    let is_empty = left.lines().all(|line| blanks(line) || line.trim_start().starts_with('#'));
    (left, is_empty)
}

/// A text with the lines of a definition behind those of its section.
fn with(path: &str, text: &str, lines: &str, own: &Outlined) -> Result<String, Refusal> {
    let known = outline(path, text).map_err(|_| Refusal::cannot(format!("{path} is not YAML"), "see `kpic check`"))?;
    let same: Vec<&Outlined> = known.iter().filter(|each| each.section == own.section).collect();
    let Some(first) = same.first() else {
        let has_section =
            text.lines().any(|line| line.strip_prefix(&own.section).is_some_and(|rest| rest.trim_start().starts_with(':')));
        if has_section {
            let message = format!("`{}` in {path} is not a list of definitions in lines", own.section);
            return Err(Refusal::cannot(message, "delete the empty section first"));
        }
        let begin = if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
        let gap = if begin.is_empty() { "" } else { "\n" };
        return Ok(format!("{begin}{gap}{}:\n{}", own.section, shifted(lines, own.indent, 2)));
    };
    if !first.has_lines {
        let message = format!("`{}` in {path} is in braces", own.section);
        return Err(Refusal::cannot(message, "write the section in lines first"));
    }
    let end = same.iter().map(|each| each.lines.end).max().unwrap_or(text.len());
    let (before, after) = (text.get(..end).unwrap_or_default(), text.get(end..).unwrap_or_default());
    let begin = if before.ends_with('\n') { "" } else { "\n" };
    Ok(format!("{before}{begin}\n{}{after}", shifted(lines, own.indent, first.indent)))
}

/// Lines with another indentation. Blank ones stay as they are.
fn shifted(lines: &str, from: usize, to: usize) -> String {
    let shift = |line: &str| {
        let text = line.trim_start_matches(' ');
        if line.trim().is_empty() {
            line.to_owned()
        } else {
            " ".repeat((line.len() - text.len() + to).saturating_sub(from)) + text
        }
    };
    let made: String = lines.split_inclusive('\n').map(shift).collect();
    if made.ends_with('\n') { made } else { made + "\n" }
}
