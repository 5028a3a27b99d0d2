//! When guardrails fire: for each complete period in which a condition holds, often enough in a row, a row with what it compared.
//!
//! 1. [`side_by_side`] works the conditions of all guardrails of a grain and slice out together, from the day on which data is
//!    whole, so that a run which begins before the first period shown is known.
//! 2. [`periods`] takes the complete periods of one guardrail and counts those in which it does not hold: periods with the same
//!    count stand in one run. A condition that is null does not hold.
//! 3. [`runs`] keeps the periods in which it holds, with the first of their run and the place within it.
//! 4. [`firings`] keeps those that stand far enough within their run, and gives them the columns of the view.

use crate::calendar::{Calendar, Date, Grain};
use crate::functions::{coalesce, concat, conversions, if_, max, min, operators, text};
use crate::model::expr::{Expr, Literal, Node};
use crate::model::facts::Type;
use crate::model::guardrail::Guardrail;
use crate::model::{DimensionId, Model};
use crate::plan::algebra::names::{Names, beside_own};
use crate::plan::algebra::relation::{
    Atom, Body, Part, Query, Ranking, Rolling, Running, Scalar, Select, SoFar, column, day, fold, impossible, text,
    text_or_null,
};
use crate::plan::views::blank;
use crate::plan::{Data, Output, Question, Show, plan_with};

/// The columns of the view, in order.
pub const COLUMNS: [&str; 11] =
    ["guardrail", "severity", "owner", "grain", "period", "slice", "since", "periods", "figures", "action", "is_current"];

/// Some guardrails of one grain and slice.
struct Watched<'a> {
    grain: Grain,
    dimensions: &'a [DimensionId],
    guardrails: Vec<&'a Guardrail>,
}

/// The rows of all guardrails, over the project's own data.
pub fn every(model: &Model) -> Query {
    query(model, &model.guardrails.iter().collect::<Vec<_>>(), Data::Warehouse)
}

/// The rows of some guardrails. The columns are those of the view `guardrails`.
pub fn query(model: &Model, guardrails: &[&Guardrail], data: Data) -> Query {
    let mut names = Names::of(model);
    let mut parts: Vec<Part> = Vec::new();
    let mut rows: Vec<Select> = Vec::new();
    for watched in together(guardrails) {
        let plan = plan_with(model, &side_by_side(model, &watched, data), &mut names);
        parts.extend(plan.parts);
        let conditions = names.take(&format!("conditions_by_{}", watched.grain));
        parts.push(Part { name: conditions.clone(), body: plan.result });
        for guardrail in &watched.guardrails {
            let keys: Vec<String> =
                watched.dimensions.iter().map(|id| beside_own(&model.dimensions.get(*id).name, is_own)).collect();
            let mut add = |ending: &str, select: Select| {
                let name = names.take(&format!("{}_{ending}", guardrail.name.value));
                parts.push(Part { name: name.clone(), body: Body::Select(select) });
                name
            };
            let of_guardrail = add("periods", periods(guardrail, &keys, &conditions));
            let in_runs = add("runs", runs(guardrail, &keys, &of_guardrail));
            rows.push(firings(model, guardrail, watched.dimensions, &conditions, &in_runs));
        }
    }
    Query { parts, result: Body::Union(rows) }
}

/// Guardrails that can be computed together, in the order of grains; those that are wrong are left out.
fn together<'a>(guardrails: &[&'a Guardrail]) -> Vec<Watched<'a>> {
    let mut found: Vec<Watched<'a>> = Vec::new();
    for guardrail in guardrails.iter().filter(|guardrail| guardrail.condition.is_some()) {
        for dimensions in guardrail.slices() {
            let same = |known: &&mut Watched<'_>| known.grain == guardrail.grain && known.dimensions == dimensions;
            match found.iter_mut().find(same) {
                Some(known) => known.guardrails.push(guardrail),
                None => found.push(Watched { grain: guardrail.grain, dimensions, guardrails: vec![guardrail] }),
            }
        }
    }
    found.sort_by(|one, two| (one.grain, one.dimensions).cmp(&(two.grain, two.dimensions)));
    found
}

