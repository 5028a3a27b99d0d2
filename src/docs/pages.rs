//! The contexts of pages: for each template a struct with what it can show. That of a KPI has a file of its own.
//!
//! Every page has `project` (its `name`, `title`, `description`) and `index`, `glossary` and `lineage_page`, which are links.
//! Definitions come as the manifest has them; what is added here are links, rows of tables and diagrams.

use super::guardrail_page::GuardrailRow;
use super::journey_page::JourneyRow;
use super::north_star_page::{self, MovesRow};
use super::objective_page::{self, ObjectiveRow};
use super::site::{Level, Link, Site, href, summary};
use super::{diagram, guardrail_page, review_page};
use crate::manifest::data::{self, Manifest, Project, Source, Taxonomy, TaxonomyValue, View};
use minijinja::Value;
use serde::Serialize;
use std::collections::BTreeMap;

/// What every page of a level has.
#[derive(Serialize)]
struct Common<'a> {
    project: &'a Project,
    index: Link,
    glossary: Link,
    lineage_page: Link,
    north_star: Option<Link>,
}

/// What every page of a level has, made once for all of them.
pub(super) fn common(manifest: &Manifest, level: Level) -> Value {
    let link = |title: &str, path: &str| Link { title: title.to_owned(), href: href(level, path) };
    let title = &manifest.project.title;
    Value::from_serialize(Common {
        project: &manifest.project,
        index: link(if title.is_empty() { "KPIs" } else { title }, "index.md"),
        glossary: link("Glossary", "glossary.md"),
        lineage_page: link("Lineage", "lineage.md"),
        north_star: manifest.north_star.as_ref().map(|star| link(&star.title, "north_star.md")),
    })
}

/// `index.md.j2`
#[derive(Serialize)]
pub(super) struct IndexPage<'a> {
    calendar: &'a data::Calendar,
    counts: Counts,
    objectives: Vec<ObjectiveRow<'a>>,
    guardrails: Option<Link>,
    reviews: Vec<Link>,
    coverage: Option<Link>,
    scorecards: Vec<CardRow<'a>>,
    teams: Vec<TeamRow<'a>>,
    without_owner: Vec<Value>,
    taxonomies: Vec<TaxonomyRow<'a>>,
    sources: Vec<SourceRow<'a>>,
    journeys: Vec<JourneyRow>,
    dimensions: Vec<DimensionRow<'a>>,
}

#[derive(Serialize)]
struct Counts {
    kpis: usize,
    teams: usize,
    scorecards: usize,
    guardrails: usize,
    sources: usize,
    journeys: usize,
    tests: usize,
}

#[derive(Serialize)]
struct CardRow<'a> {
    #[serde(flatten)]
    link: Link,
    summary: String,
    cadence: Option<&'a str>,
    kpis: Vec<Value>,
}

#[derive(Serialize)]
struct TeamRow<'a> {
    #[serde(flatten)]
    link: Link,
    summary: String,
    lead: &'a str,
    kpis: Vec<Value>,
}

#[derive(Serialize)]
struct TaxonomyRow<'a> {
    title: &'a str,
    description: &'a str,
    values: Vec<ValueRow>,
}

#[derive(Serialize)]
struct ValueRow {
    title: String,
    href: Option<String>,
    kpis: Vec<Value>,
}

#[derive(Serialize)]
struct SourceRow<'a> {
    #[serde(flatten)]
    link: Link,
    summary: String,
    kind: &'a str,
    kpis: usize,
}

#[derive(Serialize)]
struct DimensionRow<'a> {
    #[serde(flatten)]
    link: Link,
    name: &'a str,
    summary: String,
    kpis: usize,
}

impl<'a> IndexPage<'a> {
    pub(super) fn of(site: &Site<'a>, readers: &BTreeMap<&'a str, Vec<&'a str>>) -> Self {
        let (manifest, level) = (site.manifest, Level::Root);
        let cards = manifest.scorecards.values().filter_map(|card| {
            let (link, kpis) = (site.scorecard(&card.name, level)?, site.rows(&card.kpis, level));
            Some(CardRow { link, summary: summary(&card.description), cadence: card.cadence.as_deref(), kpis })
        });
        let teams = manifest.teams.values().filter_map(|team| {
            let (link, kpis) = (site.team(&team.name, level)?, site.rows(&team.kpis, level));
            Some(TeamRow { link, summary: summary(&team.description), lead: &team.lead, kpis })
        });
        let without = manifest.kpis.values().filter(|kpi| kpi.owner.is_none());
        let classified = |taxonomy: &Taxonomy| taxonomy.values.iter().map(|value| value.kpis.len()).sum::<usize>();
        let mut used: Vec<&Taxonomy> = manifest.taxonomies.values().filter(|taxonomy| classified(taxonomy) > 0).collect();
        // What classifies most comes first.
        used.sort_by_key(|taxonomy| std::cmp::Reverse(classified(taxonomy)));
        Self {
            calendar: &manifest.calendar,
            counts: Counts {
                kpis: manifest.kpis.len(),
                teams: manifest.teams.len(),
                scorecards: manifest.scorecards.len(),
                guardrails: manifest.guardrails.len(),
                sources: manifest.sources.len(),
                journeys: manifest.journeys.len(),
                tests: manifest.tests.len(),
            },
            objectives: objective_page::all(site, level),
            guardrails: guardrail_page::link(manifest),
            reviews: review_page::links(manifest),
            coverage: review_page::coverage_link(manifest),
            scorecards: cards.collect(),
            teams: teams.collect(),
            without_owner: without.filter_map(|kpi| site.row(&kpi.name, level)).collect(),
            taxonomies: used.into_iter().map(|taxonomy| TaxonomyRow::of(site, taxonomy)).collect(),
            sources: manifest.sources.values().filter_map(|source| SourceRow::of(site, source, readers)).collect(),
            journeys: JourneyRow::all(site, readers),
            dimensions: manifest.dimensions.values().filter_map(|each| DimensionRow::of(site, each)).collect(),
        }
    }
}

