//! Views as their readers meet them: `deploy.sql` runs in a plain `DuckDB`, and each view is read there.
//!
//! - `warehouse`: a project with its database, and the program that reads it
//! - `names`: which relation a view reads, and names and texts that look like SQL
//! - `sessions`: what a reader's session may have set
//!
//! Figures are worked out by hand, from the rows that the test puts there.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot run the programs has failed")]

#[path = "support/fed.rs"]
mod fed;
#[path = "deployed/names.rs"]
mod names;
#[path = "deployed/sessions.rs"]
mod sessions;
#[path = "deployed/warehouse.rs"]
mod warehouse;
