//! What the generator has to know of a formula to use it where it is valid: at which grains it has a value, which dimensions
//! it has, whether it adds up over time, and how exact it is.

use super::project::{
    Aggregate, Body, Expr, Figure, Formula, Grain, Past, Path, Project, Row, RowLeaf, Source, Stock, Type, Value, Window,
};
use super::rows::related;

/// Whether a KPI has a value at a grain.
pub fn fits(project: &Project, body: &Body, own: &[Grain], grain: Grain) -> bool {
    match body {
        Body::Formula(formula) => formula_fits(project, formula, grain),
        Body::Values { .. } => own[0] == grain,
    }
}

fn formula_fits(project: &Project, formula: &Formula, grain: Grain) -> bool {
    let mut all = true;
    formula.leaves(&mut |figure| {
        all &= match figure {
            Figure::Kpi(name) => fits(project, &project.kpi(name).body, &project.kpi(name).grains, grain),
            Figure::Aggregate(_) | Figure::Grouped(_) => true,
            Figure::Each(each) => project.calendar.nests(each.grain, grain) && formula_fits(project, &each.of, each.grain),
            Figure::Past(_, of, length) => project.calendar.fits(grain, *length) && formula_fits(project, of, grain),
            Figure::Slice(of, _) | Figure::Total(of, _) => formula_fits(project, of, grain),
        };
    });
    all
}

/// Whether a formula has sums or counts of its own, which are 0 over no rows.
pub fn has_zeros(body: &Body) -> bool {
    let Body::Formula(formula) = body else { return false };
    let mut found = false;
    formula.leaves(&mut |figure| {
        found |= match figure {
            Figure::Kpi(_) => false,
            Figure::Aggregate(of) => is_zero(of.function),
            Figure::Grouped(of) => is_zero(of.function),
            Figure::Each(each) => {
                is_zero(each.function) && !each.counts_all_periods() || has_zeros(&Body::Formula(each.of.clone()))
            }
            Figure::Past(_, of, _) | Figure::Slice(of, _) | Figure::Total(of, _) => has_zeros(&Body::Formula((**of).clone())),
        };
    });
    found
}

/// Rule 2: whether an aggregate over no rows is 0, rather than null.
pub fn is_zero(function: &str) -> bool {
    matches!(function, "sum" | "count" | "count_distinct")
}

/// What a formula reads.
struct Part<'a> {
    /// Nothing where figures are kept by hand.
    source: Option<&'a Source>,
    /// The path to the entities whose states are compared.
    per: Option<&'a Path>,
    /// Whether a dimension is taken away from it.
    total: bool,
}

impl<'a> Part<'a> {
    fn of(project: &'a Project, aggregate: &'a Aggregate, total: bool) -> Self {
        let per = match &aggregate.stock {
            Some(Stock::Pairs(per)) => per.as_ref(),
            _ => None,
        };
        Self { source: Some(project.source(&aggregate.source)), per, total }
    }
}

/// The parts of a formula, for a dimension.
fn parts<'a>(project: &'a Project, formula: &'a Formula, dimension: &str, total: bool, found: &mut Vec<Part<'a>>) {
    formula.leaves(&mut |figure| match figure {
        Figure::Kpi(name) => match &project.kpi(name).body {
            Body::Formula(of) => parts(project, of, dimension, total, found),
            Body::Values { .. } => found.push(Part { source: None, per: None, total }),
        },
        Figure::Aggregate(aggregate) => found.push(Part::of(project, aggregate, total)),
        Figure::Grouped(grouped) => found.extend(grouped.aggregates().map(|of| Part::of(project, of, total))),
        Figure::Each(each) => parts(project, &each.of, dimension, total, found),
        Figure::Past(_, of, _) | Figure::Slice(of, _) => parts(project, of, dimension, total, found),
        Figure::Total(of, without) => {
            let taken = without.is_empty() || without.iter().any(|name| name == dimension);
            parts(project, of, dimension, total || taken, found);
        }
    });
}

/// The names that could be dimensions.
fn names(project: &Project) -> Vec<String> {
    let mut names: Vec<String> = project.dimensions.iter().map(|dimension| dimension.name.clone()).collect();
    for source in &project.sources {
        names.extend(source.columns.iter().map(|column| column.name.clone()));
    }
    names.sort();
    names.dedup();
    names
}

