//! The part of a project that nothing wrong reaches, so that one broken KPI does not keep the others from being asked.
//!
//! 1. [`Wrong::of`] finds the definitions that errors are in, and all that needs one of them, directly or not.
//! 2. [`part`] reads the project again without these, as if they stood in no file, and looks at it from all sides once more. What needs
//!    one of them in another way (a test, a key result) has an error then and goes too.
//!
//! So the part is a [`Valid`] project like any other. An error that belongs to no definition concerns all of them, and there is no part.
//! What stays keeps its meaning: nothing that it needs is left out, and the name of a dimension that is left out means nothing else.

use super::{Checked, Options, Valid, decode_without};
use crate::diagnostic::{Findings, Severity, codes};
use crate::graph::Node;
use crate::model::{KpiId, SourceId};
use crate::spec::Spec;
use crate::spec::extent::{Defined, Extent, LeftOut};
use crate::spec::kpi::Kpi;
use crate::text::{Files, Span};
use std::collections::BTreeSet;
use std::path::Path;

/// A project, or the part of it that is right.
#[derive(Debug)]
pub struct SoundPart {
    /// The project without what is left out.
    pub project: Valid,
    /// What is left out; nothing of a project without errors.
    pub left_out: LeftOut,
    /// What was found in the whole project.
    pub findings: Findings,
    /// The whole project, if something in it is wrong.
    whole: Option<Box<Checked>>,
}

impl SoundPart {
    /// The errors in some KPIs, named as the whole project does, and in what they need.
    pub fn errors_of(&self, names: &[String]) -> Findings {
        let Some(whole) = &self.whole else { return self.findings.clone() };
        let kpis: Vec<KpiId> = names.iter().filter_map(|name| whole.model.kpi_names.get(name).copied()).collect();
        whole.errors_of(&kpis)
    }

    /// The names of the definitions of a section that are left out.
    pub fn left_out_of(&self, section: &str) -> Vec<&str> {
        self.left_out.iter().filter(|of| of.section == section).map(|of| of.name.as_str()).collect()
    }
}

/// Reads and checks the project in `root` with further KPIs, as [`super::check_with`] does, and gives the part that is right.
///
/// # Errors
/// Gives the whole project back, with its findings, if an error concerns all of it, or one of the further KPIs.
pub fn part(
    root: &Path,
    mut asked: impl FnMut(&Spec, &mut Files) -> Vec<Kpi>,
    options: &Options,
) -> Result<SoundPart, Box<Checked>> {
    let mut look =
        |left_out: &LeftOut| decode_without(root, left_out, options).with(&mut asked).parse().resolve(options).check();
    let whole = match look(&LeftOut::new()).valid() {
        Ok(project) => {
            let findings = project.findings().clone();
            return Ok(SoundPart { project, left_out: LeftOut::new(), findings, whole: None });
        }
        Err(whole) => whole,
    };
    let mut left_out = LeftOut::new();
    let mut wrong = Wrong::of(&whole);
    // Each round leaves out more than the one before.
    while let Some(more) = wrong {
        let before = left_out.len();
        left_out.extend(more);
        if left_out.len() == before {
            break;
        }
        match look(&left_out).valid() {
            Ok(project) => return Ok(SoundPart { project, left_out, findings: whole.findings.clone(), whole: Some(whole) }),
            Err(checked) => wrong = Wrong::of(&checked),
        }
    }
    Err(whole)
}

/// What is wrong in a project, and what needs it.
struct Wrong<'a> {
    checked: &'a Checked,
    found: LeftOut,
    /// Nodes whose dependents are still to be looked at.
    left: Vec<Node>,
    seen: BTreeSet<Node>,
}

impl<'a> Wrong<'a> {
    /// The definitions; nothing if an error belongs to none of them, or if a KPI of a question is among them.
    fn of(checked: &'a Checked) -> Option<LeftOut> {
        let mut extents: Vec<&Extent> = checked.settings.extents.iter().collect();
        extents.sort_unstable_by_key(|extent| (extent.span.file, extent.span.start));
        let mut wrong = Self { checked, found: LeftOut::new(), left: Vec::new(), seen: BTreeSet::new() };
        for finding in checked.findings.iter().filter(|finding| finding.severity == Severity::Error) {
            // Of two definitions with one name nobody knows which is meant.
            let all = finding.code == &codes::DUPLICATE_DEFINITION;
            let labels = finding.labels.get(..if all { finding.labels.len() } else { 1 })?;
            for label in labels {
                wrong.define(&holding(&extents, label.span)?.of);
            }
        }
        for (id, _) in checked.model.kpis.iter().filter(|(_, kpi)| kpi.facts.is_broken()) {
            wrong.node(Node::Kpi(id))?;
        }
        while let Some(node) = wrong.left.pop() {
            for needing in checked.graph.needed_by(node).collect::<Vec<_>>() {
                // A dimension loses its place in a source and is the same elsewhere.
                if !matches!(needing, Node::Dimension(_)) {
                    wrong.node(needing)?;
                }
            }
        }
        Some(wrong.found)
    }

    /// Notes a definition, and the node that it is.
    fn define(&mut self, defined: &Defined) {
        let model = &self.checked.model;
        let name = &defined.name;
        match defined.section {
            "kpis" => self.left.extend(model.kpi_names.get(name).map(|id| Node::Kpi(*id))),
            "dimensions" => self.left.extend(model.dimension_names.get(name).map(|id| Node::Dimension(*id))),
            "sources" | "journeys" => {
                if let Some(id) = model.source_names.get(name) {
                    self.source(*id);
                }
            }
            _ => {}
        }
        self.found.insert(defined.clone());
    }

    /// Notes what needs something wrong; nothing if it is a KPI of a question.
    fn node(&mut self, node: Node) -> Option<()> {
        let model = &self.checked.model;
        match node {
            Node::Kpi(id) if model.kpis.get(id).is_asked() => return None,
            Node::Kpi(id) => {
                if self.found.insert(Defined::new("kpis", &model.kpis.get(id).name.value)) {
                    self.left.push(node);
                }
            }
            Node::Source(id) | Node::Column(id, _) => {
                let source = model.sources.get(id);
                let section = if source.journey.is_some() { "journeys" } else { "sources" };
                self.found.insert(Defined::new(section, &source.name.value));
                self.source(id);
            }
            Node::Dimension(_) => {}
        }
        Some(())
    }

    /// Looks at what needs a source or one of its columns.
    fn source(&mut self, id: SourceId) {
        if self.seen.insert(Node::Source(id)) {
            let columns = self.checked.model.sources.get(id).columns.ids().map(|column| Node::Column(id, column));
            self.left.extend(columns.chain([Node::Source(id)]));
        }
    }
}

/// The definition that a place belongs to. They are in order and do not overlap.
pub(super) fn holding<'a>(extents: &[&'a Extent], span: Span) -> Option<&'a Extent> {
    let after = extents.partition_point(|extent| (extent.span.file, extent.span.start) <= (span.file, span.start));
    extents.get(after.checked_sub(1)?).copied().filter(|extent| extent.span.holds(span))
}
