//! How functions are written for `SQLite` where it differs from the table of all dialects, some by the types of their arguments.

use crate::dialect::letters::{lower, to_lower, to_upper, upper};
use crate::dialect::spell::{self, Spelling, Tightness};
use crate::model::value::Type;
use Tightness::{And, Atom, Comparison, Product, Sum};
use std::sync::LazyLock;

/// Ends a query: a path of JSON begins with a `$`. What is there instead is in the engine's message.
macro_rules! refused {
    ($why:literal) => {
        concat!("json_extract('[]', '", $why, "')")
    };
}
pub(super) const REFUSED_TIME: &str = refused!("a time is outside of the years for which clocks are known");

/// Halves go away from 0, and what is left of a double behind the point is exact.
const ROUND: &str = "case when abs({0} - trunc({0})) < 0.5 then trunc({0}) else trunc({0}) + sign({0}) end";
const ROUND_TO: &str = "case when abs({0} * 1e{1} - trunc({0} * 1e{1})) < 0.5 then trunc({0} * 1e{1}) / 1e{1} \
                        else (trunc({0} * 1e{1}) + sign({0})) / 1e{1} end";
const ROUND_WHOLE_TO: &str = "cast(round({0} / 1e0 * 1e{1}) / 1e{1} as integer)";
/// A decimal has 15 digits at most: as a double it may be a bit less than the half that it is.
const ROUND_DECIMAL_TO: &str = "case when {0} is not null then round(cast(printf('%.15g', {0} * 1e{1}) as real)) / 1e{1} end";

/// A sum of doubles that stand for decimals, and the sum of their sizes: what is behind the digits that a double of that size has is error.
const SETTLED: &str = "round({0}, 14 - cast(log10({1} + 1e-9) as integer))";

const IN_RANGE: &str = concat!(
    "case when typeof({0}) = 'real' then ",
    refused!("a whole number exceeds 9,223,372,036,854,775,807"),
    " else {0} end"
);

/// Decimals as whole numbers of millionths, whose remainder is exact.
const MOD_OF_DECIMALS: &str = concat!(
    "case when {0} is null or {1} is null then null when max(abs({0}), abs({1})) < 9e11 \
     and abs({0} * 1e6 - round({0} * 1e6)) + abs({1} * 1e6 - round({1} * 1e6)) < 1e-3 \
     then cast(round({0} * 1e6) as integer) % nullif(cast(round({1} * 1e6) as integer), 0) / 1e6 else ",
    refused!("a remainder of decimals with more than 6 digits after the point, or 12 before it"),
    " end"
);

/// The texts that are numbers: a sign, digits with at most one point, an exponent of at most two digits.
const NUMBER: &str = "(select case when mantissa not glob '*[^0-9.]*' and mantissa glob '*[0-9]*' and mantissa not glob '*.*.*' \
    and length(mantissa) - instr(mantissa || '.', '.') <= 99 and instr(mantissa || '.', '.') <= 100 \
    and (exponent = '' or exponent glob 'e[0-9]' or exponent glob 'e[0-9][0-9]' or exponent glob 'e[-+][0-9]' or exponent glob 'e[-+][0-9][0-9]') \
    then cast(sign || mantissa || exponent as real) end from (\
    select substr(written, 1, signed) as sign, substr(written, signed + 1, instr(written || 'e', 'e') - 1 - signed) as mantissa, \
    substr(written, instr(written || 'e', 'e')) as exponent from (\
    select written, written glob '[-+]*' as signed from (select replace(trim({0}), 'E', 'e') as written))))";
/// Older versions show a 30th of February as it is unless they have to compute.
const DATE: &str = "(select case when date(written, '+0 days') = written and written >= '1' then written end from (select trim({0}) as written))";

/// There is no `like` that tells cases apart whatever a session has set: a pattern of `glob` has other signs.
const LIKE: &str =
    "{0} glob replace(replace(replace(replace(replace({1}, '[', '[[]'), '*', '[*]'), '?', '[?]'), '%', '*'), '_', '?')";
const NOT_LIKE: &str =
    "{0} not glob replace(replace(replace(replace(replace({1}, '[', '[[]'), '*', '[*]'), '?', '[?]'), '%', '*'), '_', '?')";

