//! `growth(x)`: the change of x in terms of what it was.

use super::{Argument, Function, Gives, Monotonicity, Rest, Role, UnitRule};

/// `growth(x)`: the change of x in terms of what it was.
pub static GROWTH: Function = Function {
    name: "growth",
    role: Role::Kpi,
    takes: &[Argument::Numeric],
    rest: Rest::Optional(Argument::Any),
    gives: Gives::Number,
    unit: UnitRule::Special,
    moves: &[Monotonicity::Rises],
    about: "The change divided by the absolute value of the earlier figure; null where that was 0.",
    example: "growth(revenue, 1 year)",
};
