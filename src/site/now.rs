//! A KPI in its latest complete period: the figure, how it changed, and whether that is better or worse.

use super::chart::{self, Mark};
use super::figures::Point;
use crate::manifest::data::{Better, Kpi};
use crate::measure::number;
use crate::measure::shown::Precision;
use crate::model::unit::{Notation, Unit};
use minijinja::Value;
use serde::Serialize;

/// How many periods a sparkline has.
pub(super) const SPARK: usize = 12;

/// A figure as a page shows it: as people read it, and the number itself for those who read the page by a program.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Figure {
    pub(super) shown: String,
    /// The number as the engine gives it; empty if there is none.
    pub(super) raw: String,
}

impl Figure {
    pub(super) fn of(value: &serde_json::Value, precision: Precision, unit: &Unit) -> Self {
        let raw = match value {
            serde_json::Value::Null => String::new(),
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Self { shown: precision.exact(value, unit), raw }
    }
}

/// A KPI now.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Now {
    #[serde(flatten)]
    figure: Figure,
    /// The unit behind the figure; empty where the figure says it.
    unit_shown: String,
    /// The latest complete period, or the latest of all where none is complete.
    period: String,
    is_complete: bool,
    /// The change since the period before, with its sign; empty if that is not known.
    change: String,
    /// `better`, `worse` or `same`; empty where nobody has said what is good.
    verdict: &'static str,
    /// Which way it went: `up`, `down` or `level`; empty if that is not known.
    way: &'static str,
    /// What is known of the period after it.
    open: Option<Open>,
    spark: Value,
}

#[derive(Debug, Clone, Serialize)]
struct Open {
    period: String,
    shown: String,
}

/// The unit of a KPI.
pub(super) fn unit_of(kpi: &Kpi) -> Unit {
    kpi.unit.as_deref().and_then(|unit| Unit::parse(unit).ok()).unwrap_or_default()
}

/// The decimals that values of a KPI share.
pub(super) fn precision(points: &[Point], unit: &Unit) -> Precision {
    Precision::of(points.iter().filter_map(Point::number), unit)
}

/// A value as a mark in a chart.
pub(super) fn mark(point: &Point, precision: Precision, unit: &Unit) -> Mark {
    Mark {
        label: point.label.clone(),
        value: point.number(),
        shown: precision.exact(&point.value, unit),
        is_complete: point.is_complete,
    }
}

/// The last of some points.
pub(super) fn last(points: &[Point], count: usize) -> &[Point] {
    points.get(points.len().saturating_sub(count)..).unwrap_or_default()
}

/// The latest complete period.
pub(super) fn latest(points: &[Point]) -> Option<&Point> {
    points.iter().rev().find(|point| point.is_complete)
}

impl Now {
    /// Nothing where there is no period.
    pub(super) fn of(kpi: &Kpi, points: &[Point]) -> Option<Self> {
        let unit = unit_of(kpi);
        let point = latest(points).or(points.last())?;
        let shown = last(points, SPARK + 1);
        let precision = precision(shown, &unit);
        let before = point.number().zip(point.change).map(|(value, change)| value - change);
        let marks: Vec<Mark> = shown.iter().map(|point| mark(point, precision, &unit)).collect();
        let open = points.last().filter(|open| point.is_complete && !open.is_complete && open.number().is_some());
        let name = format!("{}, the last {} periods", kpi.title, marks.len());
        Some(Self {
            figure: Figure::of(&point.value, precision, &unit),
            unit_shown: unit_shown(&unit, point.number()),
            period: point.label.clone(),
            is_complete: point.is_complete,
            change: point.change.map(|change| changed(change, before, precision, &unit)).unwrap_or_default(),
            verdict: point.change.map_or("", |change| verdict(kpi.better.as_ref(), point.number().unwrap_or_default(), change)),
            way: point.change.map_or("", way),
            open: open.map(|open| Open { period: open.label.clone(), shown: precision.exact(&open.value, &unit) }),
            spark: Value::from_safe_string(chart::spark(&name, &marks)),
        })
    }
}

/// The unit behind a figure: `users`, `USD`; nothing behind a percentage.
fn unit_shown(unit: &Unit, value: Option<f64>) -> String {
    let text = unit.to_string();
    let is_one = value == Some(1.0);
    if unit.shown == Notation::Percent || is_one { text.replace('%', "") } else { crate::text::plural(&text) }
}

