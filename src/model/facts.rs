//! What the checker finds out about an expression: its type, unit, kind over time, and range.

use super::DimensionId;
use super::expr::Path;
use super::unit::Unit;
use std::fmt;

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// A condition: true, false or null.
    Boolean,
    /// A whole number.
    Integer,
    /// An exact decimal number.
    Decimal,
    /// A floating-point number.
    Number,
    /// A text.
    Text,
    /// A day.
    Date,
    /// A civil time.
    Timestamp,
    /// A key of several columns, which can only be counted and joined.
    Key,
    /// Null, which fits every type.
    Null,
    /// Unknown, because a part is wrong and that has been said.
    Error,
}

impl Type {
    /// Whether it is a number of any kind.
    pub fn is_numeric(self) -> bool {
        matches!(self, Type::Integer | Type::Decimal | Type::Number | Type::Null | Type::Error)
    }

    /// Whether it is a date or timestamp.
    pub fn is_time(self) -> bool {
        matches!(self, Type::Date | Type::Timestamp | Type::Null | Type::Error)
    }

    /// The type that holds the values of both, if there is one.
    pub fn common(self, other: Type) -> Option<Type> {
        match (self, other) {
            (Type::Error, _) | (_, Type::Error) => Some(Type::Error),
            (Type::Null, other) | (other, Type::Null) => Some(other),
            (a, b) if a == b => Some(a),
            (Type::Number, other) | (other, Type::Number) if other.is_numeric() => Some(Type::Number),
            (Type::Decimal, Type::Integer) | (Type::Integer, Type::Decimal) => Some(Type::Decimal),
            (Type::Date, Type::Timestamp) | (Type::Timestamp, Type::Date) => Some(Type::Date),
            _ => None,
        }
    }

    /// The type as specs write it, `key` for what only references have; instants are timestamps once they are read.
    pub fn written(self) -> &'static str {
        match self {
            Type::Key => "key",
            other => other.declared().unwrap_or("unknown"),
        }
    }

    /// The type as a column declares it.
    pub fn declared(self) -> Option<&'static str> {
        Some(match self {
            Type::Boolean => "boolean",
            Type::Integer => "integer",
            Type::Decimal => "decimal",
            Type::Number => "number",
            Type::Text => "text",
            Type::Date => "date",
            Type::Timestamp => "timestamp",
            Type::Key | Type::Null | Type::Error => return None,
        })
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Type::Boolean => "a condition",
            Type::Integer => "a whole number",
            Type::Decimal => "a decimal number",
            Type::Number => "a number",
            Type::Text => "a text",
            Type::Date => "a date",
            Type::Timestamp => "a timestamp",
            Type::Key => "a key of several columns",
            Type::Null => "null",
            Type::Error => "unknown",
        })
    }
}

/// What a reader may do with values over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Values of periods add up to that of the longer period.
    Flow,
    /// A level at one time.
    Stock,
    /// A count of different things, of which some are in several periods.
    Distinct,
    /// A change of a level.
    Movement,
    /// To be computed anew from its parts.
    Ratio,
}

impl Kind {
    /// Its name in specs.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Flow => "flow",
            Kind::Stock => "stock",
            Kind::Distinct => "distinct",
            Kind::Movement => "movement",
            Kind::Ratio => "ratio",
        }
    }

    /// The kind of that name.
    pub fn parse(text: &str) -> Option<Self> {
        [Kind::Flow, Kind::Stock, Kind::Distinct, Kind::Movement, Kind::Ratio].into_iter().find(|kind| kind.name() == text)
    }

    /// What a reader of a view has to know.
    pub fn advice(self) -> &'static str {
        match self {
            Kind::Flow => "adds up over periods",
            Kind::Stock => "a level: do not add up over periods",
            Kind::Distinct => "counts distinct things: do not add up",
            Kind::Movement => "a change: do not add up over periods",
            Kind::Ratio => "recompute it; do not add or average it",
        }
    }
}

/// The values that a number can have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// None is less.
    pub low: f64,
    /// None is greater.
    pub high: f64,
}

impl Range {
    /// Any number.
    pub const ANY: Range = Range { low: f64::NEG_INFINITY, high: f64::INFINITY };
    /// 0 and above.
    pub const POSITIVE: Range = Range { low: 0.0, high: f64::INFINITY };

    /// One number.
    pub fn point(value: f64) -> Self {
        Range { low: value, high: value }
    }

    /// The number, if the range holds one only.
    pub fn single(self) -> Option<f64> {
        (self.low.to_bits() == self.high.to_bits()).then_some(self.low)
    }

