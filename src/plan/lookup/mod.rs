//! What is looked up in rows: formulas written out to measures, and the measures that share a scan.

pub(super) mod entities;
pub(super) mod expand;
pub(super) mod finite;
pub(super) mod gaps;
pub(super) mod lower;
pub(super) mod measures;
pub(super) mod whole;
