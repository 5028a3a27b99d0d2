//! `slice(x, condition)`: x on a part of the rows.

use super::{Argument, Function, Gives, Rest, Role, UnitRule};

/// `slice(x, condition)`: x on a part of the rows.
pub static SLICE: Function = Function {
    name: "slice",
    role: Role::Kpi,
    takes: &[Argument::Numeric, Argument::Truth],
    rest: Rest::None,
    gives: Gives::Same(0),
    unit: UnitRule::Special,
    moves: &[],
    about: "The KPI over the rows whose dimensions match the condition.",
    example: "slice(revenue, channel = 'partner')",
};
