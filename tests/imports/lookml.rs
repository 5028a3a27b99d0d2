//! LookML: each measure beside the SQL that Looker documents for it, over the tables that `import sql` is tested on; what is not carried;
//! refinements, explores and dashboards; broken and hostile files.

use crate::compared::{Beside, TABLES, compare, duckdb};
use crate::support::{kpic, text, write_files};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Output;

const ORDERS: &str = r#"
# What was ordered.
view: orders {
  sql_table_name: main.orders ;;

  dimension: order_id { primary_key: yes type: number }
  dimension_group: ordered {
    type: time
    timeframes: [raw, time, date, month]
    sql: ${TABLE}.ordered_at ;;
  }
  dimension: status {}
  dimension: channel { type: string sql: ${TABLE}.channel ;; }
  dimension: quantity { type: number sql: ${TABLE}.quantity ;; }
  dimension: is_gift { type: yesno sql: ${TABLE}.gift ;; }
  dimension: is_large { type: yesno sql: ${TABLE}.amount > 50 ;; }
  dimension: load { type: number sql: ${quantity} * ${TABLE}.weight ;; }

  measure: count { type: count drill_fields: [order_id] }
  measure: total { type: sum sql: ${TABLE}.amount ;; value_format_name: eur label: "Turnover" }
  measure: paid_total { type: sum sql: ${TABLE}.amount ;; filters: [status: "paid, open"] }
  measure: paid_count { type: count filters: { field: status value: "paid" } }
  measure: not_paid { type: count filters: [status: "-paid,-open"] }
  measure: missing { type: count filters: [status: "NULL"] }
  measure: like_p { type: count filters: [status: "p%"] }
  measure: large { type: count filters: [is_large: "yes", quantity: ">=1"] }
  measure: not_large { type: count filters: [is_large: "no", quantity: "not 2"] }
  measure: buyers { type: count_distinct sql: ${TABLE}.user_id ;; }
  measure: mean { type: average sql: ${load} ;; filters: [is_gift: "no"] }
  measure: least { type: min sql: ${TABLE}.amount ;; }
  measure: most { type: max sql: ${load} ;; }
  measure: middle { type: median sql: ${TABLE}.weight ;; }
  measure: ninth { type: percentile percentile: 90 sql: ${TABLE}.weight ;; }
  measure: share { type: number sql: 1.0 * ${paid_count} / nullif(${count}, 0) ;; }
  measure: value { type: number sql: ${total} / ${count} ;; }
  measure: once { type: sum_distinct sql_distinct_key: ${order_id} ;; sql: ${TABLE}.quantity ;; }
  measure: german { type: count filters: [users.country: "DE"] }
}
view: users {
  derived_table: { sql: select * from main.users ;; }
  dimension: user_id { primary_key: yes }
  dimension: country {}
  dimension_group: created { type: time sql: ${TABLE}.created_at ;; }
  measure: count { type: count }
}
"#;
const MODEL: &str = r#"
connection: "shop"
include: "*.view.lkml"
explore: orders {
  join: users { relationship: many_to_one type: left_outer sql_on: ${orders.user_id} = ${users.user_id} ;; }
}
view: +orders {
  dimension: user_id { hidden: yes }
  measure: least { sql: ${TABLE}.weight ;; }
}
"#;

fn import(folder: &Path, files: &[(&str, &str)], more: &[&str]) -> Output {
    let all: Vec<(String, &str)> = files.iter().map(|(path, text)| (format!("looker/{path}"), *text)).collect();
    write_files(folder, &all.iter().map(|(path, text)| (path.as_str(), *text)).collect::<Vec<_>>());
    kpic(folder, &[&["import", "lookml", "looker", "--start", "2024-01-01", "--format", "json"], more].concat())
}

