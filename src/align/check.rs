//! Key results that work against the North Star: by every way that says something, reaching them makes it worse.

use super::reach::Ways;
use super::{Alignment, Sign, words};
use crate::diagnostic::{Findings, codes};
use crate::model::expr::CalcLeaf;
use crate::model::objective::{Direction, KeyResult, Objective};
use crate::model::{Body, DimensionId, KpiId, Model};
use std::collections::HashSet;

/// Reports what cannot be meant.
pub fn check(model: &Model, alignment: &Alignment, findings: &mut Findings) {
    for pushed in pushed(model, alignment) {
        if pushed.ways.sign() != Sign::Minus {
            continue;
        }
        let Some(reach) = &alignment.reach else { continue };
        let name = &model.kpis.get(pushed.kpi).name.value;
        let message = format!(
            "`{}` wants `{name}` to go {}, and every path from there makes the North Star worse",
            pushed.result.name.value,
            pushed.way()
        );
        let span = pushed.result.goal.as_ref().map_or(pushed.result.name.span, crate::model::objective::Goal::span);
        let finding = findings.report(&codes::MISALIGNED_KEY_RESULT, span, message);
        // The sign of the way when the KPI rises.
        let rises = if pushed.direction == Direction::Up { Sign::Minus } else { Sign::Plus };
        if let Some(way) = reach.shortest(alignment, pushed.kpi, rises) {
            let steps = words::way(model, alignment, pushed.kpi, &way);
            let place = way
                .edges
                .first()
                .and_then(|at| alignment.edge(*at))
                .map_or(model.kpis.get(pushed.kpi).name.span, |edge| edge.span);
            finding.also(place, format!("{steps}, {}", words::part(way.role)));
        }
        finding.help(
            "aim the other way, choose another KPI, or say why this is intended: `unaligned: \"...\"` on the key \
         result",
        );
    }
}

/// A key result that pushes a KPI.
pub struct Pushed<'a> {
    /// The objective.
    pub objective: &'a Objective,
    /// The key result.
    pub result: &'a KeyResult,
    /// The KPI.
    pub kpi: KpiId,
    /// Where to.
    pub direction: Direction,
    /// Its paths to the North Star, by what reaching the result does to it.
    pub ways: Ways,
}

impl Pushed<'_> {
    /// Up or down.
    pub fn way(&self) -> &'static str {
        match self.direction {
            Direction::Up => "up",
            Direction::Down => "down",
        }
    }
}

/// The key results that push a KPI: those that are neither health results nor dropped, and of which nobody says why they need not
/// help. Nothing in a project without a North Star.
pub fn pushed<'a>(model: &'a Model, alignment: &'a Alignment) -> impl Iterator<Item = Pushed<'a>> {
    let reach = alignment.reach.as_ref();
    let results = model
        .objectives
        .rows()
        .iter()
        .flat_map(|objective| objective.key_results.iter().map(move |result| (objective, result)));
    results.filter_map(move |(objective, result)| {
        let (shown, direction, reach) = (result.kpi()?, result.direction()?, reach?);
        let kpi = shown.kpi;
        if !result.counts() || !result.unaligned.is_empty() || !model.kpis.get(kpi).about.unaligned.is_empty() {
            return None;
        }
        let up = reach.ways(kpi);
        let ways = match direction {
            // What one slice gains of a total, others lose: that says nothing of the whole.
            _ if is_of_total(model, kpi, &shown.dimensions()) => Ways { unknown: up.all(), ..Ways::default() },
            Direction::Up => up,
            Direction::Down => Ways { better: up.worse, worse: up.better, unknown: up.unknown },
        };
        Some(Pushed { objective, result, kpi, direction, ways })
    })
}

/// Whether a KPI, by these dimensions, holds a slice against a total over some of them.
fn is_of_total(model: &Model, kpi: KpiId, dimensions: &[DimensionId]) -> bool {
    let mut found = false;
    let mut seen = HashSet::from([kpi]);
    let mut left = vec![kpi];
    while let Some(id) = left.pop().filter(|_| !dimensions.is_empty()) {
        let Body::Formula(calc) = &model.kpis.get(id).body else { continue };
        calc.deep_leaves(&mut |leaf| match leaf {
            CalcLeaf::Total(_, over) => found |= over.is_empty() || over.iter().any(|id| dimensions.contains(id)),
            CalcLeaf::Kpi(id) if seen.insert(*id) => left.push(*id),
            _ => {}
        });
    }
    found
}
