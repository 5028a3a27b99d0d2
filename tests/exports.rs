//! What `kpic build --format dbt` writes, without dbt: models are rendered by a template engine that knows `source` and `ref` and nothing else, run, and
//! compared with the project's own views. `make test-dbt` asks dbt itself.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot run a program or read a file has failed"
)]

mod support;

use minijinja::{Environment, Error, ErrorKind};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::fed::fed;
use support::{kpic, text};

/// A copy of the shop of hostile texts, with what a build for dbt has made of it.
struct Shop {
    folder: tempfile::TempDir,
}

impl Shop {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dbt/out/shop");
        fs::create_dir(folder.path().join("specs")).unwrap();
        for file in ["kpic.yml", "data.sql", "specs/shop.yml"] {
            fs::copy(shop.join(file), folder.path().join(file)).unwrap();
        }
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn build(&self, arguments: &[&str]) -> String {
        let output = kpic(self.path(), &[&["build"], arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout)
    }

    fn models(&self) -> PathBuf {
        self.path().join("build/dbt/models")
    }

    fn yaml(&self, file: &str) -> Value {
        let path = self.models().join(format!("_kpic__{file}.yml"));
        serde_saphyr::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    }

    /// The models of a folder, by name.
    fn sql(&self, folder: &str) -> Vec<(String, String)> {
        let entries = fs::read_dir(self.models().join(folder)).unwrap();
        let read = |path: PathBuf| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        };
        let mut models: Vec<_> = entries.map(|entry| read(entry.unwrap().path())).collect();
        models.sort();
        models
    }
}

fn strings<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(entries) => entries.iter().for_each(|(key, value)| {
            found.push(key);
            strings(value, found);
        }),
        _ => {}
    }
}

/// The relations of dbt: tables by the names of sources, models in a schema of their own.
fn environment(sources: Value) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    environment.add_function("ref", |name: &str| format!("dbt.{name}"));
    environment.add_function("source", move |of: &str, name: &str| {
        let named = |list: &Value, name: &str| list.as_array().unwrap().iter().find(|one| one["name"] == name).cloned();
        let source = named(&sources["sources"], of);
        let table = source.as_ref().and_then(|source| named(&source["tables"], name));
        let (Some(source), Some(table)) = (source, table) else {
            return Err(Error::new(ErrorKind::InvalidOperation, format!("no source {of}.{name}")));
        };
        // dbt renders names once.
        let plain = |text: &Value| Environment::new().render_str(text.as_str().unwrap(), ()).unwrap();
        let quoted = |text: &Value, is_quoted: &Value| {
            if is_quoted == true { format!("\"{}\"", plain(text)) } else { plain(text) }
        };
        let schema = quoted(&source["schema"], &source["quoting"]["schema"]);
        Ok(format!("{schema}.{}", quoted(&table["identifier"], &table["quoting"]["identifier"])))
    });
    environment
}

fn duckdb(folder: &Path, script: &str) -> String {
    let program = std::env::var("KPIC_DUCKDB").unwrap_or_else(|_| "duckdb".to_owned());
    let mut engine = Command::new(program);
    engine.current_dir(folder).args(["-csv", "-noheader", "-bail"]);
    let engine = engine.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let output = fed(engine, script);
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn models_show_what_views_show() {
    let shop = Shop::new();
    shop.build(&["--no-docs"]);
    shop.build(&["--format", "dbt"]);
    let environment = environment(shop.yaml("sources"));
    let mut script = fs::read_to_string(shop.path().join("data.sql")).unwrap();
    script.push_str(&fs::read_to_string(shop.path().join("build/sql/duckdb/deploy.sql")).unwrap());
    script.push_str("create schema dbt;\n");
    let view = |name: &str, sql: &str| format!("create view dbt.{name} as\n{sql};\n");
    for (name, sql) in shop.sql("sources") {
        script.push_str(&view(&name, &environment.render_str(&sql, ()).unwrap()));
    }
    let mut views = shop.sql("views");
    // A former name reads another model.
    views.sort_by_key(|(_, sql)| sql.contains("ref('orders"));
    for (name, sql) in &views {
        script.push_str(&view(name, &environment.render_str(sql, ()).unwrap()));
    }
    for (name, _) in &views {
        let compare = |one: &str, other: &str| format!("(from {one}.{name} except all from {other}.{name})");
        script.push_str(&format!(
            "select '{name}', (select count(*) from kpi.{name}), (select count(*) from ({} union all {}));\n",
            compare("kpi", "dbt"),
            compare("dbt", "kpi")
        ));
    }
    let answer = duckdb(shop.path(), &script);
    let rows: Vec<Vec<&str>> = answer.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), views.len());
    for row in rows {
        assert!(row[1] != "0" && row[2] == "0", "{row:?}");
    }
    // By hand: of seven orders three are paid, 20.50, 0.10 and 60.00; one has the text of a template as its status and one another.
    let figures =
        "select sum(value) from dbt.revenue; select sum(value) from dbt.odd_orders; select sum(value) from dbt.gifts;\n";
    assert_eq!(
        duckdb(shop.path(), &format!("{script}{figures}")).lines().rev().take(3).collect::<Vec<_>>(),
        ["1", "2", "80.6"]
    );
}

