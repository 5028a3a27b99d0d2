//! Which KPIs move the North Star, by which ways, and which way.
//!
//! From each part of the North Star the edges are followed backwards. For each KPI and each sign one shortest path is kept, so that the
//! work is linear in the edges. A way is never followed round a loop of influences: among KPIs that move each other in a circle only
//! the steps count that come nearer to the North Star. The ways that are left can be counted and listed.

use super::{Alignment, Sign};
use crate::model::north_star::NorthStar;
use crate::model::{Better, KpiId, Model};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// A part of the North Star.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// How much.
    Volume,
    /// At what cost.
    Efficiency,
}

/// What moves the North Star.
#[derive(Debug)]
pub struct Reach {
    /// Its parts, each with what moves it.
    pub parts: Vec<StarPart>,
}

/// A part of the North Star with what moves it.
#[derive(Debug)]
pub struct StarPart {
    /// Which part.
    pub role: Role,
    /// Its KPI.
    pub kpi: KpiId,
    /// Whether more of it is better; unknown where nobody says, or where it is best between two values.
    pub good: Sign,
    /// For each KPI how many steps it is away, along any edges.
    near: Vec<Option<u32>>,
    /// For each KPI and sign the first step of a shortest path, and its length.
    steps: Vec<[Option<Step>; 3]>,
    /// For each KPI and sign how many ways there are.
    counts: Vec<[u64; 3]>,
    /// For each KPI its place among the sets of those that move each other in a circle.
    places: Vec<usize>,
}

#[derive(Debug, Clone, Copy)]
struct Step {
    /// The edge to take; nothing at the end of the way.
    edge: Option<usize>,
    /// Which sign the rest of the way has.
    rest: Sign,
    /// How many steps there are to the end.
    length: u32,
}

/// A way from a KPI to a part of the North Star.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// Which part.
    pub role: Role,
    /// Whether the North Star gets better or worse along it when the KPI rises.
    pub sign: Sign,
    /// The places of its edges in [`Alignment::edges`], from the KPI on.
    pub edges: Vec<usize>,
}

/// How many ways there are, by their signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ways {
    /// Those along which the North Star gets better when the KPI rises.
    pub better: u64,
    /// Those along which it gets worse.
    pub worse: u64,
    /// Those of which that is not known.
    pub unknown: u64,
}

impl Ways {
    /// All of them.
    pub fn all(self) -> u64 {
        self.better.saturating_add(self.worse).saturating_add(self.unknown)
    }

    /// Whether the North Star gets better or worse, if all ways that say something say the same.
    pub fn sign(self) -> Sign {
        match (self.better, self.worse) {
            (1.., 0) => Sign::Plus,
            (0, 1..) => Sign::Minus,
            _ => Sign::Unknown,
        }
    }

    /// Whether some ways make it better and others worse.
    pub fn disagree(self) -> bool {
        self.better > 0 && self.worse > 0
    }

    /// Both together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            better: self.better.saturating_add(other.better),
            worse: self.worse.saturating_add(other.worse),
            unknown: self.unknown.saturating_add(other.unknown),
        }
    }
}

/// Whether more of a KPI is better.
pub fn good(better: Option<Better>) -> Sign {
    match better {
        Some(Better::Up) => Sign::Plus,
        Some(Better::Down) => Sign::Minus,
        Some(Better::Between(..)) | None => Sign::Unknown,
    }
}

impl Reach {
    /// What moves a North Star.
    pub(super) fn of(model: &Model, star: &NorthStar, alignment: &Alignment, places: &[usize]) -> Self {
        let mut parts = Vec::new();
        if let Some(volume) = &star.volume {
            // More is better unless somebody says something else.
            let better = model.kpis.get(volume.value).better.or(Some(Better::Up));
            parts.push(StarPart::of(Role::Volume, volume.value, good(better), alignment, places));
        }
        if let Some(efficiency) = &star.efficiency {
            let better = model.kpis.get(efficiency.value).better;
            parts.push(StarPart::of(Role::Efficiency, efficiency.value, good(better), alignment, places));
        }
        Self { parts }
    }

