//! Amazon Redshift.
//!
//! It grew out of PostgreSQL 8, and shares with it the words and not the rules: windows have frames of rows only, an aggregate has no condition of its own,
//! nothing is written out by `values`, a value is looked up by no key of the row at hand, and medians of one statement look at one order. Days are
//! moved by `dateadd`, in months: a year after 29 February would be a day in March. A text that stands alone has no type, and one that is cast
//! without a length 256 bytes. Views are bound to no table, so that one that is made anew under its name is read.

mod raw;
mod settings;
mod spelled;

use super::postgres::raw as postgres;
use super::spell::Spelling;
use super::{Abilities, Dialect, Setting, Shift, quoted};
use crate::calendar::{Date, Grain};
use crate::model::value::Type;
use foldhash::HashSet;
use settings::{RESERVED, WITHSTANDS};
use std::borrow::Cow;
use std::sync::LazyLock;

/// The dialect.
#[derive(Debug)]
pub(super) struct Redshift;

impl Dialect for Redshift {
    fn name(&self) -> &'static str {
        "redshift"
    }

    fn source_schema(&self) -> Option<&'static str> {
        Some("public")
    }

    fn cuts_quotients(&self) -> bool {
        true
    }

    /// Letters of ASCII are made small, in quotes too.
    fn folded(&self, name: &str) -> String {
        name.to_ascii_lowercase()
    }

    fn longest_name(&self) -> usize {
        127
    }

    fn most_columns(&self) -> Option<usize> {
        Some(1600)
    }

    fn is_reserved(&self, name: &str) -> bool {
        static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| RESERVED.split_ascii_whitespace().collect());
        WORDS.contains(name)
    }

    fn identifier<'a>(&self, name: &'a str) -> Cow<'a, str> {
        quoted(self, name)
    }

    /// A backslash means something in texts.
    fn text(&self, text: &str) -> String {
        postgres::text(text)
    }

    /// Of which type a number with an exponent is, is not documented, and a fixed one has 38 digits.
    fn number<'a>(&self, digits: &'a str) -> Cow<'a, str> {
        let is_long = digits.bytes().filter(u8::is_ascii_digit).count() > 38;
        if is_long || digits.contains(['e', 'E']) {
            format!("cast('{digits}' as double precision)").into()
        } else {
            digits.into()
        }
    }

    fn reads_otherwise<'a>(&self, sql: &'a str) -> Option<&'a str> {
        raw::reads_otherwise(sql)
    }

    fn reads_beyond<'a>(&self, sql: &'a str, added: &[String]) -> Option<&'a str> {
        raw::reads_beyond(sql, added)
    }

    /// A text is nothing else there; a cast would make room for the longest one.
    fn by_bytes(&self, of: &str, _: bool) -> String {
        format!("collate({of}, 'case_sensitive')")
    }

    /// The first that readers of other engines know too.
    fn never(&self, ty: Type) -> String {
        match ty {
            Type::Instant => "timestamptz '0001-01-01 00:00:00+00'".to_owned(),
            Type::Timestamp => "timestamp '0001-01-01 00:00:00'".to_owned(),
            _ => "date '0001-01-01'".to_owned(),
        }
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            untyped_nulls: false,
            typed_literals: false,
            orders_conditions: false,
            days_of_rows: false,
            lookups: false,
            same_values: false,
            alike_names: false,
            range_frames: false,
            several_orders: false,
            first_values: false,
            filters: false,
            mixed_tuples: false,
            exact_means: false,
            decimal_means: false,
            counts_by_bytes: false,
            ..Abilities::ALL
        }
    }

    fn type_name(&self, ty: Type) -> &'static str {
        match ty {
            Type::Boolean => "boolean",
            Type::Integer => "bigint",
            Type::Decimal => "numeric(38, 9)",
            Type::Double => "double precision",
            Type::Text | Type::Null | Type::Tuple => "varchar(65535)",
            Type::Date => "date",
            Type::Timestamp => "timestamp",
            Type::Instant => "timestamptz",
        }
    }

    /// A null takes no digits from what it stands beside in a union, and neither it nor a literal makes room there for the longest text.
    fn cast(&self, of: &str, ty: Type) -> String {
        let within = of.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
        let literal = within.filter(|text| !text.replace("''", "").contains('\''));
        match (of, ty, literal) {
            ("null", Type::Decimal, _) => "cast(null as numeric(1, 0))".to_owned(),
            ("null", Type::Text | Type::Null, _) => "cast(null as varchar(1))".to_owned(),
            (_, Type::Text, Some(text)) => format!("cast({of} as varchar({}))", text.len().max(1)),
            _ => format!("cast({of} as {})", self.type_name(ty)),
        }
    }

    fn wants_types(&self) -> bool {
        true
    }

    /// There is no remainder of floating-point numbers, and a decimal of one has not all of its digits.
    fn lacks(&self) -> &'static [(&'static str, Type)] {
        &[("mod", Type::Double)]
    }

    fn spelling(&self, function: &str, ty: &dyn Fn(usize) -> Type) -> Spelling {
        spelled::spelling(function, ty)
    }

    /// The first row says what the columns are called and of what type they are; a text has its own length in each.
    fn rows(&self, columns: &[(String, Type)], rows: &[Vec<String>]) -> Option<String> {
        let cell = |(at, (cell, (name, ty))): (usize, (&String, &(String, Type)))| match (at, ty) {
            (0, Type::Decimal) if cell != "null" => format!("{cell} as {name}"),
            (0, _) => format!("{} as {name}", self.cast(cell, *ty)),
            (_, Type::Text | Type::Null) => self.cast(cell, *ty),
            _ => cell.clone(),
        };
        let row = |(at, row): (usize, &Vec<String>)| {
            let cells: Vec<String> = row.iter().zip(columns).map(|pair| cell((at, pair))).collect();
            format!("\n  select {}", cells.join(", "))
        };
        let rows: Vec<String> = rows.iter().enumerate().map(row).collect();
        Some(format!("({}\n)", rows.join(" union all")))
    }

    fn refuses(&self) -> &'static [&'static str] {
        &["value out of range: overflow", "function mod(double precision"]
    }

    /// One text of all, each after its length, so that no two are alike. Blanks at the end would not count.
    fn tuple(&self, parts: &[String]) -> String {
        let part = |part: &String| format!("cast(length({part}) as varchar(9)) || ':' || {part}");
        parts.iter().map(part).collect::<Vec<_>>().join(" || ',' || ") + " || '.'"
    }

    fn moved(&self, day: &str, count: i64, unit: Grain) -> String {
        let (part, length) = steps(unit);
        format!("cast(dateadd({part}, {}, {day}) as date)", count.saturating_mul(length))
    }

    fn truncated(&self, grain: Grain, of: &str) -> String {
        format!("date_trunc('{grain}', cast({of} as timestamp))")
    }

    fn days_later(&self, of: &str, count: i64) -> String {
        format!("dateadd(day, {count}, {of})")
    }

    fn months_later(&self, of: &str, count: i64) -> String {
        format!("dateadd(month, {count}, {of})")
    }

    /// Days are counted by digits, the highest ones first: `generate_series` is none of the compute nodes. What is too late is left out at each digit, so
    /// that there are never many more than are wanted.
    fn days(&self, from: &str, before: &str, every: u32, unit: Grain) -> String {
        let (part, length) = steps(unit);
        let step = i64::from(every).saturating_mul(length);
        let all = match (literal(from), literal(before)) {
            (Some(from), Some(before)) => from.until(before).map_or(LONGEST, |span| i64::from(span.get_days())),
            _ => LONGEST,
        };
        let most = if part == "day" { all } else { all / 28 } / step.max(1) + 1;
        let digits = most.max(1).ilog10();
        let day = |steps: &str| match (step, steps.contains(' ')) {
            (1, _) => format!("dateadd({part}, {steps}, first_day)"),
            (_, true) => format!("dateadd({part}, ({steps}) * {step}, first_day)"),
            (_, false) => format!("dateadd({part}, {steps} * {step}, first_day)"),
        };
        let mut rows = format!("(select {from} as first_day, {before} as end_day) as bounds");
        for digit in (0..=digits).rev() {
            let size = 10_i64.pow(digit);
            let own = if digit == 0 { "digit".to_owned() } else { format!("digit * {size}") };
            let steps = if digit == digits { own } else { format!("steps + {own}") };
            let within = format!("from {rows} cross join {DIGITS} where {} < end_day", day(&steps));
            rows = match digit {
                0 => format!("(select cast({} as date) as day {within})", day(&steps)),
                _ => format!("(select {steps} as steps, first_day, end_day {within}) as by_{size}"),
            };
        }
        rows
    }

    fn shifted(&self, stored: &str, is_instant: bool, shift: &Shift) -> String {
        let stored = if is_instant { format!("({stored} at time zone 'UTC')") } else { stored.to_owned() };
        match shift {
            Shift::None => stored,
            Shift::Seconds(by) => format!("dateadd(second, {by}, {stored})"),
            Shift::Cases(cases, otherwise) => {
                let whens: String = cases.iter().map(|(condition, by)| format!("\n  when {condition} then {by}")).collect();
                format!("dateadd(second, case{whens}\n  else {otherwise}\nend, {stored})")
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

    /// `getdate()` is a reading in the session's zone, and so an instant again where it is cast.
    fn today(&self, zone: &str) -> String {
        format!("cast(cast(getdate() as timestamptz) at time zone {} as date)", self.text(zone))
    }

    fn view_end(&self) -> &'static str {
        "with no schema binding"
    }

    fn is_read_by_psql(&self) -> bool {
        true
    }

    fn comment<'a>(&self, line: &'a str) -> Cow<'a, str> {
        if line.contains('\\') { line.replace('\\', "/").into() } else { line.into() }
    }

    fn withstands(&self) -> &'static [Setting] {
        WITHSTANDS
    }
}

/// The digits, as rows.
const DIGITS: &str = "(select 0 as digit union all select 1 union all select 2 union all select 3 union all select 4 union all \
    select 5 union all select 6 union all select 7 union all select 8 union all select 9) as digits";

/// How many days there are from year 1 to 9999, where bounds are computed.
const LONGEST: i64 = 3_652_059;

/// The day that a literal says.
fn literal(day: &str) -> Option<Date> {
    day.strip_prefix("date '")?.strip_suffix('\'')?.parse().ok()
}

/// In what `dateadd` moves days by a unit, and by how many.
fn steps(unit: Grain) -> (&'static str, i64) {
    match unit {
        Grain::Day => ("day", 1),
        Grain::Week => ("day", 7),
        Grain::Month => ("month", 1),
        Grain::Quarter => ("month", 3),
        Grain::Year => ("month", 12),
    }
}

#[cfg(test)]
mod tests;
