//! `number(x)`: a text, number or condition as a floating-point number.

use super::{Argument, Function, Gives};

/// `number(x)`: a text, number or condition as a floating-point number.
pub static NUMBER: Function = Function::row_value("number", &[Argument::Any], Gives::Number).documented(
    "A text, number or condition as a floating-point number; null where a text is not a number.",
    "sum(number(orders.legacy_amount))",
);
