//! What became of a definition, commit by commit, and what a change means to people: who has to look, and what readers are told.
//!
//! 1. [`version`] reads a project as it was at a commit.
//! 2. [`walk`] goes from a version back to those before it and compares each with the next, as `diff` does; [`step`] says what that did to a
//!    definition, by itself or from upstream.
//! 3. [`blame`] finds the latest change of each kind.
//! 4. [`owners`] says who has to look at a change, and who owns which file.
//! 5. [`changelog`] tells readers of figures what changed.
//! 6. [`pages`] makes the histories that the pages of KPIs show; [`json`] and [`words`] write it down.
//!
//! Only commits at which a file of the project differs are read. A version with errors is compared with nothing, and said to be left out.

pub mod blame;
pub mod changelog;
pub mod json;
pub mod owners;
pub mod pages;
pub mod step;
pub mod version;
pub mod walk;
pub mod words;

pub use step::{Brought, Step, Subject, Way};
pub use walk::{Ended, History, Item};
