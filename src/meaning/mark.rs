//! A short mark of what a KPI means: the same for specs that are written otherwise and proven to be the same, another where figures may differ.
//!
//! It is made of the KPI's normal form written out to columns, of what sources, journeys and the calendar say about these, and of [`FIGURES`].

use super::{Names, Writer, normal};
use crate::graph::{Graph, Node};
use crate::model::expr::Path;
use crate::model::{Body, ColumnId, Holds, KeyPart, KpiId, Model, Source, SourceId, Storage};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// What kpic makes of a definition. It grows with each version of kpic that shows other figures for a spec that was legal, so that all marks differ then.
pub const FIGURES: u32 = 1;

/// The mark of a KPI: 16 hexadecimal digits.
pub fn mark(model: &Model, graph: &Graph, id: KpiId) -> String {
    // What this version promises of its data the next one may not.
    let names = Names { promised: Some(BTreeSet::new()), ..Names::default() };
    let writer = Writer::written_out(model, &names);
    let kpi = model.kpis.get(id);
    let mut text = format!("figures {FIGURES}\n");
    let mut say = |what: &str, is: &dyn std::fmt::Debug| _ = writeln!(text, "{what} {is:?}");
    match &kpi.body {
        Body::Formula(_) => say("formula", &normal::value(&writer.kpi(id))),
        Body::Values(values) => say("values", values),
        Body::Broken => say("formula", &"broken"),
    }
    say("unit", &kpi.facts.unit.to_string());
    say("grain", &kpi.grain);
    say("age", &kpi.age.as_ref().map(|age| age.value));
    say("gaps", &(kpi.omit_gaps, kpi.empty_is_null));
    let calendar = &model.calendar;
    say("calendar", &(calendar.start, calendar.data_from, calendar.settle, calendar.week_starts, calendar.fiscal_month));
    say("zone", &calendar.zone.name());
    let mut columns: BTreeMap<SourceId, BTreeSet<ColumnId>> = BTreeMap::new();
    let mut by_hand = BTreeSet::new();
    for node in graph.upstream(Node::Kpi(id)) {
        match node {
            Node::Source(source) => _ = columns.entry(source).or_default(),
            Node::Column(source, column) => _ = columns.entry(source).or_default().insert(column),
            // Figures that are kept by hand are part of what is made of them.
            Node::Kpi(other) => {
                let other = model.kpis.get(other);
                if let Body::Values(values) = &other.body {
                    by_hand.insert(format!("by hand {} {values:?}\n", other.name.value));
                }
            }
            Node::Dimension(_) => {}
        }
    }
    let mut sources: Vec<String> = columns.into_iter().map(|(id, columns)| of_source(model, &writer, id, &columns)).collect();
    sources.sort();
    text.extend(sources);
    text.extend(by_hand);
    let sum = Sha256::digest(text.as_bytes());
    sum.iter().take(8).fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn of_source(model: &Model, writer: &Writer<'_>, id: SourceId, columns: &BTreeSet<ColumnId>) -> String {
    let source = model.sources.get(id);
    let named = |column: ColumnId| source.columns.get(column).name.value.as_str();
    let mut text = format!("source {}\n", source.name.value);
    let mut say = |what: &str, is: &dyn std::fmt::Debug| _ = writeln!(text, "  {what} {is:?}");
    say("rows", &source.relation);
    say("kind", &source.kind);
    say("key", &source.key.iter().map(|column| named(*column)).collect::<Vec<_>>());
    say("time", &source.time.map(named));
    say("holds", &holds(source));
    let fresh =
        (source.freshness.within.as_ref().map(|within| within.value), source.freshness.expect.as_ref().map(|of| of.value));
    say("fresh", &fresh);
    if let Some(journey) = &source.journey {
        say("order", &(journey.starts, journey.order));
        for step in &journey.steps {
            let rows = step.rows.as_ref().map(|rows| {
                let filter = rows.filter.as_ref().map(|filter| normal::filter(&writer.row(rows.source, filter)));
                let time = writer.path(rows.source, &Path::to(rows.time));
                (filter, time, writer.path(rows.source, &rows.entity))
            });
            say(named(step.column), &rows);
            let ties = step.rows.as_ref().filter(|rows| model.sources.get(rows.source).key.is_empty());
            ties.into_iter().for_each(|rows| say("ties", &super::write::order(model.sources.get(rows.source))));
        }
        return text;
    }
    let mut each: Vec<String> = columns.iter().filter_map(|column| of_column(model, source, *column)).collect();
    each.sort();
    text.extend(each);
    text
}

fn holds(source: &Source) -> String {
    let named = |column: ColumnId| source.columns.get(column).name.value.as_str();
    match &source.holds {
        None => String::new(),
        Some(Holds::Valid { from, to, inclusive }) => format!("from {} to {} {inclusive}", named(*from), named(*to)),
        Some(Holds::Snapshot { taken, every, fresh_for }) => format!("taken {} every {every} {fresh_for}", named(*taken)),
        Some(Holds::Readings { taken, fresh_for }) => format!("read {} {fresh_for}", named(*taken)),
    }
}

/// What a stored column says; a derived one is written out where it is used.
fn of_column(model: &Model, source: &Source, id: ColumnId) -> Option<String> {
    let column = source.columns.get(id);
    let from = match &column.storage {
        Storage::Derived(_) => return None,
        Storage::Stored(name) => name.clone(),
        Storage::Raw(sql) => format!("{sql:?}"),
        Storage::Several(parts) => {
            let part = |part: &KeyPart| match part {
                KeyPart::Stored(name) => name.clone(),
                KeyPart::Made(made) => source.columns.get(*made).name.value.clone(),
            };
            parts.iter().map(part).collect::<Vec<_>>().join(", ")
        }
    };
    let target = column.reference.map(|target| model.sources.get(target).name.value.as_str());
    Some(format!("  column {} {:?} {:?} {from} {target:?}\n", column.name.value, column.ty, column.clock))
}
