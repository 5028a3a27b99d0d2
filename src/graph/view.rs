//! The part of the graph that somebody wants to look at: KPIs alone, with the sources they read, or down to columns.
//!
//! Edges are turned round here: they go from what is read to what is computed from it, as figures do. Dimensions are no
//! nodes; a KPI that is sliced reads the columns that hold the dimension in its sources.

use super::{Graph, Node};
use crate::model::journey::Journey;
use crate::model::{Body, Model, Source, SourceId};
use crate::text::Span;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// KPIs.
    Kpis,
    /// KPIs and sources.
    Sources,
    /// KPIs, sources, and the columns that KPIs read.
    Columns,
}

/// What somebody wants to look at.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// How much is shown.
    pub level: Level,
    /// The definitions that it is about; everything if there are none.
    pub focus: Vec<Node>,
    /// How many steps to go towards what they read; all if nothing is said.
    pub up: Option<usize>,
    /// How many steps to go towards what is computed from them; all if nothing is said.
    pub down: Option<usize>,
}

/// A part of the graph, its nodes in the order sources, journeys, columns, KPIs, and each kind in the order of definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The definitions.
    pub nodes: Vec<Definition>,
    /// From what is read to what is computed from it, by places in `nodes`.
    pub edges: Vec<(usize, usize)>,
}

/// What a definition in a view is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A source.
    Source,
    /// A journey.
    Journey,
    /// A column of a source or journey.
    Column,
    /// A KPI.
    Kpi,
}

/// A definition in a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// What it is.
    pub kind: Kind,
    /// Its name, `revenue` or `orders.amount`.
    pub name: String,
    /// How people call it; nothing if that is its name.
    pub title: Option<String>,
    /// Where it is defined.
    pub defined: Span,
}

/// For each definition those that it reads.
type Reads = BTreeMap<Node, BTreeSet<Node>>;

impl Graph {
    /// The part of the graph that is wanted.
    pub fn view(&self, model: &Model, wanted: &Wanted) -> View {
        let reads = self.reads(model, wanted.level);
        let nodes = if wanted.focus.is_empty() { reads.keys().copied().collect() } else { around(&reads, wanted) };
        let mut nodes: Vec<(Node, Definition)> =
            nodes.into_iter().filter_map(|node| Some((node, shown(model, node)?))).collect();
        nodes.sort_by_key(|(node, shown)| (shown.kind, *node));
        let places: BTreeMap<Node, usize> = nodes.iter().enumerate().map(|(at, (node, _))| (*node, at)).collect();
        let mut edges = Vec::new();
        for (node, read) in &reads {
            let Some(to) = places.get(node) else { continue };
            edges.extend(read.iter().filter_map(|read| Some((*places.get(read)?, *to))));
        }
        edges.sort_unstable();
        View { nodes: nodes.into_iter().map(|(_, shown)| shown).collect(), edges }
    }

    /// Every definition of a level with those that it reads.
    fn reads(&self, model: &Model, level: Level) -> Reads {
        let mut reads = Reads::new();
        if level != Level::Kpis {
            let of = |id, source: &Source| match &source.journey {
                Some(journey) => self.of_journey(model, id, journey, level),
                None => BTreeSet::new(),
            };
            reads.extend(model.sources.iter().map(|(id, source)| (Node::Source(id), of(id, source))));
        }
        for id in model.kpis.ids() {
            let read = self.of_kpi(model, Node::Kpi(id));
            let read = match level {
                Level::Kpis => read.into_iter().filter(|node| matches!(node, Node::Kpi(_))).collect(),
                Level::Sources => self.sources_of(model, read),
                Level::Columns => without_implied(read),
            };
            reads.insert(Node::Kpi(id), read);
        }
        if level == Level::Columns {
            self.columns(&mut reads);
        }
        reads
    }

    /// What a KPI reads, the columns of dimensions in the place of dimensions.
    fn of_kpi(&self, model: &Model, kpi: Node) -> BTreeSet<Node> {
        let sources: BTreeSet<SourceId> = match kpi {
            Node::Kpi(id) => match &model.kpis.get(id).body {
                Body::Formula(calc) => model.sources_read(calc),
                Body::Values(_) | Body::Broken => BTreeSet::new(),
            },
            Node::Dimension(_) | Node::Source(_) | Node::Column(..) => BTreeSet::new(),
        };
        let mut found = BTreeSet::new();
        for node in self.needs(kpi) {
            let Node::Dimension(id) = node else {
                found.insert(node);
                continue;
            };
            for (source, path) in &model.dimensions.get(id).places {
                if !sources.contains(source) {
                    continue;
                }
                let mut at = *source;
                for column in path.through.iter().chain([&path.column]) {
                    found.insert(Node::Column(at, *column));
                    at = model.sources.get(at).columns.get(*column).reference.unwrap_or(at);
                }
            }
        }
        found
    }

