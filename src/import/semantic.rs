//! `semantic_manifest.json` as dbt writes it: semantic models, metrics and saved queries.

use super::artifacts::{artifact, or_default};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

artifact! {
    /// `semantic_manifest.json`.
    Semantic {
        semantic_models: Vec<Value>,
        metrics: Vec<Value>,
        saved_queries: Vec<Value>,
        project_configuration: Configuration,
    }
}
artifact! {
    /// What is set for all metrics of a project.
    Configuration {
        dsi_package_version: Version,
        time_spines: Vec<TimeSpine>,
    }
}
artifact! {
    /// The version of a package.
    Version {
        major_version: String,
        minor_version: String,
    }
}
artifact! {
    /// A table of days, or of finer periods.
    TimeSpine {
        custom_granularities: Vec<Named>,
    }
}
artifact! {
    /// Something with a name.
    Named {
        name: String,
    }
}
artifact! {
    /// A table with what its columns mean.
    SemanticModel {
        name: String,
        label: Option<String>,
        description: Option<String>,
        node_relation: Relation,
        defaults: Defaults,
        primary_entity: Option<String>,
        entities: Vec<Entity>,
        dimensions: Vec<Dimension>,
        measures: Vec<Measure>,
    }
}
artifact! {
    /// What the measures of a model have in common.
    Defaults {
        agg_time_dimension: Option<String>,
    }
}
artifact! {
    /// A table of the warehouse.
    Relation {
        alias: String,
        schema_name: String,
        database: Option<String>,
    }
}
artifact! {
    /// A key.
    Entity {
        name: String,
        kind as "type": String,
        expr: Option<String>,
        description: Option<String>,
    }
}
artifact! {
    /// A column to slice or filter by.
    Dimension {
        name: String,
        kind as "type": String,
        expr: Option<String>,
        description: Option<String>,
        is_partition: bool,
        type_params: TimeParams,
    }
}
artifact! {
    /// What a time is.
    TimeParams {
        time_granularity: Option<String>,
        validity_params: Validity,
    }
}
artifact! {
    /// Whether a time is a beginning or an end.
    Validity {
        is_start: bool,
        is_end: bool,
    }
}
artifact! {
    /// What a simple metric aggregates; metrics of the newer kind have it themselves.
    Measure {
        name: String,
        semantic_model: String,
        agg: String,
        expr: Option<String>,
        description: Option<String>,
        agg_params: AggParams,
        non_additive_dimension: Option<NonAdditive>,
        agg_time_dimension: Option<String>,
    }
}
artifact! {
    /// Which percentile, and how.
    AggParams {
        percentile: Option<f64>,
        use_discrete_percentile: bool,
        use_approximate_percentile: bool,
    }
}
artifact! {
    /// A time over which a measure does not add up.
    NonAdditive {
        name: String,
    }
}
artifact! {
    /// A metric.
    Metric {
        name: String,
        label: Option<String>,
        description: Option<String>,
        kind as "type": String,
        type_params: TypeParams,
        filter: Filter,
        time_granularity: Option<String>,
        config: Config,
    }
}
artifact! {
    /// What else is set.
    Config {
        meta: serde_json::Map<String, Value>,
        group: Option<String>,
    }
}
artifact! {
    /// What a metric is made of.
    TypeParams {
        measure: Option<InputMeasure>,
        numerator: Option<Input>,
        denominator: Option<Input>,
        expr: Option<String>,
        window: Option<WindowOf>,
        grain_to_date: Option<String>,
        metrics: Vec<Input>,
        cumulative_type_params: Cumulative,
        metric_aggregation_params: Option<Measure>,
        join_to_timespine: bool,
        fill_nulls_with: Option<f64>,
        is_private: bool,
    }
}
artifact! {
    /// A measure as a metric uses it.
    InputMeasure {
        name: String,
        filter: Filter,
        join_to_timespine: bool,
        fill_nulls_with: Option<f64>,
    }
}
artifact! {
    /// A metric as another uses it.
    Input {
        name: String,
        filter: Filter,
        alias: Option<String>,
        offset_window: Option<WindowOf>,
        offset_to_grain: Option<String>,
    }
}
artifact! {
    /// How a metric adds up over time.
    Cumulative {
        window: Option<WindowOf>,
        grain_to_date: Option<String>,
        period_agg: Option<String>,
        metric: Option<Input>,
    }
}
artifact! {
    /// A number of periods.
    WindowOf {
        count: u32,
        granularity: String,
    }
}
artifact! {
    /// A query that has a name.
    SavedQuery {
        name: String,
        label: Option<String>,
        description: Option<String>,
        query_params: QueryParams,
    }
}
artifact! {
    /// What a saved query asks.
    QueryParams {
        metrics: Vec<String>,
        group_by: Vec<String>,
        filter as "where": Filter,
        limit: Option<u64>,
    }
}

/// Conditions on rows, all of which have to hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::import) struct Filter(pub(in crate::import) Vec<String>);

impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut found = Vec::new();
        templates(&Value::deserialize(from)?, &mut found);
        Ok(Self(found))
    }
}

/// A filter is a text, a list of them, or a map with a list under `where_filters`.
fn templates(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|one| templates(one, found)),
        Value::Object(map) => {
            ["where_filters", "where_sql_template"]
                .iter()
                .filter_map(|key| map.get(*key))
                .for_each(|one| templates(one, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
