//! kpic, the KPI compiler.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod calendar;
pub mod diagnostic;
pub mod formula;
pub mod functions;
pub mod graph;
pub mod load;
pub mod model;
pub mod resolve;
pub mod spec;
pub mod text;
