//! What one step of history did to one definition.

use crate::diagnostic::Level;
use crate::diff::{self, Change, Class, Diff, Downstream, Kind, Side, What};
use crate::git::Logged;
use crate::pipeline::Checked;
use crate::text::Span;
use std::collections::HashMap;

/// The definition that is meant, as it is called in the newest version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// What it is; nothing where only history knows.
    pub kind: Option<Kind>,
    /// Its name.
    pub name: String,
}

/// A change that has an effect on the values of the definition.
#[derive(Debug, Clone)]
pub struct Way {
    /// The change, of something upstream.
    pub change: Change,
    /// What it goes through: names of KPIs and columns, with the end of the way.
    pub through: Vec<String>,
    /// The file and the line of what changed; an empty text and 0 where it is in none.
    pub place: (String, usize),
}

/// A commit of a merged branch that did something to the definition.
#[derive(Debug, Clone)]
pub struct Brought {
    /// The commit.
    pub logged: Logged,
    /// What it did to readers.
    pub class: Class,
}

/// What one step of history did to a definition.
#[derive(Debug, Clone)]
pub struct Step {
    /// The commit; nothing for what is not committed.
    pub logged: Option<Logged>,
    /// What the definition is.
    pub kind: Kind,
    /// Its name after the step.
    pub name: String,
    /// Its own change.
    pub own: Option<Change>,
    /// The file and the line of it; an empty text and 0 where it is in none.
    pub place: (String, usize),
    /// Changes upstream that change its values.
    pub upstream: Vec<Way>,
    /// Goals that are set for it, which changed: of key results that it measures, and guardrails that watch it.
    pub goals: Vec<Way>,
    /// For a merge, the commits of the branch that did it.
    pub brought: Vec<Brought>,
    /// How many versions right before do not compile, so that one of them may have done it.
    pub unsure: usize,
}

impl Step {
    /// The greatest class of what it did.
    pub fn class(&self) -> Class {
        let own = self.own.iter().map(|change| change.class);
        own.chain(self.upstream.iter().map(|way| way.change.class)).max().unwrap_or(Class::None)
    }

    /// Whether values may be others since: also where the definition is new.
    pub fn is_of_meaning(&self) -> bool {
        self.class() >= Class::Undecided || self.is_first()
    }

    /// Whether the definition is new in it.
    pub fn is_first(&self) -> bool {
        self.own.as_ref().is_some_and(|change| change.what == What::Added)
    }
}

/// What the step from one version to the next did to a definition; nothing where it did nothing.
pub(super) fn compare(diff: &Diff, subject: &Subject, (old, new): (&Checked, &Checked)) -> Option<Step> {
    let is_kind = |change: &Change| subject.kind.is_none_or(|kind| change.kind == kind);
    let is_named = |change: &Change| change.name == subject.name || change.former.as_ref() == Some(&subject.name);
    // What has the name now comes before what had it.
    let own = diff.changes.iter().find(|change| is_kind(change) && change.name == subject.name);
    let own = own.or_else(|| diff.changes.iter().find(|change| is_kind(change) && is_named(change))).cloned();
    let kind = own.as_ref().map(|own| own.kind).or(subject.kind)?;
    let name = own.as_ref().map_or_else(|| subject.name.clone(), |own| own.name.clone());
    let own = own.map(|own| with_objective(own, &diff.changes));
    let mut upstream = Vec::new();
    if own.as_ref().is_none_or(|own| !matches!(own.what, What::Added | What::Removed)) {
        for change in diff.changes.iter().filter(|change| change.class >= Class::Undecided) {
            let is_own = change.kind == kind && change.name == name;
            if !is_own && let Some(through) = way(change, kind, &name, new) {
                let place = place(change.place, old, new);
                upstream.push(Way { change: change.clone(), through, place });
            }
        }
    }
    let goals = diff.changes.iter().filter(|change| change.class == Class::Goal && is_goal_of(change, kind, &name, old, new));
    let goals: Vec<Way> =
        goals.map(|change| Way { change: change.clone(), through: Vec::new(), place: place(change.place, old, new) }).collect();
    if own.is_none() && upstream.is_empty() && goals.is_empty() {
        return None;
    }
    let place = place(own.as_ref().and_then(|own| own.place), old, new);
    Some(Step { logged: None, kind, name, own, place, upstream, goals, brought: Vec::new(), unsure: 0 })
}

/// The first error of a version, if it has any. A lint that the project denies is none: the figures have their meaning.
pub fn first_error(checked: &Checked) -> Option<String> {
    let error = checked.findings.iter().find(|finding| finding.code.level == Level::Error)?;
    let place = error
        .labels
        .first()
        .map(|label| format!("{}:{}: ", checked.files.path(label.span.file), checked.files.line(label.span)));
    Some(format!("{}{}", place.unwrap_or_default(), error.message))
}

pub(super) fn is_sound(checked: &Checked) -> bool {
    first_error(checked).is_none()
}

/// The definitions of a version.
pub struct Known(HashMap<String, Vec<(Kind, Option<Span>)>>);

impl Known {
    /// Those of a version.
    pub fn of(checked: &Checked) -> Self {
        let mut known: HashMap<String, Vec<(Kind, Option<Span>)>> = HashMap::new();
        for (kind, name, span) in diff::definitions(checked) {
            known.entry(name).or_default().push((kind, span));
        }
        Self(known)
    }

