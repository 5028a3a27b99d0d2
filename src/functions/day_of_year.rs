//! `day_of_year(t)`: the day of the year of a time.

use super::{Argument, Function, Gives};

/// `day_of_year(t)`: the day of the year of a time.
pub static DAY_OF_YEAR: Function = Function::row_value("day_of_year", &[Argument::Time], Gives::Integer).documented(
    "The day of the year, 1 to 366, in the civil calendar and the project's zone.",
    "count(orders where day_of_year(ordered_at) <= 31)",
);
