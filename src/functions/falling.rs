//! `falling(x, n)`: whether x has been falling over the last n periods.

use super::{Argument, Function, Gives, Rest, Role, UnitRule};

/// `falling(x, n)`: whether x has been falling over the last n periods.
pub static FALLING: Function = Function {
    name: "falling",
    role: Role::Trend,
    takes: &[Argument::Numeric, Argument::Any],
    rest: Rest::None,
    gives: Gives::Truth,
    unit: UnitRule::None,
    moves: &[],
    about: "Whether each of the last n periods is below the one before it.",
    example: "falling(nps, 3 months)",
};
