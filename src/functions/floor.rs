//! `floor(x)`: the greatest whole number that is not greater.

use super::{Argument, Function, Gives, Trend, UnitRule};

/// `floor(x)`: the greatest whole number that is not greater.
pub static FLOOR: Function = Function::value("floor", &[Argument::Numeric], Gives::Same(0), UnitRule::Same(0))
    .moving(&[Trend::Rises])
    .documented("The greatest whole number that is not greater than the value.", "floor(average_order_value)");
