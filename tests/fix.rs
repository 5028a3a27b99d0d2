//! `kpic check --fix`: what is certain is mended to the character, what is not is left alone, and files are whole at all times.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod support;

use kpic::fix::{Fixed, fix, write};
use kpic::pipeline::{Options, check, check_texts};
use std::fs;
use support::{kpic, text, write_files};

const PROJECT: &str = "kpic: 1\ncalendar: { start: 2024-01-01, as_of: 2024-06-30 }\nlints: { missing-owner: allow, missing-description: allow, unused-source: allow, same-calculation: allow }\n";

const SOURCES: &str = "sources:
  orders:
    table: orders
    kind: events
    time: ordered_on
    columns: { ordered_on: date, amount: { type: decimal, unit: EUR }, status: { type: text, nullable: false } }
teams: { sales: { title: Sales }, marketing: {} }
kpis:
  revenue: { formula: sum(orders.amount) }
  orders_2024: { formula: count(orders) }
  new_orders: { formula: count(orders) }
";

fn fixed(spec: &str) -> Fixed {
    let texts = vec![
        ("kpic.yml".to_owned(), PROJECT.to_owned()),
        ("specs/a.yml".to_owned(), spec.to_owned()),
        ("specs/sources.yml".to_owned(), SOURCES.to_owned()),
    ];
    fix(&check_texts(texts, &Options::default()), &Options::default())
}

/// What becomes of a spec beside the sources above; itself if nothing does.
fn after(spec: &str) -> String {
    let fixed = fixed(spec);
    match fixed.changes.as_slice() {
        [] => spec.to_owned(),
        [change] => {
            assert_eq!((change.path.as_str(), change.before.as_str()), ("specs/a.yml", spec));
            change.after.clone()
        }
        more => panic!("{more:?}"),
    }
}

/// A KPI with more in it than its formula.
fn kpi(inner: &str) -> String {
    format!("kpis:\n  # kept\n  a: {{ formula: count(orders), {inner} }}  # kept too\n")
}

#[test]
fn misspelt_words_of_the_language_are_mended() {
    let pairs = [
        (kpi("onwer: sales"), kpi("owner: sales")),
        (kpi("'onwer': sales"), kpi("'owner': sales")),
        (kpi("Owner: sales"), kpi("owner: sales")),
        (kpi("better: Up"), kpi("better: up")),
        (kpi("grain: \"mnoth\""), kpi("grain: \"month\"")),
        (kpi("grain: Day"), kpi("grain: day")),
        (kpi("owner: salse"), kpi("owner: sales")),
        (kpi("stage: retenttion"), kpi("stage: retention")),
        ("kpis:\n  a: { formula: cuont(orders) }\n".into(), "kpis:\n  a: { formula: count(orders) }\n".into()),
    ];
    for (spec, wanted) in pairs {
        assert_eq!(after(&spec), wanted);
        assert!(fixed(&spec).left.is_empty(), "{:?}", fixed(&spec).left);
    }
}

#[test]
fn names_in_formulas_are_mended_in_every_kind_of_scalar() {
    let forms = [
        ("kpis:\n  a: { formula: revenu + 0 }\n", "kpis:\n  a: { formula: revenue + 0 }\n"),
        ("kpis:\n  a: { formula: 'revenu + 0' }\n", "kpis:\n  a: { formula: 'revenue + 0' }\n"),
        ("kpis:\n  a: { formula: \"\\x30 + revenu\" }\n", "kpis:\n  a: { formula: \"\\x30 + revenue\" }\n"),
        (
            "kpis:\n  a:\n    formula: |\n      0 +\n        revenu\n",
            "kpis:\n  a:\n    formula: |\n      0 +\n        revenue\n",
        ),
        (
            "kpis:\n  a:\n    formula: >-\n      0 +\n\n      revenu\n",
            "kpis:\n  a:\n    formula: >-\n      0 +\n\n      revenue\n",
        ),
        (
            "kpis:\n  a:\n    formula: \"sum(orders.amount where status =\n      'ü') + revenu\"\n",
            "kpis:\n  a:\n    formula: \"sum(orders.amount where status =\n      'ü') + revenue\"\n",
        ),
        ("kpis:\n  a: { formula: sum(oders.amuont) }\n", "kpis:\n  a: { formula: sum(orders.amount) }\n"),
    ];
    for (spec, wanted) in forms {
        assert_eq!(after(spec), wanted);
        let windows = |text: &str| text.replace('\n', "\r\n");
        assert_eq!(after(&windows(spec)), windows(wanted));
    }
}

