//! Objectives and key results in the manifest: their structs, and how they are made.

use super::Collected;
use super::data::Place;
use crate::model::objective::{self as model, Baseline, Goal, Reads, Target};
use crate::model::unit::Notation;
use crate::model::{ExpectedSheet, TeamId};
use crate::plan::views::objectives::{slice_text, unit_text};
use crate::text::grouped;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// What is to be reached until when. How far it is is in the view `objectives`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Objective {
    /// Its name.
    pub name: String,
    /// How people call it.
    pub title: String,
    /// Why it matters.
    pub description: String,
    /// The team that owns it.
    pub owner: Option<String>,
    /// The period as it is written: `2025-Q3`, or two days.
    pub period: String,
    /// The first day.
    pub begins: Option<String>,
    /// The last day.
    pub due: Option<String>,
    /// The objective that it serves.
    pub parent: Option<String>,
    /// The objectives that serve it.
    pub children: Vec<String>,
    /// How often it is reviewed.
    pub review: Option<String>,
    /// What is being done for it.
    pub initiatives: Vec<Initiative>,
    /// What shows that it is reached, in its order.
    pub key_results: Vec<KeyResult>,
    /// How it was judged in the end, the earliest first.
    pub finals: Vec<Final>,
    /// The tests that look at it.
    pub tests: Vec<String>,
    /// Where it is defined.
    pub defined: Place,
}

/// Something that is being done for an objective.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Initiative {
    /// What.
    pub title: String,
    /// A link to more about it.
    pub link: Option<String>,
    /// The team that does it.
    pub owner: Option<String>,
}

/// How an objective was judged.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Final {
    /// On which day.
    pub day: String,
    /// The grade, 0 to 1.
    pub grade: Option<f64>,
    /// What was learned.
    pub learned: String,
}

/// What shows how far an objective is. How far it is is in the view `key_results`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct KeyResult {
    /// Its name, which is its own within the objective.
    pub name: String,
    /// How people call it.
    pub title: String,
    /// What it means.
    pub description: String,
    /// The KPI that shows it; none where people say how far it is.
    pub kpi: Option<String>,
    /// The part of the KPI that it is about: `channel = partner`.
    pub slice: Option<String>,
    /// The unit of its value.
    pub unit: Option<String>,
    /// What is to be reached or kept, in words.
    pub goal: String,
    /// The value at the start, where the spec gives it.
    pub baseline: Option<f64>,
    /// The value to be reached, where it follows from the spec.
    pub target: Option<f64>,
    /// What is read of the KPI: `latest`, `to_date` or `mean`.
    pub measure: String,
    /// The last day.
    pub due: Option<String>,
    /// Whether it is all or nothing in the end.
    pub is_committed: bool,
    /// Whether it must not break, rather than be reached.
    pub is_health: bool,
    /// The team that owns it.
    pub owner: Option<String>,
    /// How much it counts beside the others.
    pub weight: f64,
    /// `linear` or `late`; empty where the spec gives points.
    pub pace: String,
    /// What people said about it, the earliest first.
    pub check_ins: Vec<CheckIn>,
    /// How sure people are, from 1 to 10, by day.
    pub confidence: BTreeMap<String, u32>,
    /// The key result of an earlier period that it carries on: `objective.result`.
    pub continues: Option<String>,
    /// Why it is no longer pursued.
    pub dropped: Option<String>,
}

/// What people said about a result at the end of a day.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CheckIn {
    /// The day.
    pub day: String,
    /// How far it was; none where a KPI says that.
    pub value: Option<f64>,
    /// A note.
    pub note: String,
    /// What is in its way until the next check-in.
    pub blocker: String,
    /// What somebody has to decide until the next check-in.
    pub decision: String,
}

/// The entries of all objectives.
pub(super) fn objectives(whole: &Collected<'_>) -> BTreeMap<String, Objective> {
    let mut children: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for objective in whole.model.objectives.rows() {
        if let Some(parent) = &objective.parent {
            children.entry(parent.value.index()).or_default().push(objective.name.value.clone());
        }
    }
    let entry = |(id, objective): (model::ObjectiveId, &model::Objective)| {
        let served_by = children.get(&id.index()).cloned().unwrap_or_default();
        (objective.name.value.clone(), entry(whole, objective, served_by))
    };
    whole.model.objectives.iter().map(entry).collect()
}

