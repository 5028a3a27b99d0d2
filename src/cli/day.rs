//! The day that it is, for a command that writes it or counts from it.

use crate::calendar::{AsOf, Calendar, Date, Label, Zone, meant_day};

/// The current day of a zone.
pub(super) fn today(zone: &Zone) -> Date {
    let zone = jiff::tz::TimeZone::get(zone.name()).unwrap_or(jiff::tz::TimeZone::UTC);
    jiff::Timestamp::now().to_zoned(zone).date()
}

/// The last visible day of a project.
pub(super) fn last(calendar: &Calendar) -> Date {
    match calendar.as_of {
        AsOf::Day(day) => day,
        AsOf::Today => today(&calendar.zone),
    }
}

/// Reads a day on the command line.
pub(super) fn parse(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| match meant_day(text) {
        Some(day) => format!("write the day as {day}"),
        None => Label::absent(text).unwrap_or_else(|| "expected a day such as 2025-01-31".to_owned()),
    })
}
