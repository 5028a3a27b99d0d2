//! The damped trend: Holt's method, whose trend fades by the same share with each step (Gardner and McKenzie 1985).
//!
//! Weights are the best of a fixed grid, by the squares of the errors one step ahead; of equals the first. The start is the line of least squares
//! through the first values, so that one odd value at the start does not become the trend.

/// How many values the start is made of.
const START: usize = 8;
/// Weights of the latest value, in tenths.
const LEVELS: std::ops::RangeInclusive<u8> = 1..=10;
/// Weights of the latest change, in tenths.
const TRENDS: std::ops::RangeInclusive<u8> = 0..=10;
/// What is left of the trend after each step. Closer to 1 the trend would go on for ever.
const DAMPING: [f64; 4] = [0.8, 0.9, 0.95, 0.98];

/// How fast the past is forgotten.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// The weight of the latest value in the level.
    pub level: f64,
    /// The weight of the latest change of the level in the trend.
    pub trend: f64,
    /// What is left of the trend after each step.
    pub damping: f64,
}

/// Where a series stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct State {
    /// The level.
    pub level: f64,
    /// How much it changes per step.
    pub trend: f64,
}

impl State {
    /// The values of the next steps.
    pub fn ahead(self, damping: f64, steps: usize) -> Vec<f64> {
        let step = |(value, trend): &mut (f64, f64), ()| {
            *trend *= damping;
            *value += *trend;
            Some(*value)
        };
        std::iter::repeat_n((), steps).scan((self.level, self.trend), step).collect()
    }
}

/// The state before the first value: the line through the first values.
#[expect(clippy::cast_precision_loss, reason = "a few values")]
pub fn start(values: &[f64]) -> Option<State> {
    let first = values.get(..START.min(values.len())).filter(|first| first.len() > 1)?;
    let count = first.len() as f64;
    let middle = f64::midpoint(count, 1.0);
    let mean = first.iter().sum::<f64>() / count;
    let places = || (1..=first.len()).map(|at| at as f64 - middle);
    let slope = places().zip(first).map(|(place, value)| place * (value - mean)).sum::<f64>()
        / places().map(|place| place * place).sum::<f64>();
    Some(State { level: mean - slope * middle, trend: slope })
}

/// The state after the values, and the sum of the squares of the errors one step ahead.
pub fn run(values: &[f64], weights: Weights, start: State) -> (State, f64) {
    let step = |(state, squares): (State, f64), value: &f64| {
        let faded = weights.damping * state.trend;
        let error = value - (state.level + faded);
        let level = state.level + faded + weights.level * error;
        let trend = weights.trend * (level - state.level) + (1.0 - weights.trend) * faded;
        (State { level, trend }, squares + error * error)
    };
    values.iter().fold((start, 0.0), step)
}

/// The values of the next periods.
pub(super) fn path(values: &[f64], horizon: usize) -> Option<Vec<f64>> {
    let start = start(values)?;
    let tenths = |tenths: u8| f64::from(tenths) / 10.0;
    let grid = DAMPING.into_iter().flat_map(|damping| {
        LEVELS.flat_map(move |level| TRENDS.map(move |trend| Weights { level: tenths(level), trend: tenths(trend), damping }))
    });
    let runs = grid.map(|weights| (weights, run(values, weights, start)));
    let (weights, (state, _)) = runs.min_by(|(_, (_, one)), (_, (_, other))| one.total_cmp(other))?;
    Some(state.ahead(weights.damping, horizon))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_by_hand() {
        // From 100 with a trend of 10, of which 0.8 stay: 108 are expected and 118 come. Half of the error goes to the level: 113. It has
        // changed by 13, of which a quarter goes to the trend: 3.25 + 0.75 * 8 = 9.25.
        let weights = Weights { level: 0.5, trend: 0.25, damping: 0.8 };
        let (state, squares) = run(&[118.0], weights, State { level: 100.0, trend: 10.0 });
        assert!((state.level - 113.0).abs() < 1e-12 && (state.trend - 9.25).abs() < 1e-12, "{state:?}");
        assert!((squares - 100.0).abs() < 1e-12);
        // 113 + 7.4, then + 5.92.
        let ahead = state.ahead(0.8, 2);
        assert!(ahead.iter().zip([120.4, 126.32]).all(|(value, wanted)| (value - wanted).abs() < 1e-12), "{ahead:?}");
    }

    #[test]
    fn the_start_is_a_line() {
        // Through 1, 2 and 6: slope 2.5, mean 3 at place 2, so -2 at place 0.
        let state = start(&[1.0, 2.0, 6.0]).unwrap();
        assert!((state.trend - 2.5).abs() < 1e-12 && (state.level + 2.0).abs() < 1e-12, "{state:?}");
        assert_eq!(start(&[1.0]), None);
    }
}
