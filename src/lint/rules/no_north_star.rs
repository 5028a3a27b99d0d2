//! `no-north-star`: objectives, and nothing that they are for.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::NO_NORTH_STAR, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    // One that could not be read is there.
    if lens.model.north_star.is_some() || !lens.uses_are_known {
        return;
    }
    let Some(first) = lens.model.objectives.rows().first() else { return };
    findings
        .report(&codes::NO_NORTH_STAR, first.name.span, "there are objectives, but no North Star")
        .here("the first objective")
        .help(
            "say what the company aims for, in any spec file: `north_star: { volume: ..., efficiency: ..., counter: [...] }`",
        );
}
