//! Makes up KPIs with ages: a cohort of a source's rows, what belongs to them at each age, and what is made of that.

use super::conditions::{Maker, paths};
use super::data::Times;
use super::facts;
use super::formulas::{grains, kpi, over};
use super::generate::Choices;
use super::project::{
    Aggregate, Body, Expr, Figure, Formula, Grain, Grouped, Kpi, Project, Row, RowLeaf, Source, Type, Value, Window,
};

/// Adds one or two KPIs with ages, if any rows refer to others.
pub fn make(project: &mut Project, times: &Times, choices: &mut Choices) {
    let grain = *choices.pick(&grains(project));
    let unit = if choices.chance(45) { grain } else { *choices.pick(&Grain::ALL) };
    // Weeks that are those of the rules lie in two months, which a calendar of one's own does not have.
    let regular = project.calendar.custom.as_ref().is_some_and(|custom| custom.is_regular);
    let unit = if regular && (unit == Grain::Week) != (grain == Grain::Week) { grain } else { unit };
    let most = if unit == Grain::Day { 8 } else { 4 };
    let age = Some((unit, i32::try_from(choices.between(1, most)).unwrap()));
    let Some(formula) = cohort(project, times, choices) else { return };
    let mut first = Kpi { age, ..kpi(project, "c1".to_owned(), Body::Formula(formula), grain, choices) };
    first.grains.retain(|grain| !regular || (unit == Grain::Week) == (*grain == Grain::Week));
    let uses_grains = first.grains.clone();
    project.kpis.push(first);
    if choices.chance(40) {
        let formula = over(project, times, grain, Expr::Leaf(Figure::Kpi("c1".to_owned())), choices);
        let mut second = Kpi { age, ..kpi(project, "c2".to_owned(), Body::Formula(formula), grain, choices) };
        second.grains.retain(|grain| uses_grains.contains(grain));
        project.kpis.push(second);
    }
}

/// Adds a KPI over what each row has within a time of it, if any rows refer to others.
pub fn make_within(project: &mut Project, times: &Times, choices: &mut Choices) {
    let outers: Vec<&Source> = project.sources.iter().filter(|source| has_time(source) && source.journey.is_none()).collect();
    if outers.is_empty() {
        return;
    }
    let outer = *choices.pick(&outers);
    let maker = Maker { project, source: outer, times, related: false, only_within: false };
    let Some(value) = maker.taken_within(choices) else { return };
    let formula = values(project, times, outer, value, choices);
    let grain = *choices.pick(&grains(project));
    let kpi = kpi(project, "r1".to_owned(), Body::Formula(formula), grain, choices);
    project.kpis.push(kpi);
}

fn has_time(source: &Source) -> bool {
    source.columns.iter().any(|column| column.ty.is_time())
}

/// A formula that looks at ages; nothing where no rows belong to rows that have a time.
fn cohort(project: &Project, times: &Times, choices: &mut Choices) -> Option<Formula> {
    let mut pairs: Vec<(&Source, &Source, Vec<String>)> = Vec::new();
    for outer in project.sources.iter().filter(|source| has_time(source)) {
        for inner in project.sources.iter().filter(|source| has_time(source)) {
            for (path, _) in paths(project, inner, 1) {
                let belongs = match &outer.journey {
                    None => project.column(inner, &path).references.as_ref() == Some(&outer.name),
                    Some(journey) if journey.every || inner.journey.is_some() => false,
                    Some(_) => entity(project, outer).is_some() && whose(project, inner, &path) == entity(project, outer),
                };
                if belongs {
                    pairs.push((outer, inner, path));
                }
            }
        }
    }
    if pairs.is_empty() {
        return None;
    }
    let (outer, inner, via) = choices.pick(&pairs).clone();
    let of_inner = match &outer.journey {
        None => inner.columns.iter().filter(|column| column.references.as_ref() == Some(&outer.name)).count(),
        Some(_) => 2,
    };
    let at_age = Maker { project, source: inner, times, related: false, only_within: false }.aggregate(0, choices);
    let at_age = Aggregate {
        says_via: via.len() > 1 || of_inner > 1 || choices.chance(40),
        via: Some(via),
        window: if choices.chance(45) { Window::AgeToDate } else { Window::Age },
        ..timed(at_age, inner, choices)
    };
    let counts = at_age.function.starts_with("count");
    let literal =
        Expr::Literal(Value::Number(f64::from(i32::try_from(choices.between(0, if counts { 2 } else { 60 })).unwrap())));
    let value = Expr::Leaf(RowLeaf::Related(Box::new(at_age)));
    if choices.chance(40) {
        return Some(values(project, times, outer, value, choices));
    }
    let mut condition: Row = match choices.below(8) {
        0 => Expr::Apply(choices.word(&["is null", "is not null"]), vec![value]),
        1..4 if counts => Expr::Apply(">", vec![value, Expr::Literal(Value::Number(0.0))]),
        _ => Expr::Apply(choices.word(&["=", "!=", "<", "<=", ">", ">="]), vec![value, literal]),
    };
    let maker = Maker { project, source: outer, times, related: true, only_within: false };
    if choices.chance(40) {
        let mut sides = vec![condition, maker.condition(1, choices)];
        if choices.chance(30) {
            sides.reverse();
        }
        condition = Expr::Apply(choices.word(&["and", "and", "or"]), sides);
    } else if choices.chance(12) {
        condition = Expr::Apply("not", vec![condition]);
    }
    let whole = timed(maker.aggregate(1, choices), outer, choices);
    let whole = Aggregate { window: Window::Period, ..whole };
    let rows = Aggregate { filter: Some(condition), ..whole.clone() };
    if choices.chance(20) {
        let entity = |ty: &Type| matches!(ty, Type::Text | Type::Integer | Type::Boolean | Type::Date);
        let entities: Vec<_> = paths(project, outer, 1).into_iter().filter(|(_, ty)| entity(ty)).collect();
        if !entities.is_empty() {
            let per = choices.pick(&entities).0.clone();
            let of = Aggregate { function: "count", argument: None, share: None, ..rows };
            let top = choices.chance(35).then(|| choices.below(2) + 1);
            let function = choices.word(&["sum", "count", "max", "avg"]);
            let all =
                Aggregate { filter: Some(of.filter.clone().unwrap()), ..timed(maker.aggregate(1, choices), outer, choices) };
            let other = Aggregate { at: of.at.clone(), window: of.window, ..all };
            let with = if choices.chance(30) && other.function != "first" && other.function != "last" {
                vec![(choices.word(&["+", "-", "least"]), other)]
            } else {
                Vec::new()
            };
            let grouped = Grouped { function, share: None, of, with, per, filter: None, top: None };
            let rough = facts::is_rough(project, &Expr::Leaf(Figure::Grouped(Box::new(grouped.clone()))));
            return Some(Expr::Leaf(Figure::Grouped(Box::new(Grouped { top: top.filter(|_| !rough), ..grouped }))));
        }
    }
    let figure = Expr::Leaf(Figure::Aggregate(rows));
    if facts::is_rough(project, &figure) || choices.chance(50) {
        return Some(figure);
    }
    let all = Aggregate { function: "count", argument: None, share: None, filter: None, ..whole };
    Some(Expr::Apply(choices.word(&["/", "-"]), vec![figure, Expr::Leaf(Figure::Aggregate(all))]))
}

