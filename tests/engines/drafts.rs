//! `kpic init` and `kpic freeze` over a live PostgreSQL.

use super::driver::driver;
use super::live::connection;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const TABLES: &str = "drop schema if exists sales cascade; create schema sales;
create type sales.state as enum ('paid', 'open');
create table sales.customers (customer_no bigint primary key, name text, signed_up timestamptz, details json);
create table sales.orders (order_no bigint primary key, buyer bigint references sales.customers, ordered_on date, amount numeric(12, 2), state sales.state, \"Place of sale\" text);
create table sales.plans (month date, amount numeric);
create table public.visits (visit_id bigint, customer_no bigint, seen_at timestamp, page text);
insert into sales.customers select n, 'c' || n, timestamptz '2024-01-01 12:00+00' + n * interval '1 day', '{}' from generate_series(1, 20) as n;
insert into sales.orders select n, 1 + n % 20, date '2024-01-05' + cast(n as integer), n * 10, case when n % 3 = 0 then 'open' else 'paid' end::sales.state, 'here'
  from generate_series(1, 40) as n;
insert into public.visits select n, 1 + n % 20, timestamp '2024-01-05 10:00' + n * interval '1 hour', case when n % 2 = 0 then '/a' else '/b' end
  from generate_series(1, 60) as n;";

fn kpic(folder: &Path, arguments: &[&str], connection: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kpic"));
    command.arg("-C").arg(folder).args(arguments).env("KPIC_CONNECTION", connection);
    command.output().unwrap()
}

fn done(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{}{said}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_project_is_drafted_of_the_tables_of_a_server() {
    let Some(mut server) = driver("postgres") else { return };
    server.reset().unwrap();
    server.run(&[TABLES.to_owned()]).unwrap();
    let connection = connection(&mut server);
    let folder = tempfile::tempdir().unwrap();
    done(&kpic(
        folder.path(),
        &["init", "--connection", &connection, "--schema", "sales", "--table", "customers", "orders"],
        "",
    ));
    let read = |path: &str| fs::read_to_string(folder.path().join(path)).unwrap();
    let project = read("kpic.yml");
    assert!(project.contains("dialect: postgres") && !project.contains("host="), "{project}");
    let orders = read("specs/orders.yml");
    for word in [
        "table: sales.orders",
        "kind: events",
        "key: order_no",
        "time: ordered_on",
        "references: customers",
        "[open, paid]",
        "Place of sale",
    ] {
        assert!(orders.contains(word), "no `{word}` in\n{orders}");
    }
    let customers = read("specs/customers.yml");
    for word in ["table: sales.customers", "key: customer_no", "signed_up: instant"] {
        assert!(customers.contains(word), "no `{word}` in\n{customers}");
    }
    assert!(!folder.path().join("specs/plans.yml").exists() && !folder.path().join("specs/visits.yml").exists());
    // It works as it is: 40 orders from 6 January on, so 14 in February. The first whole month of all rows is that.
    let shown = done(&kpic(folder.path(), &["query", "orders", "--grain", "month", "--format", "csv"], &connection));
    assert!(shown.contains("2024-02-01,14,false"), "{shown}");
    done(&kpic(folder.path(), &["verify"], &connection));
    // One more source, for which the project says where it is.
    done(&kpic(folder.path(), &["init", "--table", "visits"], &connection));
    let visits = read("specs/visits.yml");
    for word in ["table: visits", "time: seen_at", "references: customers", "[\"/a\", \"/b\"]"] {
        assert!(visits.contains(word), "no `{word}` in\n{visits}");
    }
    // What kpic has deployed is no source.
    server.run(&["create schema figures".to_owned()]).unwrap();
    fs::write(folder.path().join("kpic.yml"), project.replace("schema: kpi", "schema: figures")).unwrap();
    done(&kpic(folder.path(), &["deploy"], &connection));
    let other = tempfile::tempdir().unwrap();
    done(&kpic(other.path(), &["init", "--dialect", "postgres", "--yes"], &connection));
    let mut names: Vec<_> = fs::read_dir(other.path().join("specs")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert!(
        names.iter().any(|name| name == "customers.yml") && !names.iter().any(|name| name == "source_checks.yml"),
        "{names:?}"
    );
    server.reset().unwrap();
    server.run(&["drop schema if exists sales cascade; drop schema if exists figures cascade".to_owned()]).unwrap();
}

#[test]
fn a_baseline_is_frozen_as_a_server_has_it() {
    let Some(mut server) = driver("postgres") else { return };
    server.reset().unwrap();
    // 30 EUR in December, the month before the objective starts.
    let rows = "create table public.orders (day date, amount numeric(12, 2));
insert into public.orders values ('2023-12-05', 10), ('2023-12-30', 20), ('2024-01-03', 7);";
    server.run(&[rows.to_owned()]).unwrap();
    let connection = connection(&mut server);
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("specs")).unwrap();
    let project =
        "kpic: 1\nproject: shop\ncalendar: { start: 2023-01-01, as_of: 2024-01-31 }\nwarehouse: { dialect: postgres }\n";
    fs::write(folder.path().join("kpic.yml"), project).unwrap();
    let spec = "teams:
  shop: { title: Shop }
sources:
  orders: { table: orders, kind: events, time: day, columns: { day: date, amount: { type: decimal, unit: EUR } } }
kpis:
  revenue: { formula: sum(orders.amount), unit: EUR, owner: shop, better: up }
objectives:
  grow:
    owner: shop
    period: 2024-Q1
    key_results:
      more: { kpi: revenue, from: measured, to: 100 EUR }
";
    fs::write(folder.path().join("specs/all.yml"), spec).unwrap();
    let printed = done(&kpic(folder.path(), &["freeze"], &connection));
    assert!(printed.contains("1 baseline"), "{printed}");
    let frozen = fs::read_to_string(folder.path().join("specs/all.yml")).unwrap();
    assert!(frozen.contains("from: 30,"), "{frozen}");
    server.reset().unwrap();
}
