//! kpic, the KPI compiler.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod align;
pub mod build;
pub mod calendar;
pub mod check;
pub mod cli;
pub mod deploy;
pub mod diagnostic;
pub mod dialect;
pub mod diff;
pub mod docs;
pub mod draft;
pub mod engine;
pub mod fix;
pub mod formula;
pub mod functions;
pub mod git;
pub mod graph;
pub mod lint;
pub mod load;
pub mod manifest;
pub mod meaning;
pub mod measure;
pub mod model;
pub mod pipeline;
pub mod plan;
pub mod query;
pub mod rawsql;
pub mod resolve;
pub mod schema;
pub mod spec;
pub mod sql;
pub mod support;
pub mod template;
pub mod text;
