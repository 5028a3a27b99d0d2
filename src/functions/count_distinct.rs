//! `count_distinct(x)`: how many different values there are.

use super::{Aggregation, Argument, Function, Gives, OverNothing, Rest, Role, Splits, UnitRule};
use crate::model::facts::Kind;

/// `count_distinct(x)`: how many different values there are.
pub static COUNT_DISTINCT: Function = Function {
    name: "count_distinct",
    role: Role::Aggregate(Aggregation {
        over_nothing: OverNothing::Zero,
        kind: Kind::Distinct,
        adds_over_slices: false,
        splits: Splits::Not,
    }),
    takes: &[Argument::Any],
    rest: Rest::None,
    gives: Gives::Integer,
    unit: UnitRule::Rows,
    moves: &[],
    about: "How many different values there are; exact, never an estimate.",
    example: "count_distinct(orders.customer)",
};
