//! The contexts of review agendas, and of the page that says which stages and drivers are measured.

use super::guardrail_page::{self, GuardrailRow};
use super::objective_page::{self, ObjectiveRow, ResultRow};
use super::site::{Level, Link, Site, href, summary};
use crate::manifest::data::{Guardrail, Manifest, Review, Taxonomy};
use crate::text::title;
use minijinja::Value;
use serde::Serialize;

/// The page of a review.
pub(super) fn link(cadence: &str, level: Level) -> Link {
    Link { title: format!("{cadence} review"), href: href(level, &format!("reviews/{cadence}.md")) }
}

/// The pages of all reviews, from the root.
pub(super) fn links(manifest: &Manifest) -> Vec<Link> {
    manifest.reviews.iter().map(|review| link(&review.cadence, Level::Root)).collect()
}

/// `review.md.j2`
#[derive(Serialize)]
pub(super) struct ReviewPage<'a> {
    title: String,
    cadence: &'a str,
    /// The last visible day, where it is known how things stand.
    as_of: Option<&'a str>,
    /// The guardrails that fire, the worst first.
    fired: Vec<GuardrailRow<'a>>,
    /// The key results that somebody has to do something about.
    slipping: Vec<ResultRow<'a>>,
    /// The key results that have ended below their goals.
    missed: Vec<ResultRow<'a>>,
    objectives: Vec<ObjectiveRow<'a>>,
    scorecards: Vec<CardRow>,
    guardrails: Vec<GuardrailRow<'a>>,
    /// The guardrails of the same grain that watch nothing of this.
    others: Vec<GuardrailRow<'a>>,
    reviews: Vec<Link>,
}

#[derive(Serialize)]
struct CardRow {
    link: Link,
    summary: String,
    kpis: Vec<WatchedKpi>,
}

#[derive(Serialize)]
struct WatchedKpi {
    row: Value,
    guardrails: Vec<Link>,
}

impl<'a> ReviewPage<'a> {
    pub(super) fn of(site: &Site<'a>, review: &'a Review) -> Self {
        let level = Level::Folder;
        let manifest = site.manifest;
        let kpi = |name: &String| {
            let known = manifest.kpis.get(name)?;
            let guardrails = known.guardrails.iter().filter_map(|name| site.guardrail(name, level)).collect();
            Some(WatchedKpi { row: site.row(name, level)?, guardrails })
        };
        let card = |name: &String| {
            let card = manifest.scorecards.get(name)?;
            let kpis = card.kpis.iter().filter_map(kpi).collect();
            Some(CardRow { link: site.scorecard(name, level)?, summary: summary(&card.description), kpis })
        };
        let of = |names: &'a [String]| guardrail_page::rows(site, level, |guardrail| names.contains(&guardrail.name));
        let watched = [review.guardrails.as_slice(), &review.others].concat();
        let fires = |guardrail: &Guardrail| {
            watched.contains(&guardrail.name)
                && site.present.is_some_and(|present| present.firings.contains_key(&guardrail.name))
        };
        let cards = review.scorecards.iter().filter_map(|name| manifest.scorecards.get(name));
        let kpis: Vec<&String> = cards.flat_map(|card| &card.kpis).collect();
        let others = manifest.reviews.iter().filter(|other| other.cadence != review.cadence);
        Self {
            title: format!("{} review", title(&review.cadence, &[])),
            cadence: &review.cadence,
            as_of: site.present.map(|present| present.as_of.as_str()),
            fired: guardrail_page::rows(site, level, fires),
            slipping: objective_page::with_figures(site, level, (&review.objectives, &kpis), |figures| figures.slips),
            missed: objective_page::with_figures(site, level, (&review.objectives, &kpis), |figures| figures.missed),
            objectives: objective_page::named(site, level, &review.objectives),
            scorecards: review.scorecards.iter().filter_map(card).collect(),
            guardrails: of(&review.guardrails),
            others: of(&review.others),
            reviews: others.map(|other| link(&other.cadence, level)).collect(),
        }
    }
}

