//! Snowflake.
//!
//! Names without quotes are stored in capitals, and kpic writes its own so. What depends on a session is not used: literals of times have their
//! format with them, weeks begin by `dayofweekiso`, and types of times are named in full. A day is moved by `dateadd`: a sum of a day and a number is not
//! documented. NaN equals itself and is greater than all other numbers. A product of decimals has no more than 12 digits after the point, or as many as the
//! factor with the most of them; sums are exact.

mod raw;
mod settings;
mod spelled;

use super::spell::Spelling;
use super::{Abilities, Dialect, Setting, Shift};
use crate::calendar::{Date, DateTime, Grain};
use crate::model::value::Type;
use foldhash::HashSet;
use settings::{RESERVED, WITHSTANDS};
use std::borrow::Cow;
use std::sync::LazyLock;

/// The dialect.
#[derive(Debug)]
pub(super) struct Snowflake;

impl Dialect for Snowflake {
    fn name(&self) -> &'static str {
        "snowflake"
    }

    /// In the database in which a view is.
    fn source_schema(&self) -> Option<&'static str> {
        Some("public")
    }

    /// What is all in small letters or all in capitals is one name; any other is as it is written.
    fn folded(&self, name: &str) -> String {
        let is_plain = is_plain(&name.to_ascii_lowercase());
        if is_plain && !name.contains(|char: char| char.is_ascii_lowercase()) {
            name.to_ascii_lowercase()
        } else {
            name.to_owned()
        }
    }

    /// It takes 255 characters; a file of that name takes fewer bytes.
    fn longest_name(&self) -> usize {
        200
    }

    fn is_reserved(&self, name: &str) -> bool {
        static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| RESERVED.split_ascii_whitespace().collect());
        WORDS.contains(name)
    }

    /// A reserved word in quotes is in capitals, as it would be without them if it could be a name.
    fn identifier<'a>(&self, name: &'a str) -> Cow<'a, str> {
        match is_plain(name) {
            true if self.is_reserved(name) => format!("\"{}\"", name.to_ascii_uppercase()).into(),
            true => name.into(),
            false => format!("\"{}\"", name.replace('"', "\"\"")).into(),
        }
    }

    /// Backslashes mean something in texts.
    fn text(&self, text: &str) -> String {
        raw::text(text)
    }

    /// Of which type a number with an exponent is, is not documented, and a fixed one has 38 digits.
    fn number<'a>(&self, digits: &'a str) -> Cow<'a, str> {
        let is_long = digits.bytes().filter(u8::is_ascii_digit).count() > 38;
        if is_long || digits.contains(['e', 'E']) { format!("cast('{digits}' as float)").into() } else { digits.into() }
    }

    /// Programs that cut statements take `$$` for the beginning of a text, in comments too.
    fn comment<'a>(&self, line: &'a str) -> Cow<'a, str> {
        raw::comment(line)
    }

    /// What no program may take for the beginning of a text.
    fn replaces(&self, name: &str) -> bool {
        name.contains("$$") || raw::is_template(name) || name.contains(['\n', '\r', '\\'])
    }

    fn reads_otherwise<'a>(&self, sql: &'a str) -> Option<&'a str> {
        raw::reads_otherwise(sql)
    }

    fn reads_beyond<'a>(&self, sql: &'a str, added: &[String]) -> Option<&'a str> {
        raw::reads_beyond(sql, added)
    }

    /// An empty collation is none.
    fn by_bytes(&self, of: &str, _: bool) -> String {
        format!("collate({of}, '')")
    }

    fn day(&self, day: Date) -> String {
        format!("to_date('{day}', 'YYYY-MM-DD')")
    }

    fn wall(&self, reading: DateTime) -> String {
        format!("to_timestamp_ntz('{} {}', 'YYYY-MM-DD HH24:MI:SS')", reading.date(), reading.time())
    }

    fn instant(&self, reading: DateTime) -> String {
        format!("to_timestamp_tz('{} {} +00:00', 'YYYY-MM-DD HH24:MI:SS TZH:TZM')", reading.date(), reading.time())
    }

    /// The first that there is.
    fn never(&self, ty: Type) -> String {
        match ty {
            Type::Instant => "to_timestamp_tz('0001-01-01 00:00:00 +00:00', 'YYYY-MM-DD HH24:MI:SS TZH:TZM')".to_owned(),
            Type::Timestamp => "to_timestamp_ntz('0001-01-01 00:00:00', 'YYYY-MM-DD HH24:MI:SS')".to_owned(),
            _ => "to_date('0001-01-01', 'YYYY-MM-DD')".to_owned(),
        }
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            untyped_nulls: false,
            orders_conditions: false,
            days_of_rows: false,
            lookups: false,
            mixed_unions: false,
            mixed_choices: false,
            computed_values: false,
            filters: false,
            tuple_values: false,
            first_values: false,
            exact_means: false,
            decimal_means: false,
            columns_first: false,
            counts_by_bytes: false,
            ..Abilities::ALL
        }
    }

    fn type_name(&self, ty: Type) -> &'static str {
        match ty {
            Type::Boolean => "boolean",
            Type::Integer => "integer",
            Type::Decimal => "number(38, 9)",
            Type::Double => "float",
            Type::Text | Type::Null | Type::Tuple => "varchar",
            Type::Date => "date",
            Type::Timestamp => "timestamp_ntz",
            Type::Instant => "timestamp_tz",
        }
    }

    fn wants_types(&self) -> bool {
        true
    }

    fn spelling(&self, function: &str, ty: &dyn Fn(usize) -> Type) -> Spelling {
        spelled::spelling(function, ty)
    }

    fn frame(&self, days: i64) -> String {
        format!("interval '{days} days'")
    }

    /// A row counts if none of them is null, and a key of which a part is null is not asked for.
    fn tuple(&self, parts: &[String]) -> String {
        parts.join(", ")
    }

    /// What a month does not have becomes its last day.
    fn moved(&self, day: &str, count: i64, unit: Grain) -> String {
        format!("cast(dateadd('{unit}', {count}, {day}) as date)")
    }

    /// On which day `date_trunc` begins a week is for a session to say.
    fn truncated(&self, grain: Grain, of: &str) -> String {
        match grain {
            Grain::Week => format!("dateadd('day', 1 - dayofweekiso({of}), {})", self.as_day(of)),
            _ => format!("date_trunc('{grain}', {of})"),
        }
    }

    fn days_later(&self, of: &str, count: i64) -> String {
        format!("dateadd('day', {count}, {of})")
    }

    fn months_later(&self, of: &str, count: i64) -> String {
        format!("dateadd('month', {count}, {of})")
    }

    /// How many rows a generator gives has to be a constant, so that the days are those of a list.
    fn days(&self, from: &str, before: &str, every: u32, unit: Grain) -> String {
        let (unit, length) = match unit {
            Grain::Day => ("day", 1),
            Grain::Week => ("day", 7),
            Grain::Month => ("month", 1),
            Grain::Quarter => ("month", 3),
            Grain::Year => ("month", 12),
        };
        let (step, is_day) = (i64::from(every).saturating_mul(length), unit == "day");
        let count = format!("datediff('{unit}', bounds.first_day, bounds.end_day){}", if is_day { "" } else { " + 1" });
        let day = format!("cast(dateadd('{unit}', cast(step.value as integer), bounds.first_day) as date)");
        let within = if is_day { String::new() } else { format!(" where {day} < bounds.end_day") };
        format!(
            "(select {day} as day from (select {from} as first_day, {before} as end_day) as bounds, \
             lateral flatten(input => array_generate_range(0, {count}, {step})) as step{within})"
        )
    }

    fn shifted(&self, stored: &str, is_instant: bool, shift: &Shift) -> String {
        let stored =
            if is_instant { format!("cast(convert_timezone('UTC', {stored}) as timestamp_ntz)") } else { stored.to_owned() };
        match shift {
            Shift::None => stored,
            Shift::Seconds(by) => format!("dateadd('second', {by}, {stored})"),
            Shift::Cases(cases, otherwise) => {
                let whens: String = cases.iter().map(|(condition, by)| format!("\n  when {condition} then {by}")).collect();
                format!("dateadd('second', case{whens}\n  else {otherwise}\nend, {stored})")
            }
        }
    }

    fn in_zone(&self, of: &str, stored: Option<&str>, project: &str) -> String {
        let project = self.text(project);
        match stored {
            Some(zone) => format!("convert_timezone({}, {project}, {of})", self.text(zone)),
            None => format!("cast(convert_timezone({project}, {of}) as timestamp_ntz)"),
        }
    }

    /// The seconds from an instant that is known to the reading in UTC.
    fn midnight(&self, day: &str, zone: &str) -> String {
        let wall = "to_timestamp_ntz('1970-01-01 00:00:00', 'YYYY-MM-DD HH24:MI:SS')";
        let instant = "to_timestamp_tz('1970-01-01 00:00:00 +00:00', 'YYYY-MM-DD HH24:MI:SS TZH:TZM')";
        let reading = format!("convert_timezone({}, 'UTC', cast({day} as timestamp_ntz))", self.text(zone));
        format!("dateadd('second', datediff('second', {wall}, {reading}), {instant})")
    }

    fn today(&self, zone: &str) -> String {
        format!("cast(convert_timezone({}, current_timestamp()) as date)", self.text(zone))
    }

    /// Who may read a view may read the new one that takes its place.
    fn view_options(&self) -> &'static str {
        " copy grants"
    }

    fn withstands(&self) -> &'static [Setting] {
        WITHSTANDS
    }
}

/// Whether a name can stand without quotes and is then in capitals as a whole.
fn is_plain(name: &str) -> bool {
    name.starts_with(|char: char| char.is_ascii_lowercase() || char == '_')
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'$'))
}

#[cfg(test)]
mod tests;
