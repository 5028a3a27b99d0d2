//! SQL of Cube as parts: what stands in braces is a member, a cube, or a template that is filled in later.

use super::File;
use crate::import::models::text::{Piece, Place, Sql};
use crate::import::short;
use crate::load::scalar::origins;
use crate::load::{Node, Value};

/// What Cube fills in when a query is made or a model is compiled.
const CONTEXT: [&str; 5] = ["FILTER_PARAMS", "FILTER_GROUP", "SECURITY_CONTEXT", "COMPILE_CONTEXT", "SQL_UTILS"];

/// The SQL of a node, within a cube; nothing if it is no text.
pub(super) fn sql(file: &File<'_>, node: &Node, cube: &str) -> Option<Sql> {
    let Value::Scalar(scalar) = &node.value else { return None };
    let start = node.span.start as usize;
    let source = file.text.get(start..node.span.end as usize).unwrap_or_default();
    let places = origins(scalar, source, start);
    let place = |at: usize| Place { file: file.id, at: places.get(at).map_or(start, |(first, _)| *first as usize) };
    let mut parts = Vec::new();
    let text = scalar.text.as_str();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(braces) = rest.strip_prefix('{') else {
            // A line is a part of its own, so that each part stands in the file as it is here.
            let line = rest.find('\n').map_or(rest.len(), |end| end + 1);
            let end = rest.find('{').map_or(line, |brace| brace.min(line));
            parts.push((place(at), Piece::Plain(rest.get(..end).unwrap_or_default().to_owned())));
            at += end;
            continue;
        };
        let is_escaped = text.get(..at).is_some_and(|before| before.ends_with('\\'));
        let end = braces.find('}');
        let piece = match end.and_then(|end| braces.get(..end)) {
            _ if is_escaped => Piece::Odd("kpic does not read braces after a backslash".to_owned()),
            _ if braces.starts_with('{') => Piece::Odd("a template decides what stands there: import what it makes".to_owned()),
            Some(inner) => meant(inner, cube),
            None => Piece::Odd("its brace is not closed".to_owned()),
        };
        parts.push((place(at), piece));
        at += end.map_or(rest.len(), |end| end + 2);
    }
    Some(Sql { at: place(0), parts })
}

/// What stands in braces.
fn meant(inner: &str, cube: &str) -> Piece {
    let names: Vec<&str> = inner.split('.').map(str::trim).collect();
    let is_name = |name: &&str| {
        name.starts_with(|char: char| char.is_ascii_alphabetic() || char == '_')
            && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
    };
    let first = names.first().copied().unwrap_or_default();
    if CONTEXT.iter().any(|word| first.starts_with(word)) {
        return Piece::Odd(format!("`{}` is filled in when a query is made", short(first)));
    }
    if !names.iter().all(is_name) {
        return Piece::Odd(format!("kpic does not read `{{{}}}`", short(inner)));
    }
    match names.as_slice() {
        ["CUBE"] => Piece::This,
        [only] if *only == cube => Piece::This,
        [only] => Piece::Name((*only).to_owned()),
        ["CUBE", member] => Piece::Member(cube.to_owned(), (*member).to_owned()),
        [model, member] => Piece::Member((*model).to_owned(), (*member).to_owned()),
        _ => Piece::Odd(format!("kpic does not read `{{{}}}`: name a member of a cube", short(inner))),
    }
}
