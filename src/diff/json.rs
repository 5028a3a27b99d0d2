//! A difference as data. The comments of these structs are the descriptions in its JSON Schema.

use super::evidence::{Evidence, Flip, Sql};
use super::{Class, Diff, Side};
use crate::align::Sign;
use crate::text::shown_on_a_line;
use crate::text::{Files, Span};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// What differs between two versions of a project.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Document {
    /// The version of this form.
    pub diff_version: u32,
    /// The version of kpic that wrote it.
    pub kpic_version: String,
    /// What the version before is: a commit, or a folder.
    pub before: String,
    /// What the version after is: a commit, or a folder.
    pub after: String,
    /// How many changes there are of each class: `meaning`, `undecided`, `interface`, `goal`, `ownership`, `words`, `none`.
    pub classes: BTreeMap<&'static str, usize>,
    /// The definitions that differ, those with the greatest effect first.
    pub changes: Vec<Changed>,
    /// KPIs whose link to the North Star differs.
    pub links: Vec<Link>,
    /// Key results and guardrails that say something else on the project's data, where that was asked for.
    pub flips: Vec<Flip>,
    /// The SQL of views in both versions, where that was asked for.
    pub sql: Vec<Sql>,
    /// Everybody who owns something that changes or is downstream.
    pub owners: Vec<String>,
    /// How many errors either version has. What is wrong is not compared.
    pub errors: Errors,
    /// What the project refuses of this, as `diff.deny` says.
    pub denied: Vec<String>,
    /// What is allowed although the project denies it, by trailers of commits or of the request.
    pub allowed: Vec<super::policy::Allowance>,
}

/// How many errors the versions have.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Errors {
    /// The version before.
    pub before: usize,
    /// The version after.
    pub after: usize,
}

/// A definition that differs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Changed {
    /// What is defined: `kpi`, `source`, `objective` and so on.
    pub kind: &'static str,
    /// Its name, after; before, if it is gone.
    pub name: String,
    /// Its name before, if it is renamed.
    pub former: Option<String>,
    /// `added`, `removed`, `renamed` or `changed`.
    pub change: &'static str,
    /// What that does to readers: `meaning`, `undecided`, `interface`, `goal`, `ownership`, `words` or `none`.
    pub class: &'static str,
    /// Why it cannot be compared; empty if it can.
    pub open: String,
    /// Whether it changes a goal whose period has begun.
    pub mid_cycle: bool,
    /// The fields that differ.
    pub fields: Vec<Field>,
    /// What is downstream, where values may change.
    pub downstream: Downstream,
    /// Who owns it, and what is downstream.
    pub owners: Vec<String>,
    /// What both versions make of the same rows, where that was asked for.
    pub evidence: Vec<Evidence>,
    /// The file that it is defined in; empty if it is in none.
    pub file: String,
    /// The line, from 1; 0 if it is in no file.
    pub line: usize,
}

/// A field that differs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Field {
    /// Its name; those of parts have a dot, as in `columns.amount`.
    pub name: String,
    /// What the difference does to readers.
    pub class: &'static str,
    /// What it said before.
    pub before: Option<String>,
    /// What it says after.
    pub after: Option<String>,
    /// Whether both are proven to mean the same.
    pub proven: bool,
}

/// What is downstream of a change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Downstream {
    /// KPIs whose values may change.
    pub kpis: Vec<Kpi>,
    /// Scorecards that show one of them.
    pub scorecards: Vec<String>,
    /// Key results measured by one of them, each as `objective.result`.
    pub key_results: Vec<String>,
    /// The objectives of these, and those that they serve.
    pub objectives: Vec<String>,
    /// Guardrails that watch one of them.
    pub guardrails: Vec<String>,
    /// Parts of the North Star among them.
    pub north_star: Vec<String>,
}

/// A KPI whose values may change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Kpi {
    /// Its name.
    pub name: String,
    /// What lies between the change and the KPI.
    pub through: Vec<String>,
    /// Its views.
    pub views: Vec<String>,
}

/// A KPI whose link to the North Star differs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Link {
    /// The KPI.
    pub kpi: String,
    /// How it moved the North Star before: `plus`, `minus` or `unknown`; nothing where it did not.
    pub before: Option<&'static str>,
    /// The same after.
    pub after: Option<&'static str>,
}

/// What is compared, by name.
#[derive(Debug, Clone, Copy)]
pub struct Versions<'a> {
    /// What the version before is called.
    pub before: &'a str,
    /// What the version after is called.
    pub after: &'a str,
    /// The texts of the version before.
    pub before_files: &'a Files,
    /// The texts of the version after.
    pub after_files: &'a Files,
}

impl Versions<'_> {
    /// The path and the line of a place.
    pub fn place(&self, place: Option<(Side, Span)>) -> (String, usize) {
        let Some((side, span)) = place else { return (String::new(), 0) };
        let files = if side == Side::After { self.after_files } else { self.before_files };
        (shown_on_a_line(files.path(span.file)).into_owned(), files.line(span))
    }
}

/// A difference as data.
pub fn document(diff: &Diff, versions: Versions<'_>, denied: &[String]) -> Document {
    let changes = diff.changes.iter().map(|change| {
        let (file, line) = versions.place(change.place);
        let down = &change.downstream;
        Changed {
            kind: change.kind.name(),
            name: change.name.clone(),
            former: change.former.clone(),
            change: change.what.name(),
            class: change.class.name(),
            open: change.open.clone(),
            mid_cycle: change.is_mid_cycle,
            fields: change.fields.iter().map(field).collect(),
            downstream: Downstream {
                kpis: down
                    .kpis
                    .iter()
                    .map(|kpi| Kpi { name: kpi.name.clone(), through: kpi.through.clone(), views: kpi.views.clone() })
                    .collect(),
                scorecards: down.scorecards.clone(),
                key_results: down.key_results.clone(),
                objectives: down.objectives.clone(),
                guardrails: down.guardrails.clone(),
                north_star: down.north_star.clone(),
            },
            owners: change.owners.clone(),
            evidence: diff.evidence_of(change).cloned().collect(),
            file,
            line,
        }
    });
    let sign = |sign: Option<Sign>| sign.map(Sign::name);
    Document {
        diff_version: 1,
        kpic_version: env!("CARGO_PKG_VERSION").to_owned(),
        before: versions.before.to_owned(),
        after: versions.after.to_owned(),
        classes: Class::ALL.into_iter().map(|class| (class.name(), diff.count(class))).collect(),
        changes: changes.collect(),
        links: diff
            .links
            .iter()
            .map(|link| Link { kpi: link.kpi.clone(), before: sign(link.before), after: sign(link.after) })
            .collect(),
        flips: diff.flips.clone(),
        sql: diff.sql.clone(),
        owners: diff.owners(),
        errors: Errors { before: diff.errors_before, after: diff.errors_after },
        denied: denied.to_vec(),
        allowed: diff.allowed.clone(),
    }
}

/// A field that differs as data.
pub fn field(field: &super::FieldChange) -> Field {
    Field {
        name: field.name.clone(),
        class: field.class.name(),
        before: field.before.clone(),
        after: field.after.clone(),
        proven: field.is_proven,
    }
}

/// The same as text.
pub fn text(document: &Document) -> String {
    let mut text = crate::text::json(document);
    text.push('\n');
    text
}

/// The JSON Schema of [`Document`].
pub fn schema() -> String {
    let mut text = serde_json::to_string_pretty(&schemars::schema_for!(Document)).unwrap_or_default();
    text.push('\n');
    text
}
