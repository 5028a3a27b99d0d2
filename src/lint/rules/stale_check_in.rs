//! `stale-check-in`: a manual result that nobody has looked at for long is not known.

use crate::calendar::AsOf;
use crate::diagnostic::{Findings, codes};
use crate::lint::{Lens, Rule};
use crate::model::objective::Evidence;

pub(super) const RULE: Rule = Rule { code: &codes::STALE_CHECK_IN, check };

fn check(lens: &Lens<'_>, findings: &mut Findings) {
    for (objective, result) in lens.key_results() {
        // Where the last visible day is today, only the day on which it is looked at can say: `kpic status` does.
        let AsOf::Day(today) = lens.model.calendar.as_of else { return };
        let (Evidence::Manual(manual), Some(period), Some(due)) = (&result.evidence, objective.period, result.due) else {
            continue;
        };
        if result.dropped.is_some() || today < period.first {
            continue;
        }
        let seen = manual.check_ins.iter().map(|check_in| check_in.day).filter(|day| *day <= today).max();
        let last = due.min(today);
        let from = seen.unwrap_or(period.first);
        let days = last.since(from).map_or(0, |span| span.get_days());
        if days <= i32::try_from(lens.model.okrs.stale_after).unwrap_or(i32::MAX) {
            continue;
        }
        let name = &result.name.value;
        let message = match seen {
            Some(day) => format!("`{name}` was last checked in on {day}, {days} days before {last}"),
            None => format!("`{name}` has never been checked in, {days} days after its objective began"),
        };
        findings
            .report(&codes::STALE_CHECK_IN, result.name.span, message)
            .help(format!("say how far it is: `check_ins: {{ {last}: ... }}`; or `dropped:` with the reason"));
    }
}
