//! `null-left-out`: what is not equal to something is not true of rows whose value is null, which is seldom meant.

use super::walk::{self, Of};
use crate::diagnostic::{Findings, codes};
use crate::functions::operators;
use crate::lint::{Lens, Rule};
use crate::model::expr::{Literal, Node, Path, RowExpr, RowLeaf};
use crate::model::{Model, SourceId, Storage};

pub(super) const RULE: Rule = Rule { code: &codes::NULL_LEFT_OUT, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    let mut found = Vec::new();
    walk::rows(lens.model, &mut |of, expr| {
        // A condition that speaks of null has thought of it.
        let mut spoken_of = Vec::new();
        walk::nodes(expr, &mut |node| {
            if let Node::Apply(function, arguments) = &node.node
                && (**function == operators::IS_NULL || **function == operators::IS_NOT_NULL)
            {
                spoken_of.extend(arguments.first());
            }
        });
        negatives(expr, None, &mut |negative, operands| {
            for operand in operands.iter().filter(|operand| !spoken_of.contains(operand)) {
                if let (Some(missing), Some(span)) = (may_be_null(lens.model, of, operand), negative.at.0) {
                    found.push((span, of.name(lens.model, operand), missing));
                }
            }
        });
    });
    found.sort();
    found.dedup();
    for (span, column, missing) in found {
        let text = lens.files.slice(span).split_whitespace().collect::<Vec<_>>().join(" ");
        findings
            .report(&codes::NULL_LEFT_OUT, span, format!("`{text}` leaves out the rows whose `{column}` is null"))
            .help(format!(
                "to keep them write `({text} or {column} is null)`; to leave them out on purpose add `and {column} is not null`; \
                 if `{missing}` is never null declare it `nullable: false`"
            ));
    }
}

/// Calls `visit` on every part of a condition that says what a value is not, with what it says that of. `not` is the one around it.
fn negatives<'a>(expr: &'a RowExpr, not: Option<&'a RowExpr>, visit: &mut impl FnMut(&'a RowExpr, &'a [RowExpr])) {
    let Node::Apply(function, arguments) = &expr.node else {
        // `not is_test`
        if let Some(not) = not {
            visit(not, std::slice::from_ref(expr));
        }
        return;
    };
    // That nothing is different from null is said by `constant-condition`.
    let with_null = arguments.iter().any(|argument| matches!(argument.node, Node::Literal(Literal::Null)));
    match function.name {
        "not" => {
            let inner = if not.is_some() { None } else { Some(expr) };
            arguments.iter().for_each(|argument| negatives(argument, inner, visit));
        }
        "and" | "or" => arguments.iter().for_each(|argument| negatives(argument, not, visit)),
        "!=" | "not in" | "not like" | "not between" if not.is_none() && !with_null => visit(expr, arguments),
        "=" | "in" | "like" | "between" if !with_null => {
            if let Some(not) = not {
                visit(not, arguments);
            }
        }
        // Inside of a value conditions stand on their own.
        _ => arguments.iter().for_each(|argument| negatives(argument, None, visit)),
    }
}

/// What may be null, if an expression is a column, or dimension, that may be.
fn may_be_null(model: &Model, of: &Of, expr: &RowExpr) -> Option<String> {
    of.columns(model, expr).into_iter().find_map(|(source, path)| missing(model, source, path))
}

/// What of a path may be null: a reference on the way, or the column itself.
fn missing(model: &Model, source: SourceId, path: &Path) -> Option<String> {
    let mut at = source;
    for (place, step) in path.through.iter().chain([&path.column]).enumerate() {
        let (holder, column) = (model.sources.get(at), model.sources.get(at).columns.get(*step));
        let derived = match &column.storage {
            Storage::Derived(expr) => always(model, at, expr),
            _ => false,
        };
        if column.nullable && !derived && holder.key.as_slice() != [*step] {
            let before = path.through.get(..place).unwrap_or_default();
            return Some(model.path_text(source, &Path { through: before.to_vec(), column: *step }));
        }
        at = column.reference.unwrap_or(at);
    }
    None
}

/// Whether a derived column has a value in every row, as far as can be seen from its formula.
fn always(model: &Model, source: SourceId, expr: &RowExpr) -> bool {
    let all = |arguments: &[RowExpr]| arguments.iter().all(|argument| always(model, source, argument));
    match &expr.node {
        Node::Literal(literal) => *literal != Literal::Null,
        Node::Leaf(RowLeaf::Column(path)) => missing(model, source, path).is_none(),
        Node::Apply(function, arguments) => match function.name {
            "is null" | "is not null" => true,
            "coalesce" => arguments.iter().any(|argument| always(model, source, argument)),
            "if" => arguments.len() == 3 && arguments.iter().skip(1).all(|argument| always(model, source, argument)),
            "=" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in" | "between" | "not between" | "like" | "not like"
            | "not" | "and" | "or" | "+" | "-" | "*" | "negate" | "lower" | "upper" | "concat" => all(arguments),
            _ => false,
        },
        Node::Leaf(_) | Node::Broken => false,
    }
}

/// Whether a column may be null, or a reference on the way to it.
pub(super) fn is_nullable(model: &Model, source: SourceId, path: &Path) -> bool {
    missing(model, source, path).is_some()
}
