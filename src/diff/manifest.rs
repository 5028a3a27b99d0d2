//! A project against the manifest of an earlier build: which KPIs mean something else now, though perhaps no spec has changed.

use super::{Change, Class, Diff, Downstream, FieldChange, Kind, Reached, Side, What};
use crate::graph::Node;
use crate::meaning::mark::mark;
use crate::model::KpiId;
use crate::pipeline::Checked;
use serde_json::{Map, Value};

/// What is said where a KPI reads as it did and means something else.
const SAME_TEXT: &str = "its spec says the same: what it is made of has changed, or this kpic shows other figures for it";

/// Compares a project with a manifest.
///
/// # Errors
/// Fails, with the reason, if the manifest says nothing of what KPIs mean.
pub fn against(manifest: &Value, after: &Checked) -> Result<Diff, String> {
    let kpis = manifest.get("kpis").and_then(Value::as_object).ok_or("it is no manifest of kpic: it has no `kpis`")?;
    if kpis.values().any(|kpi| kpi.get("meaning").and_then(Value::as_str).is_none()) {
        return Err("it was written by a kpic that did not note yet what KPIs mean".to_owned());
    }
    let model = &after.model;
    let mut changes: Vec<Change> = Vec::new();
    let mut seen = Vec::new();
    for (id, kpi) in model.kpis.iter() {
        let name = &kpi.name.value;
        let former = || kpi.aliases.iter().map(|alias| &alias.value).find(|alias| kpis.contains_key(*alias));
        let Some(known) = kpis.get_key_value(name).map(|(known, _)| known).or_else(former) else {
            changes.push(change(after, id, What::Added, Class::None));
            continue;
        };
        seen.push(known.as_str());
        changes.extend(changed(after, id, known, kpis));
    }
    for name in kpis.keys().filter(|name| !seen.contains(&name.as_str())) {
        changes.push(Change { kind: Kind::Kpi, name: name.clone(), ..blank(What::Removed, Class::Interface) });
    }
    let mut diff = Diff { changes, kpis: model.kpis.len(), errors_after: super::errors(after), ..Diff::default() };
    diff.sort();
    Ok(diff)
}

fn changed(after: &Checked, id: KpiId, known: &str, kpis: &Map<String, Value>) -> Option<Change> {
    let kpi = after.model.kpis.get(id);
    let before = kpis.get(known)?;
    let is_renamed = *known != kpi.name.value;
    let is_same = before.get("meaning").and_then(Value::as_str) == Some(mark(&after.model, &after.graph, id).as_str());
    if is_same && !is_renamed {
        return None;
    }
    let class = if is_same { Class::Interface } else { Class::Meaning };
    let mut change = change(after, id, if is_renamed { What::Renamed } else { What::Changed }, class);
    change.former = is_renamed.then(|| known.to_owned());
    if is_same {
        return Some(change);
    }
    let formula = before.get("formula").and_then(Value::as_str).unwrap_or_default();
    if formula == kpi.written {
        SAME_TEXT.clone_into(&mut change.open);
    } else {
        change.fields.push(FieldChange {
            name: "formula".to_owned(),
            class,
            before: Some(formula.to_owned()),
            after: Some(kpi.written.clone()),
            is_proven: false,
        });
    }
    let below = after.graph.downstream(Node::Kpi(id)).into_iter().filter_map(|node| match node {
        Node::Kpi(id) => Some(id),
        Node::Dimension(_) | Node::Source(_) | Node::Column(..) => None,
    });
    let reached = |id| Reached { name: after.model.kpis.get(id).name.value.clone(), through: Vec::new(), views: Vec::new() };
    change.downstream.kpis = std::iter::once(id).chain(below.filter(|other| *other != id)).map(reached).collect();
    Some(change)
}

fn change(after: &Checked, id: KpiId, what: What, class: Class) -> Change {
    let kpi = after.model.kpis.get(id);
    let owner = kpi.owner.map(|team| after.model.teams.get(team).name.value.clone());
    Change {
        kind: Kind::Kpi,
        name: kpi.name.value.clone(),
        owners: owner.into_iter().collect(),
        place: Some((Side::After, kpi.name.span)),
        ..blank(what, class)
    }
}

fn blank(what: What, class: Class) -> Change {
    Change {
        kind: Kind::Kpi,
        name: String::new(),
        former: None,
        what,
        class,
        fields: Vec::new(),
        open: String::new(),
        is_mid_cycle: false,
        downstream: Downstream::default(),
        owners: Vec::new(),
        place: None,
    }
}
