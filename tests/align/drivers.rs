//! What contributed to a change: exactly additive on random formulas, by hand on their corners, and the same in SQL.

use super::valid;
use kpic::align::drivers::{Contribution, Rule, Tree};
use kpic::engine::{DuckDb, Engine, find};
use kpic::model::expr::{Calc, CalcLeaf, Literal, Node};
use kpic::model::{Body, Model};
use kpic::pipeline::Valid;
use kpic::plan::views;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::HashMap;

/// The figures of all hand-kept KPIs at one period.
type Figures = HashMap<String, f64>;

/// The value of a calculation over hand-kept figures, in doubles; nothing for null.
fn value(model: &Model, calc: &Calc, figures: &Figures) -> Option<f64> {
    let of = |calc: &Calc| value(model, calc, figures);
    match &calc.node {
        Node::Literal(Literal::Number(digits)) => digits.parse().ok(),
        Node::Leaf(CalcLeaf::Kpi(id)) => {
            let kpi = model.kpis.get(*id);
            match &kpi.body {
                Body::Formula(calc) => Some(of(calc)? * kpi.facts.scale),
                _ => figures.get(&kpi.name.value).copied(),
            }
        }
        Node::Apply(function, parts) => {
            let (one, two) = (of(&parts[0])?, parts.get(1).map_or(Some(0.0), of)?);
            Some(match function.name {
                "+" => one + two,
                "-" => one - two,
                "*" => one * two,
                "/" => (two != 0.0).then(|| one / two)?,
                "negate" => -one,
                "abs" => one.abs(),
                "least" => one.min(two),
                "to number" | "widen" => one,
                other => panic!("{other}"),
            })
        }
        other => panic!("{other:?}"),
    }
}

/// The contributions to the change of `whole`, from figures.
fn told(project: &Valid, before: &Figures, now: &Figures) -> (Tree, Vec<Contribution>) {
    let model = project.model();
    let tree = Tree::of(model, project.files(), model.kpi_names["whole"]);
    let values =
        |figures: &Figures| -> Vec<Option<f64>> { tree.values.iter().map(|calc| value(model, calc, figures)).collect() };
    let found = tree.contributions(&values(before), &values(now));
    (tree, found)
}

/// A spec of hand-kept figures `a` to `d`, and formulas over them.
fn spec(before: [f64; 4], now: [f64; 4], formulas: &[(&str, &str)]) -> String {
    let mut spec = String::from("kpis:\n");
    for (at, name) in ["a", "b", "c", "d"].iter().enumerate() {
        spec.push_str(&format!(
            "  {name}: {{ values: {{ 2024-01: {:?}, 2024-02: {:?} }}, kind: ratio }}\n",
            before[at], now[at]
        ));
    }
    for (name, formula) in formulas {
        spec.push_str(&format!("  {name}: {{ formula: \"{formula}\" }}\n"));
    }
    spec
}

fn figures(values: [f64; 4]) -> Figures {
    ["a", "b", "c", "d"].iter().map(|name| (*name).to_owned()).zip(values).collect()
}

/// What the components of the first level contributed, by name.
fn first_level(before: [f64; 4], now: [f64; 4], formulas: &[(&str, &str)]) -> Vec<(String, Option<f64>, Rule)> {
    let project = valid(&spec(before, now, formulas));
    let (tree, found) = told(&project, &figures(before), &figures(now));
    let rows = tree.components.iter().zip(found).filter(|(component, _)| component.level == 1);
    rows.map(|(component, found)| (component.name.clone(), found.amount, found.rule)).collect()
}

fn near(found: &[(String, Option<f64>, Rule)], expected: &[(&str, f64, Rule)]) {
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for ((name, amount, rule), (wanted, number, by)) in found.iter().zip(expected) {
        assert_eq!((name.as_str(), rule), (*wanted, by), "{found:?}");
        assert!((amount.unwrap() - number).abs() < 1e-9, "{name}: {amount:?} instead of {number}");
    }
}

