//! What is downstream of a change: KPIs with the way to them, what shows these, and who owns it all.

use super::definition::{Definitions, Kind};
use super::renamed::Former;
use crate::graph::{Graph, Node, name_of};
use crate::meaning::{self, Names, Verdict, Writer};
use crate::model::expr::Path;
use crate::model::guardrail::Guardrail;
use crate::model::{ColumnId, DimensionId, KpiId, Model, SourceId, TeamId};
use crate::pipeline::Checked;
use crate::support::views;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What is downstream of a change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Downstream {
    /// KPIs whose values may change, the changed one first.
    pub kpis: Vec<Reached>,
    /// Scorecards that show one of them.
    pub scorecards: Vec<String>,
    /// Key results that are measured by one of them.
    pub key_results: Vec<String>,
    /// The objectives of these, and those that they serve.
    pub objectives: Vec<String>,
    /// Guardrails that watch one of them.
    pub guardrails: Vec<String>,
    /// The parts of the North Star among them.
    pub north_star: Vec<String>,
}

impl Downstream {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A KPI whose values may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// Its name.
    pub name: String,
    /// What the change goes through on its way: names of KPIs and of columns.
    pub through: Vec<String>,
    /// Its views.
    pub views: Vec<String>,
}

/// Where a change begins.
#[derive(Debug, Clone)]
pub(super) struct Start {
    pub kind: Kind,
    pub name: String,
    pub field: String,
}

/// A definition that is reached, what is on the way to it, and the column by which, if one is the last on it.
type Step = (Node, Vec<String>, Option<(SourceId, ColumnId)>);

/// What both versions say about who needs whom.
#[derive(Debug)]
pub(super) struct Effects<'a> {
    before: &'a Checked,
    after: &'a Checked,
    names: &'a Names,
    own: &'a Names,
    former: &'a Former,
    /// KPIs that are written differently, and are proven to be the same with all that they are made of.
    settled: BTreeSet<String>,
}

impl<'a> Effects<'a> {
    pub(super) fn of(
        (before, after): (&'a Checked, &'a Checked),
        (names, own): (&'a Names, &'a Names),
        former: &'a Former,
        (there, here): (&Definitions, &Definitions),
    ) -> Self {
        let mut effects = Self { before, after, names, own, former, settled: BTreeSet::new() };
        let formula =
            |all: &Definitions, key| all.get(key).and_then(|of| of.fields.get("formula")).map(|field| field.compared.clone());
        for (key, _) in here.iter().filter(|((kind, _), _)| *kind == Kind::Kpi) {
            let (Some(old), Some(new)) = (formula(there, key), formula(here, key)) else { continue };
            if old == new {
                continue;
            }
            let was = effects.former(Kind::Kpi, &key.1);
            let ids = before.model.kpi_names.get(&was).zip(after.model.kpi_names.get(&key.1));
            if let Some((old, new)) = ids {
                let old = Writer::written_out(&before.model, names).kpi(*old);
                let new = Writer::written_out(&after.model, own).kpi(*new);
                if meaning::proven(&old, &new) == Verdict::Same {
                    effects.settled.insert(key.1.clone());
                }
            }
        }
        effects
    }

    /// What a definition was called before.
    pub(super) fn former(&self, kind: Kind, name: &str) -> String {
        self.former.get(&(kind, name.to_owned())).cloned().unwrap_or_else(|| name.to_owned())
    }

    /// What is downstream of some places.
    pub(super) fn of_starts(&self, starts: &[Start]) -> Downstream {
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut order = Vec::new();
        if starts.is_empty() {
            return Downstream::default();
        }
        for (checked, is_after) in [(self.after, true), (self.before, false)] {
            for (id, through) in self.walk(checked, is_after, starts) {
                let own = &checked.model.kpis.get(id).name.value;
                let name = if is_after { own.clone() } else { self.names.kpi(own) };
                // What is gone has nobody who reads it.
                if self.after.model.kpi_names.contains_key(&name) && !found.contains_key(&name) {
                    found.insert(name.clone(), through);
                    order.push(name);
                }
            }
        }
        self.shown(order, &found)
    }

