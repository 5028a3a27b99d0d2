//! What moves what, and what of it moves the North Star.
//!
//! 1. [`formula`] finds out for each component of a formula whether the value rises or falls with it, by signs and ranges alone:
//!    `interval` has the ranges, `kin` says which figures grow together because they are made of the same things.
//! 2. [`Alignment::of`] puts these edges and the declared ones (`drives`) into one graph.
//! 3. [`reach`] follows the edges from the North Star back to all that moves it, and keeps for each KPI which signs its ways have.
//!    Ways are counted, and a few shown, but never all gone through.
//! 4. [`words`] says it in words.
//! 5. [`drivers`] takes KPIs apart, to say what contributed to a change.
//! 6. [`check`] reports what cannot be meant. What is only doubtful is the business of `lint`.

pub mod check;
pub mod drivers;
pub mod formula;
mod interval;
mod kin;
pub mod reach;
pub mod words;

use crate::graph::Graph;
use crate::model::{Body, Kpi, KpiId, Model, TeamId};
use crate::text::Span;
use formula::Formulas;
use petgraph::algo::tarjan_scc;
use petgraph::graph::DiGraph;
use rayon::prelude::*;
use reach::{Reach, Role};

/// Which way something moves when something else rises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sign {
    /// The same way.
    Plus,
    /// The other way.
    Minus,
    /// It depends, or nobody knows.
    Unknown,
}

impl Sign {
    /// All of them.
    pub const ALL: [Sign; 3] = [Sign::Plus, Sign::Minus, Sign::Unknown];

    /// The sign of two steps, one after the other.
    #[must_use]
    pub fn times(self, other: Sign) -> Sign {
        match (self, other) {
            (Sign::Unknown, _) | (_, Sign::Unknown) => Sign::Unknown,
            (one, two) if one == two => Sign::Plus,
            _ => Sign::Minus,
        }
    }

    /// The sign of two effects at once.
    #[must_use]
    pub fn and(self, other: Sign) -> Sign {
        if self == other { self } else { Sign::Unknown }
    }

    /// As people write it.
    pub fn symbol(self) -> &'static str {
        match self {
            Sign::Plus => "+",
            Sign::Minus => "-",
            Sign::Unknown => "?",
        }
    }

    /// Its name, for programs.
    pub fn name(self) -> &'static str {
        match self {
            Sign::Plus => "plus",
            Sign::Minus => "minus",
            Sign::Unknown => "unknown",
        }
    }

    fn place(self) -> usize {
        self as usize
    }
}

/// That one KPI moves another.
#[derive(Debug, Clone)]
pub struct Edge {
    /// The KPI that moves.
    pub from: KpiId,
    /// The KPI that is moved.
    pub to: KpiId,
    /// Which way.
    pub sign: Sign,
    /// How it is known.
    pub by: By,
    /// Where it is said: the mention in the formula, or the claim.
    pub span: Span,
    /// Why it has that sign, in words; empty if nobody says.
    pub why: String,
}

/// How it is known that one KPI moves another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// It is in the other's formula.
    Formula,
    /// Somebody claims it.
    Claim,
}

/// The graph of what moves what.
#[derive(Debug, Default)]
pub struct Alignment {
    edges: Vec<Edge>,
    /// For each KPI the edges that leave it.
    from: Vec<Vec<usize>>,
    /// For each KPI the edges that lead to it.
    into: Vec<Vec<usize>>,
    /// Claims that a formula contradicts, as pairs of the claim and the edge of the formula.
    contradictions: Vec<(Edge, usize)>,
    /// What moves the North Star, if there is one.
    pub reach: Option<Reach>,
}

impl Alignment {
    /// The alignment of a checked model.
    pub fn of(model: &Model, graph: &Graph) -> Self {
        let formulas = Formulas::of(model, graph);
        let made: Vec<Vec<Edge>> = model
            .kpis
            .rows()
            .par_iter()
            .zip(model.kpis.ids().collect::<Vec<_>>())
            .map(|(kpi, id)| components(&formulas, id, kpi))
            .collect();
        let mut alignment = Self {
            edges: Vec::new(),
            from: vec![Vec::new(); model.kpis.len()],
            into: vec![Vec::new(); model.kpis.len()],
            contradictions: Vec::new(),
            reach: None,
        };
        made.into_iter().flatten().for_each(|edge| alignment.add(edge));
        for (id, kpi) in model.kpis.iter() {
            for drive in kpi.about.drives.iter().filter(|drive| drive.kpi != id) {
                let sign = match drive.effect.as_str() {
                    "up" => Sign::Plus,
                    "down" => Sign::Minus,
                    _ => Sign::Unknown,
                };
                let why = drive.because.clone();
                alignment.claim(Edge { from: id, to: drive.kpi, sign, by: By::Claim, span: drive.span, why });
            }
        }
        if let Some(star) = &model.north_star {
            let places = alignment.strong_components(model);
            alignment.reach = Some(Reach::of(model, star, &alignment, &places));
        }
        alignment
    }

    fn add(&mut self, edge: Edge) {
        let at = self.edges.len();
        if let Some(list) = self.from.get_mut(edge.from.index()) {
            list.push(at);
        }
        if let Some(list) = self.into.get_mut(edge.to.index()) {
            list.push(at);
        }
        self.edges.push(edge);
    }

