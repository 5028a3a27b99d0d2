//! The context of the page of the North Star, and of what pages of KPIs say about their ways to it.

use super::diagram;
use super::site::{Level, Link, Site};
use crate::manifest::data::{Kpi, NorthStar, Steps};
use crate::manifest::present::StarFigures;
use minijinja::Value;
use serde::Serialize;
use std::collections::BTreeMap;

/// `north_star.md.j2`
#[derive(Serialize)]
pub(super) struct NorthStarPage<'a> {
    star: &'a NorthStar,
    /// The last visible day, where it is known how things stand.
    as_of: Option<&'a str>,
    /// The figures of the parts and counter metrics, by KPI.
    figures: Option<&'a BTreeMap<String, StarFigures>>,
    parts: Vec<PartSection>,
    counter: Vec<Value>,
    consequences: Vec<ConsequenceRow<'a>>,
    teams: Vec<TeamRow>,
    without: Vec<Value>,
    unaligned: Vec<Waived<'a>>,
}

#[derive(Serialize)]
struct PartSection {
    part: String,
    kpi: Value,
    better: &'static str,
    tree: Option<String>,
    movers: Vec<MoverRow>,
}

#[derive(Serialize)]
struct MoverRow {
    kpi: Value,
    sign: &'static str,
    why: String,
}

#[derive(Serialize)]
struct ConsequenceRow<'a> {
    team: Option<Link>,
    change: &'a str,
    ready: Option<Value>,
}

#[derive(Serialize)]
struct TeamRow {
    #[serde(flatten)]
    link: Link,
    with_a_way: usize,
    kpis: usize,
}

#[derive(Serialize)]
struct Waived<'a> {
    kpi: Value,
    why: &'a str,
}

impl<'a> NorthStarPage<'a> {
    pub(super) fn of(site: &Site<'a>, star: &'a NorthStar) -> Self {
        let (manifest, level) = (site.manifest, Level::Root);
        let row = |name: &String| site.row(name, level);
        let part = |part: &'a crate::manifest::data::NorthStarPart| {
            let movers = star.moves.iter().filter(|moves| moves.to == part.kpi).filter_map(|moves| {
                let why = if moves.by == "claim" && !moves.why.is_empty() {
                    format!("claimed: {}", moves.why)
                } else if moves.by == "claim" {
                    "claimed".to_owned()
                } else {
                    moves.why.clone()
                };
                Some(MoverRow { kpi: row(&moves.from)?, sign: symbol(&moves.sign), why })
            });
            Some(PartSection {
                part: part.part.clone(),
                kpi: row(&part.kpi)?,
                better: match part.better.as_ref().map(|better| better.direction.as_str()) {
                    Some("up") => "↑ higher is better",
                    Some("down") => "↓ lower is better",
                    _ => "",
                },
                tree: diagram::north_star(site, star, &part.kpi),
                movers: movers.collect(),
            })
        };
        let consequences = star.consequences.iter().map(|each| ConsequenceRow {
            team: each.team.as_ref().and_then(|team| site.team(team, level)),
            change: &each.change,
            ready: each.ready.as_ref().and_then(row),
        });
        let teams = star.coverage.teams.iter().filter_map(|each| {
            Some(TeamRow { link: site.team(&each.team, level)?, with_a_way: each.with_a_way, kpis: each.kpis })
        });
        let waived = manifest.kpis.values().filter_map(|kpi| {
            let why = kpi.unaligned.as_deref()?;
            Some(Waived { kpi: site.row(&kpi.name, level)?, why })
        });
        Self {
            parts: star.parts.iter().filter_map(part).collect(),
            counter: site.rows(&star.counter, level),
            consequences: consequences.collect(),
            teams: teams.collect(),
            without: site.rows(&star.coverage.without, level),
            unaligned: waived.collect(),
            as_of: site.present.map(|present| present.as_of.as_str()),
            figures: site.present.map(|present| &present.north_star),
            star,
        }
    }
}

