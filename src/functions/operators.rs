//! The operators, as rows of the table that expressions refer to.

use super::{Argument, Function, Gives, Monotonicity, Rest, UnitRule};

/// `-x`
pub static NEGATE: Function =
    Function::value("negate", &[Argument::Numeric], Gives::Same(0), UnitRule::Same(0)).moving(&[Monotonicity::Falls]);
/// `x + y`
pub static ADD: Function = Function::value("+", &[Argument::Numeric, Argument::Numeric], Gives::Common, UnitRule::Common)
    .moving(&[Monotonicity::Rises]);
/// `x - y`
pub static SUBTRACT: Function = Function::value("-", &[Argument::Numeric, Argument::Numeric], Gives::Common, UnitRule::Common)
    .moving(&[Monotonicity::Rises, Monotonicity::Falls]);
/// `x * y`
pub static MULTIPLY: Function = Function::value("*", &[Argument::Numeric, Argument::Numeric], Gives::Common, UnitRule::Special)
    .moving(&[Monotonicity::Factor]);
/// `x / y`: real division, null where y is 0
pub static DIVIDE: Function = Function::value("/", &[Argument::Numeric, Argument::Numeric], Gives::Number, UnitRule::Special)
    .moving(&[Monotonicity::Dividend, Monotonicity::Divisor]);
/// `x = y`
pub static EQUAL: Function = comparison("=");
/// `x != y`
pub static NOT_EQUAL: Function = comparison("!=");
/// `x < y`
pub static LESS: Function = comparison("<");
/// `x <= y`
pub static LESS_OR_EQUAL: Function = comparison("<=");
/// `x > y`
pub static GREATER: Function = comparison(">");
/// `x >= y`
pub static GREATER_OR_EQUAL: Function = comparison(">=");
/// `x in (...)`
pub static IN: Function = comparison("in").and(Rest::Many(Argument::Any));
/// `x not in (...)`
pub static NOT_IN: Function = comparison("not in").and(Rest::Many(Argument::Any));
/// `x between y and z`, both included
pub static BETWEEN: Function = comparison("between").and(Rest::Many(Argument::Any));
/// `x not between y and z`
pub static NOT_BETWEEN: Function = comparison("not between").and(Rest::Many(Argument::Any));
/// `x like y`
pub static LIKE: Function = Function::value("like", &[Argument::Text, Argument::Text], Gives::Truth, UnitRule::None);
/// `x not like y`
pub static NOT_LIKE: Function = Function::value("not like", &[Argument::Text, Argument::Text], Gives::Truth, UnitRule::None);
/// `x is null`
pub static IS_NULL: Function = Function::value("is null", &[Argument::Any], Gives::Truth, UnitRule::None);
/// `x is not null`
pub static IS_NOT_NULL: Function = Function::value("is not null", &[Argument::Any], Gives::Truth, UnitRule::None);
/// `not x`
pub static NOT: Function = Function::value("not", &[Argument::Truth], Gives::Truth, UnitRule::None);
/// `x and y`
pub static AND: Function = logic("and");
/// `x or y`
pub static OR: Function = logic("or");

const fn comparison(name: &'static str) -> Function {
    Function::value(name, &[Argument::Any, Argument::Any], Gives::Truth, UnitRule::Common)
}

const fn logic(name: &'static str) -> Function {
    Function::value(name, &[Argument::Truth], Gives::Truth, UnitRule::None).and(Rest::Many(Argument::Truth))
}

/// All operators.
pub static ALL: &[&Function] = &[
    &NEGATE,
    &ADD,
    &SUBTRACT,
    &MULTIPLY,
    &DIVIDE,
    &EQUAL,
    &NOT_EQUAL,
    &LESS,
    &LESS_OR_EQUAL,
    &GREATER,
    &GREATER_OR_EQUAL,
    &IN,
    &NOT_IN,
    &BETWEEN,
    &NOT_BETWEEN,
    &LIKE,
    &NOT_LIKE,
    &IS_NULL,
    &IS_NOT_NULL,
    &NOT,
    &AND,
    &OR,
];
