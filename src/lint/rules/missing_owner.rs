//! `missing-owner`: a figure that nobody owns is a figure that nobody fixes. Quiet in a project without teams.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::MISSING_OWNER, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    if lens.model.teams.is_empty() {
        return;
    }
    for (_, kpi) in lens.kpis().filter(|(_, kpi)| !kpi.owner_named) {
        findings
            .report(&codes::MISSING_OWNER, kpi.name.span, format!("nobody owns `{}`", kpi.name.value))
            .help("name the team that is responsible for it: `owner: ...`");
    }
}
