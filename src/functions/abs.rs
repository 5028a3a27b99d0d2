//! `abs(x)`: the value without its sign.

use super::{Argument, Function, Gives, Monotonicity, UnitRule};

/// `abs(x)`: the value without its sign.
pub static ABS: Function = Function::value("abs", &[Argument::Numeric], Gives::Same(0), UnitRule::Same(0))
    .moving(&[Monotonicity::Size])
    .documented("The value without its sign.", "abs(change(revenue))");
