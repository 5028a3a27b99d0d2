//! `flat(x, n, tolerance)`: whether x has hardly moved over the last n periods.

use super::{Argument, Function, Gives, Rest, Role, UnitRule};

/// `flat(x, n, tolerance)`: whether x has hardly moved over the last n periods.
pub static FLAT: Function = Function {
    name: "flat",
    role: Role::Trend,
    takes: &[Argument::Numeric, Argument::Any, Argument::Fraction],
    rest: Rest::None,
    gives: Gives::Truth,
    unit: UnitRule::None,
    moves: &[],
    about: "Whether each of the last n periods differs by at most that share from the period before them.",
    example: "flat(ltv, 3 months, 5%)",
};
