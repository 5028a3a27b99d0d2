//! Lineage as Mermaid, at three zooms: the project's sources and teams, a team's KPIs, and one KPI with its columns.
//!
//! A diagram that nobody could read is not drawn; the tables beside it say the same.

use super::escape::mermaid;
use super::site::Site;
use crate::manifest::data::{Journey, Kpi, Manifest, NorthStar, Team};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// More arrows make a tangle.
const MOST_ARROWS: usize = 90;
/// How many KPIs above or below one are drawn.
const MOST_AROUND: usize = 24;
/// How many KPIs that move the North Star are drawn.
const MOST_MOVERS: usize = 30;
/// How many columns of a source are drawn.
const MOST_COLUMNS: usize = 12;

/// Colours let the background through, and letters have that of the page: diagrams are read on light and on dark pages.
const STYLES: &str = "  classDef source fill:#4a7fc122,stroke:#4a7fc1
  classDef kpi fill:#7c6bb022,stroke:#7c6bb0
  classDef this fill:#7c6bb055,stroke:#7c6bb0,stroke-width:4px
  classDef team fill:#c1863c22,stroke:#c1863c
  classDef card fill:#3f9a5f22,stroke:#3f9a5f
  classDef group fill:#8881,stroke:#8888
  classDef more fill:#8882,stroke:#888,stroke-dasharray:4 3
";

/// How it stands with a KPI, where that is drawn.
const STANDINGS: &str = "  classDef good stroke:#3f9a5f,stroke-width:4px
  classDef behind stroke:#d0a020,stroke-width:4px
  classDef bad stroke:#c0504d,stroke-width:4px
";

/// What a node stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Source,
    Column,
    Kpi,
    This,
    Team,
    Card,
    More,
}

/// A definition at an end of an arrow.
type End<'a> = (Kind, &'a str);

/// A diagram that is being drawn.
#[derive(Default)]
struct Diagram {
    nodes: Vec<(Kind, String, Option<usize>)>,
    ids: BTreeMap<(Kind, String), usize>,
    groups: Vec<String>,
    arrows: Vec<(String, String, Option<String>)>,
    /// Nodes with how it stands with them, by the name of a class.
    standings: Vec<(String, &'static str)>,
}

impl Diagram {
    /// The node of a definition, made when it is first asked for.
    fn node(&mut self, kind: Kind, name: &str, label: &str) -> String {
        self.node_in(kind, name, label, None)
    }

    fn node_in(&mut self, kind: Kind, name: &str, label: &str, group: Option<usize>) -> String {
        let next = self.nodes.len();
        let at = *self.ids.entry((kind, name.to_owned())).or_insert(next);
        if at == next {
            self.nodes.push((kind, label.to_owned(), group));
        }
        format!("n{at}")
    }

    fn arrow(&mut self, from: &str, to: &str) {
        self.arrows.push((from.to_owned(), to.to_owned(), None));
    }

