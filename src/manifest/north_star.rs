//! The North Star in the manifest: its parts, what moves what, and which KPIs have a way to it.

use super::Collected;
use super::data::{Coverage, CoverageOfTeam, Moves, NorthStar, NorthStarPart, Prepared, Steps, WayStep, Ways};
use crate::align::{self, Alignment, By};
use crate::model::{Better, KpiId};

/// The North Star, if the project has one.
pub(super) fn north_star(whole: &Collected<'_>) -> Option<NorthStar> {
    let (model, alignment) = (whole.model, whole.alignment);
    let star = model.north_star.as_ref()?;
    let volume = star.volume.iter().map(|kpi| ("volume", kpi.value));
    let efficiency = star.efficiency.iter().map(|kpi| ("efficiency", kpi.value));
    let part = |(part, kpi): (&str, KpiId)| {
        let better = model.kpis.get(kpi).better.or((part == "volume").then_some(Better::Up));
        NorthStarPart { part: part.to_owned(), kpi: whole.kpi_name(kpi), better: better.map(super::kpi::better) }
    };
    let coverage = align::Coverage::of(model, alignment);
    let team = |(id, aligned, all): &(crate::model::TeamId, usize, usize)| CoverageOfTeam {
        team: model.teams.get(*id).name.value.clone(),
        with_a_way: *aligned,
        kpis: *all,
    };
    Some(NorthStar {
        title: star.title.clone(),
        because: star.because.clone(),
        parts: volume.chain(efficiency).map(part).collect(),
        counter: star.counter.iter().map(|kpi| whole.kpi_name(kpi.value)).collect(),
        consequences: star
            .consequences
            .iter()
            .map(|each| Prepared {
                team: each.team.map(|team| model.teams.get(team).name.value.clone()),
                change: each.change.clone(),
                ready: each.ready.map(|kpi| whole.kpi_name(kpi)),
            })
            .collect(),
        moves: alignment
            .edges()
            .iter()
            .map(|edge| Moves {
                from: whole.kpi_name(edge.from),
                to: whole.kpi_name(edge.to),
                sign: edge.sign.name().to_owned(),
                by: if edge.by == By::Formula { "formula" } else { "claim" }.to_owned(),
                why: edge.why.clone(),
            })
            .collect(),
        coverage: Coverage {
            with_a_way: coverage.aligned,
            need_none: coverage.waived,
            without: coverage.orphans.iter().map(|kpi| whole.kpi_name(*kpi)).collect(),
            teams: coverage.teams.iter().map(team).collect(),
        },
        defined: whole.place(star.name.span),
    })
}

/// The ways of a KPI to the North Star; nothing without a North Star.
pub(super) fn ways(whole: &Collected<'_>, kpi: KpiId) -> Option<Ways> {
    let alignment: &Alignment = whole.alignment;
    let reach = alignment.reach.as_ref()?;
    let all = reach.ways(kpi);
    let shortest = reach.list(alignment, kpi, 3).into_iter().map(|way| Steps {
        part: align::role_name(way.role).to_owned(),
        sign: way.sign.name().to_owned(),
        steps: way
            .edges
            .iter()
            .filter_map(|at| alignment.edge(*at))
            .map(|edge| WayStep { kpi: whole.kpi_name(edge.to), sign: edge.sign.name().to_owned() })
            .collect(),
    });
    Some(Ways {
        is_part: reach.part(kpi).map(|part| align::role_name(part.role).to_owned()),
        is_counter: align::is_counter(whole.model, kpi),
        helps: all.better,
        harms: all.worse,
        unknown: all.unknown,
        shortest: shortest.collect(),
    })
}
