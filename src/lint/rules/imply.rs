//! What a condition that is true of a row says about other conditions, as far as can be seen from how they are written.

use crate::functions::operators;
use crate::model::expr::{Literal, Node, Related, RowExpr, RowLeaf};
use crate::model::journey::Journey;

/// Functions that may have a value where an argument has none. All others have none then.
const LENIENT: [&str; 7] = ["if", "case", "coalesce", "is null", "is not null", "to json", "earlier"];

/// Whether a value is missing, or a condition not true, where `of` has no value.
pub(super) fn needs(expr: &RowExpr, of: &RowExpr) -> bool {
    match &expr.node {
        Node::Apply(function, arguments) if **function == operators::AND => {
            arguments.iter().any(|argument| needs(argument, of))
        }
        Node::Apply(function, arguments) if **function == operators::OR => arguments.iter().all(|argument| needs(argument, of)),
        Node::Apply(function, arguments) if **function == operators::NOT => {
            arguments.iter().all(|argument| needs_to_be_false(argument, of))
        }
        _ => is_null_with(expr, of),
    }
}

/// Whether a condition is not false where `of` has no value.
fn needs_to_be_false(expr: &RowExpr, of: &RowExpr) -> bool {
    let Node::Apply(function, arguments) = &expr.node else { return expr == of };
    match function.name {
        "and" => arguments.iter().all(|argument| needs_to_be_false(argument, of)),
        "or" => arguments.iter().any(|argument| needs_to_be_false(argument, of)),
        "not" => arguments.iter().all(|argument| needs(argument, of)),
        _ => is_null_with(expr, of),
    }
}

/// Whether an expression is null where `of` is. What is not true may be false, and then `not` of it is true.
fn is_null_with(expr: &RowExpr, of: &RowExpr) -> bool {
    if expr == of {
        return true;
    }
    let Node::Apply(function, arguments) = &expr.node else { return false };
    match function.name {
        "and" | "or" => arguments.iter().all(|argument| is_null_with(argument, of)),
        "in" | "not in" => arguments.first().is_some_and(|argument| is_null_with(argument, of)),
        name => !LENIENT.contains(&name) && arguments.iter().any(|argument| is_null_with(argument, of)),
    }
}

/// What is `is not null` in a condition, or else has a value where the condition is true.
pub(super) fn shows(condition: Option<&RowExpr>, of: &RowExpr) -> bool {
    condition.is_some_and(|condition| condition.conjuncts().into_iter().any(|known| known_of(known, of)))
}

fn known_of(known: &RowExpr, of: &RowExpr) -> bool {
    match &known.node {
        Node::Apply(function, arguments) if **function == operators::IS_NOT_NULL => {
            arguments.first().is_some_and(|argument| needs(argument, of))
        }
        _ => needs(known, of),
    }
}

/// Whether every row of which all of `given` are true is one of which `wanted` is.
pub(super) fn implied(given: &[&RowExpr], wanted: &RowExpr, journey: Option<&Journey>) -> bool {
    if let Node::Apply(function, arguments) = &wanted.node {
        match function.name {
            "and" => return arguments.iter().all(|wanted| implied(given, wanted, journey)),
            "or" if arguments.iter().any(|wanted| implied(given, wanted, journey)) => return true,
            "is not null" if arguments.first().is_some_and(|of| given.iter().any(|known| known_of(known, of))) => return true,
            _ => {}
        }
    }
    given.iter().any(|known| {
        let either = match &known.node {
            Node::Apply(function, arguments) if **function == operators::OR => {
                arguments.iter().all(|known| implied(&known.conjuncts(), wanted, journey))
            }
            _ => false,
        };
        either || *known == wanted || narrower(known, wanted) || journey.is_some_and(|journey| further(journey, known, wanted))
    })
}

/// Whether a journey of which one thing is true got as far as the other asks for.
fn further(journey: &Journey, known: &RowExpr, wanted: &RowExpr) -> bool {
    match (&known.node, &wanted.node) {
        (Node::Leaf(RowLeaf::Reached(known)), Node::Leaf(RowLeaf::Reached(wanted))) => journey.implies(known, wanted),
        _ => false,
    }
}

