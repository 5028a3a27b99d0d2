//! Formulas written out down to measures.
//!
//! A measure is what has to be looked up: an aggregate over rows or entities, one over periods, or a hand-kept figure. A
//! formula over KPIs becomes a formula over measures, in which each measure keeps certain dimensions (`total` drops some), has
//! certain rows (`slice` adds conditions), and is taken at the period itself or at an earlier one (`prior`).

use crate::calendar::{AsOf, Calendar, Date, Grain, Length, add_days};
use crate::functions::{Function, OverNothing, abs, conversions, if_, operators};
use crate::model::expr::{
    Age, Aggregate, Calc, CalcLeaf, Expr, Grouped, Literal, Node, PairLeaf, Past, Path, RowExpr, RowLeaf, Stock, Trend, Way,
    Window,
};
use crate::model::facts::Type;
use crate::model::unusual::unusual;
use crate::model::{Body, ColumnId, DimensionId, Holds, KpiId, Model, SourceId};
use crate::plan::algebra::relation::impossible;
use crate::plan::time::reads::{Reach, Reads};
use crate::plan::time::trust::{Doubted, When};
use foldhash::HashMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A formula over measures.
pub(in crate::plan) type Formula = Expr<FormulaLeaf>;

/// What stands at the leaves of a written-out formula.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::plan) enum FormulaLeaf {
    /// The value of a measure, at the period that a move leads to.
    Value(MeasureId, Move),
    /// Whether the period that a move leads to is there.
    Known(Move),
}

/// The place of a measure in [`Expansion::measures`].
pub(in crate::plan) type MeasureId = usize;

/// From a period back to an earlier one, step by step.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(in crate::plan) struct Move {
    /// The steps of `prior`; null before `data_from`.
    pub back: Vec<Length>,
    /// Whether the period before that is meant, wherever data begins (`over previous period`).
    pub previous: bool,
    /// Whether only the period that is not over goes there.
    pub open: bool,
    /// Whether it leads to the end of all days, instead of nowhere, where a custom calendar has no period of that number in a year
    /// of whole data: what is looked for there is not unknown, it does not exist.
    pub or_never: bool,
}

impl Move {
    /// The move to the period before.
    pub(in crate::plan) fn previous() -> Self {
        Self { previous: true, ..Self::default() }
    }

    /// Whether the move stays where it is.
    pub(in crate::plan) fn is_nothing(&self) -> bool {
        self.back.is_empty() && !self.previous
    }
}

/// Something to be looked up, at one grain, by some dimensions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::plan) struct Measure {
    /// What it is.
    pub of: MeasureOf,
    /// The grain.
    pub grain: Grain,
    /// The dimensions that it keeps.
    pub keeps: Vec<DimensionId>,
    /// The earlier day as of which it is looked at, if it is.
    pub seen: Option<Seen>,
}

/// A day that is earlier than the last visible one: as far within its period as that one is in the period that is not over, so long before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::plan) struct Seen {
    /// The grain of the periods.
    pub grain: Grain,
    /// How long before.
    pub back: Length,
}

/// What a measure is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::plan) enum MeasureOf {
    /// An aggregate over rows.
    Rows(Box<Aggregate>),
    /// An aggregate over entities.
    Entities(Box<Grouped>),
    /// An aggregate over the values of a finer grain.
    Periods(Box<Periods>),
    /// Hand-kept figures.
    ByHand(KpiId),
    /// Whether the snapshots of a source are fresh, so that something is known of its states.
    Fresh(SourceId, Stock),
    /// Where they are not.
    Unknown(SourceId, Stock),
    /// Whether the rows of a source reach up to where a figure begins.
    Trusted(SourceId, When),
    /// Whether the rows of a source stop, or have holes, in what a figure looks at.
    Doubt(SourceId, Box<Reach>),
}

/// An aggregate over the values of a finer grain.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::plan) struct Periods {
    /// The function.
    pub function: &'static Function,
    /// The share of a percentile.
    pub fraction: Option<String>,
    /// What has values at the finer grain.
    pub of: Formula,
    /// The finer grain.
    pub grain: Grain,
    /// Over what it ranges.
    pub window: Window,
}

