//! The planner itself, and the result: the measures of all KPIs on a dense set of periods and slices.

use crate::calendar::{AsOf, Calendar, Date, Grain};
use crate::functions::{conversions, if_, max, operators};
use crate::model::expr::{Age, CalcLeaf, Edge, Expr, Literal, Node, Past, Path, Window};
use crate::model::facts::Type;
use crate::model::value;
use crate::model::{DimensionId, KpiId, Model, SourceId};
use crate::plan::algebra::names::{Names, beside_own};
use crate::plan::algebra::relation::{
    Atom, Body, From, JoinKind, Part, Query, Rows, Scalar, Select, column, day, fold, impossible, moved,
};
use crate::plan::answer::appear::Appearance;
use crate::plan::answer::stack::{is_dense, moves_in};
use crate::plan::lookup::entities::{Entities, OfEach};
use crate::plan::lookup::expand::{Expansion, Formula, FormulaLeaf, MeasureId, Move, Periods, Place, Seen};
use crate::plan::lookup::finite::{self, Lowered, Reach};
use crate::plan::rows::Series;
use crate::plan::rows::journey::Wanted;
use crate::plan::rows::readings;
use crate::plan::rows::scan::Scan;
use crate::plan::time::ages::AGE;
use crate::plan::time::complete::{PeriodRange, is_complete_here};
use crate::plan::time::custom::calendar_days;
use crate::plan::time::spine::{Need, Spine, SpineBasis, today};
use crate::plan::time::trust::no_doubt;
use crate::plan::{Output, Question, Show};
use foldhash::HashSet;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// Columns that plans have beside those of dimensions and values.
const OWN_COLUMNS: [&str; 18] = [
    "period",
    "day",
    "value",
    "is_complete",
    "is_dense",
    "last_day",
    "period_end",
    "rows",
    "place",
    "number",
    "day_before",
    "day_after",
    "value_of_each",
    "first_day",
    crate::plan::time::ages::AGE,
    crate::plan::time::ages::PERIOD_AT_AGE,
    "is_over",
    "next",
];

/// Whether plans have a column of that name beside those of dimensions and values.
pub(in crate::plan) fn is_own_column(name: &str) -> bool {
    OWN_COLUMNS.contains(&name) || name.ends_with("_before") || name.ends_with("_start") || name.starts_with("first_")
}

/// The same as a set.
static TAKEN_COLUMNS: LazyLock<Arc<HashSet<String>>> =
    LazyLock::new(|| Arc::new(OWN_COLUMNS.iter().map(|name| (*name).to_owned()).collect()));

/// A plan while it is being made.
pub(in crate::plan) struct Planner<'a> {
    pub(in crate::plan) model: &'a Model,
    /// The model's calendar, perhaps with an earlier end of time.
    pub(in crate::plan) calendar: &'a Calendar,
    pub(in crate::plan) question: &'a Question,
    /// Names of parts.
    pub(in crate::plan) names: Names,
    /// Names of columns of values.
    pub(in crate::plan) columns: Names,
    parts: Vec<Part>,
    spines: BTreeMap<Grain, Spine>,
    /// The earlier day that is the end of time, if it is one, and what finds it.
    pub(in crate::plan) seen: Option<Seen>,
    pub(in crate::plan) moment: Option<Select>,
    /// The part with the current date, or the day that stands for it, if the end of time is not fixed.
    pub(in crate::plan) today: Option<String>,
    /// The part with the days of a custom calendar.
    pub(in crate::plan) custom: Option<String>,
    pub(in crate::plan) expansion: Expansion,
    pub(in crate::plan) series: Vec<Option<Series>>,
    /// For each measure the name of its column.
    pub(in crate::plan) value_columns: Vec<String>,
    /// Rows that show which slices there are.
    pub(in crate::plan) appearances: Vec<Appearance>,
    pub(in crate::plan) window_day_parts: BTreeMap<(Grain, Window), String>,
    /// The parts with the latest snapshot at the start or end of each period.
    pub(in crate::plan) latest_snapshots: BTreeMap<(SourceId, Edge, Grain), String>,
    /// The parts with the days of which there are snapshots.
    pub(in crate::plan) snapshot_days: BTreeMap<SourceId, String>,
    /// The parts with readings of sources whose keys have snapshots of their own.
    pub(in crate::plan) readings: readings::Wanted,
    /// The parts with the day of the last row of sources that promise when their rows come.
    pub(in crate::plan) last_rows: BTreeMap<SourceId, String>,
    /// The parts with the last trusted day of sources that promise when their rows come.
    pub(in crate::plan) last_trusted: BTreeMap<SourceId, String>,
    /// The parts with the days, weeks or months that have no rows although they should.
    pub(in crate::plan) holes: BTreeMap<SourceId, String>,
    /// The parts with the time at which the first state of each entity began.
    pub(in crate::plan) first_states: BTreeMap<(SourceId, Option<Path>), String>,
    /// The journeys that are read, and what is read of each.
    pub(in crate::plan) journeys: BTreeMap<SourceId, Wanted>,
    /// The parts with the ages that there are.
    pub(in crate::plan) ages: BTreeMap<Age, String>,
    /// The parts with the periods in whose windows all finer periods are whole.
    pub(in crate::plan) whole_periods: Vec<((Periods, Grain), String)>,
    /// The parts with values of entities.
    pub(in crate::plan) of_each: Vec<(OfEach, Entities)>,
    /// The part with the values that the dimensions have had, by the dimensions that it has.
    pub(in crate::plan) slices: BTreeMap<Vec<DimensionId>, String>,
}

