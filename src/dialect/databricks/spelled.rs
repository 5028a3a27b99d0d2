//! How functions are written for Databricks where it differs from the table of all dialects, some by the types of their arguments.

use crate::dialect::letters::{hidden, lower, to_lower, to_upper, upper};
use crate::dialect::spell::{self, Spelling, Tightness};
use crate::model::value::Type;
use Tightness::{Atom, Comparison, Product, Sum};

/// Halves go away from 0 by the decimal digits of a number, and not by those that its product with a power of 10 has.
const ROUND_TO: &str = "round({0} * 1e{1}D) / 1e{1}D";

/// They give whole numbers of 64 bits. A floating number that is larger has nothing behind the point.
const FLOOR: &str = "case when abs({0}) < 9e15D then cast(floor({0}) as {double}) else {0} end";
const CEIL: &str = "case when abs({0}) < 9e15D then cast(ceil({0}) as {double}) else {0} end";

/// The texts that are numbers and days, as `spell` has them for others. A dollar would also stand before a line break at the end.
const NUMBER: &str = "try_cast(regexp_extract({0}, \
    '(?s)^ *[-+]?(?:[0-9]{1,99}(?:[.][0-9]{0,99})?|[.][0-9]{1,99})(?:[eE][-+]?[0-9]{1,2})? *(?!.)', 0) as {double})";
const DATE: &str = "try_cast(regexp_extract({0}, '(?s)^ *[1-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] *(?!.)', 0) as {date})";

/// Letters whose other case is several letters have one or none in the language: see `letters`.
const LOWER: &str = concat!("lower(translate({0}, '", to_lower!(), "', '", lower!(), "'))");
const UPPER: &str =
    concat!("translate(upper(translate({0}, '", to_upper!(), "', '", hidden!(), "')), '", hidden!(), "', '", upper!(), "')");

const TO_JSON: &str = "coalesce(trim(trailing '.' from trim(trailing '0' from cast(try_cast({0} as decimal(38, 6)) as {text}))), \
    cast({0} as {text}), 'null')";

/// A backslash in a pattern means something to it, and nothing in the language.
const LIKE: &str = "{0} like replace({1}, chr(92), chr(92) || chr(92))";
const NOT_LIKE: &str = "{0} not like replace({1}, chr(92), chr(92) || chr(92))";

/// Of readings in UTC, whatever the session's zone; an instant has a function of its own.
const SECONDS_BETWEEN: &str = "timestampdiff(microsecond, {1}, {0}) / 1e6D";
const SECONDS_OF_INSTANTS: &str = "(unix_micros({0}) - unix_micros({1})) / 1e6D";
const SECONDS_TO_INSTANT: &str =
    "(unix_micros({0}) - timestampdiff(microsecond, timestamp_ntz '1970-01-01 00:00:00', {1})) / 1e6D";
const SECONDS_FROM_INSTANT: &str =
    "(timestampdiff(microsecond, timestamp_ntz '1970-01-01 00:00:00', {0}) - unix_micros({1})) / 1e6D";

const ADD_SECONDS: &str = "{0} + cast(round({1} * 1e6D) as {integer}) * interval '0.000001' second";
const ADD_SECONDS_TO_INSTANT: &str = "timestamp_micros(unix_micros({0}) + cast(round({1} * 1e6D) as {integer}))";
const ADD_MONTHS_TO_TIME: &str = "{0} + cast(round({1}) as int) * interval '1' month";

/// What differs from the table of all dialects.
const SPELLED: &[(&str, &str, Tightness)] = &[
    ("number", NUMBER, Atom),
    ("date", DATE, Atom),
    ("like", LIKE, Comparison),
    ("not like", NOT_LIKE, Comparison),
    ("starts_with", "startswith({0}, {1})", Atom),
    ("lower", LOWER, Atom),
    ("upper", UPPER, Atom),
    ("weekday", "extract(dayofweek_iso from {0})", Atom),
    ("iso_year", "extract(yearofweek from {0})", Atom),
    ("hour", "extract(hour from cast({0} as {timestamp}))", Atom),
    ("days between", "datediff({0}, {1})", Atom),
    ("seconds between", SECONDS_BETWEEN, Product),
    ("add days", "date_add({0}, cast(round({1}) as int))", Atom),
    ("add months", "add_months({0}, cast(round({1}) as int))", Atom),
    ("add months to time", ADD_MONTHS_TO_TIME, Sum),
    ("add days to time", ADD_SECONDS, Sum),
    ("add seconds", ADD_SECONDS, Sum),
    ("is finite", "{0} = {0}", Comparison),
    ("scaled", "{0} + 0.000000", Sum),
    ("to json", TO_JSON, Atom),
    ("median", "median(cast({0} as {double}))", Atom),
    ("percentile", "percentile(cast({0} as {double}), {1})", Atom),
    ("stddev", "stddev_samp(cast({0} as {double}))", Atom),
    ("variance", "var_samp(cast({0} as {double}))", Atom),
    ("any", "bool_or({0})", Atom),
    ("all", "bool_and({0})", Atom),
];

/// How a function is written; `ty` gives the type of an argument.
pub(super) fn spelling(function: &str, ty: &dyn Fn(usize) -> Type) -> Spelling {
    use Type::{Boolean, Date, Decimal, Double, Instant, Integer, Timestamp};
    let (first, second) = (ty(0), ty(1));
    let template = match (function, first) {
        ("round", Double) if second != Type::Null => return Spelling::Template(ROUND_TO, Product),
        ("floor", Double) => FLOOR,
        ("ceil", Double) => CEIL,
        ("number", Integer | Decimal | Double | Boolean) => "cast({0} as {double})",
        ("date", Date | Timestamp) => "cast({0} as {date})",
        // NaN is greater than all others.
        ("is finite", Double) => return Spelling::Template("abs({0}) < cast('inf' as {double})", Comparison),
        ("finite", Integer | Decimal) => "{0}",
        // A reading of a clock that stands beside an instant is one of UTC.
        ("seconds between", Instant) if second == Instant => return Spelling::Template(SECONDS_OF_INSTANTS, Product),
        ("seconds between", Instant) => return Spelling::Template(SECONDS_TO_INSTANT, Product),
        ("seconds between", _) if second == Instant => return Spelling::Template(SECONDS_FROM_INSTANT, Product),
        ("add seconds" | "add days to time", Instant) => ADD_SECONDS_TO_INSTANT,
        _ => {
            let own = SPELLED.iter().find(|(known, ..)| *known == function);
            return own.map_or_else(|| spell::spelling(function), |(_, text, binds)| Spelling::Template(text, *binds));
        }
    };
    Spelling::Template(template, Atom)
}
