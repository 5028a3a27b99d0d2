//! What pages share: where each definition has its page, and how KPIs are in tables.

use super::{Beside, escape, pages};
use crate::manifest::data::{self, Better, KeyResult, Kpi, Manifest, Moves, Objective, TaxonomyValue};
use crate::manifest::present::Present;
use crate::text::grouped;
use minijinja::Value;
use rayon::prelude::*;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Where a page stands: links from the root go without `../`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// Beside the index.
    Root,
    /// In a folder.
    Folder,
}

impl Level {
    /// The one of two that pages at the root show, or that pages in folders show.
    fn of(self, (root, folder): &(Value, Value)) -> Value {
        match self {
            Level::Root => root.clone(),
            Level::Folder => folder.clone(),
        }
    }
}

/// A title with the page that it leads to.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Link {
    pub(super) title: String,
    pub(super) href: String,
}

/// A KPI as a row of a table.
#[derive(Debug, Clone, Serialize)]
struct Row<'a> {
    name: &'a str,
    title: &'a str,
    href: String,
    summary: String,
    unit: Option<&'a str>,
    good: String,
    grain: &'a str,
    owner: Option<Link>,
    is_deprecated: bool,
}

/// All definitions of a project, with their pages.
pub(super) struct Site<'a> {
    pub(super) manifest: &'a Manifest,
    /// How things stand, where an engine was asked.
    pub(super) present: Option<&'a Present>,
    /// What became of each KPI, as a list in Markdown, where git was asked.
    pub(super) past: Option<&'a BTreeMap<String, String>>,
    /// What every page has, at the root and in folders.
    common: (Value, Value),
    /// The rows of KPIs, as pages at the root and in folders show them.
    rows: HashMap<&'a str, (Value, Value)>,
    /// For each KPI the key results that it shows, each with its objective.
    results: HashMap<&'a str, Vec<(&'a Objective, &'a KeyResult)>>,
    /// For each KPI what it moves.
    moves: HashMap<&'a str, Vec<&'a Moves>>,
    /// The files of the values of taxonomies that have KPIs.
    values: BTreeMap<&'a str, BTreeMap<&'a str, String>>,
}

impl<'a> Site<'a> {
    pub(super) fn of(manifest: &'a Manifest, beside: Beside<'a>) -> Self {
        let common = (pages::common(manifest, Level::Root), pages::common(manifest, Level::Folder));
        let mut site = Self {
            manifest,
            present: beside.present,
            past: beside.past,
            common,
            rows: HashMap::new(),
            results: HashMap::new(),
            moves: HashMap::new(),
            values: BTreeMap::new(),
        };
        for moves in manifest.north_star.iter().flat_map(|star| &star.moves) {
            site.moves.entry(&moves.from).or_default().push(moves);
        }
        for objective in manifest.objectives.values() {
            for (result, kpi) in objective.key_results.iter().filter_map(|result| Some((result, result.kpi.as_deref()?))) {
                site.results.entry(kpi).or_default().push((objective, result));
            }
        }
        for taxonomy in manifest.taxonomies.values() {
            let mut taken = BTreeSet::new();
            for value in taxonomy.values.iter().filter(|value| !value.kpis.is_empty()) {
                let slug = escape::slug(&value.name);
                let numbered = (1..).map(|n| if n == 1 { slug.clone() } else { format!("{slug}-{n}") });
                let Some(slug) = numbered.into_iter().find(|slug| !taken.contains(slug)) else { continue };
                taken.insert(slug.clone());
                let path = format!("taxonomies/{}-{slug}.md", taxonomy.name);
                site.values.entry(&taxonomy.name).or_default().insert(&value.name, path);
            }
        }
        let row = |kpi, level| Value::from_serialize(site.row_of(kpi, level));
        let kpis: Vec<&Kpi> = manifest.kpis.values().collect();
        let rows = kpis.par_iter().map(|kpi| (kpi.name.as_str(), (row(kpi, Level::Root), row(kpi, Level::Folder))));
        let rows = rows.collect();
        site.rows = rows;
        site
    }

