//! Journeys: sources whose columns are steps, and the columns of the first step's source.
//!
//! 1. [`step`] finds the rows of each step: its source and time, who takes it, and its condition.
//! 2. [`inherit`] gives the journey the columns of its first step's source.
//!
//! A step that is wrong stays a column of unknown type, so that nothing that follows from it is said.

use super::row::Scope;
use super::source::{split_path, unknown_column};
use super::{Formulas, Resolver};
use crate::diagnostic::{Findings, codes};
use crate::formula::Expression;
use crate::model::facts::{Range, Type};
use crate::model::freshness::Freshness;
use crate::model::id::Table;
use crate::model::journey::{Carried, Journey, Order, Starts, Step, StepRows};
use crate::model::unit::Unit;
use crate::model::{Clock, Column, ColumnId, ColumnUnit, KeyPart, Model, Source, SourceId, SourceKind, Storage};
use crate::spec::Spec;
use crate::spec::journey as written;
use crate::spec::reader::Text;
use foldhash::HashMap;
use std::collections::HashSet;

/// Adds the journeys to the table of sources, once all of these are there.
pub(super) fn journeys(spec: &Spec, formulas: &Formulas, model: &mut Model, findings: &mut Findings) {
    let mut made = Vec::new();
    for (journey, trees) in spec.journeys.iter().zip(&formulas.steps) {
        if journey.steps.is_empty() && !journey.is_partial {
            let message = format!("the journey `{}` has no steps", journey.name.value);
            findings
                .report(&codes::MISSING_KEY, journey.name.span, message)
                .help("add at least one: `steps: { signed_up: { at: users.created_at, entity: user_id } }`");
        }
        let steps = journey.steps.iter().zip(trees).map(|(step, tree)| rows(step, tree.as_ref(), spec, model, findings));
        let steps: Vec<Option<StepRows>> = steps.collect();
        made.push(source(journey, steps, model, findings));
    }
    for source in made {
        let name = source.name.value.clone();
        let id = model.sources.push(source);
        model.source_names.insert(name, id);
    }
}

fn text(text: Option<&Text>) -> String {
    text.map(|text| text.value.clone()).unwrap_or_default()
}

/// The rows of a step, or a finding that says why there are none.
fn rows(
    step: &written::Step,
    tree: Option<&Expression>,
    spec: &Spec,
    model: &Model,
    findings: &mut Findings,
) -> Option<StepRows> {
    let at = step.at.as_ref()?;
    let (source, time) = time(step, at, spec, model, findings)?;
    let mut resolver = Resolver::new(model, spec.incomplete);
    let entity = step.entity.as_ref().and_then(|entity| {
        let path = resolver.column_path(source, &split_path(entity))?;
        Some((path, entity.span))
    });
    let filter = tree.map(|tree| resolver.row(tree, &Scope::derived(source)));
    findings.append(resolver.findings);
    // A condition that could not be read has been reported.
    let filter_is_known = tree.is_some() || step.filter.is_none();
    let (entity, entity_span) = entity.filter(|_| filter_is_known)?;
    let written = step.filter.as_ref().map(|filter| filter.text.trim_end().to_owned()).unwrap_or_default();
    Some(StepRows { source, time, time_span: at.span, entity, entity_span, filter, written })
}

