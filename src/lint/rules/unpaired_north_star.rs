//! `unpaired-north-star`: how much, and not at what cost. What is bought at any price grows too.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::UNPAIRED_NORTH_STAR, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    let Some(star) = &lens.model.north_star else { return };
    // An efficiency that does not exist has been named.
    if star.efficiency.is_none() && star.volume.is_some() && lens.uses_are_known {
        let message = "the North Star says how much, but not at what cost";
        findings.report(&codes::UNPAIRED_NORTH_STAR, star.name.span, message).help(
            "name the KPI that shows what its growth costs: `efficiency: ...`, such as the payback time of \
             acquisition costs",
        );
    }
}
