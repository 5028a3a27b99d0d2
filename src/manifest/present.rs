//! How things stand, beside the manifest: what documents say of the present where an engine was asked. Figures are texts as people
//! read them; everything is found by the names of the manifest.

use serde::Serialize;
use std::collections::BTreeMap;

/// How things stand on the last visible day.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Present {
    /// That day.
    pub as_of: String,
    /// The KPIs of the North Star, by name.
    pub north_star: BTreeMap<String, StarFigures>,
    /// The objectives, by name.
    pub objectives: BTreeMap<String, Progress>,
    /// The key results, by objective and name.
    pub key_results: BTreeMap<String, BTreeMap<String, ResultFigures>>,
    /// The guardrails that fire in their last complete period, by name.
    pub firings: BTreeMap<String, Fired>,
}

/// A KPI of the North Star in its latest complete period and the one before.
#[derive(Debug, Clone, Serialize)]
pub struct StarFigures {
    /// The period: `2025-06`.
    pub period: String,
    /// Its value.
    pub now: String,
    /// The value in the period before.
    pub before: String,
}

/// How far something is.
#[derive(Debug, Clone, Serialize)]
pub struct Progress {
    /// The score, 0 to 1; empty if nothing is known.
    pub score: String,
    /// What the pace asks for by now.
    pub expected: String,
    /// The status: `on_track`.
    pub status: String,
    /// Why nothing is known; empty if something is.
    pub why: String,
}

/// How far a key result is.
#[derive(Debug, Clone, Serialize)]
pub struct ResultFigures {
    /// What follows from the figures.
    #[serde(flatten)]
    pub progress: Progress,
    /// The value at the start.
    pub from: String,
    /// The latest value.
    pub now: String,
    /// The value to be reached, or the bound.
    pub to: String,
    /// The last day that the value speaks of.
    pub as_of: String,
    /// For how many days a manual result has not been checked in, where that is too long.
    pub days_since_check_in: Option<i32>,
    /// Whether somebody has to act.
    pub slips: bool,
    /// Whether it has ended below its goal.
    pub missed: bool,
    /// Where it will be at its due date if its KPI goes on as it did; empty where that cannot be told.
    pub ahead: String,
}

/// A guardrail that fires in its last complete period.
#[derive(Debug, Clone, Serialize)]
pub struct Fired {
    /// The period: `2025-06`.
    pub period: String,
    /// The total or the slices that fire.
    pub of: Vec<FiredOf>,
}

/// What made a guardrail fire.
#[derive(Debug, Clone, Serialize)]
pub struct FiredOf {
    /// The slice; nothing for the total.
    pub slice: Option<String>,
    /// The figures that the condition compares: `nps 12, growth(churn) 24.0%`.
    pub figures: String,
    /// The first period of the run.
    pub since: String,
}