/// Days and times together: a day is its midnight.
const BETWEEN_TIMES: &str = "substr({0} || ' 00:00:00', 1, max(19, length({0}))) between substr({1} || ' 00:00:00', 1, max(19, length({1}))) \
    and substr({2} || ' 00:00:00', 1, max(19, length({2})))";
const NOT_BETWEEN_TIMES: &str = "substr({0} || ' 00:00:00', 1, max(19, length({0}))) not between substr({1} || ' 00:00:00', 1, max(19, length({1}))) \
    and substr({2} || ' 00:00:00', 1, max(19, length({2})))";

const WEEKDAY: &str = "(cast(strftime('%w', substr({0}, 1, 10)) as integer) + 6) % 7 + 1";
const DAYS_BETWEEN: &str = "cast(julianday(substr({0}, 1, 10)) - julianday(substr({1}, 1, 10)) as integer)";
const SECONDS_BETWEEN: &str = "((strftime('%s', substr({0}, 1, 19)) - strftime('%s', substr({1}, 1, 19))) * 1000000 \
    + cast(substr(substr({0}, 21) || '000000', 1, 6) as integer) - cast(substr(substr({1}, 21) || '000000', 1, 6) as integer)) / 1e6";

/// Days end in 9999, and what would lie beyond is null.
const ADD_DAYS: &str = concat!(
    "coalesce(date({0}, cast(round({1}) as integer) || ' days'), case when {0} is not null and {1} is not null then ",
    refused!("a day is too far away"),
    " end)"
);
const ADD_MONTHS: &str = concat!(
    "coalesce(min(date({0}, cast(round({1}) as integer) || ' months'), \
     date({0}, 'start of month', (cast(round({1}) as integer) + 1) || ' months', '-1 day')), \
     case when {0} is not null and {1} is not null then ",
    refused!("a day is too far away"),
    " end)"
);
const ADD_MONTHS_TO_TIME: &str = concat!(
    "coalesce(min(date(substr({0}, 1, 10), cast(round({1}) as integer) || ' months'), \
     date(substr({0}, 1, 10), 'start of month', (cast(round({1}) as integer) + 1) || ' months', '-1 day')) || substr({0}, 11), \
     case when {0} is not null and {1} is not null then ",
    refused!("a time is too far away"),
    " end)"
);
/// By microseconds since 1970: the functions of time know thousandths of a second only.
const ADD_SECONDS: &str = concat!(
    "(select case when at is not null then coalesce(datetime((at - (at % 1000000 + 1000000) % 1000000) / 1000000, 'unixepoch') \
     || rtrim(rtrim(printf('.%06d', (at % 1000000 + 1000000) % 1000000), '0'), '.'), ",
    refused!("a time is too far away"),
    ") end from (select strftime('%s', substr({0}, 1, 19)) * 1000000 + cast(substr(substr({0}, 21) || '000000', 1, 6) as integer) \
     + cast(round({1} * 1e6) as integer) as at))"
);

const TRUTH_TO_TEXT: &str = "case {0} when 0 then 'false' when 1 then 'true' end";
const TO_JSON: &str = "case when {0} is null then 'null' else rtrim(rtrim(printf('%.6f', round({0}, 6)), '0'), '.') end";

/// Whether a stored value is what its column is declared as; else the query ends with a text that says so.
macro_rules! stored {
    ($is:literal) => {
        concat!("case when ", $is, " then 1 else json_extract('[]', {1} || substr(quote({0}), 1, 60)) end")
    };
}
const STORED_INTEGER: &str = stored!("typeof({0}) in ('integer', 'null')");
const STORED_NUMBER: &str = stored!("typeof({0}) in ('real', 'integer', 'null')");
const STORED_DECIMAL: &str = stored!("typeof({0}) in ('real', 'integer', 'null') and coalesce(abs({0}) < 9e999, 1)");
const STORED_TRUTH: &str = stored!("coalesce({0} in (0, 1), 1)");
const STORED_TEXT: &str = stored!("typeof({0}) <> 'blob'");
const STORED_DATE: &str = stored!("coalesce(date({0}, '+0 days') = {0}, {0} is null)");
const STORED_TIME: &str = stored!(
    "coalesce(datetime(substr({0}, 1, 19), '+0 days') = substr({0}, 1, 19) and (length({0}) = 19 or length({0}) between 21 and 26 \
     and substr({0}, 20) glob '.*[1-9]' and substr({0}, 21) not glob '*[^0-9]*'), {0} is null)"
);

