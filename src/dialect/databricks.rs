//! Databricks, and Apache Spark from version 4 on: they have one language.
//!
//! Views are for ANSI mode, in which numbers that are too large are refused and not made smaller. What depends on a session is not used: a civil
//! time is a `TIMESTAMP_NTZ`, an instant is read by its microseconds since 1970, and a day is truncated and moved as a `DATE`. NaN equals itself and is
//! greater than all other numbers. Texts have neither backslashes nor quotes within, whose meaning is up to settings, nor what would be taken for
//! a variable.

mod raw;
mod settings;
mod spelled;

use super::spell::Spelling;
use super::{Abilities, Dialect, Pick, Setting, Shift};
use crate::calendar::{DateTime, Grain};
use crate::model::value::Type;
use foldhash::HashSet;
use settings::{BEFORE_VIEWS, RESERVED, WITHSTANDS};
use std::borrow::Cow;
use std::sync::LazyLock;

/// The dialect.
#[derive(Debug)]
pub(super) struct Databricks;

/// From when microseconds are counted.
const EPOCH: &str = "timestamp_ntz '1970-01-01 00:00:00'";

impl Dialect for Databricks {
    fn name(&self) -> &'static str {
        "databricks"
    }

    fn other_names(&self) -> &'static [&'static str] {
        &["spark"]
    }

    fn source_schema(&self) -> Option<&'static str> {
        Some("default")
    }

    fn timestamps_are_instants(&self) -> bool {
        true
    }

    fn folded(&self, name: &str) -> String {
        name.to_lowercase()
    }

    /// It takes 255 characters; a file of that name takes fewer bytes.
    fn longest_name(&self) -> usize {
        200
    }

    fn is_reserved(&self, name: &str) -> bool {
        static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| RESERVED.split_ascii_whitespace().collect());
        WORDS.contains(name)
    }

    fn identifier<'a>(&self, name: &'a str) -> Cow<'a, str> {
        let plain = name.starts_with(|char: char| char.is_ascii_lowercase() || char == '_')
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if plain && !self.is_reserved(name) { name.into() } else { format!("`{}`", name.replace('`', "``")).into() }
    }

    /// A variable is replaced wherever it stands.
    fn replaces(&self, name: &str) -> bool {
        name.contains("${")
    }

    fn text(&self, text: &str) -> String {
        raw::text(text)
    }

    fn comment<'a>(&self, line: &'a str) -> Cow<'a, str> {
        raw::comment(line)
    }

    /// One with an exponent is a floating one, whatever the session says. A whole number is compared with one that is too large for it without
    /// looking whether it is null, unless that is cast.
    fn number<'a>(&self, digits: &'a str) -> Cow<'a, str> {
        let (whole, behind) = digits.split_once('.').unwrap_or((digits, ""));
        match whole.parse::<i64>() {
            _ if digits.contains(['e', 'E']) => format!("{digits}D").into(),
            Err(_) if whole.len() > 10 => format!("cast({digits} as decimal(38, {}))", behind.len()).into(),
            _ => digits.into(),
        }
    }

    fn reads_otherwise<'a>(&self, sql: &'a str) -> Option<&'a str> {
        raw::reads_otherwise(sql)
    }

    fn reads_beyond<'a>(&self, sql: &'a str, added: &[String]) -> Option<&'a str> {
        raw::reads_beyond(sql, added)
    }

    fn by_bytes(&self, of: &str, is_text: bool) -> String {
        if is_text { format!("collate({of}, 'UTF8_BINARY')") } else { format!("collate(cast({of} as string), 'UTF8_BINARY')") }
    }

    fn wall(&self, reading: DateTime) -> String {
        format!("timestamp_ntz '{} {}'", reading.date(), reading.time())
    }

    /// With its distance from UTC it is an instant, whatever the session takes for a timestamp.
    fn instant(&self, reading: DateTime) -> String {
        format!("timestamp '{} {}+00:00'", reading.date(), reading.time())
    }

    /// The first that there is.
    fn never(&self, ty: Type) -> String {
        match ty {
            Type::Instant => "timestamp '0001-01-01 00:00:00+00:00'",
            Type::Timestamp => "timestamp_ntz '0001-01-01 00:00:00'",
            _ => "date '0001-01-01'",
        }
        .to_owned()
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            days_of_rows: false,
            lookups: false,
            wide_decimals: false,
            exact_means: false,
            decimal_means: false,
            columns_first: false,
            bare_columns: false,
            ..Abilities::ALL
        }
    }

    fn type_name(&self, ty: Type) -> &'static str {
        match ty {
            Type::Boolean => "boolean",
            Type::Integer => "bigint",
            Type::Decimal => "decimal(38, 9)",
            Type::Double => "double",
            Type::Text | Type::Null | Type::Tuple => "string",
            Type::Date => "date",
            Type::Timestamp => "timestamp_ntz",
            Type::Instant => "timestamp",
        }
    }

    fn wants_types(&self) -> bool {
        true
    }

    fn spelling(&self, function: &str, ty: &dyn Fn(usize) -> Type) -> Spelling {
        spelled::spelling(function, ty)
    }

    fn finite_once(&self, number: &str) -> String {
        format!("nullif(nullif(nanvl({number}, null), cast('inf' as double)), cast('-inf' as double))")
    }

    fn refuses(&self) -> &'static [&'static str] {
        &["[ARITHMETIC_OVERFLOW", "[NUMERIC_VALUE_OUT_OF_RANGE", "[CAST_OVERFLOW", "[DATETIME_OVERFLOW"]
    }

    fn frame(&self, days: i64) -> String {
        format!("interval '{days}' day")
    }

    fn tuple(&self, parts: &[String]) -> String {
        format!("struct({})", parts.join(", "))
    }

    /// In a struct nulls come first.
    fn picked(&self, pick: &Pick<'_>) -> Option<String> {
        let function = if pick.last { "max_by" } else { "min_by" };
        let by = |by: &String| if pick.last { by.clone() } else { format!("{by} is null, {by}") };
        let order: Vec<String> = pick.order.iter().map(by).collect();
        let filter = pick.filter.map(|filter| format!(" and ({filter})")).unwrap_or_default();
        let value = pick.value;
        Some(format!("{function}({value}, struct({})) filter (where {value} is not null{filter})", order.join(", ")))
    }

    /// What a month does not have becomes its last day.
    fn moved(&self, day: &str, count: i64, unit: Grain) -> String {
        match unit {
            Grain::Day => format!("date_add({day}, {count})"),
            Grain::Week => format!("date_add({day}, {})", count.saturating_mul(7)),
            Grain::Month | Grain::Quarter | Grain::Year => {
                format!("add_months({day}, {})", count.saturating_mul(months(unit)))
            }
        }
    }

    /// `date_trunc` would make an instant of it, in the session's zone.
    fn truncated(&self, grain: Grain, of: &str) -> String {
        format!("trunc({}, '{grain}')", self.as_day(of))
    }

    fn days_later(&self, of: &str, count: i64) -> String {
        format!("date_add({}, {count})", self.as_day(of))
    }

    fn months_later(&self, of: &str, count: i64) -> String {
        format!("add_months({}, {count})", self.as_day(of))
    }

    fn as_day(&self, of: &str) -> String {
        let is_day = ["trunc(", "date_add(", "add_months("].iter().any(|begin| of.starts_with(begin));
        if is_day { of.to_owned() } else { format!("cast({of} as date)") }
    }

    /// A list that ends before it begins would be an error.
    fn days(&self, from: &str, before: &str, every: u32, unit: Grain) -> String {
        let every = i64::from(every);
        let (count, step, day) = match unit {
            Grain::Day | Grain::Week => {
                let length = if unit == Grain::Week { 7 } else { 1 };
                ("datediff(end_day, first_day) - 1", every.saturating_mul(length), "date_add(first_day, step)")
            }
            _ => (
                "cast(ceil(months_between(end_day, first_day)) as int) - 1",
                every.saturating_mul(months(unit)),
                "add_months(first_day, step)",
            ),
        };
        format!(
            "(select {day} as day from (select first_day, \
             explode(case when first_day < end_day then sequence(0, {count}, {step}) end) as step \
             from (select {from} as first_day, {before} as end_day)))"
        )
    }

    fn shifted(&self, stored: &str, is_instant: bool, shift: &Shift) -> String {
        let stored = if is_instant { in_utc(stored) } else { stored.to_owned() };
        match shift {
            Shift::None => stored,
            Shift::Seconds(by) => format!("({stored} + {by} * interval '1' second)"),
            Shift::Cases(cases, otherwise) => {
                let whens: String = cases.iter().map(|(condition, by)| format!("\n  when {condition} then {by}")).collect();
                format!("({stored} + case{whens}\n  else {otherwise}\nend * interval '1' second)")
            }
        }
    }

    fn in_zone(&self, of: &str, stored: Option<&str>, project: &str) -> String {
        let (zone, of) = match stored {
            Some(zone) => (self.text(zone), of.to_owned()),
            None => ("'UTC'".to_owned(), in_utc(of)),
        };
        format!("convert_timezone({zone}, {}, {of})", self.text(project))
    }

    fn midnight(&self, day: &str, zone: &str) -> String {
        let reading = format!("convert_timezone({}, 'UTC', cast({day} as timestamp_ntz))", self.text(zone));
        format!("timestamp_micros(timestampdiff(microsecond, {EPOCH}, {reading}))")
    }

    fn today(&self, zone: &str) -> String {
        format!("cast({} as date)", self.in_zone("current_timestamp()", None, zone))
    }

    fn before_views(&self) -> Option<&'static str> {
        Some(BEFORE_VIEWS)
    }

    fn withstands(&self) -> &'static [Setting] {
        WITHSTANDS
    }
}

/// The reading in UTC of an instant. A cast would be one in the session's zone.
fn in_utc(instant: &str) -> String {
    format!("({EPOCH} + unix_micros({instant}) * interval '0.000001' second)")
}

/// How many months a unit of months has.
fn months(unit: Grain) -> i64 {
    match unit {
        Grain::Year => 12,
        Grain::Quarter => 3,
        _ => 1,
    }
}

#[cfg(test)]
mod tests;
