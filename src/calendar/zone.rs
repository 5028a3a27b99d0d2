//! Time zones: how far a clock has to be moved to show the project's civil time, and which instants a civil day holds.
//!
//! A conversion between two clocks is constant between the days on which one of them is changed. [`Pieces`] lists those
//! constants, so that SQL can convert with one `CASE` and does not depend on an engine's or session's zone.

use super::{Date, DateTime};
use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use std::fmt;

/// A time zone of the tz database.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    rules: TimeZone,
    is_fixed: bool,
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// How to move one clock to show what another shows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pieces {
    /// Seconds to add before the first change.
    pub first: i64,
    /// From that reading of the moved clock on: seconds to add.
    pub then: Vec<(DateTime, i64)>,
}

/// Where a civil day starts on a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayStart {
    /// The reading of the clock from which on it can be that day.
    pub at: DateTime,
    /// Whether every reading before it is an earlier day and every one from it on is not. False only where the clock is put back
    /// across midnight.
    pub exact: bool,
}

impl Zone {
    /// Universal time.
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), rules: TimeZone::UTC, is_fixed: true }
    }

    /// The zone of that name, `Europe/Berlin`.
    pub fn named(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("utc") {
            return Some(Self::utc());
        }
        let zone = TimeZone::get(name).ok()?;
        let name = zone.iana_name().unwrap_or(name).to_owned();
        let is_fixed = never_changes(&zone);
        Some(Self { name, rules: zone, is_fixed })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether its clock is never changed, so that each reading is one instant: there has been no change since 1970, and no rule
    /// makes one.
    pub fn is_fixed(&self) -> bool {
        self.is_fixed
    }

    /// Its name for an engine: `UTC` for all names of that clock, which the engine then need not look up.
    pub fn clock(&self) -> &str {
        // Some clocks that have not been changed for long were a few minutes off before.
        let same_in = |year| self.offset(DateTime::constant(year, 1, 1, 0, 0, 0, 0)) == 0;
        let is_utc = self.is_fixed && same_in(1800) && same_in(2000);
        if is_utc { "UTC" } else { &self.name }
    }

    /// How far this zone's clock is ahead of UTC at `utc`, in seconds.
    fn offset(&self, utc: DateTime) -> i64 {
        instant(utc).map_or(0, |instant| i64::from(self.rules.to_offset(instant).seconds()))
    }

    /// The changes of this zone's clock between two readings of UTC, each with the offsets before and after.
    fn changes(&self, from: DateTime, to: DateTime) -> Vec<(DateTime, i64, i64)> {
        let (Some(first), Some(last)) = (instant(from), instant(to)) else { return Vec::new() };
        let mut before = self.offset(from);
        let mut changes = Vec::new();
        for change in self.rules.following(first) {
            if change.timestamp() >= last {
                break;
            }
            let after = i64::from(change.offset().seconds());
            if after != before {
                changes.push((TimeZone::UTC.to_datetime(change.timestamp()), before, after));
            }
            before = after;
        }
        changes
    }

    /// How to move this zone's clock so that it shows `target`'s time, right for all readings from `from` to `to`.
    ///
    /// A reading that this zone skips (in spring) counts as if the clock had not been changed yet; one that it shows twice (in
    /// autumn) counts as the first of the two.
    pub fn pieces_to(&self, target: &Zone, from: Date, to: Date) -> Pieces {
        let start = super::add_days(from, -2).to_datetime(Time::midnight());
        let end = super::add_days(to, 3).to_datetime(Time::midnight());
        let own = self.changes(start, end);
        // Readings of this clock at which this zone's offset is another from then on.
        let mut readings: Vec<DateTime> = own.iter().map(|(utc, before, after)| moved(*utc, *before.max(after))).collect();
        let offsets: Vec<i64> =
            own.iter().flat_map(|(_, before, after)| [*before, *after]).chain([self.offset(start)]).collect();
        for (utc, _, _) in target.changes(start, end) {
            readings.extend(offsets.iter().map(|offset| moved(utc, *offset)));
        }
        readings.sort_unstable();
        readings.dedup();
        let own_offset = |reading: DateTime| {
            let changed = own.iter().rev().find(|(utc, before, after)| moved(*utc, *before.max(after)) <= reading);
            changed.map_or_else(|| self.offset(start), |(_, _, after)| *after)
        };
        let shift = |reading: DateTime| {
            let utc = moved(reading, -own_offset(reading));
            target.offset(utc) - own_offset(reading)
        };
        let low = from.to_datetime(Time::midnight());
        let high = super::add_days(to, 1).to_datetime(Time::midnight());
        let first = shift(low);
        let mut then: Vec<(DateTime, i64)> = Vec::new();
        for reading in readings {
            let last = then.last().map_or(first, |(_, seconds)| *seconds);
            let seconds = shift(reading);
            if reading > low && reading < high && seconds != last {
                then.push((reading, seconds));
            }
        }
        Pieces { first, then }
    }

    /// From which reading of this zone's clock on `target` shows the day `day`.
    pub fn bound(&self, target: &Zone, day: Date) -> DayStart {
        let pieces = self.pieces_to(target, super::add_days(day, -3), super::add_days(day, 3));
        let midnight = day.to_datetime(Time::midnight());
        // Within each piece the day starts at one reading; look where the pieces agree that it has started.
        let mut starts: Vec<(DateTime, Option<DateTime>, i64)> = Vec::new();
        let low = super::add_days(day, -3).to_datetime(Time::midnight());
        let mut begin = low;
        let mut seconds = pieces.first;
        for (next, then) in &pieces.then {
            starts.push((begin, Some(*next), seconds));
            (begin, seconds) = (*next, *then);
        }
        starts.push((begin, None, seconds));
        let mut first_in: Option<DateTime> = None;
        let mut back_out = false;
        for (begin, end, seconds) in starts {
            let crossing = moved(midnight, -seconds);
            let inside_from = crossing.max(begin);
            if end.is_some_and(|end| inside_from >= end) {
                // The whole piece is before the day.
                back_out |= first_in.is_some();
            } else {
                back_out |= first_in.is_some() && inside_from > begin;
                first_in.get_or_insert(inside_from);
            }
        }
        DayStart { at: first_in.unwrap_or(midnight), exact: !back_out }
    }
}

