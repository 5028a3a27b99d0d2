//! `sqrt(x)`: the square root.

use super::{Argument, Function, Gives, Trend, UnitRule};

/// `sqrt(x)`: the square root.
pub static SQRT: Function = Function::value("sqrt", &[Argument::Plain], Gives::Number, UnitRule::None)
    .moving(&[Trend::Rises])
    .documented("The square root; null below 0.", "sqrt(buyers)");
