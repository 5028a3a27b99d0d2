//! `trunc(t, grain)`: the first day of the period in which a time falls.

use super::{Argument, Function, Gives};

/// `trunc(t, grain)`: the first day of the period in which a time falls.
pub static TRUNC: Function = Function::row_value("trunc", &[Argument::Time, Argument::Grain], Gives::Date).documented(
    "The first day of the period that contains the time, in the project's calendar.",
    "count(orders where trunc(ordered_at, month) = trunc(shipped_at, month))",
);
