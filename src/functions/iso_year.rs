//! `iso_year(t)`: the year to which the ISO week of a time belongs.

use super::{Argument, Function, Gives};

/// `iso_year(t)`: the year to which the ISO week of a time belongs.
pub static ISO_YEAR: Function = Function::row_value("iso_year", &[Argument::Time], Gives::Integer).documented(
    "The year to which `iso_week` belongs; it differs from `year` on up to three days at either end of a year.",
    "count(orders where iso_year(ordered_at) = 2024)",
);
