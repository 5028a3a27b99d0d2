//! `target-against-better`: a result that wants a KPI to become worse is a slip, or the KPI is the wrong one.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};
use crate::model::Better;
use crate::model::objective::{Direction, Goal};

pub(super) const RULE: Rule = Rule { code: &codes::TARGET_AGAINST_BETTER, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    for (_, result) in lens.key_results() {
        let (Some(shown), Some(goal), Some(direction)) = (result.kpi(), &result.goal, result.direction()) else { continue };
        let kpi = lens.model.kpis.get(shown.kpi);
        let name = &kpi.name.value;
        let (wants, good) = match (direction, kpi.better, goal) {
            (Direction::Up, Some(Better::Down), _) => ("up", "down"),
            (Direction::Down, Some(Better::Up), _) => ("down", "up"),
            (_, Some(Better::Between(low, high)), Goal::Reach { .. })
                if goal.target().is_some_and(|target| target < low || target > high) =>
            {
                let message = format!("`{name}` is best between {low} and {high}, and this target is outside");
                findings.report(&codes::TARGET_AGAINST_BETTER, goal.span(), message).help("aim at a value between the two");
                continue;
            }
            _ => continue,
        };
        let message = format!("this moves `{name}` {wants}, and `{name}` is better {good}");
        let help = match goal {
            Goal::Reach { .. } => "swap `from` and `to` if they are the wrong way round; otherwise choose another KPI",
            Goal::Keep(_) => "`at_least` and `above` keep a value up, `at_most` and `below` keep it down",
        };
        findings.report(&codes::TARGET_AGAINST_BETTER, goal.span(), message).help(help);
    }
}
