//! How `DuckDB` reads files.
//!
//! Files of text are read as texts and converted here. The reader's own conversions take whatever they can make something of:
//! they round 1.5 to a whole number, cut a time to its day and drop an offset. What is not written as declared is cast from a text
//! that begins with words, which no type can be made of, so that the engine refuses it.
//!
//! The conditions come in the order in which they are cheap: most values are met by the first one, and regular expressions are for
//! the rest. Decimals have 9 digits after the point and 29 before it. `DuckDB` takes texts into decimals of up to 18 digits a
//! hundred times as fast as into longer ones, so those that are short go that way.

use super::DuckDb;
use crate::dialect::Dialect;
use crate::dialect::files::Reading;
use crate::dialect::layout::indent;
use crate::model::files::{Csv, FileColumn, FileFormat, FileType, Files, TimeField, TimeFormat, TimePart, Written};
use std::collections::BTreeSet;

/// What no field of a file is: U+FDD0, which Unicode reserves for not being there.
const NEVER: &str = "chr(64976)";

/// How many examples of values are looked for.
const EXAMPLES: usize = 3;

impl Reading for DuckDb {
    fn rows(&self, files: &Files, wanted: Option<&[String]>) -> String {
        let declared = |name: &String| files.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name));
        let is_csv = matches!(files.format, FileFormat::Csv(_));
        let mut columns: Vec<&FileColumn> = match wanted {
            // Objects of JSON are read by their names, and nothing is read without one.
            Some(wanted) if is_csv || !wanted.is_empty() => wanted.iter().filter_map(declared).collect(),
            Some(_) | None => files.columns.iter().collect(),
        };
        let mut seen = BTreeSet::new();
        columns.retain(|column| seen.insert(column.name.to_lowercase()));
        let Some(written) = files.written() else { return parquet(files, &files.paths) };
        let read = reader(files, &files.paths, &columns, None);
        if wanted.is_none() && is_csv {
            let cleaned = replaced(&columns, &|column| cleaned(files, column), &read);
            return replaced(&columns, &|column| converted(&Text::of(files, column), column.ty, written), &cleaned);
        }
        let names: Vec<String> = columns.iter().map(|column| name(column)).collect();
        let cleaned: Vec<String> = columns.iter().map(|column| cleaned(files, column)).collect();
        let read = selected(&names, &cleaned, &[], &read);
        let texts: Vec<Text> = columns.iter().map(|column| Text::read_before(files, column)).collect();
        let before: Vec<(String, String)> = columns
            .iter()
            .zip(&texts)
            .filter_map(|(column, text)| Some((tried(&text.name, column.ty, written)?, text.tried.clone())))
            .collect();
        let read = selected(&names, &names, &before, &read);
        let converted: Vec<String> =
            columns.iter().zip(&texts).map(|(column, text)| converted(text, column.ty, written)).collect();
        selected(&names, &converted, &[], &read)
    }

    fn list(&self, path: &str) -> String {
        format!("select file from glob({}) order by file", self.text(path))
    }

    fn beginning(&self, path: &str) -> String {
        format!("select line from {} limit 20", lines(path))
    }

    fn described(&self, files: &Files, path: &str) -> String {
        let path = self.text(path);
        let rows = match files.format {
            FileFormat::Parquet => format!("read_parquet({path})"),
            FileFormat::Csv(_) | FileFormat::Json(_) => format!("read_json({path})"),
        };
        format!("select column_name, column_type from (describe select * from {rows})")
    }

    fn misfits(&self, files: &Files) -> Option<String> {
        let written = files.written()?;
        let count = |(at, column): (usize, &FileColumn)| {
            format!("count_if({}) as misfits_{at}", misfit(&Text::of(files, column), column.ty, written))
        };
        let counts: Vec<String> = files.columns.iter().enumerate().map(count).collect();
        (!counts.is_empty()).then(|| {
            let columns: Vec<&FileColumn> = files.columns.iter().collect();
            let texts = texts(files, &files.paths, &columns);
            format!("select file, {} from {texts} group by file order by file", counts.join(", "))
        })
    }

    fn first_misfits(&self, files: &Files, path: &str, column: usize) -> Option<String> {
        let written = files.written()?;
        let column = files.columns.get(column)?;
        // One file may lack the other columns.
        let (texts, name) = (texts(files, &[path.to_owned()], &[column]), name(column));
        Some(format!(
            "select row, value from (select row_number() over () as row, {name} as value, {} as is_misfit from {texts}) as numbered \
             where is_misfit order by row limit {EXAMPLES}",
            misfit(&Text::of(files, column), column.ty, written)
        ))
    }

    fn fits(&self, text: &str, ty: FileType, written: &Written) -> String {
        let text = Text { name: text.to_owned(), tried: tried(text, ty, written).unwrap_or_default(), is_json: false };
        format!("try({}) is not null", converted(&text, ty, written))
    }

    fn place_of(&self, files: &Files, path: &str, row: u64) -> Option<String> {
        let FileFormat::Csv(csv) = &files.format else { return None };
        // A row begins where all quotes before it are closed; lines without anything are none.
        let row = row + u64::from(csv.header);
        let quotes = "length(line) - length(replace(line, '\"', ''))";
        Some(format!(
            "select line, text from (select number as line, text, row_number() over (order by number) as row from \
             (select number, line as text, coalesce(sum({quotes}) over (order by number rows between unbounded preceding and 1 \
             preceding), 0) as before from (select row_number() over () as number, coalesce(line, '') as line from {}) as numbered) \
             as lines where before % 2 = 0 and (text <> '' or {})) as rows where row = {row}",
            lines(path),
            // With one column an empty line is an empty field.
            if files.columns.len() > 1 || csv.header { "false" } else { "true" },
        ))
    }

    fn broken_lines(&self, files: &Files, path: &str, columns: usize) -> Option<(String, String)> {
        let FileFormat::Csv(csv) = &files.format else { return None };
        let named: Vec<String> = (1..=columns).map(|at| format!("'{at}': 'VARCHAR'")).collect();
        // What is not looked at is not decoded.
        let looked_at: Vec<String> = (1..=columns).map(|at| format!("count(\"{at}\") as \"{at}\"")).collect();
        let read = format!(
            "read_csv({}, {}, auto_detect = false, columns = {{{}}}, store_rejects = true, rejects_limit = 3)",
            self.text(path),
            signs(csv),
            named.join(", ")
        );
        let setup = format!("create temp table rows_of_file as select {} from {read};", looked_at.join(", "));
        let query =
            "select line, cast(error_type as varchar) as kind, csv_line as text from reject_errors order by line limit 1";
        Some((setup, query.to_owned()))
    }
}

