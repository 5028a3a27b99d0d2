//! `contradictory-influence`: a claim that says the opposite of what a formula does.

use crate::align::Sign;
use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::CONTRADICTORY_INFLUENCE, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    if lens.model.north_star.is_none() {
        return;
    }
    for (claim, formula) in lens.alignment.contradictions() {
        let (from, to) = (&lens.model.kpis.get(claim.from).name.value, &lens.model.kpis.get(claim.to).name.value);
        let way = |sign| if sign == Sign::Plus { "up" } else { "down" };
        let message = format!(
            "`{from}` is claimed to move `{to}` {}, but by the formula it moves it {}",
            way(claim.sign),
            way(formula.sign)
        );
        findings
            .report(&codes::CONTRADICTORY_INFLUENCE, claim.span, message)
            .also(formula.span, format!("`{from}` {}", formula.why))
            .help("the figure is computed by the formula, so the formula wins; delete the claim, or name another KPI");
    }
}