/// Names of zones, for suggestions.
pub fn known_zones() -> Vec<String> {
    let mut names: Vec<String> = jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect();
    names.sort();
    names
}

/// Whether a zone has had one offset since 1970, and will have it.
fn never_changes(zone: &TimeZone) -> bool {
    let offset = zone.to_offset(Timestamp::UNIX_EPOCH);
    zone.following(Timestamp::UNIX_EPOCH).all(|change| change.offset() == offset)
}

fn instant(utc: DateTime) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(utc).ok()
}

fn moved(reading: DateTime, seconds: i64) -> DateTime {
    jiff::Span::new().try_seconds(seconds).map_or(reading, |span| reading.saturating_add(span))
}

impl Pieces {
    /// Whether the two clocks always show the same.
    pub fn is_nothing(&self) -> bool {
        self.first == 0 && self.then.is_empty()
    }

    /// What the other clock shows when this one shows `reading`.
    pub fn apply(&self, reading: DateTime) -> DateTime {
        let piece = self.then.iter().rev().find(|(from, _)| *from <= reading);
        moved(reading, piece.map_or(self.first, |(_, seconds)| *seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime {
        text.parse().unwrap()
    }

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn berlin_changes_its_clock_in_march_and_october() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let pieces = Zone::utc().pieces_to(&berlin, date("2024-01-01"), date("2024-12-31"));
        assert_eq!(pieces.first, 3600);
        assert_eq!(pieces.then, [(time("2024-03-31T01:00:00"), 7200), (time("2024-10-27T01:00:00"), 3600)]);
    }

    #[test]
    fn pieces_agree_with_the_database_hour_by_hour() {
        let zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/St_Johns", "UTC"];
        for source in zones {
            for target in zones {
                let source = Zone::named(source).unwrap();
                let target = Zone::named(target).unwrap();
                let pieces = source.pieces_to(&target, date("2005-12-01"), date("2007-12-31"));
                let mut reading = time("2006-01-01T00:07:00");
                while reading < time("2007-12-01T00:00:00") {
                    let instant = source.rules.to_ambiguous_timestamp(reading).compatible().unwrap();
                    assert_eq!(pieces.apply(reading), target.rules.to_datetime(instant), "{source:?} {target:?} {reading}");
                    reading = moved(reading, 1800);
                }
            }
        }
    }

    #[test]
    fn a_zone_is_fixed_if_its_clock_is_never_changed() {
        for name in ["UTC", "Etc/GMT+5", "Asia/Kolkata", "Asia/Tokyo", "Asia/Dubai", "Africa/Lagos"] {
            assert!(Zone::named(name).unwrap().is_fixed(), "{name}");
        }
        // Summer time, that of the southern half, half an hour, winter time, a day left out, summer time long given up.
        let zones =
            ["Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Europe/Dublin", "Pacific/Apia", "Asia/Shanghai"];
        for name in zones {
            assert!(!Zone::named(name).unwrap().is_fixed(), "{name}");
        }
    }

    #[test]
    fn a_day_begins_where_the_zone_says() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let bound = Zone::utc().bound(&berlin, date("2024-07-01"));
        assert_eq!(bound, DayStart { at: time("2024-06-30T22:00:00"), exact: true });
        // Midnight did not exist in São Paulo on 2018-11-04: the day started at 01:00.
        let brazil = Zone::named("America/Sao_Paulo").unwrap();
        let bound = Zone::utc().bound(&brazil, date("2018-11-04"));
        assert_eq!(bound, DayStart { at: time("2018-11-04T03:00:00"), exact: true });
        // At 00:01 on 2006-10-29 the clocks of St. John's went back to 23:01 of the day before.
        let newfoundland = Zone::named("America/St_Johns").unwrap();
        let bound = Zone::utc().bound(&newfoundland, date("2006-10-29"));
        assert_eq!(bound, DayStart { at: time("2006-10-29T02:30:00"), exact: false });
    }
}
