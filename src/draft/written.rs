//! How the values of files are written: which type each column has, which signs numbers, how dates, and what stands for null.
//!
//! 1. What the first rows look like says what is possible.
//! 2. All rows say which of that is so: what does not read a single value is out.
//! 3. Where several ways to read a file are left that differ in their values, it is a [`Doubt`]: somebody is asked, or a comment says
//!    what was assumed.

use super::Asked;
use super::tables::{Place, Table};
use crate::dialect::{Dialect, reader};
use crate::engine::types::Family;
use crate::engine::{Failure, Refusal, Rows};
use crate::model::files::{FileColumn, FileFormat, FileType, Files, TimeFormat, Written};
use serde_json::Value;

/// Something about a file that its values leave open.
#[derive(Debug, Clone)]
pub struct Doubt {
    /// The question, for people.
    pub question: String,
    /// The answers, for people; the first is what is assumed.
    pub answers: Vec<String>,
    /// What each answer stands for.
    ways: Vec<Way>,
    /// What was assumed, and what to write if it is otherwise; nothing once somebody has answered.
    pub(super) comment: String,
    /// The key under `files:` that it is about.
    pub(super) key: &'static str,
}

/// A way to read values.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Way {
    Date(TimeFormat),
    Timestamp(TimeFormat),
    Signs(char, Option<char>),
}

/// Words that stand for null in files of the world.
const NULL_WORDS: [&str; 15] =
    ["NA", "N/A", "n/a", "na", "NULL", "null", "Null", "None", "none", "NaN", "nan", "-", "--", "\\N", "#N/A"];

/// How dates are written in files of the world, ISO 8601 apart. Of two that read the same texts the one that is assumed comes first.
const DATES: [&str; 20] = [
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%m.%d.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d.%m.%y",
    "%d-%m-%y",
    "%m-%d-%y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%Y%m%d",
];
/// How times of day follow dates.
const TIMES: [&str; 6] = [" %H:%M", " %H:%M:%S", "T%H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %H:%M"];
/// The signs before fractions and between groups of digits.
const SIGNS: [(char, Option<char>); 9] = [
    ('.', None),
    ('.', Some(',')),
    (',', None),
    (',', Some('.')),
    (',', Some(' ')),
    (',', Some('\u{a0}')),
    (',', Some('\u{202f}')),
    ('.', Some(' ')),
    ('.', Some('\'')),
];
/// How many of the first rows are looked at.
const FIRST: usize = 1_000;
/// The separator in lists that the engine gives as text.
const SEPARATOR: char = '\u{1f}';

/// A type that a column may have, with the way to read it where there are several.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Candidate {
    ty: FileType,
    way: Option<Way>,
}

impl Candidate {
    fn written(&self) -> Written {
        let usual = Written::default();
        match self.way.clone() {
            Some(Way::Date(format)) => Written { date: Some(format), ..usual },
            Some(Way::Timestamp(format)) => Written { timestamp: Some(format), ..usual },
            Some(Way::Signs(decimal, thousands)) => Written { decimal, thousands, ..usual },
            None => usual,
        }
    }
}

/// Whether a text is a date or a time in one of the ways of the world.
pub(super) fn is_time(text: &str) -> bool {
    let formats = std::iter::once("%Y-%m-%d").chain(DATES.iter().copied().filter(|format| *format != "%Y%m%d"));
    formats.into_iter().any(|format| {
        let day = |text: &str| TimeFormat::parse(format).is_ok_and(|format| format.reads(text));
        day(text) || text.split_once([' ', 'T']).is_some_and(|(date, _)| day(date))
    })
}