impl<'a> Planner<'a> {
    /// A planner that takes names beside those that are taken.
    pub(in crate::plan) fn new(model: &'a Model, question: &'a Question, mut names: Names) -> Self {
        let today = (model.calendar.as_of == AsOf::Today).then(|| names.take("today"));
        let custom = model.calendar_source.as_ref().map(|_| names.take("calendar"));
        Self {
            model,
            calendar: &model.calendar,
            seen: None,
            moment: None,
            question,
            names,
            columns: Names::beside(&TAKEN_COLUMNS),
            parts: Vec::new(),
            spines: BTreeMap::new(),
            today,
            custom,
            expansion: Expansion::of(model),
            series: Vec::new(),
            value_columns: Vec::new(),
            appearances: Vec::new(),
            window_day_parts: BTreeMap::new(),
            of_each: Vec::new(),
            latest_snapshots: BTreeMap::new(),
            snapshot_days: BTreeMap::new(),
            readings: readings::Wanted::default(),
            last_rows: BTreeMap::new(),
            last_trusted: BTreeMap::new(),
            holes: BTreeMap::new(),
            first_states: BTreeMap::new(),
            journeys: BTreeMap::new(),
            ages: BTreeMap::new(),
            whole_periods: Vec::new(),
            slices: BTreeMap::new(),
        }
    }

    /// The plan; `names` gets those that are taken now.
    pub(in crate::plan) fn query(mut self, names: &mut Names) -> Query {
        let question = self.question;
        for dimension in &question.dimensions {
            let name = self.key_name(*dimension);
            self.columns.take(&name);
        }
        let place = Place {
            grain: question.grain,
            dimensions: question.dimensions.clone(),
            filters: question.filter.iter().cloned().collect(),
            since: question.since,
            back: Vec::new(),
            open: false,
            seen: None,
        };
        let formulas: Vec<Vec<Formula>> = question.outputs.iter().map(|output| self.output_formulas(output, &place)).collect();
        let all: Vec<Formula> = formulas.iter().flatten().cloned().collect();
        let data = question.omit_gaps.then(|| self.expansion.rows(&all, &place));
        self.value_columns = self.expansion.names.iter().map(|name| self.columns.take(&value_name(name))).collect();
        self.series = vec![None; self.expansion.measures.len()];
        self.measures_over_rows(&all, data.as_ref());
        self.find_slices();
        self.measures_to_date(&all, data.as_ref());
        self.measures_over_periods();
        let (mut result, open) = self.result(&formulas, data);
        if !open.is_empty() {
            result = self.settled(result, &open);
        }
        let parts = self.all_parts();
        *names = self.names;
        Query { parts, result: Body::Select(result) }
    }

    /// The parts that have been planned, with a result of their own.
    pub(in crate::plan) fn with(mut self, result: Body) -> Query {
        Query { parts: self.all_parts(), result }
    }

    pub(in crate::plan) fn all_parts(&mut self) -> Vec<Part> {
        let mut parts = self.ground();
        parts.append(&mut self.parts);
        parts
    }

