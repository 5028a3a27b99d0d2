//! The context of a KPI's page.

use super::diagram;
use super::guardrail_page::{self, GuardrailRow};
use super::north_star_page::StarWays;
use super::objective_page::{self, ResultRow};
use super::site::{Level, Link, Site, between, kept};
use crate::manifest::data::{self, Kpi, View};
use minijinja::Value;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// `kpi.md.j2`
#[derive(Serialize)]
pub(super) struct KpiPage<'a> {
    kpi: &'a Kpi,
    owner: Option<TeamLink<'a>>,
    good: Option<String>,
    slices: Vec<Vec<Link>>,
    classes: Vec<Class<'a>>,
    scorecards: Vec<Link>,
    components: Vec<Value>,
    used_by: Vec<Value>,
    drives: Vec<DriveRow<'a>>,
    driven_by: Vec<DriveRow<'a>>,
    guardrails: Vec<GuardrailRow<'a>>,
    instead: Option<Value>,
    replaces: Vec<Value>,
    sources: Vec<ReadSource<'a>>,
    figures: Vec<FigureRow<'a>>,
    views: Vec<ViewRow<'a>>,
    commands: Vec<String>,
    tests: Vec<&'a data::Test>,
    key_results: Vec<ResultRow<'a>>,
    lineage: String,
    sql: Option<SqlOf<'a>>,
    star: Option<StarWays>,
    /// What became of it, as a list in Markdown.
    history: Option<&'a str>,
}

#[derive(Serialize)]
struct TeamLink<'a> {
    #[serde(flatten)]
    link: Link,
    lead: &'a str,
}

#[derive(Serialize)]
struct Class<'a> {
    taxonomy: &'a str,
    value: Link,
}

#[derive(Serialize)]
struct DriveRow<'a> {
    kpi: Value,
    effect: &'a str,
    lag: &'a str,
    because: &'a str,
}

#[derive(Serialize)]
struct ReadSource<'a> {
    link: Link,
    columns: Vec<Cow<'a, data::Column>>,
}

#[derive(Serialize)]
struct FigureRow<'a> {
    period: &'a str,
    value: String,
}

#[derive(Serialize)]
struct ViewRow<'a> {
    relation: &'a str,
    grain: Option<&'a str>,
    dimensions: Vec<Link>,
    columns: &'a [String],
}

#[derive(Serialize)]
struct SqlOf<'a> {
    relation: &'a str,
    columns: &'a [String],
    text: &'a str,
}

impl<'a> KpiPage<'a> {
    pub(super) fn of(site: &Site<'a>, kpi: &'a Kpi, sql: &BTreeMap<&'a str, &'a str>) -> Self {
        let (manifest, level) = (site.manifest, Level::Folder);
        let row = |name: &String| site.row(name, level);
        let views: Vec<&View> = kpi.views.iter().filter_map(|name| manifest.views.get(name)).collect();
        let owner = kpi
            .owner
            .as_ref()
            .and_then(|name| Some(TeamLink { link: site.team(name, level)?, lead: &manifest.teams.get(name)?.lead }));
        let slice = |slice: &Vec<String>| slice.iter().filter_map(|name| site.dimension(name, level)).collect();
        let view = |view: &&'a View| ViewRow {
            relation: &view.relation,
            grain: view.grain.as_deref(),
            dimensions: slice(&view.dimensions),
            columns: &view.columns,
        };
        Self {
            owner,
            good: good(kpi),
            slices: kpi.slices.iter().map(slice).collect(),
            classes: classes(site, kpi),
            scorecards: kpi.scorecards.iter().filter_map(|name| site.scorecard(name, level)).collect(),
            components: site.rows(&kpi.components, level),
            used_by: site.rows(&kpi.used_by, level),
            drives: kpi.drives.iter().filter_map(|drive| Some(drive_row(row(&drive.kpi)?, drive))).collect(),
            driven_by: driven_by(site, kpi),
            guardrails: guardrail_page::rows(site, level, |guardrail| kpi.guardrails.contains(&guardrail.name)),
            instead: kpi.deprecated.as_ref().and_then(|deprecated| row(deprecated.instead.as_ref()?)),
            replaces: site.rows(&kpi.replaces, level),
            sources: reads(site, kpi),
            figures: kpi.values.iter().map(|each| FigureRow { period: &each.period, value: kept(kpi, &each.value) }).collect(),
            commands: commands(kpi),
            tests: kpi.tests.iter().filter_map(|name| manifest.tests.get(name)).collect(),
            key_results: objective_page::of_kpi(site, &kpi.name, level),
            lineage: diagram::kpi(site, kpi),
            star: super::north_star_page::ways(site, kpi),
            sql: views.first().and_then(|view| {
                let text = sql.get(view.name.as_str())?;
                Some(SqlOf { relation: &view.relation, columns: &view.columns, text })
            }),
            history: site.past.and_then(|past| past.get(&kpi.name)).map(String::as_str),
            views: views.iter().map(view).collect(),
            kpi,
        }
    }
}

/// Which way is good, in words.
fn good(kpi: &Kpi) -> Option<String> {
    let better = kpi.better.as_ref()?;
    Some(match better.direction.as_str() {
        "up" => "↑ higher is better".to_owned(),
        "down" => "↓ lower is better".to_owned(),
        _ => {
            let (low, high) = between(kpi, better)?;
            format!("best between {low} and {high}")
        }
    })
}

fn classes<'a>(site: &Site<'a>, kpi: &Kpi) -> Vec<Class<'a>> {
    let class = |(name, value): (&String, &String)| {
        let taxonomy = site.manifest.taxonomies.get(name)?;
        let value = taxonomy.values.iter().find(|known| known.name == *value)?;
        Some(Class { taxonomy: &taxonomy.title, value: site.value(name, value, Level::Folder)? })
    };
    kpi.taxonomies.iter().filter_map(class).collect()
}

fn drive_row(kpi: Value, drive: &data::Drive) -> DriveRow<'_> {
    DriveRow { kpi, effect: &drive.effect, lag: &drive.lag, because: &drive.because }
}

fn driven_by<'a>(site: &Site<'a>, kpi: &Kpi) -> Vec<DriveRow<'a>> {
    let rows = kpi.driven_by.iter().filter_map(|name| {
        let drive = site.manifest.kpis.get(name)?.drives.iter().find(|drive| drive.kpi == kpi.name)?;
        Some(drive_row(site.row(name, Level::Folder)?, drive))
    });
    rows.collect()
}

fn reads<'a>(site: &Site<'a>, kpi: &'a Kpi) -> Vec<ReadSource<'a>> {
    let read = |(name, columns): (&'a String, &'a Vec<String>)| {
        Some(ReadSource { link: site.source(name, Level::Folder)?, columns: site.columns(name, columns) })
    };
    kpi.reads.iter().filter_map(read).collect()
}

/// Questions that can be asked of a KPI on the command line.
fn commands(kpi: &Kpi) -> Vec<String> {
    let mut commands = Vec::new();
    if kpi.has_total {
        commands.push(format!("kpic run {}", kpi.name));
    }
    if let Some(slice) = kpi.slices.first() {
        commands.push(format!("kpic query {} --by {}", kpi.name, slice.join(",")));
    }
    if let Some(grain) = kpi.grains.get(1).filter(|_| kpi.has_total) {
        commands.push(format!("kpic query {} --grain {grain}", kpi.name));
    }
    commands
}
