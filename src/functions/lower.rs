//! `lower(x)`: the text in lower case.

use super::{Argument, Function, Gives};

/// `lower(x)`: the text in lower case.
pub static LOWER: Function = Function::row_value("lower", &[Argument::Text], Gives::Text)
    .documented("The text in lower case.", "count(orders where lower(status) = 'paid')");
