//! Aggregates over related rows in a condition, or in what is aggregated: where they stand, and whether rows that have none count.

use crate::functions::{OverNothing, Splits, operators, sum};
use crate::model::expr::{Aggregate, Expr, Literal, Node, Related, RowExpr, RowLeaf};

/// For each aggregate over related rows of an aggregate, in their order, whether rows for which there is none of these fail the
/// condition anyway, or add nothing where it does not matter that they are there (`may_add`): then the engine may go from these to the
/// rows, which are often fewer ages and periods.
pub(in crate::plan) fn needs_rows(aggregate: &Aggregate, may_add: bool) -> Vec<bool> {
    let mut found = Vec::new();
    for condition in aggregate.filter.iter().flat_map(Expr::conjuncts) {
        let count = leaves_of(condition).len();
        found.extend(std::iter::repeat_n(count == 1 && fails_without_rows(condition), count));
    }
    let adds = may_add && adds_up(aggregate).is_some();
    found.extend(aggregate.argument.iter().flat_map(leaves_of).map(|_| adds));
    found
}

/// What is added up, if an aggregate does nothing but add sums or counts of related rows: then it is their sum or count, whatever rows
/// they belong to.
pub(in crate::plan) fn adds_up(aggregate: &Aggregate) -> Option<&Related> {
    let Node::Leaf(RowLeaf::Related(related)) = &aggregate.argument.as_ref()?.node else { return None };
    let traits = related.aggregate.function.aggregation()?;
    let parts = traits.splits == Splits::Sum && traits.over_nothing == OverNothing::Zero;
    let only = *aggregate.function == sum::SUM && !aggregate.filter.as_ref().is_some_and(RowExpr::has_related);
    (parts && only).then_some(related)
}

/// Whether a comparison of an aggregate over related rows with a number is not true where there are no such rows.
fn fails_without_rows(condition: &RowExpr) -> bool {
    let Node::Apply(function, arguments) = &condition.node else { return false };
    let [Expr { node: Node::Leaf(RowLeaf::Related(related)), .. }, Expr { node: Node::Literal(Literal::Number(digits)), .. }] =
        arguments.as_slice()
    else {
        return false;
    };
    let Ok(number) = digits.parse::<f64>() else { return false };
    let holds_at_zero = match *function {
        known if *known == operators::GREATER => 0.0 > number,
        known if *known == operators::GREATER_OR_EQUAL => 0.0 >= number,
        known if *known == operators::EQUAL => number == 0.0,
        known if *known == operators::LESS => 0.0 < number,
        known if *known == operators::LESS_OR_EQUAL => 0.0 <= number,
        known if *known == operators::NOT_EQUAL => number != 0.0,
        _ => return false,
    };
    let zero = related.aggregate.function.aggregation().is_some_and(|traits| traits.over_nothing == OverNothing::Zero);
    // Where it is null over nothing, so is the comparison.
    !zero || !holds_at_zero
}

/// The aggregates over related rows of an aggregate, in the order in which they are met: those of its condition come first.
pub(in crate::plan) fn related_leaves(aggregate: &Aggregate) -> Vec<&Related> {
    aggregate.filter.iter().chain(&aggregate.argument).flat_map(leaves_of).collect()
}

/// Those of an expression, in the order in which they are written.
fn leaves_of(expr: &RowExpr) -> Vec<&Related> {
    let mut found = Vec::new();
    expr.leaves(&mut |leaf| {
        if let RowLeaf::Related(related) = leaf {
            found.push(&**related);
        }
    });
    found
}
