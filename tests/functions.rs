//! `docs/functions.md` is made of the table of functions, and every example on it compiles.
//!
//! `KPIC_UPDATE_DOCS=1` writes the page anew.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its page has failed")]

use kpic::diagnostic::render::{Look, human};
use kpic::functions::{ALL, Aggregation, Function, OverNothing, Role};
use kpic::pipeline::{Options, check_texts};
use std::fs;
use std::path::PathBuf;

/// A project with everything that the examples speak of.
const PROJECT: &str = "kpic: 1
calendar: { start: 2024-01-01, as_of: 2024-03-31 }
lints: { missing-owner: allow, missing-description: allow, same-calculation: allow }
";
const SPEC: &str = "
sources:
  orders:
    table: orders
    kind: events
    key: order_number
    time: ordered_at
    columns:
      order_number:  integer
      ordered_at:    timestamp
      shipped_at:    timestamp
      customer:      text
      status:        { type: text, nullable: false }
      coupon:        { type: text, nullable: false }
      city:          text
      country:       text
      channel:       text
      legacy_amount: text
      amount:        { type: decimal, unit: EUR, min: 0 }
  tickets: { table: tickets, kind: events, time: opened_at, columns: { opened_at: timestamp, message: text } }
kpis:
  revenue:             { formula: sum(orders.amount), unit: EUR }
  cost:                { formula: 0.5 * sum(orders.amount), unit: EUR }
  buyers:              { formula: count_distinct(orders.customer) }
  signups:             { formula: count(orders) }
  visits:              { formula: count(tickets) }
  average_order_value: { formula: avg(orders.amount), unit: EUR }
  score:               { formula: buyers / visits }
  nps:                 { formula: buyers - visits }
  ltv:                 { formula: revenue / visits }
  growth_factor:       { formula: revenue / prior(revenue) }
  capacity:            { formula: count(tickets) }
  demand:              { formula: count(tickets) }
";

/// A section of the page: its title, what it is about, and which functions are in it.
type Section = (&'static str, &'static str, Role);

/// A cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn row(function: &Function) -> String {
    format!("| `{}` | {} | `{}` |\n", function.name, cell(function.about), cell(function.example))
}

fn aggregate_row(function: &Function, how: Aggregation) -> String {
    let nothing = if how.over_nothing == OverNothing::Zero { "0" } else { "null" };
    let slices = if how.adds_over_slices { "yes" } else { "no" };
    let (name, about, example) = (function.name, cell(function.about), cell(function.example));
    format!("| `{name}` | {about} | {nothing} | {} | {slices} | `{example}` |\n", how.kind.name())
}

/// The page.
fn page() -> String {
    let mut text = "# Functions

Made from the table that kpic itself reads formulas by; every example on this page is compiled. [The language](language.md#formulas) says
where formulas stand and what their clauses mean.

## Over the rows of a source

The kind says how values combine over time: [why kinds](explanation/kinds.md). The column `slices add up` says whether
the values of slices add up to the total.

| function | what it gives | over no rows | kind | slices add up | example |
|---|---|---|---|---|---|
"
    .to_owned();
    for function in ALL {
        if let Some(how) = function.aggregation() {
            text.push_str(&aggregate_row(function, how));
        }
    }
    let sections: [Section; 4] = [
        ("Over a KPI", "They take a KPI or a formula over KPIs, and move it in time or to other slices.", Role::Kpi),
        (
            "Over the last periods of a KPI",
            "They are conditions, and stand in the `when` of guardrails only. Each looks at so many consecutive periods and the one \
             before them: `rising(revenue, 3 months)` holds after 100, 110, 120, 130. Where one of the values is null it does not hold. \
             `unusual` may also count seasons, as in `12 weeks` for days of the same weekday.",
            Role::Trend,
        ),
        ("Over values", "They stand among KPIs and within aggregates alike.", Role::Value),
        ("Over values of a row", "They stand within aggregates and in derived columns.", Role::RowValue),
    ];
    for (title, about, role) in sections {
        text.push_str(&format!("\n## {title}\n\n{about}\n\n| function | what it gives | example |\n|---|---|---|\n"));
        ALL.iter().filter(|function| function.role == role).for_each(|function| text.push_str(&row(function)));
    }
    text
}

#[test]
fn the_page_of_functions_is_the_table() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/functions.md");
    let (is, should_be) = (fs::read_to_string(&path).unwrap_or_default(), page());
    for function in ALL {
        assert_eq!(should_be.matches(&format!("\n| `{}` |", function.name)).count(), 1, "{}", function.name);
    }
    if is != should_be && std::env::var_os("KPIC_UPDATE_DOCS").is_some() {
        fs::write(path, should_be).unwrap();
    } else {
        assert!(is == should_be, "docs/functions.md is out of date; KPIC_UPDATE_DOCS=1 writes it anew");
    }
}

#[test]
fn every_example_compiles() {
    let mut spec = SPEC.to_owned();
    let (conditions, formulas): (Vec<&Function>, Vec<&Function>) =
        ALL.iter().copied().partition(|function| function.role == Role::Trend);
    for (at, function) in formulas.into_iter().enumerate() {
        let formula = function.example.replace('\'', "''");
        let by = if function.name == "total" { ", by: [country]" } else { "" };
        spec.push_str(&format!("  example_{at}: {{ formula: '{formula}'{by} }}\n"));
    }
    spec.push_str("guardrails:\n");
    for function in conditions {
        spec.push_str(&format!("  is_{}: {{ when: '{}', action: Look. }}\n", function.name, function.example));
    }
    let texts = vec![("kpic.yml".to_owned(), PROJECT.to_owned()), ("specs/examples.yml".to_owned(), spec)];
    let checked = check_texts(texts, &Options::default());
    let found = human(&checked.findings, &checked.files, Look { color: false, width: 120 });
    assert!(!checked.findings.has_errors(), "{found}");
}

/// Cases with figures run on every engine, so a function in one of them is proven, or refused, by each.
#[test]
fn every_function_is_in_a_case_that_gives_figures() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let files = ["rules", "language"].into_iter().flat_map(|name| fs::read_dir(folder.join(name)).unwrap());
    let texts: Vec<String> = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    for function in ALL {
        let call = format!("{}(", function.name);
        let is_called = |text: &String| {
            text.match_indices(&call)
                .any(|(at, _)| !text[..at].ends_with(|char: char| char.is_ascii_alphanumeric() || char == '_'))
        };
        assert!(texts.iter().any(is_called), "no case calls {}", function.name);
    }
}
