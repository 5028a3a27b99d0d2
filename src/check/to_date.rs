//! Comparisons to date (`prior_to_date` and its like): what is compared has to have a value up to a day within a period.

use crate::diagnostic::{Findings, codes};
use crate::graph::Graph;
use crate::model::expr::{Calc, CalcLeaf, Node};
use crate::model::{Body, KpiId, Model};
use crate::text::Span;
use std::collections::HashSet;

/// Checks the comparisons in the formulas of all KPIs.
pub(super) fn comparisons(model: &Model, graph: &Graph, findings: &mut Findings) {
    for id in graph.kpi_order().iter().copied() {
        let kpi = model.kpis.get(id);
        if let Body::Formula(calc) = &kpi.body {
            in_formula(model, calc, kpi.name.span, findings);
        }
    }
}

/// Checks the comparisons in a formula.
pub(super) fn in_formula(model: &Model, calc: &Calc, or: Span, findings: &mut Findings) {
    match &calc.node {
        Node::Apply(_, arguments) => arguments.iter().for_each(|argument| in_formula(model, argument, or, findings)),
        Node::Leaf(CalcLeaf::Prior(past, of, _)) => {
            let against = if past.is_to_date() { Search { model, seen: HashSet::new() }.in_calc(of) } else { None };
            match against {
                Some(against) => against.report(model, past.name(), calc.span_or(or), findings),
                None => in_formula(model, of, or, findings),
            }
        }
        Node::Leaf(CalcLeaf::Each(each)) => in_formula(model, &each.of, or, findings),
        Node::Leaf(CalcLeaf::Trend(trend)) => in_formula(model, &trend.of, or, findings),
        Node::Leaf(CalcLeaf::Slice(of, _) | CalcLeaf::Total(of, _)) => in_formula(model, of, or, findings),
        Node::Leaf(CalcLeaf::Kpi(_) | CalcLeaf::Duration(..) | CalcLeaf::Aggregate(_) | CalcLeaf::Grouped(_))
        | Node::Literal(_)
        | Node::Broken => {}
    }
}

/// What has no value up to a day within a period.
enum Against {
    /// A KPI that is kept by hand.
    ByHand(KpiId),
    /// A figure for each age of a cohort.
    Ages,
    /// Another comparison to date, in a KPI of its own or in the formula itself.
    Nested(Option<KpiId>),
}

impl Against {
    fn report(&self, model: &Model, function: &str, span: Span, findings: &mut Findings) {
        let name = |id: &KpiId| model.kpis.get(*id).name.value.as_str();
        let whole = function.trim_end_matches("_to_date");
        let (message, help) = match self {
            Against::ByHand(id) => (
                format!("`{}` is kept by hand, so it has no figure for a part of a period", name(id)),
                format!("compare whole periods with `{whole}`, or compare only what is made of rows"),
            ),
            Against::Ages => (
                format!("`{function}` goes by how far the period has got, but the figures of a cohort go by its age"),
                format!("compare cohorts with `{whole}`: at the same age they have had the same time"),
            ),
            Against::Nested(id) => (
                match id {
                    Some(id) => format!("`{}` already compares to date, and cannot be compared to date again", name(id)),
                    None => "this already compares to date, and cannot be compared to date again".to_owned(),
                },
                "inside it use `prior`, `change` or `growth`, which compare whole periods".to_owned(),
            ),
        };
        let finding = findings.report(&codes::NOT_TO_DATE, span, message);
        if let Against::ByHand(id) | Against::Nested(Some(id)) = self {
            let kpi = model.kpis.get(*id);
            finding.also(kpi.formula_span.unwrap_or(kpi.name.span), format!("`{}`", kpi.name.value));
        }
        finding.help(help);
    }
}

/// A search through a formula, and through those of the KPIs in it.
struct Search<'a> {
    model: &'a Model,
    seen: HashSet<KpiId>,
}

impl Search<'_> {
    fn in_calc(&mut self, calc: &Calc) -> Option<Against> {
        match &calc.node {
            Node::Apply(_, arguments) => arguments.iter().find_map(|argument| self.in_calc(argument)),
            Node::Literal(_) | Node::Broken => None,
            Node::Leaf(leaf) => match leaf {
                CalcLeaf::Kpi(id) => self.in_kpi(*id),
                CalcLeaf::Aggregate(aggregate) => aggregate.age().map(|_| Against::Ages),
                CalcLeaf::Grouped(grouped) => grouped.age().map(|_| Against::Ages),
                CalcLeaf::Prior(past, ..) if past.is_to_date() => Some(Against::Nested(None)),
                CalcLeaf::Prior(_, of, _) | CalcLeaf::Slice(of, _) | CalcLeaf::Total(of, _) => self.in_calc(of),
                CalcLeaf::Each(each) => self.in_calc(&each.of),
                CalcLeaf::Trend(trend) => self.in_calc(&trend.of),
                CalcLeaf::Duration(..) => None,
            },
        }
    }

    fn in_kpi(&mut self, id: KpiId) -> Option<Against> {
        if !self.seen.insert(id) {
            return None;
        }
        match &self.model.kpis.get(id).body {
            Body::Values(_) => Some(Against::ByHand(id)),
            Body::Broken => None,
            Body::Formula(calc) => match self.in_calc(calc)? {
                Against::Nested(None) => Some(Against::Nested(Some(id))),
                against => Some(against),
            },
        }
    }
}
