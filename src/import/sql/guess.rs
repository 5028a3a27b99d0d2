//! What type a column seems to have by what stands beside it, where no database says it. It is written as assumed.

use super::super::node::Ty;
use crate::rawsql::{Kind, Token};
use std::collections::HashMap;

/// Types by the names of columns in lower case.
pub(in crate::import) fn types(tokens: &[Token<'_>]) -> HashMap<String, Ty> {
    let mut found = HashMap::new();
    let get = |at: usize| tokens.get(at);
    for (at, token) in tokens.iter().enumerate() {
        let Some(name) = token.name() else { continue };
        let next = get(at + 1);
        // The name of a table, or of a function.
        if next.is_some_and(|next| next.is_mark(".") || next.is_mark("(")) {
            continue;
        }
        let first = if at > 1 && get(at - 1).is_some_and(|before| before.is_mark(".")) { at - 2 } else { at };
        let before = first.checked_sub(1).and_then(get);
        let ty = beside(next, get(at + 2), get(at + 3)).or_else(|| {
            let other = first.checked_sub(2).and_then(get);
            if before.is_some_and(is_comparison) { other.and_then(of_value) } else { None }
        });
        let ends = |token: Option<&Token<'_>>| {
            token.is_none_or(|token| {
                token.is_mark(")") || ["and", "or", "then", "group", "order"].iter().any(|word| token.is_word(word))
            })
        };
        let starts = before.is_some_and(|token| ["and", "or", "not", "when", "where"].iter().any(|word| token.is_word(word)));
        let is_condition = before.is_some_and(|token| token.is_word("not")) || starts && ends(next);
        if let Some(ty) = ty.or(is_condition.then_some(Ty::Boolean)) {
            found.entry(name.to_lowercase()).or_insert(ty);
        }
    }
    found
}

fn is_comparison(token: &Token<'_>) -> bool {
    matches!(token.text, "=" | "<>" | "!=" | "<" | ">" | "<=" | ">=")
}

fn beside(next: Option<&Token<'_>>, second: Option<&Token<'_>>, third: Option<&Token<'_>>) -> Option<Ty> {
    let next = next?;
    let value = match () {
        () if is_comparison(next) => second,
        () if next.is_word("like") => return Some(Ty::Text),
        () if next.is_word("not") && second.is_some_and(|second| second.is_word("like")) => return Some(Ty::Text),
        () if next.is_word("in") && second.is_some_and(|second| second.is_mark("(")) => third,
        () if next.is_word("between") => second,
        () => None,
    };
    of_value(value?)
}

fn of_value(token: &Token<'_>) -> Option<Ty> {
    let is_day = |text: &str| text.trim_matches('\'').parse::<crate::calendar::Date>().is_ok();
    match token.kind {
        Kind::Text if is_day(token.text) => Some(Ty::Timestamp),
        Kind::Text => Some(Ty::Text),
        Kind::Number if token.text.contains('.') => Some(Ty::Number),
        Kind::Number => Some(Ty::Integer),
        Kind::Word if token.is_word("true") || token.is_word("false") => Some(Ty::Boolean),
        Kind::Word if token.is_word("date") => Some(Ty::Timestamp),
        _ => None,
    }
}
