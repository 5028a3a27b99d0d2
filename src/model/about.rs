//! What people say about a KPI beyond what it is. It is carried into documents and the manifest; no figure depends on it.

use super::KpiId;
use crate::text::Span;

/// What people say about a KPI.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// `leading` or `lagging`; empty if nobody says.
    pub signal: String,
    /// `real_time`, `periodic` or `long_term`; empty if nobody says.
    pub horizon: String,
    /// What a good or bad value means.
    pub insight: String,
    /// Questions that it answers.
    pub questions: Vec<String>,
    /// Free labels.
    pub tags: Vec<String>,
    /// What it is claimed to move.
    pub drives: Vec<Drive>,
    /// Why it need not move the North Star; empty if nobody says.
    pub unaligned: String,
    /// Anything, for programs that read the manifest.
    pub meta: serde_json::Value,
}

/// A claim that one KPI moves another.
#[derive(Debug, Clone)]
pub struct Drive {
    /// The KPI that is moved.
    pub kpi: KpiId,
    /// `up` or `down`: which way it moves when this one rises.
    pub effect: String,
    /// How long that takes; empty if nobody says.
    pub lag: String,
    /// Why it should be so.
    pub because: String,
    /// Where the KPI that is moved is named.
    pub span: Span,
}
