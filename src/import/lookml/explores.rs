//! Explores as joins of views: what leads to one row becomes a reference of the view that it starts from.

use super::{Placed, get, template};
use crate::import::models::text::Piece;
use crate::import::models::{Join, Read, Relationship};
use crate::import::short;
use std::collections::HashMap;

/// What keeps rows out of an explore, or asks for it.
const FILTERS: [&str; 6] =
    ["sql_always_where", "sql_always_having", "always_filter", "conditionally_filter", "access_filter", "always_join"];

/// Adds the joins of an explore to its views.
pub(super) fn explore(pair: &Placed, places: &HashMap<String, usize>, read: &mut Read) {
    let name = pair.pair.name.clone().unwrap_or_default();
    let keys = pair.inner();
    let what = format!("explore `{}`", short(&name));
    for key in keys.iter().filter(|one| FILTERS.contains(&one.pair.key.as_str()) || one.pair.key == "extends") {
        let place = read.texts.place(key.at());
        let why = if key.pair.key == "extends" {
            "kpic reads the joins that stand in an explore itself"
        } else {
            "it leaves rows out there, and KPIs count all rows of their view"
        };
        read.left_out.push((what.clone(), format!("{place}: `{}`: {why}", short(&key.pair.key))));
    }
    let from = get(&keys, "from").or(get(&keys, "view_name")).and_then(Placed::text);
    let own = name.strip_prefix('+').unwrap_or(&name).to_owned();
    let base = from.clone().unwrap_or_else(|| own.clone());
    for one in keys.iter().filter(|one| one.pair.key == "join") {
        let called = one.pair.name.clone().unwrap_or_default();
        if let Err(why) = join(one, &base, &called, from.is_some() && get(&keys, "from").is_some() && base != own, places, read)
        {
            let place = read.texts.place(one.at());
            read.left_out.push((format!("join `{}` of the {what}", short(&called)), format!("{place}: {why}")));
        }
    }
}

fn join(
    pair: &Placed,
    base: &str,
    called: &str,
    is_renamed: bool,
    places: &HashMap<String, usize>,
    read: &mut Read,
) -> Result<(), String> {
    let keys = pair.inner();
    let own = |key: &str| get(&keys, key).and_then(Placed::text);
    if is_renamed || own("from").is_some_and(|from| from != called) {
        return Err("it has a view under another name".to_owned());
    }
    let relationship = own("relationship").unwrap_or_else(|| "many_to_one".to_owned());
    if matches!(relationship.as_str(), "one_to_many" | "many_to_many") {
        return Err("it leads to several rows, which no formula counts by one".to_owned());
    }
    if own("type").is_some_and(|kind| kind != "left_outer") {
        return Err("it is no left join, so that rows are left out or added there".to_owned());
    }
    let odd = ["sql", "sql_where", "sql_foreign_key", "foreign_key"].iter().find(|key| get(&keys, key).is_some());
    if let Some(odd) = odd {
        return Err(format!("kpic reads `sql_on` alone, and not `{odd}`"));
    }
    let on = get(&keys, "sql_on").ok_or("it has no `sql_on`")?;
    let sql = template::sql(on.value_at(), &on.text().unwrap_or_default(), base, &[]);
    // It may start from a view that is joined itself.
    let others = sql.parts.iter().filter_map(|(_, piece)| match piece {
        Piece::Member(model, _) if model != called => Some(model.clone()),
        _ => None,
    });
    let others: Vec<String> = others.collect();
    let first = others.first().cloned().unwrap_or_else(|| base.to_owned());
    if others.iter().any(|other| *other != first) {
        return Err("it is by columns of several views".to_owned());
    }
    let model = places.get(&first).and_then(|at| read.models.get_mut(*at));
    let model = model.ok_or_else(|| format!("the view `{}` is not there", short(&first)))?;
    if !places.contains_key(called) {
        return Err(format!("the view `{}` is not there", short(called)));
    }
    let join = Join { to: called.to_owned(), at: pair.at(), relationship: Relationship::One, on: Ok(sql) };
    match model.joins.iter().find(|known| known.to == called) {
        Some(known) if known.on.as_ref().map(text) == join.on.as_ref().map(text) => Ok(()),
        Some(_) => Err("another explore joins it in another way".to_owned()),
        None => {
            model.joins.push(join);
            Ok(())
        }
    }
}

/// The parts of SQL, wherever they stand.
fn text(sql: &crate::import::models::text::Sql) -> Vec<&Piece> {
    sql.parts.iter().map(|(_, piece)| piece).collect()
}
