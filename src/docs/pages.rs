//! The contexts of pages: for each template a struct with what it can show.
//!
//! Every page has `project` (its `name`, `title`, `description`) and `index`, `glossary` and `lineage_page`, which are links.
//! Definitions come as the manifest has them; what is added here are links, rows of tables and diagrams.

use super::diagram;
use super::site::{Level, Link, Site, between, figure, href, summary};
use crate::manifest::data::{self, Kpi, Project, Source, Taxonomy, TaxonomyValue, View};
use minijinja::Value;
use serde::Serialize;
use std::collections::BTreeMap;

/// What every page has.
#[derive(Serialize)]
pub(super) struct Common<'a> {
    project: &'a Project,
    index: Link,
    glossary: Link,
    lineage_page: Link,
}

impl<'a> Common<'a> {
    pub(super) fn of(site: &Site<'a>, level: Level) -> Self {
        let link = |title: &str, path: &str| Link { title: title.to_owned(), href: href(level, path) };
        let title = &site.manifest.project.title;
        Self {
            project: &site.manifest.project,
            index: link(if title.is_empty() { "KPIs" } else { title }, "index.md"),
            glossary: link("Glossary", "glossary.md"),
            lineage_page: link("Lineage", "lineage.md"),
        }
    }
}

/// `index.md.j2`
#[derive(Serialize)]
pub(super) struct IndexPage<'a> {
    #[serde(flatten)]
    common: Common<'a>,
    calendar: &'a data::Calendar,
    counts: Counts,
    scorecards: Vec<CardRow<'a>>,
    teams: Vec<TeamRow<'a>>,
    without_owner: Vec<Value>,
    taxonomies: Vec<TaxonomyRow<'a>>,
    sources: Vec<SourceRow<'a>>,
    dimensions: Vec<DimensionRow<'a>>,
}

#[derive(Serialize)]
struct Counts {
    kpis: usize,
    teams: usize,
    scorecards: usize,
    sources: usize,
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
            common: Common::of(site, level),
            calendar: &manifest.calendar,
            counts: Counts {
                kpis: manifest.kpis.len(),
                teams: manifest.teams.len(),
                scorecards: manifest.scorecards.len(),
                sources: manifest.sources.len(),
                tests: manifest.tests.len(),
            },
            scorecards: cards.collect(),
            teams: teams.collect(),
            without_owner: without.filter_map(|kpi| site.row(&kpi.name, level)).collect(),
            taxonomies: used.into_iter().map(|taxonomy| TaxonomyRow::of(site, taxonomy)).collect(),
            sources: manifest.sources.values().filter_map(|source| SourceRow::of(site, source, readers)).collect(),
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

/// `kpi.md.j2`
#[derive(Serialize)]
pub(super) struct KpiPage<'a> {
    #[serde(flatten)]
    common: Common<'a>,
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
    instead: Option<Value>,
    replaces: Vec<Value>,
    sources: Vec<ReadSource<'a>>,
    figures: Vec<FigureRow<'a>>,
    views: Vec<ViewRow<'a>>,
    commands: Vec<String>,
    tests: Vec<&'a data::Test>,
    lineage: String,
    sql: Option<SqlOf<'a>>,
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
    columns: Vec<&'a data::Column>,
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
            common: Common::of(site, level),
            owner,
            good: good(kpi),
            slices: kpi.slices.iter().map(slice).collect(),
            classes: classes(site, kpi),
            scorecards: kpi.scorecards.iter().filter_map(|name| site.scorecard(name, level)).collect(),
            components: site.rows(&kpi.components, level),
            used_by: site.rows(&kpi.used_by, level),
            drives: kpi.drives.iter().filter_map(|drive| Some(drive_row(row(&drive.kpi)?, drive))).collect(),
            driven_by: driven_by(site, kpi),
            instead: kpi.deprecated.as_ref().and_then(|deprecated| row(deprecated.instead.as_ref()?)),
            replaces: site.rows(&kpi.replaces, level),
            sources: reads(site, kpi),
            figures: kpi.values.iter().map(|each| FigureRow { period: &each.period, value: figure(kpi, each.value) }).collect(),
            commands: commands(kpi),
            tests: kpi.tests.iter().filter_map(|name| manifest.tests.get(name)).collect(),
            lineage: diagram::kpi(site, kpi),
            sql: views.first().and_then(|view| {
                let text = sql.get(view.name.as_str())?;
                Some(SqlOf { relation: &view.relation, columns: &view.columns, text })
            }),
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
        let source = site.manifest.sources.get(name)?;
        let columns = source.columns.iter().filter(|column| columns.contains(&column.name)).collect();
        Some(ReadSource { link: site.source(name, Level::Folder)?, columns })
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

/// `team.md.j2`
#[derive(Serialize)]
pub(super) struct TeamPage<'a> {
    #[serde(flatten)]
    common: Common<'a>,
    team: &'a data::Team,
    kpis: Vec<Value>,
    scorecards: Vec<Link>,
    lineage: Option<String>,
}

