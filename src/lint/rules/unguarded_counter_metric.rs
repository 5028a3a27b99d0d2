//! `unguarded-counter-metric`: what must not suffer, and nobody is told when it does.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::UNGUARDED_COUNTER_METRIC, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    let Some(star) = &lens.model.north_star else { return };
    if !lens.uses_are_known {
        return;
    }
    for counter in &star.counter {
        if lens.model.guardrails.iter().any(|guardrail| guardrail.watches.contains(&counter.value)) {
            continue;
        }
        let name = &lens.model.kpis.get(counter.value).name.value;
        findings
            .report(&codes::UNGUARDED_COUNTER_METRIC, counter.span, format!("no guardrail watches the counter metric `{name}`"))
            .help(format!(
                "say when it suffers, and who acts: `guardrails: {{ {name}_suffers: {{ when: ..., owner: ..., \
             action: ... }} }}`"
            ));
    }
}