fn given(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn entry(whole: &Collected<'_>, objective: &model::Objective, children: Vec<String>) -> Objective {
    let team = |owner: Option<TeamId>| owner.map(|id| whole.model.teams.get(id).name.value.clone());
    let name = &objective.name.value;
    let mentions = |sheet: &ExpectedSheet| sheet.rows.iter().any(|row| row.objective() == Some(name.as_str()));
    let tests = whole.model.tests.iter().filter(|test| test.sheets.iter().any(mentions));
    Objective {
        name: name.clone(),
        title: objective.title.clone(),
        description: objective.description.clone(),
        owner: team(objective.owner),
        period: objective.period_text.clone(),
        begins: objective.period.map(|period| period.first.to_string()),
        due: objective.period.map(|period| period.last.to_string()),
        parent: objective.parent.as_ref().map(|parent| whole.model.objectives.get(parent.value).name.value.clone()),
        children,
        review: given(&objective.review),
        initiatives: objective
            .initiatives
            .iter()
            .map(|each| Initiative { title: each.title.clone(), link: given(&each.link), owner: team(each.owner) })
            .collect(),
        key_results: objective.key_results.iter().map(|result| key_result(whole, result, team(result.owner))).collect(),
        finals: objective
            .finals
            .iter()
            .map(|each| Final { day: each.day.to_string(), grade: each.grade, learned: each.learned.clone() })
            .collect(),
        tests: tests.map(|test| test.name.value.clone()).collect(),
        defined: whole.place(objective.name.span),
    }
}

fn key_result(whole: &Collected<'_>, result: &model::KeyResult, owner: Option<String>) -> KeyResult {
    let model = whole.model;
    let check_in = |each: &model::CheckIn| CheckIn {
        day: each.day.to_string(),
        value: each.value,
        note: each.note.clone(),
        blocker: each.blocker.clone(),
        decision: each.decision.clone(),
    };
    let unit = unit_text(model, result);
    KeyResult {
        name: result.name.value.clone(),
        title: result.title.clone(),
        description: result.description.clone(),
        kpi: result.kpi().map(|shown| whole.kpi_name(shown.kpi)),
        slice: given(&slice_text(model, result)),
        goal: result.goal.as_ref().map(|goal| in_words(goal, &unit)).unwrap_or_default(),
        unit: given(&unit),
        baseline: result.goal.as_ref().and_then(Goal::baseline),
        target: result.goal.as_ref().and_then(Goal::target),
        measure: match result.reads {
            Reads::Latest => "latest",
            Reads::ToDate => "to_date",
            Reads::Mean => "mean",
        }
        .to_owned(),
        due: result.due.map(|due| due.to_string()),
        is_committed: result.is_committed,
        is_health: result.is_health,
        owner,
        weight: result.weight,
        pace: result.pace_text.clone(),
        check_ins: result.check_ins.iter().map(check_in).collect(),
        confidence: result.confidence.iter().map(|(day, sure)| (day.to_string(), *sure)).collect(),
        continues: result.continues.as_ref().map(|continues| whole.model.result_name(continues.value)),
        dropped: result.dropped.clone(),
    }
}

/// What is to be reached or kept: `from 32% to 45%`, `at least 46%`.
fn in_words(goal: &Goal, unit: &str) -> String {
    match goal {
        Goal::Reach { from, to } => {
            let from = match from {
                Baseline::Number(amount) => format!("from {}", number(amount.number, unit)),
                Baseline::Zero => format!("from {}", number(0.0, unit)),
                Baseline::Measured(_) => "from what is measured before the start".to_owned(),
            };
            let to = match to {
                Target::Number(amount) => number(amount.number, unit),
                Target::Relative(relative) => {
                    let value = goal.target().map(|target| format!(", which is {}", number(target, unit)));
                    format!("{}{}", relative.text, value.unwrap_or_default())
                }
            };
            format!("{from} to {to}")
        }
        Goal::Keep(bound) => {
            let bounds: Vec<String> = bound.amounts().into_iter().map(|amount| number(amount.number, unit)).collect();
            format!("{} {}", bound.word().replace('_', " "), bounds.join(" and "))
        }
    }
}

fn number(value: f64, unit: &str) -> String {
    let settled = |value: f64| {
        let settled: f64 = format!("{value:.11e}").parse().unwrap_or(value);
        settled.to_string()
    };
    let is_share = crate::model::unit::Unit::parse(unit).is_ok_and(|unit| unit.shown == Notation::Percent);
    match unit {
        _ if is_share => format!("{}%", settled(value * 100.0)),
        "" => grouped(&settled(value)),
        unit => match settled(value).as_str() {
            "1" => format!("1 {unit}"),
            figure => format!("{} {}", grouped(figure), crate::text::plural(unit)),
        },
    }
}
