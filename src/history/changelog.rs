//! What a change of the specs means to those who read the figures: release notes in plain words, as Markdown and as data.

use crate::diff::words::many;
use crate::diff::{Change, Class, Diff, FieldChange, Kind, What};
use crate::docs::escape::{code, inline};
use crate::model::Model;
use crate::pipeline::Checked;
use crate::text::shown_on_a_line;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Write;

/// What a change of the specs means to those who read the figures.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Document {
    /// The version of this form.
    pub changelog_version: u32,
    /// The version of kpic that wrote it.
    pub kpic_version: String,
    /// What the version before is.
    pub before: String,
    /// What the version after is.
    pub after: String,
    /// What there is to tell, in the order in which it is told; sections without entries are left out.
    pub sections: Vec<Section>,
    /// How many errors either version has. Where there are any, something may be missing.
    pub errors: usize,
}

/// What is told of one matter.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Section {
    /// What it is about: `values`, `views`, `new`, `renamed`, `removed`, `goals` or `owners`.
    pub about: &'static str,
    /// The entries, by kind and name.
    pub entries: Vec<Entry>,
}

/// What is told of one definition.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Entry {
    /// What is defined: `kpi`, `source`, `objective` and so on.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// What is to be known, in words.
    pub says: Vec<Says>,
    /// Its description.
    pub description: String,
    /// The titles of other KPIs whose values may change with it.
    pub with_it: Vec<String>,
}

/// Something to be known of a definition.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Says {
    /// In words, without its full stop.
    pub words: String,
    /// What it was before, where that is short.
    pub before: Option<String>,
    /// What it is now, where that is short.
    pub after: Option<String>,
}

/// The sections in the order in which they are told, each with its heading.
const SECTIONS: &[(&str, &str)] = &[
    ("values", "Figures that may be different"),
    ("views", "Shown differently"),
    ("renamed", "New names"),
    ("new", "New"),
    ("removed", "Removed"),
    ("goals", "Goals"),
    ("owners", "Owners"),
];

/// What there is to tell of the difference of two versions.
pub fn document(diff: &Diff, (before, before_name): (&Checked, &str), (after, after_name): (&Checked, &str)) -> Document {
    let mut sections: Vec<Section> = SECTIONS.iter().map(|(about, _)| Section { about, entries: Vec::new() }).collect();
    let mut changes: Vec<&Change> = diff.changes.iter().collect();
    changes.sort_by(|one, other| (one.kind, &one.name).cmp(&(other.kind, &other.name)));
    for change in changes {
        for (about, says) in told(change, before, after) {
            let entry = entry(change, says, about == "values", before, after);
            if let Some(section) = sections.iter_mut().find(|section| section.about == about) {
                section.entries.push(entry);
            }
        }
    }
    sections.retain(|section| !section.entries.is_empty());
    Document {
        changelog_version: 1,
        kpic_version: env!("CARGO_PKG_VERSION").to_owned(),
        before: before_name.to_owned(),
        after: after_name.to_owned(),
        sections,
        errors: diff.errors_before + diff.errors_after,
    }
}

/// What of a change is told, by section. What readers of figures do not see is not told.
fn told(change: &Change, before: &Checked, after: &Checked) -> Vec<(&'static str, Vec<Says>)> {
    let is_read = matches!(
        change.kind,
        Kind::Kpi | Kind::NorthStar | Kind::Objective | Kind::KeyResult | Kind::Guardrail | Kind::Scorecard | Kind::Dimension
    );
    let of = |class: Class| change.fields.iter().filter(move |field| field.class == class);
    let mut told = Vec::new();
    match change.what {
        What::Added if is_read && change.open.is_empty() => return vec![("new", Vec::new())],
        What::Removed if is_read && change.open.is_empty() => return vec![("removed", Vec::new())],
        What::Renamed if is_read => told.push(("renamed", vec![renamed(change, before)])),
        _ => {}
    }
    let is_felt = change.kind == Kind::Kpi
        || !change.downstream.kpis.is_empty()
        || !change.open.is_empty()
        || change.kind == Kind::Template;
    if change.class >= Class::Undecided && is_felt {
        told.push(("values", values(change)));
    }
    let shown: Vec<Says> = of(Class::Interface).filter_map(|field| shown(change, field)).collect();
    if is_read && change.what == What::Changed && !shown.is_empty() {
        told.push(("views", shown));
    }
    let goals: Vec<Says> = of(Class::Goal).map(|field| goal(change, field)).collect();
    if !goals.is_empty() {
        told.push(("goals", goals));
    }
    let owners: Vec<Says> =
        of(Class::Ownership).filter(|field| field.name != "reviewers").map(|field| owner(field, before, after)).collect();
    if !owners.is_empty() {
        told.push(("owners", owners));
    }
    told
}

