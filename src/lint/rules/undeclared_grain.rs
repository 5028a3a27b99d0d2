//! `undeclared-grain`: a KPI used at a grain that it does not declare means something else there (`dau` by month is not a daily
//! figure). Inside `each` the grain is said and meant.

use super::walk;
use crate::calendar::Grain;
use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};
use crate::model::expr::{Calc, CalcLeaf, Node};
use crate::model::{Body, KpiId};
use crate::text::Span;

pub(super) const RULE: Rule = Rule { code: &codes::UNDECLARED_GRAIN, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    for kpi in lens.model.kpis.rows() {
        let Body::Formula(calc) = &kpi.body else { continue };
        outside(calc, &mut |id, span| {
            let used = lens.model.kpis.get(id);
            let known = lens.model.grains(used);
            let missing = lens.model.grains(kpi).into_iter().find(|grain| !known.contains(grain));
            if let Some(grain) = missing {
                report(lens, id, grain, span, findings);
            }
        });
    }
    for (guardrail, condition) in walk::conditions(lens.model) {
        outside(condition, &mut |id, span| {
            if !lens.model.grains(lens.model.kpis.get(id)).contains(&guardrail.grain) {
                report(lens, id, guardrail.grain, span, findings);
            }
        });
    }
    for card in &lens.model.scorecards {
        for entry in &card.kpis {
            if !lens.model.grains(lens.model.kpis.get(entry.value)).contains(&card.grain) {
                report(lens, entry.value, card.grain, entry.span, findings);
            }
        }
    }
}

fn report(lens: &Lens<'_>, id: KpiId, grain: Grain, span: Span, findings: &mut Findings) {
    // At that grain it has no value at all.
    if lens.wrong.contains(&span) {
        return;
    }
    let used = lens.model.kpis.get(id);
    let message = format!("`{}` is by {}, but here it is computed by {grain}", used.name.value, used.grain);
    let mut help = format!("if it also makes sense by {grain}, add `grains: [{grain}]` to it");
    if used.grain < grain && used.grain.nests_in(grain, lens.model.calendar.custom) {
        help += &format!("; for a mean of its values write `avg({} each {})`", used.name.value, used.grain);
    }
    findings.report(&codes::UNDECLARED_GRAIN, span, message).help(help);
}

/// Calls `visit` on every KPI that is mentioned outside `each`.
fn outside(calc: &Calc, visit: &mut impl FnMut(KpiId, Span)) {
    walk::nodes(calc, &mut |node| {
        if let (Node::Leaf(leaf), Some(span)) = (&node.node, node.at.0) {
            match leaf {
                CalcLeaf::Kpi(id) => visit(*id, span),
                CalcLeaf::Prior(_, of, _) | CalcLeaf::Slice(of, _) | CalcLeaf::Total(of, _) => outside(of, visit),
                CalcLeaf::Trend(trend) => outside(&trend.of, visit),
                CalcLeaf::Each(_) | CalcLeaf::Duration(..) | CalcLeaf::Aggregate(_) | CalcLeaf::Grouped(_) => {}
            }
        }
    });
}