/// Whose key the entity of a journey is.
fn entity(project: &Project, journey: &Source) -> Option<String> {
    let first = &journey.journey.as_ref()?.steps[0];
    whose(project, project.source(&first.source), &first.entity)
}

/// Whose key a column at the end of a path is: that of the source to which it refers, or its own.
fn whose(project: &Project, source: &Source, path: &[String]) -> Option<String> {
    let column = project.column(source, path);
    let is_own = path.len() == 1 && source.journey.is_none() && source.key.as_ref() == Some(&column.name);
    column.references.clone().or_else(|| is_own.then(|| source.name.clone()))
}

/// An aggregate over what rows have at their age, or within a time.
fn values(project: &Project, times: &Times, outer: &Source, value: Row, choices: &mut Choices) -> Formula {
    let maker = Maker { project, source: outer, times, related: true, only_within: false };
    let number = |choices: &mut Choices| Expr::Literal(Value::Number(f64::from(i32::try_from(choices.between(1, 9)).unwrap())));
    let argument = match choices.below(6) {
        0 => Expr::Apply(choices.word(&["+", "-", "*"]), vec![value, number(choices)]),
        1 => Expr::Apply("coalesce", vec![value, number(choices)]),
        _ => value,
    };
    let whole = timed(maker.aggregate(1, choices), outer, choices);
    let functions = ["sum", "sum", "sum", "avg", "min", "max", "median", "count", "count_distinct", "stddev"];
    let rows = Aggregate {
        function: choices.word(&functions),
        argument: Some(argument),
        share: None,
        window: Window::Period,
        ..whole.clone()
    };
    let figure = if choices.chance(15) {
        let entity = |ty: &Type| matches!(ty, Type::Text | Type::Integer | Type::Boolean | Type::Date);
        let entities: Vec<_> = paths(project, outer, 1).into_iter().filter(|(_, ty)| entity(ty)).collect();
        if entities.is_empty() {
            Expr::Leaf(Figure::Aggregate(rows))
        } else {
            let per = choices.pick(&entities).0.clone();
            let function = choices.word(&["sum", "count", "max", "avg"]);
            Expr::Leaf(Figure::Grouped(Box::new(Grouped {
                function,
                share: None,
                of: rows,
                with: Vec::new(),
                per,
                filter: None,
                top: None,
            })))
        }
    } else {
        Expr::Leaf(Figure::Aggregate(rows))
    };
    if facts::is_rough(project, &figure) || choices.chance(50) {
        return figure;
    }
    let all = Aggregate { function: "count", argument: None, share: None, window: Window::Period, ..whole };
    Expr::Apply(choices.word(&["/", "-"]), vec![figure, Expr::Leaf(Figure::Aggregate(all))])
}

/// An aggregate whose rows count at a time, whatever its source is.
fn timed(aggregate: Aggregate, source: &Source, choices: &mut Choices) -> Aggregate {
    let times: Vec<&String> = source.columns.iter().filter(|column| column.ty.is_time()).map(|column| &column.name).collect();
    let at = aggregate.at.clone().or_else(|| source.time.is_none().then(|| (*choices.pick(&times)).clone()));
    Aggregate { at, stock: None, ..aggregate }
}
