//! What the pages show of the present, as the engine has answered: plain data, found by the names of the manifest.

use crate::manifest::present::Present;
use crate::measure::number;
use serde_json::Value;
use std::collections::BTreeMap;

/// Everything that was read.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// The KPIs that could be asked for.
    pub kpis: BTreeMap<String, KpiFigures>,
    /// How many journeys reached each step, by journey.
    pub journeys: BTreeMap<String, Funnel>,
    /// The North Star, objectives and guardrails.
    pub present: Present,
    /// The goals of key results that a chart can show, by KPI.
    pub targets: BTreeMap<String, Vec<Target>>,
    /// How far key results and objectives are as numbers; an objective's own is under the empty name.
    pub scores: BTreeMap<(String, String), Reached>,
    /// What is to be said of how fresh the data is.
    pub stale: Vec<String>,
}

/// The figures of a KPI.
#[derive(Debug, Clone, Default)]
pub struct KpiFigures {
    /// Its total by the name of each grain that a page shows, the latest period last.
    pub totals: BTreeMap<String, Vec<Point>>,
    /// Its slices.
    pub slices: Vec<Sliced>,
    /// Its cohorts by age.
    pub cohorts: Vec<Cohort>,
    /// Why the engine refuses it.
    pub refused: Option<String>,
}

/// A value of a period.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// The period as people call it.
    pub label: String,
    /// Its first day.
    pub day: String,
    /// The value as the engine gives it: a number, or null.
    pub value: Value,
    /// The change since the period before.
    pub change: Option<f64>,
    /// Whether it can still change.
    pub is_complete: bool,
}

impl Point {
    /// The value as a number.
    pub fn number(&self) -> Option<f64> {
        number(&self.value)
    }
}

/// A KPI by some dimensions in its last periods.
#[derive(Debug, Clone, Default)]
pub struct Sliced {
    /// The names of the dimensions.
    pub dimensions: Vec<String>,
    /// The periods, the latest last, each with its first day and whether it is complete.
    pub periods: Vec<Period>,
    /// The values of the dimensions, those with the greatest figures first.
    pub members: Vec<Member>,
    /// How many more there are.
    pub left_out: usize,
}

/// A period of a slice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// As people call it.
    pub label: String,
    /// Its first day.
    pub day: String,
    /// Whether figures can still change.
    pub is_complete: bool,
}

/// A value of the dimensions.
#[derive(Debug, Clone)]
pub struct Member {
    /// The values of the dimensions as people read them.
    pub name: String,
    /// The figure of each period; null where there is none.
    pub values: Vec<Value>,
}

/// The figures of a cohort.
#[derive(Debug, Clone)]
pub struct Cohort {
    /// Its period.
    pub label: String,
    /// The first day of that.
    pub day: String,
    /// The figure at each age with whether it is complete; null where there is none.
    pub ages: Vec<(Value, bool)>,
}

/// How many journeys started in a while, and how many of those have reached each step.
#[derive(Debug, Clone)]
pub struct Funnel {
    /// The first period of those in which the journeys started.
    pub since: String,
    /// The last one.
    pub until: String,
    /// For each step how many have reached it, the first one first.
    pub steps: Vec<f64>,
}

/// A goal that a chart shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The objective.
    pub objective: String,
    /// The key result.
    pub key_result: String,
    /// What is to be reached or kept.
    pub value: f64,
}

/// How far something is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Reached {
    /// The score, 0 to 1.
    pub score: Option<f64>,
    /// What the pace asks for.
    pub expected: Option<f64>,
}
