//! Figures and periods as people read them.

use crate::calendar::{Calendar, Date, Grain, Label};
use crate::model::unit::{Shown, Unit};

/// A figure in its unit: percentages as such, money and counts with separators, anything else with as many digits as help.
pub fn figure(value: f64, unit: &Unit) -> String {
    if unit.shown == Shown::Percent {
        let percent = value * 100.0;
        let decimals = if percent != 0.0 && percent.abs() < 1.0 { 2 } else { 1 };
        return format!("{}%", separated(percent, decimals));
    }
    let whole = value.fract() == 0.0 && value.abs() < 1e15;
    let decimals = match value.abs() {
        _ if unit.currency().is_some() && value.abs() < 1000.0 => 2,
        _ if whole => 0,
        size if size >= 1000.0 => 0,
        size if size >= 100.0 => 1,
        size if size >= 1.0 => 2,
        _ => 4,
    };
    separated(value, decimals)
}

/// A figure that may not be known.
pub fn known(value: Option<f64>, unit: &Unit) -> String {
    value.map_or_else(|| "\u{2013}".to_owned(), |value| figure(value, unit))
}

/// A number with separators between thousands.
fn separated(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    // What rounds to nothing has no sign.
    let zero = text.chars().all(|char| matches!(char, '-' | '0' | '.'));
    let text = if zero { text.trim_start_matches('-').to_owned() } else { text };
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let mut out = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if part.is_empty() { format!("{sign}{out}") } else { format!("{sign}{out}.{part}") }
}

/// A period by its name.
pub fn period(day: Date, grain: Grain, calendar: &Calendar) -> String {
    // Periods of a custom calendar are known by their first day.
    if calendar.custom { day.to_string() } else { Label::of(grain, day, calendar).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: f64, unit: &str) -> String {
        figure(value, &Unit::parse(unit).unwrap())
    }

    #[test]
    fn figures_are_shown_by_their_unit() {
        assert_eq!(shown(0.1273, "%"), "12.7%");
        assert_eq!(shown(0.0042, "%"), "0.42%");
        assert_eq!(shown(-0.0, "%"), "0.0%");
        assert_eq!(shown(1_234_567.891, "USD"), "1,234,568");
        assert_eq!(shown(33.5, "USD"), "33.50");
        assert_eq!(shown(1234.0, "order"), "1,234");
        assert_eq!(shown(12.345, "minute"), "12.35");
        assert_eq!(shown(-0.001, "minute"), "-0.0010");
    }
}