#[test]
fn nothing_of_a_spec_is_a_template() {
    let shop = Shop::new();
    shop.build(&["--format", "dbt"]);
    let mut environment = Environment::new();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    let mut seen = 0;
    for file in ["sources", "models", "groups", "exposures", "unit_tests"] {
        let yaml = shop.yaml(file);
        let mut texts = Vec::new();
        strings(&yaml, &mut texts);
        for text in texts {
            let rendered = environment.render_str(text, ()).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(rendered, text.replace("{{ '{' }}", "{"));
            seen += usize::from(rendered.contains("boom"));
        }
    }
    assert!(seen > 50, "{seen}");
    let revenue = &shop.yaml("models")["models"][0];
    assert_eq!(revenue["name"], "revenue");
    let meta = serde_json::json!({
        "kpi": "revenue", "kind": "flow", "unit": "EUR", "owner": "sales", "grain": "month",
        "note": "{ { boom('meta') }}", "{ { boom('key') }}": 1.5, "more": [true, null, "yes"]
    });
    assert_eq!(revenue["config"]["meta"], meta);
    assert_eq!(revenue["config"]["group"], "sales");
    assert!(revenue["description"].as_str().unwrap().contains("What was paid for. { { doc('x') }} { % for x in range(9) %}"));
}

#[test]
fn contracts_are_of_types_that_are_known() {
    let shop = Shop::new();
    shop.build(&["--format", "dbt"]);
    let models = shop.yaml("models");
    let model = |name: &str| models["models"].as_array().unwrap().iter().find(|model| model["name"] == name).unwrap().clone();
    let types = |model: &Value| {
        let columns = model["columns"].as_array().unwrap().iter();
        columns.map(|column| column["data_type"].as_str().unwrap_or("-").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(model("pieces_per_order")["config"]["contract"], serde_json::json!({ "enforced": true }));
    assert_eq!(types(&model("pieces_per_order")), ["date", "double", "boolean"]);
    assert_eq!(types(&model("orders")), ["date", "bigint", "boolean"]);
    assert_eq!(types(&model("revenue__by_country")), ["date", "varchar", "double", "boolean"]);
    // A former name has the columns of the other model, whatever these are.
    assert_eq!(model("purchases")["config"]["contract"], Value::Null);
    assert_eq!(model("purchases")["columns"], Value::Null);
}

#[test]
fn tables_are_said_to_be_tables() {
    let shop = Shop::new();
    let specs = shop.path().join("specs/shop.yml");
    let text = fs::read_to_string(&specs).unwrap();
    fs::write(&specs, text.replace("  pieces_per_order:\n", "  pieces_per_order:\n    materialize: table\n")).unwrap();
    shop.build(&["--format", "dbt"]);
    let models = shop.yaml("models");
    let tables = models["models"].as_array().unwrap().iter().filter(|model| model["config"]["materialized"] == "table");
    let names: Vec<&str> = tables.map(|model| model["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"pieces_per_order") && names.iter().all(|name| name.starts_with("pieces_per_order")), "{names:?}");
}

#[test]
fn declarations_become_tests() {
    let shop = Shop::new();
    shop.build(&["--format", "dbt"]);
    let sources = shop.yaml("sources");
    let tables = sources["sources"][0]["tables"].as_array().unwrap();
    let column = |table: usize, name: &str| {
        let columns = tables[table]["columns"].as_array().unwrap();
        columns.iter().find(|column| column["name"] == name).unwrap_or_else(|| panic!("{name}"))["data_tests"].clone()
    };
    assert_eq!(tables[0]["name"], "or___boom_____ders");
    assert_eq!(tables[0]["identifier"], "or{{ '{' }}{ boom() }}ders");
    assert_eq!(column(0, "order_id"), serde_json::json!(["unique", "not_null"]));
    assert_eq!(column(0, "ordered_on"), serde_json::json!(["not_null"]));
    let customers = serde_json::json!({ "to": "source('kpic_raw', 'customers')", "field": "customer_id" });
    assert_eq!(column(0, "customer_id")[0]["relationships"]["arguments"], customers);
    let values = ["'paid'", "'o''pen'", "'{{ '{' }}{ boom('value') }}'", "'{{ '{' }}% raw %}'", "'back\\slash'"];
    // A quote in a literal of SQL is doubled, and what stands there is what dbt makes of it.
    let values: Vec<String> = values.iter().map(|value| value.replace("boom('value')", "boom(''value'')")).collect();
    assert_eq!(column(0, "status")[0]["accepted_values"]["arguments"], serde_json::json!({ "values": values, "quote": false }));
    assert_eq!(column(0, "gi{{ '{' }}% boom %}ft")[0]["accepted_values"]["arguments"]["quote"], false);
}

#[test]
fn every_reference_leads_somewhere() {
    let shop = Shop::new();
    shop.build(&["--format", "dbt"]);
    let named = |file: &str, key: &str| -> BTreeSet<String> {
        let yaml = shop.yaml(file);
        yaml[key].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    let files: BTreeSet<String> =
        ["views", "sources", "tests"].iter().flat_map(|folder| shop.sql(folder)).map(|(name, _)| name).collect();
    assert_eq!(named("models", "models"), files);
    let environment = environment(shop.yaml("sources"));
    let mut calls: Vec<String> = Vec::new();
    for file in ["sources", "models", "exposures", "unit_tests"] {
        let yaml = shop.yaml(file);
        let mut texts = Vec::new();
        strings(&yaml, &mut texts);
        calls.extend(
            texts
                .iter()
                .filter(|text| text.starts_with("ref('") || text.starts_with("source('"))
                .map(|text| (*text).to_owned()),
        );
    }
    for (_, sql) in ["views", "sources", "tests"].iter().flat_map(|folder| shop.sql(folder)) {
        let found = sql.split("{{ ").skip(1).filter_map(|rest| rest.split_once(" }}")).map(|(call, _)| call.to_owned());
        calls.extend(found.filter(|call| call != "'{'"));
    }
    assert!(calls.len() > 30, "{}", calls.len());
    for call in calls {
        let is = environment.compile_expression(&call).unwrap().eval(()).unwrap().to_string();
        if let Some(model) = is.strip_prefix("dbt.") {
            assert!(files.contains(model), "{call}");
        }
    }
    let groups = named("groups", "groups");
    let models = shop.yaml("models");
    let owners = models["models"].as_array().unwrap().iter().filter_map(|model| model["config"]["group"].as_str());
    assert!(owners.clone().count() > 5 && owners.into_iter().all(|group| groups.contains(group)));
}

#[test]
fn spec_tests_are_unit_tests_of_the_rows_that_they_speak_of() {
    let shop = Shop::new();
    let said = shop.build(&["--format", "dbt"]);
    let tests = shop.yaml("unit_tests");
    let test = |name: &str| tests["unit_tests"].as_array().unwrap().iter().find(|test| test["name"] == name).unwrap().clone();
    let revenue = test("a_customer_has_a_country__revenue__by_country");
    let expected = serde_json::json!([
        { "period": "2024-01-01", "country": "o'land", "value": 10.25 },
        { "period": "2024-01-01", "country": null, "value": 5 },
    ]);
    assert_eq!(revenue["expect"]["rows"], expected);
    let sql = fs::read_to_string(shop.models().join(format!("tests/{}.sql", revenue["model"].as_str().unwrap()))).unwrap();
    // No row of Atlantis is expected, so that one would be a difference.
    assert!(sql.contains("'Atlantis'") && sql.contains("country is null"), "{sql}");
    let mean = test("a_customer_has_a_country__mean_weight");
    assert_eq!(mean["expect"]["rows"][0]["value"], 1.75);
    assert_eq!(mean["expect"]["rows"][1]["value"], Value::Null);
    assert!(said.contains("the test `texts_may_be_templates` of `odd_orders`: a text in it has braces"), "{said}");
    assert!(said.contains("`large_orders`: it gives values of a column with `sql:`"), "{said}");
}

#[test]
fn files_of_others_stay() {
    let shop = Shop::new();
    let models = shop.path().join("dbt/models/kpi");
    let output = models.to_str().unwrap();
    shop.build(&["--format", "dbt", "--output", output]);
    assert!(models.join("views/gifts.sql").exists() && !models.join("dbt_project.yml").exists());
    fs::write(models.join("views/own.sql"), "select 1").unwrap();
    let specs = shop.path().join("specs/shop.yml");
    let less = fs::read_to_string(&specs).unwrap().replace("\n  gifts:\n", "\n  presents:\n");
    fs::write(&specs, less).unwrap();
    shop.build(&["--format", "dbt", "--output", output]);
    assert!(models.join("views/own.sql").exists() && models.join("views/presents.sql").exists());
    assert!(!models.join("views/gifts.sql").exists());
    // A model that somebody has changed is theirs.
    fs::write(models.join("views/orders.sql"), "select 2").unwrap();
    let refused = kpic(shop.path(), &["build", "--format", "dbt", "--output", output]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(text(&refused.stderr).contains("views/orders.sql is in the way"), "{}", text(&refused.stderr));
    assert_eq!(fs::read_to_string(models.join("views/orders.sql")).unwrap(), "select 2");
}

#[test]
fn tables_of_the_dbt_project_are_read_by_ref() {
    let shop = Shop::new();
    let target = shop.path().join("dbt/target");
    let models = shop.path().join("dbt/models/kpi");
    let arguments = ["--format", "dbt", "--output", models.to_str().unwrap(), "--dbt-target", target.to_str().unwrap()];
    let refused = kpic(shop.path(), &[&["build"], &arguments[..]].concat());
    assert_eq!(refused.status.code(), Some(3));
    assert!(text(&refused.stderr).contains("run `dbt parse`"), "{}", text(&refused.stderr));
    fs::create_dir_all(&target).unwrap();
    let manifest = r#"{
      "metadata": { "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json" },
      "nodes": { "model.shop.customers": {
        "resource_type": "model", "package_name": "shop", "name": "customers", "alias": "customers", "schema": "raw"
      } },
      "groups": { "group.shop.sales": { "name": "sales", "original_file_path": "models/groups.yml" } }
    }"#;
    fs::write(target.join("manifest.json"), manifest).unwrap();
    shop.build(&arguments);
    let sql = fs::read_to_string(models.join("views/revenue__by_country.sql")).unwrap();
    assert!(sql.contains("{{ ref('shop', 'customers') }} as "), "{sql}");
    assert!(sql.contains("{{ source('kpic_raw', 'or___boom_____ders') }}"), "{sql}");
    let sources = fs::read_to_string(models.join("_kpic__sources.yml")).unwrap();
    assert!(!sources.contains("name: customers") && sources.contains(r#"to: "ref('shop', 'customers')""#), "{sources}");
    assert!(!models.join("_kpic__groups.yml").exists());
}

#[test]
fn a_build_of_views_has_no_other_folder() {
    let shop = Shop::new();
    let refused = kpic(shop.path(), &["build", "--output", "elsewhere"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("`--output` is for `--format dbt`"), "{}", text(&refused.stderr));
    assert!(!shop.path().join("elsewhere").exists());
}
