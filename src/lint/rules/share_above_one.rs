//! `share-above-one`: a share in percent of two counts of the same rows should be of a part and its whole.

use crate::diagnostic::{Findings, codes};
use crate::functions::{count, operators};
use crate::lint::{Lens, Rule};
use crate::model::Body;
use crate::model::expr::{Aggregate, CalcLeaf, Node, RowExpr, RowLeaf};
use crate::model::journey::Journey;
use crate::model::unit::Shown;

pub(super) const RULE: Rule = Rule { code: &codes::SHARE_ABOVE_ONE, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    for kpi in lens.model.kpis.rows() {
        let percent = kpi.unit.as_ref().is_some_and(|unit| unit.value.shown == Shown::Percent);
        let Body::Formula(calc) = &kpi.body else { continue };
        let Node::Apply(function, arguments) = &calc.node else { continue };
        let ([part, whole], true, true) = (arguments.as_slice(), percent, **function == operators::DIVIDE) else { continue };
        let (Some(part), Some(whole)) = (rows(part), rows(whole)) else { continue };
        let same_rows = part.source == whole.source && part.time == whole.time && part.window == whole.window;
        let journey = lens.model.sources.get(part.source).journey.as_ref();
        if same_rows && !implies(part.filter.as_ref(), whole.filter.as_ref(), journey) {
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

/// The aggregate, if a formula is nothing but a count of rows.
fn rows(calc: &crate::model::expr::Calc) -> Option<&Aggregate> {
    match &calc.node {
        Node::Leaf(CalcLeaf::Aggregate(aggregate)) if *aggregate.function == count::COUNT && aggregate.argument.is_none() => {
            Some(aggregate)
        }
        _ => None,
    }
}

/// Whether every row that passes one condition passes the other, as far as can be seen from how they are written.
fn implies(one: Option<&RowExpr>, other: Option<&RowExpr>, journey: Option<&Journey>) -> bool {
    let Some(other) = other else { return true };
    let Some(one) = one else { return false };
    let given = one.conjuncts();
    other.conjuncts().into_iter().all(|wanted| {
        given.iter().any(|known| {
            *known == wanted || shows_value(known, wanted) || journey.is_some_and(|journey| got_further(journey, known, wanted))
        })
    })
}

/// Whether a journey of which one thing is true got as far as the other asks for.
fn got_further(journey: &Journey, known: &RowExpr, wanted: &RowExpr) -> bool {
    match (&known.node, &wanted.node) {
        (Node::Leaf(RowLeaf::Reached(known)), Node::Leaf(RowLeaf::Reached(wanted))) => journey.implies(known, wanted),
        _ => false,
    }
}

/// Whether a comparison shows that a column is not null, which is what is wanted.
fn shows_value(known: &RowExpr, wanted: &RowExpr) -> bool {
    let (Node::Apply(compares, operands), Node::Apply(function, of)) = (&known.node, &wanted.node) else { return false };
    let comparison = matches!(compares.name, "=" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in" | "between" | "like");
    **function == operators::IS_NOT_NULL && comparison && of.first().is_some_and(|column| operands.contains(column))
}
