//! Which values are whole numbers, and which of them an engine may hold in fewer than 64 bits.
//!
//! A column of whole numbers may be stored in 32 bits or 8, and the product of two such values then overflows although every
//! figure is small. What is added or multiplied is therefore widened first.

use super::expand::{Expansion, Formula, Measure, MeasureOf, Part};
use crate::functions::{Argument, Function, Gives, Rest};
use crate::model::expr::{Aggregate, Expr, Literal, Node, RowExpr, RowLeaf};
use crate::model::facts::Type;
use crate::model::{Model, SourceId, Storage};

impl Measure {
    /// Whether its values are whole numbers.
    pub(super) fn is_whole(&self, model: &Model) -> bool {
        match &self.of {
            MeasureOf::Rows(aggregate) => aggregates_whole(model, aggregate),
            MeasureOf::Entities(grouped) => {
                self.counts() || keeps_whole(grouped.function.gives) && aggregates_whole(model, &grouped.of)
            }
            MeasureOf::Periods(_) | MeasureOf::ByHand(_) => self.counts(),
        }
    }
}

fn aggregates_whole(model: &Model, aggregate: &Aggregate) -> bool {
    let argument = || aggregate.argument.as_ref().is_some_and(|argument| is_whole(model, aggregate.source, argument));
    match aggregate.function.gives {
        Gives::Integer => true,
        gives => keeps_whole(gives) && argument(),
    }
}

fn keeps_whole(gives: Gives) -> bool {
    matches!(gives, Gives::Same(_) | Gives::Common)
}

/// Whether a value of a row is a whole number.
pub(super) fn is_whole(model: &Model, source: SourceId, expr: &RowExpr) -> bool {
    built_of_whole(expr, &|leaf| match leaf {
        RowLeaf::Column(path) => model.column(source, path).ty == Type::Integer,
        RowLeaf::Related(related) => aggregates_whole(model, &related.aggregate),
        RowLeaf::Duration(..) => true,
        RowLeaf::Dimension(_) | RowLeaf::Value | RowLeaf::Reached(_) => false,
    })
}

/// Whether a part of a formula is a whole number.
pub(super) fn formula_is_whole(model: &Model, expansion: &Expansion, formula: &Formula) -> bool {
    built_of_whole(formula, &|leaf| match leaf {
        Part::Value(id, _) => expansion.measures.get(*id).is_some_and(|measure| measure.is_whole(model)),
        Part::Known(_) => false,
    })
}

fn built_of_whole<L>(expr: &Expr<L>, leaf_is_whole: &impl Fn(&L) -> bool) -> bool {
    match &expr.node {
        Node::Literal(Literal::Number(digits)) => !digits.contains(['.', 'e', 'E']),
        Node::Literal(_) | Node::Broken => false,
        Node::Leaf(leaf) => leaf_is_whole(leaf),
        Node::Apply(function, arguments) => match function.gives {
            Gives::Integer => true,
            Gives::Same(at) => arguments.get(at).is_some_and(|argument| built_of_whole(argument, leaf_is_whole)),
            Gives::Common => values(function, arguments).all(|value| is_null(value) || built_of_whole(value, leaf_is_whole)),
            Gives::Truth | Gives::Number | Gives::Text | Gives::Date => false,
        },
    }
}

/// Whether a whole number of a row has 64 bits on every engine.
pub(super) fn is_wide(model: &Model, source: SourceId, expr: &RowExpr) -> bool {
    match &expr.node {
        Node::Leaf(RowLeaf::Column(path)) => match &model.column(source, path).storage {
            Storage::Derived(derived) => is_wide(model, model.end_of(source, path), derived),
            Storage::Stored(_) | Storage::Raw(_) | Storage::Several(_) => false,
        },
        Node::Apply(function, arguments) => {
            computes(function.name)
                || function.gives == Gives::Common && values(function, arguments).any(|value| is_wide(model, source, value))
        }
        _ => false,
    }
}

/// Whether the function of that name computes, so that its operands are widened.
pub(super) fn computes(name: &str) -> bool {
    matches!(name, "+" | "-" | "*" | "negate" | "abs")
}

pub(super) fn is_null<L>(expr: &Expr<L>) -> bool {
    matches!(&expr.node, Node::Literal(Literal::Null))
}

/// The arguments one of which a function gives, without the conditions by which it chooses.
pub(super) fn values<'a, L>(function: &Function, arguments: &'a [Expr<L>]) -> impl Iterator<Item = &'a Expr<L>> {
    let is_case = function.takes.first() == Some(&Argument::Truth) && function.rest == Rest::Many(Argument::Any);
    let is_condition = move |at: usize| match function.takes.first() {
        Some(Argument::Truth) if is_case => at.is_multiple_of(2) && at + 1 < arguments.len(),
        Some(Argument::Truth) => at == 0,
        _ => false,
    };
    arguments.iter().enumerate().filter(move |(at, _)| !is_condition(*at)).map(|(_, value)| value)
}