    fn text(&self) -> String {
        let mut out = String::from("flowchart LR\n");
        for (at, label) in self.groups.iter().enumerate() {
            out.push_str(&format!("  subgraph g{at}[\"{}\"]\n", mermaid(label)));
            for (id, node) in self.nodes.iter().enumerate().filter(|(_, node)| node.2 == Some(at)) {
                out.push_str(&format!("    {}\n", written(id, node.0, &node.1)));
            }
            out.push_str(&format!("  end\n  class g{at} group\n"));
        }
        for (id, node) in self.nodes.iter().enumerate().filter(|(_, node)| node.2.is_none()) {
            out.push_str(&format!("  {}\n", written(id, node.0, &node.1)));
        }
        for (from, to, label) in &self.arrows {
            let label = label.as_ref().map(|label| format!("|\"{}\"|", mermaid(label))).unwrap_or_default();
            out.push_str(&format!("  {from} -->{label} {to}\n"));
        }
        out.push_str(STYLES);
        if !self.standings.is_empty() {
            out.push_str(STANDINGS);
        }
        for (id, standing) in &self.standings {
            out.push_str(&format!("  class {id} {standing}\n"));
        }
        out
    }
}

fn written(id: usize, kind: Kind, label: &str) -> String {
    let label = mermaid(label);
    match kind {
        Kind::Source => format!("n{id}[(\"{label}\")]:::source"),
        Kind::Column => format!("n{id}[\"{label}\"]:::source"),
        Kind::Kpi => format!("n{id}(\"{label}\"):::kpi"),
        Kind::This => format!("n{id}([\"{label}\"]):::this"),
        Kind::Team => format!("n{id}(\"{label}\"):::team"),
        Kind::Card => format!("n{id}[\"{label}\"]:::card"),
        Kind::More => format!("n{id}(\"{label}\"):::more"),
    }
}

/// The project from far away: which team's KPIs read which sources and use which other team's KPIs, and on which scorecards they
/// are. Nothing if there is nothing to draw, or too much.
pub(super) fn project(site: &Site<'_>) -> Option<String> {
    let manifest = site.manifest;
    let mut counted: BTreeMap<(End<'_>, End<'_>), usize> = BTreeMap::new();
    let mut count = |from, to| *counted.entry((from, to)).or_default() += 1;
    for kpi in manifest.kpis.values() {
        let team = (Kind::Team, kpi.owner.as_deref().unwrap_or_default());
        kpi.reads.keys().for_each(|source| count((Kind::Source, source.as_str()), team));
        let owners = kpi.components.iter().filter_map(|name| manifest.kpis.get(name)).map(|used| used.owner.as_deref());
        let owners: BTreeSet<&str> = owners.map(Option::unwrap_or_default).collect();
        owners.into_iter().filter(|owner| *owner != team.1).for_each(|owner| count((Kind::Team, owner), team));
        kpi.scorecards.iter().for_each(|card| count(team, (Kind::Card, card.as_str())));
    }
    let steps = of_steps(manifest);
    if counted.is_empty() || counted.len() + steps.len() > MOST_ARROWS {
        return None;
    }
    let mut diagram = Diagram::default();
    let label = |(kind, name): End<'_>| match kind {
        Kind::Source => site.source_title(name).unwrap_or(name).to_owned(),
        Kind::Card => manifest.scorecards.get(name).map_or(name, |card| card.title.as_str()).to_owned(),
        _ if name.is_empty() => "Without an owner".to_owned(),
        _ => manifest.teams.get(name).map_or(name, |team| team.title.as_str()).to_owned(),
    };
    for (from, to) in steps.into_iter().filter(|(_, to)| counted.keys().any(|(read, _)| read == to)) {
        let from = diagram.node(from.0, from.1, &label(from));
        let to = diagram.node(to.0, to.1, &label(to));
        diagram.arrow(&from, &to);
    }
    for ((from, to), kpis) in counted {
        let from = diagram.node(from.0, from.1, &label(from));
        let to = diagram.node(to.0, to.1, &label(to));
        diagram.arrows.push((from, to, Some(format!("{kpis} KPI{}", if kpis == 1 { "" } else { "s" }))));
    }
    Some(diagram.text())
}

/// From which sources the steps of journeys come.
fn of_steps(manifest: &Manifest) -> BTreeSet<(End<'_>, End<'_>)> {
    let journeys = manifest.journeys.values();
    let steps = journeys.flat_map(|journey| journey.steps.iter().map(move |step| (&step.source, &journey.name)));
    steps.map(|(source, journey)| ((Kind::Source, source.as_str()), (Kind::Source, journey.as_str()))).collect()
}

