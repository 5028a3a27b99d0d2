//! The columns of views that every project shares have the same types whatever a project defines: a reader of `key_results` must not
//! fail because nobody has sliced a key result yet.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot run the program has failed")]

#[path = "support/fed.rs"]
mod fed;

use fed::fed;
use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};

const PROJECT: &str = "kpic: 1
calendar: { start: 2024-01-01, as_of: 2024-02-29 }
lints: { missing-description: allow, missing-owner: allow, no-north-star: allow }
";

const SOURCE: &str = "
sources:
  sales:
    query: select * from (values (date '2024-01-05', 10, 'a'), (date '2024-02-05', 10, 'b')) as t(day, amount, shop)
    kind: events
    row: sale
    time: day
    columns: { day: date, amount: { type: integer, min: 0 }, shop: text }
";

/// Nothing is owned, sliced, measured or said.
const POOR: &str = "
kpis:
  sold: { formula: count(sales), better: up }
  size: { formula: avg(sales.amount) }
scorecards: { board: { grain: month, kpis: [sold, size] } }
guardrails: { drop: { when: change(sold) < 0 } }
north_star: { title: Sales, volume: sold, efficiency: size, because: Sold is wanted. }
objectives:
  grow: { title: We grow, period: 2024-Q1, key_results: { sold: { title: Some is sold, kpi: sold, at_least: 1 } } }
";

/// Everything is.
const RICH: &str = "
teams: { shop: { title: Shop } }
kpis:
  sold: { formula: count(sales), better: up, owner: shop, by: [shop] }
  taken: { formula: sum(sales.amount), better: up, owner: shop, by: [shop] }
  size: { formula: taken / sold, better: up, owner: shop, by: [shop] }
scorecards: { board: { grain: month, kpis: [sold, size] } }
guardrails: { drop: { when: change(sold) < 0, by: [shop], owner: shop, action: Call. } }
north_star: { title: Sales, volume: sold, efficiency: size, because: Sold is wanted. }
objectives:
  all:  { title: We live, period: 2024, owner: shop }
  grow:
    title: We grow
    period: 2024-Q1
    owner: shop
    parent: all
    key_results:
      sold:   { title: More is sold, kpi: sold, from: measured, to: +20%, slice: { shop: a } }
      bigger: { title: In larger pieces, kpi: size, from: 1, to: 2.5 }
      shops:  { title: Shops open, manual: true, unit: shop, from: 0, to: 2, check_ins: { 2024-01-02: 2 } }
";

/// The types of the columns of a project's views, by view and column.
fn types(spec: &str) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir(root.join("specs")).unwrap();
    fs::write(root.join("kpic.yml"), PROJECT).unwrap();
    fs::write(root.join("specs/all.yml"), format!("{SOURCE}{spec}")).unwrap();
    let built = Command::new(env!("CARGO_BIN_EXE_kpic")).current_dir(root).args(["build", "--no-docs"]).output().unwrap();
    assert_eq!(built.status.code(), Some(0), "{}", String::from_utf8_lossy(&built.stderr));
    let mut script = fs::read_to_string(root.join("build/sql/duckdb/deploy.sql")).unwrap();
    script.push_str("select table_name || '.' || column_name, data_type from information_schema.columns;\n");
    let program = std::env::var("KPIC_DUCKDB").unwrap_or_else(|_| "duckdb".to_owned());
    let mut engine = Command::new(program);
    let engine = engine.args(["-csv", "-noheader", "-bail"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let output = fed(engine, &script);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.split_once(',')).map(|(name, ty)| (name.to_owned(), ty.to_owned())).collect()
}

#[test]
fn what_is_not_defined_has_a_type_all_the_same() {
    let (poor, rich) = (types(POOR), types(RICH));
    let shared: Vec<(&String, &String, &String)> =
        poor.iter().filter_map(|(name, ty)| Some((name, ty, rich.get(name)?))).collect();
    for view in [
        "guardrails",
        "key_results",
        "key_results_history",
        "objectives",
        "north_star",
        "north_star_drivers",
        "kpi_values",
        "source_checks",
    ] {
        assert!(shared.iter().any(|(name, ..)| name.starts_with(&format!("{view}."))), "{view} is in both");
    }
    let other: Vec<_> = shared.into_iter().filter(|(_, poor, rich)| poor != rich).collect();
    assert_eq!(other, []);
    assert_eq!(poor["key_results.slice"], "VARCHAR");
    assert_eq!((poor["source_checks.column"].as_str(), poor["source_checks.rows"].as_str()), ("VARCHAR", "BIGINT"));
}