impl Measure {
    /// The ages at which it looks at cohorts, so that it has a value for each.
    pub(in crate::plan) fn age(&self) -> Option<Age> {
        match &self.of {
            MeasureOf::Rows(aggregate) => aggregate.age(),
            MeasureOf::Entities(grouped) => grouped.age(),
            // Checked: `each` goes over figures without ages.
            MeasureOf::Trusted(_, When::Age(age)) => Some(*age),
            MeasureOf::Doubt(_, reach) => reach.age(),
            MeasureOf::Periods(_)
            | MeasureOf::ByHand(_)
            | MeasureOf::Fresh(..)
            | MeasureOf::Unknown(..)
            | MeasureOf::Trusted(..) => None,
        }
    }

    /// Whether it is 0 where there is nothing, rather than null.
    pub(in crate::plan) fn is_zero_over_nothing(&self) -> bool {
        let zero = |function: &Function| function.aggregation().is_some_and(|traits| traits.over_nothing == OverNothing::Zero);
        match &self.of {
            MeasureOf::Rows(aggregate) => zero(aggregate.function),
            MeasureOf::Entities(grouped) => zero(grouped.function) && !grouped.null_if_empty,
            MeasureOf::Periods(periods) => zero(periods.function),
            MeasureOf::ByHand(_)
            | MeasureOf::Fresh(..)
            | MeasureOf::Unknown(..)
            | MeasureOf::Trusted(..)
            | MeasureOf::Doubt(..) => false,
        }
    }

    /// Whether it counts, so that it is a whole number whatever is counted.
    pub(in crate::plan) fn counts(&self) -> bool {
        let counts = |function: &Function| function.name.starts_with("count");
        match &self.of {
            MeasureOf::Rows(aggregate) => counts(aggregate.function),
            MeasureOf::Entities(grouped) => counts(grouped.function),
            MeasureOf::Periods(periods) => counts(periods.function),
            MeasureOf::ByHand(_) => false,
            MeasureOf::Fresh(..) | MeasureOf::Unknown(..) | MeasureOf::Trusted(..) | MeasureOf::Doubt(..) => true,
        }
    }
}

/// The measures of a question, each once, with a name that says what it is.
#[derive(Debug, Default)]
pub(in crate::plan) struct Expansion {
    /// The measures; those inside others come before them.
    pub measures: Vec<Arc<Measure>>,
    /// For each measure its name.
    pub names: Vec<String>,
    known: HashMap<Arc<Measure>, MeasureId>,
    /// Whether sources promise when their rows come.
    pub promises: bool,
    /// For each measure, at a period itself or at the one before it, those that say where it is doubtful.
    pub doubts: HashMap<(MeasureId, bool), Vec<Doubted>>,
}

/// Where in a formula we are.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Place {
    /// The grain.
    pub grain: Grain,
    /// The dimensions of the slice.
    pub dimensions: Vec<DimensionId>,
    /// Conditions on dimensions.
    pub filters: Vec<RowExpr>,
    /// A day since which everything counts, instead of the period alone.
    pub since: Option<Date>,
    /// The way back to an earlier period.
    pub back: Vec<Length>,
    /// Whether only the period that is not over goes that way.
    pub open: bool,
    /// The earlier day as of which everything is looked at, if it is.
    pub seen: Option<Seen>,
}

impl Expansion {
    /// That of a question about a model, with nothing in it yet.
    pub(in crate::plan) fn of(model: &Model) -> Self {
        Self { promises: model.promises_freshness(), ..Self::default() }
    }

    /// Writes out a KPI.
    pub(in crate::plan) fn kpi(&mut self, model: &Model, id: KpiId, place: &Place) -> Formula {
        let kpi = model.kpis.get(id);
        match &kpi.body {
            Body::Formula(calc) => {
                // What is asked has no name that says anything.
                let name = if kpi.is_asked() { "" } else { kpi.name.value.as_str() };
                let formula = self.calc(model, calc, place, name);
                scaled(formula, kpi.facts.scale)
            }
            Body::Values(_) => {
                let of = MeasureOf::ByHand(id);
                self.value(
                    Measure { of, grain: place.grain, keeps: Vec::new(), seen: place.seen },
                    place,
                    false,
                    &kpi.name.value,
                )
            }
            Body::Broken => impossible(),
        }
    }

