//! `unused-column`: a declared column that no formula, key, reference or slice reads. Silent unless asked for.

use super::walk;
use crate::diagnostic::{Findings, codes};
use crate::graph::Node;
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::UNUSED_COLUMN, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    if !lens.uses_are_known {
        return;
    }
    let used = walk::used(lens);
    for (id, source) in lens.model.sources.iter() {
        let calendar = lens.model.calendar_source.as_ref().is_some_and(|calendar| calendar.source == id);
        if calendar || source.journey.is_some() || !used.contains(&Node::Source(id)) {
            continue;
        }
        for (column_id, column) in source.columns.iter() {
            let key = source.key.contains(&column_id) || source.time == Some(column_id);
            if !key && !used.contains(&Node::Column(id, column_id)) {
                let message = format!("no KPI reads the column `{}` of `{}`", column.name.value, source.name.value);
                findings
                    .report(&codes::UNUSED_COLUMN, column.name.span, message)
                    .help("delete it, or say why it is kept: `allow: { unused-column: \"...\" }`");
            }
        }
    }
}
