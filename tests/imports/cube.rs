//! Data models of Cube: each measure beside the SELECT that Cube documents for it, over the tables that `import sql` is tested on; what is not
//! carried; views, joins and files of other kinds; broken and hostile models.

use crate::compared::{Beside, TABLES, compare, duckdb};
use crate::support::{kpic, text, write_files};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Output;

/// The orders and users as cubes, with every type of measure that becomes a number.
const SHOP: &str = r#"
cubes:
  - name: orders
    sql_table: main.orders
    description: What was ordered.
    joins:
      - name: users
        relationship: many_to_one
        sql: "{CUBE}.user_id = {users.user_id}"
    dimensions:
      - { name: id, sql: order_id, type: number, primary_key: true }
      - { name: ordered_at, sql: ordered_at, type: time }
      - { name: status, sql: "{CUBE}.status", type: string }
      - { name: channel, sql: channel, type: string }
      - { name: is_gift, sql: gift, type: boolean }
      - name: size
        type: string
        case:
          when:
            - sql: "{CUBE}.amount > 50"
              label: large
          else: { label: small }
      - { name: shouted, type: string, sql: "upper({status})" }
      - { name: load, type: number, sql: "{CUBE}.quantity * {CUBE}.weight" }
    segments:
      - name: paid_only
        sql: "{CUBE}.status = 'paid'"
    measures:
      - { name: count, type: count }
      - { name: priced, type: count, sql: amount }
      - { name: total, title: Turnover, sql: amount, type: sum, format: currency }
      - name: paid_count
        type: count
        filters: [ { sql: "{CUBE}.status = 'paid'" } ]
      - name: paid_total
        type: sum
        sql: "{CUBE}.amount"
        filters:
          - sql: "{status} = 'paid' or {status} is null"
          - sql: "{CUBE}.gift = false"
      - { name: buyers, type: count_distinct, sql: "{CUBE}.user_id" }
      - { name: about_buyers, type: count_distinct_approx, sql: user_id }
      - name: paid_buyers
        type: count_distinct
        sql: user_id
        filters: [ { sql: "{paid_only}" } ]
      - name: mean
        type: avg
        sql: "{load}"
        filters: [ { sql: "{size} = 'large'" } ]
      - { name: least, type: min, sql: amount }
      - { name: most, type: max, sql: "{CUBE.load}", filters: [ { sql: "{shouted} like 'P%'" } ] }
      - { name: paid_share, type: number, sql: "1.0 * {paid_count} / {count}", format: percent }
      - { name: order_value, type: number, sql: "{total} / nullif({CUBE.priced}, 0)" }
      - { name: loaded, type: number, sql: "sum({load}) / count(*)" }
      - name: german
        type: count
        filters: [ { sql: "{users.country} = 'DE'" } ]
      - name: score
        type: avg
        sql: "{users}.score"
      - { name: running, type: running_total, sql: amount }
      - { name: last_week, type: sum, sql: amount, rolling_window: { trailing: 7 day } }
      - name: weekly_buyers
        type: count_distinct
        sql: user_id
        filters: [ { sql: "{paid_only}" } ]
        rolling_window: { trailing: 2 week, offset: end }
      - { name: ever, type: count, rolling_window: { trailing: unbounded } }
      - { name: year_to_date, type: sum, sql: amount, rolling_window: { type: to_date, granularity: year } }
  - name: users
    sql: |
      SELECT *
      FROM main.users
    dimensions:
      - { name: user_id, sql: user_id, type: string, primary_key: true }
      - { name: country, sql: country, type: string }
      - { name: created_at, sql: created_at, type: time }
      - { name: is_test, sql: is_test, type: boolean }
    measures:
      - { name: count, type: count }
views:
  - name: board
    title: The board
    cubes:
      - { join_path: orders, includes: [count, total, paid_share, nothing] }
      - { join_path: orders.users, includes: "*", prefix: true }
"#;

