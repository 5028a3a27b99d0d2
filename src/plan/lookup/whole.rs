//! Which values are whole numbers, decimals and floating ones, and which an engine may hold in too little room.
//!
//! A column of whole numbers may be stored in 32 bits or 8, and the product of two such values then overflows although every
//! figure is small; one of floating numbers may be stored in 32 bits too, or as whole numbers. And an engine's choice between
//! decimals of different scales, such as `coalesce`, may round one of them without a word. What is computed with or chosen
//! from is therefore widened first.

use crate::functions::ceil::CEIL;
use crate::functions::floor::FLOOR;
use crate::functions::mod_::MOD;
use crate::functions::round::ROUND;
use crate::functions::{Function, Gives, conversions};
use crate::model::expr::{Aggregate, Calc, CalcLeaf, Expr, Literal, Node, PairLeaf, RowExpr, RowLeaf, is_whole, values};
use crate::model::facts::Type;
use crate::model::{Body, Model, SourceId, Storage};
use crate::plan::lookup::expand::{Expansion, FormulaLeaf, Measure, MeasureOf};

impl Measure {
    /// Whether its values are whole numbers.
    pub(in crate::plan) fn is_whole(&self, model: &Model, expansion: &Expansion) -> bool {
        match &self.of {
            MeasureOf::Rows(aggregate) => aggregates_whole(model, aggregate),
            MeasureOf::Entities(grouped) => {
                self.counts() || keeps_whole(grouped.function.gives) && entity_is_whole(model, &grouped.of)
            }
            MeasureOf::Periods(periods) => {
                let of_leaf = |leaf: &FormulaLeaf| match leaf {
                    FormulaLeaf::Value(id, _) => {
                        expansion.measures.get(*id).is_some_and(|measure| measure.is_whole(model, expansion))
                    }
                    FormulaLeaf::Known(_) => false,
                };
                self.counts() || keeps_whole(periods.function.gives) && formula_is_whole(&periods.of, &of_leaf)
            }
            MeasureOf::ByHand(kpi) => matches!(&model.kpis.get(*kpi).body, Body::Values(values) if values.are_whole()),
            MeasureOf::Fresh(..) | MeasureOf::Unknown(..) | MeasureOf::Trusted(..) | MeasureOf::Doubt(..) => self.counts(),
        }
    }
}

/// Whether the value of an entity is a whole number.
fn entity_is_whole(model: &Model, value: &Calc) -> bool {
    formula_is_whole(value, &|leaf: &CalcLeaf| matches!(leaf, CalcLeaf::Aggregate(of) if aggregates_whole(model, of)))
}

/// Whether an aggregate over rows gives a whole number.
pub(in crate::plan) fn aggregates_whole(model: &Model, aggregate: &Aggregate) -> bool {
    aggregate_held(model, aggregate) == Some(NumberKind::Whole)
}

fn keeps_whole(gives: Gives) -> bool {
    matches!(gives, Gives::Same(_) | Gives::Common)
}

/// Whether an aggregate over rows gives a number.
pub(in crate::plan) fn aggregates_numbers(model: &Model, aggregate: &Aggregate) -> bool {
    aggregate_held(model, aggregate).is_some()
}

/// Whether a part of a formula is a whole number, given which of its leaves are.
pub(in crate::plan) fn formula_is_whole<L>(formula: &Expr<L>, of_leaf: &impl Fn(&L) -> bool) -> bool {
    let of_formula = |formula: &Expr<L>| formula_is_whole(formula, of_leaf);
    match &formula.node {
        Node::Literal(Literal::Number(digits)) => is_whole(digits),
        Node::Literal(_) | Node::Broken => false,
        Node::Leaf(leaf) => of_leaf(leaf),
        Node::Apply(function, arguments) => match function.gives {
            Gives::Integer => true,
            Gives::Same(at) => arguments.get(at).is_some_and(of_formula),
            Gives::Common => values(function, arguments).all(|value| is_null(value) || of_formula(value)),
            Gives::Truth | Gives::Number | Gives::Text | Gives::Date => false,
        },
    }
}

/// How a number of a row is held, from exact and narrow to floating.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum NumberKind {
    Whole,
    Decimal,
    Floating,
}

