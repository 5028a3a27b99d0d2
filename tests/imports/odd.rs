//! Artifacts that are broken, hostile or from the future: a clear message or a metric that is not carried, and nothing written in part.

use crate::support::{kpic, text, write_files};
use serde_json::{Value, json};
use std::path::Path;

const MANIFEST: &str =
    r#"{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "adapter_type": "duckdb"}}"#;

/// A project of one model with an amount, a status and a time, and these metrics.
fn semantic(metrics: &Value) -> Value {
    json!({
        "semantic_models": [{
            "name": "orders",
            "node_relation": { "alias": "orders", "schema_name": "main", "database": "shop" },
            "defaults": { "agg_time_dimension": "ordered_at" },
            "entities": [{ "name": "order", "type": "primary", "expr": "order_id" }],
            "dimensions": [
                { "name": "ordered_at", "type": "time", "type_params": { "time_granularity": "day" } },
                { "name": "status", "type": "categorical" },
            ],
            "measures": [
                { "name": "revenue", "agg": "sum", "expr": "amount" },
                { "name": "odd", "agg": "sum", "expr": "amount); drop table orders; --" },
                { "name": "balance", "agg": "sum", "expr": "amount", "non_additive_dimension": { "name": "ordered_at" } },
            ],
        }],
        "metrics": metrics,
        "saved_queries": [],
        "project_configuration": { "dsi_package_version": { "major_version": "0", "minor_version": "9" } },
    })
}

fn simple(name: &str, filter: &str) -> Value {
    json!({ "name": name, "type": "simple", "type_params": { "measure": { "name": "revenue" } },
            "filter": { "where_filters": [{ "where_sql_template": filter }] } })
}

fn import(semantic: &str, manifest: &str) -> (tempfile::TempDir, std::process::Output) {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), &[("target/semantic_manifest.json", semantic), ("target/manifest.json", manifest)]);
    let target = folder.path().join("target");
    let out = folder.path().join("out");
    std::fs::create_dir(&out).unwrap();
    let done = kpic(&out, &["import", "dbt", target.to_str().unwrap(), "--format", "json"]);
    (folder, done)
}

fn wrote_nothing(folder: &Path) -> bool {
    std::fs::read_dir(folder.join("out")).unwrap().count() == 0
}

