//! SQL that is not carried, each with the place and the reason; imports into a project that is there; broken, hostile and long SQL.

use crate::support::{kpic, text, write_files};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Output;

fn import(folder: &Path, sql: &str, more: &[&str]) -> Output {
    write_files(folder, &[("board.sql", sql)]);
    kpic(folder, &[&["import", "sql", "board.sql", "--output", "out", "--format", "json"], more].concat())
}

/// What became of each figure: its name, fate, and the reason or the differences.
fn fates(sql: &str, more: &[&str]) -> Vec<(String, String, String)> {
    let folder = tempfile::tempdir().unwrap();
    let done = import(folder.path(), sql, more);
    assert!(done.status.success(), "{sql}: {}", text(&done.stderr));
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    if folder.path().join("out/kpic.yml").exists() {
        let checked = kpic(&folder.path().join("out"), &["check"]);
        assert!(checked.status.success(), "{sql}: {}", text(&checked.stderr));
    }
    let word = |one: &Value| one.as_str().unwrap_or_default().to_owned();
    let said = |one: &Value| {
        let all = one["differences"].as_array().unwrap().iter().map(word).collect::<Vec<_>>().join("; ");
        if all.is_empty() { word(&one["reason"]) } else { all }
    };
    let all = report["figures"].as_array().unwrap().iter();
    all.map(|one| (word(&one["figure"]), word(&one["fidelity"]), said(one))).collect()
}

