//! What is written beside sources: KPIs, teams, dimensions and scorecards.

use super::artifacts::Artifacts;
use super::metrics::{Formula, Metrics};
use super::node::Ty;
use super::paths;
use super::semantic::{Config, Metric, SavedQuery};
use super::sources::{Sources, free, quoted};
use super::template::{self, Asked};
use super::words::{self, Words};
use crate::calendar::Grain;
use crate::draft::snake;
use crate::spec::{RESERVED_COLUMNS, RESERVED_WORDS};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// A KPI, made of a metric.
#[derive(Debug, Clone)]
pub(super) struct Kpi {
    pub(super) metric: String,
    pub(super) name: String,
    pub(super) about: Metric,
    pub(super) formula: Formula,
    pub(super) grain: Option<Grain>,
    /// At which others it is used.
    pub(super) grains: BTreeSet<Grain>,
    pub(super) owner: Option<String>,
    pub(super) meta: Option<Value>,
    pub(super) by: Vec<Vec<String>>,
    pub(super) origin: Option<String>,
}

/// A team, made of a group.
#[derive(Debug, Clone)]
pub(super) struct Team {
    pub(super) name: String,
    pub(super) group: String,
    pub(super) description: Option<String>,
    pub(super) lead: Option<String>,
}

/// A dimension that several sources have, each with the column or path that leads to it.
#[derive(Debug, Clone)]
pub(super) struct Dimension {
    pub(super) name: String,
    pub(super) ty: Ty,
    pub(super) description: Option<String>,
    pub(super) from: Vec<(String, String)>,
    /// The source that has it.
    pub(super) home: usize,
    pub(super) column: String,
}

/// A scorecard, made of a saved query.
#[derive(Debug, Clone)]
pub(super) struct Scorecard {
    pub(super) name: String,
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) grain: Option<String>,
    pub(super) kpis: Vec<String>,
    pub(super) origin: Option<String>,
}

/// All that was made of what another tool has.
pub(super) struct Made {
    pub(super) sources: Sources,
    pub(super) kpis: Vec<Kpi>,
    pub(super) teams: Vec<Team>,
    pub(super) dimensions: Vec<Dimension>,
    pub(super) scorecards: Vec<Scorecard>,
    /// What is a KPI already, by its place.
    pub(super) also: Vec<(String, usize)>,
    /// The metrics that are not carried, each with the reason.
    pub(super) refused: Vec<(String, String)>,
    /// Where metrics are defined.
    pub(super) origins: HashMap<String, String>,
    /// The zone of wall-clock times, if another than UTC.
    pub(super) zone: Option<String>,
    /// How what it was made of is called.
    pub(super) words: &'static Words,
}

/// Makes KPIs of all metrics.
pub(super) fn make(artifacts: &Artifacts, mut sources: Sources) -> Made {
    let placed = |all: &BTreeMap<String, super::manifest::Placed>| -> HashMap<String, String> {
        all.values().filter_map(|one| Some((one.name.clone(), one.original_file_path.clone()?))).collect()
    };
    let origins = placed(&artifacts.manifest.metrics);
    let owners: HashMap<&str, (&Option<String>, &Config)> =
        artifacts.manifest.metrics.values().map(|one| (one.name.as_str(), (&one.group, &one.config))).collect();
    let teams = teams(artifacts);
    let mut metrics = Metrics::of(artifacts, &mut sources);
    let (mut kpis, mut refused) = (Vec::new(), Vec::new());
    // In the order of the file, which is that of those who wrote it.
    let mut seen = HashSet::new();
    let named =
        artifacts.semantic.metrics.iter().filter_map(|value| value.get("name").and_then(Value::as_str).map(str::to_owned));
    let order: Vec<String> = named.chain(metrics.all.keys().cloned()).filter(|name| seen.insert(name.clone())).collect();
    for name in order {
        match (metrics.formula(&name), metrics.all.get(&name)) {
            (Ok(formula), Some(Ok(about))) => {
                let (group, config) = owners.get(name.as_str()).copied().unzip();
                let group = about
                    .config
                    .group
                    .as_ref()
                    .or(config.and_then(|config| config.group.as_ref()))
                    .or(group.and_then(Option::as_ref));
                let owner =
                    group.and_then(|group| teams.iter().find(|team| team.group == *group)).map(|team| team.name.clone());
                let meta =
                    if about.config.meta.is_empty() { config.map(|config| &config.meta) } else { Some(&about.config.meta) };
                kpis.push(Kpi {
                    name: metrics.names.get(&name).cloned().unwrap_or_default(),
                    grain: formula.grain.or_else(|| about.time_granularity.as_deref().and_then(grain)),
                    about: about.clone(),
                    grains: BTreeSet::new(),
                    formula,
                    owner,
                    meta: meta.filter(|meta| !meta.is_empty()).map(|meta| Value::Object(meta.clone())),
                    by: Vec::new(),
                    origin: origins.get(&name).cloned(),
                    metric: name,
                });
            }
            (Err(why), _) => refused.push((name, why)),
            (Ok(_), _) => {}
        }
    }
    use_grains(&mut kpis);
    let dimensions = dimensions(&mut sources);
    let mut made = Made {
        sources,
        kpis,
        teams,
        dimensions,
        scorecards: Vec::new(),
        also: Vec::new(),
        refused,
        origins,
        zone: None,
        words: &words::DBT,
    };
    let homes = placed(&artifacts.manifest.saved_queries);
    let mut taken = HashSet::new();
    for value in &artifacts.semantic.saved_queries {
        let named = value.get("name").and_then(Value::as_str).unwrap_or("?").to_owned();
        let card = serde_json::from_value::<SavedQuery>(value.clone()).map_err(|error| super::unlike_dbt(&error));
        let card = card.and_then(|query| scorecard(&mut made, &query, homes.get(&query.name).cloned(), &mut taken));
        match card {
            Ok(card) => made.scorecards.push(card),
            Err(why) => made.sources.left_out.push((format!("saved query `{}`", super::short(&named)), why)),
        }
    }
    made
}

