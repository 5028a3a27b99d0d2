//! What to do about a value of a file that is not of its column's type: what the value itself gives away.

use crate::model::files::{FileFormat, FileType, Files, TimeFormat, Written};

/// What to do about a value.
pub(super) fn advice(files: &Files, ty: FileType, value: &str) -> String {
    let Some(written) = files.written() else { return String::new() };
    let trimmed = value.trim();
    if trimmed.is_empty() {
        let word = serde_json::Value::from(value).to_string();
        return format!("if an empty value means null, say so under `files:`: `null: [{word}]`");
    }
    if ty != FileType::Boolean && !trimmed.contains(|char: char| char.is_ascii_digit()) {
        let words = written.null.iter().map(String::as_str).chain([value]);
        let words: Vec<String> = words.map(|word| serde_json::Value::from(word).to_string()).collect();
        let words = words.join(", ");
        return format!("if it means null, say so under `files:`: `null: [{words}]`; otherwise correct the value");
    }
    match ty {
        FileType::Boolean => {
            "booleans are `true` or `false`, `yes` or `no`, `1` or `0`; declare other words as `text` and compare them: \
             `expr: answer = 'ja'`"
                .to_owned()
        }
        FileType::Integer | FileType::Decimal | FileType::Number => number(files, written, ty, trimmed),
        FileType::Date => date(written, trimmed),
        FileType::Timestamp if has_offset(trimmed) => "it has an offset from UTC: declare the column as `instant`".to_owned(),
        FileType::Timestamp => match &written.timestamp {
            Some(format) if !format.has_offset() => other_format("timestamp", format, trimmed),
            _ => "timestamps are read as `2024-01-31 14:30:00` unless `timestamp:` under `files:` says otherwise: \
                  `timestamp: \"%d/%m/%Y %H:%M\"`"
                .to_owned(),
        },
        FileType::Instant => match &written.timestamp {
            Some(format) if format.has_offset() => other_format("timestamp", format, trimmed),
            _ if has_offset(trimmed) => {
                "instants are read as `2024-01-31T14:30:00+01:00` unless `timestamp:` under `files:` says otherwise".to_owned()
            }
            _ => "it has no offset from UTC: declare the column as `timestamp`, with its `zone:`".to_owned(),
        },
        FileType::Text => String::new(),
    }
}

/// The digits on both sides of the last sign that parts them, with that sign; only of what is made of digits and signs.
fn parted(value: &str) -> Option<(&str, char, &str)> {
    let digits = value.trim_start_matches(['-', '+']);
    let is_number = digits.chars().all(|char| char.is_ascii_digit() || matches!(char, '.' | ',' | ' ' | '\'' | '\u{a0}'));
    let at = digits.rfind(['.', ','])?;
    let sign = digits.get(at..)?.chars().next()?;
    is_number.then_some((digits.get(..at)?, sign, digits.get(at + 1..)?))
}

fn number(files: &Files, written: &Written, ty: FileType, value: &str) -> String {
    let as_it_is = "a number has a sign, digits and a fraction; declare anything else as `text` and derive the number with \
     `expr:` or `sql:`";
    let foreign = written.decimal != '.' && value.contains('.');
    let plain = value.replace(written.decimal, ".").parse::<f64>();
    let is_plain = !foreign && plain.is_ok_and(f64::is_finite);
    match ty {
        FileType::Integer if is_plain && !value.contains(written.decimal) => {
            return "an `integer` has up to 18 digits and no exponent: declare the column as `number`, or as `text` if it is a name"
                .to_owned();
        }
        FileType::Integer if is_plain => {
            return "declare the column as `decimal`, which keeps fractions, or correct the value".to_owned();
        }
        FileType::Decimal if is_plain && matches!(files.format, FileFormat::Json(_)) => {
            return "JSON numbers are exact up to 15 digits, and decimals have up to 9 of them in their fraction: declare the column \
                    as `number`"
                .to_owned();
        }
        FileType::Decimal if is_plain => {
            return "a `decimal` of a file has up to 29 digits before the fraction and 9 in it: declare the column as `number`"
                .to_owned();
        }
        _ => {}
    }
    if !matches!(files.format, FileFormat::Csv(_)) {
        return as_it_is.to_owned();
    }
    let Some((before, sign, after)) = parted(value) else { return as_it_is.to_owned() };
    let other = before.chars().rev().find(|char| !char.is_ascii_digit());
    if written.decimal != '.' || written.thousands.is_some() {
        let groups = written.thousands.map_or("none".to_owned(), |sign| format!("`{sign}`, before three digits"));
        let says = format!("by `files:` the decimal separator is `{}`, and the thousands separator {groups}", written.decimal);
        return match other {
            Some(other) if other == sign => format!("{says}; this value has `thousands: \"{sign}\"`"),
            Some(other) => format!("{says}; this value has `decimal: \"{sign}\"` and `thousands: \"{other}\"`"),
            None => says,
        };
    }
    match (other, after.len() == 3) {
        // A sign that is there twice parts groups of digits.
        (Some(other), _) if other == sign => format!("say how numbers are written, under `files:`: `thousands: \"{sign}\"`"),
        (Some(other), _) if sign == '.' => format!("say how numbers are written, under `files:`: `thousands: \"{other}\"`"),
        (Some(other), _) => {
            format!("say how numbers are written, under `files:`: `decimal: \"{sign}\"` and `thousands: \"{other}\"`")
        }
        (None, true) if sign != written.decimal => format!(
            "say how numbers are written, under `files:`: `thousands: \"{sign}\"` if it is {before}{after}, `decimal: \"{sign}\"` if \
             it is a fraction"
        ),
        (None, _) => format!("say how numbers are written, under `files:`: `decimal: \"{sign}\"`"),
    }
}

