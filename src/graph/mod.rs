//! Who needs whom: the graph of KPIs, dimensions, sources and columns, its cycles, its order, and its lineage.
//!
//! 1. [`Graph::of`] makes a node of every definition and an edge of every mention, from what needs to what is needed.
//! 2. [`Graph::cycles`] reports definitions that need each other, each once with the whole path.
//! 3. [`Graph::kpi_order`] and [`Graph::column_order`] say in which order to look at them.
//! 4. [`Graph::upstream`] and [`Graph::downstream`] follow the lineage.
//! 5. [`Graph::view`] takes the part that somebody wants to look at, and `draw` writes it down.

pub mod draw;
pub mod view;

use crate::diagnostic::{Findings, codes};
use crate::model::expr::{Aggregate, Calc, CalcLeaf, Node as ExprNode, PairLeaf, Path, RowExpr, RowLeaf, Stock};
use crate::model::journey::Journey;
use crate::model::{Body, ColumnId, DimensionId, Holds, KeyPart, KpiId, Model, Source, SourceId, Storage};
use crate::text::Span;
use petgraph::Direction;
use petgraph::algo::{kosaraju_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{EdgeRef, VisitMap, Visitable};
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::OnceLock;

/// How many cycles are shown of definitions that all need each other; the others show once these are gone.
const CYCLES: usize = 20;
/// How many steps of a cycle are shown from its beginning, and how many from its end, if it has more.
const STEPS: usize = 8;

/// A definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// A KPI.
    Kpi(KpiId),
    /// A dimension.
    Dimension(DimensionId),
    /// A source.
    Source(SourceId),
    /// A column of a source.
    Column(SourceId, ColumnId),
}

/// The graph; edges go from what needs to what is needed and carry the place of the mention.
#[derive(Debug)]
pub struct Graph {
    nodes: DiGraph<Node, Span>,
    index: foldhash::HashMap<Node, NodeIndex>,
    /// KPIs that are in a cycle.
    cyclic_kpis: HashSet<KpiId>,
    /// Derived columns that are in a cycle.
    cyclic_columns: HashSet<(SourceId, ColumnId)>,
    /// All KPIs in order, once somebody has asked for it.
    kpi_order: OnceLock<Vec<KpiId>>,
}

impl Graph {
    /// The graph of a model.
    pub fn of(model: &Model) -> Self {
        let mut builder = Builder { model, graph: DiGraph::new(), index: foldhash::HashMap::default() };
        for (id, source) in model.sources.iter() {
            builder.node(Node::Source(id));
            if let Some(journey) = &source.journey {
                builder.journey(id, source, journey);
                continue;
            }
            for (column_id, column) in source.columns.iter() {
                let node = Node::Column(id, column_id);
                builder.edge(node, Node::Source(id), column.name.span);
                match &column.storage {
                    Storage::Derived(expr) => builder.row(node, id, expr, column.name.span),
                    Storage::Several(parts) => parts.iter().for_each(|part| {
                        if let KeyPart::Made(made) = part {
                            builder.edge(node, Node::Column(id, *made), column.name.span);
                        }
                    }),
                    Storage::Stored(_) | Storage::Raw(_) => {}
                }
                if let (Some(target), Some(span)) = (column.reference, column.reference_span) {
                    builder.edge(node, Node::Source(target), span);
                }
            }
        }
        for (id, dimension) in model.dimensions.iter() {
            for (source, path) in &dimension.places {
                let span = dimension.defined.unwrap_or(model.sources.get(*source).name.span);
                builder.path(Node::Dimension(id), *source, path, span);
            }
        }
        for (id, kpi) in model.kpis.iter() {
            let node = Node::Kpi(id);
            builder.node(node);
            if let Body::Formula(calc) = &kpi.body {
                builder.calc(node, calc, kpi.name.span);
            }
            for slice in &kpi.by {
                for dimension in &slice.value {
                    builder.edge(node, Node::Dimension(*dimension), slice.span);
                }
            }
        }
        Self {
            nodes: builder.graph,
            index: builder.index,
            cyclic_kpis: HashSet::new(),
            cyclic_columns: HashSet::new(),
            kpi_order: OnceLock::new(),
        }
    }

