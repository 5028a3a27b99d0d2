//! `floor(x)`: the greatest whole number that is not greater.

use super::{Argument, Function, Gives, Monotonicity, UnitRule};

/// `floor(x)`: the greatest whole number that is not greater.
pub static FLOOR: Function = Function::value("floor", &[Argument::Numeric], Gives::Same(0), UnitRule::Same(0))
    .moving(&[Monotonicity::Rises])
    .documented("The greatest whole number that is not greater than the value.", "floor(average_order_value)");
