//! `avg(x)`: the arithmetic mean.

use super::{Aggregation, Argument, Function, Gives, Monotonicity, OverNothing, Rest, Role, Splits, UnitRule};
use crate::model::facts::Kind;

/// `avg(x)`: the arithmetic mean.
pub static AVG: Function = Function {
    name: "avg",
    role: Role::Aggregate(Aggregation {
        over_nothing: OverNothing::Null,
        kind: Kind::Ratio,
        adds_over_slices: false,
        splits: Splits::SumAndCount,
    }),
    takes: &[Argument::Numeric],
    rest: Rest::None,
    gives: Gives::Number,
    unit: UnitRule::Same(0),
    moves: &[Monotonicity::Rises],
    about: "The arithmetic mean.",
    example: "avg(orders.amount)",
};
