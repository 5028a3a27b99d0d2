//! `if(condition, x, y)`: one of two values.

use super::{Argument, Function, Gives, Monotonicity, Rest, UnitRule};

/// `if(condition, x, y)`: one of two values.
pub static IF: Function = Function::value("if", &[Argument::Truth, Argument::Any], Gives::Common, UnitRule::Common)
    .and(Rest::Optional(Argument::Any))
    .moving(&[Monotonicity::Depends, Monotonicity::Rises])
    .documented(
        "The second value where the condition is true, otherwise the third, or null if there is none.",
        "if(visits > 100, signups / visits)",
    );
