//! `contradiction`: conditions that exclude each other are true of no row.

use super::walk;
use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};
use crate::model::exclusion::{Leaves, leave_nothing, leaves};
use crate::model::expr::RowExpr;
use crate::text::Span;

pub(super) const RULE: Rule = Rule { code: &codes::CONTRADICTION, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    let mut found: Vec<(Span, Span)> = Vec::new();
    walk::rows(lens.model, &mut |_, expr| {
        let conditions: Vec<(&RowExpr, &RowExpr, Leaves)> = expr
            .conjuncts()
            .into_iter()
            .filter_map(|condition| leaves(condition).map(|(value, leaves)| (condition, value, leaves)))
            .collect();
        for (at, (second, value, two)) in conditions.iter().enumerate() {
            let other = conditions.iter().take(at).find(|(_, known, one)| known == value && leave_nothing(one, two));
            if let (Some((first, ..)), Some(second)) = (other, second.at.0) {
                found.extend(first.at.0.map(|first| (second, first)));
            }
        }
    });
    found.sort();
    found.dedup();
    for (second, first) in found {
        let text = |span| lens.files.slice(span).split_whitespace().collect::<Vec<_>>().join(" ");
        let message = format!("`{}` and `{}` are never both true", text(first), text(second));
        findings
            .report(&codes::CONTRADICTION, second, message)
            .also(first, "the other condition")
            .help("no row passes both; write `or` between them, or `in (...)`, if one is enough");
    }
}
