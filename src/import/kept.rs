//! What a project has already: it stays as it is, and is compared with what the tool has.

use super::files::{self, Id};
use super::kpis::Made;
use super::report::Kept;
use crate::load::{self, Node, Value};
use crate::text::Files;
use std::collections::{HashMap, HashSet};

/// Which sections share their names.
const SECTIONS: [(&str, &str); 6] = [
    ("sources", "sources"),
    ("journeys", "sources"),
    ("kpis", "kpis"),
    ("teams", "teams"),
    ("dimensions", "dimensions"),
    ("scorecards", "scorecards"),
];
/// How many differences of a definition are told.
const MOST: usize = 8;

/// The definitions of a project.
pub(super) struct There {
    all: HashMap<(&'static str, String), Node>,
    files: Files,
}

impl There {
    pub(super) fn of(texts: &[(String, String)]) -> Self {
        let loaded = load::texts(texts.to_vec());
        let mut all = HashMap::new();
        for root in loaded.specs.iter().flat_map(|tree| &tree.roots) {
            let Value::Map(sections) = &root.value else { continue };
            for section in sections {
                let Some((_, shared)) = SECTIONS.iter().find(|(name, _)| *name == section.key.value) else { continue };
                let Value::Map(entries) = &section.value.value else { continue };
                for entry in entries {
                    let node = Node { span: entry.key.span, value: entry.value.value.clone() };
                    all.insert((*shared, entry.key.value.clone()), node);
                }
            }
        }
        Self { all, files: loaded.files }
    }

    fn has(&self, section: &'static str, name: &str) -> bool {
        !self.all.is_empty() && self.all.contains_key(&(section, name.to_owned()))
    }

