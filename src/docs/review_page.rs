//! The contexts of review agendas, and of the page that says which stages and drivers are measured.

use super::guardrail_page::{self, GuardrailRow};
use super::site::{Level, Link, Site, href, summary};
use crate::manifest::data::{Guardrail, Manifest, Scorecard, Taxonomy};
use crate::text::title;
use minijinja::Value;
use serde::Serialize;

/// How often reviews are, the most often first, each with the grain of what they look at.
const CADENCES: [(&str, &str); 6] = [
    ("daily", "day"),
    ("weekly", "week"),
    ("biweekly", "week"),
    ("monthly", "month"),
    ("quarterly", "quarter"),
    ("yearly", "year"),
];

/// What is looked at together.
pub(super) struct Review<'a> {
    pub(super) cadence: &'a str,
    grain: &'static str,
    scorecards: Vec<&'a Scorecard>,
}

impl Review<'_> {
    /// Whether a guardrail watches a KPI of the review.
    pub(super) fn looks_at(&self, guardrail: &Guardrail) -> bool {
        self.scorecards.iter().any(|card| guardrail.kpis.iter().any(|kpi| card.kpis.contains(kpi)))
    }
}

/// The reviews of a project: one for each cadence of its scorecards.
pub(super) fn reviews(manifest: &Manifest) -> Vec<Review<'_>> {
    let of = |(cadence, grain): (&'static str, &'static str)| {
        let cards = manifest.scorecards.values().filter(|card| card.cadence.as_deref() == Some(cadence));
        Review { cadence, grain, scorecards: cards.collect() }
    };
    CADENCES.into_iter().map(of).filter(|review| !review.scorecards.is_empty()).collect()
}

/// The page of a review.
pub(super) fn link(cadence: &str, level: Level) -> Link {
    Link { title: format!("{cadence} review"), href: href(level, &format!("reviews/{cadence}.md")) }
}

/// The pages of all reviews, from the root.
pub(super) fn links(manifest: &Manifest) -> Vec<Link> {
    reviews(manifest).iter().map(|review| link(review.cadence, Level::Root)).collect()
}

/// `review.md.j2`
#[derive(Serialize)]
pub(super) struct ReviewPage<'a> {
    title: String,
    cadence: &'a str,
    scorecards: Vec<CardRow>,
    guardrails: Vec<GuardrailRow<'a>>,
    /// The guardrails of the same grain whose KPIs are on none of the scorecards.
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
    pub(super) fn of(site: &Site<'a>, review: &Review<'a>) -> Self {
        let level = Level::Folder;
        let kpi = |name: &String| {
            let known = site.manifest.kpis.get(name)?;
            let guardrails = known.guardrails.iter().filter_map(|name| site.guardrail(name, level)).collect();
            Some(WatchedKpi { row: site.row(name, level)?, guardrails })
        };
        let card = |card: &&'a Scorecard| {
            let kpis = card.kpis.iter().filter_map(kpi).collect();
            Some(CardRow { link: site.scorecard(&card.name, level)?, summary: summary(&card.description), kpis })
        };
        let others = reviews(site.manifest).into_iter().filter(|other| other.cadence != review.cadence);
        Self {
            title: format!("{} review", title(review.cadence)),
            cadence: review.cadence,
            scorecards: review.scorecards.iter().filter_map(card).collect(),
            guardrails: guardrail_page::rows(site, level, |guardrail| review.looks_at(guardrail)),
            others: guardrail_page::rows(site, level, |guardrail| {
                guardrail.grain == review.grain && !review.looks_at(guardrail)
            }),
            reviews: others.map(|other| link(other.cadence, level)).collect(),
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
