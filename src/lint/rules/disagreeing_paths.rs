//! `disagreeing-paths`: a figure that helps a part of the North Star by one way and harms it by another. Said where it starts, and
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
                .help(
                    "decide which of the two it measures, and make a separate KPI for the other; or say why both are \
                 intended",
                );
        }
    }
    for pushed in crate::align::check::pushed(lens.model, lens.alignment).filter(|pushed| pushed.ways.disagree()) {
        let (name, kpi) = (&pushed.result.name.value, &lens.model.kpis.get(pushed.kpi).name.value);
        let message = format!("`{name}` wants `{kpi}` to go {}, which both helps and harms the North Star", pushed.way());
        let finding = findings.report(&codes::DISAGREEING_PATHS, pushed.result.name.span, message);
        let up = pushed.way() == "up";
        for (sign, helps) in [(Sign::Plus, up), (Sign::Minus, !up)] {
            let Some(way) = reach.shortest(lens.alignment, pushed.kpi, sign) else { continue };
            let steps = words::way(lens.model, lens.alignment, pushed.kpi, &way);
            let own = lens.model.kpis.get(pushed.kpi).name.span;
            let place = way.edges.first().and_then(|at| lens.alignment.edge(*at)).map_or(own, |edge| edge.span);
            finding.also(place, format!("{}: {steps}, {}", if helps { "helps" } else { "harms" }, words::part(way.role)));
        }
        finding.help("choose a KPI that does only one of them, or say why both are intended: `unaligned: \"...\"`");
    }
}
