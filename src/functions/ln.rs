//! `ln(x)`: the natural logarithm.

use super::{Argument, Function, Gives, UnitRule};

/// `ln(x)`: the natural logarithm.
pub static LN: Function = Function::value("ln", &[Argument::Plain], Gives::Number, UnitRule::None)
    .documented("The natural logarithm; null at 0 and below.", "ln(buyers)");