#[test]
fn an_aliased_formula_is_mended_once_where_it_is_written() {
    let spec = "kpis:\n  a: { formula: &f revenu + 0 }\n  b: { formula: *f }\n";
    assert_eq!(after(spec), spec.replace("revenu ", "revenue "));
    assert_eq!(fixed(spec).mended.len(), 1);
}

#[test]
fn what_could_mean_something_else_is_left_alone() {
    let specs = [
        // Another letter or digit may be another name.
        "kpis:\n  a: { formula: net_orders + 0 }\n",
        "kpis:\n  a: { formula: orders_2025 + 0 }\n",
        "kpis:\n  a: { formula: orders_2042 + 0 }\n",
        // Two keys are near.
        "kpis:\n  a: { formula: count(orders), grainn: day }\n",
        // The right key is there already, or would not take the value.
        "kpis:\n  a: { formula: count(orders), owner: sales, onwer: marketing }\n",
        "kpis:\n  a: { formula: count(orders), grian: fortnight }\n",
        // Written in a way that is not the word itself.
        "kpis:\n  a: { formula: count(orders), \"\\x6fnwer\": sales }\n",
        "kpis:\n  a: { formula: \"r\\x65venu + 0\" }\n",
        // Not the same value twice, or more stands there than the value.
        "kpis:\n  a: { formula: count(orders), unit: order, unit: day }\n",
        "kpis:\n  a:\n    formula: count(orders)\n    unit: order\n    unit: order  # or day?\n",
        "kpis:\n  a:\n    formula: count(orders)\n    unit: order\n    unit: 'order'\n",
    ];
    for spec in specs {
        let fixed = fixed(spec);
        assert_eq!(fixed.changes, [], "{spec}");
        assert!(!fixed.left.is_empty(), "{spec}");
    }
}

#[test]
fn a_fix_that_does_not_hold_there_is_taken_back() {
    // A text column cannot be added up: the name may have been meant to be another one.
    let spec = "kpis:\n  a: { formula: sum(orders.sttaus), onwer: sales }\n";
    assert_eq!(after(spec), "kpis:\n  a: { formula: sum(orders.sttaus), owner: sales }\n");
    let codes: Vec<_> = fixed(spec).left.iter().map(|finding| finding.code.name).collect();
    assert_eq!(codes, ["unknown-column"]);
}

#[test]
fn former_names_are_brought_up_to_date_and_successors_only_if_they_are_the_same() {
    let spec = |uses: &str| {
        format!(
            "kpis:
  turnover: {{ formula: revenue, deprecated: {{ use: revenue }} }}
  gross: {{ formula: sum(orders.amount where status = 'paid'), deprecated: {{ use: revenue }} }}
  sales: {{ formula: revenue + 0, aliases: [old_sales] }}
  a: {{ formula: {uses} }}
"
        )
    };
    assert_eq!(after(&spec("old_sales + turnover + `turnover`")), spec("sales + revenue + revenue"));
    assert_eq!(after(&spec("gross + 0")), spec("gross + 0"));
}

#[test]
fn an_entry_that_stands_twice_goes_with_its_line() {
    let twice =
        "kpis:\n  a:\n    formula: count(orders)\n    by: [status]\n    unit: order\n    by: [status]\n    grain: day\n";
    let once = "kpis:\n  a:\n    formula: count(orders)\n    by: [status]\n    unit: order\n    grain: day\n";
    assert_eq!(after(twice), once);
    assert!(fixed(twice).left.is_empty());
    let flow = "kpis:\n  a: { formula: count(orders), grain: day, unit: order, grain: day }\n";
    assert_eq!(after(flow), "kpis:\n  a: { formula: count(orders), grain: day, unit: order }\n");
}

