//! What an alignment must not say.

use super::Alignment;
use crate::diagnostic::Findings;
use crate::model::Model;

/// Reports what cannot be meant.
pub fn check(_model: &Model, _alignment: &Alignment, _findings: &mut Findings) {}
