//! The history of each KPI, for its page.

use super::step::Subject;
use super::walk::{Ended, History, Item};
use super::words;
use crate::diff::Kind;
use crate::git::{Commit, Problem};
use crate::model::Model;
use crate::pipeline::Checked;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// So many steps stand on a page, the latest first.
const SHOWN: usize = 30;

/// For each KPI of a project the steps that changed it or its values, as a list in Markdown. `here` is the project as its folder has it,
/// which comes before what `from` has.
///
/// # Errors
/// Says why git cannot be asked.
pub fn of_kpis(
    history: &History<'_>,
    model: &Model,
    from: &Commit,
    here: Checked,
) -> Result<BTreeMap<String, String>, Problem> {
    let names: Vec<String> = model.kpis.rows().iter().map(|kpi| kpi.name.value.clone()).collect();
    let subjects = names.iter().map(|name| Subject { kind: Some(Kind::Kpi), name: name.clone() }).collect();
    let mut items: Vec<Vec<Item>> = names.iter().map(|_| Vec::new()).collect();
    let mut visit = |place: usize, item: Item| {
        let is_shown = match &item {
            Item::Step(step) => step.own.is_some() || !step.upstream.is_empty() || !step.goals.is_empty(),
            Item::Broken(..) => true,
        };
        if let Some(items) = items.get_mut(place).filter(|_| is_shown) {
            items.push(item);
        }
        ControlFlow::Continue(())
    };
    let ended = history.walk_all(subjects, from, Some(here), &mut visit)?;
    let each = names.into_iter().zip(items).zip(ended);
    let shown = each.filter(|((_, items), ended)| !items.is_empty() || *ended != Ended::NotFound);
    Ok(shown.map(|((name, items), ended)| (name, words::list(&items, &ended, SHOWN))).collect())
}
