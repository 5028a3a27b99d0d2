//! A definition gets another name, wherever it is used. Only the bytes of names change; a KPI's old name stays as a former one.
//!
//! 1. The uses that `resolve` noted say where the name stands.
//! 2. The project with the new name is checked: each name has to mean what it meant before, and there may be no new error.

use super::{Definition, Kind, Refusal, checked, definition, definitions};
use crate::diagnostic::{Finding, Severity};
use crate::fix::{self, Change, Replacement};
use crate::layout::outline::outline;
use crate::model::Model;
use crate::model::uses::{Meant, Use};
use crate::pipeline::{Checked, Options};
use crate::spec::RESERVED_WORDS;
use crate::spec::shape::is_name;
use crate::text::{Files, Span};
use std::collections::{BTreeMap, BTreeSet};

/// What to rename.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// The kind, if it is said.
    pub kind: Option<Kind>,
    /// The name as it is.
    pub old: &'a str,
    /// The name as it is to be.
    pub new: &'a str,
    /// Whether a KPI's old name stays as a former one.
    pub keeps_alias: bool,
}

/// A project with another name in it.
#[derive(Debug)]
pub struct Renamed {
    /// What was renamed.
    pub kind: Kind,
    /// The files that change.
    pub changes: Vec<Change>,
    /// How many places name it, its definition among them.
    pub places: usize,
    /// Whether its old name stays as a former one.
    pub has_alias: bool,
    /// Where the old name is left in texts and comments: file and line.
    pub mentions: Vec<(String, usize)>,
}

/// Renames a definition in memory.
///
/// # Errors
/// Fails if the project has errors or would have some, and if the new name is taken or none.
pub fn rename(project: &Checked, wish: Wish<'_>, options: &Options) -> Result<Renamed, Refusal> {
    if project.findings.has_errors() {
        return Err(Refusal::Errors(Box::new((project.findings.clone(), project.files.clone()))));
    }
    let model = &project.model;
    let of = definition(model, wish.old, wish.kind)?;
    may_be_called(model, &of, wish.new)?;
    let uses: Vec<Use> = model.uses.sorted();
    let mut replacements = Vec::new();
    for span in places(&project.files, &of, &uses)? {
        replacements.push(Replacement { span, text: wish.new.to_owned() });
    }
    let places = replacements.len();
    let has_alias = wish.keeps_alias && of.kind == Kind::Kpi;
    if has_alias {
        replacements.push(alias(&project.files, &of)?);
    }
    let changes = fix::replaced(&project.files, replacements);
    let after = checked(&project.files, &changes, options)?;
    means_the_same(project, &after, &of, wish.new)?;
    let mentions = mentions(&after.files, wish.old, &after.model.uses.sorted(), &of);
    Ok(Renamed { kind: of.kind, changes, places, has_alias, mentions })
}

fn may_be_called(model: &Model, of: &Definition, new: &str) -> Result<(), Refusal> {
    let noun = of.kind.noun();
    if !is_name(new) {
        let help = "a name starts with a letter from a to z and continues with such letters, digits and single `_`";
        return Err(Refusal::cannot(format!("`{new}` cannot name a {noun}"), help));
    }
    if new == of.name.value {
        return Err(Refusal::cannot(format!("the {noun} `{new}` has that name already"), "give it another one"));
    }
    if RESERVED_WORDS.contains(&new) {
        let message = format!("`{new}` is a word of the formula language");
        return Err(Refusal::cannot(message, "choose a name that says more"));
    }
    let shares = |kind: Kind| match of.kind {
        Kind::Source | Kind::Journey => matches!(kind, Kind::Source | Kind::Journey),
        other => other == kind,
    };
    if let Some(other) = definitions(model).iter().find(|each| shares(each.kind) && each.name.value == new) {
        return Err(Refusal::cannot(format!("there is already a {} `{new}`", other.kind.noun()), "choose another name"));
    }
    if of.kind == Kind::Kpi && model.kpi_names.contains_key(new) {
        let help = "delete it from `aliases` first, if nothing reads its view any more";
        return Err(Refusal::cannot(format!("`{new}` is the former name of a KPI"), help));
    }
    if of.kind == Kind::Dimension && model.dimension_names.contains_key(new) {
        let help = "a dimension and a column of one name are one dimension: choose another name";
        return Err(Refusal::cannot(format!("`{new}` is a column of a source"), help));
    }
    Ok(())
}

