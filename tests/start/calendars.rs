//! Commands in a calendar of the project's own, whose months have 35 days.

use crate::folder::Folder;

const PROJECT: &str = "kpic: 1
project: shop
calendar: { start: 2024-01-01, as_of: 2024-04-14, source: months }
warehouse: { database: shop.duckdb }
lints: { missing-owner: allow, missing-description: allow }
";

const SPEC: &str = "
sources:
  months:
    query: |
      select cast(range as date) as day, date '2024-01-01' + cast(date_diff('day', date '2024-01-01', range) // 7 * 7 as integer) as week,
        date '2024-01-01' + cast(date_diff('day', date '2024-01-01', range) // 35 * 35 as integer) as month,
        date '2024-01-01' as quarter, date '2024-01-01' as year
      from range(date '2024-01-01', date '2024-12-16', interval 1 day)
    kind: entities
    key: day
    columns: { day: date, week: date, month: date, quarter: date, year: date }
  orders: { table: orders, kind: events, row: order, time: day, columns: { day: date, size: integer } }
  stock:
    table: stock
    kind: states
    row: product
    key: product
    snapshot: stands_for
    every: month
    columns: { product: text, counted_on: date, pieces: integer, stands_for: { type: date, expr: \"trunc(counted_on, month)\" } }
kpis:
  orders:  { formula: count(orders) }
  size:    { formula: sum(orders.size) }
  typical: { formula: size / orders }
  pieces:  { formula: sum(stock.pieces) }
";

/// 2 orders in the first month, which ends on 4 February, and 3 in the second, which ends on 10 March.
const TABLES: &str = "
create table orders (day date, size integer);
insert into orders values ('2024-01-01', 1), ('2024-02-04', 1), ('2024-02-05', 3), ('2024-03-01', 3), ('2024-03-10', 3);
create table stock (product varchar, counted_on date, pieces integer);
insert into stock values ('a', '2024-02-10', 7), ('a', '2024-03-20', 5);
";

fn shop(changes: &str) -> Folder {
    let folder = Folder::new();
    folder.write("kpic.yml", PROJECT);
    folder.write("specs/shop.yml", SPEC);
    folder.sql("shop.duckdb", &format!("{TABLES}{changes}"));
    folder
}

#[test]
fn what_changed_is_told_between_two_of_its_months() {
    let folder = shop("");
    // The first month begins more than a month of the rules before the second.
    for arguments in
        [&["why", "typical", "--to", "2024-02-05"][..], &["why", "typical", "--from", "2024-01-01", "--to", "2024-02-05"]]
    {
        let printed = folder.fine(arguments);
        assert!(printed.contains("2024-01-01") && printed.contains("2024-02-05"), "{arguments:?}: {printed}");
    }
    let told: serde_json::Value =
        serde_json::from_str(&folder.fine(&["why", "typical", "--to", "2024-02-05", "--format", "json"])).unwrap();
    assert_eq!((&told["from"]["period"], &told["to"]["period"]), (&"2024-01-01".into(), &"2024-02-05".into()), "{told}");
}

#[test]
fn what_is_made_of_its_periods_is_verified_by_them() {
    // 10 February and 1 March lie in one month of this calendar, and 1 and 20 March in two.
    let folder = shop("insert into stock values ('a', '2024-03-01', 8);");
    let found = folder.findings(&["verify", "stock"]);
    let codes: Vec<&str> = found.iter().map(|(code, ..)| code.as_str()).collect();
    assert_eq!(codes, ["K0901"], "{found:#?}");
    assert!(found[0].2.contains("2024-02-05"), "{found:#?}");
    let fine = shop("insert into stock values ('a', '2024-01-20', 8);");
    assert_eq!(fine.findings(&["verify", "stock"]), []);
}
