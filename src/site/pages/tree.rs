//! Trees that can be unfolded and searched: the objectives with their pace, and the metric tree from the company to its KPIs and the North Star.
//!
//! A tree is a list of nodes with their depths: however deep it is, no template calls itself.

use super::{Level, Link, Site, light_of};
use crate::manifest::data::{KeyResult, Objective};
use crate::site::chart;
use crate::site::now::Now;
use crate::site::words;
use minijinja::Value;
use serde::Serialize;
use std::collections::BTreeSet;

/// A node.
#[derive(Serialize, Default)]
pub(super) struct Node {
    /// A name for links to it; empty where another node of the page has it.
    id: String,
    kind: &'static str,
    title: String,
    page: Option<String>,
    now: Option<Now>,
    /// What is said beside the title: from where to where.
    text: String,
    pace: Option<Value>,
    status: String,
    light: Option<&'static str>,
    owner: Option<Link>,
    why: String,
    /// Where a key result will be at its due date.
    ahead: String,
    is_open: bool,
    depth: usize,
    has_children: bool,
    /// How many levels end behind it.
    closes: usize,
}

/// The nodes of a tree in their order.
#[derive(Default)]
struct Tree {
    nodes: Vec<Node>,
    ids: BTreeSet<String>,
}

impl Tree {
    fn push(&mut self, depth: usize, mut node: Node) {
        if !node.id.is_empty() && !self.ids.insert(node.id.clone()) {
            node.id = String::new();
        }
        self.nodes.push(Node { depth, ..node });
    }

    fn done(mut self) -> Vec<Node> {
        let depths: Vec<usize> = self.nodes.iter().map(|node| node.depth).collect();
        for (at, node) in self.nodes.iter_mut().enumerate() {
            let next = depths.get(at + 1).copied().unwrap_or(0);
            node.has_children = next > node.depth;
            node.closes = node.depth.saturating_sub(next);
        }
        self.nodes
    }
}

/// `objectives.html.j2`
#[derive(Serialize)]
pub(in crate::site) struct ObjectivesPage {
    nodes: Vec<Node>,
}

impl ObjectivesPage {
    pub(in crate::site) fn of(site: &Site<'_>) -> Self {
        let mut tree = Tree::default();
        for (depth, objective) in in_order(site, None) {
            tree.push(depth, objective_node(site, objective, Level::Root));
            for result in &objective.key_results {
                tree.push(depth + 1, result_node(site, objective, result, Level::Root));
            }
        }
        Self { nodes: tree.done() }
    }
}

/// `objective.html.j2`
#[derive(Serialize)]
pub(in crate::site) struct ObjectivePage<'a> {
    objective: &'a Objective,
    node: Node,
    owner: Option<Link>,
    parents: Vec<Link>,
    children: Vec<Node>,
    results: Vec<Node>,
    initiatives: Vec<Initiative<'a>>,
}

#[derive(Serialize)]
struct Initiative<'a> {
    title: &'a str,
    link: Option<&'a str>,
    owner: Option<Link>,
}

impl<'a> ObjectivePage<'a> {
    pub(in crate::site) fn of(site: &Site<'a>, objective: &'a Objective) -> Self {
        let objectives = &site.manifest.objectives;
        let (mut parents, mut at) = (Vec::new(), objective);
        // Circles are errors of the project; the count ends this all the same.
        while let Some(parent) =
            at.parent.as_ref().and_then(|name| objectives.get(name)).filter(|_| parents.len() < objectives.len())
        {
            parents.extend(site.objective(&parent.name, Level::Folder));
            at = parent;
        }
        let children = objective.children.iter().filter_map(|name| objectives.get(name));
        let initiative = |each: &'a crate::manifest::objective::Initiative| Initiative {
            title: &each.title,
            link: each.link.as_deref().and_then(words::address),
            owner: site.team(each.owner.as_ref(), Level::Folder),
        };
        Self {
            node: objective_node(site, objective, Level::Folder),
            owner: site.team(objective.owner.as_ref(), Level::Folder),
            parents,
            children: children.map(|child| objective_node(site, child, Level::Folder)).collect(),
            results: objective.key_results.iter().map(|result| result_node(site, objective, result, Level::Folder)).collect(),
            initiatives: objective.initiatives.iter().map(initiative).collect(),
            objective,
        }
    }
}

/// `tree.html.j2`
#[derive(Serialize)]
pub(in crate::site) struct TreePage {
    nodes: Vec<Node>,
    kpis: usize,
}

