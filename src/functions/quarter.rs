//! `quarter(t)`: the quarter of a time.

use super::{Argument, Function, Gives};

/// `quarter(t)`: the quarter of a time.
pub static QUARTER: Function = Function::row_value("quarter", &[Argument::Time], Gives::Integer).documented(
    "The quarter, 1 to 4, in the civil calendar and the project's zone, whatever month a fiscal year starts in.",
    "count(orders where quarter(ordered_at) = 4)",
);
