//! What kpic shows of imported KPIs beside what a SELECT does, cell by cell, over one set of tables.

use crate::support::text;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Orders over half a year without any in April, with nulls in most columns and users that are not there.
pub(crate) const TABLES: &str = "
create table users as
  select 'u' || i as user_id, case i % 4 when 0 then null when 1 then 'DE' else 'FR' end as country, i % 5 = 0 as is_test,
         i * 1.5::double as score, timestamp '2024-01-01' + interval (i * 5) day as created_at
  from range(12) r(i);
create table orders as
  select i as order_id, moment as ordered_at, moment::date as ordered_on, 'u' || (i * 7 % 15) as user_id,
         case when i % 9 = 0 then null else (i * 37 % 101)::decimal(10, 2) end as amount,
         case when moment < timestamp '2024-02-01' then null else i % 4 end as quantity,
         case i % 6 when 0 then 'refunded' when 1 then null when 2 then 'open' else 'paid' end as status,
         i % 8 = 0 as gift, case when i % 3 = 0 then null else 'shop' end as channel, i * 0.25::double as weight
  from (select i, timestamp '2024-01-01 00:00:00' + interval (i * 11) hour as moment from range(420) r(i))
  where month(moment) <> 4;
";

pub(crate) fn duckdb(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let program = std::env::var_os("KPIC_DUCKDB").unwrap_or_else(|| "duckdb".into());
    let done = Command::new(program).current_dir(folder).args(["-bail", "shop.duckdb"]).args(arguments).output().unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", text(&done.stderr));
    done.stdout
}

type Cells = BTreeMap<Vec<String>, f64>;

/// What is not null, by period and slice.
fn cells(rows: &[Value], keys: &[&str], figure: &str) -> Cells {
    let word =
        |value: &Value| value.as_str().map_or_else(|| value.to_string(), |text| text.trim_end_matches(" 00:00:00").to_owned());
    let number = |value: &Value| value.as_f64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    rows.iter().filter_map(|row| Some((keys.iter().map(|key| word(&row[*key])).collect(), number(&row[figure])?))).collect()
}

pub(crate) fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().filter_map(Value::as_str).collect()
}

/// A KPI beside a column of a SELECT.
pub(crate) struct Beside<'a> {
    /// What the report says of it.
    pub(crate) about: &'a Value,
    pub(crate) sql: &'a str,
    /// The column of the SELECT.
    pub(crate) figure: &'a str,
    pub(crate) grain: &'a str,
    /// Columns of the SELECT with the dimensions that they become.
    pub(crate) by: &'a [(&'a str, &'a str)],
}

/// How many cells the SELECT has, and those that differ without that being told.
pub(crate) fn compare(folder: &Path, rows: &[Value], beside: &Beside<'_>) -> (usize, Vec<String>) {
    let Beside { about, sql, figure, grain, by } = beside;
    let told = texts(&about["differences"]);
    let own: Vec<&str> = std::iter::once("period").chain(by.iter().map(|(_, name)| *name)).collect();
    let columns: Vec<&str> = std::iter::once("period").chain(by.iter().map(|(name, _)| *name)).collect();
    let by = own[1..].join(",");
    let kpi = about["kpi"].as_str().unwrap();
    let mut arguments = vec!["--as-of", "2024-07-31", "query", kpi, "--grain", grain, "--database", "shop.duckdb"];
    arguments.extend(["--format", "json", "--from", "2024-01-01"]);
    arguments.extend(if by.is_empty() { vec![] } else { vec!["--by", by.as_str()] });
    let done = Command::new(env!("CARGO_BIN_EXE_kpic")).current_dir(folder).args(&arguments).output().unwrap();
    assert!(done.status.success(), "{sql}: {}", text(&done.stderr));
    let own_rows: Vec<Value> = serde_json::from_slice(&done.stdout).unwrap();
    let (ours, theirs) = (cells(&own_rows, &own, kpi), cells(rows, &columns, figure));
    let mut wrong = Vec::new();
    for (key, value) in &theirs {
        // The SELECT shows 0 where nothing is added up, if that is told.
        let stands_for = told.iter().any(|one| one.starts_with("where nothing is added up")) && *value == 0.0;
        let stands_for = stands_for || *value == 0.0 && told.iter().any(|one| one.starts_with("a slice is shown from"));
        let fits = ours.get(key).map_or(stands_for, |own| (own - value).abs() <= 1e-9 * value.abs().max(1.0));
        if !fits {
            wrong.push(format!("{figure} at {key:?}: kpic {:?}, the SELECT {value}\n{sql}", ours.get(key)));
        }
    }
    let says = |start: &str| told.iter().any(|one| one.starts_with(start));
    let leaves_out = says("the SELECT leaves groups out") || says("the SELECT shows some");
    let shows = says("periods without rows are shown");
    for (key, value) in ours.iter().filter(|(key, _)| !theirs.contains_key(*key)) {
        let of_nulls = says("where all that is added up");
        if !(leaves_out || shows && *value == 0.0 || of_nulls && *value == 0.0) {
            wrong.push(format!("{figure} at {key:?}: kpic {value}, and the SELECT has nothing\n{sql}"));
        }
    }
    (theirs.len(), wrong)
}
