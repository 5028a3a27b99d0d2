//! `case when condition then x else y end`: the value of the first condition that is true.

use super::{Argument, Function, Gives, Rest, UnitRule};

/// `case when condition then x else y end`: the value of the first condition that is true.
pub static CASE: Function = Function::value("case", &[Argument::Truth, Argument::Any], Gives::Common, UnitRule::Common)
    .and(Rest::Many(Argument::Any))
    .documented("The value of the first condition that is true.", "");
