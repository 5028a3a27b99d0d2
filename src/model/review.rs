//! What is looked at together, how often: scorecards and objectives that name the same cadence, and the guardrails around them.

use super::guardrail::Guardrail;
use super::objective::{Objective, ObjectiveId};
use super::{KpiId, Model, Scorecard};
use crate::calendar::Grain;

/// How often reviews are, the most often first.
pub const CADENCES: [&str; 6] = ["daily", "weekly", "biweekly", "monthly", "quarterly", "yearly"];

/// Everything that is looked at with one cadence. The places are those in the model's lists.
#[derive(Debug, Clone)]
pub struct Review {
    /// One of [`CADENCES`].
    pub cadence: &'static str,
    /// The scorecards of the cadence.
    pub scorecards: Vec<usize>,
    /// The objectives that are reviewed with it.
    pub objectives: Vec<ObjectiveId>,
    /// The guardrails that watch a KPI of these scorecards or objectives.
    pub guardrails: Vec<usize>,
    /// The guardrails of the same grain that watch none of them.
    pub others: Vec<usize>,
}

/// The reviews of a project, the most often first: one for each cadence that a scorecard or an objective names.
pub fn reviews(model: &Model) -> Vec<Review> {
    CADENCES.into_iter().filter_map(|cadence| review(model, cadence)).collect()
}

fn review(model: &Model, cadence: &'static str) -> Option<Review> {
    let of_card = |(_, card): &(usize, &Scorecard)| card.cadence == cadence;
    let cards: Vec<(usize, &Scorecard)> = model.scorecards.iter().enumerate().filter(of_card).collect();
    let of_objective = |(_, objective): &(ObjectiveId, &Objective)| objective.review == cadence;
    let objectives: Vec<(ObjectiveId, &Objective)> = model.objectives.iter().filter(of_objective).collect();
    if cards.is_empty() && objectives.is_empty() {
        return None;
    }
    let on_cards = cards.iter().flat_map(|(_, card)| card.kpis.iter().map(|kpi| kpi.value));
    let results = objectives.iter().flat_map(|(_, objective)| &objective.key_results);
    let kpis: Vec<KpiId> = on_cards.chain(results.filter_map(|result| Some(result.kpi()?.kpi))).collect();
    let is_watched = |guardrail: &Guardrail| guardrail.watches.iter().any(|kpi| kpis.contains(kpi));
    let (guardrails, rest): (Vec<_>, Vec<_>) =
        model.guardrails.iter().enumerate().partition(|(_, guardrail)| is_watched(guardrail));
    let grain = Grain::of_cadence(cadence);
    let others = rest.into_iter().filter(|(_, guardrail)| Some(guardrail.grain) == grain);
    Some(Review {
        cadence,
        scorecards: cards.into_iter().map(|(at, _)| at).collect(),
        objectives: objectives.into_iter().map(|(id, _)| id).collect(),
        guardrails: guardrails.into_iter().map(|(at, _)| at).collect(),
        others: others.map(|(at, _)| at).collect(),
    })
}
