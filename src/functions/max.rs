//! `max(x)`: the greatest value.

use super::{Aggregation, Argument, Function, Gives, Monotonicity, OverNothing, Rest, Role, Splits, UnitRule};
use crate::model::facts::Kind;

/// `max(x)`: the greatest value.
pub static MAX: Function = Function {
    name: "max",
    role: Role::Aggregate(Aggregation {
        over_nothing: OverNothing::Null,
        kind: Kind::Ratio,
        adds_over_slices: false,
        splits: Splits::Max,
    }),
    takes: &[Argument::Ordered],
    rest: Rest::None,
    gives: Gives::Same(0),
    unit: UnitRule::Same(0),
    moves: &[Monotonicity::Rises],
    about: "The greatest value.",
    example: "max(orders.amount)",
};
