//! How functions are written for ClickHouse where it differs from the table of all dialects, some by the types of their arguments.

use crate::dialect::letters::{hidden, lower, to_lower, to_upper, upper};
use crate::dialect::spell::{self, Spelling, Tightness};
use crate::model::value::Type;
use Tightness::{Atom, Comparison, Sum};

/// `round` of a double takes halves to the even number, and the language takes them away from 0. What is left of a double behind the
/// point is exact.
const ROUND: &str = "case when abs({0} - trunc({0})) < 0.5 then trunc({0}) else trunc({0}) + sign({0}) end";
const ROUND_TO: &str = "case when abs({0} * 1e{1} - trunc({0} * 1e{1})) < 0.5 then trunc({0} * 1e{1}) / 1e{1} \
                        else (trunc({0} * 1e{1}) + sign({0})) / 1e{1} end";

/// The texts that are numbers and days, as `spell` has them for others. A day that there is not becomes another one.
const NUMBER: &str = "toFloat64OrNull(extract({0}, \
    '^ *([-+]?(?:[0-9]{1,99}(?:[.][0-9]{0,99})?|[.][0-9]{1,99})(?:[eE][-+]?[0-9]{1,2})?) *$'))";
const DATE: &str = "arrayMap(written -> if(toString(toDate32OrNull(written)) = written, toDate32OrNull(written), null), \
    [extract({0}, '^ *([1-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]) *$')])[1]";

/// Letters whose other case is several letters have one or none in the language: see `letters`.
const LOWER: &str = concat!("lowerUTF8(translateUTF8({0}, '", to_lower!(), "', '", lower!(), "'))");
const UPPER: &str = concat!(
    "translateUTF8(upperUTF8(translateUTF8({0}, '",
    to_upper!(),
    "', '",
    hidden!(),
    "')), '",
    hidden!(),
    "', '",
    upper!(),
    "')"
);

/// Up to six digits after the point. Decimals are rounded as the language does, and whether zeros at their end are shown is for a
/// session to say.
const TO_JSON: &str = "coalesce(replaceRegexpOne(toString(round(accurateCastOrNull({0} * 1e6, 'Decimal(76, 20)')) \
                       * toDecimal256('0.000001', 6)), '[.]0*$|([.][0-9]*[1-9])0+$', '\\\\1'), 'null')";
const TIME_TO_TEXT: &str = "replaceRegexpOne(toString(toDateTime64({0}, 6, 'UTC')), '[.]0*$|([.][0-9]*[1-9])0+$', '\\\\1')";

/// A remainder of decimals is one of their digits, so that both need as many.
const MOD: &str = "(toDecimal256(0, 0) + {0} + {1} - {1}) % nullif(toDecimal256(0, 0) + {1} + {0} - {0}, 0)";

/// `%` rounds the quotient of doubles before it cuts it off. So the divisor is taken away, as often as a power of 2 says, from the largest
/// power on: each difference is exact.
const MOD_OF_DOUBLES: &str = "arrayMap((a, b) -> if(isFinite(a) and isFinite(b) and b != 0, sign(a) * arrayFold((rest, at) -> rest - if(\
    rest >= abs(b) * exp2(intDiv(at, 3)) * exp2(intDiv(at + 1, 3)) * exp2(intDiv(at + 2, 3)), \
    abs(b) * exp2(intDiv(at, 3)) * exp2(intDiv(at + 1, 3)) * exp2(intDiv(at + 2, 3)), 0), reverse(range(toUInt64(\
    greatest(0, least(2100, ifNull(ceil(log2(abs(a)) - log2(abs(b))), 0) + 2))))), abs(a)), null), \
    [cast({0} as {double})], [cast({1} as {double})])[1]";

/// Whole numbers wrap around, and so do products of 128 bits, whatever `decimal_check_overflow` says. So all is computed with twice the
/// room, and what does not fit then is refused.
const ADD: &str = "accurateCast(toInt128({0}) + {1}, '{integer}')";
const SUBTRACT: &str = "accurateCast(toInt128({0}) - {1}, '{integer}')";
const MULTIPLY: &str = "accurateCast(toInt256({0}) * {1}, '{integer}')";
const MULTIPLY_DECIMALS: &str = "toDecimal128(toDecimal256(1, 0) * {0} * {1}, \
    toUInt8(extract(toTypeName(toDecimal256(1, 0) * {0} * {1}), ', ([0-9]+)')))";

