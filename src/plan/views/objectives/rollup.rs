//! The score of objectives: the weighted mean of their own results, or, where they have none, the mean of the objectives that
//! serve them.
//!
//! An objective with results of its own is judged by these alone: what its children do is how it is to be reached, and the results
//! say whether it is.

use super::readings::joined;
use super::score::{at_least, choose, rounded};
use super::{ObjectivesPlanner, floating, number, text, text_or_null, truth};
use crate::functions::{Function, coalesce, max, min, operators, sum};
use crate::model::Model;
use crate::model::expr::Expr;
use crate::model::objective::{Objective, ObjectiveId};
use crate::plan::algebra::relation::{Body, From, JoinKind, Rows, Scalar, Select, column, day, fold};

fn apply(function: &'static Function, operands: Vec<Scalar>) -> Scalar {
    Expr::apply(function, operands)
}

/// How many steps an objective is above the results that give it its score: 0 if it has its own.
fn level(model: &Model, children: &[Vec<ObjectiveId>], id: ObjectiveId) -> usize {
    if model.objectives.get(id).has_own_score() {
        return 0;
    }
    let below = children.get(id.index()).map_or(&[][..], Vec::as_slice);
    below.iter().map(|child| level(model, children, *child) + 1).max().unwrap_or(0)
}

/// The result: one row for each objective.
pub(super) fn objectives(making: &mut ObjectivesPlanner<'_>, latest: &str) -> Select {
    let model = making.model;
    let mut children: Vec<Vec<ObjectiveId>> = vec![Vec::new(); model.objectives.len()];
    for (id, objective) in model.objectives.iter() {
        if let Some(of) = objective.parent.as_ref().and_then(|parent| children.get_mut(parent.value.index())) {
            of.push(id);
        }
    }
    let levels: Vec<(ObjectiveId, usize)> = model.objectives.ids().map(|id| (id, level(model, &children, id))).collect();
    let mut scores = making.push("own_scores", |_| Body::Select(own_scores(latest)));
    for at in 1..=levels.iter().map(|(_, level)| *level).max().unwrap_or(0) {
        let parents = levels.iter().filter(|(_, level)| *level == at);
        let pairs = parents
            .flat_map(|(parent, _)| children.get(parent.index()).into_iter().flatten().map(move |child| (*parent, *child)));
        let name = |id: ObjectiveId| text(&model.objectives.get(id).name.value);
        let rows: Vec<Vec<Scalar>> = pairs.map(|(parent, child)| vec![name(parent), name(child)]).collect();
        let above = making.push("from_children", |_| Body::Select(of_children(&scores, rows)));
        scores = making.push("scores", |_| Body::Union(vec![every(&scores), every(&above)]));
    }
    result(making, &scores)
}

const COLUMNS: [&str; 6] = ["objective", "score", "expected", "is_achieved", "is_broken", "is_complete"];

fn every(part: &str) -> Select {
    let mut select = Select::from_part(part);
    for name in COLUMNS.into_iter().chain(["as_of"]) {
        select.column(column(part, name), name);
    }
    select
}

/// The mean of a column over results that have a score, by weight.
fn weighted(from: &str, name: &str) -> Scalar {
    let counted = counted(from);
    let value = apply(&operators::MULTIPLY, vec![column(from, name), column(from, "weight")]);
    let total = fold(&sum::SUM, choose(vec![(counted.clone(), value)], None));
    let weights = fold(&sum::SUM, choose(vec![(counted, column(from, "weight"))], None));
    apply(&operators::DIVIDE, vec![total, weights])
}

fn counted(from: &str) -> Scalar {
    apply(&operators::AND, vec![column(from, "counts"), apply(&operators::IS_NOT_NULL, vec![column(from, "score")])])
}

/// 1 where a condition holds, else 0.
fn mark(condition: Scalar) -> Scalar {
    choose(vec![(condition, Expr::number(1))], Some(Expr::number(0)))
}

/// The scores of objectives from their own results.
fn own_scores(latest: &str) -> Select {
    let of = |name: &str| column(latest, name);
    let is = |status: &str| apply(&operators::EQUAL, vec![of("status"), text(status)]);
    let mut select = Select::from_part(latest);
    select.column(of("objective"), "objective").group_by_these();
    select.column(weighted(latest, "score"), "score");
    select.column(weighted(latest, "expected"), "expected");
    let counting = |value: Scalar| choose(vec![(of("counts"), mark(value))], None);
    let none = || Expr::number(0);
    select.column(apply(&coalesce::COALESCE, vec![fold(&min::MIN, counting(is("achieved"))), none()]), "is_achieved");
    let broken = apply(&operators::AND, vec![of("is_health"), is("off_track")]);
    select.column(fold(&max::MAX, mark(broken)), "is_broken");
    select.column(apply(&coalesce::COALESCE, vec![fold(&min::MIN, counting(of("is_complete"))), none()]), "is_complete");
    select.column(fold(&max::MAX, of("as_of")), "as_of");
    select
}

