//! `date(x)`: the day of a timestamp or text.

use super::{Argument, Function, Gives};

/// `date(x)`: the day of a timestamp or text.
pub static DATE: Function = Function::row_value("date", &[Argument::Any], Gives::Date).documented(
    "The local day of a timestamp, or of a text such as `2025-01-31`; null where a text is not a day.",
    "count(orders where date(ordered_at) = date '2025-01-31')",
);