/// `coverage.md.j2`
#[derive(Serialize)]
pub(super) struct CoveragePage<'a> {
    matrix: Option<Matrix<'a>>,
    taxonomies: Vec<Covered<'a>>,
}

/// The KPIs of each stage and driver.
#[derive(Serialize)]
struct Matrix<'a> {
    rows_title: &'a str,
    columns_title: &'a str,
    columns: Vec<&'a str>,
    rows: Vec<MatrixRow<'a>>,
}

#[derive(Serialize)]
struct MatrixRow<'a> {
    title: &'a str,
    /// The KPIs with each driver, and then those without one.
    cells: Vec<Vec<Value>>,
}

#[derive(Serialize)]
struct Covered<'a> {
    title: &'a str,
    missing: Vec<&'a str>,
    without: Vec<Value>,
}

/// Whether KPIs are classified at all.
pub(super) fn has_coverage(manifest: &Manifest) -> bool {
    manifest.kpis.values().any(|kpi| !kpi.taxonomies.is_empty())
}

/// The page of coverage; nothing where no KPI is classified.
pub(super) fn coverage_link(manifest: &Manifest) -> Option<Link> {
    let link = Link { title: "coverage".to_owned(), href: "coverage.md".to_owned() };
    has_coverage(manifest).then_some(link)
}

impl<'a> CoveragePage<'a> {
    pub(super) fn of(site: &Site<'a>) -> Self {
        let manifest = site.manifest;
        let is_used = |taxonomy: &&Taxonomy| taxonomy.cover || taxonomy.values.iter().any(|value| !value.kpis.is_empty());
        let covered = |taxonomy: &'a Taxonomy| {
            let missing = taxonomy.values.iter().filter(|value| value.kpis.is_empty()).map(|value| value.title.as_str());
            let without = manifest.kpis.values().filter(|kpi| !kpi.taxonomies.contains_key(&taxonomy.name));
            Covered {
                title: &taxonomy.title,
                missing: missing.collect(),
                without: without.filter_map(|kpi| site.row(&kpi.name, Level::Root)).collect(),
            }
        };
        let used = manifest.taxonomies.values().filter(is_used);
        Self { matrix: matrix(site), taxonomies: used.map(covered).collect() }
    }
}

/// Stages against drivers, if KPIs have both.
fn matrix<'a>(site: &Site<'a>) -> Option<Matrix<'a>> {
    let manifest = site.manifest;
    let (stages, drivers) = (manifest.taxonomies.get("stage")?, manifest.taxonomies.get("driver")?);
    let is_used = |taxonomy: &Taxonomy| taxonomy.values.iter().any(|value| !value.kpis.is_empty());
    if !is_used(stages) || !is_used(drivers) {
        return None;
    }
    let cell = |stage: Option<&str>, driver: Option<&str>| -> Vec<Value> {
        let of = |name: &str, wanted: Option<&str>, kpi: &crate::manifest::data::Kpi| {
            kpi.taxonomies.get(name).map(String::as_str) == wanted
        };
        let kpis = manifest.kpis.values().filter(|kpi| of("stage", stage, kpi) && of("driver", driver, kpi));
        kpis.filter_map(|kpi| site.row(&kpi.name, Level::Root)).collect()
    };
    let row = |title: &'a str, stage: Option<&str>| {
        let cells = drivers.values.iter().map(|driver| Some(driver.name.as_str())).chain([None]);
        MatrixRow { title, cells: cells.map(|driver| cell(stage, driver)).collect() }
    };
    let rows = stages.values.iter().map(|stage| row(&stage.title, Some(&stage.name)));
    Some(Matrix {
        rows_title: &stages.title,
        columns_title: &drivers.title,
        columns: drivers.values.iter().map(|value| value.title.as_str()).collect(),
        rows: rows.chain([row("Without stage", None)]).collect(),
    })
}
