//! `missing-evidence`: a key result that nothing shows is a matter of opinion.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};
use crate::model::objective::Evidence;

pub(super) const RULE: Rule = Rule { code: &codes::MISSING_EVIDENCE, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    for (_, result) in lens.key_results() {
        if !matches!(result.evidence, Evidence::Missing) || result.dropped.is_some() {
            continue;
        }
        let message = format!("nothing measures `{}`", result.name.value);
        findings.report(&codes::MISSING_EVIDENCE, result.name.span, message).help(
            "name the KPI that measures it, `kpi: ...`; or, if people report it, write `manual: true` and `check_ins: { \
             2025-07-15: 1 }`",
        );
    }
}
