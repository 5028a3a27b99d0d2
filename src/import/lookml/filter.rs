//! Looker's filter expressions as conditions in SQL: lists, what is left out, comparisons, patterns, yes and no.

use crate::import::models::Holds;
use crate::import::models::text::{Piece, Place, Sql};
use crate::import::short;

/// A filter on a field as a condition.
pub(super) fn condition(at: Place, field: &Piece, holds: Holds, value: &str) -> Result<Sql, String> {
    let odd = || format!("kpic does not read the filter `{}`", short(value));
    if ["{%", "{{", "@{", "\\", "^"].iter().any(|sign| value.contains(sign)) {
        return Err(odd());
    }
    let parts: Vec<&str> = value.split(',').map(str::trim).collect();
    if parts.iter().any(|part| part.is_empty()) {
        return Err(odd());
    }
    // What stands before the field and what after it; the second is repeated with it.
    let tests: Vec<(String, String)> = match holds {
        Holds::Boolean => match value.trim().to_lowercase().as_str() {
            "yes" | "true" => vec![(String::new(), String::new())],
            "no" | "false" => vec![("not coalesce(".to_owned(), ", false)".to_owned())],
            _ => return Err(odd()),
        },
        Holds::Text => parts.iter().map(|part| text(part)).collect::<Option<_>>().ok_or_else(odd)?,
        Holds::Number => parts.iter().map(|part| number(part)).collect::<Option<_>>().ok_or_else(odd)?,
        Holds::Time | Holds::Day => {
            return Err("it filters by a range of times: kpic's formulas have windows and `prior`".to_owned());
        }
    };
    let leaves_out =
        |(_, after): &(String, String)| after.starts_with(" <> ") || after.starts_with(" not ") || after == " is not null";
    let negative = tests.iter().filter(|test| leaves_out(test)).count();
    if negative > 0 && negative < tests.len() {
        return Err(odd());
    }
    let word = if negative > 0 { " and " } else { " or " };
    let mut parts = Vec::new();
    let mut add = |text: String| parts.push((at, Piece::Plain(text)));
    add("(".to_owned());
    let mut found = Vec::new();
    for (number, (before, after)) in tests.into_iter().enumerate() {
        let mut one = Vec::new();
        let with_nulls = after.starts_with(" <> ") || after.starts_with(" not ");
        one.push((at, Piece::Plain(format!("{}({before}", if number == 0 { "" } else { word }))));
        one.push((at, field.clone()));
        one.push((at, Piece::Plain(after)));
        if with_nulls {
            // Looker keeps rows without a value there.
            one.push((at, Piece::Plain(" or ".to_owned())));
            one.push((at, field.clone()));
            one.push((at, Piece::Plain(" is null".to_owned())));
        }
        one.push((at, Piece::Plain(")".to_owned())));
        found.extend(one);
    }
    parts.extend(found);
    parts.push((at, Piece::Plain(")".to_owned())));
    Ok(Sql { at, parts })
}

fn text(part: &str) -> Option<(String, String)> {
    let (is_out, own) = part.strip_prefix('-').map_or((false, part), |own| (true, own));
    if own.contains(['"', '\'', '_']) && own.contains('%') || own.contains(['"', '\'']) || own.is_empty() {
        return None;
    }
    Some((
        String::new(),
        match (own, is_out) {
            ("NULL", false) => " is null".to_owned(),
            ("NULL", true) => " is not null".to_owned(),
            ("EMPTY", _) => return None,
            (own, false) if own.contains('%') => format!(" like '{own}'"),
            (own, true) if own.contains('%') => format!(" not like '{own}'"),
            (own, false) => format!(" = '{own}'"),
            (own, true) => format!(" <> '{own}'"),
        },
    ))
}

fn number(part: &str) -> Option<(String, String)> {
    let digits = |text: &str| {
        let text = text.trim();
        let own = text.strip_prefix('-').unwrap_or(text);
        let is_number =
            !own.is_empty() && own.chars().all(|char| char.is_ascii_digit() || char == '.') && own.parse::<f64>().is_ok();
        (is_number && !own.ends_with('.') && !own.starts_with('.')).then(|| text.to_owned())
    };
    let lower = part.to_lowercase();
    let after = match lower.as_str() {
        "null" => " is null".to_owned(),
        "not null" => " is not null".to_owned(),
        _ => {
            let signs = [("not ", "<>"), ("<>", "<>"), ("!=", "<>"), (">=", ">="), ("<=", "<="), (">", ">"), ("<", "<")];
            let found = signs.iter().find_map(|(start, sign)| Some((*sign, lower.strip_prefix(start)?)));
            let (sign, rest) = found.unwrap_or(("=", lower.as_str()));
            format!(" {sign} {}", digits(rest)?)
        }
    };
    Some((String::new(), after))
}
