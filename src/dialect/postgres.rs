//! PostgreSQL, from version 14 on: its numbers know infinity since then.

mod catalog;
pub(super) mod raw;
mod settings;

use super::catalog::Catalog;
use super::letters::{hidden, lower, to_lower, to_upper, upper};
use super::spell::{Spelling, Tightness, spelling};
use super::{Abilities, Client, Dialect, Pick, Setting, Shift, quoted};
use crate::calendar::Grain;
use crate::model::value::Type;
use foldhash::HashSet;
use settings::{RESERVED, WITHSTANDS};
use std::borrow::Cow;
use std::sync::LazyLock;

/// The dialect.
#[derive(Debug)]
pub(super) struct Postgres;

use Tightness::{Atom, Comparison};

/// `round` of a double takes halves to the even number, and the language takes them away from 0. What is left of a double behind the point is
/// exact.
const ROUND: &str = "case when abs({0} - trunc({0})) < 0.5 then trunc({0}) else trunc({0}) + sign({0}) end";
const ROUND_TO: &str = "case when abs({0} * 1e{1} - trunc({0} * 1e{1})) < 0.5 then trunc({0} * 1e{1}) / 1e{1} \
                        else (trunc({0} * 1e{1}) + sign({0})) / 1e{1} end";

/// A cast of a text that is no number, or no day, is an error. So it is asked first.
const NUMBER: &str = "cast(substring({0} from '^ *[-+]?(?:[0-9]{1,99}(?:[.][0-9]{0,99})?|[.][0-9]{1,99})(?:[eE][-+]?[0-9]{1,2})? *$') as {double})";
const DATE: &str = "case when {0} ~ '^ *[1-9][0-9][0-9][0-9]-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]) *$' then \
    case when extract(month from cast(substr(ltrim({0}), 1, 8) || '01' as date) + cast(substr(ltrim({0}), 9, 2) as integer) - 1) \
    = cast(substr(ltrim({0}), 6, 2) as integer) then cast({0} as date) end end";

/// Letters whose other case is several letters have one or none in the language: see `letters`.
const LOWER: &str = concat!("lower(translate({0}, '", to_lower!(), "', '", lower!(), "') collate \"und-x-icu\")");
const UPPER: &str = concat!(
    "translate(upper(translate({0}, '",
    to_upper!(),
    "', '",
    hidden!(),
    "') collate \"und-x-icu\"), '",
    hidden!(),
    "', '",
    upper!(),
    "')"
);

/// There is no remainder of doubles, and a cast to `numeric` keeps 15 digits of them: of 0.3 and 0.1 it would be 0. Each is a whole number times a power
/// of 2, and the remainder of these whole numbers is exact.
const MOD: &str = "(select case when a = 0 then a else cast(mod( \
    cast(cast(a * power(cast(2 as {double}), i) as bigint) as numeric) * power(cast(2 as numeric), cast(greatest(i, j) - i as numeric)), \
    cast(cast(b * power(cast(2 as {double}), j) as bigint) as numeric) * power(cast(2 as numeric), cast(greatest(i, j) - j as numeric)) \
    ) as {double}) / power(cast(2 as {double}), greatest(i, j)) end from ( \
    select a, b, 53 - floor(ln(abs(nullif(a, 0))) / ln(cast(2 as {double}))) as i, 53 - floor(ln(abs(b)) / ln(cast(2 as {double}))) as j from ( \
    select cast({0} as {double}) as a, nullif(cast({1} as {double}), 0) as b) as pair) as scaled)";

/// The reading of a clock that stands beside an instant is one of UTC; PostgreSQL would take it for one of the session's zone.
const SECONDS_FROM_INSTANT: &str = "case when isfinite({0}) and isfinite({1}) then \
    cast(extract(epoch from {0} - ({1}) at time zone 'UTC') as {double}) end";
const SECONDS_TO_INSTANT: &str = "case when isfinite({0}) and isfinite({1}) then \
    cast(extract(epoch from ({0}) at time zone 'UTC' - {1}) as {double}) end";