fn import(folder: &Path, files: &[(&str, &str)], more: &[&str]) -> Output {
    let all: Vec<(String, &str)> = files.iter().map(|(path, text)| (format!("model/{path}"), *text)).collect();
    write_files(folder, &all.iter().map(|(path, text)| (path.as_str(), *text)).collect::<Vec<_>>());
    kpic(folder, &[&["import", "cube", "model", "--start", "2024-01-01", "--format", "json"], more].concat())
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

/// A measure with what Cube asks of the database for it, whether it is said to be exact, and by what it is sliced.
type Case<'a> = (&'a str, &'a str, bool);

/// By month: `{x}` is what Cube aggregates, over orders with the users that it joins.
const BY_PERIOD: &[Case<'static>] = &[
    ("count", "count(*)", true),
    ("priced", "count(o.amount)", true),
    ("total", "sum(o.amount)", true),
    ("paid_count", "count(case when (o.status = 'paid') then o.order_id end)", false),
    ("paid_total", "sum(case when (o.status = 'paid' or o.status is null) and (o.gift = false) then o.amount end)", true),
    ("buyers", "count(distinct o.user_id)", true),
    ("about_buyers", "count(distinct o.user_id)", false),
    ("paid_buyers", "count(distinct case when (o.status = 'paid') then o.user_id end)", false),
    (
        "mean",
        "avg(case when (case when o.amount > 50 then 'large' else 'small' end = 'large') then o.quantity * o.weight end)",
        true,
    ),
    ("least", "min(o.amount)", true),
    ("most", "max(case when (upper(o.status) like 'P%') then o.quantity * o.weight end)", true),
    ("paid_share", "1.0 * count(case when (o.status = 'paid') then 1 end) / count(*)", true),
    ("order_value", "sum(o.amount) / nullif(count(o.amount), 0)", true),
    ("loaded", "sum(o.quantity * o.weight) / count(*)", true),
    ("german", "count(case when (u.country = 'DE') then o.order_id end)", false),
    ("score", "avg(u.score)", true),
];

/// Rolling windows, as Cube computes them: the periods of the range are joined to the rows that are in their windows.
const ROLLING: &[Case<'static>] = &[
    ("running", "sum(o.amount) @ o.ordered_at <= p.to_", false),
    ("last_week", "sum(o.amount) @ o.ordered_at > p.to_ - interval 7 day and o.ordered_at <= p.to_", false),
    (
        "weekly_buyers",
        "count(distinct case when (o.status = 'paid') then o.user_id end) @ o.ordered_at > p.to_ - interval 14 day and o.ordered_at <= p.to_",
        false,
    ),
    ("ever", "count(o.order_id) @ o.ordered_at <= p.to_", false),
    ("year_to_date", "sum(o.amount) @ o.ordered_at >= date_trunc('year', p.from_) and o.ordered_at <= p.to_", false),
];

#[test]
fn measures_are_what_cube_computes() {
    let folder = tempfile::tempdir().unwrap();
    duckdb(folder.path(), &["-c", TABLES]);
    let done = import(folder.path(), &[("shop.yml", SHOP)], &["--database", "shop.duckdb"]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    let checked = kpic(folder.path(), &["check"]);
    assert!(checked.status.success(), "{}", text(&checked.stderr));
    let (mut wrong, mut count) = (Vec::new(), 0);
    let slices: [&[(&str, &str)]; 3] = [&[], &[("channel", "channel")], &[("country", "users_country"), ("gift", "is_gift")]];
    for grain in ["day", "week", "month", "quarter"] {
        for by in slices.iter().filter(|by| by.is_empty() || matches!(grain, "week" | "month")) {
            let names: Vec<String> = by.iter().map(|(name, _)| format!(", {name}")).collect();
            let places: Vec<String> = (0..=by.len()).map(|at| (at + 1).to_string()).collect();
            let (names, groups) = (names.concat(), places.join(", "));
            let from = "main.orders as o left join main.users as u on o.user_id = u.user_id";
            for (measure, value, is_exact) in BY_PERIOD {
                let select = format!(
                    "select date_trunc('{grain}', o.ordered_at) as period{names}, {value} as value from {from} group by {groups}"
                );
                compared(folder.path(), &report, (measure, &select, *is_exact), (grain, by), &mut count, &mut wrong);
            }
            if !by.is_empty() {
                continue;
            }
            for (measure, text, is_exact) in ROLLING {
                let (value, on) = text.split_once(" @ ").unwrap();
                let select = format!(
                    "with p as (select t as from_, t + interval 1 {grain} - interval 1 microsecond as to_
                       from generate_series(date_trunc('{grain}', timestamp '2024-01-01'), timestamp '2024-07-31', interval 1 {grain}) s(t))
                     select p.from_ as period, {value} as value from p left join main.orders as o on {on} group by 1"
                );
                compared(folder.path(), &report, (measure, &select, *is_exact), (grain, by), &mut count, &mut wrong);
            }
        }
    }
    assert!(count > 5_000, "only {count} cells");
    let some: Vec<String> = wrong.iter().take(12).cloned().collect();
    assert!(wrong.is_empty(), "{} of {count} cells differ\n{}", wrong.len(), some.join("\n"));
}

fn compared(
    folder: &Path,
    report: &Value,
    (measure, select, is_exact): Case<'_>,
    (grain, by): (&str, &[(&str, &str)]),
    count: &mut usize,
    wrong: &mut Vec<String>,
) {
    let about = about(report, &format!("orders.{measure}"));
    assert_eq!(about["fidelity"], if is_exact { "exact" } else { "differs" }, "{about}");
    let rows: Vec<Value> = serde_json::from_slice(&duckdb(folder, &["-json", "-c", select])).unwrap();
    let (cells, differing) = compare(folder, &rows, &Beside { about, sql: select, figure: "value", grain, by });
    *count += cells;
    wrong.extend(differing);
}

/// A cube with one measure, and how its files end.
fn one(measure: &str) -> String {
    format!(
        "cubes:
  - name: a
    sql_table: a
    joins:
      - {{ name: b, relationship: many_to_one, sql: \"{{CUBE}}.b_id = {{b}}.id\" }}
      - {{ name: c, relationship: one_to_many, sql: \"{{CUBE}}.id = {{c}}.a_id\" }}
      - {{ name: d, relationship: many_to_one, sql: \"{{CUBE}}.d_id = {{d}}.id and {{d}}.x = 1\" }}
    dimensions:
      - {{ name: id, sql: id, type: number, primary_key: true }}
      - {{ name: t, sql: t, type: time }}
      - {{ name: x, sql: x, type: number }}
      - {{ name: place, type: geo, latitude: {{ sql: x }}, longitude: {{ sql: x }} }}
      - {{ name: sub, type: number, sub_query: true, sql: \"{{c.count}}\" }}
    measures:
      - {{ name: count, type: count }}
      - {measure}
  - {{ name: b, sql_table: b, dimensions: [{{ name: id, sql: id, type: number, primary_key: true }}, {{ name: y, sql: y, type: number }}], measures: [{{ name: count, type: count }}] }}
  - {{ name: c, sql_table: c, dimensions: [{{ name: id, sql: id, type: number, primary_key: true }}, {{ name: z, sql: z, type: number }}], measures: [{{ name: count, type: count }}] }}
  - {{ name: d, sql_table: d, dimensions: [{{ name: id, sql: id, type: number, primary_key: true }}, {{ name: v, sql: v, type: number }}] }}
"
    )
}

#[test]
fn what_is_not_carried_is_told_at_its_place() {
    let mut wrong = Vec::new();
    for (measure, column, why) in [
        ("{ name: m, type: string, sql: max(x) }", 26, "it is a string, and a KPI is a number"),
        ("{ name: m, type: rank, sql: x }", 26, "kpic does not know measures of the type `rank`"),
        ("{ name: m, type: sum }", 9, "it has no `sql`"),
        ("{ name: m, type: sum, sql: \"{nothing}\" }", 37, "there is no `nothing`"),
        ("{ name: m, type: sum, sql: \"{count}\" }", 37, "it aggregates the measure `a.count`"),
        ("{ name: m, type: sum, sql: \"upper(x) + {CUBE}.x\" }", 37, "kpic does not read `upper(...)`"),
        ("{ name: m, type: sum, sql: \"x +  {place}\" }", 42, "`a.place` is not carried"),
        ("{ name: m, type: sum, sql: \"{sub}\" }", 37, "`a.sub` is not carried: it aggregates rows of another cube"),
        ("{ name: m, type: sum, sql: \"{c.z}\" }", 9, "no join that is carried leads from each row of `a` to one row of `c`"),
        ("{ name: m, type: sum, sql: \"{d.v}\" }", 9, "no join that is carried leads from each row of `a` to one row of `d`"),
        ("{ name: m, type: number, sql: \"{b.count} / {count}\" }", 40, "which another model has"),
        ("{ name: m, type: number, sql: \"{m} + 1\" }", 9, "it is made of itself"),
        ("{ name: m, type: number, sql: \"{count} over ()\" }", 48, "kpic does not read `over` there"),
        ("{ name: m, type: number, sql: x }", 39, "`x` is neither aggregated nor grouped by"),
        ("{ name: m, type: number, sql: \"{count}\", filters: [{ sql: x = 1 }] }", 67, "it filters what other measures are"),
        ("{ name: m, type: sum, sql: x, multi_stage: true }", 52, "it has `multi_stage`"),
        ("{ name: m, type: number, sql: \"{count}\", time_shift: [] }", 62, "it has a `time_shift`"),
        ("{ name: m, type: sum, sql: x, rolling_window: { leading: 1 day } }", 55, "its window looks ahead"),
        ("{ name: m, type: sum, sql: x, rolling_window: { trailing: 3 hour } }", 55, "kpic does not read the length `3 hour`"),
        ("{ name: m, type: sum, sql: x, rolling_window: { trailing: 3 day, offset: start } }", 55, "its window ends before"),
        ("{ name: m, type: sum, sql: \"{FILTER_PARAMS.a.t.filter('t')}\" }", 37, "`FILTER_PARAMS` is filled in"),
        ("{ name: m, type: sum, sql: \"{{ amount }}\" }", 37, "a template decides what stands there"),
        ("{ name: m, type: sum, sql: \"{t.month}\" }", 37, "kpic does not read a period of `t` there"),
        ("{ name: m, type: sum, sql: \"x; drop table a\" }", 38, "kpic does not read `;` there"),
        ("{ name: m, type: sum, sql: \"x) + (y\" }", 36, ""),
        ("{ name: m, type: sum, sql: \"x -- y\" }", 0, ""),
        ("{ name: m, type: sum, sql: [x] }", 36, "its `sql` is no text"),
        ("{ name: m, type: count, filters: [{ sql: \"case when {b.y} then\" }] }", 0, ""),
    ] {
        let (_folder, report) = report(&[("a.yml", &one(measure))], &[]);
        let about = about(&report, "a.m");
        if why.is_empty() {
            continue;
        }
        let said = about["reason"].as_str().unwrap_or_default();
        let is_told =
            about["fidelity"] == "not_carried" && said.contains(&format!("a.yml:16:{column}: ")) && said.contains(why);
        if !is_told {
            wrong.push(format!("{measure}\n  {about}"));
        }
        assert_eq!(self::about(&report, "a.count")["fidelity"], "exact", "{measure}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_no_measure_is_told_too() {
    let (folder, report) = report(
        &[
            ("cubes/shop.yml", SHOP),
            ("cubes/old.js", "cube(`old`, { sql: `select 1` });"),
            ("globals.py", "import os"),
            ("jinja.yml", "cubes:\n{% for x in xs %}\n  - name: x\n{% endfor %}\n"),
            ("half.yml", "cubes:\n  - name: [a\n"),
            ("none.yml", "services: {}\n"),
            (
                "untimed.yml",
                "cubes: [{ name: untimed, sql_table: u, measures: [{ name: n, type: count }], access_policy: [] }]\n",
            ),
            (
                "hidden.yml",
                "cubes: [{ name: hidden, sql: \"select * from x where {FILTER_PARAMS.hidden.t.filter('t')}\", dimensions: [{ name: t, sql: t, type: time }], measures: [{ name: m, type: count }] }]\n",
            ),
            (
                "other.yml",
                "cubes: [{ name: other, sql_table: o, data_source: lake, dimensions: [{ name: t, sql: t, type: time }], measures: [{ name: k, type: count }] }, { name: orders, sql_table: o }]\n",
            ),
        ],
        &[],
    );
    let left_out = report["left_out"].to_string();
    for said in [
        "cubes/old.js",
        "globals.py",
        "jinja.yml:2:1: Jinja decides what is in it",
        "half.yml",
        "none.yml",
        "access_policy",
        "other.yml:1:144: another cube has its name",
        "measures of `users` count there what is joined",
    ] {
        assert!(left_out.contains(said), "{said}: {left_out}");
    }
    for (measure, said) in [
        ("untimed.n", "`untimed` has no dimension of a time"),
        ("hidden.m", "hidden.yml:1:53: `FILTER_PARAMS` is filled in when a query is made"),
        ("other.k", "it is in a data source of its own"),
    ] {
        let reason = about(&report, measure)["reason"].to_string();
        assert!(reason.contains(said), "{reason}");
    }
    let shared = fs::read_to_string(folder.path().join("out/specs/_cube.yml")).unwrap();
    assert!(
        shared.contains("kpis: [orders_count, orders_total, paid_share]")
            || shared.contains("kpis: [orders_count, total, paid_share]"),
        "{shared}"
    );
}

#[test]
fn a_cube_has_what_it_extends() {
    let model = "cubes:
  - { name: base, sql_table: a, dimensions: [{ name: t, sql: t, type: time }], measures: [{ name: n, type: count }, { name: s, type: sum, sql: x }] }
  - { name: more, extends: base, sql_table: b, measures: [{ name: s, type: sum, sql: y }] }
  - { name: round, extends: round, sql_table: c, measures: [{ name: r, type: count }] }
";
    let (folder, report) = report(&[("a.yml", model)], &[]);
    for measure in ["base.n", "base.s", "more.n", "more.s"] {
        assert_eq!(about(&report, measure)["fidelity"], "exact", "{report}");
    }
    assert_eq!(about(&report, "round.r")["fidelity"], "not_carried");
    let specs = fs::read_to_string(folder.path().join("out/specs/more.yml")).unwrap();
    assert!(specs.contains("table: b") && specs.contains("sum(more.y where y is not null)"), "{specs}");
}

#[test]
fn an_import_over_specs_changes_nothing_of_theirs() {
    let folder = tempfile::tempdir().unwrap();
    assert!(import(folder.path(), &[("a.yml", &one("{ name: m, type: sum, sql: x }"))], &["--output", "out"]).status.success());
    let path = folder.path().join("out/specs/a.yml");
    let own = fs::read_to_string(&path).unwrap().replace("sum(a.x where", "sum(a.x where x > 1 and") + "# the end\n";
    fs::write(&path, &own).unwrap();
    let done = import(
        folder.path(),
        &[("a.yml", &one("{ name: m, type: sum, sql: x }\n      - { name: most, type: max, sql: x }"))],
        &["--output", "out"],
    );
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert_eq!(fs::read_to_string(&path).unwrap(), own);
    let new = fs::read_to_string(folder.path().join("out/specs/a_2.yml")).unwrap();
    assert!(new.contains("  most:") && !new.contains("  m:"), "{new}");
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(about(&report, "a.m")["fidelity"], "kept");
    assert!(report["kept"].to_string().contains("formula"), "{report}");
}

#[test]
fn warehouses_read_names_in_their_own_quotes() {
    for (dialect, measure, fate) in [
        ("bigquery", "{ name: m, type: sum, sql: \"{CUBE}.`odd name`\" }", "exact"),
        ("bigquery", "{ name: m, type: sum, sql: '{CUBE}.x * \"y\"' }", "not_carried"),
        ("postgres", "{ name: m, type: number, sql: \"{count} / count(x)\" }", "differs"),
        ("clickhouse", "{ name: m, type: max, sql: x, filters: [{ sql: x > 1 }] }", "exact"),
        ("snowflake", "{ name: m, type: avg, sql: x }", "differs"),
    ] {
        let model = one(measure).replace("sql_table: ", "sql_table: ds.");
        let (_folder, report) = report(&[("a.yml", &model)], &["--dialect", dialect]);
        assert_eq!(about(&report, "a.m")["fidelity"], fate, "{dialect} {}", about(&report, "a.m"));
    }
}

#[test]
fn deep_and_hostile_models_end_soon() {
    let deep = format!("cubes: {}{}", "[".repeat(5_000), "]".repeat(5_000));
    let parens = one(&format!("{{ name: m, type: sum, sql: \"{}x{}\" }}", "(".repeat(9_000), ")".repeat(9_000)));
    let chain: String = (0..200)
        .map(|at| format!("\n      - {{ name: m{at}, type: number, sql: \"{{m{}}} + {{m{}}}\" }}", at + 1, at + 1))
        .collect();
    let chain = one(&format!("{{ name: m, type: count }}{chain}"));
    let doubled: String = (0..60)
        .map(|at| format!("\n      - {{ name: d{at}, type: number, sql: \"{{d{}}} + {{d{}}}\" }}", at + 1, at + 1))
        .collect();
    let doubled = one("{ name: m, type: count }").replace(
        "    measures:\n      - { name: count",
        &format!("      - {{ name: d60, sql: x, type: number }}{doubled}\n    measures:\n      - {{ name: count"),
    );
    let names = one("{ name: \"$(rm) \u{202e}\", title: \"<b>|`x`\", type: count }");
    let many = format!("cubes:\n{}", (0..3_000).map(|at| format!("  - {{ name: c{at}, sql_table: t }}\n")).collect::<String>());
    for model in [
        deep,
        parens,
        chain,
        doubled,
        names,
        many,
        String::new(),
        "cubes: 1".to_owned(),
        "- a\n--- b".to_owned(),
        "cubes: [1, {}, []]".to_owned(),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let done = import(folder.path(), &[("a.yml", &model)], &["--output", "out"]);
        assert!(done.status.code().is_some_and(|code| code < 4), "{}: {}", &model[..model.len().min(60)], text(&done.stderr));
        assert_eq!(folder.path().join("out/specs").exists(), folder.path().join("out/kpic.yml").exists());
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, said) in
        [("nothing", "it does not exist"), ("file", "it is no folder"), ("empty", "has no files that end in yml")]
    {
        write_files(folder.path(), &[("file", ""), ("empty/a.txt", "")]);
        let done = kpic(folder.path(), &["import", "cube", name]);
        assert_eq!(done.status.code(), Some(3), "{name}");
        assert!(text(&done.stderr).contains(said), "{}", text(&done.stderr));
    }
}
