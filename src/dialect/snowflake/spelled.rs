//! How functions are written for Snowflake where it differs from the table of all dialects, some by the types of their arguments.

use crate::dialect::letters::{hidden, lower, to_lower, to_upper, upper};
use crate::dialect::spell::{self, Spelling, Tightness};
use crate::model::value::Type;
use Tightness::{Atom, Comparison, Product};

/// The texts that are numbers and days, as `spell` has them for others. A pattern is anchored at both ends, has no groups that are not kept, and takes
/// no text with a collation.
const NUMBER: &str = "try_cast(case when regexp_like(collate({0}, ''), \
    ' *[-+]?([0-9]{1,99}([.][0-9]{0,99})?|[.][0-9]{1,99})([eE][-+]?[0-9]{1,2})? *') then trim({0}) end as {double})";
const DATE: &str = "try_to_date(case when regexp_like(collate({0}, ''), \
    ' *[1-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] *') then trim({0}) end, 'YYYY-MM-DD')";

/// Letters whose other case is several letters have one or none in the language: see `letters`.
const LOWER: &str = concat!("lower(translate(collate({0}, ''), '", to_lower!(), "', '", lower!(), "'))");
const UPPER: &str = concat!(
    "translate(upper(translate(collate({0}, ''), '",
    to_upper!(),
    "', '",
    hidden!(),
    "')), '",
    hidden!(),
    "', '",
    upper!(),
    "')"
);

/// Without zeros at the end, however many are shown. A cast of a number that may fail is one that does.
const TO_JSON: &str = "coalesce(regexp_replace(regexp_replace(\
    cast(case when abs({0}) < cast('1e32' as {double}) then cast({0} as number(38, 6)) end as {text}), \
    '([.][0-9]*[1-9])0+$', '\\\\1'), '[.]0+$', ''), cast({0} as {text}), 'null')";
const TIME_TO_TEXT: &str = "regexp_replace(regexp_replace(to_varchar({0}, 'YYYY-MM-DD HH24:MI:SS.FF6'), \
    '([.][0-9]*[1-9])0+$', '\\\\1'), '[.]0+$', '')";

const FINITE: &str = "nullif(nullif(nullif({0}, cast('nan' as {double})), cast('inf' as {double})), cast('-inf' as {double}))";

/// Instants that are stored with different distances from UTC are read on one clock first.
const SECONDS_BETWEEN_INSTANTS: &str = "cast(datediff('microsecond', cast(convert_timezone('UTC', {1}) as {timestamp}), \
    cast(convert_timezone('UTC', {0}) as {timestamp})) as {double}) / 1e6";

/// What differs from the table of all dialects.
const SPELLED: &[(&str, &str, Tightness)] = &[
    ("number", NUMBER, Atom),
    ("date", DATE, Atom),
    ("contains", "contains({0}, {1})", Atom),
    ("starts_with", "startswith({0}, {1})", Atom),
    ("lower", LOWER, Atom),
    ("upper", UPPER, Atom),
    ("year", "year({0})", Atom),
    ("month", "month({0})", Atom),
    ("day", "day({0})", Atom),
    ("hour", "hour({0})", Atom),
    // It does not ask on which day a session's weeks begin.
    ("weekday", "dayofweekiso({0})", Atom),
    ("quarter", "quarter({0})", Atom),
    ("day_of_year", "dayofyear({0})", Atom),
    // That of its Thursday.
    ("iso_week", "cast(floor((dayofyear(dateadd('day', 4 - dayofweekiso({0}), {0})) + 6) / 7) as integer)", Atom),
    ("iso_year", "yearofweekiso({0})", Atom),
    ("days between", "datediff('day', {1}, {0})", Atom),
    ("seconds between", "cast(datediff('microsecond', {1}, {0}) as {double}) / 1e6", Product),
    ("add days", "cast(dateadd('day', cast({1} as integer), {0}) as date)", Atom),
    ("add months", "cast(dateadd('month', cast({1} as integer), {0}) as date)", Atom),
    ("add months to time", "dateadd('month', cast({1} as integer), {0})", Atom),
    ("add days to time", "dateadd('microsecond', cast({1} * 1e6 as integer), {0})", Atom),
    ("add seconds", "dateadd('microsecond', cast({1} * 1e6 as integer), {0})", Atom),
    // NaN is greater than all others.
    ("is finite", "abs({0}) < cast('inf' as {double})", Comparison),
    ("finite", FINITE, Atom),
    ("to json", TO_JSON, Atom),
    ("power", "case when {0} = 0 and {1} < 0 or {0} < 0 and {1} <> floor({1}) then null else power({0}, {1}) end", Atom),
    ("median", "percentile_cont(0.5) within group (order by cast({0} as {double}))", Atom),
    ("percentile", "percentile_cont({1}) within group (order by cast({0} as {double}))", Atom),
    ("stddev", "stddev_samp(cast({0} as {double}))", Atom),
    ("variance", "var_samp(cast({0} as {double}))", Atom),
    ("any", "boolor_agg({0})", Atom),
    ("all", "booland_agg({0})", Atom),
];

/// How a function is written; `ty` gives the type of an argument.
pub(super) fn spelling(function: &str, ty: &dyn Fn(usize) -> Type) -> Spelling {
    use Type::{Boolean, Date, Instant, Timestamp};
    let (template, binds) = match (function, ty(0)) {
        ("text", Date) => ("to_varchar({0}, 'YYYY-MM-DD')", Atom),
        ("text", Timestamp) => (TIME_TO_TEXT, Atom),
        ("to number", Boolean) => ("cast(cast({0} as integer) as {double})", Atom),
        ("seconds between", Instant) => (SECONDS_BETWEEN_INSTANTS, Product),
        // No time is infinite.
        ("is finite", Date | Timestamp | Instant) => ("{0} = {0}", Comparison),
        _ => {
            let own = SPELLED.iter().find(|(known, ..)| *known == function);
            return own.map_or_else(|| spell::spelling(function), |(_, text, binds)| Spelling::Template(text, *binds));
        }
    };
    Spelling::Template(template, binds)
}
