//! Sources that are files: how a team might write the rows of a table as CSV or JSON, and what its spec says of that.
//!
//! The figures are those of the table. So a file has all that files of the world have: dates in other orders, commas in numbers, words
//! for null, line breaks and delimiters in quotes, columns that nobody declares, in another order in each of several files.

use super::generate::Choices;
use super::print::quoted;
use super::project::{Column, Project, Source, Type, Value};
use super::rows::known;
use jiff::civil::{Date, DateTime};
use std::fmt::Write as _;
use std::path::PathBuf;
use tempfile::TempDir;

/// How the rows of a source are written.
#[derive(Clone, PartialEq)]
// Each is a key of `files:`, whatever the others are.
#[allow(clippy::struct_excessive_bools)]
pub struct Written {
    /// Whether they are JSON.
    json: bool,
    delimiter: char,
    header: bool,
    decimal: char,
    thousands: Option<char>,
    /// The format of dates, and that of timestamps or of instants.
    date: Option<&'static str>,
    timestamp: Option<&'static str>,
    /// What stands for null.
    null: &'static str,
    /// Whether an empty field is null as well.
    empty_is_null: bool,
    /// In how many files the rows are.
    files: usize,
    /// Whether a file lacks columns that are null in all of its rows.
    by_name: bool,
    /// The end of a line.
    end: &'static str,
    /// What spellings and orders follow from.
    seed: u64,
}

const DATES: [&str; 6] = ["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%y", "%Y%m%d", "%d-%b-%Y", "%Y/%m/%d"];
const TIMESTAMPS: [&str; 3] = ["%d/%m/%Y %H:%M:%S.%f", "%m/%d/%Y %I:%M:%S.%f %p", "%Y%m%dT%H%M%S.%f"];
const INSTANTS: [&str; 2] = ["%d/%m/%Y %H:%M:%S.%f%z", "%Y-%m-%d %H:%M:%S.%f %z"];

/// What stands in the column that nobody declares.
const NOTES: [&str; 7] = ["a\nb", "\"quoted\"", "x;y,z|w\tv", "1.5", "2024-02-30", "", "line\r\nbreak, \"\" and 'more'"];

/// Makes files of some of the sources. Nothing else is made up after it.
pub fn files(project: &mut Project, choices: &mut Choices) {
    for source in &mut project.sources {
        // Files have no whole numbers of 19 digits, no decimals of 30, and JSON none of 16.
        let is_large = |cell: &Value| matches!(cell, Value::Number(number) if number.is_finite() && number.abs() >= 1e15);
        if !choices.chance(30) || source.rows.iter().flatten().any(is_large) {
            continue;
        }
        let json = choices.chance(20);
        let has_empty = source.rows.iter().flatten().any(|cell| *cell == Value::Text(String::new()));
        let (decimal, thousands) = choices.weighted(&[
            (4, ('.', None)),
            (2, (',', None)),
            (2, (',', Some('.'))),
            (1, ('.', Some(','))),
            (1, (',', Some(' '))),
        ]);
        let (decimal, thousands) = if json { ('.', None) } else { (decimal, thousands) };
        let files = choices.weighted(&[(6, 1), (2, 2), (2, 3)]);
        source.by_query = false;
        // Nor is there a way to write what is no number: such a cell is empty.
        let is_none = |cell: &&mut Value| matches!(cell, Value::Number(number) if !number.is_finite());
        source.rows.iter_mut().flatten().filter(is_none).for_each(|cell| *cell = Value::Null);
        source.written = Some(Written {
            json,
            delimiter: choices.weighted(&[(4, ','), (3, ';'), (1, '\t'), (1, '|')]),
            // Raw SQL names a stored column.
            header: json || files > 1 || source.columns.iter().any(|column| column.sql.is_some()) || choices.chance(85),
            decimal,
            thousands,
            date: choices.chance(55).then(|| choices.word(&DATES)),
            timestamp: choices
                .chance(60)
                .then(|| if choices.chance(60) { choices.word(&TIMESTAMPS) } else { choices.word(&INSTANTS) }),
            null: if has_empty || choices.chance(50) { choices.word(&["NA", "\\N", "n/a"]) } else { "" },
            empty_is_null: !has_empty,
            files,
            by_name: files > 1 && choices.chance(50),
            end: choices.weighted(&[(3, "\n"), (1, "\r\n")]),
            seed: u64::try_from(choices.below(1_000_000)).unwrap(),
        });
    }
}

