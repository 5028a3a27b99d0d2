//! Civil dates, grains and periods: when a period starts, what it is called, and which instants fall into it.
//!
//! Everything here is arithmetic on dates; no clock is read and no machine's time zone database is used (jiff carries its own).
//! A custom calendar's periods are data that only the warehouse has, so for it this module knows the grains and nothing else.

mod label;
mod stretch;
mod unit;
mod zone;

pub use jiff::civil::{Date, DateTime, Weekday};
pub use label::{Label, meant_day};
pub use stretch::Stretch;
pub use unit::TimeUnit;
pub use zone::{DayStart, Pieces, Zone, known_zones};

use jiff::Span as DateSpan;
use std::fmt;
use std::str::FromStr;

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grain {
    /// A day.
    Day,
    /// Seven days from the day on which the project's weeks start.
    Week,
    /// A month.
    Month,
    /// Three months, shifted by the fiscal year.
    Quarter,
    /// Twelve months, shifted by the fiscal year.
    Year,
}

impl Grain {
    /// All grains, finest first.
    pub const ALL: [Grain; 5] = [Grain::Day, Grain::Week, Grain::Month, Grain::Quarter, Grain::Year];
    /// Their names, finest first.
    pub const NAMES: [&'static str; 5] = ["day", "week", "month", "quarter", "year"];

    /// The grain's name: `month`.
    pub fn name(self) -> &'static str {
        match self {
            Grain::Day => "day",
            Grain::Week => "week",
            Grain::Month => "month",
            Grain::Quarter => "quarter",
            Grain::Year => "year",
        }
    }

    /// The grain of that name, in the singular or plural.
    pub fn parse(text: &str) -> Option<Self> {
        let singular = text.strip_suffix('s').unwrap_or(text);
        Grain::ALL.into_iter().find(|grain| grain.name() == singular)
    }

    /// The grain of figures that change as often as they are looked at: `weekly`, `monthly`.
    pub fn of_cadence(cadence: &str) -> Option<Self> {
        Some(match cadence {
            "daily" => Grain::Day,
            "weekly" | "biweekly" => Grain::Week,
            "monthly" => Grain::Month,
            "quarterly" => Grain::Quarter,
            "yearly" => Grain::Year,
            _ => return None,
        })
    }

    /// Whether periods of this grain never cross the border of a period of `outer`.
    ///
    /// In a custom calendar weeks are taken to make up months, quarters and years; `run` verifies it on the data.
    pub fn nests_in(self, outer: Grain, custom: bool) -> bool {
        match (self, outer) {
            (Grain::Day, _) => true,
            (Grain::Week, outer) => outer == Grain::Week || (custom && outer > Grain::Week),
            (inner, outer) => inner <= outer && outer != Grain::Week,
        }
    }
}

impl fmt::Display for Grain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Grain {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Grain::parse(text).ok_or(())
    }
}

/// A number of whole periods: `3 months`, as windows and `prior` count them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Length {
    /// How many.
    pub count: u32,
    /// Of which grain.
    pub unit: Grain,
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.count == 1 { "" } else { "s" };
        write!(f, "{} {}{plural}", self.count, self.unit)
    }
}

/// The last day whose data is visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// The engine's current date in the project's zone, read when a view is queried. Its last whole day is the day before.
    Today,
    /// A fixed day, which is whole.
    Day(Date),
}

/// The project's calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// The first period shown is the first that starts on or after this day.
    pub start: Date,
    /// Data is whole from this day on; never after `start`.
    pub data_from: Date,
    /// The last visible day.
    pub as_of: AsOf,
    /// How many days late data may take.
    pub settle: u32,
    /// The zone in which an instant falls into a day.
    pub zone: Zone,
    /// The first day of a week.
    pub week_starts: Weekday,
    /// The month with which the fiscal year starts, 1 to 12.
    pub fiscal_month: i8,
    /// Whether periods come from a calendar source instead.
    pub custom: bool,
}

impl Calendar {
    /// A calendar from `start` to `as_of` with weeks from Monday, years from January, and days in UTC.
    pub fn plain(start: Date, as_of: AsOf) -> Self {
        Self {
            start,
            data_from: start,
            as_of,
            settle: 0,
            zone: Zone::utc(),
            week_starts: Weekday::Monday,
            fiscal_month: 1,
            custom: false,
        }
    }

    /// The first day of the period that holds `day`.
    pub fn period_start(&self, grain: Grain, day: Date) -> Date {
        match grain {
            Grain::Day => day,
            Grain::Week => add_days(day, -i64::from(day.weekday().since(self.week_starts))),
            Grain::Month => day.first_of_month(),
            Grain::Quarter => add_months(day.first_of_month(), -(self.months_into_year(day) % 3)),
            Grain::Year => add_months(day.first_of_month(), -self.months_into_year(day)),
        }
    }

    /// The first day of the period after the one that starts on `start`.
    pub fn next(&self, grain: Grain, start: Date) -> Date {
        add(start, grain, 1)
    }

