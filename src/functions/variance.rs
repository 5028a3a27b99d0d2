//! `variance(x)`: the sample variance.

use super::{Aggregation, Argument, Function, Gives, OverNothing, Rest, Role, Splits, UnitRule};
use crate::model::facts::Kind;

/// `variance(x)`: the sample variance.
pub static VARIANCE: Function = Function {
    name: "variance",
    role: Role::Aggregate(Aggregation {
        over_nothing: OverNothing::Null,
        kind: Kind::Ratio,
        adds_over_slices: false,
        splits: Splits::Not,
    }),
    takes: &[Argument::Numeric],
    rest: Rest::None,
    gives: Gives::Number,
    unit: UnitRule::Squared,
    moves: &[],
    about: "The sample variance (divided by n - 1); null over fewer than two values.",
    example: "variance(orders.amount)",
};
