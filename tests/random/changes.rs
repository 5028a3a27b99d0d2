//! Changes of random projects: where the evaluator shows other figures, `diff` says so of that KPI.

use super::evaluate::{Evaluator, Line};
use super::generate::{self, Choices};
use super::project::{Kpi, Project, Value};
use super::{journeys, print, shrink};
use kpic::diff::{Class, Diff, Kind, diff};
use kpic::pipeline::{Options, check_texts};
use std::collections::HashSet;

/// How many changed versions of a project are tried.
const VERSIONS: usize = 6;

/// What is counted.
#[derive(Debug, Default)]
pub struct Counts {
    /// Pairs of projects that were compared.
    pub pairs: usize,
    /// KPIs whose figures differ.
    pub differing: usize,
    /// KPIs that are written differently, and proven to be the same.
    pub proven: usize,
    /// Those of which nothing is known, though their figures are the same.
    pub open: usize,
}

/// Changes the project of a seed and compares; what is wrong, if anything is.
pub fn agree(seed: u64, counts: &mut Counts) -> Result<(), String> {
    let choices = &mut Choices::new(seed);
    let project = generate::project(choices);
    if project.extreme {
        return Ok(());
    }
    let files = print::files(&project);
    let before = check_texts(files.clone(), &Options::default());
    let mut changed = shrink::smaller(&project);
    let mut tried = HashSet::new();
    for _ in 0..VERSIONS * 4 {
        if changed.is_empty() || tried.len() >= VERSIONS {
            break;
        }
        let version = changed.swap_remove(choices.below(changed.len()));
        let texts = print::files(&version);
        // Rows are no part of a spec.
        if texts == files || !tried.insert(format!("{texts:?}")) {
            continue;
        }
        let after = check_texts(texts.clone(), &Options::default());
        if after.findings.has_errors() {
            continue;
        }
        let found = diff(&before, &after, "2024-01-01".parse().unwrap());
        counts.pairs += 1;
        let (one, two) = (journeys::materialised(&project), journeys::materialised(&version));
        for kpi in &one.kpis {
            let Some(other) = two.kpis.iter().find(|other| other.name == kpi.name) else { continue };
            let said = said(&found, &kpi.name);
            match (differ(&one, kpi, &two, other), said) {
                (Some(_), Some(Class::Meaning | Class::Undecided)) => counts.differing += 1,
                (Some(why), said) => {
                    let said_of: Vec<String> = found
                        .changes
                        .iter()
                        .map(|change| format!("{} {} {}", change.class.name(), change.kind.name(), change.name))
                        .collect();
                    let text = similar::TextDiff::from_lines(&joined(&files), &joined(&texts)).unified_diff().to_string();
                    return Err(format!(
                        "seed {seed}: `{}` shows {why}, and it is said: {said:?} of {said_of:?}\n{text}",
                        kpi.name
                    ));
                }
                (None, Some(Class::Undecided)) => counts.open += 1,
                (None, Some(Class::None)) => counts.proven += 1,
                (None, _) => {}
            }
        }
    }
    Ok(())
}

fn joined(files: &[(String, String)]) -> String {
    files.iter().map(|(path, text)| format!("# {path}\n{text}")).collect()
}

/// The greatest class of what is said of a KPI; nothing if nothing is.
fn said(found: &Diff, name: &str) -> Option<Class> {
    let own = found.changes.iter().filter(|change| change.kind == Kind::Kpi && change.name == name).map(|change| change.class);
    let above = found.changes.iter().filter(|change| change.downstream.kpis.iter().any(|kpi| kpi.name == name));
    own.chain(above.map(|change| change.class)).max()
}

/// Where the figures of a KPI differ between two versions of a project, in the grains and slices that both have.
fn differ(one: &Project, kpi: &Kpi, two: &Project, other: &Kpi) -> Option<String> {
    let (there, here) = (Evaluator::new(one), Evaluator::new(two));
    for grain in kpi.grains.iter().filter(|grain| other.grains.contains(grain)) {
        let both = kpi.by.iter().filter(|slice| other.by.contains(slice));
        for slice in std::iter::once(&Vec::new()).chain(both) {
            let (old, new) = (there.view(kpi, *grain, slice), here.view(other, *grain, slice));
            if let Some(difference) = difference(&old, &new) {
                return Some(format!("{difference} by {} and {slice:?}", grain.name()));
            }
        }
    }
    None
}

fn difference(old: &[Line], new: &[Line]) -> Option<String> {
    if old.len() != new.len() {
        return Some(format!("{} rows and {} rows", old.len(), new.len()));
    }
    let row = |line: &Line| (line.period, line.dimensions.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>());
    let (mut old, mut new): (Vec<&Line>, Vec<&Line>) = (old.iter().collect(), new.iter().collect());
    old.sort_by_cached_key(|line| row(line));
    new.sort_by_cached_key(|line| row(line));
    let found = old
        .iter()
        .zip(&new)
        .find(|(old, new)| row(old) != row(new) || !alike(&old.value, &new.value) || old.is_complete != new.is_complete);
    found.map(|(old, new)| {
        format!("{:?} {:?} {} and {:?} {:?} {}", row(old), old.value, old.is_complete, row(new), new.value, new.is_complete)
    })
}

fn alike(one: &Value, two: &Value) -> bool {
    match (one, two) {
        (Value::Number(one), Value::Number(two)) => (one - two).abs() <= 1e-9 * one.abs().max(two.abs()).max(1e-6),
        (one, two) => format!("{one:?}") == format!("{two:?}"),
    }
}
