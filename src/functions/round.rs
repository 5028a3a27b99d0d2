//! `round(x, n)`: the value rounded, halves away from zero.

use super::{Argument, Function, Gives, Monotonicity, Rest, UnitRule};

/// `round(x, n)`: the value rounded, halves away from zero.
pub static ROUND: Function = Function::value("round", &[Argument::Numeric], Gives::Same(0), UnitRule::Same(0))
    .and(Rest::Optional(Argument::Digits))
    .moving(&[Monotonicity::Rises, Monotonicity::Depends])
    .documented("The value rounded to n decimals (0 unless given), halves away from zero.", "round(revenue, 2)");