/// Decides for a table of files of text what its columns hold and how they are written.
///
/// # Errors
/// Fails if the engine cannot be used.
pub(super) fn decide(engine: &Asked<'_>, dialect: &dyn Dialect, table: &mut Table) -> Result<Result<(), Refusal>, Failure> {
    let Place::Files(files, _) = &table.place else { return Ok(Ok(())) };
    if files.columns.is_empty() {
        return Ok(Ok(()));
    }
    let texts = reader().rows(&Files { by_name: true, ..files.clone() }, None);
    let name = |column: &FileColumn| dialect.identifier(&column.name).into_owned();
    let names: Vec<String> = files.columns.iter().map(name).collect();
    let mut answers = engine.answer("", &[format!("select {} from {texts} limit {FIRST}", names.join(", "))])?;
    let first = match answers.pop() {
        Some(Ok(rows)) => rows,
        Some(Err(why)) => return Ok(Err(why)),
        None => Rows::default(),
    };
    let looked: Vec<Vec<Candidate>> = (0..names.len()).map(|at| candidates(&values(&first, at))).collect();
    // All rows: how many there are, what stands for null, and how many are of each type that the first ones allow.
    let words: Vec<String> = NULL_WORDS.iter().map(|word| dialect.text(word)).collect();
    let words = words.join(", ");
    let mut parts = Vec::new();
    for (at, (name, candidates)) in names.iter().zip(&looked).enumerate() {
        let there = format!("{name} <> '' and {name} not in ({words})");
        parts.push(format!("count_if({there}) as filled_{at}"));
        parts.push(format!("count_if({there} and regexp_full_match({name}, '[+]?0[0-9]+')) as zeros_{at}"));
        let found = format!("filter (where {name} in ({words}))");
        parts.push(format!("string_agg(distinct {name}, chr(31) order by {name}) {found} as words_{at}"));
        for (which, candidate) in candidates.iter().enumerate() {
            let fits = reader().fits(name, candidate.ty, &candidate.written());
            parts.push(format!("count_if({there} and {fits}) as fits_{at}_{which}"));
        }
    }
    let whole = match engine.answer("", &[format!("select {} from {texts}", parts.join(", "))])?.pop() {
        Some(Ok(rows)) => rows,
        Some(Err(why)) => return Ok(Err(why)),
        None => Rows::default(),
    };
    let row = whole.rows.first().map(Vec::as_slice).unwrap_or_default();
    let number = |name: &str| whole.get(row, name).and_then(crate::measure::number);
    let text = |name: &str| whole.get(row, name).and_then(Value::as_str).unwrap_or_default();
    let seen: Vec<Seen> = looked
        .into_iter()
        .enumerate()
        .map(|(at, candidates)| {
            let filled = number(&format!("filled_{at}")).unwrap_or(0.0);
            let own = values(&first, at);
            let all = candidates.into_iter().enumerate();
            let fitting = all.filter(|(which, _)| filled > 0.0 && number(&format!("fits_{at}_{which}")) == Some(filled));
            Seen {
                name: files.columns.get(at).map(|column| column.name.to_lowercase()).unwrap_or_default(),
                fitting: fitting.map(|(_, candidate)| candidate).collect(),
                has_zeros: number(&format!("zeros_{at}")).unwrap_or(0.0) > 0.0,
                null: text(&format!("words_{at}"))
                    .split(SEPARATOR)
                    .filter(|word| !word.is_empty())
                    .map(str::to_owned)
                    .collect(),
                example: own.first().map(|value| (*value).to_owned()).unwrap_or_default(),
                grouped: own.iter().find(|value| value.contains(['.', ','])).map(|value| (*value).to_owned()),
                places: own.iter().filter_map(|value| Some(value.rsplit_once('.')?.1.len())).max().unwrap_or(0),
            }
        })
        .collect();
    settle(table, seen);
    Ok(Ok(()))
}

/// What was seen of a column.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// Its name.
    name: String,
    /// What reads all of its values.
    fitting: Vec<Candidate>,
    /// Whether numbers start with zeros, as codes do.
    has_zeros: bool,
    /// The words in it that may mean null.
    null: Vec<String>,
    /// Its first value.
    example: String,
    /// Its first value with a point or comma.
    grouped: Option<String>,
    /// The most digits after a point.
    places: usize,
}