fn says(words: impl Into<String>, before: Option<&String>, after: Option<&String>) -> Says {
    Says { words: words.into(), before: before.cloned(), after: after.cloned() }
}

fn renamed(change: &Change, before: &Checked) -> Says {
    let former = change.former.clone().unwrap_or_default();
    let was = title(change.kind, &former, &before.model);
    says(format!("was called {was}"), Some(&former), Some(&change.name))
}

/// Why values may be others, in words.
fn values(change: &Change) -> Vec<Says> {
    if !change.open.is_empty() {
        return vec![says(format!("may be different: {}", change.open), None, None)];
    }
    let mut all = Vec::new();
    for field in change.fields.iter().filter(|field| field.class >= Class::Undecided) {
        let (name, part) = field.name.split_once('.').unwrap_or((&field.name, ""));
        let words = match (name, part) {
            ("formula" | "values", _) => "is computed in another way".to_owned(),
            ("age" | "gaps" | "empty", _) => "handles missing data in another way".to_owned(),
            ("columns", part) if field.before.is_none() => format!("{part} is new in it"),
            ("columns", part) if field.after.is_none() => format!("{part} is no longer in it"),
            ("columns", part) => format!("{} is read in another way", part.split('.').next().unwrap_or(part)),
            ("steps", _) => "a step of it is told in another way".to_owned(),
            ("in", part) => format!("is read from {part} in another way"),
            ("shown as", part) => format!("is now shown under the name {part}"),
            ("rows", _) => "is read from another place".to_owned(),
            ("text", _) => "writes views in another way".to_owned(),
            ("start" | "data_from", _) => "starts on another day".to_owned(),
            ("as_of" | "settle", _) => "ends on another day".to_owned(),
            ("time_zone", _) => "has another time zone".to_owned(),
            ("week_starts", _) => "has weeks that start on another day".to_owned(),
            ("fiscal_year_starts", _) => "has another fiscal year".to_owned(),
            ("source_schema" | "database", _) => "has its tables in another place".to_owned(),
            _ => "is read in another way".to_owned(),
        };
        let words =
            if field.class == Class::Undecided { format!("{words}; whether values change is not known") } else { words };
        let is_worth =
            matches!(name, "formula" | "start" | "data_from" | "as_of" | "time_zone" | "week_starts" | "fiscal_year_starts");
        let (before, after) = if is_worth { (field.before.as_ref(), field.after.as_ref()) } else { (None, None) };
        all.push(says(words, before, after));
    }
    all
}

/// How something is shown differently; nothing where readers see that elsewhere.
fn shown(change: &Change, field: &FieldChange) -> Option<Says> {
    let words = match field.name.as_str() {
        "unit" => "has another unit",
        "type" => "has another type of values",
        "grain" => "is shown for other periods",
        "views" if change.kind == Kind::Kpi => "is no longer shown in some ways",
        "kpis" => "shows fewer KPIs",
        // What kind of figure it is follows from its formula, which is told.
        _ => return None,
    };
    let is_short = matches!(field.name.as_str(), "unit" | "type" | "grain");
    Some(if is_short { says(words, field.before.as_ref(), field.after.as_ref()) } else { says(words, None, None) })
}

