//! `text(x)`: a whole number, date or condition as text.

use super::{Argument, Function, Gives};

/// `text(x)`: a whole number, date or condition as text.
pub static TEXT: Function = Function::row_value("text", &[Argument::Any], Gives::Text).documented(
    "A whole number, a date or a condition as text. Other numbers are refused, because engines print them differently.",
    "count_distinct(text(orders.order_number))",
);