#[test]
fn fixing_twice_changes_nothing_more() {
    let spec = "kpis:\n  a: { formula: revenu + sum(oders.amuont), onwer: salse }\n  a1: { fromula: revenue }\n";
    let once = after(spec);
    assert_ne!(once, spec);
    assert!(fixed(spec).left.is_empty(), "{:?}", fixed(spec).left);
    assert_eq!(after(&once), once);
}

// --- On the disk ---

fn project(spec: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), &[("kpic.yml", PROJECT), ("specs/a.yml", spec), ("specs/sources.yml", SOURCES)]);
    folder
}

#[test]
fn the_command_mends_shows_what_it_did_and_what_is_left() {
    let spec = "kpis:\n  a: { formula: revenu + 0, onwer: sales, color: red }\n";
    let folder = project(spec);
    let diff = kpic(folder.path(), &["check", "--diff"]);
    let shown = "--- a/specs/a.yml
+++ b/specs/a.yml
@@ -1,2 +1,2 @@
 kpis:
-  a: { formula: revenu + 0, onwer: sales, color: red }
+  a: { formula: revenue + 0, owner: sales, color: red }
";
    assert_eq!(text(&diff.stdout), shown);
    assert_eq!(text(&diff.stderr), "--fix would fix 2 findings in 1 file\nand 1 error would remain; see `kpic check`\n");
    assert_eq!(diff.status.code(), Some(1));
    assert_eq!(fs::read_to_string(folder.path().join("specs/a.yml")).unwrap(), spec, "--diff changes nothing");

    let fix = kpic(folder.path(), &["check", "--fix"]);
    let said = text(&fix.stdout);
    let mended = "mended 2 findings in 1 file
  specs/a.yml:2 unknown-name: `revenu` became `revenue`
  specs/a.yml:2 unknown-key: `onwer` became `owner`
";
    assert!(said.starts_with(mended), "{said}");
    assert!(said.contains("K0101 unknown-key") && said.contains("`color`") && said.trim_end().ends_with("1 error"), "{said}");
    assert_eq!(fix.status.code(), Some(1));
    let after = fs::read_to_string(folder.path().join("specs/a.yml")).unwrap();
    assert_eq!(after, "kpis:\n  a: { formula: revenue + 0, owner: sales, color: red }\n");
    let names: Vec<_> = fs::read_dir(folder.path().join("specs")).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(names.len(), 2, "nothing is left beside: {names:?}");
}

#[test]
fn with_a_form_for_programs_the_report_goes_to_stderr() {
    let folder = project("kpis:\n  a: { formula: revenu + 0 }\n");
    let fix = kpic(folder.path(), &["check", "--fix", "--format", "json"]);
    assert_eq!((text(&fix.stdout).as_str(), fix.status.code()), ("[]\n", Some(0)));
    assert!(text(&fix.stderr).contains("mended 1 finding in 1 file"));
}

#[test]
fn a_file_that_was_changed_in_the_meantime_is_not_overwritten() {
    let folder = project("kpis:\n  a: { formula: revenu + 0 }\n");
    let fixed = fix(&check(folder.path(), &Options::default()), &Options::default());
    assert_eq!(fixed.changes.len(), 1);
    fs::write(folder.path().join("specs/a.yml"), "kpis: {}\n").unwrap();
    let problem = write(folder.path(), &fixed.changes).unwrap_err();
    assert!(problem.message.contains("in the meantime"), "{problem:?}");
    assert_eq!(fs::read_to_string(folder.path().join("specs/a.yml")).unwrap(), "kpis: {}\n");
}

#[cfg(unix)]
#[test]
fn links_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = project("kpis: {}\n");
    let real = folder.path().join("real.txt");
    fs::write(&real, "kpis:\n  a: { formula: revenu + 0 }\n").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    let link = folder.path().join("specs/a.yml");
    fs::remove_file(&link).unwrap();
    symlink("../real.txt", &link).unwrap();
    assert_eq!(kpic(folder.path(), &["check", "--fix"]).status.code(), Some(0));
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&real).unwrap(), "kpis:\n  a: { formula: revenue + 0 }\n");
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
}
