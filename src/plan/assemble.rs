//! A question's parts put together: the measures of all KPIs on a dense set of periods and slices.
//!
//! Facts of several sources meet without a join: their rows are stacked, each with its own columns and nulls in those of the
//! others, and grouped by period and dimensions. The set of periods and slices is one more member of the stack, so that nothing
//! is missing and null dimensions meet by grouping.

use super::expand::{Expansion, Formula, Measure, MeasureId, MeasureOf, Move, Part as Leaf, Periods, Place};
use super::names::Names;
use super::relation::{
    Atom, Body, Fold, From, JoinKind, Moment, Part, Query, Ranking, Rows, Scalar, Select, column, day, fold, moved,
};
use super::rows::{Appearance, Ask, Group, Key, Series};
use super::scan::Scan;
use super::spine::{Ground, Need, Spine, calendar_days, move_name, parts_in, today};
use super::{Output, Question, Show};
use crate::calendar::{AsOf, Date, Grain, add, add_days};
use crate::functions::{OverNothing, coalesce, conversions, count, if_, max, min, operators, sum};
use crate::model::expr::{Aggregate, At, CalcLeaf, Expr, Grouped, Literal, Node, Past, RowExpr, RowLeaf, Window};
use crate::model::facts::Type;
use crate::model::{Body as KpiBody, DimensionId, KpiId, Model, SourceId, Storage};
use std::collections::{BTreeMap, BTreeSet};

/// A plan while it is being made.
pub(super) struct Planner<'a> {
    pub(super) model: &'a Model,
    pub(super) question: &'a Question,
    /// Names of parts.
    pub(super) names: Names,
    /// Names of columns of values.
    pub(super) columns: Names,
    parts: Vec<Part>,
    spines: BTreeMap<Grain, Spine>,
    /// The part with the current date, if the end of time is not fixed.
    pub(super) today: Option<String>,
    /// The part with the days of a custom calendar.
    pub(super) custom: Option<String>,
    expansion: Expansion,
    series: Vec<Option<Series>>,
    /// For each measure the name of its column.
    value_columns: Vec<String>,
    /// Rows that show which slices there are.
    pub(super) appearances: Vec<Appearance>,
    pub(super) window_day_parts: BTreeMap<(Grain, Window), String>,
    /// The part with the values that the dimensions have had, by the dimensions that it has.
    slices: BTreeMap<Vec<DimensionId>, String>,
}

/// One member of a stack: the rows of a series at the periods to which a move leads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Member {
    part: String,
    way: Move,
    keeps: Vec<DimensionId>,
}

/// The columns of a stack of members.
struct Stack {
    name: String,
    /// For each measure and move its column.
    values: BTreeMap<(MeasureId, Move), String>,
    /// For each move the column with the period that it leads to.
    moves: BTreeMap<Move, String>,
    /// The column that is null but on rows of the dense set.
    dense: String,
}

impl<'a> Planner<'a> {
    /// A planner that takes names beside those that are taken.
    pub(super) fn new(model: &'a Model, question: &'a Question, mut names: Names) -> Self {
        let today = (model.calendar.as_of == AsOf::Today).then(|| names.take("today"));
        let custom = model.calendar_source.as_ref().map(|_| names.take("calendar"));
        Self {
            model,
            question,
            names,
            columns: Names::default(),
            parts: Vec::new(),
            spines: BTreeMap::new(),
            today,
            custom,
            expansion: Expansion::default(),
            series: Vec::new(),
            value_columns: Vec::new(),
            appearances: Vec::new(),
            window_day_parts: BTreeMap::new(),
            slices: BTreeMap::new(),
        }
    }

    /// The plan; `names` gets those that are taken now.
    pub(super) fn query(mut self, names: &mut Names) -> Query {
        let question = self.question;
        for reserved in ["period", "day", "value", "is_complete", "last_day", "period_end"] {
            self.columns.take(reserved);
        }
        for dimension in &question.dimensions {
            let name = self.dimension_name(*dimension);
            self.columns.take(&name);
        }
        let place = Place {
            grain: question.grain,
            dimensions: question.dimensions.clone(),
            filters: question.filter.iter().cloned().collect(),
            back: Vec::new(),
        };
        let formulas: Vec<Vec<Formula>> =
            question.outputs.iter().map(|output| self.output_formulas(output, &place)).collect();
        let all: Vec<Formula> = formulas.iter().flatten().cloned().collect();
        let data = question.omit_gaps.then(|| self.has_data(&all, &place));
        self.value_columns = self.expansion.names.clone().iter().map(|name| self.columns.take(name)).collect();
        self.series = vec![None; self.expansion.measures.len()];
        self.measures_over_rows(&all, data.as_ref());
        self.find_slices();
        self.measures_over_periods();
        let result = self.result(&formulas, data);
        let mut parts = self.ground();
        parts.append(&mut self.parts);
        *names = self.names;
        Query { parts, result: Body::Select(result) }
    }

    /// The formulas that a column needs: one, but for completeness, which needs those of all its KPIs.
    fn output_formulas(&mut self, output: &Output, place: &Place) -> Vec<Formula> {
        let past = |past, kpi: KpiId| Expr::leaf(CalcLeaf::Prior(past, Box::new(Expr::leaf(CalcLeaf::Kpi(kpi))), None));
        let model = self.model;
        match &output.show {
            Show::Value(kpi) => vec![self.expansion.kpi(model, *kpi, place)],
            Show::Prior(kpi) => vec![self.expansion.formula(model, &past(Past::Prior, *kpi), place)],
            Show::Change(kpi) => vec![self.expansion.formula(model, &past(Past::Change, *kpi), place)],
            Show::IsComplete(kpis) => kpis.iter().map(|kpi| self.expansion.kpi(model, *kpi, place)).collect(),
        }
    }

