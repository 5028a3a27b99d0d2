//! `min(x)`: the least value.

use super::{Aggregation, Argument, Function, Gives, Monotonicity, OverNothing, Rest, Role, Splits, UnitRule};
use crate::model::facts::Kind;

/// `min(x)`: the least value.
pub static MIN: Function = Function {
    name: "min",
    role: Role::Aggregate(Aggregation {
        over_nothing: OverNothing::Null,
        kind: Kind::Ratio,
        adds_over_slices: false,
        splits: Splits::Min,
    }),
    takes: &[Argument::Ordered],
    rest: Rest::None,
    gives: Gives::Same(0),
    unit: UnitRule::Same(0),
    moves: &[Monotonicity::Rises],
    about: "The smallest value.",
    example: "min(orders.amount)",
};
