//! `percent-scale`: a share is a fraction, so 5 is 500 % of it. Five percent are written `5%`.

use super::walk::{self, Of};
use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};
use crate::model::expr::{CalcLeaf, Expr, Literal, Node, RowLeaf};
use crate::model::facts::Range;
use crate::model::unit::Notation;
use crate::model::{Body, ColumnUnit};
use crate::text::Span;

pub(super) const RULE: Rule = Rule { code: &codes::PERCENT_SCALE, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    let mut found = Vec::new();
    walk::rows(lens.model, &mut |of, expr| {
        compared(expr, &mut found, &|leaf| {
            // A dimension is not a share.
            let (Of::Rows(source), RowLeaf::Column(path)) = (of, leaf) else { return None };
            let column = lens.model.column(*source, path);
            let share = matches!(&column.unit, ColumnUnit::Fixed(unit) if unit.shown == Notation::Percent);
            share.then_some(column.range)
        });
    });
    let formulas = lens.model.kpis.rows().iter().filter_map(|kpi| match &kpi.body {
        Body::Formula(calc) => Some(calc),
        Body::Values(_) | Body::Broken => None,
    });
    for calc in formulas.chain(walk::conditions(lens.model).map(|(_, condition)| condition)) {
        walk::calcs(calc, &mut |calc| {
            compared(calc, &mut found, &|leaf| {
                let CalcLeaf::Kpi(id) = leaf else { return None };
                let facts = &lens.model.kpis.get(*id).facts;
                (facts.unit.shown == Notation::Percent).then_some(facts.range)
            });
        });
    }
    found.sort();
    found.dedup();
    for span in found {
        let text = lens.files.slice(span);
        if !text.ends_with('%') {
            let message = format!("a share is compared with {text}, which is {text}00 %");
            findings.report(&codes::PERCENT_SCALE, span, message).help(format!("for {text} % write `{text}%`"));
        }
    }
}

/// The whole numbers above 1 with which shares are compared that may not be that large.
fn compared<L>(expr: &Expr<L>, found: &mut Vec<Span>, share: &impl Fn(&L) -> Option<Range>) {
    walk::nodes(expr, &mut |node| {
        let Node::Apply(function, arguments) = &node.node else { return };
        if !matches!(function.name, "=" | "!=" | "<" | "<=" | ">" | ">=" | "between" | "not between") {
            return;
        }
        let range = arguments.iter().find_map(|argument| match &argument.node {
            Node::Leaf(leaf) => share(leaf),
            _ => None,
        });
        let Some(range) = range else { return };
        for argument in arguments {
            if let (Node::Literal(Literal::Number(digits)), Some(span)) = (&argument.node, argument.at.0)
                && let Ok(number) = digits.parse::<u32>()
                && number > 1
                && (range.high <= 1.0 || range.high.is_infinite())
            {
                found.push(span);
            }
        }
    });
}
