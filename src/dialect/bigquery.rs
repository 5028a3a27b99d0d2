//! BigQuery, in `GoogleSQL`.
//!
//! A schema is a dataset, `dataset` or `project.dataset`, and whatever a view reads is named with it. A wall clock is a `DATETIME`, an instant a
//! `TIMESTAMP`. Whole numbers that are too large are refused, and so are floating ones: only what is stored can be NaN or infinite. BigQuery
//! keeps rows that meet no other only where an equality joins them, looks nothing up by a key of the row at hand, and takes a relation
//! for a row of it where a column of that name stands beside.

mod raw;
mod settings;
mod spelled;

use super::spell::Spelling;
use super::{Abilities, Dialect, Pick, Setting, Shift};
use crate::calendar::{DateTime, Grain};
use crate::model::value::Type;
use foldhash::HashSet;
use settings::{RESERVED, WITHSTANDS};
use std::borrow::Cow;
use std::sync::LazyLock;

/// The dialect.
#[derive(Debug)]
pub(super) struct BigQuery;

impl Dialect for BigQuery {
    fn name(&self) -> &'static str {
        "bigquery"
    }

    /// There is no usual dataset.
    fn source_schema(&self) -> Option<&'static str> {
        None
    }

    fn timestamps_are_instants(&self) -> bool {
        true
    }

    /// Columns are compared in any case. Tables and datasets are not, and two that differ by case only are taken for one here.
    fn folded(&self, name: &str) -> String {
        name.to_lowercase()
    }

    /// That of a column; a view's may have 1,024 bytes.
    fn longest_name(&self) -> usize {
        300
    }

    /// By its documentation: <https://cloud.google.com/bigquery/quotas>.
    fn most_columns(&self) -> Option<usize> {
        Some(10_000)
    }

    fn longest_view(&self) -> Option<usize> {
        Some(256_000)
    }

    fn is_reserved(&self, name: &str) -> bool {
        static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| RESERVED.split_ascii_whitespace().collect());
        WORDS.contains(name)
    }

    fn identifier<'a>(&self, name: &'a str) -> Cow<'a, str> {
        let plain = name.starts_with(|char: char| char.is_ascii_lowercase() || char == '_')
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if plain && !self.is_reserved(name) { name.into() } else { format!("`{}`", raw::escaped(name, '`')).into() }
    }

    fn text(&self, text: &str) -> String {
        format!("'{}'", raw::escaped(text, '\''))
    }

    /// One with a point would be a floating one.
    fn number<'a>(&self, digits: &'a str) -> Cow<'a, str> {
        if digits.contains(['e', 'E']) || digits.parse::<i64>().is_ok() {
            return digits.into();
        }
        let (whole, behind) = digits.split_once('.').unwrap_or((digits, ""));
        let is_small = whole.trim_start_matches('-').len() <= 29 && behind.len() <= 9;
        format!("{} '{digits}'", if is_small { "numeric" } else { "bignumeric" }).into()
    }

    fn reads_otherwise<'a>(&self, sql: &'a str) -> Option<&'a str> {
        raw::reads_otherwise(sql)
    }

    fn reads_beyond<'a>(&self, sql: &'a str, added: &[String]) -> Option<&'a str> {
        raw::reads_beyond(sql, added)
    }

    /// A column may have a collation of its own, which this takes away.
    fn by_bytes(&self, of: &str, _: bool) -> String {
        format!("collate({of}, '')")
    }

    fn wall(&self, reading: DateTime) -> String {
        format!("datetime '{} {}'", reading.date(), reading.time())
    }

    fn instant(&self, reading: DateTime) -> String {
        format!("timestamp '{} {}+00'", reading.date(), reading.time())
    }

    /// The first that there is.
    fn never(&self, ty: Type) -> String {
        match ty {
            Type::Instant => "timestamp '0001-01-01 00:00:00+00'",
            Type::Timestamp => "datetime '0001-01-01 00:00:00'",
            _ => "date '0001-01-01'",
        }
        .to_owned()
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            untyped_nulls: false,
            null_operands: false,
            lookups: false,
            unequal_joins: false,
            finds_constants: true,
            null_safe_joins: false,
            filters: false,
            percentiles: false,
            exact_means: false,
            decimal_means: false,
            bare_columns: false,
            ..Abilities::ALL
        }
    }

    fn type_name(&self, ty: Type) -> &'static str {
        match ty {
            Type::Boolean => "bool",
            Type::Integer => "int64",
            Type::Decimal => "bignumeric",
            Type::Double => "float64",
            Type::Text | Type::Null | Type::Tuple => "string",
            Type::Date => "date",
            Type::Timestamp => "datetime",
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
        format!("safe.float64(to_json({number}))")
    }

    fn refuses(&self) -> &'static [&'static str] {
        &["int64 overflow", "double overflow", "numeric overflow", "Floating point error"]
    }

    fn rows(&self, columns: &[(String, Type)], rows: &[Vec<String>]) -> Option<String> {
        let columns: Vec<String> = columns.iter().map(|(name, ty)| format!("{name} {}", self.type_name(*ty))).collect();
        let rows: Vec<String> = rows.iter().map(|row| format!("\n  struct({})", row.join(", "))).collect();
        Some(format!("unnest(array<struct<{}>>[{}\n])", columns.join(", "), rows.join(",")))
    }

    fn frame(&self, days: i64) -> String {
        days.to_string()
    }

    /// A frame is of numbers.
    fn frame_order(&self, day: &str) -> String {
        format!("unix_date({day})")
    }

    /// Rows cannot be parted by floating numbers.
    fn parted(&self, by: &str, ty: Type) -> String {
        if ty == Type::Double { format!("to_json_string({by})") } else { by.to_owned() }
    }

    /// In a frame of values nulls come first, and nothing else may be said of them. A frame of so many days never has a null beside a day.
    fn along(&self, by: &str, is_bounded: bool) -> String {
        if is_bounded { by.to_owned() } else { format!("{by} is null, {by}") }
    }

    fn tuple(&self, parts: &[String]) -> String {
        format!("to_json_string(struct({}))", parts.join(", "))
    }

    /// Nothing may be said of nulls in the order of an aggregate, where they come first of an ascending one.
    fn picked(&self, pick: &Pick<'_>) -> Option<String> {
        let by = |by: &String| if pick.last { format!("{by} desc") } else { format!("{by} is null, {by}") };
        let order: Vec<String> = pick.order.iter().map(by).collect();
        let value = match pick.filter {
            Some(filter) => format!("case when {filter} then {} end", pick.value),
            None => pick.value.to_owned(),
        };
        Some(format!("array_agg({value} ignore nulls order by {} limit 1)[safe_offset(0)]", order.join(", ")))
    }

    fn moved(&self, day: &str, count: i64, unit: Grain) -> String {
        format!("date_add({day}, interval {count} {unit})")
    }

    fn truncated(&self, grain: Grain, of: &str) -> String {
        let part = if grain == Grain::Week { "isoweek" } else { grain.name() };
        format!("date_trunc({}, {part})", self.as_day(of))
    }

    fn days_later(&self, of: &str, count: i64) -> String {
        format!("date_add({}, interval {count} day)", self.as_day(of))
    }

    fn months_later(&self, of: &str, count: i64) -> String {
        format!("date_add({}, interval {count} month)", self.as_day(of))
    }

    fn as_day(&self, of: &str) -> String {
        let is_day = ["date_trunc(", "date_add("].iter().any(|begin| of.starts_with(begin));
        if is_day { of.to_owned() } else { format!("cast({of} as date)") }
    }

    /// An array of days would have no column to be named.
    fn days(&self, from: &str, before: &str, every: u32, unit: Grain) -> String {
        let days = format!("generate_date_array({from}, date_sub({before}, interval 1 day), interval {every} {unit})");
        format!("unnest(array(select as struct day from unnest({days}) as day))")
    }

    fn shifted(&self, stored: &str, is_instant: bool, shift: &Shift) -> String {
        let stored = if is_instant { format!("datetime({stored}, 'UTC')") } else { stored.to_owned() };
        match shift {
            Shift::None => stored,
            Shift::Seconds(by) => format!("datetime_add({stored}, interval {by} second)"),
            Shift::Cases(cases, otherwise) => {
                let whens: String = cases.iter().map(|(condition, by)| format!("\n  when {condition} then {by}")).collect();
                format!("datetime_add({stored}, interval case{whens}\n  else {otherwise}\nend second)")
            }
        }
    }

    fn in_zone(&self, of: &str, stored: Option<&str>, project: &str) -> String {
        let of = match stored {
            Some(zone) => format!("timestamp({of}, {})", self.text(zone)),
            None => of.to_owned(),
        };
        format!("datetime({of}, {})", self.text(project))
    }

    fn midnight(&self, day: &str, zone: &str) -> String {
        format!("timestamp(cast({day} as datetime), {})", self.text(zone))
    }

    fn today(&self, zone: &str) -> String {
        format!("current_date({})", self.text(zone))
    }

    fn schema_name(&self) -> &'static str {
        "dataset"
    }

    fn withstands(&self) -> &'static [Setting] {
        WITHSTANDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_names_are_what_they_say() {
        assert_eq!(BigQuery.text("it's \\ a\nline"), "'it\\'s \\\\ a\\nline'");
        assert_eq!(BigQuery.identifier("order"), "`order`");
        assert_eq!(BigQuery.identifier("my-shop"), "`my-shop`");
        assert_eq!(BigQuery.identifier("a`b\\"), "`a\\`b\\\\`");
        // With a point it is exact, and with an exponent it is not.
        assert_eq!((BigQuery.number("-1.50"), BigQuery.number("12")), ("numeric '-1.50'".into(), "12".into()));
        assert_eq!(BigQuery.number("0.1234567890"), "bignumeric '0.1234567890'");
        assert_eq!(BigQuery.number("1.5e3"), "1.5e3");
    }

    #[test]
    fn nulls_are_last_where_nothing_may_be_said_of_them() {
        assert_eq!(BigQuery.along("day", false), "day is null, day");
        assert_eq!(BigQuery.along("unix_date(day)", true), "unix_date(day)");
        let order = ["at".to_owned()];
        let pick = |last| BigQuery.picked(&Pick { value: "x", order: &order, filter: None, last }).unwrap_or_default();
        assert_eq!(pick(false), "array_agg(x ignore nulls order by at is null, at limit 1)[safe_offset(0)]");
        assert_eq!(pick(true), "array_agg(x ignore nulls order by at desc limit 1)[safe_offset(0)]");
    }
}
