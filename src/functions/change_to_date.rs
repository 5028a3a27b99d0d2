//! `change_to_date(x)`: x minus x at an earlier period, as far as this one has got.

use super::{Argument, Function, Gives, Monotonicity, Rest, Role, UnitRule};

/// `change_to_date(x)`: x minus x at an earlier period, as far as this one has got.
pub static CHANGE_TO_DATE: Function = Function {
    name: "change_to_date",
    role: Role::Kpi,
    takes: &[Argument::Numeric],
    rest: Rest::Optional(Argument::Any),
    gives: Gives::Same(0),
    unit: UnitRule::Special,
    moves: &[Monotonicity::Rises],
    about: "The KPI minus what `prior_to_date` gives.",
    example: "change_to_date(revenue)",
};
