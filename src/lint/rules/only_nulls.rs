//! `only-nulls`: an aggregate over the values of rows that have none is always 0, or nothing.

use super::{imply, walk};
use crate::diagnostic::{Findings, codes};
use crate::functions::operators;
use crate::lint::{Lens, Rule};
use crate::model::Body;
use crate::model::expr::{CalcLeaf, Node, RowExpr, RowLeaf};
use crate::text::Span;

pub(super) const RULE: Rule = Rule { code: &codes::ONLY_NULLS, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    // The aggregate, the condition, and the source whose rows could be counted instead.
    let mut found: Vec<(Span, Span, Option<&str>)> = Vec::new();
    walk::every_aggregate(lens.model, &mut |aggregate, _| {
        let (Some(argument), Some(span)) = (&aggregate.argument, aggregate.at.0) else { return };
        let condition = missing(aggregate.filter.as_ref()).find(|(_, of)| imply::needs(argument, of));
        let source = lens.model.sources.get(aggregate.source).name.value.as_str();
        found.extend(condition.map(|(condition, _)| (span, condition, Some(source))));
    });
    for kpi in lens.model.kpis.rows() {
        let Body::Formula(calc) = &kpi.body else { continue };
        walk::calcs(calc, &mut |calc| {
            walk::nodes(calc, &mut |node| {
                let (Node::Leaf(CalcLeaf::Grouped(grouped)), Some(span)) = (&node.node, node.at.0) else { return };
                let mut of_values = missing(grouped.filter.as_ref());
                let condition = of_values.find(|(_, of)| matches!(&of.node, Node::Leaf(RowLeaf::Value)));
                found.extend(condition.map(|(condition, _)| (span, condition, None)));
            });
        });
    }
    found.sort();
    found.dedup();
    let text = |span: Span| lens.files.slice(span).split_whitespace().collect::<Vec<_>>().join(" ");
    for (span, condition, source) in found {
        let (whole, holds) = (text(span), text(condition));
        let message = format!("`{whole}` looks only at rows without a value, and aggregates skip those");
        findings.report(&codes::ONLY_NULLS, condition, message).help(match source {
            Some(source) => format!("to count the rows write `count({source} where {holds})`"),
            None => "this cannot count an entity whose rows all lack the value; count its rows with a condition".to_owned(),
        });
    }
}

/// What has to be null for a condition to be true, each with its place.
fn missing(condition: Option<&RowExpr>) -> impl Iterator<Item = (Span, &RowExpr)> {
    condition.into_iter().flat_map(RowExpr::conjuncts).filter_map(|part| match &part.node {
        Node::Apply(function, arguments) if **function == operators::IS_NULL => part.at.0.zip(arguments.first()),
        _ => None,
    })
}
