//! The ranges of formulas, as far as they follow from counts, units, `min` and `max`, and conditions.

use super::formula::terms;
use crate::functions::{operators, range};
use crate::model::expr::{Aggregate, Calc, CalcLeaf, Edge, Expr, Literal, Node, PairLeaf, Past, RowExpr, RowLeaf};
use crate::model::facts::Range;
use crate::model::{Model, SourceId};

/// The ranges of a calculation, given those of the KPIs in it. A quotient is looked at where its divisor is positive, unless that
/// never is: elsewhere it means something else.
pub(super) fn of_calc(model: &Model, kpis: &[Range], calc: &Calc) -> Range {
    let of = |calc: &Calc| of_calc(model, kpis, calc);
    match &calc.node {
        Node::Literal(literal) => of_literal(literal),
        Node::Broken => Range::ANY,
        Node::Apply(function, arguments) => match (function.name, arguments.as_slice()) {
            ("/", [dividend, divisor]) => quotient(model, kpis, dividend, divisor),
            ("if", [_, values @ ..]) => range::of_values(function, &values.iter().map(of).collect::<Vec<_>>()),
            ("case", _) => Range::ANY,
            _ => range::of_values(function, &arguments.iter().map(of).collect::<Vec<_>>()),
        },
        Node::Leaf(leaf) => match leaf {
            CalcLeaf::Kpi(id) => kpis.get(id.index()).copied().unwrap_or(Range::ANY),
            CalcLeaf::Duration(count, _) => Range::point(f64::from(*count)),
            CalcLeaf::Aggregate(aggregate) => of_aggregate(model, aggregate),
            CalcLeaf::Grouped(grouped) => range::of_aggregate(grouped.function, of(&grouped.of)),
            CalcLeaf::Each(each) => range::of_aggregate(each.function, of(&each.of)),
            CalcLeaf::Prior(past, calc, _) => match past {
                Past::Prior | Past::PriorToDate => of(calc),
                Past::Change | Past::ChangeToDate => of(calc).plus(of(calc).negated()),
                Past::Growth | Past::GrowthToDate => Range::ANY,
            },
            CalcLeaf::Slice(calc, _) | CalcLeaf::Total(calc, _) => of(calc),
            CalcLeaf::Trend(_) => Range::ANY,
        },
    }
}

/// A quotient, without the parts of the dividend that are the divisor itself: `(a - b) / a` is `1 - b / a`.
fn quotient(model: &Model, kpis: &[Range], dividend: &Calc, divisor: &Calc) -> Range {
    let of = |calc: &Calc| of_calc(model, kpis, calc);
    let (rest, wholes) = terms(dividend, divisor);
    let sum = rest.iter().map(|(minus, term)| if *minus { of(term).negated() } else { of(term) });
    let above = sum.fold(Range::point(0.0), Range::plus);
    let below = divisor_range(of(divisor));
    #[expect(clippy::cast_precision_loss, reason = "a formula has few terms")]
    let wholes = Range::point(wholes as f64);
    above.over(below).plus(wholes)
}

/// The part of a divisor's range in which a quotient is looked at.
pub(super) fn divisor_range(range: Range) -> Range {
    if range.low < 0.0 && range.high > 0.0 { Range { low: 0.0, high: range.high } } else { range }
}

/// An aggregate of rows.
fn of_aggregate(model: &Model, aggregate: &Aggregate) -> Range {
    let own = aggregate.argument.as_ref().map_or(Range::POSITIVE, |argument| of_row(model, aggregate.source, argument));
    let conditions = aggregate.filter.iter().flat_map(Expr::conjuncts);
    let narrowed = conditions.filter_map(|condition| shown_by(condition, aggregate.argument.as_ref()?));
    let own = narrowed.fold(own, |own, range| Range { low: own.low.max(range.low), high: own.high.min(range.high) });
    range::of_aggregate(aggregate.function, own)
}

/// What a condition shows of a difference: `a - b where a > b` is positive.
fn shown_by(condition: &RowExpr, argument: &RowExpr) -> Option<Range> {
    let Node::Apply(difference, parts) = &argument.node else { return None };
    let Node::Apply(compares, sides) = &condition.node else { return None };
    let ([left, right], [one, two]) = (parts.as_slice(), sides.as_slice()) else { return None };
    if **difference != operators::SUBTRACT {
        return None;
    }
    let greater = match compares.name {
        ">" | ">=" => true,
        "<" | "<=" => false,
        _ => return None,
    };
    match (one == left && two == right, one == right && two == left) {
        (true, _) => Some(if greater { Range::POSITIVE } else { Range::POSITIVE.negated() }),
        (_, true) => Some(if greater { Range::POSITIVE.negated() } else { Range::POSITIVE }),
        _ => None,
    }
}

/// A row expression.
fn of_row(model: &Model, source: SourceId, expr: &RowExpr) -> Range {
    let of = |expr: &RowExpr| of_row(model, source, expr);
    match &expr.node {
        Node::Literal(literal) => of_literal(literal),
        Node::Broken => Range::ANY,
        Node::Apply(function, arguments) => match (function.name, arguments.as_slice()) {
            ("if", [_, values @ ..]) => range::of_values(function, &values.iter().map(of).collect::<Vec<_>>()),
            ("case", _) => Range::ANY,
            _ => range::of_values(function, &arguments.iter().map(of).collect::<Vec<_>>()),
        },
        Node::Leaf(leaf) => match leaf {
            RowLeaf::Column(path) => model.column(source, path).range,
            RowLeaf::Duration(count, _) => Range::point(f64::from(*count)),
            RowLeaf::Related(related) => of_aggregate(model, &related.aggregate),
            // Those of several states are added up, and a missing one is 0.
            RowLeaf::Pair(PairLeaf::Of(Edge::Start | Edge::End, path) | PairLeaf::Either(path)) => {
                range::of_aggregate(&crate::functions::sum::SUM, model.column(source, path).range)
            }
            RowLeaf::Dimension(_) | RowLeaf::Value | RowLeaf::Pair(_) | RowLeaf::Reached(_) => Range::ANY,
        },
    }
}

fn of_literal(literal: &Literal) -> Range {
    match literal {
        Literal::Number(digits) => digits.parse().map_or(Range::ANY, Range::point),
        Literal::Null | Literal::Truth(_) | Literal::Text(_) | Literal::Date(_) | Literal::Grain(_) => Range::ANY,
    }
}
