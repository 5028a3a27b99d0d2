//! What is called something else: by a former name that the spec keeps, or by an equal definition. Nothing is guessed.

use super::definition::{Compared, Definition, Definitions, Kind};
use super::describe::Describe;
use crate::meaning::Names;
use crate::pipeline::Checked;
use std::collections::BTreeMap;

/// For each definition of the version after that had another name before: that name.
pub(super) type Former = BTreeMap<(Kind, String), String>;

/// Renamed definitions may stand in others that are renamed: so many rounds are made.
const ROUNDS: usize = 4;

/// What definitions of the version before are called in the version after, as formulas name them.
pub(super) fn names(before: &Checked, after: &Checked) -> Names {
    let mut names = Names::default();
    let known = |name: &str| before.model.kpis.rows().iter().any(|kpi| kpi.name.value == name);
    for kpi in after.model.kpis.rows() {
        let former = kpi.aliases.iter().find(|alias| known(&alias.value));
        if let Some(former) = former
            && !known(&kpi.name.value)
        {
            names.kpis.insert(former.value.clone(), kpi.name.value.clone());
        }
    }
    let rounds = if differ(before, after, &names) { ROUNDS } else { 0 };
    for _ in 0..rounds {
        let there = Describe::of(&before.model, &before.files, &names).all();
        let here = Describe::of(&after.model, &after.files, &Names::default()).all();
        let found = equal(&there, &here);
        if found.is_empty() {
            break;
        }
        for ((kind, new), old) in found {
            match kind {
                Kind::Kpi => _ = names.kpis.insert(old, new),
                Kind::Source | Kind::Journey => _ = names.sources.insert(old, new),
                Kind::Dimension => _ = names.dimensions.insert(old, new),
                _ => {}
            }
        }
    }
    names
}

/// Whether something that formulas name is gone, and something is new.
fn differ(before: &Checked, after: &Checked, names: &Names) -> bool {
    let (old, new) = (&before.model, &after.model);
    let gone = old.kpis.rows().iter().any(|kpi| !new.kpi_names.contains_key(&names.kpi(&kpi.name.value)))
        || old.source_names.keys().any(|name| !new.source_names.contains_key(name))
        || old.dimension_names.keys().any(|name| !new.dimension_names.contains_key(name));
    let is_new = |name: &String| !old.kpi_names.contains_key(name) && !names.kpis.values().any(|known| known == name);
    gone && (new.kpis.rows().iter().any(|kpi| is_new(&kpi.name.value))
        || new.source_names.keys().any(|name| !old.source_names.contains_key(name))
        || new.dimension_names.keys().any(|name| !old.dimension_names.contains_key(name)))
}

/// All that is renamed: what formulas name, and the rest.
pub(super) fn all(names: &Names, there: &Definitions, here: &Definitions, before: &Checked) -> Former {
    let mut former = Former::new();
    for (old, new) in &names.kpis {
        former.insert((Kind::Kpi, new.clone()), old.clone());
    }
    for (old, new) in &names.sources {
        let is_journey = before.model.source_names.get(old).is_some_and(|id| before.model.sources.get(*id).journey.is_some());
        former.insert((if is_journey { Kind::Journey } else { Kind::Source }, new.clone()), old.clone());
    }
    for (old, new) in &names.dimensions {
        former.insert((Kind::Dimension, new.clone()), old.clone());
    }
    former.extend(equal(there, here));
    former
}

/// What is gone and what is new with the same definition, where there is one of each.
fn equal(there: &Definitions, here: &Definitions) -> Former {
    let mut gone: BTreeMap<(Kind, String), Vec<&String>> = BTreeMap::new();
    for (key, definition) in there.iter().filter(|(key, _)| !here.contains_key(*key)) {
        if let Some(says) = says(key, definition) {
            gone.entry((key.0, says)).or_default().push(&key.1);
        }
    }
    if gone.is_empty() {
        return Former::new();
    }
    let mut new: BTreeMap<(Kind, String), Vec<&String>> = BTreeMap::new();
    for (key, definition) in here.iter().filter(|(key, _)| !there.contains_key(*key)) {
        if let Some(says) = says(key, definition) {
            new.entry((key.0, says)).or_default().push(&key.1);
        }
    }
    let pairs = gone.into_iter().filter_map(|(key, old)| match (old.as_slice(), new.get(&key).map(Vec::as_slice)) {
        ([old], Some([new])) => Some(((key.0, (*new).clone()), (*old).clone())),
        _ => None,
    });
    pairs.collect()
}

/// What a definition says, but for what follows from its name; nothing where that is too little to know it by.
fn says((kind, name): &(Kind, String), definition: &Definition) -> Option<String> {
    // A key result is known by its objective, too.
    let within = match kind {
        Kind::KeyResult => name.split_once('.').map_or("", |(objective, _)| objective),
        Kind::Test | Kind::Template | Kind::Team | Kind::Taxonomy => return None,
        _ => "",
    };
    let leaves_name = |field: &&String| !matches!(field.as_str(), "views" | "title" | "aliases");
    let fields: Vec<(&String, &Compared)> =
        definition.fields.iter().filter(|(name, _)| leaves_name(name)).map(|(name, field)| (name, &field.compared)).collect();
    (!definition.is_broken && fields.len() > 1).then(|| format!("{within} {fields:?}"))
}
