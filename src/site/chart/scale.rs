//! From values to lengths.

use super::float;

/// A scale of values whose ends are round.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    /// The values that are named beside it, the least first.
    pub(super) ticks: Vec<f64>,
}

impl Scale {
    /// A scale that holds all values. It has 0 unless all values are far away from that.
    pub(super) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.into_iter().filter(|value| value.is_finite()) {
            (low, high) = (low.min(value), high.max(value));
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if low > 0.0 && low < high * 0.6 {
            low = 0.0;
        }
        if high < 0.0 && high > low * 0.6 {
            high = 0.0;
        }
        if high - low <= low.abs().max(high.abs()) * 1e-9 {
            let room = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
            (low, high) = (low - room, high + room);
        }
        let step = round_step((high - low) / 4.0);
        let (first, last) = ((low / step).floor(), (high / step).ceil());
        let count = (last - first).clamp(1.0, 12.0);
        // Each is worked out on its own, so that none carries the rounding of those before.
        let ticks = (0..=12).map(float).filter(|at| *at <= count).map(|at| (first + at) * step).collect();
        Self { low: first * step, high: last * step, ticks }
    }

    /// The share of the way from the least to the greatest, 0 to 1.
    pub(super) fn share(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }
}

/// The next of 1, 2, 2.5, 5 and 10, times a power of ten.
fn round_step(rough: f64) -> f64 {
    let power = 10_f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0];
    steps.into_iter().map(|step| step * power).find(|step| *step >= rough * 0.999_999).unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_round_and_hold_everything() {
        assert_eq!(Scale::of([3.0, 17.0]).ticks, [0.0, 5.0, 10.0, 15.0, 20.0]);
        assert_eq!(Scale::of([0.88, 0.91]).ticks.first(), Some(&0.88));
        assert_eq!(Scale::of([-4.0, 4.0]).ticks, [-4.0, -2.0, 0.0, 2.0, 4.0]);
        assert_eq!(Scale::of([]).ticks, [0.0, 0.25, 0.5, 0.75, 1.0]);
        for values in [[5.0, 5.0], [0.0, 0.0], [-2.0, -2.0], [1e300, 1e-300], [1e15, 1e15 + 1.0]] {
            let scale = Scale::of(values);
            let shares = values.map(|value| scale.share(value));
            assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)), "{values:?}: {shares:?}");
            assert!((2..=13).contains(&scale.ticks.len()), "{values:?}: {:?}", scale.ticks);
        }
    }

    #[test]
    fn shares_are_between_the_ends() {
        let scale = Scale::of([0.0, 20.0]);
        for (value, share) in [(0.0, 0.0), (5.0, 0.25), (20.0, 1.0)] {
            assert!((scale.share(value) - share).abs() < f64::EPSILON, "{value}");
        }
    }
}
