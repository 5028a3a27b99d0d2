//! `year(t)`: the year of a time.

use super::{Argument, Function, Gives};

/// `year(t)`: the year of a time.
pub static YEAR: Function = Function::row_value("year", &[Argument::Time], Gives::Integer).documented(
    "The year, as a number, in the civil calendar and the project's zone.",
    "count(orders where year(ordered_at) = 2025)",
);
