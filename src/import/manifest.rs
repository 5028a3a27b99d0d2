//! `manifest.json` and `catalog.json` as dbt writes them: models with their tests, groups, places, and the types of columns.

use super::artifacts::{artifact, or_default};
use super::semantic::Config;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

artifact! {
    /// `manifest.json`.
    Manifest {
        metadata: Metadata,
        nodes: BTreeMap<String, ManifestNode>,
        metrics: BTreeMap<String, Placed>,
        semantic_models: BTreeMap<String, Placed>,
        saved_queries: BTreeMap<String, Placed>,
        groups: BTreeMap<String, Group>,
    }
}
artifact! {
    /// Which version an artifact has, and of which warehouse it is.
    Metadata {
        dbt_schema_version: Option<String>,
        dbt_version: Option<String>,
        project_name: Option<String>,
        adapter_type: Option<String>,
    }
}
artifact! {
    /// A model or a test.
    ManifestNode {
        resource_type: String,
        alias: Option<String>,
        name: String,
        schema: Option<String>,
        description: Option<String>,
        columns: BTreeMap<String, ManifestColumn>,
        test_metadata: Option<TestMetadata>,
        attached_node: Option<String>,
        column_name: Option<String>,
        config: TestConfig,
    }
}
artifact! {
    /// What is set of a test.
    TestConfig {
        enabled: Option<bool>,
        filter as "where": Option<String>,
        severity: Option<String>,
    }
}
artifact! {
    /// A column of a model.
    ManifestColumn {
        description: Option<String>,
        data_type: Option<String>,
    }
}
artifact! {
    /// What a test tests.
    TestMetadata {
        name: String,
        kwargs: serde_json::Map<String, Value>,
    }
}
artifact! {
    /// Where something is defined, and whose it is.
    Placed {
        name: String,
        original_file_path: Option<String>,
        group: Option<String>,
        config: Config,
    }
}
artifact! {
    /// Who owns things.
    Group {
        name: String,
        description: Option<String>,
        owner: Owner,
    }
}
artifact! {
    /// Who a group is.
    Owner {
        name: Option<String>,
    }
}
artifact! {
    /// `catalog.json`.
    Catalog {
        metadata: Metadata,
        nodes: BTreeMap<String, CatalogNode>,
    }
}
artifact! {
    /// A table.
    CatalogNode {
        columns: BTreeMap<String, CatalogColumn>,
    }
}
artifact! {
    /// A column of a table.
    CatalogColumn {
        ty as "type": String,
    }
}
