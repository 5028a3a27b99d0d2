//! Random projects, as `tests/random` makes them up, with the statements that make their tables in DuckDB.

// Only what makes projects and prints them is used.
#![allow(dead_code, unused_imports)]

#[path = "../random/calendar.rs"]
mod calendar;
#[path = "../random/cohorts.rs"]
mod cohorts;
#[path = "../random/conditions.rs"]
mod conditions;
#[path = "../random/customs.rs"]
mod customs;
#[path = "../random/data.rs"]
mod data;
#[path = "../random/evaluate.rs"]
mod evaluate;
#[path = "../random/facts.rs"]
mod facts;
#[path = "../random/formulas.rs"]
mod formulas;
#[path = "../random/freshness.rs"]
mod freshness;
#[path = "../random/functions.rs"]
mod functions;
#[path = "../random/generate.rs"]
mod generate;
#[path = "../random/journeys.rs"]
mod journeys;
#[path = "../random/names.rs"]
mod names;
#[path = "../random/print.rs"]
mod print;
#[path = "../random/project.rs"]
mod project;
#[path = "../random/rows.rs"]
mod rows;
#[path = "../random/shown.rs"]
mod shown;
#[path = "../random/shrink.rs"]
mod shrink;
#[path = "../random/stocks/mod.rs"]
mod stocks;
#[path = "../random/to_date.rs"]
mod to_date;
#[path = "../random/whole.rs"]
mod whole;
#[path = "../random/written.rs"]
mod written;

pub use project::Project;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngSeed, TestRunner};

/// So many projects that follow from a seed. Those with numbers that no type holds are left out: engines refuse them each in its own way.
pub fn projects(count: usize, seed: u64) -> Vec<Project> {
    let mut runner = TestRunner::new(Config { rng_seed: RngSeed::Fixed(seed), ..Config::default() });
    let next = || generate::Projects.new_tree(&mut runner).unwrap().current();
    std::iter::repeat_with(next).filter(|project| !project.extreme).take(count).collect()
}

/// The files of a project; those of its data are written.
pub fn files(project: &Project) -> Vec<(String, String)> {
    written::write(project);
    print::files(project)
}

/// The statements that make the tables of a project in DuckDB, after its session's settings.
pub fn statements(project: &Project) -> String {
    let settings: String = project.settings.iter().map(|setting| format!("{setting};\n")).collect();
    format!("set TimeZone = '{}';\n{settings}{}", project.session, print::tables(project))
}
