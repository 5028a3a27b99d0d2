//! `exp(x)`: e to the power of x.

use super::{Argument, Function, Gives, Monotonicity, UnitRule};

/// `exp(x)`: e to the power of x.
pub static EXP: Function = Function::value("exp", &[Argument::Plain], Gives::Number, UnitRule::None)
    .moving(&[Monotonicity::Rises])
    .documented("e to the power of the value; null where that is too large for a number.", "exp(score)");
