//! `value-not-listed`: a column is compared with a value that it never has, so the condition is true of no row.

use super::walk;
use crate::diagnostic::{Findings, codes, suggest};
use crate::lint::{Lens, Rule};
use crate::model::SourceId;
use crate::model::expr::{Literal, Node, RowExpr, RowLeaf};

pub(super) const RULE: Rule = Rule { code: &codes::VALUE_NOT_LISTED, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    walk::rows(lens.model, &mut |source, expr| {
        walk::nodes(expr, &mut |node| {
            let Node::Apply(function, arguments) = &node.node else { return };
            if !matches!(function.name, "=" | "!=" | "in" | "not in") {
                return;
            }
            let Some(values) = arguments.iter().find_map(|argument| values(lens, source, argument)) else { return };
            for argument in arguments {
                if let (Node::Literal(Literal::Text(text)), Some(span)) = (&argument.node, argument.at.0)
                    && !values.contains(text)
                {
                    let message = format!("the column never is '{text}'");
                    let finding = findings.report(&codes::VALUE_NOT_LISTED, span, message);
                    finding.help = suggest::did_you_mean(text, "its values are", values.iter().map(String::as_str));
                }
            }
        });
    });
}

fn values<'a>(lens: &Lens<'a>, source: SourceId, expr: &RowExpr) -> Option<&'a [String]> {
    let Node::Leaf(RowLeaf::Column(path)) = &expr.node else { return None };
    let values = &lens.model.column(source, path).values;
    (!values.is_empty()).then_some(values.as_slice())
}
