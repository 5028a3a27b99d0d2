//! `empty-objective`: an objective without a key result is a slogan.

use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};

pub(super) const RULE: Rule = Rule { code: &codes::EMPTY_OBJECTIVE, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    if !lens.uses_are_known {
        return;
    }
    for (id, objective) in lens.model.objectives.iter() {
        let served =
            lens.model.objectives.rows().iter().any(|other| other.parent.as_ref().is_some_and(|parent| parent.value == id));
        if objective.key_results.is_empty() && !objective.is_partial && !served {
            let message = format!("nothing shows whether `{}` is reached", objective.name.value);
            findings
                .report(&codes::EMPTY_OBJECTIVE, objective.name.span, message)
                .help("add two to four `key_results`, or make it the `parent` of other objectives");
        }
    }
}
