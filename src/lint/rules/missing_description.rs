//! `missing-description`: a figure that nobody explained is a figure that people argue about.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::MISSING_DESCRIPTION, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    for (_, kpi) in lens.kpis().filter(|(_, kpi)| kpi.description.trim().is_empty()) {
        findings
            .report(&codes::MISSING_DESCRIPTION, kpi.name.span, format!("`{}` has no description", kpi.name.value))
            .help("say in a sentence what it counts and what it leaves out: `description: ...`");
    }
}
