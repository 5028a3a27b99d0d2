//! The context of an objective's page, and of the tables in which objectives and key results stand.

use super::site::{Level, Link, Site, href, summary};
use crate::manifest::data::{self, KeyResult, Objective};
use crate::manifest::present::{Progress, ResultFigures};
use minijinja::Value;
use serde::Serialize;

/// `objective.md.j2`
#[derive(Serialize)]
pub(super) struct ObjectivePage<'a> {
    objective: &'a Objective,
    /// The last visible day, where it is known how things stand.
    as_of: Option<&'a str>,
    progress: Option<&'a Progress>,
    owner: Option<Link>,
    /// The objectives that it serves, the nearest first.
    path: Vec<Link>,
    children: Vec<ObjectiveRow<'a>>,
    key_results: Vec<ResultRow<'a>>,
    initiatives: Vec<InitiativeRow<'a>>,
    tests: Vec<&'a data::Test>,
}

/// An objective as a row of a table.
#[derive(Serialize)]
pub(super) struct ObjectiveRow<'a> {
    #[serde(flatten)]
    link: Link,
    summary: String,
    period: &'a str,
    owner: Option<Link>,
    serves: Option<Link>,
    key_results: usize,
    /// How far it is, where that is known.
    progress: Option<&'a Progress>,
}

/// A key result as a row of a table.
#[derive(Serialize)]
pub(super) struct ResultRow<'a> {
    #[serde(flatten)]
    result: &'a KeyResult,
    objective: Link,
    kpi_row: Option<Value>,
    owner_link: Option<Link>,
    period: &'a str,
    /// How far it is, where that is known.
    figures: Option<&'a ResultFigures>,
}

#[derive(Serialize)]
struct InitiativeRow<'a> {
    title: &'a str,
    link: Option<&'a str>,
    owner: Option<Link>,
}

impl<'a> ObjectivePage<'a> {
    pub(super) fn of(site: &Site<'a>, objective: &'a Objective) -> Self {
        let level = Level::Folder;
        let objectives = &site.manifest.objectives;
        let mut path = Vec::new();
        let mut at = objective;
        // Circles are errors, so this ends; the count is for templates that are rendered whatever comes.
        while let Some(parent) =
            at.parent.as_ref().and_then(|name| objectives.get(name)).filter(|_| path.len() < objectives.len())
        {
            path.extend(link(site, &parent.name, level));
            at = parent;
        }
        let initiative = |each: &'a crate::manifest::objective::Initiative| InitiativeRow {
            title: &each.title,
            link: each.link.as_deref(),
            owner: each.owner.as_ref().and_then(|name| site.team(name, level)),
        };
        Self {
            as_of: site.present.map(|present| present.as_of.as_str()),
            progress: site.present.and_then(|present| present.objectives.get(&objective.name)),
            owner: objective.owner.as_ref().and_then(|name| site.team(name, level)),
            path,
            children: objective.children.iter().filter_map(|name| row(site, objectives.get(name)?, level)).collect(),
            key_results: objective.key_results.iter().filter_map(|result| result_row(site, objective, result, level)).collect(),
            initiatives: objective.initiatives.iter().map(initiative).collect(),
            tests: objective.tests.iter().filter_map(|name| site.manifest.tests.get(name)).collect(),
            objective,
        }
    }
}

fn link(site: &Site<'_>, name: &str, level: Level) -> Option<Link> {
    let objective = site.manifest.objectives.get(name)?;
    Some(Link { title: objective.title.clone(), href: href(level, &format!("objectives/{name}.md")) })
}

fn row<'a>(site: &Site<'a>, objective: &'a Objective, level: Level) -> Option<ObjectiveRow<'a>> {
    Some(ObjectiveRow {
        link: link(site, &objective.name, level)?,
        summary: summary(&objective.description),
        period: &objective.period,
        owner: objective.owner.as_ref().and_then(|name| site.team(name, level)),
        serves: objective.parent.as_ref().and_then(|name| link(site, name, level)),
        key_results: objective.key_results.len(),
        progress: site.present.and_then(|present| present.objectives.get(&objective.name)),
    })
}

fn result_row<'a>(site: &Site<'a>, objective: &'a Objective, result: &'a KeyResult, level: Level) -> Option<ResultRow<'a>> {
    Some(ResultRow {
        result,
        objective: link(site, &objective.name, level)?,
        kpi_row: result.kpi.as_ref().and_then(|name| site.row(name, level)),
        owner_link: result.owner.as_ref().and_then(|name| site.team(name, level)),
        period: &objective.period,
        figures: site.present.and_then(|present| present.key_results.get(&objective.name)?.get(&result.name)),
    })
}

/// The objectives of those names.
pub(super) fn named<'a>(site: &Site<'a>, level: Level, names: &[String]) -> Vec<ObjectiveRow<'a>> {
    names.iter().filter_map(|name| row(site, site.manifest.objectives.get(name)?, level)).collect()
}

/// The key results of those objectives and KPIs whose figures pass a test; none where no figures are known.
pub(super) fn with_figures<'a>(
    site: &Site<'a>,
    level: Level,
    (objectives, kpis): (&[String], &[&String]),
    passes: fn(&ResultFigures) -> bool,
) -> Vec<ResultRow<'a>> {
    let all = site.manifest.objectives.values();
    let all = all.flat_map(|objective| objective.key_results.iter().map(move |result| (objective, result)));
    let is_looked_at = |objective: &Objective, result: &KeyResult| {
        objectives.contains(&objective.name) || result.kpi.as_ref().is_some_and(|kpi| kpis.contains(&kpi))
    };
    let rows = all
        .filter(|(objective, result)| is_looked_at(objective, result))
        .filter_map(|(objective, result)| result_row(site, objective, result, level));
    rows.filter(|row| row.figures.is_some_and(passes)).collect()
}

/// All objectives, those that serve none first, each with those that serve it below.
pub(super) fn all<'a>(site: &Site<'a>, level: Level) -> Vec<ObjectiveRow<'a>> {
    let objectives = &site.manifest.objectives;
    let mut left: Vec<&Objective> = objectives.values().filter(|objective| objective.parent.is_none()).collect();
    left.reverse();
    let mut rows = Vec::new();
    while let Some(objective) = left.pop() {
        rows.extend(row(site, objective, level));
        left.extend(objective.children.iter().rev().filter_map(|name| objectives.get(name)));
    }
    rows
}

/// The objectives that a team owns, or of which it owns a key result.
pub(super) fn of_team<'a>(site: &Site<'a>, team: &str, level: Level) -> Vec<ObjectiveRow<'a>> {
    let owns = |owner: &Option<String>| owner.as_deref() == Some(team);
    let objectives = site.manifest.objectives.values();
    let own = objectives.filter(|each| owns(&each.owner) || each.key_results.iter().any(|result| owns(&result.owner)));
    own.filter_map(|objective| row(site, objective, level)).collect()
}

/// The key results that a KPI shows.
pub(super) fn of_kpi<'a>(site: &Site<'a>, kpi: &str, level: Level) -> Vec<ResultRow<'a>> {
    site.results(kpi).iter().filter_map(|(objective, result)| result_row(site, objective, result, level)).collect()
}
