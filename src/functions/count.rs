//! `count(x)`: how many rows there are, or how many have a value.

use super::{Aggregation, Argument, Function, Gives, OverNothing, Rest, Role, Splits, UnitRule};
use crate::model::facts::Kind;

/// `count(x)`: how many rows there are, or how many have a value.
pub static COUNT: Function = Function {
    name: "count",
    role: Role::Aggregate(Aggregation {
        over_nothing: OverNothing::Zero,
        kind: Kind::Flow,
        adds_over_slices: true,
        splits: Splits::Sum,
    }),
    takes: &[Argument::Rows],
    rest: Rest::None,
    gives: Gives::Integer,
    unit: UnitRule::Rows,
    moves: &[],
    about: "How many rows there are, of a source, or how many have a value, of a column; with `each`, in how many periods a condition is true.",
    example: "count(orders)",
};
