//! `value-not-listed`: a column is compared with a value that it never has, so the condition is true of no row.

use super::walk;
use crate::diagnostic::{Findings, codes, suggest};
use crate::lint::{Lens, Rule};
use crate::model::expr::{Literal, Node, RowExpr, RowLeaf};
use crate::model::{Column, SourceId};

pub(super) const RULE: Rule = Rule { code: &codes::VALUE_NOT_LISTED, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    walk::rows(lens.model, &mut |source, expr| {
        walk::nodes(expr, &mut |node| {
            let Node::Apply(function, arguments) = &node.node else { return };
            if !matches!(function.name, "=" | "!=" | "in" | "not in") {
                return;
            }
            let Some(column) = arguments.iter().find_map(|argument| listed(lens, source, argument)) else { return };
            let values = &column.values;
            for argument in arguments {
                if let (Node::Literal(Literal::Text(text)), Some(span)) = (&argument.node, argument.at.0)
                    && !values.contains(text)
                {
                    let message = format!("`{}` is never '{text}'", column.name.value);
                    let finding = findings.report(&codes::VALUE_NOT_LISTED, span, message);
                    finding.also(column.name.span, "its `values` are declared here");
                    finding.help = suggest::did_you_mean(text, "its values are", values.iter().map(String::as_str));
                }
            }
        });
    });
}

/// The column that an expression is, if it lists its values.
fn listed<'a>(lens: &Lens<'a>, source: SourceId, expr: &RowExpr) -> Option<&'a Column> {
    let Node::Leaf(RowLeaf::Column(path)) = &expr.node else { return None };
    let column = lens.model.column(source, path);
    (!column.values.is_empty()).then_some(column)
}
