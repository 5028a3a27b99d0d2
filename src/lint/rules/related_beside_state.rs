//! `related-beside-state`: a condition on a state's own column beside an aggregate over the rows related to it. These are the rows of its
//! key, no matter which state was valid at the time.

use super::walk;
use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};
use crate::model::expr::{Aggregate, Node, Related, RowLeaf};

pub(super) const RULE: Rule = Rule { code: &codes::RELATED_BESIDE_STATE, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    let mut found = Vec::new();
    walk::every_aggregate(lens.model, &mut |aggregate, _| found.extend(mixed(lens, aggregate)));
    found.sort_by_key(|(span, ..)| *span);
    found.dedup_by_key(|(span, ..)| *span);
    for (span, other, column, related) in found {
        let source = &lens.model.sources.get(related.aggregate.source).name.value;
        let reference = lens.model.path_text(related.aggregate.source, &related.via);
        let counted = lens.files.slice(other).split_whitespace().collect::<Vec<_>>().join(" ");
        findings
            .report(
                &codes::RELATED_BESIDE_STATE,
                span,
                format!("`{column}` belongs to this state, but `{counted}` looks at all `{source}` of its key"),
            )
            .also(other, "no matter which state was valid at the time")
            .help(format!(
                "for the state that was valid at the time, start from `{source}` and use `{reference}.{column}`; if the \
                 whole key is intended, say so: `allow: {{ related-beside-state: ... }}`"
            ));
    }
}

/// The first column of a state in a condition that looks at related rows too, and where these stand.
fn mixed<'a>(lens: &Lens<'_>, aggregate: &'a Aggregate) -> Option<(crate::text::Span, crate::text::Span, String, &'a Related)> {
    let source = lens.model.sources.get(aggregate.source);
    source.holds?;
    let filter = aggregate.filter.as_ref()?;
    let (mut column, mut related) = (None, None);
    walk::nodes(filter, &mut |node| match (&node.node, node.at.0) {
        (Node::Leaf(RowLeaf::Column(path)), Some(span)) => {
            let first = path.through.first().unwrap_or(&path.column);
            if column.is_none() && !source.key.contains(first) {
                column = Some((span, lens.model.path_text(aggregate.source, path)));
            }
        }
        (Node::Leaf(RowLeaf::Related(of)), Some(span)) if related.is_none() => related = Some((span, &**of)),
        _ => {}
    });
    let ((span, column), (other, related)) = (column?, related?);
    Some((span, other, column, related))
}