#[test]
fn what_is_not_carried_is_told_at_its_place() {
    let month = "date_trunc('month', t) as m";
    let own = "date_trunc('month', x.t) as m";
    let mut wrong = Vec::new();
    for (sql, place, why) in [
        ("select count(*) from x".to_owned(), "1:1", "it groups by no period that kpic reads"),
        (format!("select {month}, a, count(*) as c from x group by 1, rollup(a)"), "1:73", "it shows totals beside groups"),
        (format!("select distinct {month}, count(*) as c from x group by 1"), "1:8", "kpic does not read `distinct` there"),
        (format!("select {month}, count(*) as c from x group by 1 union all select 1, 2"), "1:69", "it combines SELECTs"),
        (
            format!("select {month}, sum(a) over (order by m) as c from x group by 1"),
            "1:44",
            "it looks at other rows of the result",
        ),
        (format!("select {month}, string_agg(a) as c from x group by 1"), "1:37", "kpic does not carry `string_agg`"),
        (format!("select {month}, sum(upper(a)) as c from x group by 1"), "1:41", "kpic does not read `upper(...)` in it"),
        (format!("select {month}, a + count(*) as c from x group by 1"), "1:37", "`a` is neither aggregated nor grouped by"),
        (format!("select {month}, sum(a / b) as c from x group by 1"), "1:45", "it divides"),
        (
            format!("select {month}, count(*) as c from x where t < now() - a group by 1"),
            "1:",
            "its condition is not one that kpic reads",
        ),
        (
            format!("select {month}, count(*) as c from x where (select 1) = 1 group by 1"),
            "1:",
            "its condition is not one that kpic reads",
        ),
        (format!("select {month}, count(*) as c from x, y group by 1"), "1:57", "tables after a comma are joined by `where`"),
        (format!("select {month}, count(*) as c from x cross join y group by 1"), "1:58", "kpic does not read `cross` there"),
        (
            format!("select {month}, count(*) as c from x full join y on x.a = y.a group by 1"),
            "1:58",
            "kpic does not read `full` there",
        ),
        (
            format!("select {own}, count(*) as c from x left join y on x.a = y.a and y.b > 1 group by 1"),
            "1:",
            "a `left join` by more than a key",
        ),
        (format!("select {own}, count(*) as c from x join y on x.a > y.a group by 1"), "1:", "the join is not by the equality"),
        (
            format!("select {own}, count(*) as c from x join y on x.a = y.a and x.b = y.b group by 1"),
            "1:",
            "it joins by several columns",
        ),
        (
            format!("select {month}, count(*) as c from x join y on x.a = y.a group by 1"),
            "1:56",
            "which table has `t` is not known",
        ),
        (format!("select {month}, count(*) as c from read_csv('a.csv') group by 1"), "1:56", "it reads a function"),
        (format!("select {month}, count(*) as c from x final group by 1"), "1:58", "kpic does not read `final` there"),
        (
            format!("select {month}, count(*) as c from x group by 1 order by 1 settings join_use_nulls = 1"),
            "1:80",
            "kpic does not read `settings` there",
        ),
        (format!("select {month}, count(*) as c from x group by 1 limit 3 by a"), "1:77", "kpic does not read `by` there"),
        (format!("select {month}, count(*) as c from x qualify 1 = 1 group by 1"), "1:58", "kpic does not read `qualify`"),
        (
            "select date_trunc('month', t) as t, count(*) as c from x group by t".to_owned(),
            "1:67",
            "`t` is a column and a name in the SELECT",
        ),
        (format!("select {month}, count(*) as c from x group by 1, date_trunc('day', u)"), "1:70", "it groups by two periods"),
        (
            "select date_trunc('hour', t) as m, count(*) as c from x group by 1".to_owned(),
            "1:8",
            "kpic's periods are day, week",
        ),
        (format!("select {month}, count(*) as c from {{{{ ref('x') }}}} group by 1"), "1:56", "it has a template"),
        ("delete from x".to_owned(), "1:1", "a statement is a SELECT"),
        (format!("select {month}, count(*) as c from x where group by 1"), "1:58", "its `where` has no condition"),
        (format!("select {month}, count(*) as c from x group by 7"), "1:67", "there is no column at that place"),
        (
            format!("with recursive a as (select 1) select {month}, count(*) as c from a group by 1"),
            "1:6",
            "kpic does not read queries that call",
        ),
        (format!("select {month}, , count(*) as c from x group by 1"), "1:1", "its list of columns has an empty place"),
        (format!("select {month}, sum(a)) as c from x group by 1"), "1:", ""),
    ] {
        let all = fates(&sql, &[]);
        let (_, fate, said) = all.last().unwrap();
        let is_told = fate == "not_carried" && said.starts_with(&format!("board.sql:{place}")) && said.contains(why);
        if !is_told {
            wrong.push(format!("{sql}\n  {fate}: {said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_figure_that_is_not_carried_does_not_keep_the_others() {
    let all = fates("select date_trunc('month', t), count(*) as rows_, mode(a) as usual, sum(b) from x group by 1", &[]);
    let short: Vec<(&str, &str)> = all.iter().map(|(name, fate, _)| (name.as_str(), fate.as_str())).collect();
    assert_eq!(short, [("rows_", "exact"), ("usual", "not_carried"), ("sum b", "exact")]);
}

#[test]
fn warehouses_have_words_and_rules_of_their_own() {
    for (dialect, sql, fate, said) in [
        (
            "bigquery",
            "select date_trunc(t, month) as m, countif(a > 1) / count(*) as c from `p.d.x` group by 1",
            "differs",
            "the warehouse rounds them",
        ),
        (
            "bigquery",
            "select date_trunc(t, week) as m, count(*) as c from x group by 1",
            "not_carried",
            "its weeks start on Sunday",
        ),
        (
            "bigquery",
            "select date_trunc(t, month) as m, count(*) as c from x where a = \"b\" group by 1",
            "refused",
            "kpic does not know how bigquery reads",
        ),
        (
            "mariadb",
            "select date(t) as m, count(*) as c from x where a = 'b' group by 1",
            "refused",
            "SQL of `mariadb` is not imported: texts are the same in any case there",
        ),
        (
            "postgres",
            "select date_trunc('month', t)::date as m, count(a) / count(*) as c from x group by 1",
            "differs",
            "cuts quotients of whole numbers",
        ),
        (
            "postgres",
            "select date_trunc('month', t)::date as m, count(a)::float / count(*) as c from x group by 1",
            "exact",
            "",
        ),
        (
            "postgres",
            "select to_char(t, 'YYYY-MM') as m, sum(a) / sum(b)::numeric as c from x group by 1",
            "differs",
            "where the divisor is 0 it is null",
        ),
        (
            "redshift",
            "select date_trunc('month', t) as m, avg(a) as c from x group by 1",
            "differs",
            "cuts means of whole numbers",
        ),
        (
            "snowflake",
            "select date_trunc(month, t) as m, count_if(a = 'x') as c from db.s.x group by all",
            "differs",
            "periods without rows are shown",
        ),
        ("clickhouse", "select toStartOfMonth(t) as m, uniqExact(a) as c from x group by m", "exact", ""),
        ("clickhouse", "select toMonday(t) as m, median(a) as c from x group by m", "not_carried", "it is an estimate there"),
        (
            "clickhouse",
            "select toMonday(x.t) as m, count(*) as c from x left join y on y.k = x.k group by m",
            "not_carried",
            "fills what it does not find",
        ),
        (
            "clickhouse",
            "select toMonday(t) as m, sum(a) filter (where b = 1) as c from x group by m",
            "not_carried",
            "over no rows it is 0 or null",
        ),
        ("sqlite", "select strftime('%Y-%m', t) as m, sum(a) as c from x group by 1", "exact", ""),
        ("databricks", "select date_trunc('MONTH', t) as m, max(a) as c from `my cat`.s.x group by 1", "exact", ""),
    ] {
        if fate == "refused" {
            let folder = tempfile::tempdir().unwrap();
            let done = import(folder.path(), sql, &["--dialect", dialect]);
            assert_eq!(done.status.code(), Some(3), "{sql}");
            assert!(text(&done.stderr).contains(said), "{}", text(&done.stderr));
            continue;
        }
        let all = fates(sql, &["--dialect", dialect]);
        let (_, own, why) = all.last().unwrap();
        assert!(own == fate && why.contains(said), "{dialect} {sql}\n{own}: {why}");
    }
}

#[test]
fn a_range_up_to_now_is_left_out_and_told() {
    let all = fates(
        "select date_trunc('month', t) as m, count(*) as c from x where t >= current_date - interval '12 months' and a = 'b' group by 1",
        &[],
    );
    assert_eq!(all[0].1, "differs");
    assert!(
        all[0].2.contains("`t >= current_date - interval '12 months'` is left out: kpic shows all periods"),
        "{}",
        all[0].2
    );
}

#[test]
fn what_two_selects_share_is_one_kpi() {
    let folder = tempfile::tempdir().unwrap();
    let sql = "select date_trunc('month', t) as m, sum(a) as total from x group by 1;
create view daily as select t::date as d, b, sum(a) as total, sum(a) / count(*) as mean from x group by 1, 2;
select date_trunc('week', shipped) as w, sum(a) as total from x group by 1;";
    let done = import(folder.path(), sql, &[]);
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    let names: Vec<&str> = report["figures"].as_array().unwrap().iter().filter_map(|one| one["kpi"].as_str()).collect();
    assert_eq!(names, ["total", "total", "mean", "x_by_shipped_total"]);
    let specs = fs::read_to_string(folder.path().join("out/specs/x.yml")).unwrap();
    assert!(
        specs.contains(
            "  total:   # board.sql:1:37\n    formula: sum(x.a where a is not null)\n    grains: [day]\n    by: [b]\n"
        ),
        "{specs}"
    );
    assert!(folder.path().join("out/specs/x_by_shipped.yml").exists());
}

#[test]
fn an_import_over_specs_changes_nothing_of_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let sql = "select date_trunc('month', t) as m, sum(a) as total from x group by 1";
    assert!(import(folder.path(), sql, &[]).status.success());
    let path = folder.path().join("out/specs/x.yml");
    let own = fs::read_to_string(&path)
        .unwrap()
        .replace("    empty: null\n", "    empty: null   # as it was\n")
        .replace("table: x", "table: y");
    fs::write(&path, &own).unwrap();
    let done =
        import(folder.path(), "select date_trunc('month', t) as m, sum(a) as total, max(a) as most from x group by 1", &[]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert_eq!(fs::read_to_string(&path).unwrap(), own);
    let new = fs::read_to_string(folder.path().join("out/specs/x_2.yml")).unwrap();
    assert!(new.contains("  most:") && !new.contains("  total:"), "{new}");
    let report = text(&done.stdout);
    assert!(report.contains("table: the SQL has `x`") && report.contains("and is not as the SQL has it"), "{report}");
}

#[test]
fn a_source_of_the_name_with_another_time_is_told_of_each_kpi() {
    let folder = tempfile::tempdir().unwrap();
    assert!(
        import(folder.path(), "select date_trunc('month', t) as m, sum(a) as total from x group by 1", &[]).status.success()
    );
    let done = import(folder.path(), "select date_trunc('month', s) as m, count(*) as rows_ from x group by 1", &[]);
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    let one = &report["figures"][0];
    assert_ne!(one["fidelity"], "exact", "{report}");
}

#[test]
fn figures_of_a_kpi_that_stays_with_another_meaning_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let sql = "select date_trunc('month', t) as m, sum(a) as total from x group by 1";
    assert!(import(folder.path(), sql, &[]).status.success());
    let path = folder.path().join("out/specs/x.yml");
    let own = fs::read_to_string(&path).unwrap().replace("sum(x.a where a is not null)", "sum(x.a where a > 3)");
    fs::write(&path, &own).unwrap();
    let more = "select date_trunc('month', t) as m, sum(a) as total, sum(a) / count(*) as mean from x group by 1";
    let report: Value = serde_json::from_slice(&import(folder.path(), more, &[]).stdout).unwrap();
    let mean = &report["figures"][1];
    assert_eq!((mean["figure"].as_str(), mean["fidelity"].as_str()), (Some("mean"), Some("differs")));
    let told = mean["differences"].to_string();
    assert!(told.contains("its KPI `total` stays as it is in specs/x.yml, and is not as the SQL has it"), "{told}");
}

#[test]
fn what_is_not_carried_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let sql = "select date_trunc('month', t) as m, sum(a) as total, sum(upper(b)) as odd from x group by 1;
select date_trunc('month', s) as m, sum(upper(c)) as odder from x join y on y.k = x.k group by 1;
select date_trunc('month', z.t) as m, count(*) as c from z where c = (select max(d) from z) group by 1;";
    assert!(import(folder.path(), sql, &[]).status.success());
    let names: Vec<String> = fs::read_dir(folder.path().join("out/specs"))
        .unwrap()
        .map(|one| one.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names, ["x.yml"]);
    let specs = fs::read_to_string(folder.path().join("out/specs/x.yml")).unwrap();
    assert!(specs.contains("time: t\n") && !specs.contains(" b:") && !specs.contains(" k:"), "{specs}");
}

#[test]
fn what_cannot_be_cut_is_refused_whole() {
    for (sql, said) in [
        ("select 'a", "board.sql:1:8: kpic does not know how duckdb reads `'a`"),
        ("select 1;\n  select \"a from x", "board.sql:2:10"),
        ("select a from x where b = ?1", "it groups by no period"),
        ("select a from x where b = $1", "board.sql:1:27"),
        ("", "board.sql has no SELECT"),
        (";;; -- nothing\n", "board.sql has no SELECT"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let done = import(folder.path(), sql, &[]);
        let all = text(&done.stderr) + &text(&done.stdout);
        assert!(all.contains(said), "{sql}: {all}");
        assert!(!folder.path().join("out").exists(), "{sql}");
    }
}

#[test]
fn long_and_deep_sql_ends_soon() {
    let deep =
        format!("select date_trunc('month', t), sum({}a{}) as c from x group by 1", "(".repeat(30_000), ")".repeat(30_000));
    let nested =
        format!("select date_trunc('month', t), {}1{} as c from x group by 1", "sum(".repeat(3_000), ")".repeat(3_000));
    let long = format!("select date_trunc('month', t), sum(a){} as c from x group by 1", " + sum(a)".repeat(2_000));
    let wide = format!("select date_trunc('month', t){} from x group by 1", ", sum(a) as b".repeat(2_000));
    let nots = format!("select date_trunc('month', t), count(*) as c from x where {} a group by 1", "not ".repeat(9_000));
    for sql in [deep, nested, long, wide, nots] {
        let folder = tempfile::tempdir().unwrap();
        let done = import(folder.path(), &sql, &[]);
        assert!(done.status.code().is_some_and(|code| code < 4), "{}: {}", &sql[..60], text(&done.stderr));
    }
}

#[test]
fn names_of_others_do_no_harm() {
    let sql =
        "select date_trunc('month', \"t: x\") as m, sum(\"a\u{301} # b\") as \"rev\u{202e}enue | <b>\", count(*) as \"$(rm)\"
               from \"or: ders\".\"x y\" where \"select\" = 'it''s: # {}' group by 1";
    let all = fates(sql, &[]);
    assert_eq!(all.len(), 2);
}
