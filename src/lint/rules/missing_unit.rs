//! `missing-unit`: a number without a unit can be read in several ways. Silent unless asked for.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};
use crate::model::facts::Kind;
use crate::model::unit::Unit;

pub(super) const RULE: Rule = Rule { code: &codes::MISSING_UNIT, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    for (_, kpi) in lens.kpis() {
        // A ratio of like things has none by nature, and an amount in several currencies has one in each slice.
        let facts = &kpi.facts;
        let none = facts.unit == Unit::none() && facts.kind != Kind::Ratio && facts.needs.is_none();
        if none && kpi.unit.is_none() && !facts.is_broken() {
            findings
                .report(&codes::MISSING_UNIT, kpi.name.span, format!("`{}` has no unit", kpi.name.value))
                .help("give a unit to the column that it sums (`unit: EUR`), or to the KPI itself");
        }
    }
}