const BETWEEN: &str = "toDecimal256(0, 0) + {0} between {1} and {2}";
const NOT_BETWEEN: &str = "toDecimal256(0, 0) + {0} not between {1} and {2}";

/// What would lie beyond the last time would be another one.
const ADD_DAYS: &str =
    "addDays(toDate32({0}), toInt64(round({1})) + throwIf({1} not between -2900000 and 2900000, 'a day is too far away'))";
const ADD_MONTHS: &str =
    "addMonths(toDate32({0}), toInt64(round({1})) + throwIf({1} not between -95000 and 95000, 'a day is too far away'))";
const ADD_MONTHS_TO_TIME: &str = "addMonths(toDateTime64({0}, 6, 'UTC'), \
    toInt64(round({1})) + throwIf({1} not between -95000 and 95000, 'a time is too far away'))";
const ADD_SECONDS: &str = "addMicroseconds(toDateTime64({0}, 6, 'UTC'), \
    toInt64(round({1} * 1e6)) + throwIf({1} not between -2.5e11 and 2.5e11, 'a time is too far away'))";

const IS_IN_UTC: &str = "throwIf(timezoneOf({0}) not in ('UTC', 'Etc/UTC', 'UCT', 'Etc/UCT', 'Universal', 'Etc/Universal', 'Zulu', 'Etc/Zulu', \
    'GMT', 'Etc/GMT'), 'a wall clock is stored in a zone other than UTC') = 0";

/// The square of a deviation may be too large.
const STDDEV: &str = "case when count({0}) > 1 then stddevSampStable(cast({0} as {double})) \
    + throwIf(count({0}) > 1 and not isFinite(stddevSampStable(cast({0} as {double}))), 'a standard deviation is too large') end";
const VARIANCE: &str = "case when count({0}) > 1 then varSampStable(cast({0} as {double})) \
    + throwIf(count({0}) > 1 and not isFinite(varSampStable(cast({0} as {double}))), 'a variance is too large') end";

/// All digits of its scale are shown.
const DECIMAL_TO_TEXT: &str = "toDecimalString({0}, toUInt8(extract(toTypeName({0}), ', ([0-9]+)')))";

/// What differs from the table of all dialects.
const SPELLED: &[(&str, &str, Tightness)] = &[
    ("number", NUMBER, Atom),
    ("date", DATE, Atom),
    ("like", "{0} like replaceAll({1}, '\\\\', '\\\\\\\\')", Comparison),
    ("not like", "{0} not like replaceAll({1}, '\\\\', '\\\\\\\\')", Comparison),
    ("contains", "position({0}, {1}) > 0", Comparison),
    ("starts_with", "startsWith({0}, {1})", Atom),
    ("lower", LOWER, Atom),
    ("upper", UPPER, Atom),
    ("length", "lengthUTF8({0})", Atom),
    ("trim", "trimBoth({0})", Atom),
    ("year", "toYear({0})", Atom),
    ("month", "toMonth({0})", Atom),
    ("day", "toDayOfMonth({0})", Atom),
    ("hour", "toHour({0})", Atom),
    ("weekday", "toDayOfWeek({0})", Atom),
    ("quarter", "toQuarter({0})", Atom),
    ("day_of_year", "toDayOfYear({0})", Atom),
    ("iso_week", "toISOWeek({0})", Atom),
    ("iso_year", "toISOYear({0})", Atom),
    ("days between", "dateDiff('day', toDate32({1}), toDate32({0}))", Atom),
    (
        "seconds between",
        "dateDiff('microsecond', toDateTime64({1}, 6, 'UTC'), toDateTime64({0}, 6, 'UTC')) / 1e6",
        Tightness::Product,
    ),
    ("add days", ADD_DAYS, Atom),
    ("add months", ADD_MONTHS, Atom),
    ("add months to time", ADD_MONTHS_TO_TIME, Atom),
    ("add days to time", ADD_SECONDS, Atom),
    ("add seconds", ADD_SECONDS, Atom),
    ("is in utc", IS_IN_UTC, Comparison),
    ("finite", "ifNotFinite(toFloat64({0}), null)", Atom),
    ("widen", "accurateCast({0}, '{integer}')", Atom),
    ("to json", TO_JSON, Atom),
    ("median", "quantileExactInclusive(0.5)(cast({0} as {double}))", Atom),
    ("percentile", "quantileExactInclusive(toFloat64({1}))(cast({0} as {double}))", Atom),
    ("stddev", STDDEV, Atom),
    ("variance", VARIANCE, Atom),
    ("any", "max({0})", Atom),
    ("all", "min({0})", Atom),
];

