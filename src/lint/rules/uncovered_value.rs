//! `uncovered-value`: a taxonomy that is to be covered has a value without a KPI.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::UNCOVERED_VALUE, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    // A KPI or a file that could not be read may hold the value.
    if !lens.uses_are_known {
        return;
    }
    for taxonomy in lens.model.taxonomies.iter().filter(|taxonomy| taxonomy.cover) {
        for (value, span) in &taxonomy.values {
            let covered = lens
                .model
                .kpis
                .rows()
                .iter()
                .any(|kpi| kpi.taxonomies.iter().any(|(name, given)| *name == taxonomy.name && given == value));
            if let (false, Some(span)) = (covered, span) {
                findings
                    .report(&codes::UNCOVERED_VALUE, *span, format!("no KPI has the {} `{value}`", taxonomy.name))
                    .help(format!("give a KPI {}, or set `cover: false`", given(&taxonomy.name, value)));
            }
        }
    }
}

/// How a KPI names its value: `stage` and `driver` have keys of their own.
fn given(taxonomy: &str, value: &str) -> String {
    match taxonomy {
        "stage" | "driver" => format!("`{taxonomy}: {value}`"),
        _ => format!("`taxonomies: {{ {taxonomy}: {value} }}`"),
    }
}