impl TreePage {
    pub(in crate::site) fn of(site: &Site<'_>) -> Self {
        let mut tree = Tree::default();
        let manifest = site.manifest;
        let company = if manifest.project.title.is_empty() { "The company".to_owned() } else { manifest.project.title.clone() };
        tree.push(0, Node { id: "company".to_owned(), kind: "company", title: company, is_open: true, ..Node::default() });
        if let Some(star) = &manifest.north_star {
            let title = star.title.clone();
            tree.push(1, Node { id: "north-star".to_owned(), kind: "North Star", title, is_open: true, ..Node::default() });
            for part in &star.parts {
                movers(site, &mut tree, &part.kpi, &part.part);
            }
            for kpi in &star.counter {
                tree.extend(2, kpi_node(site, kpi, "must not suffer"));
            }
        }
        let mut shown = BTreeSet::new();
        for (depth, objective) in in_order(site, None) {
            tree.push(depth + 1, Node { is_open: depth == 0, ..objective_node(site, objective, Level::Root) });
            for result in &objective.key_results {
                tree.push(depth + 2, result_node(site, objective, result, Level::Root));
                let Some(kpi) = &result.kpi else { continue };
                shown.insert(kpi.as_str());
                tree.extend(depth + 3, kpi_node(site, kpi, ""));
                for way in manifest.kpis.get(kpi).iter().flat_map(|kpi| &kpi.ways).flat_map(|ways| &ways.shortest) {
                    let steps = site.kpis(way.steps.iter().map(|step| &step.kpi), Level::Root);
                    let (Some(end), text) = (steps.last(), steps.iter().map(|step| step.title.as_str()).collect::<Vec<_>>())
                    else {
                        continue;
                    };
                    let sign = match way.sign.as_str() {
                        "plus" => "helps",
                        "minus" => "harms",
                        _ => "moves",
                    };
                    let title = format!("{sign} the North Star's {}: {}", way.part, text.join(" → "));
                    tree.push(depth + 4, Node { kind: "way", title, page: Some(end.href.clone()), ..Node::default() });
                }
            }
        }
        let others = manifest.kpis.values().filter(|kpi| !shown.contains(kpi.name.as_str()));
        let mut others: Vec<_> = others.map(|kpi| (site.team(kpi.owner.as_ref(), Level::Root), kpi)).collect();
        let name = |team: &Option<Link>| team.as_ref().map_or((true, String::new()), |team| (false, team.title.clone()));
        others.sort_by_key(|(team, kpi)| (name(team), kpi.title.clone()));
        for same in others.chunk_by(|(one, _), (other, _)| name(one) == name(other)) {
            let Some((team, _)) = same.first() else { continue };
            let title = team.as_ref().map_or("Without an owner".to_owned(), |team| format!("{}, no key result", team.title));
            tree.push(1, Node { kind: "team", title, page: team.as_ref().map(|team| team.href.clone()), ..Node::default() });
            for (_, kpi) in same {
                tree.extend(2, kpi_node(site, &kpi.name, ""));
            }
        }
        Self { nodes: tree.done(), kpis: manifest.kpis.len() }
    }
}

impl Tree {
    fn extend(&mut self, depth: usize, node: Option<Node>) {
        if let Some(node) = node {
            self.push(depth, node);
        }
    }
}

/// A part of the North Star with the KPIs that move it below, each once.
fn movers(site: &Site<'_>, tree: &mut Tree, part: &str, what: &str) {
    let moves = site.manifest.north_star.as_ref().map(|star| star.moves.as_slice()).unwrap_or_default();
    let mut seen = BTreeSet::from([part]);
    let mut left = vec![(2, part, what.to_owned())];
    while let Some((depth, kpi, text)) = left.pop() {
        tree.extend(depth, kpi_node(site, kpi, &text));
        let below: Vec<_> = moves.iter().filter(|moves| moves.to == kpi && seen.insert(moves.from.as_str())).collect();
        left.extend(below.into_iter().rev().map(|moves| {
            let way = match moves.sign.as_str() {
                "plus" => "raises it",
                "minus" => "lowers it",
                _ => "moves it",
            };
            let by = if moves.by == "claim" { ", as claimed" } else { "" };
            (depth + 1, moves.from.as_str(), format!("{way}{by}"))
        }));
    }
}

/// All objectives with their depths, those that serve one behind it.
fn in_order<'a>(site: &Site<'a>, root: Option<&'a Objective>) -> Vec<(usize, &'a Objective)> {
    let objectives = &site.manifest.objectives;
    let roots = objectives.values().filter(|each| each.parent.is_none());
    let mut left: Vec<(usize, &Objective)> = root.map_or_else(|| roots.map(|each| (0, each)).collect(), |root| vec![(0, root)]);
    left.reverse();
    let mut found = Vec::new();
    while let Some((depth, objective)) = left.pop() {
        found.push((depth, objective));
        left.extend(objective.children.iter().rev().filter_map(|name| Some((depth + 1, objectives.get(name)?))));
    }
    found
}

