//! `unaligned-key-result`: work towards a figure that moves nothing the company aims for.

use crate::align::check::pushed;
use crate::align::is_counter;
use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::UNALIGNED_KEY_RESULT, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    if !lens.uses_are_known || lens.alignment.reach.as_ref().is_none_or(|reach| reach.parts.is_empty()) {
        return;
    }
    for pushed in pushed(lens.model, lens.alignment) {
        if pushed.ways.all() > 0 || is_counter(lens.model, pushed.kpi) {
            continue;
        }
        let kpi = &lens.model.kpis.get(pushed.kpi).name.value;
        let message = format!("`{}` moves `{kpi}`, which is not linked to the North Star", pushed.result.name.value);
        findings.report(&codes::UNALIGNED_KEY_RESULT, pushed.result.name.span, message).help(format!(
            "say what `{kpi}` moves, with `drives`, or on the key result why it need not move anything: \
             `unaligned: \"...\"`"
        ));
    }
}