/// The type that a dimension has in all of some sources, if it stands in all of them and can be sliced by.
fn shared_type(project: &Project, dimension: &str, parts: &[&Part<'_>]) -> Option<Type> {
    let mut types = Vec::new();
    for part in parts {
        let source = part.source?;
        let place = project.place(source, dimension)?;
        // Entities are sliced by what they are, not by what each of their states is.
        if part.per.is_some_and(|per| !place.starts_with(per)) {
            return None;
        }
        types.push(project.column(source, &place).ty);
    }
    let first = *types.first()?;
    let sliceable = matches!(first, Type::Text | Type::Boolean | Type::Integer | Type::Date);
    (sliceable && types.iter().all(|ty| *ty == first)).then_some(first)
}

/// The dimensions that a KPI can be sliced by.
pub fn dimensions(project: &Project, body: &Body) -> Vec<String> {
    let Body::Formula(formula) = body else { return Vec::new() };
    let mut all = names(project);
    all.retain(|name| {
        let mut found = Vec::new();
        parts(project, formula, name, false, &mut found);
        let asked: Vec<&Part<'_>> = found.iter().filter(|part| !part.total).collect();
        shared_type(project, name, &asked).is_some()
    });
    all
}

/// Whether a part has all of some dimensions, so that it says which of their values go together.
pub fn together(project: &Project, body: &Body, dimensions: &[String]) -> bool {
    let Body::Formula(formula) = body else { return false };
    let totals: Vec<Vec<bool>> = dimensions
        .iter()
        .map(|name| {
            let mut found = Vec::new();
            parts(project, formula, name, false, &mut found);
            found.iter().map(|part| part.total).collect()
        })
        .collect();
    totals.first().is_some_and(|first| (0..first.len()).any(|part| totals.iter().all(|of| !of[part])))
}

/// The dimensions that every part of a formula has, with their types.
pub fn shared(project: &Project, formula: &Formula) -> Vec<(String, Type)> {
    let mut found = Vec::new();
    parts(project, formula, "", false, &mut found);
    let found: Vec<&Part<'_>> = found.iter().collect();
    let types = names(project).into_iter().filter_map(|name| Some((name.clone(), shared_type(project, &name, &found)?)));
    types.collect()
}

/// Whether a formula adds up over periods, as far as the generator wants to know.
pub fn is_flow(project: &Project, formula: &Formula) -> bool {
    match formula {
        Expr::Apply("+" | "-", sides) => sides.iter().all(|side| is_flow(project, side)),
        Expr::Apply("*", sides) => matches!(sides[0], Expr::Literal(_)) && is_flow(project, &sides[1]),
        Expr::Literal(_) | Expr::Apply(..) => false,
        Expr::Leaf(figure) => match figure {
            Figure::Kpi(name) => match &project.kpi(name).body {
                Body::Formula(of) => is_flow(project, of),
                Body::Values { flow, .. } => *flow,
            },
            Figure::Aggregate(of) => {
                let flow = matches!(of.function, "sum" | "count") && matches!(of.window, Window::Period | Window::Previous);
                flow && project.stock(of).is_none()
            }
            Figure::Each(each) => {
                let adds = each.counts_periods || each.function == "sum" && is_flow(project, &each.of);
                adds && matches!(each.window, Window::Period | Window::Previous)
            }
            Figure::Slice(of, _) | Figure::Total(of, _) => is_flow(project, of),
            Figure::Past(past, of, _) => past.whole() == Past::Prior && is_flow(project, of),
            Figure::Grouped(_) => false,
        },
    }
}

/// Whether a formula may have a unit of time, as the mean of a flow over periods has, which is so much a month, and a number of periods.
pub fn is_rate(project: &Project, formula: &Formula) -> bool {
    let mut rate = false;
    formula.leaves(&mut |figure| {
        rate |= match figure {
            Figure::Kpi(name) => match &project.kpi(name).body {
                Body::Formula(of) => is_rate(project, of),
                Body::Values { .. } => false,
            },
            Figure::Aggregate(_) | Figure::Grouped(_) => false,
            Figure::Each(each) => each.counts_periods || each.function == "avg" || is_rate(project, &each.of),
            Figure::Past(_, of, _) | Figure::Slice(of, _) | Figure::Total(of, _) => is_rate(project, of),
        };
    });
    rate
}

fn looks_at_ages(of: &Aggregate) -> bool {
    related(of).iter().any(|inner| inner.window.is_at_age())
}

/// Whether a formula has a value up to a day within a period: not if a part is kept by hand, or is to date itself. Of ages nothing is made up
/// that looks back.
pub fn has_parts(project: &Project, formula: &Formula) -> bool {
    let mut all = true;
    formula.leaves(&mut |figure| {
        all &= match figure {
            Figure::Kpi(name) => match &project.kpi(name).body {
                Body::Formula(of) => has_parts(project, of),
                Body::Values { .. } => false,
            },
            Figure::Aggregate(of) => !looks_at_ages(of),
            Figure::Grouped(grouped) => !grouped.aggregates().any(looks_at_ages),
            Figure::Each(each) => has_parts(project, &each.of),
            Figure::Past(past, of, _) => !past.is_to_date() && has_parts(project, of),
            Figure::Slice(of, _) | Figure::Total(of, _) => has_parts(project, of),
        };
    });
    all
}

/// How exact a value is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Exact {
    /// A small number of quarters or the like, which floating numbers hold.
    Wholly,
    /// The same floating number wherever the same operations are done.
    Always,
    /// Different in its last digits with the order of the rows.
    Roughly,
}

