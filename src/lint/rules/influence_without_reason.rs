//! `influence-without-reason`: a claim that one figure moves another is a belief, and worth as much as what it stands on.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::INFLUENCE_WITHOUT_REASON, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    if lens.model.north_star.is_none() {
        return;
    }
    for kpi in lens.model.kpis.rows() {
        for drive in kpi.about.drives.iter().filter(|drive| drive.because.trim().is_empty()) {
            let moved = &lens.model.kpis.get(drive.kpi).name.value;
            let message = format!("there is no reason why `{}` should move `{moved}`", kpi.name.value);
            findings
                .report(&codes::INFLUENCE_WITHOUT_REASON, drive.span, message)
                .help("add `because: ...`: an experiment, a correlation over time, or how people behave");
        }
    }
}