    /// The formulas that a column needs: one, but for completeness, which needs those of all its KPIs.
    fn output_formulas(&mut self, output: &Output, place: &Place) -> Vec<Formula> {
        let past = |past, kpi: KpiId| Expr::leaf(CalcLeaf::Prior(past, Box::new(Expr::leaf(CalcLeaf::Kpi(kpi))), None));
        let model = self.model;
        match &output.show {
            Show::Value(kpi) => vec![self.expansion.kpi(model, *kpi, place)],
            Show::ValueIfShown(kpi) | Show::IsShown(kpi) => {
                let value = self.expansion.kpi(model, *kpi, place);
                let is_shown = self.is_shown(*kpi, &value, place);
                vec![match (&output.show, is_shown) {
                    (Show::IsShown(_), is_shown) => is_shown.unwrap_or_else(|| Expr::made(Node::Literal(Literal::Truth(true)))),
                    (_, Some(is_shown)) => Expr::apply(&if_::IF, vec![is_shown, value]),
                    (_, None) => value,
                }]
            }
            Show::Prior(kpi) => vec![self.expansion.formula(model, &past(Past::Prior, *kpi), place)],
            Show::Change(kpi) => vec![self.expansion.formula(model, &past(Past::Change, *kpi), place)],
            Show::Figure(calc) | Show::Count(calc) | Show::Holds(calc) | Show::IsKnown(calc) => {
                vec![self.expansion.formula(model, calc, place)]
            }
            Show::End | Show::NextEnd => Vec::new(),
            Show::IsComplete(kpis) => kpis.iter().map(|kpi| self.expansion.kpi(model, *kpi, place)).collect(),
        }
    }

    /// The parts that everything else stands on: the current date, the custom calendar, and the periods of each grain.
    fn ground(&mut self) -> Vec<Part> {
        let mut parts = Vec::new();
        if let Some(name) = &self.today {
            parts.push(match self.moment.take() {
                Some(select) => Part { name: name.clone(), body: Body::Select(select) },
                None => today(name, self.calendar.zone.clock()),
            });
        }
        if self.seen.is_none() {
            parts.extend(self.custom.as_ref().and_then(|name| calendar_days(self.model, self.question.data, name)));
        }
        let journeys = self.journey_parts();
        let readings = self.reading_parts();
        let mut numbered = BTreeMap::new();
        if self.custom.is_some() {
            for (grain, spine) in &self.spines {
                numbered.insert(*grain, self.names.take(&format!("{}_numbered", spine.name)));
            }
        }
        let (today, custom) = (self.today.as_deref(), self.custom.as_deref());
        let ground = SpineBasis { calendar: self.calendar, today, custom, numbered };
        for spine in self.spines.values() {
            parts.extend(spine.parts(&ground, &mut self.names));
        }
        parts.extend(readings.into_iter().chain(journeys));
        parts
    }