/// The folder of the files, which are written anew for each project. Each test runs in a thread of its own, with its own projects.
fn folder() -> PathBuf {
    thread_local! {
        static FOLDER: TempDir = tempfile::Builder::new().prefix("kpic random ").tempdir().unwrap();
    }
    FOLDER.with(|folder| folder.path().to_path_buf())
}

/// Writes the files of all sources.
pub fn write(project: &Project) {
    for entry in std::fs::read_dir(folder()).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    for source in &project.sources {
        for (name, text) in texts(source) {
            std::fs::write(folder().join(name), text).unwrap();
        }
    }
}

/// The files of other rows have a line of names where those of the spec have one.
pub fn as_in(project: &mut Project, spec: &Project) {
    for source in &mut project.sources {
        let Some(written) = &mut source.written else { continue };
        let known = spec.sources.iter().find(|known| known.name == source.name);
        written.header = known.is_some_and(|known| has_header(known, written));
    }
}

/// What a spec says of the files of a source.
pub fn relation(source: &Source, written: &Written) -> String {
    let path = |name: &str| quoted(&folder().join(name).display().to_string());
    let ending = if written.json { "json" } else { "csv" };
    let paths = if written.files == 1 {
        path(&format!("{}.{ending}", source.name))
    } else if written.seed.is_multiple_of(2) {
        path(&format!("{}-*.{ending}", source.name))
    } else {
        let all: Vec<String> = (1..=written.files).map(|at| path(&format!("{}-{at}.{ending}", source.name))).collect();
        format!("[{}]", all.join(", "))
    };
    let mut keys = vec![format!("paths: {paths}")];
    if !written.json {
        if written.delimiter != ',' {
            let sign = if written.delimiter == '\t' { "tab".to_owned() } else { format!("\"{}\"", written.delimiter) };
            keys.push(format!("delimiter: {sign}"));
        }
        if written.decimal != '.' {
            keys.push(format!("decimal: \"{}\"", written.decimal));
        }
        keys.extend(written.thousands.map(|sign| format!("thousands: \"{sign}\"")));
        keys.extend((!has_header(source, written)).then(|| "header: false".to_owned()));
        keys.extend(written.by_name.then(|| "by_name: true".to_owned()));
    }
    keys.extend(written.date.map(|format| format!("date: \"{format}\"")));
    keys.extend(written.timestamp.map(|format| format!("timestamp: \"{format}\"")));
    match (written.null, written.empty_is_null) {
        ("", _) => {}
        (word, true) => keys.push(format!("null: [\"\", {}]", quoted(word))),
        (word, false) => keys.push(format!("null: {}", quoted(word))),
    }
    format!("files: {{ {} }}", keys.join(", "))
}

/// The place of a column in files without a line of names: behind what nobody declares.
pub fn place(source: &Source, column: &Column) -> Option<usize> {
    source.written.as_ref().filter(|written| !has_header(source, written))?;
    stored(source).iter().position(|(_, known)| known.name == column.name).map(|at| at + 2)
}

/// Whether there is a line of names. A file without it and without rows is empty, which is refused.
fn has_header(source: &Source, written: &Written) -> bool {
    written.header || source.rows.is_empty()
}

fn stored(source: &Source) -> Vec<(usize, &Column)> {
    source.columns.iter().enumerate().filter(|(_, column)| column.expr.is_none()).collect()
}

