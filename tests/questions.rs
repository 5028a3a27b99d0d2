//! Questions on the command line: texts are taken as they are typed, whatever stands in them, and one broken definition does not keep the
//! others from being asked, run or tested.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot run the program has failed")]

mod support;

use std::path::Path;
use std::process::Output;
use support::{kpic, text, write_files};

const PROJECT: &str = "kpic: 1
calendar: { start: 2024-01-01, as_of: 2024-01-31 }
lints: { quiet-source: allow, missing-description: allow, missing-owner: allow }
";

/// Pieces of texts that mean something to YAML, SQL, shells or terminals.
const HOSTILE: [&str; 28] = [
    "\n",
    "\r\n",
    "\r",
    "\t",
    " ",
    "  ",
    "'",
    "''",
    "\"",
    "\\",
    "\\n",
    "#",
    " #",
    ": ",
    "- ",
    "é",
    "\u{1f600}",
    "\u{a0}",
    "\u{2028}",
    "\u{85}",
    "%",
    "_",
    "{{ x }}",
    "$1",
    "--",
    "/*",
    "),(",
    "x",
];

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn text(&mut self) -> String {
        (0..self.below(5)).map(|_| HOSTILE[self.below(HOSTILE.len())]).collect()
    }
}

/// A text as formulas write it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The same as SQL, in which nothing is said of lines.
fn in_sql(text: &str) -> String {
    text.chars().fold("''".to_owned(), |sql, char| format!("{sql} || chr({})", u32::from(char)))
}

#[test]
fn texts_are_what_was_typed() {
    let mut numbers = Numbers(9108);
    let mut texts: Vec<String> = HOSTILE.iter().map(|text| (*text).to_owned()).collect();
    texts.extend(HOSTILE.iter().map(|text| format!("x{text}y")));
    texts.extend((0..150).map(|_| numbers.text()));
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<String> = texts.iter().map(|text| format!("(date '2024-01-05', {})", in_sql(text))).collect();
    let query = serde_json::to_string(&format!("select * from (values {}) as t(day, g)", rows.join(", "))).unwrap();
    let spec = format!(
        "sources:\n  o: {{ query: {query}, kind: events, time: day, columns: {{ day: date, g: text }} }}\nkpis:\n  n: {{ formula: count(o), by: [g] }}\n"
    );
    write_files(folder.path(), &[("kpic.yml", PROJECT), ("specs/s.yml", &spec)]);
    let count = |wanted: &str| texts.iter().filter(|text| *text == wanted).count();
    for few in texts.chunks(12) {
        let asked: Vec<String> = few.iter().map(|text| format!("count(o where g = {})", quoted(text))).collect();
        let also = &few[0];
        let condition = format!("g = {} or g in ({})", quoted(also), quoted(&few[few.len() - 1]));
        let mut arguments: Vec<&str> = vec!["query", "n", "--format", "csv", "--where", &condition];
        assert_eq!(
            figures(folder.path(), &arguments),
            [texts.iter().filter(|text| *text == also || **text == few[few.len() - 1]).count()]
        );
        arguments.truncate(1);
        arguments.extend(asked.iter().map(String::as_str));
        arguments.extend(["--format", "csv"]);
        assert_eq!(figures(folder.path(), &arguments), few.iter().map(|text| count(text)).collect::<Vec<_>>(), "{few:?}");
    }
}

/// Rows without a word, with an empty one and with words that may stand for null; only those of `a, b` have an x.
const WORDS: &str = "
sources:
  o:
    query: select * from (values (date '2024-01-05', null, null), (date '2024-01-05', '', null), (date '2024-01-05', 'NA', null),
      (date '2024-01-05', 'a, b', 4)) as t(day, g, x)
    kind: events
    time: day
    columns: { day: date, g: text, x: integer }
kpis:
  n: { formula: count(o), by: [g] }
  m: { formula: avg(o.x), by: [g] }
";

