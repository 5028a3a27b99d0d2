//! `interval` and `min_rows`: the number of rows that a figure rests on, and the bounds of its sampling error.
//!
//! Three forms are known, each perhaps times a number, and nothing else is guessed:
//!
//! - a share of rows, `count(x where a and b) / count(x where a)`: Wilson's score interval (E. B. Wilson, "Probable inference, the law of succession, and
//!   statistical inference", 1927), which is within 0 and 1 and holds for few rows too;
//! - a difference of two shares of the same rows, as of a net promoter score: the mean of what is 1, 0 or -1 for each row, whether the two conditions
//!   exclude each other or not, with the interval of a mean;
//! - a mean, `avg(x.y)`: normal, with the sample standard deviation (divided by n - 1) over the square root of n.

use crate::diagnostic::{Findings, codes};
use crate::functions::{Function, avg, count, operators, sqrt, stddev};
use crate::model::expr::{Aggregate, Calc, CalcLeaf, Expr, Literal, Node, RowExpr};
use crate::model::{Body, Confidence, Model, Sampling};

/// How deep KPIs may name each other here.
const DEEPEST: usize = 50;

/// What a figure is a sample of.
enum Form<'a> {
    /// So many of so many rows.
    Share(&'a Aggregate, &'a Aggregate),
    /// So many less so many, of so many rows.
    Difference(&'a Aggregate, &'a Aggregate, &'a Aggregate),
    /// The mean of a value of rows.
    Mean(&'a Aggregate),
}

/// Works out what KPIs with `interval` or `min_rows` show beside their values.
pub(super) fn intervals(model: &mut Model, findings: &mut Findings) {
    for id in model.kpis.ids().collect::<Vec<_>>() {
        let own = model.kpis.get(id);
        let asked = &own.asked_sampling;
        let span = asked.confidence.as_ref().map(|sure| sure.span).or(asked.min_rows.as_ref().map(|count| count.span));
        let Some(span) = span else { continue };
        let calc = match &own.body {
            Body::Formula(calc) => calc,
            Body::Values(_) => {
                let message = format!("`{}` is kept by hand, so kpic does not know the rows that it rests on", own.name.value);
                findings.report(&codes::NO_INTERVAL, span, message).help("leave it out");
                continue;
            }
            Body::Broken => continue,
        };
        let Some(Found { form, factor, scale }) = form(model, calc) else {
            if !has_broken(calc) {
                let message = format!("kpic knows no sampling error of the formula of `{}`", own.name.value);
                findings.report(&codes::NO_INTERVAL, span, message).help(
                    "it knows that of a share of rows, `count(x where ...) / count(x)`, of a difference of two such shares, \
                     `(count(x where ...) - count(x where ...)) / count(x)`, and of a mean, `avg(x.y)`",
                );
            }
            continue;
        };
        let confidence = asked.confidence.as_ref().map(|sure| sure.value);
        let sampling = Sampling {
            confidence,
            min_rows: asked.min_rows.as_ref().map(|count| count.value),
            rows: rows(&form),
            bounds: confidence.map(|confidence| {
                let (low, high) = bounds(&form, confidence);
                // The KPI's own unit comes last, as for its value.
                let scale = scale * own.facts.scale;
                let scaled = |bound: Calc| {
                    let bound = match factor {
                        Some(number) => apply(&operators::MULTIPLY, vec![number.clone(), bound]),
                        None => bound,
                    };
                    if (scale - 1.0).abs() < f64::EPSILON {
                        bound
                    } else {
                        apply(&operators::DIVIDE, vec![bound, number(1.0 / scale)])
                    }
                };
                (scaled(low), scaled(high))
            }),
        };
        let taken = sampling.columns();
        let dimensions = own.by.iter().flat_map(|slice| &slice.value).map(|id| &model.dimensions.get(*id).name);
        if let Some(name) = dimensions.clone().find(|name| taken.iter().any(|(column, _)| *column == name.as_str())) {
            let message = format!(
                "the views of `{}` would have two columns `{name}`: the dimension, and what `interval` shows",
                own.name.value
            );
            findings.report(&codes::NO_INTERVAL, span, message).help("give the dimension another name");
            continue;
        }
        model.kpis.get_mut(id).sampling = Some(sampling);
    }
}

fn has_broken(calc: &Calc) -> bool {
    match &calc.node {
        Node::Broken => true,
        Node::Apply(_, arguments) => arguments.iter().any(has_broken),
        _ => false,
    }
}

/// The formula, also behind the names of KPIs, and by what its value is multiplied there to be in their units.
fn written_out<'a>(model: &'a Model, mut calc: &'a Calc) -> (&'a Calc, f64) {
    let mut scale = 1.0;
    for _ in 0..DEEPEST {
        let Node::Leaf(CalcLeaf::Kpi(id)) = &calc.node else { break };
        let kpi = model.kpis.get(*id);
        let Body::Formula(of) = &kpi.body else { break };
        (calc, scale) = (of, scale * kpi.facts.scale);
    }
    (calc, scale)
}