    /// What a subject is in the version and where it stands, if it is there.
    pub fn find(&self, subject: &Subject) -> Option<(Kind, Option<Span>)> {
        let is_meant = |kind: Kind| subject.kind.is_none_or(|wanted| wanted == kind);
        self.0.get(&subject.name)?.iter().find(|(kind, _)| is_meant(*kind)).copied()
    }
}

/// The step in which a definition is there for the first time, since nothing was there before.
pub(super) fn first(known: &Known, subject: &Subject, logged: Option<&Logged>, new: &Checked, unsure: usize) -> Option<Step> {
    let (kind, span) = known.find(subject)?;
    let own = Change {
        kind,
        name: subject.name.clone(),
        former: None,
        what: What::Added,
        class: Class::None,
        fields: Vec::new(),
        open: String::new(),
        is_mid_cycle: false,
        downstream: Downstream::default(),
        owners: diff::owner(&new.model, kind, &subject.name).into_iter().collect(),
        place: span.map(|span| (Side::After, span)),
    };
    let place = place(own.place, new, new);
    let name = subject.name.clone();
    Some(Step {
        logged: logged.cloned(),
        kind,
        name,
        own: Some(own),
        place,
        upstream: Vec::new(),
        goals: Vec::new(),
        brought: Vec::new(),
        unsure,
    })
}

/// A key result that is new because its objective has another name is the one that it was.
fn with_objective(mut own: Change, changes: &[Change]) -> Change {
    if own.kind != Kind::KeyResult || own.what != What::Added {
        return own;
    }
    let Some((objective, result)) = own.name.split_once('.') else { return own };
    let renamed = changes.iter().find(|change| change.kind == Kind::Objective && change.name == objective);
    let Some(former) = renamed.and_then(|change| change.former.as_ref()) else { return own };
    let was = format!("{former}.{result}");
    if changes.iter().any(|change| change.kind == Kind::KeyResult && change.what == What::Removed && change.name == was) {
        own.what = What::Renamed;
        own.former = Some(was);
        "its objective has another name".clone_into(&mut own.open);
        own.class = Class::Interface;
    }
    own
}

/// How a change of something else reaches the values of a definition; nothing where it does not.
fn way(change: &Change, kind: Kind, name: &str, new: &Checked) -> Option<Vec<String>> {
    let down = &change.downstream;
    let model = &new.model;
    let kpi = |name: &str| {
        let reached = down.kpis.iter().find(|kpi| kpi.name == name)?;
        Some(reached.through.iter().cloned().chain([reached.name.clone()]).collect::<Vec<_>>())
    };
    // Whatever writes the views may write other figures.
    if change.kind == Kind::Template && matches!(kind, Kind::Kpi | Kind::KeyResult | Kind::Guardrail | Kind::Objective) {
        return Some(vec![name.to_owned()]);
    }
    let has = |names: &[String]| names.iter().any(|known| known == name);
    let by = |kpis: Vec<&String>| kpis.into_iter().find_map(|name| kpi(name)).unwrap_or_default();
    let kpi_name = |id| &model.kpis.get(id).name.value;
    let mut through = match kind {
        Kind::Kpi => return kpi(name),
        Kind::KeyResult if has(&down.key_results) => {
            let (of, result) = name.split_once('.')?;
            let objective = model.objectives.rows().iter().find(|objective| objective.name.value == of)?;
            let result = objective.key_results.iter().find(|known| known.name.value == result)?;
            by(result.kpi().map(|measured| kpi_name(measured.kpi)).into_iter().collect())
        }
        Kind::Objective if has(&down.objectives) => Vec::new(),
        Kind::Guardrail if has(&down.guardrails) => {
            let guardrail = model.guardrails.iter().find(|guardrail| guardrail.name.value == name)?;
            by(guardrail.watches.iter().map(|id| kpi_name(*id)).collect())
        }
        Kind::Scorecard if has(&down.scorecards) => Vec::new(),
        Kind::NorthStar if !down.north_star.is_empty() => by(down.north_star.iter().collect()),
        _ => return None,
    };
    through.push(if kind == Kind::NorthStar { "North Star".to_owned() } else { name.to_owned() });
    Some(through)
}

/// Whether a change of a goal is one of a KPI: of a key result that it measures, or of a guardrail that watches it, before or after.
fn is_goal_of(change: &Change, kind: Kind, name: &str, old: &Checked, new: &Checked) -> bool {
    let is_of = |checked: &Checked, goal: &str| {
        let model = &checked.model;
        let Some(id) = model.kpi_names.get(name).copied() else { return false };
        match (kind, change.kind) {
            (Kind::Kpi, Kind::KeyResult) => goal.split_once('.').is_some_and(|(of, result)| {
                let results = model.objectives.rows().iter().filter(|objective| objective.name.value == of);
                results
                    .flat_map(|objective| &objective.key_results)
                    .any(|known| known.name.value == result && known.kpi().is_some_and(|measured| measured.kpi == id))
            }),
            (Kind::Kpi, Kind::Guardrail) => {
                model.guardrails.iter().any(|known| known.name.value == goal && known.watches.contains(&id))
            }
            _ => false,
        }
    };
    is_of(new, &change.name) || is_of(old, change.former.as_ref().unwrap_or(&change.name))
}

fn place(place: Option<(Side, Span)>, old: &Checked, new: &Checked) -> (String, usize) {
    let Some((side, span)) = place else { return (String::new(), 0) };
    let files = if side == Side::After { &new.files } else { &old.files };
    (files.path(span.file).to_owned(), files.line(span))
}