    /// Where else a change of a source begins: a column by which its rows are told apart or counted is part of every row, and periods of the calendar are those of all
    /// figures.
    pub(super) fn beyond(&self, start: &Start) -> Vec<Start> {
        if !matches!(start.kind, Kind::Source) {
            return Vec::new();
        }
        let was = self.former(start.kind, &start.name);
        let column = start.field.strip_prefix("columns.");
        let is_of_all = |model: &Model, name: &str| {
            let Some(id) = model.source_names.get(name).copied() else { return (false, false) };
            let source = model.sources.get(id);
            let is_of_rows = column.and_then(|column| source.names.get(column)).is_some_and(|column| {
                let holds = source.holds.as_ref().is_some_and(|holds| holds.columns().contains(column));
                source.key.contains(column) || source.time == Some(*column) || holds
            });
            (is_of_rows, model.calendar_source.as_ref().is_some_and(|calendar| calendar.source == id))
        };
        let both = [is_of_all(&self.before.model, &was), is_of_all(&self.after.model, &start.name)];
        let mut more = Vec::new();
        if both.iter().any(|(rows, _)| *rows) {
            more.push(Start { field: String::new(), ..start.clone() });
        }
        if both.iter().any(|(_, calendar)| *calendar) {
            more.push(Start { kind: Kind::Calendar, name: String::new(), field: String::new() });
        }
        more
    }

    /// What is made of some formulas that are the same up to their last digits, and decides something by these: KPIs, and guardrails.
    pub(super) fn deciding(&self, rounded: &[Start]) -> Vec<String> {
        if rounded.is_empty() {
            return Vec::new();
        }
        let own = self.own;
        let (before, after) = (&self.before.model, &self.after.model);
        let (old, new) = (Writer::written_out(before, self.names), Writer::written_out(after, own));
        let reached: Vec<KpiId> = self.walk(self.after, true, rounded).into_iter().map(|(id, _)| id).collect();
        let differs = |id: &&KpiId| {
            let name = &after.kpis.get(**id).name.value;
            let was = before.kpi_names.get(&self.former(Kind::Kpi, name));
            was.is_some_and(|was| meaning::proven(&old.kpi(*was), &new.kpi(**id)) != Verdict::Same)
        };
        let kpis = reached.iter().filter(differs).map(|id| after.kpis.get(*id).name.value.clone());
        let watching = after.guardrails.iter().filter(|guardrail| guardrail.watches.iter().any(|kpi| reached.contains(kpi)));
        let decides = |guardrail: &&Guardrail| {
            let was = before.guardrails.iter().find(|known| known.name.value == guardrail.name.value);
            let both = was.and_then(|was| was.condition.as_ref()).zip(guardrail.condition.as_ref());
            both.is_some_and(|(one, two)| meaning::proven(&old.formula(one), &new.formula(two)) != Verdict::Same)
        };
        let guardrails = watching.filter(decides).map(|guardrail| guardrail.name.value.clone());
        kpis.chain(guardrails).collect()
    }

    fn shown(&self, order: Vec<String>, found: &BTreeMap<String, Vec<String>>) -> Downstream {
        let model = &self.after.model;
        let ids: BTreeSet<KpiId> = order.iter().filter_map(|name| model.kpi_names.get(name).copied()).collect();
        let reached = order.into_iter().map(|name| {
            let views = model.kpi_names.get(&name).map(|id| views_of(model, *id)).unwrap_or_default();
            Reached { through: found.get(&name).cloned().unwrap_or_default(), views, name }
        });
        let mut down = Downstream { kpis: reached.collect(), ..Downstream::default() };
        let has = |kpis: &[KpiId]| kpis.iter().any(|kpi| ids.contains(kpi));
        let cards = model.scorecards.iter().filter(|card| card.kpis.iter().any(|kpi| ids.contains(&kpi.value)));
        down.scorecards = cards.map(|card| card.name.value.clone()).collect();
        let guardrails = model.guardrails.iter().filter(|guardrail| has(&guardrail.watches));
        down.guardrails = guardrails.map(|guardrail| guardrail.name.value.clone()).collect();
        let mut objectives = BTreeSet::new();
        for (id, objective) in model.objectives.iter() {
            for result in &objective.key_results {
                if result.kpi().is_some_and(|measured| ids.contains(&measured.kpi)) {
                    down.key_results.push(format!("{}.{}", objective.name.value, result.name.value));
                    let mut at = Some(id);
                    while let Some(id) = at.filter(|id| objectives.insert(*id)) {
                        at = model.objectives.get(id).parent.as_ref().map(|parent| parent.value);
                    }
                }
            }
        }
        down.objectives = objectives.iter().map(|id| model.objectives.get(*id).name.value.clone()).collect();
        if let Some(star) = &model.north_star {
            let parts = star.volume.iter().chain(&star.efficiency).chain(&star.counter);
            let parts = parts.filter(|part| ids.contains(&part.value));
            down.north_star = parts.map(|part| model.kpis.get(part.value).name.value.clone()).collect();
        }
        down
    }

