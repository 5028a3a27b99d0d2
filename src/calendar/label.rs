//! What a period is called: `2025-01-31`, `2025-W05`, `2025-01`, `2025-Q1`, `2025`.

use super::{Calendar, Date, Grain, Weekday, add_days, add_months};

/// A period by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Label {
    /// A day.
    Day(Date),
    /// A week of a year.
    Week(i16, i8),
    /// A month.
    Month(i16, i8),
    /// A quarter of a fiscal year.
    Quarter(i16, i8),
    /// A fiscal year.
    Year(i16),
}

impl Label {
    /// Reads a label; nothing if the text is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = |text: &str, count: usize| {
            (text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse::<i16>().ok())?
        };
        let small = |text: &str, count: usize, most: i16| {
            digits(text, count).filter(|number| (1..=most).contains(number)).and_then(|number| i8::try_from(number).ok())
        };
        let mut parts = text.split('-');
        let year = digits(parts.next()?, 4)?;
        let label = match (parts.next(), parts.next()) {
            (None, _) => Label::Year(year),
            (Some(part), None) => match part.strip_prefix('Q') {
                Some(quarter) => Label::Quarter(year, small(quarter, 1, 4)?),
                None => match part.strip_prefix('W') {
                    Some(week) => Label::Week(year, small(week, 2, 53)?),
                    None => Label::Month(year, small(part, 2, 12)?),
                },
            },
            (Some(month), Some(day)) => Label::Day(Date::new(year, small(month, 2, 12)?, small(day, 2, 31)?).ok()?),
        };
        parts.next().is_none().then_some(label)
    }

    /// Why a text that is written as a day or week is none: there is no such one.
    pub fn absent(text: &str) -> Option<String> {
        let mut parts = text.split('-');
        let year = parts.next().filter(|part| part.len() == 4)?.parse::<i16>().ok()?;
        let small = |part: &str| (part.len() == 2).then(|| part.parse::<i8>().ok())?;
        match (parts.next()?, parts.next(), parts.next()) {
            (month, Some(day), None) => {
                let (month, day) = (small(month)?, small(day)?);
                let first = Date::new(year, month, 1).ok()?;
                let last = add_days(add_months(first, 1), -1).day();
                (day < 1 || day > last).then(|| format!("there is no day {text}: its month has {last} days"))
            }
            (week, None, None) => {
                let week = small(week.strip_prefix('W')?)?;
                (!(1..=52).contains(&week)).then(|| format!("there is no week {text}"))
            }
            _ => None,
        }
    }

    /// The grain of the period.
    pub fn grain(self) -> Grain {
        match self {
            Label::Day(_) => Grain::Day,
            Label::Week(..) => Grain::Week,
            Label::Month(..) => Grain::Month,
            Label::Quarter(..) => Grain::Quarter,
            Label::Year(_) => Grain::Year,
        }
    }

    /// The first day of the period; nothing if the calendar has no such period (week 53 of a year with 52).
    ///
    /// Weeks are counted as ISO 8601 counts them, whatever day they start on: a week belongs to the year that holds its fourth
    /// day.
    pub fn start(self, calendar: &Calendar) -> Option<Date> {
        let start = match self {
            Label::Day(day) => day,
            Label::Week(year, week) => {
                let fourth = Date::new(year, 1, 4).ok()?;
                add_days(calendar.period_start(Grain::Week, fourth), 7 * (i64::from(week) - 1))
            }
            Label::Month(year, month) => Date::new(year, month, 1).ok()?,
            Label::Quarter(year, quarter) => add_months(calendar.fiscal_year_start(year)?, 3 * (i64::from(quarter) - 1)),
            Label::Year(year) => calendar.fiscal_year_start(year)?,
        };
        (Label::of(self.grain(), start, calendar) == self).then_some(start)
    }

    /// The label of the period of `grain` that starts on `start`.
    pub fn of(grain: Grain, start: Date, calendar: &Calendar) -> Self {
        match grain {
            Grain::Day => Label::Day(start),
            Grain::Week => {
                let fourth = add_days(start, 3);
                let week = i8::try_from((fourth.day_of_year() - 1) / 7 + 1).unwrap_or(1);
                Label::Week(fourth.year(), week)
            }
            Grain::Month => Label::Month(start.year(), start.month()),
            Grain::Quarter => {
                let year = calendar.fiscal_year(start);
                let months = i64::from((start.month() - calendar.fiscal_month).rem_euclid(12));
                Label::Quarter(year, i8::try_from(months / 3 + 1).unwrap_or(1))
            }
            Grain::Year => Label::Year(calendar.fiscal_year(start)),
        }
    }
}

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Label::Day(day) => write!(f, "{day}"),
            Label::Week(year, week) => write!(f, "{year:04}-W{week:02}"),
            Label::Month(year, month) => write!(f, "{year:04}-{month:02}"),
            Label::Quarter(year, quarter) => write!(f, "{year:04}-Q{quarter}"),
            Label::Year(year) => write!(f, "{year:04}"),
        }
    }
}

