//! Views of Cube as lists of measures, which become scorecards.

use super::{Definition, entries, get, name, text};
use crate::import::models::text::Place;
use crate::import::models::{Card, Read};
use crate::import::short;
use crate::load::{Node, Value};

/// Adds the list of a view's measures.
pub(super) fn view(view: &Definition<'_>, read: &mut Read) {
    let file = view.file();
    let at = file.place(view.node);
    let called = name(view.node);
    let what = format!("view `{}`", short(called.as_deref().unwrap_or("?")));
    let mut left_out = |at: Place, why: String| {
        let place = read.texts.place(at);
        read.left_out.push((what.clone(), format!("{place}: {why}")));
    };
    let Some(name) = called else { return left_out(at, "it has no name, or one that a template makes".to_owned()) };
    let mut measures = Vec::new();
    for (key, node) in entries(view.node) {
        match key {
            "cubes" => {
                let items = if let Value::List(items) = &node.value { items.as_slice() } else { &[] };
                for item in items {
                    match part(item, &read.models) {
                        Ok(all) => measures.extend(all),
                        Err(why) => left_out(file.place(item), why),
                    }
                }
            }
            "name" | "title" | "description" | "public" | "shown" | "meta" | "folders" => {}
            _ => left_out(file.place(node), format!("kpic does not read its `{}`", short(key))),
        }
    }
    let own = |key: &str| get(view.node, key).and_then(text);
    let (title, description) = (own("title"), own("description"));
    read.cards.push(Card { name, at, title, description, measures });
}

/// The measures that a view takes of a cube.
fn part(node: &Node, models: &[crate::import::models::Model]) -> Result<Vec<(String, String)>, String> {
    let path = get(node, "join_path").and_then(text).ok_or("it has no `join_path`")?;
    let cube = path.rsplit('.').next().unwrap_or_default().to_owned();
    let model = models.iter().find(|model| model.name == cube);
    let model = model.ok_or_else(|| format!("the cube `{}` is not there", short(&cube)))?;
    let listed = |key: &str| -> Vec<String> {
        match get(node, key).map(|node| &node.value) {
            Some(Value::List(items)) => items.iter().filter_map(|item| text(item).or_else(|| name(item))).collect(),
            _ => Vec::new(),
        }
    };
    let is_all = get(node, "includes").and_then(text).is_some_and(|all| all == "*");
    let (includes, excludes) = (listed("includes"), listed("excludes"));
    let is_in = |name: &String| (is_all || includes.contains(name)) && !excludes.contains(name);
    let names = model.measures.iter().map(|measure| measure.name.clone()).filter(is_in);
    if path.contains('.') {
        return match names.count() {
            0 => Ok(Vec::new()),
            _ => Err(format!("measures of `{}` count there what is joined, and its KPIs count all rows", short(&cube))),
        };
    }
    Ok(names.map(|name| (cube.clone(), name)).collect())
}
