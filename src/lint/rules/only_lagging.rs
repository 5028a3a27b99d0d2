//! `only-lagging`: results that show only afterwards what came of it leave nothing to aim for.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};
use crate::model::objective::KeyResult;

pub(super) const RULE: Rule = Rule { code: &codes::ONLY_LAGGING, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    for objective in lens.model.objectives.rows() {
        let counting: Vec<_> = objective.key_results.iter().filter(|result| result.counts()).collect();
        let lags =
            |result: &&&KeyResult| result.kpi().is_some_and(|shown| lens.model.kpis.get(shown.kpi).about.signal == "lagging");
        if counting.len() < 2 || counting.iter().filter(lags).count() < counting.len() {
            continue;
        }
        let message = format!(
            "every key result of `{}` is lagging: it only shows the outcome \
         afterwards",
            objective.name.value
        );
        findings
            .report(&codes::ONLY_LAGGING, objective.name.span, message)
            .help("add a result that moves early, on a KPI with `signal: leading`, so that there is time to react");
    }
}
