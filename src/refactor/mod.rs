//! Changes of a whole project: a definition gets another name or another file, or a key result what people say about it. In memory; `fix` writes files.
//!
//! Each checks the project that comes out, and gives no changes where that says something else than before.

pub mod carry;
pub mod check_in;
pub mod grade;
pub mod move_to;
pub mod rename;

use crate::diagnostic::Findings;
use crate::fix::Change;
use crate::load::{self, PROJECT_FILE};
use crate::model::Model;
use crate::model::uses::Meant;
use crate::pipeline::{self, Checked, Options};
use crate::text::{FileId, Files, Name};

/// A kind of definition that can be renamed and moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A KPI.
    Kpi,
    /// A source.
    Source,
    /// A journey.
    Journey,
    /// A dimension.
    Dimension,
    /// A team.
    Team,
    /// A scorecard.
    Scorecard,
    /// An objective.
    Objective,
    /// A guardrail.
    Guardrail,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 8] = [
        Kind::Kpi,
        Kind::Source,
        Kind::Journey,
        Kind::Dimension,
        Kind::Team,
        Kind::Scorecard,
        Kind::Objective,
        Kind::Guardrail,
    ];

    /// What it is called.
    pub fn noun(self) -> &'static str {
        match self {
            Kind::Kpi => "KPI",
            Kind::Source => "source",
            Kind::Journey => "journey",
            Kind::Dimension => "dimension",
            Kind::Team => "team",
            Kind::Scorecard => "scorecard",
            Kind::Objective => "objective",
            Kind::Guardrail => "guardrail",
        }
    }

    /// The section of a spec file that it is defined in.
    pub fn section(self) -> &'static str {
        match self {
            Kind::Kpi => "kpis",
            Kind::Source => "sources",
            Kind::Journey => "journeys",
            Kind::Dimension => "dimensions",
            Kind::Team => "teams",
            Kind::Scorecard => "scorecards",
            Kind::Objective => "objectives",
            Kind::Guardrail => "guardrails",
        }
    }
}

/// A definition.
#[derive(Debug, Clone)]
pub struct Definition {
    /// What it is.
    pub kind: Kind,
    /// Its name, where it is defined.
    pub name: Name,
    /// What names mean that mean it; nothing of what no name means.
    meant: Option<Meant>,
}

/// Why something cannot be done.
#[derive(Debug)]
pub enum Refusal {
    /// The project has errors, which hide what names mean.
    Errors(Box<(Findings, Files)>),
    /// What was asked for cannot be done.
    Cannot {
        /// Why.
        message: String,
        /// What to do about it.
        help: String,
    },
    /// The project would have these errors afterwards.
    Breaks(Box<(Findings, Files)>),
}

impl Refusal {
    fn cannot(message: impl Into<String>, help: impl Into<String>) -> Self {
        Refusal::Cannot { message: message.into(), help: help.into() }
    }
}

/// All definitions of a project that have a name.
pub fn definitions(model: &Model) -> Vec<Definition> {
    let mut found = Vec::new();
    let mut add = |kind, name: &Name, meant| found.push(Definition { kind, name: name.clone(), meant });
    for (id, kpi) in model.kpis.iter().filter(|(_, kpi)| !kpi.is_asked()) {
        add(Kind::Kpi, &kpi.name, Some(Meant::Kpi(id)));
    }
    for (id, source) in model.sources.iter() {
        let kind = if source.journey.is_some() { Kind::Journey } else { Kind::Source };
        add(kind, &source.name, Some(Meant::Source(id)));
    }
    for (id, dimension) in model.dimensions.iter() {
        if let Some(span) = dimension.defined {
            add(Kind::Dimension, &Name::new(dimension.name.clone(), span), Some(Meant::Dimension(id)));
        }
    }
    for (id, team) in model.teams.iter() {
        add(Kind::Team, &team.name, Some(Meant::Team(id)));
    }
    for card in &model.scorecards {
        add(Kind::Scorecard, &card.name, None);
    }
    for (id, objective) in model.objectives.iter() {
        add(Kind::Objective, &objective.name, Some(Meant::Objective(id)));
    }
    for (at, guardrail) in model.guardrails.iter().enumerate() {
        add(Kind::Guardrail, &guardrail.name, Some(Meant::Guardrail(at)));
    }
    found
}

