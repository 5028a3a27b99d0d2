//! `missing-counter-metric`: whatever is pushed gives way somewhere. A North Star names what must not suffer.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::MISSING_COUNTER_METRIC, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    let Some(star) = &lens.model.north_star else { return };
    if star.counter.is_empty() && star.volume.is_some() && lens.uses_are_known {
        findings
            .report(
                &codes::MISSING_COUNTER_METRIC,
                star.name.span,
                "the North Star does not say what must not suffer while it grows",
            )
            .help("name what would suffer first: `counter: [...]`, such as satisfaction, complaints or churn");
    }
}
