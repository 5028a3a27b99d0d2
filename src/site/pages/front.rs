//! The front page, and the pages that list: all KPIs, scorecards, teams.

use super::tree::{self, Node};
use super::{Level, Link, Site, Tile};
use crate::manifest::data::{Guardrail, NorthStar, Scorecard, Team};
use serde::Serialize;

/// `index.html.j2`
#[derive(Serialize)]
pub(in crate::site) struct FrontPage<'a> {
    star: Option<&'a NorthStar>,
    parts: Vec<Part>,
    slipping: Vec<Slip>,
    missed: Vec<Slip>,
    firing: Vec<Firing<'a>>,
    /// How many key results and guardrails are looked at.
    results: usize,
    guardrails: usize,
    cards: Vec<Card<'a>>,
    refused: Vec<Tile>,
    stale: &'a [String],
    kpis: usize,
}

/// A KPI of the North Star.
#[derive(Serialize)]
struct Part {
    part: String,
    tile: Tile,
}

/// A key result that somebody has to look at.
#[derive(Serialize)]
struct Slip {
    node: Node,
    objective: Link,
}

/// A guardrail that fires.
#[derive(Serialize)]
pub(super) struct Firing<'a> {
    title: &'a str,
    severity: &'a str,
    light: &'static str,
    lines: Vec<String>,
    owner: Option<Link>,
    action: &'a str,
    kpis: Vec<Link>,
}

/// A scorecard as small multiples.
#[derive(Serialize)]
struct Card<'a> {
    link: Link,
    cadence: Option<&'a str>,
    grain: &'a str,
    tiles: Vec<Tile>,
}

impl<'a> FrontPage<'a> {
    pub(in crate::site) fn of(site: &Site<'a>) -> Self {
        let (manifest, level) = (site.manifest, Level::Root);
        let star = manifest.north_star.as_ref();
        let of_parts = star.iter().flat_map(|star| star.parts.iter().map(|part| (part.part.clone(), &part.kpi)));
        let counters = star.iter().flat_map(|star| star.counter.iter().map(|kpi| ("must not suffer".to_owned(), kpi)));
        let part = |(part, kpi): (String, &String)| Some(Part { part, tile: site.tile(kpi, None, level)? });
        let refused = manifest.kpis.keys().filter(|name| site.read(name).is_some_and(|read| read.refused.is_some()));
        Self {
            parts: of_parts.chain(counters).filter_map(part).collect(),
            slipping: slips(site, None, level, |known| known.slips),
            missed: slips(site, None, level, |known| known.missed),
            firing: firing(site, level, |_| true),
            results: manifest
                .objectives
                .values()
                .map(|objective| objective.key_results.iter().filter(|result| result.dropped.is_none()).count())
                .sum(),
            guardrails: manifest.guardrails.len(),
            cards: manifest.scorecards.values().filter_map(|card| self::card(site, card, level)).collect(),
            refused: refused.filter_map(|name| site.tile(name, None, level)).collect(),
            stale: &site.figures.stale,
            kpis: manifest.kpis.len(),
            star,
        }
    }
}

fn card<'a>(site: &Site<'a>, card: &'a Scorecard, level: Level) -> Option<Card<'a>> {
    Some(Card {
        link: site.scorecard(&card.name, level)?,
        cadence: card.cadence.as_deref(),
        grain: &card.grain,
        tiles: card.kpis.iter().filter_map(|name| site.tile(name, Some(&card.grain), level)).collect(),
    })
}

/// The key results, of a team or of all, whose figures pass a test; the worst status first.
fn slips(
    site: &Site<'_>,
    team: Option<&String>,
    level: Level,
    passes: fn(&crate::manifest::present::ResultFigures) -> bool,
) -> Vec<Slip> {
    let mut found = Vec::new();
    for objective in site.manifest.objectives.values() {
        for result in &objective.key_results {
            let known = site.figures.present.key_results.get(&objective.name).and_then(|known| known.get(&result.name));
            let is_own = team.is_none_or(|team| result.owner.as_ref().or(objective.owner.as_ref()) == Some(team));
            if let (Some(known), true, Some(link)) = (known, is_own, site.objective(&objective.name, level))
                && passes(known)
                && result.dropped.is_none()
            {
                let node = tree::result_node(site, objective, result, level);
                found.push((known.progress.status != "off_track", Slip { node, objective: link }));
            }
        }
    }
    found.sort_by_key(|(is_better, _)| *is_better);
    found.into_iter().map(|(_, slip)| slip).collect()
}