    /// The parts that everything else stands on: the current date, the custom calendar, and the periods of each grain.
    fn ground(&mut self) -> Vec<Part> {
        let mut parts = Vec::new();
        if let Some(name) = &self.today {
            parts.push(today(name, self.model.calendar.zone.name()));
        }
        if let (Some(name), Some(source)) = (&self.custom, &self.model.calendar_source) {
            let scan = Scan::of(self.model, self.question.data, source.source);
            let (from, _) = scan.finish();
            let stored = |column| match &self.model.sources.get(source.source).columns.get(column).storage {
                Storage::Stored(name) => name.clone(),
                _ => self.model.sources.get(source.source).columns.get(column).name.value.clone(),
            };
            let periods: Vec<(Grain, String)> = source.periods.iter().map(|(grain, column)| (*grain, stored(*column))).collect();
            if let Rows::Source(relation) = from.relation {
                parts.push(calendar_days(name, relation, &stored(source.day), &periods));
            }
        }
        let ground =
            Ground { calendar: &self.model.calendar, today: self.today.as_deref(), custom: self.custom.as_deref() };
        for spine in self.spines.values() {
            parts.extend(spine.parts(&ground, &mut self.names));
        }
        parts
    }

    /// Adds a part that is one select.
    pub(super) fn push(&mut self, name: &str, select: Select) {
        self.push_body(name, Body::Select(select));
    }

    /// Adds a part.
    pub(super) fn push_body(&mut self, name: &str, body: Body) {
        self.parts.push(Part { name: name.to_owned(), body });
    }

    fn spine(&mut self, grain: Grain) -> &mut Spine {
        let names = &mut self.names;
        self.spines.entry(grain).or_insert_with(|| Spine::new(grain, names))
    }

    /// The part with the periods of a grain.
    pub(super) fn spine_name(&mut self, grain: Grain) -> String {
        self.spine(grain).name.clone()
    }

    /// A column of the periods of a grain.
    pub(super) fn need(&mut self, grain: Grain, need: Need) -> String {
        self.spine(grain).need(need)
    }

    /// The period before a period.
    pub(super) fn period_before(&mut self, grain: Grain, period: Scalar) -> Scalar {
        if !self.model.calendar.custom {
            return moved(period, -1, grain);
        }
        let before = self.need(grain, Need::Moved(Move { back: Vec::new(), previous: true }));
        let spine = self.spine_name(grain);
        let mut lookup = Select::from_part(&spine);
        lookup.column(column(&spine, &before), &before);
        lookup.filter.push(Expr::apply(&operators::EQUAL, vec![column(&spine, "period"), period]));
        Expr::leaf(Atom::Single(Box::new(lookup)))
    }

    fn dimension_name(&self, id: DimensionId) -> String {
        self.model.dimensions.get(id).name.clone()
    }

    fn key_names(&self, dimensions: &[DimensionId]) -> Vec<String> {
        dimensions.iter().map(|id| self.dimension_name(*id)).collect()
    }

    /// The first day shown.
    fn shown_from(&self) -> Date {
        let calendar = &self.model.calendar;
        let from = self.question.from.map_or(calendar.start, |from| from.max(calendar.start));
        if calendar.custom { from } else { calendar.first_from(self.question.grain, from) }
    }

    // --- Measures over rows ---

    /// Plans all measures that are looked up in rows.
    fn measures_over_rows(&mut self, formulas: &[Formula], data: Option<&Formula>) {
        let used = self.moves_of_measures(formulas.iter().chain(data));
        let measures = self.expansion.measures.clone();
        let mut groups: Vec<(Group, Vec<MeasureId>)> = Vec::new();
        for (id, measure) in measures.iter().enumerate() {
            let moves = used.get(id).cloned().unwrap_or_default();
            let first = self.first_needed(measure, &moves);
            match &measure.of {
                MeasureOf::Rows(aggregate) => {
                    let keys = self.dimension_keys(aggregate.source, &measure.keeps);
                    let slices = self.shows_slices(measure);
                    let ask = self.ask(id, aggregate, measure.grain, first);
                    let same = |group: &Group| {
                        group.source == aggregate.source
                            && group.time == aggregate.time
                            && group.slices == slices
                            && group.keys.iter().map(|key| &key.path).eq(keys.iter().map(|key| &key.path))
                    };
                    match groups.iter_mut().find(|(group, _)| same(group)) {
                        Some((group, ids)) => {
                            group.asks.push(ask);
                            ids.push(id);
                        }
                        None => {
                            let group = Group {
                                source: aggregate.source,
                                time: aggregate.time,
                                keys,
                                slices,
                                presence: false,
                                asks: vec![ask],
                            };
                            groups.push((group, vec![id]));
                        }
                    }
                }
                MeasureOf::Entities(grouped) => {
                    let series = self.entities(id, measure, grouped, first);
                    self.set(id, series);
                }
                MeasureOf::ByHand(kpi) => {
                    let series = self.by_hand(id, *kpi);
                    self.set(id, series);
                }
                MeasureOf::Periods(_) => {}
            }
        }
        for (group, ids) in groups {
            for (id, series) in ids.into_iter().zip(self.group(&group)) {
                self.set(id, series);
            }
        }
    }

    fn set(&mut self, id: MeasureId, series: Series) {
        if let Some(slot) = self.series.get_mut(id) {
            *slot = Some(series);
        }
    }

    fn ask(&self, id: MeasureId, aggregate: &Aggregate, grain: Grain, first: Option<Date>) -> Ask {
        let column = self.value_columns.get(id).cloned().unwrap_or_default();
        Ask { aggregate: aggregate.clone(), column, grain, first }
    }

