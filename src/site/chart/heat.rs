//! A field of values: a row for each cohort, a column for each age, the greater the stronger.

use super::{Anchor, Svg, cut, float};

const NAMES: f64 = 76.0;
const CELL: f64 = 50.0;
const ROW: f64 = 24.0;

/// A row of the field.
#[derive(Debug, Clone)]
pub struct Row {
    /// What it belongs to.
    pub name: String,
    /// Its cells: the value, as people read it, and whether it is complete.
    pub cells: Vec<(Option<f64>, String, bool)>,
}

/// Draws it. `columns` says what columns are called.
pub fn heat(name: &str, columns: &[String], rows: &[Row]) -> String {
    let known = || rows.iter().flat_map(|row| &row.cells).filter_map(|(value, ..)| *value);
    let (low, high) = known().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    let mut svg = Svg::new("chart heat", NAMES + CELL * float(columns.len()), ROW * float(rows.len() + 1), name);
    for (at, column) in columns.iter().enumerate() {
        svg.text("axis", (NAMES + CELL * (float(at) + 0.5), 16.0), Anchor::Middle, column);
    }
    for (down, row) in rows.iter().enumerate() {
        let top = ROW * float(down + 1);
        svg.text("axis", (NAMES - 8.0, top + 16.0), Anchor::End, &cut(&row.name, 10));
        for (at, (value, shown, is_complete)) in row.cells.iter().enumerate() {
            let Some(value) = value else { continue };
            let share = if high > low { (value - low) / (high - low) } else { 0.5 };
            // The strongest still lets a dark letter be read.
            let strength = format!(" fill-opacity=\"{:.2}\"", 0.06 + 0.44 * share);
            let left = NAMES + CELL * float(at);
            let open = if *is_complete { "" } else { ", not complete" };
            let title = format!("{}, {}: {shown}{open}", row.name, columns.get(at).map(String::as_str).unwrap_or_default());
            let class = if *is_complete { "cell" } else { "cell half" };
            svg.rect(class, (left + 1.0, top + 1.0), (CELL - 2.0, ROW - 2.0), &strength, Some(&title));
            svg.text("value", (left + CELL / 2.0, top + 16.0), Anchor::Middle, &cut(shown, 7));
        }
    }
    svg.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_is_the_strongest() {
        let row = Row {
            name: "a".into(),
            cells: vec![(Some(0.0), "0".into(), true), (Some(1.0), "1".into(), false), (None, String::new(), true)],
        };
        let drawn = heat("n", &["0".into(), "1".into(), "2".into()], &[row]);
        assert!(drawn.contains("fill-opacity=\"0.06\"") && drawn.contains("fill-opacity=\"0.50\""), "{drawn}");
        assert_eq!(drawn.matches("<rect").count(), 2);
        assert_eq!(drawn.matches("not complete").count(), 1);
    }
}