/// Where the name stands, its definition first.
fn places(files: &Files, of: &Definition, uses: &[Use]) -> Result<Vec<Span>, Refusal> {
    let name = of.name.value.as_str();
    let mut meanings: BTreeMap<Span, Vec<Meant>> = BTreeMap::new();
    for each in uses {
        meanings.entry(each.span).or_default().push(each.meant);
    }
    let mut found = within(files, of.name.span, name, None);
    if found.is_empty() {
        return Err(unclear(files, of.name.span, name));
    }
    for (span, meant) in meanings.iter().filter(|(_, meant)| meant.iter().any(|meant| Some(*meant) == of.meant)) {
        let text = files.slice(*span);
        let own = within(files, *span, name, of.meant);
        // A former name stays what it is.
        if own.is_empty() && of.kind == Kind::Kpi && meant.len() == 1 && !text.contains(name) {
            continue;
        }
        if own.is_empty() {
            return Err(unclear(files, *span, name));
        }
        // What an alias of YAML repeats has one place and may have two meanings.
        let is_name_alone = own.len() == 1 && text.trim_matches(['"', '\'', '`']) == name;
        if is_name_alone && meant.len() > 1 {
            let message = format!("line {} of {} means two things at once", files.line(*span), files.path(span.file));
            return Err(Refusal::cannot(message, "write the name out where an alias of YAML stands for it"));
        }
        found.extend(own);
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// The places of a name in a text such as `revenue by country`, `growth(revenue)`, `country = DE`.
fn within(files: &Files, span: Span, name: &str, meant: Option<Meant>) -> Vec<Span> {
    let text = files.slice(span);
    let split = text.find(" by ");
    let is_word = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let is_dimension = matches!(meant, Some(Meant::Dimension(_)));
    let found = text.match_indices(name).filter(|(at, _)| {
        let (before, after) = (text.get(..*at).unwrap_or_default(), text.get(at + name.len()..).unwrap_or_default());
        let is_whole = !before.ends_with(is_word) && !after.starts_with(is_word);
        let is_side = split.is_none_or(|split| is_dimension == (*at > split));
        let is_value = is_dimension && text.contains('=') && !after.trim_start().starts_with('=');
        is_whole && is_side && !is_value
    });
    let start = span.range().start;
    found.map(|(at, _)| Span::new(span.file, start + at..start + at + name.len())).collect()
}

fn unclear(files: &Files, span: Span, name: &str) -> Refusal {
    let message = format!(
        "`{name}` is written in a way that cannot be replaced, in line {} of {}",
        files.line(span),
        files.path(span.file)
    );
    Refusal::cannot(message, "write it without escapes, in one line")
}

/// The line or entry that keeps the old name as a former one.
fn alias(files: &Files, of: &Definition) -> Result<Replacement, Refusal> {
    let file = of.name.span.file;
    let text = files.get(file).map_or("", |file| file.text.as_str());
    let known = outline(files.path(file), text).unwrap_or_default();
    let here = of.name.span.range().start;
    let own = known
        .into_iter()
        .find(|each| each.section == Kind::Kpi.section() && each.name == of.name.value && each.lines.contains(&here));
    let insertion = own.and_then(|own| own.alias).ok_or_else(|| {
        let message = format!("it is not clear where to keep `{}` as a former name", of.name.value);
        Refusal::cannot(message, "write `aliases: []` into its definition, or rename it with `--no-alias`")
    })?;
    let span = Span::new(file, insertion.at..insertion.at);
    Ok(Replacement { span, text: format!("{}{}{}", insertion.before, of.name.value, insertion.after) })
}

/// Fails if a name means something else now, or something is wrong.
fn means_the_same(before: &Checked, after: &Checked, of: &Definition, new: &str) -> Result<(), Refusal> {
    let old = of.name.value.as_str();
    if after.findings.has_errors() {
        let findings =
            after.findings.iter().filter(|finding| finding.severity == Severity::Error).cloned().collect::<Vec<Finding>>();
        let mut errors = crate::diagnostic::Findings::default();
        findings.into_iter().for_each(|finding| _ = errors.push(finding));
        return Err(Refusal::Breaks(Box::new((errors, after.files.clone()))));
    }
    let meanings = |model: &Model| model.uses.sorted().into_iter().map(|each| (each.span.file, each.meant)).collect::<Vec<_>>();
    let (mut one, mut other) = (meanings(&before.model), meanings(&after.model));
    // Columns are dimensions too, in the order of their names.
    let is_fixed = |(_, meant): &(_, Meant)| !matches!(meant, Meant::Dimension(_));
    if of.kind == Kind::Dimension {
        one.retain(is_fixed);
        other.retain(is_fixed);
    }
    if one == other {
        return Ok(());
    }
    let message = format!("with the name `{new}` another formula than before would mean `{old}`");
    Err(Refusal::cannot(message, "choose a name that no column, source or KPI has"))
}

/// Where the old name is left as a word in comments and sentences. A plain word may be one of the language; in backticks, or with `_`, it is a name.
fn mentions(files: &Files, old: &str, uses: &[Use], of: &Definition) -> Vec<(String, usize)> {
    let is_word = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let known: BTreeSet<Span> = uses.iter().map(|each| each.span).collect();
    let mut found = Vec::new();
    for (id, file) in files.iter() {
        for (at, _) in file.text.match_indices(old) {
            let (before, after) =
                (file.text.get(..at).unwrap_or_default(), file.text.get(at + old.len()..).unwrap_or_default());
            let line = file.text.get(before.rfind('\n').map_or(0, |line| line + 1)..at).unwrap_or_default();
            let is_part = before.ends_with(is_word) || after.starts_with(is_word);
            let is_alias = of.kind == Kind::Kpi && line.contains("aliases:");
            let is_named = old.contains('_') || (before.ends_with('`') && after.starts_with('`'));
            // A key, or a value that is nothing else, is another name.
            let is_alone = line.trim().is_empty() || after.starts_with(':');
            let is_used = known
                .range(..=Span::new(id, at..usize::MAX))
                .next_back()
                .is_some_and(|last| last.holds(Span::new(id, at..at + old.len())));
            if is_named && !is_part && !is_alias && !is_alone && !is_used {
                found.push((file.path.clone(), files.line(Span::new(id, at..at))));
            }
        }
    }
    found.dedup();
    found
}
