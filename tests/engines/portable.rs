//! Queries that every engine understands give the same on all of them, by figures worked out by hand.

use super::compare::compare;
use super::driver::{ENGINES, driver};
use super::tables::{Answer, Column, Table};

fn table(name: &str, columns: &[(&str, &str)], rows: &str) -> Table {
    let column = |(name, ty): &(&str, &str)| Column { name: (*name).to_owned(), ty: (*ty).to_owned() };
    let cells = |row: &str| row.trim().split(' ').map(|cell| (cell != "null").then(|| cell.to_owned())).collect();
    let rows = rows.trim().lines().map(cells).collect();
    Table { name: vec![name.to_owned()], columns: columns.iter().map(column).collect(), rows, file: None }
}

fn tables() -> Vec<Table> {
    let orders = "
        1 ann  10.50 2024-01-05 shop true
        2 ben  20    2024-01-31 web  false
        3 ann  -0.50 2024-02-01 web  true
        4 null 7.25  2024-02-29 null null
        5 ben  0     2024-02-29 shop true";
    let orders =
        orders.split_whitespace().collect::<Vec<_>>().chunks(6).map(|row| row.join(" ")).collect::<Vec<_>>().join("\n");
    let columns = [
        ("id", "integer"),
        ("buyer", "text"),
        ("amount", "decimal(18, 4)"),
        ("day", "date"),
        ("channel", "text"),
        ("paid", "boolean"),
    ];
    let costs = "2024-01-01 web 5\n2024-02-01 null 2.5\n2024-02-01 fair 1";
    vec![
        table("orders", &columns, &orders),
        table("costs", &[("month", "date"), ("channel", "text"), ("spent", "decimal(18, 4)")], costs),
    ]
}

/// A query, the kinds of its columns, and its rows.
type Asked = (&'static str, &'static [&'static str], &'static str);

const QUERIES: [Asked; 10] = [
    // Buckets of a month. No engine names a month as another does, so days are asked for their bounds.
    (
        "select case when day < date '2024-02-01' then 'january' else 'february' end as month, count(*) as n, sum(amount) as s
         from orders group by case when day < date '2024-02-01' then 'january' else 'february' end",
        &["text", "integer", "decimal"],
        "january 2 30.5\nfebruary 3 6.75",
    ),
    (
        "select count(distinct buyer) as buyers, count(buyer) as known, count(*) as n from orders",
        &["integer", "integer", "integer"],
        "2 4 5",
    ),
    (
        "select sum(case when channel = 'web' then amount end) as web, sum(case when channel = 'fair' then amount end) as fair,
           count(case when paid then 1 end) as many from orders",
        &["decimal", "decimal", "integer"],
        "19.5 null 3",
    ),
    (
        "select channel, sum(amount) / nullif(sum(case when amount < 0 then 1 else 0 end), 0) as x from orders group by channel",
        &["text", "double"],
        "shop null\nweb 19.5\nnull null",
    ),
    // Facts of two sources: a null is a slice like others.
    (
        "select channel, sum(amount) as earned, sum(spent) as costs from (
           select channel, amount, cast(null as decimal(18, 4)) as spent from orders
           union all select channel, cast(null as decimal(18, 4)), spent from costs) as facts
         group by channel",
        &["text", "decimal", "decimal"],
        "shop 10.5 null\nweb 19.5 5\nnull 7.25 2.5\nfair null 1",
    ),
    (
        "select id, sum(amount) over (order by id rows between unbounded preceding and current row) as running from orders",
        &["integer", "decimal"],
        "1 10.5\n2 30.5\n3 30\n4 37.25\n5 37.25",
    ),
    (
        "select id, sum(amount) over (partition by channel order by id rows between 1 preceding and current row) as two from orders",
        &["integer", "decimal"],
        "1 10.5\n2 20\n3 19.5\n4 7.25\n5 10.5",
    ),
    (
        "select day, max(amount) as most, min(id) as first_id from orders group by day",
        &["date", "decimal", "integer"],
        "2024-01-05 10.5 1\n2024-01-31 20 2\n2024-02-01 -0.5 3\n2024-02-29 7.25 4",
    ),
    (
        "with per_buyer as (select buyer, count(*) as n from orders where buyer is not null group by buyer)
         select n, count(*) as buyers from per_buyer group by n having count(*) > 1",
        &["integer", "integer"],
        "2 2",
    ),
    (
        "select orders.id, costs.spent from orders left join costs on costs.channel = orders.channel
         where orders.amount > 0 or orders.channel is null",
        &["integer", "decimal"],
        "1 null\n2 5\n4 null",
    ),
];

#[test]
fn sql_that_all_engines_share_gives_the_same_on_all_of_them() {
    let tables = tables();
    for name in ENGINES {
        let Some(mut engine) = driver(name) else { continue };
        engine.tables(&tables).unwrap_or_else(|why| panic!("{name}: {why}"));
        for (sql, kinds, rows) in &QUERIES {
            let sql = spelled(name, sql);
            let found = engine.query(&sql).unwrap_or_else(|why| panic!("{name}: {why}\n{sql}"));
            if engine.tier == "parsed" {
                continue;
            }
            let cells = |row: &str| row.split(' ').map(|cell| (cell != "null").then(|| cell.to_owned())).collect();
            let kinds = kinds.iter().map(|kind| Some((*kind).to_owned())).collect();
            let mut expected = Answer { columns: found.columns.clone(), kinds, rows: rows.lines().map(cells).collect() };
            // Snowflake writes names in capitals, and nothing here is quoted.
            expected.columns = found.columns.iter().map(String::clone).collect();
            let report = compare(&expected, &found);
            assert!(report.differing == 0 && report.rows > 0, "{name}: {:?}\n{sql}\n{found:?}", report.first);
        }
    }
}

/// What some engines call otherwise: a literal of a day, a decimal that may be null.
fn spelled(engine: &str, sql: &str) -> String {
    match engine {
        "clickhouse" => sql.replace("as decimal(18, 4))", "as Nullable(Decimal(18, 4)))") + "\nsettings join_use_nulls = 1",
        "sqlite" => sql.replace("date '", "'"),
        // A literal of a day is read by a format that its session says.
        "snowflake" => sql.replace("date '2024-02-01'", "to_date('2024-02-01', 'YYYY-MM-DD')"),
        "bigquery" => sql.replace("decimal(18, 4)", "numeric"),
        _ => sql.to_owned(),
    }
}