impl<'a> TeamPage<'a> {
    pub(super) fn of(site: &Site<'a>, team: &'a data::Team) -> Self {
        let level = Level::Folder;
        let kpis = team.kpis.iter().filter_map(|name| site.manifest.kpis.get(name));
        let cards: std::collections::BTreeSet<&str> = kpis.flat_map(|kpi| &kpi.scorecards).map(String::as_str).collect();
        Self {
            common: Common::of(site, level),
            kpis: site.rows(&team.kpis, level),
            scorecards: cards.into_iter().filter_map(|name| site.scorecard(name, level)).collect(),
            lineage: diagram::team(site, team),
            team,
        }
    }
}

/// `scorecard.md.j2`
#[derive(Serialize)]
pub(super) struct ScorecardPage<'a> {
    #[serde(flatten)]
    common: Common<'a>,
    scorecard: &'a data::Scorecard,
    kpis: Vec<Value>,
    view: Option<&'a View>,
}

impl<'a> ScorecardPage<'a> {
    pub(super) fn of(site: &Site<'a>, scorecard: &'a data::Scorecard) -> Self {
        Self {
            common: Common::of(site, Level::Folder),
            kpis: site.rows(&scorecard.kpis, Level::Folder),
            view: site.manifest.views.get(&scorecard.view),
            scorecard,
        }
    }
}

/// `taxonomy_value.md.j2`
#[derive(Serialize)]
pub(super) struct TaxonomyValuePage<'a> {
    #[serde(flatten)]
    common: Common<'a>,
    taxonomy: &'a Taxonomy,
    value: &'a TaxonomyValue,
    kpis: Vec<Value>,
    others: Vec<Link>,
}

impl<'a> TaxonomyValuePage<'a> {
    pub(super) fn of(site: &Site<'a>, taxonomy: &'a Taxonomy, value: &'a TaxonomyValue) -> Self {
        let others = taxonomy.values.iter().filter(|other| other.name != value.name);
        Self {
            common: Common::of(site, Level::Folder),
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
    #[serde(flatten)]
    common: Common<'a>,
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
            common: Common::of(site, Level::Folder),
            columns: source.columns.iter().map(column).collect(),
            kpis: kpis.iter().filter_map(|name| site.row(name, Level::Folder)).collect(),
            source,
        }
    }
}

/// `dimension.md.j2`
#[derive(Serialize)]
pub(super) struct DimensionPage<'a> {
    #[serde(flatten)]
    common: Common<'a>,
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
        Self {
            common: Common::of(site, Level::Folder),
            places: places.collect(),
            kpis: site.rows(&dimension.kpis, Level::Folder),
            dimension,
        }
    }
}

/// `lineage.md.j2`
#[derive(Serialize)]
pub(super) struct LineagePage<'a> {
    #[serde(flatten)]
    common: Common<'a>,
    lineage: Option<String>,
    teams: Vec<Link>,
    sources: Vec<SourceRow<'a>>,
}

impl<'a> LineagePage<'a> {
    pub(super) fn of(site: &Site<'a>, readers: &BTreeMap<&'a str, Vec<&'a str>>) -> Self {
        let manifest = site.manifest;
        Self {
            common: Common::of(site, Level::Root),
            lineage: diagram::project(site),
            teams: manifest.teams.keys().filter_map(|name| site.team(name, Level::Root)).collect(),
            sources: manifest.sources.values().filter_map(|source| SourceRow::of(site, source, readers)).collect(),
        }
    }
}

/// `glossary.md.j2`
#[derive(Serialize)]
pub(super) struct GlossaryPage<'a> {
    #[serde(flatten)]
    common: Common<'a>,
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
            let link = Link { title: crate::text::title(&source.row), ..site.source(&source.name, level)? };
            Some(Term { link, what: "row", summary: summary(&source.description) })
        });
        let mut terms: Vec<Term> = kpis.chain(dimensions).chain(nouns).collect();
        terms.sort_by_cached_key(|term| (term.link.title.to_lowercase(), term.what, term.link.href.clone()));
        Self { common: Common::of(site, level), calendar: &manifest.calendar, terms }
    }
}