/// A select of values under names, and of further ones that come with theirs; only what it is from where nothing changes.
fn selected(names: &[String], values: &[String], further: &[(String, String)], from: &str) -> String {
    if names == values && further.is_empty() || names.is_empty() {
        return from.to_owned();
    }
    let own = values.iter().zip(names).map(|(value, name)| item(value, name));
    let items: Vec<String> = own.chain(further.iter().map(|(value, name)| item(value, name))).collect();
    derived("select", &items, "", from)
}

/// A select of all columns, some of them as `of` writes them; only what it is from where nothing changes.
fn replaced(columns: &[&FileColumn], of: &dyn Fn(&FileColumn) -> String, from: &str) -> String {
    let changed = columns.iter().map(|column| (of(column), name(column))).filter(|(value, name)| value != name);
    let items: Vec<String> = changed.map(|(value, name)| item(&value, &name)).collect();
    if items.is_empty() { from.to_owned() } else { derived("select * replace (", &items, "\n)", from) }
}

fn item(value: &str, name: &str) -> String {
    if value == name { name.to_owned() } else { format!("{value} as {name}") }
}

/// A select in parentheses.
fn derived(open: &str, items: &[String], close: &str, from: &str) -> String {
    let mut inner = format!("{open}\n");
    indent(&mut inner, &items.join(",\n"), 2);
    inner.push_str(&format!("{close}\nfrom {from}"));
    let mut text = "(\n".to_owned();
    indent(&mut text, &inner, 2);
    text + "\n)"
}

fn name(column: &FileColumn) -> String {
    DuckDb.identifier(&column.name).into_owned()
}

