//! What is said of views and columns to people who read them in other tools: titles, descriptions and units.

use crate::calendar::Grain;
use crate::model::sampling::{HIGH, LOW};
use crate::model::{KpiId, Model};
use crate::plan::views::{Shows, View};

/// What is said of a view. Where it is defined is not, since that changes with every line above it.
pub fn description(model: &Model, view: &View) -> String {
    let mut lines: Vec<&str> = view.comment.iter().map(String::as_str).filter(|line| !line.contains("defined in ")).collect();
    let of_kpi = if let Shows::Kpi(id, ..) = &view.shows { Some(model.kpis.get(*id)) } else { None };
    let of_card = if let Shows::Scorecard(place) = &view.shows { model.scorecards.get(*place) } else { None };
    let about = of_kpi.map(|kpi| kpi.description.as_str()).or(of_card.map(|card| card.description.as_str()));
    if let Some(about) = about.map(str::trim).filter(|about| !about.is_empty()) {
        lines.insert(1.min(lines.len()), about);
    }
    let owner = of_kpi.and_then(|kpi| kpi.owner).map(|team| format!("owner: {}", model.teams.get(team).title));
    lines.extend(owner.as_deref());
    lines.join("\n")
}

/// The columns of a view of which there is something to say, in their order, each with that.
pub fn columns(model: &Model, shows: &Shows) -> Vec<(String, Option<String>)> {
    let column = |name: &str, said: String| (name.to_owned(), Some(said));
    let period = |grain: Grain| column("period", format!("The first day of the {}", grain.name()));
    let complete = || column("is_complete", "Whether the period is over and all of its data is there".to_owned());
    match shows {
        Shows::Kpi(id, grain, slice) => {
            let kpi = model.kpis.get(*id);
            let mut columns = vec![period(*grain)];
            columns.extend(
                kpi.age
                    .as_ref()
                    .map(|age| column("age", format!("The number of {}s after the period of the cohort", age.value.unit))),
            );
            for dimension in slice.iter().map(|id| model.dimensions.get(*id)) {
                columns.push(column(&dimension.name, titled(&dimension.title, &dimension.description)));
            }
            columns.push(column("value", figure(model, *id)));
            for (name, _) in kpi.sampling.iter().flat_map(|sampling| sampling.columns()) {
                let sure = kpi.sampling.iter().find_map(|sampling| sampling.confidence).map(|sure| sure.to_string());
                let bound = |which: &str| {
                    format!("The {which} bound of the {} interval of the value", sure.as_deref().unwrap_or_default())
                };
                let said = match name {
                    LOW => bound("lower"),
                    HIGH => bound("upper"),
                    _ => "How many rows the value rests on".to_owned(),
                };
                columns.push(column(name, said));
            }
            columns.push(complete());
            columns
        }
        Shows::Scorecard(place) => {
            let Some(card) = model.scorecards.get(*place) else { return Vec::new() };
            let kpis = card.kpis.iter().map(|kpi| column(&model.kpis.get(kpi.value).name.value, figure(model, kpi.value)));
            std::iter::once(period(card.grain)).chain(kpis).chain([complete()]).collect()
        }
        _ => Vec::new(),
    }
}

fn titled(title: &str, description: &str) -> String {
    match description.trim() {
        "" => title.to_owned(),
        description => format!("{title}: {description}"),
    }
}

/// What the figures of a KPI are.
fn figure(model: &Model, id: KpiId) -> String {
    let kpi = model.kpis.get(id);
    let unit = match kpi.facts.unit.to_string() {
        unit if unit.is_empty() => String::new(),
        unit if unit == "%" => " (a fraction: 0.25 is 25 %)".to_owned(),
        unit => format!(" ({unit})"),
    };
    titled(&format!("{}{unit}", kpi.title), &kpi.description)
}
