//! Values over time in the room of a word.

use super::{Mark, Svg, float};

const WIDTH: f64 = 120.0;
const HEIGHT: f64 = 30.0;
const EDGE: f64 = 4.0;

/// A line without axes; the last value has a point, a hollow one if it can still change.
pub fn spark(name: &str, marks: &[Mark]) -> String {
    let known: Vec<(usize, f64, bool)> =
        marks.iter().enumerate().filter_map(|(at, mark)| Some((at, mark.value?, mark.is_complete))).collect();
    // What is not complete may be far off: it does not flatten the rest, and stays at the edge.
    let complete = known.iter().filter(|(.., is_complete)| *is_complete || known.iter().all(|(.., is_complete)| !is_complete));
    let (low, high) =
        complete.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (_, value, _)| (low.min(*value), high.max(*value)));
    let step = (WIDTH - 2.0 * EDGE) / float(marks.len().saturating_sub(1).max(1));
    let x = |at: usize| EDGE + step * float(at);
    let y = |value: f64| {
        let share = if high > low { ((value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 };
        EDGE + (HEIGHT - 2.0 * EDGE) * (1.0 - share)
    };
    let mut svg = Svg::new("spark", WIDTH, HEIGHT, name);
    for pair in known.windows(2) {
        let [(from, before, was_complete), (to, value, is_complete)] = pair else { continue };
        if to - from == 1 {
            let class = if *was_complete && *is_complete { "course" } else { "course half" };
            svg.path(class, &[(x(*from), y(*before)), (x(*to), y(*value))]);
        }
    }
    if let Some((at, value, is_complete)) = known.last() {
        svg.circle(if *is_complete { "dot" } else { "dot half" }, (x(*at), y(*value)), 2.6, None);
    }
    svg.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_stay_gaps() {
        let marks = [Some(1.0), Some(2.0), None, Some(3.0)].map(|value| Mark {
            label: String::new(),
            value,
            shown: String::new(),
            is_complete: true,
        });
        let drawn = spark("n", &marks);
        assert_eq!((drawn.matches("<path").count(), drawn.matches("<circle").count()), (1, 1));
        assert!(!spark("n", &marks[..1]).contains("NaN") && !spark("n", &[]).contains("NaN"));
    }
}