    /// Writes out a formula that has no KPI of its own.
    pub(in crate::plan) fn formula(&mut self, model: &Model, calc: &Calc, place: &Place) -> Formula {
        self.calc(model, calc, place, "")
    }

    /// Whether a measure stands inside one over periods.
    pub(in crate::plan) fn is_inside_periods(&self, measure: &Measure) -> bool {
        let Some(own) = self.known.get(measure) else { return false };
        self.measures.iter().any(|other| match &other.of {
            MeasureOf::Periods(periods) => {
                let mut found = false;
                periods.of.leaves(&mut |leaf| found |= matches!(leaf, FormulaLeaf::Value(id, _) if id == own));
                found
            }
            _ => false,
        })
    }

    /// Writes out a formula; `name` is what a measure is called that is all of it.
    fn calc(&mut self, model: &Model, calc: &Calc, place: &Place, name: &str) -> Formula {
        match &calc.node {
            Node::Literal(literal) => Expr::made(Node::Literal(literal.clone())),
            Node::Broken => impossible(),
            Node::Apply(function, arguments) => {
                let arguments = arguments.iter().map(|argument| self.calc(model, argument, place, "")).collect();
                Expr::made(Node::Apply(function, arguments))
            }
            // Long chains of names are walked with as little of the stack as can be.
            Node::Leaf(CalcLeaf::Kpi(id)) => self.kpi(model, *id, place),
            Node::Leaf(leaf) => self.leaf(model, leaf, place, name),
        }
    }

    fn leaf(&mut self, model: &Model, leaf: &CalcLeaf, place: &Place, name: &str) -> Formula {
        match leaf {
            CalcLeaf::Kpi(id) => self.kpi(model, *id, place),
            CalcLeaf::Duration(count, _) => Expr::number(count),
            CalcLeaf::Aggregate(aggregate) => {
                let mut aggregate = (**aggregate).clone();
                let null_if_empty = std::mem::take(&mut aggregate.null_if_empty);
                let previous = shifts(&aggregate) && take_previous(&mut aggregate.window);
                restrict(model, &mut aggregate, &place.filters);
                let name = if name.is_empty() { aggregate_name(model, &aggregate) } else { name.to_owned() };
                let reads = self.reads(model, &aggregate, place, None);
                accumulate(model, &mut aggregate, place.since);
                let (source, stock) = (aggregate.source, aggregate.stock.clone());
                let of = MeasureOf::Rows(Box::new(aggregate));
                let value = self.value(
                    Measure { of, grain: place.grain, keeps: place.dimensions.clone(), seen: place.seen },
                    place,
                    previous,
                    &name,
                );
                let known = self.where_rows(null_if_empty, value.clone(), place);
                let known = self.where_fresh(model, (source, stock), place, &value, known);
                self.where_trusted(model, (&reads, &value), place, previous, known)
            }
            CalcLeaf::Grouped(grouped) => {
                // A value is moved as a whole, or not at all.
                let shifts = grouped.aggregates().into_iter().all(shifts);
                let mut previous = false;
                let mut inner = Vec::new();
                let mut reads = Reads::new();
                let grouped = grouped.over(|aggregate| {
                    let mut aggregate = aggregate.clone();
                    previous |= shifts && take_previous(&mut aggregate.window);
                    restrict(model, &mut aggregate, &place.filters);
                    inner.push(aggregate_name(model, &aggregate));
                    reads.extend(self.reads(model, &aggregate, place, Some(&grouped.entity)));
                    accumulate(model, &mut aggregate, place.since);
                    aggregate
                });
                let inner = match inner.as_slice() {
                    [only] => only,
                    _ => "value",
                };
                let name = if name.is_empty() { format!("{}_of_{inner}", grouped.function.name) } else { name.to_owned() };
                let (source, stock) = (grouped.source, grouped.looks().1.cloned());
                let of = MeasureOf::Entities(Box::new(grouped));
                let value = self.value(
                    Measure { of, grain: place.grain, keeps: place.dimensions.clone(), seen: place.seen },
                    place,
                    previous,
                    &name,
                );
                let known = self.where_fresh(model, (source, stock), place, &value, value.clone());
                self.where_trusted(model, (&reads, &value), place, previous, known)
            }
            CalcLeaf::Each(each) => {
                let mut window = each.window;
                let previous = take_previous(&mut window);
                let inner = Place { grain: each.grain, back: Vec::new(), open: false, ..place.clone() };
                let of = self.calc(model, &each.of, &inner, "");
                let periods =
                    Periods { function: each.function, fraction: each.fraction.clone(), of, grain: each.grain, window };
                let name =
                    if name.is_empty() { format!("{}_each_{}", each.function.name, each.grain) } else { name.to_owned() };
                let of = MeasureOf::Periods(Box::new(periods.clone()));
                let value = self.value(
                    Measure { of, grain: place.grain, keeps: place.dimensions.clone(), seen: place.seen },
                    place,
                    previous,
                    &name,
                );
                let known = self.where_rows(each.null_if_empty, value.clone(), place);
                self.each_where_trusted(model, (&periods, &value), place, previous, known)
            }
            CalcLeaf::Prior(past, of, length) => self.past(model, (*past, of), *length, place, name),
            CalcLeaf::Trend(trend) => self.trend(model, trend, place),
            CalcLeaf::Slice(of, condition) => {
                let mut part = place.clone();
                part.filters.push((**condition).clone());
                self.calc(model, of, &part, "")
            }
            CalcLeaf::Total(of, dimensions) => {
                let mut whole = place.clone();
                whole.dimensions.retain(|dimension| !dimensions.is_empty() && !dimensions.contains(dimension));
                self.calc(model, of, &whole, "")
            }
        }
    }

