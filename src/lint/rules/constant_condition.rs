//! `constant-condition`: a condition that is true, or not true, of every row says nothing.

use super::walk::{self, Of};
use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};
use crate::model::Model;
use crate::model::expr::{Node, RowExpr};
use crate::model::facts::Range;
use crate::text::Span;

pub(super) const RULE: Rule = Rule { code: &codes::CONSTANT_CONDITION, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    let mut found = Vec::new();
    let mut nulls = Vec::new();
    walk::rows(lens.model, &mut |of, expr| {
        walk::nodes(expr, &mut |node| {
            nulls.extend(with_null(node).zip(node.at.0));
            if let Some(holds) = verdict(lens.model, of, node) {
                found.extend(node.at.0.map(|span| (span, holds.0, holds.1)));
            }
        });
    });
    nulls.sort_by_key(|(_, span)| *span);
    nulls.dedup();
    for (with, span) in nulls {
        let text = lens.files.slice(span).split_whitespace().collect::<Vec<_>>().join(" ");
        let of = with.of.map_or("x", |of| lens.files.slice(of));
        let (message, help) = match with.how {
            How::Equal => {
                (format!("`{text}` is true for no row: nothing equals null, not even null"), format!("write `{of} is null`"))
            }
            How::Different => {
                (format!("`{text}` is true for no row: nothing differs from null"), format!("write `{of} is not null`"))
            }
            How::NotAmong => (
                format!("`{text}` is true for no row: with a null in the list, `not in` is never true"),
                format!("remove `null` from the list, and add `and {of} is not null`, or `or {of} is null`"),
            ),
            How::Among => (
                format!("the `null` in `{text}` matches no row: nothing equals null, not even null"),
                format!("remove it from the list; for the rows without a value add `or {of} is null`"),
            ),
            How::Else => {
                (format!("`{text}` is true for no row: a comparison with null is never true"), "leave it out".to_owned())
            }
        };
        findings.report(&codes::CONSTANT_CONDITION, span, message).help(help);
    }
    found.sort();
    found.dedup();
    for (span, holds, column) in found {
        let text = lens.files.slice(span).split_whitespace().collect::<Vec<_>>().join(" ");
        let message = if holds {
            format!("`{text}` is true for every row that has a value")
        } else {
            format!("`{text}` is true for no row")
        };
        findings
            .report(&codes::CONSTANT_CONDITION, span, message)
            .also(column, "its `min` and `max` are declared here")
            .help("correct the condition, or the `min` or `max` of the column");
    }
}

/// A comparison with null.
#[derive(Debug, PartialEq, Eq)]
struct WithNull {
    how: How,
    /// What is compared.
    of: Option<Span>,
}

/// How something is compared with null.
#[derive(Debug, PartialEq, Eq)]
enum How {
    Equal,
    Different,
    Among,
    NotAmong,
    Else,
}

/// What a comparison with null is, if it is one.
fn with_null(expr: &RowExpr) -> Option<WithNull> {
    let Node::Apply(function, arguments) = &expr.node else { return None };
    let null = |argument: &&RowExpr| matches!(argument.node, Node::Literal(crate::model::expr::Literal::Null));
    arguments.iter().find(null)?;
    let of = arguments.iter().find(|argument| !null(argument)).and_then(|argument| argument.at.0);
    let how = match function.name {
        "=" => How::Equal,
        "!=" => How::Different,
        "in" => How::Among,
        "not in" => How::NotAmong,
        "<" | "<=" | ">" | ">=" | "like" | "not like" | "between" | "not between" => How::Else,
        _ => return None,
    };
    Some(WithNull { how, of })
}

/// Whether a comparison with a number holds for all values that the column can have, or for none; and where the column is.
fn verdict(model: &Model, of: &Of, expr: &RowExpr) -> Option<(bool, Span)> {
    let Node::Apply(function, arguments) = &expr.node else { return None };
    let [left, right] = arguments.as_slice() else { return None };
    let Node::Literal(crate::model::expr::Literal::Number(digits)) = &right.node else { return None };
    let columns = of.columns(model, left);
    let mut columns = columns.iter().map(|(source, path)| model.column(*source, path));
    let column = columns.next()?;
    let Range { low, high } = columns.fold(column.range, |range, column| range.or(column.range));
    let value: f64 = digits.parse().ok()?;
    let (always, never) = match function.name {
        "<" => (high < value, low >= value),
        "<=" => (high <= value, low > value),
        ">" => (low > value, high <= value),
        ">=" => (low >= value, high < value),
        "=" => (false, value < low || value > high),
        "!=" => (value < low || value > high, false),
        _ => return None,
    };
    match (always, never) {
        (true, _) => Some((true, column.name.span)),
        (_, true) => Some((false, column.name.span)),
        _ => None,
    }
}