/// The source and the time column that `at` names.
fn time(step: &written::Step, at: &Text, spec: &Spec, model: &Model, findings: &mut Findings) -> Option<(SourceId, ColumnId)> {
    let names = split_path(at);
    let (first, rest) = names.split_first()?;
    if let Some(journey) = spec.journeys.iter().find(|journey| journey.name.value == first.value) {
        let message = format!("`{}` is a journey, but a step is a time of a source", first.value);
        findings
            .report(&codes::MISSING_TIME, first.span, message)
            .also(journey.name.span, "the journey")
            .help("name the source and the time column that the other journey's step has");
        return None;
    }
    let Some(id) = model.source_named(first) else {
        let column = model.sources.rows().iter().find(|source| rest.is_empty() && source.names.contains_key(&first.value));
        match column {
            Some(source) => {
                let message = format!("the step `{}` does not say which source `{}` belongs to", step.name.value, first.value);
                findings
                    .report(&codes::UNCLEAR_SOURCE, first.span, message)
                    .help(format!("write `{}.{}`", source.name.value, first.value));
            }
            None if !spec.incomplete => super::unknown_source(model, first, findings),
            None => {}
        }
        return None;
    };
    let source = model.sources.get(id);
    let [name] = rest else {
        let (message, help) = if rest.is_empty() {
            let own = source.time.map(|time| source.columns.get(time).name.value.as_str());
            let times = source.columns.rows().iter().filter(|column| column.ty.is_time() && column.ty != Type::Error);
            let times: Vec<String> = times.map(|column| format!("`at: {}.{}`", first.value, column.name.value)).collect();
            let help = match (own, times.is_empty()) {
                (Some(own), _) => format!("write `at: {}.{own}`", first.value),
                (None, false) => format!("write {}", times.join(" or ")),
                (None, true) => format!("`{}` has no time column, and a step needs one", first.value),
            };
            (format!("the step `{}` has no time: `{}` is a source", step.name.value, first.value), help)
        } else {
            (
                format!("the time of the step `{}` is not a column of `{}` itself", step.name.value, first.value),
                "to use a time of another source, derive a column here with `expr:`".to_owned(),
            )
        };
        findings.report(&codes::MISSING_TIME, at.span, message).help(help);
        return None;
    };
    let Some(column) = source.names.get(&name.value).copied() else {
        unknown_column(source, name, findings);
        return None;
    };
    let ty = source.columns.get(column).ty;
    if !ty.is_time() {
        let message = format!("`{}` is {ty}, so it cannot be the time of the step `{}`", name.value, step.name.value);
        findings.report(&codes::TYPE_MISMATCH, name.span, message).help("name a column of dates, timestamps or instants");
        return None;
    }
    Some((id, column))
}

/// The journey as a source.
fn source(journey: &written::Journey, steps: Vec<Option<StepRows>>, model: &Model, findings: &mut Findings) -> Source {
    let mut columns = Table::default();
    let mut names = HashMap::default();
    let mut made = Journey {
        starts: match journey.starts.as_ref().map(|starts| starts.value.as_str()) {
            Some("every") => Starts::Every,
            _ => Starts::First,
        },
        order: match journey.order.as_ref().map(|order| order.value.as_str()) {
            Some("any") => Order::Any,
            _ => Order::Strict,
        },
        steps: Vec::new(),
        inherited: Vec::new(),
        carried: Vec::new(),
    };
    for (at, (step, rows)) in journey.steps.iter().zip(steps).enumerate() {
        let column = columns.push(step_column(step, rows.as_ref(), at == 0, model));
        names.insert(step.name.value.clone(), column);
        made.steps.push(Step { column, rows, apart: Vec::new() });
    }
    let first = made.first().map(|first| first.source);
    let key = match first {
        Some(first) => inherit(first, journey, &mut made, &mut columns, &mut names, model, findings),
        None => Vec::new(),
    };
    let time = made.steps.first().filter(|step| step.rows.is_some()).map(|step| step.column);
    Source {
        is_partial: first.is_none_or(|first| model.sources.get(first).is_partial),
        lacks_time: time.is_none(),
        unread: false,
        name: journey.name.clone(),
        description: text(journey.description.as_ref()),
        relation: None,
        relation_span: None,
        reads: Vec::new(),
        kind: SourceKind::Events,
        holds: None,
        // Those of its steps' sources say when their rows come.
        freshness: Freshness::default(),
        journey: Some(made),
        row: text(journey.row.as_ref()),
        key,
        key_span: None,
        time,
        time_span: journey.steps.first().map(|step| step.name.span),
        columns,
        names,
    }
}

