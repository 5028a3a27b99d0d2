//! What is unusual, by a chart of process behaviour (XmR): what the values before one lead to expect of it, and whether it differs.
//!
//! The limits are the mean of the values before, plus and minus 2.66 times their mean moving range, the mean of the differences between each
//! and the one before it. The value judged is in neither. It is unusual beyond the limits, or if it is the eighth in a row on one side of
//! the mean. A difference below a billionth of the mean is none: an engine may round sums of equal values differently.

use super::expr::Expr;
use crate::calendar::Grain;
use crate::functions::{Function, abs, greatest, least, operators};

/// How many values before one it takes at least. All the values that the mean is of cannot be on one side of it, so with fewer no eight in
/// a row ever could, and limits made of so few tell nothing.
pub const FEWEST: u32 = 8;
/// How many in a row on one side of the mean are unusual.
const RUN: usize = 8;
/// How many mean moving ranges the limits are away from the mean: three standard deviations of what varies at random.
const RANGES: &str = "2.66";
/// The part of the mean below which a difference is none.
const NOTHING: &str = "0.000000001";

/// The limits of a value: the mean of those before it, and how far from it is usual.
pub struct Limits<L> {
    /// The mean.
    pub mean: Expr<L>,
    /// How far from the mean is usual, upwards and downwards.
    pub width: Expr<L>,
}

impl<L: Clone> Limits<L> {
    /// Made of the values before the one judged, the latest first; nothing if there are not two.
    pub fn of(before: &[Expr<L>]) -> Option<Self> {
        let ranges = before.iter().zip(before.iter().skip(1)).map(|(later, earlier)| size(minus(later, earlier))).collect();
        let width = two(&operators::MULTIPLY, Expr::number(RANGES), mean(ranges)?);
        Some(Self { mean: mean(before.to_vec())?, width })
    }

    /// The lower one.
    pub fn low(&self) -> Expr<L> {
        minus(&self.mean, &self.width)
    }

    /// The upper one.
    pub fn high(&self) -> Expr<L> {
        two(&operators::ADD, self.mean.clone(), self.width.clone())
    }
}

/// Whether the first value is unusual after the others, the latest first: null where one of them is null.
pub fn unusual<L: Clone>(values: &[Expr<L>]) -> Option<Expr<L>> {
    let (value, before) = values.split_first()?;
    let Limits { mean, width } = Limits::of(before)?;
    let run = values.get(..RUN)?;
    let least = Expr::apply(&least::LEAST, run.to_vec());
    let greatest = Expr::apply(&greatest::GREATEST, run.to_vec());
    let beyond_limits = minus(&size(minus(value, &mean)), &width);
    let most = Expr::apply(&greatest::GREATEST, vec![beyond_limits, minus(&least, &mean), minus(&mean, &greatest)]);
    let nothing = two(&operators::MULTIPLY, Expr::number(NOTHING), size(mean));
    Some(two(&operators::GREATER, most, nothing))
}

/// Whether periods that lie so far apart are alike, so that a value is compared with those of the same weekday or part of the year.
pub fn is_season(grain: Grain, unit: Grain) -> bool {
    matches!((grain, unit), (Grain::Day, Grain::Week) | (Grain::Week | Grain::Month | Grain::Quarter, Grain::Year))
}

fn two<L>(function: &'static Function, left: Expr<L>, right: Expr<L>) -> Expr<L> {
    Expr::apply(function, vec![left, right])
}

fn minus<L: Clone>(left: &Expr<L>, right: &Expr<L>) -> Expr<L> {
    two(&operators::SUBTRACT, left.clone(), right.clone())
}

fn size<L>(value: Expr<L>) -> Expr<L> {
    Expr::apply(&abs::ABS, vec![value])
}

fn mean<L>(values: Vec<Expr<L>>) -> Option<Expr<L>> {
    let count = Expr::number(values.len());
    Some(two(&operators::DIVIDE, sum(values)?, count))
}

/// The sum in pairs, so that it nests no deeper than it has to.
fn sum<L>(mut values: Vec<Expr<L>>) -> Option<Expr<L>> {
    if values.len() < 2 {
        return values.pop();
    }
    let later = values.split_off(values.len() / 2);
    Some(two(&operators::ADD, sum(values)?, sum(later)?))
}
