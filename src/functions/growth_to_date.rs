//! `growth_to_date(x)`: the change of x in terms of what it was, as far as this period has got.

use super::{Argument, Function, Gives, Monotonicity, Rest, Role, UnitRule};

/// `growth_to_date(x)`: the change of x in terms of what it was, as far as this period has got.
pub static GROWTH_TO_DATE: Function = Function {
    name: "growth_to_date",
    role: Role::Kpi,
    takes: &[Argument::Numeric],
    rest: Rest::Optional(Argument::Any),
    gives: Gives::Number,
    unit: UnitRule::Special,
    moves: &[Monotonicity::Rises],
    about: "The change against `prior_to_date`, divided by its absolute value; null where that was 0.",
    example: "growth_to_date(revenue, 1 year)",
};
