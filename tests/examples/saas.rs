//! The project of a software company: its data can be made again, and it defines every KPI of the catalogue, with all that a reader
//! of a KPI needs to know.

use crate::project::{self, Project, files};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

/// Below this line of the catalogue stands what the language cannot say yet.
const PENDING: &str = "# pending";

/// Amounts of several currencies have several units, and dollars for a dollar have none.
const WITHOUT_UNIT: [&str; 5] = ["billings", "ltv_to_cac", "sales_efficiency", "capital_efficiency", "effective_customers"];

/// Who runs the script of the data gets the rows that are committed, whatever files look like inside.
#[test]
fn the_data_of_saas_is_what_its_script_makes() {
    let project = Project::copy("saas");
    let script = fs::read_to_string(project.folder.join("data/generate.sql")).unwrap();
    // The script writes into the folder in which it runs; the copy of what is committed lies one below.
    assert_eq!(project.duckdb(":memory:", "Pacific/Auckland", &script), "");
    let committed: Vec<String> =
        files(&project.folder.join("data")).into_keys().filter(|name| name.ends_with(".parquet")).collect();
    let made: Vec<String> =
        files(&project.folder).into_keys().filter(|name| name.ends_with(".parquet") && !name.contains('/')).collect();
    assert_eq!(made, committed);

    let compare = |name: &String| {
        format!(
            "select '{name}', (select count(*) from (from 'data/{name}' except all from '{name}')), \
             (select count(*) from (from '{name}' except all from 'data/{name}')), \
             (select list((column_name, column_type)) from (describe from 'data/{name}')) \
             = (select list((column_name, column_type)) from (describe from '{name}'));\n"
        )
    };
    let differences = project.duckdb(":memory:", "UTC", &committed.iter().map(compare).collect::<String>());
    let none: String = committed.iter().map(|name| format!("{name},0,0,true\n")).collect();
    assert_eq!(differences, none);

    // A comparison that finds nothing anywhere would say so too.
    let other =
        "select count(*) from (from 'data/accounts.parquet' except all (from 'accounts.parquet' where account_id <> 1));\n";
    assert_eq!(project.duckdb(":memory:", "UTC", other), "1\n");
}

#[test]
fn saas_shows_what_plain_sql_gives() {
    let project = Project::copy("saas");
    project.build(&[]);
    project.deploy();
    let plain = include_str!("saas.sql");
    let names = "select table_name, (select coalesce(string_agg(column_name, ','), '') from duckdb_columns() as c \
        where c.schema_name = 'plain' and c.table_name = t.table_name and column_name not in ('period', 'value')) \
        from duckdb_tables() as t where schema_name = 'plain' order by all;\n";
    let tables = project.duckdb(project::DATABASE, "UTC", &format!("{plain}{names}"));
    let compare = |line: &str| {
        let (name, dimensions) = line.split_once(',').unwrap();
        let keys = ["period"].into_iter().chain(dimensions.trim_matches('"').split(',').filter(|name| !name.is_empty()));
        let keys = keys.map(|key| format!("p.{key} is not distinct from k.{key}")).collect::<Vec<_>>().join(" and ");
        format!(
            "select '{name}', count(p.period) > 2, \
               coalesce(arg_max((p.period, k.period, p.value, k.value), coalesce(abs(p.value), 0)) filter ( \
                 case when p.period is null then coalesce(k.value, 0) <> 0 when k.period is null then true \
                 else coalesce(abs(p.value - k.value) > 1e-9 * abs(p.value), (p.value is null) <> (k.value is null)) end)::text, '') \
             from plain.\"{name}\" as p full join kpi.\"{name}\" as k on {keys};\n"
        )
    };
    let found = project.duckdb(project::DATABASE, "UTC", &tables.lines().map(compare).collect::<String>());
    let wanted: String = tables.lines().map(|line| format!("{},true,\n", line.split(',').next().unwrap())).collect();
    assert_eq!(found, wanted);
    assert!(found.lines().count() >= 45);
}

#[test]
fn saas_defines_every_kpi_of_the_catalogue() {
    let project = Project::copy("saas");
    let list = fs::read_to_string(project.folder.join("catalogue.txt")).unwrap();
    let (asked, pending) = list.split_once(PENDING).unwrap();
    let names = |text: &'_ str| -> BTreeSet<String> {
        text.lines().skip(1).filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
    };
    let (asked, pending) = (names(asked), names(pending));
    assert!(asked.len() + pending.len() >= 100, "the catalogue is long");

    let built = project.build(&[]);
    let manifest: Value = serde_json::from_slice(&built["manifest.json"]).unwrap();
    let kpis = manifest["kpis"].as_object().unwrap();
    let missing: Vec<_> = asked.iter().filter(|name| !kpis.contains_key(*name)).collect();
    assert!(missing.is_empty(), "not defined: {missing:?}");
    let done: Vec<_> = pending.iter().filter(|name| kpis.contains_key(*name)).collect();
    assert!(done.is_empty(), "defined, and no longer pending: {done:?}");

    let mut incomplete = Vec::new();
    for (name, kpi) in kpis {
        let is_said = |key: &str| !matches!(&kpi[key], Value::Null) && kpi[key] != "";
        let said = ["title", "description", "owner", "signal", "horizon", "insight"].into_iter().filter(|key| !is_said(key));
        let mut absent: Vec<&str> = said.collect();
        if !is_said("unit") && !WITHOUT_UNIT.contains(&name.as_str()) {
            absent.push("unit");
        }
        // A share that has no good direction of its own is allowed to say so by silence.
        if !is_said("better") && name != "brand_reach_share" {
            absent.push("better");
        }
        if kpi["taxonomies"]["stage"].is_null() && kpi["taxonomies"]["driver"].is_null() {
            absent.push("stage or driver");
        }
        for (key, what) in [("questions", "questions"), ("tests", "a test")] {
            if kpi[key].as_array().unwrap().is_empty() {
                absent.push(what);
            }
        }
        if !absent.is_empty() {
            incomplete.push(format!("{name}: {}", absent.join(", ")));
        }
    }
    assert!(incomplete.is_empty(), "KPIs that lack something:\n{}", incomplete.join("\n"));
}

#[test]
fn an_amount_for_each_month_is_no_amount() {
    let answer = Project::copy("saas").kpic(&["query", "arr + mrr"]);
    assert_eq!(answer.code, 2);
    let said = answer.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("`arr + mrr` adds USD to USD/month"), "{said}");
    assert!(said.contains("`mrr` is per month: multiply it by a time, for instance `mrr * 12 months`"), "{said}");
}

/// However narrow the line is: whoever asks for nine periods does not want to count how many there are.
#[test]
fn as_many_periods_are_shown_as_are_asked_for() {
    let project = Project::copy("saas");
    let heading = |options: &[&str]| {
        let run = project.kpic(&[&["run", "cac_payback_months"], options].concat());
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
        run.stdout.lines().next().unwrap().matches('-').count()
    };
    assert_eq!(heading(&["--periods", "9"]), 9);
    assert_eq!(heading(&["--periods", "1"]), 1);
    assert!((3..=6).contains(&heading(&[])));
}
