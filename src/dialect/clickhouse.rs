//! ClickHouse, from version 26.9 on: days before it end in 2299, and begin in 1900.
//!
//! Columns may be null only where their type says so, so every type that is cast to does. Wall clocks and instants are both
//! `DateTime64` in UTC. Neither whole numbers nor products and comparisons of decimals are checked for overflow, so that they are computed in
//! twice their room.

mod raw;
mod settings;
mod spelled;

use super::spell::Spelling;
use super::{Abilities, Dialect, Pick, Setting, Shift};
use crate::calendar::{Date, DateTime, Grain};
use crate::model::value::Type;
use foldhash::HashSet;
use settings::{BEFORE_VIEWS, SETTINGS, WITHSTANDS};
use std::borrow::Cow;
use std::sync::LazyLock;

/// The dialect.
#[derive(Debug)]
pub(super) struct ClickHouse;

/// Words that cannot be a name without quotes in every place, and those that readers take for a word of the language.
const RESERVED: &str = "all and anti any array as asc asof between both by case cast collate cross cube desc describe distinct \
div else end except exists false fetch filter final following for from full global group grouping having if ilike in inf \
infinity inner intersect interval into is join leading left like limit nan natural not null nulls offset on or order outer over \
paste preceding prewhere qualify range recursive right rollup select semi substring table then ties to top totals trailing trim \
true truncate unbounded union unique using when where window with";

