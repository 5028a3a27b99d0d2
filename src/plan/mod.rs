//! From a valid model to relational algebra: which relations are read, in which parts, and what is made of them.
//!
//! A plan answers one [`Question`]: some KPIs at one grain, perhaps sliced. It is made in this order, each step in a room of its own.
//!
//! 1. `lookup`: `expand` writes out the KPIs' formulas down to *measures* (aggregates over rows, entities or periods, and hand-kept
//!    values), each with the dimensions that it keeps and the periods that it is moved by. `gaps` adds what counts their rows, and
//!    `measures` plans what is looked up: measures of one source, time and slice share one scan.
//! 2. `rows` decides how: `scan` reads a source, `journey` and `every_start` make the rows of journeys, `window` makes periods and windows
//!    of daily rows, `distinct` does so for distinct counts, `within` takes related rows by a time of the row that they belong to, and
//!    `states`, `readings` and `levels` are for levels and what changes them.
//! 3. `time`: `spine` makes the periods, with their bounds and those before them, and `custom` those of a custom calendar; `clocks`
//!    brings times from one clock to another; `ages` says which ages cohorts have; `complete` from when on windows are whole,
//!    `to_date` how figures stood on an earlier day, and `trust` which of them sources keep their promises for.
//! 4. `answer`: `slices` finds the values that dimensions have had, in the parts that `appear` knows and from the day on that `since`
//!    says; `periods` plans the measures over finer periods; `stack` puts everything on a dense set of periods and slices. `assemble`
//!    holds the planner and makes the result.
//!
//! [`views`] says which views a project has, and makes those of several plans: [`views::guardrails`], [`views::north_star`] (what moved
//! it), [`views::shape`] (what is done with the rows of a question), [`views::objectives`] (how far key results are), [`views::freshness`] (how fresh sources are) and [`views::checks`] (what is
//! checked when). [`rules`] asks the rows themselves whether they hold what is declared of them, and [`rules::guards`] whether they
//! hold what some plans rely on. `algebra` is what plans are made of. A plan cannot fail: what reaches this stage is valid. It knows no
//! dialect.

mod algebra;
mod answer;
mod lookup;
mod rows;
pub mod rules;
mod time;
pub mod views;

use crate::calendar::{Date, Grain};
use crate::model::expr::{Age, Calc, CalcLeaf, Expr, Node, RowExpr};
use crate::model::sampling::N;
use crate::model::{Body, DimensionId, KpiId, Model, Sampling};
use crate::pipeline::Valid;
use algebra::names::{self, Names};
use relation::Query;

pub use algebra::print::print;
pub use algebra::verify::verify;
pub use algebra::{relation, types};

/// What is to be answered.
#[derive(Debug, Clone)]
pub struct Question {
    /// The columns.
    pub outputs: Vec<Output>,
    /// The grain of the periods.
    pub grain: Grain,
    /// The dimensions to slice by, in the order of their columns.
    pub dimensions: Vec<DimensionId>,
    /// The ages at which cohorts are looked at; with them there is a row for each age.
    pub age: Option<Age>,
    /// A condition on dimensions under which rows count.
    pub filter: Option<RowExpr>,
    /// A day since which everything counts up to the end of each period, instead of the period alone. Only for KPIs without windows
    /// of their own.
    pub since: Option<Date>,
    /// Whether rows are left out in which nothing that is asked for has data.
    pub omit_gaps: bool,
    /// The first period shown; the calendar's start if not given.
    pub from: Option<Date>,
    /// Whether periods before the calendar's start are asked for only because later ones follow from them, so that they show no
    /// slices of their own.
    pub is_lead_in: bool,
    /// The last day on which a shown period may begin.
    pub to: Option<Date>,
    /// Where the rows are.
    pub data: Data,
    /// Which values of a dimension stand for themselves, if not all of them do.
    pub lumped: Option<Lumped>,
    /// Which names whoever reads the answer has for columns of its own: a dimension's column is not called so ([`Question::key`]).
    pub is_own: fn(&str) -> bool,
}

/// Which values of a dimension stand for themselves; all others are one, which is null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lumped {
    /// The dimension.
    pub dimension: DimensionId,
    /// The part with the values.
    pub part: String,
    /// Its column.
    pub column: String,
}

/// One column of a question.
#[derive(Debug, Clone)]
pub struct Output {
    /// The name of the column.
    pub name: String,
    /// What it shows.
    pub show: Show,
}

