//! Rows as a table, a line as blocks.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use std::io::IsTerminal;

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

/// A table whose first `keys` columns say what a row is. In a terminal that is too narrow it is split into several below each other,
/// each with these columns and as many others as fit.
pub(super) fn split_table(headings: &[String], rows: &[Vec<String>], keys: usize, right: impl Fn(usize) -> bool) -> String {
    let width = std::io::stdout().is_terminal().then(super::out::terminal_width).flatten().unwrap_or(usize::MAX);
    let parts = parts(headings, rows, keys, width);
    let table = |places: &Vec<usize>| {
        let of = |cells: &[String]| -> Vec<String> { places.iter().filter_map(|at| cells.get(*at).cloned()).collect() };
        let rows = rows.iter().map(|row| of(row)).collect();
        table(of(headings), rows, |at| places.get(at).is_some_and(|place| right(*place)))
    };
    parts.iter().map(table).collect::<Vec<_>>().join("\n")
}

/// The columns of each table that fits into `width`.
fn parts(headings: &[String], rows: &[Vec<String>], keys: usize, width: usize) -> Vec<Vec<usize>> {
    let taken = |at: usize| {
        let cells = rows.iter().map(Vec::as_slice).chain([headings]).filter_map(|row| row.get(at));
        cells.map(|cell| textwrap::core::display_width(cell)).max().unwrap_or(0) + 2
    };
    let keys: Vec<usize> = (0..keys.min(headings.len())).collect();
    let of_keys: usize = keys.iter().map(|at| taken(*at)).sum();
    let mut parts = vec![keys.clone()];
    let mut used = of_keys;
    for at in keys.len()..headings.len() {
        let more = taken(at);
        // The last column needs no gap after it.
        let is_full = used.saturating_add(more).saturating_sub(2) > width;
        match parts.last_mut() {
            Some(part) if !is_full || part.len() == keys.len() => part.push(at),
            _ => {
                parts.push(keys.iter().copied().chain([at]).collect());
                used = of_keys;
            }
        }
        used = used.saturating_add(more);
    }
    parts
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

    #[test]
    fn a_wide_table_is_split_with_its_keys_in_each_part() {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
        let headings = row(&["period", "a", "bb", "ccc"]);
        let rows = [row(&["2024-01", "1234", "12345", "123456"])];
        // The key takes 7 and a gap of 2; the others 4, 5 and 6, each with a gap.
        assert_eq!(parts(&headings, &rows, 1, usize::MAX), [[0, 1, 2, 3]]);
        assert_eq!(parts(&headings, &rows, 1, 28), [[0, 1, 2, 3]]);
        assert_eq!(parts(&headings, &rows, 1, 27), [vec![0, 1, 2], vec![0, 3]]);
        assert_eq!(parts(&headings, &rows, 1, 3), [vec![0, 1], vec![0, 2], vec![0, 3]]);
        assert_eq!(parts(&headings, &rows, 4, 3), [vec![0, 1, 2, 3]]);
    }
}
