//! Whether the rows of a calendar source are a calendar, and hold all days that are needed. They are few: all are asked for at once, in words that every
//! engine has, and looked at here.

use super::Session;
use super::guard::refused;
use super::refused::Refused;
use crate::calendar::{AsOf, Date, Grain, add_days};
use crate::diagnostic::{Findings, codes};
use crate::engine::{Answer, Failure, Rows};
use crate::model::CalendarSource;
use crate::plan::rules::calendar_days;
use crate::sql;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The questions: for the days, and for the last one that is needed if the engine's clock says which.
pub(super) fn questions(session: &Session<'_>, calendar: &CalendarSource) -> Vec<String> {
    let model = session.project.model();
    let dialect = session.dialect();
    let mut questions = vec![sql::query(&calendar_days(model, calendar), dialect)];
    if model.calendar.as_of == AsOf::Today {
        questions.push(format!("select {} as today", dialect.today(model.calendar.zone.clock())));
    }
    questions
}

/// Checks the rows of a calendar source.
pub(super) fn rows(
    session: &Session<'_>,
    calendar: &CalendarSource,
    findings: &mut Findings,
    unchecked: &mut Refused,
) -> Result<(), Failure> {
    let answers = session.engine.answer("", &questions(session, calendar))?;
    answered(session, calendar, answers, findings, unchecked);
    Ok(())
}

/// What the answers say of the days of a calendar.
pub(super) fn answered(
    session: &Session<'_>,
    calendar: &CalendarSource,
    answers: Vec<Answer>,
    findings: &mut Findings,
    unchecked: &mut Refused,
) {
    let model = session.project.model();
    let source = model.sources.get(calendar.source);
    let mut rows = Vec::new();
    for answer in answers {
        match answer {
            Ok(answer) => rows.push(answer),
            Err(why) => return unchecked.of(BTreeSet::from([calendar.source]), refused(source, &why)),
        }
    }
    let mut rows = rows.into_iter();
    let days = rows.next().unwrap_or_default();
    let today = rows.next().and_then(|today| date(today.rows.first()?.first()?));
    let needed = Needed {
        from: model.calendar.data_from,
        last: match model.calendar.as_of {
            AsOf::Day(day) => Some(day),
            AsOf::Today => today,
        },
        is_today: model.calendar.as_of == AsOf::Today,
    };
    let grains: BTreeSet<Grain> = calendar.periods.iter().map(|(grain, _)| *grain).collect();
    let grains: Vec<&str> = grains.into_iter().map(Grain::name).collect();
    for problem in problems(&days, &grains, &needed) {
        let message = format!("the rows of `{}` are not a calendar: {problem}", source.name.value);
        findings
            .report(&codes::BROKEN_CALENDAR, source.name.span, message)
            .help("a calendar has one row for every day, with the first day of the day's week, month, quarter and year");
    }
}

/// The days that a calendar has to have.
struct Needed {
    from: Date,
    last: Option<Date>,
    is_today: bool,
}

/// A day with the first days of its periods.
type Day = (Date, Vec<Option<Date>>);

/// All that is wrong, each kind once for the grains in their order, with the first day for which it is so. Of periods only where each day is there once.
fn problems(rows: &Rows, grains: &[&str], needed: &Needed) -> Vec<String> {
    let at = |row: &[Value], name: &str| rows.get(row, name).and_then(date);
    let mut problems = Vec::new();
    let mut days: Vec<Day> = Vec::new();
    for row in &rows.rows {
        match at(row, "day") {
            Some(day) => days.push((day, grains.iter().map(|grain| at(row, grain)).collect())),
            None if problems.is_empty() => problems.push("it has a row without a day".to_owned()),
            None => {}
        }
    }
    days.sort();
    let pairs = || days.iter().zip(days.iter().skip(1)).map(|((one, _), (next, _))| (*one, *next));
    if let Some((twice, _)) = pairs().find(|(one, next)| one == next) {
        problems.push(format!("{twice} is in several rows"));
    }
    if let Some((before, _)) = pairs().find(|(one, next)| add_days(*one, 1) < *next) {
        problems.push(format!("{} is missing", add_days(before, 1)));
    }
    let ends = days.first().zip(days.last()).map(|((first, _), (last, _))| (*first, *last));
    if !ends.is_some_and(|(first, last)| first <= needed.from && needed.last.is_none_or(|needed| last >= needed)) {
        let has = ends.map_or_else(|| "of no day".to_owned(), |(first, last)| format!("from {first} to {last}"));
        let last = needed.last.filter(|_| !needed.is_today).map_or_else(|| "today".to_owned(), |last| last.to_string());
        problems.push(format!("it has rows {has}, but the days from {} to {last} are needed", needed.from));
    }
    if problems.is_empty() {
        for place in 0..grains.len() {
            of_grain(&days, grains, place, &mut problems);
        }
    }
    problems
}

