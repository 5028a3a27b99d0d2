//! What is legal but probably not meant.
//!
//! A lint is a static and a function in a file of its own below `rules`; [`RULES`] has one row for it. Lints look at checked
//! models only and change nothing.

mod rules;

use crate::align::Alignment;
use crate::diagnostic::{Code, Finding, Findings, Severity, codes};
use crate::graph::Graph;
use crate::model::objective::{KeyResult, Objective};
use crate::model::{Kpi, KpiId, Model};
use crate::spec::allow::Allowance;
use crate::text::{Files, Span};
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};

/// What a lint looks at.
pub struct Lens<'a> {
    /// The checked model; definitions that are wrong have unknown facts.
    pub model: &'a Model,
    /// Who needs whom.
    pub graph: &'a Graph,
    /// What moves what.
    pub alignment: &'a Alignment,
    /// The texts.
    pub files: &'a Files,
    /// Whether everything is known that is used: what a wrong definition meant to use is not.
    pub uses_are_known: bool,
    /// Where errors are, so that what follows from one is not said too.
    pub wrong: HashSet<Span>,
}

impl<'a> Lens<'a> {
    /// Every KPI that the project defines. What somebody asks for needs no owner, and is looked at by who asks.
    fn kpis(&self) -> impl Iterator<Item = (KpiId, &'a Kpi)> {
        self.model.kpis.iter().filter(|(_, kpi)| !kpi.is_asked())
    }

    /// Every key result with its objective.
    fn key_results(&self) -> impl Iterator<Item = (&'a Objective, &'a KeyResult)> {
        let objectives = self.model.objectives.rows().iter();
        objectives.flat_map(|objective| objective.key_results.iter().map(move |result| (objective, result)))
    }
}

/// A lint: its code and what it looks for.
pub struct Rule {
    /// Its code, with its name and level.
    pub code: &'static Code,
    /// Reports what it finds.
    pub check: fn(&Lens<'_>, &mut Findings),
}

pub use rules::RULES;

/// Runs all lints.
pub fn lint(model: &Model, graph: &Graph, alignment: &Alignment, files: &Files, findings: &mut Findings) {
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
    let wrong = errors.filter_map(|finding| finding.labels.first().map(|label| label.span)).collect();
    let lens = Lens { model, graph, alignment, files, uses_are_known: !findings.has_errors(), wrong };
    let found: Vec<Findings> = RULES
        .par_iter()
        .map(|rule| {
            let mut found = Findings::default();
            (rule.check)(&lens, &mut found);
            found
        })
        .collect();
    let misspelt: HashSet<(Span, &str)> = findings.iter().filter_map(|finding| finding.misspells).collect();
    for mut found in found {
        if !misspelt.is_empty() {
            found.retain(|finding| !is_misspelt(finding, &misspelt));
        }
        findings.append(found);
    }
}

/// The lints that say that a definition lacks a key, or go by what holds without it.
const LACKS: &[(&Code, &str)] = &[
    (&codes::GUARDRAIL_WITHOUT_ACTION, "action"),
    (&codes::GUARDRAIL_WITHOUT_OWNER, "owner"),
    (&codes::GRAIN_MISSES_CADENCE, "grain"),
    (&codes::MISSING_BASELINE, "from"),
    (&codes::MISSING_BASELINE, "measure"),
    (&codes::MISSING_BETTER, "better"),
    (&codes::MISSING_DESCRIPTION, "description"),
    (&codes::MISSING_OWNER, "owner"),
    (&codes::MISSING_RESULT_OWNER, "owner"),
    (&codes::MISSING_TARGET, "to"),
    (&codes::MISSING_UNIT, "unit"),
];

/// Whether a finding says that a key is missing that is there, misspelt or with a value that cannot be read: that has been reported.
fn is_misspelt(finding: &Finding, misspelt: &HashSet<(Span, &str)>) -> bool {
    let Some(place) = finding.labels.first().map(|label| label.span) else { return false };
    LACKS.iter().any(|(code, key)| *code == finding.code && misspelt.contains(&(place, *key)))
}

/// Drops the findings that definitions allow, each with a reason; an allowance without a finding is one itself. What is about
/// data is allowed among findings about data, and the rest among the others.
pub fn allow(allowances: &[Allowance], about_data: bool, findings: &mut Findings) {
    let allowances: Vec<&Allowance> =
        allowances.iter().filter(|allowance| allowance.lint.is_about_data() == about_data).collect();
    if allowances.is_empty() {
        return;
    }
    let mut used = vec![false; allowances.len()];
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, allowance) in allowances.iter().enumerate() {
        places.entry(allowance.lint.name).or_default().push(at);
    }
    findings.retain(|finding| {
        let (Some(known), Some(label)) = (places.get(finding.code.name), finding.labels.first()) else { return true };
        let holds = |at: &&usize| allowances.get(**at).is_some_and(|allowance| allowance.within.holds(label.span));
        let Some(at) = known.iter().find(holds) else { return true };
        if let Some(used) = used.get_mut(*at) {
            *used = true;
        }
        false
    });
    if findings.has_errors() {
        return;
    }
    for (allowance, _) in allowances.iter().zip(used).filter(|(_, used)| !used) {
        let message = format!("there is no `{}` here to allow", allowance.lint.name);
        findings.report(&codes::UNNEEDED_ALLOW, allowance.span, message).help("delete the line");
    }
}
