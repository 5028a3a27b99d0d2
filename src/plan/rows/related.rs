//! Aggregates over related rows in a condition: where they stand, and whether rows that have none can pass.

use crate::functions::{OverNothing, operators};
use crate::model::expr::{Expr, Literal, Node, Related, RowExpr, RowLeaf};

/// For each aggregate over related rows in a condition, in their order, whether rows for which there is none of these fail the
/// condition anyway: then the engine may go from these to the rows, which are often fewer ages and periods.
pub(in crate::plan) fn needs_rows(filter: Option<&RowExpr>) -> Vec<bool> {
    let mut found = Vec::new();
    for condition in filter.into_iter().flat_map(Expr::conjuncts) {
        let count = related_leaves(Some(condition)).len();
        found.extend(std::iter::repeat_n(count == 1 && fails_without_rows(condition), count));
    }
    found
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

/// The aggregates over related rows in a condition, in the order in which they are written.
pub(in crate::plan) fn related_leaves(filter: Option<&RowExpr>) -> Vec<&Related> {
    let mut found = Vec::new();
    if let Some(filter) = filter {
        filter.leaves(&mut |leaf| {
            if let RowLeaf::Related(related) = leaf {
                found.push(&**related);
            }
        });
    }
    found
}