/// Whether a comparison leaves only values that another one leaves too.
fn narrower(known: &RowExpr, wanted: &RowExpr) -> bool {
    let (Some(one), Some(other)) = (Left::of(known), Left::of(wanted)) else { return false };
    let fits = match (&one.values, &other.values) {
        (Values::Some(one), Values::Some(other)) => one.iter().all(|value| other.contains(value)),
        (Values::Some(one), Values::Not(other)) => one.iter().all(|value| !other.contains(value)),
        (Values::Not(one), Values::Not(other)) => other.iter().all(|value| one.contains(value)),
        (Values::Within(low, high), Values::Within(least, most)) => low.is_in(least, true) && high.is_in(most, false),
        (Values::Some(one), Values::Within(least, most)) => one.iter().all(|value| {
            number(value).is_some_and(|at| {
                let at = RangeEnd { at, included: true };
                at.is_in(least, true) && at.is_in(most, false)
            })
        }),
        _ => false,
    };
    let at_least =
        || matches!((&one.values, &other.values), (Values::Within(_, _), Values::Within(_, most)) if most.at == f64::INFINITY);
    fits && (one.of == other.of || at_least() && counts_more(one.of, other.of))
}

/// Whether one count of related rows leaves nothing out that another one counts.
fn counts_more(few: &RowExpr, many: &RowExpr) -> bool {
    let (Node::Leaf(RowLeaf::Related(few)), Node::Leaf(RowLeaf::Related(many))) = (&few.node, &many.node) else { return false };
    let Related { aggregate: few, via, of: time } = few.as_ref();
    let (of, other) = (&few.filter, &many.aggregate.filter);
    let without_filter =
        |aggregate: &crate::model::expr::Aggregate| crate::model::expr::Aggregate { filter: None, ..aggregate.clone() };
    let is_count = few.function.name == "count" || few.function.name == "count_distinct";
    let given = of.iter().flat_map(RowExpr::conjuncts).collect::<Vec<_>>();
    is_count
        && *via == many.via
        && *time == many.of
        && without_filter(few) == without_filter(&many.aggregate)
        && other.iter().all(|wanted| implied(&given, wanted, None))
}

/// What a comparison is about, and what it leaves of it.
struct Left<'a> {
    of: &'a RowExpr,
    values: Values<'a>,
}

enum Values<'a> {
    Some(Vec<&'a Literal>),
    Not(Vec<&'a Literal>),
    Within(RangeEnd, RangeEnd),
}

/// An end of a range of numbers.
struct RangeEnd {
    at: f64,
    included: bool,
}

impl RangeEnd {
    /// Whether whatever is beyond this end is beyond the other one; `low` says which end they are.
    fn is_in(&self, other: &RangeEnd, low: bool) -> bool {
        let beyond = if low { self.at > other.at } else { self.at < other.at };
        beyond || self.at.total_cmp(&other.at).is_eq() && (other.included || !self.included)
    }
}

impl<'a> Left<'a> {
    fn of(expr: &'a RowExpr) -> Option<Self> {
        let Node::Apply(function, arguments) = &expr.node else { return None };
        let (of, rest) = arguments.split_first()?;
        let literals = rest.iter().map(|argument| match &argument.node {
            Node::Literal(literal) if *literal != Literal::Null => Some(literal),
            _ => None,
        });
        let literals: Vec<&Literal> = literals.collect::<Option<_>>()?;
        let bound = |at: usize, included| Some(RangeEnd { at: number(literals.get(at).copied()?)?, included });
        let (lowest, highest) =
            (RangeEnd { at: f64::NEG_INFINITY, included: true }, RangeEnd { at: f64::INFINITY, included: true });
        let values = match function.name {
            "=" | "in" => Values::Some(literals),
            "!=" | "not in" => Values::Not(literals),
            ">" => Values::Within(bound(0, false)?, highest),
            ">=" => Values::Within(bound(0, true)?, highest),
            "<" => Values::Within(lowest, bound(0, false)?),
            "<=" => Values::Within(lowest, bound(0, true)?),
            "between" => Values::Within(bound(0, true)?, bound(1, true)?),
            _ => return None,
        };
        Some(Self { of, values })
    }
}

fn number(literal: &Literal) -> Option<f64> {
    match literal {
        Literal::Number(digits) => digits.parse().ok(),
        _ => None,
    }
}
