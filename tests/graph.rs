//! `kpic graph`: what reads what, at each level, around a focus, and written down so that nothing in a title breaks it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use kpic::graph::view::{Level, View, Wanted};
use kpic::graph::{Node, draw};
use kpic::pipeline::{Options, Valid, check_texts};
use serde_json::Value;
use std::process::{Command, Output};

const PROJECT: &str = "kpic: 1\ncalendar: { start: 2024-01-01, as_of: 2024-06-30 }\n";

const SPEC: &str = r#"sources:
  orders:
    table: orders
    kind: events
    time: ordered_on
    columns:
      ordered_on: date
      customer: { column: customer_id, references: customers }
      amount: { type: decimal, unit: EUR }
      is_big: { type: boolean, expr: "amount >= 500" }
      unread: text
  customers:
    table: customers
    kind: entities
    key: id
    columns: { id: text, country: text }
  visits:
    table: visits
    kind: events
    time: at
    columns: { at: timestamp, from_country: text }
dimensions:
  country: { from: { orders: customer.country, visits: from_country } }
kpis:
  revenue: { formula: sum(orders.amount), by: [country] }
  buyers: { formula: count_distinct(orders.customer) }
  per_buyer: { formula: revenue / buyers, title: "EUR \"per\" <b>buyer</b> & 100% #1; `x` \\n" }
  big_share: { formula: count(orders where is_big) / count(orders) }
  score: { formula: per_buyer * big_share }
"#;

fn valid() -> Valid {
    let texts = vec![("kpic.yml".to_owned(), PROJECT.to_owned()), ("specs/a.yml".to_owned(), SPEC.to_owned())];
    check_texts(texts, &Options::default()).valid().unwrap_or_else(|checked| panic!("{:?}", checked.findings))
}

fn view(project: &Valid, level: Level, focus: &[&str], up: Option<usize>, down: Option<usize>) -> View {
    let focus = focus.iter().map(|name| Node::Kpi(project.model().kpi_names[*name])).collect();
    project.graph().view(project.model(), &Wanted { level, focus, up, down })
}

fn edges(view: &View) -> Vec<String> {
    view.edges.iter().map(|(from, to)| format!("{} > {}", view.nodes[*from].name, view.nodes[*to].name)).collect()
}

fn names(view: &View) -> Vec<&str> {
    view.nodes.iter().map(|node| node.name.as_str()).collect()
}

#[test]
fn each_level_shows_what_is_read() {
    let project = valid();
    let kpis = ["revenue > per_buyer", "buyers > per_buyer", "per_buyer > score", "big_share > score"];
    let shown = view(&project, Level::Kpis, &[], None, None);
    assert_eq!(names(&shown), ["revenue", "buyers", "per_buyer", "big_share", "score"]);
    assert_eq!(edges(&shown), kpis);
    // The country of a revenue stands with customers; visits, which have one too, are not read.
    let shown = view(&project, Level::Sources, &[], None, None);
    let sources = ["orders > revenue", "orders > buyers", "orders > big_share", "customers > revenue"];
    assert_eq!(names(&shown)[..3], ["orders", "customers", "visits"]);
    assert_eq!(edges(&shown), [&sources[..], &kpis].concat());
    let shown = view(&project, Level::Columns, &["big_share"], None, Some(0));
    let columns = [
        "orders > orders.ordered_on",
        "orders > orders.amount",
        "orders > orders.is_big",
        "orders.ordered_on > big_share",
        "orders.amount > orders.is_big",
        "orders.is_big > big_share",
    ];
    assert_eq!(edges(&shown), columns);
    let all = view(&project, Level::Columns, &[], None, None);
    assert!(!names(&all).contains(&"orders.unread") && names(&all).contains(&"customers.country"), "{:?}", names(&all));
}

#[test]
fn a_focus_shows_so_many_steps_in_each_direction() {
    let project = valid();
    let focus = |up, down| names(&view(&project, Level::Sources, &["per_buyer"], up, down)).join(" ");
    assert_eq!(focus(None, None), "orders customers revenue buyers per_buyer score");
    assert_eq!(focus(Some(1), Some(0)), "revenue buyers per_buyer");
    assert_eq!(focus(Some(0), None), "per_buyer score");
    assert_eq!(focus(Some(0), Some(0)), "per_buyer");
    let both = view(&project, Level::Kpis, &["revenue", "big_share"], None, Some(1));
    assert_eq!(names(&both), ["revenue", "per_buyer", "big_share", "score"]);
}

