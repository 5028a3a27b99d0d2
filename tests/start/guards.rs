//! What `run`, `query`, `status`, `review` and `why` say of the data that their figures read.

use crate::folder::{Folder, Outcome};
use serde_json::Value;

const PROJECT: &str = "kpic: 1
project: shop
calendar: { start: 2024-01-01, as_of: 2024-03-31 }
warehouse: { database: shop.duckdb }
lints: { missing-owner: allow, missing-description: allow, missing-counter-metric: allow, plain-revenue-north-star: allow, orphan-team: allow }
";

const SHOP: &str = "
sources:
  orders:
    table: orders
    kind: events
    row: order
    key: id
    time: day
    columns:
      id: integer
      day: date
      customer: { column: customer_id, references: customers }
      amount: { type: integer, unit: EUR, min: 0 }
      status: { type: text, values: [open, paid], nullable: false }
  customers:
    table: customers
    kind: entities
    row: customer
    key: id
    columns: { id: integer, country: text, region: { references: regions } }
  regions:
    table: regions
    kind: entities
    row: region
    key: name
    columns: { name: text, head: text }
dimensions:
  country: { from: { orders: customer.country } }
north_star: { volume: german }
kpis:
  revenue: { formula: sum(orders.amount), unit: EUR, better: up, by: [country] }
  german: { formula: \"sum(orders.amount where customer.country = 'DE' and status = 'paid')\", unit: EUR, better: up }
  of_anna: { formula: \"sum(orders.amount where customer.region.head = 'Anna')\", unit: EUR, better: up }
  first_amount: { formula: first(orders.amount), unit: EUR, better: up }
guardrails:
  few: { when: german < 1000, owner: sales, action: Call them. }
teams:
  sales: { title: Sales }
objectives:
  more:
    title: Sell more
    owner: sales
    period: 2024-Q1
    key_results:
      germany: { kpi: german, from: 0, to: 100 }
";

/// Two customers are not there, 8 and 9, and the region of 7 is not: three orders, one of them open, and two. One paid order has no day,
/// one is of April.
const TABLES: &str = "
create table customers (id integer, country varchar, region varchar);
insert into customers values (7, 'DE', 'north'), (6, 'AT', null);
create table regions (name varchar, head varchar);
insert into regions values ('south', 'Anna');
create table orders (id integer, day date, customer_id integer, amount integer, status varchar);
insert into orders values
  (1, '2024-01-10', 7, 10, 'paid'), (2, '2024-02-10', 7, 20, 'paid'), (3, '2024-02-11', 8, 30, 'paid'), (4, '2024-03-11', 9, 40, 'paid'),
  (5, '2024-04-01', 8, 50, 'paid'), (6, '2024-02-12', null, 60, 'paid'), (7, '2024-02-13', 8, 70, 'open'), (8, null, 7, 80, 'paid'),
  (9, '2024-03-12', 6, -5, 'opne');
";

fn shop(changes: &str) -> Folder {
    let folder = Folder::new();
    folder.write("kpic.yml", PROJECT);
    folder.write("specs/shop.yml", SHOP);
    folder.sql("shop.duckdb", &format!("{TABLES}{changes}"));
    folder
}

/// The messages on stderr, each on one line, with the mark of its level.
fn said(outcome: &Outcome) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in outcome.stderr.lines() {
        let text = line.trim_start();
        match text.strip_prefix("│ ") {
            _ if text.starts_with("⚠ ") || text.starts_with("× ") => found.push(text.to_owned()),
            Some(rest) if line.starts_with("  │ ") => {
                if let Some(last) = found.last_mut() {
                    last.push(' ');
                    last.push_str(rest);
                }
            }
            _ => {}
        }
    }
    found
}

const NOT_FOUND: &str = "⚠ `orders` has 2 rows whose `customer` is not in `customers`, such as 8 (1 row); 9 (1 row)";
const WITHOUT_DAY: &str = "⚠ `orders` has 1 row whose time `day` is null, such as id 8";
const BELOW: &str = "⚠ `orders` has 1 row whose `amount` is not 0 or more, such as -5 (id 9)";
const MISSPELT: &str = "⚠ `orders` has 1 row whose `status` is not in `values:`, such as opne (1 row)";

#[test]
fn what_figures_leave_out_is_said_and_they_are_shown() {
    let folder = shop("");
    let outcome = folder.kpic(&["query", "german"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(said(&outcome), [WITHOUT_DAY, NOT_FOUND, MISSPELT], "{}", outcome.stderr);
    for part in
        ["[specs/shop.yml:12:52]", "help: load the rows that `customers` lacks", "if this is intended, write", "3 warnings"]
    {
        assert!(outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
    }
    assert!(outcome.stdout.contains("2024-01") && outcome.stdout.contains("10.00"), "{}", outcome.stdout);

    // The open order of a customer who is not there counts for who does not ask for the paid ones.
    let outcome = folder.kpic(&["query", "of_anna"]);
    let expected = [
        WITHOUT_DAY,
        "⚠ `orders` has 3 rows whose `customer` is not in `customers`, such as 8 (2 rows); 9 (1 row)",
        BELOW,
        "⚠ `orders` has 2 rows whose `customer.region` is not in `regions`, such as north (2 rows)",
    ];
    assert_eq!((outcome.code, said(&outcome)), (0, expected.map(str::to_owned).to_vec()), "{}", outcome.stderr);
    let outcome = folder.kpic(&["query", "revenue"]);
    assert_eq!(said(&outcome), [WITHOUT_DAY, BELOW], "{}", outcome.stderr);
}

/// What stands in a source in the place of its table.
type Relation = fn(&str) -> String;

#[test]
fn tables_files_and_queries_are_looked_at_alike() {
    let folder = shop("");
    let copies: String = ["orders", "customers", "regions"]
        .map(|table| format!("copy {table} to '{table}.parquet'; copy {table} to '{table}.csv' (header);"))
        .concat();
    folder.sql("shop.duckdb", &copies);
    let ways: [(&str, Relation); 3] = [
        ("files: {}.parquet", |table| format!("files: {table}.parquet")),
        ("files: {}.csv", |table| format!("files: {table}.csv")),
        ("query: from {}", |table| format!("query: select * from {table}")),
    ];
    for (way, relation) in ways {
        let mut spec = SHOP.to_owned();
        for table in ["orders", "customers", "regions"] {
            spec = spec.replace(&format!("table: {table}\n"), &format!("{}\n", relation(table)));
        }
        folder.write("specs/shop.yml", &spec);
        let outcome = folder.kpic(&["query", "german", "of_anna"]);
        let expected = [
            WITHOUT_DAY,
            "⚠ `orders` has 3 rows whose `customer` is not in `customers`, such as 8 (2 rows); 9 (1 row)",
            BELOW,
            MISSPELT,
            "⚠ `orders` has 2 rows whose `customer.region` is not in `regions`, such as north (2 rows)",
        ];
        assert_eq!((outcome.code, said(&outcome)), (0, expected.map(str::to_owned).to_vec()), "{way}: {}", outcome.stderr);
    }
}

#[test]
fn every_command_with_figures_says_it_and_data_stays_data() {
    let folder = shop("");
    let commands: [&[&str]; 5] = [&["run", "german"], &["query", "german"], &["status"], &["review"], &["why", "german"]];
    for command in commands {
        let outcome = folder.kpic(&[command, &["--format", "json"]].concat());
        assert!(said(&outcome).contains(&NOT_FOUND.to_owned()), "{command:?}: {}", outcome.stderr);
        serde_json::from_str::<Value>(&outcome.stdout).unwrap_or_else(|_| panic!("{command:?}: {outcome:?}"));
        let without = folder.kpic(&[command, &["--format", "json", "--no-guards"]].concat());
        assert_eq!((without.code, &without.stdout), (outcome.code, &outcome.stdout), "{command:?}");
        assert_eq!(without.stderr, "note: the data was not checked, because of `--no-guards`\n", "{command:?}");
    }
}

#[test]
fn the_level_is_what_the_project_says() {
    let folder = shop("");
    let with =
        |level: &str| PROJECT.replace("lints: { ", &format!("lints: {{ reference-not-found: {level}, time-missing: allow, "));
    folder.write("kpic.yml", &with("deny"));
    let outcome = folder.kpic(&["run", "german"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""), "{}", outcome.stderr);
    assert!(said(&outcome).contains(&NOT_FOUND.replace('⚠', "×")), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("1 error, 1 warning"), "{}", outcome.stderr);

    folder.write("kpic.yml", &with("warn"));
    let outcome = folder.kpic(&["run", "german"]);
    assert_eq!((outcome.code, said(&outcome)), (0, [NOT_FOUND, MISSPELT].map(str::to_owned).to_vec()));

    folder.write("kpic.yml", &with("allow"));
    let outcome = folder.kpic(&["run", "german"]);
    assert_eq!((outcome.code, said(&outcome)), (0, [MISSPELT].map(str::to_owned).to_vec()));

    folder.write("kpic.yml", PROJECT);
    let reason = "customer: { column: customer_id, references: customers, allow: { reference-not-found: Known. } }";
    folder.write("specs/shop.yml", &SHOP.replace("customer: { column: customer_id, references: customers }", reason));
    let outcome = folder.kpic(&["query", "german"]);
    assert_eq!((outcome.code, said(&outcome)), (0, [WITHOUT_DAY, MISSPELT].map(str::to_owned).to_vec()));
}

#[test]
fn what_would_make_a_number_wrong_is_refused() {
    let doubled = "insert into customers values (7, 'AT', null); insert into orders values (1, '2024-01-10', 6, 11, 'paid');";
    let folder = shop(doubled);
    let refused = |arguments: &[&str], message: &str| {
        let outcome = folder.kpic(arguments);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""), "{arguments:?}: {}", outcome.stderr);
        assert!(said(&outcome).contains(&message.to_owned()), "{arguments:?}: {}", outcome.stderr);
        // How many rows are met through a key that stands twice means nothing.
        assert!(!outcome.stderr.contains("K0910"), "{arguments:?}: {}", outcome.stderr);
    };
    refused(&["query", "german"], "× `customers` has 1 row with the key of another row, such as 7 (2 rows)");
    refused(&["status"], "× `customers` has 1 row with the key of another row, such as 7 (2 rows)");
    refused(&["query", "first_amount"], "× `orders` has 1 row with the key of another row, such as 1 (2 rows)");
    let outcome = folder.kpic(&["query", "german", "--no-guards"]);
    assert_eq!((outcome.code, said(&outcome).len()), (0, 0), "{outcome:?}");
    // Neither figure looks at the keys.
    assert_eq!(folder.kpic(&["query", "revenue"]).code, 0);
}

#[test]
fn up_to_today_is_what_has_been_seen() {
    let days = |days: i32| format!("(current_date + {days})");
    let folder =
        shop(&format!("update orders set day = {} where id = 3; update orders set day = {} where id = 4;", days(-1), days(2)));
    folder.write("kpic.yml", &PROJECT.replace("as_of: 2024-03-31", "as_of: today"));
    let outcome = folder.kpic(&["query", "german"]);
    let expected = "⚠ `orders` has 2 rows whose `customer` is not in `customers`, such as 8 (2 rows)";
    assert!(said(&outcome).contains(&expected.to_owned()), "{}", outcome.stderr);
}

#[test]
fn the_view_counts_what_is_not_as_declared() {
    let folder = shop("insert into orders values (1, '2024-01-10', 6, 11, 'paid');");
    folder.write("kpic.yml", &PROJECT.replace("lints: { ", "lints: { out-of-range: deny, undeclared-value: allow, "));
    assert_eq!(folder.kpic(&["build"]).code, 0);
    let built = folder.read("build/sql/duckdb/source_checks.sql");
    let query = built.split_once("\nwith\n").map(|(_, query)| format!("with\n{query}")).unwrap();
    let printed = folder.sql("shop.duckdb", &query);
    let broken: Vec<&str> = printed.lines().filter(|line| !line.contains(",0,")).collect();
    let expected = [
        "orders,key-not-unique,id,1,error",
        "orders,time-missing,day,1,warn",
        "orders,out-of-range,amount,1,error",
        "orders,undeclared-value,status,1,allow",
        "orders,reference-not-found,customer,4,warn",
        "customers,reference-not-found,region,1,warn",
    ];
    let sorted = |mut lines: Vec<&str>| {
        lines.sort_unstable();
        lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(sorted(broken), sorted(expected.to_vec()), "{printed}");
    assert!(printed.contains("customers,key-not-unique,id,0,error"), "{printed}");
    let manifest: Value = serde_json::from_str(&folder.read("build/manifest.json")).unwrap();
    let view = &manifest["views"]["source_checks"];
    assert_eq!((view["shows"].as_str(), view["columns"].as_array().map(Vec::len)), (Some("source_checks"), Some(5)), "{view}");
}

const RATES: &str = "
sources:
  payments:
    table: payments
    kind: events
    time: paid_on
    columns:
      paid_on: date
      amount: integer
      rate: { column: currency, references: rates }
  rates:
    table: rates
    kind: states
    key: currency
    snapshot: { on: day, per: key }
    stale_after: 5 days
    columns: { currency: text, day: date, to_eur: integer }
kpis:
  in_eur: { formula: sum(amount * rate.to_eur from payments) }
";

#[test]
fn a_row_after_the_last_day_refers_to_the_reading_of_its_own_time() {
    let folder = Folder::new();
    folder.write("kpic.yml", PROJECT);
    folder.write("specs/rates.yml", RATES);
    // On 2 April the rate of the 1st is in force; it counts up to the 6th.
    let rows = "create table rates (currency varchar, day date, to_eur integer);
        insert into rates values ('USD', '2024-04-01', 2);
        create table payments (paid_on date, amount integer, currency varchar);
        insert into payments values ('2024-04-02', 1, 'USD'), ('2024-04-06', 1, 'USD'), ('2024-04-07', 1, 'USD');";
    folder.sql("shop.duckdb", rows);
    assert_eq!(folder.kpic(&["build"]).code, 0);
    let built = folder.read("build/sql/duckdb/source_checks.sql");
    let query = built.split_once("\nwith\n").map(|(_, query)| format!("with\n{query}")).unwrap();
    let printed = folder.sql("shop.duckdb", &query);
    assert!(printed.contains("payments,reference-not-found,rate,1,warn"), "{printed}");
}
