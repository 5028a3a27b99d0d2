//! `crowded-scorecard`: who looks at everything sees nothing.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::CROWDED_SCORECARD, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    for card in &lens.model.scorecards {
        let (count, max) = (card.kpis.len(), card.max as usize);
        if let Some(first) = card.kpis.get(max) {
            let message = format!(
                "the scorecard `{}` shows {count} KPIs, but nobody looks at more than \
             {max}",
                card.name.value
            );
            findings
                .report(&codes::CROWDED_SCORECARD, card.name.span, message)
                .also(first.span, "from here on")
                .help("split it, remove what nobody acts on, or raise `max`");
        }
    }
}