/// The scores of objectives from those of their children.
fn of_children(scores: &str, pairs: Vec<Vec<Scalar>>) -> Select {
    let cascade = "cascade";
    let relation = Rows::Values(vec!["parent".to_owned(), "child".to_owned()], pairs);
    let mut select = Select { from: Some(From { relation, name: cascade.to_owned() }), ..Select::default() };
    let on = apply(&operators::EQUAL, vec![column(scores, "objective"), column(cascade, "child")]);
    select.joins.push(joined(JoinKind::Left, scores, on));
    let of = |name: &str| column(scores, name);
    select.column(column(cascade, "parent"), "objective").group_by_these();
    let count = || fold(&crate::functions::count::COUNT, of("score"));
    let mean = |name: &str| apply(&operators::DIVIDE, vec![fold(&sum::SUM, of(name)), count()]);
    let where_scored = |name: &str| choose(vec![(apply(&operators::IS_NOT_NULL, vec![of("score")]), of(name))], None);
    select.column(mean("score"), "score");
    let expected = apply(&operators::DIVIDE, vec![fold(&sum::SUM, where_scored("expected")), count()]);
    select.column(expected, "expected");
    let or_none = |value: Scalar| apply(&coalesce::COALESCE, vec![value, Expr::number(0)]);
    select.column(or_none(fold(&min::MIN, or_none(of("is_achieved")))), "is_achieved");
    select.column(or_none(fold(&max::MAX, of("is_broken"))), "is_broken");
    select.column(or_none(fold(&min::MIN, or_none(of("is_complete")))), "is_complete");
    select.column(fold(&max::MAX, of("as_of")), "as_of");
    select
}

/// Whether all results of an objective have been dropped.
fn is_dropped(objective: &Objective) -> bool {
    let mut goals = objective.key_results.iter().filter(|result| !result.is_health).peekable();
    goals.peek().is_some() && goals.all(|result| result.dropped.is_some())
}

fn result(making: &mut ObjectivesPlanner<'_>, scores: &str) -> Select {
    let model = making.model;
    let names = ["objective", "title", "owner", "parent", "begins", "due", "is_dropped"];
    let rows = model.objectives.rows().iter().map(|objective| {
        let owner = text_or_null(objective.owner.map(|team| model.teams.get(team).name.value.as_str()));
        let parent = objective.parent.as_ref();
        let parent = text_or_null(parent.map(|parent| model.objectives.get(parent.value).name.value.as_str()));
        let days = objective.period.map(|period| [day(period.first), day(period.last)]);
        let [first, last] = days.unwrap_or_else(|| [Expr::null(), Expr::null()]);
        vec![text(&objective.name.value), text(&objective.title), owner, parent, first, last, truth(is_dropped(objective))]
    });
    let relation = Rows::Values(names.map(str::to_owned).to_vec(), rows.collect());
    let all = making.names.take("all_objectives");
    let begun = making.has_begun(column(&all, "begins"));
    let mut select = Select { from: Some(From { relation, name: all.clone() }), ..Select::default() };
    let on = apply(&operators::EQUAL, vec![column(scores, "objective"), column(&all, "objective")]);
    select.joins.push(joined(JoinKind::Left, scores, on));
    for name in ["objective", "title", "owner", "parent", "begins", "due"] {
        select.column(column(&all, name), name);
    }
    select.column(floating(column(scores, "score")), "score");
    select.column(floating(column(scores, "expected")), "expected");
    let of = |name: &str| column(scores, name);
    let one = |name: &str| apply(&operators::EQUAL, vec![of(name), Expr::number(1)]);
    let reaches =
        |share: f64| at_least(rounded(of("score")), rounded(apply(&operators::MULTIPLY, vec![of("expected"), number(share)])));
    let okrs = &model.okrs;
    let both = |a: Scalar, b: Scalar| apply(&operators::AND, vec![a, b]);
    let unknown = || apply(&operators::IS_NULL, vec![of("score")]);
    let cases = vec![
        (column(&all, "is_dropped"), text("dropped")),
        (apply(&operators::NOT, vec![begun]), text("not_started")),
        // A broken guard makes a risk of what is on its way, and says so where nothing else is known.
        (both(one("is_broken"), apply(&operators::OR, vec![unknown(), reaches(okrs.at_risk)])), text("at_risk")),
        (unknown(), text("not_observable")),
        (one("is_achieved"), text("achieved")),
        (reaches(okrs.on_track), text("on_track")),
        (reaches(okrs.at_risk), text("at_risk")),
    ];
    select.column(choose(cases, Some(text("off_track"))), "status");
    select.column(of("as_of"), "as_of");
    select.column(apply(&coalesce::COALESCE, vec![one("is_complete"), truth(false)]), "is_complete");
    select
}