/// The files of a source, by name; none if it is a table.
pub fn texts(source: &Source) -> Vec<(String, String)> {
    let Some(written) = &source.written else { return Vec::new() };
    let mut choices = Choices::new(written.seed);
    let ending = if written.json { "json" } else { "csv" };
    let size = source.rows.len().div_ceil(written.files).max(1);
    (1..=written.files)
        .map(|number| {
            let name = if written.files == 1 {
                format!("{}.{ending}", source.name)
            } else {
                format!("{}-{number}.{ending}", source.name)
            };
            let from = ((number - 1) * size).min(source.rows.len());
            let rows = &source.rows[from..(from + size).min(source.rows.len())];
            let text = if written.json {
                json(source, rows, written, &mut choices)
            } else {
                csv(source, rows, number, written, &mut choices)
            };
            (name, text)
        })
        .collect()
}

fn csv(source: &Source, rows: &[Vec<Value>], number: usize, written: &Written, choices: &mut Choices) -> String {
    let mut columns = stored(source);
    // What a file may lack another one has to have.
    if written.by_name && number > 1 {
        columns.retain(|(at, _)| rows.iter().any(|row| known(&row[*at]) != Value::Null));
    }
    if number > 1 {
        let by = number.min(columns.len()).saturating_sub(1);
        columns.rotate_left(by);
    }
    let field = |text: &str, choices: &mut Choices| {
        let needed = text.contains(['"', '\n', '\r', written.delimiter]);
        if needed || choices.chance(10) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
    };
    let delimiter = written.delimiter.to_string();
    let mut text = String::new();
    if has_header(source, written) {
        let names = std::iter::once("Note, free").chain(columns.iter().map(|(_, column)| column.stored_as.as_str()));
        let names: Vec<String> = names.map(|name| field(name, choices)).collect();
        text.push_str(&(names.join(&delimiter) + written.end));
    }
    for row in rows {
        // How lines end is told from the first one, also where that end stands in quotes.
        let ends_otherwise = |note: &str| {
            note.contains('\n') && note.contains('\r') != written.end.contains('\r') && !has_header(source, written)
        };
        let note = choices.word(&NOTES);
        let mut fields = vec![field(if ends_otherwise(note) { "" } else { note }, choices)];
        for (at, column) in &columns {
            // Files have neither NaN nor infinity: where a table has one, and it is null in figures, they have null.
            let value = match &known(&row[*at]) {
                Value::Null => if written.empty_is_null && choices.chance(50) { "" } else { written.null }.to_owned(),
                value => spelt(value, column.ty, written, choices),
            };
            fields.push(field(&value, choices));
        }
        text.push_str(&(fields.join(&delimiter) + written.end));
    }
    text
}

