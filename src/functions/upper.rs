//! `upper(x)`: the text in upper case.

use super::{Argument, Function, Gives};

/// `upper(x)`: the text in upper case.
pub static UPPER: Function = Function::row_value("upper", &[Argument::Text], Gives::Text)
    .documented("The text in upper case.", "count(orders where upper(country) = 'DE')");
