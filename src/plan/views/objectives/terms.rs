//! The key results themselves as rows: what each aims at, from when to when, and who owns it.

use super::{ObjectivesPlanner, all, floating, number, number_or_null, same_result, text, text_or_null, truth, unless_empty};
use crate::calendar::Date;
use crate::functions::{abs, coalesce, operators};
use crate::model::Model;
use crate::model::expr::Expr;
use crate::model::objective::{Baseline, Bound, Evidence, Goal, KeyResult, Objective, Target};
use crate::plan::algebra::relation::{Body, From, JoinKind, Rows, Scalar, Select, column, day};

/// Columns of key results, each with its value.
type Term = fn(&Model, &Objective, &KeyResult) -> Scalar;

/// What is written of each key result, by column.
const COLUMNS: [(&str, Term); 18] = [
    ("objective", |_, objective, _| text(&objective.name.value)),
    ("key_result", |_, _, result| text(&result.name.value)),
    ("title", |_, _, result| text(&result.title)),
    ("owner", |model, _, result| text_or_null(result.owner.map(|team| model.teams.get(team).name.value.as_str()))),
    ("kpi", |model, _, result| text_or_null(result.kpi().map(|shown| model.kpis.get(shown.kpi).name.value.as_str()))),
    ("slice", |model, _, result| unless_empty(&slice_text(model, result))),
    ("unit", |model, _, result| unless_empty(&unit_text(model, result))),
    ("begins", |_, objective, _| objective.period.map_or_else(Expr::null, |period| day(period.first))),
    ("due", |_, _, result| result.due.map_or_else(Expr::null, day)),
    ("baseline", |_, _, result| number_or_null(result.goal.as_ref().and_then(Goal::baseline))),
    ("target", |_, _, result| number_or_null(result.goal.as_ref().and_then(target))),
    ("bound", |_, _, result| text_or_null(bound(result).map(Bound::word))),
    ("upper", |_, _, result| match bound(result) {
        Some(Bound::Between(_, upper)) => number(upper.number),
        _ => Expr::null(),
    }),
    ("weight", |_, _, result| number(result.weight)),
    ("counts", |_, _, result| truth(result.counts())),
    ("is_health", |_, _, result| truth(result.is_health)),
    ("is_committed", |_, _, result| truth(result.is_committed)),
    ("is_dropped", |_, _, result| truth(result.dropped.is_some())),
];

/// Columns of targets that are relative to a measured baseline.
const RELATIVE: [&str; 3] = ["times", "of_size", "plus"];

fn bound(result: &KeyResult) -> Option<&Bound> {
    match &result.goal {
        Some(Goal::Keep(bound)) => Some(bound),
        Some(Goal::Reach { .. }) | None => None,
    }
}

/// The value to be reached, or the bound; the lower one of two.
fn target(goal: &Goal) -> Option<f64> {
    match goal {
        Goal::Reach { .. } => goal.target(),
        Goal::Keep(bound) => bound.amounts().first().map(|amount| amount.number),
    }
}

/// Whether a goal begins where the data says.
fn is_measured(result: &KeyResult) -> bool {
    matches!(&result.goal, Some(Goal::Reach { from: Baseline::Measured(_), .. })) && result.kpi().is_some()
}

/// How a target follows from a measured baseline, if it does: how many times that, which share of its size more, how much more.
fn relative(result: &KeyResult) -> Option<[f64; 3]> {
    match &result.goal {
        Some(Goal::Reach { to: Target::Relative(relative), .. }) if is_measured(result) => {
            Some([relative.times, relative.share, relative.plus])
        }
        _ => None,
    }
}

/// The day from which a baseline is measured backwards: that on which the objective begins.
pub(super) fn measured_before(objective: &Objective, result: &KeyResult) -> Option<Date> {
    objective.period.filter(|_| is_measured(result)).map(|period| period.first)
}

/// The values of dimensions that a key result is about: `channel = partner, country is null`.
pub fn slice_text(model: &Model, result: &KeyResult) -> String {
    let Some(shown) = result.kpi() else { return String::new() };
    let each = shown
        .slice
        .iter()
        .map(|member| (&model.dimensions.get(member.dimension).name, member.text.as_deref()))
        .map(|(name, value)| value.map_or_else(|| format!("{name} is null"), |value| format!("{name} = {value}")));
    each.collect::<Vec<_>>().join(", ")
}

/// The unit of a key result's value; empty if it has none.
pub fn unit_text(model: &Model, result: &KeyResult) -> String {
    match &result.evidence {
        Evidence::Kpi(shown) => model.kpis.get(shown.kpi).facts.unit.to_string(),
        Evidence::Manual(manual) => manual.unit.to_string(),
        Evidence::Missing | Evidence::Broken => String::new(),
    }
}

/// The part with one row for each key result, its baseline and target computed where they are measured.
pub(super) fn goals(making: &mut ObjectivesPlanner<'_>) -> String {
    let model = making.model;
    let is_relative = all(model).any(|(_, result)| relative(result).is_some());
    let any_measured = all(model).any(|(_, result)| is_measured(result));
    let mut names: Vec<String> = COLUMNS.iter().map(|(name, _)| (*name).to_owned()).collect();
    if is_relative {
        names.extend(RELATIVE.map(str::to_owned));
    }
    let rows = all(model).map(|(objective, result)| {
        let mut row: Vec<Scalar> = COLUMNS.iter().map(|(_, term)| term(model, objective, result)).collect();
        if is_relative {
            match relative(result) {
                Some(terms) => row.extend(terms.map(number)),
                None => row.extend(RELATIVE.map(|_| Expr::null())),
            }
        }
        row
    });
    let rows: Vec<Vec<Scalar>> = rows.collect();
    let wish = if any_measured { "terms" } else { "goals" };
    let terms = making.push(wish, |name| {
        let from = From { relation: Rows::Values(names.clone(), rows), name: name.to_owned() };
        let mut select = Select { from: Some(from), ..Select::default() };
        for column_name in &names {
            let value = column(name, column_name);
            let is_number =
                matches!(column_name.as_str(), "baseline" | "target" | "upper" | "weight" | "times" | "of_size" | "plus");
            select.column(if is_number { floating(value) } else { value }, column_name);
        }
        Body::Select(select)
    });
    if !any_measured {
        return terms;
    }
    let baselines = super::readings::baselines(making);
    let is_huge = making.is_huge;
    making.push("goals", |_| {
        let mut select = Select::from_part(&terms);
        select.join(JoinKind::Left, &baselines, &baselines, Some(same_result(&baselines, &terms)));
        for (name, _) in COLUMNS {
            let own = column(&terms, name);
            let baseline =
                || Expr::apply(&coalesce::COALESCE, vec![column(&terms, "baseline"), column(&baselines, "baseline")]);
            let value = match name {
                "baseline" => baseline(),
                "target" if is_relative => {
                    let part = |name: &str, of: Scalar| Expr::apply(&operators::MULTIPLY, vec![of, column(&terms, name)]);
                    let size = Expr::apply(&abs::ABS, vec![column(&baselines, "baseline")]);
                    let moved = vec![part("times", column(&baselines, "baseline")), part("of_size", size)];
                    let moved = Expr::apply(&operators::ADD, moved);
                    let moved = Expr::apply(&operators::ADD, vec![moved, column(&terms, "plus")]);
                    let moved = if is_huge { super::finite::finite(moved) } else { moved };
                    Expr::apply(&coalesce::COALESCE, vec![own, moved])
                }
                _ => own,
            };
            select.column(value, name);
        }
        Body::Select(select)
    })
}
