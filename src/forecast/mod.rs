//! Forecasts of a series of figures, as pure functions: no engine, no clock, no chance, so that the same series gives the same forecast.
//!
//! 1. These methods are tried: a damped trend (`damped`), that the last value stays and, where the periods have a season, the value of a season
//!    ago (`naive`).
//! 2. All are back-tested from a rolling origin (`backtest`): each stretch of the past is forecast from what was known before it. The
//!    method with the smallest mean absolute error up to the horizon is taken.
//! 3. The errors that the method made at that very horizon give the interval and the chance (`spread`).
//!
//! Sources: E. S. Gardner and E. McKenzie, "Forecasting Trends in Time Series", Management Science 31 (1985); R. J. Hyndman and G.
//! Athanasopoulos, "Forecasting: Principles and Practice", 3rd edition, 5.2 (seasonal naive), 5.10 (rolling origin) and 8.2 (damped trend).

mod backtest;
mod damped;
mod naive;
mod spread;

pub use damped::{State, Weights, run, start};
pub use spread::Spread;

/// The fewest values that a forecast is made of.
pub const FEWEST: usize = 8;
/// How many of the latest values are looked at.
pub const LONGEST: usize = 120;
/// The fewest errors at a horizon from which an interval is made.
pub const FEWEST_ERRORS: usize = 4;

/// How a forecast is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// The level goes on along a trend that flattens.
    DampedTrend,
    /// The value of the same period so many periods ago: a season, or 1 for the last value.
    Naive(usize),
}

impl Method {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Method::DampedTrend => "damped trend",
            Method::Naive(1) => "last value",
            Method::Naive(_) => "seasonal naive",
        }
    }

    /// The values of the next periods; nothing if there are too few before.
    fn path(self, values: &[f64], horizon: usize) -> Option<Vec<f64>> {
        match self {
            Method::DampedTrend => damped::path(values, horizon),
            Method::Naive(season) => naive::path(values, season, horizon),
        }
    }

    /// The fewest values that it can start from.
    fn fewest(self) -> usize {
        match self {
            Method::DampedTrend => backtest::FIRST_ORIGIN,
            Method::Naive(season) => season.max(backtest::FIRST_ORIGIN),
        }
    }
}

/// What is expected of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// How it was made.
    pub method: Method,
    /// The value at the horizon.
    pub value: f64,
    /// The mean absolute error at the horizon in the back-test; nothing if it was never back-tested so far ahead.
    pub error: Option<f64>,
    /// How far from it the value may be; nothing with fewer than [`FEWEST_ERRORS`] errors at the horizon.
    pub spread: Option<Spread>,
    /// How many errors the back-test has at the horizon.
    pub errors: usize,
}

/// Forecasts the value so many periods after the last one, where a season has so many periods (1 or less is none). Nothing with fewer
/// than [`FEWEST`] values, or where a value is not finite.
pub fn forecast(values: &[f64], season: usize, horizon: usize) -> Option<Forecast> {
    let values = values.get(values.len().saturating_sub(LONGEST)..)?;
    if values.len() < FEWEST || horizon == 0 || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let method = choose(values, season, horizon);
    let value = method.path(values, horizon)?.last().copied().filter(|value| value.is_finite())?;
    let errors = backtest::errors(values, method, method.fewest(), horizon).pop().unwrap_or_default();
    let spread = (errors.len() >= FEWEST_ERRORS).then(|| Spread::of(&errors));
    Some(Forecast { method, value, error: mean_size(&errors), spread, errors: errors.len() })
}

/// The method with the smallest mean absolute error up to the horizon, from the same origins; of equals the first. A season is looked at
/// from two whole ones on.
fn choose(values: &[f64], season: usize, horizon: usize) -> Method {
    let seasonal = (season > 1 && values.len() >= season * 2).then_some(Method::Naive(season));
    let methods = || [Method::DampedTrend, Method::Naive(1)].into_iter().chain(seasonal);
    let first = methods().map(Method::fewest).max().unwrap_or_default();
    let error = |method| mean_size(&backtest::errors(values, method, first, horizon).concat());
    let tried = methods().filter_map(|method| Some((method, error(method)?)));
    tried.min_by(|(_, one), (_, other)| one.total_cmp(other)).map_or(Method::DampedTrend, |(method, _)| method)
}

