//! `contains(x, y)`: whether a text holds another.

use super::{Argument, Function, Gives};

/// `contains(x, y)`: whether a text holds another.
pub static CONTAINS: Function = Function::row_value("contains", &[Argument::Text, Argument::Text], Gives::Truth)
    .documented("Whether the first text contains the second.", "count(orders where contains(coupon, 'VIP'))");
