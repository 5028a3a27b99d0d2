//! Which sums and means aggregate nothing but what several rows share: what belongs to a row that a reference leads to. Written from the
//! rule of `fan-out` and `weighted-by-rows`, and held against what the compiler says.

use crate::project::{Aggregate, Body, Expr, Figure, Formula, Pair, Project, Row, RowLeaf, Source, Stock};
use kpic::diagnostic::Findings;

/// How many sums and how many means of a project are of that kind.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Shared {
    pub sums: usize,
    pub means: usize,
}

/// What the compiler says.
pub fn said(findings: &Findings) -> Shared {
    let count = |name: &str| findings.iter().filter(|finding| finding.code.name == name).count();
    Shared { sums: count("fan-out"), means: count("weighted-by-rows") }
}

/// What follows from the rule.
pub fn shared(project: &Project) -> Shared {
    let mut found = Shared::default();
    for source in project.sources.iter().filter(|source| source.journey.is_none()) {
        source.columns.iter().filter_map(|column| column.expr.as_ref()).for_each(|expr| related(project, expr, &mut found));
    }
    let steps = project.sources.iter().filter_map(|source| source.journey.as_ref()).flat_map(|journey| &journey.steps);
    steps.filter_map(|step| step.filter.as_ref()).for_each(|filter| related(project, filter, &mut found));
    for kpi in &project.kpis {
        if let Body::Formula(formula) = &kpi.body {
            figures(project, formula, &mut found);
        }
    }
    found
}

fn figures(project: &Project, formula: &Formula, found: &mut Shared) {
    formula.leaves(&mut |figure| match figure {
        Figure::Kpi(_) => {}
        Figure::Aggregate(of) => look(project, of, None, found),
        Figure::Grouped(grouped) => look(project, &grouped.of, Some(&grouped.per), found),
        Figure::Each(each) => figures(project, &each.of, found),
        Figure::Past(_, of, _) | Figure::Slice(of, _) | Figure::Total(of, _) => figures(project, of, found),
    });
}

fn related(project: &Project, expr: &Row, found: &mut Shared) {
    expr.leaves(&mut |leaf| {
        if let RowLeaf::Related(of) = leaf {
            look(project, of, None, found);
        }
    });
}

fn look(project: &Project, of: &Aggregate, per: Option<&[String]>, found: &mut Shared) {
    of.argument.iter().chain(&of.filter).for_each(|expr| related(project, expr, found));
    let is_sum = of.function == "sum";
    if !is_sum && !["avg", "median", "percentile", "percentile_disc", "stddev", "variance"].contains(&of.function) {
        return;
    }
    let Some(argument) = &of.argument else { return };
    let mut parts = Vec::new();
    let source = project.source(&of.source);
    values(source, argument, &mut parts);
    let constant_in_group = |path: &[String]| !is_sum && per.is_some_and(|per| path.starts_with(per));
    let is_shared = |path: &Option<Vec<String>>| {
        path.as_ref().is_some_and(|path| several(project, of, source, path) && !constant_in_group(path))
    };
    if !parts.is_empty() && parts.iter().all(is_shared) {
        *(if is_sum { &mut found.sums } else { &mut found.means }) += 1;
    }
}

/// The columns that a value is made of, each by its path; nothing for what is the row's own in another way.
fn values(source: &Source, expr: &Row, parts: &mut Vec<Option<Vec<String>>>) {
    match expr {
        Expr::Literal(_) | Expr::Leaf(RowLeaf::Grain(_) | RowLeaf::Closing) => {}
        Expr::Apply("if", arguments) => arguments[1..].iter().for_each(|part| values(source, part, parts)),
        Expr::Apply("case", arguments) => {
            for branch in arguments.chunks(2) {
                values(source, branch.last().unwrap(), parts);
            }
        }
        Expr::Apply(_, arguments) => arguments.iter().for_each(|part| values(source, part, parts)),
        Expr::Leaf(RowLeaf::Path(path) | RowLeaf::Pair(Pair::Of(_, path))) => match &source.column(&path[0]).expr {
            Some(expr) if path.len() == 1 => values(source, expr, parts),
            _ => parts.push(Some(path.clone())),
        },
        Expr::Leaf(_) => parts.push(None),
    }
}

/// Whether several of the rows that are aggregated may lead to one row at the end of a path.
fn several(project: &Project, of: &Aggregate, source: &Source, path: &[String]) -> bool {
    let stock = project.stock(of);
    // One row of each entity is aggregated: one journey, or one pair.
    let entity = match &stock {
        Some(Stock::Pairs(per)) => per.clone(),
        _ => source.journey.as_ref().filter(|journey| !journey.every).map(|journey| journey.steps[0].entity.clone()),
    };
    let mut at = source;
    let mut several = false;
    for (place, step) in path[..path.len() - 1].iter().enumerate() {
        let is_key = at.key.as_ref() == Some(step) && at.journey.is_none();
        let one_of_each = match (&at.states, place, &stock) {
            (None, ..) | (Some(_), 0, Some(Stock::At(_) | Stock::Pairs(None))) => is_key,
            (Some(_), ..) => false,
        };
        several |= !one_of_each;
        if entity.as_ref().is_some_and(|entity| path[..=place] == entity[..]) {
            several = false;
        }
        at = project.source(at.column(step).references.as_ref().unwrap());
    }
    several
}
