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

/// How many columns a table may take: those of the terminal, or as many as it needs where there is none.
fn room() -> usize {
    std::io::stdout().is_terminal().then(super::out::terminal_width).flatten().unwrap_or(usize::MAX)
}

/// A line that goes on below, further in, where the terminal is too narrow.
pub(super) fn paragraph(text: &str) -> String {
    let text = super::out::on_a_line(text);
    if room() == usize::MAX {
        text
    } else {
        textwrap::wrap(&text, textwrap::Options::new(room()).subsequent_indent("  ")).join("\n")
    }
}

/// A table whose last column goes on in further lines where the terminal is too narrow.
pub(super) fn last_wrapped(headings: Vec<String>, rows: Vec<Vec<String>>, right: impl Fn(usize) -> bool) -> String {
    let line = |cells: Vec<String>| cells.iter().map(|cell| super::out::on_a_line(cell)).collect::<Vec<_>>();
    let rows = fitted(&headings, rows.into_iter().map(line).collect(), room());
    wrapped_table(line(headings), rows, right)
}

/// How narrow a column may become.
const NARROWEST: usize = 20;

/// Rows whose last cells have as many lines as they need to fit into `width`.
fn fitted(headings: &[String], mut rows: Vec<Vec<String>>, width: usize) -> Vec<Vec<String>> {
    let widest = |at: usize| {
        let cells = rows.iter().map(Vec::as_slice).chain([headings]).filter_map(|row| row.get(at));
        cells.map(|cell| textwrap::core::display_width(cell)).max().unwrap_or(0) + 2
    };
    let taken: usize = (0..headings.len().saturating_sub(1)).map(widest).sum();
    if width == usize::MAX {
        return rows;
    }
    for last in rows.iter_mut().filter_map(|row| row.last_mut()) {
        *last = textwrap::wrap(last, width.saturating_sub(taken).max(NARROWEST)).join("\n");
    }
    rows
}

/// A table whose first `keys` columns say what a row is. In a terminal that is too narrow it is split into several below each other,
/// each with these columns and as many others as fit.
pub(super) fn split_table(headings: &[String], rows: &[Vec<String>], keys: usize, right: impl Fn(usize) -> bool) -> String {
    let parts = parts(headings, rows, keys, room());
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

    #[test]
    fn the_last_column_goes_on_below_where_there_is_no_room() {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
        let headings = row(&["team", "with", "without"]);
        let rows = vec![row(&["front_desk", "1 of 7", "bookings, appointments, lead_time"])];
        assert_eq!(fitted(&headings, rows.clone(), usize::MAX), rows);
        // The others take 10 and 6, each with a gap of 2: 24 are left of 44.
        assert_eq!(fitted(&headings, rows.clone(), 44)[0][2], "bookings, appointments,\nlead_time");
        assert_eq!(fitted(&headings, rows, 10)[0][2], "bookings,\nappointments,\nlead_time");
    }
}