    /// What is there of what was made.
    pub(super) fn ids(&self, made: &Made) -> HashSet<Id> {
        all(made).into_iter().filter(|(_, section, name)| self.has(section, name)).map(|(id, ..)| id).collect()
    }
}

fn all(made: &Made) -> Vec<(Id, &'static str, &str)> {
    let mut all = Vec::new();
    all.extend(made.sources.all.iter().enumerate().map(|(at, one)| (Id::Source(at), "sources", one.name.as_str())));
    all.extend(made.kpis.iter().enumerate().map(|(at, one)| (Id::Kpi(at), "kpis", one.name.as_str())));
    all.extend(made.teams.iter().enumerate().map(|(at, one)| (Id::Team(at), "teams", one.name.as_str())));
    all.extend(made.dimensions.iter().enumerate().map(|(at, one)| (Id::Dimension(at), "dimensions", one.name.as_str())));
    all.extend(made.scorecards.iter().enumerate().map(|(at, one)| (Id::Scorecard(at), "scorecards", one.name.as_str())));
    all
}

/// What stays, with how it differs from what the tool has.
pub(super) fn compare(there: &There, made: &Made) -> Vec<Kept> {
    if there.all.is_empty() {
        return Vec::new();
    }
    let whole = files::write(made, &HashSet::new(), "", &HashSet::new());
    let ours = There::of(&[(load::PROJECT_FILE.to_owned(), String::new())].into_iter().chain(whole.files).collect::<Vec<_>>());
    let mut kept = Vec::new();
    for (_, section, name) in all(made) {
        let place = (section, name.to_owned());
        let (Some(own), Some(new)) = (there.all.get(&place), ours.all.get(&place)) else { continue };
        let mut differences = Vec::new();
        differ(made.words.tool, own, new, "", &mut differences);
        let more = differences.len().saturating_sub(MOST);
        differences.truncate(MOST);
        differences.extend((more > 0).then(|| format!("and {more} more")));
        kept.push(Kept {
            section: section.to_owned(),
            name: name.to_owned(),
            path: there.files.path(own.span.file).to_owned(),
            line: there.files.line(own.span),
            differences,
        });
    }
    kept
}

/// Says of KPIs over sources that stay with another meaning that they may differ.
pub(super) fn mark(kept: &[Kept], made: &mut Made) {
    let other = |section: &str, name: &str| {
        let found = kept.iter().find(|one| one.section == section && one.name == name);
        found.filter(|one| one.differences.iter().any(|difference| !is_of_words(difference)))
    };
    let tool = made.words.tool;
    let said = |what: &str, one: &Kept| {
        format!("its {what} `{}` stays as it is in {}, and is not as {tool} has it", one.name, one.path)
    };
    let places: HashMap<&str, usize> = made.sources.all.iter().enumerate().map(|(at, one)| (one.name.as_str(), at)).collect();
    // What each source refers to, over any way, and stays with another meaning.
    let of_source = |start: usize| {
        let (mut seen, mut next, mut found) = (HashSet::from([start]), vec![start], Vec::new());
        while let Some(source) = next.pop().and_then(|at| made.sources.all.get(at)) {
            found.extend(other("sources", &source.name).map(|one| said("source", one)));
            let referred = source.columns.iter().filter_map(|column| places.get(column.references.as_ref()?.1.as_str()));
            next.extend(referred.filter(|at| seen.insert(**at)));
        }
        found
    };
    let sources: HashSet<usize> = made.kpis.iter().filter_map(|kpi| kpi.formula.source).collect();
    let told: HashMap<usize, Vec<String>> = sources.into_iter().map(|at| (at, of_source(at))).collect();
    // KPIs that stay with another meaning, by what they were made of; and what is made of these.
    let mut changed: HashMap<String, String> = HashMap::new();
    for kpi in &made.kpis {
        changed.extend(other("kpis", &kpi.name).map(|one| (kpi.metric.clone(), said("KPI", one))));
    }
    let mut grows = !changed.is_empty();
    while grows {
        let new: Vec<(String, String)> = made
            .kpis
            .iter()
            .filter(|kpi| !changed.contains_key(&kpi.metric))
            .filter_map(|kpi| Some((kpi.metric.clone(), kpi.formula.uses.iter().find_map(|used| changed.get(used))?.clone())))
            .collect();
        grows = !new.is_empty();
        changed.extend(new);
    }
    for kpi in &mut made.kpis {
        let of_sources = kpi.formula.source.and_then(|at| told.get(&at)).cloned().unwrap_or_default();
        let of_kpis = kpi.formula.uses.iter().filter_map(|used| changed.get(used).cloned());
        let all: Vec<String> = of_sources.into_iter().chain(of_kpis).collect();
        for one in all {
            if !kpi.formula.differences.contains(&one) {
                kpi.formula.differences.push(one);
            }
        }
    }
}

/// Whether a difference is one of words, and not of figures.
fn is_of_words(difference: &str) -> bool {
    ["title", "description", "row", "owner", "meta"].iter().any(|key| difference.starts_with(&format!("{key}:")))
        || difference.contains(".description:")
}

/// What the tool has that is not there, or is there otherwise.
fn differ(tool: &str, own: &Node, new: &Node, path: &str, found: &mut Vec<String>) {
    match (&own.value, &new.value) {
        (Value::Map(own), Value::Map(new)) => {
            for entry in new {
                let key = if path.is_empty() { entry.key.value.clone() } else { format!("{path}.{}", entry.key.value) };
                match own.iter().find(|known| known.key.value == entry.key.value) {
                    Some(known) => differ(tool, &known.value, &entry.value, &key, found),
                    None => found.push(format!("{key}: only {tool} has it, {}", said(&entry.value))),
                }
            }
        }
        // `amount: decimal` is `amount: { type: decimal }`.
        (Value::Scalar(_), Value::Map(entries)) if entries.iter().any(|entry| entry.key.value == "type") => {
            for entry in entries {
                let key = format!("{path}.{}", entry.key.value);
                match entry.key.value.as_str() {
                    "type" => differ(tool, own, &entry.value, &key, found),
                    _ => found.push(format!("{key}: only {tool} has it, {}", said(&entry.value))),
                }
            }
        }
        (Value::Map(entries), Value::Scalar(_)) if path.starts_with("columns.") => {
            let ty = entries.iter().find(|entry| entry.key.value == "type");
            ty.into_iter().for_each(|ty| differ(tool, &ty.value, new, path, found));
        }
        _ if said(own) == said(new) => {}
        _ => found.push(format!("{path}: {tool} has {}", said(new))),
    }
}

/// A value in a line.
fn said(node: &Node) -> String {
    match &node.value {
        Value::Null => "nothing".to_owned(),
        Value::Scalar(scalar) => format!("`{}`", super::short(&scalar.text.split_whitespace().collect::<Vec<_>>().join(" "))),
        Value::List(all) => format!("[{}]", all.iter().map(said).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let all: Vec<String> =
                entries.iter().map(|entry| format!("{}: {}", super::short(&entry.key.value), said(&entry.value))).collect();
            format!("{{ {} }}", all.join(", "))
        }
    }
}
