//! Values beside each other as bars, each with its name and its figure.

use super::scale::Scale;
use super::{Anchor, Svg, cut, float};

const WIDTH: f64 = 720.0;
const ROW: f64 = 26.0;
const NAMES: f64 = 200.0;
const FIGURES: f64 = 96.0;

/// A bar.
#[derive(Debug, Clone)]
pub struct Bar {
    /// What it belongs to.
    pub name: String,
    /// Its length; nothing where it is not known.
    pub value: Option<f64>,
    /// The value as people read it.
    pub shown: String,
}

/// Draws them, each from 0.
pub fn bars(name: &str, bars: &[Bar]) -> String {
    let scale = Scale::of(bars.iter().filter_map(|bar| bar.value).chain([0.0]));
    let inner = WIDTH - NAMES - FIGURES;
    let x = |value: f64| NAMES + inner * scale.share(value);
    let mut svg = Svg::new("chart bars", WIDTH, ROW * float(bars.len()), name);
    for (at, bar) in bars.iter().enumerate() {
        let top = ROW * float(at);
        svg.text("name", (NAMES - 8.0, top + 17.0), Anchor::End, &cut(&bar.name, 30));
        if let Some(value) = bar.value {
            let (from, to) = (x(0.0).min(x(value)), x(0.0).max(x(value)));
            let title = format!("{}: {}", bar.name, bar.shown);
            svg.rect("bar", (from, top + 4.0), ((to - from).max(1.0), ROW - 8.0), "", Some(&title));
        }
        svg.text("value", (bar.value.map_or(x(0.0), |value| x(value.max(0.0))) + 6.0, top + 17.0), Anchor::Start, &bar.shown);
    }
    svg.line("zero", (x(0.0), 0.0), (x(0.0), ROW * float(bars.len())));
    svg.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_in_proportion() {
        let bar = |name: &str, value: Option<f64>| Bar { name: name.into(), value, shown: String::new() };
        let drawn = bars("n", &[bar("a", Some(20.0)), bar("b", Some(5.0)), bar("c", None)]);
        // 720 less 200 for names and 96 for figures.
        assert!(drawn.contains("width=\"424\"") && drawn.contains("width=\"106\""), "{drawn}");
        assert_eq!(drawn.matches("<rect").count(), 2);
    }
}
