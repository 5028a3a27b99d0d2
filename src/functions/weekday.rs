//! `weekday(t)`: the weekday of a time.

use super::{Argument, Function, Gives};

/// `weekday(t)`: the weekday of a time.
pub static WEEKDAY: Function = Function::row_value("weekday", &[Argument::Time], Gives::Integer).documented(
    "The weekday, 1 (Monday) to 7 (Sunday), in the civil calendar and the project's zone.",
    "count(orders where weekday(ordered_at) = 7)",
);
