//! `sum(x)`: the values added up.

use super::{Aggregation, Argument, Function, Gives, Monotonicity, OverNothing, Rest, Role, Splits, UnitRule};
use crate::model::facts::Kind;

/// `sum(x)`: the values added up.
pub static SUM: Function = Function {
    name: "sum",
    role: Role::Aggregate(Aggregation {
        over_nothing: OverNothing::Zero,
        kind: Kind::Flow,
        adds_over_slices: true,
        splits: Splits::Sum,
    }),
    takes: &[Argument::Numeric],
    rest: Rest::None,
    gives: Gives::Same(0),
    unit: UnitRule::Same(0),
    moves: &[Monotonicity::Rises],
    about: "The sum of the values; 0 over no rows.",
    example: "sum(orders.amount where status = 'paid')",
};
