//! `share-above-one`: a share in percent of two counts of the same rows should be of a part and its whole.

use super::imply;
use super::null_left_out::is_nullable;
use crate::diagnostic::{Findings, codes};
use crate::functions::{count, operators};
use crate::lint::{Lens, Rule};
use crate::model::expr::{Aggregate, Calc, CalcLeaf, Expr, Node, RowExpr, RowLeaf};
use crate::model::unit::Notation;
use crate::model::{Body, Model};

pub(super) const RULE: Rule = Rule { code: &codes::SHARE_ABOVE_ONE, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    for kpi in lens.model.kpis.rows() {
        let percent = kpi.unit.as_ref().is_some_and(|unit| unit.value.shown == Notation::Percent);
        let Body::Formula(calc) = &kpi.body else { continue };
        let Node::Apply(function, arguments) = &calc.node else { continue };
        let ([part, whole], true, true) = (arguments.as_slice(), percent, **function == operators::DIVIDE) else { continue };
        let (Some(part), Some(whole)) = (rows(part), rows(whole)) else { continue };
        let same_rows = part.source == whole.source && part.time == whole.time && part.window == whole.window;
        let journey = lens.model.sources.get(part.source).journey.as_ref();
        let (given, wanted) = (counted(lens.model, part), counted(lens.model, whole));
        let given: Vec<&RowExpr> = given.iter().flat_map(RowExpr::conjuncts).collect();
        if same_rows && !wanted.iter().all(|wanted| imply::implied(&given, wanted, journey)) {
            let span = calc.span_or(kpi.name.span);
            let message =
                format!("`{}` can exceed 100 %: its numerator counts rows that its denominator leaves out", kpi.name.value);
            let condition = whole.filter.as_ref().and_then(|filter| filter.at.0);
            let text = condition.map(|span| lens.files.slice(span).split_whitespace().collect::<Vec<_>>().join(" "));
            let text = text.map(|text| format!(": `{text}`")).unwrap_or_default();
            findings
                .report(&codes::SHARE_ABOVE_ONE, span, message)
                .help(format!("repeat the denominator's condition in the numerator{text}"));
        }
    }
}

/// The aggregate, if a formula is nothing but a count of rows, or of those that have a value.
fn rows(calc: &Calc) -> Option<&Aggregate> {
    match &calc.node {
        Node::Leaf(CalcLeaf::Aggregate(aggregate)) if *aggregate.function == count::COUNT => Some(aggregate),
        _ => None,
    }
}

/// What is true of the rows that are counted.
fn counted(model: &Model, aggregate: &Aggregate) -> Vec<RowExpr> {
    let always = |argument: &&RowExpr| match &argument.node {
        Node::Leaf(RowLeaf::Column(path)) => !is_nullable(model, aggregate.source, path),
        _ => false,
    };
    let argument = aggregate.argument.as_ref().filter(|argument| !always(argument));
    let has_value = argument.map(|argument| Expr::apply(&operators::IS_NOT_NULL, vec![argument.clone()]));
    aggregate.filter.iter().cloned().chain(has_value).collect()
}