    /// The KPIs of a version that some places lead to, each with what is on the way.
    fn walk(&self, checked: &Checked, is_after: bool, starts: &[Start]) -> Vec<(KpiId, Vec<String>)> {
        let model = &checked.model;
        let mut todo: VecDeque<Step> = VecDeque::new();
        for start in starts {
            let name = if is_after { start.name.clone() } else { self.former(start.kind, &start.name) };
            todo.extend(nodes(model, start, &name).into_iter().map(|node| (node, Vec::new(), None)));
        }
        // What is proven of a formula is proven of formulas; figures by hand, tables and the calendar are no part of it.
        let may_settle = starts.iter().all(|start| start.kind == Kind::Kpi && start.field == "formula");
        let mut seen: BTreeSet<Node> = todo.iter().map(|(node, ..)| *node).collect();
        let mut found = Vec::new();
        while let Some((node, through, from)) = todo.pop_front() {
            if let Node::Kpi(id) = node {
                found.push((id, through.clone()));
            }
            let mut on = through;
            // The way is told by its first steps; a long one says no more.
            if on.len() < 12 && !matches!(node, Node::Source(_)) {
                on.push(name_of(model, node));
            }
            // A figure has a dimension's values in the sources that it reads, and in no others.
            let readers = match (node, from) {
                (Node::Dimension(id), Some(column)) => Some(readers(checked, id, column)),
                _ => None,
            };
            for next in needing(&checked.graph, node) {
                let is_settled =
                    may_settle && matches!((node, next), (Node::Kpi(_), Node::Kpi(id)) if self.is_settled(model, is_after, id));
                let is_read = readers.as_ref().is_none_or(|readers| readers.contains(&next));
                // A dimension may be reached by several columns, each of which other figures read.
                let again = matches!(next, Node::Dimension(_));
                if !is_settled && is_read && (seen.insert(next) || again) {
                    let column = if let Node::Column(source, column) = node { Some((source, column)) } else { None };
                    todo.push_back((next, on.clone(), column));
                }
            }
        }
        found
    }

    fn is_settled(&self, model: &Model, is_after: bool, id: KpiId) -> bool {
        let own = &model.kpis.get(id).name.value;
        self.settled.contains(&if is_after { own.clone() } else { self.names.kpi(own) })
    }

    /// Who owns a definition and what is downstream of it.
    pub(super) fn owners(&self, (kind, name): &(Kind, String), downstream: &Downstream) -> Vec<String> {
        let mut owners = BTreeSet::new();
        let was = self.former(*kind, name);
        for (model, name) in [(&self.after.model, name.as_str()), (&self.before.model, was.as_str())] {
            owners.extend(owner(model, *kind, name));
        }
        let model = &self.after.model;
        owners.extend(downstream.kpis.iter().filter_map(|kpi| owner(model, Kind::Kpi, &kpi.name)));
        owners.extend(downstream.key_results.iter().filter_map(|result| owner(model, Kind::KeyResult, result)));
        owners.extend(downstream.guardrails.iter().filter_map(|guardrail| owner(model, Kind::Guardrail, guardrail)));
        owners.into_iter().collect()
    }
}

