//! How far something is, beside how far it should be.

use super::Svg;

const WIDTH: f64 = 140.0;
const HEIGHT: f64 = 14.0;

/// A bar of the score with a mark where the pace would have it; `class` is its light.
pub fn pace(name: &str, score: f64, expected: Option<f64>, class: &str) -> String {
    let mut svg = Svg::new("pace", WIDTH, HEIGHT, name);
    svg.rect("track", (0.0, 2.0), (WIDTH, HEIGHT - 4.0), "", None);
    svg.rect(&format!("reached {class}"), (0.0, 2.0), (WIDTH * score.clamp(0.0, 1.0), HEIGHT - 4.0), "", None);
    if let Some(expected) = expected {
        let at = (WIDTH * expected.clamp(0.0, 1.0)).clamp(1.0, WIDTH - 1.0);
        svg.line("due", (at, 0.0), (at, HEIGHT));
    }
    svg.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_the_score_and_the_mark_the_pace() {
        let drawn = pace("n", 0.5, Some(0.25), "bad");
        assert!(drawn.contains("width=\"70\"") && drawn.contains("x1=\"35\""), "{drawn}");
        assert!(pace("n", 7.0, None, "good").contains("width=\"140\""));
    }
}
