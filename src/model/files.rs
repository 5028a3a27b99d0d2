//! Files that are the rows of a source: which ones, and how what is in them is written.
//!
//! What is declared is what is read. So everything that a reader would otherwise guess has a place here: the format, the signs
//! between and within values, the words for null, and for each column its type.

use crate::calendar::Date;
use std::fmt;

/// The files of a source.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Files {
    /// Their paths, relative to the project's folder, perhaps with `*`.
    pub paths: Vec<String>,
    /// What they are, and how values are written in them.
    pub format: FileFormat,
    /// Whether a file may lack a column, which is null there then.
    pub by_name: bool,
    /// The columns that are declared, each once.
    pub columns: Vec<FileColumn>,
}

/// What files are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FileFormat {
    /// Parquet, which knows the types of its columns.
    Parquet,
    /// Lines of text.
    Csv(Csv),
    /// JSON objects, one after the other or in an array.
    Json(Written),
}

/// How lines of text are put together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Csv {
    /// What stands between two values.
    pub delimiter: char,
    /// Whether the first line names the columns. Without such a line they are named by their places, from `1`.
    pub header: bool,
    /// How values are written.
    pub values: Written,
}

/// How values are written that are texts in a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Written {
    /// The sign before the fraction of a number.
    pub decimal: char,
    /// The sign between groups of digits.
    pub thousands: Option<char>,
    /// How dates are written; nothing for ISO 8601.
    pub date: Option<TimeFormat>,
    /// How times of day on a date are written; nothing for ISO 8601. With an offset in it, it is for instants, else for
    /// timestamps.
    pub timestamp: Option<TimeFormat>,
    /// What stands for null.
    pub null: Vec<String>,
}

impl Default for Written {
    fn default() -> Self {
        Self { decimal: '.', thousands: None, date: None, timestamp: None, null: Vec::new() }
    }
}

impl Written {
    /// How values are written where a spec says nothing of it. In CSV an empty field is null.
    pub fn usual(csv: bool) -> Self {
        let null = if csv { vec![String::new()] } else { Vec::new() };
        Self { null, ..Self::default() }
    }
}

/// A column of files.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileColumn {
    /// Its name there.
    pub name: String,
    /// Its type.
    pub ty: FileType,
}

/// What a column of a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileType {
    /// True or false.
    Boolean,
    /// Whole numbers.
    Integer,
    /// Exact decimal numbers.
    Decimal,
    /// Floating numbers.
    Number,
    /// Texts, as they are.
    Text,
    /// Days.
    Date,
    /// Readings of a wall clock.
    Timestamp,
    /// Points in time.
    Instant,
}

impl FileType {
    /// As a column declares it.
    pub fn declared(self) -> &'static str {
        match self {
            FileType::Boolean => "boolean",
            FileType::Integer => "integer",
            FileType::Decimal => "decimal",
            FileType::Number => "number",
            FileType::Text => "text",
            FileType::Date => "date",
            FileType::Timestamp => "timestamp",
            FileType::Instant => "instant",
        }
    }
}

impl Files {
    /// How values are written, where they are texts.
    pub fn written(&self) -> Option<&Written> {
        match &self.format {
            FileFormat::Parquet => None,
            FileFormat::Csv(csv) => Some(&csv.values),
            FileFormat::Json(written) => Some(written),
        }
    }

    /// Whether more than one file may be meant.
    pub fn are_several(&self) -> bool {
        self.paths.len() != 1 || self.paths.iter().any(|path| path.contains(['*', '?', '[']))
    }
}

/// The formats of files.
pub const FORMATS: &[&str] = &["csv", "parquet", "json"];

/// What the ending of a path says of its format: one of [`FORMATS`], and the delimiter if it is CSV. Nothing if it says nothing.
pub fn format_of(path: &str) -> Option<(&'static str, char)> {
    let path = path.to_lowercase();
    let path = [".gz", ".zst"].iter().find_map(|ending| path.strip_suffix(ending)).unwrap_or(&path);
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    Some(match name.rsplit_once('.')?.1 {
        "csv" => ("csv", ','),
        "tsv" => ("csv", '\t'),
        "json" | "jsonl" | "ndjson" => ("json", ','),
        "parquet" => ("parquet", ','),
        _ => return None,
    })
}

