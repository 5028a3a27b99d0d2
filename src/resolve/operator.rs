//! Which function of the table an operator of the syntax is.

use crate::formula::Operator;
use crate::functions::{Function, operators};

/// The row for an operator of the syntax.
pub(super) fn of(operator: Operator) -> &'static Function {
    match operator {
        Operator::Negate => &operators::NEGATE,
        Operator::Add => &operators::ADD,
        Operator::Subtract => &operators::SUBTRACT,
        Operator::Multiply => &operators::MULTIPLY,
        Operator::Divide => &operators::DIVIDE,
        Operator::Equal => &operators::EQUAL,
        Operator::NotEqual => &operators::NOT_EQUAL,
        Operator::Less => &operators::LESS,
        Operator::LessOrEqual => &operators::LESS_OR_EQUAL,
        Operator::Greater => &operators::GREATER,
        Operator::GreaterOrEqual => &operators::GREATER_OR_EQUAL,
        Operator::In => &operators::IN,
        Operator::NotIn => &operators::NOT_IN,
        Operator::Between => &operators::BETWEEN,
        Operator::NotBetween => &operators::NOT_BETWEEN,
        Operator::Like => &operators::LIKE,
        Operator::NotLike => &operators::NOT_LIKE,
        Operator::IsNull => &operators::IS_NULL,
        Operator::IsNotNull => &operators::IS_NOT_NULL,
        Operator::Not => &operators::NOT,
        Operator::And => &operators::AND,
        Operator::Or => &operators::OR,
    }
}
