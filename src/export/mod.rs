//! What `kpic build --format dbt` writes: a valid project as part of a dbt project.
//!
//! 1. [`relations`] finds what views read, as dbt knows it.
//! 2. [`models`] makes a model of each view, and of each source that is no table.
//! 3. [`properties`], [`sources`] and [`unit_tests`] say in YAML what is known of them: descriptions, tests, contracts, owners.
//!
//! dbt reads all of that as templates. What comes from specs is escaped by [`jinja`], so that none of it runs.

mod jinja;
mod models;
mod properties;
mod relations;
mod sources;
mod theirs;
mod unit_tests;
mod yaml;

use crate::build::Sink;
use crate::diagnostic::Findings;
use crate::dialect::{self, Dialect};
use crate::pipeline::Valid;
use crate::plan::views::{self, View};
use relations::Relations;
pub use theirs::Theirs;
use yaml::{Yaml, map};

/// Where models go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Into a dbt package of their own.
    Package,
    /// Into a folder of the models of a dbt project.
    Folder,
}

/// What was written.
#[derive(Debug, Clone, Default)]
pub struct Exported {
    /// How many models show what views show.
    pub views: usize,
    /// How many tests of data.
    pub data_tests: usize,
    /// How many unit tests.
    pub unit_tests: usize,
    /// What dbt cannot say, in words.
    pub left_out: Vec<String>,
}

/// A project that is being written for dbt.
struct Export<'a> {
    project: &'a Valid,
    dialect: &'static dyn Dialect,
    relations: &'a Relations,
    theirs: &'a Theirs,
    views: &'a [View],
}

/// Makes all files of a project for dbt, beside what is there; each is given to `sink`.
///
/// # Errors
/// Gives findings if a warehouse would not take a view.
pub fn dbt(project: &mut Valid, shape: Shape, theirs: &Theirs, sink: Sink<'_>) -> Result<Exported, Findings> {
    let dialect = dialect::dialect(project.model().warehouse.dialect.as_ref().map(|name| name.value.as_str()));
    let views = views::views(project);
    let relations = Relations::of(project, &views, theirs);
    let folder = if shape == Shape::Package { "models/" } else { "" };
    let put = |path: &str, text: &str| sink(&format!("{folder}{path}"), &[text]);
    let export = Export { project, dialect, relations: &relations, theirs, views: &views };
    let mut exported = Exported { views: views.len(), ..Exported::default() };
    let models = export.models(&put)?;
    let write = |file: &str, key: &'static str, items: Vec<Yaml>| {
        if !items.is_empty() {
            put(
                &format!("_kpic__{file}.yml"),
                &map([("version", Yaml::Plain("2".to_owned())), (key, Yaml::List(items))]).file(),
            );
        }
    };
    let tested = export.sources(&mut exported);
    write("sources", "sources", tested.tables);
    let mut described: Vec<Yaml> = models.iter().map(|model| export.view(model, &mut exported)).collect();
    described.extend(tested.models);
    write("groups", "groups", export.groups());
    write("exposures", "exposures", export.exposures());
    export.tell(&mut exported);
    let tests = unit_tests::of(project, dialect, &relations, &put, &mut exported);
    described.extend(tests.models);
    write("models", "models", described);
    write("unit_tests", "unit_tests", tests.tests);
    if shape == Shape::Package {
        sink("dbt_project.yml", &[&package(project).file()]);
    }
    Ok(exported)
}

/// What says that a folder is a dbt package.
fn package(project: &Valid) -> Yaml {
    let model = project.model();
    let name = if model.name.is_empty() { "kpic".to_owned() } else { format!("kpic_{}", relations::plain(&model.name)) };
    let mut config = Vec::new();
    if let Some(schema) = model.warehouse.schema.last() {
        config.push(("+schema".to_owned(), jinja::exact(schema).into()));
    }
    config.push(("+materialized".to_owned(), "view".into()));
    map([
        ("name", name.as_str().into()),
        ("version", "1.0.0".into()),
        ("config-version", Yaml::Plain("2".to_owned())),
        ("require-dbt-version", ">=1.11.0".into()),
        ("profile", name.as_str().into()),
        ("model-paths", Yaml::List(vec!["models".into()])),
        ("models", Yaml::Map(vec![(name, Yaml::Map(config))])),
    ])
}
