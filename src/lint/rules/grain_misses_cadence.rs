//! `grain-misses-cadence`: who looks every week at figures by month sees the same ones four times.

use crate::calendar::Grain;
use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::GRAIN_MISSES_CADENCE, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    for card in &lens.model.scorecards {
        let Some(fits) = Grain::of_cadence(&card.cadence).filter(|fits| card.grain > *fits) else { continue };
        let message = format!(
            "the scorecard `{}` is reviewed {}, but its figures are by \
             {}",
            card.name.value, card.cadence, card.grain
        );
        findings
            .report(&codes::GRAIN_MISSES_CADENCE, card.name.span, message)
            .help(format!("give it `grain: {fits}`, or review it less often"));
    }
}
