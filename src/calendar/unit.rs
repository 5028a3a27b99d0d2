//! Units of time, as durations and units of measurement have them.

use super::Grain;

/// A unit of time in a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimeUnit {
    /// A second.
    Second,
    /// 60 seconds.
    Minute,
    /// 60 minutes.
    Hour,
    /// 24 hours of civil time.
    Day,
    /// 7 days.
    Week,
    /// A calendar month.
    Month,
    /// 3 months.
    Quarter,
    /// 12 months.
    Year,
}

impl TimeUnit {
    /// All units, shortest first.
    pub const ALL: [TimeUnit; 8] = [
        TimeUnit::Second,
        TimeUnit::Minute,
        TimeUnit::Hour,
        TimeUnit::Day,
        TimeUnit::Week,
        TimeUnit::Month,
        TimeUnit::Quarter,
        TimeUnit::Year,
    ];

    /// Its name in the singular.
    pub fn name(self) -> &'static str {
        match self {
            TimeUnit::Second => "second",
            TimeUnit::Minute => "minute",
            TimeUnit::Hour => "hour",
            TimeUnit::Day => "day",
            TimeUnit::Week => "week",
            TimeUnit::Month => "month",
            TimeUnit::Quarter => "quarter",
            TimeUnit::Year => "year",
        }
    }

    /// The unit of that name, in the singular or plural.
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.to_lowercase();
        let singular = lower.strip_suffix('s').unwrap_or(&lower);
        TimeUnit::ALL.into_iter().find(|unit| unit.name() == singular)
    }

    /// The grain of that length, if it is one.
    pub fn grain(self) -> Option<Grain> {
        Grain::parse(self.name())
    }

    /// How many seconds, if the unit has a fixed length.
    pub fn seconds(self) -> Option<u32> {
        match self {
            TimeUnit::Second => Some(1),
            TimeUnit::Minute => Some(60),
            TimeUnit::Hour => Some(3600),
            TimeUnit::Day => Some(86_400),
            TimeUnit::Week => Some(604_800),
            TimeUnit::Month | TimeUnit::Quarter | TimeUnit::Year => None,
        }
    }

    /// How many months, if the unit is made of months.
    pub fn months(self) -> Option<u32> {
        match self {
            TimeUnit::Month => Some(1),
            TimeUnit::Quarter => Some(3),
            TimeUnit::Year => Some(12),
            TimeUnit::Second | TimeUnit::Minute | TimeUnit::Hour | TimeUnit::Day | TimeUnit::Week => None,
        }
    }
}
