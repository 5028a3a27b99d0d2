//! `same-calculation`: two names for one figure are two things to keep alike.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};
use crate::model::expr::{Calc, CalcLeaf, Node};
use crate::model::{Body, Kpi};
use foldhash::HashMap;

pub(super) const RULE: Rule = Rule { code: &codes::SAME_CALCULATION, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    // A key that could not be read may be what makes two KPIs differ.
    if !lens.uses_are_known {
        return;
    }
    let mut known: HashMap<&Calc, &Kpi> = HashMap::default();
    for (_, kpi) in lens.kpis() {
        let Body::Formula(calc) = &kpi.body else { continue };
        // A KPI may have a name of its own for another one; the deprecated one of two goes.
        let alias = matches!(&calc.node, Node::Leaf(CalcLeaf::Kpi(_)));
        if alias || kpi.facts.is_broken() || kpi.deprecated.is_some() {
            continue;
        }
        let Some(first) = known.insert(calc, kpi) else { continue };
        known.insert(calc, first);
        if first.grain != kpi.grain
            || first.omit_gaps != kpi.omit_gaps
            || first.facts.scale.to_bits() != kpi.facts.scale.to_bits()
        {
            continue;
        }
        let message = format!("`{}` is computed in the same way as `{}`", kpi.name.value, first.name.value);
        findings
            .report(&codes::SAME_CALCULATION, kpi.name.span, message)
            .also(first.name.span, "the other one")
            .help(format!("delete one and keep its name as an alias of the other: `aliases: [{}]`", kpi.name.value));
    }
}
