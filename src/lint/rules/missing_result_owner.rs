//! `missing-result-owner`: what belongs to everybody is done by nobody.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::MISSING_RESULT_OWNER, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    for objective in lens.model.objectives.rows() {
        if objective.owner_named {
            continue;
        }
        let mut without =
            objective.key_results.iter().filter(|result| !result.owner_named && result.dropped.is_none()).peekable();
        let name = &objective.name.value;
        if objective.key_results.is_empty() || without.peek().is_some() {
            let finding = findings.report(&codes::MISSING_RESULT_OWNER, objective.name.span, format!("nobody owns `{name}`"));
            for result in without {
                finding.also(result.name.span, "nor this key result");
            }
            finding.help(
                "name the team that is responsible for it, on the objective or on each of its results: `owner: \
             ...`",
            );
        }
    }
}
