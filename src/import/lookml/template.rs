//! SQL of LookML as parts: what stands in `${...}` is a field or the table, and what stands in Liquid is filled in later.

use crate::import::models::text::{Piece, Place, Sql};
use crate::import::short;

/// Signs with which Liquid and constants begin.
const LIQUID: [&str; 3] = ["{%", "{{", "@{"];

/// SQL within a view. `periods` are names of its fields that are periods of a time.
pub(super) fn sql(at: Place, text: &str, view: &str, periods: &[String]) -> Sql {
    let mut parts = Vec::new();
    let mut done = 0;
    while let Some(rest) = text.get(done..).filter(|rest| !rest.is_empty()) {
        let place = Place { at: at.at + done, ..at };
        if LIQUID.iter().any(|sign| rest.starts_with(sign)) {
            parts.push((place, Piece::Odd("Liquid or a constant decides what stands there".to_owned())));
            break;
        }
        if let Some(inner) = rest.strip_prefix("${") {
            let end = inner.find('}');
            let piece = match end.and_then(|end| inner.get(..end)) {
                Some(name) => meant(name.trim(), view, periods),
                None => Piece::Odd("its brace is not closed".to_owned()),
            };
            parts.push((place, piece));
            done += end.map_or(rest.len(), |end| end + 3);
            continue;
        }
        // A line is a part of its own, so that each part stands in the file as it is here.
        let line = rest.find('\n').map_or(rest.len(), |end| end + 1);
        let starts = LIQUID.iter().chain(&["${"]).filter_map(|sign| rest.find(sign));
        let end = starts.min().map_or(line, |start| start.min(line));
        parts.push((place, Piece::Plain(rest.get(..end).unwrap_or_default().to_owned())));
        done += end;
    }
    Sql { at, parts }
}

fn meant(name: &str, view: &str, periods: &[String]) -> Piece {
    let parts: Vec<&str> = name.split('.').collect();
    let is_name = |part: &&str| !part.is_empty() && part.chars().all(|char| char.is_alphanumeric() || char == '_');
    match parts.as_slice() {
        ["TABLE"] => Piece::This,
        [_, "SQL_TABLE_NAME"] => Piece::Odd("kpic does not put other tables in there".to_owned()),
        [own] if periods.iter().any(|period| period == own) => Piece::Odd(period(own)),
        [model, own] if *model == view && periods.iter().any(|period| period == own) => Piece::Odd(period(own)),
        [own] if is_name(own) => Piece::Member(view.to_owned(), (*own).to_owned()),
        [model, own] if is_name(model) && is_name(own) => Piece::Member((*model).to_owned(), (*own).to_owned()),
        _ => Piece::Odd(format!("kpic does not read `${{{}}}`", short(name))),
    }
}

fn period(name: &str) -> String {
    format!("`{}` is a period of a time: kpic reads the time itself, as `_raw`", short(name))
}
