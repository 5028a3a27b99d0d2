//! `first(x)`: the earliest value.

use super::{Aggregation, Argument, Function, Gives, Monotonicity, OverNothing, Rest, Role, Splits, UnitRule};
use crate::model::facts::Kind;

/// `first(x)`: the earliest value.
pub static FIRST: Function = Function {
    name: "first",
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
    about: "The earliest value that is not null, by time; of several at the same time, the one with the smallest key. With `each`, that of the first period that has one.",
    example: "first(orders.amount)",
};
