//! What a method would have said in the past: from each origin on, with what was known there and no more.

use super::Method;

/// The fewest values before the first origin.
pub(super) const FIRST_ORIGIN: usize = 4;

/// The errors (what came less what was forecast) for each number of steps ahead up to the horizon, from the origins with at least so many
/// values before them.
pub(super) fn errors(values: &[f64], method: Method, first: usize, horizon: usize) -> Vec<Vec<f64>> {
    let mut errors = vec![Vec::new(); horizon];
    for origin in first..values.len() {
        let (before, after) = values.split_at(origin);
        let Some(path) = method.path(before, horizon.min(after.len())) else { continue };
        let missed = after.iter().zip(path).map(|(came, said)| came - said);
        errors.iter_mut().zip(missed).for_each(|(of_step, error)| of_step.push(error));
    }
    errors
}
