//! `change(x)`: x minus x at an earlier period.

use super::{Argument, Function, Gives, Monotonicity, Rest, Role, UnitRule};

/// `change(x)`: x minus x at an earlier period.
pub static CHANGE: Function = Function {
    name: "change",
    role: Role::Kpi,
    takes: &[Argument::Numeric],
    rest: Rest::Optional(Argument::Any),
    gives: Gives::Same(0),
    unit: UnitRule::Special,
    moves: &[Monotonicity::Rises],
    about: "The KPI minus its value in the period before, or that much earlier.",
    example: "change(revenue)",
};