#[test]
fn sums_by_differences() {
    let found = first_level([1.0, 5.0, 2.0, 0.0], [4.0, 3.0, 2.5, 0.0], &[("whole", "a + b - 2 * c")]);
    near(&found, &[("a", 3.0, Rule::Difference), ("b", -2.0, Rule::Difference), ("c", -1.0, Rule::Difference)]);
}

#[test]
fn products_and_quotients_by_the_logarithmic_mean() {
    // 2 * 3 = 6 becomes 4 * 3 = 12: all of it comes from a.
    let found = first_level([2.0, 3.0, 1.0, 1.0], [4.0, 3.0, 1.0, 1.0], &[("whole", "a * b")]);
    near(&found, &[("a", 6.0, Rule::LogarithmicMean), ("b", 0.0, Rule::LogarithmicMean)]);
    // 1 * 1 becomes 2 * 2: both doubled, so each has half of the 3.
    let found = first_level([1.0, 1.0, 1.0, 1.0], [2.0, 2.0, 1.0, 1.0], &[("whole", "a * b")]);
    near(&found, &[("a", 1.5, Rule::LogarithmicMean), ("b", 1.5, Rule::LogarithmicMean)]);
    // 8 / 2 = 4 becomes 8 / 4 = 2, and 8 / 2 becomes 16 / 4: what one adds the other takes.
    let found = first_level([8.0, 2.0, 1.0, 1.0], [16.0, 4.0, 1.0, 1.0], &[("whole", "a / b")]);
    let half = 4.0 * 2.0f64.ln();
    near(&found, &[("a", half, Rule::LogarithmicMean), ("b", -half, Rule::LogarithmicMean)]);
}

#[test]
fn zeros_and_changes_of_sign_by_the_midpoint() {
    // 0 * 4 becomes 3 * 6 = 18: a has 3 * (4 + 6) / 2 = 15, b has 2 * (0 + 3) / 2 = 3.
    let found = first_level([0.0, 4.0, 1.0, 1.0], [3.0, 6.0, 1.0, 1.0], &[("whole", "a * b")]);
    near(&found, &[("a", 15.0, Rule::Midpoint), ("b", 3.0, Rule::Midpoint)]);
    // -2 / 1 = -2 becomes 2 / 2 = 1: a has 4 * (1 + 0.5) / 2 = 3, b has (2 - 1) * -(-2 + 2) / 2 / (1 * 2) = 0.
    let found = first_level([-2.0, 1.0, 1.0, 1.0], [2.0, 2.0, 1.0, 1.0], &[("whole", "a / b")]);
    near(&found, &[("a", 3.0, Rule::Midpoint), ("b", 0.0, Rule::Midpoint)]);
    // Both negative is one sign: -2 * -3 = 6 becomes -4 * -3 = 12.
    let found = first_level([-2.0, -3.0, 1.0, 1.0], [-4.0, -3.0, 1.0, 1.0], &[("whole", "a * b")]);
    near(&found, &[("a", 6.0, Rule::LogarithmicMean), ("b", 0.0, Rule::LogarithmicMean)]);
}

#[test]
fn what_cannot_be_taken_apart_counts_as_one() {
    // least(1, 2) + 3 = 4 becomes least(5, 2) + 3 = 5.
    let found = first_level([1.0, 2.0, 3.0, 0.0], [5.0, 2.0, 3.0, 0.0], &[("whole", "least(a, b) + c")]);
    near(&found, &[("least(a, b)", 1.0, Rule::Difference), ("c", 0.0, Rule::Difference)]);
    // abs(-4) becomes abs(1): of one value the ratio of changes, -3 / 5.
    let found = first_level([-4.0, 2.0, 3.0, 0.0], [1.0, 2.0, 3.0, 0.0], &[("whole", "abs(a)")]);
    near(&found, &[("a", -3.0, Rule::Alone)]);
}

