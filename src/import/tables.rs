//! What dbt knows of the tables of semantic models: their columns with types, and what tests hold them to.

use super::artifacts::Artifacts;
use super::manifest::ManifestNode;
use super::node::Ty;
use super::semantic::Relation;
use super::types;
use crate::dialect::Dialect;
use crate::rawsql::name;
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// What is known of a table.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    columns: HashMap<String, Known>,
    /// Whether these are all of its columns.
    pub(super) is_whole: bool,
}

/// What is known of a column.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// Its name as the warehouse has it.
    pub(super) name: Option<String>,
    pub(super) ty: Option<Ty>,
    /// Whether a test says that it is never null.
    pub(super) is_there: bool,
    /// What a test says that it may be.
    pub(super) values: Vec<String>,
    pub(super) description: Option<String>,
}

impl Table {
    /// A table with all of its columns, each with what the warehouse calls its type.
    pub(super) fn of(columns: &[(String, String)], dialect: &dyn Dialect) -> Self {
        let known = |(name, ty): &(String, String)| {
            let known = Known { name: Some(name.clone()), ty: types::declared(ty, dialect), ..Known::default() };
            (name.to_lowercase(), known)
        };
        Self { columns: columns.iter().map(known).collect(), is_whole: true }
    }

    /// A column by its name in lower case.
    pub(super) fn column(&self, lower: &str) -> Option<&Known> {
        self.columns.get(lower)
    }
}

/// All tables, by schema and name.
pub(super) struct Tables {
    all: HashMap<(String, String), Table>,
    has_one_database: bool,
}

/// How many values a list may have, so that people still read it.
const MOST_VALUES: usize = 20;

impl Tables {
    pub(super) fn of(artifacts: &Artifacts, dialect: &dyn Dialect) -> Self {
        let nodes = &artifacts.manifest.nodes;
        let mut by_id: HashMap<&str, Table> = HashMap::new();
        for (id, node) in nodes.iter().filter(|(_, node)| is_table(node)) {
            let catalog = artifacts.catalog.as_ref().and_then(|catalog| catalog.nodes.get(id));
            let mut table = Table { is_whole: catalog.is_some_and(|found| !found.columns.is_empty()), ..Table::default() };
            for (name, column) in &node.columns {
                let ty = column.data_type.as_ref().and_then(|name| types::declared(name, dialect));
                let description = column.description.clone().filter(|text| !text.trim().is_empty());
                table.columns.insert(name.to_lowercase(), Known { ty, description, ..Known::default() });
            }
            for (name, column) in catalog.iter().flat_map(|found| &found.columns) {
                let known = table.columns.entry(name.to_lowercase()).or_default();
                known.name = Some(name.clone());
                known.ty = types::declared(&column.ty, dialect);
            }
            by_id.insert(id, table);
        }
        for test in nodes.values().filter(|node| node.resource_type == "test") {
            heed(test, &mut by_id);
        }
        let place =
            |node: &ManifestNode| (lower(node.schema.as_deref()), node.alias.as_ref().unwrap_or(&node.name).to_lowercase());
        let all = by_id.into_iter().filter_map(|(id, table)| Some((place(nodes.get(id)?), table))).collect();
        let databases = artifacts.semantic.semantic_models.iter().map(|model| model.pointer("/node_relation/database"));
        let databases: HashSet<&str> = databases.filter_map(|name| name.and_then(Value::as_str)).collect();
        Self { all, has_one_database: databases.len() < 2 }
    }

    pub(super) fn table(&self, relation: &Relation) -> Table {
        let place = (lower(Some(&relation.schema_name)), relation.alias.to_lowercase());
        self.all.get(&place).cloned().unwrap_or_default()
    }

    /// A relation as specs write it. Where all are in one database, the connection says which.
    pub(super) fn written(&self, relation: &Relation) -> String {
        let database = relation.database.as_ref().filter(|_| !self.has_one_database);
        let parts = database.into_iter().chain([&relation.schema_name, &relation.alias]);
        parts.filter(|part| !part.is_empty()).map(|part| name::written(part)).collect::<Vec<_>>().join(".")
    }
}

fn lower(text: Option<&str>) -> String {
    text.unwrap_or_default().to_lowercase()
}

fn is_table(node: &ManifestNode) -> bool {
    matches!(node.resource_type.as_str(), "model" | "seed" | "snapshot")
}

/// What a test says of a column that holds for all of its rows.
fn heed(test: &ManifestNode, tables: &mut HashMap<&str, Table>) {
    let config = &test.config;
    let is_of_all = config.filter.is_none() && config.enabled != Some(false);
    let is_strict = config.severity.as_deref().is_none_or(|severity| severity.eq_ignore_ascii_case("error"));
    let (Some(what), Some(id), Some(column)) = (&test.test_metadata, &test.attached_node, &test.column_name) else { return };
    let Some(table) = tables.get_mut(id.as_str()).filter(|_| is_of_all && is_strict) else { return };
    let known = table.columns.entry(column.to_lowercase()).or_default();
    match what.name.as_str() {
        "not_null" => known.is_there = true,
        "accepted_values" => {
            let values = what.kwargs.get("values").and_then(Value::as_array);
            let texts: Option<Vec<String>> =
                values.map(|all| all.iter().map(|one| one.as_str().map(str::to_owned)).collect()).unwrap_or_default();
            known.values = texts.filter(|texts| texts.len() <= MOST_VALUES).unwrap_or_default();
        }
        _ => {}
    }
}
