//! Every sign that is derived, against finite differences: random formulas over hand-kept figures of known ranges, at random
//! values within them.

use super::valid;
use kpic::align::Sign;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::cell::Cell;

/// A formula over five figures.
#[derive(Debug, Clone)]
enum Tree {
    Number(i32),
    Figure(usize),
    Call(&'static str, Vec<Tree>),
}

/// The figures, each with the least and greatest value that it is declared to have.
const FIGURES: [(&str, f64, f64); 5] = [("a", 0.0, 9.0), ("b", 1.0, 4.0), ("c", -6.0, 0.0), ("d", -3.0, 5.0), ("e", 0.0, 1.0)];

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![1 => (-3..6i32).prop_map(Tree::Number), 5 => (0..FIGURES.len()).prop_map(Tree::Figure)];
    leaf.prop_recursive(4, 14, 2, |inner| {
        let two = prop::sample::select(vec!["+", "-", "*", "*", "/", "/", "/", "least", "greatest", "power"]);
        let one = prop::sample::select(vec![
            "negate", "abs", "round", "floor", "ceil", "sqrt", "ln", "exp", "prior", "change", "growth",
        ]);
        prop_oneof![
            5 => (two, inner.clone(), inner.clone()).prop_map(|(name, one, two)| Tree::Call(name, vec![one, two])),
            2 => (one, inner.clone()).prop_map(|(name, one)| Tree::Call(name, vec![one])),
            1 => (inner.clone(), inner.clone(), inner).prop_map(|(one, two, three)| Tree::Call("if", vec![one, two, three])),
        ]
    })
}

fn text(tree: &Tree) -> String {
    match tree {
        Tree::Number(number) => format!("({number})"),
        Tree::Figure(at) => FIGURES[*at].0.to_owned(),
        Tree::Call("negate", of) => format!("(-{})", text(&of[0])),
        Tree::Call("if", of) => format!("if({} > 1, {}, {})", text(&of[0]), text(&of[1]), text(&of[2])),
        Tree::Call(name @ ("+" | "-" | "*" | "/"), of) => format!("({} {name} {})", text(&of[0]), text(&of[1])),
        Tree::Call(name, of) => format!("{name}({})", of.iter().map(text).collect::<Vec<_>>().join(", ")),
    }
}

/// The figures of this period and of the one before.
#[derive(Debug, Clone)]
struct Values {
    now: [f64; 5],
    before: [f64; 5],
}

/// What was met on the way: how large numbers became, and the divisors.
#[derive(Debug, Default)]
struct Met {
    size: Cell<f64>,
    divisors: std::cell::RefCell<Vec<f64>>,
}

/// The value of a formula; nothing for null.
fn value(tree: &Tree, values: &Values, past: bool, met: &Met) -> Option<f64> {
    let of = |tree: &Tree| value(tree, values, past, met);
    let found = match tree {
        Tree::Number(number) => f64::from(*number),
        Tree::Figure(at) => {
            if past {
                values.before[*at]
            } else {
                values.now[*at]
            }
        }
        Tree::Call("prior", of) => value(&of[0], values, true, met)?,
        Tree::Call("change", parts) => of(&parts[0])? - value(&parts[0], values, true, met)?,
        Tree::Call("growth", parts) => {
            let before = value(&parts[0], values, true, met)?;
            (before != 0.0).then_some((of(&parts[0])? - before) / before.abs())?
        }
        Tree::Call("if", parts) => {
            if of(&parts[0])? > 1.0 {
                of(&parts[1])?
            } else {
                of(&parts[2])?
            }
        }
        Tree::Call(name, parts) => {
            let one = of(&parts[0])?;
            let two = parts.get(1).map_or(Some(0.0), of)?;
            match *name {
                "+" => one + two,
                "-" => one - two,
                "*" => one * two,
                "/" => {
                    met.divisors.borrow_mut().push(two);
                    (two != 0.0).then_some(one / two)?
                }
                "least" => one.min(two),
                "greatest" => one.max(two),
                "power" => one.powf(two),
                "negate" => -one,
                "abs" => one.abs(),
                "round" => one.round(),
                "floor" => one.floor(),
                "ceil" => one.ceil(),
                "sqrt" => one.sqrt(),
                "ln" => (one > 0.0).then(|| one.ln())?,
                "exp" => one.exp(),
                other => panic!("{other}"),
            }
        }
    };
    met.size.set(met.size.get().max(found.abs()));
    found.is_finite().then_some(found)
}

/// Whether `prior` and its like stand nowhere above other such: the past of the past is not looked at.
fn is_flat(tree: &Tree, inside: bool) -> bool {
    match tree {
        Tree::Number(_) | Tree::Figure(_) => true,
        Tree::Call(name, parts) => {
            let past = matches!(*name, "prior" | "change" | "growth");
            !(past && inside) && parts.iter().all(|part| is_flat(part, inside || past))
        }
    }
}

