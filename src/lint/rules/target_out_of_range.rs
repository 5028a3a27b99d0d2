//! `target-out-of-range`: a target that the KPI cannot reach, whatever anybody does.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};
use crate::model::objective::{Amount, Baseline, Goal, Target};
use crate::model::unit::Notation;
use crate::text::Span;

pub(super) const RULE: Rule = Rule { code: &codes::TARGET_OUT_OF_RANGE, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    for (_, result) in lens.key_results() {
        let (Some(shown), Some(goal)) = (result.kpi(), &result.goal) else { continue };
        let kpi = lens.model.kpis.get(shown.kpi);
        let name = &kpi.name.value;
        let range = kpi.facts.range;
        let is_share = kpi.facts.unit.shown == Notation::Percent;
        for (value, bare, span) in amounts(goal) {
            // A share is hardly ever meant to be above 200 %, and 45 hardly ever to be 4500 %.
            let is_percent = is_share && bare && value.abs() > 2.0;
            if is_percent {
                let message = format!("`{name}` is a share, and {value} is {} %", value * 100.0);
                findings
                    .report(&codes::TARGET_OUT_OF_RANGE, span, message)
                    .help(format!("write `{value}%`, or `{}`", value / 100.0));
            } else if value < range.low || value > range.high {
                let message = match (value < range.low, range.low.to_bits() == 0f64.to_bits()) {
                    (true, true) => format!("`{name}` is never negative, so it cannot be {value}"),
                    (true, false) => format!("`{name}` is never below {}, so it cannot be {value}", range.low),
                    _ => format!("`{name}` is never above {}, so it cannot be {value}", range.high),
                };
                findings
                    .report(&codes::TARGET_OUT_OF_RANGE, span, message)
                    .help("set a target that the KPI can reach; or correct `min` and `max` of its columns");
            }
        }
    }
}

/// The numbers of a goal, each with whether it was written without a unit.
fn amounts(goal: &Goal) -> Vec<(f64, bool, Span)> {
    let of = |amount: &Amount| (amount.number, amount.unit.is_none(), amount.span);
    match goal {
        Goal::Reach { from, to } => {
            let from = match from {
                Baseline::Number(amount) => Some(of(amount)),
                Baseline::Measured(_) | Baseline::Zero => None,
            };
            let to = match to {
                Target::Number(amount) => Some(of(amount)),
                Target::Relative(relative) => goal.target().map(|target| (target, false, relative.span)),
            };
            from.into_iter().chain(to).collect()
        }
        Goal::Keep(bound) => bound.amounts().into_iter().map(of).collect(),
    }
}