#[test]
fn a_component_that_stands_twice_is_told_once() {
    // (a - b) / a: 1 - 2/4 = 0.5 becomes 1 - 2/5 = 0.6, all of it from a.
    let found = first_level([4.0, 2.0, 1.0, 1.0], [5.0, 2.0, 1.0, 1.0], &[("whole", "(a - b) / a")]);
    assert_eq!(found.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert!((found[0].1.unwrap() - 0.1).abs() < 1e-9 && found[1].1.unwrap().abs() < 1e-9, "{found:?}");
}

#[test]
fn nothing_is_known_where_a_value_is_null() {
    let found = first_level([1.0, 0.0, 1.0, 1.0], [2.0, 2.0, 1.0, 1.0], &[("whole", "a / b")]);
    assert!(found.iter().all(|(_, amount, _)| amount.is_none()), "{found:?}");
}

fn formulas() -> impl Strategy<Value = [String; 3]> {
    let tree = || {
        let leaf = prop::sample::select(vec!["a", "b", "c", "d", "x", "y", "2", "0.5"]).prop_map(str::to_owned);
        leaf.prop_recursive(3, 8, 2, |inner| {
            let two = prop::sample::select(vec!["+", "-", "*", "*", "/", "/"]);
            prop_oneof![
                6 => (two, inner.clone(), inner.clone()).prop_map(|(name, one, two)| format!("({one} {name} {two})")),
                1 => inner.clone().prop_map(|one| format!("abs({one})")),
                1 => (inner.clone(), inner).prop_map(|(one, two)| format!("least({one}, {two})")),
            ]
        })
    };
    // `x` stands on figures only, `y` on these and x.
    let only = |text: String| text.replace('x', "a").replace('y', "b");
    (tree().prop_map(only), tree().prop_map(|text| text.replace('y', "b")), tree()).prop_map(|(x, y, whole)| [x, y, whole])
}

/// Figures with zeros, changes of sign, and such as hardly change.
fn values() -> impl Strategy<Value = ([f64; 4], [f64; 4])> {
    let number = || prop_oneof![6 => 0.1..9.0f64, 2 => -5.0..5.0f64, 1 => Just(0.0), 1 => Just(3.0)];
    let pair = (number(), number(), 0..8u8).prop_map(|(one, two, same)| match same {
        0 => (one, one),
        1 => (one, one * (1.0 + 1e-9)),
        _ => (one, two),
    });
    prop::array::uniform4(pair).prop_map(|pairs| (pairs.map(|(one, _)| one), pairs.map(|(_, two)| two)))
}

/// What is wrong with contributions: at each level they have to add up to what they are a part of.
fn problem(tree: &Tree, found: &[Contribution]) -> Option<String> {
    let total = found[0];
    let size =
        found.iter().flat_map(|found| [found.amount, found.now, found.before]).flatten().map(f64::abs).fold(1e-12, f64::max);
    let change = total.now? - total.before?;
    if (total.amount? - change).abs() > 1e-9 * size {
        return Some(format!("the whole contributed {:?} to its change of {change}", total.amount));
    }
    for (at, component) in tree.components.iter().enumerate().filter(|(_, component)| component.is_open) {
        let parts: Vec<f64> = (0..found.len())
            .filter(|part| tree.components[*part].parent == Some(at))
            .filter_map(|part| found[part].amount)
            .collect();
        // Far above what goes into it nothing is known of it, and it moved nothing.
        let Some(own) = found[at].amount else { continue };
        if (parts.iter().sum::<f64>() - own).abs() > 1e-9 * size {
            return Some(format!("the parts {parts:?} of {} do not add up to {own}", component.name));
        }
    }
    None
}

#[test]
fn contributions_add_up_to_the_change() {
    let known = std::cell::Cell::new(0);
    let config = Config { cases: 600, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let outcome = runner.run(&(formulas(), values()), |([x, y, whole], (before, now))| {
        let text = spec(before, now, &[("x", &x), ("y", &y), ("whole", &whole)]);
        // Some are refused: a division by what is always 0.
        let Ok(project) = super::checked(&text).valid() else { return Ok(()) };
        let (tree, found) = told(&project, &figures(before), &figures(now));
        if found[0].amount.is_some_and(f64::is_finite) && found.iter().all(|found| found.now.is_none_or(|now| now.abs() < 1e6))
        {
            known.set(known.get() + 1);
            let problem = problem(&tree, &found);
            prop_assert!(problem.is_none(), "{}: {found:?}\n{text}", problem.unwrap());
        }
        Ok(())
    });
    outcome.unwrap();
    assert!(known.get() > 300, "{} of 600 formulas have a change", known.get());
}

/// The rows of a view on the engine.
pub fn rows(project: &Valid, view: &str) -> Vec<HashMap<String, serde_json::Value>> {
    let engine = DuckDb {
        program: find(None).unwrap(),
        folder: std::env::temp_dir(),
        database: None,
        reach: kpic::engine::Reach::default(),
    };
    let view = views::views(project).into_iter().find(|known| known.name == view).unwrap();
    let query = views::query(project, &view.shows).unwrap();
    let sql = kpic::sql::query(&query, kpic::dialect::dialect(None));
    let answer = engine.answer("", std::slice::from_ref(&sql)).unwrap().remove(0).unwrap_or_else(|why| panic!("{why}\n{sql}"));
    let named = |row: &Vec<serde_json::Value>| answer.columns.iter().cloned().zip(row.iter().cloned()).collect();
    answer.rows.iter().map(named).collect()
}

#[test]
fn the_view_says_the_same() {
    let cases: [([f64; 4], [f64; 4], [&str; 3]); 5] = [
        ([4.0, 2.0, 3.0, 5.0], [6.0, 2.5, 2.0, 7.0], ["a / b", "x * c", "y / (d + x)"]),
        ([0.0, 2.0, -3.0, 5.0], [6.0, 2.5, 2.0, 7.0], ["a * b", "x - c * d", "x / (y + 40)"]),
        ([4.0, 2.0, 3.0, 5.0], [4.000_000_01, 2.0, 3.0, 5.0], ["a / b", "x * c", "y * x"]),
        ([-4.0, 2.0, 3.0, 5.0], [1.0, 2.0, 3.0, -5.0], ["abs(a)", "least(b, d)", "x * y + 3 * c"]),
        ([4.0, 2.0, 3.0, 0.0], [5.0, 2.0, 3.0, 1.0], ["a + 1", "b", "(a - b) / a + x / d"]),
    ];
    for (before, now, [x, y, whole]) in cases {
        let text = spec(before, now, &[("x", x), ("y", y), ("whole", whole)]);
        let project = valid(&format!("{text}north_star: {{ volume: whole }}\n"));
        let (tree, found) = told(&project, &figures(before), &figures(now));
        let view: Vec<_> =
            rows(&project, "north_star_drivers").into_iter().filter(|row| row["period"] == "2024-02-01").collect();
        assert_eq!(view.len(), found.len(), "{whole}");
        for ((component, found), row) in tree.components.iter().zip(&found).zip(&view) {
            assert_eq!(row["component"], component.name.as_str(), "{whole}");
            let number = |column: &str| row[column].as_f64();
            let same = match (number("contribution"), found.amount) {
                (Some(one), Some(two)) => (one - two).abs() <= 1e-9 * (1.0 + two.abs()),
                (one, two) => one == two,
            };
            assert!(
                same,
                "{whole}: {} contributed {:?} in the view and {:?} here",
                component.name, row["contribution"], found.amount
            );
            if found.amount.is_some() {
                assert_eq!(number("value").is_some(), found.now.is_some());
            }
        }
    }
}