fn json(source: &Source, rows: &[Vec<Value>], written: &Written, choices: &mut Choices) -> String {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let mut lines: Vec<String> = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        let mut fields = vec![format!("\"note\": {}", text(choices.word(&NOTES)))];
        for (at, column) in stored(source) {
            let value = match &known(&row[at]) {
                // The first row has all names, so that they are known.
                Value::Null if number > 0 && choices.chance(40) => continue,
                Value::Null if !written.null.is_empty() && choices.chance(30) => text(written.null),
                Value::Null => "null".to_owned(),
                value @ (Value::Bool(_) | Value::Number(_)) if choices.chance(80) => match value {
                    Value::Bool(truth) => truth.to_string(),
                    Value::Number(number) => number.to_string(),
                    _ => unreachable!("conditions and numbers only"),
                },
                value => text(&spelt(value, column.ty, written, choices)),
            };
            fields.push(format!("{}: {value}", text(&column.stored_as)));
        }
        lines.push(format!("{{{}}}", fields.join(", ")));
    }
    if written.seed.is_multiple_of(3) {
        format!("[{}]", lines.join(",\n"))
    } else {
        lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

/// A value as it is written.
fn spelt(value: &Value, ty: Type, written: &Written, choices: &mut Choices) -> String {
    match value {
        Value::Bool(true) => choices.word(&["true", "TRUE", "yes", "1", "t"]).to_owned(),
        Value::Bool(false) => choices.word(&["false", "False", "no", "0", "n"]).to_owned(),
        Value::Number(number) => digits(*number, ty, written, choices),
        Value::Text(text) => text.clone(),
        Value::Date(day) => match written.date {
            None => day.to_string(),
            Some(format) => formatted(day.to_datetime(jiff::civil::Time::midnight()), format, 0),
        },
        Value::Time(time) => clock(*time, ty, written, choices),
        Value::Null | Value::Span(..) | Value::Instant { .. } => unreachable!("no cell is written so"),
    }
}

fn digits(number: f64, ty: Type, written: &Written, choices: &mut Choices) -> String {
    let mut text = number.abs().to_string();
    let fraction = text.find('.').map(|at| text.split_off(at)).unwrap_or_default();
    let grouped = match written.thousands {
        Some(sign) if choices.chance(70) => {
            let count = text.len();
            text.chars().enumerate().fold(String::new(), |mut out, (at, digit)| {
                if at > 0 && (count - at).is_multiple_of(3) {
                    out.push(sign);
                }
                out.push(digit);
                out
            })
        }
        _ => text,
    };
    let mut out = if number < 0.0 { "-".to_owned() } else { choices.word(&["", "", "", "+"]).to_owned() };
    out.push_str(&grouped);
    match fraction.strip_prefix('.') {
        Some(fraction) => _ = write!(out, "{}{fraction}", written.decimal),
        None if ty == Type::Integer && choices.chance(10) => _ = write!(out, "{}0", written.decimal),
        // Nor are there decimals of 16 digits in JSON, zeros behind the point among them.
        None if ty != Type::Integer && choices.chance(20) && number.abs() < 1e12 => _ = write!(out, "{}00", written.decimal),
        None => {}
    }
    if choices.chance(5) { format!(" {out} ") } else { out }
}

fn clock(time: DateTime, ty: Type, written: &Written, choices: &mut Choices) -> String {
    let instant = ty == Type::Instant;
    if let Some(format) = written.timestamp.filter(|format| format.contains("%z") == instant) {
        // An instant is written as any clock shows it.
        let minutes = if instant { choices.weighted(&[(2, 0), (1, 120), (1, -330)]) } else { 0 };
        return formatted(time.saturating_add(jiff::Span::new().minutes(minutes)), format, minutes);
    }
    let parting = choices.word(&["T", " "]);
    let day = time.date();
    if !instant {
        let of_day = time.time();
        return if of_day == jiff::civil::Time::midnight() && choices.chance(40) {
            day.to_string()
        } else {
            format!("{day}{parting}{of_day}")
        };
    }
    let (minutes, offset) = choices.weighted(&[(3, (0, "Z")), (1, (60, "+01:00")), (1, (-210, "-0330")), (1, (0, "+00"))]);
    let moved = time.saturating_add(jiff::Span::new().minutes(minutes));
    format!("{}{parting}{}{offset}", moved.date(), moved.time())
}

/// A time in a format, written out by hand.
fn formatted(time: DateTime, format: &str, minutes: i64) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let day: Date = time.date();
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(char) = chars.next() {
        if char != '%' {
            out.push(char);
            continue;
        }
        _ = match chars.next().unwrap() {
            'Y' => write!(out, "{:04}", day.year()),
            'y' => write!(out, "{:02}", day.year() % 100),
            'm' => write!(out, "{:02}", day.month()),
            'd' => write!(out, "{:02}", day.day()),
            'b' => write!(out, "{}", MONTHS[usize::try_from(day.month()).unwrap() - 1]),
            'H' => write!(out, "{:02}", time.hour()),
            'I' => write!(out, "{:02}", (time.hour() + 11) % 12 + 1),
            'p' => write!(out, "{}", if time.hour() < 12 { "AM" } else { "PM" }),
            'M' => write!(out, "{:02}", time.minute()),
            'S' => write!(out, "{:02}", time.second()),
            'f' => write!(out, "{:06}", time.subsec_nanosecond() / 1_000),
            'z' => write!(out, "{}{:02}:{:02}", if minutes < 0 { '-' } else { '+' }, minutes.abs() / 60, minutes.abs() % 60),
            other => unreachable!("no format has %{other}"),
        };
    }
    out
}