/// A journey: its steps in order, each with the source whose rows it is.
pub(super) fn journey(site: &Site<'_>, journey: &Journey) -> String {
    let mut diagram = Diagram::default();
    let steps: Vec<String> = journey
        .steps
        .iter()
        .enumerate()
        .map(|(at, step)| diagram.node(if at == 0 { Kind::This } else { Kind::Kpi }, &step.name, &step.title))
        .collect();
    for (at, step) in steps.iter().enumerate().skip(1) {
        // In any order all steps come after the first.
        let before = if journey.order == "any" { 0 } else { at - 1 };
        if let Some(before) = steps.get(before) {
            diagram.arrow(before, step);
        }
    }
    for (at, step) in journey.steps.iter().enumerate() {
        let source = diagram.node(Kind::Source, &step.source, site.source_title(&step.source).unwrap_or(&step.source));
        if let Some(to) = steps.get(at) {
            diagram.arrow(&source, to);
        }
    }
    diagram.text()
}

/// A team's KPIs, with the sources that they read, the KPIs that they are made of, and those of others that they are part of.
/// Nothing if there is nothing to draw, or too much.
pub(super) fn team(site: &Site<'_>, team: &Team) -> Option<String> {
    let kpis = || team.kpis.iter().filter_map(|name| site.manifest.kpis.get(name));
    let arrows: usize = kpis().map(|kpi| kpi.reads.len() + kpi.components.len() + kpi.used_by.len()).sum();
    if arrows == 0 || arrows > MOST_ARROWS {
        return None;
    }
    let own: BTreeSet<&str> = team.kpis.iter().map(String::as_str).collect();
    let kind = |name: &str| if own.contains(name) { Kind::Kpi } else { Kind::More };
    let mut diagram = Diagram::default();
    let node = |diagram: &mut Diagram, name: &str| {
        let title = site.manifest.kpis.get(name).map_or(name, |kpi| kpi.title.as_str());
        diagram.node(kind(name), name, title)
    };
    for kpi in kpis() {
        let to = node(&mut diagram, &kpi.name);
        for (name, title) in kpi.reads.keys().filter_map(|name| Some((name, site.source_title(name)?))) {
            let from = diagram.node(Kind::Source, name, title);
            diagram.arrow(&from, &to);
        }
        for component in &kpi.components {
            let from = node(&mut diagram, component);
            diagram.arrow(&from, &to);
        }
        for user in kpi.used_by.iter().filter(|user| !own.contains(user.as_str())) {
            let below = node(&mut diagram, user);
            diagram.arrow(&to, &below);
        }
    }
    Some(diagram.text())
}

/// What moves a part of the North Star, some steps back, each KPI with its owner and each arrow with its sign. Nothing if nothing does.
pub(super) fn north_star(site: &Site<'_>, star: &NorthStar, part: &str) -> Option<String> {
    let manifest = site.manifest;
    let label = |name: &str| {
        let kpi = manifest.kpis.get(name);
        let owner = kpi.and_then(|kpi| manifest.teams.get(kpi.owner.as_ref()?)).map(|team| format!(", {}", team.title));
        format!("{}{}", kpi.map_or(name, |kpi| kpi.title.as_str()), owner.unwrap_or_default())
    };
    let mut diagram = Diagram::default();
    let this = diagram.node(Kind::This, part, &label(part));
    diagram.standings.extend(site.standing(part).map(|standing| (this.clone(), standing)));
    let mut queue: VecDeque<(&str, String)> = VecDeque::from([(part, this)]);
    let mut drawn: BTreeSet<&str> = BTreeSet::from([part]);
    while let Some((at, id)) = queue.pop_front() {
        for moves in star.moves.iter().filter(|moves| moves.to == at) {
            let known = drawn.contains(moves.from.as_str());
            if (!known && drawn.len() > MOST_MOVERS) || diagram.arrows.len() >= MOST_ARROWS {
                let node = diagram.node(Kind::More, "movers", "further KPIs");
                diagram.arrow(&node, &id);
                break;
            }
            let kind = if moves.from == part { Kind::This } else { Kind::Kpi };
            let node = diagram.node(kind, &moves.from, &label(&moves.from));
            let sign = match moves.sign.as_str() {
                "plus" => "+",
                "minus" => "−",
                _ => "?",
            };
            let claimed = if moves.by == "claim" { " claimed" } else { "" };
            diagram.arrows.push((node.clone(), id.clone(), Some(format!("{sign}{claimed}"))));
            if !known {
                diagram.standings.extend(site.standing(&moves.from).map(|standing| (node.clone(), standing)));
                drawn.insert(&moves.from);
                queue.push_back((&moves.from, node));
            }
        }
    }
    (!diagram.arrows.is_empty()).then(|| diagram.text())
}