fn step_column(step: &written::Step, rows: Option<&StepRows>, is_first: bool, model: &Model) -> Column {
    let ty = rows.map_or(Type::Error, |rows| model.sources.get(rows.source).columns.get(rows.time).ty);
    Column {
        name: step.name.clone(),
        description: String::new(),
        ty,
        // The times of steps have become civil times before they are compared.
        clock: Clock::Civil,
        storage: Storage::Stored(step.name.value.clone()),
        sql_spans: Vec::new(),
        written: String::new(),
        reference: None,
        reference_span: None,
        unit: ColumnUnit::Fixed(Unit::none()),
        range: Range::ANY,
        values: Vec::new(),
        nullable: !is_first,
    }
}

/// Gives a journey the columns of its first step's source; its key, which no two journeys share, among them.
fn inherit(
    first: SourceId,
    journey: &written::Journey,
    made: &mut Journey,
    columns: &mut Table<Column>,
    names: &mut HashMap<String, ColumnId>,
    model: &Model,
    findings: &mut Findings,
) -> Vec<ColumnId> {
    let from = model.sources.get(first);
    let mut taken: HashSet<String> = from.names.keys().chain(names.keys()).cloned().collect();
    for (id, column) in from.columns.iter() {
        let name = &column.name.value;
        if names.contains_key(name) {
            let step = journey.steps.iter().find(|step| step.name.value == *name);
            let span = step.map_or(journey.name.span, |step| step.name.span);
            let message =
                format!("`{name}` is a step, and also a column of `{}`, the source of the first step", from.name.value);
            findings
                .report(&codes::DUPLICATE_DEFINITION, span, message)
                .also(column.name.span, "the column")
                .help("both would be columns of the journey: rename the step");
            continue;
        }
        let storage = match &column.storage {
            Storage::Several(parts) => {
                let parts = parts.iter().enumerate().map(|(part, _)| {
                    let mut wish = format!("{name}_{}", part + 1);
                    while !taken.insert(wish.clone()) {
                        wish.push('_');
                    }
                    made.carried.push(Carried { name: wish.clone(), column: id, part });
                    wish
                });
                Storage::Several(parts.map(KeyPart::Stored).collect())
            }
            Storage::Stored(_) | Storage::Raw(_) => {
                made.carried.push(Carried { name: name.clone(), column: id, part: 0 });
                Storage::Stored(name.clone())
            }
            // Worked out of the other columns, once all of these are there.
            Storage::Derived(expr) => Storage::Derived(expr.clone()),
        };
        let own = columns.push(inherited(column, storage));
        names.insert(name.clone(), own);
        made.inherited.push((own, id));
    }
    for (own, id) in &made.inherited {
        let column = from.columns.get(*id);
        let own = columns.get_mut(*own);
        if let Storage::Derived(expr) = &column.storage {
            own.storage = Storage::Derived(made.inherit_row(expr));
        }
        if let ColumnUnit::ByColumn(currency) = column.unit
            && let Some((currency, _)) = made.inherited.iter().find(|(_, there)| *there == currency)
        {
            own.unit = ColumnUnit::ByColumn(*currency);
        }
    }
    let own = |key: &ColumnId| made.inherited.iter().find(|(_, there)| there == key).map(|(own, _)| *own);
    from.key.iter().filter_map(own).collect()
}

/// A column of the first step's source as one of the journey.
fn inherited(column: &Column, storage: Storage) -> Column {
    let derived = matches!(column.storage, Storage::Derived(_));
    Column {
        name: column.name.clone(),
        description: column.description.clone(),
        ty: column.ty,
        clock: if derived { Clock::Civil } else { column.clock.clone() },
        storage,
        sql_spans: Vec::new(),
        written: column.written.clone(),
        reference: column.reference,
        reference_span: column.reference_span,
        unit: match &column.unit {
            ColumnUnit::Fixed(unit) => ColumnUnit::Fixed(unit.clone()),
            ColumnUnit::ByColumn(_) => ColumnUnit::Fixed(Unit::none()),
        },
        range: column.range,
        values: column.values.clone(),
        nullable: column.nullable,
    }
}
