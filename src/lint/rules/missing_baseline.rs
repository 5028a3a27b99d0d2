//! `missing-baseline`: who does not say where a result starts cannot say how far it has come.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};
use crate::model::objective::{Baseline, Evidence, Goal};

pub(super) const RULE: Rule = Rule { code: &codes::MISSING_BASELINE, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    for (_, result) in lens.key_results() {
        let shown = matches!(result.evidence, Evidence::Kpi(_) | Evidence::Manual(_));
        let Some(Goal::Reach { from, .. }) = result.goal.as_ref().filter(|_| shown) else { continue };
        let (message, help) = match from {
            Baseline::Measured(None) => (
                format!("`{}` has no baseline", result.name.value),
                "write today's value as `from: ...`; or `from: measured` for the value of the last period before the objective, which `kpic freeze` turns into a number",
            ),
            Baseline::Zero if result.kpi().is_none() => (
                format!("`{}` has no baseline, so it counts from 0", result.name.value),
                "write today's value as `from: ...`, perhaps 0",
            ),
            Baseline::Zero | Baseline::Measured(Some(_)) | Baseline::Number(_) => continue,
        };
        if result.dropped.is_none() {
            findings.report(&codes::MISSING_BASELINE, result.name.span, message).help(help);
        }
    }
}
