//! `length(x)`: how many characters a text has.

use super::{Argument, Function, Gives};

/// `length(x)`: how many characters a text has.
pub static LENGTH: Function = Function::row_value("length", &[Argument::Text], Gives::Integer)
    .documented("How many characters the text has.", "avg(length(tickets.message))");
