//! The measures of a question that are looked up in rows: which are planned together, and from which day on.

use crate::calendar::{Date, Grain, add};
use crate::model::expr::{Aggregate, Expr};
use crate::model::{Body as KpiBody, DimensionId, KpiId, SourceId};
use crate::plan::algebra::relation::{From, Rows, Select, column, day};
use crate::plan::answer::assemble::Planner;
use crate::plan::answer::since::Since;
use crate::plan::lookup::expand::{Formula, FormulaLeaf, Measure, MeasureId, MeasureOf, Move};
use crate::plan::rows::{Ask, Group, Key, Series};
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
    pub(in crate::plan) fn shows_slices(&self, measure: &Measure) -> Option<usize> {
        let all = measure.keeps == self.question.dimensions && !measure.keeps.is_empty() && self.seen.is_none();
        all.then_some(measure.keeps.len())
    }

    pub(in crate::plan) fn dimension_keys(&self, source: SourceId, dimensions: &[DimensionId]) -> Vec<Key> {
        let place = |id: &DimensionId| {
            let dimension = self.model.dimensions.get(*id);
            let path = dimension.places.get(&source)?.clone();
            let lumped = self.question.lumped.clone().filter(|lumped| lumped.dimension == *id);
            Some(Key { name: self.key_name(*id), path, part: 0, lumped })
        };
        dimensions.iter().filter_map(place).collect()
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
