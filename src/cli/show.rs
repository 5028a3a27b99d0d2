//! Figures for people: numbers by their unit, rows as a table, a line as blocks.

use crate::calendar::{Calendar, Date, Grain, Label};
use crate::model::unit::{Shown, Unit};
use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, Table};

/// A figure in its unit: percentages as such, money and counts with separators, anything else with as many digits as help.
pub(super) fn figure(value: f64, unit: &Unit) -> String {
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

/// The course of some figures as a line of blocks; a missing one is a blank.
pub(super) fn sparkline(values: &[Option<f64>]) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let there = || values.iter().flatten().copied().filter(|value| value.is_finite());
    let low = there().fold(f64::INFINITY, f64::min);
    let high = there().fold(f64::NEG_INFINITY, f64::max);
    let block = |value: f64| {
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 7")]
        let at = (share * 7.0).round() as usize;
        BLOCKS.get(at).copied().unwrap_or('█')
    };
    values.iter().map(|value| value.filter(|value| value.is_finite()).map_or(' ', block)).collect()
}

/// A period by its name.
pub(super) fn period(day: Date, grain: Grain, calendar: &Calendar) -> String {
    // Periods of a custom calendar are known by their first day.
    if calendar.custom { day.to_string() } else { Label::of(grain, day, calendar).to_string() }
}

/// Rows under headings; columns whose place is in `right` are aligned to the right.
pub(super) fn table(headings: Vec<String>, rows: Vec<Vec<String>>, right: impl Fn(usize) -> bool) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    let count = headings.len();
    table.set_header(headings);
    for row in rows {
        table.add_row(row);
    }
    for at in 0..count {
        if let Some(column) = table.column_mut(at) {
            column.set_padding((0, 2));
            if right(at) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    let mut lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    if let Some(heading) = lines.first_mut() {
        *heading = super::out::styled(super::out::STRONG, heading);
    }
    format!("{}\n", lines.join("\n"))
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

    #[test]
    fn a_line_of_blocks_shows_the_course() {
        assert_eq!(sparkline(&[Some(0.0), Some(7.0), None, Some(3.0)]), "▁█ ▄");
        assert_eq!(sparkline(&[Some(5.0), Some(5.0)]), "▅▅");
        assert_eq!(sparkline(&[]), "");
    }
}
