//! Refusals of the engine as findings: what could not be worked out, why, and the way out.
//!
//! What is in the files that a query reads is looked at first, since that says which row it is ([`Refused`]). If nothing is wrong
//! there, the kind of refusal is what there is to say; [`WAYS`] has a row for each.
//!
//! The engine's own words are about SQL that nobody wrote. They ride along for those who ask for them, and are never the message.

use super::Session;
use super::files::{self, Readable};
use crate::diagnostic::{Code, Finding, Findings, codes};
use crate::engine::{Failure, Kind, Refusal};
use crate::model::{KpiId, Model, SourceId};
use crate::plan::relation::Query;
use crate::plan::rules::guards::sources_read;
use crate::text::{Files, Span};
use std::collections::BTreeSet;

/// For each kind of refusal its code, and the way out; `None` where that depends on what is asked.
const WAYS: &[(Kind, &Code, Option<&str>)] = &[
    (
        Kind::Whole,
        &codes::NUMBER_TOO_LARGE,
        Some(
            "compute with floating-point numbers, which have a larger range: `number(x)` around a column, or `* 1.0` after a KPI or an aggregate",
        ),
    ),
    (
        Kind::Decimals,
        &codes::NUMBER_TOO_LARGE,
        Some(
            "a product of decimals has 18 digits if both have at most 18, otherwise 38: compute with floating-point numbers, with `number(x)` around a factor",
        ),
    ),
    (
        Kind::Sum,
        &codes::NUMBER_TOO_LARGE,
        Some("compute with floating-point numbers, which have a larger range: `sum(number(x) from ...)`"),
    ),
    (
        Kind::Spread,
        &codes::NUMBER_TOO_LARGE,
        Some(
            "it overflows for values above about 1e150: filter them out with `where`, or divide all values by a power of \
         ten",
        ),
    ),
    (
        Kind::Number,
        &codes::NUMBER_TOO_LARGE,
        Some("look for a wrong value with `max(...)`, or divide all values by a power of ten"),
    ),
    (Kind::Time, &codes::NUMBER_TOO_LARGE, Some("look for a wrong time or duration with `min(...)` and `max(...)`")),
    (
        Kind::NotConvertible,
        &codes::NOT_CONVERTIBLE,
        Some("declare the column as `text`, and convert it in another column: `number(x)`, `date(x)`"),
    ),
    (
        Kind::NotStored,
        &codes::COLUMN_TYPE_DIFFERS,
        Some("correct the value, or say how the column is read: `sql: \"datetime(created, 'unixepoch')\"`"),
    ),
    (Kind::TooLong, &codes::ENGINE_REFUSED, Some("ask for fewer KPIs, objectives or guardrails at once")),
    (Kind::NoRelation, &codes::NOT_IN_DATA, None),
    (Kind::NoColumn, &codes::NOT_IN_DATA, None),
    (Kind::NoFile, &codes::NOT_IN_DATA, Some("paths start at the project's folder")),
    (Kind::BadFile, &codes::NOT_IN_DATA, Some("check that the file's format matches its ending")),
    (Kind::SameName, &codes::ENGINE_REFUSED, Some(SAME_NAME)),
    (Kind::BadSql, &codes::ENGINE_REFUSED, None),
    (
        Kind::Collations,
        &codes::ENGINE_REFUSED,
        Some("name one collation for all of them where the column is declared: `sql: \"name collate c\"`"),
    ),
    (Kind::NotAllowed, &codes::ENGINE_REFUSED, Some("give the user who runs kpic permission to read the data")),
    (
        Kind::Outside,
        &codes::ENGINE_REFUSED,
        Some("put the data inside the project's folder, or allow its folder on the command line: `--allow-path DIR`"),
    ),
    (Kind::Network, &codes::ENGINE_REFUSED, Some("download the data, or allow it on the command line: `--allow-network`")),
    (Kind::Confined, &codes::ENGINE_REFUSED, Some("remove it from the SQL: a spec can define figures and do nothing else")),
    (Kind::Unread, &codes::ENGINE_REFUSED, Some("rename it")),
    (
        Kind::NoMemory,
        &codes::ENGINE_REFUSED,
        Some("ask for fewer KPIs or periods at once, or allow more memory with `--memory` or a larger machine"),
    ),
    (Kind::Needed, &codes::ENGINE_REFUSED, Some("drop what is made of it first, and make it again afterwards")),
    (Kind::Busy, &codes::ENGINE_REFUSED, Some("try again once nobody reads it")),
    (Kind::Interrupted, &codes::ENGINE_REFUSED, Some("run it again")),
    (Kind::Other, &codes::ENGINE_REFUSED, None),
];