/// The number of a week is that of its Thursday among those of the year; `%V` came with 3.46.
const ISO_WEEK: &str = "(cast(strftime('%j', date({0}, '-3 days', 'weekday 4')) as integer) + 6) / 7";
const ISO_YEAR: &str = "cast(strftime('%Y', date({0}, '-3 days', 'weekday 4')) as integer)";

/// What differs from the table of all dialects.
const SPELLED: &[(&str, &str, Tightness)] = &[
    ("number", NUMBER, Atom),
    ("date", DATE, Atom),
    ("like", LIKE, Comparison),
    ("not like", NOT_LIKE, Comparison),
    ("starts_with", "substr({0}, 1, length({1})) = {1}", Comparison),
    ("contains", "instr({0}, {1}) > 0", Comparison),
    ("least", "min({*})", Atom),
    ("greatest", "max({*})", Atom),
    ("earlier", "min({*})", Atom),
    ("year", "cast(substr({0}, 1, 4) as integer)", Atom),
    ("month", "cast(substr({0}, 6, 2) as integer)", Atom),
    ("day", "cast(substr({0}, 9, 2) as integer)", Atom),
    ("hour", "cast(substr({0}, 12, 2) as integer)", Atom),
    ("weekday", WEEKDAY, Sum),
    ("quarter", "(cast(substr({0}, 6, 2) as integer) + 2) / 3", Product),
    ("day_of_year", "cast(strftime('%j', {0}) as integer)", Atom),
    ("iso_week", ISO_WEEK, Product),
    ("iso_year", ISO_YEAR, Atom),
    ("days between", DAYS_BETWEEN, Atom),
    ("seconds between", SECONDS_BETWEEN, Product),
    ("add days", ADD_DAYS, Atom),
    ("add months", ADD_MONTHS, Atom),
    ("add months to time", ADD_MONTHS_TO_TIME, Atom),
    ("add days to time", ADD_SECONDS, Atom),
    ("add seconds", ADD_SECONDS, Atom),
    ("finite", "nullif(nullif({0}, 9e999), -9e999)", Atom),
    ("is finite", "abs({0}) < 9e999", Comparison),
    ("to date", "substr({0}, 1, 10)", Atom),
    ("to json", TO_JSON, Atom),
    ("settled", SETTLED, Atom),
    ("in range", IN_RANGE, Atom),
    ("any", "max({0})", Atom),
    ("all", "min({0})", Atom),
];

