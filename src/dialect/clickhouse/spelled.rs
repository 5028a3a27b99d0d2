//! How functions are written for ClickHouse where it differs from the table of all dialects, some by the types of their arguments.

use crate::dialect::spell::{self, Spelling, Tightness};
use crate::model::value::Type;
use Tightness::{Atom, Comparison, Sum};

/// `round` of a double takes halves to the even number, and the language takes them away from 0. What is left of a double behind the
/// point is exact.
const ROUND: &str = "case when abs({0} - trunc({0})) < 0.5 then trunc({0}) else trunc({0}) + sign({0}) end";
const ROUND_TO: &str = "case when abs({0} * 1e{1} - trunc({0} * 1e{1})) < 0.5 then trunc({0} * 1e{1}) / 1e{1} \
                        else (trunc({0} * 1e{1}) + sign({0})) / 1e{1} end";

/// A day that there is not becomes another one, so that it has to be written as it was.
const DATE: &str = "if(toString(toDate32OrNull({0})) = {0}, toDate32OrNull({0}), null)";

/// Up to six digits after the point. Decimals are rounded as the language does, and whether zeros at their end are shown is for a
/// session to say.
const TO_JSON: &str = "coalesce(replaceRegexpOne(toString(round(accurateCastOrNull({0} * 1e6, 'Decimal(76, 20)')) \
                       * toDecimal256('0.000001', 6)), '[.]0*$|([.][0-9]*[1-9])0+$', '\\\\1'), 'null')";
const TIME_TO_TEXT: &str = "replaceRegexpOne(toString(toDateTime64({0}, 6, 'UTC')), '[.]0*$|([.][0-9]*[1-9])0+$', '\\\\1')";

/// A remainder of decimals is one of their digits, so that both need as many.
const MOD: &str = "(toDecimal128(0, 0) + {0} + {1} - {1}) % nullif(toDecimal128(0, 0) + {1} + {0} - {0}, 0)";
const MOD_OF_DOUBLES: &str = "cast({0} as {double}) % nullif(cast({1} as {double}), 0)";

/// All digits of its scale are shown.
const DECIMAL_TO_TEXT: &str = "toDecimalString({0}, toUInt8(extract(toTypeName({0}), ', ([0-9]+)')))";

/// What differs from the table of all dialects.
const SPELLED: &[(&str, &str, Tightness)] = &[
    ("number", "ifNotFinite(toFloat64OrNull(trimBoth({0})), null)", Atom),
    ("date", DATE, Atom),
    ("like", "{0} like replaceAll({1}, '\\\\', '\\\\\\\\')", Comparison),
    ("not like", "{0} not like replaceAll({1}, '\\\\', '\\\\\\\\')", Comparison),
    ("contains", "position({0}, {1}) > 0", Comparison),
    ("starts_with", "startsWith({0}, {1})", Atom),
    ("lower", "lowerUTF8({0})", Atom),
    ("upper", "upperUTF8({0})", Atom),
    ("length", "lengthUTF8({0})", Atom),
    ("trim", "trimBoth({0})", Atom),
    ("year", "toYear({0})", Atom),
    ("month", "toMonth({0})", Atom),
    ("day", "toDayOfMonth({0})", Atom),
    ("hour", "toHour({0})", Atom),
    ("weekday", "toDayOfWeek({0})", Atom),
    ("days between", "dateDiff('day', toDate32({1}), toDate32({0}))", Atom),
    ("seconds between", "dateDiff('microsecond', toDateTime64({1}, 6), toDateTime64({0}, 6)) / 1e6", Tightness::Product),
    ("add days", "addDays(toDate32({0}), toInt64(round({1})))", Atom),
    ("add months", "addMonths(toDate32({0}), toInt64(round({1})))", Atom),
    ("add months to time", "addMonths({0}, toInt64(round({1})))", Atom),
    ("add days to time", "addMicroseconds({0}, toInt64(round({1} * 1e6)))", Atom),
    ("add seconds", "addMicroseconds({0}, toInt64(round({1} * 1e6)))", Atom),
    ("finite", "ifNotFinite(toFloat64({0}), null)", Atom),
    ("widen", "toDecimal128({0}, 0)", Atom),
    ("to json", TO_JSON, Atom),
    ("median", "quantileExactInclusive(0.5)(cast({0} as {double}))", Atom),
    ("percentile", "quantileExactInclusive(toFloat64({1}))(cast({0} as {double}))", Atom),
    ("stddev", "case when count({0}) > 1 then stddevSampStable(cast({0} as {double})) end", Atom),
    ("variance", "case when count({0}) > 1 then varSampStable(cast({0} as {double})) end", Atom),
    ("any", "max({0})", Atom),
    ("all", "min({0})", Atom),
];

/// How a function is written; `ty` gives the type of an argument.
pub(super) fn spelling(function: &str, ty: &dyn Fn(usize) -> Type) -> Spelling {
    use Type::{Boolean, Decimal, Double, Instant, Integer, Timestamp};
    let template = match (function, ty(0)) {
        ("round", Double) if ty(1) == Type::Null => ROUND,
        ("round", Double) => ROUND_TO,
        ("number", Integer | Decimal | Double | Boolean) => "cast({0} as {double})",
        ("date", Type::Date | Timestamp | Instant) => "cast({0} as {date})",
        ("text", Boolean) => "cast(cast({0} as {boolean}) as {text})",
        ("text", Timestamp | Instant) => TIME_TO_TEXT,
        // What is not floating is finite, and there is no infinite time.
        ("is finite", Double) => "isFinite(toFloat64({0}))",
        ("is finite", _) => return Spelling::Template("{0} = {0}", Comparison),
        ("finite", Integer | Decimal) => "{0}",
        // The product of decimals has no more digits than the longer one.
        ("*", Decimal | Integer) if matches!((ty(0), ty(1)), (Decimal, Integer | Decimal) | (Integer, Decimal)) => {
            return Spelling::Template("toDecimal128(1, 0) * {0} * {1}", Tightness::Product);
        }
        ("+", Decimal) if ty(1) == Decimal => return Spelling::Template("toDecimal128(0, 0) + {0} + {1}", Sum),
        ("mod", Double) => return Spelling::Template(MOD_OF_DOUBLES, Tightness::Product),
        ("mod", _) if ty(1) == Double => return Spelling::Template(MOD_OF_DOUBLES, Tightness::Product),
        ("mod", Decimal | Integer) if ty(0) == Decimal || ty(1) == Decimal => {
            return Spelling::Template(MOD, Tightness::Product);
        }
        ("hour", Type::Date) => "toHour(toDateTime64({0}, 6, 'UTC'))",
        ("text", Decimal) => DECIMAL_TO_TEXT,
        ("sum", Integer) => "sum(toDecimal128({0}, 0))",
        _ => {
            let own = SPELLED.iter().find(|(known, ..)| *known == function);
            return own.map_or_else(|| spell::spelling(function), |(_, text, binds)| Spelling::Template(text, *binds));
        }
    };
    Spelling::Template(template, Atom)
}
