//! What is expected of a key result at its due date, in words.

use super::outlook::Outlook;
use super::present;
use super::shown::Precision;
use super::status::ResultStanding;
use crate::model::Model;
use crate::model::objective::{Goal, KeyResult};
use crate::model::unit::Unit;
use crate::plan::views::objectives::unit_text;

/// Whether a key result has something ahead: it has not ended, and nobody has dropped it.
pub fn is_open(result: &KeyResult, known: &ResultStanding) -> bool {
    !known.score.is_complete && result.dropped.is_none()
}

/// The forecast of a key result in words: where it will be, how sure that is, what would be needed and what the past ever brought; or why there is none.
pub fn line(model: &Model, result: &KeyResult, known: &ResultStanding, outlook: &Outlook) -> String {
    let outlook = match outlook {
        Ok(outlook) => outlook,
        Err(why) => return format!("none; {why}"),
    };
    let unit = Unit::parse(&unit_text(model, result)).unwrap_or_default();
    let figures = [Some(outlook.value), known.current, known.target].into_iter().flatten();
    let precision = Precision::of(figures, &unit);
    let figure = |value: f64| precision.figure(value, &unit);
    let value = figure(outlook.value);
    let goal = match &result.goal {
        Some(Goal::Reach { .. }) => format!(" of {}", precision.known(known.target, &unit)),
        Some(Goal::Keep(_)) => format!(" ({})", present::goal(result, known.target, &unit)),
        None => String::new(),
    };
    let mut parts = vec![format!("at this rate {value}{goal} on {}", outlook.day)];
    if let Some((low, high)) = outlook.interval {
        parts.push(format!("80% interval {} to {}", figure(low), figure(high)));
    }
    parts.extend(outlook.chance.map(|chance| format!("chance {:.0}%", chance * 100.0)));
    parts.extend(outlook.why_no_interval());
    let (grain, periods) = (outlook.grain, outlook.periods);
    let span = if periods == 1 { grain.to_string() } else { format!("{periods} {grain}s") };
    let change = |value: f64| {
        let sizes = known.target.into_iter().chain(known.current).chain([value]);
        Precision::of(sizes, &unit).change(value, &unit)
    };
    parts.extend(outlook.needed.map(|needed| format!("{} a {grain} is needed", change(needed))));
    parts.extend(outlook.best.map(|best| format!("the best {span} so far brought {}", change(best))));
    parts.join("; ")
}
