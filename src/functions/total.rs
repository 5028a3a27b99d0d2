//! `total(x)`: x without dimensions.

use super::{Argument, Function, Gives, Monotonicity, Rest, Role, UnitRule};

/// `total(x)`: x without dimensions.
pub static TOTAL: Function = Function {
    name: "total",
    role: Role::Kpi,
    takes: &[Argument::Numeric],
    rest: Rest::Many(Argument::Any),
    gives: Gives::Same(0),
    unit: UnitRule::Special,
    moves: &[Monotonicity::Rises],
    about: "The KPI without the given dimensions, or without any dimensions, repeated over their values.",
    example: "revenue / total(revenue, country)",
};
