//! `share-of-all`: a share of a total, where it is not sliced by what the total is taken over, is 100 % in every period.

use super::walk;
use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};
use crate::model::expr::{Calc, CalcLeaf, Node};
use crate::model::{Body, DimensionId, KpiId, Model};
use crate::text::Span;

pub(super) const RULE: Rule = Rule { code: &codes::SHARE_OF_ALL, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    let model = lens.model;
    let mut found: Vec<(Span, KpiId, &[DimensionId])> = Vec::new();
    for (id, kpi) in model.kpis.iter() {
        let Body::Formula(calc) = &kpi.body else { continue };
        let shown: Vec<&[DimensionId]> = kpi.by.iter().map(|slice| slice.value.as_slice()).collect();
        found.extend(all_of(model, calc, &shown).map(|over| (calc.span_or(kpi.name.span), id, over)));
    }
    let mut mention = |id: KpiId, span: Span, shown: &[&[DimensionId]]| {
        let Body::Formula(calc) = &model.kpis.get(id).body else { return };
        found.extend(all_of(model, calc, shown).map(|over| (span, id, over)));
    };
    for entry in model.scorecards.iter().flat_map(|card| &card.kpis) {
        mention(entry.value, entry.span, &[]);
    }
    for shown in lens.key_results().filter_map(|(_, result)| result.kpi()) {
        mention(shown.kpi, shown.span, &[&shown.dimensions()]);
    }
    for part in model.north_star.iter().flat_map(|star| star.volume.iter().chain(&star.efficiency).chain(&star.counter)) {
        mention(part.value, part.span, &[]);
    }
    for (guardrail, condition) in walk::conditions(model) {
        walk::nodes(condition, &mut |node| {
            if let (Node::Leaf(CalcLeaf::Kpi(id)), Some(span)) = (&node.node, node.at.0) {
                mention(*id, span, &guardrail.slices());
            }
        });
    }
    found.sort_by_key(|(span, ..)| *span);
    found.dedup();
    for (span, id, over) in found {
        let name = &model.kpis.get(id).name.value;
        let message = format!("`{name}` is 100 % in every period here: without a slice, a figure equals its total");
        let (by, part) = match over.first().map(|id| model.dimensions.get(*id).name.as_str()) {
            Some(name) => (format!("`{name}`"), format!("{name} = '...'")),
            None => ("a dimension".to_owned(), "country = 'DE'".to_owned()),
        };
        findings
            .report(&codes::SHARE_OF_ALL, span, message)
            .help(format!("slice it by {by}; the share of one part is a separate KPI: `slice(x, {part}) / x`"));
    }
}

/// Over which dimensions a formula is a share, if none of the slices in which it is shown has one of them.
fn all_of<'a>(model: &'a Model, calc: &'a Calc, shown: &[&[DimensionId]]) -> Option<&'a [DimensionId]> {
    model.share_over(calc).filter(|over| !shown.iter().any(|slice| is_sliced(over, slice)))
}

/// Whether a slice has a dimension over which a share is taken.
fn is_sliced(over: &[DimensionId], slice: &[DimensionId]) -> bool {
    if over.is_empty() { !slice.is_empty() } else { slice.iter().any(|id| over.contains(id)) }
}