    /// For each measure the moves by which it is looked at.
    fn moves_of_measures<'f>(&self, formulas: impl Iterator<Item = &'f Formula>) -> Vec<BTreeSet<Move>> {
        let mut used = vec![BTreeSet::new(); self.expansion.measures.len()];
        let mut note = |formula: &Formula| {
            formula.leaves(&mut |leaf| {
                if let Leaf::Value(id, way) = leaf
                    && let Some(moves) = used.get_mut(*id)
                {
                    moves.insert(way.clone());
                }
            });
        };
        formulas.for_each(&mut note);
        for measure in &self.expansion.measures {
            if let MeasureOf::Periods(periods) = &measure.of {
                note(&periods.of);
            }
        }
        used
    }

    /// The first day of the first period at which a measure is needed; nothing where that is not known.
    fn first_needed(&self, measure: &Measure, moves: &BTreeSet<Move>) -> Option<Date> {
        let calendar = &self.model.calendar;
        let inner = measure.grain != self.question.grain || self.expansion.is_inside_periods(measure);
        let back = moves.iter().any(|way| !way.back.is_empty());
        let early = inner || back || !measure.keeps.is_empty();
        let first = if early { calendar.data_from } else { self.shown_from() };
        if !moves.iter().any(|way| way.previous) {
            return Some(first);
        }
        // The period before the first may begin before data is whole.
        (!calendar.custom).then(|| add(calendar.period_start(measure.grain, first), measure.grain, -1))
    }

    /// How many keys show which slices there are: all, if the measure keeps all dimensions of the question.
    fn shows_slices(&self, measure: &Measure) -> Option<usize> {
        let all = measure.keeps == self.question.dimensions && !measure.keeps.is_empty();
        all.then_some(measure.keeps.len())
    }

    fn dimension_keys(&self, source: SourceId, dimensions: &[DimensionId]) -> Vec<Key> {
        let place = |id: &DimensionId| {
            let dimension = self.model.dimensions.get(*id);
            let path = dimension.places.get(&source)?.clone();
            Some(Key { name: dimension.name.clone(), path, part: 0 })
        };
        dimensions.iter().filter_map(place).collect()
    }

    /// One value per entity, then an aggregate over entities.
    fn entities(&mut self, id: MeasureId, measure: &Measure, grouped: &Grouped, first: Option<Date>) -> Series {
        let source = grouped.of.source;
        let mut keys = self.dimension_keys(source, &measure.keeps);
        let dimensions = keys.len();
        let entity = self.model.path_text(source, &grouped.entity).replace('.', "_");
        let parts = match &self.model.column(source, &grouped.entity).storage {
            Storage::Several(names) => names.len(),
            Storage::Stored(_) | Storage::Derived(_) | Storage::Raw(_) => 1,
        };
        for part in 0..parts {
            let name = self.columns.take(&entity);
            keys.push(Key { name, path: grouped.entity.clone(), part });
        }
        let value = self.columns.take("value_of_each");
        let ask = Ask { aggregate: grouped.of.clone(), column: value, grain: measure.grain, first };
        let group = Group {
            source,
            time: grouped.of.time,
            slices: self.shows_slices(measure),
            presence: true,
            asks: vec![ask],
            keys,
        };
        let inner = self.group(&group).into_iter().next();
        let Some(inner) = inner else { return Series { part: String::new(), column: String::new(), rows: None } };
        let from = inner.part.clone();
        let zero = grouped.of.function.aggregation().is_some_and(|traits| traits.over_nothing == OverNothing::Zero);
        let value = column(&from, &inner.column);
        let value = if zero { Expr::apply(&coalesce::COALESCE, vec![value, Expr::number(0)]) } else { value };
        let dimension_keys: Vec<String> = group.keys.iter().take(dimensions).map(|key| key.name.clone()).collect();
        let entity_keys: Vec<String> = group.keys.iter().skip(dimensions).map(|key| key.name.clone()).collect();
        let mut which: Vec<Scalar> =
            entity_keys.iter().map(|key| Expr::apply(&operators::IS_NOT_NULL, vec![column(&from, key)])).collect();
        if let Some(rows) = &inner.rows {
            which.push(Expr::apply(&operators::GREATER, vec![column(&from, rows), Expr::number(0)]));
        }
        if let Some(filter) = &grouped.filter {
            which.push(on_value(filter, &value));
        }
        let (from, value, which) = match grouped.top {
            None => (from, value, which),
            Some(count) => self.top(&from, &value, which, &dimension_keys, &entity_keys, count),
        };
        let mut select = Select::from_part(&from);
        select.column(column(&from, "period"), "period");
        for key in &dimension_keys {
            select.column(column(&from, key), key);
        }
        select.group_by_these();
        let argument = Some(value);
        let over = Fold { function: grouped.function, fraction: grouped.fraction.clone(), argument, filter: None, order: Vec::new() };
        let own = self.value_columns.get(id).cloned().unwrap_or_default();
        select.column(Expr::leaf(Atom::Aggregate(Box::new(over))), &own);
        select.filter = which;
        let part = self.names.take(&format!("{own}_by_{}", measure.grain));
        self.push(&part, select);
        Series { part, column: own, rows: None }
    }

    /// The entities with the greatest values, ties by the entity.
    fn top(
        &mut self,
        from: &str,
        value: &Scalar,
        which: Vec<Scalar>,
        dimensions: &[String],
        entities: &[String],
        count: u32,
    ) -> (String, Scalar, Vec<Scalar>) {
        let mut select = Select::from_part(from);
        select.column(column(from, "period"), "period");
        for key in dimensions {
            select.column(column(from, key), key);
        }
        select.column(value.clone(), "value");
        let part = std::iter::once("period").chain(dimensions.iter().map(String::as_str)).map(|key| column(from, key));
        let mut order = vec![(value.clone(), true)];
        order.extend(entities.iter().map(|key| (column(from, key), false)));
        let ranking = Ranking { part: part.collect(), order, dense: false };
        select.column(Expr::leaf(Atom::RowNumber(Box::new(ranking))), "place");
        select.filter = which;
        let name = self.names.take(&format!("{from}_ranked"));
        self.push(&name, select);
        let within = Expr::apply(&operators::LESS_OR_EQUAL, vec![column(&name, "place"), Expr::number(count)]);
        let value = column(&name, "value");
        (name, value, vec![within])
    }

    /// Hand-kept figures as rows.
    fn by_hand(&mut self, id: MeasureId, kpi: KpiId) -> Series {
        let kpi = self.model.kpis.get(kpi);
        let own = self.value_columns.get(id).cloned().unwrap_or_default();
        let mut rows = Vec::new();
        if let KpiBody::Values(values) = &kpi.body {
            for (start, figure) in &values.figures {
                rows.push(vec![day(*start), Expr::number(figure)]);
            }
        }
        let part = self.names.take(&format!("{}_by_hand", kpi.name.value));
        let columns = vec!["period".to_owned(), own.clone()];
        let from = From { relation: Rows::Values(columns, rows), name: part.clone() };
        let mut select = Select { from: Some(from), ..Select::default() };
        select.column(column(&part, "period"), "period");
        select.column(column(&part, &own), &own);
        self.push(&part, select);
        Series { part, column: own, rows: None }
    }

    // --- Slices ---

    /// Finds the values that the dimensions have had, with the first day of each.
    fn find_slices(&mut self) {
        let dimensions = self.question.dimensions.clone();
        if dimensions.is_empty() {
            return;
        }
        let keys = self.key_names(&dimensions);
        let seen = std::mem::take(&mut self.appearances);
        let mut members: Vec<Select> = Vec::new();
        for appearance in &seen {
            let mut select = Select::from_part(&appearance.part);
            for key in &appearance.keys {
                select.column(column(&appearance.part, key), key);
            }
            select.column(column(&appearance.part, &appearance.day), "day");
            members.push(select);
        }
        let of = keys.join("_and_");
        let from = match (members.len(), seen.first()) {
            (1, Some(only)) => (only.part.clone(), only.day.clone()),
            _ => {
                let part = self.names.take(&format!("{of}_seen"));
                self.push_body(&part, Body::Union(members));
                (part, "day".to_owned())
            }
        };
        let mut select = Select::from_part(&from.0);
        for key in &keys {
            select.column(column(&from.0, key), key);
        }
        select.group_by_these();
        let seen_on = column(&from.0, &from.1);
        select.column(fold(&min::MIN, seen_on.clone()), "first_day");
        let whole = day(self.model.calendar.data_from);
        select.filter.push(Expr::apply(&operators::GREATER_OR_EQUAL, vec![seen_on, whole]));
        let part = self.names.take(&format!("each_{of}"));
        self.push(&part, select);
        self.slices.insert(dimensions, part);
    }

    /// The values that some of the dimensions have had.
    fn slices_of(&mut self, keeps: &[DimensionId]) -> Option<String> {
        if keeps.is_empty() {
            return None;
        }
        if let Some(part) = self.slices.get(keeps) {
            return Some(part.clone());
        }
        let whole = self.slices.get(&self.question.dimensions)?.clone();
        let keys = self.key_names(keeps);
        let mut select = Select { distinct: true, ..Select::from_part(&whole) };
        for key in &keys {
            select.column(column(&whole, key), key);
        }
        let part = self.names.take(&format!("each_{}", keys.join("_and_")));
        self.push(&part, select);
        self.slices.insert(keeps.to_vec(), part.clone());
        Some(part)
    }

    // --- Measures over periods ---

    fn measures_over_periods(&mut self) {
        for (id, measure) in self.expansion.measures.clone().iter().enumerate() {
            if let MeasureOf::Periods(periods) = &measure.of {
                let series = self.periods(id, measure, periods);
                self.set(id, series);
            }
        }
    }

    /// The values at the finer grain, for every one of its periods and every slice, and then the aggregate over them.
    fn periods(&mut self, id: MeasureId, measure: &Measure, periods: &Periods) -> Series {
        let own = self.value_columns.get(id).cloned().unwrap_or_default();
        let keys = self.key_names(&measure.keeps);
        let spine = self.spine_name(periods.grain);
        let dense = match self.slices_of(&measure.keeps) {
            None => spine.clone(),
            Some(slices) => {
                let part = self.names.take(&format!("{spine}_and_{}", keys.join("_and_")));
                let mut select = Select::from_part(&spine);
                select.join(JoinKind::Cross, &slices, &slices, None);
                select.column(column(&spine, "period"), "period");
                for key in &keys {
                    select.column(column(&slices, key), key);
                }
                let moves = moves_in(std::slice::from_ref(&periods.of));
                for way in moves {
                    let name = self.need(periods.grain, Need::Moved(way));
                    select.column(column(&spine, &name), &name);
                }
                self.push(&part, select);
                part
            }
        };
        let stack = self.stack(std::slice::from_ref(&periods.of), periods.grain, &measure.keeps, &dense, None);
        let mut each = Select::from_part(&stack.name);
        each.column(column(&stack.name, "period"), "period");
        for key in &keys {
            each.column(column(&stack.name, key), key);
        }
        each.group_by_these();
        each.column(self.scalar(&periods.of, &stack), "value");
        each.having.push(is_dense(&stack));
        let values = self.names.take(&format!("{own}_values_by_{}", periods.grain));
        self.push(&values, each);
        let part = self.over_periods(&own, measure, periods, &values, &keys);
        Series { part, column: own, rows: None }
    }

    /// The aggregate over the values of a finer grain, within the period or a window of it.
    fn over_periods(&mut self, own: &str, measure: &Measure, periods: &Periods, values: &str, keys: &[String]) -> String {
        let grain = measure.grain;
        let custom = self.model.calendar.custom;
        let mut select = Select::from_part(values);
        let inner = column(values, "period");
        if periods.window == Window::Period && !custom {
            select.column(super::scan::period_of(&self.model.calendar, grain, inner), "period");
        } else {
            let last_day = self.need(grain, Need::LastDay);
            let spine = self.spine_name(grain);
            let mut on = vec![Expr::apply(&operators::LESS_OR_EQUAL, vec![inner.clone(), column(&spine, &last_day)])];
            match periods.window {
                Window::AllTime => {}
                Window::Trailing(length) if custom && periods.grain != Grain::Day => {
                    on = self.by_number(grain, periods.grain, parts_in(periods.grain, length), values, &mut select);
                }
                window => {
                    let start = self.need(grain, Need::FirstPart(periods.grain, window));
                    on.push(Expr::apply(&operators::GREATER_OR_EQUAL, vec![inner, column(&spine, &start)]));
                }
            }
            select.join(JoinKind::Inner, &spine, &spine, Expr::all(on));
            select.column(column(&spine, "period"), "period");
        }
        for key in keys {
            select.column(column(values, key), key);
        }
        select.group_by_these();
        let argument = Some(column(values, "value"));
        let (function, fraction) = (periods.function, periods.fraction.clone());
        let over = Fold { function, fraction, argument, filter: None, order: Vec::new() };
        select.column(Expr::leaf(Atom::Aggregate(Box::new(over))), own);
        let part = self.names.take(&format!("{own}_by_{grain}"));
        self.push(&part, select);
        part
    }

    /// The last so many periods of a custom calendar, by their numbers.
    fn by_number(&mut self, grain: Grain, inner: Grain, count: u32, values: &str, select: &mut Select) -> Vec<Scalar> {
        let inner_spine = self.spine_name(inner);
        let numbers = self.names.take(&format!("{inner_spine}_by_number"));
        let mut numbered = Select::from_part(&inner_spine);
        numbered.column(column(&inner_spine, "period"), "period");
        let order = vec![(column(&inner_spine, "period"), false)];
        let ranking = Ranking { part: Vec::new(), order, dense: false };
        numbered.column(Expr::leaf(Atom::RowNumber(Box::new(ranking))), "number");
        self.push(&numbers, numbered);
        let last_day = self.need(grain, Need::LastDay);
        let spine = self.spine_name(grain);
        let ends = self.names.take(&format!("last_{inner}_of_{spine}"));
        let mut last = Select::from_part(&spine);
        let on = Expr::apply(&operators::LESS_OR_EQUAL, vec![column(&numbers, "period"), column(&spine, &last_day)]);
        last.join(JoinKind::Inner, &numbers, &numbers, Some(on));
        last.column(column(&spine, "period"), "period").group_by_these();
        last.column(fold(&max::MAX, column(&numbers, "number")), "number");
        self.push(&ends, last);
        let same = Expr::apply(&operators::EQUAL, vec![column(&numbers, "period"), column(values, "period")]);
        select.join(JoinKind::Inner, &numbers, &numbers, Some(same));
        let number = column(&numbers, "number");
        let end = column(&ends, "number");
        let first = Expr::apply(&operators::SUBTRACT, vec![end.clone(), Expr::number(count)]);
        let within = vec![
            Expr::apply(&operators::LESS_OR_EQUAL, vec![number.clone(), end]),
            Expr::apply(&operators::GREATER, vec![number, first]),
        ];
        select.join(JoinKind::Inner, &ends, &ends, Expr::all(within));
        vec![Expr::apply(&operators::EQUAL, vec![column(&spine, "period"), column(&ends, "period")])]
    }

    // --- The stack ---

    /// Stacks the series that formulas need, and the dense set, whose rows are known by the column `mark` or, without one, by
    /// one of their own.
    fn stack(
        &mut self,
        formulas: &[Formula],
        grain: Grain,
        dimensions: &[DimensionId],
        dense: &str,
        mark: Option<&str>,
    ) -> Stack {
        let keys = self.key_names(dimensions);
        let mut members: BTreeMap<Member, Vec<MeasureId>> = BTreeMap::new();
        let mut values: BTreeMap<(MeasureId, Move), String> = BTreeMap::new();
        let mut order: Vec<(MeasureId, Move)> = Vec::new();
        for formula in formulas {
            formula.leaves(&mut |leaf| {
                if let Leaf::Value(id, way) = leaf
                    && !order.contains(&(*id, way.clone()))
                {
                    order.push((*id, way.clone()));
                }
            });
        }
        for (id, way) in &order {
            let (Some(Some(series)), Some(measure)) = (self.series.get(*id), self.expansion.measures.get(*id)) else { continue };
            let member = Member { part: series.part.clone(), way: way.clone(), keeps: measure.keeps.clone() };
            let name = if way.is_nothing() { series.column.clone() } else { format!("{}_{}", series.column, move_name(grain, way)) };
            members.entry(member).or_default().push(*id);
            values.insert((*id, way.clone()), name);
        }
        let moves: BTreeMap<Move, String> =
            moves_in(formulas).into_iter().map(|way| (way.clone(), self.need(grain, Need::Moved(way)))).collect();
        let dense_mark = mark.unwrap_or("is_dense").to_owned();
        let names: Vec<String> = order.iter().filter_map(|key| values.get(key).cloned()).collect();
        let mut selects = Vec::new();
        for (member, ids) in &members {
            let own: BTreeMap<String, String> = ids
                .iter()
                .filter_map(|id| {
                    let series = self.series.get(*id)?.as_ref()?;
                    Some((values.get(&(*id, member.way.clone()))?.clone(), series.column.clone()))
                })
                .collect();
            selects.push(self.member(member, grain, dimensions, &keys, dense, &names, &own, &moves, &dense_mark));
        }
        let mut set = Select::from_part(dense);
        set.column(column(dense, "period"), "period");
        for key in &keys {
            set.column(column(dense, key), key);
        }
        for name in &names {
            set.column(Expr::null(), name);
        }
        for name in moves.values() {
            set.column(column(dense, name), name);
        }
        let truth = || Expr::made(Node::Literal(Literal::Truth(true)));
        set.column(mark.map_or_else(truth, |mark| column(dense, mark)), &dense_mark);
        selects.push(set);
        let name = self.names.take("parts");
        self.push_body(&name, Body::Union(selects));
        Stack { name, values, moves, dense: dense_mark }
    }

    /// One member of a stack.
    #[expect(clippy::too_many_arguments, reason = "the columns of a stack, which all members share")]
    fn member(
        &mut self,
        member: &Member,
        grain: Grain,
        dimensions: &[DimensionId],
        keys: &[String],
        dense: &str,
        names: &[String],
        own: &BTreeMap<String, String>,
        moves: &BTreeMap<Move, String>,
        mark: &str,
    ) -> Select {
        let part = member.part.as_str();
        let whole = member.keeps == dimensions;
        let way = moves.get(&member.way);
        let mut select;
        let period;
        // Where the rows' keys come from: the series itself, or the dense set over which a total is repeated.
        let keys_of;
        if whole {
            select = Select::from_part(part);
            keys_of = part;
            match way {
                None => period = column(part, "period"),
                Some(before) => {
                    let spine = self.spine_name(grain);
                    let on = Expr::apply(&operators::EQUAL, vec![column(&spine, before), column(part, "period")]);
                    select.join(JoinKind::Inner, &spine, &spine, Some(on));
                    period = column(&spine, "period");
                }
            }
        } else {
            select = Select::from_part(dense);
            keys_of = dense;
            let at = way.map_or("period", String::as_str);
            let mut on = vec![Expr::apply(&operators::EQUAL, vec![column(part, "period"), column(dense, at)])];
            for id in &member.keeps {
                let key = self.dimension_name(*id);
                on.push(Expr::leaf(Atom::Same(Box::new(column(part, &key)), Box::new(column(dense, &key)))));
            }
            select.join(JoinKind::Inner, part, part, Expr::all(on));
            period = column(dense, "period");
        }
        select.column(period, "period");
        for key in keys {
            select.column(column(keys_of, key), key);
        }
        for name in names {
            let value = own.get(name).map_or_else(Expr::null, |stored| column(part, stored));
            select.column(value, name);
        }
        for name in moves.values() {
            select.column(Expr::null(), name);
        }
        select.column(Expr::null(), mark);
        select
    }

    /// A formula over the columns of a stack.
    fn scalar(&self, formula: &Formula, stack: &Stack) -> Scalar {
        if let Node::Leaf(Leaf::Value(id, way)) = &formula.node {
            return self.value(*id, way, stack);
        }
        formula.map(&mut |leaf| match leaf {
            Leaf::Value(id, way) => {
                let value = self.value(*id, way, stack);
                let counts = self.expansion.measures.get(*id).is_some_and(Measure::counts);
                if counts { value } else { Expr::apply(&conversions::TO_NUMBER, vec![value]) }
            }
            Leaf::Known(way) => {
                let name = stack.moves.get(way).cloned().unwrap_or_default();
                Expr::apply(&operators::IS_NOT_NULL, vec![fold(&max::MAX, column(&stack.name, &name))])
            }
        })
    }

    /// The value of a measure in a group of a stack: the only one that is not null.
    fn value(&self, id: MeasureId, way: &Move, stack: &Stack) -> Scalar {
        let name = stack.values.get(&(id, way.clone())).cloned().unwrap_or_default();
        let of = column(&stack.name, &name);
        if self.expansion.measures.get(id).is_some_and(Measure::is_zero_over_nothing) {
            Expr::apply(&coalesce::COALESCE, vec![fold(&sum::SUM, of), Expr::number(0)])
        } else {
            fold(&max::MAX, of)
        }
    }

    // --- The result ---

    fn result(&mut self, formulas: &[Vec<Formula>], data: Option<Formula>) -> Select {
        let question = self.question;
        let grain = question.grain;
        let keys = self.key_names(&question.dimensions);
        let shown: Vec<Formula> = formulas.iter().flatten().cloned().chain(data.clone()).collect();
        // Ask for what completeness needs before the dense set is written out.
        let mut complete: Vec<Vec<(Move, Bound)>> = Vec::new();
        for (output, formulas) in question.outputs.iter().zip(formulas) {
            let mut bounds = Vec::new();
            if matches!(output.show, Show::IsComplete(_)) {
                for bound in formulas.iter().flat_map(|formula| self.whole_from(formula, grain)).collect::<Vec<_>>() {
                    if !bounds.contains(&bound) {
                        bounds.push(bound);
                    }
                }
            }
            complete.push(bounds);
        }
        let mut ways = moves_in(&shown);
        ways.extend(complete.iter().flatten().map(|(way, _)| way.clone()).filter(|way| !way.is_nothing()));
        let dense = self.dense(grain, &keys, &ways);
        // Moves that only completeness needs are made known by asking whether they are there.
        let asked = ways.iter().map(|way| Expr::leaf(Leaf::Known(way.clone())));
        let stacked: Vec<Formula> = shown.iter().cloned().chain(asked).collect();
        let is_complete = self.need(grain, Need::IsComplete);
        let stack = self.stack(&stacked, grain, &question.dimensions, &dense, Some(&is_complete));
        let mut select = Select::from_part(&stack.name);
        select.column(column(&stack.name, "period"), "period");
        for key in &keys {
            select.column(column(&stack.name, key), key);
        }
        select.group_by_these();
        for ((output, formulas), whole) in question.outputs.iter().zip(formulas).zip(complete) {
            let value = match (&output.show, formulas.first()) {
                (Show::IsComplete(_), _) | (_, None) => is_complete_here(&stack, whole),
                (Show::Value(kpi) | Show::Prior(kpi) | Show::Change(kpi), Some(formula)) => self.shown(*kpi, formula, &stack),
            };
            select.column(value, &output.name);
        }
        let from = self.shown_from();
        let calendar = &self.model.calendar;
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
        select
    }

    /// The dense set of periods and slices.
    fn dense(&mut self, grain: Grain, keys: &[String], ways: &BTreeSet<Move>) -> String {
        let spine = self.spine_name(grain);
        let is_complete = self.need(grain, Need::IsComplete);
        let moves: Vec<String> = ways.iter().map(|way| self.need(grain, Need::Moved(way.clone()))).collect();
        let dimensions = self.question.dimensions.clone();
        let Some(slices) = self.slices.get(&dimensions).cloned() else { return spine };
        let end = self.need(grain, Need::End);
        let part = self.names.take(&format!("{spine}_and_{}", keys.join("_and_")));
        let mut select = Select::from_part(&spine);
        // A slice is there from the period of its first row on.
        let begun = Expr::apply(&operators::LESS, vec![column(&slices, "first_day"), column(&spine, &end)]);
        select.join(JoinKind::Inner, &slices, &slices, Some(begun));
        select.column(column(&spine, "period"), "period");
        for key in keys {
            select.column(column(&slices, key), key);
        }
        for name in moves.iter().chain([&is_complete]) {
            select.column(column(&spine, name), name);
        }
        self.push(&part, select);
        part
    }

    /// A KPI's value with its type: whole, or floating.
    fn shown(&self, kpi: KpiId, formula: &Formula, stack: &Stack) -> Scalar {
        let value = self.scalar(formula, stack);
        let facts = &self.model.kpis.get(kpi).facts;
        if facts.ty == Type::Integer {
            Expr::leaf(Atom::Whole(Box::new(value)))
        } else if matches!(&value.node, Node::Apply(function, _) if **function == operators::DIVIDE) {
            value
        } else {
            Expr::apply(&conversions::TO_NUMBER, vec![value])
        }
    }

    // --- Completeness ---

    /// From which periods on the windows of a formula begin once data is whole.
    fn whole_from(&mut self, formula: &Formula, grain: Grain) -> Vec<(Move, Bound)> {
        let mut leaves = Vec::new();
        formula.leaves(&mut |leaf| {
            if let Leaf::Value(id, way) = leaf {
                leaves.push((*id, way.clone()));
            }
        });
        let mut found: Vec<(Move, Bound)> = Vec::new();
        let mut add = |way: Move, bound: Bound| {
            if !found.contains(&(way.clone(), bound.clone())) {
                found.push((way, bound));
            }
        };
        for (id, way) in leaves {
            if way.previous {
                add(way.clone(), Bound::Day(self.model.calendar.data_from));
            }
            let Some(measure) = self.expansion.measures.get(id).cloned() else { continue };
            for bound in self.measure_whole_from(&measure, grain) {
                // A guarded move never leads before the first period; a bound at it says nothing.
                add(way.clone(), bound);
            }
        }
        found
    }

    /// From which period of its grain on a measure's own window begins once data is whole.
    fn measure_whole_from(&mut self, measure: &Measure, grain: Grain) -> Vec<Bound> {
        match &measure.of {
            MeasureOf::Rows(aggregate) => {
                let mut bounds: Vec<Bound> = self.window_whole_from(aggregate.window, grain).into_iter().collect();
                for window in related_windows(aggregate.filter.as_ref()) {
                    bounds.extend(self.window_whole_from(window, grain));
                }
                bounds
            }
            MeasureOf::Entities(grouped) => {
                let mut bounds: Vec<Bound> = self.window_whole_from(grouped.of.window, grain).into_iter().collect();
                for window in related_windows(grouped.of.filter.as_ref()) {
                    bounds.extend(self.window_whole_from(window, grain));
                }
                bounds
            }
            MeasureOf::ByHand(_) => Vec::new(),
            MeasureOf::Periods(periods) => self.periods_whole_from(periods, grain),
        }
    }

    /// The first period whose window begins on or after the day from which data is whole.
    fn window_whole_from(&mut self, window: Window, grain: Grain) -> Option<Bound> {
        let calendar = &self.model.calendar;
        match window {
            Window::Period | Window::AllTime => return None,
            Window::Previous | Window::Trailing(_) | Window::ToDate(_) => {}
        }
        if calendar.custom {
            let spine = self.spine_name(grain);
            let start = match window {
                Window::Previous => self.need(grain, Need::Moved(Move { back: Vec::new(), previous: true })),
                _ => self.need(grain, Need::WindowStart(window)),
            };
            return Some(Bound::FirstOf { spine, column: start, from: self.model.calendar.data_from });
        }
        let start_of = |period: Date| match window {
            Window::Previous => add(period, grain, -1),
            Window::Trailing(length) => add(calendar.next(grain, period), length.unit, -i64::from(length.count)),
            Window::ToDate(unit) => calendar.period_start(unit, add_days(calendar.next(grain, period), -1)),
            Window::Period | Window::AllTime => period,
        };
        Some(Bound::Day(first_period(calendar, grain, |period| start_of(period) >= calendar.data_from)))
    }

    /// The same for an aggregate over periods: its window, and the windows of what is inside.
    fn periods_whole_from(&mut self, periods: &Periods, grain: Grain) -> Vec<Bound> {
        let calendar = self.model.calendar.clone();
        let inner = self.whole_from(&periods.of, periods.grain);
        if calendar.custom {
            let spine = self.spine_name(grain);
            let start = self.need(grain, Need::FirstPart(periods.grain, periods.window));
            let mut bounds = vec![Bound::FirstOf { spine: spine.clone(), column: start.clone(), from: calendar.data_from }];
            bounds.extend(inner.into_iter().map(|(_, bound)| Bound::FirstAfter {
                spine: spine.clone(),
                column: start.clone(),
                bound: Box::new(bound),
            }));
            return if periods.window == Window::AllTime { Vec::new() } else { bounds };
        }
        // The first inner period that counts, whatever it is moved by: its moves lead to earlier ones.
        let mut from = calendar.first_from(periods.grain, calendar.data_from);
        for (way, bound) in inner {
            let Bound::Day(bound) = bound else { continue };
            let reach = |period: Date| move_back(&way, period, periods.grain) >= bound;
            from = from.max(first_period(&calendar, periods.grain, reach));
        }
        let start_of = |period: Date| {
            let last = add_days(calendar.next(grain, period), -1);
            match periods.window {
                Window::Period | Window::Previous => period,
                Window::AllTime => calendar.first_from(periods.grain, calendar.data_from),
                Window::ToDate(unit) => calendar.period_start(unit, last),
                Window::Trailing(length) if periods.grain == Grain::Day => {
                    add(add_days(last, 1), length.unit, -i64::from(length.count))
                }
                Window::Trailing(length) => {
                    let count = i64::from(parts_in(periods.grain, length));
                    add(calendar.period_start(periods.grain, last), periods.grain, 1 - count)
                }
            }
        };
        if periods.window == Window::AllTime {
            let whole = from <= calendar.first_from(periods.grain, calendar.data_from);
            return if whole { Vec::new() } else { vec![Bound::Day(Date::MAX)] };
        }
        let first = first_period(&calendar, grain, |period| start_of(period) >= from);
        if first <= calendar.first_from(grain, calendar.data_from) { Vec::new() } else { vec![Bound::Day(first)] }
    }

    // --- Gaps ---

    /// A formula that is above 0 where any measure has a row in its own window.
    fn has_data(&mut self, formulas: &[Formula], place: &Place) -> Formula {
        let mut counts: Vec<Formula> = Vec::new();
        for formula in formulas {
            self.counts_of(formula, place, &mut counts);
        }
        let mut counts = counts.into_iter();
        let first = counts.next().unwrap_or_else(|| Expr::number(0));
        counts.fold(first, |all, next| Expr::apply(&operators::ADD, vec![all, next]))
    }

    fn counts_of(&mut self, formula: &Formula, place: &Place, counts: &mut Vec<Formula>) {
        let mut leaves = Vec::new();
        formula.leaves(&mut |leaf| {
            if let Leaf::Value(id, way) = leaf {
                leaves.push((*id, way.clone()));
            }
        });
        for (id, way) in leaves {
            let Some(measure) = self.expansion.measures.get(id).cloned() else { continue };
            let Some(of) = self.counting(&measure, place) else {
                // A hand-kept figure that is there is data.
                let there = Expr::apply(&operators::IS_NOT_NULL, vec![Expr::leaf(Leaf::Value(id, way))]);
                counts.push(Expr::apply(&if_::IF, vec![there, Expr::number(1), Expr::number(0)]));
                continue;
            };
            let counted = Measure { of, ..measure };
            let at = Place { back: way.back.clone(), ..place.clone() };
            let value = self.expansion.value(counted, &at, way.previous, "rows");
            let value = Expr::apply(&coalesce::COALESCE, vec![value, Expr::number(0)]);
            if !counts.contains(&value) {
                counts.push(value);
            }
        }
    }

    /// What counts the rows that a measure ranges over.
    fn counting(&mut self, measure: &Measure, place: &Place) -> Option<MeasureOf> {
        let rows = |aggregate: &Aggregate| {
            let aggregate = Aggregate {
                function: &count::COUNT,
                fraction: None,
                argument: None,
                at: At(None),
                ..aggregate.clone()
            };
            MeasureOf::Rows(Box::new(aggregate))
        };
        Some(match &measure.of {
            MeasureOf::Rows(aggregate) => rows(aggregate),
            MeasureOf::Entities(grouped) => rows(&grouped.of),
            MeasureOf::ByHand(_) => return None,
            MeasureOf::Periods(periods) => {
                let inner = Place { grain: periods.grain, back: Vec::new(), ..place.clone() };
                let mut counts = Vec::new();
                self.counts_of(&periods.of, &inner, &mut counts);
                let of = counts.into_iter().reduce(|all, next| Expr::apply(&operators::ADD, vec![all, next]))?;
                MeasureOf::Periods(Box::new(Periods { function: &sum::SUM, fraction: None, of, ..(**periods).clone() }))
            }
        })
    }
}

