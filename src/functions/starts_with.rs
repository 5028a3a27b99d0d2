//! `starts_with(x, y)`: whether a text starts with another.

use super::{Argument, Function, Gives};

/// `starts_with(x, y)`: whether a text starts with another.
pub static STARTS_WITH: Function = Function::row_value("starts_with", &[Argument::Text, Argument::Text], Gives::Truth)
    .documented("Whether the first text starts with the second.", "count(orders where starts_with(coupon, 'SPRING'))");