/// The guardrails that fire, the worst first.
fn firing<'a>(site: &Site<'a>, level: Level, wanted: impl Fn(&Guardrail) -> bool) -> Vec<Firing<'a>> {
    let place = |severity: &str| ["alert", "warn", "notice"].iter().position(|each| *each == severity);
    let mut fired: Vec<(&Guardrail, Vec<String>)> = site
        .manifest
        .guardrails
        .values()
        .filter(|guardrail| wanted(guardrail))
        .filter_map(|guardrail| Some((guardrail, super::fired(site.figures.present.firings.get(&guardrail.name)?))))
        .collect();
    fired.sort_by_key(|(guardrail, _)| place(&guardrail.severity));
    let firing = |(guardrail, lines): (&'a Guardrail, Vec<String>)| Firing {
        title: &guardrail.title,
        severity: &guardrail.severity,
        light: if guardrail.severity == "alert" { "bad" } else { "behind" },
        lines,
        owner: site.team(guardrail.owner.as_ref(), level),
        action: &guardrail.action,
        kpis: site.kpis(&guardrail.kpis, level),
    };
    fired.into_iter().map(firing).collect()
}

/// `kpis.html.j2`
#[derive(Serialize)]
pub(in crate::site) struct KpisPage {
    tiles: Vec<Tile>,
}

impl KpisPage {
    pub(in crate::site) fn of(site: &Site<'_>) -> Self {
        let mut tiles: Vec<Tile> = site.manifest.kpis.keys().filter_map(|name| site.tile(name, None, Level::Root)).collect();
        tiles.sort_by_key(|tile| (tile.link.title.to_lowercase(), tile.link.href.clone()));
        Self { tiles }
    }
}

/// `scorecard.html.j2`
#[derive(Serialize)]
pub(in crate::site) struct CardPage<'a> {
    card: &'a Scorecard,
    tiles: Vec<Tile>,
    firing: Vec<Firing<'a>>,
}

impl<'a> CardPage<'a> {
    pub(in crate::site) fn of(site: &Site<'a>, card: &'a Scorecard) -> Self {
        let watches = |guardrail: &Guardrail| guardrail.kpis.iter().any(|kpi| card.kpis.contains(kpi));
        Self {
            tiles: card.kpis.iter().filter_map(|name| site.tile(name, Some(&card.grain), Level::Folder)).collect(),
            firing: firing(site, Level::Folder, watches),
            card,
        }
    }
}

/// `teams.html.j2`
#[derive(Serialize)]
pub(in crate::site) struct TeamsPage<'a> {
    teams: Vec<TeamRow<'a>>,
}

#[derive(Serialize)]
struct TeamRow<'a> {
    link: Link,
    lead: &'a str,
    summary: String,
    kpis: usize,
    slipping: usize,
    firing: usize,
}

impl<'a> TeamsPage<'a> {
    pub(in crate::site) fn of(site: &Site<'a>) -> Self {
        let level = Level::Root;
        let row = |team: &'a Team| {
            Some(TeamRow {
                link: site.team(Some(&team.name), level)?,
                lead: &team.lead,
                summary: crate::site::words::summary(&team.description),
                kpis: team.kpis.len(),
                slipping: slips(site, Some(&team.name), level, |known| known.slips).len(),
                firing: firing(site, level, |guardrail| guardrail.owner.as_ref() == Some(&team.name)).len(),
            })
        };
        Self { teams: site.manifest.teams.values().filter_map(row).collect() }
    }
}

/// `team.html.j2`
#[derive(Serialize)]
pub(in crate::site) struct TeamPage<'a> {
    team: &'a Team,
    slipping: Vec<Slip>,
    missed: Vec<Slip>,
    firing: Vec<Firing<'a>>,
    objectives: Vec<Node>,
    tiles: Vec<Tile>,
}

impl<'a> TeamPage<'a> {
    pub(in crate::site) fn of(site: &Site<'a>, team: &'a Team) -> Self {
        let level = Level::Folder;
        let own = site.manifest.objectives.values().filter(|objective| objective.owner.as_ref() == Some(&team.name));
        Self {
            slipping: slips(site, Some(&team.name), level, |known| known.slips),
            missed: slips(site, Some(&team.name), level, |known| known.missed),
            firing: firing(site, level, |guardrail| guardrail.owner.as_ref() == Some(&team.name)),
            objectives: own.map(|objective| tree::objective_node(site, objective, level)).collect(),
            tiles: team.kpis.iter().filter_map(|name| site.tile(name, None, level)).collect(),
            team,
        }
    }
}