/// What the page of a KPI says about its ways.
#[derive(Serialize)]
pub(super) struct StarWays {
    says: String,
    ways: Vec<WayRow>,
}

#[derive(Serialize)]
struct WayRow {
    sign: &'static str,
    steps: Vec<StepRow>,
}

#[derive(Serialize)]
struct StepRow {
    kpi: Value,
    sign: Option<&'static str>,
}

/// The ways of a KPI; nothing in a project without a North Star.
pub(super) fn ways(site: &Site<'_>, kpi: &Kpi) -> Option<StarWays> {
    let ways = kpi.ways.as_ref()?;
    let says = match (&ways.is_part, ways.is_counter, ways.helps, ways.harms, ways.unknown) {
        (Some(part), ..) => format!("It is the {part} of the North Star."),
        (None, true, 0, 0, 0) => "It is a counter metric: it must not suffer while the North Star grows.".to_owned(),
        (None, _, 0, 0, 0) => match &kpi.unaligned {
            Some(why) => format!("It has none, and needs none: {why}"),
            None => "It has none: no formula and no claim ties it to the North Star.".to_owned(),
        },
        (None, _, 1.., 1.., _) => "More of it helps the North Star by some ways and harms it by others.".to_owned(),
        (None, _, 1.., 0, _) => "More of it helps the North Star.".to_owned(),
        (None, _, 0, 1.., _) => "More of it harms the North Star.".to_owned(),
        (None, _, 0, 0, _) => "It moves the North Star; nobody knows which way.".to_owned(),
    };
    let row =
        |way: &Steps| WayRow {
            sign: match way.sign.as_str() {
                "plus" => "helps",
                "minus" => "harms",
                _ => "open",
            },
            steps: std::iter::once(StepRow { kpi: site.row(&kpi.name, Level::Folder).unwrap_or_default(), sign: None })
                .chain(way.steps.iter().filter_map(|step| {
                    Some(StepRow { kpi: site.row(&step.kpi, Level::Folder)?, sign: Some(symbol(&step.sign)) })
                }))
                .collect(),
        };
    Some(StarWays { says, ways: ways.shortest.iter().map(row).collect() })
}

/// What a KPI of a team moves.
#[derive(Serialize)]
pub(super) struct MovesRow {
    kpi: Value,
    /// The KPIs that it is a part of or is said to drive, each with its sign.
    moves: Vec<MovedRow>,
    /// What more of it does to the North Star.
    north_star: &'static str,
}

#[derive(Serialize)]
struct MovedRow {
    kpi: Value,
    sign: &'static str,
}

/// What KPIs move, those of them that move anything; nothing in a project without a North Star.
pub(super) fn moved_by(site: &Site<'_>, kpis: &[String], level: Level) -> Vec<MovesRow> {
    let row = |name: &String| {
        let ways = site.manifest.kpis.get(name)?.ways.as_ref()?;
        let target =
            |edge: &&crate::manifest::data::Moves| Some(MovedRow { kpi: site.row(&edge.to, level)?, sign: symbol(&edge.sign) });
        let moves: Vec<MovedRow> = site.moves(name).iter().filter_map(target).collect();
        let north_star = match (&ways.is_part, ways.is_counter, ways.helps, ways.harms, ways.unknown) {
            (Some(_), ..) => "is a part of it",
            (None, _, 1.., 1.., _) => "helps and harms it",
            (None, _, 1.., 0, _) => "helps it",
            (None, _, 0, 1.., _) => "harms it",
            (None, true, 0, 0, _) => "must not suffer for it",
            (None, false, 0, 0, 1..) => "moves it, nobody knows which way",
            (None, false, 0, 0, 0) => "",
        };
        let says_something = !moves.is_empty() || !north_star.is_empty();
        says_something.then_some(MovesRow { kpi: site.row(name, level)?, moves, north_star })
    };
    kpis.iter().filter_map(row).collect()
}

fn symbol(sign: &str) -> &'static str {
    match sign {
        "plus" => "+",
        "minus" => "−",
        _ => "?",
    }
}