/// The most that a series changed in one direction (1.0 for up, -1.0 for down) over so many periods; nothing if it is no longer than that.
pub fn best_change(values: &[f64], periods: usize, sign: f64) -> Option<f64> {
    let changes = values.iter().zip(values.iter().skip(periods)).map(|(before, after)| after - before);
    changes.max_by(|one, other| (one * sign).total_cmp(&(other * sign)))
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand errors at most")]
fn mean_size(errors: &[f64]) -> Option<f64> {
    (!errors.is_empty()).then(|| errors.iter().map(|error| error.abs()).sum::<f64>() / errors.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: f64, wanted: f64) {
        assert!((value - wanted).abs() < 1e-9, "{value} is not {wanted}");
    }

    fn line(count: i32) -> Vec<f64> {
        (1..=count).map(|at| f64::from(at) * 10.0).collect()
    }

    #[test]
    fn seven_values_are_too_few() {
        assert_eq!(forecast(&line(7), 12, 1), None);
        assert!(forecast(&line(8), 12, 1).is_some());
        assert_eq!(forecast(&line(8), 12, 0), None);
        assert_eq!(forecast(&[f64::NAN; 9], 12, 1), None);
    }

    #[test]
    fn a_constant_stays_and_is_sure() {
        let found = forecast(&[5.0; 10], 12, 3).unwrap();
        close(found.value, 5.0);
        close(found.error.unwrap(), 0.0);
        // Origins at 4, 5, 6 and 7 see the third value after them.
        assert_eq!(found.errors, 4);
        let spread = found.spread.unwrap();
        close(spread.margin(), 0.0);
    }

    #[test]
    fn a_line_goes_on_with_a_trend_that_flattens() {
        // The line starts at 0 with 10 a period. With full weights on the last value each step misses 10 - 0.98 * 10 = 0.2, the least
        // that the grid has. From 100 on the steps are 9.8, 9.604 and 9.41192.
        let values = line(10);
        close(forecast(&values, 12, 1).unwrap().value, 109.8);
        close(forecast(&values, 12, 2).unwrap().value, 119.404);
        let third = forecast(&values, 12, 3).unwrap();
        close(third.value, 128.815_92);
        assert_eq!(third.method, Method::DampedTrend);
        // Each of the four back-tests ends 30 - 28.81592 too low.
        close(third.error.unwrap(), 1.184_08);
        // t with 4 degrees of freedom has a tenth beyond 1.533206.
        close((third.spread.unwrap().margin() / 1.184_08 * 1e5).round(), 153_321.0);
    }

    #[test]
    fn a_strong_season_is_known_from_the_one_before() {
        let year = [10.0, 90.0, 20.0, 80.0];
        let values: Vec<f64> = year.iter().copied().cycle().take(16).collect();
        let found = forecast(&values, 4, 2).unwrap();
        assert_eq!(found.method, Method::Naive(4));
        close(found.value, 90.0);
        close(forecast(&values, 4, 5).unwrap().value, 10.0);
        // Seven values are less than two seasons of four; then no season is known.
        assert_ne!(choose(&values[..7], 4, 1), Method::Naive(4));
    }

    #[test]
    fn what_fell_once_is_not_said_to_fall_on() {
        // After the fall nothing moves: that the last value stays is never wrong from the fourth value on.
        let values = [900.0, 500.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0];
        let found = forecast(&values, 12, 3).unwrap();
        assert_eq!(found.method, Method::Naive(1));
        close(found.value, 100.0);
        close(found.error.unwrap(), 0.0);
    }

    #[test]
    fn far_horizons_have_no_interval() {
        // Of ten values origins 4, 5 and 6 see the fourth value after them: three errors.
        let found = forecast(&line(10), 12, 4).unwrap();
        assert_eq!((found.errors, found.spread), (3, None));
        let never = forecast(&line(10), 12, 7).unwrap();
        assert_eq!((never.errors, never.error), (0, None));
    }

    #[test]
    fn the_best_of_the_past() {
        let values = [1.0, 5.0, 2.0, 9.0];
        assert_eq!(best_change(&values, 1, 1.0), Some(7.0));
        assert_eq!(best_change(&values, 1, -1.0), Some(-3.0));
        assert_eq!(best_change(&values, 2, 1.0), Some(4.0));
        assert_eq!(best_change(&values, 4, 1.0), None);
    }
}