    /// The first period of `grain` that starts on or after `day`.
    pub fn first_from(&self, grain: Grain, day: Date) -> Date {
        let start = self.period_start(grain, day);
        if start < day { self.next(grain, start) } else { start }
    }

    /// How many months `day`'s month is after the first of its fiscal year.
    fn months_into_year(&self, day: Date) -> i64 {
        i64::from((day.month() - self.fiscal_month).rem_euclid(12))
    }

    /// The number of the fiscal year that holds `day`: that of the year in which it ends.
    pub fn fiscal_year(&self, day: Date) -> i16 {
        let start = self.period_start(Grain::Year, day);
        if self.fiscal_month == 1 { start.year() } else { start.year().saturating_add(1) }
    }

    /// The first day of the fiscal year of that number.
    pub fn fiscal_year_start(&self, year: i16) -> Option<Date> {
        let begins = if self.fiscal_month == 1 { year } else { year.checked_sub(1)? };
        Date::new(begins, self.fiscal_month, 1).ok()
    }
}

/// `day` moved by `count` units of a grain; within a shorter month the day is the month's last. Stays within the years that
/// dates can have.
pub fn add(day: Date, unit: Grain, count: i64) -> Date {
    match unit {
        Grain::Day => add_days(day, count),
        Grain::Week => add_days(day, count.saturating_mul(7)),
        Grain::Month => add_months(day, count),
        Grain::Quarter => add_months(day, count.saturating_mul(3)),
        Grain::Year => add_months(day, count.saturating_mul(12)),
    }
}

/// `day` moved by that many days.
pub fn add_days(day: Date, count: i64) -> Date {
    DateSpan::new().try_days(count).map_or(day, |span| day.saturating_add(span))
}

/// `day` moved by that many months, clamped to the month's end.
pub fn add_months(day: Date, count: i64) -> Date {
    DateSpan::new().try_months(count).map_or(day, |span| day.saturating_add(span))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn calendar(week_starts: Weekday, fiscal_month: i8) -> Calendar {
        Calendar { week_starts, fiscal_month, ..Calendar::plain(day("2023-01-01"), AsOf::Today) }
    }

    #[test]
    fn weeks_start_where_the_project_says() {
        let monday = calendar(Weekday::Monday, 1);
        let sunday = calendar(Weekday::Sunday, 1);
        // 2024-09-01 is a Sunday.
        assert_eq!(monday.period_start(Grain::Week, day("2024-09-01")), day("2024-08-26"));
        assert_eq!(sunday.period_start(Grain::Week, day("2024-09-01")), day("2024-09-01"));
        assert_eq!(sunday.period_start(Grain::Week, day("2024-08-31")), day("2024-08-25"));
    }

    #[test]
    fn fiscal_years_shift_quarters_and_years_and_are_named_by_their_end() {
        let february = calendar(Weekday::Monday, 2);
        assert_eq!(february.period_start(Grain::Quarter, day("2024-01-31")), day("2023-11-01"));
        assert_eq!(february.period_start(Grain::Quarter, day("2024-02-01")), day("2024-02-01"));
        assert_eq!(february.period_start(Grain::Year, day("2024-01-31")), day("2023-02-01"));
        assert_eq!(february.fiscal_year(day("2024-01-31")), 2024);
        assert_eq!(february.fiscal_year(day("2024-02-01")), 2025);
        assert_eq!(february.fiscal_year_start(2025), Some(day("2024-02-01")));
    }

    #[test]
    fn months_clamp_to_their_end() {
        assert_eq!(add_months(day("2024-03-31"), -1), day("2024-02-29"));
        assert_eq!(add_months(day("2023-03-31"), -1), day("2023-02-28"));
        assert_eq!(add(day("2024-02-29"), Grain::Year, -1), day("2023-02-28"));
    }

    #[test]
    fn the_first_period_starts_on_or_after_the_day() {
        let plain = calendar(Weekday::Monday, 1);
        assert_eq!(plain.first_from(Grain::Month, day("2023-01-01")), day("2023-01-01"));
        assert_eq!(plain.first_from(Grain::Month, day("2023-01-02")), day("2023-02-01"));
        assert_eq!(plain.first_from(Grain::Week, day("2023-01-01")), day("2023-01-02"));
    }

    #[test]
    fn what_nests() {
        assert!(Grain::Day.nests_in(Grain::Week, false));
        assert!(Grain::Month.nests_in(Grain::Quarter, false));
        assert!(!Grain::Week.nests_in(Grain::Month, false));
        assert!(Grain::Week.nests_in(Grain::Month, true));
        assert!(!Grain::Month.nests_in(Grain::Week, false));
        assert!(!Grain::Quarter.nests_in(Grain::Month, false));
    }

    #[test]
    fn arithmetic_at_the_ends_of_time_does_not_panic() {
        let plain = calendar(Weekday::Monday, 2);
        for end in [Date::MIN, Date::MAX] {
            for grain in Grain::ALL {
                plain.period_start(grain, end);
                plain.next(grain, end);
                add(end, grain, i64::MAX);
                add(end, grain, i64::MIN);
            }
        }
    }
}
