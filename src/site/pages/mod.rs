//! The contexts of pages: for each template a struct with what it shows. Definitions come as the manifest has them, figures as they were read.

pub(super) mod front;
pub(super) mod journey;
pub(super) mod kpi;
pub(super) mod tree;

use super::figures::{Figures, KpiFigures, Point};
use super::now::Now;
use crate::manifest::data::{Kpi, Manifest};
use serde::Serialize;
use std::collections::BTreeMap;

/// Where a page stands: links from the root go without `../`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// Beside the front page.
    Root,
    /// In a folder.
    Folder,
}

/// A title with the page that it leads to. Paths are made of names, in which nothing has to be escaped.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Link {
    pub(super) title: String,
    pub(super) href: String,
}

/// All that pages are made of.
pub(super) struct Site<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) figures: &'a Figures,
    /// The SQL of the view of each KPI, by its name.
    pub(super) sql: &'a BTreeMap<String, String>,
}

/// A KPI as a row of a table or a tile.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Tile {
    #[serde(flatten)]
    link: Link,
    summary: String,
    owner: Option<Link>,
    now: Option<Now>,
    /// How it stands with it: `good`, `behind` or `bad`.
    light: Option<&'static str>,
    /// The same in words.
    status: &'static str,
    /// Why there is no figure.
    missing: String,
    is_deprecated: bool,
}

impl<'a> Site<'a> {
    pub(super) fn href(level: Level, folder: &str, name: &str) -> String {
        let up = if level == Level::Folder { "../" } else { "" };
        format!("{up}{folder}/{name}.html")
    }

    pub(super) fn kpi(&self, name: &str, level: Level) -> Option<Link> {
        let kpi = self.manifest.kpis.get(name)?;
        Some(Link { title: kpi.title.clone(), href: Self::href(level, "kpis", name) })
    }

    pub(super) fn kpis<'n>(&self, names: impl IntoIterator<Item = &'n String>, level: Level) -> Vec<Link> {
        names.into_iter().filter_map(|name| self.kpi(name, level)).collect()
    }

    pub(super) fn team(&self, name: Option<&String>, level: Level) -> Option<Link> {
        let team = self.manifest.teams.get(name?)?;
        Some(Link { title: team.title.clone(), href: Self::href(level, "teams", &team.name) })
    }

    pub(super) fn objective(&self, name: &str, level: Level) -> Option<Link> {
        let objective = self.manifest.objectives.get(name)?;
        Some(Link { title: objective.title.clone(), href: Self::href(level, "objectives", name) })
    }

    pub(super) fn scorecard(&self, name: &str, level: Level) -> Option<Link> {
        let card = self.manifest.scorecards.get(name)?;
        Some(Link { title: card.title.clone(), href: Self::href(level, "scorecards", name) })
    }

    pub(super) fn read(&self, kpi: &str) -> Option<&'a KpiFigures> {
        self.figures.kpis.get(kpi)
    }

    /// The total of a KPI at a grain, the latest period last.
    pub(super) fn points(&self, kpi: &str, grain: &str) -> &'a [Point] {
        self.read(kpi).and_then(|read| read.totals.get(grain)).map(Vec::as_slice).unwrap_or_default()
    }

    /// A KPI as a tile, at a grain.
    pub(super) fn tile(&self, name: &str, grain: Option<&str>, level: Level) -> Option<Tile> {
        let kpi = self.manifest.kpis.get(name)?;
        let points = self.points(name, grain.unwrap_or(&kpi.grain));
        Some(Tile {
            link: self.kpi(name, level)?,
            summary: super::words::summary(&kpi.description),
            owner: self.team(kpi.owner.as_ref(), level),
            now: Now::of(kpi, points),
            light: self.light(kpi),
            status: self.light(kpi).map_or("", light_words),
            missing: self.missing(kpi),
            is_deprecated: kpi.deprecated.is_some(),
        })
    }

    /// Why a KPI has no total to show; empty if it has one.
    pub(super) fn missing(&self, kpi: &Kpi) -> String {
        let read = self.read(&kpi.name);
        if let Some(why) = read.and_then(|read| read.refused.as_ref()) {
            return format!("cannot be computed: {why}");
        }
        if kpi.age.is_some() {
            return "it is by cohort and age".to_owned();
        }
        if !kpi.has_total {
            return "amounts of several currencies have no total".to_owned();
        }
        if self.points(&kpi.name, &kpi.grain).is_empty() { "no period yet".to_owned() } else { String::new() }
    }

    /// How it stands with a KPI, by the worst of its key results and the guardrails that fire.
    pub(super) fn light(&self, kpi: &Kpi) -> Option<&'static str> {
        let present = &self.figures.present;
        let results = self.manifest.objectives.values().flat_map(|objective| {
            let own = objective.key_results.iter().filter(|result| result.kpi.as_ref() == Some(&kpi.name));
            own.filter_map(|result| present.key_results.get(&objective.name)?.get(&result.name))
        });
        let of_results = results.filter_map(|result| light_of(&result.progress.status));
        let fired = kpi.guardrails.iter().filter(|name| present.firings.contains_key(*name));
        let of_guardrails = fired.filter_map(|name| match self.manifest.guardrails.get(name)?.severity.as_str() {
            "alert" => Some("bad"),
            "warn" => Some("behind"),
            _ => None,
        });
        of_results.chain(of_guardrails).min_by_key(|light| ["bad", "behind", "good"].iter().position(|each| each == light))
    }
}

/// A light in words.
pub(super) fn light_words(light: &str) -> &'static str {
    match light {
        "good" => "on its way",
        "behind" => "at risk",
        _ => "needs action",
    }
}

/// The light of a status.
pub(super) fn light_of(status: &str) -> Option<&'static str> {
    match status {
        "off_track" | "missed" => Some("bad"),
        "at_risk" | "stale" | "partly" => Some("behind"),
        "on_track" | "achieved" => Some("good"),
        _ => None,
    }
}

/// What made a guardrail fire, a line for the total or each slice.
pub(super) fn fired(fired: &crate::manifest::present::Fired) -> Vec<String> {
    let line = |each: &crate::manifest::present::FiredOf| {
        let slice = each.slice.as_ref().map(|slice| format!("{slice}: ")).unwrap_or_default();
        let since = if each.since == fired.period { String::new() } else { format!(", since {}", each.since) };
        format!("{}: {slice}{}{since}", fired.period, each.figures)
    };
    fired.of.iter().map(line).collect()
}