/// Endings of what is no format of files: what such a file is, and whether it may be one under another name.
const FOREIGN: &[(&[&str], &str, bool)] = &[
    (&["xlsx", "xlsm", "xlsb", "xls"], "an Excel workbook", false),
    (&["ods"], "an OpenDocument spreadsheet", false),
    (&["numbers"], "a Numbers spreadsheet", false),
    (&["txt", "dat", "tab", "log"], "a text file", true),
    (&["zip", "7z", "rar", "tar", "tgz"], "an archive", false),
    (&["db", "duckdb", "sqlite", "sqlite3", "mdb", "accdb"], "a database", false),
    (&["xml", "html", "htm", "pdf", "doc", "docx"], "a document", false),
    (&["feather", "arrow", "avro", "orc", "rds", "sav", "dta", "pkl"], "a data file of another format", false),
];

/// What a file is by its ending that is none of [`FORMATS`], and whether it may be one under another name; nothing if the ending does not
/// say so.
pub fn foreign_of(path: &str) -> Option<(&'static str, bool)> {
    let path = path.to_lowercase();
    let path = [".gz", ".zst"].iter().find_map(|ending| path.strip_suffix(ending)).unwrap_or(&path);
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let (_, ending) = name.rsplit_once('.')?;
    FOREIGN.iter().find(|(endings, ..)| endings.contains(&ending)).map(|(_, what, is_text)| (*what, *is_text))
}

/// How a day or a time is written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TimeFormat {
    /// The parts, in their order.
    pub parts: Vec<TimePart>,
}

/// A part of a written day or time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TimePart {
    /// What a directive such as `%d` stands for.
    Of(TimeField),
    /// Anything else, as it is.
    Literal(String),
}

/// What a directive stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeField {
    /// Four digits of a year.
    Year,
    /// The last two digits of a year: 69 to 99 are of the 20th century, 00 to 68 of the 21st.
    ShortYear,
    /// The number of a month.
    Month,
    /// The first three letters of a month's English name.
    ShortMonthName,
    /// A month's English name.
    MonthName,
    /// The day of a month.
    Day,
    /// The first three letters of a weekday's English name, which say nothing new.
    ShortWeekday,
    /// A weekday's English name.
    Weekday,
    /// An hour from 0 to 23.
    Hour,
    /// An hour from 1 to 12.
    HalfHour,
    /// `AM` or `PM`.
    HalfDay,
    /// A minute.
    Minute,
    /// A second.
    Second,
    /// The fraction of a second, up to six digits.
    Fraction,
    /// How far a clock is from UTC: `+01:00`, `+0100` or `+01`.
    Offset,
}

