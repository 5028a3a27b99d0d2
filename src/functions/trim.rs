//! `trim(x)`: the text without blanks around it.

use super::{Argument, Function, Gives};

/// `trim(x)`: the text without blanks around it.
pub static TRIM: Function = Function::row_value("trim", &[Argument::Text], Gives::Text)
    .documented("The text without spaces at its start and end.", "count(orders where trim(coupon) != '')");
