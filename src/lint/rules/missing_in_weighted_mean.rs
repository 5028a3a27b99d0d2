//! `missing-in-weighted-mean`: in `sum(x * w) / sum(w)` a row without x counts in the weights only, as if its x were 0.

use super::null_left_out::is_nullable;
use super::{imply, walk};
use crate::diagnostic::{Findings, codes};
use crate::functions::{operators, sum};
use crate::lint::{Lens, Rule};
use crate::model::expr::{Aggregate, Calc, CalcLeaf, Node, RowExpr, RowLeaf};
use crate::model::{Body, Model};

pub(super) const RULE: Rule = Rule { code: &codes::MISSING_IN_WEIGHTED_MEAN, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    for kpi in lens.model.kpis.rows() {
        let Body::Formula(calc) = &kpi.body else { continue };
        walk::calcs(calc, &mut |calc| {
            walk::nodes(calc, &mut |node| {
                let (Node::Apply(function, arguments), Some(span)) = (&node.node, node.at.0) else { return };
                let ([values, weights], true) = (arguments.as_slice(), **function == operators::DIVIDE) else { return };
                let Some((column, weights)) = unweighted(lens.model, values, weights) else { return };
                let source = &lens.model.sources.get(weights.source).name.value;
                let text = lens.files.slice(span).split_whitespace().collect::<Vec<_>>().join(" ");
                let message = format!("`{text}` includes the weights of rows without `{column}`, which count as 0");
                let weight = weights.argument.as_ref().and_then(|argument| argument.at.0);
                let weight = weight.map(|span| lens.files.slice(span)).unwrap_or_default();
                let weight = weight.strip_prefix(&format!("{source}.")).unwrap_or(weight);
                let and = weights
                    .filter
                    .as_ref()
                    .and_then(|filter| filter.at.0)
                    .map(|span| format!(" and {}", lens.files.slice(span)));
                findings.report(&codes::MISSING_IN_WEIGHTED_MEAN, span, message).help(format!(
                    "leave them out of the weights too: `sum({weight} from {source} where {column} is not null{})`; if it \
                     is never null, declare `nullable: false`",
                    and.unwrap_or_default()
                ));
            });
        });
    }
}

/// The column whose missing values count in the weights only, and the sum of the weights.
fn unweighted<'a>(model: &'a Model, values: &'a Calc, weights: &'a Calc) -> Option<(String, &'a Aggregate)> {
    let (values, weights) = (sum_of(model, values)?, sum_of(model, weights)?);
    let alike = (values.source, values.time, values.window, &values.stock)
        == (weights.source, weights.time, weights.window, &weights.stock);
    let (product, weight) = (values.argument.as_ref()?, weights.argument.as_ref()?);
    let mut rest = factors(product);
    for factor in factors(weight) {
        rest.remove(rest.iter().position(|known| *known == factor)?);
    }
    let mut found = None;
    for factor in rest.into_iter().filter(|_| alike) {
        walk::nodes(factor, &mut |node| {
            let Node::Leaf(RowLeaf::Column(path)) = &node.node else { return };
            let is_weighted = imply::needs(weight, node) || imply::shows(weights.filter.as_ref(), node);
            if is_nullable(model, values.source, path) && imply::needs(factor, node) && !is_weighted {
                found.get_or_insert_with(|| model.path_text(values.source, path));
            }
        });
    }
    Some((found?, weights))
}

/// The sum over rows that a figure is, perhaps as a KPI of its own.
fn sum_of<'a>(model: &'a Model, calc: &'a Calc) -> Option<&'a Aggregate> {
    let calc = match &calc.node {
        Node::Leaf(CalcLeaf::Kpi(id)) => match &model.kpis.get(*id).body {
            Body::Formula(of) => of,
            Body::Values(_) | Body::Broken => return None,
        },
        _ => calc,
    };
    match &calc.node {
        Node::Leaf(CalcLeaf::Aggregate(aggregate)) if *aggregate.function == sum::SUM => Some(aggregate),
        _ => None,
    }
}

/// What is multiplied.
fn factors(expr: &RowExpr) -> Vec<&RowExpr> {
    match &expr.node {
        Node::Apply(function, arguments) if **function == operators::MULTIPLY => arguments.iter().flat_map(factors).collect(),
        _ => vec![expr],
    }
}
