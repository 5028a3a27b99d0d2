//! Rows as a table, a line as blocks.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, Table};

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

/// Rows under headings; columns whose place is in `right` are aligned to the right. Whatever a cell holds is on one line.
pub(super) fn table(headings: Vec<String>, rows: Vec<Vec<String>>, right: impl Fn(usize) -> bool) -> String {
    let line = |cells: Vec<String>| cells.iter().map(|cell| super::out::on_a_line(cell)).collect::<Vec<_>>();
    wrapped_table(line(headings), rows.into_iter().map(line).collect(), right)
}

/// The same with cells of several lines, whose texts have been made fit to be shown.
pub(super) fn wrapped_table(headings: Vec<String>, rows: Vec<Vec<String>>, right: impl Fn(usize) -> bool) -> String {
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

    #[test]
    fn a_line_of_blocks_shows_the_course() {
        assert_eq!(sparkline(&[Some(0.0), Some(7.0), None, Some(3.0)]), "▁█ ▄");
        assert_eq!(sparkline(&[Some(5.0), Some(5.0)]), "▅▅");
        assert_eq!(sparkline(&[]), "");
    }
}
