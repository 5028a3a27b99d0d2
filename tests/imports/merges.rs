//! Imports into a project that is there.

use crate::support::{kpic, text};
use std::fs;
use std::path::{Path, PathBuf};

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dbt/projects/shop/fixture")
}

fn import(folder: &Path, more: &[&str]) -> std::process::Output {
    let fixture = fixture();
    let arguments: Vec<&str> = ["import", "dbt", fixture.to_str().unwrap()].into_iter().chain(more.iter().copied()).collect();
    kpic(folder, &arguments)
}

/// All files below a folder with their texts.
fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
            if path.is_dir() { folders.push(path) } else { found.push((path.clone(), fs::read_to_string(&path).unwrap())) }
        }
    }
    found.sort();
    found
}

#[test]
fn a_second_import_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    assert!(import(folder.path(), &[]).status.success());
    let before = files(folder.path());
    let again = import(folder.path(), &[]);
    assert!(again.status.success());
    assert_eq!(files(folder.path()), before);
    let said = text(&again.stdout);
    assert!(said.contains("35 metrics: 0 exact, 0 with a difference, 35 already there, 0 not carried"), "{said}");
    assert!(said.contains("43 definitions are as dbt has it"), "{said}");
    assert!(text(&again.stderr).contains("wrote nothing: there is nothing new"));
}

#[test]
fn what_a_person_changed_stays_with_its_comments_and_is_told() {
    let folder = tempfile::tempdir().unwrap();
    assert!(import(folder.path(), &[]).status.success());
    let path = folder.path().join("specs/orders.yml");
    let own = fs::read_to_string(&path).unwrap();
    let changed = own
        .replace("formula: sum(orders.amount where amount is not null)", "formula: sum(orders.amount)   # nulls are 0 to us")
        .replace("      amount: decimal\n", "      amount: { type: decimal, unit: EUR }\n");
    // A metric that went away here comes back.
    let (before, rest) = changed.split_once("  gifts:").unwrap();
    let after = rest.split_once("  order_value:").unwrap().1;
    let changed = format!("# our own words\n{before}  order_value:{after}");
    fs::write(&path, &changed).unwrap();
    let again = import(folder.path(), &[]);
    assert!(again.status.success(), "{}", text(&again.stderr));
    assert_eq!(fs::read_to_string(&path).unwrap(), changed);
    let new = fs::read_to_string(folder.path().join("specs/orders_2.yml")).unwrap();
    assert!(new.contains("  gifts:") && !new.contains("sources:") && !new.contains("  revenue:"), "{new}");
    let said = text(&again.stdout);
    assert!(said.contains("formula: dbt has `sum(orders.amount where amount is not null)`"), "{said}");
    assert!(kpic(folder.path(), &["check"]).status.success());
}

#[test]
fn a_kpi_over_a_source_that_is_another_table_here_says_so() {
    let folder = tempfile::tempdir().unwrap();
    assert!(import(folder.path(), &[]).status.success());
    let path = folder.path().join("specs/orders.yml");
    let own = fs::read_to_string(&path).unwrap().replace("table: main.orders", "table: main.old_orders");
    let cut = own.split_once("  least:").unwrap().0.to_owned();
    fs::write(&path, cut).unwrap();
    let again = import(folder.path(), &[]);
    let said = text(&again.stdout);
    assert!(said.contains("table: dbt has `main.orders`"), "{said}");
    assert!(said.contains("its source `orders` stays as it is in specs/orders.yml, and is not as dbt has it"), "{said}");
}

#[test]
fn a_dry_run_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let done = import(folder.path(), &["--dry-run"]);
    assert!(done.status.success());
    assert!(text(&done.stderr).contains("would write specs/_dbt.yml, specs/orders.yml"), "{}", text(&done.stderr));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_file_in_the_way_keeps_all_of_them_from_being_written() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("specs")).unwrap();
    fs::write(folder.path().join("specs/orders.yml"), "# mine\n").unwrap();
    let done = import(folder.path(), &[]);
    assert_eq!(done.status.code(), Some(3));
    assert!(text(&done.stderr).contains("orders.yml is there already"), "{}", text(&done.stderr));
    assert_eq!(files(folder.path()), [(folder.path().join("specs/orders.yml"), "# mine\n".to_owned())]);
}

#[test]
fn a_project_in_another_zone_takes_times_as_they_are_stored() {
    let folder = tempfile::tempdir().unwrap();
    let project = "kpic: 1\nproject: shop\ncalendar: { start: 2024-01-01, timezone: Europe/Berlin, week_starts: sunday }\nwarehouse: { dialect: duckdb }\n";
    fs::write(folder.path().join("kpic.yml"), project).unwrap();
    let done = import(folder.path(), &[]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    let specs = fs::read_to_string(folder.path().join("specs/orders.yml")).unwrap();
    assert!(specs.contains("ordered_at: { type: timestamp, zone: Europe/Berlin }"), "{specs}");
    assert!(text(&done.stdout).contains("35 metrics: 0 exact, 35 with a difference"), "{}", text(&done.stdout));
    assert_eq!(fs::read_to_string(folder.path().join("kpic.yml")).unwrap(), project);
}
