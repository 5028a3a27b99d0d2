//! The same numbers on every engine: tables are loaded into real engines, the SQL that kpic emits runs there, and every cell is
//! compared with what DuckDB shows.
//!
//! - `driver`: an engine behind a program of `tests/engines/drivers/`, and which engines are installed
//! - `tables`: tables that every engine has, and rows that one gives
//! - `compare`: whether two engines show the same, and where they do not
//! - `given`: a project whose sources are such tables
//! - `projects`: the example projects, the cases, and random projects, each with its tables
//! - `views`: runs every view of these on every engine that kpic has a dialect for
//! - `live`: what commands print of a live server
//! - `deploys`: views that are put into one
//! - `drafts`: projects that are drafted of one, and baselines that are frozen
//! - `redshift`: that what stands for it refuses what it does not document
//! - `types`, `portable`: what has to be right before: values that come back as they were put, SQL that all engines share
//!
//! `tests/engines/install.sh` installs engines. `KPIC_ENGINES=postgres,sqlite` says which have to be there; others are left out, loudly,
//! where they are not. To work on one: `KPIC_ENGINE_ONLY=postgres`, and `KPIC_ENGINE_PROJECTS=saas` for the projects whose name has
//! that. What is refused or differs lands in `target/engines`, with its SQL.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot run its engines has failed"
)]
// What stands in the modules is for this file only.
#![allow(unreachable_pub)]

#[path = "support/cases.rs"]
mod cases;
#[path = "engines/compare.rs"]
mod compare;
#[path = "engines/deploys.rs"]
mod deploys;
#[path = "engines/drafts.rs"]
mod drafts;
#[path = "engines/driver.rs"]
mod driver;
#[path = "engines/given.rs"]
mod given;
#[path = "engines/live.rs"]
mod live;
#[path = "engines/portable.rs"]
mod portable;
#[path = "engines/projects.rs"]
mod projects;
#[path = "engines/random.rs"]
mod random;
#[path = "engines/redshift.rs"]
mod redshift;
#[path = "engines/tables.rs"]
mod tables;
#[path = "engines/types.rs"]
mod types;
#[path = "engines/views.rs"]
mod views;