/// What to do where the database file has the name of a schema in it.
pub(super) const SAME_NAME: &str =
    "put the database in front of the schema, `table: raw.raw.orders`, or give the database file another name";

/// The way out where no row knows one.
const UNKNOWN: &str = "`--verbose` shows the engine's own message";

/// The part of a spec at `span` that a refusal is about: the name or path that it names, if that is written there.
pub(super) fn place(files: &Files, span: Span, refusal: &Refusal) -> Span {
    refusal.about.as_deref().and_then(|word| word_in(files, span, word)).unwrap_or(span)
}

/// The first place of a whole word within `span`.
pub(super) fn word_in(files: &Files, span: Span, word: &str) -> Option<Span> {
    let text = files.slice(span);
    let part = |char: char| char.is_alphanumeric() || char == '_';
    let is_whole = |at: &usize| {
        let before = text.get(..*at).and_then(|text| text.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(part) && !after.is_some_and(part)
    };
    let at = text.match_indices(word).map(|(at, _)| at).find(is_whole).filter(|_| !word.is_empty())?;
    let start = span.start as usize + at;
    Some(Span::new(span.file, start..start + word.len()))
}

/// A refusal as a finding at `span`; `what` says what could not be done: "`revenue` cannot be computed".
pub fn finding(what: &str, span: Option<Span>, refusal: &Refusal) -> Finding {
    let row = WAYS.iter().find(|(kind, ..)| *kind == refusal.kind);
    let (code, way) = row.map_or((&codes::ENGINE_REFUSED, None), |(_, code, way)| (*code, *way));
    let message = format!("{what}: {refusal}");
    let mut finding = match span {
        Some(span) => Finding::new(code, span, message),
        None => Finding::placeless(code, message),
    };
    finding.help(way.unwrap_or(UNKNOWN));
    finding.engine = Some(refusal.said.clone());
    finding
}

/// A KPI that the engine refuses to compute.
pub fn kpi(model: &Model, id: KpiId, refusal: &Refusal) -> Finding {
    let name = &model.kpis.get(id).name;
    let mut finding = finding(&format!("`{}` cannot be computed", name.value), Some(name.span), refusal);
    if refusal.kind == Kind::Other {
        finding.help(format!("`kpic query {} --sql` shows the query, and {UNKNOWN}", name.value));
    }
    finding
}

/// What the engine has refused, each with the sources that were read for it.
#[derive(Debug, Default)]
pub struct Refused {
    each: Vec<(BTreeSet<SourceId>, Finding)>,
}

impl Refused {
    /// Adds what the engine says against a query.
    pub fn add(&mut self, query: &Query, finding: Finding) {
        self.of(sources_read(std::slice::from_ref(query)), finding);
    }

    /// The same for what reads some sources.
    pub(super) fn of(&mut self, read: BTreeSet<SourceId>, finding: Finding) {
        self.each.push((read, finding));
    }

    /// What there is to say of it: what is wrong with the rows of files, and of what reads none of those the kind of refusal.
    ///
    /// # Errors
    /// Fails if the engine cannot be used.
    pub fn explained(self, session: &Session<'_>) -> Result<Findings, Failure> {
        let mut findings = Findings::default();
        let all: BTreeSet<SourceId> = self.each.iter().flat_map(|(read, _)| read).copied().collect();
        let mut broken = BTreeSet::new();
        for id in all {
            let known = findings.iter().len();
            files::values(session, &mut Readable::from([(id, BTreeSet::new())]), &mut findings)?;
            if findings.iter().len() > known {
                broken.insert(id);
            }
        }
        for (read, finding) in self.each {
            if read.is_disjoint(&broken) {
                findings.push(finding);
            }
        }
        findings.sort();
        Ok(findings)
    }
}

/// Something else that the engine refuses to compute.
pub fn other(what: &str, span: Option<Span>, refusal: &Refusal) -> Finding {
    finding(&format!("{what} cannot be computed"), span, refusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_message_has_the_engines_words() {
        for (kind, code, _) in WAYS {
            let refusal = Refusal { kind: *kind, about: None, said: "Binder Error: oops".to_owned(), in_setup: false };
            let found = finding("`x` cannot be computed", None, &refusal);
            assert_eq!(found.code, *code);
            assert!(!found.message.contains("oops") && found.help.is_some(), "{kind:?}: {}", found.message);
            assert_eq!(found.engine.as_deref(), Some("Binder Error: oops"));
        }
    }
}
