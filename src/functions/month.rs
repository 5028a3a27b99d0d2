//! `month(t)`: the month of a time.

use super::{Argument, Function, Gives};

/// `month(t)`: the month of a time.
pub static MONTH: Function = Function::row_value("month", &[Argument::Time], Gives::Integer).documented(
    "The month, 1 to 12, in the civil calendar and the project's zone.",
    "count(orders where month(ordered_at) = 7)",
);
