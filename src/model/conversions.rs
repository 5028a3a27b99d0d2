//! The conversions of texts in formulas: where a text may be none of what it is to become.

use super::expr::{Aggregate, Calc, CalcLeaf, Expr, Literal, Node, RowExpr, RowLeaf};
use super::{Body, Model, SourceId, Storage};
use crate::functions::{Function, coalesce, operators};
use crate::text::Span;

/// A conversion of a text in a formula over the rows of a source.
#[derive(Debug, Clone)]
pub struct Conversion {
    /// The source.
    pub source: SourceId,
    /// The function: `number` or `date`.
    pub function: &'static Function,
    /// What is converted.
    pub argument: RowExpr,
    /// For which rows what comes of it counts; all of them if nothing is said.
    pub among: Option<RowExpr>,
    /// Where it is written.
    pub span: Span,
}

/// All conversions of texts in a project, each once.
pub(super) fn all(model: &Model) -> Vec<Conversion> {
    let mut found = Vec::new();
    for (id, source) in model.sources.iter() {
        if let Some(journey) = &source.journey {
            for rows in journey.steps.iter().filter_map(|step| step.rows.as_ref()) {
                rows.filter.iter().for_each(|filter| of_rows(model, rows.source, filter, &mut Vec::new(), &mut found));
            }
            // Its columns are those of a source.
            continue;
        }
        for column in source.columns.rows() {
            if let Storage::Derived(expr) = &column.storage {
                of_rows(model, id, expr, &mut Vec::new(), &mut found);
            }
        }
    }
    for kpi in model.kpis.rows() {
        if let Body::Formula(calc) = &kpi.body {
            of_calc(model, calc, &mut found);
        }
    }
    for condition in model.guardrails.iter().filter_map(|guardrail| guardrail.condition.as_ref()) {
        of_calc(model, condition, &mut found);
    }
    let mut kept: Vec<Conversion> = Vec::new();
    // What is looked at in all rows is looked at in some of them.
    found.sort_by_key(|conversion| conversion.among.is_some());
    for conversion in found {
        let same = |known: &Conversion| {
            known.source == conversion.source
                && *known.function == *conversion.function
                && known.argument == conversion.argument
                && (known.among.is_none() || known.among == conversion.among)
        };
        if !kept.iter().any(same) {
            kept.push(conversion);
        }
    }
    kept.sort_by_key(|conversion| (conversion.span.file, conversion.span.start));
    kept
}

fn of_calc(model: &Model, calc: &Calc, found: &mut Vec<Conversion>) {
    calc.deep_leaves(&mut |leaf| match leaf {
        CalcLeaf::Aggregate(aggregate) => of_aggregate(model, aggregate, found),
        CalcLeaf::Grouped(grouped) => of_calc(model, &grouped.of, found),
        _ => {}
    });
}

fn of_aggregate(model: &Model, aggregate: &Aggregate, found: &mut Vec<Conversion>) {
    let filter = aggregate.filter.as_ref();
    if let Some(argument) = &aggregate.argument {
        let mut among: Vec<RowExpr> = filter.iter().flat_map(|filter| filter.conjuncts()).cloned().collect();
        of_rows(model, aggregate.source, argument, &mut among, found);
    }
    if let Some(filter) = filter {
        of_rows(model, aggregate.source, filter, &mut Vec::new(), found);
    }
}

/// The conversions in an expression, `among` the rows for which it counts.
fn of_rows(model: &Model, source: SourceId, expr: &RowExpr, among: &mut Vec<RowExpr>, found: &mut Vec<Conversion>) {
    let arguments = match &expr.node {
        Node::Leaf(RowLeaf::Related(related)) => return of_aggregate(model, &related.aggregate, found),
        Node::Leaf(_) | Node::Literal(_) | Node::Broken => return,
        Node::Apply(_, arguments) => arguments,
    };
    let Node::Apply(function, _) = &expr.node else { return };
    match (function.name, arguments.as_slice()) {
        // Who asks whether there is one knows that there may be none.
        ("is null" | "is not null", [Expr { node: Node::Apply(inner, converted), .. }]) if converts(inner) => {
            converted.iter().for_each(|argument| of_rows(model, source, argument, among, found));
        }
        (_, [argument]) if converts(function) => {
            // A journey's rows are those of others.
            let is_journey = model.sources.get(source).journey.is_some();
            if let (Some(span), false, true) = (expr.at.0, is_journey, is_of_row(argument)) {
                let among = Expr::all(among.iter().filter(|condition| is_of_row(condition)).cloned().collect());
                found.push(Conversion { source, function, argument: argument.clone(), among, span });
            }
            of_rows(model, source, argument, among, found);
        }
        ("and", _) => {
            for (at, argument) in arguments.iter().enumerate() {
                // Where another condition is false, this one makes no difference.
                let others =
                    arguments.iter().enumerate().filter(|(other, condition)| *other != at && !has_conversion(condition));
                let before = among.len();
                among.extend(others.map(|(_, condition)| condition.clone()));
                of_rows(model, source, argument, among, found);
                among.truncate(before);
            }
        }
        ("if" | "case", _) => of_choice(model, source, arguments, among, found),
        _ => arguments.iter().for_each(|argument| of_rows(model, source, argument, among, found)),
    }
}

/// The conversions in conditions, each with what holds then, and perhaps what holds otherwise.
fn of_choice(model: &Model, source: SourceId, arguments: &[RowExpr], among: &mut Vec<RowExpr>, found: &mut Vec<Conversion>) {
    let before = among.len();
    let mut rest = arguments;
    while let [condition, then, others @ ..] = rest {
        of_rows(model, source, condition, among, found);
        among.push(condition.clone());
        of_rows(model, source, then, among, found);
        among.pop();
        let is_true =
            Expr::apply(&coalesce::COALESCE, vec![condition.clone(), Expr::made(Node::Literal(Literal::Truth(false)))]);
        among.push(Expr::apply(&operators::NOT, vec![is_true]));
        rest = others;
    }
    rest.iter().for_each(|otherwise| of_rows(model, source, otherwise, among, found));
    among.truncate(before);
}

fn converts(function: &Function) -> bool {
    matches!(function.name, "number" | "date")
}

fn has_conversion(expr: &RowExpr) -> bool {
    match &expr.node {
        Node::Apply(function, arguments) => converts(function) || arguments.iter().any(has_conversion),
        Node::Leaf(_) | Node::Literal(_) | Node::Broken => false,
    }
}

/// Whether a row alone says what an expression is.
fn is_of_row(expr: &RowExpr) -> bool {
    let mut plain = !expr.is_broken();
    expr.leaves(&mut |leaf| plain &= matches!(leaf, RowLeaf::Column(_) | RowLeaf::Duration(..)));
    plain
}
