//! `unused-kpi`: a figure that is on no scorecard and that no KPI, guardrail or key result uses is looked at by nobody. Quiet in a project without
//! scorecards, and silent unless asked for.

use crate::diagnostic::{Findings, codes};
use crate::graph::Node;
use crate::lint::{Lens, Rule};
use std::collections::BTreeSet;

pub(super) const RULE: Rule = Rule { code: &codes::UNUSED_KPI, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    let model = lens.model;
    if model.scorecards.is_empty() || !lens.uses_are_known {
        return;
    }
    let shown: BTreeSet<_> = model.scorecards.iter().flat_map(|scorecard| &scorecard.kpis).map(|kpi| kpi.value).collect();
    let watched: BTreeSet<_> = model.guardrails.iter().flat_map(|guardrail| &guardrail.watches).copied().collect();
    let aimed_at: BTreeSet<_> = lens.key_results().filter_map(|(_, result)| result.kpi()).map(|shown| shown.kpi).collect();
    for (id, kpi) in lens.kpis() {
        // What is deprecated is on its way out.
        if [&shown, &watched, &aimed_at].iter().any(|used| used.contains(&id)) {
            continue;
        }
        if kpi.deprecated.is_some() || lens.graph.is_used(Node::Kpi(id)) {
            continue;
        }
        let message = format!("`{}` is on no scorecard, and no other KPI uses it", kpi.name.value);
        findings
            .report(&codes::UNUSED_KPI, kpi.name.span, message)
            .help("put it on a scorecard, delete it, or say why it is kept: `allow: { unused-kpi: \"...\" }`");
    }
}
