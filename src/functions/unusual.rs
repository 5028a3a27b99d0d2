//! `unusual(x, n)`: whether x is a signal, and not the noise of the n periods before.

use super::{Argument, Function, Gives, Rest, Role, UnitRule};

/// `unusual(x, n)`: whether x is a signal, and not the noise of the n periods before.
pub static UNUSUAL: Function = Function {
    name: "unusual",
    role: Role::Trend,
    takes: &[Argument::Numeric, Argument::Any],
    rest: Rest::None,
    gives: Gives::Truth,
    unit: UnitRule::None,
    moves: &[],
    about: "Whether it is outside of the limits of the n periods before it, or the eighth in a row on one side of their mean.",
    example: "unusual(revenue, 12 months)",
};
