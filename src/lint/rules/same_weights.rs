//! `same-weights`: weights that are all equal have no effect.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::SAME_WEIGHTS, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    for objective in lens.model.objectives.rows() {
        let counting: Vec<_> = objective.key_results.iter().filter(|result| result.counts()).collect();
        let (Some(first), Some(span)) = (counting.first(), counting.iter().find_map(|result| result.weight_span)) else {
            continue;
        };
        let name = &objective.name.value;
        if counting.iter().all(|result| result.weight.total_cmp(&0.0).is_eq()) {
            findings
                .report(&codes::SAME_WEIGHTS, span, format!("no key result of `{name}` counts, so it never has a score"))
                .help("give at least one of them a weight above 0");
        } else if counting.iter().all(|result| result.weight.total_cmp(&first.weight).is_eq()) {
            findings
                .report(
                    &codes::SAME_WEIGHTS,
                    span,
                    format!("all key results of `{name}` weigh {}, which has no effect", first.weight),
                )
                .help("remove `weight` if all count the same; otherwise say which one matters most");
        }
    }
}