    /// The part that a KPI is, if it is one.
    pub fn part(&self, kpi: KpiId) -> Option<&StarPart> {
        self.parts.iter().find(|part| part.kpi == kpi)
    }

    /// Whether a KPI is linked to the North Star, or is a part of it.
    pub fn has(&self, kpi: KpiId) -> bool {
        self.parts.iter().any(|part| part.near.get(kpi.index()).is_some_and(Option::is_some))
    }

    /// How many ways a KPI has to all parts together.
    pub fn ways(&self, kpi: KpiId) -> Ways {
        self.parts.iter().map(|part| part.ways(kpi)).fold(Ways::default(), Ways::with)
    }

    /// The shortest path of a sign from a KPI.
    pub fn shortest(&self, alignment: &Alignment, kpi: KpiId, sign: Sign) -> Option<Way> {
        let ways = self.parts.iter().filter_map(|part| part.shortest(alignment, kpi, sign));
        ways.min_by_key(|way| way.edges.len())
    }

    /// Some ways from a KPI, the shortest first.
    pub fn list(&self, alignment: &Alignment, kpi: KpiId, most: usize) -> Vec<Way> {
        let mut ways: Vec<Way> = self.parts.iter().flat_map(|part| part.list(alignment, kpi, most)).collect();
        ways.sort_by_key(|way| (way.edges.len(), way.role));
        ways.truncate(most);
        ways
    }
}

impl StarPart {
    fn of(role: Role, kpi: KpiId, good: Sign, alignment: &Alignment, places: &[usize]) -> Self {
        let kpis = places.len();
        let mut part = Self {
            role,
            kpi,
            good,
            near: vec![None; kpis],
            steps: vec![[None; 3]; kpis],
            counts: vec![[0; 3]; kpis],
            places: places.to_vec(),
        };
        part.measure(alignment);
        part.follow(alignment);
        part.count(alignment);
        part
    }

    /// How far each KPI is away.
    fn measure(&mut self, alignment: &Alignment) {
        let mut queue = VecDeque::from([(self.kpi, 0)]);
        if let Some(slot) = self.near.get_mut(self.kpi.index()) {
            *slot = Some(0);
        }
        while let Some((at, distance)) = queue.pop_front() {
            for edge in alignment.movers(at) {
                if let Some(slot @ None) = self.near.get_mut(edge.from.index()) {
                    *slot = Some(distance + 1);
                    queue.push_back((edge.from, distance + 1));
                }
            }
        }
    }

    /// Whether a way may take an edge: it leads on, and not back round a loop.
    fn takes(&self, alignment: &Alignment, edge: usize) -> Option<KpiId> {
        let edge = alignment.edge(edge)?;
        let near = |kpi: KpiId| self.near.get(kpi.index()).copied().flatten();
        let (from, to) = (near(edge.from)?, near(edge.to)?);
        let in_circle = self.places.get(edge.from.index()) == self.places.get(edge.to.index());
        (edge.from != self.kpi && (!in_circle || to < from)).then_some(edge.to)
    }

    /// A shortest path for each KPI and sign.
    fn follow(&mut self, alignment: &Alignment) {
        self.set(self.kpi, self.good, Step { edge: None, rest: self.good, length: 0 });
        let mut queue = VecDeque::from([(self.kpi, self.good, 0)]);
        while let Some((at, rest, length)) = queue.pop_front() {
            for place in alignment.leading_to(at) {
                let (Some(_), Some(edge)) = (self.takes(alignment, *place), alignment.edge(*place)) else { continue };
                let sign = edge.sign.times(rest);
                let known =
                    self.steps.get(edge.from.index()).is_some_and(|steps| steps.get(sign.place()).is_some_and(Option::is_some));
                if !known {
                    self.set(edge.from, sign, Step { edge: Some(*place), rest, length: length + 1 });
                    queue.push_back((edge.from, sign, length + 1));
                }
            }
        }
    }

    fn set(&mut self, kpi: KpiId, sign: Sign, step: Step) {
        if let Some(slot) = self.steps.get_mut(kpi.index()).and_then(|steps| steps.get_mut(sign.place())) {
            *slot = Some(step);
        }
    }