fn list(paths: &[String]) -> String {
    match paths {
        [only] => DuckDb.text(only),
        _ => format!("[{}]", paths.iter().map(|path| DuckDb.text(path)).collect::<Vec<_>>().join(", ")),
    }
}

fn are_several(paths: &[String]) -> bool {
    paths.len() != 1 || paths.iter().any(|path| path.contains(['*', '?', '[']))
}

fn parquet(files: &Files, paths: &[String]) -> String {
    // Without it the types of the first file would be those of all, and fractions of a later one would be rounded.
    let by_name = if files.are_several() { ", union_by_name = true" } else { "" };
    format!("read_parquet({}{by_name})", list(paths))
}

/// The signs of a file of lines: all of those that the reader would otherwise guess.
fn signs(csv: &Csv) -> String {
    format!(
        "header = {}, delim = {}, quote = '\"', escape = '\"', comment = '', skip = 0",
        csv.header,
        DuckDb.text(&csv.delimiter.to_string())
    )
}

/// Whether a file that lacks a column is told from one in which its field is empty.
fn tells_absent(files: &Files, paths: &[String]) -> bool {
    matches!(&files.format, FileFormat::Csv(csv) if csv.header) && are_several(paths) && !files.by_name
}

/// What reads the texts of files. With `tells` given, whether nulls are told apart is as it says.
fn reader(files: &Files, paths: &[String], columns: &[&FileColumn], tells: Option<bool>) -> String {
    match &files.format {
        FileFormat::Parquet => parquet(files, paths),
        FileFormat::Json(_) => {
            let columns: Vec<String> =
                columns.iter().map(|column| format!("{}: 'VARCHAR'", DuckDb.text(&column.name))).collect();
            format!("read_json({}, columns = {{{}}})", list(paths), columns.join(", "))
        }
        FileFormat::Csv(csv) => {
            let mut options = format!("{}, all_varchar = true, sample_size = 1", signs(csv));
            let null = if tells.unwrap_or_else(|| tells_absent(files, paths)) || csv.values.null.is_empty() {
                NEVER.to_owned()
            } else {
                csv.values.null.iter().map(|word| DuckDb.text(word)).collect::<Vec<_>>().join(", ")
            };
            options.push_str(&format!(", nullstr = [{null}]"));
            if are_several(paths) && csv.header {
                options.push_str(", union_by_name = true");
            }
            if paths.iter().any(|path| path.contains(['=', '*', '?', '['])) {
                // Folders such as `year=2024` are columns too, and read as texts like all others.
                options.push_str(", hive_types_autocast = false");
            }
            if !csv.header {
                let places = files.columns.iter().filter_map(|column| column.name.parse::<u16>().ok());
                let names: Vec<String> = (1..=places.max().unwrap_or(1)).map(|place| format!("'{place}'")).collect();
                options.push_str(&format!(", names = [{}]", names.join(", ")));
            }
            format!("read_csv({}, {options})", list(paths))
        }
    }
}

/// A text of a file, null where a word says so and the reader has not seen to it.
fn cleaned(files: &Files, column: &FileColumn) -> String {
    let name = name(column);
    let (words, absent) = match &files.format {
        FileFormat::Json(written) => (&written.null, false),
        FileFormat::Csv(csv) if tells_absent(files, &files.paths) => (&csv.values.null, true),
        FileFormat::Csv(_) | FileFormat::Parquet => return name,
    };
    let words: Vec<String> = words.iter().map(|word| DuckDb.text(word)).collect();
    let lacks = format!(
        "when {name} is null then cast(cast({} || coalesce({name}, {}) as integer) as varchar)",
        DuckDb.text("a file has no column "),
        DuckDb.text(&column.name)
    );
    match (absent, words.as_slice()) {
        (false, []) => name,
        (false, [only]) => format!("nullif({name}, {only})"),
        (false, _) => format!("case when {name} not in ({}) then {name} end", words.join(", ")),
        (true, []) => format!("case {lacks} else {name} end"),
        (true, _) => format!("case {lacks} when {name} not in ({}) then {name} end", words.join(", ")),
    }
}

