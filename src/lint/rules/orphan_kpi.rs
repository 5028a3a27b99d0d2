//! `orphan-kpi`: a figure that neither is in what the North Star is made of nor is claimed to move it. Silent unless asked for:
//! `kpic align` lists them.

use crate::align::is_counter;
use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::ORPHAN_KPI, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    if lens.alignment.reach.as_ref().is_none_or(|reach| reach.parts.is_empty()) || !lens.uses_are_known {
        return;
    }
    for (id, kpi) in lens.kpis() {
        // What is deprecated is on its way out, and counter metrics are there to be watched.
        let excused = kpi.deprecated.is_some() || !kpi.about.unaligned.is_empty() || is_counter(lens.model, id);
        if excused || lens.alignment.is_aligned(id) {
            continue;
        }
        let message = format!("`{}` is not linked to the North Star", kpi.name.value);
        findings.report(&codes::ORPHAN_KPI, kpi.name.span, message).help(
            "say what it moves, `drives: [{ kpi: ..., effect: up, because: \"...\" }]`, or why it need not move anything: \
             `unaligned: \"...\"`",
        );
    }
}
