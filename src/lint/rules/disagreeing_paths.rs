//! `disagreeing-paths`: a figure that helps a part of the North Star by one way and harms it by another. Said where it begins, and
//! not again of all that leads there.

use crate::align::{Sign, words};
use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::DISAGREEING_PATHS, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    let Some(reach) = &lens.alignment.reach else { return };
    for part in &reach.parts {
        for (id, kpi) in lens.model.kpis.iter() {
            let disagrees = |id| part.ways(id).disagree();
            let targets = lens.alignment.leaving(id).iter().filter_map(|at| lens.alignment.edge(*at)).map(|edge| edge.to);
            if !disagrees(id) || !kpi.about.unaligned.is_empty() || targets.into_iter().any(disagrees) {
                continue;
            }
            let way = |sign| {
                let way = part.shortest(lens.alignment, id, sign)?;
                let first = way.edges.first().and_then(|at| lens.alignment.edge(*at))?;
                Some((words::way(lens.model, lens.alignment, id, &way), first.span))
            };
            let (Some((helps, here)), Some((harms, there))) = (way(Sign::Plus), way(Sign::Minus)) else { continue };
            let message = format!("more `{}` both helps and harms {}", kpi.name.value, words::part(part.role));
            findings
                .report(&codes::DISAGREEING_PATHS, kpi.name.span, message)
                .also(here, format!("helps: {helps}"))
                .also(there, format!("harms: {harms}"))
                .help("decide which of the two it is for, and let a KPI of its own stand for the other; or say why both are meant");
        }
    }
}
