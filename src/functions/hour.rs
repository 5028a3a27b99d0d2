//! `hour(t)`: the hour of a time.

use super::{Argument, Function, Gives};

/// `hour(t)`: the hour of a time.
pub static HOUR: Function = Function::row_value("hour", &[Argument::Time], Gives::Integer).documented(
    "The hour, 0 to 23; of a date, 0, in the civil calendar and the project's zone.",
    "count(orders where hour(ordered_at) = 7)",
);