    /// Adds what somebody claims. It settles what a formula leaves open, and never what a formula says.
    fn claim(&mut self, claim: Edge) {
        let known = self.from.get(claim.from.index()).into_iter().flatten().copied();
        let known = known.into_iter().find(|at| self.edges.get(*at).is_some_and(|edge| edge.to == claim.to));
        let Some(at) = known else {
            self.add(claim);
            return;
        };
        match self.edges.get_mut(at) {
            Some(edge) if edge.sign == Sign::Unknown && edge.by == By::Formula => *edge = claim,
            Some(edge) if edge.sign.times(claim.sign) == Sign::Minus => self.contradictions.push((claim, at)),
            _ => {}
        }
    }

    /// All edges: those of formulas, then those that are claimed.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// An edge by its place.
    pub fn edge(&self, at: usize) -> Option<&Edge> {
        self.edges.get(at)
    }

    /// The places of the edges that leave a KPI.
    pub fn leaving(&self, kpi: KpiId) -> &[usize] {
        self.from.get(kpi.index()).map_or(&[], Vec::as_slice)
    }

    /// The places of the edges that lead to a KPI.
    pub fn leading_to(&self, kpi: KpiId) -> &[usize] {
        self.into.get(kpi.index()).map_or(&[], Vec::as_slice)
    }

    /// What moves a KPI.
    pub fn movers(&self, kpi: KpiId) -> impl Iterator<Item = &Edge> {
        self.leading_to(kpi).iter().filter_map(|at| self.edges.get(*at))
    }

    /// Claims with what formulas say instead.
    pub fn contradictions(&self) -> impl Iterator<Item = (&Edge, &Edge)> {
        self.contradictions.iter().filter_map(|(claim, at)| Some((claim, self.edges.get(*at)?)))
    }

    /// Whether a KPI is linked to the North Star, or is a part of it.
    pub fn is_aligned(&self, kpi: KpiId) -> bool {
        self.reach.as_ref().is_some_and(|reach| reach.has(kpi))
    }

    /// For each KPI its place among the sets of KPIs that move each other in a circle; what is moved has the lower place.
    fn strong_components(&self, model: &Model) -> Vec<usize> {
        let mut graph: DiGraph<(), ()> = DiGraph::with_capacity(model.kpis.len(), self.edges.len());
        let nodes: Vec<_> = model.kpis.ids().map(|_| graph.add_node(())).collect();
        for edge in &self.edges {
            if let (Some(from), Some(to)) = (nodes.get(edge.from.index()), nodes.get(edge.to.index())) {
                graph.add_edge(*from, *to, ());
            }
        }
        let mut places = vec![0; model.kpis.len()];
        for (place, members) in tarjan_scc(&graph).into_iter().enumerate() {
            for member in members {
                if let Some(slot) = places.get_mut(member.index()) {
                    *slot = place;
                }
            }
        }
        places
    }
}

/// The edges into a KPI from the components of its formula.
fn components(formulas: &Formulas<'_>, id: KpiId, kpi: &Kpi) -> Vec<Edge> {
    let Body::Formula(calc) = &kpi.body else { return Vec::new() };
    if kpi.facts.is_broken() {
        return Vec::new();
    }
    let found = formulas.components(kpi, calc).into_iter();
    found
        .map(|component| Edge {
            from: component.kpi,
            to: id,
            sign: component.sign,
            by: By::Formula,
            span: component.span.unwrap_or(kpi.name.span),
            why: component.why,
        })
        .collect()
}

/// How many KPIs are linked to the North Star, of the whole project and by team.
#[derive(Debug, Clone)]
pub struct Coverage {
    /// KPIs with a way, or that are a part of it.
    pub aligned: usize,
    /// KPIs of which it is said why they have none.
    pub waived: usize,
    /// KPIs without one.
    pub orphans: Vec<KpiId>,
    /// For each team how many of its KPIs have one, of how many.
    pub teams: Vec<(TeamId, usize, usize)>,
}

impl Coverage {
    /// Counts; deprecated KPIs are left out.
    pub fn of(model: &Model, alignment: &Alignment) -> Self {
        let mut coverage = Self { aligned: 0, waived: 0, orphans: Vec::new(), teams: Vec::new() };
        let mut teams: Vec<(usize, usize)> = vec![(0, 0); model.teams.len()];
        for (id, kpi) in model.kpis.iter().filter(|(_, kpi)| kpi.deprecated.is_none()) {
            let aligned = alignment.is_aligned(id) || is_counter(model, id);
            if aligned {
                coverage.aligned += 1;
            } else if kpi.about.unaligned.is_empty() {
                coverage.orphans.push(id);
            } else {
                coverage.waived += 1;
            }
            if let Some((reach, all)) = kpi.owner.and_then(|team| teams.get_mut(team.index())) {
                *reach += usize::from(aligned);
                *all += 1;
            }
        }
        coverage.teams = model.teams.ids().zip(teams).map(|(id, (reach, all))| (id, reach, all)).collect();
        coverage
    }
}

/// Whether a KPI is a counter metric of the North Star: it is watched for its sake, and need not move it.
pub fn is_counter(model: &Model, kpi: KpiId) -> bool {
    model.north_star.as_ref().is_some_and(|star| star.counter.iter().any(|counter| counter.value == kpi))
}

/// What a part of the North Star is called.
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::Volume => "volume",
        Role::Efficiency => "efficiency",
    }
}
