//! What is legal but probably not meant.
//!
//! A lint is a static and a function in a file of its own below `rules`; [`RULES`] has one row for it. Lints look at checked
//! models only and change nothing.

mod rules;

use crate::diagnostic::{Code, Findings};
use crate::graph::Graph;
use crate::model::Model;
use crate::text::Files;

/// What a lint looks at.
pub struct Lens<'a> {
    /// The checked model; definitions that are wrong have unknown facts.
    pub model: &'a Model,
    /// Who needs whom.
    pub graph: &'a Graph,
    /// The texts.
    pub files: &'a Files,
    /// Whether everything is known that is used: what a wrong definition meant to use is not.
    pub uses_are_known: bool,
}

/// A lint: its code and what it looks for.
pub struct Rule {
    /// Its code, with its name and level.
    pub code: &'static Code,
    /// Reports what it finds.
    pub check: fn(&Lens<'_>, &mut Findings),
}

pub use rules::RULES;

/// Runs all lints.
pub fn lint(model: &Model, graph: &Graph, files: &Files, findings: &mut Findings) {
    let lens = Lens { model, graph, files, uses_are_known: !findings.has_errors() };
    for rule in RULES {
        (rule.check)(&lens, findings);
    }
}
