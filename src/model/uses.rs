//! Which name in the specs means which definition. `resolve` notes each name that it follows.

use super::objective::ObjectiveId;
use super::{DimensionId, KpiId, Model, SourceId, TeamId};
use crate::text::{Name, Span};
use std::sync::{Mutex, PoisonError};

/// What a name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Meant {
    /// A KPI, by its name or a former one.
    Kpi(KpiId),
    /// A source or journey.
    Source(SourceId),
    /// A dimension, perhaps one that is only a column.
    Dimension(DimensionId),
    /// A team.
    Team(TeamId),
    /// An objective.
    Objective(ObjectiveId),
    /// A guardrail, by its place.
    Guardrail(usize),
}

/// A name and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// Where the name stands; of a text with more in it, such as `revenue by country`, the place of all of it.
    pub span: Span,
    /// What it means.
    pub meant: Meant,
}

/// All uses of names in a project. Formulas are resolved side by side, so that many add to it at once.
#[derive(Debug, Default)]
pub struct Uses(Mutex<Vec<Use>>);

impl Uses {
    /// Notes that the name at a place means something.
    pub fn note(&self, span: Span, meant: Meant) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Use { span, meant });
    }

    /// All uses in the order of their places, each once.
    pub fn sorted(&self) -> Vec<Use> {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        uses.sort_unstable();
        uses.dedup();
        uses
    }
}

impl Model {
    /// The KPI that a name means, which is noted.
    pub fn kpi_named(&self, name: &Name) -> Option<KpiId> {
        let id = self.kpi_names.get(&name.value).copied();
        id.inspect(|id| self.uses.note(name.span, Meant::Kpi(*id)))
    }

    /// The source that a name means, which is noted.
    pub fn source_named(&self, name: &Name) -> Option<SourceId> {
        let id = self.source_names.get(&name.value).copied();
        id.inspect(|id| self.uses.note(name.span, Meant::Source(*id)))
    }

    /// The dimension that a name means, which is noted.
    pub fn dimension_named(&self, name: &Name) -> Option<DimensionId> {
        let id = self.dimension_names.get(&name.value).copied();
        id.inspect(|id| self.uses.note(name.span, Meant::Dimension(*id)))
    }
}