/// A KPI is also shown at the grains of those that are made of it.
fn use_grains(kpis: &mut [Kpi]) {
    let places: HashMap<String, usize> = kpis.iter().enumerate().map(|(at, kpi)| (kpi.metric.clone(), at)).collect();
    let of = |kpi: &Kpi| (kpi.grain.unwrap_or(Grain::Month), kpi.formula.uses.clone());
    let used: Vec<(Grain, Vec<String>)> = kpis.iter().map(of).collect();
    for (grain, uses) in used {
        for at in uses.iter().filter_map(|name| places.get(name)) {
            if let Some(kpi) = kpis.get_mut(*at) {
                kpi.grains.insert(grain);
            }
        }
    }
}

fn grain(name: &str) -> Option<Grain> {
    Some(match name {
        "day" => Grain::Day,
        "week" => Grain::Week,
        "month" => Grain::Month,
        "quarter" => Grain::Quarter,
        "year" => Grain::Year,
        _ => return None,
    })
}

fn teams(artifacts: &Artifacts) -> Vec<Team> {
    let mut taken = HashSet::new();
    let team = |group: &super::manifest::Group| {
        Some(Team {
            name: free(&snake(&group.name)?, &mut taken),
            group: group.name.clone(),
            description: group.description.clone().filter(|text| !text.trim().is_empty()),
            lead: group.owner.name.clone().filter(|text| !text.trim().is_empty()),
        })
    };
    artifacts.manifest.groups.values().filter_map(team).collect()
}

/// Refers each source to what its entities lead to, and makes a dimension of each column there that can be reached.
fn dimensions(sources: &mut Sources) -> Vec<Dimension> {
    // For each source its ways to others: the columns on the way, and where it ends.
    let mut ways: Vec<Vec<(Vec<String>, usize)>> = Vec::new();
    for at in 0..sources.all.len() {
        let entities = sources.source(at).map(|source| source.model.entities.clone()).unwrap_or_default();
        let mut own = Vec::new();
        for entity in entities.iter().filter(|entity| entity.kind == "foreign") {
            // Several models may have the key: each is a way of its own.
            for to in 0..sources.all.len() {
                let Ok(Some(to)) = paths::target(sources, at, &entity.name, &|one| one == to) else { continue };
                let Ok(column) = sources.reference(at, entity, to) else { continue };
                own.push((vec![quoted(&column)], to));
            }
        }
        ways.push(own);
    }
    // One source further on, where no shorter way leads there.
    let further: Vec<Vec<(Vec<String>, usize)>> = ways
        .iter()
        .enumerate()
        .map(|(at, own)| {
            let mut all = own.clone();
            for (first, over) in own {
                for (second, to) in ways.get(*over).into_iter().flatten() {
                    if *to != at && !all.iter().any(|(_, known)| known == to) {
                        all.push((first.iter().chain(second).cloned().collect(), *to));
                    }
                }
            }
            all
        })
        .collect();
    let mut found = Vec::new();
    let mut taken: HashSet<String> = HashSet::new();
    for home in 0..sources.all.len() {
        let ways: Vec<(usize, &Vec<String>)> = further
            .iter()
            .enumerate()
            .flat_map(|(from, all)| {
                all.iter().filter(move |(_, to)| *to == home && from != home).map(move |(way, _)| (from, way))
            })
            .collect();
        let Some(source) = sources.source(home).filter(|_| !ways.is_empty()) else { continue };
        let entity = source.model.entities.iter().find(|one| one.kind != "foreign").and_then(|one| snake(&one.name));
        for dimension in source.model.dimensions.iter().filter(|one| one.kind != "time") {
            let column = source.columns.iter().find(|column| Some(&column.name) == snake(&dimension.name).as_ref());
            let Some(column) = column.filter(|column| matches!(column.declared(), Ty::Text | Ty::Boolean | Ty::Integer)) else {
                continue;
            };
            let is_elsewhere = sources
                .all
                .iter()
                .enumerate()
                .any(|(at, other)| at != home && other.columns.iter().any(|one| one.name == column.name));
            let is_reserved =
                RESERVED_COLUMNS.contains(&column.name.as_str()) || RESERVED_WORDS.contains(&column.name.as_str());
            let wish = match &entity {
                Some(entity) if is_elsewhere || is_reserved || taken.contains(&column.name) => {
                    format!("{entity}_{}", column.name)
                }
                _ => column.name.clone(),
            };
            let name = free(&wish, &mut taken);
            let mut from = vec![(source.name.clone(), column.written())];
            let mut seen = HashSet::from([home]);
            for (at, way) in &ways {
                if let Some(other) = sources.source(*at).filter(|_| seen.insert(*at)) {
                    from.push((other.name.clone(), format!("{}.{}", way.join("."), column.written())));
                }
            }
            let description = column.description.clone();
            found.push(Dimension { name, ty: column.declared(), description, from, home, column: column.name.clone() });
        }
    }
    found
}

