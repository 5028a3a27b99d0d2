//! `crowded-objective`: who has to reach everything reaches nothing.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::CROWDED_OBJECTIVE, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    let max = lens.model.okrs.key_results as usize;
    for objective in lens.model.objectives.rows() {
        let counting: Vec<_> = objective.key_results.iter().filter(|result| result.counts()).collect();
        if let Some(first) = counting.get(max) {
            let message = format!(
                "`{}` has {} key results; with more than {max}, none gets enough attention",
                objective.name.value,
                counting.len()
            );
            findings
                .report(&codes::CROWDED_OBJECTIVE, objective.name.span, message)
                .also(first.name.span, "from here on")
                .help(
                    "keep the ones that the objective cannot do without; mark those that only must not break with \
                 `health: true`",
                );
        }
    }
}
