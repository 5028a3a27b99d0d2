//! What some KPIs need of a project, so that a question about them is not answered with the errors of everything else.

use super::Checked;
use super::part::holding;
use crate::diagnostic::{Findings, Severity};
use crate::graph::Node;
use crate::model::{DimensionId, KpiId, SourceId};
use crate::spec::extent::{Defined, Extent};
use std::collections::BTreeSet;

impl Checked {
    /// The errors in what some KPIs need, and in the KPIs themselves; all findings where no error is in any of it.
    pub fn errors_of(&self, kpis: &[KpiId]) -> Findings {
        let needed = Needed::of(self, kpis).definitions();
        let mut extents: Vec<&Extent> = self.settings.extents.iter().collect();
        extents.sort_unstable_by_key(|extent| (extent.span.file, extent.span.start));
        let mut found = self.findings.clone();
        found.retain(|finding| {
            let place = finding.labels.first().map(|label| label.span);
            let of = place.and_then(|span| holding(&extents, span));
            finding.severity == Severity::Error && of.is_some_and(|extent| needed.contains(&extent.of))
        });
        if found.is_empty() { self.findings.clone() } else { found }
    }
}

/// What is needed, and what of it has been looked at.
struct Needed<'a> {
    checked: &'a Checked,
    seen: BTreeSet<Node>,
}

impl<'a> Needed<'a> {
    fn of(checked: &'a Checked, kpis: &[KpiId]) -> Self {
        let mut needed = Self { checked, seen: BTreeSet::new() };
        needed.go(kpis.iter().map(|id| Node::Kpi(*id)).collect());
        // A dimension is read in the sources that are read, and nowhere else.
        let (mut sources, mut dimensions): (Vec<SourceId>, Vec<DimensionId>) = (Vec::new(), Vec::new());
        for node in &needed.seen {
            match node {
                Node::Source(id) => sources.push(*id),
                Node::Dimension(id) => dimensions.push(*id),
                Node::Kpi(_) | Node::Column(..) => {}
            }
        }
        for dimension in dimensions {
            let places = &checked.model.dimensions.get(dimension).places;
            for (source, path) in sources.iter().filter_map(|source| Some((*source, places.get(source)?))) {
                let mut at = Some(source);
                for column in path.through.iter().chain([&path.column]) {
                    let Some(here) = at else { break };
                    needed.go(vec![Node::Column(here, *column)]);
                    at = checked.model.sources.get(here).columns.get(*column).reference;
                }
            }
        }
        needed
    }

    /// Follows what is needed from some nodes on, up to dimensions.
    fn go(&mut self, mut left: Vec<Node>) {
        while let Some(node) = left.pop() {
            if self.seen.insert(node) && !matches!(node, Node::Dimension(_)) {
                left.extend(self.checked.graph.needs(node));
            }
        }
    }

    fn definitions(self) -> BTreeSet<Defined> {
        let model = &self.checked.model;
        let of_source = |id: SourceId| {
            let source = model.sources.get(id);
            Defined::new(if source.journey.is_some() { "journeys" } else { "sources" }, &source.name.value)
        };
        let of = |node: &Node| match node {
            Node::Kpi(id) => Defined::new("kpis", &model.kpis.get(*id).name.value),
            Node::Source(id) | Node::Column(id, _) => of_source(*id),
            Node::Dimension(id) => Defined::new("dimensions", &model.dimensions.get(*id).name),
        };
        self.seen.iter().map(of).collect()
    }
}