impl TimeField {
    /// The value of the field at the beginning of a text, and what follows it; nothing if the text does not start with one.
    fn take(self, text: &str) -> Option<(u32, &str)> {
        let number = |least: usize, most: usize, range: std::ops::RangeInclusive<u32>| {
            let digits = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
            let value: u32 = text.get(..digits)?.parse().ok()?;
            (digits >= least && range.contains(&value)).then(|| Some((value, text.get(digits..)?))).flatten()
        };
        let word = |words: &[&str], most: usize| {
            let of = |(at, word): (usize, &&str)| {
                let start = word.get(..word.len().min(most))?;
                let is_it = text.get(..start.len())?.eq_ignore_ascii_case(start);
                is_it.then(|| Some((u32::try_from(at + 1).ok()?, text.get(start.len()..)?))).flatten()
            };
            words.iter().enumerate().find_map(of)
        };
        match self {
            TimeField::Year => number(4, 4, 1000..=9999),
            TimeField::ShortYear => number(2, 2, 0..=99),
            TimeField::Month | TimeField::HalfHour => number(1, 2, 1..=12),
            TimeField::Day => number(1, 2, 1..=31),
            TimeField::Hour => number(1, 2, 0..=24),
            TimeField::Minute | TimeField::Second => number(1, 2, 0..=59),
            TimeField::Fraction => number(1, 6, 0..=999_999),
            TimeField::HalfDay => word(&["AM", "PM"], 2),
            TimeField::ShortMonthName => word(&MONTHS, 3),
            TimeField::MonthName => word(&MONTHS, 9),
            TimeField::ShortWeekday => word(&WEEKDAYS, 3),
            TimeField::Weekday => word(&WEEKDAYS, 9),
            TimeField::Offset => {
                let hours = text.strip_prefix(['+', '-'])?;
                let is_two = |text: &str| text.get(..2).is_some_and(|two| two.bytes().all(|byte| byte.is_ascii_digit()));
                let rest = hours.get(2..).filter(|_| is_two(hours))?;
                let minutes = rest.strip_prefix(':').unwrap_or(rest);
                Some((0, if is_two(minutes) { minutes.get(2..)? } else { rest }))
            }
        }
    }
}

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The records at the beginning of a text of lines, each with its fields. The last one may be cut where the text is.
pub fn records(text: &str, delimiter: char) -> Vec<Vec<String>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut records, mut fields, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if field.is_empty() => quoted = true,
            '\r' if !quoted && chars.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                fields.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut fields));
            }
            char if char == delimiter && !quoted => fields.push(std::mem::take(&mut field)),
            char => field.push(char),
        }
    }
    fields.push(field);
    records.push(fields);
    records
}

/// The directives, each with what it stands for.
pub const DIRECTIVES: &[(char, TimeField)] = &[
    ('Y', TimeField::Year),
    ('y', TimeField::ShortYear),
    ('m', TimeField::Month),
    ('b', TimeField::ShortMonthName),
    ('B', TimeField::MonthName),
    ('d', TimeField::Day),
    ('a', TimeField::ShortWeekday),
    ('A', TimeField::Weekday),
    ('H', TimeField::Hour),
    ('I', TimeField::HalfHour),
    ('p', TimeField::HalfDay),
    ('M', TimeField::Minute),
    ('S', TimeField::Second),
    ('f', TimeField::Fraction),
    ('z', TimeField::Offset),
];