/// A day from which on something holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Bound {
    /// That day.
    Day(Date),
    /// The first period of a spine whose column is on or after a day.
    FirstOf { spine: String, column: String, from: Date },
    /// The first period of a spine whose column is on or after another bound.
    FirstAfter { spine: String, column: String, bound: Box<Bound> },
}

impl Bound {
    fn scalar(&self) -> Scalar {
        let first = |spine: &str, name: &str, from: Scalar| {
            let mut select = Select::from_part(spine);
            select.column(fold(&min::MIN, column(spine, "period")), "period");
            select.filter.push(Expr::apply(&operators::GREATER_OR_EQUAL, vec![column(spine, name), from]));
            Expr::leaf(Atom::Single(Box::new(select)))
        };
        match self {
            Bound::Day(day) => Expr::leaf(Atom::Moment(Moment::Day(*day))),
            Bound::FirstOf { spine, column, from } => first(spine, column, day(*from)),
            Bound::FirstAfter { spine, column, bound } => first(spine, column, bound.scalar()),
        }
    }
}

/// The first period from the day on which data is whole for which something holds; it holds for all later ones then.
fn first_period(calendar: &crate::calendar::Calendar, grain: Grain, holds: impl Fn(Date) -> bool) -> Date {
    let mut period = calendar.first_from(grain, calendar.data_from);
    while !holds(period) {
        let next = calendar.next(grain, period);
        if next <= period {
            return period;
        }
        period = next;
    }
    period
}

