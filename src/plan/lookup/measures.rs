//! The measures of a question that are looked up in rows: which are planned together, and from which day on.

use crate::calendar::{Date, Grain, add};
use crate::functions::{Function, OverNothing, coalesce, operators};
use crate::model::clock::TimeKind;
use crate::model::expr::{Aggregate, Expr, Grouped, RowExpr, RowLeaf};
use crate::model::{Body as KpiBody, DimensionId, KpiId, SourceId};
use crate::plan::algebra::relation::{Atom, Fold, From, Ranking, Rows, Scalar, Select, column, day};
use crate::plan::answer::assemble::Planner;
use crate::plan::answer::since::Since;
use crate::plan::lookup::expand::{Formula, FormulaLeaf, Measure, MeasureId, MeasureOf, Move};
use crate::plan::lookup::finite::{self, Lowered};
use crate::plan::rows::{Ask, Group, Key, Series};
use crate::plan::time::ages::AGE;
use crate::plan::time::clocks;
use std::collections::BTreeSet;

impl Planner<'_> {
    /// Plans all measures that are looked up in rows.
    pub(in crate::plan) fn measures_over_rows(&mut self, formulas: &[Formula], data: Option<&Formula>) {
        let used = self.moves_of_measures(formulas.iter().chain(data));
        let since = match self.seen {
            // Which slices there are, is said by what is looked at as of the last visible day.
            Some(_) => vec![Since::Ever; self.expansion.measures.len()],
            None => self.since_of_measures(formulas.iter().chain(data)),
        };
        let measures = self.expansion.measures.clone();
        let mut groups: Vec<(Group, Vec<MeasureId>)> = Vec::new();
        let seen = self.seen;
        for (id, measure) in measures.iter().enumerate().filter(|(_, measure)| measure.seen == seen) {
            let moves = used.get(id).cloned().unwrap_or_default();
            let first = self.first_needed(measure, &moves, true);
            let first_shown = self.first_needed(measure, &moves, false);
            let Some(since) = since.get(id).cloned() else { continue };
            match &measure.of {
                MeasureOf::Rows(aggregate) => {
                    let keys = self.dimension_keys(aggregate.source, &measure.keeps);
                    let slices = self.shows_slices(measure);
                    let ask = Ask { first_shown, ..self.ask(id, aggregate, measure.grain, (first, since)) };
                    let same = |group: &Group| {
                        group.source == aggregate.source
                            && group.time == aggregate.time
                            && group.stock == aggregate.stock
                            && group.slices == slices
                            && group.keys.iter().map(|key| &key.path).eq(keys.iter().map(|key| &key.path))
                    };
                    if let Some((group, ids)) = groups.iter_mut().find(|(group, _)| same(group)) {
                        group.asks.push(ask);
                        ids.push(id);
                    } else {
                        let group = Group {
                            source: aggregate.source,
                            time: aggregate.time,
                            stock: aggregate.stock.clone(),
                            keys,
                            slices,
                            by_entity: false,
                            presence: false,
                            asks: vec![ask],
                        };
                        groups.push((group, vec![id]));
                    }
                }
                MeasureOf::Entities(grouped) => {
                    let series = self.entities(id, measure, grouped, (first, first_shown, since));
                    self.set(id, series);
                }
                MeasureOf::ByHand(kpi) => {
                    let series = self.by_hand(id, *kpi);
                    self.set(id, series);
                }
                MeasureOf::Fresh(source, stock) => {
                    let series = self.fresh(id, *source, stock, measure.grain);
                    self.set(id, series);
                }
                MeasureOf::Unknown(source, stock) => {
                    let series = self.unknown(id, *source, stock, measure.grain);
                    self.set(id, series);
                }
                MeasureOf::Trusted(source, when) => {
                    let series = self.trusted(id, *source, *when, measure.grain);
                    self.set(id, series);
                }
                MeasureOf::Doubt(source, reach) => {
                    let series = self.doubt(id, *source, reach, measure.grain);
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

    pub(in crate::plan) fn set(&mut self, id: MeasureId, series: Series) {
        if let Some(slot) = self.series.get_mut(id) {
            *slot = Some(series);
        }
    }

    fn ask(&self, id: MeasureId, aggregate: &Aggregate, grain: Grain, (first, since): (Option<Date>, Since)) -> Ask {
        let column = self.value_columns.get(id).cloned().unwrap_or_default();
        Ask { aggregate: aggregate.clone(), column, grain, first, first_shown: first, since }
    }

    /// For each measure the moves by which it is looked at.
    fn moves_of_measures<'f>(&self, formulas: impl Iterator<Item = &'f Formula>) -> Vec<BTreeSet<Move>> {
        let mut used = vec![BTreeSet::new(); self.expansion.measures.len()];
        let mut note = |formula: &Formula| {
            formula.leaves(&mut |leaf| {
                if let FormulaLeaf::Value(id, way) = leaf
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

    /// The first day of the first period at which a measure is needed, perhaps only to know which slices there are; nothing where
    /// that is not known.
    fn first_needed(&self, measure: &Measure, moves: &BTreeSet<Move>, for_slices: bool) -> Option<Date> {
        if self.seen.is_some() {
            return self.first_needed_to_date(measure, moves);
        }
        let calendar = self.calendar;
        let inner = measure.grain != self.question.grain || self.expansion.is_inside_periods(measure);
        let back = moves.iter().any(|way| !way.back.is_empty());
        let early = inner || back || for_slices && !measure.keeps.is_empty();
        let first = if early { calendar.data_from } else { self.shown_from() };
        if !moves.iter().any(|way| way.previous) {
            return Some(first);
        }
        // The period before the first may begin before data is whole.
        (!calendar.custom).then(|| add(calendar.period_start(measure.grain, first), measure.grain, -1))
    }

    /// How many keys show which slices there are: all, if the measure keeps all dimensions of the question.
    fn shows_slices(&self, measure: &Measure) -> Option<usize> {
        let all = measure.keeps == self.question.dimensions && !measure.keeps.is_empty() && self.seen.is_none();
        all.then_some(measure.keeps.len())
    }

    fn dimension_keys(&self, source: SourceId, dimensions: &[DimensionId]) -> Vec<Key> {
        let place = |id: &DimensionId| {
            let dimension = self.model.dimensions.get(*id);
            let path = dimension.places.get(&source)?.clone();
            let lumped = self.question.lumped.clone().filter(|lumped| lumped.dimension == *id);
            Some(Key { name: self.key_name(*id), path, part: 0, lumped })
        };
        dimensions.iter().filter_map(place).collect()
    }

    /// One value per entity, then an aggregate over entities.
    fn entities(
        &mut self,
        id: MeasureId,
        measure: &Measure,
        grouped: &Grouped,
        (first, first_shown, since): (Option<Date>, Option<Date>, Since),
    ) -> Series {
        let source = grouped.of.source;
        let mut keys = self.dimension_keys(source, &measure.keeps);
        let dimensions = keys.len();
        let entity = self.model.path_text(source, &grouped.entity).replace('.', "_");
        for part in 0..self.model.column(source, &grouped.entity).storage.parts() {
            let name = self.columns.take(&entity);
            keys.push(Key { name, path: grouped.entity.clone(), part, lumped: None });
        }
        let value = self.columns.take("value_of_each");
        let ask = Ask { aggregate: grouped.of.clone(), column: value, grain: measure.grain, first, first_shown, since };
        let group = Group {
            source,
            time: grouped.of.time,
            stock: grouped.of.stock.clone(),
            slices: self.shows_slices(measure),
            by_entity: true,
            presence: true,
            asks: vec![ask],
            keys,
        };
        let inner = self.group(&group).into_iter().next();
        let Some(inner) = inner else { return Series { part: String::new(), column: String::new(), rows: None } };
        let from = inner.part.clone();
        let zero = |function: &Function| function.aggregation().is_some_and(|traits| traits.over_nothing == OverNothing::Zero);
        let value = column(&from, &inner.column);
        let value = if zero(grouped.of.function) { or_zero(value) } else { value };
        let value = Lowered::new(value, finite::of_aggregate(self.model, &grouped.of)).settled();
        let mut dimension_keys: Vec<String> = group.keys.iter().take(dimensions).map(|key| key.name.clone()).collect();
        dimension_keys.extend(measure.age().map(|_| AGE.to_owned()));
        let entity_keys: Vec<String> = group.keys.iter().skip(dimensions).map(|key| key.name.clone()).collect();
        let mut which: Vec<Scalar> =
            entity_keys.iter().map(|key| Expr::apply(&operators::IS_NOT_NULL, vec![column(&from, key)])).collect();
        if let Some(rows) = &inner.rows {
            which.push(Expr::apply(&operators::GREATER, vec![column(&from, rows), Expr::number(0)]));
        }
        if let Some(filter) = &grouped.filter {
            let is_instant = self.model.aggregate_time_kind(&grouped.of) == Some(TimeKind::Instant);
            let shown = if is_instant { clocks::civil_of(self.calendar, value.clone()) } else { value.clone() };
            which.push(on_value(filter, &shown));
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
        let over =
            Fold { function: grouped.function, fraction: grouped.fraction.clone(), argument, filter: None, order: Vec::new() };
        let own = self.value_columns.get(id).cloned().unwrap_or_default();
        let over = Expr::leaf(Atom::Aggregate(Box::new(over)));
        // There is a row where an entity counts, even if its value is null.
        let is_zero = grouped.null_if_empty && zero(grouped.function);
        select.column(if is_zero { or_zero(over) } else { over }, &own);
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
                let figure = figure.whole.map_or_else(|| Expr::number(figure.number), Expr::number);
                rows.push(vec![day(*start), figure]);
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
}

fn or_zero(value: Scalar) -> Scalar {
    Expr::apply(&coalesce::COALESCE, vec![value, Expr::number(0)])
}

/// A condition on the value of an entity.
fn on_value(filter: &RowExpr, value: &Scalar) -> Scalar {
    filter.map(&mut |leaf| match leaf {
        RowLeaf::Duration(count, _) => Expr::number(count),
        _ => value.clone(),
    })
}
