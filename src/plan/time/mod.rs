//! Periods, clocks and ages, and which of them are whole.

pub(super) mod ages;
pub(super) mod clocks;
pub(super) mod complete;
pub(super) mod complete_each;
pub(super) mod custom;
pub(super) mod reads;
pub(super) mod spine;
pub(super) mod to_date;
pub(super) mod trust;
