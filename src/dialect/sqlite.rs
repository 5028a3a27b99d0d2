//! `SQLite`, from version 3.40 on.
//!
//! It has numbers and texts and nothing else: a day is `2024-01-31`, a time `2024-01-31 23:59:59` with a fraction that does not end in 0, an instant
//! its reading in UTC, and a condition 1 or 0. All of them are ordered as what they mean. Its functions of time round to
//! milliseconds, so that they are given no fractions. What it cannot compute is refused by a path of JSON that is none, which is the one way to do
//! so in a query: its message has the path in it.

mod clocks;
mod raw;
mod settings;
mod spelled;

use super::clocks::in_zone;
use super::spell::Spelling;
use super::{Abilities, Client, Dialect, Setting, Shift};
use crate::calendar::{Date, DateTime, Grain};
use crate::model::value::Type;
use crate::rawsql::ends_statement;
use foldhash::HashSet;
use settings::{RESERVED, WITHSTANDS};
use spelled::REFUSED_TIME;
use std::borrow::Cow;
use std::sync::LazyLock;

/// The dialect.
#[derive(Debug)]
pub(super) struct Sqlite;

impl Dialect for Sqlite {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    /// A view reads the database in which it is, whatever that is called where it is opened.
    fn source_schema(&self) -> Option<&'static str> {
        None
    }

    fn cuts_quotients(&self) -> bool {
        true
    }

    fn folded(&self, name: &str) -> String {
        name.to_ascii_lowercase()
    }

    /// It has no limit of its own; a file of that name has.
    fn longest_name(&self) -> usize {
        200
    }

    /// By its documentation: <https://www.sqlite.org/limits.html>.
    fn most_columns(&self) -> Option<usize> {
        Some(2000)
    }

    fn is_reserved(&self, name: &str) -> bool {
        static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| RESERVED.split_ascii_whitespace().collect());
        WORDS.contains(name)
    }

    /// In double quotes a name that is not there would be a text.
    fn identifier<'a>(&self, name: &'a str) -> Cow<'a, str> {
        let plain = name.starts_with(|char: char| char.is_ascii_lowercase() || char == '_')
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if plain && !self.is_reserved(name) { name.into() } else { format!("`{}`", name.replace('`', "``")).into() }
    }

    /// Its program takes a line that begins with a point for a command.
    fn text(&self, text: &str) -> String {
        let written = format!("'{}'", text.replace('\'', "''"));
        let hidden = [('\n', "char(10)"), ('\r', "char(13)"), ('\0', "char(0)")];
        if !text.contains(hidden.map(|(char, _)| char)) {
            return written;
        }
        let joined = hidden.iter().fold(written, |text, (char, code)| text.replace(*char, &format!("' || {code} || '")));
        format!("({joined})")
    }

    /// A line of a name may end a statement.
    fn replaces(&self, name: &str) -> bool {
        name.lines().any(ends_statement)
    }

    /// Brackets and backticks are quotes, texts have no escapes, and parameters are null.
    fn reads_otherwise<'a>(&self, sql: &'a str) -> Option<&'a str> {
        raw::reads_otherwise(sql)
    }

    /// Its program has modules that read files, and takes their names for those of tables.
    fn reads_beyond<'a>(&self, sql: &'a str, added: &[String]) -> Option<&'a str> {
        raw::reads_beyond(sql, added)
    }

    fn by_bytes(&self, of: &str, is_text: bool) -> String {
        if is_text { of.to_owned() } else { format!("{of} collate binary") }
    }

    fn day(&self, day: Date) -> String {
        format!("'{day}'")
    }

    fn wall(&self, reading: DateTime) -> String {
        format!("'{} {}'", reading.date(), reading.time())
    }

    fn instant(&self, reading: DateTime) -> String {
        self.wall(reading)
    }

    fn client(&self) -> Client {
        Client::Sqlite
    }

    fn never(&self, _: Type) -> String {
        "'-infinity'".to_owned()
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            days_of_rows: false,
            lookups: false,
            mixed_unions: false,
            mixed_choices: false,
            mixed_lists: false,
            short_names: false,
            ordered_aggregates: false,
            exact_decimals: false,
            exact_means: false,
            checked_numbers: false,
            typed_columns: false,
            named_values: false,
            shows_conditions: false,
            ..Abilities::ALL
        }
    }

    fn type_name(&self, ty: Type) -> &'static str {
        match ty {
            Type::Boolean | Type::Integer => "integer",
            Type::Decimal | Type::Double => "real",
            Type::Text | Type::Null | Type::Tuple | Type::Date | Type::Timestamp | Type::Instant => "text",
        }
    }

    /// A day that becomes a time begins at midnight, and what is a time already stays as it is.
    fn cast(&self, of: &str, ty: Type) -> String {
        match ty {
            Type::Date => format!("substr({of}, 1, 10)"),
            Type::Timestamp | Type::Instant => format!("substr({of} || ' 00:00:00', 1, max(19, length({of})))"),
            _ => format!("cast({of} as {})", self.type_name(ty)),
        }
    }

    fn wants_types(&self) -> bool {
        true
    }

    fn spelling(&self, function: &str, ty: &dyn Fn(usize) -> Type) -> Spelling {
        spelled::spelling(function, ty)
    }

    fn keeps_joined_parts(&self) -> bool {
        true
    }

    /// Versions from 3.54 on count parts of a query that are read more than once, and take 500 of them.
    fn refuses(&self) -> &'static [&'static str] {
        &["integer overflow", "VIEWs and/or subqueries nested too deep"]
    }

    /// Parts are joined in the order in which they are written: it knows nothing of their sizes, and would go through all of one for each row
    /// of another.
    fn join_word(&self) -> &'static str {
        "cross join"
    }

    fn frame(&self, days: i64) -> String {
        days.to_string()
    }

    /// A frame is of numbers.
    fn frame_order(&self, day: &str) -> String {
        format!("julianday({day})")
    }

    /// Each value as it would be written: no two are alike.
    fn tuple(&self, parts: &[String]) -> String {
        parts.iter().map(|part| format!("quote({part})")).collect::<Vec<_>>().join(" || ',' || ")
    }

    fn moved(&self, day: &str, count: i64, unit: Grain) -> String {
        match unit {
            Grain::Day => format!("date({day}, '{count:+} days')"),
            Grain::Week => format!("date({day}, '{:+} days')", count.saturating_mul(7)),
            Grain::Month | Grain::Quarter | Grain::Year => {
                let months = count.saturating_mul(months(unit));
                // What a month does not have would be in the next one.
                let last = format!("date({day}, 'start of month', '{:+} months', '-1 day')", months.saturating_add(1));
                format!("min(date({day}, '{months:+} months'), {last})")
            }
        }
    }

    fn truncated(&self, grain: Grain, of: &str) -> String {
        let day = self.as_day(of);
        match grain {
            Grain::Day => day,
            Grain::Week => format!("date({day}, '-6 days', 'weekday 1')"),
            Grain::Month => format!("date({day}, 'start of month')"),
            Grain::Quarter => {
                format!("date({day}, 'start of month', ((1 - cast(strftime('%m', {day}) as integer)) % 3) || ' months')")
            }
            Grain::Year => format!("date({day}, 'start of year')"),
        }
    }

    fn days_later(&self, of: &str, count: i64) -> String {
        format!("date({}, '{count:+} days')", self.as_day(of))
    }

    /// From the first of the month on, which each month has.
    fn months_later(&self, of: &str, count: i64) -> String {
        format!("date({}, 'start of month', '{count:+} months')", self.as_day(of))
    }

    fn as_day(&self, of: &str) -> String {
        if of.starts_with("date(") || of.starts_with("substr(") { of.to_owned() } else { format!("substr({of}, 1, 10)") }
    }

    fn days(&self, from: &str, before: &str, every: u32, unit: Grain) -> String {
        // A part cannot have that name, which the bounds may read.
        let next = self.moved("day", i64::from(every), unit);
        format!(
            "(with recursive `each day`(day) as (select {from} where {from} < {before} union all \
             select {next} from `each day` where {next} < {before}) select day from `each day`)"
        )
    }

    /// The fraction of a second stays as it is.
    fn shifted(&self, stored: &str, _: bool, shift: &Shift) -> String {
        clocks::shifted(stored, shift)
    }

    /// It knows no zones: a query has the changes of a clock for the years that it may meet, and beyond it is refused.
    fn in_zone(&self, of: &str, stored: Option<&str>, project: &str) -> String {
        in_zone(self, of, (stored.unwrap_or("UTC"), project), REFUSED_TIME)
    }

    fn midnight(&self, day: &str, zone: &str) -> String {
        self.in_zone(&format!("(substr({day}, 1, 10) || ' 00:00:00')"), Some(zone), "UTC")
    }

    fn today(&self, zone: &str) -> String {
        self.as_day(&self.in_zone("datetime('now')", None, zone))
    }

    /// Readers see all old views or all new ones.
    fn before_views(&self) -> Option<&'static str> {
        Some("begin immediate")
    }

    fn after_views(&self) -> Option<&'static str> {
        Some("commit")
    }

    fn has_schemas(&self) -> bool {
        false
    }

    fn replaces_views(&self) -> bool {
        false
    }

    fn withstands(&self) -> &'static [Setting] {
        WITHSTANDS
    }
}

fn months(unit: Grain) -> i64 {
    match unit {
        Grain::Quarter => 3,
        Grain::Year => 12,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_quotes_are_names_and_texts_are_one_line() {
        assert_eq!(Sqlite.identifier("order"), "`order`");
        assert_eq!(Sqlite.identifier("a`b \"c\""), "`a``b \"c\"`");
        assert_eq!(Sqlite.text("it's"), "'it''s'");
        assert_eq!(Sqlite.text("a\n.shell"), "('a' || char(10) || '.shell')");
    }

    #[test]
    fn months_that_are_too_short_end_with_their_last_day() {
        let later = Sqlite.moved("day", 1, Grain::Month);
        assert_eq!(later, "min(date(day, '+1 months'), date(day, 'start of month', '+2 months', '-1 day'))");
    }
}