/// How a function is written; `ty` gives the type of an argument.
pub(super) fn spelling(function: &str, ty: &dyn Fn(usize) -> Type) -> Spelling {
    use Type::{Boolean, Date, Decimal, Double, Instant, Integer, Text, Timestamp};
    let (first, second) = (ty(0), ty(1));
    let template = match (function, first) {
        ("round", Double) if second == Type::Null => ROUND,
        ("round", Double) => ROUND_TO,
        ("round", Decimal) if second == Type::Null => "round({0})",
        ("round", Decimal) => ROUND_DECIMAL_TO,
        ("round", Integer) if second != Type::Null => ROUND_WHOLE_TO,
        ("mod", _) if first == Double || second == Double => "mod({0}, {1})",
        ("mod", _) if first == Decimal || second == Decimal => MOD_OF_DECIMALS,
        ("lower", _) => &LOWER,
        ("upper", _) => &UPPER,
        ("number", Integer | Decimal | Double | Boolean) => "cast({0} as real)",
        ("date", Date | Timestamp | Instant) => "substr({0}, 1, 10)",
        ("text", Boolean) => TRUTH_TO_TEXT,
        ("is finite", Date | Timestamp | Instant) => {
            return Spelling::Template("{0} > '-infinity' and {0} < 'infinity'", And);
        }
        ("finite" | "floor" | "ceil" | "round", Integer) | ("finite", Decimal) => "{0}",
        ("as stored", Text) => "cast({0} as text)",
        ("as stored", _) => return Spelling::Template("+{0}", Tightness::Sign),
        ("is stored", Integer) => STORED_INTEGER,
        ("is stored", Decimal) => STORED_DECIMAL,
        ("is stored", Double) => STORED_NUMBER,
        ("is stored", Boolean) => STORED_TRUTH,
        ("is stored", Date) => STORED_DATE,
        ("is stored", Timestamp | Instant) => STORED_TIME,
        ("is stored", _) => STORED_TEXT,
        // Different ones are counted by the collation of a column.
        ("count_distinct", Text) => "count(distinct {0} collate binary)",
        ("between" | "not between", Date | Timestamp | Instant) if first != second || first != ty(2) => {
            return Spelling::Template(if function == "between" { BETWEEN_TIMES } else { NOT_BETWEEN_TIMES }, Comparison);
        }
        ("=" | "!=" | "<" | "<=" | ">" | ">=", Date) if matches!(second, Timestamp | Instant) => {
            return Spelling::Template(day_with_time(function, true), Comparison);
        }
        ("=" | "!=" | "<" | "<=" | ">" | ">=", Timestamp | Instant) if second == Date => {
            return Spelling::Template(day_with_time(function, false), Comparison);
        }
        _ => {
            let own = SPELLED.iter().find(|(known, ..)| *known == function);
            return own.map_or_else(|| spell::spelling(function), |(_, text, binds)| Spelling::Template(text, *binds));
        }
    };
    Spelling::Template(template, Atom)
}

/// A day is compared with a time by its beginning.
fn day_with_time(comparison: &str, day_first: bool) -> &'static str {
    match (comparison, day_first) {
        ("=", true) => "{0} || ' 00:00:00' = {1}",
        ("!=", true) => "{0} || ' 00:00:00' <> {1}",
        ("<", true) => "{0} || ' 00:00:00' < {1}",
        ("<=", true) => "{0} || ' 00:00:00' <= {1}",
        (">", true) => "{0} || ' 00:00:00' > {1}",
        (_, true) => "{0} || ' 00:00:00' >= {1}",
        ("=", false) => "{0} = {1} || ' 00:00:00'",
        ("!=", false) => "{0} <> {1} || ' 00:00:00'",
        ("<", false) => "{0} < {1} || ' 00:00:00'",
        ("<=", false) => "{0} <= {1} || ' 00:00:00'",
        (">", false) => "{0} > {1} || ' 00:00:00'",
        (_, false) => "{0} >= {1} || ' 00:00:00'",
    }
}

/// The engine knows the letters of ASCII only. A text that has others is gone through letter by letter.
static LOWER: LazyLock<String> = LazyLock::new(|| cased("lower", (to_lower!(), lower!()), |char| one(char.to_lowercase())));
static UPPER: LazyLock<String> = LazyLock::new(|| cased("upper", (to_upper!(), upper!()), |char| one(char.to_uppercase())));

/// The letter, if it is only one.
fn one(mut letters: impl ExactSizeIterator<Item = char>) -> Option<char> {
    letters.next().filter(|_| letters.len() == 0)
}

/// The letters after the last that has another case.
const AFTER: char = '\u{1ffff}';

fn cased(function: &str, (of, special): (&str, &str), other: impl Fn(char) -> Option<char>) -> String {
    let special = |char: char| of.chars().zip(special.chars()).find(|(known, _)| *known == char).map(|(_, other)| other);
    let pair = |char: char| Some((char, special(char).or_else(|| other(char)).filter(|other| *other != char)?));
    let (from, to): (String, String) = ('\u{80}'..AFTER).filter_map(pair).unzip();
    format!(
        "(select case when written not glob '*[^' || char(1) || '-' || char(127) || ']*' then {function}(written) else (\
         with recursive letters(at, done) as (select 1, '' union all select at + 1, done || case \
         when instr('{from}', substr(written, at, 1)) > 0 then substr('{to}', instr('{from}', substr(written, at, 1)), 1) \
         else {function}(substr(written, at, 1)) end from letters where at <= length(written)) \
         select done from letters where at = length(written) + 1) end from (select {{0}} as written))"
    )
}
