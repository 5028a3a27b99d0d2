//! `median(x)`: the middle value, by linear interpolation between the two middle ones.

use super::{Aggregation, Argument, Function, Gives, Monotonicity, OverNothing, Rest, Role, Splits, UnitRule};
use crate::model::facts::Kind;

/// `median(x)`: the middle value, by linear interpolation between the two middle ones.
pub static MEDIAN: Function = Function {
    name: "median",
    role: Role::Aggregate(Aggregation {
        over_nothing: OverNothing::Null,
        kind: Kind::Ratio,
        adds_over_slices: false,
        splits: Splits::Not,
    }),
    takes: &[Argument::Numeric],
    rest: Rest::None,
    gives: Gives::Number,
    unit: UnitRule::Same(0),
    moves: &[Monotonicity::Rises],
    about: "The middle value; of an even number of values, the mean of the two in the middle.",
    example: "median(orders.amount)",
};
