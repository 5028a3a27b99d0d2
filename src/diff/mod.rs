//! Two versions of a project: what changes for those who read its figures.
//!
//! 1. [`describe`] makes definitions of a checked model, each a list of fields, keyed by name.
//! 2. [`renamed`] finds what is only called something else now.
//! 3. [`compare`] compares the fields and classifies each difference by what it does to readers ([`Class`]). Formulas are compared by what they mean
//!    (`meaning`): a refactoring is known as one, and where nothing can be proven the class is [`Class::Undecided`].
//! 4. [`reach`] finds what is downstream of a change: KPIs, scorecards, key results, guardrails, and who owns them.
//! 5. [`policy`] says what of it a project refuses, and [`lines`] on which line a field stands.
//! 6. [`markdown`] and [`json`] write it down.
//!
//! It compares models and never texts, so that a moved file, another order or another layout is no change.

mod class;
mod compare;
mod definition;
mod describe;
pub mod evidence;
mod goals;
pub mod json;
pub mod lines;
pub mod manifest;
pub mod markdown;
pub mod policy;
mod reach;
mod renamed;
pub mod words;

pub use crate::spec::project::DENIABLE;
pub use class::Class;
pub use definition::Kind;
pub use reach::{Downstream, Reached, owner};

use crate::align::Sign;
use crate::calendar::{AsOf, Date};
use crate::meaning::{Names, promised};
use crate::pipeline::Checked;
use crate::text::Span;
use describe::Describe;
use reach::Effects;
use std::collections::BTreeMap;

/// Which version something stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The one before.
    Before,
    /// The one after.
    After,
}

/// What happened to a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It has another name, and perhaps other fields.
    Renamed,
    /// It has other fields.
    Changed,
}

impl What {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            What::Added => "added",
            What::Removed => "removed",
            What::Renamed => "renamed",
            What::Changed => "changed",
        }
    }
}

/// A definition that differs between two versions.
#[derive(Debug, Clone)]
pub struct Change {
    /// What is defined.
    pub kind: Kind,
    /// Its name in the version after, or in the one before if it is gone.
    pub name: String,
    /// What it was called before, if it is called otherwise now.
    pub former: Option<String>,
    /// What happened to it.
    pub what: What,
    /// What that does to readers: the greatest class of its fields.
    pub class: Class,
    /// The fields that differ.
    pub fields: Vec<FieldChange>,
    /// Why nothing can be said of it, or of what little is left open; empty where nothing is.
    pub open: String,
    /// Whether it changes what is aimed for in a period that has begun.
    pub is_mid_cycle: bool,
    /// What is downstream of it, where values or views change.
    pub downstream: Downstream,
    /// Who owns it and what is downstream.
    pub owners: Vec<String>,
    /// Where it stands.
    pub place: Option<(Side, Span)>,
}

/// So many KPIs are looked at where the change is not one of a KPI itself.
const OF_ONE_CHANGE: usize = 3;

impl Change {
    /// The KPIs whose figures tell something of it: itself, or the nearest that are made of it. None where no figure can change.
    pub fn looked_at(&self) -> Vec<&str> {
        if !matches!(self.class, Class::Meaning | Class::Undecided) {
            return Vec::new();
        }
        let names = self.downstream.kpis.iter().map(|kpi| kpi.name.as_str());
        match names.clone().find(|name| self.kind == Kind::Kpi && *name == self.name) {
            Some(own) => vec![own],
            None => names.take(OF_ONE_CHANGE).collect(),
        }
    }
}

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// Its name.
    pub name: String,
    /// What its difference does to readers.
    pub class: Class,
    /// What it said before.
    pub before: Option<String>,
    /// What it says after.
    pub after: Option<String>,
    /// Whether both are written differently and are proven to mean the same.
    pub is_proven: bool,
}

/// That the link of a KPI to the North Star differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkChange {
    /// The KPI.
    pub kpi: String,
    /// Its sign before; nothing where there was no link.
    pub before: Option<Sign>,
    /// Its sign after; nothing where there is no link.
    pub after: Option<Sign>,
}

/// What differs between two versions of a project.
#[derive(Debug, Clone, Default)]
pub struct Diff {
    /// The definitions that differ, the greatest class first.
    pub changes: Vec<Change>,
    /// Links to the North Star that differ, of KPIs that are there in both versions.
    pub links: Vec<LinkChange>,
    /// What is allowed although the project denies it.
    pub allowed: Vec<policy::Allowance>,
    /// How many errors the version before has.
    pub errors_before: usize,
    /// How many errors the version after has.
    pub errors_after: usize,
    /// How many KPIs the version after has.
    pub kpis: usize,
    /// What definitions of the version before are called in the one after.
    pub names: Names,
    /// What both versions make of the same rows, where that was asked for.
    pub evidence: Vec<evidence::Evidence>,
    /// What says something else on the project's data, where that was asked for.
    pub flips: Vec<evidence::Flip>,
    /// The SQL of views in both versions, where that was asked for.
    pub sql: Vec<evidence::Sql>,
}

impl Diff {
    /// The greatest class of all changes; nothing where there are none.
    pub fn class(&self) -> Option<Class> {
        self.changes.iter().map(|change| change.class).max()
    }

    /// Everybody who owns something that changes, or what is downstream of it; words alone call nobody.
    pub fn owners(&self) -> Vec<String> {
        let told = self.changes.iter().filter(|change| change.class > Class::Words);
        let owners: std::collections::BTreeSet<&String> = told.flat_map(|change| &change.owners).collect();
        owners.into_iter().cloned().collect()
    }

