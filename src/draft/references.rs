//! Finds references: columns that are declared so, or named after another source and hold its keys.

use super::Asked;
use super::Known;
use super::names::free;
use super::sources::{Reference, Source};
use super::tables::{Column, Place, key_stem, may_be_key, relation};
use crate::engine::Failure;
use crate::engine::types::Family;
use crate::measure::number;

/// What rows may refer to by a single key.
#[derive(Debug, Clone)]
pub struct Target {
    /// The source.
    pub name: String,
    /// The noun that one row of it stands for.
    pub row: String,
    /// Its rows, as SQL has them after `from`.
    pub relation: String,
    /// The key as it is stored.
    pub key: String,
    /// The key in the spec.
    pub key_name: String,
    /// What the key holds.
    pub family: Family,
    /// Where the rows are, of a table that is drafted.
    pub place: Option<Place>,
}

/// Names of columns that refer to another row of the same table.
const OWN: [&str; 9] =
    ["parent", "manager", "supervisor", "boss", "referrer", "referred_by", "predecessor", "original", "reports_to"];

/// Finds the references of all sources.
///
/// # Errors
/// Fails if the engine cannot be used.
pub(super) fn references(sources: &mut [Source], known: &Known, engine: &Asked<'_>) -> Result<(), Failure> {
    let dialect = engine.dialect;
    let drafted = sources.iter().filter(|source| source.holding.is_none()).filter_map(|source| match source.key.as_slice() {
        [only] => {
            let key = source.table.columns.get(*only)?;
            Some(Target {
                name: source.name.clone(),
                row: source.row.clone(),
                relation: relation(&source.table.place, dialect),
                key: key.name.clone(),
                key_name: key.spec_name.clone(),
                family: key.family,
                place: Some(source.table.place.clone()),
            })
        }
        _ => None,
    });
    let targets: Vec<Target> = drafted.chain(known.targets.iter().cloned()).collect();
    let mut asked: Vec<(usize, usize, String, String)> = Vec::new();
    let mut queries = Vec::new();
    for (at, source) in sources.iter().enumerate() {
        for (place, column) in source.table.columns.iter().enumerate() {
            let own_key = source.key == [place];
            let Some((target, name)) = target(source, column, &targets).filter(|_| !own_key || declared(source, column)) else {
                continue;
            };
            let (here, there) = (dialect.identifier(&column.name), dialect.identifier(&target.key));
            queries.push(format!(
                "select count(*) as lost from {} where {here} is not null and {here} not in \
                 (select {there} from {} where {there} is not null)",
                relation(&source.table.place, dialect),
                target.relation,
            ));
            asked.push((at, place, target.name.clone(), name));
        }
    }
    for ((at, column, target, name), answer) in asked.into_iter().zip(engine.answer("", &queries)?) {
        let Ok(rows) = answer else { continue };
        let lost = rows.rows.first().and_then(|row| rows.get(row, "lost")).and_then(number).unwrap_or(0.0);
        let Some(source) = sources.get_mut(at) else { continue };
        let filled = source.table.columns.get(column).map_or(0, |column| column.filled);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of rows")]
        let lost = lost.max(0.0) as u64;
        // A name alone makes no reference: most values have to be keys.
        if filled > 0 && lost.saturating_mul(5) > filled {
            continue;
        }
        let others = source.table.columns.iter().enumerate().filter(|(place, _)| *place != column);
        let mut taken: Vec<String> = others.map(|(_, column)| column.spec_name.clone()).collect();
        taken.extend(source.references.iter().map(|reference| reference.name.clone()));
        let own = source.table.columns.get(column).map(|column| column.spec_name.clone()).unwrap_or_default();
        // A key keeps its name, which is under `key:` too.
        let wish = if taken.contains(&name) || source.key.contains(&column) { own } else { name };
        source.references.push(Reference { column, name: free(&wish, &mut taken), target, lost });
    }
    Ok(())
}

fn declared(source: &Source, column: &Column) -> bool {
    source.table.references.iter().any(|(name, ..)| *name == column.name)
}

/// To which source a column may refer, and what the reference is called.
fn target<'a>(source: &Source, column: &Column, targets: &'a [Target]) -> Option<(&'a Target, String)> {
    let stem = key_stem(&column.spec_name).filter(|stem| !stem.is_empty());
    let name = || stem.unwrap_or(&column.spec_name).to_owned();
    let of = source.table.references.iter().find(|(name, ..)| *name == column.name);
    if let Some((_, place, key)) = of {
        let is_it = |target: &&Target| target.place.as_ref() == Some(place) && target.key == *key;
        return targets.iter().find(is_it).map(|target| (target, name()));
    }
    if OWN.contains(&name().as_str()) {
        let own = |target: &&Target| target.name == source.name && target.family == column.family;
        return targets.iter().find(own).map(|target| (target, name()));
    }
    let same_type = |target: &&Target| target.family == column.family && target.name != source.name;
    let exact = |target: &&Target| stem.is_some_and(|stem| stem == target.row || stem == target.name);
    // `origin_airport_id` refers to airports, in the role of an origin.
    let role = |target: &&Target| stem.is_some_and(|stem| stem.ends_with(&format!("_{}", target.row)));
    let same_key = |target: &&Target| column.spec_name == target.key_name && column.spec_name != "id";
    let by_name =
        |target: &&Target| (column.spec_name == target.row || column.spec_name == target.name) && may_be_key(&target.key_name);
    let mut fitting = targets.iter().filter(same_type);
    let found = fitting
        .clone()
        .find(exact)
        .or_else(|| fitting.clone().find(same_key))
        .or_else(|| fitting.clone().find(by_name))
        .or_else(|| fitting.find(role));
    found.map(|target| (target, name()))
}
