//! Who owns which spec file, and who has to look at a change: as data, and as lines of a CODEOWNERS file.

use crate::diff::{self, Change, Class, Diff, Kind, What};
use crate::model::Model;
use crate::pipeline::Checked;
use crate::text::{FileId, shown_on_a_line};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Who owns which spec file, or who has to look at a change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Document {
    /// The version of this form.
    pub owners_version: u32,
    /// The version of kpic that wrote it.
    pub kpic_version: String,
    /// The spec files with those who own what is defined in them; empty for a change.
    pub files: Vec<OfFile>,
    /// Those who have to look at a change; empty without one.
    pub reviewers: Vec<Concerned>,
    /// What changes and has no owner, as `kind name`.
    pub unowned: Vec<String>,
}

/// A spec file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OfFile {
    /// Its path from the project's folder.
    pub path: String,
    /// Who owns something in it.
    pub owners: Vec<Owner>,
}

/// A team.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Owner {
    /// Its name.
    pub team: String,
    /// Who reviews for it on the code host; empty if the team does not say.
    pub reviewers: Vec<String>,
}

/// A team that has to look at a change, and why.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Concerned {
    /// The team.
    #[serde(flatten)]
    pub owner: Owner,
    /// Why, the greatest class first.
    pub because: Vec<Reason>,
}

/// Why a team has to look at a change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Reason {
    /// What it owns: a kind of definition.
    pub kind: &'static str,
    /// The name of that.
    pub name: String,
    /// The kind of what changes.
    pub change_kind: &'static str,
    /// The name of what changes.
    pub change: String,
    /// What the change does to readers.
    pub class: &'static str,
    /// What the change goes through to what the team owns, with both ends; empty where that changes itself.
    pub through: Vec<String>,
}

impl Document {
    fn new() -> Self {
        Self {
            owners_version: 1,
            kpic_version: env!("CARGO_PKG_VERSION").to_owned(),
            files: Vec::new(),
            reviewers: Vec::new(),
            unowned: Vec::new(),
        }
    }
}

/// Who owns what is defined in each spec file.
pub fn of_files(checked: &Checked) -> Document {
    let templates: BTreeSet<FileId> = crate::load::templates(&checked.files).into_iter().map(|(_, id)| id).collect();
    let specs = checked.files.iter().filter(|(id, _)| *id != FileId::FIRST && !templates.contains(id));
    let mut files: BTreeMap<&str, BTreeSet<String>> = specs.map(|(_, file)| (file.path.as_str(), BTreeSet::new())).collect();
    for (kind, name, place) in diff::definitions(checked) {
        let file = place.map(|place| checked.files.path(place.file)).unwrap_or_default();
        if let Some(owners) = files.get_mut(file) {
            owners.extend(diff::owner(&checked.model, kind, &name));
        }
    }
    let of_file = |(path, owners): (&str, BTreeSet<String>)| OfFile {
        path: path.to_owned(),
        owners: owners.into_iter().map(|team| owner([&checked.model], team)).collect(),
    };
    Document { files: files.into_iter().map(of_file).collect(), ..Document::new() }
}

/// Who has to look at a change: who owns what changes, and what is downstream of a change of values. Words alone call nobody. Who reviews for
/// a team is what the version before says, so that a change cannot choose its own reviewers.
pub fn of_change(diff: &Diff, before: &Checked, after: &Checked) -> Document {
    let mut because: BTreeMap<String, Vec<Reason>> = BTreeMap::new();
    let mut unowned = Vec::new();
    for change in diff.changes.iter().filter(|change| change.class > Class::Words) {
        let mut has_owner = false;
        let mut tell = |team: Option<String>, kind: Kind, name: &str, through: Vec<String>| {
            let Some(team) = team else { return };
            has_owner |= through.is_empty();
            let reasons = because.entry(team).or_default();
            // Who owns it before and after is told once.
            if !reasons.iter().any(|known| known.kind == kind.name() && known.name == name && known.change == change.name) {
                let (change_kind, class) = (change.kind.name(), change.class.name());
                reasons.push(Reason {
                    kind: kind.name(),
                    name: name.to_owned(),
                    change_kind,
                    change: change.name.clone(),
                    class,
                    through,
                });
            }
        };
        let was = change.former.as_ref().unwrap_or(&change.name);
        for (model, name) in [(&after.model, &change.name), (&before.model, was)] {
            let is_team = change.kind == Kind::Team && model.teams.rows().iter().any(|team| team.name.value == *name);
            let team = if is_team { Some(name.clone()) } else { diff::owner(model, change.kind, name) };
            tell(team, change.kind, &change.name, Vec::new());
        }
        downstream(change, after, &mut tell);
        let owned = matches!(change.kind, Kind::Kpi | Kind::Objective | Kind::KeyResult | Kind::Guardrail);
        if !has_owner && owned {
            unowned.push(format!("{} {}", change.kind.noun(), change.name));
        }
    }
    let concerned =
        because.into_iter().map(|(team, because)| Concerned { owner: owner([&before.model, &after.model], team), because });
    Document { reviewers: concerned.collect(), unowned, ..Document::new() }
}

