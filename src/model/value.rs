//! The types that values have in plans and in warehouses.

use super::facts;
use std::fmt;

/// The type of a value. How a warehouse calls it is a dialect's to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// Nothing but null, which fits every type.
    Null,
    /// True, false or null.
    Boolean,
    /// A whole number.
    Integer,
    /// An exact decimal number.
    Decimal,
    /// A floating number.
    Double,
    /// A text.
    Text,
    /// A day.
    Date,
    /// A reading of a wall clock.
    Timestamp,
    /// An instant.
    Instant,
    /// Several values as one.
    Tuple,
}

impl Type {
    /// The type of a stored column.
    pub fn of_column(ty: facts::Type, clock: &super::Clock) -> Self {
        match ty {
            facts::Type::Boolean => Type::Boolean,
            facts::Type::Integer => Type::Integer,
            facts::Type::Decimal => Type::Decimal,
            facts::Type::Number => Type::Double,
            facts::Type::Text => Type::Text,
            facts::Type::Date => Type::Date,
            facts::Type::Timestamp if *clock == super::Clock::Instant => Type::Instant,
            facts::Type::Timestamp => Type::Timestamp,
            facts::Type::Key => Type::Tuple,
            facts::Type::Null | facts::Type::Error => Type::Null,
        }
    }

    /// The type of that name, but for null and tuples, which no value is written as.
    pub fn of_name(name: &str) -> Option<Self> {
        use Type::{Boolean, Date, Decimal, Double, Instant, Integer, Text, Timestamp};
        [Boolean, Integer, Decimal, Double, Text, Date, Timestamp, Instant].into_iter().find(|ty| ty.name() == name)
    }

    /// Whether it is a number, or null.
    pub fn is_numeric(self) -> bool {
        matches!(self, Type::Null | Type::Integer | Type::Decimal | Type::Double)
    }

    /// The type that holds the values of both, if there is one.
    pub fn common(self, other: Type) -> Option<Type> {
        match (self, other) {
            (Type::Null, other) | (other, Type::Null) => Some(other),
            (one, other) if one == other => Some(one),
            (Type::Double, other) | (other, Type::Double) if other.is_numeric() => Some(Type::Double),
            (Type::Decimal, Type::Integer) | (Type::Integer, Type::Decimal) => Some(Type::Decimal),
            (Type::Date, Type::Timestamp) | (Type::Timestamp, Type::Date) => Some(Type::Timestamp),
            _ => None,
        }
    }

    /// Its name in the printed form of a plan.
    pub fn name(self) -> &'static str {
        match self {
            Type::Null => "null",
            Type::Boolean => "boolean",
            Type::Integer => "integer",
            Type::Decimal => "decimal",
            Type::Double => "double",
            Type::Text => "text",
            Type::Date => "date",
            Type::Timestamp => "timestamp",
            Type::Instant => "instant",
            Type::Tuple => "tuple",
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