impl Seen {
    fn ways(&self, wanted: fn(&Way) -> bool) -> impl Iterator<Item = &Way> {
        self.fitting.iter().filter_map(|candidate| candidate.way.as_ref()).filter(move |way| wanted(way))
    }

    /// Whether it may be a day although its values are whole numbers.
    fn is_called_day(&self) -> bool {
        ["date", "day", "datum", "tag"].iter().any(|word| self.name.contains(word))
    }

    fn has(&self, ty: FileType) -> bool {
        self.fitting.iter().any(|candidate| candidate.ty == ty)
    }
}

/// The values of a column in the first rows, as far as there are any.
fn values(rows: &Rows, at: usize) -> Vec<&str> {
    let texts = rows.rows.iter().filter_map(|row| row.get(at)?.as_str());
    texts.filter(|text| !text.trim().is_empty() && !NULL_WORDS.contains(text)).collect()
}

/// What the first values of a column may be.
fn candidates(values: &[&str]) -> Vec<Candidate> {
    let mut found = Vec::new();
    if values.is_empty() {
        return found;
    }
    let all = |test: &dyn Fn(&str) -> bool| values.iter().all(|value| test(value.trim()));
    let words = |words: &[&str]| all(&|value| words.iter().any(|word| value.eq_ignore_ascii_case(word)));
    if words(&["true", "false"]) || words(&["yes", "no"]) || words(&["t", "f"]) || words(&["y", "n"]) || words(&["0", "1"]) {
        found.push(Candidate { ty: FileType::Boolean, way: None });
    }
    for (decimal, thousands) in SIGNS {
        let is_digit = |char: char| char.is_ascii_digit() || char == decimal || Some(char) == thousands;
        let is_number = |value: &str| {
            let grouped_zero = thousands.is_some_and(|sign| value.strip_prefix('0').is_some_and(|rest| rest.starts_with(sign)));
            !grouped_zero
                && value.contains(|char: char| char.is_ascii_digit())
                && value.chars().all(|char| is_digit(char) || matches!(char, '+' | '-' | 'e' | 'E'))
        };
        if all(&is_number) {
            let way = Some(Way::Signs(decimal, thousands));
            found.extend([FileType::Integer, FileType::Decimal, FileType::Number].map(|ty| Candidate { ty, way: way.clone() }));
        }
    }
    let iso = |length: usize| {
        move |value: &str| value.len() >= length && value.get(4..5) == Some("-") && value.get(7..8) == Some("-")
    };
    if all(&iso(10)) {
        found.extend([FileType::Date, FileType::Timestamp, FileType::Instant].map(|ty| Candidate { ty, way: None }));
    }
    for date in DATES {
        if let Ok(format) = TimeFormat::parse(date)
            && all(&|value| format.reads(value))
        {
            found.push(Candidate { ty: FileType::Date, way: Some(Way::Date(format)) });
        }
        for time in TIMES {
            let Ok(format) = TimeFormat::parse(&format!("{date}{time}")) else { continue };
            if all(&|value| format.reads(value)) {
                found.push(Candidate { ty: FileType::Timestamp, way: Some(Way::Timestamp(format)) });
            }
        }
    }
    found
}

/// Decides how the values of files are written, and gives the columns the types that they have then.
fn settle(table: &mut Table, seen: Vec<Seen>) {
    let Place::Files(files, _) = &mut table.place else { return };
    let delimiter = match &files.format {
        FileFormat::Csv(csv) => Some(csv.delimiter),
        FileFormat::Json(_) | FileFormat::Parquet => None,
    };
    let mut written = Written::usual(delimiter.is_some());
    let mut doubts = Vec::new();
    let is_number = |seen: &&Seen| seen.has(FileType::Number) || seen.has(FileType::Decimal);
    let numbers: Vec<&Seen> = seen.iter().filter(is_number).collect();
    (written.decimal, written.thousands) = signs(&numbers, delimiter, &mut doubts);
    written.date = time(&seen, |way| matches!(way, Way::Date(_)), "date", &mut doubts);
    written.timestamp = time(&seen, |way| matches!(way, Way::Timestamp(_)), "timestamp", &mut doubts);
    (table.doubts, table.seen) = (doubts, seen);
    types(table, written);
}

