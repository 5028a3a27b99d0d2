//! Charts as SVG: numbers go in, a drawing comes out that asks for no script, font or file.
//!
//! Colours are classes of the pages' style sheet, so that a chart is read on light and dark pages and on paper. A chart names itself, and stands
//! before a table with the same figures: it never is the only place of a figure. Every text goes through [`Svg::text`] or [`Svg::title`], which escape it.

mod bars;
mod funnel;
mod heat;
mod line;
mod pace;
mod scale;
mod spark;

pub use bars::{Bar, bars};
pub use funnel::{Step, funnel};
pub use heat::{Row, heat};
pub use line::{Goal, Line, line};
pub use pace::pace;
pub use spark::spark;

use minijinja::HtmlEscape;

/// A value in a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// What it belongs to: a period.
    pub label: String,
    /// The value; nothing leaves a gap.
    pub value: Option<f64>,
    /// The value as people read it.
    pub shown: String,
    /// Whether it can still change.
    pub is_complete: bool,
}

/// Where a text stands beside its point.
#[derive(Debug, Clone, Copy)]
enum Anchor {
    Start,
    Middle,
    End,
}

/// A drawing in the making.
struct Svg(String);

impl Svg {
    /// One of that size whose name is read aloud; `class` says how it is laid out.
    fn new(class: &str, width: f64, height: f64, name: &str) -> Self {
        let (width, height) = (short(width), short(height));
        let mut svg = Self(format!("<svg class=\"{class}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\""));
        svg.0.push_str(&HtmlEscape(name).to_string());
        svg.0.push_str("\">");
        svg
    }

    fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(short);
        self.0.push_str(&format!("<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" />"));
    }

    /// A rectangle, with a title if there is one.
    fn rect(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64), more: &str, title: Option<&str>) {
        let [x, y, width, height] = [x, y, width, height].map(short);
        self.0.push_str(&format!("<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"{more}>"));
        self.title(title);
        self.0.push_str("</rect>");
    }

    fn circle(&mut self, class: &str, (x, y): (f64, f64), radius: f64, title: Option<&str>) {
        let [x, y, radius] = [x, y, radius].map(short);
        self.0.push_str(&format!("<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\">"));
        self.title(title);
        self.0.push_str("</circle>");
    }

    fn path(&mut self, class: &str, points: &[(f64, f64)]) {
        let steps: String = points
            .iter()
            .enumerate()
            .map(|(at, (x, y))| {
                let command = if at == 0 { 'M' } else { 'L' };
                format!("{command}{} {}", short(*x), short(*y))
            })
            .collect();
        self.0.push_str(&format!("<path class=\"{class}\" d=\"{steps}\" />"));
    }

    fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let [x, y] = [x, y].map(short);
        self.0.push_str(&format!(
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{}</text>",
            HtmlEscape(text)
        ));
    }

    fn title(&mut self, title: Option<&str>) {
        if let Some(title) = title {
            self.0.push_str(&format!("<title>{}</title>", HtmlEscape(title)));
        }
    }

    fn end(mut self) -> String {
        self.0.push_str("</svg>");
        self.0
    }
}

/// A length with one decimal at most: the same on every machine, and nobody sees more.
fn short(value: f64) -> String {
    let text = format!("{value:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// A text that fits into so many letters.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// A place in a row as a length.
#[expect(clippy::cast_precision_loss, reason = "a place in a chart")]
fn float(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_short() {
        assert_eq!([1.0, 0.25, -0.01, 12.349].map(short), ["1", "0.2", "0", "12.3"]);
    }

    #[test]
    fn texts_cannot_leave_their_place() {
        let mut svg = Svg::new("x", 1.0, 1.0, "\"><script>");
        svg.text("y", (0.0, 0.0), Anchor::Start, "</text><script>");
        svg.rect("z", (0.0, 0.0), (1.0, 1.0), "", Some("</title>"));
        let text = svg.end();
        assert!(!text.contains("<script") && !text.contains("\"\">") && text.matches("</title>").count() == 1, "{text}");
    }

    #[test]
    fn long_texts_are_cut_between_letters() {
        assert_eq!(cut("überall", 4), "übe…");
        assert_eq!(cut("über", 4), "über");
    }
}
