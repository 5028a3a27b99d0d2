//! `stale-check-in`: a manual result that nobody has looked at for long is not known.

use crate::calendar::AsOf;
use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};
use crate::model::objective::Silence;

pub(super) const RULE: Rule = Rule { code: &codes::STALE_CHECK_IN, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    for (objective, result) in lens.key_results() {
        // Where the last visible day is today, only the day on which it is looked at can say: `kpic status` does.
        let AsOf::Day(today) = lens.model.calendar.as_of else { return };
        let Some(silence) = result.silence(objective, today, lens.model.okrs.stale_after) else { continue };
        let Silence { since, until, days } = silence;
        let name = &result.name.value;
        let message = match since {
            Some(day) => format!("`{name}` was last checked in on {day}, {days} days before {until}"),
            None => format!("`{name}` has never been checked in, {days} days after its objective started"),
        };
        findings
            .report(&codes::STALE_CHECK_IN, result.name.span, message)
            .help(format!("report its value: `check_ins: {{ {until}: ... }}`; or write `dropped:` with the reason"));
    }
}
