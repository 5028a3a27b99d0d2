//! Values of entities: the aggregates over the rows of each first, what is computed of them next, and the aggregate over entities last.
//!
//! An entity is there if a row of it counts for one of the aggregates. They share one scan where they can; those that cannot are
//! stacked, as facts of several sources are.

use crate::calendar::{Date, Grain};
use crate::functions::{Function, OverNothing, coalesce, conversions, max, operators};
use crate::model::clock::TimeKind;
use crate::model::expr::{Aggregate, CalcLeaf, Expr, Grouped, Node, Path, RowExpr, RowLeaf};
use crate::model::{DimensionId, Model};
use crate::plan::algebra::relation::{Atom, Body, Fold, Ranking, Scalar, Select, column, fold};
use crate::plan::answer::assemble::Planner;
use crate::plan::answer::since::Since;
use crate::plan::lookup::expand::{Measure, MeasureId};
use crate::plan::lookup::finite::{self, Lowered};
use crate::plan::lookup::lower::{self, Leaves};
use crate::plan::lookup::whole;
use crate::plan::rows::{Ask, Group, Key, Series};
use crate::plan::time::ages::AGE;
use crate::plan::time::clocks;

/// A part of which each row is a period and an entity.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Entities {
    part: String,
    /// The columns that tell them apart within a period: dimensions and the age, and those of the entity.
    dimensions: Vec<String>,
    entity: Vec<String>,
    /// The column that counts rows, where entities without any are among those of the part.
    rows: Option<String>,
    /// The columns of the aggregates, in their order.
    columns: Vec<String>,
}

/// What has values for each entity: those that ask for the same share a part.
#[derive(Debug, PartialEq)]
pub(in crate::plan) struct OfEach {
    aggregates: Vec<Aggregate>,
    entity: Path,
    keeps: Vec<DimensionId>,
    grain: Grain,
    days: (Option<Date>, Option<Date>, Since),
}

