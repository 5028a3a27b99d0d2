//! Reads pages as strictly as XML: every element is closed, every attribute is in quotes, every `<` and `&` of a text is escaped.

use std::collections::BTreeMap;

/// A part of a page.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    Open(String, BTreeMap<String, String>),
    Close(String),
    Text(String),
}

/// The parts of a page, or what is wrong with it. The texts of `style` and `script` are as they are.
pub(crate) fn parts(page: &str) -> Result<Vec<Part>, String> {
    let mut rest = page.strip_prefix("<!DOCTYPE html>").ok_or("no doctype")?;
    let (mut parts, mut open) = (Vec::new(), Vec::<String>::new());
    while !rest.is_empty() {
        if let Some(raw) = open.last().filter(|name| matches!(name.as_str(), "style" | "script")) {
            let end = rest.find(&format!("</{raw}>")).ok_or("an end is missing")?;
            parts.push(Part::Text(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        let Some(tag) = rest.strip_prefix('<') else {
            let end = rest.find('<').unwrap_or(rest.len());
            parts.push(Part::Text(decoded(&rest[..end])?));
            rest = &rest[end..];
            continue;
        };
        if let Some(closed) = tag.strip_prefix('/') {
            let (name, after) = closed.split_once('>').ok_or("no >")?;
            let last = open.pop();
            if last.as_deref() != Some(name) {
                return Err(format!("</{name}> closes {last:?}"));
            }
            parts.push(Part::Close(name.to_owned()));
            rest = after;
            continue;
        }
        let end = tag.find(|char: char| !char.is_ascii_alphanumeric()).unwrap_or(tag.len());
        let (name, mut after) = tag.split_at(end);
        if name.is_empty() {
            return Err(format!("a lone < before {:?}", tag.chars().take(30).collect::<String>()));
        }
        let mut attributes = BTreeMap::new();
        let closes_itself = loop {
            after = after.trim_start();
            if let Some(next) = after.strip_prefix("/>") {
                break (true, next);
            }
            if let Some(next) = after.strip_prefix('>') {
                break (false, next);
            }
            let (attribute, value) = after.split_once("=\"").ok_or(format!("in <{name}: {after:.40}"))?;
            if !attribute.chars().all(|char| char.is_ascii_alphanumeric() || char == '-') {
                return Err(format!("<{name} has the attribute {attribute:?}"));
            }
            let (value, next) = value.split_once('"').ok_or("no end of an attribute")?;
            if value.contains('<') || attributes.insert(attribute.to_owned(), decoded(value)?).is_some() {
                return Err(format!("<{name} {attribute}={value:?}"));
            }
            after = next;
        };
        parts.push(Part::Open(name.to_owned(), attributes));
        if closes_itself.0 {
            parts.push(Part::Close(name.to_owned()));
        } else {
            open.push(name.to_owned());
        }
        rest = closes_itself.1;
    }
    if open.is_empty() { Ok(parts) } else { Err(format!("{open:?} are open")) }
}

/// A text without references to characters.
fn decoded(text: &str) -> Result<String, String> {
    let mut pieces = text.split('&');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, after) = piece.split_once(';').ok_or(format!("a lone & before {piece:?}"))?;
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "#x27" => '\'',
            "#x2f" => '/',
            other => return Err(format!("the reference &{other};")),
        });
        out.push_str(after);
    }
    Ok(out)
}

/// The text of all parts.
pub(crate) fn text(parts: &[Part]) -> String {
    let texts = parts.iter().map(|part| if let Part::Text(text) = part { text.as_str() } else { " " });
    texts.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The parts inside of elements of a name, with their attributes.
pub(crate) fn elements<'a>(parts: &'a [Part], name: &str) -> Vec<(&'a BTreeMap<String, String>, &'a [Part])> {
    let mut found = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let Part::Open(own, attributes) = part else { continue };
        if own != name {
            continue;
        }
        let mut depth = 0;
        let end = parts[at..].iter().position(|part| {
            match part {
                Part::Open(..) => depth += 1,
                Part::Close(_) => depth -= 1,
                Part::Text(_) => {}
            }
            depth == 0
        });
        found.push((attributes, &parts[at + 1..at + end.unwrap()]));
    }
    found
}

/// A cell of a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cell {
    pub(crate) text: String,
    /// The number of its figure.
    pub(crate) data: Option<f64>,
    /// The day of its period.
    pub(crate) day: Option<String>,
}

/// The rows of a table.
pub(crate) fn rows(table: &[Part]) -> Vec<Vec<Cell>> {
    let cells = |row: &[Part]| {
        let mut cells = Vec::new();
        for (at, part) in row.iter().enumerate() {
            let Part::Open(name, _) = part else { continue };
            if matches!(name.as_str(), "td" | "th") {
                let end = row[at..].iter().position(|part| matches!(part, Part::Close(closed) if closed == name)).unwrap();
                let inside = &row[at + 1..at + end];
                let of = |name: &str, attribute: &str| elements(inside, name).first().map(|(all, _)| all[attribute].clone());
                let data = of("data", "value").map(|value| value.parse().unwrap());
                cells.push(Cell { text: text(inside), data, day: of("time", "datetime") });
            }
        }
        cells
    };
    elements(table, "tr").into_iter().map(|(_, row)| cells(row)).collect()
}

/// A table: its attributes, and its rows.
type Table<'a> = (&'a BTreeMap<String, String>, Vec<Vec<Cell>>);

/// The tables with an attribute `data-table` of that value, each with its attributes and rows.
pub(crate) fn tables<'a>(parts: &'a [Part], kind: &str) -> Vec<Table<'a>> {
    let all = elements(parts, "table").into_iter();
    let own = all.filter(|(attributes, _)| attributes.get("data-table").is_some_and(|own| own == kind));
    own.map(|(attributes, table)| (attributes, rows(table))).collect()
}