    /// What is known of a change beside definitions.
    pub fn evidence_of<'a>(&'a self, change: &'a Change) -> impl Iterator<Item = &'a evidence::Evidence> {
        let names = change.looked_at();
        self.evidence.iter().filter(move |evidence| names.contains(&evidence.kpi.as_str()))
    }

    /// Puts down what was found over rows. A figure that is seen to differ is a change of meaning.
    pub fn settle(&mut self) {
        let differs = |kpi: &str| {
            let of = self.evidence.iter().find(|evidence| evidence.kpi == kpi);
            of.is_some_and(|of| {
                matches!(of.rows, Some(evidence::OverRows::Differs(_))) || of.data.iter().any(|view| view.differing > 0)
            })
        };
        for change in &mut self.changes {
            let is_seen = change.class == Class::Undecided && change.looked_at().iter().any(|kpi| differs(kpi));
            if is_seen {
                change.class = Class::Meaning;
                change.open.clear();
                let open = change.fields.iter_mut().filter(|field| field.class == Class::Undecided);
                open.for_each(|field| field.class = Class::Meaning);
            }
        }
        self.sort();
    }

    fn sort(&mut self) {
        self.changes.sort_by_cached_key(|change| (std::cmp::Reverse(change.class), change.kind, change.name.clone()));
    }

    /// How many changes there are of a class.
    pub fn count(&self, class: Class) -> usize {
        self.changes.iter().filter(|change| change.class == class).count()
    }
}

/// Compares two versions of a project. `today` is the day that counts where the project's last visible day is not fixed.
pub fn diff(before: &Checked, after: &Checked, today: Date) -> Diff {
    let mut names = renamed::names(before, after);
    // What only one version promises of its data may be what changes figures.
    let own = Names::default();
    let kept = promised(&before.model, &names).intersection(&promised(&after.model, &own)).cloned().collect();
    names.promised = Some(kept);
    let own = Names { promised: names.promised.clone(), ..own };
    let (there, here) = rayon::join(
        || Describe::of(&before.model, &before.files, &names).all(),
        || Describe::of(&after.model, &after.files, &own).all(),
    );
    let former = renamed::all(&names, &there, &here, before);
    let effects = Effects::of((before, after), (&names, &own), &former, (&there, &here));
    let comparison = compare::Comparison { before, after, names: &names, own: &own, effects: &effects };
    let mut changes = comparison.changes(&there, &here, &former);
    comparison.unread_in_both(&mut changes);
    // A change cannot lift its own mark by another last visible day.
    let days = [before, after].map(|checked| match checked.model.calendar.as_of {
        AsOf::Day(day) => day,
        AsOf::Today => today,
    });
    for change in &mut changes {
        change.is_mid_cycle = change.class == Class::Goal && days.iter().any(|day| is_mid_cycle(before, change, *day));
    }
    let mut diff = Diff {
        changes,
        links: links(before, after, &names),
        allowed: Vec::new(),
        errors_before: errors(before),
        errors_after: errors(after),
        kpis: after.model.kpis.len(),
        names,
        evidence: Vec::new(),
        flips: Vec::new(),
        sql: Vec::new(),
    };
    diff.sort();
    diff
}

/// What a project defines: each definition's kind and name, and where it stands. What nobody defines is left out.
pub fn definitions(checked: &Checked) -> Vec<(Kind, String, Option<Span>)> {
    let all = Describe::of(&checked.model, &checked.files, &Names::default()).all();
    let defined = all.into_iter().filter(|(_, definition)| !definition.is_implied);
    defined.map(|((kind, name), definition)| (kind, name, definition.span)).collect()
}

fn errors(checked: &Checked) -> usize {
    let findings = checked.findings.iter();
    findings.filter(|finding| finding.severity == crate::diagnostic::Severity::Error).count()
}

/// Whether a change is one of an objective that was under way.
fn is_mid_cycle(before: &Checked, change: &Change, day: Date) -> bool {
    let named = match change.kind {
        Kind::Objective => change.former.as_ref().unwrap_or(&change.name).as_str(),
        Kind::KeyResult => change.name.split_once('.').map_or("", |(objective, _)| objective),
        _ => return false,
    };
    let objective = before.model.objectives.rows().iter().find(|objective| objective.name.value == named);
    objective.and_then(|objective| objective.period).is_some_and(|period| period.first <= day && day <= period.last)
}

/// The links to the North Star that differ.
fn links(before: &Checked, after: &Checked, names: &Names) -> Vec<LinkChange> {
    let signs = |checked: &Checked, own: &dyn Fn(&str) -> String| -> BTreeMap<String, Option<Sign>> {
        let reach = checked.alignment.reach.as_ref();
        let sign = |id| reach.filter(|reach| reach.has(id)).map(|reach| reach.ways(id).sign());
        checked.model.kpis.iter().map(|(id, kpi)| (own(&kpi.name.value), sign(id))).collect()
    };
    if before.model.north_star.is_none() || after.model.north_star.is_none() {
        return Vec::new();
    }
    let there = signs(before, &|name| names.kpi(name));
    let here = signs(after, &str::to_owned);
    let differing = there.into_iter().filter_map(|(kpi, before)| {
        let after = *here.get(&kpi)?;
        (before != after).then_some(LinkChange { kpi, before, after })
    });
    differing.collect()
}
