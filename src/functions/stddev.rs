//! `stddev(x)`: the sample standard deviation.

use super::{Aggregation, Argument, Function, Gives, OverNothing, Rest, Role, Splits, UnitRule};
use crate::model::facts::Kind;

/// `stddev(x)`: the sample standard deviation.
pub static STDDEV: Function = Function {
    name: "stddev",
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
    moves: &[],
    about: "The sample standard deviation (divided by n - 1); null over fewer than two values.",
    example: "stddev(orders.amount)",
};
