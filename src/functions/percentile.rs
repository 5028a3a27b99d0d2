//! `percentile(x, p)`: the value below which a share p of the values lies, by linear interpolation.

use super::{Aggregation, Argument, Function, Gives, Monotonicity, OverNothing, Rest, Role, Splits, UnitRule};
use crate::model::facts::Kind;

/// `percentile(x, p)`: the value below which a share p of the values lies, by linear interpolation.
pub static PERCENTILE: Function = Function {
    name: "percentile",
    role: Role::Aggregate(Aggregation {
        over_nothing: OverNothing::Null,
        kind: Kind::Ratio,
        adds_over_slices: false,
        splits: Splits::Not,
    }),
    takes: &[Argument::Numeric, Argument::Fraction],
    rest: Rest::None,
    gives: Gives::Number,
    unit: UnitRule::Same(0),
    moves: &[Monotonicity::Rises],
    about: "The value below which that share of the values lies, by linear interpolation.",
    example: "percentile(orders.amount, 90%)",
};
