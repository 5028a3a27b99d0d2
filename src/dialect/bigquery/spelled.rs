//! How functions are written for BigQuery where it differs from the table of all dialects, some by the types of their arguments.

use crate::dialect::letters::{hidden, lower, to_lower, to_upper, upper};
use crate::dialect::spell::{self, Spelling, Tightness};
use crate::model::value::Type;
use Tightness::{Atom, Comparison, Product, Sum};

/// Halves go away from 0, and what is left of a double behind the point is exact.
const ROUND_TO: &str = "case when abs({0} * 1e{1} - trunc({0} * 1e{1})) < 0.5 then trunc({0} * 1e{1}) / 1e{1} \
                        else (trunc({0} * 1e{1}) + sign({0})) / 1e{1} end";
const ROUND_WHOLE_TO: &str = "cast(round(cast({0} as {decimal}), {1}) as {integer})";

/// The texts that are numbers and days, as `spell` has them for others.
const NUMBER: &str = "safe_cast(regexp_extract({0}, \
    '^ *([-+]?(?:[0-9]{1,99}(?:[.][0-9]{0,99})?|[.][0-9]{1,99})(?:[eE][-+]?[0-9]{1,2})?) *$') as {double})";
const DATE: &str = "safe_cast(regexp_extract({0}, '^ *([1-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]) *$') as {date})";

/// Letters whose other case is several letters have one or none in the language: see `letters`.
const LOWER: &str = concat!("lower(translate({0}, '", to_lower!(), "', '", lower!(), "'))");
const UPPER: &str =
    concat!("translate(upper(translate({0}, '", to_upper!(), "', '", hidden!(), "')), '", hidden!(), "', '", upper!(), "')");

/// There is no remainder of doubles. Both are made decimals with 38 digits behind the point, and what would need more is refused.
const MOD_OF_DOUBLES: &str = "case when not abs({0}) < cast('inf' as {double}) or not abs({1}) < cast('inf' as {double}) or {1} = 0 then null \
    when abs({0}) >= 1e38 or abs({1}) >= 1e38 or safe_divide(abs({0}), abs({1})) >= safe_multiply(abs({1}), 1e27) \
    then error('a remainder needs too many digits') \
    else cast(mod(cast({0} as {decimal}), nullif(cast({1} as {decimal}), 0)) as {double}) end";

const SECONDS_OF_INSTANTS: &str = "timestamp_diff({0}, {1}, microsecond) / 1e6";
const SECONDS_TO_INSTANT: &str = "datetime_diff(datetime({0}, 'UTC'), {1}, microsecond) / 1e6";
const SECONDS_FROM_INSTANT: &str = "datetime_diff({0}, datetime({1}, 'UTC'), microsecond) / 1e6";

/// What is too far away is refused.
const ADD_DAYS: &str = "date_add({0}, interval cast(round({1}) as {integer}) day)";
const ADD_MONTHS: &str = "date_add({0}, interval cast(round({1}) as {integer}) month)";
const ADD_MONTHS_TO_TIME: &str = "datetime_add({0}, interval cast(round({1}) as {integer}) month)";
const ADD_SECONDS: &str = "datetime_add({0}, interval cast(round({1} * 1e6) as {integer}) microsecond)";
const ADD_SECONDS_TO_INSTANT: &str = "timestamp_add({0}, interval cast(round({1} * 1e6) as {integer}) microsecond)";

