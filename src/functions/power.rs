//! `power(x, y)`: x to the power of y.

use super::{Argument, Function, Gives, Monotonicity, UnitRule};

/// `power(x, y)`: x to the power of y.
pub static POWER: Function = Function::value("power", &[Argument::Plain, Argument::Plain], Gives::Number, UnitRule::None)
    .moving(&[Monotonicity::Base, Monotonicity::Exponent])
    .documented("The first value to the power of the second; null where that is not a number.", "power(growth_factor, 12)");
