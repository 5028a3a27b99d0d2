//! A question without a KPI: which values dimensions have, and how many rows of each source have them.
//!
//! It becomes a question for the counts of these sources over all time, at the last day. What has states is counted as it is on that day.

use super::{Asked, Unclear};
use crate::calendar::Grain;
use crate::diagnostic::suggest;
use crate::model::{DimensionId, Model, Source, SourceKind};

/// The question for the values of its dimensions.
///
/// # Errors
/// Fails if there is no such dimension, or if no source has all of them.
pub fn values(model: &Model, asked: &Asked) -> Result<Asked, Unclear> {
    let dimensions = asked.by.iter().map(|name| dimension(model, name.trim())).collect::<Result<Vec<_>, _>>()?;
    let has_all = |id| dimensions.iter().all(|dimension| model.dimensions.get(*dimension).places.contains_key(&id));
    let sources = model.sources.iter().filter(|(id, source)| source.journey.is_none() && has_all(*id));
    let kpis: Vec<String> = sources.map(|(_, source)| counted(source, asked)).collect();
    if kpis.is_empty() {
        return Err(Unclear {
            message: format!("no source has the dimensions {} together", asked.by.join(", ")),
            help: "ask for the values of one: `kpic query --by country`".to_owned(),
        });
    }
    // The first of the two may be the last one, where days begin later elsewhere.
    let from = Some("-1".to_owned());
    Ok(Asked { kpis, grain: Some(Grain::Day), from, counts_values: true, ..asked.clone() })
}

fn dimension(model: &Model, name: &str) -> Result<DimensionId, Unclear> {
    let names = model.dimension_names.keys().map(String::as_str);
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    model.dimension_names.get(name).copied().ok_or_else(|| Unclear {
        message: format!("there is no dimension `{name}`"),
        help: suggest::did_you_mean(name, "the dimensions are", names)
            .unwrap_or_else(|| "define it under `dimensions:`".to_owned()),
    })
}

/// What counts the rows of a source, under its name.
fn counted(source: &Source, asked: &Asked) -> String {
    let name = &source.name.value;
    let is_taken = asked.by.iter().any(|own| own.trim() == name);
    let column = if is_taken { format!("rows_of_{name}") } else { name.clone() };
    match source.kind {
        SourceKind::States => format!("{column} = count({name})"),
        _ => format!("{column} = count({name} over all time)"),
    }
}
