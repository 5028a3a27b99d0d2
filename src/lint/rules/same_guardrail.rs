//! `same-guardrail`: two guardrails that always fire together are one, and will differ one day without a reason.

use super::walk;
use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};
use foldhash::HashMap;
use std::collections::hash_map::Entry;

pub(super) const RULE: Rule = Rule { code: &codes::SAME_GUARDRAIL, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    // What could not be read may be what makes two of them differ.
    if !lens.uses_are_known {
        return;
    }
    let mut seen = HashMap::default();
    for (guardrail, condition) in walk::conditions(lens.model) {
        let first = match seen.entry((condition, guardrail.grain, guardrail.periods, guardrail.slices())) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(free) => {
                free.insert(guardrail);
                continue;
            }
        };
        findings
            .report(
                &codes::SAME_GUARDRAIL,
                guardrail.name.span,
                format!("`{}` watches the same as `{}`", guardrail.name.value, first.name.value),
            )
            .also(first.name.span, "the other one")
            .help("delete one of the two; if two teams act on it, name both in one `action`");
    }
}
