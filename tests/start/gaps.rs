//! `gaps: omit`: what a KPI's views leave out is left out wherever its figures are listed.

use crate::folder::Folder;
use serde_json::Value;

const PROJECT: &str = "kpic: 1
project: shop
calendar: { start: 2024-01-01, as_of: 2024-04-30 }
warehouse: { database: shop.duckdb, schema: kpi }
lints: { missing-owner: allow, missing-description: allow }
";

const SPEC: &str = "
sources:
  orders: { table: orders, kind: events, row: order, time: day, columns: { day: date, size: integer, shop: text } }
kpis:
  some:  { formula: count(orders), gaps: omit, by: [shop] }
  every: { formula: count(orders) }
  mean:  { formula: avg(orders.size), gaps: omit }
  last:  { formula: prior(some), gaps: omit }
scorecards:
  both:  { title: Both, cadence: monthly, grain: month, kpis: [some, every, last] }
  omits: { title: Omits, cadence: monthly, grain: month, kpis: [some, mean] }
";

/// Orders in January and March only.
fn shop() -> Folder {
    let folder = Folder::new();
    folder.write("kpic.yml", PROJECT);
    folder.write("specs/shop.yml", SPEC);
    let rows = "('2024-01-05', 1, 'x'), ('2024-03-05', 3, 'x'), ('2024-03-06', 5, 'y')";
    folder.sql(
        "shop.duckdb",
        &format!("create table orders (day date, size integer, shop varchar); insert into orders values {rows};"),
    );
    folder
}

/// The rows of an answer, each without the last column, which says whether it is complete.
fn csv(folder: &Folder, arguments: &[&str]) -> Vec<String> {
    let printed = folder.fine(&[&["query"], arguments, &["--format", "csv"]].concat());
    printed.lines().skip(1).map(|line| line.rsplit_once(',').unwrap().0.to_owned()).collect()
}

#[test]
fn a_query_keeps_what_the_views_keep() {
    let folder = shop();
    assert_eq!(csv(&folder, &["some"]), ["2024-01-01,1", "2024-03-01,2"]);
    // Two rows of those that there are.
    assert_eq!(csv(&folder, &["some", "--order=-period", "--limit", "2"]), ["2024-03-01,2", "2024-01-01,1"]);
    assert_eq!(csv(&folder, &["some", "--by", "shop"]), ["2024-01-01,x,1", "2024-03-01,x,1", "2024-03-01,y,1"]);
    assert_eq!(csv(&folder, &["some", "--where", "shop = 'y'"]), ["2024-03-01,1"]);
    // A row stays if any of them has it; the others are null there.
    assert_eq!(
        csv(&folder, &["some", "mean", "last"]),
        ["2024-01-01,1,1.0,", "2024-02-01,,,1", "2024-03-01,2,4.0,", "2024-04-01,,,2"]
    );
    assert_eq!(csv(&folder, &["some", "mean"]), ["2024-01-01,1,1.0", "2024-03-01,2,4.0"]);
    assert_eq!(csv(&folder, &["some", "every"]), ["2024-01-01,1,1", "2024-02-01,,0", "2024-03-01,2,2", "2024-04-01,,0"]);
    // What is made of it has figures for all periods.
    assert_eq!(csv(&folder, &["twice = 2 * some"]), ["2024-01-01,2", "2024-02-01,0", "2024-03-01,4", "2024-04-01,0"]);
}

#[test]
fn a_run_lists_the_periods_of_the_views() {
    let folder = shop();
    let told: Value = serde_json::from_str(&folder.fine(&["run", "--format", "json"])).unwrap();
    let periods = |name: &str| {
        let kpi = told.as_array().unwrap().iter().find(|kpi| kpi["kpi"] == name).unwrap();
        let periods = kpi["periods"].as_array().unwrap().iter();
        periods.map(|period| (period["period"].as_str().unwrap().to_owned(), period["value"].as_f64())).collect::<Vec<_>>()
    };
    let figure = |period: &str, value: f64| (format!("2024-{period}-01"), Some(value));
    assert_eq!(periods("some"), [figure("01", 1.0), figure("03", 2.0)]);
    assert_eq!(periods("last"), [figure("02", 1.0), figure("04", 2.0)]);
    assert_eq!(periods("every").len(), 4);
}

#[test]
fn scorecards_and_their_values_leave_out_the_same() {
    let folder = shop();
    folder.fine(&["build"]);
    let ask = |query: &str| {
        let deploy = folder.read("build/sql/duckdb/deploy.sql");
        folder.sql("shop.duckdb", &format!("{deploy}\n{query};")).lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let both = ask("select period, \"some\", every, \"last\" from kpi.scorecard__both order by 1");
    assert_eq!(both, ["2024-01-01,1,1,NULL", "2024-02-01,NULL,0,1", "2024-03-01,2,2,NULL", "2024-04-01,NULL,0,2"]);
    let omits = ask("select period, \"some\", mean from kpi.scorecard__omits order by 1");
    assert_eq!(omits, ["2024-01-01,1,1.0", "2024-03-01,2,4.0"]);
    // What a KPI was in the period before is what a formula would see.
    let values = ask("select period, value, prior, change from kpi.kpi_values where kpi = 'some' order by 1");
    assert_eq!(values, ["2024-01-01,1.0,NULL,NULL", "2024-03-01,2.0,0.0,2.0"]);
    assert_eq!(ask("select count(*) from kpi.kpi_values where kpi = 'every'"), ["4"]);
}