/// The weekday of that name.
pub(super) fn weekday(text: &str) -> Option<Weekday> {
    Some(match text {
        "monday" => Weekday::Monday,
        "tuesday" => Weekday::Tuesday,
        "wednesday" => Weekday::Wednesday,
        "thursday" => Weekday::Thursday,
        "friday" => Weekday::Friday,
        "saturday" => Weekday::Saturday,
        "sunday" => Weekday::Sunday,
        _ => return None,
    })
}

impl Calendar {
    /// The names of weekdays as specs write them.
    pub const WEEKDAYS: &'static [&'static str] =
        &["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    /// The names of months as specs write them.
    pub const MONTHS: &'static [&'static str] = &[
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];

    /// The weekday of that name.
    pub fn weekday(text: &str) -> Option<Weekday> {
        weekday(text)
    }

    /// The number of the month of that name, from 1.
    pub fn month(text: &str) -> Option<i8> {
        let at = Self::MONTHS.iter().position(|month| *month == text)?;
        i8::try_from(at + 1).ok()
    }
}

/// The day that was probably meant by a text that is none: `2024-1-31`, `2024/01/31`, `20240131`, `31.01.2024`, `2024-01-31 10:00`.
///
/// Where it is not clear which number is the day and which the month, nothing is guessed.
pub fn meant_day(text: &str) -> Option<Date> {
    let day = text.trim().split(['T', ' ']).next()?;
    let numbers: Option<Vec<i16>> = if day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit()) {
        [0..4, 4..6, 6..8].into_iter().map(|part| day.get(part)?.parse().ok()).collect()
    } else {
        day.split(['-', '/', '.']).map(|part| part.parse().ok()).collect()
    };
    let (year, month, day_of_month) = match *numbers? {
        [year, month, day] if year >= 1000 => (year, month, day),
        [day, month, year] if year >= 1000 && (text.contains('.') || day > 12) => (year, month, day),
        [month, day, year] if year >= 1000 && day > 12 => (year, month, day),
        _ => return None,
    };
    Date::new(year, month.try_into().ok()?, day_of_month.try_into().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::AsOf;

    fn calendar(week_starts: Weekday, fiscal_month: i8) -> Calendar {
        let start = "2023-01-01".parse().unwrap();
        Calendar { week_starts, fiscal_month, ..Calendar::plain(start, AsOf::Today) }
    }

    fn start(text: &str, calendar: &Calendar) -> Option<String> {
        Label::parse(text)?.start(calendar).map(|day| day.to_string())
    }

    #[test]
    fn labels_name_the_first_day_of_their_period() {
        let plain = calendar(Weekday::Monday, 1);
        assert_eq!(start("2024-02-29", &plain).as_deref(), Some("2024-02-29"));
        assert_eq!(start("2024-02", &plain).as_deref(), Some("2024-02-01"));
        assert_eq!(start("2024-Q2", &plain).as_deref(), Some("2024-04-01"));
        assert_eq!(start("2024", &plain).as_deref(), Some("2024-01-01"));
        // ISO 8601: 2020 has 53 weeks, 2021 starts on Monday 4 January.
        assert_eq!(start("2020-W53", &plain).as_deref(), Some("2020-12-28"));
        assert_eq!(start("2021-W01", &plain).as_deref(), Some("2021-01-04"));
        assert_eq!(start("2021-W53", &plain), None);
        for bad in ["2024-13", "2023-02-29", "2024-Q5", "24", "2024-1", "2024-W00", "2024-01-01-01", "", "x"] {
            assert_eq!(start(bad, &plain), None, "{bad}");
        }
    }

    #[test]
    fn fiscal_labels_carry_the_year_in_which_they_end() {
        let february = calendar(Weekday::Monday, 2);
        assert_eq!(start("2025", &february).as_deref(), Some("2024-02-01"));
        assert_eq!(start("2025-Q1", &february).as_deref(), Some("2024-02-01"));
        assert_eq!(start("2025-Q4", &february).as_deref(), Some("2024-11-01"));
    }

    #[test]
    fn every_label_reads_back() {
        let calendars = [calendar(Weekday::Monday, 1), calendar(Weekday::Sunday, 7), calendar(Weekday::Wednesday, 12)];
        for calendar in &calendars {
            let mut day: Date = "2019-12-20".parse().unwrap();
            for _ in 0..900 {
                day = add_days(day, 1);
                for grain in Grain::ALL {
                    let start = calendar.period_start(grain, day);
                    let label = Label::of(grain, start, calendar);
                    assert_eq!(Label::parse(&label.to_string()), Some(label));
                    assert_eq!(label.start(calendar), Some(start), "{label}");
                }
            }
        }
    }
}
