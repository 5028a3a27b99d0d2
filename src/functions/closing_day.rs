//! `closing_day()`: the last visible day of the period in which a row is looked at.

use super::{Function, Gives};

/// `closing_day()`: the last visible day of the period in which a row is looked at.
///
/// It has no value of its own: whoever plans rows of a period puts the day of that period in its place.
pub static CLOSING_DAY: Function = Function::row_value("closing_day", &[], Gives::Date).documented(
    "The last day of the period, or `as_of` where the period is not over; for rows of the period, and for states at its end.",
    "count(orders where shipped_at is null and ordered_at < closing_day() - 7 days)",
);