    /// The rows of a source, read with the current date and the calendar that the plan has.
    pub(in crate::plan) fn rows_of(&self, source: SourceId) -> Scan<'a> {
        let mut scan = Scan::of(self.model, self.question.data, source);
        scan.as_of = self.calendar.as_of;
        scan.today.clone_from(&self.today);
        scan.calendar.clone_from(&self.custom);
        scan
    }

    /// Adds a part that is one select.
    pub(in crate::plan) fn push(&mut self, name: &str, select: Select) {
        self.push_body(name, Body::Select(select));
    }

    /// Adds parts.
    pub(in crate::plan) fn append(&mut self, mut parts: Vec<Part>) {
        self.parts.append(&mut parts);
    }

    /// Adds a part.
    pub(in crate::plan) fn push_body(&mut self, name: &str, body: Body) {
        self.parts.push(Part { name: name.to_owned(), body });
    }

    fn spine(&mut self, grain: Grain) -> &mut Spine {
        let names = &mut self.names;
        self.spines.entry(grain).or_insert_with(|| Spine::new(grain, names))
    }

    /// The part with the periods of a grain.
    pub(in crate::plan) fn spine_name(&mut self, grain: Grain) -> String {
        self.spine(grain).name.clone()
    }

    /// A column of the periods of a grain.
    pub(in crate::plan) fn need(&mut self, grain: Grain, need: Need) -> String {
        self.spine(grain).need(need)
    }

    /// The period before a period.
    pub(in crate::plan) fn period_before(&mut self, grain: Grain, period: Scalar) -> Scalar {
        if !self.calendar.custom {
            return moved(period, -1, grain);
        }
        let before = self.need(grain, Need::Moved(Move::previous()));
        let spine = self.spine_name(grain);
        // Under names of their own: the period may be that of the same part outside.
        let [here, there] = ["looked_up_period", "looked_up_before"];
        let mut pairs = Select::from_part(&spine);
        pairs.column(column(&spine, "period"), here);
        pairs.column(column(&spine, &before), there);
        let name = "looked_up";
        let from = From { relation: Rows::Select(Box::new(pairs)), name: name.to_owned() };
        let mut lookup = Select { from: Some(from), ..Select::default() };
        lookup.column(column(name, there), there);
        lookup.filter.push(Expr::apply(&operators::EQUAL, vec![column(name, here), period]));
        Expr::leaf(Atom::Single(Box::new(lookup)))
    }

    /// The day after the period of a group, or after the one that follows. In a custom calendar the periods themselves know it, and are
    /// joined.
    fn period_end(&mut self, grain: Grain, next: bool, stack: &str, select: &mut Select) -> Scalar {
        let period = column(stack, "period");
        if !self.calendar.custom {
            return moved(period, if next { 2 } else { 1 }, grain);
        }
        let end = self.need(grain, if next { Need::NextEnd } else { Need::End });
        let spine = self.spine_name(grain);
        if !select.joins.iter().any(|join| join.from.name == spine) {
            let same = Expr::apply(&operators::EQUAL, vec![column(&spine, "period"), period]);
            select.join(JoinKind::Left, &spine, &spine, Some(same));
        }
        fold(&max::MAX, column(&spine, &end))
    }

    /// What a dimension's column is called inside of the plan: by its name, unless the plan needs that for itself.
    pub(in crate::plan) fn key_name(&self, id: DimensionId) -> String {
        beside_own(&self.model.dimensions.get(id).name, is_own_column)
    }

    /// The same for several, and the column of ages where there are some.
    pub(in crate::plan) fn keys(&self, dimensions: &[DimensionId], by_age: bool) -> Vec<String> {
        let mut names = self.key_names(dimensions);
        names.extend(by_age.then(|| AGE.to_owned()));
        names
    }

    pub(in crate::plan) fn key_names(&self, dimensions: &[DimensionId]) -> Vec<String> {
        dimensions.iter().map(|id| self.key_name(*id)).collect()
    }

    /// The first day shown.
    pub(in crate::plan) fn shown_from(&self) -> Date {
        first_shown_day(self.model, self.question)
    }

    /// The result, and the names of its columns that may be NaN or infinite.
    fn result(&mut self, formulas: &[Vec<Formula>], data: Option<Formula>) -> (Select, Vec<String>) {
        let question = self.question;
        let grain = question.grain;
        let by_age = question.age.is_some();
        let keys = self.keys(&question.dimensions, by_age);
        let shown: Vec<Formula> = formulas.iter().flatten().cloned().chain(data.clone()).collect();
        // Ask for what completeness needs before the dense set is written out.
        let mut complete: Vec<Vec<(Move, PeriodRange)>> = Vec::new();
        let mut doubts: Vec<Vec<(MeasureId, Move)>> = Vec::new();
        for (output, formulas) in question.outputs.iter().zip(formulas) {
            let mut bounds = Vec::new();
            let mut doubtful = Vec::new();
            if matches!(output.show, Show::IsComplete(_) | Show::IsKnown(_)) {
                for bound in formulas.iter().flat_map(|formula| self.whole_from(formula, grain)).collect::<Vec<_>>() {
                    if !bounds.contains(&bound) {
                        bounds.push(bound);
                    }
                }
                doubtful.extend(formulas.iter().flat_map(|formula| self.expansion.doubts_in(formula)));
            }
            complete.push(bounds);
            doubts.push(doubtful);
        }
        let mut ways = moves_in(&shown);
        ways.extend(complete.iter().flatten().map(|(way, _)| way.clone()).filter(|way| !way.is_nothing()));
        ways.extend(doubts.iter().flatten().map(|(_, way)| way.clone()).filter(|way| !way.is_nothing()));
        let dense = self.dense(grain, &keys, &ways);
        // Moves that only completeness needs are made known by asking whether they are there.
        let asked = ways.iter().map(|way| Expr::leaf(FormulaLeaf::Known(way.clone())));
        let doubtful = doubts.iter().flatten().map(|(id, way)| Expr::leaf(FormulaLeaf::Value(*id, way.clone())));
        let stacked: Vec<Formula> = shown.iter().cloned().chain(asked).chain(doubtful).collect();
        let is_complete = self.need(grain, Need::IsComplete);
        let stack = self.stack(&stacked, grain, (&question.dimensions, by_age), &dense, Some(&is_complete));
        let mut select = Select::from_part(&stack.name);
        select.column(column(&stack.name, "period"), "period");
        if by_age {
            select.column(column(&stack.name, AGE), AGE);
        }
        for (key, dimension) in keys.iter().zip(&question.dimensions) {
            select.column(column(&stack.name, key), &question.key(self.model, *dimension));
        }
        select.group_by_these();
        let mut open = Vec::new();
        for ((output, formulas), (whole, doubts)) in question.outputs.iter().zip(formulas).zip(complete.into_iter().zip(doubts))
        {
            let value = match (&output.show, formulas.first()) {
                (Show::End, _) => self.period_end(grain, false, &stack.name, &mut select),
                (Show::NextEnd, _) => self.period_end(grain, true, &stack.name, &mut select),
                (Show::IsComplete(_) | Show::IsKnown(_), _) | (_, None) => {
                    let is_complete = is_complete_here(&stack, whole, &mut select);
                    Expr::all(std::iter::once(is_complete).chain(no_doubt(&stack, &doubts)).collect())
                        .unwrap_or_else(impossible)
                }
                (Show::Holds(_) | Show::IsShown(_), Some(formula)) => self.scalar(formula, &stack),
                (show, Some(formula)) => {
                    let Lowered { value, reach } = self.lowered(formula, &stack);
                    open.extend((reach == Reach::Open).then(|| output.name.clone()));
                    match show {
                        Show::Value(kpi) | Show::ValueIfShown(kpi) | Show::Prior(kpi) | Show::Change(kpi) => {
                            self.shown(*kpi, value)
                        }
                        Show::Count(_) => Expr::leaf(Atom::As(Box::new(value), value::Type::Integer)),
                        _ => Expr::apply(&conversions::TO_NUMBER, vec![value]),
                    }
                }
            };
            select.column(value, &output.name);
        }
        let from = self.shown_from();
        let calendar = self.calendar;
        if from > calendar.data_from {
            select.filter.push(Expr::apply(&operators::GREATER_OR_EQUAL, vec![column(&stack.name, "period"), day(from)]));
        }
        if let Some(to) = question.to {
            select.filter.push(Expr::apply(&operators::LESS_OR_EQUAL, vec![column(&stack.name, "period"), day(to)]));
        }
        select.having.push(is_dense(&stack));
        if let Some(data) = data {
            select.having.push(Expr::apply(&operators::GREATER, vec![self.scalar(&data, &stack), Expr::number(0)]));
        }
        (select, open)
    }

    /// A result in which the columns of those names are null where they are NaN or infinite. It stands around what works figures out, so
    /// that no formula stands there twice.
    fn settled(&mut self, result: Select, open: &[String]) -> Select {
        let name = self.names.take("figures");
        let mut select = Select::from_part(&name);
        for (_, column_name) in &result.columns {
            let value = column(&name, column_name);
            select.column(if open.contains(column_name) { finite::finite(value) } else { value }, column_name);
        }
        self.push(&name, result);
        select
    }

    /// A KPI's value with its type: whole, or floating.
    fn shown(&self, kpi: KpiId, value: Scalar) -> Scalar {
        let facts = &self.model.kpis.get(kpi).facts;
        if facts.ty == Type::Integer {
            Expr::leaf(Atom::Whole(Box::new(value)))
        } else if matches!(&value.node, Node::Apply(function, _) if **function == operators::DIVIDE) {
            value
        } else {
            Expr::apply(&conversions::TO_NUMBER, vec![value])
        }
    }
}

/// The first day that a question shows.
pub(in crate::plan) fn first_shown_day(model: &Model, question: &Question) -> Date {
    let calendar = &model.calendar;
    let from = question.from.map_or(calendar.start, |from| from.max(calendar.data_from));
    if calendar.custom { from } else { calendar.first_from(question.grain, from) }
}

/// What the column of a measure is called: by the measure's name, unless earlier periods and values at them could be called so.
fn value_name(name: &str) -> String {
    if name.ends_with("_before") { format!("{name}_") } else { name.to_owned() }
}
