//! How far a value may be from its forecast, by the errors of the past at the same horizon.
//!
//! The errors are taken for independent and normal around 0, so that the next error over their root mean square has Student's
//! distribution with as many degrees of freedom as there are errors. Few errors make wide intervals. Errors of overlapping stretches are not quite independent,
//! so that what is said is a bit too sure; it never says more than 99 % and never less than 1 %.

use std::f64::consts::{FRAC_2_PI, FRAC_PI_2};

/// The share of values that are within the interval.
const WITHIN: f64 = 0.8;
/// The least and the greatest chance that is said.
const SURE: (f64, f64) = (0.01, 0.99);

/// The size of errors, and how many there were.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    size: f64,
    errors: usize,
}

impl Spread {
    /// Of errors, of which there is at least one.
    #[expect(clippy::cast_precision_loss, reason = "a few hundred errors")]
    pub(super) fn of(errors: &[f64]) -> Self {
        let squares: f64 = errors.iter().map(|error| error * error).sum();
        Self { size: (squares / errors.len() as f64).sqrt(), errors: errors.len() }
    }

    /// How far below and above the forecast 80 % of the values are.
    pub fn margin(self) -> f64 {
        if self.size == 0.0 { 0.0 } else { self.size * quantile(f64::midpoint(1.0, WITHIN), self.errors) }
    }

    /// The chance of a value that is at most so far above the forecast (or, below 0, at least so far below).
    fn below(self, distance: f64) -> f64 {
        if self.size == 0.0 {
            return if distance >= 0.0 { 1.0 } else { 0.0 };
        }
        student(distance / self.size, self.errors)
    }

    /// The chance of a value between two bounds, either of which may be infinite.
    pub fn chance(self, forecast: f64, low: f64, high: f64) -> f64 {
        let up_to = if high == f64::INFINITY { 1.0 } else { self.below(high - forecast) };
        let reaches = if low == f64::NEG_INFINITY { 1.0 } else { self.below(forecast - low) };
        (up_to + reaches - 1.0).clamp(SURE.0, SURE.1)
    }
}

/// Student's distribution function, as a finite sum (Abramowitz and Stegun 26.7.3 and 26.7.4).
#[expect(clippy::cast_precision_loss, reason = "a few hundred errors")]
fn student(value: f64, freedom: usize) -> f64 {
    let angle = (value / (freedom as f64).sqrt()).atan();
    let (sine, cosine) = (angle.sin(), angle.cos());
    let is_odd = freedom % 2 == 1;
    let mut term = if is_odd { cosine } else { 1.0 };
    let mut sum = 0.0;
    for at in (usize::from(is_odd)..freedom.saturating_sub(1)).step_by(2) {
        sum += term;
        term *= (at + 1) as f64 / (at + 2) as f64 * cosine * cosine;
    }
    let both = if is_odd { FRAC_2_PI * (angle + sine * sum) } else { sine * sum };
    debug_assert!(angle.abs() <= FRAC_PI_2);
    f64::midpoint(1.0, both)
}

/// The value below which a share of Student's distribution lies, for shares from a half on; by halving.
fn quantile(share: f64, freedom: usize) -> f64 {
    let (mut low, mut high) = (0.0, 1000.0);
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if student(middle, freedom) < share {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn students_distribution_is_that_of_tables() {
        // The 90 % column of any table.
        for (freedom, wanted) in [(1, 3.078), (2, 1.886), (3, 1.638), (4, 1.533), (5, 1.476), (10, 1.372), (30, 1.310)] {
            let found = quantile(0.9, freedom);
            assert!((found - wanted).abs() < 6e-4, "{freedom}: {found} is not {wanted}");
        }
        assert!((student(0.0, 7) - 0.5).abs() < 1e-12);
        assert!((student(-1.0, 1) - 0.25).abs() < 1e-12);
    }

    #[test]
    fn chances_by_hand() {
        let spread = Spread::of(&[3.0, -3.0, 3.0, -3.0]);
        let is = |value: f64, wanted: f64| assert!((value - wanted).abs() < 1e-3, "{value} is not {wanted}");
        is(spread.margin(), 3.0 * 1.5332);
        is(spread.chance(10.0, 10.0, f64::INFINITY), 0.5);
        // A tenth is beyond 1.5332 times the size.
        is(spread.chance(10.0, 14.5996, f64::INFINITY), 0.1);
        is(spread.chance(10.0, f64::NEG_INFINITY, 14.5996), 0.9);
        is(spread.chance(10.0, 5.4004, 14.5996), 0.8);
        is(spread.chance(10.0, 1e9, f64::INFINITY), 0.01);
    }

    #[test]
    fn without_errors_a_value_is_where_it_was() {
        let spread = Spread::of(&[0.0; 4]);
        assert!((spread.chance(5.0, 5.0, f64::INFINITY) - 0.99).abs() < 1e-12);
        assert!((spread.chance(5.0, 5.1, f64::INFINITY) - 0.01).abs() < 1e-12);
    }
}
