//! What `kpic build` writes for people: Markdown that reads well on a code host and in `MkDocs`.
//!
//! 1. `site` gives each definition of the manifest its page and each KPI its row in tables.
//! 2. `pages`, `kpi_page`, `objective_page` and `journey_page` make the context of each page; `diagram` draws lineage.
//! 3. `templates` renders them, with a project's own templates in the place of kpic's.
//!
//! `escape` is the one place where texts of users become Markdown, HTML or Mermaid. Pages are rendered side by side, and none looks
//! at more of the project than it shows. Nothing here looks at the model: documents say what the manifest says.

mod diagram;
pub mod escape;
mod guardrail_page;
mod journey_page;
mod kpi_page;
mod north_star_page;
mod objective_page;
mod pages;
mod review_page;
mod site;
mod templates;

pub use templates::BUILT_IN;

use crate::diagnostic::{Finding, Findings};
use crate::manifest::data::{self, Manifest};
use crate::manifest::present::Present;
use crate::template::each_once;
use crate::text::Files;
use guardrail_page::{GuardrailPage, GuardrailsPage};
use journey_page::JourneyPage;
use kpi_page::KpiPage;
use minijinja::Value;
use minijinja::value::merge_maps;
use north_star_page::NorthStarPage;
use objective_page::ObjectivePage;
use pages::{DimensionPage, GlossaryPage, IndexPage, LineagePage, ScorecardPage, SourcePage, TaxonomyValuePage, TeamPage};
use rayon::prelude::*;
use review_page::{CoveragePage, ReviewPage};
use serde::Serialize;
use site::{Level, Site};
use std::collections::BTreeMap;
use templates::Templates;

/// How many pages are made before these are written.
const AT_ONCE: usize = 64;

/// What pages say beside what the manifest has.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'a> {
    /// How things stand, where an engine was asked.
    pub present: Option<&'a Present>,
    /// For each KPI what became of it, as a list in Markdown, where git was asked.
    pub past: Option<&'a BTreeMap<String, String>>,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its file, from the folder of the documents.
    pub path: String,
    /// Its Markdown.
    pub text: String,
}

