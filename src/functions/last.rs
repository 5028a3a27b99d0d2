//! `last(x)`: the latest value.

use super::{Aggregation, Argument, Function, Gives, Monotonicity, OverNothing, Rest, Role, Splits, UnitRule};
use crate::model::facts::Kind;

/// `last(x)`: the latest value.
pub static LAST: Function = Function {
    name: "last",
    role: Role::Aggregate(Aggregation {
        over_nothing: OverNothing::Null,
        kind: Kind::Ratio,
        adds_over_slices: false,
        splits: Splits::Not,
    }),
    takes: &[Argument::Any],
    rest: Rest::None,
    gives: Gives::Same(0),
    unit: UnitRule::Same(0),
    moves: &[Monotonicity::Rises],
    about: "The latest value that is not null, by time; of several at the same time, the one with the greatest key. With `each`, that of the last period that has one.",
    example: "last(orders.amount)",
};
