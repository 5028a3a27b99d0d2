//! `missing-target`: a key result without a number is a wish.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::MISSING_TARGET, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    for (_, result) in lens.key_results() {
        if result.goal_given || result.dropped.is_some() || result.evidence.is_broken() {
            continue;
        }
        let message = format!("`{}` has no target", result.name.value);
        findings.report(&codes::MISSING_TARGET, result.name.span, message).help(
            "without one nobody can say whether it was reached: write `from: ...` and `to: ...`, or a bound such as \
             `at_least: ...`",
        );
    }
}
