//! `north-star-without-direction`: where nobody says which way a part of the North Star should go, nothing can be for or against it.

use crate::align::reach::Role;
use crate::align::role_name;
use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};
use crate::model::Better;

pub(super) const RULE: Rule = Rule { code: &codes::NORTH_STAR_WITHOUT_DIRECTION, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    let Some(star) = &lens.model.north_star else { return };
    for (role, part) in [(Role::Volume, &star.volume), (Role::Efficiency, &star.efficiency)] {
        let Some(part) = part else { continue };
        let kpi = lens.model.kpis.get(part.value);
        let message = match (role, kpi.better) {
            // More of a volume is better unless somebody says otherwise.
            (_, Some(Better::Up | Better::Down)) | (Role::Volume, None) => continue,
            (Role::Efficiency, None) => format!("the efficiency `{}` does not say which direction is good", kpi.name.value),
            (_, Some(Better::Between(..))) => {
                format!(
                    "the {} `{}` is best between two values, so it has no direction to aim for",
                    role_name(role),
                    kpi.name.value
                )
            }
        };
        let help =
            "write `better: up` or `better: down` on the KPI; that decides whether other KPIs help or harm the North Star";
        findings
            .report(&codes::NORTH_STAR_WITHOUT_DIRECTION, part.span, message)
            .also(kpi.name.span, "defined here")
            .help(help);
    }
}