impl<'a> TaxonomyRow<'a> {
    fn of(site: &Site<'a>, taxonomy: &'a Taxonomy) -> Self {
        let value = |value: &'a TaxonomyValue| ValueRow {
            title: value.title.clone(),
            href: site.value(&taxonomy.name, value, Level::Root).map(|link| link.href),
            kpis: site.rows(&value.kpis, Level::Root),
        };
        Self { title: &taxonomy.title, description: &taxonomy.description, values: taxonomy.values.iter().map(value).collect() }
    }
}

impl<'a> SourceRow<'a> {
    fn of(site: &Site<'a>, source: &'a Source, readers: &BTreeMap<&'a str, Vec<&'a str>>) -> Option<Self> {
        let kpis = readers.get(source.name.as_str()).map_or(0, Vec::len);
        let link = site.source(&source.name, Level::Root)?;
        Some(Self { link, summary: summary(&source.description), kind: &source.kind, kpis })
    }
}

impl<'a> DimensionRow<'a> {
    fn of(site: &Site<'a>, dimension: &'a data::Dimension) -> Option<Self> {
        let link = site.dimension(&dimension.name, Level::Root)?;
        Some(Self { link, name: &dimension.name, summary: summary(&dimension.description), kpis: dimension.kpis.len() })
    }
}

/// `team.md.j2`
#[derive(Serialize)]
pub(super) struct TeamPage<'a> {
    team: &'a data::Team,
    objectives: Vec<ObjectiveRow<'a>>,
    kpis: Vec<Value>,
    guardrails: Vec<GuardrailRow<'a>>,
    watched: Vec<GuardrailRow<'a>>,
    scorecards: Vec<Link>,
    moves: Vec<MovesRow>,
    lineage: Option<String>,
}

impl<'a> TeamPage<'a> {
    pub(super) fn of(site: &Site<'a>, team: &'a data::Team) -> Self {
        let level = Level::Folder;
        let kpis = team.kpis.iter().filter_map(|name| site.manifest.kpis.get(name));
        let cards: std::collections::BTreeSet<&str> = kpis.flat_map(|kpi| &kpi.scorecards).map(String::as_str).collect();
        Self {
            objectives: objective_page::of_team(site, &team.name, level),
            kpis: site.rows(&team.kpis, level),
            guardrails: guardrail_page::rows(site, level, |guardrail| guardrail.owner.as_ref() == Some(&team.name)),
            watched: guardrail_page::rows(site, level, |guardrail| {
                guardrail.owner.as_ref() != Some(&team.name) && guardrail.kpis.iter().any(|kpi| team.kpis.contains(kpi))
            }),
            scorecards: cards.into_iter().filter_map(|name| site.scorecard(name, level)).collect(),
            moves: north_star_page::moved_by(site, &team.kpis, level),
            lineage: diagram::team(site, team),
            team,
        }
    }
}

/// `scorecard.md.j2`
#[derive(Serialize)]
pub(super) struct ScorecardPage<'a> {
    scorecard: &'a data::Scorecard,
    kpis: Vec<Value>,
    guardrails: Vec<GuardrailRow<'a>>,
    review: Option<Link>,
    view: Option<&'a View>,
}

impl<'a> ScorecardPage<'a> {
    pub(super) fn of(site: &Site<'a>, scorecard: &'a data::Scorecard) -> Self {
        let watches = |guardrail: &data::Guardrail| guardrail.kpis.iter().any(|kpi| scorecard.kpis.contains(kpi));
        Self {
            kpis: site.rows(&scorecard.kpis, Level::Folder),
            guardrails: guardrail_page::rows(site, Level::Folder, watches),
            review: scorecard.cadence.as_deref().map(|cadence| review_page::link(cadence, Level::Folder)),
            view: site.manifest.views.get(&scorecard.view),
            scorecard,
        }
    }
}

