//! `deprecated-use`: a formula, guardrail, scorecard or key result that uses a deprecated KPI, or a KPI by a former name.

use super::walk;
use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};
use crate::model::expr::{CalcLeaf, Node};
use crate::model::{Body, Kpi, KpiId, Model};
use crate::text::Span;

pub(super) const RULE: Rule = Rule { code: &codes::DEPRECATED_USE, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    let formulas = lens.model.kpis.rows().iter().filter_map(|kpi| match &kpi.body {
        Body::Formula(calc) => Some((calc, kpi.deprecated.is_some())),
        Body::Values(_) | Body::Broken => None,
    });
    let conditions = walk::conditions(lens.model).map(|(_, condition)| (condition, false));
    for (calc, excused) in formulas.chain(conditions) {
        walk::calcs(calc, &mut |calc| {
            walk::nodes(calc, &mut |node| {
                if let (Node::Leaf(CalcLeaf::Kpi(id)), Some(span)) = (&node.node, node.at.0) {
                    mention(lens, *id, span, excused, findings);
                }
            });
        });
    }
    for card in &lens.model.scorecards {
        for entry in &card.kpis {
            mention(lens, entry.value, entry.span, false, findings);
        }
    }
    for shown in lens.key_results().filter_map(|(_, result)| result.kpi()) {
        mention(lens, shown.kpi, shown.span, false, findings);
    }
}

/// Looks at one mention of a KPI. What is itself deprecated may use what is deprecated.
fn mention(lens: &Lens<'_>, id: KpiId, span: Span, excused: bool, findings: &mut Findings) {
    let kpi = lens.model.kpis.get(id);
    let written = lens.files.slice(span).trim_matches('`');
    if kpi.aliases.iter().any(|alias| alias.value == written) {
        let message = format!("`{written}` is a former name of `{}`", kpi.name.value);
        let finding = findings.report(&codes::DEPRECATED_USE, span, message);
        finding.help(format!("write `{}`", kpi.name.value)).mend(span, written, Some(&kpi.name.value));
    }
    if let Some(deprecated) = kpi.deprecated.as_ref().filter(|_| !excused) {
        let because = if deprecated.because.is_empty() { String::new() } else { format!(": {}", deprecated.because) };
        let message = format!("`{}` is deprecated{because}", kpi.name.value);
        let finding = findings.report(&codes::DEPRECATED_USE, span, message);
        finding.help = deprecated.instead.map(|instead| format!("use `{}`", name(lens.model, instead)));
        if let Some(instead) = deprecated.instead.filter(|instead| is_the_same(lens.model, kpi, *instead)) {
            finding.mend(span, written, Some(name(lens.model, instead)));
        }
    }
}

/// Whether a KPI gives the figures of another one, so that the other's name can take its place.
fn is_the_same(model: &Model, kpi: &Kpi, other: KpiId) -> bool {
    let by = model.kpis.get(other);
    let Body::Formula(calc) = &kpi.body else { return false };
    let same = match (&calc.node, &by.body) {
        (Node::Leaf(CalcLeaf::Kpi(id)), _) if *id == other => true,
        (_, Body::Formula(its)) => calc == its,
        _ => false,
    };
    same && !kpi.facts.is_broken() && !by.facts.is_broken() && kpi.facts.unit == by.facts.unit
}

fn name(model: &Model, id: KpiId) -> &str {
    &model.kpis.get(id).name.value
}