/// Tells who owns what is downstream of a change of values.
fn downstream(change: &Change, after: &Checked, tell: &mut impl FnMut(Option<String>, Kind, &str, Vec<String>)) {
    if change.class < Class::Undecided || change.what == What::Added {
        return;
    }
    let (down, model) = (&change.downstream, &after.model);
    let start = if change.kind.is_single() { change.kind.noun() } else { &change.name };
    let way = |through: &[String], end: &str| {
        let mut way: Vec<String> = Vec::with_capacity(through.len() + 2);
        for step in std::iter::once(start).chain(through.iter().map(String::as_str)).chain([end]) {
            if way.last().is_none_or(|last| last != step) {
                way.push(step.to_owned());
            }
        }
        way
    };
    for kpi in down.kpis.iter().filter(|kpi| change.kind != Kind::Kpi || kpi.name != change.name) {
        tell(diff::owner(model, Kind::Kpi, &kpi.name), Kind::Kpi, &kpi.name, way(&kpi.through, &kpi.name));
    }
    for (kind, names) in [(Kind::KeyResult, &down.key_results), (Kind::Guardrail, &down.guardrails)] {
        for name in names {
            tell(diff::owner(model, kind, name), kind, name, way(&[], name));
        }
    }
}

/// A team with its reviewers, as the first model says that has it.
fn owner<'a>(models: impl IntoIterator<Item = &'a Model>, team: String) -> Owner {
    let find = |model: &'a Model| model.teams.rows().iter().find(|known| known.name.value == team);
    let reviewers = models.into_iter().find_map(find).map(|team| team.reviewers.clone()).unwrap_or_default();
    Owner { team, reviewers }
}

/// What stands before and after the lines that kpic writes.
pub const MARKS: [&str; 2] = ["# kpic owners: begin", "# kpic owners: end"];

/// Lines of a CODEOWNERS file, for GitHub and GitLab. `folder` is the project's folder as seen from the repository's root.
pub fn codeowners(document: &Document, folder: &str) -> String {
    let [begin, end] = MARKS;
    let mut text = format!("{begin} (written by `kpic owners --write`)\n");
    let mut silent = BTreeSet::new();
    for file in &document.files {
        let path = if folder.is_empty() { file.path.clone() } else { format!("{folder}/{}", file.path) };
        let reviewers: BTreeSet<&String> = file.owners.iter().flat_map(|owner| &owner.reviewers).collect();
        silent.extend(file.owners.iter().filter(|owner| owner.reviewers.is_empty()).map(|owner| owner.team.as_str()));
        let shown = shown_on_a_line(&path);
        if path.chars().any(|char| "[]*?!#\\".contains(char) || char.is_control()) {
            text.push_str(&format!("# {shown}: this path has characters that mean something else here\n"));
        } else if reviewers.is_empty() {
            let why = if file.owners.is_empty() { "nothing in it has an owner" } else { "its owners name no reviewers" };
            text.push_str(&format!("# {shown}: {why}\n"));
        } else {
            let names: Vec<&str> = reviewers.iter().map(|name| name.as_str()).collect();
            text.push_str(&format!("/{} {}\n", path.replace(' ', "\\ "), names.join(" ")));
        }
    }
    for team in silent {
        text.push_str(&format!("# the team `{team}` names no `reviewers`\n"));
    }
    text.push_str(end);
    text.push('\n');
    text
}

/// A CODEOWNERS file with kpic's part replaced, or added at its end; what else it says stays.
///
/// # Errors
/// Says which mark is missing, or there twice.
pub fn replaced(file: &str, part: &str) -> Result<String, String> {
    let [begin, end] = MARKS;
    let is_mark = |line: &str, mark: &str| line.trim_end() == mark || line.starts_with(&format!("{mark} "));
    let lines: Vec<&str> = file.split_inclusive('\n').collect();
    let at = |mark: &str| -> Vec<usize> {
        lines
            .iter()
            .enumerate()
            .filter(|(_, line)| is_mark(line.trim_end_matches(['\r', '\n']), mark))
            .map(|(at, _)| at)
            .collect()
    };
    match (at(begin).as_slice(), at(end).as_slice()) {
        ([], []) => {
            let gap = if file.is_empty() || file.ends_with("\n\n") {
                ""
            } else if file.ends_with('\n') {
                "\n"
            } else {
                "\n\n"
            };
            Ok(format!("{file}{gap}{part}"))
        }
        ([from], [to]) if from < to => {
            let before: String = lines.iter().take(*from).copied().collect();
            let after: String = lines.iter().skip(to + 1).copied().collect();
            Ok(format!("{before}{part}{after}"))
        }
        ([], _) => Err(format!("there is `{end}` and no `{begin}` before it")),
        (_, []) => Err(format!("there is `{begin}` and no `{end}` after it")),
        _ => Err(format!("`{begin}` and `{end}` have to be there once, in this order")),
    }
}