/// A change, also as a share of what was before, where that says something.
fn changed(change: f64, before: Option<f64>, precision: Precision, unit: &Unit) -> String {
    let own = precision.change(change, unit);
    match before.filter(|before| *before > 0.0 && unit.shown == Notation::Plain) {
        Some(before) => {
            let sign = if change > 0.0 { "+" } else { "" };
            format!("{own} ({sign}{:.1}%)", change / before * 100.0)
        }
        None => own,
    }
}

fn way(change: f64) -> &'static str {
    if change > 0.0 {
        "up"
    } else if change < 0.0 {
        "down"
    } else {
        "level"
    }
}

/// Whether a change to a value is better or worse.
pub(super) fn verdict(better: Option<&Better>, value: f64, change: f64) -> &'static str {
    let Some(better) = better else { return "" };
    let off = |value: f64| {
        let below = better.low.map_or(0.0, |low| low - value);
        let above = better.high.map_or(0.0, |high| value - high);
        below.max(above).max(0.0)
    };
    let gain = match better.direction.as_str() {
        "up" => change,
        "down" => -change,
        _ => off(value - change) - off(value),
    };
    if gain > 0.0 {
        "better"
    } else if gain < 0.0 {
        "worse"
    } else {
        "same"
    }
}

/// A round value beside a chart: thousands and millions are short.
pub(super) fn tick(value: f64, unit: &Unit) -> String {
    let scaled = if unit.shown == Notation::Percent { value * 100.0 } else { value };
    let (short, ending) = match scaled.abs() {
        size if size >= 1e9 => (scaled / 1e9, "bn"),
        size if size >= 1e6 => (scaled / 1e6, "m"),
        size if size >= 1e4 => (scaled / 1e3, "k"),
        _ => (scaled, ""),
    };
    let text = format!("{short:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    let text = if text == "-0" { "0" } else { text };
    let percent = if unit.shown == Notation::Percent { "%" } else { "" };
    format!("{}{ending}{percent}", crate::text::grouped(text))
}

/// Figures that share their decimals.
pub(super) fn column<'a>(values: impl Iterator<Item = &'a serde_json::Value> + Clone, unit: &Unit) -> Precision {
    Precision::of(values.filter_map(number), unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn better(direction: &str, band: Option<(f64, f64)>) -> Better {
        Better { direction: direction.to_owned(), low: band.map(|band| band.0), high: band.map(|band| band.1) }
    }

    #[test]
    fn what_is_better_follows_the_direction() {
        let of = |direction, value, change| verdict(Some(&better(direction, Some((10.0, 20.0)))), value, change);
        assert_eq!([of("up", 5.0, 1.0), of("up", 5.0, -1.0), of("up", 5.0, 0.0)], ["better", "worse", "same"]);
        assert_eq!([of("down", 5.0, 1.0), of("down", 5.0, -1.0)], ["worse", "better"]);
        // From 8 to 9, from 9 to 12, from 12 to 14, from 18 to 21, from 25 to 19.
        let between = [(9.0, 1.0), (12.0, 3.0), (14.0, 2.0), (21.0, 3.0), (19.0, -6.0)];
        assert_eq!(
            between.map(|(value, change)| of("between", value, change)),
            ["better", "better", "same", "worse", "better"]
        );
        assert_eq!(verdict(None, 1.0, 1.0), "");
    }

    #[test]
    fn ticks_are_short() {
        let of = |value: f64, unit: &str| tick(value, &Unit::parse(unit).unwrap());
        assert_eq!(
            [of(0.25, "%"), of(2500.0, "user"), of(25_000.0, "EUR"), of(1.5e6, "EUR"), of(-0.0, "user")],
            ["25%", "2,500", "25k", "1.5m", "0"]
        );
    }

    #[test]
    fn changes_are_also_shares_where_that_says_something() {
        let of = |change: f64, before: Option<f64>, unit: &str| {
            let unit = Unit::parse(unit).unwrap();
            changed(change, before, Precision::of([change], &unit), &unit)
        };
        assert_eq!(of(209.0, Some(2808.0), "user"), "+209 (+7.4%)");
        assert_eq!(of(-0.016, Some(0.022), "%"), "-1.6 pp");
        assert_eq!(of(5.0, Some(0.0), "user"), "+5");
        assert_eq!(of(5.0, Some(-3.0), "EUR"), "+5.00");
    }
}
