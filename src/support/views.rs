//! Which views a project emits, by name.

use crate::calendar::Grain;
use crate::model::objective::Sheet;
use crate::model::{DimensionId, Kpi, Model};
use crate::text::Span;
use std::collections::HashSet;

/// The name of a KPI's view.
pub fn view_name(model: &Model, kpi: &Kpi, grain: Grain, dimensions: &[DimensionId]) -> String {
    let mut name = kpi.name.value.clone();
    name.push_str(&ending(model, kpi, grain, dimensions));
    name
}

fn ending(model: &Model, kpi: &Kpi, grain: Grain, dimensions: &[DimensionId]) -> String {
    let mut ending = if grain == kpi.grain { String::new() } else { format!("__{grain}") };
    if !dimensions.is_empty() {
        let names: Vec<&str> = dimensions.iter().map(|id| model.dimensions.get(*id).name.as_str()).collect();
        ending.push_str(&format!("__by_{}", names.join("__")));
    }
    ending
}

/// The slices that a KPI is emitted in; the empty one is its total.
pub fn slices(kpi: &Kpi) -> Vec<Vec<DimensionId>> {
    let mut slices: Vec<Vec<DimensionId>> = Vec::new();
    // Amounts of several currencies have no total.
    if kpi.facts.needs.is_none() {
        slices.push(Vec::new());
    }
    let mut seen = HashSet::new();
    for slice in &kpi.by {
        if seen.insert(&slice.value) {
            slices.push(slice.value.clone());
        }
    }
    slices
}

/// What an emitted view shows, and where that is defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmittedView {
    /// What it shows: ``the KPI `revenue` ``.
    pub what: String,
    /// Where that is defined.
    pub span: Span,
}

/// What the view of a name shows, if the project emits one.
pub fn shown(model: &Model, name: &str) -> Option<EmittedView> {
    of_kpi(model, name).or_else(|| of_scorecard(model, name)).or_else(|| of_all(model, name))
}

fn of_kpi(model: &Model, name: &str) -> Option<EmittedView> {
    // No name of a KPI has two underscores side by side.
    let at = name.find("__").unwrap_or(name.len());
    let (base, rest) = name.split_at(at);
    let kpi = model.kpis.get(*model.kpi_names.get(base)?);
    let slices = slices(kpi);
    let mut endings = model.grains(kpi).into_iter().flat_map(|grain| slices.iter().map(move |slice| (grain, slice)));
    let is_emitted = endings.any(|(grain, slice)| ending(model, kpi, grain, slice) == rest);
    let name = kpi.aliases.iter().find(|alias| alias.value == base).unwrap_or(&kpi.name);
    (is_emitted && !kpi.is_asked()).then(|| EmittedView { what: format!("the KPI `{base}`"), span: name.span })
}

fn of_scorecard(model: &Model, name: &str) -> Option<EmittedView> {
    let card = name.strip_prefix("scorecard__")?;
    let found = model.scorecards.iter().find(|known| known.name.value == card)?;
    Some(EmittedView { what: format!("the scorecard `{card}`"), span: found.name.span })
}

/// Views of all definitions of a kind.
fn of_all(model: &Model, name: &str) -> Option<EmittedView> {
    let shown = |what: &str, span: Option<Span>| span.map(|span| EmittedView { what: what.to_owned(), span });
    match name {
        "kpi_values" => {
            let filled = model.scorecards.iter().find(|card| !card.kpis.is_empty());
            shown("the KPIs of all scorecards", filled.map(|card| card.name.span))
        }
        "guardrails" => shown("all guardrails", model.guardrails.first().map(|guardrail| guardrail.name.span)),
        // What is read has a time or a key at least, and so something that is checked.
        "source_checks" => {
            let read = model.sources.rows().iter().filter(|source| source.journey.is_none());
            shown("the checks of all sources", read.map(|source| source.name.span).next())
        }
        "north_star" | "north_star_drivers" => shown("the North Star", model.north_star.as_ref().map(|star| star.span)),
        _ if Sheet::ALL.iter().any(|sheet| sheet.name() == name) => {
            shown("all objectives", model.objectives.rows().first().map(|objective| objective.name.span))
        }
        _ => None,
    }
}
