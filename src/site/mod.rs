//! What `kpic site` writes: one folder of static HTML that shows how things stand, with nothing to be asked for from elsewhere.
//!
//! 1. `read` asks the engine for all figures at once, the same as the views give.
//! 2. `pages` makes the context of each page, of the manifest and those figures; `now` says how a KPI stands, `chart` draws.
//! 3. `templates` renders them. Style and script are in each page, so that it can be moved and mailed.
//!
//! A page runs its own script and no other, asks for no other file, and is read without the script too. Nothing here forecasts or judges: what is
//! better, at risk or missed comes from the views.

pub mod chart;
pub mod figures;
mod journeys;
mod now;
mod pages;
pub mod read;
mod templates;
mod words;

pub use journeys::funnels;
pub use read::Reading;

use crate::build::{self, Sink};
use crate::diagnostic::Findings;
use crate::manifest::{self, data::Manifest};
use crate::measure::Session;
use crate::plan::views::{self, Shows, View};
use crate::template::each_once;
use figures::Figures;
use minijinja::Value;
use minijinja::value::merge_maps;
use pages::front::{CardPage, FrontPage, KpisPage, TeamPage, TeamsPage};
use pages::journey::{JourneyPage, JourneysPage};
use pages::kpi::KpiPage;
use pages::tree::{ObjectivePage, ObjectivesPage, TreePage};
use pages::{Level, Link, Site};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;
use templates::Templates;

/// What every page of a level has.
#[derive(Serialize)]
struct Common<'a> {
    project: &'a manifest::data::Project,
    title: &'a str,
    as_of: &'a str,
    kpic_version: &'a str,
    /// How a page gets to the root: nothing, or `../`.
    root: &'static str,
    /// The pages that every page leads to: those that the project has.
    nav: Vec<Link>,
}

/// A page to be rendered.
type Page<'p> = Box<dyn Fn() -> (String, &'static str, Level, Value) + Send + Sync + 'p>;

/// Makes all pages, each given to `sink` as soon as it is made; and how many they are.
///
/// # Errors
/// Gives findings if a page cannot be made.
pub fn make(session: &Session<'_>, figures: &Figures, sink: Sink<'_>) -> Result<usize, Findings> {
    let project = session.project;
    let views = views::views(project);
    let manifest = manifest::manifest(project, &views, session.dialect());
    let sql = sql(session, &views);
    let site = Site { manifest: &manifest, figures, sql: &sql };
    let mut wrong = Findings::default();
    let templates = Templates::new(project.files(), &mut wrong);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let pages = pages(&site);
    let commons = [Level::Root, Level::Folder].map(|level| common(&manifest, figures, level));
    let made: Vec<_> = pages
        .par_iter()
        .map(|page| {
            let (path, template, level, own) = page();
            let [root, folder] = &commons;
            let context = merge_maps([if level == Level::Root { root.clone() } else { folder.clone() }, own]);
            let text = templates.render(template, &context)?;
            sink(&path, &[&text]);
            Ok(())
        })
        .collect();
    let mut wrong = each_once(made.into_iter().filter_map(Result::err));
    if wrong.is_empty() {
        return Ok(pages.len());
    }
    wrong.sort();
    Err(wrong)
}

fn common(manifest: &Manifest, figures: &Figures, level: Level) -> Value {
    let title = &manifest.project.title;
    let root = if level == Level::Root { "" } else { "../" };
    let nav = [
        ("KPIs", "kpis", true),
        ("Metric tree", "tree", true),
        ("Objectives", "objectives", !manifest.objectives.is_empty()),
        ("Journeys", "journeys", !manifest.journeys.is_empty()),
        ("Teams", "teams", !manifest.teams.is_empty()),
    ];
    let link = |(title, page, _): (&str, &str, bool)| Link { title: title.to_owned(), href: format!("{root}{page}.html") };
    Value::from_serialize(Common {
        project: &manifest.project,
        title: if title.is_empty() { "KPIs" } else { title },
        as_of: &figures.present.as_of,
        kpic_version: &manifest.kpic_version,
        root,
        nav: nav.into_iter().filter(|(_, _, is_there)| *is_there).map(link).collect(),
    })
}

fn pages<'p>(site: &'p Site<'p>) -> Vec<Page<'p>> {
    let mut pages: Vec<Page<'p>> = Vec::new();
    for kpi in site.manifest.kpis.values() {
        let make = move || {
            (format!("kpis/{}.html", kpi.name), "kpi.html.j2", Level::Folder, Value::from_serialize(KpiPage::of(site, kpi)))
        };
        pages.push(Box::new(make));
    }
    let manifest = site.manifest;
    let mut root = |path: &'static str, template: &'static str, of: fn(&Site<'p>) -> Value| {
        pages.push(Box::new(move || (path.to_owned(), template, Level::Root, of(site))));
    };
    root("index.html", "index.html.j2", |site| Value::from_serialize(FrontPage::of(site)));
    root("kpis.html", "kpis.html.j2", |site| Value::from_serialize(KpisPage::of(site)));
    root("tree.html", "tree.html.j2", |site| Value::from_serialize(TreePage::of(site)));
    if !manifest.objectives.is_empty() {
        root("objectives.html", "objectives.html.j2", |site| Value::from_serialize(ObjectivesPage::of(site)));
    }
    if !manifest.journeys.is_empty() {
        root("journeys.html", "journeys.html.j2", |site| Value::from_serialize(JourneysPage::of(site)));
    }
    if !manifest.teams.is_empty() {
        root("teams.html", "teams.html.j2", |site| Value::from_serialize(TeamsPage::of(site)));
    }
    for objective in manifest.objectives.values() {
        let path = format!("objectives/{}.html", objective.name);
        let make = move || {
            (path.clone(), "objective.html.j2", Level::Folder, Value::from_serialize(ObjectivePage::of(site, objective)))
        };
        pages.push(Box::new(make));
    }
    for card in manifest.scorecards.values() {
        let path = format!("scorecards/{}.html", card.name);
        let make = move || (path.clone(), "scorecard.html.j2", Level::Folder, Value::from_serialize(CardPage::of(site, card)));
        pages.push(Box::new(make));
    }
    for journey in manifest.journeys.values() {
        let path = format!("journeys/{}.html", journey.name);
        let make =
            move || (path.clone(), "journey.html.j2", Level::Folder, Value::from_serialize(JourneyPage::of(site, journey)));
        pages.push(Box::new(make));
    }
    for team in manifest.teams.values() {
        let path = format!("teams/{}.html", team.name);
        pages.push(Box::new(move || {
            (path.clone(), "team.html.j2", Level::Folder, Value::from_serialize(TeamPage::of(site, team)))
        }));
    }
    pages
}

/// The query of the first view of each KPI, by its name.
fn sql(session: &Session<'_>, views: &[View]) -> BTreeMap<String, String> {
    let model = session.project.model();
    let mut first: BTreeMap<&str, &View> = BTreeMap::new();
    for view in views {
        if let Shows::Kpi(id, ..) = view.shows {
            first.entry(&model.kpis.get(id).name.value).or_insert(view);
        }
    }
    let first: Vec<(&str, &View)> = first.into_iter().collect();
    let query = |(name, view): (&str, &View)| {
        let mut text = String::new();
        // What the warehouse would not take is said by `kpic build`.
        build::write_query(session.project, view, session.dialect(), &mut text).ok()?;
        Some((name.to_owned(), text))
    };
    first.into_par_iter().filter_map(query).collect()
}
