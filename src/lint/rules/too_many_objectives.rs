//! `too-many-objectives`: a team with many objectives at once has no focus.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};
use crate::model::TeamId;
use crate::model::objective::Objective;
use std::collections::BTreeMap;

pub(super) const RULE: Rule = Rule { code: &codes::TOO_MANY_OBJECTIVES, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    let max = lens.model.okrs.objectives as usize;
    let mut owned: BTreeMap<(TeamId, &str), Vec<&Objective>> = BTreeMap::new();
    for objective in lens.model.objectives.rows() {
        if let (Some(owner), Some(_)) = (objective.owner, objective.period) {
            owned.entry((owner, objective.period_text.as_str())).or_default().push(objective);
        }
    }
    for ((owner, period), objectives) in owned {
        let Some(first) = objectives.get(max) else { continue };
        let team = &lens.model.teams.get(owner).title;
        let count = objectives.len();
        let message = format!("{team} has {count} objectives in {period}, but nobody can pursue more than {max} at once");
        findings
            .report(&codes::TOO_MANY_OBJECTIVES, first.name.span, message)
            .here("this is one too many")
            .help("keep what matters most in this period, and move the rest to a later one");
    }
}
