//! `within-exceeds-data`: a time for a step that is longer than all of the data, so that no figure with it is ever complete.

use super::walk;
use crate::calendar::{AsOf, TimeUnit, add, add_days};
use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};
use crate::model::expr::{Node, RowLeaf, Window};

pub(super) const RULE: Rule = Rule { code: &codes::WITHIN_EXCEEDS_DATA, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    let calendar = &lens.model.calendar;
    let AsOf::Day(last) = calendar.as_of else { return };
    // That nothing is shown at all has been said.
    if last < calendar.start {
        return;
    }
    let mut found = Vec::new();
    walk::rows(lens.model, &mut |_, expr| {
        walk::nodes(expr, &mut |node| {
            let within = match &node.node {
                Node::Leaf(RowLeaf::Reached(reached)) => reached.within,
                Node::Leaf(RowLeaf::Related(related)) => match related.aggregate.window {
                    Window::Within(count, unit) => Some((count, unit)),
                    _ => None,
                },
                _ => None,
            };
            let (Some((count, unit)), Some(span)) = (within, node.at.0) else { return };
            let ends = match unit.grain() {
                Some(grain) => add(calendar.data_from, grain, i64::from(count)),
                None => add_days(calendar.data_from, crate::model::journey::whole_days(count, unit)),
            };
            if ends > add_days(last, 1) {
                found.push((span, written(count, unit)));
            }
        });
    });
    found.sort();
    found.dedup();
    for (span, within) in found {
        let from = calendar.data_from;
        let message = format!("`within {within}` is longer than the data, from {from} to {last}: no period is ever complete");
        findings.report(&codes::WITHIN_EXCEEDS_DATA, span, message).help("check the unit, or ask for a shorter time");
    }
}

fn written(count: u32, unit: TimeUnit) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {}{plural}", unit.name())
}
