//! The conditions of a SELECT on its rows. A range of times up to now is left out, and told: periods are chosen when a figure is asked for.

use super::super::expression;
use super::super::node::Node;
use super::super::short;
use super::Fault;
use super::groups::Groups;
use super::period::{self, Column};
use super::scope::Scope;
use super::statement::{Statement, split};
use crate::rawsql::{Kind, Token};

/// Names under which SQL knows the current time.
const NOW: [&str; 8] = ["current_date", "current_timestamp", "now", "getdate", "sysdate", "today", "curdate", "localtimestamp"];

/// Words with which a time is computed of the current one.
const OF_NOW: [&str; 21] = [
    "interval",
    "day",
    "days",
    "week",
    "weeks",
    "month",
    "months",
    "quarter",
    "quarters",
    "year",
    "years",
    "hour",
    "hours",
    "date_trunc",
    "cast",
    "as",
    "date",
    "timestamp",
    "dateadd",
    "date_add",
    "date_sub",
];

/// The conditions that all rows fulfil.
pub(super) fn conditions<'t>(
    scope: &mut Scope<'_, 't>,
    statement: &Statement<'t>,
    groups: &Groups<'_, 't>,
    differences: &mut Vec<String>,
) -> Result<Vec<Node>, Fault> {
    let mut found = Vec::new();
    let mut parts: Vec<Vec<Token<'t>>> = parts(&statement.filter);
    parts.extend(std::mem::take(&mut scope.conditions));
    for part in parts {
        let at = part.first().map_or(statement.start, |token| token.start);
        let is_one_table = statement.joins.is_empty();
        let is_now = part.iter().any(|token| NOW.iter().any(|word| token.is_word(word)));
        if is_now && is_range(&part, &groups.time, is_one_table) {
            let text = short(&part.iter().map(|token| token.text).collect::<Vec<_>>().join(" "));
            differences.push(format!("`{text}` is left out: kpic shows all periods from `start` to `as_of`, and whole ones"));
            continue;
        }
        scope.unknown = None;
        match expression::read_tokens(part.iter().copied(), scope) {
            Ok((Node::And(all), _)) => found.extend(all),
            Ok((node, _)) => found.push(node),
            Err(refused) => {
                let why = scope.unknown.take().unwrap_or(refused.why);
                return Err(Fault::at(refused.at.unwrap_or(at), &format!("its condition is not one that kpic reads: {why}")));
            }
        }
    }
    found.append(&mut scope.found);
    Ok(found)
}

/// The parts of a condition that all have to hold.
fn parts<'t>(tokens: &[Token<'t>]) -> Vec<Vec<Token<'t>>> {
    if tokens.is_empty() {
        return Vec::new();
    }
    if split(tokens, |token| token.is_word("or")).len() > 1 {
        return vec![tokens.to_vec()];
    }
    let conjunctions: Vec<&Token<'t>> = tokens.iter().filter(|token| token.is_word("and")).collect();
    let mut found: Vec<Vec<Token<'t>>> = Vec::new();
    let mut is_open = false;
    for part in split(tokens, |token| token.is_word("and")) {
        let between = split(part, |token| token.is_word("between")).len() > 1;
        if let Some(last) = found.last_mut().filter(|_| is_open) {
            // The `and` of `between`, whatever its place: only that it is there counts.
            last.extend(conjunctions.first().map(|and| **and));
            last.extend(part);
            is_open = false;
        } else {
            found.push(part.to_vec());
            is_open = between;
        }
    }
    found
}

/// Whether a condition compares the time of rows with something, and is about nothing else.
fn is_range(part: &[Token<'_>], time: &Column, is_one_table: bool) -> bool {
    let sign = part.iter().position(|token| matches!(token.text, ">=" | ">" | "<" | "<="));
    let Some((left, right)) = sign.and_then(|at| Some((part.get(..at)?, part.get(at + 1..)?))) else { return false };
    let is_time = period::column(left).is_some_and(|column| {
        let is_there = column.table == time.table || is_one_table && (column.table.is_none() || time.table.is_none());
        column.name.eq_ignore_ascii_case(&time.name) && is_there
    });
    let is_of_now = |token: &Token<'_>| match token.kind {
        Kind::Word => NOW.iter().chain(&OF_NOW).any(|word| token.is_word(word)),
        Kind::Quoted => false,
        _ => !token.is_mark("."),
    };
    is_time && right.iter().all(is_of_now)
}