/// Conditions, whether they are known, and the figures that they compare, side by side.
fn side_by_side(model: &Model, watched: &Watched<'_>, data: Data) -> Question {
    let mut outputs = Vec::new();
    for guardrail in &watched.guardrails {
        let Some(condition) = &guardrail.condition else { continue };
        let mut add = |ending: String, show| outputs.push(Output { name: own(guardrail, &ending), show });
        add(HOLDS.to_owned(), Show::Holds(Box::new(condition.clone())));
        add(IS_COMPLETE.to_owned(), Show::IsKnown(Box::new(condition.clone())));
        for (at, reading) in guardrail.readings.iter().enumerate() {
            add(figure(at), Show::Figure(Box::new(reading.of.clone())));
        }
    }
    let from = Some(model.calendar.data_from);
    Question { outputs, dimensions: watched.dimensions.to_vec(), from, is_lead_in: true, data, is_own, ..blank(watched.grain) }
}

const HOLDS: &str = "holds";
const IS_COMPLETE: &str = "is_complete";
const BREAKS: &str = "breaks";
const SINCE: &str = "since";
const PERIODS: &str = "periods";
const FIGURE: &str = "figure_";

/// Whether a column of the parts of a guardrail is called so, beside those of dimensions.
fn is_own(name: &str) -> bool {
    ["period", HOLDS, BREAKS, SINCE, PERIODS].contains(&name) || name.starts_with(FIGURE)
}

/// The column of a guardrail among those of others.
fn own(guardrail: &Guardrail, ending: &str) -> String {
    format!("{}__{ending}", guardrail.name.value)
}

fn figure(at: usize) -> String {
    format!("{FIGURE}{}", at + 1)
}

fn truth(value: bool) -> Scalar {
    Expr::made(Node::Literal(Literal::Truth(value)))
}

/// The complete periods of a guardrail, with the number of those so far in which it does not hold.
fn periods(guardrail: &Guardrail, keys: &[String], from: &str) -> Select {
    let mut select = Select::from_part(from);
    let of = |name: &str| column(from, name);
    select.column(of("period"), "period");
    for key in keys {
        select.column(of(key), key);
    }
    for at in 0..guardrail.readings.len() {
        select.column(of(&own(guardrail, &figure(at))), &figure(at));
    }
    let holds = Expr::apply(&coalesce::COALESCE, vec![of(&own(guardrail, HOLDS)), truth(false)]);
    let breaks = SoFar {
        of: Running::Count(Expr::apply(&operators::NOT, vec![holds.clone()])),
        part: keys.iter().map(|key| of(key)).collect(),
        order: vec![(of("period"), false)],
    };
    select.column(holds, HOLDS);
    select.column(Expr::leaf(Atom::SoFar(Box::new(breaks))), BREAKS);
    select.filter.push(of(&own(guardrail, IS_COMPLETE)));
    select
}

/// The periods in which a guardrail holds, with the first of their run, and how many there are up to each.
fn runs(guardrail: &Guardrail, keys: &[String], from: &str) -> Select {
    let mut select = Select::from_part(from);
    let of = |name: &str| column(from, name);
    select.column(of("period"), "period");
    for key in keys {
        select.column(of(key), key);
    }
    for at in 0..guardrail.readings.len() {
        select.column(of(&figure(at)), &figure(at));
    }
    let run: Vec<Scalar> = keys.iter().map(String::as_str).chain([BREAKS]).map(of).collect();
    let first = Rolling {
        function: &min::MIN,
        fraction: None,
        argument: of("period"),
        part: run.clone(),
        order: of("period"),
        days_before: None,
    };
    let count = Ranking { part: run, order: vec![(of("period"), false)], dense: false };
    select.column(Expr::leaf(Atom::Rolling(Box::new(first))), SINCE);
    select.column(Expr::leaf(Atom::RowNumber(Box::new(count))), PERIODS);
    select.filter.push(of(HOLDS));
    select
}

