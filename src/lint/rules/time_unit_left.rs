//! `time-unit-left`: a quotient in which a unit of time is left over, and nobody said that it should be.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::TIME_UNIT_LEFT, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    for (_, kpi) in lens.kpis() {
        let unit = &kpi.facts.unit;
        if kpi.unit.is_some() || kpi.facts.is_broken() || unit.as_time().is_some() || unit.times_left().next().is_none() {
            continue;
        }
        let span = kpi.formula_span.unwrap_or(kpi.name.span);
        if lens.wrong.contains(&span) {
            continue;
        }
        findings
            .report(&codes::TIME_UNIT_LEFT, span, format!("the unit of `{}` is {unit}", kpi.name.value))
            .help(format!("if that is intended, declare it: `unit: {unit}`; otherwise name the unit that it should have"));
    }
}
