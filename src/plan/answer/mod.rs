//! Measures put on dense periods and slices.

pub(super) mod appear;
pub(super) mod assemble;
pub(super) mod periods;
pub(super) mod since;
pub(super) mod slices;
pub(super) mod stack;
