//! Values over time as a line, with what is to be reached. Periods that are not complete are hatched, and lines to them are dashed.

use super::scale::Scale;
use super::{Anchor, Mark, Svg, cut, float};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 250.0;
const LEFT: f64 = 74.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 28.0;
/// How many periods are named below.
const NAMES: usize = 6;

/// What is to be reached.
#[derive(Debug, Clone)]
pub struct Goal {
    /// The value.
    pub value: f64,
    /// It in words: `target 90.0%`.
    pub name: String,
}

/// A chart of a line.
pub struct Line<'a> {
    /// What it shows, for those who hear it.
    pub name: &'a str,
    /// Its values, the latest last.
    pub marks: &'a [Mark],
    /// What is to be reached.
    pub goals: &'a [Goal],
    /// The least and the greatest value that are good, where that is a band.
    pub band: Option<(f64, f64)>,
    /// How the values beside the chart are written.
    pub axis: &'a dyn Fn(f64) -> String,
    /// A name that no other chart of the page has.
    pub id: &'a str,
}

/// Draws it.
pub fn line(chart: &Line<'_>) -> String {
    let marks = chart.marks;
    let known = marks.iter().filter_map(|mark| mark.value);
    let scale = Scale::of(
        known
            .chain(chart.goals.iter().map(|goal| goal.value))
            .chain(chart.band.into_iter().flat_map(|(low, high)| [low, high])),
    );
    let (inner, tall) = (WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
    let step = inner / float(marks.len().max(1));
    let x = |at: usize| LEFT + step * (float(at) + 0.5);
    let y = |value: f64| TOP + tall * (1.0 - scale.share(value));
    let mut svg = Svg::new("chart line", WIDTH, HEIGHT, chart.name);
    let hatch = format!("hatch-{}", chart.id);
    svg.0.push_str(&format!(
        "<defs><pattern id=\"{hatch}\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
         <rect class=\"hatch\" width=\"2\" height=\"6\" /></pattern></defs>"
    ));
    for tick in &scale.ticks {
        svg.line("grid", (LEFT, y(*tick)), (WIDTH - RIGHT, y(*tick)));
        svg.text("axis", (LEFT - 8.0, y(*tick) + 4.0), Anchor::End, &(chart.axis)(*tick));
    }
    if let Some((low, high)) = chart.band {
        svg.rect("band", (LEFT, y(high)), (inner, (y(low) - y(high)).max(0.0)), "", None);
    }
    let fill = format!(" fill=\"url(#{hatch})\"");
    for (at, _) in marks.iter().enumerate().filter(|(_, mark)| !mark.is_complete) {
        svg.rect("open", (x(at) - step / 2.0, TOP), (step, tall), &fill, None);
    }
    for goal in chart.goals {
        svg.line("goal", (LEFT, y(goal.value)), (WIDTH - RIGHT, y(goal.value)));
        svg.text("goal-name", (WIDTH - RIGHT, y(goal.value) - 5.0), Anchor::End, &cut(&goal.name, 60));
    }
    for (class, points) in pieces(marks) {
        let points: Vec<(f64, f64)> = points.into_iter().map(|(at, value)| (x(at), y(value))).collect();
        svg.path(class, &points);
    }
    for (at, mark) in marks.iter().enumerate() {
        let Some(value) = mark.value else { continue };
        let open = if mark.is_complete { "" } else { ", not complete" };
        let title = format!("{}: {}{open}", mark.label, mark.shown);
        let class = if mark.is_complete { "dot" } else { "dot half" };
        svg.circle(class, (x(at), y(value)), if marks.len() > 40 { 2.0 } else { 3.2 }, Some(&title));
    }
    let every = marks.len().div_ceil(NAMES).max(1);
    for (at, mark) in marks.iter().enumerate() {
        // Counted from the last one, which is the one that people look for.
        if (marks.len() - 1 - at).is_multiple_of(every) {
            svg.text("axis", (x(at).min(WIDTH - 34.0), HEIGHT - 8.0), Anchor::Middle, &mark.label);
        }
    }
    svg.end()
}

/// The pieces of a line: a value that is not known ends one, and where either end can still change it is another.
fn pieces(marks: &[Mark]) -> Vec<(&'static str, Vec<(usize, f64)>)> {
    let mut pieces: Vec<(&'static str, Vec<(usize, f64)>)> = Vec::new();
    let known = |at: usize| marks.get(at).and_then(|mark| Some((at, mark.value?, mark.is_complete)));
    for at in 1..marks.len() {
        let (Some((from, before, was_complete)), Some((to, value, is_complete))) = (known(at - 1), known(at)) else { continue };
        let class = if was_complete && is_complete { "course" } else { "course half" };
        match pieces.last_mut() {
            Some((last, points)) if *last == class && points.last().is_some_and(|(end, _)| *end == from) => {
                points.push((to, value));
            }
            _ => pieces.push((class, vec![(from, before), (to, value)])),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(value: Option<f64>, is_complete: bool) -> Mark {
        Mark { label: "2025-01".into(), value, shown: "x".into(), is_complete }
    }

    #[test]
    fn gaps_end_a_line_and_what_is_open_is_another() {
        let marks = [Some(1.0), Some(2.0), None, Some(3.0), Some(4.0)].map(|value| mark(value, true));
        let open = [mark(Some(5.0), false)];
        let marks = [&marks[..], &open].concat();
        let found: Vec<_> = pieces(&marks)
            .into_iter()
            .map(|(class, points)| (class, points.iter().map(|(at, _)| *at).collect::<Vec<_>>()))
            .collect();
        assert_eq!(found, [("course", vec![0, 1]), ("course", vec![3, 4]), ("course half", vec![4, 5])]);
    }

    #[test]
    fn every_known_value_has_a_point_and_every_open_period_a_hatch() {
        let marks = [mark(Some(1.0), true), mark(None, true), mark(Some(2.0), false)];
        let goals = [Goal { value: 9.0, name: "target 9".into() }];
        let drawn =
            line(&Line { name: "n", marks: &marks, goals: &goals, band: None, axis: &|value| value.to_string(), id: "a" });
        assert_eq!((drawn.matches("<circle").count(), drawn.matches("class=\"open\"").count()), (2, 1));
        assert!(drawn.contains("target 9") && drawn.contains("not complete"));
        assert!(
            !line(&Line { name: "n", marks: &[], goals: &[], band: None, axis: &|_| String::new(), id: "a" }).contains("NaN")
        );
    }
}
