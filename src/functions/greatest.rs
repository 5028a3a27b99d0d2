//! `greatest(x, ...)`: the greatest of several values.

use super::{Argument, Function, Gives, Monotonicity, Rest, UnitRule};

/// `greatest(x, ...)`: the greatest of several values.
pub static GREATEST: Function = Function::value("greatest", &[Argument::Ordered], Gives::Common, UnitRule::Common)
    .and(Rest::Many(Argument::Ordered))
    .moving(&[Monotonicity::Rises])
    .documented("The greatest of the values; null if any of them is null.", "greatest(revenue - cost, 0)");