/// The texts of files with the file that each row is of, for what looks at single values. A column that a file lacks is null.
fn texts(files: &Files, paths: &[String], columns: &[&FileColumn]) -> String {
    let read = reader(files, paths, columns, Some(false));
    let (read, null) = match &files.format {
        FileFormat::Json(written) => (read, written.null.iter().map(|word| DuckDb.text(word)).collect()),
        FileFormat::Csv(_) | FileFormat::Parquet => (read, Vec::new()),
    };
    let item = |column: &&FileColumn| {
        let name = name(column);
        match null.as_slice() {
            [] => name,
            words => format!("case when {name} not in ({}) then {name} end as {name}", words.join(", ")),
        }
    };
    let items: Vec<String> = columns.iter().map(item).collect();
    format!("(select filename as file, {} from {read}) as texts", items.join(", "))
}

/// Whether a text is none of its column's type.
fn misfit(text: &Text, ty: FileType, written: &Written) -> String {
    if ty == FileType::Text {
        return "false".to_owned();
    }
    format!("{} is not null and try({}) is null", text.name, converted(text, ty, written))
}

/// The lines of a file, as they are.
fn lines(path: &str) -> String {
    // No line holds the control character that would part it.
    format!(
        "read_csv({}, auto_detect = false, header = false, delim = chr(1), quote = '', escape = '', comment = '', \
         columns = {{'line': 'VARCHAR'}})",
        DuckDb.text(path)
    )
}

// --- Conversions ---

/// A text that is to be converted.
struct Text {
    /// What gives it.
    name: String,
    /// What gives the engine's own idea of the number, null where it has none.
    tried: String,
    /// Whether numbers come out of JSON, whose readers know 15 digits of them.
    is_json: bool,
}

impl Text {
    /// The text of a column; its number is read where it is needed.
    fn of(files: &Files, column: &FileColumn) -> Self {
        let name = name(column);
        let tried = files.written().and_then(|written| tried(&name, column.ty, written)).unwrap_or_default();
        Self { name, tried, is_json: matches!(files.format, FileFormat::Json(_)) }
    }

    /// The same where the number has been read before, under a name of its own: it is needed twice.
    fn read_before(files: &Files, column: &FileColumn) -> Self {
        let mut wish = format!("{}_read", column.name);
        while files.columns.iter().any(|known| known.name.eq_ignore_ascii_case(&wish)) {
            wish.push('_');
        }
        let own = Self::of(files, column);
        if own.tried.is_empty() { own } else { Self { tried: DuckDb.identifier(&wish).into_owned(), ..own } }
    }
}

/// What the engine makes of a text that is to be a number; nothing where it is written in another way than the engine's own.
fn tried(x: &str, ty: FileType, written: &Written) -> Option<String> {
    let ty = match ty {
        FileType::Integer => "bigint",
        FileType::Decimal => "decimal(18, 9)",
        FileType::Number => "double",
        FileType::Boolean | FileType::Text | FileType::Date | FileType::Timestamp | FileType::Instant => return None,
    };
    let is_plain = written.decimal == '.' && written.thousands.is_none();
    is_plain.then(|| format!("try_cast({x} as {ty})"))
}

/// A text as a value of its type. What is not written as one makes the engine refuse.
fn converted(text: &Text, ty: FileType, written: &Written) -> String {
    let x = &text.name;
    match ty {
        FileType::Text => x.clone(),
        FileType::Boolean => format!("cast(trim({x}) as boolean)"),
        FileType::Integer => integer(text, written),
        FileType::Decimal => decimal(text, written),
        FileType::Number => number(text, written),
        FileType::Date => date(x, written.date.as_ref()),
        FileType::Timestamp => timestamp(x, written.timestamp.as_ref().filter(|format| !format.has_offset())),
        FileType::Instant => instant(x, written.timestamp.as_ref().filter(|format| format.has_offset())),
    }
}

/// Conditions with what holds then; what meets none of them is refused.
fn cases(cases: &[(String, String)], x: &str, what: &str, ty: &str) -> String {
    let whens: String = cases.iter().map(|(condition, value)| format!("\n  when {condition} then {value}")).collect();
    format!("case{whens}\n  else cast({} || {x} as {ty})\nend", DuckDb.text(&format!("not {what}: ")))
}

