//! How functions are written for Redshift where it differs from the table of all dialects, some by the types of their arguments.

use crate::dialect::letters::{hidden, lower, to_lower, to_upper, upper};
use crate::dialect::spell::{self, Spelling, Tightness};
use crate::model::value::Type;
use Tightness::{Atom, Comparison, Product, Sum};

/// `round` of a double takes halves to the even number, and the language takes them away from 0. What is left of a double behind the point is
/// exact.
const ROUND: &str = "case when abs({0} - trunc({0})) < 0.5 then trunc({0}) else trunc({0}) + sign({0}) end";
const ROUND_TO: &str = "case when abs({0} * 1e{1} - trunc({0} * 1e{1})) < 0.5 then trunc({0} * 1e{1}) / 1e{1} \
                        else (trunc({0} * 1e{1}) + sign({0})) / 1e{1} end";
const ROUND_WHOLE_TO: &str = "cast(round(cast({0} as numeric(38, 0)), {1}) as {integer})";

/// A cast of a text that is no number, or no day, is an error. So it is asked first, inside of the cast. A pattern has no groups that are not kept.
const NUMBER: &str = "cast(case when {0} ~ '^ *[-+]?([0-9]{1,99}([.][0-9]{0,99})?|[.][0-9]{1,99})([eE][-+]?[0-9]{1,2})? *$' \
    then trim({0}) end as {double})";
const DATE: &str = "cast(case when {0} ~ '^ *([1-9][0-9][0-9][0-9]-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)\
    |02-(0[1-9]|1[0-9]|2[0-8]))|([1-9][0-9](0[48]|[2468][048]|[13579][26])|([2468][048]|[13579][26])00)-02-29) *$' then trim({0}) end as {date})";

/// Letters whose other case is several letters have one or none in the language: see `letters`.
const LOWER: &str = concat!("lower(translate({0}, '", to_lower!(), "', '", lower!(), "'))");
const UPPER: &str =
    concat!("translate(upper(translate({0}, '", to_upper!(), "', '", hidden!(), "')), '", hidden!(), "', '", upper!(), "')");

/// Without zeros at the end.
const TO_JSON: &str = "coalesce(rtrim(rtrim(cast(case when abs({0}) < cast('1e32' as {double}) then cast({0} as numeric(38, 6)) end \
    as {text}), '0'), '.'), cast({0} as {text}), 'null')";
const TIME_TO_TEXT: &str = "rtrim(rtrim(to_char({0}, 'YYYY-MM-DD HH24:MI:SS.US'), '0'), '.')";
const TRUTH_TO_TEXT: &str = "case when {0} then 'true' when not {0} then 'false' end";

const POWER: &str = "case when {0} = 0 and {1} < 0 or {0} < 0 and {1} <> floor({1}) then null \
    else power(cast({0} as {double}), cast({1} as {double})) end";

/// Functions of days take no instants, so that their readings in UTC are taken.
const SECONDS: &str = "cast(datediff(microsecond, {1}, {0}) as {double}) / 1e6";
const SECONDS_OF_INSTANTS: &str =
    "cast(datediff(microsecond, ({1}) at time zone 'UTC', ({0}) at time zone 'UTC') as {double}) / 1e6";
const SECONDS_TO_INSTANT: &str = "cast(datediff(microsecond, {1}, ({0}) at time zone 'UTC') as {double}) / 1e6";
const SECONDS_FROM_INSTANT: &str = "cast(datediff(microsecond, ({1}) at time zone 'UTC', {0}) as {double}) / 1e6";
const ADD_SECONDS: &str = "dateadd(microsecond, cast({1} * 1e6 as {integer}), {0})";
const ADD_SECONDS_TO_INSTANT: &str =
    "(dateadd(microsecond, cast({1} * 1e6 as {integer}), ({0}) at time zone 'UTC') at time zone 'UTC')";
const ADD_MONTHS: &str = "dateadd(month, cast({1} as integer), {0})";
const ADD_MONTHS_TO_INSTANT: &str = "(dateadd(month, cast({1} as integer), ({0}) at time zone 'UTC') at time zone 'UTC')";

/// The Thursday of a week says which week of which year it is.
macro_rules! thursday {
    () => {
        "dateadd(day, 3 - mod(cast(extract(dow from {0}) as integer) + 6, 7), cast({0} as date))"
    };
}
const ISO_WEEK: &str = concat!("(cast(extract(doy from ", thursday!(), ") as {integer}) + 6) / 7");
const ISO_YEAR: &str = concat!("cast(extract(year from ", thursday!(), ") as {integer})");