/// Gives the columns their types and the files what is said of their values.
fn types(table: &mut Table, mut written: Written) {
    let Place::Files(files, _) = &mut table.place else { return };
    let own = (Some(Way::Signs(written.decimal, written.thousands)), written.date.clone().map(Way::Date));
    let timestamp = written.timestamp.clone().map(Way::Timestamp);
    let fits = |candidate: &&Candidate| match &candidate.way {
        None => true,
        way @ Some(Way::Signs(..)) => *way == own.0,
        way @ Some(Way::Date(_)) => *way == own.1,
        way @ Some(Way::Timestamp(_)) => *way == timestamp,
    };
    written.null = Written::usual(matches!(files.format, FileFormat::Csv(_))).null;
    for (file_column, seen) in files.columns.iter_mut().zip(&table.seen) {
        let types: Vec<FileType> = seen.fitting.iter().filter(fits).map(|candidate| candidate.ty).collect();
        file_column.ty = choose(&types, seen);
        let other = seen.fitting.iter().find(|candidate| !fits(candidate));
        let Some(column) = table.columns.iter_mut().find(|column| column.name == file_column.name) else { continue };
        column.family = family(file_column.ty);
        column.note = note(file_column.ty, &types, seen, other);
        if file_column.ty != FileType::Text {
            let new = seen.null.iter().filter(|word| !written.null.contains(*word)).cloned().collect::<Vec<_>>();
            written.null.extend(new);
        }
    }
    if let Some(values) = values_of(files) {
        *values = written;
    }
}

/// What is said of the values of files of text.
fn values_of(files: &mut Files) -> Option<&mut Written> {
    match &mut files.format {
        FileFormat::Csv(csv) => Some(&mut csv.values),
        FileFormat::Json(values) => Some(values),
        FileFormat::Parquet => None,
    }
}

/// The type of a column, of those that read all of its values.
fn choose(types: &[FileType], seen: &Seen) -> FileType {
    let has = |ty: FileType| types.contains(&ty);
    let is_condition = ["is_", "has_", "was_", "can_"].iter().any(|start| seen.name.starts_with(start));
    if has(FileType::Boolean) && (!has(FileType::Integer) || is_condition) {
        FileType::Boolean
    } else if has(FileType::Date) && (!has(FileType::Integer) || seen.is_called_day()) {
        FileType::Date
    } else if seen.has_zeros {
        // Codes, such as postal ones.
        FileType::Text
    } else if has(FileType::Integer) {
        FileType::Integer
    } else if has(FileType::Decimal) && seen.grouped.is_none() {
        // Whole numbers of 20 digits are names of things.
        FileType::Text
    } else if has(FileType::Decimal) && seen.places <= 6 {
        FileType::Decimal
    } else if has(FileType::Number) {
        FileType::Number
    } else if has(FileType::Timestamp) {
        FileType::Timestamp
    } else if has(FileType::Instant) {
        FileType::Instant
    } else {
        FileType::Text
    }
}

fn family(ty: FileType) -> Family {
    match ty {
        FileType::Boolean => Family::Boolean,
        FileType::Integer => Family::Integer,
        FileType::Decimal => Family::Decimal,
        FileType::Number => Family::Floating,
        FileType::Text => Family::Text,
        FileType::Date => Family::Date,
        FileType::Timestamp => Family::Timestamp,
        FileType::Instant => Family::Instant,
    }
}