#[test]
fn csv_tells_null_from_an_empty_text() {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), &[("kpic.yml", PROJECT), ("specs/s.yml", WORDS)]);
    let asked = ["query", "n", "m", "--by", "g", "--order", "g", "--format", "csv"];
    let rows = |further: &[&str]| {
        let output = kpic(folder.path(), &[&asked[..], further].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        // Lines come in the order of texts, and null is the first or the last.
        let mut lines: Vec<String> = text(&output.stdout).lines().map(str::to_owned).collect();
        lines[1..].sort();
        lines
    };
    let names = "period,g,n,m,is_complete";
    assert_eq!(
        rows(&[]),
        [names, "2024-01-01,\"\",1,,true", "2024-01-01,\"a, b\",1,4.0,true", "2024-01-01,,1,,true", "2024-01-01,NA,1,,true",]
    );
    assert_eq!(
        rows(&["--null", "NA"]),
        [
            names,
            "2024-01-01,\"\",1,NA,true",
            "2024-01-01,\"NA\",1,NA,true",
            "2024-01-01,\"a, b\",1,4.0,true",
            "2024-01-01,NA,1,NA,true",
        ]
    );
    for (how, said) in [
        (["--format=csv", "--null=a,b"], "cannot contain a comma, a quote or a line break"),
        (["--format=csv", "--null=\""], "cannot contain a comma, a quote or a line break"),
        (["--format=json", "--null=NA"], "add `--format csv`"),
    ] {
        let output = kpic(folder.path(), &[&["query", "n"], &how[..]].concat());
        let message = text(&output.stderr);
        assert_eq!((output.status.code(), message.contains(said)), (Some(2), true), "{message}");
    }
}