fn goal(change: &Change, field: &FieldChange) -> Says {
    let (name, part) = field.name.split_once('.').unwrap_or((&field.name, ""));
    let what = match (change.kind, name) {
        (Kind::Guardrail, "when") => "the condition".to_owned(),
        (Kind::Guardrail, "by") => "the slices that are watched".to_owned(),
        (Kind::Guardrail, "periods") => "how many periods it waits".to_owned(),
        (Kind::Kpi, "better") => "the better direction".to_owned(),
        (_, "to") => "the target".to_owned(),
        (_, "from") => "the start".to_owned(),
        (_, "keep") => "what is to be kept".to_owned(),
        (_, "due") => "the due date".to_owned(),
        (_, "kpi") => "the KPI that measures it".to_owned(),
        (_, "slice") => "the part that is measured".to_owned(),
        (_, "measure") => "how it is measured".to_owned(),
        (_, "pace") => "the expected pace".to_owned(),
        (_, "check_ins") => format!("the check-in of {part}"),
        (_, "confidence") => format!("the confidence of {part}"),
        (_, "final") => "the final grade".to_owned(),
        (_, "dropped") => "whether it is dropped".to_owned(),
        (_, "health") => "whether it is a health metric".to_owned(),
        (_, "parent") => "the objective that it serves".to_owned(),
        (Kind::NorthStar, "counter") => "the counter metrics".to_owned(),
        (Kind::Okrs, _) => format!("the limit for {}", name.replace('_', " ")),
        (_, name) => format!("the {}", name.replace('_', " ")),
    };
    let when = if change.is_mid_cycle { ", while its period runs" } else { "" };
    let verb = match (&field.before, &field.after) {
        (None, _) => "is set",
        (_, None) => "is no longer set",
        _ => "changes",
    };
    says(format!("{what} {verb}{when}"), field.before.as_ref(), field.after.as_ref())
}

fn owner(field: &FieldChange, before: &Checked, after: &Checked) -> Says {
    if field.name == "lead" {
        return says("has another lead", field.before.as_ref(), field.after.as_ref());
    }
    let named = |team: Option<&String>, of: &Checked| team.map(|team| title(Kind::Team, team, &of.model));
    let (was, is) = (named(field.before.as_ref(), before), named(field.after.as_ref(), after));
    says("has another owner", was.as_ref(), is.as_ref())
}

fn entry(change: &Change, says: Vec<Says>, of_values: bool, before: &Checked, after: &Checked) -> Entry {
    let gone = change.what == What::Removed;
    let model = if gone { &before.model } else { &after.model };
    let others = change.downstream.kpis.iter().filter(|kpi| of_values && (change.kind != Kind::Kpi || kpi.name != change.name));
    let with_it = others.map(|kpi| title(Kind::Kpi, &kpi.name, &after.model)).collect();
    Entry {
        kind: change.kind.name(),
        name: change.name.clone(),
        title: title(change.kind, &change.name, model),
        says,
        description: description(change.kind, &change.name, model),
        with_it,
    }
}

/// What people call a definition, and what it says of itself.
fn about<'a>(kind: Kind, name: &str, model: &'a Model) -> Option<(&'a str, &'a str)> {
    let objective = |name: &str| model.objectives.rows().iter().find(|objective| objective.name.value == name);
    match kind {
        Kind::Kpi => {
            model.kpi_names.get(name).map(|id| model.kpis.get(*id)).map(|kpi| (kpi.title.as_str(), kpi.description.as_str()))
        }
        Kind::Objective => objective(name).map(|of| (of.title.as_str(), of.description.as_str())),
        Kind::KeyResult => {
            let (of, result) = name.split_once('.')?;
            let result = objective(of)?.key_results.iter().find(|known| known.name.value == result)?;
            Some((&result.title, &result.description))
        }
        Kind::Guardrail => {
            let found = model.guardrails.iter().find(|of| of.name.value == name);
            found.map(|of| (of.title.as_str(), of.description.as_str()))
        }
        Kind::Scorecard => {
            let found = model.scorecards.iter().find(|of| of.name.value == name);
            found.map(|of| (of.title.as_str(), of.description.as_str()))
        }
        Kind::Team => {
            let found = model.teams.rows().iter().find(|of| of.name.value == name);
            found.map(|of| (of.title.as_str(), of.description.as_str()))
        }
        Kind::Dimension => {
            let found = model.dimension_names.get(name).map(|id| model.dimensions.get(*id));
            found.map(|of| (of.title.as_str(), of.description.as_str()))
        }
        _ => None,
    }
}

