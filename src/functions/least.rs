//! `least(x, ...)`: the least of several values.

use super::{Argument, Function, Gives, Monotonicity, Rest, UnitRule};

/// `least(x, ...)`: the least of several values.
pub static LEAST: Function = Function::value("least", &[Argument::Ordered], Gives::Common, UnitRule::Common)
    .and(Rest::Many(Argument::Ordered))
    .moving(&[Monotonicity::Rises])
    .documented("The smallest of the values; null if any of them is null.", "least(capacity, demand)");
