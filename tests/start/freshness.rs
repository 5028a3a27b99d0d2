//! What commands say of a load that has stopped, and of keys that are read on days of their own.

use crate::folder::Folder;

const SPEC: &str = "
sources:
  orders:
    table: orders
    kind: events
    row: order
    time: day
    fresh_within: 2 days
    expect: every week
    columns: { day: date, amount: integer }
kpis:
  revenue: { formula: sum(orders.amount), grain: week, description: What orders bring. }
objectives:
  grow:
    title: Earn more
    period: 2024-Q1
    review: weekly
    key_results:
      more: { kpi: revenue, from: 0, to: 10 }
";

/// A shop whose orders have stopped on 3 March, a Sunday, with none in the week from 12 February.
fn stopped() -> Folder {
    let folder = Folder::new();
    folder.write(
        "kpic.yml",
        "kpic: 1\nproject: shop\ncalendar: { start: 2024-01-29, as_of: 2024-03-14 }\nwarehouse: { database: shop.duckdb }\n",
    );
    folder.write("specs/shop.yml", SPEC);
    folder.sql(
        "shop.duckdb",
        "create table orders (day date, amount integer);
         insert into orders values ('2024-01-30', 1), ('2024-02-07', 2), ('2024-02-20', 4), ('2024-03-03', 8);",
    );
    folder
}

const LINE: &str = "stale: orders: last row 2024-03-03, 11 days before `as_of`; later figures are left out\n";

#[test]
fn commands_begin_with_a_load_that_has_stopped() {
    let folder = stopped();
    for command in [&["run"][..], &["status"], &["review", "weekly"]] {
        let said = folder.kpic(command);
        assert_eq!(said.code, 0, "{command:?}: {}{}", said.stdout, said.stderr);
        assert!(said.stdout.contains(LINE), "{command:?}: {}{}", said.stdout, said.stderr);
    }
    let asked = folder.kpic(&["query", "revenue", "--grain", "week", "--format", "csv"]);
    assert_eq!(asked.stderr, LINE);
    let expected = "\
period,revenue,is_complete
2024-01-29,1,true
2024-02-05,2,true
2024-02-12,0,false
2024-02-19,4,true
2024-02-26,8,false
2024-03-04,,false
2024-03-11,,false
";
    assert_eq!(asked.stdout, expected);
}

#[test]
fn a_load_that_has_stopped_fails_verify() {
    let folder = stopped();
    let said = folder.kpic(&["verify"]);
    assert_eq!(said.code, 1, "{}{}", said.stdout, said.stderr);
    let found = folder.findings(&["verify"]);
    let expected = [
        ("K0926", "`orders` is not fresh: last row 2024-03-03, 11 days before `as_of`, more than the allowed 2 days"),
        ("K0927", "2 weeks of `orders` have no row, the last of them that from 2024-03-04"),
    ];
    assert_eq!(found.iter().map(|(code, _, message)| (code.as_str(), message.as_str())).collect::<Vec<_>>(), expected);
}

#[test]
fn verify_says_which_keys_come_and_go() {
    let folder = Folder::new();
    folder.write("kpic.yml", "kpic: 1\nproject: bank\ncalendar: { start: 2024-01-01, as_of: 2024-03-31 }\n");
    folder.write(
        "specs/bank.yml",
        "
sources:
  statements:
    query: select * from (values ('a', date '2024-01-31', 100), ('b', date '2024-01-30', 50), ('a', date '2024-02-29', 110), ('b', date '2024-02-28', 50)) t(acc, d, m)
    kind: states
    row: account
    key: acc
    snapshot: d
    every: month
    columns: { acc: text, d: date, m: { type: integer, unit: EUR } }
  readings:
    query: select * from (values ('a', date '2024-01-31', 100), ('b', date '2024-01-30', 50), ('a', date '2024-02-29', 110), ('b', date '2024-02-28', 50)) t(acc, d, m)
    kind: states
    row: account
    key: acc
    snapshot: { on: d, per: key }
    stale_after: 30 days
    columns: { acc: text, d: date, m: { type: integer, unit: EUR } }
kpis:
  as_one:  { formula: sum(statements.m), unit: EUR }
  balance: { formula: sum(readings.m), unit: EUR }
",
    );
    let asked = folder.kpic(&["query", "as_one", "balance", "--format", "csv"]);
    // 30 days after the 29th of February no reading counts any more: 30 March is the last day with one.
    assert_eq!(
        asked.stdout,
        "period,as_one,balance,is_complete\n2024-01-01,100,150,true\n2024-02-01,110,160,true\n2024-03-01,110,,false\n"
    );
    let said = folder.kpic(&["verify"]);
    let printed = format!("{}{}", said.stdout, said.stderr);
    assert_eq!(said.code, 0, "{printed}");
    for part in ["`statements` has 2 keys missing from one snapshot and back in a later one", "`readings` has 2 keys "] {
        assert!(printed.contains(part), "{part}\n{printed}");
    }
}
