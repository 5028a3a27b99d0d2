//! `allow:`, the lints that do not apply to one definition, each with the reason.

use super::reader::Reader;
use super::shape::{Field, Shape};
use crate::diagnostic::suggest::{self, Words};
use crate::diagnostic::{Code, Findings, codes};
use crate::load::{Entry, Value};
use crate::text::{Name, Span};

/// A lint that somebody silenced for one definition.
#[derive(Debug, Clone)]
pub struct Allowance {
    /// The lint.
    pub lint: &'static Code,
    /// The definition, from its name to its end.
    pub within: Span,
    /// Where the lint is named.
    pub span: Span,
}

/// The key, for the tables of those definitions that have it.
pub(super) const FIELD: Field =
    Field::new("allow", Shape::Map(&Shape::Text), "Lints that do not apply here, by name, each with a reason.")
        .example("{ share-above-one: Returns of earlier months are counted too. }");

/// The lint of that name or code; a finding and nothing if there is none.
pub(super) fn lint_named(name: &Name, findings: &mut Findings) -> Option<&'static Code> {
    match codes::named(&name.value) {
        Some(code) if code.is_lint() => Some(code),
        Some(code) => {
            findings
                .report(&codes::UNKNOWN_LINT, name.span, format!("`{}` is an error, its level cannot be set", code.name))
                .help(if code.is_about_data() {
                    "figures would be wrong: fix the data, or declare what is in it"
                } else {
                    "only lints have levels: they report what is legal but probably a mistake"
                });
            None
        }
        None => {
            let finding = findings.report(&codes::UNKNOWN_LINT, name.span, format!("there is no lint `{}`", name.value));
            let names = codes::ALL.iter().filter(|code| code.is_lint()).map(|code| code.name);
            finding.help = suggest::nearest(&name.value, names.clone())
                .map(|near| format!("did you mean `{near}`?"))
                .or_else(|| Some("`kpic explain` lists them: those with `warn`, `allow` or `deny`".to_owned()));
            finding.mend(name.span, &name.value, suggest::certain(&name.value, names, Words::Language));
            None
        }
    }
}

/// The allowances of a definition and of what is defined within it.
pub(super) fn collect(entry: &Entry, allowances: &mut Vec<Allowance>, findings: &mut Findings) {
    let reader = Reader::of(&entry.value);
    let within = Span { end: entry.value.span.end, ..entry.key.span };
    for allowed in reader.entries("allow") {
        if matches!(&allowed.value.value, Value::Scalar(reason) if reason.text.trim().is_empty()) {
            findings
                .report(
                    &codes::WRONG_SHAPE,
                    allowed.key.span,
                    format!("there is no reason why `{}` does not apply", allowed.key.value),
                )
                .help(format!("write the reason for later readers: `{}: \"...\"`", allowed.key.value));
        }
        if let Some(lint) = lint_named(&allowed.key, findings) {
            allowances.push(Allowance { lint, within, span: allowed.key.span });
        }
    }
    for inner in ["columns", "key_results"].into_iter().flat_map(|key| reader.entries(key)) {
        collect(inner, allowances, findings);
    }
}
