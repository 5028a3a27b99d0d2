//! `day(t)`: the day of the month of a time.

use super::{Argument, Function, Gives};

/// `day(t)`: the day of the month of a time.
pub static DAY: Function = Function::row_value("day", &[Argument::Time], Gives::Integer).documented(
    "The day of the month, 1 to 31, in the civil calendar and the project's zone.",
    "count(orders where day(ordered_at) = 7)",
);
