//! `orphan-team`: a team of whose KPIs none moves the North Star cannot know whether it helps.

use crate::align::is_counter;
use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::ORPHAN_TEAM, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    if lens.alignment.reach.as_ref().is_none_or(|reach| reach.parts.is_empty()) || !lens.uses_are_known {
        return;
    }
    let mut owned: Vec<Vec<&str>> = vec![Vec::new(); lens.model.teams.len()];
    let mut reaches = vec![false; lens.model.teams.len()];
    for (id, kpi) in lens.model.kpis.iter().filter(|(_, kpi)| kpi.deprecated.is_none()) {
        let Some(team) = kpi.owner.map(crate::model::TeamId::index) else { continue };
        let fine = lens.alignment.is_aligned(id) || is_counter(lens.model, id) || !kpi.about.unaligned.is_empty();
        if let (Some(owned), Some(reaches)) = (owned.get_mut(team), reaches.get_mut(team)) {
            owned.push(&kpi.name.value);
            *reaches |= fine;
        }
    }
    // Whom the North Star's growth asks something of is tied to it.
    let prepares = |id| lens.model.north_star.iter().flat_map(|star| &star.consequences).any(|each| each.team == Some(id));
    for (((id, team), owned), reaches) in lens.model.teams.iter().zip(owned).zip(reaches) {
        if reaches || prepares(id) {
            continue;
        }
        let (name, span) = (&team.name.value, team.name.span);
        if owned.is_empty() {
            let message = format!("the team `{name}` owns no KPI, so nothing ties it to the North Star");
            findings.report(&codes::ORPHAN_TEAM, span, message).help(format!("make it the owner of a KPI: `owner: {name}`"));
            continue;
        }
        let message = format!("no KPI of the team `{name}` is linked to the North Star");
        let more = owned.len().saturating_sub(5);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let list = owned.iter().take(5).map(|kpi| format!("`{kpi}`")).collect::<Vec<_>>().join(", ");
        findings.report(&codes::ORPHAN_TEAM, span, message).help(format!(
            "it owns {list}{more}: say on one of them what it moves, with `drives`, or on the team why none has to: `allow: \
             {{ orphan-team: \"...\" }}`"
        ));
    }
}