/// How the number that a row expression gives is held; nothing for what is not a number, and for null.
fn held(model: &Model, source: SourceId, expr: &RowExpr) -> Option<NumberKind> {
    match &expr.node {
        Node::Literal(Literal::Number(digits)) if digits.contains(['e', 'E']) => Some(NumberKind::Floating),
        Node::Literal(Literal::Number(digits)) if !is_whole(digits) => Some(NumberKind::Decimal),
        Node::Literal(Literal::Number(_)) | Node::Leaf(RowLeaf::Duration(..)) => Some(NumberKind::Whole),
        Node::Literal(_)
        | Node::Broken
        | Node::Leaf(
            RowLeaf::Dimension(_) | RowLeaf::Value | RowLeaf::Reached(_) | RowLeaf::Pair(PairLeaf::Exists(_) | PairLeaf::Ever),
        ) => None,
        Node::Leaf(RowLeaf::Column(path) | RowLeaf::Pair(PairLeaf::Of(_, path) | PairLeaf::Either(path))) => {
            match model.column(source, path).ty {
                Type::Integer => Some(NumberKind::Whole),
                Type::Decimal => Some(NumberKind::Decimal),
                Type::Number => Some(NumberKind::Floating),
                _ => None,
            }
        }
        Node::Leaf(RowLeaf::Related(related)) => aggregate_held(model, &related.aggregate),
        Node::Apply(function, arguments) => match function.gives {
            Gives::Integer => Some(NumberKind::Whole),
            Gives::Number => Some(NumberKind::Floating),
            Gives::Same(at) => arguments.get(at).and_then(|argument| held(model, source, argument)),
            Gives::Common => values(function, arguments).filter_map(|value| held(model, source, value)).max(),
            Gives::Truth | Gives::Text | Gives::Date => None,
        },
    }
}

fn aggregate_held(model: &Model, aggregate: &Aggregate) -> Option<NumberKind> {
    match aggregate.function.gives {
        Gives::Integer => Some(NumberKind::Whole),
        Gives::Number => Some(NumberKind::Floating),
        Gives::Same(_) | Gives::Common => held(model, aggregate.source, aggregate.argument.as_ref()?),
        Gives::Truth | Gives::Text | Gives::Date => None,
    }
}

/// Whether the values that an aggregate adds up are exact, so that what is added and taken away again leaves nothing behind.
pub(in crate::plan) fn is_exact(model: &Model, aggregate: &Aggregate) -> bool {
    aggregate.argument.as_ref().is_none_or(|argument| computes_exactly(model, aggregate.source, argument))
}

fn computes_exactly(model: &Model, source: SourceId, expr: &RowExpr) -> bool {
    if held(model, source, expr) == Some(NumberKind::Floating) {
        return false;
    }
    match &expr.node {
        Node::Leaf(RowLeaf::Column(path)) => match &model.column(source, path).storage {
            Storage::Derived(derived) => computes_exactly(model, model.end_of(source, path), derived),
            Storage::Stored(_) | Storage::Raw(_) | Storage::Several(_) => true,
        },
        Node::Apply(function, arguments) => {
            room(model, source, function, arguments)
                .iter()
                .all(|change| change.is_none_or(|change| *change != conversions::TO_NUMBER))
                && values(function, arguments).all(|value| computes_exactly(model, source, value))
        }
        _ => true,
    }
}

/// Whether a function makes whole numbers of others, so that of a whole number it gives this number itself. Engines would make a floating
/// one of it, which has no room for all digits and is written as `5.0`.
pub(in crate::plan) fn rounds(function: &Function) -> bool {
    [&FLOOR, &CEIL, &ROUND].contains(&function)
}

/// The value itself where a function would round a whole number of a row.
pub(in crate::plan) fn rounded_already<'a>(
    model: &Model,
    source: SourceId,
    function: &Function,
    arguments: &'a [RowExpr],
) -> Option<&'a RowExpr> {
    arguments.first().filter(|value| rounds(function) && held(model, source, value) == Some(NumberKind::Whole))
}

