//! `iso_week(t)`: the week of a time, as ISO 8601 counts weeks.

use super::{Argument, Function, Gives};

/// `iso_week(t)`: the week of a time, as ISO 8601 counts weeks.
pub static ISO_WEEK: Function = Function::row_value("iso_week", &[Argument::Time], Gives::Integer).documented(
    "The week, 1 to 53, as ISO 8601 counts: weeks start on Monday, and the first has the year's first Thursday.",
    "count(orders where iso_week(ordered_at) in (51, 52))",
);