/// What differs from the table of all dialects.
const SPELLED: &[(&str, &str, Tightness)] = &[
    ("number", NUMBER, Atom),
    ("date", DATE, Atom),
    // A backslash escapes in a pattern.
    ("like", "{0} like replace({1}, chr(92), chr(92) || chr(92))", Comparison),
    ("not like", "{0} not like replace({1}, chr(92), chr(92) || chr(92))", Comparison),
    ("contains", "strpos({0}, {1}) > 0", Comparison),
    ("starts_with", "strpos({0}, {1}) = 1", Comparison),
    ("lower", LOWER, Atom),
    ("upper", UPPER, Atom),
    ("ln", "case when {0} > 0 then ln(cast({0} as {double})) end", Atom),
    ("exp", "exp(cast({0} as {double}))", Atom),
    ("sqrt", "case when {0} >= 0 then sqrt(cast({0} as {double})) end", Atom),
    ("power", POWER, Atom),
    ("mod", "mod({0}, nullif({1}, 0))", Atom),
    ("year", "cast(extract(year from {0}) as {integer})", Atom),
    ("month", "cast(extract(month from {0}) as {integer})", Atom),
    ("day", "cast(extract(day from {0}) as {integer})", Atom),
    ("hour", "cast(extract(hour from cast({0} as {timestamp})) as {integer})", Atom),
    ("weekday", "mod(cast(extract(dow from {0}) as {integer}) + 6, 7) + 1", Sum),
    ("quarter", "cast(extract(quarter from {0}) as {integer})", Atom),
    ("day_of_year", "cast(extract(doy from {0}) as {integer})", Atom),
    ("iso_week", ISO_WEEK, Product),
    ("iso_year", ISO_YEAR, Atom),
    ("days between", "datediff(day, {1}, {0})", Atom),
    ("seconds between", SECONDS, Product),
    ("add days", "cast(dateadd(day, cast({1} as integer), {0}) as date)", Atom),
    ("add months", "cast(dateadd(month, cast({1} as integer), {0}) as date)", Atom),
    ("add months to time", ADD_MONTHS, Atom),
    ("add days to time", ADD_SECONDS, Atom),
    ("add seconds", ADD_SECONDS, Atom),
    // Whether NaN equals itself, and how it is ordered, is not documented: neither is asked.
    ("is finite", "abs({0}) < cast('Infinity' as {double})", Comparison),
    ("finite", "case when abs({0}) < cast('Infinity' as {double}) then {0} end", Atom),
    ("to json", TO_JSON, Atom),
    // Of whole numbers it would be cut off.
    ("avg", "avg(cast({0} as {double}))", Atom),
    ("stddev", "stddev_samp(cast({0} as {double}))", Atom),
    ("variance", "var_samp(cast({0} as {double}))", Atom),
];

/// How a function is written; `ty` gives the type of an argument.
pub(super) fn spelling(function: &str, ty: &dyn Fn(usize) -> Type) -> Spelling {
    use Type::{Boolean, Date, Decimal, Double, Instant, Integer, Text, Timestamp};
    let (first, second) = (ty(0), ty(1));
    let (template, binds) = match (function, first) {
        ("round" | "floor" | "ceil", Integer) if second == Type::Null => ("({0})", Atom),
        ("round", Integer) => (ROUND_WHOLE_TO, Atom),
        ("round", Double) if second == Type::Null => (ROUND, Atom),
        ("round", Double) => (ROUND_TO, Atom),
        ("mod", _) if first == Double || second == Double => ("mod(cast({0} as {double}), cast({1} as {double}))", Atom),
        ("number" | "to number", Boolean) => ("cast(cast({0} as integer) as {double})", Atom),
        ("number", Integer | Decimal | Double) => ("cast({0} as {double})", Atom),
        ("date", Date | Timestamp) => ("cast({0} as {date})", Atom),
        ("text", Date) => ("to_char({0}, 'YYYY-MM-DD')", Atom),
        ("text", Timestamp) => (TIME_TO_TEXT, Atom),
        ("text", Boolean) => (TRUTH_TO_TEXT, Atom),
        ("text", Text) | ("finite", Integer | Decimal) => ("({0})", Atom),
        ("is finite", Integer | Decimal | Date | Timestamp | Instant) => ("{0} = {0}", Comparison),
        // A reading of a clock that stands beside an instant is one of UTC.
        ("seconds between", Instant) if second == Instant => (SECONDS_OF_INSTANTS, Product),
        ("seconds between", Instant) => (SECONDS_TO_INSTANT, Product),
        ("seconds between", _) if second == Instant => (SECONDS_FROM_INSTANT, Product),
        ("add seconds" | "add days to time", Instant) => (ADD_SECONDS_TO_INSTANT, Atom),
        ("add months to time", Instant) => (ADD_MONTHS_TO_INSTANT, Atom),
        _ => {
            let own = SPELLED.iter().find(|(known, ..)| *known == function);
            return own.map_or_else(|| spell::spelling(function), |(_, text, binds)| Spelling::Template(text, *binds));
        }
    };
    Spelling::Template(template, binds)
}
