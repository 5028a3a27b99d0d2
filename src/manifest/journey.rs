//! The entries of journeys.

use super::Collected;
use super::data::{Journey, Step};
use crate::model::journey::{Order, Starts};
use crate::model::{self, ColumnId};
use std::collections::BTreeMap;

/// The entries of all journeys.
pub(super) fn journeys(whole: &Collected<'_>) -> BTreeMap<String, Journey> {
    let made = whole.model.sources.rows().iter().filter_map(|source| entry(whole, source, source.journey.as_ref()?));
    made.map(|journey| (journey.name.clone(), journey)).collect()
}

fn entry(whole: &Collected<'_>, source: &model::Source, journey: &model::journey::Journey) -> Option<Journey> {
    let named = |id: ColumnId| source.columns.get(id);
    let step = |step: &model::journey::Step| {
        let (column, rows) = (named(step.column), step.rows.as_ref()?);
        let from = whole.model.sources.get(rows.source);
        Some(Step {
            name: column.name.value.clone(),
            title: whole.model.title(&column.name.value),
            ty: column.ty.written().to_owned(),
            source: from.name.value.clone(),
            at: from.columns.get(rows.time).name.value.clone(),
            entity: whole.model.path_text(rows.source, &rows.entity),
            filter: Some(rows.written.clone()).filter(|written| !written.is_empty()),
        })
    };
    let first = whole.model.sources.get(journey.first()?.source);
    Some(Journey {
        name: source.name.value.clone(),
        title: whole.model.title(&source.name.value),
        description: source.description.clone(),
        row: source.row.clone(),
        starts: match journey.starts {
            Starts::First => "first",
            Starts::Every => "every",
        }
        .to_owned(),
        order: match journey.order {
            Order::Strict => "strict",
            Order::Any => "any",
        }
        .to_owned(),
        steps: journey.steps.iter().filter_map(step).collect(),
        columns: journey.inherited.iter().map(|(_, there)| whole.column(first, first.columns.get(*there))).collect(),
        defined: whole.place(source.name.span),
    })
}