/// What a page is about.
enum Subject<'a> {
    Index,
    Lineage,
    Glossary,
    NorthStar(&'a data::NorthStar),
    Kpi(&'a data::Kpi),
    Team(&'a data::Team),
    Scorecard(&'a data::Scorecard),
    Guardrails,
    Guardrail(&'a data::Guardrail),
    Review(&'a data::Review),
    Coverage,
    TaxonomyValue(&'a data::Taxonomy, &'a data::TaxonomyValue),
    Source(&'a data::Source),
    Journey(&'a data::Journey),
    Dimension(&'a data::Dimension),
    Objective(&'a data::Objective),
}

/// What is wrong with the templates of a project, as far as it can be told without pages.
pub fn template_findings(files: &Files) -> Findings {
    let mut findings = Findings::default();
    Templates::new(files, &mut findings);
    findings
}

/// All pages of a project, each given to `sink` as soon as it is made; and how many they are. A page is made of the manifest, of
/// what is known beside it, of the SQL of views by their names, and of the project's own templates.
///
/// # Errors
/// Gives findings if a template of the project is wrong.
pub fn pages(
    manifest: &Manifest,
    beside: Beside<'_>,
    sql: &BTreeMap<&str, &str>,
    files: &Files,
    sink: &(dyn Fn(Page) + Sync),
) -> Result<usize, Findings> {
    let mut findings = Findings::default();
    let templates = Templates::new(files, &mut findings);
    if !findings.is_empty() {
        findings.sort();
        return Err(findings);
    }
    let site = Site::of(manifest, beside);
    let readers = readers(manifest);
    let subjects = subjects(manifest, &site);
    // As with views: some are made, then these are written, while another thread makes the next.
    let some = |subjects: &[Subject<'_>]| {
        let page = |subject: &Subject<'_>| subject.page(&site, &readers, sql, &templates);
        let made: Vec<Result<Page, Box<Finding>>> = subjects.iter().map(page).collect();
        made.into_iter().map(|page| page.map(sink)).collect::<Vec<_>>()
    };
    let made: Vec<Result<(), Box<Finding>>> = subjects.par_chunks(AT_ONCE).flat_map_iter(some).collect();
    let count = made.len();
    let findings = each_once(made.into_iter().filter_map(Result::err));
    if findings.is_empty() { Ok(count) } else { Err(findings) }
}

/// For each source and journey the KPIs that read it.
fn readers(manifest: &Manifest) -> BTreeMap<&str, Vec<&str>> {
    let mut readers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for kpi in manifest.kpis.values() {
        for source in kpi.reads.keys() {
            readers.entry(source).or_default().push(&kpi.name);
        }
    }
    readers
}

fn subjects<'a>(manifest: &'a Manifest, site: &Site<'a>) -> Vec<Subject<'a>> {
    let values = manifest.taxonomies.values().flat_map(|taxonomy| {
        let shown = taxonomy.values.iter().filter(|value| site.value_path(&taxonomy.name, &value.name).is_some());
        shown.map(move |value| Subject::TaxonomyValue(taxonomy, value))
    });
    [Subject::Index, Subject::Lineage, Subject::Glossary]
        .into_iter()
        .chain(manifest.north_star.iter().map(Subject::NorthStar))
        .chain(manifest.scorecards.values().map(Subject::Scorecard))
        .chain(manifest.objectives.values().map(Subject::Objective))
        .chain((!manifest.guardrails.is_empty()).then_some(Subject::Guardrails))
        .chain(manifest.guardrails.values().map(Subject::Guardrail))
        .chain(manifest.reviews.iter().map(Subject::Review))
        .chain(review_page::has_coverage(manifest).then_some(Subject::Coverage))
        .chain(manifest.teams.values().map(Subject::Team))
        .chain(values)
        .chain(manifest.sources.values().map(Subject::Source))
        .chain(manifest.journeys.values().map(Subject::Journey))
        .chain(manifest.dimensions.values().map(Subject::Dimension))
        .chain(manifest.kpis.values().map(Subject::Kpi))
        .collect()
}

impl<'a> Subject<'a> {
    fn page(
        &self,
        site: &Site<'a>,
        readers: &BTreeMap<&'a str, Vec<&'a str>>,
        sql: &BTreeMap<&'a str, &'a str>,
        templates: &Templates<'_>,
    ) -> Result<Page, Box<Finding>> {
        fn root(page: impl Serialize) -> (Level, Value) {
            (Level::Root, Value::from_serialize(page))
        }
        fn inner(page: impl Serialize) -> (Level, Value) {
            (Level::Folder, Value::from_serialize(page))
        }
        let in_folder = |folder: &str, name: &str| format!("{folder}/{name}.md");
        let (path, template, (level, own)) = match self {
            Subject::Index => ("index.md".to_owned(), "index.md.j2", root(IndexPage::of(site, readers))),
            Subject::Lineage => ("lineage.md".to_owned(), "lineage.md.j2", root(LineagePage::of(site, readers))),
            Subject::Glossary => ("glossary.md".to_owned(), "glossary.md.j2", root(GlossaryPage::of(site))),
            Subject::NorthStar(star) => ("north_star.md".to_owned(), "north_star.md.j2", root(NorthStarPage::of(site, star))),
            Subject::Kpi(kpi) => (in_folder("kpis", &kpi.name), "kpi.md.j2", inner(KpiPage::of(site, kpi, sql))),
            Subject::Team(team) => (in_folder("teams", &team.name), "team.md.j2", inner(TeamPage::of(site, team))),
            Subject::Scorecard(card) => {
                (in_folder("scorecards", &card.name), "scorecard.md.j2", inner(ScorecardPage::of(site, card)))
            }
            Subject::Guardrails => ("guardrails.md".to_owned(), "guardrails.md.j2", root(GuardrailsPage::of(site))),
            Subject::Guardrail(guardrail) => {
                (in_folder("guardrails", &guardrail.name), "guardrail.md.j2", inner(GuardrailPage::of(site, guardrail)))
            }
            Subject::Review(review) => {
                (in_folder("reviews", &review.cadence), "review.md.j2", inner(ReviewPage::of(site, review)))
            }
            Subject::Coverage => ("coverage.md".to_owned(), "coverage.md.j2", root(CoveragePage::of(site))),
            Subject::TaxonomyValue(taxonomy, value) => {
                let path = site.value_path(&taxonomy.name, &value.name).unwrap_or_default();
                (path.to_owned(), "taxonomy_value.md.j2", inner(TaxonomyValuePage::of(site, taxonomy, value)))
            }
            Subject::Source(source) => {
                (in_folder("sources", &source.name), "source.md.j2", inner(SourcePage::of(site, source, readers)))
            }
            Subject::Journey(journey) => {
                (in_folder("journeys", &journey.name), "journey.md.j2", inner(JourneyPage::of(site, journey, readers)))
            }
            Subject::Objective(objective) => {
                (in_folder("objectives", &objective.name), "objective.md.j2", inner(ObjectivePage::of(site, objective)))
            }
            Subject::Dimension(dimension) => {
                (in_folder("dimensions", &dimension.name), "dimension.md.j2", inner(DimensionPage::of(site, dimension)))
            }
        };
        let context = merge_maps([site.common(level), own]);
        let text = templates.render(template, &context)?;
        Ok(Page { path, text })
    }
}
