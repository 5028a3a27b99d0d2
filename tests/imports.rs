//! Imports from other tools, against what these tools themselves answer.
//!
//! - `compared`: what kpic shows beside what a SELECT does
//! - `cube`: data models of Cube, with what the SELECTs answer that Cube documents
//! - `dbt`: small dbt projects, with what dbt and MetricFlow made of them
//! - `lookml`: LookML, with what the SQL answers that Looker documents
//! - `merges`: imports into a project that is there
//! - `odd`: artifacts that are broken, hostile or from the future
//! - `sql`: SELECTs, with what DuckDB answers
//! - `sql_odd`: SELECTs that are not carried, broken and hostile SQL, merges

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

#[path = "imports/compared.rs"]
mod compared;
#[path = "imports/cube.rs"]
mod cube;
#[path = "imports/dbt.rs"]
mod dbt;
#[path = "imports/lookml.rs"]
mod lookml;
#[path = "imports/merges.rs"]
mod merges;
#[path = "imports/odd.rs"]
mod odd;
#[path = "imports/sql.rs"]
mod sql;
#[path = "imports/sql_odd.rs"]
mod sql_odd;
mod support;