    /// All numbers of both.
    #[must_use]
    pub fn or(self, other: Range) -> Range {
        Range { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    /// With 0, which a missing value may stand for.
    #[must_use]
    pub fn or_zero(self) -> Range {
        self.or(Range::point(0.0))
    }

    /// The numbers with the other sign.
    #[must_use]
    pub fn negated(self) -> Range {
        Range { low: -self.high, high: -self.low }
    }

    /// All sums.
    #[must_use]
    pub fn plus(self, other: Range) -> Range {
        Range { low: self.low + other.low, high: self.high + other.high }.settled()
    }

    /// All products.
    #[must_use]
    pub fn times(self, other: Range) -> Range {
        let product = |a: f64, b: f64| if a == 0.0 || b == 0.0 { 0.0 } else { a * b };
        let corners = [
            product(self.low, other.low),
            product(self.low, other.high),
            product(self.high, other.low),
            product(self.high, other.high),
        ];
        let low = corners.iter().copied().fold(f64::INFINITY, f64::min);
        let high = corners.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Range { low, high }.settled()
    }

    /// All quotients, leaving out those by 0.
    #[must_use]
    pub fn over(self, other: Range) -> Range {
        let inverse = if other.low > 0.0 || other.high < 0.0 {
            Range { low: 1.0 / other.high, high: 1.0 / other.low }
        } else if other.low >= 0.0 {
            Range { low: if other.high.is_finite() { 1.0 / other.high } else { 0.0 }, high: f64::INFINITY }
        } else if other.high <= 0.0 {
            Range { low: f64::NEG_INFINITY, high: if other.low.is_finite() { 1.0 / other.low } else { 0.0 } }
        } else {
            return Range::ANY;
        };
        self.times(inverse)
    }

    /// The numbers without their signs.
    #[must_use]
    pub fn without_sign(self) -> Range {
        if self.low >= 0.0 {
            self
        } else if self.high <= 0.0 {
            self.negated()
        } else {
            Range { low: 0.0, high: self.high.max(-self.low) }
        }
    }

    fn settled(self) -> Range {
        let low = if self.low.is_nan() { f64::NEG_INFINITY } else { self.low };
        let high = if self.high.is_nan() { f64::INFINITY } else { self.high };
        Range { low, high }
    }
}

/// What names the currency of an amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CurrencyOf {
    /// A column of the row.
    Column(Path),
    /// A dimension of the KPI.
    Dimension(DimensionId),
}

/// The unit of a value, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownUnit {
    /// A number as written, which takes any unit.
    Bare,
    /// That unit.
    Of(Unit),
    /// Amounts of several currencies, which that names.
    Mixed(CurrencyOf),
    /// Unknown, because a part is wrong and that has been said.
    Unknown,
}

impl KnownUnit {
    /// No unit.
    pub fn none() -> Self {
        KnownUnit::Of(Unit::none())
    }

    /// The unit, none where it is not known.
    pub fn unit(&self) -> Unit {
        match self {
            KnownUnit::Of(unit) => unit.clone(),
            KnownUnit::Bare | KnownUnit::Mixed(_) | KnownUnit::Unknown => Unit::none(),
        }
    }
}

/// What the checker found out about a KPI.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Its type.
    pub ty: Type,
    /// Its unit: the declared one, or what follows from the formula.
    pub unit: Unit,
    /// By how much the formula's value is multiplied to be in the declared unit.
    pub scale: f64,
    /// What a reader may do with its values over time.
    pub kind: Kind,
    /// Whether its values over the parts of a slice add up to the total.
    pub adds_over_slices: bool,
    /// The values that it can have.
    pub range: Range,
    /// The dimension that every view of it must have: the currency of mixed amounts.
    pub needs: Option<DimensionId>,
}

impl Facts {
    /// Nothing is known, because the definition is wrong.
    pub fn unknown() -> Self {
        Self {
            ty: Type::Error,
            unit: Unit::none(),
            scale: 1.0,
            kind: Kind::Ratio,
            adds_over_slices: false,
            range: Range::ANY,
            needs: None,
        }
    }

    /// Whether the definition is wrong.
    pub fn is_broken(&self) -> bool {
        self.ty == Type::Error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(low: f64, high: f64) -> Range {
        Range { low, high }
    }

    #[test]
    fn ranges_follow_arithmetic() {
        assert_eq!(range(1.0, 2.0).plus(range(-1.0, 5.0)), range(0.0, 7.0));
        assert_eq!(range(-1.0, 2.0).times(range(3.0, 4.0)), range(-4.0, 8.0));
        assert_eq!(Range::POSITIVE.times(Range::POSITIVE), Range::POSITIVE);
        assert_eq!(Range::POSITIVE.over(Range::POSITIVE), Range::POSITIVE);
        assert_eq!(range(1.0, 2.0).over(range(2.0, 4.0)), range(0.25, 1.0));
        assert_eq!(range(1.0, 2.0).over(Range::ANY), Range::ANY);
        assert_eq!(range(-3.0, 2.0).without_sign(), range(0.0, 3.0));
        assert_eq!(Range::POSITIVE.plus(Range::POSITIVE.negated()), Range::ANY);
    }

    #[test]
    fn common_types() {
        assert_eq!(Type::Integer.common(Type::Decimal), Some(Type::Decimal));
        assert_eq!(Type::Date.common(Type::Timestamp), Some(Type::Date));
        assert_eq!(Type::Null.common(Type::Text), Some(Type::Text));
        assert_eq!(Type::Text.common(Type::Integer), None);
    }
}
