//! Ways through a model that several lints take.

use crate::graph;
use crate::lint::Lens;
use crate::model::expr::{Aggregate, Calc, CalcLeaf, Expr, Node, Path, RowExpr, RowLeaf};
use crate::model::guardrail::Guardrail;
use crate::model::{Body, Model, SourceId, Storage};
use std::collections::BTreeSet;

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

/// What KPIs need, and what the dimensions of the sources that they read need, by which anybody may slice them.
pub(super) fn used(lens: &Lens<'_>) -> BTreeSet<graph::Node> {
    let mut used = lens.graph.needed_by_kpis();
    let mut read = BTreeSet::new();
    every_aggregate(lens.model, &mut |aggregate, _| _ = read.insert(aggregate.source));
    for dimension in lens.model.dimensions.rows().iter().filter(|dimension| dimension.defined.is_some()) {
        for (source, path) in dimension.places.iter().filter(|(source, _)| read.contains(source)) {
            let mut at = *source;
            for column in path.through.iter().chain([&path.column]) {
                let node = graph::Node::Column(at, *column);
                used.extend(lens.graph.upstream(node));
                used.insert(node);
                at = lens.model.sources.get(at).columns.get(*column).reference.unwrap_or(at);
            }
        }
    }
    used
}

/// The conditions of guardrails.
pub(super) fn conditions(model: &Model) -> impl Iterator<Item = (&Guardrail, &Calc)> {
    model.guardrails.iter().filter_map(|guardrail| Some((guardrail, guardrail.condition.as_ref()?)))
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
            let (aggregates, entity) = match leaf {
                CalcLeaf::Aggregate(aggregate) => (vec![aggregate.as_ref()], None),
                CalcLeaf::Grouped(grouped) => (grouped.aggregates(), Some(&grouped.entity)),
                _ => return,
            };
            for aggregate in aggregates {
                visit(aggregate, entity);
                for expr in aggregate.filter.iter().chain(&aggregate.argument) {
                    related(expr, &mut |aggregate| visit(aggregate, None));
                }
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

/// Whose columns an expression is about.
#[derive(Debug, Clone)]
pub(super) enum Of {
    /// Those of the rows of a source.
    Rows(SourceId),
    /// Those that the dimensions of a part of a KPI are, in the sources that it reads.
    Part(BTreeSet<SourceId>),
}

impl Of {
    /// The columns that an expression is, each with the source at which its path starts: one of a row, or those of a dimension. None of
    /// anything else.
    pub(super) fn columns<'a>(&self, model: &'a Model, expr: &'a RowExpr) -> Vec<(SourceId, &'a Path)> {
        match (self, &expr.node) {
            (Of::Rows(source), Node::Leaf(RowLeaf::Column(path))) => vec![(*source, path)],
            (Of::Part(sources), Node::Leaf(RowLeaf::Dimension(id))) => {
                let places = &model.dimensions.get(*id).places;
                sources.iter().filter_map(|source| Some((*source, places.get(source)?))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What a column, or dimension, is called.
    pub(super) fn name(&self, model: &Model, expr: &RowExpr) -> String {
        match (&expr.node, self.columns(model, expr).first()) {
            (Node::Leaf(RowLeaf::Dimension(id)), _) => model.dimensions.get(*id).name.clone(),
            (_, Some((source, path))) => model.path_text(*source, path),
            _ => String::new(),
        }
    }
}

/// Calls `visit` on every row expression of a model, with whose columns it is about: conditions and arguments of aggregates, derived
/// columns, steps of journeys, and the conditions of `slice`.
pub(super) fn rows<'a>(model: &'a Model, visit: &mut impl FnMut(&Of, &'a RowExpr)) {
    for (id, source) in model.sources.iter() {
        if let Some(journey) = &source.journey {
            for rows in journey.steps.iter().filter_map(|step| step.rows.as_ref()) {
                if let Some(filter) = &rows.filter {
                    visit(&Of::Rows(rows.source), filter);
                }
            }
            // Its columns are those of a source.
            continue;
        }
        for column in source.columns.rows() {
            if let Storage::Derived(expr) = &column.storage {
                visit(&Of::Rows(id), expr);
            }
        }
    }
    every_aggregate(model, &mut |aggregate, _| {
        for expr in aggregate.argument.iter().chain(&aggregate.filter) {
            visit(&Of::Rows(aggregate.source), expr);
        }
    });
    let formulas = model.kpis.rows().iter().filter_map(|kpi| match &kpi.body {
        Body::Formula(calc) => Some(calc),
        Body::Values(_) | Body::Broken => None,
    });
    for calc in formulas.chain(conditions(model).map(|(_, condition)| condition)) {
        calc.deep_leaves(&mut |leaf| {
            if let CalcLeaf::Slice(of, condition) = leaf {
                visit(&Of::Part(model.sources_read(of)), condition);
            }
        });
    }
}
