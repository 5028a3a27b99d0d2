//! How many reach each step: bars from the middle, each as wide as its share of the first.

use super::{Anchor, Svg, cut, float};

const WIDTH: f64 = 720.0;
const NAMES: f64 = 170.0;
const FIGURES: f64 = 190.0;
const ROW: f64 = 44.0;

/// A step.
#[derive(Debug, Clone)]
pub struct Step {
    /// What it is called.
    pub name: String,
    /// How many have reached it.
    pub count: f64,
    /// The count, and its share, as people read them.
    pub shown: String,
}

/// Draws them, the first one on top.
pub fn funnel(name: &str, steps: &[Step]) -> String {
    let most = steps.iter().map(|step| step.count).fold(0.0, f64::max);
    let inner = WIDTH - NAMES - FIGURES;
    let width = |step: &Step| if most > 0.0 { inner * (step.count / most).clamp(0.0, 1.0) } else { 0.0 };
    let middle = NAMES + inner / 2.0;
    let mut svg = Svg::new("chart funnel", WIDTH, ROW * float(steps.len()), name);
    for (at, step) in steps.iter().enumerate() {
        let top = ROW * float(at);
        let wide = width(step).max(1.0);
        svg.text("name", (NAMES - 10.0, top + 24.0), Anchor::End, &cut(&step.name, 26));
        let title = format!("{}: {}", step.name, step.shown);
        svg.rect("bar", (middle - wide / 2.0, top + 6.0), (wide, ROW - 14.0), "", Some(&title));
        svg.text("value", (WIDTH - FIGURES + 10.0, top + 24.0), Anchor::Start, &step.shown);
    }
    svg.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_shares_of_the_first() {
        let step = |count: f64| Step { name: "s".into(), count, shown: String::new() };
        let drawn = funnel("n", &[step(200.0), step(50.0)]);
        assert!(drawn.contains("width=\"360\"") && drawn.contains("width=\"90\""), "{drawn}");
        assert!(!funnel("n", &[step(0.0)]).contains("NaN"));
    }
}
