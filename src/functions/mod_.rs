//! `mod(x, y)`: the remainder of a division.

use super::{Argument, Function, Gives};

/// `mod(x, y)`: the remainder of a division.
pub static MOD: Function = Function::row_value("mod", &[Argument::Plain, Argument::Plain], Gives::Common).documented(
    "The remainder of the division, with the sign of the first value; null where the second is 0.",
    "count(orders where mod(order_number, 2) = 1)",
);
