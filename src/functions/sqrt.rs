//! `sqrt(x)`: the square root.

use super::{Argument, Function, Gives, Monotonicity, UnitRule};

/// `sqrt(x)`: the square root.
pub static SQRT: Function = Function::value("sqrt", &[Argument::Plain], Gives::Number, UnitRule::None)
    .moving(&[Monotonicity::Rises])
    .documented("The square root; null below 0.", "sqrt(buyers)");
