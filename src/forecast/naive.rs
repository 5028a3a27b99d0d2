//! Naive methods: each period has the value of the same period a season ago; with a season of 1, the last value stays.

/// The values of the next periods; nothing where there is no whole season before.
pub(super) fn path(values: &[f64], season: usize, horizon: usize) -> Option<Vec<f64>> {
    let last = values.get(values.len().checked_sub(season)?..).filter(|last| !last.is_empty())?;
    Some(last.iter().copied().cycle().take(horizon).collect())
}