/// The period to which a move leads, in a calendar of rules.
fn move_back(way: &Move, period: Date, grain: Grain) -> Date {
    let back = way.back.iter().fold(period, |at, length| add(at, length.unit, -i64::from(length.count)));
    if way.previous { add(back, grain, -1) } else { back }
}

/// The moves in formulas, but for those that stay where they are.
fn moves_in(formulas: &[Formula]) -> BTreeSet<Move> {
    let mut found = BTreeSet::new();
    for formula in formulas {
        formula.leaves(&mut |leaf| {
            let (Leaf::Value(_, way) | Leaf::Known(way)) = leaf;
            if !way.is_nothing() {
                found.insert(way.clone());
            }
        });
    }
    found
}

/// The windows of the aggregates over related rows in a condition.
fn related_windows(filter: Option<&RowExpr>) -> Vec<Window> {
    let mut found = Vec::new();
    if let Some(filter) = filter {
        filter.leaves(&mut |leaf| {
            if let RowLeaf::Related(related) = leaf {
                found.push(related.aggregate.window);
                found.extend(related_windows(related.aggregate.filter.as_ref()));
            }
        });
    }
    found
}

/// A condition on the value of an entity.
fn on_value(filter: &RowExpr, value: &Scalar) -> Scalar {
    filter.map(&mut |leaf| match leaf {
        RowLeaf::Duration(count, _) => Expr::number(count),
        _ => value.clone(),
    })
}

/// That a group of a stack is of the dense set.
fn is_dense(stack: &Stack) -> Scalar {
    Expr::apply(&operators::IS_NOT_NULL, vec![fold(&max::MAX, column(&stack.name, &stack.dense))])
}

/// Whether a row is complete: its period is, and every window of its formulas begins once data is whole.
fn is_complete_here(stack: &Stack, whole: Vec<(Move, Bound)>) -> Scalar {
    let mut conditions = vec![fold(&max::MAX, column(&stack.name, &stack.dense))];
    for (way, bound) in whole {
        let period = match stack.moves.get(&way) {
            Some(name) => fold(&max::MAX, column(&stack.name, name)),
            None => column(&stack.name, "period"),
        };
        let reached = Expr::apply(&operators::GREATER_OR_EQUAL, vec![period, bound.scalar()]);
        // Where there is no such period nothing is whole.
        let reached = if way.is_nothing() {
            reached
        } else {
            Expr::apply(&coalesce::COALESCE, vec![reached, Expr::made(Node::Literal(Literal::Truth(false)))])
        };
        conditions.push(reached);
    }
    Expr::all(conditions).unwrap_or_else(Expr::null)
}
