//! `percentile_disc(x, p)`: the least value up to which a share p of the values goes, one of them.

use super::{Aggregation, Argument, Function, Gives, Monotonicity, OverNothing, Rest, Role, Splits, UnitRule};
use crate::model::facts::Kind;

/// `percentile_disc(x, p)`: the least value up to which a share p of the values goes, one of them.
pub static PERCENTILE_DISC: Function = Function {
    name: "percentile_disc",
    role: Role::Aggregate(Aggregation {
        over_nothing: OverNothing::Null,
        kind: Kind::Ratio,
        adds_over_slices: false,
        splits: Splits::Not,
    }),
    takes: &[Argument::Numeric, Argument::Fraction],
    rest: Rest::None,
    gives: Gives::Same(0),
    unit: UnitRule::Same(0),
    moves: &[Monotonicity::Rises],
    about: "The least of the values that is at least as large as that share of them: always one of them, where `percentile` may lie between two.",
    example: "percentile_disc(orders.amount, 90%)",
};
