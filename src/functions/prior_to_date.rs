//! `prior_to_date(x)`: x at an earlier period, as far as this one has got.

use super::{Argument, Function, Gives, Monotonicity, Rest, Role, UnitRule};

/// `prior_to_date(x)`: x at an earlier period, as far as this one has got.
pub static PRIOR_TO_DATE: Function = Function {
    name: "prior_to_date",
    role: Role::Kpi,
    takes: &[Argument::Numeric],
    rest: Rest::Optional(Argument::Any),
    gives: Gives::Same(0),
    unit: UnitRule::Special,
    moves: &[Monotonicity::Rises],
    about: "`prior`, but in the period that is not over: the earlier one up to the same day.",
    example: "prior_to_date(revenue, 1 month)",
};