/// What is to be said of a column that is a text although its values could be more.
fn note(ty: FileType, types: &[FileType], seen: &Seen, other: Option<&Candidate>) -> String {
    match (ty, other.and_then(|other| other.way.as_ref())) {
        (FileType::Text, Some(Way::Date(format))) => {
            format!("dates written `{format}`: a file has one date format, and other columns use another one")
        }
        (FileType::Text, Some(Way::Timestamp(format))) => {
            format!("times written `{format}`: a file has one time format, and other columns use another one")
        }
        (FileType::Text, Some(Way::Signs(..))) if types.is_empty() => {
            format!("numbers written as in {}: a file has one number format, and other columns use another one", seen.example)
        }
        (FileType::Text, _) if seen.has_zeros => "digits that start with zeros, as codes do".to_owned(),
        _ => String::new(),
    }
}

/// The signs that read most columns of numbers; what is simpler comes first.
fn signs(numbers: &[&Seen], delimiter: Option<char>, doubts: &mut Vec<Doubt>) -> (char, Option<char>) {
    let count = |way: &(char, Option<char>)| {
        let way = Way::Signs(way.0, way.1);
        numbers.iter().filter(|seen| seen.ways(|way| matches!(way, Way::Signs(..))).any(|own| *own == way)).count()
    };
    let most = SIGNS.iter().map(&count).max().unwrap_or(0);
    if most == 0 {
        return ('.', None);
    }
    let best: Vec<(char, Option<char>)> = SIGNS.iter().filter(|way| count(way) == most).copied().collect();
    let chosen = best.first().copied().unwrap_or(('.', None));
    // 1,234 and 1.234 are a fraction or a thousand, and nothing else in the file says which.
    let column = numbers.iter().find_map(|seen| Some((seen.grouped.as_ref()?, seen)));
    let Some((example, _)) = column else { return chosen };
    let Some(sign) = example.chars().find(|char| matches!(char, '.' | ',')) else { return chosen };
    let as_group = best.iter().find(|(_, thousands)| *thousands == Some(sign)).copied();
    let as_fraction = best.iter().find(|(decimal, thousands)| *decimal == sign && *thousands != Some(sign)).copied();
    let (Some(group), Some(fraction)) = (as_group, as_fraction) else { return chosen };
    let plain: String = example.chars().filter(|char| *char != sign).collect();
    // A point is a point unless commas stand elsewhere; a comma before three digits parts thousands.
    let assumed = if sign == '.' && delimiter != Some(';') { fraction } else { group };
    let label = |way: (char, Option<char>)| {
        if way == group {
            format!("{plain}, `{sign}` separates thousands")
        } else {
            format!("a fraction, `{sign}` is the decimal separator")
        }
    };
    let other = if assumed == group { fraction } else { group };
    let say = |(decimal, thousands): (char, Option<char>)| {
        let decimal = (decimal != '.').then(|| format!("`decimal: \"{decimal}\"`"));
        let thousands = thousands.map(|sign| format!("`thousands: \"{sign}\"`"));
        decimal.into_iter().chain(thousands).collect::<Vec<_>>().join(" and ")
    };
    let otherwise = match say(other) {
        text if text.is_empty() => "without it".to_owned(),
        text => text,
    };
    let is =
        if assumed == group { format!("{example} is read as {plain}") } else { format!("{example} is read as a fraction") };
    let if_not = if other == group { format!("if it is {plain}") } else { "if it is a fraction".to_owned() };
    doubts.push(Doubt {
        question: format!("What is {example}?"),
        answers: vec![label(assumed), label(other)],
        ways: vec![Way::Signs(assumed.0, assumed.1), Way::Signs(other.0, other.1)],
        comment: format!("assumed: {is}; {otherwise} {if_not}"),
        key: if assumed.1.is_some() { "thousands" } else { "decimal" },
    });
    assumed
}

