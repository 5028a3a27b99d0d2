//! `coalesce(x, ...)`: the first value that is not null.

use super::{Argument, Function, Gives, Monotonicity, Rest, UnitRule};

/// `coalesce(x, ...)`: the first value that is not null.
pub static COALESCE: Function = Function::value("coalesce", &[Argument::Any], Gives::Common, UnitRule::Common)
    .and(Rest::Many(Argument::Any))
    .moving(&[Monotonicity::Rises])
    .documented("The first of the values that is not null.", "coalesce(prior(revenue), 0)");