fn report(files: &[(&str, &str)], more: &[&str]) -> (tempfile::TempDir, Value) {
    let folder = tempfile::tempdir().unwrap();
    let done = import(folder.path(), files, &[&["--output", "out"], more].concat());
    assert!(done.status.success(), "{files:?}: {}", text(&done.stderr));
    if folder.path().join("out/kpic.yml").exists() {
        let checked = kpic(&folder.path().join("out"), &["check"]);
        assert!(checked.status.success(), "{files:?}: {}", text(&checked.stderr));
    }
    (folder, serde_json::from_slice(&done.stdout).unwrap())
}

fn about<'a>(report: &'a Value, measure: &str) -> &'a Value {
    report["measures"].as_array().unwrap().iter().find(|one| one["measure"] == measure).unwrap()
}

/// Measures with what Looker asks of the database, and whether they are said to be exact.
const MEASURES: &[(&str, &str, bool)] = &[
    ("count", "count(*)", true),
    ("total", "coalesce(sum(o.amount), 0)", true),
    ("paid_total", "coalesce(sum(case when o.status in ('paid', 'open') then o.amount else null end), 0)", false),
    ("paid_count", "count(case when o.status = 'paid' then 1 else null end)", false),
    ("not_paid", "count(case when (o.status not in ('paid', 'open') or o.status is null) then 1 else null end)", false),
    ("missing", "count(case when o.status is null then 1 else null end)", false),
    ("like_p", "count(case when o.status like 'p%' then 1 else null end)", false),
    ("large", "count(case when (o.amount > 50) and o.quantity >= 1 then 1 else null end)", false),
    (
        "not_large",
        "count(case when not coalesce(o.amount > 50, false) and (o.quantity <> 2 or o.quantity is null) then 1 else null end)",
        false,
    ),
    ("buyers", "count(distinct o.user_id)", true),
    ("mean", "avg(case when not coalesce(o.gift, false) then o.quantity * o.weight else null end)", true),
    ("least", "min(o.weight)", true),
    ("most", "max(o.quantity * o.weight)", true),
    ("middle", "median(o.weight)", true),
    ("ninth", "percentile_cont(0.9) within group (order by o.weight)", true),
    ("share", "1.0 * count(case when o.status = 'paid' then 1 else null end) / nullif(count(*), 0)", true),
    ("value", "coalesce(sum(o.amount), 0) / count(*)", true),
    ("once", "coalesce(sum(o.quantity), 0)", true),
    ("german", "count(case when u.country = 'DE' then 1 else null end)", false),
];

#[test]
fn measures_are_what_looker_computes() {
    let folder = tempfile::tempdir().unwrap();
    duckdb(folder.path(), &["-c", TABLES]);
    let files = [("orders.view.lkml", ORDERS), ("shop.model.lkml", MODEL)];
    let done = import(folder.path(), &files, &["--database", "shop.duckdb"]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    let checked = kpic(folder.path(), &["check"]);
    assert!(checked.status.success(), "{}", text(&checked.stderr));
    let (mut wrong, mut count) = (Vec::new(), 0);
    let slices: [&[(&str, &str)]; 2] = [&[], &[("channel", "channel"), ("country", "users_country")]];
    for (grain, by) in
        [("day", slices[0]), ("week", slices[1]), ("month", slices[0]), ("month", slices[1]), ("year", slices[0])]
    {
        let names: String = by.iter().map(|(name, _)| format!(", {name}")).collect();
        let groups: Vec<String> = (0..=by.len()).map(|at| (at + 1).to_string()).collect();
        for (measure, value, is_exact) in MEASURES {
            let select = format!(
                "select date_trunc('{grain}', o.ordered_at) as period{names}, {value} as value
                 from main.orders as o left join main.users as u on o.user_id = u.user_id group by {}",
                groups.join(", ")
            );
            let about = about(&report, &format!("orders.{measure}"));
            assert_eq!(about["fidelity"], if *is_exact { "exact" } else { "differs" }, "{about}");
            let rows: Vec<Value> = serde_json::from_slice(&duckdb(folder.path(), &["-json", "-c", &select])).unwrap();
            let beside = Beside { about, sql: &select, figure: "value", grain, by };
            let (cells, differing) = compare(folder.path(), &rows, &beside);
            count += cells;
            wrong.extend(differing);
        }
    }
    assert!(count > 4_000, "only {count} cells");
    let some: Vec<String> = wrong.iter().take(12).cloned().collect();
    assert!(wrong.is_empty(), "{} of {count} cells differ\n{}", wrong.len(), some.join("\n"));
}

/// A view with one measure, which stands on the ninth line.
fn one(measure: &str) -> String {
    format!(
        "view: a {{
  sql_table_name: s.a ;;
  dimension: id {{ primary_key: yes type: number }}
  dimension_group: at {{ type: time sql: ${{TABLE}}.t ;; }}
  dimension: x {{ type: number }}
  dimension: name {{}}
  dimension: tier {{ type: tier tiers: [1, 2] sql: ${{x}} ;; }}
  measure: count {{ type: count }}
  measure: m {{ {measure} }}
}}
view: b {{ dimension: id {{ primary_key: yes type: number }} dimension: y {{ type: number }} measure: n {{ type: count }} }}
explore: a {{
  join: b {{ relationship: one_to_many sql_on: ${{a.id}} = ${{b.id}} ;; }}
}}
"
    )
}