/// How a function is written; `ty` gives the type of an argument.
pub(super) fn spelling(function: &str, ty: &dyn Fn(usize) -> Type) -> Spelling {
    use Type::{Boolean, Decimal, Double, Instant, Integer, Timestamp};
    let (first, second) = (ty(0), ty(1));
    let is_exact = |ty| matches!(ty, Integer | Decimal);
    let (are_exact, are_whole) = (is_exact(first) && is_exact(second), first == Integer && second == Integer);
    let decimals = are_exact && !are_whole;
    let template = match (function, first) {
        ("round", Double) if second == Type::Null => ROUND,
        ("round", Double) => ROUND_TO,
        ("number", Integer | Decimal | Double | Boolean) => "cast({0} as {double})",
        ("date", Type::Date | Timestamp | Instant) => "cast({0} as {date})",
        ("text", Boolean) => "cast(cast({0} as {boolean}) as {text})",
        ("text", Timestamp | Instant) => TIME_TO_TEXT,
        ("text", Decimal) => DECIMAL_TO_TEXT,
        // What is not floating is finite, and there is no infinite time.
        ("is finite", Double) => "isFinite(toFloat64({0}))",
        ("is finite", _) => return Spelling::Template("{0} = {0}", Comparison),
        ("finite", Integer | Decimal) => "{0}",
        ("+", _) if are_whole => ADD,
        ("-", _) if are_whole => SUBTRACT,
        ("*", _) if are_whole => MULTIPLY,
        ("negate", Integer) => "accurateCast(-toInt128({0}), '{integer}')",
        ("abs", Integer) => "accurateCast(abs(toInt128({0})), '{integer}')",
        ("+", _) if decimals => return Spelling::Template("toDecimal256(0, 0) + {0} + {1}", Sum),
        ("-", _) if decimals => return Spelling::Template("toDecimal256(0, 0) + {0} - {1}", Sum),
        ("*", _) if decimals => MULTIPLY_DECIMALS,
        // One of both gets as many digits after the point as the other.
        ("=", _) if decimals => return Spelling::Template("toDecimal256(0, 0) + {0} = {1}", Comparison),
        ("!=", _) if decimals => return Spelling::Template("toDecimal256(0, 0) + {0} <> {1}", Comparison),
        ("<", _) if decimals => return Spelling::Template("toDecimal256(0, 0) + {0} < {1}", Comparison),
        ("<=", _) if decimals => return Spelling::Template("toDecimal256(0, 0) + {0} <= {1}", Comparison),
        (">", _) if decimals => return Spelling::Template("toDecimal256(0, 0) + {0} > {1}", Comparison),
        (">=", _) if decimals => return Spelling::Template("toDecimal256(0, 0) + {0} >= {1}", Comparison),
        ("between" | "not between", Integer | Decimal)
            if is_exact(second) && is_exact(ty(2)) && !(are_whole && ty(2) == Integer) =>
        {
            let template = if function == "between" { BETWEEN } else { NOT_BETWEEN };
            return Spelling::Template(template, Comparison);
        }
        ("mod", _) if first == Double || second == Double => MOD_OF_DOUBLES,
        ("mod", _) if decimals => return Spelling::Template(MOD, Tightness::Product),
        ("hour", Type::Date) => "toHour(toDateTime64({0}, 6, 'UTC'))",
        ("round", Integer) if second != Type::Null => "accurateCast(round(toInt128({0}), {1}), '{integer}')",
        // Not of the wide integers that sums are.
        ("power", _) if is_exact(first) || is_exact(second) => "power(toFloat64({0}), toFloat64({1}))",
        ("sum", Integer) => "sum(toInt128({0}))",
        ("sum", Decimal) => "sum(toDecimal256(0, 0) + {0})",
        // 0 and -0 are two values.
        ("count_distinct", Double) => "count(distinct {0} + 0)",
        ("avg", Decimal) => "avg(toDecimal256(0, 0) + {0})",
        _ => {
            let own = SPELLED.iter().find(|(known, ..)| *known == function);
            return own.map_or_else(|| spell::spelling(function), |(_, text, binds)| Spelling::Template(text, *binds));
        }
    };
    Spelling::Template(template, Atom)
}
