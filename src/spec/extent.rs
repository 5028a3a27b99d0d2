//! Where each definition stands, and a project without some of them.

use super::dimension::Dimension;
use super::{FILE, Spec};
use crate::load::{Entry, Node, Value};
use crate::text::{Name, Span};
use std::collections::BTreeSet;

/// The section that is a definition itself.
pub(super) const NORTH_STAR: &str = "north_star";

/// A definition by its section and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Defined {
    /// The section: `kpis`.
    pub section: &'static str,
    /// The name.
    pub name: String,
}

/// Definitions that are left out.
pub type LeftOut = BTreeSet<Defined>;

impl Defined {
    /// A definition of a section.
    pub fn new(section: &'static str, name: &str) -> Self {
        Self { section, name: name.to_owned() }
    }
}

/// Where a definition stands.
#[derive(Debug, Clone)]
pub struct Extent {
    /// The definition.
    pub of: Defined,
    /// From its name to its end.
    pub span: Span,
}

impl Extent {
    pub(super) fn of(section: &'static str, entry: &Entry) -> Self {
        let span = Span { end: entry.value.span.end, ..entry.key.span };
        Self { of: Defined::new(section, &entry.key.value), span }
    }
}

/// Takes definitions out of the tree of a file, before anything of them is looked at.
pub(super) fn prune(root: &mut Node, left_out: &LeftOut) {
    let Value::Map(sections) = &mut root.value else { return };
    let alone = Defined::new(NORTH_STAR, NORTH_STAR);
    sections.retain(|section| section.key.value != NORTH_STAR || !left_out.contains(&alone));
    for field in FILE.fields {
        let section = sections.iter_mut().find(|section| section.key.value == field.key);
        if let Some(Value::Map(entries)) = section.map(|section| &mut section.value.value) {
            entries.retain(|entry| !left_out.contains(&Defined::new(field.key, &entry.key.value)));
        }
    }
}

impl Spec {
    /// Takes out what only speaks of definitions that are left out, as an owner, a claim or a hint does; what needs one of them is left
    /// out itself. By the name of a dimension a column could be meant, so that its name stays taken.
    pub(super) fn forget(&mut self, left_out: &LeftOut, nowhere: Span) {
        let lost = left_out.iter().filter(|of| of.section == "dimensions");
        self.dimensions.extend(lost.map(|of| Dimension {
            name: Name::new(of.name.clone(), nowhere),
            title: None,
            description: None,
            ty: None,
            from: Vec::new(),
            is_lost: true,
        }));
        let gone = |section: &'static str, name: &Name| left_out.contains(&Defined::new(section, &name.value));
        for dimension in &mut self.dimensions {
            dimension.from.retain(|(source, _)| !gone("sources", source) && !gone("journeys", source));
        }
        for kpi in &mut self.kpis {
            kpi.owner = kpi.owner.take().filter(|owner| !gone("teams", owner));
            kpi.taxonomies.retain(|(taxonomy, _)| !gone("taxonomies", taxonomy));
            kpi.drives.retain(|drive| !gone("kpis", &drive.kpi));
            if let Some(deprecated) = &mut kpi.deprecated {
                deprecated.instead = deprecated.instead.take().filter(|instead| !gone("kpis", instead));
            }
        }
    }
}
