//! What a company aims for.

use super::{KpiId, TeamId};
use crate::text::{Name, Span, Spanned};

/// What a company aims for: how much of something, and at what cost.
#[derive(Debug, Clone)]
pub struct NorthStar {
    /// How people call it.
    pub title: String,
    /// How much; nothing where the spec is wrong, and that has been said.
    pub volume: Option<Spanned<KpiId>>,
    /// At what cost.
    pub efficiency: Option<Spanned<KpiId>>,
    /// What must not suffer.
    pub counter: Vec<Spanned<KpiId>>,
    /// Why this and nothing else; empty if nobody says.
    pub because: String,
    /// What follows for whom when it grows.
    pub consequences: Vec<Consequence>,
    /// Where it is defined: the key of its section.
    pub name: Name,
    /// The whole of it.
    pub span: Span,
}

/// What follows for a team when the North Star grows.
#[derive(Debug, Clone)]
pub struct Consequence {
    /// The team; nothing where it does not exist, and that has been said.
    pub team: Option<TeamId>,
    /// What changes for it.
    pub change: String,
    /// The KPI that shows whether it is prepared.
    pub ready: Option<KpiId>,
}
