//! `sqrt(x)`: the square root.

use super::{Argument, Function, Gives, UnitRule};

/// `sqrt(x)`: the square root.
pub static SQRT: Function = Function::value("sqrt", &[Argument::Plain], Gives::Number, UnitRule::None)
    .documented("The square root; null below 0.", "sqrt(buyers)");