    /// A value at an earlier period, or what follows from it.
    fn past(&mut self, model: &Model, (past, of): (Past, &Calc), length: Option<Length>, place: &Place, name: &str) -> Formula {
        let length = length.unwrap_or(Length { count: 1, unit: place.grain });
        let length = crate::check::back(place.grain, length, model.calendar.custom).unwrap_or(length);
        let mut earlier = place.clone();
        earlier.back.push(length);
        let before = self.calc(model, of, &earlier, name);
        let known = Move { back: earlier.back, open: place.open, ..Move::default() };
        let so_far = if past.is_to_date() { self.so_far(model, of, place, length, name) } else { None };
        let before = match so_far {
            Some((is_open, so_far)) => Expr::apply(&if_::IF, vec![is_open, so_far, before]),
            None => before,
        };
        match past {
            Past::Prior | Past::PriorToDate if self.is_null_where_unknown(&before) => before,
            Past::Prior | Past::PriorToDate => guarded(known, before),
            Past::Change | Past::ChangeToDate => {
                let now = self.calc(model, of, place, name);
                guarded(known, Expr::apply(&operators::SUBTRACT, vec![now, before]))
            }
            Past::Growth | Past::GrowthToDate => {
                let now = self.calc(model, of, place, name);
                let change = Expr::apply(&operators::SUBTRACT, vec![now, before.clone()]);
                let size = Expr::apply(&abs::ABS, vec![before]);
                guarded(known, Expr::apply(&operators::DIVIDE, vec![change, size]))
            }
        }
    }

    /// Whether a period is the one that is not over, and a value at the earlier period up to the same day; nothing where no period can be
    /// open. One that is looked back at is over.
    fn so_far(&mut self, model: &Model, of: &Calc, place: &Place, length: Length, name: &str) -> Option<(Formula, Formula)> {
        if !place.back.is_empty() || !may_be_open(&model.calendar, place.grain) {
            return None;
        }
        let seen = Some(Seen { grain: place.grain, back: length });
        let earlier = Place { back: vec![length], open: true, seen, ..place.clone() };
        let so_far = self.calc(model, of, &earlier, name);
        Some((Expr::leaf(FormulaLeaf::Known(Move { back: earlier.back, open: true, ..Move::default() })), so_far))
    }

