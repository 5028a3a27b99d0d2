//! From what a filter asks for to the column that has it: of the source itself, or of one that its entities lead to.

use super::node::{ATOM, Leaf, Ty};
use super::semantic::{Dimension, Entity};
use super::sources::{Sources, quoted};
use super::template::Asked;

/// The time of rows, whatever it is called in their model.
const METRIC_TIME: &str = "metric_time";
/// The granularities that formulas have, the finest first.
const GRAINS: [&str; 5] = ["day", "week", "month", "quarter", "year"];

/// What a filter asks for, as a part of an expression.
pub(super) struct Found {
    pub(super) leaf: Leaf,
    /// Whether it is a time.
    pub(super) is_time: bool,
    /// What differs from MetricFlow on the way to it.
    pub(super) difference: Option<String>,
}

/// Looks for what is asked of the rows of a source that count at `time`.
pub(super) fn find(sources: &mut Sources, at: usize, time: &str, asked: &Asked) -> Result<Found, String> {
    match asked {
        Asked::Metric(name) => {
            Err(format!("its filter asks for the metric `{}`, which kpic's conditions on rows cannot", super::short(name)))
        }
        Asked::Entity(path) => entity(sources, at, path),
        Asked::Dimension { part: true, .. } => Err("its filter asks for a part of a date".to_owned()),
        Asked::Dimension { path, grain, .. } => dimension(sources, at, time, path, grain.as_deref()),
    }
}

fn entity(sources: &mut Sources, at: usize, path: &[String]) -> Result<Found, String> {
    let Some((last, before)) = path.split_last() else { return Err("its filter names no entity".to_owned()) };
    let (to, mut way, difference) = walk(sources, at, before, last, &|sources, to| entity_of(sources, to, last).is_some())?;
    let entity = entity_of(sources, to, last)
        .ok_or_else(|| format!("its filter asks for `{}`, which is not there", super::short(last)))?;
    let name = sources.entity(to, &entity).ok_or_else(|| format!("`{}` has no column", super::short(last)))?;
    let leaf = sources.leaf(to, &name).ok_or_else(|| format!("`{}` has no column", super::short(last)))?;
    way.push(leaf.text.clone());
    Ok(Found {
        leaf: Leaf { nullable: leaf.nullable || !before.is_empty(), text: way.join("."), ..leaf },
        is_time: false,
        difference,
    })
}

fn dimension(sources: &mut Sources, at: usize, time: &str, path: &[String], grain: Option<&str>) -> Result<Found, String> {
    let Some((last, before)) = path.split_last() else { return Err("its filter names no dimension".to_owned()) };
    if before.is_empty() && last == METRIC_TIME {
        let leaf = sources.leaf(at, time).ok_or_else(|| "it has no time".to_owned())?;
        return of_time(leaf, grain.unwrap_or("day"));
    }
    let missing = || format!("its filter asks for `{}`, which is not there", super::short(&path.join("__")));
    let (to, way, difference) = walk(sources, at, before, last, &|sources, to| dimension_of(sources, to, last).is_some())?;
    let dimension = dimension_of(sources, to, last).ok_or_else(missing)?;
    let name = sources.own_dimension(to, &dimension)?;
    let leaf = sources.leaf(to, &name).ok_or_else(missing)?;
    let text = way.iter().cloned().chain([leaf.text.clone()]).collect::<Vec<_>>().join(".");
    let leaf = Leaf { text, nullable: leaf.nullable || !way.is_empty(), ..leaf };
    if dimension.kind == "time" {
        let own = dimension.type_params.time_granularity.clone().unwrap_or_else(|| "day".to_owned());
        of_time(leaf, grain.unwrap_or(&own)).map(|found| Found { difference, ..found })
    } else {
        Ok(Found { leaf, is_time: false, difference })
    }
}

/// A time by the start of its period.
fn of_time(leaf: Leaf, grain: &str) -> Result<Found, String> {
    if !GRAINS.contains(&grain) {
        return Err(format!("its filter asks for a time by {}", super::short(grain)));
    }
    let ty = leaf.ty.or(Some(Ty::Timestamp));
    let leaf = if grain == "day" {
        // A comparison with a day goes by days.
        Leaf { by_day: true, ty, ..leaf }
    } else {
        Leaf { text: format!("trunc({}, {grain})", leaf.text), holds: ATOM, by_day: true, ty, is_column: false, ..leaf }
    };
    Ok(Found { leaf, is_time: true, difference: None })
}

