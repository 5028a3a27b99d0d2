//! `kpic verify` on databases with all that can be wrong.

use crate::folder::{Folder, Found};

const PROJECT: &str = "kpic: 1
project: shop
calendar: { start: 2024-01-01, as_of: 2024-03-31 }
warehouse: { database: shop.duckdb }
# All rows are of the first days of January.
lints: { quiet-source: allow }
";

const SHOP: &str = "
sources:
  orders:
    table: orders
    kind: events
    row: order
    key: order_id
    time: ordered_at
    columns:
      order_id:   text
      ordered_at: timestamp
      customer:   { column: customer_id, references: customers }
      amount:     { type: decimal, min: 0, max: 1000 }
      status:     { type: text, values: [open, paid, \"it's back\"] }
      items:      { type: integer, values: [1, 2], nullable: false }
  customers:
    table: customers
    kind: entities
    row: customer
    key: id
    columns:
      id:      integer
      country: { type: text, values: [DE, AT] }
";

const TABLES: &str = "
create table customers (id integer, country varchar);
insert into customers values (1, 'DE'), (2, 'AT');
create table orders (order_id varchar, ordered_at timestamp, customer_id integer, amount decimal(10, 2), status varchar, items integer);
insert into orders values
  ('a', '2024-01-01 10:00:00', 1, 10, 'open', 1),
  ('b', '2024-01-02 10:00:00', 2, 1000, 'it''s back', 2),
  ('c', '2024-01-03 10:00:00', null, 0, null, 2);
";

/// A shop whose rows have been changed by some SQL.
fn shop(changes: &str) -> Folder {
    let folder = Folder::new();
    folder.write("kpic.yml", PROJECT);
    folder.write("specs/shop.yml", SHOP);
    folder.sql("shop.duckdb", &format!("{TABLES}{changes}"));
    folder
}

/// Whether a line is printed, however wide its columns are.
fn shows(printed: &str, line: &str) -> bool {
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    printed.lines().any(|printed| words(printed) == words(line))
}

fn found(code: &str, at: &str, message: &str) -> Found {
    (code.to_owned(), at.to_owned(), message.to_owned())
}

#[test]
fn rows_that_are_as_declared_are_fine() {
    let folder = shop("");
    let printed = folder.fine(&["verify"]);
    let expected = "\
source     rows  check                        result  such as
orders        3  6 columns as declared        fine
                 order_id is unique           fine
                 order_id is never null       fine
                 ordered_at is never null     fine
                 customer is in customers     fine
                 amount is from 0 to 1000     fine
                 status is one of 3 values    fine
                 items is never null          fine
                 items is one of 2 values     fine
customers     2  2 columns as declared        fine
                 id is unique                 fine
                 id is never null             fine
                 country is one of 2 values   fine

fine: 13 checks of 2 sources
";
    assert_eq!(printed.split_whitespace().collect::<Vec<_>>(), expected.split_whitespace().collect::<Vec<_>>(), "{printed}");
    assert_eq!(folder.findings(&["verify"]), []);
    assert!(folder.fine(&["verify", "customers"]).ends_with("fine: 4 checks of 1 source\n"));
}

#[test]
fn every_kind_of_wrong_row_is_counted_shown_and_pointed_at() {
    let folder = shop(
        "insert into customers values (1, 'DE'), (1, 'DE'), (null, 'FR');
         insert into orders values
           ('b', '2024-02-01', 7, -5, 'open', 3),
           ('d', null, 7, 1000.01, 'opne', null),
           ('e', '2024-02-03', 8, 5, 'opne', 1),
           (null, '2024-02-04', 1, 5, 'paid', 1);",
    );
    let expected = [
        found("K0901", "order_id", "`orders` has 1 row with the key of another row, such as b (2 rows)"),
        found("K0909", "order_id", "`orders` has 1 row whose key `order_id` is null"),
        found("K0908", "ordered_at", "`orders` has 1 row whose time `ordered_at` is null, such as order_id d"),
        found(
            "K0910",
            "customers",
            "`orders` has 3 rows whose `customer` is not in `customers`, such as 7 (2 rows); 8 (1 row)",
        ),
        found(
            "K0912",
            "amount",
            "`orders` has 2 rows whose `amount` is not from 0 to 1000, such as -5.00 (order_id b); 1000.01 (order_id d)",
        ),
        found("K0911", "status", "`orders` has 2 rows whose `status` is not in `values:`, such as opne (2 rows)"),
        found("K0909", "items", "`orders` has 1 row whose `items` is null despite `nullable: false`, such as order_id d"),
        found("K0911", "items", "`orders` has 1 row whose `items` is not in `values:`, such as 3 (1 row)"),
        found("K0901", "id", "`customers` has 2 rows with the key of another row, such as 1 (3 rows)"),
        found("K0909", "id", "`customers` has 1 row whose key `id` is null"),
        found("K0911", "country", "`customers` has 1 row whose `country` is not in `values:`, such as FR (1 row)"),
    ];
    let all = folder.findings(&["verify"]);
    assert_eq!(all, expected, "{all:#?}");

    let outcome = folder.kpic(&["verify"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (1, ""));
    for line in [
        "orders        7  6 columns as declared       fine",
        "customer is in customers    3 wrong  7 (2 rows); 8 (1 row)",
        "K0910 reference-not-found",
        "11 errors",
    ] {
        assert!(shows(&outcome.stdout, line), "{line}: {}", outcome.stdout);
    }
    // References are looked up in sources that nobody asks about.
    assert_eq!(folder.findings(&["verify", "orders"]), expected[..8]);
}

#[test]
fn a_reference_into_doubled_keys_counts_each_row_once() {
    let folder = shop("insert into customers select 1, 'DE' from range(10);");
    folder.write(
        "specs/derived.yml",
        "
sources:
  calls:
    query: select 1 as customer_id, date '2024-01-01' as day union all select 9, date '2024-01-02'
    kind: events
    row: call
    time: day
    columns:
      day: date
      customer: { column: customer_id, references: customers }
      from_there: { type: text, expr: \"coalesce(customer.country, 'nowhere')\", values: [DE] }
",
    );
    let all = folder.findings(&["verify", "calls"]);
    assert_eq!(all.len(), 2, "{all:#?}");
    assert_eq!(all[0].2, "`calls` has 1 row whose `customer` is not in `customers`, such as 9 (1 row)");
    assert_eq!(all[1].2, "`calls` has 1 row whose `from_there` is not in `values:`, such as nowhere (1 row)");
}

#[test]
fn columns_that_are_missing_or_of_another_type_keep_nothing_else_from_being_checked() {
    let folder = shop(
        "alter table orders drop column items;
         alter table orders alter amount set data type double;
         alter table customers alter id set data type varchar;
         insert into orders values ('a', null, 1, 2000, 'opne');",
    );
    let codes = |all: &[Found]| all.iter().map(|(code, at, _)| format!("{code} {at}")).collect::<Vec<_>>();
    let all = folder.findings(&["verify"]);
    let expected =
        ["K0901 order_id", "K0908 ordered_at", "K0902 amount", "K0911 status", "K0903 items", "K0902 id"].map(str::to_owned);
    assert_eq!(codes(&all), expected, "{all:#?}");
    let printed = folder.kpic(&["verify"]).stdout;
    assert!(shows(&printed, "orders 4 6 columns as declared wrong amount; items"), "{printed}");
    for unknown in ["customer is in customers", "amount is from 0 to 1000", "items is one of 2 values", "id is unique"] {
        assert!(shows(&printed, &format!("{unknown} not checked")), "{unknown}: {printed}");
    }

    folder.sql("shop.duckdb", "drop table customers;");
    let all = folder.findings(&["verify"]);
    assert!(all.iter().any(|(code, at, _)| code == "K0903" && at == "customers"), "{all:#?}");
    let printed = folder.kpic(&["verify"]).stdout;
    assert!(
        printed.contains("customers  unknown  2 columns as declared       wrong        its rows cannot be read"),
        "{printed}"
    );
}

#[test]
fn names_that_need_quotes_and_letters_of_all_kinds_are_fine() {
    let folder = Folder::new();
    folder.write("kpic.yml", PROJECT);
    folder.write(
        "specs/shop.yml",
        "
sources:
  bestellungen:
    table: '\"verkauf 2024\".\"Bestellungen ☕\"'
    kind: events
    row: Bestellung
    time: tag
    columns:
      tag:   { type: date, column: 'Bestell-Tag' }
      kunde: { column: ['Kunden Nr.', 'select'], references: kunden }
      land:  { type: text, column: Länd'er, values: [Österreich, '日本'] }
  kunden:
    table: '\"verkauf 2024\".kunden'
    kind: entities
    row: Kunde
    key: [nummer, teil]
    columns:
      nummer: { type: integer, column: 'Kunden Nr.' }
      teil:   { type: text, column: 'select' }
",
    );
    let kunden = "create table \"verkauf 2024\".kunden (\"Kunden Nr.\" integer, \"select\" varchar);
        insert into \"verkauf 2024\".kunden values (1, 'ä'), (1, 'ö');";
    folder.sql(
        "shop.duckdb",
        &format!(
            "create schema \"verkauf 2024\"; {kunden}
             create table \"verkauf 2024\".\"Bestellungen ☕\"
               (\"Bestell-Tag\" date, \"Kunden Nr.\" integer, \"select\" varchar, \"Länd'er\" varchar);
             insert into \"verkauf 2024\".\"Bestellungen ☕\" values
               ('2024-01-01', 1, 'ä', 'Österreich'), ('2024-01-01', 1, null, '日本'), ('2024-01-02', 1, 'ü', 'Öster''reich');"
        ),
    );
    let all = folder.findings(&["verify"]);
    let expected = [
        found("K0910", "kunden", "`bestellungen` has 1 row whose `kunde` is not in `kunden`, such as 1, ü (1 row)"),
        found("K0911", "land", "`bestellungen` has 1 row whose `land` is not in `values:`, such as Öster'reich (1 row)"),
    ];
    assert_eq!(all, expected, "{all:#?}");
}

#[test]
fn tables_without_rows_are_fine() {
    let folder = shop("delete from orders; delete from customers;");
    assert_eq!(folder.findings(&["verify"]), []);
    let printed = folder.fine(&["verify"]);
    assert!(shows(&printed, "orders 0 6 columns as declared fine"), "{printed}");
}

#[test]
fn columns_of_raw_sql_are_made_to_see_whether_they_can_be() {
    let folder = shop("");
    let raw = "      year:  { type: integer, sql: year(ordered_at), min: 2025 }
      month: { type: integer, sql: month(orderd_at), min: 1 }
      day:   { type: text, sql: day(ordered_at), values: ['1'] }
";
    folder.write("specs/shop.yml", &SHOP.replacen("  customers:\n", &format!("{raw}  customers:\n"), 1));
    let all = folder.findings(&["verify"]);
    let expected = [("K0912", "year"), ("K0903", "orderd_at"), ("K0902", "day")];
    assert_eq!(all.iter().map(|(code, at, _)| (code.as_str(), at.as_str())).collect::<Vec<_>>(), expected, "{all:#?}");
    assert!(all[0].2.contains("has 3 rows whose `year` is not 2025 or more, such as 2024 (order_id a)"), "{all:#?}");
    assert!(all[1].2.contains("the SQL of `month` cannot be run"), "{all:#?}");
}

#[test]
fn a_calendar_with_a_gap_is_found() {
    let folder = Folder::new();
    folder.write("kpic.yml", "kpic: 1\ncalendar: { start: 2024-01-01, as_of: 2024-01-20, source: retail }\n");
    folder.write(
        "specs/retail.yml",
        "
sources:
  retail:
    query: |
      select cast(range as date) as day, date_trunc('week', range)::date as week, date_trunc('month', range)::date as month,
        date_trunc('quarter', range)::date as quarter, date_trunc('year', range)::date as year
      from range(date '2024-01-01', date '2025-01-01', interval 1 day) where range <> date '2024-01-17'
    kind: entities
    row: day
    key: day
    columns: { day: date, week: date, month: date, quarter: date, year: date }
",
    );
    let all = folder.findings(&["verify"]);
    assert!(
        all.iter().any(|(code, at, said)| code == "K0904" && at == "retail" && said.contains("2024-01-17 is missing")),
        "{all:#?}"
    );
    let printed = folder.kpic(&["verify"]).stdout;
    assert!(shows(&printed, "its rows are a calendar wrong"), "{printed}");
}

#[test]
fn the_sql_is_shown_and_says_the_same() {
    let folder = shop("insert into orders values ('a', '2024-02-01', 7, -5, 'open', 3);");
    let printed = folder.fine(&["verify", "orders", "--sql"]);
    assert_eq!(printed.matches("\n-- orders: rows that break this rule: ").count(), 9, "{printed}");
    let answers = folder.sql("shop.duckdb", &printed);
    let lines: Vec<&str> = answers.lines().collect();
    assert_eq!(lines, ["4,1,0,0,0,1,1,0,0,1", "a,2", "7,1", "a,-5.00", "3,1"], "{answers}");
}

#[test]
fn what_is_asked_for_wrongly_is_said() {
    let folder = shop("");
    let outcome = folder.kpic(&["verify", "order"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""));
    assert!(outcome.stderr.contains("there is no source `order`") && outcome.stderr.contains("did you mean `orders`?"));

    let outcome = folder.kpic(&["verify", "--duckdb", "nowhere"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (3, ""), "{}", outcome.stderr);
    let outcome = folder.kpic(&["verify", "--database", "none.duckdb"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (3, ""), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("none.duckdb"), "{}", outcome.stderr);

    folder.write("specs/shop.yml", &SHOP.replace("kind: events", "kind: evnets"));
    assert_eq!(folder.kpic(&["verify"]).code, 1);
}
