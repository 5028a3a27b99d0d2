//! What a tool brings along, before it meets a project.

use super::kpis::Made;
use crate::dialect::Dialect;

/// What was made of a tool's definitions, with what a project and a report need to know of them.
pub(super) struct Brought {
    pub(super) made: Made,
    pub(super) dialect: &'static dyn Dialect,
    /// What a new project is called unless somebody says so.
    pub(super) name: Option<String>,
    /// What became KPIs, in the order of those who wrote it.
    pub(super) order: Vec<String>,
    /// How the types of columns become known.
    pub(super) types: &'static str,
    /// What else holds for all of them.
    pub(super) notes: Vec<String>,
}