    /// Reports every set of definitions that need each other, with a shortest path through each of its members, up to [`CYCLES`] of them.
    pub fn cycles(&mut self, model: &Model, findings: &mut Findings) {
        let mut components: Vec<Vec<NodeIndex>> = kosaraju_scc(&self.nodes)
            .into_iter()
            .filter(|component| match component.as_slice() {
                [only] => self.nodes.contains_edge(*only, *only),
                _ => true,
            })
            .collect();
        for component in &mut components {
            component.sort_by_key(|index| self.node(*index));
        }
        components.sort_by_key(|component| component.first().and_then(|index| self.node(*index)));
        for component in components {
            let members: HashSet<NodeIndex> = component.iter().copied().collect();
            let mut covered: BTreeSet<NodeIndex> = BTreeSet::new();
            let mut shown = 0;
            for start in &component {
                if covered.contains(start) || shown == CYCLES {
                    continue;
                }
                let Some(path) = self.shortest_cycle(*start, &members) else { continue };
                covered.extend(path.iter().map(|(index, _)| *index));
                self.report(model, &path, findings);
                shown += 1;
            }
            // Each of them needs itself, whether its path has been shown or not.
            for index in component {
                match self.node(index) {
                    Some(Node::Kpi(id)) => _ = self.cyclic_kpis.insert(id),
                    Some(Node::Column(source, column)) => _ = self.cyclic_columns.insert((source, column)),
                    _ => {}
                }
            }
        }
    }

    fn node(&self, index: NodeIndex) -> Option<Node> {
        self.nodes.node_weight(index).copied()
    }

    /// The shortest path from a node back to itself, each step with the place of its mention.
    fn shortest_cycle(&self, start: NodeIndex, members: &HashSet<NodeIndex>) -> Option<Vec<(NodeIndex, Span)>> {
        let mut came_from: HashMap<NodeIndex, (NodeIndex, Span)> = HashMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(at) = queue.pop_front() {
            let mut edges: Vec<_> = self.nodes.edges(at).collect();
            edges.sort_by_key(|edge| (*edge.weight(), edge.target()));
            for edge in edges {
                let next = edge.target();
                if next == start {
                    let mut path = vec![(at, *edge.weight())];
                    let mut step = at;
                    while step != start {
                        let (before, span) = came_from.get(&step).copied()?;
                        path.push((before, span));
                        step = before;
                    }
                    path.reverse();
                    return Some(path);
                }
                if members.contains(&next) && !came_from.contains_key(&next) {
                    came_from.insert(next, (at, *edge.weight()));
                    queue.push_back(next);
                }
            }
        }
        None
    }

    fn report(&self, model: &Model, path: &[(NodeIndex, Span)], findings: &mut Findings) {
        let name = |index: NodeIndex| self.node(index).map(|node| name_of(model, node)).unwrap_or_default();
        let Some(((first, span), rest)) = path.split_first() else { return };
        if rest.is_empty() {
            findings
                .report(&codes::DEPENDENCY_CYCLE, *span, format!("`{}` is defined by itself", name(*first)))
                .help("define it by an aggregate over a source, or by other KPIs; a running total is `sum(... over all time)`");
            return;
        }
        let names: Vec<String> = path.iter().map(|(index, _)| name(*index)).chain([name(*first)]).collect();
        let what = if matches!(self.node(*first), Some(Node::Kpi(_))) { "KPIs" } else { "columns" };
        let left_out = names.len().saturating_sub(2 * STEPS + 1);
        let way = if left_out < 2 {
            names.join(" → ")
        } else {
            let (begin, end) = (names.get(..STEPS).unwrap_or_default(), names.get(STEPS + left_out..).unwrap_or_default());
            format!("{} → … {left_out} more … → {}", begin.join(" → "), end.join(" → "))
        };
        let message = format!("these {what} depend on each other: {way}");
        let step = |at: usize| {
            let pair = (names.get(at), names.get(at + 1));
            match pair {
                (Some(from), Some(to)) => format!("`{from}` needs `{to}`"),
                _ => String::new(),
            }
        };
        // The KPI that reads most beside its partners is the one that could stand on its own feet.
        let anchored = path.iter().find_map(|(index, _)| {
            let sources = self.nodes.neighbors(*index).filter_map(|next| match self.node(next) {
                Some(Node::Column(source, _) | Node::Source(source)) => Some(source),
                _ => None,
            });
            let source = sources.min()?;
            Some(format!("`{}` also reads `{}`", name(*index), model.sources.get(source).name.value))
        });
        let finding = findings.report(&codes::DEPENDENCY_CYCLE, *span, message).here(step(0));
        let is_shown = |at: usize| left_out < 2 || at < STEPS - 1 || at + 1 >= STEPS + left_out;
        for (at, (_, span)) in rest.iter().enumerate().filter(|(at, _)| is_shown(*at)) {
            finding.also(*span, step(at + 1));
        }
        match anchored {
            Some(anchored) if what == "KPIs" => finding.help(format!(
                "one of them has to be computed from a source; \
             {anchored}"
            )),
            _ => finding.help("one of them has to be computed from a source"),
        };
    }

