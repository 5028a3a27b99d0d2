//! `kpic deploy` into a live PostgreSQL: what changes, what is left alone, who may read it, and that a failure leaves everything as it was.

use super::driver::{Driver, driver};
use super::live::connection;
use kpic::deploy::{self, How};
use kpic::engine::{Postgres, postgres};
use kpic::pipeline::{Options, check};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const PROJECT: &str = "kpic: 1
project: shop
calendar: { start: 2024-01-01, as_of: 2024-02-29 }
warehouse: { dialect: postgres, schema: kpi, source_schema: raw }
lints: { quiet-source: allow, missing-description: allow, missing-owner: allow }
";

const SPEC: &str = "sources:
  orders:
    table: orders
    kind: events
    row: order
    time: day
    columns: { day: date, amount: { type: decimal, unit: EUR }, country: text, \"place of sale\": text }
kpis:
  revenue: { title: Revenue, description: What was paid., formula: sum(orders.amount), unit: EUR, aliases: [sales], by: [country] }
  orders: { formula: count(orders) }
scorecards:
  shop: { title: The shop, kpis: [revenue, orders] }
";

/// 30 EUR in January, 12 in February.
const ROWS: &str = "drop schema if exists kpi cascade; drop schema if exists raw cascade; create schema raw;
create table raw.orders (day date, amount numeric(12, 2), country text, \"place of sale\" text);
insert into raw.orders values ('2024-01-05', 10, 'de', 'x'), ('2024-01-06', 20, 'fr', 'x'), ('2024-02-01', 12, 'de', 'x');";

const ALL: [&str; 8] = [
    "kpi.kpi_values",
    "kpi.orders",
    "kpi.revenue",
    "kpi.revenue__by_country",
    "kpi.sales",
    "kpi.sales__by_country",
    "kpi.scorecard__shop",
    "kpi.source_checks",
];

/// What `orders` is without the column that needs quotes.
fn plain() -> String {
    SPEC.replace(", \"place of sale\": text", "")
}

/// A project beside a server.
struct Shop {
    folder: TempDir,
    connection: String,
}

impl Shop {
    fn of(server: &mut Driver, project: &str, spec: &str) -> Self {
        server.reset().unwrap();
        server.run(&[ROWS.to_owned()]).unwrap();
        let shop = Self { folder: tempfile::tempdir().unwrap(), connection: connection(server) };
        shop.write("kpic.yml", project);
        shop.write("specs/all.yml", spec);
        shop
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn kpic(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kpic"));
        command.args(arguments).arg("-C").arg(self.folder.path()).env("KPIC_CONNECTION", &self.connection);
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/duckdb");
        if std::env::var_os("KPIC_DUCKDB").is_none() && beside.is_file() {
            command.env("KPIC_DUCKDB", beside);
        }
        command.output().unwrap()
    }

    /// Deploys, and gives the views of which this became.
    fn deployed(&self, arguments: &[&str], change: &str) -> Vec<String> {
        let output = self.kpic(&[&["deploy", "--format", "json"], arguments].concat());
        assert!(output.status.success(), "{}", said(&output));
        let all: Value = serde_json::from_slice(&output.stdout).unwrap();
        let views = all["views"].as_array().unwrap().iter().filter(|view| view["change"] == change);
        let mut views: Vec<_> = views.map(|view| view["relation"].as_str().unwrap().to_owned()).collect();
        views.sort();
        views
    }

    /// What a deployment says that fails.
    fn refused(&self, arguments: &[&str], code: i32) -> String {
        let output = self.kpic(&[&["deploy"], arguments].concat());
        let said = said(&output);
        assert_eq!(output.status.code(), Some(code), "{said}");
        for word in ["ERROR", "LINE 1", "LOCATION", "psql:", "DETAIL", "HINT", "SQLSTATE"] {
            assert!(!said.contains(word), "{said}");
        }
        said
    }
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn cells(server: &mut Driver, sql: &str) -> Vec<String> {
    let cell = |cell: &Option<String>| cell.clone().unwrap_or_default();
    server.query(sql).unwrap().rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join("|")).collect()
}

/// All that the server knows of the schema.
fn state(server: &mut Driver) -> Vec<String> {
    cells(
        server,
        "select c.oid::text, c.relname, c.relkind::text, c.relacl::text, obj_description(c.oid), case when c.relkind = 'v' then pg_get_viewdef(c.oid) end, \
         (select string_agg(attname || coalesce(col_description(c.oid, attnum), ''), ',' order by attnum) from pg_attribute where attrelid = c.oid) \
         from pg_class c join pg_namespace n on n.oid = c.relnamespace where nspname = 'kpi' order by c.relname",
    )
}

#[test]
fn views_are_made_and_made_again_only_where_they_change() {
    let Some(mut server) = driver("postgres") else { return };
    let shop = Shop::of(&mut server, PROJECT, &plain());
    assert_eq!(shop.deployed(&["--dry-run"], "new"), ALL);
    assert!(state(&mut server).is_empty());
    assert_eq!(shop.deployed(&[], "new"), ALL);
    let revenue = "select period::text, value::text from kpi.revenue order by period";
    let sales = &revenue.replace("kpi.revenue", "kpi.sales");
    assert_eq!(cells(&mut server, revenue), ["2024-01-01|30", "2024-02-01|12"]);
    let first = state(&mut server);
    assert_eq!(shop.deployed(&[], "same"), ALL);
    assert_eq!(state(&mut server), first);
    // A view of other columns or types cannot be replaced: it is dropped and made, and so are those that read it.
    server.run(&["grant select on kpi.orders to public".to_owned()]).unwrap();
    let changed = plain().replace("sum(orders.amount)", "sum(orders.amount * 1.0)").replace("unit: EUR, aliases", "aliases");
    shop.write("specs/all.yml", &changed.replace("by: [country]", "by: [country], grains: [month, year]"));
    assert_eq!(shop.deployed(&[], "new").len(), 4);
    assert_eq!(cells(&mut server, sales).len(), 2);
    // What is changed by hand is told, and made right. Its comment has stayed.
    server.run(&["create or replace view kpi.orders as select current_date as period, cast(7 as bigint) as value, true as is_complete".to_owned()]).unwrap();
    assert_eq!(shop.deployed(&["--dry-run"], "edited"), ["kpi.orders"]);
    assert_eq!(shop.deployed(&[], "edited"), ["kpi.orders"]);
    assert_eq!(cells(&mut server, "select value::text from kpi.orders order by period"), ["2", "1"]);
    // Rights that somebody has given stay where a view is replaced.
    assert!(cells(&mut server, "select relacl::text from pg_class where oid = 'kpi.orders'::regclass")[0].contains("=r/"));
    server.reset().unwrap();
}

#[test]
fn what_others_have_made_is_never_touched() {
    let Some(mut server) = driver("postgres") else { return };
    for made in [
        "table kpi.revenue (a int)",
        "view kpi.revenue as select 1 as a",
        "materialized view kpi.revenue as select 1 as a",
        "sequence kpi.revenue",
    ] {
        let shop = Shop::of(&mut server, PROJECT, &plain());
        server.run(&[format!("create schema kpi; create {made}")]).unwrap();
        let before = state(&mut server);
        let said = shop.refused(&["--drop"], 1);
        assert!(said.contains("not-made-by-kpic") && said.contains("nothing was changed"), "{said}");
        assert_eq!(state(&mut server), before, "{made}");
    }
    // Views that no spec names are dropped when that is asked, and only kpic's.
    let shop = Shop::of(&mut server, PROJECT, &plain());
    shop.deployed(&[], "new");
    server.run(&["create view kpi.report as select 1 as a; create table kpi.plans as select 1 as a".to_owned()]).unwrap();
    shop.write("specs/all.yml", &plain().replace("aliases: [sales], ", ""));
    assert_eq!(shop.deployed(&[], "gone"), ["kpi.sales", "kpi.sales__by_country"]);
    assert_eq!(shop.deployed(&["--drop"], "dropped"), ["kpi.sales", "kpi.sales__by_country"]);
    let names =
        "select relname::text from pg_class where oid::regclass::text in ('kpi.report', 'kpi.plans', 'kpi.sales') order by 1";
    assert_eq!(cells(&mut server, names), ["plans", "report"]);
    // A view that somebody else reads is not dropped under them.
    server.run(&["create view public.reader as select value from kpi.revenue__by_country".to_owned()]).unwrap();
    shop.write("specs/all.yml", &plain().replace("aliases: [sales], by: [country]", ""));
    let before = state(&mut server);
    let said = shop.refused(&["--drop"], 1);
    assert!(said.contains("something else in the database is made of it"), "{said}");
    assert_eq!(state(&mut server), before);
    server.run(&["drop view public.reader".to_owned()]).unwrap();
    assert_eq!(shop.deployed(&["--drop"], "dropped"), ["kpi.revenue__by_country"]);
    server.reset().unwrap();
}

#[test]
fn a_failure_leaves_everything_as_it_was_and_tells_which_view() {
    let Some(mut server) = driver("postgres") else { return };
    let shop = Shop::of(&mut server, PROJECT, &plain());
    shop.deployed(&[], "new");
    let before = state(&mut server);
    let wrong = plain()
        .replace("sum(orders.amount)", "sum(orders.amount where amount > 10)")
        .replace("count(orders)", "count(gone)")
        .replace("kpis:\n", "  gone: { table: gone, kind: events, time: day, columns: { day: date } }\nkpis:\n");
    shop.write("specs/all.yml", &wrong);
    let said = shop.refused(&["--drop"], 1);
    for word in [
        "the view `kpi.orders` cannot be made",
        "there is no table or view `raw.gone`",
        "specs/all.yml:11",
        "nothing was changed",
    ] {
        assert!(said.contains(word), "no `{word}` in {said}");
    }
    assert_eq!(state(&mut server), before);
    // Nor is anything left where the schema was not there.
    server.run(&[ROWS.to_owned()]).unwrap();
    shop.refused(&[], 1);
    assert_eq!(cells(&mut server, "select count(*)::text from pg_namespace where nspname = 'kpi'"), ["0"]);
    server.reset().unwrap();
}

#[test]
fn tables_are_filled_anew_beside_their_readers() {
    let Some(mut server) = driver("postgres") else { return };
    let spec = plain().replace("aliases: [sales]", "aliases: [sales], materialize: table");
    let shop = Shop::of(&mut server, PROJECT, &spec);
    assert_eq!(shop.deployed(&[], "new"), ALL);
    let tables = "select relname::text from pg_class where relnamespace = 'kpi'::regnamespace and relkind = 'r' order by 1";
    assert_eq!(cells(&mut server, tables), ["revenue", "revenue__by_country"]);
    let revenue = "select period::text, value::text from kpi.sales order by period";
    server.run(&["insert into raw.orders values ('2024-02-02', 5, 'fr', 'x')".to_owned()]).unwrap();
    server.run(&["create schema bi; create view bi.latest as select max(value) as most from kpi.revenue".to_owned()]).unwrap();
    assert_eq!(cells(&mut server, revenue), ["2024-01-01|30", "2024-02-01|12"]);
    assert_eq!(shop.deployed(&[], "refreshed"), ["kpi.revenue", "kpi.revenue__by_country"]);
    assert_eq!(cells(&mut server, revenue), ["2024-01-01|30", "2024-02-01|17"]);
    assert_eq!(cells(&mut server, "select most::text from bi.latest"), ["30"]);
    // Another query makes another table, which what others have built on it does not let go.
    shop.write("specs/all.yml", &spec.replace("sum(orders.amount)", "sum(orders.amount where amount > 5)"));
    let said = shop.refused(&[], 1);
    assert!(said.contains("the table `kpi.revenue` cannot be made"), "{said}");
    server.run(&["drop schema bi cascade".to_owned()]).unwrap();
    let changed: Vec<&str> = ALL.into_iter().filter(|view| !view.ends_with("orders") && !view.ends_with("checks")).collect();
    assert_eq!(shop.deployed(&[], "changed"), changed);
    assert_eq!(cells(&mut server, revenue), ["2024-01-01|30", "2024-02-01|12"]);
    // Tables become views under all of their names.
    shop.write("specs/all.yml", &plain());
    assert_eq!(shop.deployed(&[], "changed"), changed);
    assert_eq!(cells(&mut server, tables), [""; 0]);
    assert_eq!(cells(&mut server, revenue), ["2024-01-01|30", "2024-02-01|17"]);
    server.reset().unwrap();
}

#[test]
fn roles_are_let_read_and_kept_from_it() {
    let Some(mut server) = driver("postgres") else { return };
    let roles = "do $$ begin create role analyst; create role \"Chef \"\"de\"\" ventes\"; exception when duplicate_object then null; end $$";
    let project = |grants: &str| PROJECT.replace("source_schema: raw", &format!("source_schema: raw{grants}"));
    let shop = Shop::of(&mut server, &project(", grants: { select: [analyst, 'Chef \"de\" ventes'] }"), &plain());
    server.run(&[roles.to_owned()]).unwrap();
    assert_eq!(shop.deployed(&[], "new"), ALL);
    let may = |server: &mut Driver| {
        cells(
            server,
            "select has_table_privilege(r, 'kpi.revenue', 'select')::text from (values ('analyst'), ('Chef \"de\" ventes')) as t(r)",
        )
    };
    assert_eq!(may(&mut server), ["true", "true"]);
    assert_eq!(cells(&mut server, "select has_schema_privilege('analyst', 'kpi', 'usage')::text"), ["true"]);
    assert_eq!(shop.deployed(&[], "same"), ALL);
    shop.write("kpic.yml", &project(", grants: { select: [analyst] }"));
    assert_eq!(shop.deployed(&[], "changed"), ALL);
    assert_eq!(may(&mut server), ["true", "false"]);
    shop.write("kpic.yml", &project(", grants: { select: [analyts] }"));
    let said = shop.refused(&[], 3);
    assert!(said.contains("there is no role `analyts`"), "{said}");
    server.reset().unwrap();
    server
        .run(&[
            "drop schema if exists kpi cascade; drop owned by analyst; drop role analyst; drop role \"Chef \"\"de\"\" ventes\""
                .to_owned(),
        ])
        .unwrap();
}

#[test]
fn what_somebody_else_changes_in_between_is_left_alone() {
    let Some(mut server) = driver("postgres") else { return };
    let shop = Shop::of(&mut server, PROJECT, &plain());
    let project = check(shop.folder.path(), &Options::default()).valid().unwrap();
    let engine = Postgres { program: postgres::find().unwrap(), connection: Some(shop.connection.clone()), timeout: None };
    let dialect = kpic::dialect::dialect(Some("postgres"));
    let catalog = dialect.catalog().unwrap();
    let planned = || {
        let found = deploy::found(&project, &engine, dialect, catalog).unwrap();
        deploy::plan(&project, &deploy::wanted(&project, dialect).unwrap(), &found, How::default(), dialect, catalog).unwrap()
    };
    let plan = planned();
    server.run(&["create schema kpi; create table kpi.plans as select 1 as a".to_owned()]).unwrap();
    let before = state(&mut server);
    let findings = deploy::carry_out(&project, &engine, &plan).unwrap();
    let said: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(said, ["somebody else has changed the schema `kpi` in the meantime"]);
    assert_eq!(state(&mut server), before);
    assert!(deploy::carry_out(&project, &engine, &planned()).unwrap().is_empty());
    assert_eq!(shop.deployed(&[], "same"), ALL);
    server.reset().unwrap();
}

/// Texts that mean something to SQL, its programs, or terminals.
const HOSTILE: &[&str] = &[
    "'; drop schema raw cascade; --",
    "it''s \\' \\\\ \"quoted\"",
    "*/ /* -- $$ $kpic0$ $kpic1$ $sql0$ $1 :name :'name' {definition} %L %s",
    "\n.quit\n\\q\n\\! touch hacked\n\\gexec\n",
    "größer \u{1f600} \u{2028} 漢字",
    "\nkpic: {\"definition\":\"\",\"view\":\"orders\",\"sum\":\"1-1\"}",
    "ends with a backslash\\",
];

#[test]
fn hostile_texts_are_data() {
    let Some(mut server) = driver("postgres") else { return };
    for hostile in HOSTILE {
        let text = serde_json::to_string(hostile).unwrap();
        let spec =
            plain().replace("title: Revenue, description: What was paid.", &format!("title: {text}, description: {text}"));
        let shop = Shop::of(&mut server, PROJECT, &spec);
        assert_eq!(shop.deployed(&[], "new"), ALL, "{hostile}");
        assert_eq!(shop.deployed(&[], "same"), ALL, "{hostile}");
        let comments = "select obj_description('kpi.revenue'::regclass), col_description('kpi.revenue'::regclass, 2)";
        let said = server.query(comments).unwrap().rows.remove(0);
        for said in said {
            assert!(said.as_ref().is_some_and(|said| said.contains(hostile.trim())), "{hostile}: {said:?}");
        }
        assert_eq!(cells(&mut server, "select count(*)::text from raw.orders"), ["3"]);
        assert!(!shop.folder.path().join("hacked").exists());
    }
    server.reset().unwrap();
}

#[test]
fn a_user_without_rights_is_told_what_is_missing() {
    let Some(mut server) = driver("postgres") else { return };
    let mut shop = Shop::of(&mut server, PROJECT, &plain());
    server.run(&["do $$ begin create role guest login; exception when duplicate_object then null; end $$".to_owned()]).unwrap();
    shop.connection = shop.connection.replace("user=kpic", "user=guest");
    let said = shop.refused(&[], 1);
    assert!(said.contains("the schema `kpi` cannot be made") && said.contains("make it by hand"), "{said}");
    server
        .run(&["create schema kpi; grant usage on schema raw to guest; grant select on raw.orders to guest".to_owned()])
        .unwrap();
    // To read is enough for figures.
    let output = shop.kpic(&["query", "revenue", "--format", "csv"]);
    assert!(output.status.success(), "{}", self::said(&output));
    let said = shop.refused(&[], 1);
    assert!(said.contains("cannot be made") && said.contains("needs the right to make views"), "{said}");
    server.reset().unwrap();
    server.run(&["drop schema if exists kpi cascade; drop role guest".to_owned()]).unwrap();
}

#[test]
fn a_profile_of_dbt_says_where_the_server_is() {
    let Some(mut server) = driver("postgres") else { return };
    let mut shop = Shop::of(&mut server, PROJECT, &plain());
    let socket = shop.connection.split_whitespace().next().unwrap().replace("host=", "");
    let profiles = format!(
        "shop: {{ target: dev, outputs: {{ dev: {{ type: postgres, host: {socket}, user: kpic, password: 'a b:c@d/', dbname: postgres, threads: 4 }} }} }}\n"
    );
    shop.write("dbt/profiles.yml", &profiles);
    // Another connection of the environment is not taken.
    shop.connection = "postgresql://nobody@localhost:1/nowhere".to_owned();
    let directory = shop.folder.path().join("dbt");
    let named = ["--profile", "shop", "--profiles-dir", directory.to_str().unwrap()];
    assert_eq!(shop.deployed(&named, "new"), ALL);
    let output = shop.kpic(&[&["query", "revenue", "--format", "csv"], named.as_slice()].concat());
    assert!(
        output.status.success() && String::from_utf8_lossy(&output.stdout).contains("2024-01-01,30"),
        "{}",
        self::said(&output)
    );
    server.reset().unwrap();
}
