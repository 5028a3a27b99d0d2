//! SELECTs as dashboards have them: each is run by DuckDB and imported, and every cell of it is compared with what kpic shows of the KPI. What
//! a figure is said to differ in is looked at as well, and nothing else may differ.

use crate::compared::{Beside, TABLES, compare, duckdb};
use crate::support::{kpic, text, write_files};
use serde_json::Value;

/// A SELECT whose first column is the period, and which other columns are slices.
struct Case {
    sql: &'static str,
    grain: &'static str,
    /// Columns of the SELECT with the dimensions that they become.
    by: &'static [(&'static str, &'static str)],
    /// Figures, each with whether it is exact.
    figures: &'static [(&'static str, bool)],
}

const CASES: &[Case] = &[
    Case {
        sql: "select date_trunc('month', ordered_at) as period, sum(amount) as total, count(*) as rows_, count(amount) as priced,
                     avg(amount) as mean, min(amount) as least, max(amount) as most, count(distinct user_id) as buyers
              from main.orders group by 1 order by 1",
        grain: "month",
        by: &[],
        figures: &[
            ("total", true),
            ("rows_", true),
            ("priced", true),
            ("mean", true),
            ("least", true),
            ("most", true),
            ("buyers", true),
        ],
    },
    Case {
        sql: "select cast(ordered_at as date) as period, sum(amount) as total, count(distinct status) as states
              from orders where status <> 'open' and amount between 10 and 90 group by cast(ordered_at as date)",
        grain: "day",
        by: &[],
        figures: &[("total", true), ("states", true)],
    },
    Case {
        sql: "select date_trunc('week', ordered_at)::date as period, channel, sum(case when status = 'paid' then amount end) as paid,
                     sum(amount) / count(*) as value, 100.0 * count(amount) / count(*) as share
              from orders group by period, channel having count(*) > 2 order by 1 limit 30",
        grain: "week",
        by: &[("channel", "channel")],
        figures: &[("paid", false), ("value", false), ("share", false)],
    },
    Case {
        sql: "select date_trunc('month', ordered_at) period, channel,
                     sum(case when status = 'paid' then amount else 0 end) paid, count(case when gift then 1 end) gifts,
                     count(*) filter (where status in ('paid', 'open')) several, sum(case when status = 'refunded' then 1 else 0 end) refunds,
                     count(distinct case when status = 'paid' then user_id end) payers,
                     count(case when status = 'refunded' then 1 end) * 1.0 / count(*) refunded,
                     sum(case when status = 'refunded' then 1 else 0 end) * 1.0 / count(*) refund_share
              from orders group by 1, 2",
        grain: "month",
        by: &[("channel", "channel")],
        figures: &[("paid", false), ("gifts", false), ("several", false), ("refunds", false), ("payers", false), ("refunded", true), ("refund_share", true)],
    },
    Case {
        sql: "select date_trunc('day', ordered_at) as period, sum(case when status = 'paid' then amount else 0 end) as paid,
                     sum(case when status = 'paid' then amount else 0 end) / count(*) as paid_per_order,
                     sum(case when gift then 1 else 0 end) * 1.0 / nullif(count(distinct user_id), 0) as gifts_per_user
              from orders group by all",
        grain: "day",
        by: &[],
        figures: &[("paid", false), ("paid_per_order", false), ("gifts_per_user", true)],
    },
    Case {
        sql: "create or replace view v as select date_trunc('month', o.ordered_at) as period, u.country, sum(o.amount) as total,
                     count(*) as rows_, count(distinct u.user_id) as buyers, avg(u.score) as score
              from orders o join users u on u.user_id = o.user_id and not u.is_test where o.status = 'paid' group by 1, 2",
        grain: "month",
        by: &[("country", "user_country")],
        figures: &[("total", false), ("rows_", false), ("buyers", false)],
    },
    Case {
        sql: "select date_trunc('month', o.ordered_at) as period, u.country, count(*) as rows_, sum(o.amount) as total
              from orders as o left join users as u on o.user_id = u.user_id group by 1, u.country",
        grain: "month",
        by: &[("country", "user_country")],
        figures: &[("rows_", false), ("total", false)],
    },
    Case {
        sql: "select date_trunc('month', o.ordered_at) as period, count(*) as rows_
              from orders o left join users u using (user_id) where u.country = 'DE' or u.country is null group by 1",
        grain: "month",
        by: &[],
        figures: &[("rows_", false)],
    },
    Case {
        sql: "select date_trunc('month', o.ordered_at) as period, count(*) as rows_, sum(quantity * weight) as load_
              from users u inner join orders o on u.user_id = o.user_id group by 1",
        grain: "month",
        by: &[],
        figures: &[("rows_", false), ("load_", false)],
    },
    Case {
        sql: "with paid as (select * from main.orders where status = 'paid'), big as (select * from paid where amount > 20)
              select date_trunc('month', ordered_at) as period, count(*) as rows_, sum(amount) as total from big group by 1",
        grain: "month",
        by: &[],
        figures: &[("rows_", true), ("total", true)],
    },
    Case {
        sql: "select date_trunc('month', day) as period, sum(total) as total, max(total) as best_day
              from (select date_trunc('day', ordered_at) as day, sum(amount)::double as total from main.orders group by 1) days group by 1",
        grain: "month",
        by: &[],
        figures: &[("total", true), ("best_day", true)],
    },
    Case {
        sql: "select date_trunc('quarter', ordered_on) as period, gift, channel, median(weight) as middle,
                     quantile_cont(weight, 0.9) as ninth, percentile_cont(0.25) within group (order by weight) as first_quarter
              from orders group by 1, 2, 3",
        grain: "quarter",
        by: &[("gift", "gift"), ("channel", "channel")],
        figures: &[("middle", true), ("ninth", true), ("first_quarter", true)],
    },
    Case {
        sql: "select date_trunc('year', ordered_at) as period, coalesce(sum(quantity), 0) as pieces, sum(coalesce(quantity, 0)) as filled,
                     sum(amount) - sum(quantity) as rest, round(sum(weight) / count(*), 1) as weight_
              from orders where not gift and (status is null or status not in ('open')) group by 1",
        grain: "year",
        by: &[],
        figures: &[("pieces", false), ("filled", true), ("rest", true), ("weight_", false)],
    },
    Case {
        sql: "select date_trunc('month', ordered_at) as period, coalesce(sum(quantity), 0) as pieces, sum(quantity) as bare,
                     sum(quantity) / sum(case when gift then 1 else 0 end) as per_gift
              from orders group by 1",
        grain: "month",
        by: &[],
        figures: &[("pieces", false), ("bare", true), ("per_gift", false)],
    },
    Case {
        sql: "select strftime(ordered_at, '%Y-%m-01') as period, count(*) as rows_, avg(amount) filter (where status = 'paid') as paid
              from orders where status like '%e%' and ordered_at >= '2024-02-10' and ordered_at < date '2024-06-01' group by 1",
        grain: "month",
        by: &[],
        figures: &[("rows_", true), ("paid", true)],
    },
    Case {
        sql: "select date_trunc('month', ordered_at) as period, count_if(status = 'paid') as paid,
                     count_if(status = 'paid') / count(*) as paid_share
              from orders group by 1",
        grain: "month",
        by: &[],
        figures: &[("paid", false), ("paid_share", true)],
    },
];