    /// Whether a KPI is in a cycle.
    pub fn is_cyclic(&self, kpi: KpiId) -> bool {
        self.cyclic_kpis.contains(&kpi)
    }

    /// Whether a derived column is in a cycle.
    pub fn is_cyclic_column(&self, source: SourceId, column: ColumnId) -> bool {
        self.cyclic_columns.contains(&(source, column))
    }

    /// All KPIs, each after those it needs; those in cycles at the end.
    pub fn kpi_order(&self) -> &[KpiId] {
        self.kpi_order.get_or_init(|| {
            self.order(|node| match node {
                Node::Kpi(id) => Some(id),
                Node::Dimension(_) | Node::Source(_) | Node::Column(..) => None,
            })
        })
    }

    /// All KPIs, in layers of which each needs only those before it, so that those of a layer can be looked at side by side.
    pub fn kpi_layers(&self) -> Vec<Vec<KpiId>> {
        let mut place: foldhash::HashMap<KpiId, usize> = foldhash::HashMap::default();
        let mut layers: Vec<Vec<KpiId>> = Vec::new();
        for id in self.kpi_order().iter().copied() {
            let index = self.index.get(&Node::Kpi(id)).copied();
            let needed = index.into_iter().flat_map(|index| self.nodes.neighbors(index)).filter_map(|next| self.node(next));
            let below = needed.filter_map(|node| match node {
                Node::Kpi(id) => place.get(&id).copied(),
                Node::Dimension(_) | Node::Source(_) | Node::Column(..) => None,
            });
            let layer = below.max().map_or(0, |below| below + 1);
            place.insert(id, layer);
            if layers.len() <= layer {
                layers.resize_with(layer + 1, Vec::new);
            }
            layers.get_mut(layer).into_iter().for_each(|layer| layer.push(id));
        }
        layers
    }

    /// All columns, each after those it needs; those in cycles at the end.
    pub fn column_order(&self) -> Vec<(SourceId, ColumnId)> {
        self.order(|node| match node {
            Node::Column(source, column) => Some((source, column)),
            Node::Dimension(_) | Node::Source(_) | Node::Kpi(_) => None,
        })
    }

    fn order<T: Ord>(&self, pick: impl Fn(Node) -> Option<T>) -> Vec<T> {
        let sorted: Vec<Node> = match toposort(&self.nodes, None) {
            Ok(order) => order.into_iter().rev().filter_map(|index| self.node(index)).collect(),
            // With cycles: component by component, what is needed first.
            Err(_) => kosaraju_scc(&self.nodes).into_iter().flatten().filter_map(|index| self.node(index)).collect(),
        };
        sorted.into_iter().filter_map(pick).collect()
    }

    /// Everything that a definition needs, directly or not.
    pub fn upstream(&self, node: Node) -> BTreeSet<Node> {
        self.reach(node, Direction::Outgoing)
    }

    /// Everything that needs a definition, directly or not.
    pub fn downstream(&self, node: Node) -> BTreeSet<Node> {
        self.reach(node, Direction::Incoming)
    }

    /// Everything that any KPI needs, the KPIs themselves left out unless another needs them.
    pub fn needed_by_kpis(&self) -> BTreeSet<Node> {
        let kpis = self.index.iter().filter(|(node, _)| matches!(node, Node::Kpi(_))).map(|(_, index)| *index);
        self.reach_from(kpis.collect(), Direction::Outgoing)
    }