/// What became of each metric, with the reason if it was not carried.
fn fates(metrics: &Value) -> Vec<(String, String, String)> {
    let (folder, done) = import(&semantic(metrics).to_string(), MANIFEST);
    assert!(done.status.success(), "{}", text(&done.stderr));
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    let checked = kpic(&folder.path().join("out"), &["check"]);
    assert!(checked.status.success(), "{}", text(&checked.stderr));
    let word = |metric: &Value, key: &str| metric[key].as_str().unwrap_or_default().to_owned();
    report["metrics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (word(one, "metric"), word(one, "fidelity"), word(one, "reason")))
        .collect()
}

#[test]
fn versions_that_are_not_known_are_told() {
    let fine = semantic(&json!([])).to_string();
    for (semantic, manifest, message) in [
        (
            fine.as_str(),
            MANIFEST.replace("v12", "v13"),
            "manifest.json has version 13, and this kpic reads the versions 9 to 12",
        ),
        (fine.as_str(), MANIFEST.replace("v12", "v4"), "manifest.json has version 4, and this kpic reads the versions 9 to 12"),
        (fine.as_str(), MANIFEST.replace("v12.json", "next"), "and this kpic reads the versions 9 to 12"),
        (fine.as_str(), "{}".to_owned(), "manifest.json does not say which version it has"),
        (
            &fine.replace("\"major_version\":\"0\"", "\"major_version\":\"1\""),
            MANIFEST.to_owned(),
            "semantic_manifest.json has version 1",
        ),
    ] {
        let (folder, done) = import(semantic, &manifest);
        assert_eq!(done.status.code(), Some(3));
        assert!(text(&done.stderr).contains(message), "{}", text(&done.stderr));
        assert!(wrote_nothing(folder.path()));
    }
}

#[test]
fn what_is_not_json_is_told() {
    let deep = "[".repeat(100_000);
    for broken in ["", "{", "[]", "{\"metrics\": 7}", deep.as_str(), "{\"metrics\": [\u{0}]}"] {
        let (folder, done) = import(broken, MANIFEST);
        assert_eq!(done.status.code(), Some(3), "{broken:.40}");
        assert!(text(&done.stderr).contains("cannot read semantic_manifest.json"), "{}", text(&done.stderr));
        assert!(wrote_nothing(folder.path()));
    }
}

#[test]
fn where_nothing_is_carried_nothing_is_written() {
    let (folder, done) = import("{}", MANIFEST);
    assert!(done.status.success());
    assert!(text(&done.stderr).contains("wrote nothing"), "{}", text(&done.stderr));
    assert!(wrote_nothing(folder.path()));
}

#[test]
fn there_is_nothing_to_read() {
    let folder = tempfile::tempdir().unwrap();
    let done = kpic(folder.path(), &["import", "dbt", "target"]);
    assert_eq!(done.status.code(), Some(3));
    let said = text(&done.stderr);
    assert!(said.contains("there is no semantic_manifest.json") && said.contains("run `dbt parse`"), "{said}");
}

#[test]
fn a_warehouse_without_a_dialect_asks_for_one() {
    let fine = semantic(&json!([])).to_string();
    let (_folder, done) = import(&fine, &MANIFEST.replace("duckdb", "sqlserver"));
    assert_eq!(done.status.code(), Some(3));
    assert!(
        text(&done.stderr).contains("dbt's warehouse is `sqlserver`, for which kpic has no dialect"),
        "{}",
        text(&done.stderr)
    );
}

#[test]
fn a_metric_that_cannot_be_carried_does_not_keep_the_others() {
    let measure = |name: &str, measure: &str| json!({ "name": name, "type": "simple", "type_params": { "measure": { "name": measure } } });
    let metrics = json!([
        measure("revenue", "revenue"),
        measure("harmful", "odd"),
        measure("balance", "balance"),
        measure("lost", "nothing"),
        { "name": "unlike", "type": 7 },
        { "name": "itself", "type": "derived", "type_params": { "expr": "itself", "metrics": [{ "name": "itself" }] } },
        { "name": "of_lost", "type": "derived", "type_params": { "expr": "lost + revenue", "metrics": [{ "name": "lost" }, { "name": "revenue" }] } },
        { "name": "raw", "type": "derived", "type_params": { "expr": "revenue); select 1", "metrics": [{ "name": "revenue" }] } },
        { "name": "new", "type": "percentile_of_everything" },
        { "name": "twins", "type": "derived", "type_params": { "expr": "revenue - revenue", "metrics": [
            { "name": "revenue" }, { "name": "revenue", "offset_window": { "count": 1, "granularity": "month" } }] } },
        { "name": "back_in_time", "type": "derived", "type_params": { "expr": "before", "metrics": [
            { "name": "revenue", "alias": "before", "offset_window": { "count": 1, "granularity": "month" },
              "filter": "{{ TimeDimension('metric_time', 'day') }} > '2024-01-01'" }] } },
        { "name": "sprints", "type": "cumulative", "type_params": { "measure": { "name": "revenue" }, "window": { "count": 2, "granularity": "sprints" } } },
        { "name": "signup_rate", "type": "conversion", "type_params": { "conversion_type_params": {} } },
        simple("jinja", "{% for x in range(1000000000) %}a{% endfor %}"),
        simple("union", "{{ Dimension('order__status') }} = 'a' union select 1"),
        simple("subquery", "{{ Dimension('order__status') }} in (select 1)"),
        simple("unknown", "{{ Dimension('order__colour') }} = 'red'"),
        simple("metric", "{{ Metric('revenue', group_by=['order']) }} > 5"),
        simple("quotes", "{{ Dimension('order__status') }} = 'it''s'"),
        simple("escape", "{{ Dimension('order__status') }} = 'a\\'"),
        simple("deep", &format!("{}1 = 1{}", "(".repeat(5000), ")".repeat(5000))),
        simple("hour", "{{ TimeDimension('order__ordered_at', 'hour') }} > '2024-01-01'"),
        simple("part", "{{ TimeDimension('order__ordered_at').date_part('month') }} = 2"),
    ]);
    let expected = [
        ("revenue", ""),
        ("harmful", "its SQL is not one expression"),
        ("balance", "does not add up over `ordered_at`"),
        ("lost", "its measure `nothing` is not there"),
        ("unlike", "it is not as dbt writes it"),
        ("itself", "it is made of itself"),
        ("of_lost", "it is made of `lost`, which is not carried"),
        ("raw", "kpic does not read `)` there"),
        ("new", "kpic does not know metrics of the type `percentile_of_everything`"),
        ("twins", "two of its inputs are called `revenue`"),
        ("back_in_time", "it looks back at a metric whose filter looks at a time"),
        ("sprints", "its window is in units of sprint"),
        ("signup_rate", "it is a conversion: declare a journey"),
        ("jinja", "its filter has Jinja other than"),
        ("union", "kpic does not read `union` there"),
        ("subquery", "kpic does not know `select`"),
        ("unknown", "its filter asks for `order__colour`, which is not there"),
        ("metric", "its filter asks for the metric `revenue`"),
        ("quotes", ""),
        ("escape", "it has a text with escapes"),
        ("deep", "it is nested too deeply"),
        ("hour", "its filter asks for a time by hour"),
        ("part", "its filter asks for a part of a date"),
    ];
    for ((metric, fidelity, reason), (name, said)) in fates(&metrics).into_iter().zip(expected) {
        assert_eq!(metric, name);
        assert_eq!(fidelity, if said.is_empty() { "exact" } else { "not_carried" }, "{name}: {reason}");
        assert!(reason.contains(said), "{name}: {reason}");
    }
}

#[test]
fn names_and_texts_of_others_do_no_harm() {
    let metrics = json!([
        { "name": "a: b # c\n- d", "label": "\u{1b}[31mred", "description": "one\n\n  # two: 'three' \u{202e}\u{0}",
          "type": "simple", "type_params": { "measure": { "name": "revenue" } },
          "config": { "meta": { "x: y": ["{{", "*a", "&b", "!c", "\u{7}"], "deep": [[[[[[[[[[[[[[1]]]]]]]]]]]]]] } } },
        { "name": "key_results", "type": "simple", "type_params": { "measure": { "name": "revenue" } } },
        { "name": "", "type": "simple", "type_params": { "measure": { "name": "revenue" } } },
        { "name": "x".repeat(100_000), "type": "simple", "type_params": { "measure": { "name": "revenue" } } },
    ]);
    let fates = fates(&metrics);
    let carried: Vec<&str> =
        fates.iter().filter(|(_, fidelity, _)| fidelity == "exact").map(|(name, ..)| name.as_str()).collect();
    assert_eq!(carried, ["a: b # c\n- d", ""]);
    assert!(
        fates.iter().any(|(name, _, reason)| name == "key_results" && reason.contains("`key_results` cannot be a name here"))
    );
}

#[test]
fn a_report_for_people_has_nothing_of_its_names_but_text() {
    let folder = tempfile::tempdir().unwrap();
    let named = semantic(&json!([simple("bad\u{1b}[31m\n::error::not <img src=x>", "")]));
    write_files(
        folder.path(),
        &[("target/semantic_manifest.json", &named.to_string()), ("target/manifest.json", MANIFEST), ("out/x", "")],
    );
    let out = folder.path().join("out");
    let report = text(&kpic(&out, &["import", "dbt", "../target", "--dry-run", "--format", "markdown"]).stdout);
    assert!(!report.contains('\u{1b}') && !report.lines().any(|line| line.trim_start().starts_with("::")), "{report}");
    assert!(report.lines().any(|line| line.starts_with("| `bad") && line.contains("<img src=x>`")), "{report}");
}

#[cfg(unix)]
#[test]
fn artifacts_are_files() {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), &[("target/manifest.json", MANIFEST), ("out/x", "")]);
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("target/semantic_manifest.json")).unwrap();
    let said = kpic(&folder.path().join("out"), &["import", "dbt", "../target"]);
    assert!(text(&said.stderr).contains("it is no file"), "{}", text(&said.stderr));
}