/// The parts of a day in the orders in which people write them, with `-` for the sign between them.
const DAYS: [&str; 8] = ["%d-%m-%Y", "%m-%d-%Y", "%d-%m-%y", "%m-%d-%y", "%Y-%m-%d", "%d-%b-%Y", "%d-%b-%y", "%Y-%b-%d"];
/// Days in other forms.
const OTHER_DAYS: [&str; 6] = ["%Y%m%d", "%d. %B %Y", "%d %B %Y", "%B %d, %Y", "%b %d, %Y", "%A, %d %B %Y"];
/// What may follow a day.
const TIMES: [&str; 5] = ["%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p"];

/// The formats in which a value is a day, or a day with a time, as far as the value shows.
fn fitting(key: &str, value: &str) -> Vec<String> {
    let days: Vec<String> = ["-", "/", ".", " "]
        .iter()
        .flat_map(|sign| DAYS.iter().map(move |day| day.replace('-', sign)))
        .chain(OTHER_DAYS.map(str::to_owned))
        .collect();
    let times = || ["", "%z", " %z"].iter().flat_map(|zone| TIMES.map(|time| format!("{time}{zone}")));
    let with_time = |day: &String| -> Vec<String> {
        [" ", "T"]
            .iter()
            .flat_map(|gap| times().map(move |time| format!("{gap}{time}")))
            .map(|rest| format!("{day}{rest}"))
            .collect()
    };
    let all: Vec<String> = if key == "date" { days } else { days.iter().flat_map(with_time).collect() };
    let fits = |text: &String| TimeFormat::parse(text).is_ok_and(|format| format.day_of(value).is_some());
    let mut found: Vec<String> = all.into_iter().filter(fits).collect();
    found.sort();
    found.dedup();
    // The day comes first where both can.
    found.sort_by_key(|text| !text.starts_with("%d"));
    found
}

/// What to do about a value that is not written as `files:` says.
fn other_format(key: &str, format: &TimeFormat, value: &str) -> String {
    let says = format!("`{key}:` under `files:` says that it is written `{format}`");
    if format.reads(value) {
        return format!("{says}, and there is no such day: correct the value");
    }
    let own = format.to_string();
    let fitting: Vec<String> = fitting(key, value).into_iter().filter(|text| *text != own).collect();
    match fitting.as_slice() {
        [] => says,
        [only] => format!("{says}; this value is written `{only}`"),
        [first, others @ ..] => {
            let others: Vec<String> = others.iter().take(2).map(|text| format!("`{text}`")).collect();
            format!("{says}; this value is written `{first}` or {}", others.join(" or "))
        }
    }
}

/// Three runs of digits with the same sign between them.
fn three_parts(value: &str) -> Option<([&str; 3], char)> {
    let sign = value.chars().find(|char| !char.is_ascii_digit())?;
    let parts: Vec<&str> = value.split(sign).collect();
    let [a, b, c] = parts.as_slice() else { return None };
    let are_digits = parts.iter().all(|part| !part.is_empty() && part.chars().all(|char| char.is_ascii_digit()));
    (are_digits && matches!(sign, '/' | '.' | '-')).then_some(([a, b, c], sign))
}

fn date(written: &Written, value: &str) -> String {
    if let Some(format) = &written.date {
        return other_format("date", format, value);
    }
    let day = value.get(..10).unwrap_or(value);
    let rest = value.get(10..).unwrap_or_default();
    if let Some(([year, ..], '-')) = three_parts(day)
        && year.len() == 4
    {
        if rest.is_empty() {
            return "there is no such day: correct the value".to_owned();
        }
        let ty = if has_offset(value) { "instant" } else { "timestamp" };
        return format!(
            "it has a time of day: declare the column as `{ty}`, and derive the day in another column with `expr: date(...)`"
        );
    }
    let Some(([first, second, third], sign)) = three_parts(value) else {
        return "dates are read as `2024-01-31` unless `date:` under `files:` says otherwise: `date: \"%d/%m/%Y\"`".to_owned();
    };
    let year = if third.len() == 4 { "%Y" } else { "%y" };
    let day_first = format!("`date: \"%d{sign}%m{sign}{year}\"`");
    let month_first = format!("`date: \"%m{sign}%d{sign}{year}\"`");
    let over = |part: &str| part.parse::<u32>().is_ok_and(|number| number > 12);
    let say = "say how dates are written, under `files:`:";
    match (first.len() == 4, over(first), over(second)) {
        (true, ..) => format!("{say} `date: \"%Y{sign}%m{sign}%d\"`"),
        (_, true, _) => format!("{say} {day_first}"),
        (_, _, true) => format!("{say} {month_first}"),
        _ => format!("{say} {day_first} if the day comes first, {month_first} if the month does"),
    }
}

