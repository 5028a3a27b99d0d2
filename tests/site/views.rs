//! What views give, beside what pages show.

use crate::html::{Cell, Part, elements, tables, text as text_of};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

/// How many figures have been compared.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    pub(crate) totals: usize,
    pub(crate) slices: usize,
    pub(crate) cohorts: usize,
    pub(crate) tiles: usize,
    pub(crate) key_results: usize,
}

type Row = serde_json::Map<String, Value>;

/// Holds the tables of all pages against the views of a project, as a plain DuckDB computes them.
pub(crate) fn compare(project: &Path, pages: &BTreeMap<String, Vec<Part>>) -> Compared {
    let manifest = manifest(project);
    let mut asked: Vec<(String, String)> = Vec::new();
    let kpis = manifest["kpis"].as_object().unwrap();
    for (name, kpi) in kpis {
        for view in kpi["views"].as_array().unwrap() {
            let view = &manifest["views"][view.as_str().unwrap()];
            if view["former_of"].is_null() && view["grain"] == kpi["grain"] {
                asked.push((name.clone(), view["name"].as_str().unwrap().to_owned()));
            }
        }
    }
    for name in ["kpi_values", "key_results"] {
        if manifest["views"].get(name).is_some() {
            asked.push((String::new(), name.to_owned()));
        }
    }
    let rows = run(project, &manifest, &asked.iter().map(|(_, view)| view.as_str()).collect::<Vec<_>>());
    let mut compared = Compared::default();
    for ((kpi, name), rows) in asked.iter().zip(&rows) {
        let view = &manifest["views"][name];
        let dimensions: Vec<&str> = view["dimensions"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        let page = pages.get(&format!("kpis/{kpi}.html"));
        match (page, kpi.is_empty(), dimensions.is_empty()) {
            (_, true, _) if name == "kpi_values" => compared.tiles = tiles(&manifest, pages, rows),
            (_, true, _) => compared.key_results = key_results(pages, rows),
            (Some(page), _, true) if kpis[kpi]["age"].is_null() => compared.totals += totals(name, page, rows),
            (Some(page), _, true) => compared.cohorts += cohorts(name, page, rows),
            (Some(page), _, false) if kpis[kpi]["age"].is_null() => compared.slices += slices(name, page, &dimensions, rows),
            _ => {}
        }
    }
    compared
}

/// What `kpic build` makes, in a folder of the test's own.
fn manifest(project: &Path) -> Value {
    let checked = kpic::pipeline::check(project, &kpic::pipeline::Options::default()).valid().unwrap();
    let outputs = kpic::build::outputs(&checked, kpic::build::Documents::None).unwrap();
    let mut manifest: Value =
        serde_json::from_str(&outputs.iter().find(|output| output.path == "manifest.json").unwrap().text).unwrap();
    for view in manifest["views"].as_object_mut().unwrap().values_mut() {
        let file = view["file"].as_str().unwrap();
        let sql = outputs.iter().find(|output| output.path == file).unwrap().text.clone();
        view["sql"] = Value::String(sql);
    }
    manifest
}

/// The rows of views, each by its own statement in one session.
fn run(project: &Path, manifest: &Value, views: &[&str]) -> Vec<Vec<Row>> {
    let folder = tempfile::tempdir().unwrap();
    let mut script = String::new();
    for (at, view) in views.iter().enumerate() {
        let sql = manifest["views"][*view]["sql"].as_str().unwrap();
        let (_, query) = sql.split_once(" as\n").unwrap();
        let file = folder.path().join(format!("{at}.json"));
        script.push_str(&format!(
            "copy (\n{}\n) to '{}' (format json, array true);\n",
            query.trim().trim_end_matches(';'),
            file.display()
        ));
    }
    fs::write(folder.path().join("script.sql"), script).unwrap();
    let mut program = Command::new(kpic::engine::find(None).unwrap());
    let output = program
        .arg("-no-init")
        .args(["-bail", "-f"])
        .arg(folder.path().join("script.sql"))
        .current_dir(project)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read = |at| serde_json::from_str(&fs::read_to_string(folder.path().join(format!("{at}.json"))).unwrap()).unwrap();
    (0..views.len()).map(read).collect()
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

fn day(row: &Row) -> &str {
    row["period"].as_str().unwrap().get(..10).unwrap()
}

/// Sums of floating-point numbers differ in their last digits by the order of rows.
fn same(what: &str, shown: Option<f64>, expected: Option<f64>) {
    let close = |(one, other): (f64, f64)| (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1e-9);
    assert!(
        shown == expected || shown.zip(expected).is_some_and(close),
        "{what}: the page shows {shown:?}, the view {expected:?}"
    );
}

fn totals(name: &str, page: &[Part], rows: &[Row]) -> usize {
    let found = tables(page, "total");
    let shown = found.first().map(|(_, table)| &table[1..]).unwrap_or_default();
    let by_day: BTreeMap<&str, &Row> = rows.iter().map(|row| (day(row), row)).collect();
    assert_eq!(
        shown.first().and_then(|row| row[0].day.as_deref()),
        by_day.keys().next_back().copied(),
        "the latest period of {name}"
    );
    assert!(shown.len() == by_day.len() || shown.len() >= 12, "{name} shows {} of {} periods", shown.len(), by_day.len());
    for row in shown {
        let view = by_day[row[0].day.as_deref().unwrap()];
        same(&format!("{name} in {}", row[0].text), row[1].data, number(&view["value"]));
        assert_eq!(row[4].text, if view["is_complete"].as_bool().unwrap() { "yes" } else { "no" }, "{name} in {}", row[0].text);
    }
    shown.len()
}

fn cohorts(name: &str, page: &[Part], rows: &[Row]) -> usize {
    let mut compared = 0;
    let by_cell: BTreeMap<(&str, u64), &Row> = rows.iter().map(|row| ((day(row), row["age"].as_u64().unwrap()), row)).collect();
    let found = tables(page, "cohorts");
    let (heads, table) = found[0].1.split_first().unwrap();
    for row in table {
        let cohort = row[0].day.as_deref().unwrap();
        for (head, cell) in heads.iter().zip(row).skip(1) {
            let view = by_cell.get(&(cohort, head.text.parse().unwrap()));
            same(&format!("{name}, {cohort} at {}", head.text), cell.data, view.and_then(|row| number(&row["value"])));
            compared += usize::from(cell.data.is_some());
        }
    }
    compared
}

fn slices(name: &str, page: &[Part], dimensions: &[&str], rows: &[Row]) -> usize {
    let by = dimensions.join(",");
    let all = tables(page, "slice");
    let Some((_, table)) = all.iter().find(|(attributes, _)| attributes["data-by"] == by) else {
        let is_something = |row: &Row| number(&row["value"]).is_some_and(|value| value != 0.0);
        let shown_from = rows.iter().map(day).max().unwrap_or_default();
        assert!(!rows.iter().any(|row| day(row) == shown_from && is_something(row)), "{name} is not shown");
        return 0;
    };
    let member = |row: &Row| {
        let text = |name: &&str| match &row[*name] {
            Value::String(text) if text.eq_ignore_ascii_case("null") => format!("'{text}'"),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        dimensions.iter().map(text).collect::<Vec<_>>().join(", ")
    };
    let by_cell: BTreeMap<(String, &str), &Row> = rows.iter().map(|row| ((member(row), day(row)), row)).collect();
    let (heads, body) = table.split_first().unwrap();
    let periods: Vec<&Cell> = heads.iter().filter(|head| head.day.is_some()).collect();
    let mut compared = 0;
    for row in body {
        for (period, cell) in periods.iter().zip(&row[1..]) {
            let period = period.day.as_deref().unwrap();
            let view = by_cell.get(&(row[0].text.clone(), period)).and_then(|row| number(&row["value"]));
            // Of a value that has no row of this KPI yet the page may say so by 0.
            let is_none = view.is_none() && cell.data == Some(0.0);
            if !is_none {
                same(&format!("{name}, {} in {period}", row[0].text), cell.data, view);
            }
            compared += 1;
        }
    }
    compared
}

/// The tiles of scorecards show the latest complete period.
fn tiles(manifest: &Value, pages: &BTreeMap<String, Vec<Part>>, rows: &[Row]) -> usize {
    let mut compared = 0;
    for (name, card) in manifest["scorecards"].as_object().unwrap() {
        let page = &pages[&format!("scorecards/{name}.html")];
        let lists: Vec<_> = elements(page, "ul")
            .into_iter()
            .filter(|(all, _)| all.get("class").is_some_and(|class| class == "tiles"))
            .collect();
        let tiles = elements(lists[0].1, "li");
        for (kpi, (_, tile)) in card["kpis"].as_array().unwrap().iter().zip(tiles) {
            let own =
                rows.iter().filter(|row| row["kpi"] == *kpi && row["grain"] == card["grain"] && row["is_complete"] == true);
            let last = own.max_by_key(|row| day(row)).unwrap_or_else(|| panic!("{kpi} has no complete period"));
            let shown = elements(tile, "data").first().map(|(all, _)| all["value"].parse().unwrap());
            same(&format!("{kpi} on {name}"), shown, number(&last["value"]));
            compared += 1;
        }
    }
    compared
}

/// The status of each key result, and how far it is.
fn key_results(pages: &BTreeMap<String, Vec<Part>>, rows: &[Row]) -> usize {
    for row in rows {
        let page = &pages[&format!("objectives/{}.html", row["objective"].as_str().unwrap())];
        let status = row["status"].as_str().unwrap().replace('_', " ");
        let title = row["title"].as_str().unwrap();
        let found = elements(page, "tr").into_iter().map(|(_, inside)| text_of(inside)).find(|text| text.contains(title));
        let found = found.unwrap_or_else(|| panic!("{title} is on no page"));
        assert!(found.contains(&status), "{title} is {status}: {found}");
        if let Some(score) = number(&row["score"]) {
            assert!(found.contains(&format!("score {score:.2}")), "{title} has {score}: {found}");
        }
    }
    rows.len()
}
