//! `ln(x)`: the natural logarithm.

use super::{Argument, Function, Gives, Monotonicity, UnitRule};

/// `ln(x)`: the natural logarithm.
pub static LN: Function = Function::value("ln", &[Argument::Plain], Gives::Number, UnitRule::None)
    .moving(&[Monotonicity::Rises])
    .documented("The natural logarithm; null at 0 and below.", "ln(buyers)");
