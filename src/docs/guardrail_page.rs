//! The contexts of pages of guardrails, and their rows on other pages.

use super::review_page;
use super::site::{Level, Link, Site, href};
use crate::manifest::data::{self, Guardrail, Manifest, View};
use crate::manifest::present::Fired;
use minijinja::Value;
use serde::Serialize;

/// A guardrail as a row of a table.
#[derive(Serialize)]
pub(super) struct GuardrailRow<'a> {
    name: &'a str,
    #[serde(flatten)]
    link: Link,
    when: &'a str,
    grain: &'a str,
    periods: u32,
    severity: &'a str,
    owner: Option<Link>,
    action: &'a str,
    /// The slices in words: `segment; segment and country`.
    slices: String,
    kpis: Vec<Value>,
    /// What made it fire in its last complete period, if it does and that is known.
    fired: Option<&'a Fired>,
}

/// The guardrails that are wanted, the worst first.
pub(super) fn rows<'a>(site: &Site<'a>, level: Level, wanted: impl Fn(&Guardrail) -> bool) -> Vec<GuardrailRow<'a>> {
    let mut found: Vec<&Guardrail> = site.manifest.guardrails.values().filter(|guardrail| wanted(guardrail)).collect();
    found.sort_by_key(|guardrail| std::cmp::Reverse(rank(&guardrail.severity)));
    found.into_iter().map(|guardrail| row(site, guardrail, level)).collect()
}

fn row<'a>(site: &Site<'a>, guardrail: &'a Guardrail, level: Level) -> GuardrailRow<'a> {
    let titles = |slice: &Vec<String>| {
        let title = |name: &String| site.dimension(name, level).map_or_else(|| name.clone(), |link| link.title.to_lowercase());
        slice.iter().map(title).collect::<Vec<_>>().join(" and ")
    };
    GuardrailRow {
        name: &guardrail.name,
        link: Link { title: guardrail.title.clone(), href: href(level, &format!("guardrails/{}.md", guardrail.name)) },
        when: &guardrail.when,
        grain: &guardrail.grain,
        periods: guardrail.periods,
        severity: &guardrail.severity,
        owner: guardrail.owner.as_ref().and_then(|team| site.team(team, level)),
        action: &guardrail.action,
        slices: guardrail.slices.iter().map(titles).collect::<Vec<_>>().join("; "),
        kpis: site.rows(&guardrail.kpis, level),
        fired: site.present.and_then(|present| present.firings.get(&guardrail.name)),
    }
}

fn rank(severity: &str) -> usize {
    ["notice", "warn", "alert"].iter().position(|known| *known == severity).unwrap_or(0)
}

/// The page of all guardrails; nothing where there are none.
pub(super) fn link(manifest: &Manifest) -> Option<Link> {
    let link = Link { title: "guardrails".to_owned(), href: "guardrails.md".to_owned() };
    (!manifest.guardrails.is_empty()).then_some(link)
}

/// `guardrails.md.j2`
#[derive(Serialize)]
pub(super) struct GuardrailsPage<'a> {
    guardrails: Vec<GuardrailRow<'a>>,
    /// The KPIs on scorecards that no guardrail watches.
    unwatched: Vec<Value>,
    view: Option<&'a View>,
}

impl<'a> GuardrailsPage<'a> {
    pub(super) fn of(site: &Site<'a>) -> Self {
        let kpis = site.manifest.kpis.values();
        let unwatched = kpis.filter(|kpi| kpi.guardrails.is_empty() && !kpi.scorecards.is_empty());
        Self {
            guardrails: rows(site, Level::Root, |_| true),
            unwatched: unwatched.filter_map(|kpi| site.row(&kpi.name, Level::Root)).collect(),
            view: site.manifest.views.get("guardrails"),
        }
    }
}

/// `guardrail.md.j2`
#[derive(Serialize)]
pub(super) struct GuardrailPage<'a> {
    guardrail: &'a Guardrail,
    row: GuardrailRow<'a>,
    reviews: Vec<Link>,
    tests: Vec<&'a data::Test>,
    guardrails: Link,
}

impl<'a> GuardrailPage<'a> {
    pub(super) fn of(site: &Site<'a>, guardrail: &'a Guardrail) -> Self {
        let manifest = site.manifest;
        let reviews = manifest.reviews.iter().filter(|review| review.guardrails.contains(&guardrail.name));
        Self {
            row: row(site, guardrail, Level::Folder),
            reviews: reviews.map(|review| review_page::link(&review.cadence, Level::Folder)).collect(),
            tests: guardrail.tests.iter().filter_map(|name| manifest.tests.get(name)).collect(),
            guardrails: Link { title: "guardrails".to_owned(), href: href(Level::Folder, "guardrails.md") },
            guardrail,
        }
    }
}
