//! How others write times and periods in a formula, and how they are written here.

use super::ast::Literal;
use super::explain::is_plain;
use super::foreign::{Place, Words, words};
use crate::calendar::{Label, TimeUnit};

/// `extract(month from trips.started_at)`
pub(super) fn extract(place: &Place<'_>) -> Option<Words> {
    let open = place.before.rfind('(')?;
    let name = place.before.get(..open)?.trim_end();
    let at = name.len().checked_sub("extract".len())?;
    if place.first() != Some('.') || !name.get(at..)?.eq_ignore_ascii_case("extract") {
        return None;
    }
    let (part, time) = place.before.get(open + 1..)?.trim().split_once(char::is_whitespace)?;
    let (_, time) = time.trim().split_once(char::is_whitespace)?;
    let column: String = place.rest.chars().take_while(|char| is_plain(*char) || *char == '.').collect();
    let time = format!("{}{column}", time.trim());
    let part = part.to_ascii_lowercase();
    let help = match part.as_str() {
        "year" | "month" | "day" | "hour" => format!("write `{part}({time})`"),
        "quarter" => format!("write `quarter({time})`, 1 to 4; its first day is `trunc({time}, quarter)`"),
        "week" => format!("write `iso_week({time})`, 1 to 53; its first day is `trunc({time}, week)`"),
        "doy" | "dayofyear" => format!("write `day_of_year({time})`"),
        "isoyear" => format!("write `iso_year({time})`"),
        "dow" | "isodow" | "dayofweek" | "weekday" => format!("write `weekday({time})`, which is 1 for Monday"),
        _ => format!("write `year({time})`, `month({time})`, `day({time})`, `hour({time})` or `weekday({time})`"),
    };
    Some(Words { at: Some(at..at + "extract".len()), ..words("there is no `extract` here", help) })
}

/// `0.5 hours`
pub(super) fn part_of_unit(place: &Place<'_>) -> Option<Words> {
    let unit = TimeUnit::parse(place.found)?;
    let start = place.before.rfind(|char: char| !(char.is_ascii_digit() || char == '.')).map_or(0, |at| at + 1);
    let number = place.before.get(start..).filter(|number| number.contains('.'))?;
    let message = format!("`{number} {}` is not a duration: its number has to be whole", place.found);
    let help = match whole(number, unit) {
        Some(length) => format!("write `{length}`"),
        None => "write a whole number of a shorter unit, such as `15 days` or `90 minutes`".to_owned(),
    };
    let end = place.text.len() - place.rest.len() + place.found.len();
    Some(Words { at: Some(start..end), ..words(message, help) })
}

/// The same time as a whole number of the longest shorter unit in which it is one.
fn whole(number: &str, unit: TimeUnit) -> Option<Literal> {
    let number = number.parse::<f64>().ok()?;
    let months = |unit| match unit {
        TimeUnit::Month => Some(1u32),
        TimeUnit::Quarter => Some(3),
        TimeUnit::Year => Some(12),
        _ => None,
    };
    let shorter = TimeUnit::ALL.into_iter().rev().skip_while(|known| *known != unit);
    let mut counted = shorter.filter_map(|known| {
        let (of, each) = match (months(unit), months(known)) {
            (Some(of), Some(each)) => (of, each),
            (None, None) => (unit.seconds()?, known.seconds()?),
            _ => return None,
        };
        let count = number * f64::from(of) / f64::from(each);
        let digits = format!("{count}");
        digits.parse::<u32>().ok().filter(|count| *count > 0).map(|count| Literal::Duration(count, known))
    });
    counted.next()
}

/// `28d`
pub(super) fn short(place: &Place<'_>) -> Option<Words> {
    let split = place.found.find(|char: char| !char.is_ascii_digit())?;
    let (count, letters) = place.found.split_at(split);
    let count = count.parse::<u32>().ok()?;
    let unit = match letters.to_ascii_lowercase().as_str() {
        "d" => TimeUnit::Day,
        "w" | "wk" => TimeUnit::Week,
        "m" | "mo" | "mon" => TimeUnit::Month,
        "q" => TimeUnit::Quarter,
        "y" | "yr" => TimeUnit::Year,
        "h" | "hr" => TimeUnit::Hour,
        "min" => TimeUnit::Minute,
        "s" | "sec" => TimeUnit::Second,
        letters => TimeUnit::parse(letters)?,
    };
    let length = Literal::Duration(count, unit);
    let help = if place.last == "over" { format!("write `over trailing {length}`") } else { format!("write `{length}`") };
    Some(words(format!("`{}` is not a duration: number and unit are two words", place.found), help))
}

/// `over trailing month`
pub(super) fn one_unit(place: &Place<'_>) -> Option<Words> {
    let unit = TimeUnit::parse(place.found).filter(|_| place.last == "trailing")?;
    let length = Literal::Duration(1, unit);
    let to_date =
        if unit > TimeUnit::Day { format!("; the {0} so far is `over {0} to date`", unit.name()) } else { String::new() };
    Some(words(
        format!("expected a number of periods after `trailing`, but found `{}`", place.found),
        format!("write `trailing {length}`{to_date}"),
    ))
}

/// `over year-to-date`
pub(super) fn hyphens(place: &Place<'_>) -> Option<Words> {
    let is_to_date = place.found.eq_ignore_ascii_case("-to-date") || place.found.eq_ignore_ascii_case("_to_date");
    let unit = TimeUnit::parse(&place.last).filter(|_| is_to_date)?.name();
    let end = place.text.len() - place.rest.len() + place.found.len();
    let words = words("a window is written without hyphens", format!("write `over {unit} to date`"));
    Some(Words { at: Some(place.before.len() - place.last.len()..end), ..words })
}

/// `count(orders) from 2024-05`, `count(orders from 2024-05)`
pub(super) fn shown_periods(place: &Place<'_>) -> Option<Words> {
    let found = place.found.to_ascii_lowercase();
    let after = place.rest.get(found.len()..).unwrap_or_default();
    let (word, period, at) = if matches!(found.as_str(), "from" | "since" | "to" | "until" | "till") {
        let start = place.text.len() - place.rest.len();
        (found.as_str(), after.trim_start(), Some(start..start + found.len()))
    } else if place.last == "from" {
        let start = place.before.len() - "from".len();
        ("from", place.rest, Some(start..start + "from".len()))
    } else {
        return None;
    };
    let period = period.split(|char: char| char.is_whitespace() || matches!(char, ')' | ',')).next()?.trim_matches('\'');
    let label = Label::parse(period)?;
    let option = if matches!(word, "from" | "since") { "--from" } else { "--to" };
    let day = match label {
        Label::Day(day) => Some(day.to_string()),
        Label::Month(year, month) => Some(format!("{year:04}-{month:02}-01")),
        Label::Quarter(year, quarter) => Some(format!("{year:04}-{:02}-01", quarter * 3 - 2)),
        Label::Year(year) => Some(format!("{year:04}-01-01")),
        Label::Week(..) => None,
    };
    let condition = day.filter(|_| option == "--from").map(|day| {
        format!("; that only later rows count is a condition in the aggregate, for instance `where ordered_on >= date '{day}'`")
    });
    let help = format!("on the command line write `{option} {period}`{}", condition.unwrap_or_default());
    Some(Words { at, ..words("a formula does not say which periods are shown", help) })
}
