//! Which figures are compared, and in what two answers differ.

use super::world::View;
use crate::calendar::Grain;
use crate::diff::evidence::Differs;
use crate::engine::Rows;
use crate::measure::{close, number, shown_plain};
use crate::model::{DimensionId, KpiId, Model};
use crate::pipeline::Valid;
use crate::plan::relation::Query;
use crate::plan::{Data, Question, plan};
use crate::support::views::{slices, view_name};
use serde_json::Value;
use std::collections::BTreeMap;

/// A view of a KPI that both versions have.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// The KPI's name in the version after.
    pub kpi: String,
    /// The view's name there.
    pub view: String,
    pub grain: Grain,
    before: (KpiId, Vec<DimensionId>),
    pub after: (KpiId, Vec<DimensionId>),
}

/// A figure of a view: its value, and whether it is complete.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figure {
    pub value: Value,
    pub is_complete: Option<bool>,
}

/// What tells rows of a view apart: the period, the values of the dimensions, the age.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub period: String,
    pub age: Option<u64>,
    /// As JSON.
    pub keys: Vec<String>,
}

/// A row of which both versions say something else; nothing where one has no such row.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub key: Key,
    pub before: Option<Figure>,
    pub after: Option<Figure>,
}

impl Asked {
    /// The views that both versions have of a KPI, so many at most: the total at its own grain first.
    pub(super) fn of(kpi: &str, before: View<'_>, after: View<'_>, most: usize) -> Vec<Asked> {
        let (old, new) = (before.model, after.model);
        let known = old.kpis.iter().find(|(_, known)| before.names.kpi(&known.name.value) == kpi);
        let (Some((was, before_kpi)), Some(is)) = (known, new.kpi_names.get(kpi).copied()) else { return Vec::new() };
        let after_kpi = new.kpis.get(is);
        let mut all = Vec::new();
        let before_slices = slices(before_kpi);
        let in_before = |slice: &[DimensionId]| {
            let named = |id: &DimensionId| new.dimensions.get(*id).name.clone();
            let wanted: Vec<String> = slice.iter().map(named).collect();
            let own = |id: &DimensionId| before.names.dimension(&old.dimensions.get(*id).name);
            before_slices.iter().find(|known| known.iter().map(own).collect::<Vec<_>>() == wanted).cloned()
        };
        let grains = new.grains(after_kpi).into_iter().filter(|grain| old.grains(before_kpi).contains(grain));
        for grain in grains {
            for slice in slices(after_kpi) {
                let Some(slice_before) = in_before(&slice) else { continue };
                let view = view_name(new, after_kpi, grain, &slice);
                all.push(Asked { kpi: kpi.to_owned(), view, grain, before: (was, slice_before), after: (is, slice) });
            }
        }
        // Every slice at the KPI's own grain says more than one slice at all grains.
        all.sort_by_key(|asked| (asked.grain != after_kpi.grain, asked.after.1.len()));
        all.truncate(most);
        all
    }

    pub(super) fn before(&self, project: &Valid, data: Data) -> Query {
        query(project, &self.before, self.grain, data)
    }

    pub(super) fn after(&self, project: &Valid, data: Data) -> Query {
        query(project, &self.after, self.grain, data)
    }

    /// The rows of an answer of the version before.
    pub(super) fn rows_before(&self, model: &Model, rows: &Rows) -> BTreeMap<Key, Figure> {
        figures(model, &self.before.1, rows)
    }

    /// The rows of an answer of the version after.
    pub(super) fn rows_after(&self, model: &Model, rows: &Rows) -> BTreeMap<Key, Figure> {
        figures(model, &self.after.1, rows)
    }

