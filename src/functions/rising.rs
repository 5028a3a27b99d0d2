//! `rising(x, n)`: whether x has been rising over the last n periods.

use super::{Argument, Function, Gives, Rest, Role, UnitRule};

/// `rising(x, n)`: whether x has been rising over the last n periods.
pub static RISING: Function = Function {
    name: "rising",
    role: Role::Trend,
    takes: &[Argument::Numeric, Argument::Any],
    rest: Rest::None,
    gives: Gives::Truth,
    unit: UnitRule::None,
    moves: &[],
    about: "Whether each of the last n periods is above the one before it.",
    example: "rising(revenue, 3 months)",
};
