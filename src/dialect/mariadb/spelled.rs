//! How functions are written for MariaDB where it differs from the table of all dialects, some by the types of their arguments.

use crate::dialect::spell::{self, Spelling, Tightness};
use crate::model::value::Type;
use Tightness::{Atom, Comparison, Not, Product};

/// Ends a query: a whole number that is too large. The engine's message has the expression in it, and with that the reason.
macro_rules! refused {
    ($of:literal, $why:literal) => {
        concat!("(9223372036854775807 + char_length(concat(", $of, ", '", $why, "')))")
    };
}

/// What ends a query for a time that is none of those for which clocks are known.
pub(super) fn refused_time(of: &str) -> String {
    let why = refused!("{0}", "a time is outside of the years for which clocks are known").replace("{0}", of);
    format!("cast({why} as datetime(6))")
}

/// Halves go away from 0, and what is left of a double behind the point is exact.
const ROUND: &str = "case when abs({0} - truncate({0}, 0)) < 0.5 then truncate({0}, 0) else truncate({0}, 0) + sign({0}) end";
const ROUND_TO: &str = "case when abs({0} * 1e{1} - truncate({0} * 1e{1}, 0)) < 0.5 then truncate({0} * 1e{1}, 0) / 1e{1} \
                        else (truncate({0} * 1e{1}, 0) + sign({0})) / 1e{1} end";

/// The texts that are numbers and days, as `spell` has them for others. A dollar would also stand before a line break at the end. A day that there
/// is not has no number, whatever a session takes for a day.
const NUMBER: &str = "cast(nullif(regexp_substr({0}, \
    '(?s)^ *[-+]?(?:[0-9]{1,99}(?:[.][0-9]{0,99})?|[.][0-9]{1,99})(?:[eE][-+]?[0-9]{1,2})? *(?!.)'), '') as {double})";
const DATE: &str = "from_days(to_days(nullif(trim(regexp_substr({0}, \
    '(?s)^ *[1-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] *(?!.)')), '')))";

/// In a letter's other case by Unicode. In the language a letter has one other case or none, as here, but for one.
const LOWER: &str = "lower(convert({0} using utf8mb4) collate utf8mb4_uca1400_as_cs)";
const UPPER: &str = "replace(upper(convert({0} using utf8mb4) collate utf8mb4_uca1400_as_cs), 'ß', 'ẞ')";

/// Without zeros at the end.
const TO_JSON: &str = "coalesce(case when abs({0}) < 1e32 then trim(trailing '.' from trim(trailing '0' from \
    cast(cast({0} as decimal(65, 6)) as {text}))) end, cast({0} as {text}), 'null')";
const TIME_TO_TEXT: &str = "trim(trailing '.' from trim(trailing '0' from cast(cast({0} as {timestamp}) as {text})))";
const TRUTH_TO_TEXT: &str = "case when {0} then 'true' when not ({0}) then 'false' end";

const POWER: &str = "case when {0} = 0 and {1} < 0 or {0} < 0 and {1} <> floor({1}) then null else power({0}, {1}) end";

/// What would lie beyond the last day is null.
const ADD_DAYS: &str = concat!(
    "coalesce(date_add({0}, interval cast(round({1}) as signed) day), case when {1} is not null then cast(",
    refused!("{0}", "a day is too far away"),
    " as date) end)"
);
const ADD_MONTHS: &str = concat!(
    "coalesce(date_add({0}, interval cast(round({1}) as signed) month), case when {1} is not null then cast(",
    refused!("{0}", "a day is too far away"),
    " as date) end)"
);
const ADD_MONTHS_TO_TIME: &str = concat!(
    "coalesce(date_add({0}, interval cast(round({1}) as signed) month), case when {1} is not null then cast(",
    refused!("{0}", "a time is too far away"),
    " as {timestamp}) end)"
);
const ADD_SECONDS: &str = concat!(
    "coalesce(date_add(cast({0} as {timestamp}), interval cast(round({1} * 1e6) as signed) microsecond), case when {1} is not null then cast(",
    refused!("{0}", "a time is too far away"),
    " as {timestamp}) end)"
);

