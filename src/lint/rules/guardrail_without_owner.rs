//! `guardrail-without-owner`: an alarm that nobody owns is turned off. Quiet in a project without teams.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::GUARDRAIL_WITHOUT_OWNER, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    if lens.model.teams.is_empty() {
        return;
    }
    for guardrail in lens.model.guardrails.iter().filter(|guardrail| !guardrail.owner_named) {
        findings
            .report(
                &codes::GUARDRAIL_WITHOUT_OWNER,
                guardrail.name.span,
                format!("nobody acts when `{}` fires", guardrail.name.value),
            )
            .help("name the team that acts: `owner: ...`");
    }
}