    /// The same with the sources of columns in the place of columns.
    fn sources_of(&self, model: &Model, read: BTreeSet<Node>) -> BTreeSet<Node> {
        let mut found = BTreeSet::new();
        let mut todo: Vec<Node> = read.into_iter().collect();
        let mut seen = BTreeSet::new();
        while let Some(node) = todo.pop() {
            if !seen.insert(node) {
                continue;
            }
            match node {
                Node::Column(source, _) => {
                    found.insert(Node::Source(source));
                    if model.sources.get(source).journey.is_some() {
                        continue;
                    }
                    todo.extend(self.needs(node).into_iter().filter(|next| matches!(next, Node::Column(..))));
                }
                Node::Kpi(_) | Node::Source(_) => _ = found.insert(node),
                Node::Dimension(_) => {}
            }
        }
        found
    }

    /// What a journey as a whole reads: the sources of its steps. Where columns are shown, those of its steps say more.
    fn of_journey(&self, model: &Model, id: SourceId, journey: &Journey, level: Level) -> BTreeSet<Node> {
        if level == Level::Columns {
            let first = journey.first();
            return first.map(|rows| Node::Column(rows.source, rows.time)).into_iter().collect();
        }
        let own = |node: &Node| matches!(node, Node::Source(source) | Node::Column(source, _) if *source == id);
        let read = journey.steps.iter().flat_map(|step| self.needs(Node::Column(id, step.column)));
        self.sources_of(model, read.filter(|node| !own(node)).collect())
    }

    /// Adds the columns that are read, and what they read themselves.
    fn columns(&self, reads: &mut Reads) {
        let mut todo: Vec<Node> = reads.values().flatten().copied().collect();
        while let Some(node) = todo.pop() {
            let Node::Column(own, _) = node else { continue };
            if let Entry::Vacant(place) = reads.entry(node) {
                // Whoever follows a reference reads a column of its target; holding one is not reading.
                let read = self.needs(node).into_iter().filter(|next| match next {
                    Node::Source(source) => *source == own,
                    Node::Column(..) => true,
                    Node::Kpi(_) | Node::Dimension(_) => false,
                });
                let read = place.insert(read.collect());
                todo.extend(read.iter().copied());
            }
        }
    }
}

/// Leaves out sources of which a column is read: the column says more.
fn without_implied(read: BTreeSet<Node>) -> BTreeSet<Node> {
    let sources: BTreeSet<SourceId> = read
        .iter()
        .filter_map(|node| match node {
            Node::Column(source, _) => Some(*source),
            Node::Kpi(_) | Node::Dimension(_) | Node::Source(_) => None,
        })
        .collect();
    read.into_iter().filter(|node| !matches!(node, Node::Source(source) if sources.contains(source))).collect()
}

/// The definitions around those in focus.
fn around(reads: &Reads, wanted: &Wanted) -> BTreeSet<Node> {
    let mut readers = Reads::new();
    for (node, read) in reads {
        for read in read {
            readers.entry(*read).or_default().insert(*node);
        }
    }
    let mut found = within(reads, &wanted.focus, wanted.up);
    found.extend(within(&readers, &wanted.focus, wanted.down));
    found.retain(|node| reads.contains_key(node));
    found
}

/// The definitions that can be reached in so many steps, those where it starts among them.
fn within(next: &Reads, from: &[Node], steps: Option<usize>) -> BTreeSet<Node> {
    let mut found: BTreeSet<Node> = from.iter().copied().collect();
    let mut queue: VecDeque<(Node, usize)> = from.iter().map(|node| (*node, 0)).collect();
    while let Some((node, far)) = queue.pop_front() {
        if steps.is_some_and(|steps| far >= steps) {
            continue;
        }
        for reached in next.get(&node).into_iter().flatten() {
            if found.insert(*reached) {
                queue.push_back((*reached, far + 1));
            }
        }
    }
    found
}

/// What a view says of a definition; dimensions are not nodes of it.
fn shown(model: &Model, node: Node) -> Option<Definition> {
    let name = super::name_of(model, node);
    let (kind, title, defined) = match node {
        Node::Source(id) => {
            let source = model.sources.get(id);
            (if source.journey.is_some() { Kind::Journey } else { Kind::Source }, None, source.name.span)
        }
        Node::Column(id, column) => (Kind::Column, None, model.sources.get(id).columns.get(column).name.span),
        Node::Kpi(id) => {
            let kpi = model.kpis.get(id);
            (Kind::Kpi, Some(&kpi.title), kpi.name.span)
        }
        Node::Dimension(_) => return None,
    };
    // A title that is made of the name says nothing more.
    let letters = |text: &str| text.to_lowercase().replace([' ', '_'], "");
    let title = title.filter(|title| letters(title) != letters(&name)).cloned();
    Some(Definition { kind, name, title, defined })
}