    fn step(&self, kpi: KpiId, sign: Sign) -> Option<Step> {
        self.steps.get(kpi.index())?.get(sign.place()).copied().flatten()
    }

    /// Counts the ways, each KPI after those that it moves.
    fn count(&mut self, alignment: &Alignment) {
        let mut order: Vec<(usize, u32, KpiId)> = Vec::new();
        for edge in alignment.edges() {
            if let Some(distance) = self.near.get(edge.from.index()).copied().flatten() {
                order.push((self.places.get(edge.from.index()).copied().unwrap_or(0), distance, edge.from));
            }
        }
        order.sort_unstable();
        order.dedup();
        if let Some(slot) = self.counts.get_mut(self.kpi.index()).and_then(|counts| counts.get_mut(self.good.place())) {
            *slot = 1;
        }
        for (_, _, kpi) in order.into_iter().filter(|(_, _, kpi)| *kpi != self.kpi) {
            let mut own = [0u64; 3];
            for place in alignment.leaving(kpi) {
                let (Some(to), Some(edge)) = (self.takes(alignment, *place), alignment.edge(*place)) else { continue };
                for rest in Sign::ALL {
                    let further = self.counts.get(to.index()).and_then(|counts| counts.get(rest.place())).copied().unwrap_or(0);
                    if let Some(slot) = own.get_mut(edge.sign.times(rest).place()) {
                        *slot = slot.saturating_add(further);
                    }
                }
            }
            if let Some(slot) = self.counts.get_mut(kpi.index()) {
                *slot = own;
            }
        }
    }

    /// How many ways a KPI has to this part.
    pub fn ways(&self, kpi: KpiId) -> Ways {
        let of = |sign: Sign| self.counts.get(kpi.index()).and_then(|counts| counts.get(sign.place())).copied().unwrap_or(0);
        Ways { better: of(Sign::Plus), worse: of(Sign::Minus), unknown: of(Sign::Unknown) }
    }

    /// How many steps a KPI is away; nothing where it has no way.
    pub fn distance(&self, kpi: KpiId) -> Option<u32> {
        self.near.get(kpi.index()).copied().flatten()
    }

    /// The shortest path of a sign.
    pub fn shortest(&self, alignment: &Alignment, kpi: KpiId, sign: Sign) -> Option<Way> {
        let mut edges = Vec::new();
        let (mut at, mut rest) = (kpi, sign);
        loop {
            let step = self.step(at, rest)?;
            let Some(edge) = step.edge else { break };
            edges.push(edge);
            (at, rest) = (alignment.edge(edge)?.to, step.rest);
        }
        Some(Way { role: self.role, sign, edges })
    }

    /// The shortest path of any sign, counted in steps that ways may take.
    fn least(&self, kpi: KpiId) -> Option<u32> {
        self.steps.get(kpi.index())?.iter().flatten().map(|step| step.length).min()
    }

    /// Some ways, the shortest first.
    pub fn list(&self, alignment: &Alignment, kpi: KpiId, most: usize) -> Vec<Way> {
        let mut ways = Vec::new();
        let Some(least) = self.least(kpi) else { return ways };
        if kpi == self.kpi {
            return ways;
        }
        // By the length that a way has at least, then by its edges: the same every time.
        let mut open = BinaryHeap::from([Reverse((least, Vec::<usize>::new(), kpi, Sign::Plus))]);
        while let Some(Reverse((_, edges, at, sign))) = open.pop() {
            if at == self.kpi {
                ways.push(Way { role: self.role, sign: sign.times(self.good), edges });
                if ways.len() == most {
                    break;
                }
                continue;
            }
            for place in alignment.leaving(at) {
                let (Some(to), Some(edge)) = (self.takes(alignment, *place), alignment.edge(*place)) else { continue };
                let Some(further) = self.least(to) else { continue };
                let mut longer = edges.clone();
                longer.push(*place);
                let length = u32::try_from(longer.len()).unwrap_or(u32::MAX).saturating_add(further);
                open.push(Reverse((length, longer, to, sign.times(edge.sign))));
            }
        }
        ways
    }
}