/// `taxonomy_value.md.j2`
#[derive(Serialize)]
pub(super) struct TaxonomyValuePage<'a> {
    taxonomy: &'a Taxonomy,
    value: &'a TaxonomyValue,
    kpis: Vec<Value>,
    others: Vec<Link>,
}

impl<'a> TaxonomyValuePage<'a> {
    pub(super) fn of(site: &Site<'a>, taxonomy: &'a Taxonomy, value: &'a TaxonomyValue) -> Self {
        let others = taxonomy.values.iter().filter(|other| other.name != value.name);
        Self {
            kpis: site.rows(&value.kpis, Level::Folder),
            others: others.filter_map(|other| site.value(&taxonomy.name, other, Level::Folder)).collect(),
            taxonomy,
            value,
        }
    }
}

/// `source.md.j2`
#[derive(Serialize)]
pub(super) struct SourcePage<'a> {
    source: &'a Source,
    columns: Vec<ColumnRow<'a>>,
    kpis: Vec<Value>,
}

#[derive(Serialize)]
struct ColumnRow<'a> {
    #[serde(flatten)]
    column: &'a data::Column,
    target: Option<Link>,
}

impl<'a> SourcePage<'a> {
    pub(super) fn of(site: &Site<'a>, source: &'a Source, readers: &BTreeMap<&'a str, Vec<&'a str>>) -> Self {
        let column = |column: &'a data::Column| ColumnRow {
            column,
            target: column.references.as_ref().and_then(|name| site.source(name, Level::Folder)),
        };
        let kpis = readers.get(source.name.as_str()).map(Vec::as_slice).unwrap_or_default();
        Self {
            columns: source.columns.iter().map(column).collect(),
            kpis: kpis.iter().filter_map(|name| site.row(name, Level::Folder)).collect(),
            source,
        }
    }
}

/// `dimension.md.j2`
#[derive(Serialize)]
pub(super) struct DimensionPage<'a> {
    dimension: &'a data::Dimension,
    places: Vec<PlaceRow<'a>>,
    kpis: Vec<Value>,
}

#[derive(Serialize)]
struct PlaceRow<'a> {
    source: Link,
    path: &'a str,
}

impl<'a> DimensionPage<'a> {
    pub(super) fn of(site: &Site<'a>, dimension: &'a data::Dimension) -> Self {
        let places = dimension
            .from
            .iter()
            .filter_map(|(source, path)| Some(PlaceRow { source: site.source(source, Level::Folder)?, path }));
        Self { places: places.collect(), kpis: site.rows(&dimension.kpis, Level::Folder), dimension }
    }
}

/// `lineage.md.j2`
#[derive(Serialize)]
pub(super) struct LineagePage<'a> {
    lineage: Option<String>,
    teams: Vec<Link>,
    sources: Vec<SourceRow<'a>>,
    journeys: Vec<JourneyRow>,
}

impl<'a> LineagePage<'a> {
    pub(super) fn of(site: &Site<'a>, readers: &BTreeMap<&'a str, Vec<&'a str>>) -> Self {
        let manifest = site.manifest;
        Self {
            lineage: diagram::project(site),
            teams: manifest.teams.keys().filter_map(|name| site.team(name, Level::Root)).collect(),
            sources: manifest.sources.values().filter_map(|source| SourceRow::of(site, source, readers)).collect(),
            journeys: JourneyRow::all(site, readers),
        }
    }
}

/// `glossary.md.j2`
#[derive(Serialize)]
pub(super) struct GlossaryPage<'a> {
    calendar: &'a data::Calendar,
    terms: Vec<Term>,
}

#[derive(Serialize)]
struct Term {
    #[serde(flatten)]
    link: Link,
    what: &'static str,
    summary: String,
}

impl<'a> GlossaryPage<'a> {
    pub(super) fn of(site: &Site<'a>) -> Self {
        let (manifest, level) = (site.manifest, Level::Root);
        let kpis = manifest.kpis.values().map(|kpi| {
            let link = Link { title: kpi.title.clone(), href: href(level, &format!("kpis/{}.md", kpi.name)) };
            Term { link, what: "KPI", summary: summary(&kpi.description) }
        });
        let dimensions = manifest.dimensions.values().filter_map(|each| {
            Some(Term { link: site.dimension(&each.name, level)?, what: "dimension", summary: summary(&each.description) })
        });
        let nouns = manifest.sources.values().filter(|source| !source.row.is_empty()).filter_map(|source| {
            let link = Link { title: crate::text::title(&source.row, &[]), ..site.source(&source.name, level)? };
            Some(Term { link, what: "row", summary: summary(&source.description) })
        });
        let journeys = manifest.journeys.values().filter_map(|journey| {
            Some(Term { link: site.source(&journey.name, level)?, what: "journey", summary: summary(&journey.description) })
        });
        let mut terms: Vec<Term> = kpis.chain(dimensions).chain(nouns).chain(journeys).collect();
        terms.sort_by_cached_key(|term| (term.link.title.to_lowercase(), term.what, term.link.href.clone()));
        Self { calendar: &manifest.calendar, terms }
    }
}
