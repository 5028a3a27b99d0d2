//! What is done with the rows of an answer: ranks, the top values of a dimension beside all others, and a condition on figures.
//!
//! 1. [`top`] makes a part with the greatest values of a dimension over the range that is asked for. In the answer itself these values stand for
//!    themselves and all others are one, which is null: where rows are grouped ([`crate::plan::Lumped`]), so that every figure of the others is computed from
//!    their rows.
//! 2. The answer becomes a part. [`Chain`] puts further parts after it, a step each: which rows are the others, the place of each value, and
//!    ranks.
//! 3. [`shown`] leaves out rows by the condition and what nobody asked to see.

use crate::calendar::Date;
use crate::check::cannot_accumulate;
use crate::functions::{if_, max, min, operators};
use crate::model::expr::Expr;
use crate::model::{DimensionId, KpiId, Model};
use crate::pipeline::Valid;
use crate::plan::algebra::names::Names;
use crate::plan::algebra::relation::{Atom, Body, JoinKind, Part, Query, Ranking, Rolling, Scalar, Select, column, fold};
use crate::plan::answer::assemble::first_shown_day;
use crate::plan::time::ages::AGE;
use crate::plan::views::blank;
use crate::plan::{Lumped, Output, Question, Show, plan_with};

/// What is done with the rows of an answer.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    /// Rows stay for which this KPI is 1.
    pub having: Option<KpiId>,
    /// Only these values of the first dimension are shown.
    pub top: Option<Top>,
    /// Rows are ranked by this KPI within their period, the greatest first.
    pub rank: Option<KpiId>,
    /// Only the last period is shown, without saying which it is.
    pub is_last: bool,
}

/// The greatest values of the first dimension.
#[derive(Debug, Clone, Copy)]
pub struct Top {
    /// How many.
    pub count: u64,
    /// By which KPI.
    pub by: KpiId,
    /// Whether all others are shown as one row.
    pub others: bool,
}

/// The column that says that a row is all values that are not among the top.
pub const IS_OTHERS: &str = "is_others";
/// The column of ranks.
pub const RANK: &str = "rank";

// No name of a project has two underscores.
const HOLDS: &str = "holds__";
const RANKED_BY: &str = "ranked_by__";
const PLACE: &str = "place__";
const NUMBER: &str = "number__";

impl Shape {
    /// Whether nothing is done.
    pub fn is_nothing(&self) -> bool {
        self.having.is_none() && self.top.is_none() && self.rank.is_none() && !self.is_last
    }
}

impl Top {
    /// Whether the KPI has no value over several periods together by some dimensions, so that its value at the last one decides.
    pub fn goes_by_last_period(&self, model: &Model, dimensions: &[DimensionId]) -> bool {
        cannot_accumulate(model, self.by, dimensions).is_some()
    }
}

/// Plans a question, and what is done with its rows.
pub fn shaped(project: &Valid, question: &Question, shape: &Shape) -> Query {
    let model = project.model();
    let mut names = Names::of(model);
    if shape.is_nothing() {
        return plan_with(model, question, &mut names);
    }
    let mut inner = question.clone();
    let mut parts = Vec::new();
    inner.lumped = shape.top.and_then(|top| self::top(model, question, top, &mut names, &mut parts));
    let mut hide = |name: &str, kpi: Option<KpiId>| {
        let show = kpi.map(Show::ValueIfShown);
        inner.outputs.extend(show.map(|show| Output { name: name.to_owned(), show }));
    };
    hide(HOLDS, shape.having);
    hide(RANKED_BY, shape.rank);
    let plan = plan_with(model, &inner, &mut names);
    let columns = match &plan.result {
        Body::Select(select) => select.columns.iter().map(|(_, name)| name.clone()).collect(),
        Body::Union(_) => Vec::new(),
    };
    let keys = plan.keys();
    parts.extend(plan.parts);
    let at = names.take("answer");
    parts.push(Part { name: at.clone(), body: plan.result });
    let mut chain = Chain { at, columns, keys, names, parts };
    if let (Some(top), Some(lumped)) = (shape.top, &inner.lumped) {
        chain.place(&question.key(model, lumped.dimension), lumped, top);
    }
    if shape.rank.is_some() {
        chain.rank(question.age.is_some(), shape.top.is_some());
    }
    let key = question.dimensions.first().map(|dimension| question.key(model, *dimension));
    let result = shown(&chain, shape, key.as_deref());
    Query { parts: chain.parts, result: Body::Select(result) }
}