/// A `TIMESTAMP` is read on the session's clock, and what a `DATETIME` holds is not known to be in UTC: whether both are the same is asked at moments
/// at which no other clock shows them.
const IS_IN_UTC: &str = concat!(
    "case when {0} is null or from_unixtime(0) = '1970-01-01 00:00:00' and from_unixtime(1530000000) = '2018-06-26 08:00:00' \
     and from_unixtime(1704067200) = '2024-01-01 00:00:00' and from_unixtime(1720000000) = '2024-07-03 09:46:40' then true else ",
    refused!("{0}", "instants are read in a session whose time_zone is not UTC"),
    " end"
);

/// What differs from the table of all dialects.
const SPELLED: &[(&str, &str, Tightness)] = &[
    ("not", "not ({0})", Not),
    ("number", NUMBER, Atom),
    ("date", DATE, Atom),
    // Without an escape.
    ("like", "{0} like {1} escape ''", Comparison),
    ("not like", "{0} not like {1} escape ''", Comparison),
    ("starts_with", "left({0}, char_length({1})) = {1}", Comparison),
    ("contains", "locate({1}, {0}) > 0", Comparison),
    ("concat", "concat({*})", Atom),
    ("lower", LOWER, Atom),
    ("upper", UPPER, Atom),
    ("length", "char_length({0})", Atom),
    ("weekday", "weekday({0}) + 1", Tightness::Sum),
    ("day_of_year", "dayofyear({0})", Atom),
    ("iso_week", "week({0}, 3)", Atom),
    ("iso_year", "yearweek({0}, 3) div 100", Product),
    ("power", POWER, Atom),
    ("days between", "datediff({0}, {1})", Atom),
    ("seconds between", "timestampdiff(microsecond, {1}, {0}) / 1e6", Product),
    ("add days", ADD_DAYS, Atom),
    ("add months", ADD_MONTHS, Atom),
    ("add months to time", ADD_MONTHS_TO_TIME, Atom),
    ("add days to time", ADD_SECONDS, Atom),
    ("add seconds", ADD_SECONDS, Atom),
    // A decimal -0.0 is not 0 there.
    ("mod", "{0} % nullif({1}, 0) + 0", Tightness::Sum),
    // What is computed of a number that is too large is refused.
    ("in range", "{0} + 0e0", Tightness::Sum),
    ("hashed", "crc32(convert({0} using utf8mb4))", Atom),
    ("finite", "{0}", Atom),
    ("is finite", "{0} = {0}", Comparison),
    ("widen", "(round({0}) div 1)", Atom),
    ("is in utc", IS_IN_UTC, Atom),
    ("to json", TO_JSON, Atom),
    ("stddev", "stddev_samp(cast({0} as {double}))", Atom),
    ("variance", "var_samp(cast({0} as {double}))", Atom),
    ("any", "max({0})", Atom),
    ("all", "min({0})", Atom),
];

/// How a function is written; `ty` gives the type of an argument.
pub(super) fn spelling(function: &str, ty: &dyn Fn(usize) -> Type) -> Spelling {
    use Type::{Boolean, Date, Decimal, Double, Instant, Integer, Timestamp};
    let template = match (function, ty(0)) {
        ("round", Double) if ty(1) == Type::Null => ROUND,
        ("round", Double) => ROUND_TO,
        ("number", Integer | Decimal | Double | Boolean) => "cast({0} as {double})",
        ("date", Date | Timestamp | Instant) => "cast({0} as {date})",
        ("text", Boolean) => TRUTH_TO_TEXT,
        ("text", Timestamp | Instant) => TIME_TO_TEXT,
        ("hour", Date) => "hour(cast({0} as {timestamp}))",
        _ => {
            let own = SPELLED.iter().find(|(known, ..)| *known == function);
            return own.map_or_else(|| spell::spelling(function), |(_, text, binds)| Spelling::Template(text, *binds));
        }
    };
    Spelling::Template(template, Atom)
}
