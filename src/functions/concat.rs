//! `concat(x, ...)`: the texts one after the other.

use super::{Argument, Function, Gives, Rest};

/// `concat(x, ...)`: the texts one after the other.
pub static CONCAT: Function =
    Function::row_value("concat", &[Argument::Text], Gives::Text).and(Rest::Many(Argument::Text)).documented(
        "The texts joined together; null if any of them is null.",
        "count_distinct(concat(orders.city, orders.country))",
    );