/// The part with the top values of the first dimension of a question, each with its place; those over nothing are not among them.
fn top(model: &Model, question: &Question, top: Top, names: &mut Names, parts: &mut Vec<Part>) -> Option<Lumped> {
    let dimension = *question.dimensions.first()?;
    let key = question.key(model, dimension);
    let from: Date = first_shown_day(model, question);
    let value = Output { name: "value".to_owned(), show: Show::Value(top.by) };
    let ranking = Question {
        outputs: vec![value],
        dimensions: vec![dimension],
        since: (!top.goes_by_last_period(model, &[dimension])).then_some(from),
        from: Some(from),
        to: question.to,
        data: question.data,
        ..blank(question.grain)
    };
    let plan = plan_with(model, &ranking, names);
    parts.extend(plan.parts);
    let mut add = |wish: String, body: Body| {
        let name = names.take(&wish);
        parts.push(Part { name: name.clone(), body });
        name
    };
    let values = add(format!("{key}_over_the_range"), plan.result);
    let mut numbered = Select::from_part(&values);
    numbered.column(column(&values, &key), &key);
    let order = vec![(column(&values, "value"), true), (column(&values, &key), false)];
    numbered.column(row_number(Vec::new(), order), PLACE);
    numbered.filter.push(is_last(&values));
    numbered.filter.push(Expr::apply(&operators::IS_NOT_NULL, vec![column(&values, &key)]));
    let numbered = add(format!("numbered_{key}"), Body::Select(numbered));
    let mut select = Select::from_part(&numbered);
    for name in [key.as_str(), PLACE] {
        select.column(column(&numbered, name), name);
    }
    let within = vec![column(&numbered, PLACE), Expr::number(top.count)];
    select.filter.push(Expr::apply(&operators::LESS_OR_EQUAL, within));
    let part = add(format!("top_{key}"), Body::Select(select));
    Some(Lumped { dimension, part, column: key })
}

/// That a row of a part is of the last period.
fn is_last(part: &str) -> Scalar {
    let mut last = Select::from_part(part);
    last.column(fold(&max::MAX, column(part, "period")), "period");
    let last = Expr::leaf(Atom::Single(Box::new(last)));
    Expr::apply(&operators::EQUAL, vec![column(part, "period"), last])
}

fn row_number(part: Vec<Scalar>, order: Vec<(Scalar, bool)>) -> Scalar {
    Expr::leaf(Atom::RowNumber(Box::new(Ranking { part, order, dense: false })))
}

/// An answer as a part, with parts after it that have all of its columns.
struct Chain {
    /// The last part.
    at: String,
    /// Its columns.
    columns: Vec<String>,
    /// How many of them, from the first, tell rows apart.
    keys: usize,
    names: Names,
    parts: Vec<Part>,
}

impl Chain {
    fn of(&self, name: &str) -> Scalar {
        column(&self.at, name)
    }

    /// A select of all columns, with one more behind the keys.
    fn with(&self, value: Scalar, name: &str) -> Select {
        let mut select = Select::from_part(&self.at);
        let (keys, figures) = self.columns.split_at(self.keys.min(self.columns.len()));
        keys.iter().for_each(|own| _ = select.column(self.of(own), own));
        select.column(value, name);
        figures.iter().for_each(|own| _ = select.column(self.of(own), own));
        select
    }

    fn push(&mut self, wish: &str, select: Select) {
        self.at = self.names.take(wish);
        self.columns = select.columns.iter().map(|(_, name)| name.clone()).collect();
        self.parts.push(Part { name: self.at.clone(), body: Body::Select(select) });
    }

