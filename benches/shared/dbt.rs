//! Artifacts of a dbt project with many metrics, as dbt writes them.

use serde_json::{Value, json};

/// How many metrics a semantic model has.
const EACH: usize = 20;

/// The files of a target folder with so many metrics: measures with filters, ratios of them, and arithmetic.
pub(crate) fn files(metrics: usize) -> Vec<(String, String)> {
    let models = metrics.div_ceil(EACH);
    let semantic = json!({
        "semantic_models": (0..models).map(model).collect::<Vec<_>>(),
        "metrics": (0..metrics).map(metric).collect::<Vec<_>>(),
        "saved_queries": [],
        "project_configuration": { "dsi_package_version": { "major_version": "0", "minor_version": "9" } },
    });
    let nodes: serde_json::Map<String, Value> = (0..models)
        .map(|at| {
            let columns: Vec<&str> = ["id", "customer_id", "ordered_at", "status", "channel", "amount", "quantity"].to_vec();
            let columns: Value =
                columns.iter().map(|name| ((*name).to_owned(), json!({ "description": format!("What {name} is.") }))).collect();
            let node = json!({ "resource_type": "model", "name": format!("facts_{at}"), "schema": "main", "columns": columns,
                               "raw_code": "select * from somewhere\n".repeat(100) });
            (format!("model.bench.facts_{at}"), node)
        })
        .collect();
    let manifest = json!({
        "metadata": { "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "project_name": "bench", "adapter_type": "duckdb" },
        "nodes": nodes,
    });
    vec![
        ("target/semantic_manifest.json".to_owned(), semantic.to_string()),
        ("target/manifest.json".to_owned(), manifest.to_string()),
    ]
}

fn model(at: usize) -> Value {
    json!({
        "name": format!("facts_{at}"),
        "description": "One row per order.",
        "node_relation": { "alias": format!("facts_{at}"), "schema_name": "main", "database": "bench" },
        "defaults": { "agg_time_dimension": "ordered_at" },
        "entities": [
            { "name": format!("fact_{at}"), "type": "primary", "expr": "id" },
            { "name": "fact_0", "type": if at == 0 { "unique" } else { "foreign" }, "expr": "customer_id" },
        ],
        "dimensions": [
            { "name": "ordered_at", "type": "time", "type_params": { "time_granularity": "day" } },
            { "name": "status", "type": "categorical" },
            { "name": "channel", "type": "categorical" },
        ],
        "measures": [
            { "name": format!("revenue_{at}"), "agg": "sum", "expr": "amount * quantity" },
            { "name": format!("orders_{at}"), "agg": "count", "expr": "id" },
        ],
    })
}

fn metric(at: usize) -> Value {
    let model = at / EACH;
    let first = model * EACH;
    let params = match at % EACH {
        0 => json!({ "measure": { "name": format!("revenue_{model}") } }),
        1 => json!({ "measure": { "name": format!("orders_{model}") } }),
        even if even % 2 == 0 => {
            json!({ "numerator": { "name": format!("metric_{first}") }, "denominator": { "name": format!("metric_{}", first + 1) } })
        }
        _ => json!({ "expr": "a - b", "metrics": [
            { "name": format!("metric_{}", at - 1), "alias": "a" },
            { "name": format!("metric_{first}"), "alias": "b", "offset_window": { "count": 1, "granularity": "month" } },
        ] }),
    };
    let kind = match at % EACH {
        0 | 1 => "simple",
        even if even % 2 == 0 => "ratio",
        _ => "derived",
    };
    let filter = format!(
        "{{{{ Dimension('fact_{model}__status') }}}} = 's{at}' or {{{{ Dimension('fact_{model}__channel') }}}} in ('a', 'b')"
    );
    json!({ "name": format!("metric_{at}"), "label": format!("Metric {at}"), "description": "What it is.", "type": kind, "type_params": params,
            "filter": { "where_filters": [{ "where_sql_template": filter }] } })
}