/// The form of a formula.
struct Found<'a> {
    form: Form<'a>,
    /// A number that all of it is multiplied by.
    factor: Option<&'a Calc>,
    /// What makes its unit of that in which it is computed.
    scale: f64,
}

fn form<'a>(model: &'a Model, calc: &'a Calc) -> Option<Found<'a>> {
    let (calc, outer) = written_out(model, calc);
    let (number, calc) = factor(calc);
    let (calc, inner) = written_out(model, calc);
    let scale = outer * inner;
    if let Node::Leaf(CalcLeaf::Aggregate(aggregate)) = &calc.node {
        let form = (aggregate.function == &avg::AVG && !reads_pairs(aggregate)).then_some(Form::Mean(aggregate))?;
        return Some(Found { form, factor: number, scale });
    }
    let [above, below] = both(&operators::DIVIDE, calc)?;
    let all = counted(model, below)?;
    let part = |calc: &'a Calc| counted(model, calc).filter(|part| is_part(part, all));
    let (above, scale_above) = written_out(model, above);
    let (own, above) = factor(above);
    let (above, scale_within) = written_out(model, above);
    if number.is_some() && own.is_some() {
        return None;
    }
    let form = match both(&operators::SUBTRACT, above) {
        Some([more, less]) => Form::Difference(part(more)?, part(less)?, all),
        None => Form::Share(part(above)?, all),
    };
    Some(Found { form, factor: number.or(own), scale: scale * scale_above * scale_within })
}

/// A positive number that something is multiplied by, and the rest.
fn factor(calc: &Calc) -> (Option<&Calc>, &Calc) {
    let is_factor = |calc: &Calc| match &calc.node {
        Node::Literal(Literal::Number(digits)) => digits.parse::<f64>().is_ok_and(|number| number > 0.0),
        _ => false,
    };
    match both(&operators::MULTIPLY, calc) {
        Some([number, rest]) if is_factor(number) => (Some(number), rest),
        Some([rest, number]) if is_factor(number) => (Some(number), rest),
        _ => (None, calc),
    }
}

fn both<'a>(function: &'static Function, calc: &'a Calc) -> Option<[&'a Calc; 2]> {
    match &calc.node {
        Node::Apply(known, arguments) if *known == function => match arguments.as_slice() {
            [one, other] => Some([one, other]),
            _ => None,
        },
        _ => None,
    }
}

/// Changes between two moments are looked at in pairs, which are not drawn from anything.
fn reads_pairs(aggregate: &Aggregate) -> bool {
    aggregate.window == crate::model::expr::Window::Previous
}

/// A count of rows, also behind the names of KPIs.
fn counted<'a>(model: &'a Model, calc: &'a Calc) -> Option<&'a Aggregate> {
    let (calc, scale) = written_out(model, calc);
    match &calc.node {
        _ if (scale - 1.0).abs() > f64::EPSILON => None,
        Node::Leaf(CalcLeaf::Aggregate(aggregate)) if aggregate.function == &count::COUNT && !reads_pairs(aggregate) => {
            Some(aggregate)
        }
        _ => None,
    }
}

