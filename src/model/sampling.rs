//! How far a figure that rests on few rows may be from what it would be on many.

use super::expr::Calc;
use crate::text::Spanned;
use std::fmt;

/// How sure an interval is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confidence {
    /// 80 %.
    P80,
    /// 90 %.
    P90,
    /// 95 %.
    P95,
    /// 99 %.
    P99,
}

impl Confidence {
    /// All of them, as they are written.
    pub const WORDS: [&'static str; 4] = ["80%", "90%", "95%", "99%"];

    const ALL: [Self; 4] = [Self::P80, Self::P90, Self::P95, Self::P99];

    /// What a word stands for.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.to_string() == word)
    }

    /// The quantile of the standard normal distribution that so much lies within on both sides: that of `(1 + share) / 2`.
    pub const fn z(self) -> f64 {
        match self {
            Confidence::P80 => 1.281_551_565_544_600_4,
            Confidence::P90 => 1.644_853_626_951_472_2,
            Confidence::P95 => 1.959_963_984_540_054,
            Confidence::P99 => 2.575_829_303_548_900_4,
        }
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Confidence::P80 => "80%",
            Confidence::P90 => "90%",
            Confidence::P95 => "95%",
            Confidence::P99 => "99%",
        })
    }
}

/// What a spec says of it.
#[derive(Debug, Clone, Default)]
pub struct AskedSampling {
    /// `interval`.
    pub confidence: Option<Spanned<Confidence>>,
    /// `min_rows`.
    pub min_rows: Option<Spanned<u32>>,
}

/// On how many rows a KPI's figures rest, and within which bounds they are.
#[derive(Debug, Clone)]
pub struct Sampling {
    /// How sure the bounds are, if there are some.
    pub confidence: Option<Confidence>,
    /// On fewer rows a figure says little.
    pub min_rows: Option<u32>,
    /// How many rows a figure rests on.
    pub rows: Calc,
    /// The lower and the upper bound.
    pub bounds: Option<(Calc, Calc)>,
}

/// The column of an emitted view with the number of rows.
pub const N: &str = "n";
/// That with the lower bound.
pub const LOW: &str = "low";
/// That with the upper bound.
pub const HIGH: &str = "high";

/// What the column of a KPI is called beside those of others.
pub fn beside(kpi: &str, column: &str) -> String {
    format!("{kpi}__{column}")
}

impl Sampling {
    /// Whether so many rows are too few to say much.
    pub fn is_few(&self, rows: f64) -> bool {
        self.min_rows.is_some_and(|least| rows < f64::from(least))
    }

    /// The columns beside the value, each with what it shows.
    pub fn columns(&self) -> Vec<(&'static str, &Calc)> {
        let bounds = self.bounds.iter().flat_map(|(low, high)| [(LOW, low), (HIGH, high)]);
        std::iter::once((N, &self.rows)).chain(bounds).collect()
    }
}