/// What a changelog calls a definition.
pub fn title(kind: Kind, name: &str, model: &Model) -> String {
    if kind.is_single() {
        return format!("The {}", kind.noun());
    }
    about(kind, name, model).map_or_else(|| model.title(name), |(title, _)| title.to_owned())
}

fn description(kind: Kind, name: &str, model: &Model) -> String {
    about(kind, name, model).map(|(_, description)| description.trim().to_owned()).unwrap_or_default()
}

/// Text of a spec in a sentence. What would call somebody or link somewhere on a code host stands in code.
fn prose(text: &str) -> String {
    let text = shown_on_a_line(text.trim());
    if text.contains(['@', '#']) || text.contains("://") || text.contains("www.") {
        code(&text)
    } else {
        inline(&text).into_owned()
    }
}

/// The same as Markdown.
pub fn markdown(document: &Document) -> String {
    let mut text = format!("## KPI changes from {} to {}\n", code(&document.before), code(&document.after));
    if document.errors > 0 {
        let _ = write!(text, "\n> {} in these versions: something may be missing here.\n", many(document.errors, "error"));
    }
    if document.sections.is_empty() {
        text.push_str("\nNothing changes for those who read the figures.\n");
    }
    for section in &document.sections {
        let heading = SECTIONS.iter().find(|(about, _)| *about == section.about).map_or("", |(_, heading)| heading);
        let _ = write!(text, "\n### {heading}\n\n");
        section.entries.iter().for_each(|entry| text.push_str(&item(section.about, entry)));
    }
    text
}

fn item(about: &str, entry: &Entry) -> String {
    let noun = Kind::ALL.iter().find(|kind| kind.name() == entry.kind).map(|kind| kind.noun());
    let noun = noun
        .filter(|_| entry.kind != Kind::Kpi.name() && !entry.name.is_empty())
        .map(|noun| format!(" ({noun})"))
        .unwrap_or_default();
    let mut text = format!("- **{}**{noun}", prose(&entry.title));
    let said = entry.says.iter().map(|says| match (&says.before, &says.after) {
        (None, None) => prose(&says.words),
        (Some(before), Some(after)) => format!("{}: {} → {}", prose(&says.words), code_of(before), code_of(after)),
        (None, Some(only)) | (Some(only), None) => format!("{}: {}", prose(&says.words), code_of(only)),
    });
    let said: Vec<String> = said.collect();
    let mut stop = "";
    if !said.is_empty() {
        let _ = write!(text, " {}", said.join("; "));
        stop = ".";
    }
    if matches!(about, "values" | "new") && !entry.description.is_empty() {
        let _ = write!(text, "{}{}", if stop.is_empty() { ": " } else { ". " }, prose(&entry.description));
        stop = if entry.description.ends_with(['.', '!', '?']) { "" } else { "." };
    }
    text.push_str(stop);
    if !entry.with_it.is_empty() {
        const SHOWN: usize = 12;
        let names: Vec<String> = entry.with_it.iter().take(SHOWN).map(|title| prose(title)).collect();
        let more = entry.with_it.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let _ = write!(text, " With it may change: {}{more}.", names.join(", "));
    }
    text.push('\n');
    text
}

fn code_of(text: &str) -> String {
    code(&shown_on_a_line(&text.split_whitespace().collect::<Vec<_>>().join(" ")))
}