impl Dialect for ClickHouse {
    fn name(&self) -> &'static str {
        "clickhouse"
    }

    fn source_schema(&self) -> Option<&'static str> {
        Some("default")
    }

    fn folded(&self, name: &str) -> String {
        name.to_owned()
    }

    /// A view is a file of that name, with an ending, whose special characters take three.
    fn longest_name(&self) -> usize {
        150
    }

    fn is_reserved(&self, name: &str) -> bool {
        static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| RESERVED.split(' ').collect());
        WORDS.contains(name)
    }

    /// Backslashes mean something in names too.
    fn identifier<'a>(&self, name: &'a str) -> Cow<'a, str> {
        let plain = name.starts_with(|char: char| char.is_ascii_lowercase() || char == '_')
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if plain && !self.is_reserved(name) {
            return name.into();
        }
        format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\"\"")).into()
    }

    fn text(&self, text: &str) -> String {
        format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
    }

    /// One with a point would be a floating one, and so would a whole one of too many digits.
    fn number<'a>(&self, digits: &'a str) -> Cow<'a, str> {
        if digits.contains(['e', 'E']) || digits.parse::<i64>().is_ok() {
            return digits.into();
        }
        let bits = if digits.len() > 38 { 256 } else { 128 };
        format!("toDecimal{bits}('{digits}', {})", digits.split_once('.').map_or(0, |(_, behind)| behind.len())).into()
    }

    fn raw<'a>(&self, sql: &'a str) -> Cow<'a, str> {
        raw::written(sql)
    }

    fn reads_otherwise<'a>(&self, sql: &'a str) -> Option<&'a str> {
        raw::reads_otherwise(sql)
    }

    fn reads_beyond<'a>(&self, sql: &'a str, added: &[String]) -> Option<&'a str> {
        raw::reads_beyond(sql, added)
    }

    fn day(&self, day: Date) -> String {
        format!("toDate32('{day}')")
    }

    fn wall(&self, reading: DateTime) -> String {
        format!("toDateTime64('{} {}', 6, 'UTC')", reading.date(), reading.time())
    }

    fn instant(&self, reading: DateTime) -> String {
        self.wall(reading)
    }

    /// The first that there is.
    fn never(&self, ty: Type) -> String {
        if ty == Type::Date {
            "toDate32('0001-01-01')".to_owned()
        } else {
            "toDateTime64('0001-01-01 00:00:00', 6, 'UTC')".to_owned()
        }
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            days_of_rows: false,
            lookups: false,
            unequal_joins: false,
            alike_names: false,
            mixed_unions: false,
            mixed_choices: false,
            mixed_lists: false,
            signed_counts: false,
            null_neighbours: false,
            exact_means: false,
            typed_results: false,
            wall_clocks: false,
            short_names: false,
            ..Abilities::ALL
        }
    }

    fn type_name(&self, ty: Type) -> &'static str {
        match ty {
            Type::Boolean => "Nullable(Bool)",
            Type::Integer => "Nullable(Int64)",
            Type::Decimal => "Nullable(Decimal(38, 9))",
            Type::Double => "Nullable(Float64)",
            Type::Text | Type::Null | Type::Tuple => "Nullable(String)",
            Type::Date => "Nullable(Date32)",
            Type::Timestamp | Type::Instant => "Nullable(DateTime64(6, 'UTC'))",
        }
    }

    /// A cast to whole numbers would take what is too large for another number.
    fn cast(&self, of: &str, ty: Type) -> String {
        match ty {
            Type::Integer => format!("accurateCast({of}, 'Nullable(Int64)')"),
            _ => format!("cast({of} as {})", self.type_name(ty)),
        }
    }

    fn wants_types(&self) -> bool {
        true
    }

    fn spelling(&self, function: &str, ty: &dyn Fn(usize) -> Type) -> Spelling {
        spelled::spelling(function, ty)
    }

    fn frame(&self, days: i64) -> String {
        days.to_string()
    }

    fn picked(&self, pick: &Pick<'_>) -> Option<String> {
        let function = if pick.last { "argMaxIf" } else { "argMinIf" };
        let filter = pick.filter.map(|filter| format!(" and ({filter})")).unwrap_or_default();
        let value = pick.value;
        Some(format!("{function}({value}, tuple({}), {value} is not null{filter})", pick.order.join(", ")))
    }

    /// Texts are compared by their bytes, but not what is an enum.
    fn by_bytes(&self, of: &str, is_text: bool) -> String {
        if is_text { of.to_owned() } else { format!("toString({of})") }
    }

    fn moved(&self, day: &str, count: i64, unit: Grain) -> String {
        let sign = if count < 0 { '-' } else { '+' };
        format!("toDate32({day}) {sign} interval {} {unit}", count.unsigned_abs())
    }

    fn truncated(&self, grain: Grain, of: &str) -> String {
        format!("date_trunc('{grain}', {of})")
    }

    fn days_later(&self, of: &str, count: i64) -> String {
        let sign = if count < 0 { '-' } else { '+' };
        format!("{of} {sign} interval {} day", count.abs())
    }

    fn months_later(&self, of: &str, count: i64) -> String {
        let sign = if count < 0 { '-' } else { '+' };
        format!("{of} {sign} interval {} month", count.abs())
    }

    fn as_day(&self, of: &str) -> String {
        self.cast(of, Type::Date)
    }

    fn days(&self, from: &str, before: &str, every: u32, unit: Grain) -> String {
        let end = format!("ceil(dateDiff('day', {from}, {before}) / {})", i64::from(every) * shortest(unit));
        let day = format!("{from} + to{}(number * {every})", interval(unit));
        let numbers = format!("(select arrayJoin(range(toUInt64(ifNull(greatest({end}, 0), 0)))) as number)");
        format!("(select {day} as day from {numbers} as numbers where {day} < {before})")
    }

    fn shifted(&self, stored: &str, is_instant: bool, shift: &Shift) -> String {
        // A `DateTime` ends in 2106.
        let stored =
            if is_instant || *shift != Shift::None { format!("toDateTime64({stored}, 6, 'UTC')") } else { stored.to_owned() };
        match shift {
            Shift::None => stored,
            Shift::Seconds(by) => format!("({stored} + toIntervalSecond({by}))"),
            Shift::Cases(cases, otherwise) => {
                let whens: String = cases.iter().map(|(condition, by)| format!("\n  when {condition} then {by}")).collect();
                format!("({stored} + toIntervalSecond(case{whens}\n  else {otherwise}\nend))")
            }
        }
    }

    /// What a clock showed twice is the first of the two. What it skipped would be an hour too early, so that only the clock's distance is
    /// taken from it.
    fn in_zone(&self, of: &str, stored: Option<&str>, project: &str) -> String {
        let of = format!("toDateTime64({of}, 6, 'UTC')");
        let instant = stored.map_or_else(
            || of.clone(),
            |zone| format!("({of} - toIntervalSecond(timezoneOffset(toDateTime64(toString({of}), 6, {}))))", self.text(zone)),
        );
        format!("({instant} + toIntervalSecond(timezoneOffset(toTimeZone({instant}, {}))))", self.text(project))
    }

    fn midnight(&self, day: &str, zone: &str) -> String {
        format!("toTimeZone(toDateTime64(toDate32({day}), 6, {}), 'UTC')", self.text(zone))
    }

    fn today(&self, zone: &str) -> String {
        format!("toDate32(now({}))", self.text(zone))
    }

    fn query_end(&self) -> Option<&'static str> {
        Some(SETTINGS)
    }

    /// Some views are longer than a statement may be unless that is said.
    fn before_views(&self) -> Option<&'static str> {
        Some(BEFORE_VIEWS)
    }

    fn schema_word(&self) -> &'static str {
        "database"
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

fn interval(unit: Grain) -> &'static str {
    match unit {
        Grain::Day => "IntervalDay",
        Grain::Week => "IntervalWeek",
        Grain::Month => "IntervalMonth",
        Grain::Quarter => "IntervalQuarter",
        Grain::Year => "IntervalYear",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_what_they_say() {
        assert_eq!(ClickHouse.text("it's \\ a"), "'it''s \\\\ a'");
        assert_eq!(ClickHouse.identifier("a\\\"b"), "\"a\\\\\"\"b\"");
        assert_eq!(ClickHouse.identifier("order"), "\"order\"");
        // With a point it is exact, and with an exponent it is not.
        assert_eq!(ClickHouse.number("-1.50"), "toDecimal128('-1.50', 2)");
        assert_eq!((ClickHouse.number("12"), ClickHouse.number("1.5e3")), ("12".into(), "1.5e3".into()));
    }

    #[test]
    fn whole_numbers_do_not_overflow_unnoticed() {
        assert_eq!(ClickHouse.cast("x", Type::Integer), "accurateCast(x, 'Nullable(Int64)')");
        let sum = ClickHouse.spelling("sum", &|_| Type::Integer);
        assert!(matches!(sum, Spelling::Template("sum(toInt128({0}))", _)), "{sum:?}");
    }
}
