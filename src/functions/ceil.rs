//! `ceil(x)`: the least whole number that is not less.

use super::{Argument, Function, Gives, Monotonicity, UnitRule};

/// `ceil(x)`: the least whole number that is not less.
pub static CEIL: Function = Function::value("ceil", &[Argument::Numeric], Gives::Same(0), UnitRule::Same(0))
    .moving(&[Monotonicity::Rises])
    .documented("The smallest whole number that is not less than the value.", "ceil(average_order_value)");