/// Imports SQL over the tables into a project of its own.
fn imported(sql: &str, more: &[&str]) -> (tempfile::TempDir, Value) {
    let folder = tempfile::tempdir().unwrap();
    duckdb(folder.path(), &["-c", TABLES]);
    write_files(folder.path(), &[("board.sql", sql)]);
    let arguments = ["import", "sql", "board.sql", "--database", "shop.duckdb", "--start", "2024-01-01", "--format", "json"];
    let done = kpic(folder.path(), &[&arguments[..], more].concat());
    assert!(done.status.success(), "{sql}: {}", text(&done.stderr));
    (folder, serde_json::from_slice(&done.stdout).unwrap())
}

#[test]
fn figures_are_those_of_the_select() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for case in CASES {
        let (folder, report) = imported(case.sql, &[]);
        let select = if case.sql.starts_with("create") { case.sql.split_once(" as ").unwrap().1 } else { case.sql };
        let theirs: Vec<Value> = serde_json::from_slice(&duckdb(folder.path(), &["-json", "-c", select])).unwrap();
        for (figure, is_exact) in case.figures {
            let about = report["figures"].as_array().unwrap().iter().find(|one| one["figure"] == *figure).unwrap();
            assert_eq!(about["fidelity"], if *is_exact { "exact" } else { "differs" }, "{}\n{about}", case.sql);
            let beside = Beside { about, sql: case.sql, figure, grain: case.grain, by: case.by };
            let (cells, differing) = compare(folder.path(), &theirs, &beside);
            count += cells;
            wrong.extend(differing);
        }
        let checked = kpic(folder.path(), &["check", "--format", "json"]);
        assert!(checked.status.success(), "{}: {}", case.sql, text(&checked.stdout));
    }
    assert!(count > 500, "only {count} cells");
    assert!(
        wrong.is_empty(),
        "{} of {count} cells differ\n{}",
        wrong.len(),
        wrong.iter().take(12).cloned().collect::<Vec<_>>().join("\n")
    );
}