fn matches(x: &str, pattern: &str) -> String {
    format!("regexp_full_match({x}, {})", DuckDb.text(&format!(" *{pattern} *")))
}

/// A character as a regular expression has it.
fn literal(char: char) -> String {
    match char {
        '^' => "\\^".to_owned(),
        '\\' => "\\\\".to_owned(),
        char if char.is_alphanumeric() || !char.is_ascii() || " /:,;_'".contains(char) => char.to_string(),
        char => format!("[{char}]"),
    }
}

/// The digits of a number before its fraction, as a regular expression: up to 12 of them, or any number.
fn digits(written: &Written, short: bool) -> String {
    // As in specs, digits may be grouped by `_`.
    let (plain, groups) = if short { ("[0-9][0-9_]{0,11}", "{0,2}") } else { ("[0-9][0-9_]*", "*") };
    match written.thousands {
        None => plain.to_owned(),
        Some(sign) => {
            // The last group has three digits; those before it have two where commas stand as in India.
            let sizes = if sign == ',' { "2,3" } else { "3" };
            let sign = literal(sign);
            format!("({plain}|[0-9]{{1,3}}({sign}[0-9]{{{sizes}}}){groups}{sign}[0-9]{{3}})")
        }
    }
}

/// The text of a number as the engine casts it.
fn plain(x: &str, written: &Written) -> String {
    let grouped = match written.thousands {
        None => x.to_owned(),
        Some(sign) => format!("replace({x}, {}, '')", DuckDb.text(&sign.to_string())),
    };
    match written.decimal {
        '.' => grouped,
        sign => format!("replace({grouped}, {}, '.')", DuckDb.text(&sign.to_string())),
    }
}

fn integer(text: &Text, written: &Written) -> String {
    let Text { name: x, tried, .. } = text;
    let mut all = Vec::new();
    if !tried.is_empty() {
        all.push((format!("cast({tried} as varchar) = {x}"), tried.clone()));
    }
    // Sheets and data frames write 5.0 where a column has gaps. 5.000 may be five thousand.
    let pattern = format!("[+-]?{}({}0)?", digits(written, false), literal(written.decimal));
    all.push((matches(x, &pattern), format!("cast({} as bigint)", plain(x, written))));
    cases(&all, x, "a whole number", "bigint")
}

fn decimal(text: &Text, written: &Written) -> String {
    let Text { name: x, tried, is_json } = text;
    let sign = literal(written.decimal);
    let pattern = |short: bool, places: usize| {
        // Zeros after the last place say nothing.
        format!("[+-]?({}({sign}[0-9]{{0,{places}}}0*)?|{sign}[0-9]{{1,{places}}}0*)", digits(written, short))
    };
    let value = plain(x, written);
    let long = format!("cast({value} as decimal(38, 9))");
    // What an exponent says is exact if nothing was rounded away.
    let exponent = format!("[+-]?[0-9]({sign}[0-9]+)?[eE][+-]?[0-9]{{1,2}}");
    let kept = format!("cast(try_cast({value} as decimal(38, 9)) as double) = cast({value} as double)");
    let mut all = Vec::new();
    if !tried.is_empty() {
        // Ten characters leave no room for a tenth place but after an exponent, and then the number is small.
        let short = format!("strlen({x}) <= 10 and abs({tried}) >= 0.001");
        all.push((short, format!("cast({tried} as decimal(38, 9))")));
    }
    if *is_json {
        all.push((
            format!("contains({x}, '.') and strlen(ltrim({x}, '-')) > 16"),
            format!("cast({} || {x} as decimal(38, 9))", DuckDb.text("not a decimal of 15 digits: ")),
        ));
    }
    all.push((matches(x, &pattern(true, 6)), format!("cast(cast({value} as decimal(18, 6)) as decimal(38, 9))")));
    all.push((matches(x, &pattern(false, 9)), long.clone()));
    all.push((format!("{} and {kept}", matches(x, &exponent)), long));
    cases(&all, x, "a decimal of 9 places", "decimal(38, 9)")
}