/// A scorecard of the KPIs of a saved query, which are sliced as it asks.
fn scorecard(
    made: &mut Made,
    query: &SavedQuery,
    origin: Option<String>,
    taken: &mut HashSet<String>,
) -> Result<Scorecard, String> {
    let params = &query.query_params;
    if !params.filter.0.is_empty() {
        return Err("it has a filter, and scorecards have none".to_owned());
    }
    if params.limit.is_some() {
        return Err("it has a limit, and scorecards have none".to_owned());
    }
    let (mut grain, mut slices) = (None, Vec::new());
    for text in &params.group_by {
        let asked = template::group(text).ok_or_else(|| format!("kpic does not read its group `{}`", super::short(text)))?;
        match asked {
            Asked::Dimension { path, grain: by, part: false } if path == ["metric_time"] => grain = by.or(grain),
            Asked::Dimension { path, grain: None, part: false } => slices.push(path),
            _ => return Err(format!("kpic slices by dimensions alone, and it by `{}`", super::short(text))),
        }
    }
    let mut kpis = Vec::new();
    for name in &params.metrics {
        let Some(at) = made.kpis.iter().position(|kpi| kpi.metric == *name) else {
            return Err(format!("its metric `{}` is not carried", super::short(name)));
        };
        let source = made.kpis.get(at).and_then(|kpi| kpi.formula.source);
        let by: Option<Vec<String>> = slices.iter().map(|path| slice(made, source?, path)).collect();
        if let (Some(by), Some(kpi)) = (by.filter(|by| !by.is_empty()), made.kpis.get_mut(at))
            && !kpi.by.contains(&by)
        {
            kpi.by.push(by);
        }
        if let Some(kpi) = made.kpis.get_mut(at) {
            kpi.grains.extend(grain.as_deref().and_then(self::grain));
        }
        kpis.extend(made.kpis.get(at).map(|kpi| kpi.name.clone()));
    }
    if kpis.is_empty() {
        return Err("it has no metrics".to_owned());
    }
    let name = snake(&query.name).ok_or_else(|| "its name has no letters".to_owned())?;
    let text = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    Ok(Scorecard {
        name: free(&name, taken),
        title: text(&query.label),
        description: text(&query.description),
        grain,
        kpis,
        origin,
    })
}

/// The name by which KPIs are sliced by a dimension of MetricFlow.
fn slice(made: &mut Made, at: usize, path: &[String]) -> Option<String> {
    let (last, before) = path.split_last()?;
    let wanted = snake(last)?;
    let source = made.sources.source(at)?;
    let is_own = before.iter().all(|name| {
        source.model.primary_entity.as_ref() == Some(name)
            || source.model.entities.iter().any(|one| one.name == *name && one.kind != "foreign")
    });
    if is_own && source.columns.iter().any(|column| column.name == wanted) {
        let declared = made.dimensions.iter().find(|one| one.home == at && one.column == wanted);
        return Some(declared.map_or(wanted, |one| one.name.clone()));
    }
    let last = before.last()?;
    let leads = |home: usize| {
        made.sources
            .source(home)
            .is_some_and(|source| source.model.entities.iter().any(|one| one.name == *last && one.kind != "foreign"))
    };
    let name = &source.name;
    made.dimensions
        .iter()
        .find(|one| one.column == wanted && leads(one.home) && one.from.iter().any(|(from, _)| from == name))
        .map(|one| one.name.clone())
}