/// Whether a time says how far its clock is from UTC.
fn has_offset(value: &str) -> bool {
    let time = value.get(10..).unwrap_or_default();
    time.ends_with(['Z', 'z']) || time.ends_with("UTC") || time.contains(['+', '-'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::files::Csv;

    fn of(ty: FileType, value: &str) -> String {
        let csv = Csv { delimiter: ',', header: true, values: Written::usual(true) };
        let files = Files { paths: Vec::new(), format: FileFormat::Csv(csv), by_name: false, columns: Vec::new() };
        advice(&files, ty, value)
    }

    #[test]
    fn a_value_in_another_format_than_declared_says_which() {
        let csv = |date: &str, timestamp: &str| {
            let format = |text: &str| TimeFormat::parse(text).ok();
            let values = Written { date: format(date), timestamp: format(timestamp), decimal: ',', ..Written::usual(true) };
            let csv = Csv { delimiter: ',', header: true, values };
            Files { paths: Vec::new(), format: FileFormat::Csv(csv), by_name: false, columns: Vec::new() }
        };
        for (ty, declared, value, end) in [
            (FileType::Date, "%m/%d/%Y", "22/06/2024", "; this value is written `%d/%m/%Y`"),
            (FileType::Date, "%d.%m.%y", "05.01.2025", "; this value is written `%d.%m.%Y` or `%m.%d.%Y`"),
            (FileType::Date, "%d.%m.%Y", "2025-01-05", "; this value is written `%Y-%m-%d`"),
            (FileType::Date, "%d.%m.%Y", "5 March 2025", "; this value is written `%d %B %Y`"),
            (FileType::Date, "%d/%m/%Y", "31/02/2024", ", and there is no such day: correct the value"),
            (FileType::Date, "%d/%m/%Y", "1st 2", "says that it is written `%d/%m/%Y`"),
            (FileType::Timestamp, "%m/%d/%Y %H:%M", "22/06/2024 07:30", "; this value is written `%d/%m/%Y %H:%M`"),
            (FileType::Timestamp, "%d/%m/%Y %H:%M", "22/06/2024 7:30:05 PM", "; this value is written `%d/%m/%Y %I:%M:%S %p`"),
            (
                FileType::Instant,
                "%d/%m/%Y %H:%M%z",
                "2024-06-22T07:30:00+02:00",
                "; this value is written `%Y-%m-%dT%H:%M:%S%z`",
            ),
            (FileType::Decimal, "%d/%m/%Y", "1.234,50", "; this value has `decimal: \",\"` and `thousands: \".\"`"),
        ] {
            let said = advice(&csv(declared, declared), ty, value);
            assert!(said.ends_with(end), "{value}: {said}");
        }
    }

    #[test]
    fn a_value_says_what_would_read_it() {
        for (ty, value, part) in [
            (FileType::Integer, "1.5", "`decimal`, which keeps"),
            (FileType::Integer, "99999999999999999999", "`number`, or as `text`"),
            (FileType::Decimal, "0.1234567891", "`number`"),
            (FileType::Decimal, "1.234,50", "`decimal: \",\"` and `thousands: \".\"`"),
            (FileType::Number, "1,234.50", "`thousands: \",\"`"),
            (FileType::Number, "1,234,567", "`thousands: \",\"`"),
            (FileType::Number, "1 234,5", "`decimal: \",\"` and `thousands: \" \"`"),
            (FileType::Number, "12,5", "`decimal: \",\"`"),
            (FileType::Number, "1,234", "if it is 1234"),
            (FileType::Number, "12 %", "declare anything else as `text`"),
            (FileType::Number, "n/a", "`null: [\"\", \"n/a\"]`"),
            (FileType::Number, " ", "`null: [\" \"]`"),
            (FileType::Date, "2024-01-06 23:30:00", "declare the column as `timestamp`"),
            (FileType::Date, "2024-01-31T23:30:00Z", "declare the column as `instant`"),
            (FileType::Date, "2024-02-30", "no such day"),
            (FileType::Date, "31/01/2024", "`date: \"%d/%m/%Y\"`"),
            (FileType::Date, "01/31/24", "`date: \"%m/%d/%y\"`"),
            (FileType::Date, "01.05.2024", "`date: \"%d.%m.%Y\"` if the day comes first"),
            (FileType::Date, "2024/01/31", "`date: \"%Y/%m/%d\"`"),
            (FileType::Timestamp, "2024-01-06 23:30:00+01", "declare the column as `instant`"),
            (FileType::Timestamp, "31.01.2024 7:30", "`timestamp:` under `files:`"),
            (FileType::Instant, "2024-01-06 23:30:00", "with its `zone:`"),
            (FileType::Boolean, "ja", "`expr: answer = 'ja'`"),
        ] {
            let said = of(ty, value);
            assert!(said.contains(part), "{value}: {said}");
        }
    }
}
