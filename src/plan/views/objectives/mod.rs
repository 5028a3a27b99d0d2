//! The views of objectives: how far each key result was in each period, how far it is, and what that makes of its objective.
//!
//! 1. `readings` asks for the KPIs of all key results, as few questions as there are grains, slices and starts, and stacks the
//!    answers: one row for each key result and complete period, and one for each check-in.
//! 2. `terms` writes the key results themselves as rows, and works out baselines and targets that are measured.
//! 3. `score` makes of the two what progress is, what is expected, and the status: [`Sheet::History`].
//! 4. [`Sheet::KeyResults`] keeps the latest of each, and those of which nothing is known yet.
//! 5. `rollup` makes the score of objectives of those of their results, and of those of their children: [`Sheet::Objectives`].

mod readings;
mod rollup;
mod score;
mod terms;

pub use terms::{slice_text, unit_text};

use crate::calendar::{AsOf, Grain};
use crate::functions::operators;
use crate::model::expr::{Expr, Literal, Node};
use crate::model::objective::{KeyResult, Objective, Sheet};
use crate::model::{KpiId, Model};
use crate::pipeline::Valid;
use crate::plan::Data;
use crate::plan::algebra::names::Names;
use crate::plan::algebra::relation::{Atom, Body, Part, Query, Scalar, Select, column, day, moved, text, text_or_null};
use crate::plan::lookup::finite;
use crate::plan::time::spine;
use std::collections::BTreeSet;

/// Every key result with its objective, in order.
fn all(model: &Model) -> impl Iterator<Item = (&Objective, &KeyResult)> {
    model.objectives.rows().iter().flat_map(|objective| objective.key_results.iter().map(move |result| (objective, result)))
}

/// A plan of objectives while it is being made.
struct ObjectivesPlanner<'a> {
    model: &'a Model,
    data: Data,
    names: Names,
    parts: Vec<Part>,
    /// The part with the current date, if the end of time is not fixed.
    today: Option<String>,
    /// KPIs that are not asked for: nothing is read of their results.
    left_out: &'a BTreeSet<KpiId>,
    /// Whether some figure is so large that what is computed with it may be too large for a number.
    is_huge: bool,
}

impl<'a> ObjectivesPlanner<'a> {
    fn new(model: &'a Model, data: Data, left_out: &'a BTreeSet<KpiId>) -> Self {
        let mut names = Names::of(model);
        let mut parts = Vec::new();
        let today = (model.calendar.as_of == AsOf::Today).then(|| names.take("today"));
        parts.extend(today.as_ref().map(|name| spine::today(name, model.calendar.zone.clock())));
        let is_huge = all(model).filter_map(|(_, result)| result.kpi()).any(|shown| !finite::is_modest(model, shown.kpi));
        Self { model, data, names, parts, today, left_out, is_huge }
    }

    /// What is computed with figures, null where it is too large for a number.
    fn settled(&self, of: Scalar) -> Scalar {
        if self.is_huge { finite::finite(of) } else { of }
    }

    /// Adds a part of that name, or one like it; gives the name.
    fn push(&mut self, wish: &str, body: impl FnOnce(&str) -> Body) -> String {
        let name = self.names.take(wish);
        let body = body(&name);
        self.parts.push(Part { name: name.clone(), body });
        name
    }

    fn query(self, result: Body) -> Query {
        Query { parts: self.parts, result }
    }

    /// That a day is visible.
    fn is_visible(&self, of: Scalar) -> Scalar {
        let last = match (self.model.calendar.as_of, &self.today) {
            (AsOf::Day(last), _) => day(last),
            (AsOf::Today, Some(today)) => single(today),
            (AsOf::Today, None) => return truth(true),
        };
        Expr::apply(&operators::LESS_OR_EQUAL, vec![of, last])
    }

    /// That a day has begun when the last whole day ends: that it is not after that day.
    fn has_begun(&self, of: Scalar) -> Scalar {
        let last = match (self.model.calendar.as_of, &self.today) {
            (AsOf::Day(last), _) => day(last),
            (AsOf::Today, Some(today)) => moved(single(today), -1, Grain::Day),
            (AsOf::Today, None) => return truth(true),
        };
        Expr::apply(&operators::LESS_OR_EQUAL, vec![of, last])
    }
}

/// The current date.
fn single(today: &str) -> Scalar {
    let mut select = Select::from_part(today);
    select.column(column(today, "as_of"), "as_of");
    Expr::leaf(Atom::Single(Box::new(select)))
}

/// Whether a project has something to show of its objectives.
pub fn is_filled(model: &Model) -> bool {
    all(model).next().is_some()
}

/// The KPIs by which key results are known, each once.
pub fn kpis(model: &Model) -> BTreeSet<KpiId> {
    all(model).filter_map(|(_, result)| result.kpi()).map(|shown| shown.kpi).collect()
}

/// The plan of a view of objectives.
pub fn query(project: &Valid, sheet: Sheet, data: Data) -> Query {
    query_without(project, sheet, data, &BTreeSet::new())
}

/// The same without asking for some KPIs: of results that they show nothing is known.
pub fn query_without(project: &Valid, sheet: Sheet, data: Data, left_out: &BTreeSet<KpiId>) -> Query {
    let mut making = ObjectivesPlanner::new(project.model(), data, left_out);
    let scored = scored(&mut making);
    let from = match sheet {
        Sheet::History => scored.1,
        Sheet::KeyResults => score::latest(&mut making, &scored.0, &scored.1),
        Sheet::Objectives => {
            let latest = score::latest(&mut making, &scored.0, &scored.1);
            let result = rollup::objectives(&mut making, &latest);
            return making.query(Body::Select(result));
        }
    };
    let mut select = Select::from_part(&from);
    for name in sheet.columns() {
        select.column(column(&from, name), name);
    }
    making.query(Body::Select(select))
}

/// The parts with the key results, and with every reading of them, scored.
fn scored(making: &mut ObjectivesPlanner<'_>) -> (String, String) {
    let goals = terms::goals(making);
    let readings = readings::readings(making, &goals);
    let scored = score::scored(making, &goals, &readings);
    (goals, scored)
}

/// A text; null where it is empty.
fn unless_empty(of: &str) -> Scalar {
    text_or_null(Some(of).filter(|of| !of.is_empty()))
}

fn truth(truth: bool) -> Scalar {
    Expr::made(Node::Literal(Literal::Truth(truth)))
}

/// A number with as many digits as it has.
fn number(number: f64) -> Scalar {
    Expr::number(number)
}

fn number_or_null(of: Option<f64>) -> Scalar {
    of.map_or_else(Expr::null, number)
}

/// A number as a floating one.
fn floating(of: Scalar) -> Scalar {
    Expr::apply(&crate::functions::conversions::TO_NUMBER, vec![of])
}

/// That two parts speak of the same key result.
fn same_result(one: &str, two: &str) -> Scalar {
    let same = |name: &str| Expr::apply(&operators::EQUAL, vec![column(one, name), column(two, name)]);
    Expr::apply(&operators::AND, vec![same("objective"), same("key_result")])
}
