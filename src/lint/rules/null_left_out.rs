//! `null-left-out`: `!=` and `not in` are not true of rows whose value is null, which is seldom meant.

use super::walk;
use crate::diagnostic::{Findings, codes};
use crate::functions::operators;
use crate::lint::{Lens, Rule};
use crate::model::SourceId;
use crate::model::expr::{Literal, Node, RowExpr, RowLeaf};

pub(super) const RULE: Rule = Rule { code: &codes::NULL_LEFT_OUT, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    let mut found = Vec::new();
    walk::rows(lens.model, &mut |source, expr| {
        // A condition that speaks of null has thought of it.
        let mut spoken_of = Vec::new();
        walk::nodes(expr, &mut |node| {
            if let Node::Apply(function, arguments) = &node.node
                && (**function == operators::IS_NULL || **function == operators::IS_NOT_NULL)
            {
                spoken_of.extend(arguments.first().cloned());
            }
        });
        walk::nodes(expr, &mut |node| {
            let Node::Apply(function, arguments) = &node.node else { return };
            let negative = **function == operators::NOT_EQUAL || **function == operators::NOT_IN;
            // That nothing is different from null is said by `constant-condition`.
            let with_null = |argument: &RowExpr| matches!(argument.node, Node::Literal(Literal::Null));
            if !negative || arguments.iter().any(with_null) {
                return;
            }
            for argument in arguments.iter().filter(|argument| !spoken_of.contains(argument)) {
                if let (Some(column), Some(span)) = (nullable(lens, source, argument), node.at.0) {
                    found.push((span, column));
                }
            }
        });
    });
    found.sort();
    found.dedup();
    for (span, column) in found {
        let text = lens.files.slice(span).split_whitespace().collect::<Vec<_>>().join(" ");
        findings
            .report(&codes::NULL_LEFT_OUT, span, format!("`{text}` leaves out the rows whose `{column}` is null"))
            .help(format!(
                "to keep them write `({text} or {column} is null)`; to leave them out on purpose add `and {column} is not null`; \
                 if it is never null declare `nullable: false`"
            ));
    }
}

/// The column's name, if an expression is a column that may be null.
fn nullable(lens: &Lens<'_>, source: SourceId, expr: &RowExpr) -> Option<String> {
    let Node::Leaf(RowLeaf::Column(path)) = &expr.node else { return None };
    let end = lens.model.end_of(source, path);
    let column = lens.model.sources.get(end).columns.get(path.column);
    let key = lens.model.sources.get(end).key.as_slice() == [path.column];
    let never = path.through.is_empty() && (key || !column.nullable);
    (!never).then(|| lens.model.path_text(source, path))
}