#[test]
fn what_is_not_carried_is_told_at_its_place() {
    let mut wrong = Vec::new();
    for (measure, column, why) in [
        ("type: string sql: max(${x}) ;;", 22, "it is a string, and a KPI is a number"),
        ("type: running_total sql: ${count} ;;", 22, "it is a running_total of the rows that are shown"),
        ("type: odd", 22, "kpic does not know measures of the type `odd`"),
        ("type: sum", 3, "it has no `sql`"),
        ("type: sum sql: ${nothing} ;;", 31, "there is no `a.nothing`"),
        ("type: sum sql: ${count} ;;", 31, "it aggregates the measure `a.count`"),
        ("type: sum sql: 1 +  ${tier} ;;", 36, "`a.tier` is not carried"),
        ("type: sum sql: upper(${x}) ;;", 31, "kpic does not read `upper(...)`"),
        ("type: sum sql: {% parameter p %} ;;", 31, "Liquid or a constant decides"),
        ("type: sum sql: ${at_month} ;;", 31, "`at_month` is a period of a time"),
        ("type: sum sql: ${b.y} ;;", 3, "no join that is carried leads from each row of `a` to one row of `b`"),
        ("type: number sql: ${b.n} / ${count} ;;", 34, "which another model has"),
        ("type: count filters: [at_date: \"7 days\"]", 38, "it filters by a period of a time"),
        ("type: count filters: [x: \"[1, 5)\"]", 38, "kpic does not read the filter"),
        ("type: count filters: [name: \"a,-b\"]", 38, "kpic does not read the filter"),
        ("type: count filters: [name: \"it's\"]", 38, "kpic does not read the filter"),
        ("type: count filters: [gone: \"x\"]", 38, "there is no `gone`"),
        ("type: count sql: ${x} ;;", 3, "Looker's counts of rows have no `sql`"),
        ("type: sum_distinct sql: ${x} ;; sql_distinct_key: ${name} ;;", 66, "it takes one value for each value of a key"),
        ("type: percentile percentile: 900 sql: ${x} ;;", 3, "its percentile is not between 0 and 100"),
        ("type: sum sql: ${x} ;; direction: \"row\"", 39, "kpic does not read its `direction`"),
    ] {
        let (_folder, report) = report(&[("a.view.lkml", &one(measure))], &[]);
        let about = about(&report, "a.m");
        let said = about["reason"].as_str().unwrap_or_default();
        if !(said.starts_with(&format!("a.view.lkml:9:{column}: ")) && said.contains(why)) {
            wrong.push(format!("{measure}\n  {about}"));
        }
        assert_eq!(self::about(&report, "a.count")["fidelity"], "exact", "{measure}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_no_measure_is_told_too() {
    let model = "explore: orders {
  sql_always_where: ${orders.status} <> 'x' ;;
  join: users { type: inner sql_on: ${orders.user_id} = ${users.user_id} ;; }
}
view: derived { derived_table: { explore_source: orders { } } dimension_group: t { type: time } measure: d { type: count } }
view: more { extends: [users] sql_table_name: u ;; measure: young { type: count filters: [country: \"FR\"] } }
view: round { extends: [round] measure: r { type: count } }
view: +gone { label: \"x\" }
";
    let (folder, report) = report(
        &[
            ("orders.view.lkml", ORDERS),
            ("m.model.lkml", model),
            ("board.dashboard.lookml", "- dashboard: x"),
            ("broken.view.lkml", "view: broken {\n  measure: x {\n"),
        ],
        &[],
    );
    let left_out = report["left_out"].to_string();
    for said in [
        "m.model.lkml:2:3: `sql_always_where`: it leaves rows out there",
        "m.model.lkml:3:3: it is no left join",
        "what it refines is not there",
        "board.dashboard.lookml",
        "broken.view.lkml:3:1: its block is not closed",
    ] {
        assert!(left_out.contains(said), "{said}: {left_out}");
    }
    let derived = about(&report, "derived.d")["reason"].to_string();
    assert!(derived.contains("its derived table has `explore_source`"), "{derived}");
    assert_eq!(about(&report, "round.r")["fidelity"], "not_carried");
    assert_eq!(about(&report, "more.count")["fidelity"], "exact");
    let specs = fs::read_to_string(folder.path().join("out/specs/more.yml")).unwrap();
    assert!(specs.contains("table: u\n") && specs.contains("count(more where country = 'FR')"), "{specs}");
}

#[test]
fn an_import_over_specs_changes_nothing_of_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let sum = one("type: sum sql: ${x} ;;");
    assert!(import(folder.path(), &[("a.view.lkml", &sum)], &["--output", "out"]).status.success());
    let path = folder.path().join("out/specs/a.yml");
    let own = fs::read_to_string(&path).unwrap() + "# the end\n";
    fs::write(&path, &own).unwrap();
    let more = sum.replace("measure: count", "measure: most { type: max sql: ${x} ;; }\n  measure: count");
    let done = import(folder.path(), &[("a.view.lkml", &more)], &["--output", "out"]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert_eq!(fs::read_to_string(&path).unwrap(), own);
    let new = fs::read_to_string(folder.path().join("out/specs/a_2.yml")).unwrap();
    assert!(new.contains("  most:") && !new.contains("  m:"), "{new}");
}

#[test]
fn deep_and_hostile_files_end_soon() {
    let deep = "a: b {".repeat(5_000);
    let list = format!("a: {}", "[".repeat(5_000));
    let refined = format!("view: v {{ }} {}", "view: +v { measure: m { type: count } } ".repeat(2_000));
    let doubled: String =
        (0..60).map(|at| format!("dimension: d{at} {{ sql: ${{d{}}} + ${{d{}}} ;; }}\n", at + 1, at + 1)).collect();
    let doubled = one("type: count").replace("  measure: count", &format!("{doubled} dimension: d60 {{}}\n  measure: count"));
    let names = one("type: count label: \"<b>|`x`\\n\u{202e}\"");
    for model in
        [deep, list, refined, doubled, names, String::new(), "view: {}".to_owned(), "view: a { measure: { } }".to_owned()]
    {
        let folder = tempfile::tempdir().unwrap();
        let done = import(folder.path(), &[("a.view.lkml", &model)], &["--output", "out"]);
        assert!(done.status.code().is_some_and(|code| code < 4), "{}: {}", &model[..model.len().min(60)], text(&done.stderr));
        assert_eq!(folder.path().join("out/specs").exists(), folder.path().join("out/kpic.yml").exists());
    }
}
