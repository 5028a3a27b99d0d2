//! Arithmetic over values that are computed already: what each has to be changed into so that nothing is lost, and on which clock times meet.
//!
//! It serves formulas over measures, and the values of entities, which are formulas over aggregates.

use crate::calendar::Calendar;
use crate::functions::{Function, Gives, conversions, operators};
use crate::model::clock::{TimeKind, compares, function_time_kind};
use crate::model::expr::{Expr, Literal, Node, values};
use crate::plan::algebra::relation::impossible;
use crate::plan::lookup::finite::{self, Lowered};
use crate::plan::lookup::whole;
use crate::plan::time::clocks;

/// What is known of the values at the leaves of a formula.
pub(in crate::plan) trait Leaves<L> {
    /// The value.
    fn value(&self, leaf: &L) -> Lowered;
    /// Whether it is a whole number.
    fn is_whole(&self, leaf: &L) -> bool;
    /// What it is changed into before anything is computed with it, unless it has room for that as it is.
    fn room(&self, leaf: &L) -> Option<&'static Function>;
    /// What is known of the time that it is, if it is one.
    fn time_kind(&self, leaf: &L) -> Option<TimeKind>;
}

/// A formula, with what is known of its size. A value that nothing is computed with stays as it is.
pub(in crate::plan) fn lowered<L>(calendar: &Calendar, formula: &Expr<L>, of: &impl Leaves<L>) -> Lowered {
    match &formula.node {
        Node::Leaf(leaf) => of.value(leaf),
        _ => operand(calendar, formula, of),
    }
}

/// A part of a formula: whole numbers in 64 bits among their like, everything else in floating numbers. Decimals of an engine
/// lose digits without a word where a whole number of many digits meets one with a fraction.
fn operand<L>(calendar: &Calendar, formula: &Expr<L>, of: &impl Leaves<L>) -> Lowered {
    let is_whole = |part: &Expr<L>| whole::formula_is_whole(part, &|leaf| of.is_whole(leaf));
    match &formula.node {
        Node::Leaf(leaf) => match of.room(leaf).filter(|_| of.time_kind(leaf).is_none()) {
            Some(change) => finite::applied(change, vec![of.value(leaf)]),
            None => of.value(leaf),
        },
        Node::Literal(literal) => Lowered::new(Expr::made(Node::Literal(literal.clone())), finite::of_literal(literal)),
        Node::Broken => Lowered::small(Expr::null()),
        Node::Apply(function, arguments) if whole::rounds(function) && arguments.first().is_some_and(is_whole) => {
            arguments.first().map_or_else(|| Lowered::small(impossible()), |value| operand(calendar, value, of))
        }
        Node::Apply(function, arguments) => {
            // A division is one of floating numbers whatever it divides.
            // An engine compares a whole number of any size with one that is written out, and loses nothing.
            let compares = function.gives == Gives::Truth;
            let is_exact = |value: &Expr<L>| is_whole(value) || compares && whole::is_whole_literal(value);
            let mixed = **function != operators::DIVIDE
                && values(function, arguments).any(|value| !whole::is_null(value) && !is_exact(value));
            let as_instants = goes_by_instants(function, arguments, of);
            let lower = |argument: &Expr<L>| {
                let value = operand(calendar, argument, of);
                if !as_instants && time_kind(argument, of) == Some(TimeKind::Instant) {
                    return value.map(|value| clocks::civil_of(calendar, value));
                }
                let as_number = mixed && is_whole(argument) && !matches!(argument.node, Node::Literal(_));
                if as_number { number(value) } else { value }
            };
            finite::applied_late(function, arguments.iter().map(lower).collect())
        }
    }
}

/// What is known of the time that a formula gives; nothing where it gives none.
pub(in crate::plan) fn time_kind<L>(formula: &Expr<L>, of: &impl Leaves<L>) -> Option<TimeKind> {
    match &formula.node {
        Node::Leaf(leaf) => of.time_kind(leaf),
        Node::Literal(Literal::Date(_)) => Some(TimeKind::Day),
        Node::Literal(_) | Node::Broken => None,
        Node::Apply(function, arguments) => function_time_kind(function.name, arguments, &|argument| time_kind(argument, of)),
    }
}

/// Whether a function compares instants, counts the time between them or makes one of others.
fn goes_by_instants<L>(function: &Function, arguments: &[Expr<L>], of: &impl Leaves<L>) -> bool {
    let about_instants = compares(function.name)
        || *function == conversions::SECONDS_BETWEEN
        || *function == conversions::ADD_SECONDS
        || function.gives == Gives::Common;
    about_instants && arguments.iter().filter_map(|argument| time_kind(argument, of)).all(|kind| kind == TimeKind::Instant)
}

/// A whole number as a floating one.
fn number(of: Lowered) -> Lowered {
    let value = match of.value.node {
        Node::Apply(function, arguments) if *function == conversions::WIDEN => arguments.into_iter().next(),
        node => Some(Expr::made(node)),
    };
    Lowered::new(Expr::apply(&conversions::TO_NUMBER, value.into_iter().collect()), of.reach)
}