/// Whether each row of the one is one of the other: the same rows, under more conditions.
fn is_part(part: &Aggregate, all: &Aggregate) -> bool {
    let same = part.source == all.source
        && part.time == all.time
        && part.stock == all.stock
        && part.window == all.window
        && (all.argument.is_none() || part.argument == all.argument);
    let of_part = conditions(part.filter.as_ref());
    same && conditions(all.filter.as_ref()).iter().all(|condition| of_part.contains(condition))
}

/// The conditions that all have to hold.
fn conditions(filter: Option<&RowExpr>) -> Vec<&RowExpr> {
    match filter {
        None => Vec::new(),
        Some(Expr { node: Node::Apply(function, arguments), .. }) if *function == &operators::AND => {
            arguments.iter().flat_map(|argument| conditions(Some(argument))).collect()
        }
        Some(condition) => vec![condition],
    }
}

fn leaf(aggregate: &Aggregate) -> Calc {
    Expr::leaf(CalcLeaf::Aggregate(Box::new(aggregate.clone())))
}

/// The same rows under another function.
fn with(aggregate: &Aggregate, function: &'static Function) -> Calc {
    leaf(&Aggregate { function, ..aggregate.clone() })
}

/// How many rows a figure rests on. Where a mean leaves out nulls, so does this.
fn rows(form: &Form<'_>) -> Calc {
    match form {
        Form::Share(_, all) | Form::Difference(_, _, all) => leaf(all),
        Form::Mean(mean) => with(mean, &count::COUNT),
    }
}

/// A floating-point number.
fn number(value: f64) -> Calc {
    Expr::number(format!("{value:e}"))
}

fn apply(function: &'static Function, arguments: Vec<Calc>) -> Calc {
    Expr::apply(function, arguments)
}

fn bounds(form: &Form<'_>, confidence: Confidence) -> (Calc, Calc) {
    let (z, n) = (confidence.z(), rows(form));
    let times = |one: Calc, other: Calc| apply(&operators::MULTIPLY, vec![one, other]);
    let plus = |one: Calc, other: Calc| apply(&operators::ADD, vec![one, other]);
    let minus = |one: Calc, other: Calc| apply(&operators::SUBTRACT, vec![one, other]);
    let over = |one: Calc, other: Calc| apply(&operators::DIVIDE, vec![one, other]);
    let root = |of: Calc| apply(&sqrt::SQRT, vec![of]);
    match form {
        Form::Share(part, all) => {
            // The roots of (n + z²) t² - (2x + z²) t + x²/n, without a difference of two numbers that are nearly the same; the upper one is
            // 1 less the lower one of all others.
            let others = || minus(leaf(all), leaf(part));
            let spread = || times(number(z), root(plus(times(over(leaf(part), leaf(all)), others()), number(z * z / 4.0))));
            let lower = |of: &dyn Fn() -> Calc| {
                let above = times(of(), over(of(), leaf(all)));
                over(above, plus(plus(of(), number(z * z / 2.0)), spread()))
            };
            (lower(&|| leaf(part)), minus(number(1.0), lower(&others)))
        }
        Form::Difference(more, less, all) => {
            let both =
                Aggregate { filter: Expr::all(more.filter.iter().chain(&less.filter).cloned().collect()), ..(*more).clone() };
            let share = |of: Calc| over(of, leaf(all));
            let difference = || minus(share(leaf(more)), share(leaf(less)));
            // A row's difference is 1, 0 or -1: the mean of its square less the square of its mean.
            let one = minus(plus(share(leaf(more)), share(leaf(less))), times(number(2.0), share(leaf(&both))));
            let variance = minus(one, times(difference(), difference()));
            let half = times(number(z), root(over(variance, minus(n, number(1.0)))));
            around(difference(), half)
        }
        Form::Mean(mean) => around(leaf(mean), times(number(z), over(with(mean, &stddev::STDDEV), root(n)))),
    }
}

fn around(middle: Calc, half: Calc) -> (Calc, Calc) {
    let low = apply(&operators::SUBTRACT, vec![middle.clone(), half.clone()]);
    (low, apply(&operators::ADD, vec![middle, half]))
}