/// What is wrong with the periods of one grain.
fn of_grain(days: &[Day], grains: &[&str], place: usize, problems: &mut Vec<String>) {
    let of = |day: &Day, place: usize| day.1.get(place).copied().flatten();
    let first = days.first().map(|(day, _)| *day);
    let grain = grains.get(place).copied().unwrap_or_default();
    let mut periods: BTreeMap<Option<Date>, Vec<&Day>> = BTreeMap::new();
    for day in days {
        periods.entry(of(day, place)).or_default().push(day);
    }
    // In the order of their first days, as whoever mends the rows goes through them.
    let mut periods: Vec<(Option<Date>, Vec<&Day>)> = periods.into_iter().collect();
    periods.sort_by_key(|(_, days)| days.first().map(|(day, _)| *day));
    let begins = |days: &[&Day]| days.first().map(|(day, _)| *day);
    let mut say = |is: &dyn Fn(Option<Date>, &[&Day]) -> bool, says: &dyn Fn(Date) -> String| {
        let found = periods.iter().find(|(start, days)| is(*start, days)).and_then(|(_, days)| begins(days));
        problems.extend(found.map(says));
    };
    // The period of the first day may have started before.
    let starts_elsewhere = |start: Option<Date>, days: &[&Day]| {
        let begin = begins(days);
        start.is_none() || start > begin || (start < begin && begin > first)
    };
    say(&starts_elsewhere, &|day| format!("the {grain} of {day} does not start on the day in its column `{grain}`"));
    let has_holes = |_: Option<Date>, days: &[&Day]| {
        days.iter().zip(days.iter().skip(1)).any(|((one, _), (next, _))| add_days(*one, 1) != *next)
    };
    say(&has_holes, &|day| format!("the days of the {grain} of {day} are not consecutive"));
    for (at, longer) in grains.iter().enumerate().skip(place + 1) {
        let is_in_several =
            |_: Option<Date>, days: &[&Day]| days.iter().filter_map(|day| of(day, at)).collect::<BTreeSet<_>>().len() > 1;
        say(&is_in_several, &|day| format!("the {grain} of {day} belongs to more than one {longer}"));
    }
}

/// A day as an engine prints it; some print a time behind.
fn date(value: &Value) -> Option<Date> {
    value.as_str()?.get(..10)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The problems of days `day week month`, a row each.
    fn of(rows: &[&str]) -> Vec<String> {
        let value = |text: &str| if text == "-" { Value::Null } else { Value::from(format!("2024-01-{text}")) };
        let rows = Rows {
            columns: ["day", "week", "month"].map(str::to_owned).to_vec(),
            rows: rows.iter().map(|row| row.split(' ').map(value).collect()).collect(),
        };
        let day = |text: &str| Some(text.parse::<Date>().unwrap());
        let needed = Needed { from: day("2024-01-02").unwrap(), last: day("2024-01-04"), is_today: false };
        problems(&rows, &["week", "month"], &needed)
    }

    #[test]
    fn days_are_there_once_and_far_enough() {
        assert_eq!(of(&["03 02 02", "02 02 02", "04 04 02"]), Vec::<String>::new());
        assert_eq!(of(&["01 01 01", "02 01 01", "03 01 01", "04 01 01", "05 05 01"]), Vec::<String>::new());
        assert_eq!(
            of(&["02 02 02", "- 02 02", "03 02 02", "03 02 02", "05 02 02"]),
            ["it has a row without a day", "2024-01-03 is in several rows", "2024-01-04 is missing"]
        );
        assert_eq!(
            of(&["03 02 02", "04 02 02"]),
            ["it has rows from 2024-01-03 to 2024-01-04, but the days from 2024-01-02 to 2024-01-04 are needed"]
        );
        assert_eq!(of(&[]), ["it has rows of no day, but the days from 2024-01-02 to 2024-01-04 are needed"]);
    }

    #[test]
    fn periods_begin_on_their_first_day_and_are_whole() {
        // A week that began before the first day is as it should be; one after it is not.
        assert_eq!(of(&["02 01 01", "03 01 01", "04 04 01"]), Vec::<String>::new());
        assert_eq!(
            of(&["02 02 02", "03 02 02", "04 03 02"]),
            ["the week of 2024-01-04 does not start on the day in its column `week`"]
        );
        assert_eq!(
            of(&["02 03 02", "03 03 02", "04 03 02"]),
            ["the week of 2024-01-02 does not start on the day in its column `week`"]
        );
        assert_eq!(
            of(&["02 02 02", "03 - 02", "04 04 02"]),
            ["the week of 2024-01-03 does not start on the day in its column `week`"]
        );
        assert_eq!(of(&["02 02 02", "03 03 02", "04 02 02"]), ["the days of the week of 2024-01-02 are not consecutive"]);
        assert_eq!(of(&["02 02 02", "03 02 03", "04 02 03"]), ["the week of 2024-01-02 belongs to more than one month"]);
    }
}
