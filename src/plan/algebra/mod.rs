//! The relations that a plan is made of: their parts, their types, what has to hold of them, and how they look as text.

pub(super) mod names;
pub(super) mod print;
pub mod relation;
pub mod types;
pub(super) mod verify;
