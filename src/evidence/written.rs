//! Rows as a spec test that a project can keep.

use super::asked::{Figure, Pair, plain_text, text};
use super::smaller::Case;
use super::world::{View, stored};
use crate::calendar::{Grain, Label};
use crate::model::{Cell, Model};
use serde_json::Value;

/// A period as specs write it.
pub(super) fn label(model: &Model, grain: Grain, period: &str) -> String {
    match period.parse() {
        Ok(day) if !model.calendar.custom => Label::of(grain, day, &model.calendar).to_string(),
        _ => period.to_owned(),
    }
}

/// A spec test of the rows of a case, with the first figures that differ as they are in the version after.
pub(super) fn test(after: View<'_>, case: &Case, most: usize) -> String {
    let mut out = format!("tests:\n  {}_differs:\n    as_of: {}\n", case.asked.kpi, case.world.as_of);
    if case.world.size() > 0 {
        out.push_str("    given:\n");
    }
    for (name, _, source) in after.sources() {
        let Some(rows) = case.world.rows.get(&name).filter(|rows| !rows.is_empty()) else { continue };
        out.push_str(&format!("      {name}:\n"));
        for row in rows {
            let cell = |id| {
                let stored = stored(source, id)?;
                let cell = row.get(&stored).filter(|cell| **cell != Cell::Null)?;
                Some(format!("{}: {}", scalar(&source.columns.get(id).name.value), written(cell)))
            };
            let cells: Vec<String> = source.columns.ids().filter_map(cell).collect();
            out.push_str(&format!("        - {{ {} }}\n", cells.join(", ")));
        }
    }
    let model = after.model;
    let slice: Vec<&str> = case.asked.after.1.iter().map(|id| model.dimensions.get(*id).name.as_str()).collect();
    let by = if slice.is_empty() { String::new() } else { format!(" by {}", slice.join(", ")) };
    out.push_str(&format!("    expect:\n      {}{by}:\n", case.asked.kpi));
    for pair in case.pairs.iter().take(most) {
        let period = label(model, case.asked.grain, &pair.key.period);
        let mut cells = vec![format!("period: {period}")];
        cells.extend(pair.key.age.map(|age| format!("age: {age}")));
        cells.extend(slice.iter().zip(&pair.key.keys).map(|(name, key)| format!("{name}: {}", json(key))));
        cells.push(format!("value: {}", expected(pair.after.as_ref())));
        let only_complete = pair.before.as_ref().zip(pair.after.as_ref()).filter(|(one, two)| one.value == two.value);
        if let Some(is_complete) = only_complete.and_then(|(_, after)| after.is_complete) {
            cells.push(format!("is_complete: {is_complete}"));
        }
        out.push_str(&format!("        - {{ {} }}   # before: {}\n", cells.join(", "), before(pair)));
    }
    out
}

fn before(pair: &Pair) -> String {
    let is_same = pair.before.as_ref().zip(pair.after.as_ref()).is_some_and(|(one, two)| one.value == two.value);
    pair.before.as_ref().map_or("no row".to_owned(), |figure| text(figure, is_same))
}

fn expected(figure: Option<&Figure>) -> String {
    match figure {
        None => "absent".to_owned(),
        Some(figure) => text(figure, false),
    }
}

/// A value of a dimension, which comes as JSON.
fn json(key: &str) -> String {
    match serde_json::from_str::<Value>(key) {
        Ok(Value::String(_)) => scalar(&plain_text(key)),
        _ => key.to_owned(),
    }
}

fn written(cell: &Cell) -> String {
    match cell {
        Cell::Null => "null".to_owned(),
        Cell::Truth(truth) => truth.to_string(),
        Cell::Number(digits) => digits.clone(),
        Cell::NotFinite("nan") => ".nan".to_owned(),
        Cell::NotFinite("infinity") => ".inf".to_owned(),
        Cell::NotFinite(_) => "-.inf".to_owned(),
        Cell::Text(text) => scalar(text),
        Cell::Day(day) => day.to_string(),
        Cell::Wall(reading) => clock(*reading),
        Cell::Instant(reading) => format!("{}Z", clock(*reading)),
        Cell::Key(parts) => format!("[{}]", parts.iter().map(|part| scalar(part)).collect::<Vec<_>>().join(", ")),
    }
}

/// A reading to the minute, unless there is more to it.
fn clock(reading: crate::calendar::DateTime) -> String {
    let (date, time) = (reading.date(), reading.time());
    let is_short = time.second() == 0 && time.subsec_nanosecond() == 0;
    if is_short { format!("{date} {:02}:{:02}", time.hour(), time.minute()) } else { format!("{date} {time}") }
}

/// A text as YAML: as it is where it cannot be misread, else as JSON has it.
fn scalar(text: &str) -> String {
    let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let is_plain = text.starts_with(|char: char| char.is_ascii_alphabetic())
        && text.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
        && !words.contains(&text.to_lowercase().as_str());
    if is_plain { text.to_owned() } else { Value::from(text).to_string() }
}