    /// Whether any definition mentions this one.
    pub fn is_used(&self, node: Node) -> bool {
        let index = self.index.get(&node).copied();
        index.is_some_and(|index| self.nodes.neighbors_directed(index, Direction::Incoming).next().is_some())
    }

    /// What a definition itself mentions.
    pub fn needs(&self, node: Node) -> BTreeSet<Node> {
        let index = self.index.get(&node).copied();
        index.into_iter().flat_map(|index| self.nodes.neighbors(index)).filter_map(|next| self.node(next)).collect()
    }

    /// What mentions a definition itself.
    pub fn needed_by(&self, node: Node) -> impl Iterator<Item = Node> {
        let index = self.index.get(&node).copied();
        let needing = index.into_iter().flat_map(|index| self.nodes.neighbors_directed(index, Direction::Incoming));
        needing.filter_map(|next| self.node(next))
    }

    fn reach(&self, node: Node, direction: Direction) -> BTreeSet<Node> {
        self.reach_from(self.index.get(&node).copied().into_iter().collect(), direction)
    }

    fn reach_from(&self, mut todo: Vec<NodeIndex>, direction: Direction) -> BTreeSet<Node> {
        let mut seen = self.nodes.visit_map();
        let mut found = Vec::new();
        while let Some(at) = todo.pop() {
            for next in self.nodes.neighbors_directed(at, direction) {
                if seen.visit(next) {
                    found.extend(self.node(next));
                    todo.push(next);
                }
            }
        }
        found.into_iter().collect()
    }
}

/// The name of a definition, as people write it.
pub fn name_of(model: &Model, node: Node) -> String {
    match node {
        Node::Kpi(id) => model.kpis.get(id).name.value.clone(),
        Node::Dimension(id) => model.dimensions.get(id).name.clone(),
        Node::Source(id) => model.sources.get(id).name.value.clone(),
        Node::Column(source, column) => {
            let source = model.sources.get(source);
            format!("{}.{}", source.name.value, source.columns.get(column).name.value)
        }
    }
}

struct Builder<'a> {
    model: &'a Model,
    graph: DiGraph<Node, Span>,
    index: foldhash::HashMap<Node, NodeIndex>,
}