/// The rows of the view.
fn firings(model: &Model, guardrail: &Guardrail, dimensions: &[DimensionId], conditions: &str, from: &str) -> Select {
    let mut select = Select::from_part(from);
    let of = |name: &str| column(from, name);
    let or_null = |of: &str| text_or_null(Some(of).filter(|of| !of.is_empty()));
    let owner = guardrail.owner.map_or("", |team| model.teams.get(team).name.value.as_str());
    select.column(text(&guardrail.name.value), "guardrail");
    select.column(text(guardrail.severity.name()), "severity");
    select.column(or_null(owner), "owner");
    select.column(text(guardrail.grain.name()), "grain");
    select.column(of("period"), "period");
    select.column(slice(model, dimensions, from), "slice");
    select.column(of(SINCE), "since");
    select.column(of(PERIODS), "periods");
    select.column(figures(guardrail, from), "figures");
    select.column(or_null(&guardrail.action), "action");
    select.column(Expr::apply(&operators::EQUAL, vec![of("period"), last_complete(guardrail, conditions)]), "is_current");
    if guardrail.periods > 1 {
        let long_enough = vec![of(PERIODS), Expr::number(guardrail.periods)];
        select.filter.push(Expr::apply(&operators::GREATER_OR_EQUAL, long_enough));
    }
    let calendar = &model.calendar;
    if calendar.start > calendar.data_from {
        let first = day(first_shown(calendar, guardrail.grain));
        select.filter.push(Expr::apply(&operators::GREATER_OR_EQUAL, vec![of("period"), first]));
    }
    select
}

fn first_shown(calendar: &Calendar, grain: Grain) -> Date {
    if calendar.custom { calendar.start } else { calendar.first_from(grain, calendar.start) }
}

/// The last period that is complete for a guardrail, over all slices.
fn last_complete(guardrail: &Guardrail, conditions: &str) -> Scalar {
    let mut select = Select::from_part(conditions);
    select.column(fold(&max::MAX, column(conditions, "period")), "period");
    select.filter.push(column(conditions, &own(guardrail, IS_COMPLETE)));
    Expr::leaf(Atom::Single(Box::new(select)))
}

/// The slice as people read it: `segment = smb, country is null`; null for the total.
fn slice(model: &Model, dimensions: &[DimensionId], from: &str) -> Scalar {
    let mut pieces = Vec::new();
    for id in dimensions {
        let dimension = model.dimensions.get(*id);
        let name = &dimension.name;
        // A column of that name may be a text in one source and a number in another.
        let mut places = dimension.places.iter().map(|(source, path)| model.column(*source, path).ty);
        let is_text = dimension.ty.map_or_else(|| places.all(|ty| ty == Type::Text), |ty| ty == Type::Text);
        let key = column(from, &beside_own(name, is_own));
        let value = if is_text { key.clone() } else { Expr::apply(&text::TEXT, vec![key.clone()]) };
        let comma = if pieces.is_empty() { "" } else { ", " };
        let there = Expr::apply(&concat::CONCAT, vec![text(&format!("{comma}{name} = ")), value]);
        let is_null = Expr::apply(&operators::IS_NULL, vec![key]);
        pieces.push(Expr::apply(&if_::IF, vec![is_null, text(&format!("{comma}{name} is null")), there]));
    }
    joined(pieces)
}

/// What a condition compared, as JSON: `{"churn_rate": 0.062, "growth(churn_rate)": null}`.
fn figures(guardrail: &Guardrail, from: &str) -> Scalar {
    let mut pieces = Vec::new();
    for (at, reading) in guardrail.readings.iter().enumerate() {
        let opening = if at == 0 { "{" } else { ", " };
        let key = serde_json::Value::from(reading.text.as_str()).to_string();
        pieces.push(text(&format!("{opening}{key}: ")));
        pieces.push(Expr::apply(&conversions::TO_JSON, vec![column(from, &figure(at))]));
    }
    if !pieces.is_empty() {
        pieces.push(text("}"));
    }
    joined(pieces)
}

fn joined(mut pieces: Vec<Scalar>) -> Scalar {
    match pieces.len() {
        0 => text_or_null(None),
        1 => pieces.pop().unwrap_or_else(impossible),
        _ => Expr::apply(&concat::CONCAT, pieces),
    }
}