    /// A pair for people.
    pub(super) fn told(&self, model: &Model, pair: &Pair) -> Differs {
        let label = super::written::label(model, self.grain, &pair.key.period);
        let names = self.after.1.iter().map(|id| model.dimensions.get(*id).name.as_str());
        let keys = names.zip(&pair.key.keys).map(|(name, key)| format!("{name} {}", plain_text(key)));
        let age = pair.key.age.map(|age| format!("age {age}"));
        let row: Vec<String> = std::iter::once(label).chain(keys).chain(age).collect();
        let with_complete = match (&pair.before, &pair.after) {
            (Some(one), Some(two)) => same_value(&one.value, &two.value) && one.is_complete != two.is_complete,
            _ => false,
        };
        let told = |figure: &Option<Figure>, short: bool| {
            figure
                .as_ref()
                .map_or("no row".to_owned(), |figure| text(&if short { figure.short() } else { figure.clone() }, with_complete))
        };
        let (before, after) = (told(&pair.before, true), told(&pair.after, true));
        let (before, after) =
            if before == after { (told(&pair.before, false), told(&pair.after, false)) } else { (before, after) };
        Differs { view: self.view.clone(), row: row.join(", "), before, after }
    }
}

impl Figure {
    /// The same with as many digits as people read.
    fn short(&self) -> Figure {
        let rounded = number(&self.value).and_then(|value| format!("{value:.8e}").parse::<f64>().ok());
        let value = rounded.filter(|_| !self.value.is_string()).map_or_else(|| self.value.clone(), Value::from);
        Figure { value, is_complete: self.is_complete }
    }
}

fn query(project: &Valid, (kpi, slice): &(KpiId, Vec<DimensionId>), grain: Grain, data: Data) -> Query {
    let mut question = Question::view(project.model(), *kpi, grain, slice.clone());
    question.data = data;
    plan(project, &question)
}

fn figures(model: &Model, slice: &[DimensionId], rows: &Rows) -> BTreeMap<Key, Figure> {
    let text = |row: &[Value], name: &str| rows.get(row, name).map(Value::to_string).unwrap_or_default();
    let figure = |row: &Vec<Value>| {
        let keys = slice.iter().map(|id| text(row, &model.dimensions.get(*id).name)).collect();
        let key = Key {
            period: rows.get(row, "period").and_then(Value::as_str).unwrap_or_default().to_owned(),
            age: rows.get(row, "age").and_then(Value::as_u64),
            keys,
        };
        let value = rows.get(row, "value").cloned().unwrap_or_default();
        (key, Figure { value, is_complete: rows.get(row, "is_complete").and_then(Value::as_bool) })
    };
    rows.rows.iter().map(figure).collect()
}

/// Where two answers differ.
pub(super) fn differing(before: &BTreeMap<Key, Figure>, after: &BTreeMap<Key, Figure>) -> Vec<Pair> {
    let keys: std::collections::BTreeSet<&Key> = before.keys().chain(after.keys()).collect();
    let mut pairs = Vec::new();
    for key in keys {
        let (one, two) = (before.get(key), after.get(key));
        let is_same = match (one, two) {
            (Some(one), Some(two)) => same_value(&one.value, &two.value) && one.is_complete == two.is_complete,
            _ => false,
        };
        if !is_same {
            pairs.push(Pair { key: key.clone(), before: one.cloned(), after: two.cloned() });
        }
    }
    pairs
}

fn same_value(one: &Value, two: &Value) -> bool {
    match (number(one), number(two)) {
        (Some(one), Some(two)) => close(one, two),
        _ => one == two,
    }
}

/// A figure for people.
pub(super) fn text(figure: &Figure, with_complete: bool) -> String {
    let value = match &figure.value {
        Value::Null => "null".to_owned(),
        value => number(value).map_or_else(|| value.to_string(), shown_plain),
    };
    match figure.is_complete.filter(|_| with_complete) {
        Some(true) => format!("{value}, complete"),
        Some(false) => format!("{value}, not complete"),
        None => value,
    }
}

/// The value of a dimension for people.
pub(super) fn plain_text(key: &str) -> String {
    match serde_json::from_str::<Value>(key) {
        Ok(Value::String(text)) => text,
        _ => key.to_owned(),
    }
}
