//! `hour(t)`: the hour of a time.

use super::{Argument, Function, Gives};

/// `hour(t)`: the hour of a time.
pub static HOUR: Function = Function::row_value("hour", &[Argument::Time], Gives::Integer)
    .documented("The hour in the project's zone, 0 to 23; of a date it is 0.", "count(orders where hour(ordered_at) = 7)");
