//! Periods: where one begins, which one is so much earlier, and what it is called.

use super::project::{Calendar, Grain, Length};
use jiff::ToSpan;
use jiff::civil::{Date, date};

/// A day so many days later.
pub fn days(day: Date, count: i64) -> Date {
    day.saturating_add(count.days())
}

/// A day so many months later; within a shorter month it is the month's last.
pub fn months(day: Date, count: i32) -> Date {
    day.saturating_add(count.months())
}

/// A day so much earlier by the civil calendar.
pub fn earlier(day: Date, length: Length) -> Date {
    match length.unit {
        Grain::Day => days(day, -i64::from(length.count)),
        Grain::Week => days(day, -7 * i64::from(length.count)),
        Grain::Month => months(day, -length.count),
        Grain::Quarter => months(day, -3 * length.count),
        Grain::Year => months(day, -12 * length.count),
    }
}

impl Calendar {
    /// The first day of the period of a grain that holds a day.
    pub fn period(&self, grain: Grain, day: Date) -> Date {
        let into_year = (i32::from(day.month()) - i32::from(self.fiscal_month)).rem_euclid(12);
        let month = day.first_of_month();
        match grain {
            Grain::Day => day,
            Grain::Week => days(day, -i64::from(self.week_starts.until(day.weekday()))),
            Grain::Month => month,
            Grain::Quarter => months(month, -(into_year % 3)),
            Grain::Year => months(month, -into_year),
        }
    }

    /// The first day of the period so many periods later.
    pub fn later(grain: Grain, start: Date, count: i32) -> Date {
        earlier(start, Length { count: -count, unit: grain })
    }

    /// The first day after the period that begins on a day.
    pub fn end(grain: Grain, start: Date) -> Date {
        Self::later(grain, start, 1)
    }

    /// Rule 3: the earlier of the period's end and the end of `as_of`, as the first day that is not in it.
    pub fn anchor(&self, grain: Grain, start: Date) -> Date {
        Self::end(grain, start).min(days(self.as_of, 1))
    }

    /// Rule 7: the period so much earlier, by the calendar. Nothing if the length is no whole number of periods.
    pub fn back(grain: Grain, start: Date, length: Option<Length>) -> Option<Date> {
        let Some(Length { count, unit }) = length else { return Some(Self::later(grain, start, -1)) };
        let whole = |count: i32, of: i32| (count % of == 0).then_some(count / of);
        let periods = match (grain, unit) {
            // The same date, clamped to the month's end.
            (Grain::Day, _) => return Some(earlier(start, Length { count, unit })),
            (Grain::Week, Grain::Day) => whole(count, 7)?,
            (Grain::Week, Grain::Week) => count,
            (Grain::Week, Grain::Quarter) => 13 * count,
            (Grain::Week, Grain::Year) => 52 * count,
            (Grain::Week, Grain::Month) | (_, Grain::Day | Grain::Week) => return None,
            (grain, unit) => {
                let months = |grain| match grain {
                    Grain::Quarter => 3,
                    Grain::Year => 12,
                    _ => 1,
                };
                whole(count * months(unit), months(grain))?
            }
        };
        Some(Self::later(grain, start, -periods))
    }

    /// Whether periods of one grain hold whole periods of another.
    pub fn nests(inner: Grain, outer: Grain) -> bool {
        inner == Grain::Day || inner == outer || inner != Grain::Week && outer != Grain::Week && inner < outer
    }

    /// Rule 8: the periods that are shown, each by its first day.
    pub fn shown(&self, grain: Grain) -> Vec<Date> {
        let holding = self.period(grain, self.start);
        let mut start = if holding < self.start { Self::end(grain, holding) } else { holding };
        let mut all = Vec::new();
        while start <= self.as_of {
            all.push(start);
            start = Self::end(grain, start);
        }
        all
    }

    /// What the period that begins on a day is called. Quarters and years go by the year they end in, weeks by the one that
    /// holds their fourth day.
    pub fn label(&self, grain: Grain, start: Date) -> String {
        let fiscal_year = days(months(self.period(Grain::Year, start), 12), -1).year();
        match grain {
            Grain::Day => start.to_string(),
            Grain::Week => {
                let fourth = days(start, 3);
                let first = self.period(Grain::Week, date(fourth.year(), 1, 4));
                let week = first.until(start).unwrap().get_days() / 7 + 1;
                format!("{}-W{week:02}", fourth.year())
            }
            Grain::Month => format!("{}-{:02}", start.year(), start.month()),
            Grain::Quarter => {
                let into_year = (i32::from(start.month()) - i32::from(self.fiscal_month)).rem_euclid(12);
                format!("{fiscal_year}-Q{}", into_year / 3 + 1)
            }
            Grain::Year => fiscal_year.to_string(),
        }
    }
}