impl Planner<'_> {
    /// One value per entity, then an aggregate over entities.
    pub(in crate::plan) fn entities(
        &mut self,
        id: MeasureId,
        measure: &Measure,
        grouped: &Grouped,
        days: (Option<Date>, Option<Date>, Since),
    ) -> Series {
        let mut entities = self.each_entity(measure, grouped, days);
        let part = entities.part.as_str();
        let mut which: Vec<Scalar> =
            entities.entity.iter().map(|key| Expr::apply(&operators::IS_NOT_NULL, vec![column(part, key)])).collect();
        which.extend(entities.rows.iter().map(|rows| has_rows(part, rows)));
        let columns = grouped.aggregates().into_iter().zip(&entities.columns);
        let values = Values { model: self.model, part, columns: columns.collect() };
        let mut value = lower::lowered(self.calendar, &grouped.of, &values).settled();
        let looked_at = grouped.filter.is_some() || grouped.top.is_some();
        if looked_at && !matches!(grouped.of.node, Node::Leaf(_)) {
            value = self.valued(&mut entities, value, std::mem::take(&mut which));
        }
        if let Some(filter) = &grouped.filter {
            let is_instant = self.model.entity_time_kind(grouped) == Some(TimeKind::Instant);
            let shown = if is_instant { clocks::civil_of(self.calendar, value.clone()) } else { value.clone() };
            which.push(on_value(filter, &shown));
        }
        if let Some(count) = grouped.top {
            (value, which) = self.top(&mut entities, &value, which, count);
        }
        self.over_entities(id, measure, grouped, &entities, (value, which))
    }

    /// The aggregates over the rows of each entity.
    fn each_entity(&mut self, measure: &Measure, grouped: &Grouped, days: (Option<Date>, Option<Date>, Since)) -> Entities {
        let of = OfEach {
            aggregates: grouped.aggregates().into_iter().cloned().collect(),
            entity: grouped.entity.clone(),
            keeps: measure.keeps.clone(),
            grain: measure.grain,
            days,
        };
        if let Some((_, entities)) = self.of_each.iter().find(|(known, _)| *known == of) {
            return entities.clone();
        }
        let source = grouped.source;
        let mut keys = self.dimension_keys(source, &measure.keeps);
        let dimensions = keys.len();
        let name = self.model.path_text(source, &grouped.entity).replace('.', "_");
        for part in 0..self.model.column(source, &grouped.entity).storage.parts() {
            let name = self.columns.take(&name);
            keys.push(Key { name, path: grouped.entity.clone(), part, lumped: None });
        }
        let (first, first_shown, since) = &of.days;
        let asks = of.aggregates.iter().map(|aggregate| Ask {
            aggregate: aggregate.clone(),
            column: self.columns.take("value_of_each"),
            grain: of.grain,
            first: *first,
            first_shown: *first_shown,
            since: since.clone(),
        });
        let asks = asks.collect();
        let (time, stock, _) = grouped.looks();
        let slices = self.shows_slices(measure);
        let group = Group { source, time, stock: stock.cloned(), slices, by_entity: true, presence: true, asks, keys };
        let series = self.group(&group);
        let mut names: Vec<String> = group.keys.iter().map(|key| key.name.clone()).collect();
        let entity = names.split_off(dimensions);
        names.extend(measure.age().map(|_| AGE.to_owned()));
        let (part, rows) = self.beside(&series, &[names.as_slice(), entity.as_slice()].concat());
        let columns = series.into_iter().map(|series| series.column).collect();
        let entities = Entities { part, dimensions: names, entity, rows, columns };
        self.of_each.push((of, entities.clone()));
        entities
    }

    /// The aggregate over the values of entities.
    fn over_entities(
        &mut self,
        id: MeasureId,
        measure: &Measure,
        grouped: &Grouped,
        entities: &Entities,
        (value, which): (Scalar, Vec<Scalar>),
    ) -> Series {
        let mut select = entities.select();
        select.group_by_these();
        let argument = Some(value);
        let over =
            Fold { function: grouped.function, fraction: grouped.fraction.clone(), argument, filter: None, order: Vec::new() };
        let own = self.value_columns.get(id).cloned().unwrap_or_default();
        let over = Expr::leaf(Atom::Aggregate(Box::new(over)));
        // There is a row where an entity counts, even if its value is null.
        let is_zero = grouped.null_if_empty && is_zero_over_nothing(grouped.function);
        select.column(if is_zero { or_zero(over) } else { over }, &own);
        select.filter = which;
        let part = self.names.take(&format!("{own}_by_{}", measure.grain));
        self.push(&part, select);
        Series { part, column: own, rows: None }
    }

    /// Values of the same entities in one part, with the column that counts their rows where entities without any are among those of the part.
    fn beside(&mut self, series: &[Series], keys: &[String]) -> (String, Option<String>) {
        let Some(first) = series.first() else { return (String::new(), None) };
        if series.iter().all(|other| other.part == first.part) {
            return (first.part.clone(), first.rows.clone());
        }
        let mut parts: Vec<&Series> = Vec::new();
        for one in series {
            if !parts.iter().any(|known| known.part == one.part) {
                parts.push(one);
            }
        }
        let with_keys = |of: &str| {
            let mut select = Select::from_part(of);
            for key in std::iter::once("period").chain(keys.iter().map(String::as_str)) {
                select.column(column(of, key), key);
            }
            select
        };
        let selects = parts.into_iter().map(|one| {
            let mut select = with_keys(&one.part);
            for other in series {
                let value = if other.part == one.part { column(&one.part, &other.column) } else { Expr::null() };
                select.column(value, &other.column);
            }
            select.filter.extend(one.rows.iter().map(|rows| has_rows(&one.part, rows)));
            select
        });
        let body = Body::Union(selects.collect());
        let stacked = self.names.take("values_of_each");
        self.push_body(&stacked, body);
        let mut select = with_keys(&stacked);
        select.group_by_these();
        for one in series {
            select.column(fold(&max::MAX, column(&stacked, &one.column)), &one.column);
        }
        let part = self.names.take("values_beside");
        self.push(&part, select);
        (part, None)
    }

    /// The value of each entity as a column, where it is looked at more than once.
    fn valued(&mut self, entities: &mut Entities, value: Scalar, which: Vec<Scalar>) -> Scalar {
        let mut select = entities.select();
        for key in &entities.entity {
            select.column(column(&entities.part, key), key);
        }
        select.column(value, "value");
        select.filter = which;
        entities.part = self.names.take(&format!("{}_valued", entities.part));
        self.push(&entities.part, select);
        column(&entities.part, "value")
    }

    /// The entities with the greatest values, ties by the entity.
    fn top(&mut self, entities: &mut Entities, value: &Scalar, which: Vec<Scalar>, count: u32) -> (Scalar, Vec<Scalar>) {
        let from = entities.part.as_str();
        let mut select = entities.select();
        select.column(value.clone(), "value");
        let part = std::iter::once("period").chain(entities.dimensions.iter().map(String::as_str));
        let mut order = vec![(value.clone(), true)];
        order.extend(entities.entity.iter().map(|key| (column(from, key), false)));
        let ranking = Ranking { part: part.map(|key| column(from, key)).collect(), order, dense: false };
        select.column(Expr::leaf(Atom::RowNumber(Box::new(ranking))), "place");
        select.filter = which;
        let name = self.names.take(&format!("{from}_ranked"));
        self.push(&name, select);
        let within = Expr::apply(&operators::LESS_OR_EQUAL, vec![column(&name, "place"), Expr::number(count)]);
        let value = column(&name, "value");
        entities.part = name;
        (value, vec![within])
    }
}

