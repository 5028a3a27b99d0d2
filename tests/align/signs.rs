//! Signs by hand: what a sensible person would say of the formulas of a software company, and of the corners of the rules.

use super::{sign, valid};
use kpic::align::Sign::{self, Minus, Plus, Unknown};
use kpic::pipeline::{Options, check};
use std::path::Path;

#[test]
fn the_formulas_of_a_company_have_the_signs_that_people_know() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs/saas");
    let project = check(&root, &Options::default()).valid().unwrap();
    let expected: &[(&str, &[(&str, Sign)])] = &[
        ("cac", &[("sales_cost", Plus), ("marketing_cost", Plus), ("new_customers", Minus)]),
        ("cac_payback_months", &[("cac", Plus), ("arpa", Minus), ("gross_margin", Minus)]),
        ("gross_margin", &[("revenue", Plus), ("cost_of_revenue", Minus)]),
        // A margin can be below 0, and then a higher mean is worse.
        ("ltv", &[("gross_margin", Plus), ("arpa", Unknown), ("customer_churn_rate", Unknown)]),
        ("ltv_to_cac", &[("ltv", Plus), ("cac", Unknown)]),
        // Who is lost was there at the start.
        ("customer_churn_rate", &[("customers_lost", Plus), ("customers_opening", Unknown)]),
        ("gross_dollar_retention", &[("mrr_churned", Minus), ("mrr_contraction", Minus), ("mrr_opening", Unknown)]),
        ("net_revenue_retention", &[("mrr_expansion", Plus), ("mrr_churned", Minus), ("mrr_opening", Unknown)]),
        // Who signs up has visited.
        ("visitor_to_signup_rate", &[("signups", Plus), ("visitor_traffic", Unknown)]),
        ("arpa", &[("mrr", Plus), ("customers", Unknown)]),
        ("operating_expense_ratio", &[("operating_cost", Plus), ("revenue", Minus)]),
        ("burn", &[("sales_cost", Plus), ("revenue", Minus)]),
        ("revenue_growth", &[("revenue", Plus)]),
        ("revenue_3m_mean", &[("revenue", Plus)]),
        ("cash_runway_months", &[("cash", Plus)]),
        ("net_new_arr", &[("mrr", Plus), ("mrr_opening", Minus)]),
        ("arr", &[("mrr", Plus)]),
        ("deal_velocity", &[("open_deals", Plus), ("win_rate", Plus), ("deal_size", Plus), ("sales_cycle_length", Minus)]),
        ("partner_sourced_revenue", &[("revenue", Unknown)]),
        ("dau_mau_ratio", &[("dau", Plus), ("mau", Unknown)]),
    ];
    for (kpi, components) in expected {
        for (component, wanted) in *components {
            let (found, why) = sign(&project, component, kpi).unwrap();
            assert_eq!(found, *wanted, "{component} in {kpi}: {why}");
            assert!(!why.is_empty(), "{component} in {kpi}");
        }
    }
}

const BY_HAND: &str = "
kpis:
  above: { values: { 2024-01: 1, 2024-02: 9 }, kind: ratio }
  below: { values: { 2024-01: -9, 2024-02: -1 }, kind: ratio }
  both:  { values: { 2024-01: -5, 2024-02: 5 }, kind: ratio }
";

/// The sign and reason of a component in a formula over hand-kept figures.
fn of(component: &str, formula: &str) -> (Sign, String) {
    let project = valid(&format!("{BY_HAND}  whole: {{ formula: \"{formula}\" }}\n"));
    sign(&project, component, "whole").unwrap()
}

#[test]
fn reasons_say_what_decides() {
    let said = |component, formula, sign, why: &str| assert_eq!(of(component, formula), (sign, why.to_owned()), "{formula}");
    said("above", "above", Plus, "is the same figure");
    said("above", "above + both", Plus, "is added");
    said("above", "both - above", Minus, "is subtracted");
    said("both", "both / above", Plus, "is in the numerator");
    said("above", "above / below", Minus, "is in the numerator, and the denominator is never positive");
    said("below", "above / below", Minus, "is in the denominator, and the numerator is never negative");
    said("above", "below / above", Plus, "is in the denominator, and the numerator is never positive");
    said("above", "both / above", Unknown, "is in the denominator, and the numerator can be positive or negative");
    said("above", "above / both", Plus, "is in the numerator, and the denominator is assumed to be positive");
    said("both", "both * below", Minus, "is multiplied by a value that is never positive");
    said("above", "above * both", Unknown, "is multiplied by a value that can be positive or negative");
    said("above", "if(above > 3, both, 1)", Unknown, "decides in a condition");
    said("above", "above - above * 2", Unknown, "pulls in both directions, in two places");
    said("above", "prior(above)", Plus, "counts with its value from an earlier period");
    said("above", "(above - both) / above", Unknown, "is in the denominator, and the numerator can be positive or negative");
    said("above", "(above + below) / above", Plus, "is in the denominator of a value that is subtracted");
}

#[test]
fn the_present_counts_before_the_past() {
    assert_eq!(of("above", "above - prior(above)").0, Plus);
    assert_eq!(of("above", "growth(above)").0, Plus);
    assert_eq!(of("above", "1 / prior(above)").0, Minus);
}

#[test]
fn a_denominator_that_feeds_its_numerator_is_open() {
    let project = valid(
        "
sources:
  users: { table: users, kind: entities, row: user, key: id, time: at, columns: { id: text, at: date, country: { type: text, values: [DE, FR] } } }
  events:
    table: events
    kind: events
    time: at
    columns: { at: date, user: { references: users } }
  costs: { table: costs, kind: events, time: at, columns: { at: date, amount: { type: decimal, unit: USD, min: 0 } } }
kpis:
  signups: { formula: count(users) }
  signups_de: { formula: \"count(users where country = 'DE')\" }
  events_each: { formula: count(events) / signups }
  part: { formula: \"count(users where country = 'DE') / signups\" }
  other: { formula: \"count(users where country = 'FR') / signups_de\" }
  cost_each: { formula: sum(costs.amount) / signups, unit: USD }
  visits: { formula: count(events), drives: [{ kpi: signups, effect: up, because: x }] }
  claimed: { formula: signups / (visits + 1) }
  mean: { formula: avg(events.user.at - events.at), unit: day }
",
    );
    // Events belong to users: more users, more events.
    assert_eq!(sign(&project, "signups", "events_each").unwrap().0, Unknown);
    assert_eq!(sign(&project, "signups", "part").unwrap().0, Unknown);
    // No user is of both countries.
    assert_eq!(sign(&project, "signups_de", "other").unwrap().0, Minus);
    assert_eq!(sign(&project, "signups", "cost_each").unwrap().0, Minus);
    assert_eq!(sign(&project, "visits", "claimed").unwrap().0, Unknown);
}