/// The definition of a name, of a kind if one is said.
///
/// # Errors
/// Fails if there is none, or several.
pub fn definition(model: &Model, name: &str, kind: Option<Kind>) -> Result<Definition, Refusal> {
    let all = definitions(model);
    let mut found = all.iter().filter(|each| each.name.value == name && kind.is_none_or(|kind| kind == each.kind));
    let what = kind.map_or("definition", Kind::noun);
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only.clone()),
        (Some(one), Some(other)) => Err(Refusal::cannot(
            format!("`{name}` is the name of a {} and of a {}", one.kind.noun(), other.kind.noun()),
            format!("say which one: `--kind {}`", one.kind.noun().to_lowercase()),
        )),
        (None, _) => {
            let names =
                all.iter().filter(|each| kind.is_none_or(|kind| kind == each.kind)).map(|each| each.name.value.as_str());
            let near = crate::diagnostic::suggest::nearest(name, names).map(|near| format!("did you mean `{near}`?"));
            let kinds = Kind::ALL.map(Kind::noun).join(", ");
            let is_column = kind.is_none_or(|kind| kind == Kind::Dimension) && model.dimension_names.contains_key(name);
            let help = near.filter(|_| !is_column).unwrap_or_else(|| {
                if is_column {
                    format!("`{name}` is a column; rename it by hand, with `column: {name}` beside its new name")
                } else {
                    format!("it has to be a {kinds}")
                }
            });
            Err(Refusal::cannot(format!("there is no {what} `{name}`"), help))
        }
    }
}

/// The texts of a project with changes, as `check_texts` takes them; nothing without a project file.
fn texts(files: &Files, changes: &[Change]) -> Option<Vec<(String, String)>> {
    let after = |path: &str| changes.iter().find(|change| change.path == path).map(|change| change.after.clone());
    let templates: Vec<_> = load::templates(files).into_iter().map(|(_, id)| id).collect();
    let kept = files.iter().filter(|(id, _)| !templates.contains(id));
    let mut texts: Vec<(String, String)> =
        kept.map(|(_, file)| (file.path.clone(), after(&file.path).unwrap_or_else(|| file.text.clone()))).collect();
    let is_new = |change: &&Change| files.iter().all(|(_, file)| file.path != change.path);
    texts.extend(changes.iter().filter(is_new).map(|change| (change.path.clone(), change.after.clone())));
    texts.first().is_some_and(|(path, _)| path == PROJECT_FILE).then_some(texts)
}

/// The text of a file with the changes so far.
fn text_now(changes: &[Change], files: &Files, file: FileId) -> String {
    let known = changes.iter().find(|change| change.path == files.path(file)).map(|change| change.after.clone());
    known.unwrap_or_else(|| files.get(file).map_or_else(String::new, |file| file.text.clone()))
}

/// Adds a change of a file, or another one of the same file.
fn change(changes: &mut Vec<Change>, files: &Files, file: FileId, after: String) {
    let (path, known) = (files.path(file).to_owned(), files.get(file));
    if let Some(change) = changes.iter_mut().find(|change| change.path == path) {
        change.after = after;
        return;
    }
    let before = known.map_or_else(String::new, |file| file.text.clone());
    let hidden = known.map(|file| file.hidden().map(str::to_owned).collect()).unwrap_or_default();
    changes.push(Change { path, before, after, hidden });
}

/// Checks a project once more, with changes.
fn checked(files: &Files, changes: &[Change], options: &Options) -> Result<Checked, Refusal> {
    let Some(texts) = texts(files, changes) else {
        return Err(Refusal::cannot("there is no project file", format!("create {PROJECT_FILE}")));
    };
    Ok(pipeline::check_texts(texts, options))
}