    /// A trend as comparisons of the value with what it was: null wherever one of them is null.
    fn trend(&mut self, model: &Model, trend: &Trend, place: &Place) -> Formula {
        let values: Vec<Formula> = trend.values().iter().map(|value| self.calc(model, value, place, "")).collect();
        let pairs = values.iter().zip(values.iter().skip(1));
        let each = |function, (now, before): (&Formula, &Formula)| Expr::apply(function, vec![now.clone(), before.clone()]);
        let conditions = match &trend.way {
            Way::Rising => pairs.map(|pair| each(&operators::GREATER, pair)).collect(),
            Way::Falling => pairs.map(|pair| each(&operators::LESS, pair)).collect(),
            Way::Flat(tolerance) => {
                let Some((base, later)) = values.split_last() else { return impossible() };
                let size = Expr::apply(&abs::ABS, vec![base.clone()]);
                let most = Expr::apply(&operators::MULTIPLY, vec![Expr::number(tolerance), size]);
                let within = |value: &Formula| {
                    let moved = Expr::apply(&operators::SUBTRACT, vec![value.clone(), base.clone()]);
                    let moved = Expr::apply(&abs::ABS, vec![moved]);
                    Expr::apply(&operators::LESS_OR_EQUAL, vec![moved, most.clone()])
                };
                later.iter().map(within).collect()
            }
            Way::Unusual => return unusual(&values).unwrap_or_else(impossible),
        };
        Expr::all(conditions).unwrap_or_else(impossible)
    }

    /// A value over states, null and doubtful where these are known by snapshots and the latest is too old; `known` is the same, null where
    /// there is nothing.
    fn where_fresh(
        &mut self,
        model: &Model,
        (source, stock): (SourceId, Option<Stock>),
        place: &Place,
        value: &Formula,
        known: Formula,
    ) -> Formula {
        let name = &model.sources.get(source).name.value;
        let holds = model.sources.get(source).holds;
        let (Some(Holds::Snapshot { .. } | Holds::Readings { .. }), Some(stock)) = (holds, stock) else { return known };
        let stock = match stock {
            Stock::Pairs(_) => Stock::Pairs(None),
            Stock::At(edge) => Stock::At(edge),
        };
        let unknown =
            Measure { of: MeasureOf::Unknown(source, stock.clone()), grain: place.grain, keeps: Vec::new(), seen: place.seen };
        let unknown = self.value(unknown, place, false, &format!("{name}_unknown"));
        self.doubted(value, &unknown, BTreeSet::new());
        let fresh = Measure { of: MeasureOf::Fresh(source, stock), grain: place.grain, keeps: Vec::new(), seen: place.seen };
        let fresh = self.value(fresh, place, false, &format!("{name}_known"));
        Expr::apply(&if_::IF, vec![Expr::apply(&operators::IS_NOT_NULL, vec![fresh]), known])
    }

    /// Whether a formula is null by itself at a period that is not there.
    fn is_null_where_unknown(&self, formula: &Formula) -> bool {
        match &formula.node {
            Node::Leaf(FormulaLeaf::Value(id, _)) => {
                self.measures.get(*id).is_some_and(|measure| !measure.is_zero_over_nothing())
            }
            _ => false,
        }
    }

    /// The value of a measure at the place's period.
    pub(in crate::plan) fn value(&mut self, measure: Measure, place: &Place, previous: bool, name: &str) -> Formula {
        let id = if let Some(id) = self.known.get(&measure) {
            *id
        } else {
            let id = self.measures.len();
            let measure = Arc::new(measure);
            self.known.insert(Arc::clone(&measure), id);
            self.measures.push(measure);
            self.names.push(if place.seen.is_some() { format!("{name}_so_far") } else { name.to_owned() });
            id
        };
        Expr::leaf(FormulaLeaf::Value(id, Move { back: place.back.clone(), previous, open: place.open, ..Move::default() }))
    }
}

/// Whether the last visible day may be within a period, rather than its last one.
fn may_be_open(calendar: &Calendar, grain: Grain) -> bool {
    match calendar.as_of {
        AsOf::Day(last) if !calendar.custom => calendar.period_start(grain, add_days(last, 1)) <= last,
        AsOf::Day(_) => grain != Grain::Day,
        AsOf::Today => true,
    }
}

/// Whether rows count in a period whatever the period looks at them, so that windows can be shifted as a whole. A condition on
/// related rows is about the period that looks, not about the one in which the rows are.
pub(in crate::plan) fn shifts(aggregate: &Aggregate) -> bool {
    !aggregate.has_related()
}

/// A window over the period before is the period itself, looked at from the next.
pub(in crate::plan) fn take_previous(window: &mut Window) -> bool {
    let previous = *window == Window::Previous;
    if previous {
        *window = Window::Period;
    }
    previous
}

