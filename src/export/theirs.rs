//! What a dbt project has already, as its `manifest.json` says: tables that its models make are read by `ref`, so that dbt makes them first; sources and groups that are
//! there are not declared again.

use serde_json::Value;

/// The versions of `manifest.json` that are known.
const KNOWN: std::ops::RangeInclusive<u32> = 9..=12;
/// The file of groups that kpic writes: those are its own.
const OWN_GROUPS: &str = "_kpic__groups.yml";

/// What a dbt project has already.
#[derive(Debug, Clone, Default)]
pub struct Theirs {
    relations: Vec<Relation>,
    groups: Vec<String>,
}

#[derive(Debug, Clone)]
struct Relation {
    database: String,
    schema: String,
    name: String,
    call: String,
}

impl Theirs {
    /// Reads a `manifest.json`.
    ///
    /// # Errors
    /// Says why it is none, or none of a version that is known.
    pub fn of(manifest: &str) -> Result<Self, String> {
        let manifest: Value = serde_json::from_str(manifest).map_err(|error| error.to_string())?;
        let version = manifest.pointer("/metadata/dbt_schema_version").and_then(Value::as_str).unwrap_or_default();
        let number = version.rsplit('/').next().and_then(|last| last.strip_prefix('v')?.strip_suffix(".json")?.parse().ok());
        if !number.is_some_and(|number: u32| KNOWN.contains(&number)) {
            return Err(format!("it has another version than {} to {}", KNOWN.start(), KNOWN.end()));
        }
        let all = |key: &str| manifest.get(key).and_then(Value::as_object).into_iter().flat_map(serde_json::Map::values);
        // What dbt makes comes before what it only reads.
        let relations = all("nodes").filter_map(model).chain(all("sources").filter_map(source)).collect();
        let is_own = |group: &&Value| text(group, "original_file_path").is_some_and(|path| path.ends_with(OWN_GROUPS));
        let groups = all("groups").filter(|group| !is_own(group)).filter_map(|group| Some(text(group, "name")?.to_owned()));
        Ok(Self { relations, groups: groups.collect() })
    }

    /// How dbt calls a table, by the parts of its name.
    pub(super) fn call(&self, parts: &[String]) -> Option<&str> {
        let (name, rest) = parts.split_last()?;
        let (schema, database) = rest.split_last()?;
        let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
        let is_it = |relation: &&Relation| {
            same(&relation.name, name)
                && same(&relation.schema, schema)
                && database.last().is_none_or(|database| same(&relation.database, database))
        };
        Some(&self.relations.iter().find(is_it)?.call)
    }

    /// Whether there is a group of a name.
    pub(super) fn has_group(&self, name: &str) -> bool {
        self.groups.iter().any(|group| group == name)
    }
}

fn text<'v>(of: &'v Value, key: &str) -> Option<&'v str> {
    of.get(key).and_then(Value::as_str)
}

/// A name as it may stand between quotes of a template.
fn plain<'v>(of: &'v Value, key: &str) -> Option<&'v str> {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '.');
    text(of, key).filter(|name| !name.is_empty() && name.chars().all(is_plain))
}

/// A model, seed or snapshot that makes a table or view.
fn model(node: &Value) -> Option<Relation> {
    let makes = matches!(text(node, "resource_type"), Some("model" | "seed" | "snapshot"));
    let is_there = node.pointer("/config/materialized").and_then(Value::as_str) != Some("ephemeral");
    let version = match node.get("version") {
        None | Some(Value::Null) => String::new(),
        Some(Value::Number(number)) => format!(", v={number}"),
        Some(_) => format!(", v='{}'", plain(node, "version")?),
    };
    let call = format!("ref('{}', '{}'{version})", plain(node, "package_name")?, plain(node, "name")?);
    let name = text(node, "alias").or_else(|| text(node, "name"))?.to_owned();
    (makes && is_there).then(|| place(node, name, call))?
}

fn source(node: &Value) -> Option<Relation> {
    let call = format!("source('{}', '{}')", plain(node, "source_name")?, plain(node, "name")?);
    // Those that an earlier build has written are written again.
    let is_own = text(node, "original_file_path").is_some_and(|path| path.ends_with("_kpic__sources.yml"));
    let name = text(node, "identifier").or_else(|| text(node, "name"))?.to_owned();
    (!is_own).then(|| place(node, name, call))?
}

fn place(node: &Value, name: String, call: String) -> Option<Relation> {
    let database = text(node, "database").unwrap_or_default().to_owned();
    Some(Relation { database, schema: text(node, "schema")?.to_owned(), name, call })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_called_as_the_project_has_them() {
        let manifest = r#"{
          "metadata": { "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json" },
          "nodes": {
            "a": { "resource_type": "model", "package_name": "shop", "name": "fct_orders", "alias": "orders", "schema": "Marts", "database": "db", "version": 2 },
            "b": { "resource_type": "test", "package_name": "shop", "name": "customers", "schema": "marts" },
            "c": { "resource_type": "model", "package_name": "shop", "name": "gone", "schema": "marts", "config": { "materialized": "ephemeral" } },
            "d": { "resource_type": "model", "package_name": "shop", "name": "x') }}", "alias": "hostile", "schema": "marts" }
          },
          "sources": {
            "e": { "source_name": "raw", "name": "visits", "identifier": "visits_v1", "schema": "marts" },
            "f": { "source_name": "kpic_marts", "name": "own", "schema": "marts", "original_file_path": "models/kpi/_kpic__sources.yml" }
          },
          "groups": { "g": { "name": "sales" }, "h": { "name": "finance", "original_file_path": "models/kpi/_kpic__groups.yml" } }
        }"#;
        let theirs = Theirs::of(manifest).unwrap();
        let call = |name: &str| theirs.call(&name.split('.').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(call("marts.orders"), Some("ref('shop', 'fct_orders', v=2)"));
        assert_eq!((call("db.marts.orders"), call("other.marts.orders")), (Some("ref('shop', 'fct_orders', v=2)"), None));
        assert_eq!(call("marts.visits_v1"), Some("source('raw', 'visits')"));
        for name in ["marts.customers", "marts.gone", "marts.hostile", "marts.own", "orders"] {
            assert_eq!(call(name), None, "{name}");
        }
        assert!(theirs.has_group("sales") && !theirs.has_group("finance"));
        assert!(Theirs::of(&manifest.replace("v12", "v13")).is_err() && Theirs::of("[]").is_err());
    }
}