/// Whether a figure stands outside `prior`.
fn is_present(tree: &Tree, figure: usize) -> bool {
    match tree {
        Tree::Number(_) | Tree::Call("prior", _) => false,
        Tree::Figure(at) => *at == figure,
        Tree::Call(_, parts) => parts.iter().any(|part| is_present(part, figure)),
    }
}

fn has_figure(tree: &Tree) -> bool {
    (0..FIGURES.len()).any(|figure| is_present(tree, figure))
}

fn inputs() -> impl Strategy<Value = Vec<(Values, f64)>> {
    let one = prop::array::uniform5(0.0..=1.0f64);
    let scaled = |shares: [f64; 5]| std::array::from_fn(|at| FIGURES[at].1 + shares[at] * (FIGURES[at].2 - FIGURES[at].1));
    let values = (one.clone(), one).prop_map(move |(now, before)| Values { now: scaled(now), before: scaled(before) });
    prop::collection::vec((values, 0.001..1.0f64), 60)
}

#[test]
fn every_sign_agrees_with_finite_differences() {
    let (signed, compared) = (Cell::new(0u32), Cell::new(0u32));
    let config = Config { cases: 500, failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let strategy =
        (tree(), inputs()).prop_filter("a formula over figures", |(tree, _)| has_figure(tree) && is_flat(tree, false));
    let outcome = runner.run(&strategy, |(tree, inputs)| {
        let mut spec = String::from("kpis:\n");
        for (name, low, high) in FIGURES {
            spec.push_str(&format!("  {name}: {{ values: {{ 2024-01: {low}, 2024-02: {high} }}, kind: ratio }}\n"));
        }
        spec.push_str(&format!("  whole: {{ formula: \"{}\" }}\n", text(&tree)));
        // Some are refused: a division by what is always 0.
        let Ok(project) = super::checked(&spec).valid() else { return Ok(()) };
        let model = project.model();
        let divisors = divisors_that_are_positive(&tree, &inputs);
        for edge in project.alignment().edges() {
            let figure = FIGURES.iter().position(|(name, ..)| *name == model.kpis.get(edge.from).name.value).unwrap();
            if edge.sign == Sign::Unknown {
                continue;
            }
            signed.set(signed.get() + 1);
            let present = is_present(&tree, figure);
            for (values, share) in &inputs {
                let mut more = values.clone();
                let moved = if present { &mut more.now } else { &mut more.before };
                moved[figure] += share * (FIGURES[figure].2 - moved[figure]);
                let (met_one, met_two) = (Met::default(), Met::default());
                let (Some(one), Some(two)) = (value(&tree, values, false, &met_one), value(&tree, &more, false, &met_two))
                else {
                    continue;
                };
                if !is_sound(&met_one, divisors) || !is_sound(&met_two, divisors) {
                    continue;
                }
                compared.set(compared.get() + 1);
                let tolerance = 1e-9 * (1.0 + met_one.size.get().max(met_two.size.get()));
                let rise = two - one;
                let agrees = if edge.sign == Sign::Plus { rise >= -tolerance } else { rise <= tolerance };
                prop_assert!(
                    agrees,
                    "{}: {} by {} ({}), but {} became {} from {:?} to {:?}",
                    text(&tree),
                    FIGURES[figure].0,
                    edge.sign.symbol(),
                    edge.why,
                    one,
                    two,
                    values,
                    more
                );
            }
        }
        Ok(())
    });
    outcome.unwrap();
    // The test has to see something: most formulas have signs, and most signs can be compared.
    assert!(signed.get() > 250, "{} signs", signed.get());
    assert!(compared.get() > 5_000, "{} comparisons", compared.get());
}

/// For each divisor, in the order in which they are met, whether it is ever positive.
fn divisors_that_are_positive(tree: &Tree, inputs: &[(Values, f64)]) -> bool {
    inputs.iter().any(|(values, _)| {
        let met = Met::default();
        let _ = value(tree, values, false, &met);
        met.divisors.borrow().iter().any(|divisor| *divisor > 0.0)
    })
}

/// Whether all divisors have the sign for which signs are meant: positive, unless none ever is.
fn is_sound(met: &Met, positive: bool) -> bool {
    met.divisors.borrow().iter().all(|divisor| if positive { *divisor > 0.0 } else { *divisor < 0.0 })
}

/// The spec of a formula compiles, so that the test above is not about nothing.
#[test]
fn a_formula_of_each_function_is_one() {
    let all = "least(greatest(a, b), power(b, e)) + abs(round(sqrt(floor(ln(ceil(exp(e))))))) / b - change(d) * growth(c) + prior(a) + if(a > 1, b, c)";
    valid(&format!(
        "kpis:\n{}  whole: {{ formula: \"{all}\" }}\n",
        FIGURES
            .map(|(name, low, high)| format!("  {name}: {{ values: {{ 2024-01: {low}, 2024-02: {high} }}, kind: ratio }}\n"))
            .concat()
    ));
}