/// What differs from the table of all dialects.
const SPELLED: &[(&str, &str, Tightness)] = &[
    ("number", NUMBER, Atom),
    ("date", DATE, Atom),
    ("like", "{0} like {1} escape ''", Comparison),
    ("not like", "{0} not like {1} escape ''", Comparison),
    ("contains", "strpos({0}, {1}) > 0", Comparison),
    ("lower", LOWER, Atom),
    ("upper", UPPER, Atom),
    ("year", "cast(extract(year from {0}) as {integer})", Atom),
    ("month", "cast(extract(month from {0}) as {integer})", Atom),
    ("day", "cast(extract(day from {0}) as {integer})", Atom),
    ("hour", "cast(extract(hour from cast({0} as {timestamp})) as {integer})", Atom),
    ("weekday", "cast(extract(isodow from {0}) as {integer})", Atom),
    ("quarter", "cast(extract(quarter from {0}) as {integer})", Atom),
    ("day_of_year", "cast(extract(doy from {0}) as {integer})", Atom),
    ("iso_week", "cast(extract(week from {0}) as {integer})", Atom),
    ("iso_year", "cast(extract(isoyear from {0}) as {integer})", Atom),
    ("days between", "case when isfinite({0}) and isfinite({1}) then cast({0} as date) - cast({1} as date) end", Atom),
    (
        "seconds between",
        "case when isfinite({0}) and isfinite({1}) then cast(extract(epoch from {0} - {1}) as {double}) end",
        Atom,
    ),
    ("add months", "cast({0} + cast({1} as integer) * interval '1 month' as date)", Atom),
    ("add months to time", "{0} + cast({1} as integer) * interval '1 month'", Tightness::Sum),
    ("add days to time", "{0} + cast({1} * 1e6 as bigint) * interval '1 microsecond'", Tightness::Sum),
    ("add seconds", "{0} + cast({1} * 1e6 as bigint) * interval '1 microsecond'", Tightness::Sum),
    ("is finite", "{0} > '-infinity' and {0} < 'infinity'", Tightness::And),
    ("to json", "coalesce(rtrim(rtrim(cast(cast({0} as decimal(38, 6)) as text), '0'), '.'), 'null')", Atom),
    ("power", "case when {0} = 0 and {1} < 0 or {0} < 0 and {1} <> floor({1}) then null else power({0}, {1}) end", Atom),
    ("median", "percentile_cont(0.5) within group (order by cast({0} as {double}))", Atom),
    ("percentile", "percentile_cont({1}) within group (order by cast({0} as {double}))", Atom),
    ("stddev", "stddev_samp(cast({0} as {double}))", Atom),
    ("variance", "var_samp(cast({0} as {double}))", Atom),
];

