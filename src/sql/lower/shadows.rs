//! No part has the name of a table: where tables have no schema, the part would be read in its place.

use super::walk::every_relation;
use crate::plan::relation::{Query, RelationRef, Rows};
use std::collections::BTreeMap;

pub(super) fn avoided(query: &mut Query, dialect: &str) {
    let mut tables = Tables::default();
    let mut collect = |rows: &mut Rows| tables.add(rows, dialect);
    every_relation(query, &mut collect);
    let parts: Vec<String> = query.parts.iter().map(|part| part.name.clone()).collect();
    let mut taken: Vec<String> = parts.iter().map(|name| name.to_lowercase()).collect();
    let mut renamed = BTreeMap::new();
    for name in parts.into_iter().filter(|name| tables.has(name)) {
        let mut other = format!("{name}_");
        while taken.contains(&other.to_lowercase()) || tables.has(&other) {
            other.push('_');
        }
        taken.push(other.to_lowercase());
        renamed.insert(name, other);
    }
    if renamed.is_empty() {
        return;
    }
    let rename = |name: &mut String| {
        if let Some(other) = renamed.get(name) {
            name.clone_from(other);
        }
    };
    query.parts.iter_mut().for_each(|part| rename(&mut part.name));
    every_relation(query, &mut |rows| {
        if let Rows::Part(name) | Rows::Readings(name, _) = rows {
            rename(name);
        }
    });
}

/// The tables that are read.
#[derive(Default)]
struct Tables {
    names: Vec<String>,
    /// SQL that may read others.
    sql: Vec<String>,
}

impl Tables {
    fn add(&mut self, rows: &Rows, dialect: &str) {
        let Rows::Source(rows) = rows else { return };
        match &rows.relation {
            RelationRef::Table(parts) => self.names.extend(parts.last().map(|name| name.to_lowercase())),
            RelationRef::Query(sql) => self.sql.push(sql.to_lowercase()),
            RelationRef::Files(_) => {}
        }
        // Raw SQL may have queries of its own.
        self.sql.extend(rows.raw.iter().filter_map(|(_, sql)| Some(sql.of(dialect)?.to_lowercase())));
    }

    fn has(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.names.contains(&name) || self.sql.iter().any(|sql| sql.contains(&name))
    }
}