/// What a column shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Show {
    /// A KPI's value.
    Value(KpiId),
    /// Its value beside those of others: null where its own view has no row, because the KPI omits gaps.
    ValueIfShown(KpiId),
    /// Whether its own view has a row.
    IsShown(KpiId),
    /// Its value at the period before.
    Prior(KpiId),
    /// The change against the period before.
    Change(KpiId),
    /// Whether the values of all these KPIs are complete.
    IsComplete(Vec<KpiId>),
    /// The number that KPI arithmetic gives.
    Figure(Box<Calc>),
    /// The whole number that KPI arithmetic gives, such as how many rows there are.
    Count(Box<Calc>),
    /// Whether a condition over KPIs holds.
    Holds(Box<Calc>),
    /// Whether everything that a condition looks at is complete.
    IsKnown(Box<Calc>),
    /// The day after the period.
    End,
    /// The day after the period that follows; null where a custom calendar does not reach so far.
    NextEnd,
}

/// Where the rows of sources are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Data {
    /// In the warehouse.
    Warehouse,
    /// In tables of the sources' own names, made of the rows that a spec test gives.
    Given,
}

impl Question {
    /// One KPI at one grain, perhaps sliced, as its view shows it: `value`, what there is of its sampling error, and `is_complete`.
    pub fn view(model: &Model, kpi: KpiId, grain: Grain, dimensions: Vec<DimensionId>) -> Self {
        let output = |name: &str, show| Output { name: name.to_owned(), show };
        let beside = sampled(model, kpi).into_iter().map(|(name, show)| output(name, show));
        let value = std::iter::once(output("value", Show::Value(kpi)));
        Self {
            outputs: value.chain(beside).chain([output("is_complete", Show::IsComplete(vec![kpi]))]).collect(),
            grain,
            dimensions,
            age: model.kpis.get(kpi).age.as_ref().map(|age| age.value),
            filter: None,
            since: None,
            omit_gaps: model.kpis.get(kpi).omit_gaps,
            from: None,
            is_lead_in: false,
            to: None,
            data: Data::Warehouse,
            lumped: None,
            is_own: nothing_is_own,
        }
    }

    /// What the column of one of its dimensions is called in the answer.
    pub fn key(&self, model: &Model, dimension: DimensionId) -> String {
        names::beside_own(&model.dimensions.get(dimension).name, self.is_own)
    }
}

/// What there is of a KPI's sampling error, each by the name of its column in the KPI's views.
pub fn sampled(model: &Model, kpi: KpiId) -> Vec<(&'static str, Show)> {
    let (kpi, part) = asked_for(model, kpi);
    let columns = model.kpis.get(kpi).sampling.iter().flat_map(Sampling::columns);
    let of_part = |calc: &Calc| match part {
        Some(part) => Expr::leaf(CalcLeaf::Slice(Box::new(calc.clone()), Box::new(part.clone()))),
        None => calc.clone(),
    };
    let show = |name: &str, calc: Calc| if name == N { Show::Count(Box::new(calc)) } else { Show::Figure(Box::new(calc)) };
    columns.map(|(name, calc)| (name, show(name, of_part(calc)))).collect()
}

/// The KPI that a question asks for by its name alone, perhaps on a part of the rows; else the KPI itself.
pub fn asked_for(model: &Model, kpi: KpiId) -> (KpiId, Option<&RowExpr>) {
    let own = model.kpis.get(kpi);
    let Body::Formula(calc) = &own.body else { return (kpi, None) };
    match &calc.node {
        Node::Leaf(CalcLeaf::Kpi(id)) if own.is_asked() => (*id, None),
        Node::Leaf(CalcLeaf::Slice(of, part)) if own.is_asked() => match &of.node {
            Node::Leaf(CalcLeaf::Kpi(id)) => (*id, Some(part)),
            _ => (kpi, None),
        },
        _ => (kpi, None),
    }
}

/// For answers that people read: their dimensions are called by their names.
pub fn nothing_is_own(_: &str) -> bool {
    false
}

/// Plans a question.
pub fn plan(project: &Valid, question: &Question) -> Query {
    let mut names = Names::of(project.model());
    plan_with(project.model(), question, &mut names)
}

/// Plans a question whose parts must not have names that are taken.
fn plan_with(model: &Model, question: &Question, names: &mut Names) -> Query {
    answer::assemble::Planner::new(model, question, std::mem::take(names)).query(names)
}
