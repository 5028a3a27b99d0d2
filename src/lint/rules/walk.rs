//! Ways through a model that several lints take.

use crate::model::expr::{Aggregate, Calc, CalcLeaf, Expr, Node, Path, RowExpr, RowLeaf};
use crate::model::guardrail::Guardrail;
use crate::model::{Body, Kpi, Model, SourceId, Storage};

/// Calls `visit` on every node of an expression, the outer before the inner.
pub(super) fn nodes<'a, L>(expr: &'a Expr<L>, visit: &mut impl FnMut(&'a Expr<L>)) {
    visit(expr);
    if let Node::Apply(_, arguments) = &expr.node {
        arguments.iter().for_each(|argument| nodes(argument, visit));
    }
}

/// Calls `visit` on every formula of a KPI: its own and those inside `each`, `prior` and their like.
pub(super) fn calcs<'a>(calc: &'a Calc, visit: &mut impl FnMut(&'a Calc)) {
    visit(calc);
    calc.deep_leaves(&mut |leaf| match leaf {
        CalcLeaf::Each(each) => visit(&each.of),
        CalcLeaf::Trend(trend) => visit(&trend.of),
        CalcLeaf::Prior(_, of, _) | CalcLeaf::Slice(of, _) | CalcLeaf::Total(of, _) => visit(of),
        CalcLeaf::Kpi(_) | CalcLeaf::Duration(..) | CalcLeaf::Aggregate(_) | CalcLeaf::Grouped(_) => {}
    });
}

/// The conditions of guardrails.
pub(super) fn conditions(model: &Model) -> impl Iterator<Item = (&Guardrail, &Calc)> {
    model.guardrails.iter().filter_map(|guardrail| Some((guardrail, guardrail.condition.as_ref()?)))
}

/// Calls `visit` on every aggregate over rows in a KPI's formula, those in conditions too.
pub(super) fn aggregates<'a>(kpi: &'a Kpi, visit: &mut impl FnMut(&'a Aggregate)) {
    let Body::Formula(calc) = &kpi.body else { return };
    calc.deep_leaves(&mut |leaf| match leaf {
        CalcLeaf::Aggregate(aggregate) => with_related(aggregate, visit),
        CalcLeaf::Grouped(grouped) => with_related(&grouped.of, visit),
        _ => {}
    });
}

/// Calls `visit` on every aggregate over rows of a model, and the entity for whose rows it has one value, where it is grouped.
pub(super) fn every_aggregate<'a>(model: &'a Model, visit: &mut impl FnMut(&'a Aggregate, Option<&'a Path>)) {
    for source in model.sources.rows() {
        let steps = source.journey.iter().flat_map(|journey| &journey.steps).filter_map(|step| step.rows.as_ref());
        let filters = steps.filter_map(|rows| rows.filter.as_ref());
        let derived = source.columns.rows().iter().filter(|_| source.journey.is_none());
        let derived = derived.filter_map(|column| match &column.storage {
            Storage::Derived(expr) => Some(expr),
            _ => None,
        });
        for expr in filters.chain(derived) {
            related(expr, &mut |aggregate| visit(aggregate, None));
        }
    }
    for kpi in model.kpis.rows() {
        let Body::Formula(calc) = &kpi.body else { continue };
        calc.deep_leaves(&mut |leaf| {
            let (aggregate, entity) = match leaf {
                CalcLeaf::Aggregate(aggregate) => (aggregate.as_ref(), None),
                CalcLeaf::Grouped(grouped) => (&grouped.of, Some(&grouped.entity)),
                _ => return,
            };
            visit(aggregate, entity);
            for expr in aggregate.filter.iter().chain(&aggregate.argument) {
                related(expr, &mut |aggregate| visit(aggregate, None));
            }
        });
    }
}

/// Calls `visit` on every aggregate over related rows in an expression.
fn related<'a>(expr: &'a RowExpr, visit: &mut impl FnMut(&'a Aggregate)) {
    expr.leaves(&mut |leaf| {
        if let RowLeaf::Related(of) = leaf {
            with_related(&of.aggregate, visit);
        }
    });
}

fn with_related<'a>(aggregate: &'a Aggregate, visit: &mut impl FnMut(&'a Aggregate)) {
    visit(aggregate);
    for expr in aggregate.filter.iter().chain(&aggregate.argument) {
        related(expr, &mut *visit);
    }
}

/// Calls `visit` on every row expression of a model, with the source whose rows it is about.
pub(super) fn rows<'a>(model: &'a Model, visit: &mut impl FnMut(SourceId, &'a RowExpr)) {
    for (id, source) in model.sources.iter() {
        if let Some(journey) = &source.journey {
            for rows in journey.steps.iter().filter_map(|step| step.rows.as_ref()) {
                if let Some(filter) = &rows.filter {
                    visit(rows.source, filter);
                }
            }
            // Its columns are those of a source.
            continue;
        }
        for column in source.columns.rows() {
            if let Storage::Derived(expr) = &column.storage {
                visit(id, expr);
            }
        }
    }
    for kpi in model.kpis.rows() {
        aggregates(kpi, &mut |aggregate| {
            for expr in aggregate.argument.iter().chain(&aggregate.filter) {
                visit(aggregate.source, expr);
            }
        });
    }
}
