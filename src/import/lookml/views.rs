//! Views with what they extend and what refines them.
//!
//! What comes later counts: a field of the same kind and name has the keys of both, and of one key the later value.

use super::{Placed, get};
use crate::import::models::Read;
use crate::import::models::text::Place;
use crate::import::short;

/// The kinds of fields that have a name.
const FIELDS: [&str; 6] = ["dimension", "dimension_group", "measure", "filter", "parameter", "set"];
/// How many views may extend one another.
const DEEPEST: usize = 20;

/// A field of a view.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) at: Place,
    pub(super) keys: Vec<Placed>,
}

/// A view.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub(super) name: String,
    pub(super) at: Place,
    pub(super) keys: Vec<Placed>,
    pub(super) fields: Vec<Field>,
    /// Why it is not read.
    pub(super) fault: Option<String>,
}

/// All views, each once.
pub(super) fn together(pairs: &[Placed], read: &mut Read) -> Vec<View> {
    let mut own: Vec<View> = Vec::new();
    let of_views = || pairs.iter().filter(|one| one.pair.key == "view");
    let is_refinement = |one: &&Placed| one.pair.name.as_ref().is_some_and(|name| name.starts_with('+'));
    for pair in of_views().filter(|one| !is_refinement(one)) {
        let name = pair.pair.name.clone().unwrap_or_default();
        if name.is_empty() || own.iter().any(|view| view.name == name) {
            let why = if name.is_empty() { "it has no name" } else { "another view has its name" };
            let place = read.texts.place(pair.at());
            read.left_out.push((format!("view `{}`", short(&name)), format!("{place}: {why}")));
            continue;
        }
        let mut view = View { name, at: pair.at(), keys: Vec::new(), fields: Vec::new(), fault: None };
        add(&mut view, &pair.inner());
        own.push(view);
    }
    for pair in of_views().filter(is_refinement) {
        let name = pair.pair.name.clone().unwrap_or_default();
        if let Some(view) = own.iter_mut().find(|view| name.strip_prefix('+') == Some(&view.name)) {
            add(view, &pair.inner());
        } else {
            let place = read.texts.place(pair.at());
            read.left_out.push((format!("view `{}`", short(&name)), format!("{place}: what it refines is not there")));
        }
    }
    (0..own.len()).filter_map(|at| extended(&own, at, 0)).collect()
}

/// A view with what it extends.
fn extended(own: &[View], at: usize, depth: usize) -> Option<View> {
    let view = own.get(at)?;
    let parents: Vec<String> = view
        .keys
        .iter()
        .filter(|one| matches!(one.pair.key.as_str(), "extends" | "extends__all"))
        .flat_map(Placed::texts)
        .collect();
    if parents.is_empty() {
        return Some(view.clone());
    }
    let mut whole = View { keys: Vec::new(), fields: Vec::new(), ..view.clone() };
    for parent in parents {
        let found = own.iter().position(|one| one.name == parent).filter(|_| depth < DEEPEST);
        match found.and_then(|found| extended(own, found, depth + 1)) {
            Some(parent) => {
                // Where its rows are is said by one key of two.
                merge(&mut whole, &parent.keys, &parent.fields);
                whole.fault = whole.fault.take().or(parent.fault);
            }
            None => whole.fault = Some(format!("`{}`, which it extends, is not there or extends it too", short(&parent))),
        }
    }
    merge(&mut whole, &view.keys, &view.fields);
    Some(whole)
}

/// Adds what a view or a refinement of it has.
fn add(view: &mut View, inner: &[Placed]) {
    let is_field = |one: &&Placed| FIELDS.contains(&one.pair.key.as_str());
    let keys: Vec<Placed> = inner.iter().filter(|one| !is_field(one)).cloned().collect();
    let fields: Vec<Field> = inner
        .iter()
        .filter(is_field)
        .map(|one| Field {
            kind: one.pair.key.clone(),
            name: one.pair.name.clone().unwrap_or_default(),
            at: one.at(),
            keys: one.inner(),
        })
        .collect();
    merge(view, &keys, &fields);
}

fn merge(view: &mut View, keys: &[Placed], fields: &[Field]) {
    if get(keys, "sql_table_name").is_some() || get(keys, "derived_table").is_some() {
        view.keys.retain(|one| !matches!(one.pair.key.as_str(), "sql_table_name" | "derived_table"));
    }
    view.keys.extend(keys.iter().cloned());
    for field in fields {
        match view.fields.iter_mut().find(|own| own.kind == field.kind && own.name == field.name) {
            Some(own) => own.keys.extend(field.keys.iter().cloned()),
            None => view.fields.push(field.clone()),
        }
    }
}
