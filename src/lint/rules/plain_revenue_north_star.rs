//! `plain-revenue-north-star`: a North Star that is an amount of money says how the market did, not what customers got.

use crate::diagnostic::{Findings, codes};
use crate::functions::{operators, sum};
use crate::lint::{Lens, Rule};
use crate::model::expr::{Calc, CalcLeaf, Node};
use crate::model::{Body, KpiId, Model};

pub(super) const RULE: Rule = Rule { code: &codes::PLAIN_REVENUE_NORTH_STAR, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    let Some(volume) = lens.model.north_star.as_ref().and_then(|star| star.volume.as_ref()) else { return };
    let kpi = lens.model.kpis.get(volume.value);
    if is_money(lens.model, volume.value) {
        let message = format!("the North Star's volume `{}` is an amount of money", kpi.name.value);
        findings
            .report(&codes::PLAIN_REVENUE_NORTH_STAR, volume.span, message)
            .also(kpi.formula_span.unwrap_or(kpi.name.span), "only adds up money")
            .help(
                "choose something that customers care about and that leads to revenue: active teams, orders delivered, \
             hours saved",
            );
    }
}

/// Whether a KPI is nothing but money added up.
fn is_money(model: &Model, id: KpiId) -> bool {
    let kpi = model.kpis.get(id);
    match &kpi.body {
        Body::Formula(calc) => kpi.facts.unit.currency().is_some() && adds_up(model, calc),
        Body::Values(_) | Body::Broken => false,
    }
}

fn adds_up(model: &Model, calc: &Calc) -> bool {
    match &calc.node {
        Node::Literal(_) | Node::Leaf(CalcLeaf::Duration(..)) => true,
        Node::Leaf(CalcLeaf::Kpi(id)) => is_money(model, *id),
        Node::Leaf(CalcLeaf::Aggregate(aggregate)) => *aggregate.function == sum::SUM,
        Node::Leaf(CalcLeaf::Slice(of, _) | CalcLeaf::Total(of, _)) => adds_up(model, of),
        Node::Apply(function, arguments) => {
            let keeps = [&operators::ADD, &operators::SUBTRACT, &operators::MULTIPLY, &operators::NEGATE];
            keeps.contains(function) && arguments.iter().all(|argument| adds_up(model, argument))
        }
        Node::Leaf(_) | Node::Broken => false,
    }
}