/// One KPI: the columns that its own formula reads, the KPIs that it is made of down to their sources, and what uses it.
pub(super) fn kpi(site: &Site<'_>, kpi: &Kpi) -> String {
    let manifest = site.manifest;
    let mut diagram = Diagram::default();
    let this = diagram.node(Kind::This, &kpi.name, &kpi.title);
    columns(site, kpi, &this, &mut diagram);
    above(site, kpi, &this, &mut diagram);
    let title = |name: &str| manifest.kpis.get(name).map_or(name, |kpi| kpi.title.as_str()).to_owned();
    for user in kpi.used_by.iter().take(MOST_AROUND) {
        let below = diagram.node(Kind::Kpi, user, &title(user));
        diagram.arrow(&this, &below);
    }
    if let Some(more) = kpi.used_by.len().checked_sub(MOST_AROUND).filter(|more| *more > 0) {
        let below = diagram.node(Kind::More, "users", &format!("{more} more KPIs"));
        diagram.arrow(&this, &below);
    }
    for card in kpi.scorecards.iter().take(MOST_AROUND).filter_map(|name| manifest.scorecards.get(name)) {
        let below = diagram.node(Kind::Card, &card.name, &card.title);
        diagram.arrow(&this, &below);
    }
    diagram.text()
}

/// The columns that a KPI's own formula reads, each source a group.
fn columns(site: &Site<'_>, kpi: &Kpi, this: &str, diagram: &mut Diagram) {
    for (name, columns) in &kpi.reads {
        let title = site.source_title(name).unwrap_or(name);
        if columns.is_empty() {
            let node = diagram.node(Kind::Source, name, title);
            diagram.arrow(&node, this);
            continue;
        }
        let group = Some(diagram.groups.len());
        diagram.groups.push(title.to_owned());
        for column in columns.iter().take(MOST_COLUMNS) {
            let node = diagram.node_in(Kind::Column, &format!("{name}.{column}"), column, group);
            diagram.arrow(&node, this);
        }
        if let Some(more) = columns.len().checked_sub(MOST_COLUMNS).filter(|more| *more > 0) {
            let node = diagram.node_in(Kind::More, &format!("columns of {name}"), &format!("{more} more columns"), group);
            diagram.arrow(&node, this);
        }
    }
}

/// The KPIs that a KPI is made of, nearest first, and the sources that they read.
fn above(site: &Site<'_>, kpi: &Kpi, this: &str, diagram: &mut Diagram) {
    let mut queue: VecDeque<(&Kpi, String)> = VecDeque::from([(kpi, this.to_owned())]);
    let mut drawn: BTreeSet<&str> = BTreeSet::new();
    while let Some((at, id)) = queue.pop_front() {
        if at.name != kpi.name {
            for (name, title) in at.reads.keys().filter_map(|name| Some((name, site.source_title(name)?))) {
                let node = diagram.node(Kind::Source, name, title);
                diagram.arrow(&node, &id);
            }
        }
        for component in at.components.iter().filter_map(|name| site.manifest.kpis.get(name)) {
            let known = drawn.contains(component.name.as_str());
            if (!known && drawn.len() >= MOST_AROUND) || diagram.arrows.len() >= 2 * MOST_ARROWS {
                let node = diagram.node(Kind::More, "components", "further KPIs");
                diagram.arrow(&node, &id);
                break;
            }
            let node = diagram.node(Kind::Kpi, &component.name, &component.title);
            diagram.arrow(&node, &id);
            if !known {
                drawn.insert(&component.name);
                queue.push_back((component, node));
            }
        }
    }
}