/// What each argument of a function of row values has to be changed into, so that the engine computes and chooses without loss.
pub(in crate::plan) fn room(
    model: &Model,
    source: SourceId,
    function: &Function,
    arguments: &[RowExpr],
) -> Vec<Option<&'static Function>> {
    let none = vec![None; arguments.len()];
    // A remainder of decimals is exact, and never larger than what it is the remainder of.
    let is_remainder = *function == MOD;
    let chooses = function.gives == Gives::Common && !computes(function.name) && !is_remainder;
    if !chooses && !computes(function.name) && !is_remainder {
        return none;
    }
    let result = values(function, arguments).filter_map(|value| held(model, source, value)).max();
    let as_numbers = || {
        let change = |(at, argument)| !function.chooses_by(at, arguments.len()) && may_be_narrow(model, source, argument);
        arguments.iter().enumerate().map(|each| change(each).then_some(&conversions::TO_NUMBER)).collect()
    };
    match result {
        Some(NumberKind::Whole) if !chooses && !is_remainder => {
            let has_room = arguments.iter().any(|operand| is_wide(model, source, operand));
            let first = || arguments.iter().position(|operand| !is_literal(operand)).unwrap_or(0);
            let widened = (!has_room).then(first);
            (0..arguments.len()).map(|at| (Some(at) == widened).then_some(&conversions::WIDEN)).collect()
        }
        Some(NumberKind::Floating) => as_numbers(),
        Some(NumberKind::Decimal) if chooses && differ_in_scale(values(function, arguments)) => as_numbers(),
        _ => none,
    }
}

/// Whether an engine may hold a number in less room than a floating number of 64 bits, or in another way.
fn may_be_narrow(model: &Model, source: SourceId, expr: &RowExpr) -> bool {
    let is_number = held(model, source, expr).is_some();
    let is_made = |function: &Function| function.gives == Gives::Number;
    match &expr.node {
        _ if is_literal(expr) || !is_number => false,
        Node::Apply(function, _) => !is_made(function),
        _ => true,
    }
}

/// Whether values to choose from may have different numbers of digits after the point: more than one column, sums and products
/// of them, or a literal with such digits.
fn differ_in_scale<'a>(values: impl Iterator<Item = &'a RowExpr>) -> bool {
    let mut seen: Option<&Node<RowLeaf>> = None;
    for value in values {
        match &without_sign(value).node {
            Node::Literal(Literal::Number(digits)) if digits.contains(['.', 'e', 'E']) => return true,
            Node::Literal(_) => {}
            node if seen.is_none_or(|before| before == node) => seen = Some(node),
            _ => return true,
        }
    }
    false
}

fn without_sign(expr: &RowExpr) -> &RowExpr {
    match &expr.node {
        Node::Apply(function, arguments) if matches!(function.name, "negate" | "abs") => {
            arguments.first().map_or(expr, without_sign)
        }
        _ => expr,
    }
}

fn is_literal(expr: &RowExpr) -> bool {
    matches!(expr.node, Node::Literal(_) | Node::Leaf(RowLeaf::Duration(..)))
}

/// Whether a whole number of a row has 64 bits on every engine.
fn is_wide(model: &Model, source: SourceId, expr: &RowExpr) -> bool {
    match &expr.node {
        Node::Leaf(RowLeaf::Column(path)) => match &model.column(source, path).storage {
            Storage::Derived(derived) => is_wide(model, model.end_of(source, path), derived),
            Storage::Stored(_) | Storage::Raw(_) | Storage::Several(_) => false,
        },
        Node::Apply(function, arguments) if rounds(function) => {
            arguments.first().is_some_and(|value| is_wide(model, source, value))
        }
        Node::Apply(function, arguments) => {
            computes(function.name)
                || function.gives == Gives::Common && values(function, arguments).any(|value| is_wide(model, source, value))
        }
        _ => false,
    }
}

/// Whether the function of that name computes, so that its operands need room.
fn computes(name: &str) -> bool {
    matches!(name, "+" | "-" | "*" | "negate" | "abs" | "round")
}

/// Whether a number is written out without a fraction, however many digits it has.
pub(in crate::plan) fn is_whole_literal<L>(expr: &Expr<L>) -> bool {
    matches!(&expr.node, Node::Literal(Literal::Number(digits)) if !digits.contains(['.', 'e', 'E']))
}

pub(in crate::plan) fn is_null<L>(expr: &Expr<L>) -> bool {
    matches!(&expr.node, Node::Literal(Literal::Null))
}
