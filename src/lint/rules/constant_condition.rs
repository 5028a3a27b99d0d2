//! `constant-condition`: a condition that is true, or not true, of every row says nothing.

use super::walk;
use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};
use crate::model::expr::{Node, RowExpr, RowLeaf};
use crate::model::facts::Range;
use crate::model::{Model, SourceId};
use crate::text::Span;

pub(super) const RULE: Rule = Rule { code: &codes::CONSTANT_CONDITION, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    let mut found = Vec::new();
    let mut nulls = Vec::new();
    walk::rows(lens.model, &mut |source, expr| {
        walk::nodes(expr, &mut |node| {
            nulls.extend(with_null(node).zip(node.at.0).map(|((of, instead), span)| (of, instead, span)));
            if let Some(holds) = verdict(lens.model, source, node) {
                found.extend(node.at.0.map(|span| (span, holds.0, holds.1)));
            }
        });
    });
    nulls.sort_by_key(|(_, _, span)| *span);
    nulls.dedup();
    for (of, instead, span) in nulls {
        let text = lens.files.slice(span).split_whitespace().collect::<Vec<_>>().join(" ");
        findings
            .report(
                &codes::CONSTANT_CONDITION,
                span,
                format!("`{text}` is true of no row: nothing is equal to null, not even null"),
            )
            .help(format!("write `{} {instead}`", of.map_or("x", |of| lens.files.slice(of))));
    }
    found.sort();
    found.dedup();
    for (span, holds, column) in found {
        let text = lens.files.slice(span).split_whitespace().collect::<Vec<_>>().join(" ");
        let message = if holds {
            format!("`{text}` is true of every row that has a value")
        } else {
            format!("`{text}` is true of no row")
        };
        findings
            .report(&codes::CONSTANT_CONDITION, span, message)
            .also(column, "its `min` and `max` are declared here")
            .help("the condition, or the `min` or `max` of the column, is not what was meant");
    }
}

/// What a comparison with null was probably meant to be: what is compared, and with which operator.
fn with_null(expr: &RowExpr) -> Option<(Option<Span>, &'static str)> {
    let Node::Apply(function, arguments) = &expr.node else { return None };
    let null = |argument: &&RowExpr| matches!(argument.node, Node::Literal(crate::model::expr::Literal::Null));
    arguments.iter().find(null)?;
    let of = arguments.iter().find(|argument| !null(argument)).and_then(|argument| argument.at.0);
    match function.name {
        "=" => Some((of, "is null")),
        "!=" => Some((of, "is not null")),
        _ => None,
    }
}

/// Whether a comparison with a number holds for all values that the column can have, or for none; and where the column is.
fn verdict(model: &Model, source: SourceId, expr: &RowExpr) -> Option<(bool, Span)> {
    let Node::Apply(function, arguments) = &expr.node else { return None };
    let [left, right] = arguments.as_slice() else { return None };
    let (Node::Leaf(RowLeaf::Column(path)), Node::Literal(crate::model::expr::Literal::Number(digits))) =
        (&left.node, &right.node)
    else {
        return None;
    };
    let column = model.column(source, path);
    let Range { low, high } = column.range;
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
