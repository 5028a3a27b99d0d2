//! `guardrail-without-action`: what is not thought out before it is needed is thought out too late.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::GUARDRAIL_WITHOUT_ACTION, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    for guardrail in lens.model.guardrails.iter().filter(|guardrail| guardrail.action.trim().is_empty()) {
        findings
            .report(
                &codes::GUARDRAIL_WITHOUT_ACTION,
                guardrail.name.span,
                format!("`{}` does not say what to do when it fires", guardrail.name.value),
            )
            .help("say what its owner should do first: `action: ...`");
    }
}
