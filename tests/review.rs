//! `kpic review` and `kpic build --figures`: what fires, what slips and who acts, on the terminal, as JSON and on pages.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot run the program has failed")]

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Today is the end of February. The quarter has 91 days, of which 60 are gone: an even pace asks for 60 / 91 = 0.66.
const PROJECT: &str = "kpic: 1
calendar: { start: 2024-01-01, as_of: 2024-02-29 }
lints: { missing-description: allow, missing-owner: allow }
";

/// Sales are 4 in January and 3 in February, revenue 40 and 30.
const SPEC: &str = "
sources:
  sales:
    query: |
      select * from (values (date '2024-01-05', 10), (date '2024-01-06', 10), (date '2024-01-07', 10), (date '2024-01-08', 10),
        (date '2024-02-05', 10), (date '2024-02-06', 10), (date '2024-02-07', 10)) as t(day, amount)
    kind: events
    row: sale
    time: day
    columns: { day: date, amount: { type: integer, unit: EUR, min: 0 } }
teams: { shop: { title: The shop }, care: { title: Customer care } }
kpis:
  revenue: { formula: sum(sales.amount), unit: EUR, owner: shop, better: up, drives: [ { kpi: amount_sold, effect: up, because: It is. } ] }
  amount_sold: { formula: count(sales), owner: shop, better: up }
  mean_sale: { formula: revenue / amount_sold, unit: EUR, owner: care, better: up }
scorecards:
  board: { cadence: monthly, grain: month, kpis: [revenue] }
guardrails:
  drop: { when: change(revenue) < 0, severity: alert, owner: care, action: Call. }
  odd:  { when: mean_sale > 1000, owner: care, action: Look. }
north_star:
  title: Sales that people want
  volume: amount_sold
  efficiency: mean_sale
  because: Sold is what somebody wanted.
objectives:
  grow:
    title: We grow
    owner: shop
    period: 2024-Q1
    review: weekly
    key_results:
      sold:  { title: More is sold, kpi: amount_sold, from: 0, to: 3 }
      money: { title: More comes in, kpi: revenue, from: 0, to: 100, owner: care }
      shops: { title: Shops open, manual: true, unit: shop, from: 0, to: 2, check_ins: { 2024-01-02: 2 } }
";

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("specs")).unwrap();
    fs::write(folder.path().join("kpic.yml"), PROJECT).unwrap();
    fs::write(folder.path().join("specs/shop.yml"), SPEC).unwrap();
    folder
}

fn kpic(project: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kpic")).current_dir(project).args(arguments).output().unwrap()
}