/// The figures of the only row that a question answers.
fn figures(folder: &Path, arguments: &[&str]) -> Vec<usize> {
    let output = kpic(folder, arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let answer = text(&output.stdout);
    let (_, row) = answer.trim_end().rsplit_once('\n').unwrap();
    row.split(',').skip(1).filter_map(|cell| cell.parse().ok()).collect()
}

const BROKEN: &str = "
sources:
  orders:
    query: select * from (values (date '2024-01-01', 'x', 'DE', 5), (date '2024-01-02', 'y', 'FR', 7)) as t(day, country, land, amount)
    kind: events
    time: day
    columns: { day: date, country: text, land: text, amount: integer }
  visits: { table: visits, kind: events, time: day, columns: { day: datee, country: text } }
  clicks: { table: clicks, kind: events, time: day, columns: { day: date, visit: { references: visits } } }
dimensions:
  country: { from: { orders: land, visits: country } }
  plan:    { from: { orders: plann } }
  land:    { from: { orders: lend } }
kpis:
  revenue:   { formula: sum(orders.amount), by: [country], drives: [{ kpi: bad, effect: up, because: x }] }
  orders:    { formula: count(orders), drives: [{ kpi: seen, effect: up, because: x }] }
  former:    { formula: count(orders) - 0, deprecated: { use: bad } }
  bad:       { formula: sum(orders.amont) }
  worse:     { formula: bad / revenue }
  seen:      { formula: count(visits) }
  clicked:   { formula: count(clicks) }
  per_visit: { formula: revenue / seen }
  by_plan:   { formula: sum(orders.amount) + 0, by: [plan] }
  of_land:   { formula: \"slice(revenue, land = 'DE')\" }
  twice:     { formula: count(orders) * 2 }
teams: { t: { title: T } }
guardrails:
  low:  { when: bad > 5, owner: t, action: x }
  high: { when: revenue > 5, by: [country], owner: t, action: x }
  land: { when: revenue > 5, by: [land], owner: t, action: x }
scorecards:
  all: { kpis: [revenue, worse] }
objectives:
  o: { title: More, owner: t, period: 2024-01, key_results: { r: { kpi: worse, from: 0, to: 5 } } }
tests:
  good:
    given: { orders: [ { day: 2024-01-01, amount: 5, country: x, land: DE } ] }
    expect: { revenue: { 2024-01: 5 }, revenue by country: [ { period: 2024-01, country: DE, value: 5 } ] }
  bad:
    given: { orders: [ { day: 2024-01-01, amount: 5 } ] }
    expect: { revenue: { 2024-01: 5 }, worse: { 2024-01: null } }
";

fn broken(more: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let more = format!("kpis:\n  twice: {{ formula: count(orders) }}\n{more}");
    write_files(folder.path(), &[("kpic.yml", PROJECT), ("specs/a.yml", BROKEN), ("specs/b.yml", &more)]);
    folder
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

#[test]
fn healthy_kpis_are_run_and_broken_ones_named() {
    let folder = broken("");
    let output = kpic(folder.path(), &["run"]);
    let shown = text(&output.stdout);
    assert_eq!(
        text(&output.stderr),
        "left out because of errors: KPIs bad, by_plan, clicked, of_land, per_visit and 3 more; guardrails land, low; `kpic check` \
         shows the errors\n"
    );
    let rows: Vec<Vec<&str>> = shown.lines().map(|line| line.split_whitespace().take(2).collect()).collect();
    assert!(rows.contains(&vec!["revenue", "12"]) && rows.contains(&vec!["orders", "2"]), "{shown}");
    assert!(!shown.contains("seen") && !shown.contains("worse") && shown.contains("1 of 1 guardrail fires"), "{shown}");
    assert_eq!(code(&output), 1);
    // What is asked for is all there.
    let output = kpic(folder.path(), &["run", "revenue"]);
    assert_eq!(code(&output), 0);
    // What is asked for is broken: its errors and those of what it needs, and no figures but those of others that are asked for.
    let broken = [
        ("bad", "no column `amont`"),
        ("worse", "no column `amont`"),
        ("per_visit", "found `datee`"),
        ("of_land", "no column `lend`"),
        ("twice", "K0107"),
    ];
    for (asked, said) in broken {
        let output = kpic(folder.path(), &["run", asked]);
        assert_eq!((code(&output), text(&output.stdout).as_str()), (1, ""), "{asked}");
        let stderr = text(&output.stderr);
        assert!(stderr.contains(said) && stderr.ends_with("1 error\n"), "{asked}: {stderr}");
        let output = kpic(folder.path(), &["run", "revenue", asked]);
        assert_eq!((code(&output), text(&output.stdout).contains("revenue             12")), (1, true), "{asked}");
        assert!(text(&output.stderr).starts_with("left out because of errors: KPIs bad"), "{asked}");
    }
}

#[test]
fn healthy_kpis_are_asked_and_mean_what_they_mean() {
    let folder = broken("");
    // Countries are those that the dimension says, and not the column of its name.
    let output = kpic(folder.path(), &["query", "revenue", "double = revenue * 2", "--by", "country", "--format", "csv"]);
    assert_eq!(
        text(&output.stdout),
        "period,country,revenue,double,is_complete\n2024-01-01,DE,5,10,true\n2024-01-01,FR,7,14,true\n"
    );
    assert_eq!(code(&output), 0);
    assert!(text(&output.stderr).starts_with("left out because of errors: KPIs bad,"), "{}", text(&output.stderr));
    // A dimension whose definition is broken is not the column of its name either.
    for arguments in [
        ["query", "revenue", "--by", "land"],
        ["query", "orders", "--where", "land = 'DE'"],
        ["query", "per_visit + 1", "--grain", "month"],
    ] {
        let output = kpic(folder.path(), &arguments);
        assert_eq!((code(&output), text(&output.stdout).as_str()), (1, ""), "{arguments:?}");
    }
    // What is wrong with the question is a mistake on the command line, with the exit code that it has for every command.
    for arguments in [
        &["query", "nobody"][..],
        &["query", "revenue", "--by", "nowhere"],
        &["query", "revenue", "--where", "country > 1 +"],
        &["query", "revenue as money"],
        &["query", "revenue", "--from", "2024-02-30"],
        &["run", "nobody"],
        &["run", "--periods", "0"],
        &["run", "--timeout", "0"],
    ] {
        assert_eq!(code(&kpic(folder.path(), arguments)), 2, "{arguments:?}");
    }
    // It comes alone.
    let output = kpic(folder.path(), &["query", "nobody"]);
    assert!(text(&output.stderr).ends_with("1 error\n") && text(&output.stderr).contains("there is no KPI `nobody`"));
}

#[test]
fn healthy_tests_are_run() {
    let folder = broken("");
    let output = kpic(folder.path(), &["test"]);
    assert_eq!(text(&output.stdout), "ok   good\npassed 1 test\n");
    assert!(text(&output.stderr).contains("; test bad;"), "{}", text(&output.stderr));
    assert_eq!(code(&output), 1);
    assert_eq!(code(&kpic(folder.path(), &["test", "good"])), 0);
    let output = kpic(folder.path(), &["test", "bad"]);
    assert_eq!((code(&output), text(&output.stdout).as_str()), (1, ""));
    let output = kpic(folder.path(), &["test", "--format", "json"]);
    let found: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert!(found.iter().any(|finding| finding["code"] == "K0207") && code(&output) == 1);
}

#[test]
fn what_concerns_all_keeps_all_from_being_asked() {
    // A file that nobody can read may define anything.
    for more in ["  x: [", "unknown_section: { revenue: 1 }"] {
        let folder = broken(more);
        for arguments in [["query", "revenue"], ["run", "revenue"], ["test", "good"]] {
            let output = kpic(folder.path(), &arguments);
            assert_eq!((code(&output), text(&output.stdout).as_str()), (1, ""), "{more} {arguments:?}");
        }
    }
    // Nothing is written from a part.
    let folder = broken("");
    for arguments in [["build"], ["check"], ["status"]] {
        assert_eq!(code(&kpic(folder.path(), &arguments)), 1, "{arguments:?}");
    }
    assert!(!folder.path().join("build").exists());
}

#[test]
fn errors_of_what_is_not_asked_for_are_not_told() {
    let folder = tempfile::tempdir().unwrap();
    let spec = "
sources:
  shops:  { files: shops.csv, kind: entities, key: id, columns: { id: text, town: text } }
  orders: { files: orders.csv, kind: events, time: day, columns: { day: date, shop: { references: shops } } }
  visits: { files: visits.csv, kind: events, time: day, columns: { day: date } }
dimensions:
  town: { from: { orders: shop.town, shops: town } }
kpis:
  orders:  { formula: count(orders) }
  by_town: { formula: count(orders) * 1, by: [town] }
  visits:  { formula: count(visits) }
";
    write_files(folder.path(), &[("kpic.yml", PROJECT), ("specs/a.yml", spec)]);
    let told = |arguments: &[&str]| {
        let output = kpic(folder.path(), &[arguments, &["--dialect", "postgres"]].concat());
        assert_eq!(code(&output), 1, "{arguments:?}");
        let said = text(&output.stderr);
        let names = said.lines().filter_map(|line| line.split_once("× `")?.1.split_once("` reads files"));
        names.map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
    };
    for command in ["query", "run"] {
        assert_eq!(told(&[command, "orders"]), ["orders"]);
        assert_eq!(told(&[command, "by_town"]), ["shops", "orders"]);
        assert_eq!(told(&[command, "visits", "orders"]), ["orders", "visits"]);
    }
    assert_eq!(told(&["query", "orders", "--by", "town", "--sql"]), ["shops", "orders"]);
    assert_eq!(told(&["query", "orders / visits"]), ["orders", "visits"]);
    assert_eq!(told(&["run"]), ["shops", "orders", "visits"]);
}

/// Customers without a time, states of contracts, orders; a journey is not counted.
const SHOP: &str = "
sources:
  orders:
    query: select * from (values (1, date '2023-12-30', 1, 10), (2, date '2024-01-05', 1, 20), (3, date '2024-01-31', 2, 40),
      (4, date '2024-02-01', 2, 80)) as t(order_id, day, customer_id, amount)
    kind: events
    key: order_id
    time: day
    columns: { order_id: integer, day: date, customer: { column: customer_id, references: customers }, amount: integer }
  customers:
    query: select * from (values (1, 'DE'), (2, null), (3, 'FR'), (4, 'a, \"b\"')) as t(customer_id, country)
    kind: entities
    key: customer_id
    columns: { customer_id: integer, country: text }
  contracts:
    query: select * from (values (1, date '2023-01-01', date '2024-01-10', 'DE'), (2, date '2024-01-20', null, 'DE'),
      (3, date '2024-01-20', null, 'FR')) as t(contract_id, began, ended, country)
    kind: states
    valid: { from: began, to: ended }
    key: contract_id
    columns: { contract_id: integer, began: date, ended: date, country: text }
dimensions:
  country: { from: { orders: customer.country, customers: country, contracts: country } }
kpis:
  revenue: { formula: sum(orders.amount), by: [country] }
  mean: { formula: avg(orders.amount), by: [country] }
";

#[test]
fn values_of_a_dimension_come_with_the_rows_of_each_source() {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), &[("kpic.yml", PROJECT), ("specs/s.yml", SHOP)]);
    let output = kpic(folder.path(), &["query", "--by", "country", "--format", "csv"]);
    // Of the orders one is from before data is whole, and one comes after the last visible day; of the contracts one is over.
    let expected = "country,orders,customers,contracts\nDE,2,1,1\nFR,0,1,1\n\"a, \"\"b\"\"\",0,1,0\n,1,1,0\n";
    assert_eq!(text(&output.stdout), expected, "{}", text(&output.stderr));
    // Only orders have amounts.
    let output = kpic(folder.path(), &["query", "--by", "amount,country", "--format", "csv", "--order=-amount"]);
    assert_eq!(text(&output.stdout), "amount,country,orders\n40,,1\n20,DE,1\n10,DE,1\n", "{}", text(&output.stderr));
}

#[test]
fn parquet_holds_what_json_does() {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), &[("kpic.yml", PROJECT), ("specs/s.yml", SHOP)]);
    let asked = ["query", "revenue", "mean", "--by", "country", "--grain", "day", "--rank"];
    let file = folder.path().join("answer.parquet");
    let output = kpic(folder.path(), &[&asked[..], &["-o", file.to_str().unwrap()]].concat());
    assert!(output.status.success() && output.stdout.is_empty(), "{}", text(&output.stderr));
    let read = duckdb(&file, "select * replace (period::text as period)");
    let json = kpic(folder.path(), &[&asked[..], &["--format", "json"]].concat());
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    // From 5 January in Germany, and from the 31st without a country: 27 days and one.
    assert_eq!(json.as_array().unwrap().len(), 27 + 1);
    assert_eq!(read, json);
    let types = "select typeof(period) as a, typeof(country) as b, typeof(rank) as c, typeof(revenue) as d, typeof(mean) as e, \
                 typeof(is_complete) as f";
    let first = duckdb(&file, types)[0].clone();
    let names: Vec<&str> = first.as_object().unwrap().values().map(|value| value.as_str().unwrap()).collect();
    assert_eq!(names, ["DATE", "VARCHAR", "BIGINT", "BIGINT", "DOUBLE", "BOOLEAN"]);
    let none = folder.path().join("none.parquet");
    let output = kpic(folder.path(), &["query", "revenue", "--having", "revenue > 1000", "-o", none.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(duckdb(&none, "select count(*) as rows"), serde_json::json!([{ "rows": 0 }]));
}

/// What DuckDB, which kpic does not start here, reads of a file.
fn duckdb(file: &Path, select: &str) -> serde_json::Value {
    let sql = format!("{select} from '{}'", file.display());
    let output = std::process::Command::new(kpic::engine::find(None).unwrap()).args(["-json", "-c", &sql]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_file_is_written_as_a_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let broken = format!("{SHOP}  far: {{ formula: 'sum(orders.amount * 9000000000000000000)' }}\n");
    write_files(folder.path(), &[("kpic.yml", PROJECT), ("specs/s.yml", &broken), ("there.csv", "mine\n")]);
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let there = || std::fs::read_to_string(folder.path().join("there.csv")).unwrap();
    let output = kpic(folder.path(), &["query", "revenue", "far", "-o", &at("there.csv")]);
    assert_eq!((output.status.code(), there().as_str()), (Some(1), "mine\n"), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("there.csv is not written"), "{}", text(&output.stderr));
    let output = kpic(folder.path(), &["query", "revenue", "-o", &at("there.csv")]);
    assert_eq!(there(), "period,revenue,is_complete\n2024-01-01,60,true\n", "{}", text(&output.stderr));
    let output = kpic(folder.path(), &["query", "revenue", "-o", &at("there.csv"), "--format", "json"]);
    assert!(there().starts_with("[\n"), "{}", text(&output.stderr));
    for (file, said) in
        [("no/where.csv", "there is no folder"), ("specs", "not a regular file"), ("..", "not the name of a file")]
    {
        let output = kpic(folder.path(), &["query", "revenue", "-o", &at(file)]);
        assert!(output.status.code() == Some(3) && text(&output.stderr).contains(said), "{}", text(&output.stderr));
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("there.csv", folder.path().join("link.csv")).unwrap();
        let output = kpic(folder.path(), &["query", "revenue", "-o", &at("link.csv")]);
        assert!(text(&output.stderr).contains("not a regular file"), "{}", text(&output.stderr));
    }
}