fn pace(site: &Site<'_>, objective: &str, result: &str, light: Option<&str>) -> (Option<Value>, String) {
    let reached = site.figures.scores.get(&(objective.to_owned(), result.to_owned())).copied().unwrap_or_default();
    let Some(score) = reached.score else { return (None, String::new()) };
    let expected = reached.expected.map(|expected| format!(", expected {expected:.2}")).unwrap_or_default();
    let text = format!("score {score:.2}{expected}");
    (Some(Value::from_safe_string(chart::pace(&text, score, reached.expected, light.unwrap_or_default()))), text)
}

pub(super) fn objective_node(site: &Site<'_>, objective: &Objective, level: Level) -> Node {
    let progress = site.figures.present.objectives.get(&objective.name);
    let light = progress.and_then(|progress| light_of(&progress.status));
    let (pace, text) = pace(site, &objective.name, "", light);
    Node {
        id: format!("objective-{}", objective.name),
        kind: "objective",
        title: objective.title.clone(),
        page: site.objective(&objective.name, level).map(|link| link.href),
        text: if text.is_empty() { objective.period.clone() } else { format!("{text}, {}", objective.period) },
        pace,
        status: progress.map(|progress| words::plain(&progress.status)).unwrap_or_default(),
        light,
        owner: site.team(objective.owner.as_ref(), level),
        why: progress.map(|progress| progress.why.clone()).unwrap_or_default(),
        is_open: true,
        ..Node::default()
    }
}

pub(super) fn result_node(site: &Site<'_>, objective: &Objective, result: &KeyResult, level: Level) -> Node {
    let known = site.figures.present.key_results.get(&objective.name).and_then(|known| known.get(&result.name));
    let light = known.and_then(|known| light_of(&known.progress.status));
    let (pace, score) = pace(site, &objective.name, &result.name, light);
    let figures = known.map_or_else(
        || result.goal.clone(),
        |known| match known.from.as_str() {
            "" | "\u{2013}" => format!("now {}, {}", known.now, known.to),
            from => format!("from {from} to {}, now {}", known.to, known.now),
        },
    );
    let slice = result.slice.as_ref().map(|slice| format!(" ({slice})")).unwrap_or_default();
    let guard = if result.is_health { "guard: " } else { "" };
    let dropped = result.dropped.as_ref().map(|why| format!("dropped: {why}")).unwrap_or_default();
    Node {
        id: format!("result-{}.{}", objective.name, result.name),
        kind: "key result",
        title: format!("{guard}{}{slice}", result.title),
        page: result.kpi.as_ref().and_then(|kpi| site.kpi(kpi, level)).map(|link| link.href),
        text: if score.is_empty() { figures } else { format!("{figures}; {score}") },
        pace,
        status: known.map(|known| words::plain(&known.progress.status)).unwrap_or_default(),
        light,
        owner: site.team(result.owner.as_ref().or(objective.owner.as_ref()), level),
        why: if dropped.is_empty() { known.map(|known| known.progress.why.clone()).unwrap_or_default() } else { dropped },
        ahead: known.map(|known| known.ahead.clone()).unwrap_or_default(),
        is_open: false,
        ..Node::default()
    }
}

fn kpi_node(site: &Site<'_>, name: &str, text: &str) -> Option<Node> {
    let kpi = site.manifest.kpis.get(name)?;
    let now = Now::of(kpi, site.points(name, &kpi.grain));
    Some(Node {
        id: format!("kpi-{name}"),
        kind: "KPI",
        title: kpi.title.clone(),
        page: site.kpi(name, Level::Root).map(|link| link.href),
        why: if now.is_some() { String::new() } else { site.missing(kpi) },
        now,
        text: text.to_owned(),
        light: site.light(kpi),
        status: site.light(kpi).map(super::light_words).unwrap_or_default().to_owned(),
        owner: site.team(kpi.owner.as_ref(), Level::Root),
        ..Node::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_that_opens_is_closed() {
        let mut tree = Tree::default();
        for (depth, id) in [(0, "a"), (1, "b"), (2, "c"), (2, "c"), (1, "d"), (0, "e")] {
            tree.push(depth, Node { id: id.to_owned(), ..Node::default() });
        }
        let nodes = tree.done();
        let found: Vec<(bool, usize)> = nodes.iter().map(|node| (node.has_children, node.closes)).collect();
        assert_eq!(found, [(true, 0), (true, 0), (false, 0), (false, 1), (false, 1), (false, 0)]);
        // A name leads to one node.
        assert_eq!(nodes.iter().filter(|node| node.id == "c").count(), 1);
    }
}