/// Why a text is not a format of a day or time, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadFormat {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl TimeFormat {
    /// Reads a format such as `%d/%m/%Y`.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, BadFormat> {
        let bad = |message: String, help: String| Err(BadFormat { message, help });
        let mut parts: Vec<TimePart> = Vec::new();
        let mut chars = text.chars();
        while let Some(char) = chars.next() {
            let literal = if char == '%' {
                // `%-d` is a day without a zero before it; both are read either way.
                let directive = match chars.next() {
                    Some('-') => chars.next(),
                    other => other,
                };
                match directive {
                    Some('%') => '%',
                    Some(directive) => {
                        let Some((_, field)) = DIRECTIVES.iter().find(|(known, _)| *known == directive) else {
                            let known: Vec<String> = DIRECTIVES.iter().map(|(known, _)| format!("%{known}")).collect();
                            return bad(
                                format!("a format has no `%{directive}`"),
                                format!("it has {}; `%%` is a percent sign", known.join(", ")),
                            );
                        };
                        if parts.contains(&TimePart::Of(*field)) {
                            return bad(
                                format!("`%{directive}` appears twice in this format"),
                                "use each part of a date once".to_owned(),
                            );
                        }
                        parts.push(TimePart::Of(*field));
                        continue;
                    }
                    None => {
                        return bad("this format ends with a lone `%`".to_owned(), "`%%` is a percent sign".to_owned());
                    }
                }
            } else {
                char
            };
            match parts.last_mut() {
                Some(TimePart::Literal(text)) => text.push(literal),
                _ => parts.push(TimePart::Literal(literal.to_string())),
            }
        }
        let format = Self { parts };
        if format.has(&[TimeField::Year, TimeField::ShortYear]) == 1
            && format.has(&[TimeField::Month, TimeField::ShortMonthName, TimeField::MonthName]) == 1
            && format.has(&[TimeField::Day]) == 1
        {
            return Ok(format);
        }
        // `dd/MM/yyyy` is how other tools write it.
        let help = if format.parts.iter().all(|part| matches!(part, TimePart::Literal(_))) {
            "a format is written `%d/%m/%Y`: the day, the month and the year with four digits"
        } else {
            "it needs `%d`, one of `%m`, `%b` and `%B`, and one of `%Y` and `%y`"
        };
        bad(format!("`{text}` does not say where the day, the month and the year stand"), help.to_owned())
    }

    /// How many of some fields it has.
    fn has(&self, fields: &[TimeField]) -> usize {
        fields.iter().filter(|field| self.parts.contains(&TimePart::Of(**field))).count()
    }

    /// Why it cannot be the format of dates.
    pub fn not_a_date(&self) -> Option<BadFormat> {
        let of_day = [
            TimeField::Hour,
            TimeField::HalfHour,
            TimeField::HalfDay,
            TimeField::Minute,
            TimeField::Second,
            TimeField::Fraction,
            TimeField::Offset,
        ];
        (self.has(&of_day) > 0).then(|| BadFormat {
            message: "the format of a date has a time of day".to_owned(),
            help: "that is the format of a `timestamp:`; declare such columns as `timestamp`".to_owned(),
        })
    }

    /// Why it cannot be the format of timestamps.
    pub fn not_a_timestamp(&self) -> Option<BadFormat> {
        let half = (self.has(&[TimeField::HalfHour]), self.has(&[TimeField::HalfDay]));
        let sound = match (self.has(&[TimeField::Hour]), half) {
            (1, (0, 0)) | (0, (1, 1)) => self.has(&[TimeField::Minute]) == 1 || self.has(&[TimeField::Second]) == 0,
            _ => false,
        };
        (!sound).then(|| BadFormat {
            message: "this format has no complete time of day".to_owned(),
            help: "it needs `%H`, or `%I` with `%p`, and then `%M` and perhaps `%S`".to_owned(),
        })
    }

    /// Whether a text is written so, as far as its digits and words show it: every day from 1 to 31 is one.
    pub fn reads(&self, text: &str) -> bool {
        self.parsed(text).is_some()
    }

    /// The day that a text stands for, if it is written so.
    pub fn day_of(&self, text: &str) -> Option<Date> {
        let fields = self.parsed(text)?;
        let field = |wanted: &[TimeField]| fields.iter().find(|(field, _)| wanted.contains(field)).map(|(_, value)| *value);
        let year = match field(&[TimeField::Year]) {
            Some(year) => year,
            None => field(&[TimeField::ShortYear]).map(|year| if year >= 69 { 1900 + year } else { 2000 + year })?,
        };
        let month = field(&[TimeField::Month, TimeField::ShortMonthName, TimeField::MonthName])?;
        let day = field(&[TimeField::Day])?;
        Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()
    }

    /// The values of the fields of a text that is written so.
    fn parsed(&self, text: &str) -> Option<Vec<(TimeField, u32)>> {
        let mut rest = text.trim();
        let mut found = Vec::new();
        for part in &self.parts {
            match part {
                TimePart::Literal(literal) => rest = rest.strip_prefix(literal.as_str())?,
                TimePart::Of(field) => {
                    let (value, after) = field.take(rest)?;
                    found.push((*field, value));
                    rest = after;
                }
            }
        }
        rest.is_empty().then_some(found)
    }

    /// Whether it has an offset from UTC, so that what is written is an instant.
    pub fn has_offset(&self) -> bool {
        self.has(&[TimeField::Offset]) == 1
    }
}