    fn row_of(&self, kpi: &'a Kpi, level: Level) -> Row<'a> {
        Row {
            name: &kpi.name,
            title: &kpi.title,
            href: href(level, &format!("kpis/{}.md", kpi.name)),
            summary: summary(&kpi.description),
            unit: kpi.unit.as_deref(),
            good: good(kpi),
            grain: &kpi.grain,
            owner: kpi.owner.as_ref().and_then(|team| self.team(team, level)),
            is_deprecated: kpi.deprecated.is_some(),
        }
    }

    /// The row of a KPI.
    pub(super) fn row(&self, kpi: &str, level: Level) -> Option<Value> {
        self.rows.get(kpi).map(|rows| level.of(rows))
    }

    /// How it stands with a KPI: `bad` or `behind` by the worst of its key results and the guardrails that fire, else `good` where a
    /// key result is on its way. Nothing where nobody has said what is good, or nothing is known.
    pub(super) fn standing(&self, kpi: &str) -> Option<&'static str> {
        let present = self.present?;
        let known = |(objective, result): &(&Objective, &KeyResult)| {
            present.key_results.get(&objective.name).and_then(|known| known.get(&result.name))
        };
        let of_results =
            self.results(kpi).iter().filter_map(known).filter_map(|figures| match figures.progress.status.as_str() {
                "off_track" => Some("bad"),
                "at_risk" => Some("behind"),
                "on_track" | "achieved" => Some("good"),
                _ => None,
            });
        let watching = self.manifest.kpis.get(kpi).map(|kpi| kpi.guardrails.as_slice()).unwrap_or_default();
        let fired = watching.iter().filter(|name| present.firings.contains_key(*name));
        let of_guardrails = fired.filter_map(|name| match self.manifest.guardrails.get(name)?.severity.as_str() {
            "alert" => Some("bad"),
            "warn" => Some("behind"),
            _ => None,
        });
        of_results
            .chain(of_guardrails)
            .min_by_key(|standing| ["bad", "behind", "good"].iter().position(|each| each == standing))
    }

    /// The key results that a KPI shows, each with its objective.
    pub(super) fn results(&self, kpi: &str) -> &[(&'a Objective, &'a KeyResult)] {
        self.results.get(kpi).map(Vec::as_slice).unwrap_or_default()
    }

    /// What a KPI moves.
    pub(super) fn moves(&self, kpi: &str) -> &[&'a Moves] {
        self.moves.get(kpi).map(Vec::as_slice).unwrap_or_default()
    }

    /// What every page has.
    pub(super) fn common(&self, level: Level) -> Value {
        level.of(&self.common)
    }

    /// The rows of KPIs, in the order of their names here.
    pub(super) fn rows(&self, kpis: &[String], level: Level) -> Vec<Value> {
        kpis.iter().filter_map(|kpi| self.row(kpi, level)).collect()
    }

    pub(super) fn team(&self, name: &str, level: Level) -> Option<Link> {
        let team = self.manifest.teams.get(name)?;
        Some(Link { title: team.title.clone(), href: href(level, &format!("teams/{name}.md")) })
    }

    pub(super) fn scorecard(&self, name: &str, level: Level) -> Option<Link> {
        let card = self.manifest.scorecards.get(name)?;
        Some(Link { title: card.title.clone(), href: href(level, &format!("scorecards/{name}.md")) })
    }

    pub(super) fn guardrail(&self, name: &str, level: Level) -> Option<Link> {
        let guardrail = self.manifest.guardrails.get(name)?;
        Some(Link { title: guardrail.title.clone(), href: href(level, &format!("guardrails/{name}.md")) })
    }

    /// The page of a source or journey, which share their names.
    pub(super) fn source(&self, name: &str, level: Level) -> Option<Link> {
        let folder = if self.manifest.journeys.contains_key(name) { "journeys" } else { "sources" };
        Some(Link { title: self.source_title(name)?.to_owned(), href: href(level, &format!("{folder}/{name}.md")) })
    }

