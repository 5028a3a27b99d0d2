//! What a source promises about when its rows come.

use super::{ColumnId, Holds, Model, Source};
use crate::calendar::Length;
use crate::text::{Span, Spanned};
use std::fmt;

/// What a source promises about when its rows come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Freshness {
    /// How long before the last visible day its last row may be.
    pub within: Option<Spanned<Length>>,
    /// How often it has a row.
    pub expect: Option<Spanned<Expect>>,
}

/// How often a source has a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// On every day.
    Day,
    /// On every day from Monday to Friday.
    Weekday,
    /// In every week.
    Week,
    /// In every month.
    Month,
}

impl Expect {
    /// How it is written.
    pub const WORDS: &'static [&'static str] = &["every day", "every weekday", "every week", "every month"];

    /// The one that is written so.
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Expect::Day, Expect::Weekday, Expect::Week, Expect::Month];
        all.into_iter().find(|expect| expect.to_string() == text)
    }

    /// What is missing where there is no row, so many of them.
    pub fn noun(self, count: u64) -> String {
        let one = self.to_string().replace("every ", "");
        if count == 1 { one } else { format!("{one}s") }
    }
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Expect::Day => "every day",
            Expect::Weekday => "every weekday",
            Expect::Week => "every week",
            Expect::Month => "every month",
        })
    }
}

impl Freshness {
    /// Whether nothing is promised.
    pub fn is_nothing(&self) -> bool {
        self.within.is_none() && self.expect.is_none()
    }

    /// Where it is written.
    pub fn span(&self) -> Option<Span> {
        self.within.as_ref().map(|within| within.span).or(self.expect.as_ref().map(|expect| expect.span))
    }
}

impl Source {
    /// The column that says when a row came: its time, the time of a snapshot, or the beginning of a state.
    pub fn clock(&self) -> Option<ColumnId> {
        match self.holds {
            Some(Holds::Valid { from, .. }) => Some(from),
            Some(Holds::Snapshot { taken, .. } | Holds::Readings { taken, .. }) => Some(taken),
            None => self.time,
        }
    }
}

impl Model {
    /// Whether any source promises when its rows come.
    pub fn promises_freshness(&self) -> bool {
        self.sources.rows().iter().any(|source| !source.freshness.is_nothing())
    }
}