/// What reads a source in which a dimension has its place in a column, or through it.
fn readers(checked: &Checked, dimension: DimensionId, (of, column): (SourceId, ColumnId)) -> BTreeSet<Node> {
    let model = &checked.model;
    let goes_through = |source: SourceId, path: &Path| {
        let mut at = source;
        path.through.iter().chain([&path.column]).any(|step| {
            let here = at == of && *step == column;
            at = model.sources.get(at).columns.get(*step).reference.unwrap_or(at);
            here
        })
    };
    let places = model.dimensions.get(dimension).places.iter().filter(|(source, path)| goes_through(**source, path));
    let mut todo: Vec<Node> = places.map(|(source, _)| Node::Source(*source)).collect();
    let mut seen = BTreeSet::new();
    while let Some(node) = todo.pop() {
        for next in checked.graph.needed_by(node).filter(|next| !matches!(next, Node::Dimension(_))) {
            if seen.insert(next) {
                todo.push(next);
            }
        }
    }
    seen
}

fn needing(graph: &Graph, node: Node) -> Vec<Node> {
    let mut next: Vec<Node> = graph.needed_by(node).collect();
    next.sort_unstable();
    next
}

fn views_of(model: &Model, id: KpiId) -> Vec<String> {
    let kpi = model.kpis.get(id);
    let slices = views::slices(kpi);
    let of_grain = |grain| slices.iter().map(move |slice| views::view_name(model, kpi, grain, slice)).collect::<Vec<_>>();
    model.grains(kpi).into_iter().flat_map(of_grain).collect()
}

/// Where a change begins in a graph.
fn nodes(model: &Model, start: &Start, name: &str) -> Vec<Node> {
    match start.kind {
        Kind::Kpi => model.kpi_names.get(name).map(|id| Node::Kpi(*id)).into_iter().collect(),
        Kind::Source | Kind::Journey => {
            let Some(id) = model.source_names.get(name).copied() else { return Vec::new() };
            // Which rows a step takes decides which are left for others, and the first when a journey counts.
            let Some(column) = start.field.strip_prefix("columns.") else { return vec![Node::Source(id)] };
            // One that this version does not have is read in the other one.
            model.sources.get(id).names.get(column).map(|column| Node::Column(id, *column)).into_iter().collect()
        }
        Kind::Dimension => {
            let Some(id) = model.dimension_names.get(name).copied() else { return Vec::new() };
            let by = model.kpis.iter().filter(|(_, kpi)| kpi.by.iter().any(|slice| slice.value.contains(&id)));
            let results = model.objectives.rows().iter().flat_map(|objective| &objective.key_results);
            let measured = results.filter_map(|result| result.kpi()).filter(|measured| measured.dimensions().contains(&id));
            let watching =
                model.guardrails.iter().filter(|guardrail| guardrail.by.iter().any(|slice| slice.value.contains(&id)));
            let watched = watching.flat_map(|guardrail| guardrail.watches.iter().copied());
            let kpis = by.map(|(id, _)| id).chain(measured.map(|measured| measured.kpi)).chain(watched);
            std::iter::once(Node::Dimension(id)).chain(kpis.map(Node::Kpi)).collect()
        }
        // All figures are by the calendar, and all tables in their schema.
        Kind::Calendar | Kind::Warehouse => model.kpis.ids().map(Node::Kpi).collect(),
        _ => Vec::new(),
    }
}

/// The team that owns a definition, if one does.
pub fn owner(model: &Model, kind: Kind, name: &str) -> Option<String> {
    let objective = |name: &str| model.objectives.rows().iter().find(|objective| objective.name.value == name);
    let team: Option<TeamId> = match kind {
        Kind::Kpi => model.kpi_names.get(name).and_then(|id| model.kpis.get(*id).owner),
        Kind::Guardrail => model.guardrails.iter().find(|guardrail| guardrail.name.value == name).and_then(|of| of.owner),
        Kind::Objective => objective(name).and_then(|objective| objective.owner),
        Kind::KeyResult => {
            let (of, result) = name.split_once('.')?;
            let results = &objective(of)?.key_results;
            results.iter().find(|known| known.name.value == result).and_then(|result| result.owner)
        }
        _ => None,
    };
    team.map(|id| model.teams.get(id).name.value.clone())
}
