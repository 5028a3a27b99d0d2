//! `missing-better`: whether a figure that rises is good news is not for every reader to guess. Silent unless asked for.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::MISSING_BETTER, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    for (_, kpi) in lens.kpis().filter(|(_, kpi)| kpi.better.is_none() && !kpi.facts.is_broken()) {
        findings
            .report(
                &codes::MISSING_BETTER,
                kpi.name.span,
                format!(
                    "`{}` does not say which direction is \
             good",
                    kpi.name.value
                ),
            )
            .help("write `better: up`, `better: down` or `better: { between: [low, high] }`");
    }
}
