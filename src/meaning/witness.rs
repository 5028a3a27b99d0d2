//! Rows on which two terms differ.

use super::evaluate::{Asked, At, Value, World};
use super::term::Term;

/// How many worlds are looked at.
const WORLDS: u64 = 60;

/// Whether there are rows on which two terms have different values. Made-up values of functions that are not computed prove nothing unless both
/// terms use the same ones.
pub fn found(before: &Term, after: &Term) -> bool {
    let (mut of_before, mut asked) = (Asked::default(), Asked::default());
    of_before.add(before);
    asked.add(after);
    if before.is_broken() || after.is_broken() || of_before.opaque != asked.opaque {
        return false;
    }
    asked.add(before);
    (0..WORLDS).any(|seed| {
        let world = World { seed, rows: rows(seed), asked: &asked };
        [(5, 30), (9, 30), (12, 30), (70, 7), (3, 90)].into_iter().any(|(number, length)| {
            let at = At::period(number, length);
            !alike(&world.value(before, &at), &world.value(after, &at))
        })
    })
}

/// How many rows sources have: few mostly, so that each matters, and now and then many.
fn rows(seed: u64) -> usize {
    match usize::try_from(seed % 11).unwrap_or(0) {
        10 => 60,
        few => 1 + few % 9,
    }
}

/// Whether two values are the same but for rounding.
fn alike(one: &Value, two: &Value) -> bool {
    match (one, two) {
        (Value::Number(one), Value::Number(two)) => (one - two).abs() <= 1e-6 * one.abs().max(two.abs()).max(1.0),
        _ => one == two,
    }
}