fn dimension_of(sources: &Sources, at: usize, name: &str) -> Option<Dimension> {
    sources.source(at)?.model.dimensions.iter().find(|one| one.name == name).cloned()
}

fn entity_of(sources: &Sources, at: usize, name: &str) -> Option<Entity> {
    sources.source(at)?.model.entities.iter().find(|one| one.name == name).cloned()
}

/// Whether an entity is the source's own, so that its dimensions are those of the source.
fn is_own(sources: &Sources, at: usize, name: &str) -> bool {
    sources.source(at).is_some_and(|source| {
        source.model.primary_entity.as_deref() == Some(name)
            || source.model.entities.iter().any(|one| one.name == name && one.kind != "foreign")
    })
}

/// Goes from source to source, and gives the last one with the columns that lead there.
fn walk(
    sources: &mut Sources,
    at: usize,
    path: &[String],
    wanted: &str,
    has: &dyn Fn(&Sources, usize) -> bool,
) -> Result<(usize, Vec<String>, Option<String>), String> {
    let (mut at, mut way, mut difference) = (at, Vec::new(), None);
    for (place, name) in path.iter().enumerate() {
        let (rest, is_last) = (path.get(place + 1), place + 1 == path.len());
        let fits = |sources: &Sources, to: usize| match rest {
            Some(next) => entity_of(sources, to, next).is_some(),
            None => has(sources, to),
        };
        if is_own(sources, at, name) && fits(sources, at) {
            continue;
        }
        let missing = || {
            format!("its filter asks for `{}__{}`, which is not there", super::short(&path.join("__")), super::short(wanted))
        };
        let entity = entity_of(sources, at, name).ok_or_else(missing)?;
        let to = target(sources, at, name, &|to| fits(sources, to))?.ok_or_else(missing)?;
        way.push(quoted(&sources.reference(at, &entity, to)?));
        difference = difference.or_else(|| sources.by_moment(to));
        at = to;
        if way.len() > 3 && !is_last {
            return Err("its filter goes over more than three entities".to_owned());
        }
    }
    Ok((at, way, difference))
}

/// The one source that an entity leads to.
pub(super) fn target(
    sources: &Sources,
    at: usize,
    entity: &str,
    fits: &dyn Fn(usize) -> bool,
) -> Result<Option<usize>, String> {
    let is_key = |to: &usize| {
        let found = entity_of(sources, *to, entity);
        *to != at && found.is_some_and(|one| one.kind != "foreign") && fits(*to)
    };
    let mut all = (0..sources.all.len()).filter(is_key);
    let (Some(to), None) = (all.next(), all.next()) else {
        return if (0..sources.all.len()).any(|to| is_key(&to)) {
            Err(format!("more than one model has what is asked for over `{}`", super::short(entity)))
        } else {
            Ok(None)
        };
    };
    let key = |at: usize| sources.source(at).map(|source| source.key.clone()).unwrap_or_default();
    let (model, own) = (sources.source(to).map(|source| &source.model), sources.source(at).map(|source| &source.model));
    let is_first = model.is_some_and(|model| {
        let first = model.entities.iter().find(|one| one.kind == "primary");
        let first = first.or_else(|| model.entities.iter().find(|one| matches!(one.kind.as_str(), "natural" | "unique")));
        first.is_some_and(|first| first.name == entity)
    });
    if !is_first || key(to).is_empty() {
        return Err(format!(
            "`{}` is not the key of what it leads to, and kpic's references go by the key",
            super::short(entity)
        ));
    }
    let is_parted = |model: Option<&super::semantic::SemanticModel>| {
        model.is_some_and(|model| model.dimensions.iter().any(|one| one.is_partition))
    };
    if is_parted(model) && is_parted(own) {
        return Err(format!(
            "over `{}` partitions have to be equal too, which kpic's references cannot say",
            super::short(entity)
        ));
    }
    Ok(Some(to))
}
