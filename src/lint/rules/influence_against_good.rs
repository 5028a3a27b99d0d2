//! `influence-against-good`: a claim by which doing better here means doing worse there. What is spent is left out: that less of it is
//! better and more of it buys more is not a contradiction.

use crate::align::reach::good;
use crate::align::{By, Sign};
use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};
use crate::model::Better;

pub(super) const RULE: Rule = Rule { code: &codes::INFLUENCE_AGAINST_GOOD, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    if lens.model.north_star.is_none() {
        return;
    }
    for edge in lens.alignment.edges().iter().filter(|edge| edge.by == By::Claim) {
        let (from, to) = (lens.model.kpis.get(edge.from), lens.model.kpis.get(edge.to));
        let spent = from.better == Some(Better::Down) && from.facts.unit.currency().is_some();
        if spent || good(from.better).times(edge.sign).times(good(to.better)) != Sign::Minus {
            continue;
        }
        let way = |better| if good(better) == Sign::Plus { "up" } else { "down" };
        let turn = if edge.sign == Sign::Plus { "up" } else { "down" };
        let (one, other) = (&from.name.value, &to.name.value);
        let message = format!(
            "`{one}` is better {}, but then moves `{other}` the wrong way: that is better {}",
            way(from.better),
            way(to.better)
        );
        findings
            .report(&codes::INFLUENCE_AGAINST_GOOD, edge.span, message)
            .here(format!("more of it moves `{other}` {turn}"))
            .help(
                "correct `effect` or a `better`; if it is a price that you accept, say so: `allow: { \
             influence-against-good: \"...\" }`",
            );
    }
}