/// As it is read: `%d/%m/%Y`.
impl fmt::Display for TimeFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                TimePart::Of(field) => {
                    let directive =
                        DIRECTIVES.iter().find(|(_, known)| known == field).map_or('%', |(directive, _)| *directive);
                    write!(f, "%{directive}")?;
                }
                TimePart::Literal(text) => f.write_str(&text.replace('%', "%%"))?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_say_what_files_are() {
        for (path, format) in [
            ("data/Orders.CSV", Some(("csv", ','))),
            ("a.tsv.gz", Some(("csv", '\t'))),
            ("s3://b/x.jsonl.zst", Some(("json", ','))),
            ("data/*.parquet", Some(("parquet", ','))),
            ("a.csv/part-0", None),
            ("orders.txt", None),
            ("orders", None),
        ] {
            assert_eq!(format_of(path), format, "{path}");
        }
    }

    #[test]
    fn endings_say_what_files_are_not() {
        for (path, what) in [
            ("data/Rates.XLSX", Some(("an Excel workbook", false))),
            ("orders.txt.gz", Some(("a text file", true))),
            ("orders.csv", None),
            ("orders", None),
            ("orders.2024", None),
            ("a.xlsx/part-0", None),
        ] {
            assert_eq!(foreign_of(path), what, "{path}");
        }
    }

    #[test]
    fn formats_of_times_are_read_and_written() {
        for (text, written) in [
            ("%d/%m/%Y", "%d/%m/%Y"),
            ("%-d. %B %Y", "%d. %B %Y"),
            ("%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S.%f%z"),
            ("100%% %y%m%d", "100%% %y%m%d"),
        ] {
            assert_eq!(TimeFormat::parse(text).unwrap().to_string(), written);
        }
        for text in ["", "%d/%m", "dd/MM/yyyy", "%d/%m/%Y %", "%d/%d/%Y", "%d/%m/%Y/%y", "%s", "%j %Y", "%d %m %b %Y"] {
            assert!(TimeFormat::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn texts_are_written_in_a_format_or_not() {
        for (format, text, reads) in [
            ("%d/%m/%Y", "1/12/2024", true),
            ("%d/%m/%Y", "12/31/2024", false),
            ("%d/%m/%Y", "01/05/24", false),
            ("%d/%m/%y", "01/05/2024", false),
            ("%d-%b-%y", "05-feb-24", true),
            ("%B %d, %Y", "March 5, 2024", true),
            ("%Y%m%d", "20240131", true),
            ("%Y%m%d", "20241301", false),
            ("%d/%m/%Y %I:%M %p", "5/1/2024 12:05 am", true),
            ("%Y-%m-%dT%H:%M:%S%z", "2024-01-05T10:00:00+01:00", true),
            ("%Y-%m-%dT%H:%M:%S%z", "2024-01-05T10:00:00+01", true),
            ("%Y-%m-%dT%H:%M:%S%z", "2024-01-05T10:00:00", false),
        ] {
            assert_eq!(TimeFormat::parse(format).unwrap().reads(text), reads, "{format} {text}");
        }
        let day = |format: &str, text: &str| TimeFormat::parse(format).unwrap().day_of(text).map(|day| day.to_string());
        assert_eq!(day("%d/%m/%Y", "01/05/2024").as_deref(), Some("2024-05-01"));
        assert_eq!(day("%b %d, %y", "Jan 5, 70").as_deref(), Some("1970-01-05"));
        assert_eq!(day("%d/%m/%Y", "31/02/2024"), None);
    }

    #[test]
    fn lines_are_taken_apart() {
        let text = "\u{feff}a,\"b\"\"c\"\r\n\"d\ne\",f\n\"cut";
        assert_eq!(records(text, ','), [vec!["a", "b\"c"], vec!["d\ne", "f"], vec!["cut"]]);
    }

    #[test]
    fn dates_have_no_time_of_day_and_timestamps_have_one() {
        let of = |text: &str| TimeFormat::parse(text).unwrap();
        assert!(of("%d/%m/%Y").not_a_date().is_none() && of("%d/%m/%Y").not_a_timestamp().is_some());
        for time in ["%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M %p", "%Y%m%d %H", "%Y%m%d%H%M%S"] {
            assert!(of(time).not_a_date().is_some() && of(time).not_a_timestamp().is_none(), "{time}");
        }
        for time in ["%d/%m/%Y %I:%M", "%d/%m/%Y %H %S", "%d/%m/%Y %H:%M %p"] {
            assert!(of(time).not_a_timestamp().is_some(), "{time}");
        }
        assert!(of("%Y-%m-%dT%H:%M%z").has_offset());
    }
}