fn text(output: Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(output: Output) -> Value {
    serde_json::from_str(&text(output)).unwrap()
}

#[test]
fn a_review_shows_what_fires_and_what_slips() {
    let project = project();
    // 30 of 100 at 0.66 expected is off track; 3 of 3 is achieved; two shops are all there are to be, but nobody has looked for 58 days.
    assert_eq!(
        text(kpic(project.path(), &["review"])),
        "Review, as of 2024-02-29

1 of 2 guardrails fires
  alert   drop  2024-02
          change(revenue) -10.00
          Customer care: Call.

1 of 3 key results slips, and 1 has not been checked in for too long
key result                                    score  expected  status     from    now      to  as of       owner
We grow: More comes in  ██████░░░░░░│░░░░░░░   0.30      0.66  off track  0.00  30.00  100.00  2024-02-29  Customer care
We grow: Shops open     │███████████████████   1.00      0.02  achieved      0      2       2  2024-01-02  The shop
note: grow.shops has not been checked in for 58 days
"
    );
}

#[test]
fn a_review_has_what_its_cadence_names() {
    let project = project();
    let monthly = json(kpic(project.path(), &["review", "monthly", "--format", "json"]));
    // `money` shows a KPI on the scorecard; `sold` and `shops` are only in the objective, which is looked at weekly.
    assert_eq!(monthly["key_results"], 1);
    assert_eq!(monthly["slipping"][0]["key_result"], "money");
    assert_eq!(monthly["firings"][0]["guardrail"], "drop");
    // `odd` watches none of the KPIs, but is of the same grain.
    assert_eq!(monthly["guardrails"], 2);
    let weekly = json(kpic(project.path(), &["review", "weekly", "--format", "json"]));
    assert_eq!(weekly["key_results"], 3);
    // `odd` is monthly, and what it watches is in no key result.
    assert_eq!(weekly["guardrails"], 1);
    let output = kpic(project.path(), &["review", "yearly"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("no scorecard or objective is reviewed `yearly`") && said.contains("weekly, monthly"), "{said}");
}

#[test]
fn what_has_ended_does_not_slip() {
    let project = project();
    // The quarter ends on 31 March, at 0 of 100.
    for (day, slips) in [("2024-03-30", true), ("2024-03-31", false), ("2025-01-01", false)] {
        let weekly = json(kpic(project.path(), &["--as-of", day, "review", "weekly", "--format", "json"]));
        let slipping = weekly["slipping"].as_array().unwrap();
        assert_eq!(slipping.iter().any(|result| result["key_result"] == "money"), slips, "{day}: {weekly}");
        // How many shops there were in the end, nobody has said; 31 March is day 89 after the last check-in.
        let shops = slipping.iter().find(|result| result["key_result"] == "shops").unwrap();
        assert_eq!(shops["days_since_check_in"], if slips { 88 } else { 89 }, "{day}");
        let missed = weekly["missed"].as_array().unwrap();
        assert_eq!(missed.iter().any(|result| result["key_result"] == "money"), !slips, "{day}: {weekly}");
        let said = text(kpic(project.path(), &["--as-of", day, "review", "weekly"]));
        assert_eq!(said.contains("missed the goal") && said.contains("We grow: More comes in"), !slips, "{day}: {said}");
    }
    let spec = format!("{SPEC}    final: {{ 2024-04-02: {{ grade: 0.4, learned: Shops take a year. }} }}\n");
    fs::write(project.path().join("specs/shop.yml"), spec).unwrap();
    let graded = json(kpic(project.path(), &["--as-of", "2024-04-02", "review", "weekly", "--format", "json"]));
    assert_eq!(graded["slipping"], Value::Array(Vec::new()));
}

#[test]
fn a_team_sees_what_it_moves() {
    let project = project();
    text(kpic(project.path(), &["build"]));
    let page = fs::read_to_string(project.path().join("build/docs/teams/shop.md")).unwrap();
    let (_, moves) = page.split_once("## What it moves").unwrap();
    let (moves, _) = moves.split_once("\n## ").unwrap();
    let row = |kpi: &str| moves.lines().find(|line| line.starts_with(&format!("| [{kpi}]"))).unwrap().to_owned();
    // Revenue drives the volume by a claim, and is the dividend of the efficiency.
    assert!(row("Revenue").contains("`+` [Amount sold](../kpis/amount_sold.md)"), "{moves}");
    assert!(row("Revenue").contains("[Mean sale](../kpis/mean_sale.md)"), "{moves}");
    assert!(row("Revenue").ends_with("helps it |"), "{moves}");
    assert!(row("Amount sold").ends_with("| is a part of it |"), "{moves}");
}

#[test]
fn pages_say_how_things_stand_where_that_is_asked_for() {
    let project = project();
    let page = |path: &str| fs::read_to_string(project.path().join("build/docs").join(path)).unwrap();
    text(kpic(project.path(), &["build"]));
    for path in ["reviews/weekly.md", "reviews/monthly.md", "objectives/grow.md", "north_star.md"] {
        assert!(!page(path).contains("2024-02-29"), "{path}: nothing is known of the present");
    }
    assert!(!page("north_star.md").contains("classDef bad"));
    text(kpic(project.path(), &["build", "--figures"]));
    let weekly = page("reviews/weekly.md");
    assert!(weekly.contains("Figures as of 2024-02-29."), "{weekly}");
    assert!(weekly.contains("| [Drop](../guardrails/drop.md) | 2024-02 | `change(revenue) -10.00` | alert |"), "{weekly}");
    assert!(
        weekly.contains("| Shops open, for [We grow](../objectives/grow.md) | [The shop](../teams/shop.md) | achieved, not checked in for 58 days | 2 | 2 |")
    );
    let slips = weekly.split("## Objectives").next().unwrap();
    assert!(!slips.contains("More is sold"), "what is on its way is not listed: {slips}");
    let objective = page("objectives/grow.md");
    assert!(objective.contains("| 30.00 | off track | 0.30 / 0.66 |"), "{objective}");
    assert!(objective.contains("| Shops open | 2024-01-02 | 2 shop"), "a whole number has no decimals: {objective}");
    let star = page("north_star.md");
    assert!(star.contains("| volume | [Amount sold](kpis/amount_sold.md) | ↑ higher is better | 4 | 3 | 2024-02 |"), "{star}");
    // The volume is achieved, and what drives it is off track.
    let node = |label: &str| {
        let line = star.lines().find(|line| line.contains(label)).unwrap();
        line.trim().split(['(', '[']).next().unwrap().to_owned()
    };
    assert!(star.contains(&format!("class {} good", node("Amount sold, "))), "{star}");
    assert!(star.contains(&format!("class {} bad", node("Revenue, "))), "{star}");
}
