//! Both versions on the project's own data.

use super::asked::{Asked, Key, Pair, differing};
use super::kpis;
use super::world::View;
use crate::diff::Diff;
use crate::diff::evidence::{Differs, Flip, OnData};
use crate::engine::{Answer, Failure};
use crate::meaning::Names;
use crate::measure::{Session, firings, number};
use crate::model::objective::Sheet;
use crate::pipeline::Valid;
use crate::plan::Data;
use crate::plan::relation::Query;
use crate::plan::views::{guardrails, objectives};
use std::collections::{BTreeMap, BTreeSet};

/// So many views of a KPI are compared.
const VIEWS: usize = 12;

/// So many figures that differ most are shown.
const LARGEST: usize = 5;

/// So many of the last periods are shown.
const LATEST: usize = 6;

/// The views of each KPI, and what says something else.
pub type OnAllData = (BTreeMap<String, Vec<OnData>>, Vec<Flip>);

/// What each view of the KPIs whose figures may differ has in both versions, by KPI, and what else says something else then.
///
/// # Errors
/// Fails if the engine cannot be used.
pub fn on_data((before, after): (&Session<'_>, &Session<'_>), diff: &Diff) -> Result<OnAllData, Failure> {
    let own = Names::default();
    let (old, new) = (before.project.model(), after.project.model());
    let views = (View { model: old, names: &diff.names }, View { model: new, names: &own });
    let asked: Vec<Asked> = kpis(diff).iter().flat_map(|kpi| Asked::of(kpi, views.0, views.1, VIEWS)).collect();
    let queries = |project: &Valid, plan: fn(&Asked, &Valid, Data) -> Query| -> Vec<Query> {
        asked.iter().map(|asked| plan(asked, project, Data::Warehouse)).collect()
    };
    let there = before.answer(&queries(before.project, Asked::before))?;
    let here = after.answer(&queries(after.project, Asked::after))?;
    let mut found: BTreeMap<String, Vec<OnData>> = BTreeMap::new();
    for (asked, answers) in asked.iter().zip(there.iter().zip(&here)) {
        found.entry(asked.kpi.clone()).or_default().push(view((before, after), asked, answers));
    }
    let mut flips = key_results(before, after)?;
    flips.extend(firing(before, after)?);
    Ok((found, flips))
}

fn view((before, after): (&Session<'_>, &Session<'_>), asked: &Asked, answers: (&Answer, &Answer)) -> OnData {
    let blank = OnData {
        view: asked.view.clone(),
        cells: 0,
        differing: 0,
        largest: Vec::new(),
        latest: Vec::new(),
        untried: String::new(),
    };
    let (old, new) = match answers {
        (Ok(old), Ok(new)) => (old, new),
        (Err(why), _) => return OnData { untried: format!("the version before cannot be worked out: {why}"), ..blank },
        (_, Err(why)) => return OnData { untried: format!("the version after cannot be worked out: {why}"), ..blank },
    };
    let model = after.project.model();
    let (there, here) = (asked.rows_before(before.project.model(), old), asked.rows_after(model, new));
    let keys: BTreeSet<&Key> = there.keys().chain(here.keys()).collect();
    let mut pairs = differing(&there, &here);
    let (cells, count) = (keys.len(), pairs.len());
    let latest = if asked.after.1.is_empty() && keys.iter().all(|key| key.age.is_none()) {
        let last = keys.iter().rev().take(LATEST).rev();
        let pair =
            |key: &&&Key| Pair { key: (**key).clone(), before: there.get(**key).cloned(), after: here.get(**key).cloned() };
        last.map(|key| asked.told(model, &pair(&key))).collect()
    } else {
        Vec::new()
    };
    let size = |pair: &Pair| {
        let value = |figure: &Option<super::asked::Figure>| figure.as_ref().and_then(|figure| number(&figure.value));
        match (value(&pair.before), value(&pair.after)) {
            (Some(one), Some(two)) => (two - one).abs(),
            (Some(one), None) | (None, Some(one)) => one.abs(),
            (None, None) => 0.0,
        }
    };
    pairs.sort_by(|one, two| size(two).total_cmp(&size(one)).then_with(|| one.key.cmp(&two.key)));
    let largest: Vec<Differs> = pairs.iter().take(LARGEST).map(|pair| asked.told(model, pair)).collect();
    OnData { cells, differing: count, largest, latest, ..blank }
}

/// Key results with another status.
fn key_results(before: &Session<'_>, after: &Session<'_>) -> Result<Vec<Flip>, Failure> {
    let told = |session: &Session<'_>| -> Result<BTreeMap<String, String>, Failure> {
        if !objectives::is_filled(session.project.model()) {
            return Ok(BTreeMap::new());
        }
        let query = objectives::query(session.project, Sheet::KeyResults, Data::Warehouse);
        let Some(Ok(rows)) = session.answer(&[query])?.pop() else { return Ok(BTreeMap::new()) };
        let text = |row: &Vec<serde_json::Value>, name: &str| {
            rows.get(row, name).and_then(serde_json::Value::as_str).unwrap_or_default().replace('_', " ")
        };
        let name = |row: &Vec<serde_json::Value>, name: &str| {
            rows.get(row, name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
        };
        let each = rows
            .rows
            .iter()
            .map(|row| (format!("{}.{}", name(row, "objective"), name(row, "key_result")), text(row, "status")));
        Ok(each.collect())
    };
    let (there, here) = (told(before)?, told(after)?);
    let flip = |(name, now): (String, String)| {
        let was = there.get(&name).filter(|was| **was != now)?;
        Some(Flip { kind: "key_result", name, before: was.clone(), after: now })
    };
    Ok(here.into_iter().filter_map(flip).collect())
}

/// Guardrails that fire in the last complete period in one version only.
fn firing(before: &Session<'_>, after: &Session<'_>) -> Result<Vec<Flip>, Failure> {
    let current = |session: &Session<'_>| -> Result<BTreeMap<String, bool>, Failure> {
        let model = session.project.model();
        let all: Vec<_> = model.guardrails.iter().collect();
        if all.is_empty() {
            return Ok(BTreeMap::new());
        }
        let query = guardrails::query(model, &all, Data::Warehouse);
        let Some(answer) = session.answer(&[query])?.pop() else { return Ok(BTreeMap::new()) };
        let mut refused = crate::measure::refused::Refused::default();
        let fired = firings::apart(session, &all, answer, &mut refused)?;
        let is_firing = |name: &str| fired.iter().any(|firing| firing.is_current && firing.guardrail.name.value == name);
        Ok(all.iter().map(|guardrail| (guardrail.name.value.clone(), is_firing(&guardrail.name.value))).collect())
    };
    let (there, here) = (current(before)?, current(after)?);
    let told = |fires: bool| if fires { "fires" } else { "does not fire" }.to_owned();
    let flip = |(name, now): (String, bool)| {
        let was = *there.get(&name)?;
        (was != now).then(|| Flip { kind: "guardrail", name, before: told(was), after: told(now) })
    };
    Ok(here.into_iter().filter_map(flip).collect())
}