/// What differs from the table of all dialects.
const SPELLED: &[(&str, &str, Tightness)] = &[
    ("number", NUMBER, Atom),
    ("date", DATE, Atom),
    ("like", "{0} like replace({1}, '\\\\', '\\\\\\\\')", Comparison),
    ("not like", "{0} not like replace({1}, '\\\\', '\\\\\\\\')", Comparison),
    ("contains", "strpos({0}, {1}) > 0", Comparison),
    ("lower", LOWER, Atom),
    ("upper", UPPER, Atom),
    ("trim", "trim({0}, ' ')", Atom),
    ("length", "char_length({0})", Atom),
    ("exp", "safe.exp({0})", Atom),
    ("power", "safe.pow({0}, {1})", Atom),
    ("mod", "mod({0}, nullif({1}, 0))", Atom),
    ("hour", "extract(hour from cast({0} as {timestamp}))", Atom),
    ("weekday", "mod(extract(dayofweek from {0}) + 5, 7) + 1", Sum),
    ("day_of_year", "extract(dayofyear from {0})", Atom),
    ("iso_week", "extract(isoweek from {0})", Atom),
    ("days between", "date_diff(cast({0} as date), cast({1} as date), day)", Atom),
    ("seconds between", "datetime_diff({0}, {1}, microsecond) / 1e6", Product),
    ("add days", ADD_DAYS, Atom),
    ("add months", ADD_MONTHS, Atom),
    ("add months to time", ADD_MONTHS_TO_TIME, Atom),
    ("add days to time", ADD_SECONDS, Atom),
    ("add seconds", ADD_SECONDS, Atom),
    ("is finite", "{0} = {0}", Comparison),
    ("finite", "case when abs({0}) < cast('inf' as {double}) then {0} end", Atom),
    ("to json", "coalesce(cast(round(safe_cast({0} as {decimal}), 6) as {text}), cast({0} as {text}), 'null')", Atom),
    ("percentile", "percentile_cont({0}, {1})", Atom),
    ("any", "logical_or({0})", Atom),
    ("all", "logical_and({0})", Atom),
];

/// How a function is written; `ty` gives the type of an argument.
pub(super) fn spelling(function: &str, ty: &dyn Fn(usize) -> Type) -> Spelling {
    use Type::{Boolean, Date, Decimal, Double, Instant, Integer, Text, Timestamp};
    let (first, second) = (ty(0), ty(1));
    let template = match (function, first) {
        ("round" | "floor" | "ceil", Integer) if second == Type::Null => "{0}",
        ("round", Integer) => ROUND_WHOLE_TO,
        ("round", Double) if second != Type::Null => ROUND_TO,
        ("number" | "to number", Boolean) => "cast(cast({0} as {integer}) as {double})",
        ("number", Integer | Decimal | Double) => "cast({0} as {double})",
        ("date", Date | Timestamp) => "cast({0} as {date})",
        ("date" | "to date", Instant) => "date({0}, 'UTC')",
        ("text", Timestamp) => "format_datetime('%F %H:%M:%E*S', {0})",
        ("finite", Integer | Decimal) => "{0}",
        ("is finite", Double) => return Spelling::Template("abs({0}) < cast('inf' as {double})", Comparison),
        ("*", Decimal | Integer) if matches!(second, Decimal | Integer) && (first == Decimal || second == Decimal) => {
            return Spelling::Template("cast({0} as {decimal}) * {1}", Product);
        }
        ("mod", _) if first == Double || second == Double => MOD_OF_DOUBLES,
        // A reading of a clock that stands beside an instant is one of UTC.
        ("seconds between", Instant) if second == Instant => return Spelling::Template(SECONDS_OF_INSTANTS, Product),
        ("seconds between", Instant) => return Spelling::Template(SECONDS_TO_INSTANT, Product),
        ("seconds between", _) if second == Instant => return Spelling::Template(SECONDS_FROM_INSTANT, Product),
        ("add seconds" | "add days to time", Instant) => ADD_SECONDS_TO_INSTANT,
        ("days between", Date) if second == Date => "date_diff({0}, {1}, day)",
        // Different ones are counted by the collation of a column.
        ("count_distinct", Text) => "count(distinct collate({0}, ''))",
        _ => {
            let own = SPELLED.iter().find(|(known, ..)| *known == function);
            return own.map_or_else(|| spell::spelling(function), |(_, text, binds)| Spelling::Template(text, *binds));
        }
    };
    Spelling::Template(template, Atom)
}