impl Builder<'_> {
    fn node(&mut self, node: Node) -> NodeIndex {
        let graph = &mut self.graph;
        *self.index.entry(node).or_insert_with(|| graph.add_node(node))
    }

    /// Adds an edge; the first mention counts.
    fn edge(&mut self, from: Node, to: Node, span: Span) {
        let (from, to) = (self.node(from), self.node(to));
        if !self.graph.contains_edge(from, to) {
            self.graph.add_edge(from, to, span);
        }
    }

    /// Every column on a path is needed: the references to go through, and the last for its value.
    fn path(&mut self, from: Node, source: SourceId, path: &Path, span: Span) {
        let mut at = source;
        for column in path.through.iter().chain([&path.column]) {
            self.edge(from, Node::Column(at, *column), span);
            at = self.model.sources.get(at).columns.get(*column).reference.unwrap_or(at);
        }
    }

    /// A journey is made of the rows of its first step; each step needs its own rows and the step that it has to come after.
    fn journey(&mut self, id: SourceId, source: &Source, journey: &Journey) {
        for (place, step) in journey.steps.iter().enumerate() {
            let (node, span) = (Node::Column(id, step.column), source.columns.get(step.column).name.span);
            self.edge(node, Node::Source(id), span);
            if let Some(before) = journey.after(place) {
                self.edge(node, Node::Column(id, before.column), span);
            }
            let Some(rows) = &step.rows else { continue };
            for needs in std::iter::once(node).chain((place == 0).then_some(Node::Source(id))) {
                self.edge(needs, Node::Source(rows.source), rows.time_span);
                self.edge(needs, Node::Column(rows.source, rows.time), rows.time_span);
                self.path(needs, rows.source, &rows.entity, rows.entity_span);
                if let Some(filter) = &rows.filter {
                    self.row(needs, rows.source, filter, rows.time_span);
                }
            }
        }
        let Some(first) = journey.first() else { return };
        for (own, there) in &journey.inherited {
            let (node, span) = (Node::Column(id, *own), source.name.span);
            self.edge(node, Node::Source(id), span);
            self.edge(node, Node::Column(first.source, *there), span);
        }
    }

    fn row(&mut self, from: Node, source: SourceId, expr: &RowExpr, or: Span) {
        match &expr.node {
            ExprNode::Leaf(RowLeaf::Column(path)) => self.path(from, source, path, expr.span_or(or)),
            ExprNode::Leaf(RowLeaf::Dimension(id)) => self.edge(from, Node::Dimension(*id), expr.span_or(or)),
            ExprNode::Leaf(RowLeaf::Related(related)) => {
                self.aggregate(from, &related.aggregate, or);
                self.path(from, related.aggregate.source, &related.via, expr.span_or(or));
                if let Some(of) = &related.of {
                    self.path(from, source, of, expr.span_or(or));
                }
            }
            ExprNode::Apply(_, arguments) => arguments.iter().for_each(|argument| self.row(from, source, argument, or)),
            ExprNode::Leaf(RowLeaf::Reached(reached)) => {
                let of = reached.within.map(|_| reached.of);
                for step in std::iter::once(reached.step).chain(of) {
                    self.edge(from, Node::Column(source, step), expr.span_or(or));
                }
            }
            ExprNode::Leaf(RowLeaf::Pair(PairLeaf::Of(_, path) | PairLeaf::Either(path))) => {
                self.path(from, source, path, expr.span_or(or));
            }
            ExprNode::Leaf(RowLeaf::Value | RowLeaf::Duration(..) | RowLeaf::Pair(PairLeaf::Exists(_) | PairLeaf::Ever))
            | ExprNode::Literal(_)
            | ExprNode::Broken => {}
        }
    }

    fn aggregate(&mut self, from: Node, aggregate: &Aggregate, or: Span) {
        let span = aggregate.at.0.unwrap_or(or);
        self.edge(from, Node::Source(aggregate.source), span);
        for expr in aggregate.argument.iter().chain(&aggregate.filter) {
            self.row(from, aggregate.source, expr, span);
        }
        if let Some(time) = aggregate.time {
            self.edge(from, Node::Column(aggregate.source, time), span);
        }
        if aggregate.stock.is_some() {
            let holds = self.model.sources.get(aggregate.source).holds;
            for column in holds.iter().flat_map(Holds::columns) {
                self.edge(from, Node::Column(aggregate.source, column), span);
            }
        }
        if let Some(Stock::Pairs(Some(per))) = &aggregate.stock {
            self.path(from, aggregate.source, per, span);
        }
    }

    fn calc(&mut self, from: Node, calc: &Calc, or: Span) {
        match &calc.node {
            ExprNode::Apply(_, arguments) => arguments.iter().for_each(|argument| self.calc(from, argument, or)),
            ExprNode::Leaf(leaf) => match leaf {
                CalcLeaf::Kpi(id) => self.edge(from, Node::Kpi(*id), calc.span_or(or)),
                CalcLeaf::Duration(..) => {}
                CalcLeaf::Aggregate(aggregate) => self.aggregate(from, aggregate, or),
                CalcLeaf::Grouped(grouped) => {
                    self.calc(from, &grouped.of, or);
                    self.path(from, grouped.source, &grouped.entity, calc.span_or(or));
                }
                CalcLeaf::Each(each) => self.calc(from, &each.of, or),
                CalcLeaf::Prior(_, of, _) => self.calc(from, of, or),
                CalcLeaf::Trend(trend) => self.calc(from, &trend.of, or),
                CalcLeaf::Slice(of, condition) => {
                    self.calc(from, of, or);
                    condition.leaves(&mut |leaf| {
                        if let RowLeaf::Dimension(id) = leaf {
                            self.edge(from, Node::Dimension(*id), condition.span_or(or));
                        }
                    });
                }
                CalcLeaf::Total(of, dimensions) => {
                    self.calc(from, of, or);
                    for dimension in dimensions {
                        self.edge(from, Node::Dimension(*dimension), calc.span_or(or));
                    }
                }
            },
            ExprNode::Literal(_) | ExprNode::Broken => {}
        }
    }
}
