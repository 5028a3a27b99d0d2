//! A small calendar, by counting: days, the periods they begin, and the time of New York in 2013. It shares nothing with the
//! calendar of kpic, which it is there to check.

use std::fmt;

/// The days before each month of a year that is no leap year.
const DAYS_BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

/// A day, as the number of days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Day(pub i64);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grain {
    Day,
    Week,
    Month,
    Quarter,
}

/// From `start` up to `end`, which is the first day of the next.
#[derive(Clone, Copy)]
pub(crate) struct Period {
    pub start: Day,
    pub end: Day,
    /// Whether it is over at the end of the last visible day.
    pub is_over: bool,
}

impl Day {
    pub(crate) fn of(year: i64, month: i64, day: i64) -> Self {
        let is_after_leap_day = is_leap(year) && month > 2;
        Self(days_before(year) + DAYS_BEFORE[usize::try_from(month - 1).unwrap()] + i64::from(is_after_leap_day) + day - 1)
    }

    /// A day as it is written: 1997-01-31.
    pub(crate) fn parse(text: &str) -> Self {
        let parts: Vec<i64> = text.split('-').map(|part| part.parse().unwrap()).collect();
        assert_eq!(parts.len(), 3, "{text} is not a day");
        Self::of(parts[0], parts[1], parts[2])
    }

    pub(crate) fn year_month_day(self) -> (i64, i64, i64) {
        let mut year = 1970 + self.0 / 366;
        while self.0 >= days_before(year + 1) {
            year += 1;
        }
        let mut month = 12;
        while self < Self::of(year, month, 1) {
            month -= 1;
        }
        (year, month, self.0 - Self::of(year, month, 1).0 + 1)
    }

    pub(crate) fn plus(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    pub(crate) fn first_of_month(self) -> Self {
        let (year, month, _) = self.year_month_day();
        Self::of(year, month, 1)
    }

    pub(crate) fn first_of_year(self) -> Self {
        Self::of(self.year_month_day().0, 1, 1)
    }

    fn begins(self, grain: Grain) -> bool {
        match grain {
            Grain::Day => true,
            // 1970-01-01 was a Thursday, 1970-01-05 a Monday.
            Grain::Week => (self.0 - 4) % 7 == 0,
            Grain::Month => self.year_month_day().2 == 1,
            Grain::Quarter => matches!(self.year_month_day(), (_, 1 | 4 | 7 | 10, 1)),
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.year_month_day();
        write!(out, "{year:04}-{month:02}-{day:02}")
    }
}

/// Every period that begins on one of the days from `start` to `as_of`.
pub(crate) fn periods(grain: Grain, start: Day, as_of: Day) -> Vec<Period> {
    let mut periods = Vec::new();
    let mut day = start;
    while day <= as_of {
        let mut next = day.plus(1);
        if day.begins(grain) {
            while !next.begins(grain) {
                next = next.plus(1);
            }
            periods.push(Period { start: day, end: next, is_over: next <= as_of.plus(1) });
        }
        day = next;
    }
    periods
}

/// The day and the hour in New York at an instant of 2013, given in seconds since 1970-01-01 00:00 UTC.
pub(crate) fn in_new_york(seconds: i64) -> (Day, i64) {
    let hour = 3600;
    let summer_begins = Day::of(2013, 3, 10).0 * 24 * hour + 7 * hour;
    let summer_ends = Day::of(2013, 11, 3).0 * 24 * hour + 6 * hour;
    let is_summer = seconds >= summer_begins && seconds < summer_ends;
    let local = seconds - if is_summer { 4 * hour } else { 5 * hour };
    (Day(local.div_euclid(24 * hour)), local.rem_euclid(24 * hour) / hour)
}

fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

/// The days from 1970-01-01 to the first day of a year.
fn days_before(year: i64) -> i64 {
    let leap_days = |year: i64| year / 4 - year / 100 + year / 400;
    (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969)
}

#[test]
fn days_are_counted_right() {
    for (text, days) in
        [("1970-01-01", 0), ("1972-03-01", 790), ("1997-01-01", 9862), ("2000-02-29", 11016), ("2013-12-31", 16070)]
    {
        assert_eq!(Day::parse(text).0, days);
        assert_eq!(Day(days).to_string(), text);
    }
    let weeks = periods(Grain::Week, Day::of(2013, 1, 1), Day::of(2013, 12, 31));
    assert_eq!(weeks[0].start.to_string(), "2013-01-07");
    assert_eq!(weeks.last().unwrap().start.to_string(), "2013-12-30");
    assert_eq!(weeks.iter().filter(|week| !week.is_over).count(), 1);
    assert_eq!(periods(Grain::Quarter, Day::of(1997, 1, 2), Day::of(1998, 6, 30)).len(), 5);
}

#[test]
fn clocks_change_in_new_york() {
    let at = |day: Day, hour: i64| in_new_york((day.0 * 24 + hour) * 3600);
    let (spring, autumn) = (Day::of(2013, 3, 10), Day::of(2013, 11, 3));
    assert_eq!(at(spring, 4), (Day::of(2013, 3, 9), 23));
    assert_eq!((at(spring, 6).1, at(spring, 7).1), (1, 3));
    assert_eq!((at(autumn, 4).1, at(autumn, 5).1, at(autumn, 6).1, at(autumn, 7).1), (0, 1, 1, 2));
}