impl Entities {
    /// Their rows by period and dimensions.
    fn select(&self) -> Select {
        let mut select = Select::from_part(&self.part);
        for key in std::iter::once("period").chain(self.dimensions.iter().map(String::as_str)) {
            select.column(column(&self.part, key), key);
        }
        select
    }
}

/// The aggregates of an entity, as columns of a part.
struct Values<'a> {
    model: &'a Model,
    part: &'a str,
    columns: Vec<(&'a Aggregate, &'a String)>,
}

impl Leaves<CalcLeaf> for Values<'_> {
    fn value(&self, leaf: &CalcLeaf) -> Lowered {
        // Checked: nothing but aggregates stands there, and all of them are asked for.
        let known = |of: &Aggregate| self.columns.iter().find(|(aggregate, _)| *aggregate == of);
        let CalcLeaf::Aggregate(aggregate) = leaf else { return Lowered::small(Expr::null()) };
        let Some((_, name)) = known(aggregate) else { return Lowered::small(Expr::null()) };
        let value = column(self.part, name);
        let value = if is_zero_over_nothing(aggregate.function) { or_zero(value) } else { value };
        Lowered::new(value, finite::of_aggregate(self.model, aggregate))
    }

    fn is_whole(&self, leaf: &CalcLeaf) -> bool {
        matches!(leaf, CalcLeaf::Aggregate(aggregate) if whole::aggregates_whole(self.model, aggregate))
    }

    fn room(&self, leaf: &CalcLeaf) -> Option<&'static Function> {
        let CalcLeaf::Aggregate(aggregate) = leaf else { return None };
        if aggregate.function.name.starts_with("count") || !whole::aggregates_numbers(self.model, aggregate) {
            None
        } else if self.is_whole(leaf) {
            Some(&conversions::WIDEN)
        } else {
            Some(&conversions::TO_NUMBER)
        }
    }

    fn time_kind(&self, leaf: &CalcLeaf) -> Option<TimeKind> {
        match leaf {
            CalcLeaf::Aggregate(aggregate) => self.model.aggregate_time_kind(aggregate),
            _ => None,
        }
    }
}

fn is_zero_over_nothing(function: &Function) -> bool {
    function.aggregation().is_some_and(|traits| traits.over_nothing == OverNothing::Zero)
}

fn or_zero(value: Scalar) -> Scalar {
    Expr::apply(&coalesce::COALESCE, vec![value, Expr::number(0)])
}

fn has_rows(part: &str, rows: &str) -> Scalar {
    Expr::apply(&operators::GREATER, vec![column(part, rows), Expr::number(0)])
}

/// A condition on the value of an entity.
fn on_value(filter: &RowExpr, value: &Scalar) -> Scalar {
    filter.map(&mut |leaf| match leaf {
        RowLeaf::Duration(count, _) => Expr::number(count),
        _ => value.clone(),
    })
}
