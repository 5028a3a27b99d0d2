//! `unused-source`: a source or journey that no KPI reads, directly, through a reference or as a step, nor by a dimension of what it reads.

use super::walk;
use crate::diagnostic::{Findings, codes};
use crate::graph::Node;
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::UNUSED_SOURCE, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    // A project without KPIs has just been begun.
    if lens.model.kpis.is_empty() || !lens.uses_are_known {
        return;
    }
    let used = walk::used(lens);
    for (id, source) in lens.model.sources.iter() {
        let calendar = lens.model.calendar_source.as_ref().is_some_and(|calendar| calendar.source == id);
        if !calendar && !used.contains(&Node::Source(id)) {
            let what = if source.journey.is_some() { "journey" } else { "source" };
            findings
                .report(&codes::UNUSED_SOURCE, source.name.span, format!("no KPI reads the {what} `{}`", source.name.value))
                .help("delete it, or say why it is kept: `allow: { unused-source: \"...\" }`");
        }
    }
}