/// The way to write dates, or times, that reads most columns.
fn time(seen: &[Seen], wanted: fn(&Way) -> bool, key: &'static str, doubts: &mut Vec<Doubt>) -> Option<TimeFormat> {
    // What is also a whole number is a date only if its name says so.
    let mut ways: Vec<(Way, usize)> = Vec::new();
    let may_be = |seen: &&Seen| !seen.has(FileType::Integer) || seen.is_called_day();
    for way in seen.iter().filter(may_be).flat_map(|seen| seen.ways(wanted)) {
        match ways.iter_mut().find(|(known, _)| known == way) {
            Some((_, count)) => *count += 1,
            None => ways.push((way.clone(), 1)),
        }
    }
    let most = ways.iter().map(|(_, count)| *count).max()?;
    let best: Vec<Way> = ways.into_iter().filter(|(_, count)| *count == most).map(|(way, _)| way).collect();
    let format = |way: &Way| match way {
        Way::Date(format) | Way::Timestamp(format) => Some(format.clone()),
        Way::Signs(..) => None,
    };
    let assumed = best.first()?.clone();
    let own = seen.iter().find(|seen| seen.ways(wanted).any(|way| *way == assumed))?;
    let days = |way: &Way| format(way).and_then(|format| format.day_of(&own.example));
    let other = best.iter().skip(1).find(|way| days(way).is_some() && days(way) != days(&assumed));
    if let (Some(other), Some((first, second))) = (other.cloned(), other.and_then(days).zip(days(&assumed))) {
        let (shown, instead) = (format(&assumed)?.to_string(), format(&other)?.to_string());
        let (first, second) = (first.strftime("%-d %B %Y"), second.strftime("%-d %B %Y"));
        let example = &own.example;
        doubts.push(Doubt {
            question: format!("Which day is {example}?"),
            answers: vec![format!("{second} ({shown})"), format!("{first} ({instead})")],
            comment: format!("assumed: {example} is {second}; `\"{instead}\"` if it is {first}"),
            ways: vec![assumed.clone(), other],
            key,
        });
    }
    format(&assumed)
}

impl Table {
    /// What its values leave open.
    pub fn doubts(&self) -> &[Doubt] {
        &self.doubts
    }

    /// Takes an answer to a doubt: the place of the doubt, and that of the answer. Columns then have the types that it leaves.
    pub fn answer(&mut self, doubt: usize, answer: usize) {
        let Some(doubt) = self.doubts.get_mut(doubt) else { return };
        doubt.comment.clear();
        let Some(way) = doubt.ways.get(answer).cloned() else { return };
        let Place::Files(files, _) = &mut self.place else { return };
        let Some(mut written) = values_of(files).cloned() else { return };
        match way {
            Way::Date(format) => written.date = Some(format),
            Way::Timestamp(format) => written.timestamp = Some(format),
            Way::Signs(decimal, thousands) => (written.decimal, written.thousands) = (decimal, thousands),
        }
        types(self, written);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(values: &[&str]) -> Vec<(FileType, Option<Way>)> {
        candidates(values).into_iter().map(|candidate| (candidate.ty, candidate.way)).collect()
    }

    #[test]
    fn the_first_values_say_what_is_possible() {
        let has = |values: &[&str], ty: FileType| types(values).iter().any(|(found, _)| *found == ty);
        assert!(has(&["1", "2.5"], FileType::Decimal) && !has(&["1", "x"], FileType::Number));
        assert!(has(&["yes", "No"], FileType::Boolean) && !has(&["yes", "false"], FileType::Boolean));
        assert!(has(&["2024-01-05"], FileType::Date) && has(&["2024-01-05T10:00Z"], FileType::Instant));
        assert!(has(&["5 Jan 2024", "31 Dec 2024"], FileType::Date) && has(&["5.1.2024 7:30"], FileType::Timestamp));
        assert_eq!(types(&["hello"]), []);
    }
}
