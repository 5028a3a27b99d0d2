//! MariaDB, from version 10.11 on.
//!
//! Texts are compared by a collation of their bytes, which pads no blanks, since every other one takes some letters for others. An instant is the reading
//! of a clock in UTC. What is added to a day or cast, and is too large, is null or another number there, with a warning only: so it is
//! asked for, and refused by a whole number that overflows, whose message has the reason in it. Common table expressions are worked out each time that
//! they are read. The mode of a session says what backslashes and double quotes mean, so that SQL has neither.

mod raw;
mod settings;
mod spelled;

use super::clocks::in_zone;
use super::spell::Spelling;
use super::{Abilities, Dialect, Setting, Shift};
use crate::calendar::Grain;
use crate::model::value::Type;
use foldhash::HashSet;
use settings::{RESERVED, WITHSTANDS};
use std::borrow::Cow;
use std::sync::LazyLock;

/// The dialect.
#[derive(Debug)]
pub(super) struct MariaDb;

impl Dialect for MariaDb {
    fn name(&self) -> &'static str {
        "mariadb"
    }

    /// There is no usual database.
    fn source_schema(&self) -> Option<&'static str> {
        None
    }

    /// Columns are compared in any case. Whether tables are depends on the server's machine, and two that differ by case only are taken for one here.
    fn folded(&self, name: &str) -> String {
        name.to_lowercase()
    }

    /// It takes 64 characters.
    fn longest_name(&self) -> usize {
        64
    }

    /// By its documentation: <https://mariadb.com/kb/en/limits/>.
    fn most_columns(&self) -> Option<usize> {
        Some(4096)
    }

    fn most_parts(&self) -> Option<usize> {
        Some(64)
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

    /// Its program takes a backslash in quotes of any kind for the beginning of an escape, and looks for commands of its own in each line.
    fn replaces(&self, name: &str) -> bool {
        name.contains(['\\', '\n', '\r', '\0'])
    }

    fn text(&self, text: &str) -> String {
        raw::text(text)
    }

    fn reads_otherwise<'a>(&self, sql: &'a str) -> Option<&'a str> {
        raw::reads_otherwise(sql)
    }

    fn reads_beyond<'a>(&self, sql: &'a str, added: &[String]) -> Option<&'a str> {
        raw::reads_beyond(sql, added)
    }

    fn by_bytes(&self, of: &str, _: bool) -> String {
        format!("convert({of} using utf8mb4) collate utf8mb4_nopad_bin")
    }

    fn instant(&self, reading: crate::calendar::DateTime) -> String {
        self.wall(reading)
    }

    /// The first that there is.
    fn never(&self, ty: Type) -> String {
        if ty == Type::Date { "date '0001-01-01'" } else { "timestamp '0001-01-01 00:00:00'" }.to_owned()
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            days_of_rows: false,
            lookups: false,
            bare_columns: false,
            shows_conditions: false,
            stored_instants: false,
            text_joins: false,
            several_orders: false,
            filters: false,
            tuple_values: false,
            exact_means: false,
            decimal_means: false,
            checked_sums: false,
            columns_first: false,
            counts_by_bytes: false,
            ..Abilities::ALL
        }
    }

    fn type_name(&self, ty: Type) -> &'static str {
        match ty {
            Type::Boolean | Type::Integer => "signed",
            Type::Decimal => "decimal(65, 20)",
            Type::Double => "double",
            Type::Text | Type::Null | Type::Tuple => "char character set utf8mb4",
            Type::Date => "date",
            Type::Timestamp | Type::Instant => "datetime(6)",
        }
    }

    /// A cast to whole numbers would take what is too large for the largest one.
    fn cast(&self, of: &str, ty: Type) -> String {
        match ty {
            Type::Integer => format!("(round({of}) div 1)"),
            _ => format!("cast({of} as {})", self.type_name(ty)),
        }
    }

    fn wants_types(&self) -> bool {
        true
    }

    fn spelling(&self, function: &str, ty: &dyn Fn(usize) -> Type) -> Spelling {
        spelled::spelling(function, ty)
    }

    /// There are no others.
    fn finite_once(&self, number: &str) -> String {
        number.to_owned()
    }

    fn refuses(&self) -> &'static [&'static str] {
        &["DOUBLE value is out of range", "BIGINT value is out of range", "Too many WITH elements in WITH clause"]
    }

    fn rows(&self, columns: &[(String, Type)], rows: &[Vec<String>]) -> Option<String> {
        let row = |row: &Vec<String>| {
            let named = row.iter().zip(columns).map(|(value, (name, _))| format!("{value} as {name}"));
            format!("select {}", named.collect::<Vec<_>>().join(", "))
        };
        Some(format!("(\n  {}\n)", rows.iter().map(row).collect::<Vec<_>>().join("\n  union all ")))
    }

    fn frame(&self, days: i64) -> String {
        days.to_string()
    }

    /// A frame is of numbers.
    fn frame_order(&self, day: &str) -> String {
        format!("to_days({day})")
    }

    /// Nulls come first of an ascending order, and nothing may be said of them. A frame of so many days never has a null beside a day.
    fn along(&self, by: &str, is_bounded: bool) -> String {
        if is_bounded { by.to_owned() } else { self.ordered(by, false) }
    }

    fn ordered(&self, by: &str, greatest_first: bool) -> String {
        if greatest_first { format!("{by} desc") } else { format!("{by} is null, {by}") }
    }

    fn same(&self) -> &'static str {
        "<=>"
    }

    /// A row counts if none of them is null, and a key of which a part is null is not asked for.
    fn tuple(&self, parts: &[String]) -> String {
        parts.join(", ")
    }

    /// What a month does not have becomes its last day.
    fn moved(&self, day: &str, count: i64, unit: Grain) -> String {
        format!("date_add({day}, interval {count} {unit})")
    }

    fn truncated(&self, grain: Grain, of: &str) -> String {
        let day = self.as_day(of);
        match grain {
            Grain::Day => day,
            Grain::Week => format!("date_sub({day}, interval weekday({day}) day)"),
            Grain::Month => format!("date_sub({day}, interval dayofmonth({day}) - 1 day)"),
            Grain::Quarter => {
                format!("date_add({}, interval quarter({day}) - 1 quarter)", self.truncated(Grain::Year, &day))
            }
            Grain::Year => format!("date_sub({day}, interval dayofyear({day}) - 1 day)"),
        }
    }

    fn days_later(&self, of: &str, count: i64) -> String {
        format!("date_add({}, interval {count} day)", self.as_day(of))
    }

    fn months_later(&self, of: &str, count: i64) -> String {
        format!("date_add({}, interval {count} month)", self.as_day(of))
    }

    fn as_day(&self, of: &str) -> String {
        let is_day = (of.starts_with("cast(") && of.ends_with(" as date)"))
            || ["date_add(", "date_sub("].iter().any(|begin| of.starts_with(begin));
        if is_day { of.to_owned() } else { format!("cast({of} as date)") }
    }

    /// A list of JSON has as many steps as there are days at most: how deep a query may call itself is for a session to say.
    fn days(&self, from: &str, before: &str, every: u32, unit: Grain) -> String {
        let day = format!("date_add(bounds.first_day, interval (step.number - 1) * {every} {unit})");
        let most = format!("ceil(datediff(bounds.end_day, bounds.first_day) / {})", i64::from(every) * shortest(unit));
        format!(
            "(select {day} as day from (select {from} as first_day, {before} as end_day) as bounds, \
             json_table(concat('[0', repeat(',0', {most}), ']'), '$[*]' columns (number for ordinality)) as step \
             where {day} < bounds.end_day)"
        )
    }

    fn shifted(&self, stored: &str, _: bool, shift: &Shift) -> String {
        match shift {
            Shift::None => stored.to_owned(),
            Shift::Seconds(by) => format!("timestampadd(second, {by}, {stored})"),
            Shift::Cases(cases, otherwise) => {
                let whens: String = cases.iter().map(|(condition, by)| format!("\n  when {condition} then {by}")).collect();
                format!("timestampadd(second, case{whens}\n  else {otherwise}\nend, {stored})")
            }
        }
    }

    /// It knows the zones that somebody has loaded: a query has the changes of a clock for the years that it may meet, and beyond it is refused.
    fn in_zone(&self, of: &str, stored: Option<&str>, project: &str) -> String {
        in_zone(self, of, (stored.unwrap_or("UTC"), project), &spelled::refused_time(of))
    }

    fn midnight(&self, day: &str, zone: &str) -> String {
        self.in_zone(&self.cast(day, Type::Timestamp), Some(zone), "UTC")
    }

    fn today(&self, zone: &str) -> String {
        self.as_day(&self.in_zone("utc_timestamp()", None, zone))
    }

    /// In which letters a file is, for its program.
    fn before_views(&self) -> Option<&'static str> {
        Some("set names utf8mb4")
    }

    fn before_text(&self) -> Option<&'static str> {
        self.before_views()
    }

    fn schema_name(&self) -> &'static str {
        "database"
    }

    fn foreign_rules(&self) -> Option<&'static str> {
        Some("texts are the same in any case there, `||` is `or`, and quotients are rounded")
    }

    fn withstands(&self) -> &'static [Setting] {
        WITHSTANDS
    }
}

/// How many days a unit has at least.
fn shortest(unit: Grain) -> i64 {
    match unit {
        Grain::Day => 1,
        Grain::Week => 7,
        Grain::Month => 28,
        Grain::Quarter => 90,
        Grain::Year => 365,
    }
}

#[cfg(test)]
mod tests;
