//! The entries of KPIs.

use super::Collected;
use super::data::{Ages, Better, Deprecated, Drive, Figure, Kpi};
use crate::calendar::{Grain, Label};
use crate::graph::{Graph, Node};
use crate::model::facts::Kind;
use crate::model::{self, Body, KpiId};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// The KPIs that are in a KPI's formula.
pub(super) fn components(graph: &Graph, id: KpiId) -> impl Iterator<Item = KpiId> {
    graph.needs(Node::Kpi(id)).into_iter().filter_map(|node| match node {
        Node::Kpi(id) => Some(id),
        Node::Dimension(_) | Node::Source(_) | Node::Column(..) => None,
    })
}

/// The entries of all KPIs.
pub(super) fn kpis(whole: &Collected<'_>) -> BTreeMap<String, Kpi> {
    let ids: Vec<KpiId> = whole.model.kpis.ids().collect();
    let made: Vec<Kpi> = ids.into_par_iter().map(|id| entry(whole, id)).collect();
    made.into_iter().map(|kpi| (kpi.name.clone(), kpi)).collect()
}

fn entry(whole: &Collected<'_>, id: KpiId) -> Kpi {
    let model = whole.model;
    let kpi = model.kpis.get(id);
    let (facts, about) = (&kpi.facts, &kpi.about);
    let around = whole.around.get(id.index()).cloned().unwrap_or_default();
    let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let mut slices: Vec<Vec<String>> = Vec::new();
    for slice in &kpi.by {
        let names = whole.dimension_names(&slice.value);
        if !slices.contains(&names) {
            slices.push(names);
        }
    }
    Kpi {
        name: kpi.name.value.clone(),
        title: kpi.title.clone(),
        description: kpi.description.clone(),
        formula: given(&kpi.written),
        values: values(model, kpi),
        meaning: crate::meaning::mark::mark(model, whole.graph, id),
        reading: super::reading::reading(model, kpi),
        unit: given(&facts.unit.to_string()),
        kind: facts.kind.name().to_owned(),
        adds_over_periods: facts.kind == Kind::Flow,
        adds_over_slices: facts.adds_over_slices,
        better: kpi.better.map(better),
        owner: kpi.owner.map(|team| model.teams.get(team).name.value.clone()),
        grain: kpi.grain.name().to_owned(),
        grains: model.grains(kpi).iter().map(|grain| grain.name().to_owned()).collect(),
        slices,
        age: kpi.age.as_ref().map(|age| Ages { unit: age.value.unit.name().to_owned(), up_to: age.value.up_to }),
        has_total: facts.needs.is_none(),
        omits_gaps: kpi.omit_gaps,
        empty_is_null: kpi.empty_is_null,
        taxonomies: kpi.taxonomies.iter().cloned().collect(),
        signal: given(&about.signal),
        horizon: given(&about.horizon),
        insight: about.insight.clone(),
        questions: about.questions.clone(),
        tags: about.tags.clone(),
        drives: about.drives.iter().map(|drive| self::drive(whole, drive)).collect(),
        driven_by: around.driven_by,
        deprecated: kpi.deprecated.as_ref().map(|deprecated| Deprecated {
            since: given(&deprecated.since),
            instead: deprecated.instead.map(|id| whole.kpi_name(id)),
            because: deprecated.because.clone(),
        }),
        replaces: around.replaces,
        aliases: kpi.aliases.iter().map(|alias| alias.value.clone()).collect(),
        unaligned: given(&about.unaligned),
        ways: super::north_star::ways(whole, id),
        meta: about.meta.clone(),
        components: components(whole.graph, id).map(|id| whole.kpi_name(id)).collect(),
        used_by: around.used_by,
        reads: reads(whole, id),
        scorecards: around.scorecards,
        guardrails: around.guardrails,
        tests: around.tests,
        views: around.views,
        defined: whole.place(kpi.name.span),
    }
}

fn drive(whole: &Collected<'_>, drive: &model::about::Drive) -> Drive {
    Drive {
        kpi: whole.kpi_name(drive.kpi),
        effect: drive.effect.clone(),
        lag: drive.lag.clone(),
        because: drive.because.clone(),
    }
}

pub(super) fn better(better: model::Better) -> Better {
    let (direction, low, high) = match better {
        model::Better::Up => ("up", None, None),
        model::Better::Down => ("down", None, None),
        model::Better::Between(low, high) => ("between", Some(low), Some(high)),
    };
    Better { direction: direction.to_owned(), low, high }
}

/// The figures of a hand-kept KPI.
fn values(model: &model::Model, kpi: &model::Kpi) -> Vec<Figure> {
    let Body::Values(values) = &kpi.body else { return Vec::new() };
    let figure = |grain: Grain, (start, value): &(crate::calendar::Date, model::Kept)| Figure {
        period: Label::of(grain, *start, &model.calendar).to_string(),
        starts: start.to_string(),
        value: value.whole.map_or_else(|| serde_json::Number::from_f64(value.number).unwrap_or(0.into()), Into::into),
    };
    values.figures.iter().map(|each| figure(values.grain, each)).collect()
}

/// The sources that a KPI's own formula reads, with their columns in the order of the spec.
fn reads(whole: &Collected<'_>, id: KpiId) -> BTreeMap<String, Vec<String>> {
    let mut reads: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for node in whole.graph.needs(Node::Kpi(id)) {
        match node {
            Node::Source(source) => _ = reads.entry(whole.model.sources.get(source).name.value.clone()).or_default(),
            Node::Column(source, column) => {
                let source = whole.model.sources.get(source);
                let columns = reads.entry(source.name.value.clone()).or_default();
                columns.push(source.columns.get(column).name.value.clone());
            }
            Node::Kpi(_) | Node::Dimension(_) => {}
        }
    }
    reads
}