#[test]
fn titles_break_no_form() {
    let project = valid();
    let shown = view(&project, Level::Kpis, &["per_buyer"], Some(0), Some(1));
    let mermaid = "flowchart LR
  kpi_per_buyer[\"EUR #quot;per#quot; #lt;b#gt;buyer#lt;/b#gt; #amp; 100% #35;1#59; #96;x#96; #92;n<br/>per_buyer\"]
  kpi_score[\"score\"]
  kpi_per_buyer --> kpi_score
";
    assert_eq!(draw::mermaid(&shown), mermaid);
    let dot = r#"digraph kpic {
  rankdir = LR;
  node [fontname = "sans-serif"];
  "kpi:per_buyer" [label = "EUR \"per\" <b>buyer</b> & 100% #1; `x` \\n\nper_buyer", shape = box];
  "kpi:score" [label = "score", shape = box];
  "kpi:per_buyer" -> "kpi:score";
}
"#;
    assert_eq!(draw::dot(&shown), dot);
    let json: Value = serde_json::from_str(&draw::json(&shown, project.files())).unwrap();
    let line = SPEC.lines().position(|line| line.starts_with("  per_buyer:")).unwrap() + 1;
    let node = serde_json::json!({
        "id": "kpi:per_buyer", "kind": "kpi", "name": "per_buyer",
        "title": "EUR \"per\" <b>buyer</b> & 100% #1; `x` \\n", "file": "specs/a.yml", "line": line,
    });
    assert_eq!(json["nodes"][0], node);
    assert_eq!(json["edges"], serde_json::json!([{ "from": "kpi:per_buyer", "to": "kpi:score" }]));
}

fn kpic(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kpic"));
    command.args(["-C", "specs/cdnow", "graph"]).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap()
}

#[test]
fn the_command_names_what_was_probably_meant() {
    let cases = [
        (&["--focus", "revenu"][..], "did you mean `revenue`?"),
        (&["--focus", "purchase"], "did you mean `purchases`?"),
        (&["--focus", "purchases.amount"], "add `--level columns`"),
        (&["--focus", "customers", "--level", "kpis"], "remove `--level kpis`"),
        (&["--up", "1"], "--focus"),
    ];
    for (arguments, said) in cases {
        let output = kpic(arguments);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}: {text}");
        assert!(text.contains(said), "{arguments:?}: {text}");
    }
    let output = kpic(&["--focus", "purchases.amount", "--level", "columns", "--up", "0", "--down", "1"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("column_purchases__amount --> kpi_revenue\n"), "{text}");
    assert_eq!(kpic(&["--format", "json"]).stdout, kpic(&["--format", "json"]).stdout);
}

#[test]
fn a_journey_stands_between_the_sources_of_its_steps_and_its_kpis() {
    let spec = r"sources:
  users: { table: users, kind: entities, key: id, columns: { id: text, made_on: date } }
  accounts: { table: accounts, kind: entities, key: id, columns: { id: text, owner: { references: users } } }
  payments: { table: payments, kind: events, time: day, columns: { day: date, account: { references: accounts } } }
journeys:
  paying:
    steps:
      signed_up: { at: users.made_on, entity: id }
      paid: { at: payments.day, entity: account.owner }
kpis:
  starters: { formula: count(paying) }
  payers: { formula: count(paying where reached(paid)) }
";
    let texts = vec![("kpic.yml".to_owned(), PROJECT.to_owned()), ("specs/a.yml".to_owned(), spec.to_owned())];
    let project = check_texts(texts, &Options::default()).valid().unwrap_or_else(|checked| panic!("{:?}", checked.findings));
    let sources = view(&project, Level::Sources, &[], None, None);
    assert_eq!(
        edges(&sources),
        ["users > paying", "accounts > paying", "payments > paying", "paying > starters", "paying > payers"]
    );
    let columns = view(&project, Level::Columns, &["payers"], None, None);
    assert!(edges(&columns).contains(&"payments.day > paying.paid".to_owned()), "{:?}", edges(&columns));
    assert!(edges(&columns).contains(&"paying.signed_up > paying.paid".to_owned()), "{:?}", edges(&columns));
    // Who only counts starts reads nothing of the later steps.
    let starters = view(&project, Level::Columns, &["starters"], None, Some(0));
    assert_eq!(names(&starters), ["users", "paying", "users.id", "users.made_on", "paying.signed_up", "starters"]);
    assert!(draw::mermaid(&sources).contains("journey_paying{{\"paying\"}}"));
    assert!(draw::dot(&sources).contains("shape = hexagon"));
    let json: Value = serde_json::from_str(&draw::json(&sources, project.files())).unwrap();
    assert!(json["nodes"].as_array().unwrap().iter().any(|node| node["id"] == "journey:paying"));
}
