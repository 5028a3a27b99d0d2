//! What there is to say of an answer that lacks rows.

use super::QueryArgs;
use crate::calendar::AsOf;
use crate::model::Model;
use crate::plan::Question;
use crate::query::Answering;

/// What is left out of an answer where earlier or later periods are asked for than there are.
pub(super) fn left_out(model: &Model, question: &Question) -> Option<String> {
    let calendar = &model.calendar;
    let last = match calendar.as_of {
        AsOf::Day(last) if !calendar.custom => Some(last),
        _ => None,
    };
    // Whoever asks for a period gets what there is of it.
    let last = last.filter(|last| question.to.is_some_and(|to| calendar.period_start(question.grain, to) > *last));
    let starts_later = question.from.is_some_and(|from| from < calendar.start);
    match (starts_later, last) {
        (false, None) => None,
        (true, None) => Some(starts(model)),
        (false, Some(last)) => Some(format!("figures end on {last} (`as_of` under `calendar`)")),
        (true, Some(last)) => {
            Some(format!("figures start on {} and end on {last} (`start` and `as_of` under `calendar`)", calendar.start))
        }
    }
}

fn starts(model: &Model) -> String {
    format!("figures start on {} (`start` under `calendar`)", model.calendar.start)
}

/// Why an answer has no rows.
pub(super) fn why_empty(model: &Model, question: &Question, args: &QueryArgs) -> String {
    if args.limit == Some(0) {
        return "`--limit 0` leaves out all rows".to_owned();
    }
    let calendar = &model.calendar;
    let grain = question.grain;
    if let AsOf::Day(last) = calendar.as_of {
        let first = calendar.first_from(grain, calendar.start);
        if !calendar.custom && first > last {
            return format!(
                "the first {grain} on or after `start` ({}) starts on {first}, but the last visible day is {last}; an \
                 earlier `start` in kpic.yml shows the {grain} before",
                calendar.start
            );
        }
        if question.from.is_some_and(|from| from > last) {
            return format!("`--from` is after the last visible day, {last} (`as_of`)");
        }
    }
    if question.to.is_some_and(|to| to < calendar.start) {
        return starts(model) + ", which is after these periods";
    }
    if let (Some(from), Some(to)) = (question.from, question.to)
        && !calendar.custom
        && calendar.first_from(grain, from) > to
    {
        return format!("no {grain} starts between {from} and {to}");
    }
    if let Some(condition) = &args.having {
        return format!("no row there has `{condition}`");
    }
    match (&args.condition, args.by.is_empty()) {
        (Some(condition), _) => format!("no row there matches `{condition}`"),
        (None, false) => format!("no row in these periods has a value of {}", args.by.join(", ")),
        (None, true) => "there is no data in these periods".to_owned(),
    }
}

/// By what the top was chosen, where that is not the whole range.
pub(super) fn by_last_period(model: &Model, answering: &Answering) -> Option<String> {
    let top = answering
        .shape
        .top
        .filter(|top| top.goes_by_last_period(model, answering.question.dimensions.get(..1).unwrap_or_default()))?;
    let name = &model.kpis.get(top.by).formula;
    let grain = answering.question.grain;
    Some(format!("`{name}` has no value over several {grain}s together; the top {} go by the last {grain}", top.count))
}