fn number(text: &Text, written: &Written) -> String {
    let Text { name: x, tried, .. } = text;
    let (condition, value) = if tried.is_empty() {
        let (value, sign) = (plain(x, written), literal(written.decimal));
        let pattern = format!("[+-]?({}({sign}[0-9]*)?|{sign}[0-9]+)([eE][+-]?[0-9]+)?", digits(written, false));
        (format!("{} and isfinite(try_cast({value} as double))", matches(x, &pattern)), format!("cast({value} as double)"))
    } else {
        (format!("isfinite({tried})"), tried.clone())
    };
    cases(&[(condition, value)], x, "a number", "double")
}

const ISO_DAY: &str = "[0-9]{4}-[0-9]{2}-[0-9]{2}";
/// No clock is further from UTC than 15 hours and some minutes; the engine takes +25:00 as well.
const OFFSET: &str = "[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?";
const ISO_TIME: &str = "[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?";

fn date(x: &str, format: Option<&TimeFormat>) -> String {
    let all = match format {
        // Nothing below `0` is a digit; a sign or space would make it another year.
        None => vec![
            (format!("{x} like '____-__-__' and {x} > '0'"), format!("cast({x} as date)")),
            (matches(x, ISO_DAY), format!("cast({x} as date)")),
        ],
        Some(format) => vec![(matches(x, &pattern(format)), format!("cast({} as date)", parsed(x, format)))],
    };
    cases(&all, x, &format!("a date {}", shown(format, "%Y-%m-%d")), "date")
}

fn timestamp(x: &str, format: Option<&TimeFormat>) -> String {
    let value = format!("cast({x} as timestamp)");
    let all = match format {
        None => vec![
            (format!("{x} like '____-__-__ __:__:__' and {x} > '0' and not ends_with({x}, 'Z')"), value.clone()),
            (matches(x, &format!("{ISO_DAY}([T ]{ISO_TIME})?")), value),
        ],
        Some(format) => vec![(matches(x, &pattern(format)), parsed(x, format))],
    };
    cases(&all, x, &format!("a timestamp {}", shown(format, "%Y-%m-%d %H:%M:%S")), "timestamp")
}

fn instant(x: &str, format: Option<&TimeFormat>) -> String {
    let all = match format {
        None => {
            // The engine wants seconds before an offset.
            let whole = format!("regexp_replace(trim({x}), '^(.{{16}})([^:].*)$', '\\1:00\\2')");
            vec![
                (
                    format!("({x} like '____-__-__T__:__:__Z' or {x} like '____-__-__T__:__:__.___Z') and {x} > '0'"),
                    format!("cast({x} as timestamptz)"),
                ),
                (matches(x, &format!("{ISO_DAY}[T ]{ISO_TIME}(Z| ?UTC|{OFFSET})")), format!("cast({whole} as timestamptz)")),
            ]
        }
        Some(format) => vec![(matches(x, &pattern(format)), parsed(x, format))],
    };
    cases(&all, x, &format!("an instant {}", shown(format, "%Y-%m-%dT%H:%M:%S%z")), "timestamptz")
}

fn shown(format: Option<&TimeFormat>, iso: &str) -> String {
    format.map_or_else(|| iso.to_owned(), ToString::to_string)
}

fn parsed(x: &str, format: &TimeFormat) -> String {
    format!("strptime(trim({x}), {})", DuckDb.text(&format.to_string()))
}

/// What a text of that format looks like, as a regular expression. The reader itself would take 24 for the year 24.
fn pattern(format: &TimeFormat) -> String {
    let part = |part: &TimePart| match part {
        TimePart::Literal(text) => text.chars().map(literal).collect(),
        TimePart::Of(field) => match field {
            TimeField::Year => "[0-9]{4}",
            TimeField::ShortYear => "[0-9]{2}",
            TimeField::Month
            | TimeField::Day
            | TimeField::Hour
            | TimeField::HalfHour
            | TimeField::Minute
            | TimeField::Second => "[0-9]{1,2}",
            TimeField::ShortMonthName | TimeField::ShortWeekday => "[A-Za-z]{3}",
            TimeField::MonthName | TimeField::Weekday => "[A-Za-z]{3,9}",
            TimeField::HalfDay => "[AaPp][Mm]",
            TimeField::Fraction => "[0-9]{1,6}",
            TimeField::Offset => OFFSET,
        }
        .to_owned(),
    };
    format.parts.iter().map(part).collect()
}
