//! `kpic digest`: a week in Markdown and for programs, beside what `kpic review` says of the same day.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot run the program has failed")]

mod support;

use serde_json::{Value, json};
use std::path::Path;
use support::{kpic, write_files};

const PROJECT: &str = "kpic: 1
calendar: { start: 2024-01-01, as_of: 2024-02-29 }
lints: { missing-description: allow, missing-owner: allow, no-north-star: allow }
";

/// Sales are 4 in January and 3 in February, revenue 40 and 30. The quarter has 91 days, of which 60 are gone: an even pace asks for 0.66.
const SPEC: &str = "\
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
  revenue: { formula: sum(sales.amount), unit: EUR, owner: shop, better: up }
  sold: { formula: count(sales), owner: shop, better: up }
guardrails:
  drop: { when: change(revenue) < 0, severity: alert, owner: care, action: Call *now*. }
objectives:
  grow:
    title: We grow
    owner: shop
    period: 2024-Q1
    key_results:
      sold:  { title: More is sold, kpi: sold, from: 0, to: 4, check_ins: { 2024-01-20: { decision: Old? }, 2024-02-01: { note: Settled. } } }
      money: { title: More comes in, kpi: revenue, from: 0, to: 100, owner: care }
      gone:  { title: Given up, kpi: revenue, from: 0, to: 100, dropped: Why not. }
      shops:
        title: Shops <b>open</b>
        manual: true
        unit: shop
        from: 0
        to: 2
        confidence: { 2024-01-31: 7, 2024-02-27: 5 }
        check_ins: { 2024-01-31: 1, 2024-02-27: { value: 2, blocker: \"Paint | varnish\", decision: Rent? } }
";

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), &[("kpic.yml", PROJECT), ("specs/shop.yml", SPEC)]);
    folder
}

fn said(project: &Path, arguments: &[&str]) -> String {
    let output = kpic(project, arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn data(project: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&said(project, &[arguments, &["--format", "json"]].concat())).unwrap()
}

#[test]
fn a_week_can_be_mailed_as_it_is() {
    let project = project();
    assert_eq!(
        said(project.path(), &["digest"]),
        "# Everyone: 2024-02-23 to 2024-02-29

3 key results are open, and 2 of them slip; 1 guardrail fires.

## What moved

- **More is sold** (The shop): 4 on 2024-01-31 \u{2192} 3 on 2024-02-29 (-1); goal 4; on track
- **More comes in** (Customer care): 40.00 on 2024-01-31 \u{2192} 30.00 on 2024-02-29 (-10.00); goal 100.00; off track
- **Shops &lt;b&gt;open&lt;/b&gt;** (The shop): 1 on 2024-01-31 \u{2192} 2 on 2024-02-27 (+1); goal 2; achieved

## What slips

- **Drop** (Customer care): alert of 2024-02: `change(revenue) -10.00`. Call \\*now\\*.
- **More comes in** (Customer care): off track, score 0.30 where 0.66 is expected by now
- **Shops &lt;b&gt;open&lt;/b&gt;** (The shop): confidence fell from 7 to 5 on 2024-02-27; in its way: Paint &#124; varnish

## What to decide

- **Shops &lt;b&gt;open&lt;/b&gt;** (The shop): Rent? (asked on 2024-02-27)
"
    );
    assert_eq!(
        said(project.path(), &["digest", "--owner", "care"]),
        "# Customer care: 2024-02-23 to 2024-02-29

1 key result is open, and it slips; 1 guardrail fires.

## What moved

- **More comes in**: 40.00 on 2024-01-31 \u{2192} 30.00 on 2024-02-29 (-10.00); goal 100.00; off track

## What slips

- **Drop**: alert of 2024-02: `change(revenue) -10.00`. Call \\*now\\*.
- **More comes in**: off track, score 0.30 where 0.66 is expected by now

## What to decide

Nothing is to be decided.
"
    );
}

#[test]
fn an_earlier_week_is_told_as_of_its_end() {
    let project = project();
    // On 25 February January is the last month: 4 of 4, and 40 where 31 of 91 days ask for 34.
    let quiet = "# Everyone: 2024-02-19 to 2024-02-25

3 key results are open, and none slips.

## What moved

There are no new figures.

## What slips

Nothing slips.

## What to decide

Nothing is to be decided.
";
    assert_eq!(said(project.path(), &["digest", "--week", "2024-W08"]), quiet);
    assert_eq!(said(project.path(), &["digest", "--as-of", "2024-02-25"]), quiet);
    let january = data(project.path(), &["digest", "--as-of", "2024-01-31", "--owner", "shop"]);
    assert_eq!(january["moved"][0]["before"], Value::Null);
    assert_eq!(january["moved"][0]["now"], json!({ "day": "2024-01-31", "value": 4.0 }));
    // What was asked on 20 January is open until the next check-in.
    assert_eq!(
        january["decisions"],
        json!([{ "objective": "grow", "key_result": "sold", "decide": "Old?", "since": "2024-01-20" }])
    );
    for (arguments, why) in [
        (&["digest", "--week", "2024-W09"][..], "2024-W09 ends on 2024-03-03, after the last visible day, 2024-02-29"),
        (&["digest", "--week", "2024-02"], "`2024-02` is not a week"),
        (&["digest", "--week", "2024-W08", "--as-of", "2024-02-25"], "use one of them"),
        (&["digest", "--owner", "cares"], "did you mean `care`?"),
    ] {
        let output = kpic(project.path(), arguments);
        assert_eq!(output.status.code(), Some(2));
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn what_ended_waits_for_a_grade() {
    let project = project();
    // March has no sales: 0 of 4 and 0 of 100; two of two shops.
    let ended = data(project.path(), &["digest", "--as-of", "2024-04-02"]);
    assert_eq!(ended["decisions"].as_array().unwrap().len(), 2, "{ended}");
    let grade = "it ended on 2024-03-31 with a score of 0.33: give it a `final` grade, and say what was learned";
    assert_eq!(
        ended["decisions"][1],
        json!({ "objective": "grow", "key_result": null, "decide": grade, "since": "2024-03-31" })
    );
    // Nobody has said since February how many shops there were in the end.
    assert_eq!(ended["key_results"], 1);
    write_files(
        project.path(),
        &[("specs/shop.yml", &SPEC.replace("period: 2024-Q1", "period: 2024-Q1\n    final: { 2024-04-01: { grade: 0.3 } }"))],
    );
    let graded = data(project.path(), &["digest", "--as-of", "2024-04-02"]);
    assert_eq!((&graded["decisions"], &graded["key_results"]), (&json!([]), &json!(0)));
}

#[test]
fn it_says_what_a_review_says() {
    let project = project();
    for day in ["2024-01-31", "2024-02-20", "2024-02-29", "2024-03-20", "2024-04-02"] {
        let (digest, review) =
            (data(project.path(), &["digest", "--as-of", day]), data(project.path(), &["review", "--as-of", day]));
        let names = |of: &Value, slips: bool| {
            let all = of["slipping"].as_array().unwrap().iter().filter(|each| !slips || each["slips"] == true);
            all.map(|each| (each["key_result"].to_string(), each["current"].to_string(), each["score"].to_string()))
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&digest, true), names(&review, false), "{day}");
        assert_eq!(digest["firings"], review["firings"], "{day}");
    }
}
