//! `prior(x)`: x at an earlier period.

use super::{Argument, Function, Gives, Monotonicity, Rest, Role, UnitRule};

/// `prior(x)`: x at an earlier period.
pub static PRIOR: Function = Function {
    name: "prior",
    role: Role::Kpi,
    takes: &[Argument::Numeric],
    rest: Rest::Optional(Argument::Any),
    gives: Gives::Same(0),
    unit: UnitRule::Special,
    moves: &[Monotonicity::Rises],
    about: "The KPI in the period before, or that much earlier, by the calendar; null before `data_from`.",
    example: "prior(revenue, 1 year)",
};