    /// How people call a source or journey.
    pub(super) fn source_title(&self, name: &str) -> Option<&'a str> {
        let journey = || self.manifest.journeys.get(name).map(|journey| journey.title.as_str());
        self.manifest.sources.get(name).map(|source| source.title.as_str()).or_else(journey)
    }

    /// The columns of a source or journey that are among those names, the steps of a journey first.
    pub(super) fn columns(&self, name: &str, names: &[String]) -> Vec<Cow<'a, data::Column>> {
        let wanted = |column: &&'a data::Column| names.contains(&column.name);
        if let Some(source) = self.manifest.sources.get(name) {
            return source.columns.iter().filter(wanted).map(Cow::Borrowed).collect();
        }
        let Some(journey) = self.manifest.journeys.get(name) else { return Vec::new() };
        let steps = journey.steps.iter().filter(|step| names.contains(&step.name)).map(|step| Cow::Owned(step_column(step)));
        steps.chain(journey.columns.iter().filter(wanted).map(Cow::Borrowed)).collect()
    }

    pub(super) fn dimension(&self, name: &str, level: Level) -> Option<Link> {
        let dimension = self.manifest.dimensions.get(name)?;
        Some(Link { title: dimension.title.clone(), href: href(level, &format!("dimensions/{name}.md")) })
    }

    /// The page of a value of a taxonomy; nothing where it has no KPI.
    pub(super) fn value(&self, taxonomy: &str, value: &TaxonomyValue, level: Level) -> Option<Link> {
        let path = self.value_path(taxonomy, &value.name)?;
        Some(Link { title: value.title.clone(), href: href(level, path) })
    }

    /// The file of that page, from the folder of the documents.
    pub(super) fn value_path(&self, taxonomy: &str, value: &str) -> Option<&str> {
        self.values.get(taxonomy)?.get(value).map(String::as_str)
    }
}

/// A step as the column that holds its time.
fn step_column(step: &data::Step) -> data::Column {
    data::Column {
        name: step.name.clone(),
        description: format!("When the step {} was reached.", step.title.to_lowercase()),
        ty: step.ty.clone(),
        unit: None,
        currency_in: None,
        stored_as: Vec::new(),
        expr: None,
        is_raw_sql: false,
        references: None,
        values: Vec::new(),
        nullable: true,
    }
}

/// A path from the folder of the documents, as a page at that level has it.
pub(super) fn href(level: Level, path: &str) -> String {
    match level {
        Level::Root => path.to_owned(),
        Level::Folder => format!("../{path}"),
    }
}

/// The first sentence of a text, or as much of it as fits a table.
pub(super) fn summary(text: &str) -> String {
    const LONGEST: usize = 160;
    let first = text.split("\n\n").find(|part| !part.trim().is_empty()).unwrap_or_default();
    let line = escape::one_line(first);
    let end = [". ", "! ", "? "].iter().filter_map(|end| line.find(end)).min();
    let sentence = end.and_then(|end| line.get(..=end)).unwrap_or(&line);
    if sentence.chars().count() <= LONGEST {
        return sentence.to_owned();
    }
    let cut: String = sentence.chars().take(LONGEST).collect();
    let whole = cut.rsplit_once(' ').map_or(cut.as_str(), |(words, _)| words);
    format!("{}…", whole.trim_end_matches([',', ';', ':']))
}

/// Which way is good, for a table.
fn good(kpi: &Kpi) -> String {
    let Some(better) = &kpi.better else { return String::new() };
    match (better.direction.as_str(), between(kpi, better)) {
        ("up", _) => "↑ higher".to_owned(),
        ("down", _) => "↓ lower".to_owned(),
        (_, Some((low, high))) => format!("{low} to {high}"),
        _ => String::new(),
    }
}

/// The two values between which a KPI should be, as people write them.
pub(super) fn between(kpi: &Kpi, better: &Better) -> Option<(String, String)> {
    Some((figure(kpi, better.low?), figure(kpi, better.high?)))
}

/// A figure that is kept by hand, a whole one with all of its digits.
pub(super) fn kept(kpi: &Kpi, value: &serde_json::Number) -> String {
    let digits = value.as_i64().filter(|_| kpi.unit.as_deref() != Some("%")).map(|whole| whole.to_string());
    digits.unwrap_or_else(|| figure(kpi, value.as_f64().unwrap_or(f64::NAN)))
}

/// A figure in the unit of its KPI.
pub(super) fn figure(kpi: &Kpi, value: f64) -> String {
    let percent = kpi.unit.as_deref() == Some("%");
    // Ten digits are more than anybody reads, and hide that 0.07 * 100 is not quite 7.
    let text = format!("{:.10}", if percent { value * 100.0 } else { value });
    let text = text.trim_end_matches('0').trim_end_matches('.');
    let text = grouped(text);
    if percent { format!("{text}%") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_are_one_sentence() {
        assert_eq!(summary("What buyers paid, 2.5 % off. Free orders count."), "What buyers paid, 2.5 % off.");
        assert_eq!(summary("One\nline\n\nsecond"), "One line");
        assert_eq!(summary(""), "");
        let long = summary(&"word ".repeat(60));
        assert!(long.ends_with("word…") && long.chars().count() <= 161, "{long}");
    }
}