fn guarded(known: Move, formula: Formula) -> Formula {
    Expr::made(Node::Apply(&if_::IF, vec![Expr::leaf(FormulaLeaf::Known(known)), formula]))
}

/// A formula's value in another unit.
pub(in crate::plan) fn scaled(formula: Formula, factor: f64) -> Formula {
    if (factor - 1.0).abs() < f64::EPSILON {
        return formula;
    }
    let (function, by) = if factor.abs() < 1.0 { (&operators::DIVIDE, 1.0 / factor) } else { (&operators::MULTIPLY, factor) };
    Expr::apply(function, vec![formula, Expr::number(by)])
}

/// Adds conditions on dimensions to the conditions on rows.
fn restrict(model: &Model, aggregate: &mut Aggregate, filters: &[RowExpr]) {
    if filters.is_empty() {
        return;
    }
    let pairs = matches!(aggregate.stock, Some(Stock::Pairs(_)));
    let on_rows = |filter: &RowExpr| on_rows(model, aggregate.source, pairs, filter);
    let conditions = aggregate.filter.iter().cloned().chain(filters.iter().map(on_rows)).collect();
    aggregate.filter = Expr::all(conditions);
}

/// Makes an aggregate over a period one over everything since a day.
fn accumulate(model: &Model, aggregate: &mut Aggregate, since: Option<Date>) {
    let (Some(since), Some(time), Window::Period) = (since, aggregate.time, aggregate.window) else { return };
    let counts = counts_since(model, aggregate.source, time, since);
    aggregate.filter = Expr::all(std::iter::once(counts).chain(aggregate.filter.take()).collect());
    aggregate.window = Window::AllTime;
}

/// That a row counts since a day.
pub(in crate::plan) fn counts_since(model: &Model, source: SourceId, time: ColumnId, since: Date) -> RowExpr {
    let stored = Expr::leaf(RowLeaf::Column(Path::to(time)));
    let is_date = model.sources.get(source).columns.get(time).ty == Type::Date;
    let day = if is_date { stored } else { Expr::apply(&conversions::TO_DATE, vec![stored]) };
    let from = Expr::made(Node::Literal(Literal::Date(since)));
    Expr::apply(&operators::GREATER_OR_EQUAL, vec![day, from])
}

/// A condition on dimensions as one on the rows of a source.
fn on_rows(model: &Model, source: SourceId, pairs: bool, condition: &RowExpr) -> RowExpr {
    condition.map(&mut |leaf| match leaf {
        RowLeaf::Dimension(id) => match model.dimensions.get(*id).places.get(&source) {
            Some(path) if pairs => Expr::leaf(RowLeaf::Pair(PairLeaf::Either(path.clone()))),
            Some(path) => Expr::leaf(RowLeaf::Column(path.clone())),
            // Checked: every part has the dimensions of a condition on it.
            None => Expr::made(Node::Literal(Literal::Null)),
        },
        other => Expr::leaf(other.clone()),
    })
}

/// What an aggregate without a KPI of its own is called: `sum_amount`, `count_orders_if_status`.
fn aggregate_name(model: &Model, aggregate: &Aggregate) -> String {
    let name_of = |path: &Path| model.column(aggregate.source, path).name.value.clone();
    let of = match aggregate.argument.as_ref().map(|argument| &argument.node) {
        None => model.sources.get(aggregate.source).name.value.clone(),
        Some(Node::Leaf(RowLeaf::Column(path))) => name_of(path),
        Some(_) => "value".to_owned(),
    };
    let mut tested: Vec<String> = Vec::new();
    if let Some(filter) = &aggregate.filter {
        filter.leaves(&mut |leaf| {
            let name = match leaf {
                RowLeaf::Column(path) | RowLeaf::Pair(PairLeaf::Of(_, path)) => name_of(path),
                RowLeaf::Reached(reached) => format!("reached_{}", name_of(&Path::to(reached.step))),
                _ => return,
            };
            if !tested.contains(&name) {
                tested.push(name);
            }
        });
    }
    // A long name says no more than the condition itself.
    let condition = if tested.is_empty() || tested.len() > 2 { String::new() } else { format!("_if_{}", tested.join("_and_")) };
    format!("{}_{of}{condition}", aggregate.function.name)
}