    /// The place of each of the top values, and whether a row is all others.
    fn place(&mut self, key: &str, lumped: &Lumped, top: Top) {
        let mut placed = self.with(column(&lumped.part, PLACE), PLACE);
        let same = Expr::apply(&operators::EQUAL, vec![self.of(key), column(&lumped.part, &lumped.column)]);
        placed.join(JoinKind::Left, &lumped.part, &lumped.part, Some(same));
        self.push("placed", placed);
        if top.others {
            let is_others = Expr::apply(&operators::IS_NULL, vec![self.of(key)]);
            let marked = self.with(is_others, IS_OTHERS);
            self.push("marked", marked);
        }
    }

    /// Ranks within periods and ages: rows with the same value share the first of their places, and one without a value has none. All others
    /// together are no competitor.
    fn rank(&mut self, by_age: bool, has_top: bool) {
        let mut part = vec!["period"];
        part.extend(by_age.then_some(AGE));
        let competes = has_top.then(|| Expr::apply(&operators::IS_NOT_NULL, vec![self.of(PLACE)]));
        let within: Vec<Scalar> = part.iter().map(|name| self.of(name)).chain(competes.clone()).collect();
        let number = row_number(within, vec![(self.of(RANKED_BY), true)]);
        let numbered = self.with(number, NUMBER);
        self.push("numbered", numbered);
        let competes = has_top.then(|| Expr::apply(&operators::IS_NOT_NULL, vec![self.of(PLACE)]));
        let equal = part.iter().map(|name| self.of(name)).chain(competes.clone()).chain([self.of(RANKED_BY)]);
        let first = Rolling {
            function: &min::MIN,
            fraction: None,
            argument: self.of(NUMBER),
            part: equal.collect(),
            // All rows of the part.
            order: Expr::number(1),
            days_before: None,
        };
        let has_value = Expr::apply(&operators::IS_NOT_NULL, vec![self.of(RANKED_BY)]);
        let is_ranked = Expr::all(std::iter::once(has_value).chain(competes).collect()).unwrap_or_else(Expr::null);
        let rank = Expr::apply(&if_::IF, vec![is_ranked, Expr::leaf(Atom::Rolling(Box::new(first)))]);
        let ranked = self.with(rank, RANK);
        self.push("ranked", ranked);
    }
}

/// What is shown of the last part. `key` is the dimension of which only the top values are.
fn shown(chain: &Chain, shape: &Shape, key: Option<&str>) -> Select {
    let mut select = Select::from_part(&chain.at);
    let of_period = |name: &str| shape.is_last && matches!(name, "period" | "is_complete");
    for name in chain.columns.iter().filter(|name| !name.ends_with("__") && !of_period(name)) {
        select.column(chain.of(name), name);
    }
    if shape.is_last {
        select.filter.push(is_last(&chain.at));
    }
    if shape.having.is_some() {
        select.filter.push(Expr::apply(&operators::EQUAL, vec![chain.of(HOLDS), Expr::number(1)]));
    }
    if let (Some(key), Some(Top { others: false, .. })) = (key, shape.top) {
        select.filter.push(Expr::apply(&operators::IS_NOT_NULL, vec![chain.of(key)]));
    }
    select
}

/// In which order the rows of a top are shown, unless somebody wishes otherwise: by period, then as the values are placed, all others last.
pub fn order_of_top(query: &Query) -> Vec<(Scalar, bool)> {
    let Body::Select(select) = &query.result else { return Vec::new() };
    let Some(from) = &select.from else { return Vec::new() };
    let place = column(&from.name, PLACE);
    let is_null = Expr::apply(&operators::IS_NULL, vec![place.clone()]);
    let last = Expr::apply(&if_::IF, vec![is_null, Expr::number(1), Expr::number(0)]);
    let has_period = select.columns.iter().any(|(_, name)| name == "period");
    let period = has_period.then(|| (column("", "period"), false));
    period.into_iter().chain([(last, false), (place, false)]).collect()
}