impl Dialect for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn source_schema(&self) -> Option<&'static str> {
        Some("public")
    }

    fn cuts_quotients(&self) -> bool {
        true
    }

    /// kpic quotes what is not in small letters, so names are compared as they are.
    fn folded(&self, name: &str) -> String {
        name.to_owned()
    }

    fn longest_name(&self) -> usize {
        63
    }

    /// By its documentation: <https://www.postgresql.org/docs/current/limits.html>.
    fn most_columns(&self) -> Option<usize> {
        Some(1600)
    }

    fn is_reserved(&self, name: &str) -> bool {
        static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| RESERVED.split(' ').collect());
        WORDS.contains(name)
    }

    /// Its program may take a backslash for the beginning of a command, if it reads a file in another encoding than it is written in.
    fn identifier<'a>(&self, name: &'a str) -> Cow<'a, str> {
        if name.contains('\\') {
            let escaped = name.replace('!', "!!").replace('\\', "!005c").replace('"', "\"\"");
            return format!("U&\"{escaped}\" uescape '!'").into();
        }
        quoted(self, name)
    }

    fn reads_otherwise<'a>(&self, sql: &'a str) -> Option<&'a str> {
        raw::reads_otherwise(sql)
    }

    fn reads_beyond<'a>(&self, sql: &'a str, added: &[String]) -> Option<&'a str> {
        raw::reads_beyond(sql, added)
    }

    fn before_views(&self) -> Option<&'static str> {
        Some("set client_encoding = 'UTF8'")
    }

    fn before_text(&self) -> Option<&'static str> {
        self.before_views()
    }

    /// Without a backslash, whatever `standard_conforming_strings` is.
    fn text(&self, text: &str) -> String {
        raw::text(text)
    }

    fn literal(&self, text: &str) -> String {
        format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
    }

    /// A backslash begins a command of `psql`.
    fn comment<'a>(&self, line: &'a str) -> Cow<'a, str> {
        if line.contains('\\') { line.replace('\\', "/").into() } else { line.into() }
    }

    fn raw<'a>(&self, sql: &'a str) -> Cow<'a, str> {
        raw::without_backslashes(sql)
    }

    fn catalog(&self) -> Option<&dyn Catalog> {
        Some(self)
    }

    fn client(&self) -> Client {
        Client::Psql
    }

    fn abilities(&self) -> Abilities {
        Abilities { untyped_nulls: false, orders_conditions: false, ..Abilities::ALL }
    }

    fn type_name(&self, ty: Type) -> &'static str {
        match ty {
            Type::Boolean => "boolean",
            Type::Integer => "bigint",
            Type::Decimal => "numeric",
            Type::Double => "double precision",
            Type::Text | Type::Null | Type::Tuple => "text",
            Type::Date => "date",
            Type::Timestamp => "timestamp",
            Type::Instant => "timestamptz",
        }
    }

    fn contract_type(&self, ty: Type) -> Option<&'static str> {
        (!matches!(ty, Type::Null | Type::Tuple)).then(|| self.type_name(ty))
    }

    fn wants_types(&self) -> bool {
        true
    }

    fn spelling(&self, function: &str, ty: &dyn Fn(usize) -> Type) -> Spelling {
        let template = match (function, ty(0)) {
            ("round", Type::Double) if ty(1) == Type::Null => ROUND,
            ("round", Type::Double) => ROUND_TO,
            ("seconds between", Type::Timestamp) if ty(1) == Type::Instant => SECONDS_FROM_INSTANT,
            ("seconds between", Type::Instant) if ty(1) == Type::Timestamp => SECONDS_TO_INSTANT,
            ("to number", Type::Boolean) => "cast(cast({0} as integer) as {double})",
            ("mod", first) if first == Type::Double || ty(1) == Type::Double => MOD,
            _ => {
                let own = SPELLED.iter().find(|(known, ..)| *known == function);
                return own.map_or_else(|| spelling(function), |(_, text, binds)| Spelling::Template(text, *binds));
            }
        };
        Spelling::Template(template, Atom)
    }

    fn refuses(&self) -> &'static [&'static str] {
        &["value out of range: overflow"]
    }

    fn keeps_joined_parts(&self) -> bool {
        true
    }

    fn frame(&self, days: i64) -> String {
        format!("interval '{days} days'")
    }

    fn picked(&self, pick: &Pick<'_>) -> Option<String> {
        let direction = if pick.last { "desc nulls last" } else { "asc nulls last" };
        let order: Vec<String> = pick.order.iter().map(|by| format!("{by} {direction}")).collect();
        let filter = pick.filter.map(|filter| format!(" and ({filter})")).unwrap_or_default();
        let value = pick.value;
        Some(format!("(array_agg({value} order by {}) filter (where {value} is not null{filter}))[1]", order.join(", ")))
    }

    fn by_bytes(&self, of: &str, is_text: bool) -> String {
        if is_text { format!("{of} collate \"C\"") } else { format!("cast({of} as text) collate \"C\"") }
    }

    fn moved(&self, day: &str, count: i64, unit: Grain) -> String {
        let sign = if count < 0 { '-' } else { '+' };
        let count = count.unsigned_abs();
        match unit {
            Grain::Day => format!("{day} {sign} {count}"),
            Grain::Week => format!("{day} {sign} {}", count.saturating_mul(7)),
            Grain::Month | Grain::Quarter | Grain::Year => format!("cast({day} {sign} {} as date)", interval(count, unit)),
        }
    }

    fn truncated(&self, grain: Grain, of: &str) -> String {
        format!("date_trunc('{grain}', cast({of} as timestamp))")
    }

    fn days_later(&self, of: &str, count: i64) -> String {
        let sign = if count < 0 { '-' } else { '+' };
        format!("{of} {sign} interval '{} days'", count.abs())
    }

    fn months_later(&self, of: &str, count: i64) -> String {
        let sign = if count < 0 { '-' } else { '+' };
        format!("{of} {sign} interval '{} months'", count.abs())
    }

    fn days(&self, from: &str, before: &str, every: u32, unit: Grain) -> String {
        let step = interval(u64::from(every), unit);
        format!(
            "lateral (select cast(at as date) as day from generate_series(cast({from} as timestamp), cast({before} as timestamp) - interval '1 day', \
             {step}) as at)"
        )
    }

    fn shifted(&self, stored: &str, is_instant: bool, shift: &Shift) -> String {
        let seconds = |seconds: i64| format!("interval '{seconds} seconds'");
        let stored = if is_instant { format!("({stored}) at time zone 'UTC'") } else { stored.to_owned() };
        match shift {
            Shift::None => stored,
            Shift::Seconds(by) => format!("({stored} + {})", seconds(*by)),
            Shift::Cases(cases, otherwise) => {
                let whens: String =
                    cases.iter().map(|(condition, by)| format!("\n  when {condition} then {}", seconds(*by))).collect();
                format!("({stored} + case{whens}\n  else {}\nend)", seconds(*otherwise))
            }
        }
    }

    fn in_zone(&self, of: &str, stored: Option<&str>, project: &str) -> String {
        let of = match stored {
            Some(zone) => format!("({of} at time zone {})", self.text(zone)),
            None => of.to_owned(),
        };
        format!("({of} at time zone {})", self.text(project))
    }

    fn midnight(&self, day: &str, zone: &str) -> String {
        format!("(cast({day} as timestamp) at time zone {})", self.text(zone))
    }

    fn today(&self, zone: &str) -> String {
        format!("cast(now() at time zone {} as date)", self.text(zone))
    }

    fn withstands(&self) -> &'static [Setting] {
        WITHSTANDS
    }
}

fn interval(count: u64, unit: Grain) -> String {
    match unit {
        Grain::Day => format!("interval '{count} days'"),
        Grain::Week => format!("interval '{} days'", count.saturating_mul(7)),
        Grain::Month => format!("interval '{count} months'"),
        Grain::Quarter => format!("interval '{} months'", count.saturating_mul(3)),
        Grain::Year => format!("interval '{} months'", count.saturating_mul(12)),
    }
}