/// Whether a value may differ in its last digits.
pub fn is_rough(project: &Project, formula: &Formula) -> bool {
    exact(project, formula) == Exact::Roughly
}

fn exact(project: &Project, formula: &Formula) -> Exact {
    match formula {
        Expr::Literal(_) => Exact::Wholly,
        Expr::Apply(name, arguments) => {
            let worst = arguments.iter().map(|argument| exact(project, argument)).max().unwrap();
            applied(name, arguments.len(), worst)
        }
        Expr::Leaf(figure) => match figure {
            Figure::Kpi(name) => match &project.kpi(name).body {
                Body::Formula(of) => exact(project, of),
                Body::Values { .. } => Exact::Wholly,
            },
            Figure::Aggregate(of) => aggregated(of.function, of.argument.as_ref().map_or(Exact::Wholly, row)),
            Figure::Grouped(grouped) => {
                let over_rows = |of: &Aggregate| aggregated(of.function, of.argument.as_ref().map_or(Exact::Wholly, row));
                let first = over_rows(&grouped.of);
                let value = grouped.with.iter().fold(first, |value, (name, of)| applied(name, 2, value.max(over_rows(of))));
                aggregated(grouped.function, value)
            }
            Figure::Each(each) => aggregated(each.function, exact(project, &each.of)),
            Figure::Past(past, of, _) if past.whole() == Past::Growth => exact(project, of).max(Exact::Always),
            Figure::Past(_, of, _) | Figure::Slice(of, _) | Figure::Total(of, _) => exact(project, of),
        },
    }
}

fn row(expr: &Row) -> Exact {
    match expr {
        Expr::Leaf(RowLeaf::Related(of)) => aggregated(of.function, of.argument.as_ref().map_or(Exact::Wholly, row)),
        Expr::Literal(Value::Number(_) | _) | Expr::Leaf(_) => Exact::Wholly,
        Expr::Apply(name, arguments) => applied(name, arguments.len(), arguments.iter().map(row).max().unwrap()),
    }
}

fn applied(name: &str, arguments: usize, worst: Exact) -> Exact {
    match name {
        "/" => worst.max(Exact::Always),
        "round" if arguments > 1 => worst.max(Exact::Always),
        "floor" | "ceil" | "round" => Exact::Wholly,
        "sqrt" | "ln" | "exp" | "power" => Exact::Roughly,
        _ => worst,
    }
}

fn aggregated(function: &str, of: Exact) -> Exact {
    match (function, of) {
        ("count" | "count_distinct", _) | ("sum" | "median", Exact::Wholly) => Exact::Wholly,
        ("min" | "max" | "first" | "last" | "percentile_disc", of) => of,
        ("avg", Exact::Wholly) => Exact::Always,
        _ => Exact::Roughly,
    }
}
