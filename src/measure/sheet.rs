//! What tests expect of objectives and key results, held against what there is.

use super::number;
use super::test::{Figure, close, plain};
use crate::engine::Rows;
use crate::model::{ExpectedCell, ExpectedCells, ExpectedSheet};
use serde_json::Value;

/// Holds rows against those that are expected: a figure for each column that a test names.
pub(super) fn figures(expected: &ExpectedSheet, rows: &Rows, out: &mut Vec<Figure>) {
    for wanted in &expected.rows {
        let is_key = |name: &str| expected.sheet.key().contains(&name);
        let keys = || wanted.cells.iter().filter(|(name, _)| is_key(name));
        let same =
            |row: &&Vec<Value>| keys().all(|(name, cell)| rows.get(row, name).is_some_and(|found| agrees(&cell.value, found)));
        let found = rows.rows.iter().find(same);
        let row: Vec<String> = keys().map(|(_, cell)| shown(&cell.value)).collect();
        if keys().count() == wanted.cells.len() || found.is_none() {
            out.push(presence(expected, wanted, &row, found.is_some()));
            continue;
        }
        for (name, cell) in wanted.cells.iter().filter(|(name, _)| !is_key(name)) {
            let value = found.and_then(|row| rows.get(row, name)).unwrap_or(&Value::Null);
            out.push(Figure {
                of: format!("{} {name}", expected.sheet.name()),
                row: row.join(" "),
                expected: shown(&cell.value),
                actual: actual(value),
                agrees: agrees(&cell.value, value),
                span: cell.span,
            });
        }
    }
}

/// A row that is only to be there, or is not.
fn presence(expected: &ExpectedSheet, wanted: &ExpectedCells, row: &[String], is_there: bool) -> Figure {
    let word = |is_there: bool| if is_there { "a row" } else { "no row" }.to_owned();
    Figure {
        of: expected.sheet.name().to_owned(),
        row: row.join(" "),
        expected: word(true),
        actual: word(is_there),
        agrees: is_there,
        span: wanted.span,
    }
}

fn agrees(wanted: &ExpectedCell, found: &Value) -> bool {
    match wanted {
        ExpectedCell::Null => found.is_null(),
        ExpectedCell::Number(wanted) => number(found).is_some_and(|found| close(*wanted, found)),
        ExpectedCell::Text(text) => found.as_str() == Some(text),
        ExpectedCell::Truth(truth) => found.as_bool() == Some(*truth),
    }
}

fn shown(cell: &ExpectedCell) -> String {
    match cell {
        ExpectedCell::Null => "null".to_owned(),
        ExpectedCell::Number(number) => plain(*number),
        ExpectedCell::Text(text) => text.clone(),
        ExpectedCell::Truth(truth) => truth.to_string(),
    }
}

fn actual(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::String(text) => text.clone(),
        other => number(other).map_or_else(|| other.to_string(), plain),
    }
}
