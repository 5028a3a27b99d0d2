//! Periods: where one begins, which one is so much earlier, and what it is called.

use super::project::{Calendar, Custom, Grain, Length};
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

/// Where `prior` leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Back {
    /// To the period that begins on that day.
    To(Date),
    /// To before the day from which data is whole.
    Before,
    /// To a period that a calendar of one's own does not have: the 53rd week of a year of 52.
    Nowhere,
}

impl Calendar {
    /// The first day of the period of a grain that holds a day; nothing outside a calendar of one's own.
    pub fn period(&self, grain: Grain, day: Date) -> Option<Date> {
        match &self.custom {
            Some(custom) => custom.period(grain, day),
            None => Some(self.by_rules(grain, day)),
        }
    }

    /// The same by the rules that hold where there is no such calendar.
    pub fn by_rules(&self, grain: Grain, day: Date) -> Date {
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

    /// The first day of the period so many periods later; nothing outside a calendar of one's own.
    pub fn later(&self, grain: Grain, start: Date, count: i32) -> Option<Date> {
        match &self.custom {
            Some(custom) => custom.later(grain, start, count),
            None => Some(earlier(start, Length { count: -count, unit: grain })),
        }
    }

    /// The first day after the period that begins on a day, as far as it is known.
    pub fn end(&self, grain: Grain, start: Date) -> Date {
        match &self.custom {
            Some(custom) => custom.later(grain, start, 1).unwrap_or_else(|| days(custom.last, 1)),
            None => earlier(start, Length { count: -1, unit: grain }),
        }
    }

    /// Whether it is known when a period ends: in a calendar of one's own the last one may go on.
    pub fn end_is_known(&self, grain: Grain, start: Date) -> bool {
        let custom = self.custom.as_ref().filter(|_| grain > Grain::Day);
        custom.is_none_or(|custom| custom.later(grain, start, 1).is_some())
    }

    /// Whether a calendar of one's own has all days that are needed, which is refused otherwise.
    pub fn is_sound(&self) -> bool {
        let reaches = |custom: &Custom| custom.first <= self.data_from && custom.last >= self.as_of;
        self.custom.as_ref().is_none_or(reaches)
    }

    /// The first day of a calendar of one's own: what is before is in no period.
    pub fn first_day(&self) -> Date {
        self.custom.as_ref().map_or(Date::MIN, |custom| custom.first)
    }

    /// Rule 3: the earlier of the period's end and the end of `as_of`, as the first day that is not in it.
    pub fn anchor(&self, grain: Grain, start: Date) -> Date {
        self.end(grain, start).min(days(self.as_of, 1))
    }

    /// Whether a length is a number of whole periods.
    pub fn fits(&self, grain: Grain, length: Option<Length>) -> bool {
        self.back(grain, self.start, length).is_some()
    }

    /// Rule 7: the period so much earlier, by the calendar. Nothing if the length is no whole number of periods.
    pub fn back(&self, grain: Grain, start: Date, length: Option<Length>) -> Option<Back> {
        let length = length.unwrap_or(Length { count: 1, unit: grain });
        if let Some(custom) = &self.custom {
            return (length.unit >= grain).then(|| custom.back(self, grain, start, length));
        }
        let Length { count, unit } = length;
        let whole = |count: i32, of: i32| (count % of == 0).then_some(count / of);
        let periods = match (grain, unit) {
            // The same date, clamped to the month's end.
            (Grain::Day, _) => return Some(self.whole_at(earlier(start, Length { count, unit }))),
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
        Some(self.whole_at(earlier(start, Length { count: periods, unit: grain })))
    }

    /// Section 7, to date: the period so much earlier than the one that is not over, and the day in it that is as far in it as the last visible
    /// day is in that one. Nothing if the period is over, or there is none so much earlier.
    pub fn back_to_date(&self, grain: Grain, start: Date, length: Option<Length>) -> Option<(Date, Date)> {
        let end = self.end(grain, start);
        let is_over = end <= days(self.as_of, 1) && self.end_is_known(grain, start);
        let Some(Back::To(before)) = self.back(grain, start, length).filter(|_| !is_over) else { return None };
        let day = if self.custom.is_some() {
            // The day of the same number, or the last.
            let gone = start.until(days(self.anchor(grain, start), -1)).unwrap().get_days();
            days(before, i64::from(gone)).min(days(self.end(grain, before), -1))
        } else if grain <= Grain::Week {
            days(self.as_of, -i64::from(before.until(start).unwrap().get_days()))
        } else {
            let years = i32::from(start.year()) - i32::from(before.year());
            months(self.as_of, -(years * 12 + i32::from(start.month() - before.month())))
        };
        Some((before, day))
    }

    fn whole_at(&self, start: Date) -> Back {
        if start >= self.data_from { Back::To(start) } else { Back::Before }
    }

    /// How long the last so many periods of a grain are that end with the one that holds a day: their first day. Nothing if a calendar of
    /// one's own does not reach back so far.
    pub fn first_of_last(&self, grain: Grain, day: Date, length: Length) -> Option<Date> {
        let last = self.period(grain, day)?;
        if length.unit == grain {
            return self.later(grain, last, 1 - length.count);
        }
        // By the rules: as much back from the one after it.
        Some(earlier(self.end(grain, last), length))
    }

    /// Whether periods of one grain hold whole periods of another.
    pub fn nests(&self, inner: Grain, outer: Grain) -> bool {
        if self.custom.as_ref().is_some_and(|custom| !custom.is_regular) {
            return inner <= outer;
        }
        inner == Grain::Day || inner == outer || inner != Grain::Week && outer != Grain::Week && inner < outer
    }

    /// Rule 8: the periods that are shown, each by its first day.
    pub fn shown(&self, grain: Grain) -> Vec<Date> {
        self.from(grain, self.start)
    }

    /// The visible periods that begin on or after a day.
    pub fn from(&self, grain: Grain, day: Date) -> Vec<Date> {
        let mut all = Vec::new();
        let mut next = self.period(grain, day);
        while let Some(start) = next.filter(|start| *start <= self.as_of) {
            all.extend((start >= day).then_some(start));
            next = self.later(grain, start, 1);
        }
        all
    }

    /// What the period that begins on a day is called. Quarters and years go by the year they end in, weeks by the one that
    /// holds their fourth day.
    pub fn label(&self, grain: Grain, start: Date) -> String {
        if self.custom.is_some() {
            return start.to_string();
        }
        let fiscal_year = days(months(self.by_rules(Grain::Year, start), 12), -1).year();
        match grain {
            Grain::Day => start.to_string(),
            Grain::Week => {
                let fourth = days(start, 3);
                let first = self.by_rules(Grain::Week, date(fourth.year(), 1, 4));
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

impl Custom {
    fn starts(&self, grain: Grain) -> &[Date] {
        &self.starts[grain as usize - 1]
    }

    fn period(&self, grain: Grain, day: Date) -> Option<Date> {
        if grain == Grain::Day {
            return Some(day);
        }
        let starts = self.starts(grain);
        let inside = day >= self.first && day <= self.last;
        inside.then(|| starts[starts.partition_point(|start| *start <= day) - 1])
    }

    fn later(&self, grain: Grain, start: Date, count: i32) -> Option<Date> {
        if grain == Grain::Day {
            let day = days(start, i64::from(count));
            return (day >= self.first && day <= self.last).then_some(day);
        }
        let at = i32::try_from(self.starts(grain).binary_search(&start).ok()?).unwrap();
        self.starts(grain).get(usize::try_from(at + count).ok()?).copied()
    }

    /// The longer period in which a period ends, by its place.
    fn unit(&self, calendar: &Calendar, grain: Grain, start: Date, unit: Grain) -> usize {
        let last = days(calendar.end(grain, start), -1);
        self.starts(unit).partition_point(|start| *start <= last) - 1
    }

    /// The periods of a longer one, if it is known which of its periods they are: not if it began before the first day.
    fn periods_of(&self, calendar: &Calendar, grain: Grain, unit: Grain, at: usize) -> Vec<Date> {
        if self.starts(unit)[at] < self.first {
            return Vec::new();
        }
        let first = if grain == Grain::Day { self.first } else { self.starts(grain)[0] };
        let all = std::iter::successors(Some(first), |start| self.later(grain, *start, 1));
        all.filter(|start| self.unit(calendar, grain, *start, unit) == at).collect()
    }

    /// The period of the same number within a longer one so many of these before, or the one so many periods before.
    fn back(&self, calendar: &Calendar, grain: Grain, start: Date, length: Length) -> Back {
        let count = usize::try_from(length.count).unwrap();
        if length.unit == grain {
            return self.later(grain, start, -length.count).map_or(Back::Before, |start| calendar.whole_at(start));
        }
        let own = self.unit(calendar, grain, start, length.unit);
        let Some(at) = own.checked_sub(count) else { return Back::Before };
        let number = self.periods_of(calendar, grain, length.unit, own).iter().position(|known| *known == start);
        let there = self.periods_of(calendar, grain, length.unit, at);
        if let Some(found) = number.and_then(|number| there.get(number)) {
            return calendar.whole_at(*found);
        }
        // There is none: after data has become whole that is known.
        let after = self.periods_of(calendar, grain, length.unit, at + 1);
        if after.first().is_some_and(|after| *after > calendar.data_from) { Back::Nowhere } else { Back::Before }
    }
}
