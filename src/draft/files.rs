//! Files as tables: which of them belong together, what stands between their values, and which columns they have.

use super::Asked;
use super::tables::{Column, Found, Place, Table, column, finish, table};
use crate::dialect::reader;
use crate::engine::Failure;
use crate::model::files::{Csv, FileColumn, FileFormat, FileType, Files, Written, format_of, records};
use serde_json::Value;

/// Files that may be one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What the table is called if they are one.
    pub name: String,
    /// The files.
    pub files: Vec<Named>,
    /// The path that stands for all of them, if there is one.
    pub pattern: Option<String>,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// What it is called without its ending.
    pub stem: String,
    /// The path under which the engine finds it.
    pub path: String,
    /// The path that a spec names.
    pub named: String,
}

/// What may be between the values of a line, what is most usual first.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

/// The files that are tables; of CSV and JSON all columns are texts, until it is decided what they hold.
///
/// # Errors
/// Fails if the engine cannot be used.
pub(super) fn of_files(engine: &Asked<'_>, groups: &[Group]) -> Result<Found, Failure> {
    let (mut tables, mut unreadable, mut taken) = (Vec::new(), Vec::new(), Vec::new());
    for group in groups {
        let mut read = Vec::new();
        for file in &group.files {
            match beginning(engine, file)? {
                Ok(begun) => read.push(begun),
                Err(why) => unreadable.push((file.named.clone(), why)),
            }
        }
        if read.len() > 1 && are_alike(&read) {
            let named = match &group.pattern {
                // What cannot be read would be read with the others.
                Some(pattern) if read.len() == group.files.len() => vec![pattern.clone()],
                _ => read.iter().map(|begun| begun.file.named.clone()).collect(),
            };
            let mut made = made(&read, named);
            finish(&mut made, &group.name, &mut taken);
            tables.push(made);
            continue;
        }
        for begun in &read {
            let mut made = made(std::slice::from_ref(begun), vec![begun.file.named.clone()]);
            finish(&mut made, &begun.file.stem, &mut taken);
            tables.push(made);
        }
    }
    Ok((tables, unreadable))
}

/// What stands at the beginning of a file.
struct Begun<'a> {
    file: &'a Named,
    format: FileFormat,
    columns: Vec<Column>,
}

/// Looks at the beginning of a file; the inner error says why it is left out.
fn beginning<'a>(engine: &Asked<'_>, file: &'a Named) -> Result<Result<Begun<'a>, String>, Failure> {
    let (format, delimiter) = format_of(&file.path).unwrap_or(("parquet", ','));
    let mut format = match format {
        "csv" => FileFormat::Csv(Csv { delimiter, header: true, values: Written::usual(true) }),
        "json" => FileFormat::Json(Written::usual(false)),
        _ => FileFormat::Parquet,
    };
    let files = Files { paths: vec![file.path.clone()], format: format.clone(), by_name: false, columns: Vec::new() };
    let query = match &format {
        FileFormat::Csv(_) => reader().beginning(&file.path),
        FileFormat::Parquet | FileFormat::Json(_) => reader().described(&files, &file.path),
    };
    let rows = match engine.answer("", &[query])?.pop() {
        Some(Ok(rows)) => rows,
        Some(Err(why)) => return Ok(Err(reason(&files, &why.said))),
        None => return Ok(Err("the engine does not answer".to_owned())),
    };
    let text = |row: &Vec<Value>, at: usize| row.get(at).and_then(Value::as_str).unwrap_or_default().to_owned();
    let columns = match &mut format {
        FileFormat::Csv(csv) => {
            let lines: Vec<String> = rows.rows.iter().map(|row| text(row, 0)).collect();
            if lines.iter().all(String::is_empty) {
                return Ok(Err("it is empty".to_owned()));
            }
            csv.delimiter = delimiter_of(&lines, csv.delimiter);
            let records = records(&lines.join("\n"), csv.delimiter);
            csv.header = has_header(&records);
            if let Some(name) = doubled_name(&records) {
                return Ok(Err(format!("two columns are called `{name}` on its first line")));
            }
            let name = |(at, name): (usize, String)| if csv.header { name.trim().to_owned() } else { (at + 1).to_string() };
            let names = records.into_iter().next().unwrap_or_default().into_iter().enumerate().map(name);
            names.filter(|name| !name.is_empty()).map(|name| column(&name, "VARCHAR")).collect()
        }
        FileFormat::Parquet => rows.rows.iter().map(|row| column(&text(row, 0), &text(row, 1))).collect(),
        FileFormat::Json(_) => {
            // What is nested has no type that a spec could declare; all else is read from text.
            let is_nested = |ty: &str| ty.starts_with("STRUCT") || ty.starts_with("MAP") || ty.ends_with(']');
            let ty = |ty: String| if is_nested(&ty) { ty } else { "VARCHAR".to_owned() };
            rows.rows.iter().map(|row| column(&text(row, 0), &ty(text(row, 1)))).collect()
        }
    };
    Ok(Ok(Begun { file, format, columns }))
}

/// Whether files have mostly the same columns, written in the same way.
fn are_alike(all: &[Begun<'_>]) -> bool {
    let Some((first, others)) = all.split_first() else { return false };
    others.iter().all(|other| {
        let has = |column: &&Column| other.columns.iter().any(|known| known.name.eq_ignore_ascii_case(&column.name));
        let shared = first.columns.iter().filter(has).count();
        other.format == first.format && shared * 3 >= 2 * first.columns.len().max(other.columns.len())
    })
}

/// The table of some files.
fn made(all: &[Begun<'_>], named: Vec<String>) -> Table {
    let mut columns: Vec<Column> = Vec::new();
    for column in all.iter().flat_map(|begun| &begun.columns) {
        if !columns.iter().any(|known| known.name.eq_ignore_ascii_case(&column.name)) {
            columns.push(column.clone());
        }
    }
    let lacks = |begun: &Begun<'_>| begun.columns.len() < columns.len();
    let format = all.first().map_or(FileFormat::Parquet, |begun| begun.format.clone());
    let is_json = matches!(format, FileFormat::Json(_));
    let is_text = |column: &&Column| format != FileFormat::Parquet && column.ty == "VARCHAR";
    let texts = columns.iter().filter(is_text);
    let files = Files {
        paths: all.iter().map(|begun| begun.file.path.clone()).collect(),
        columns: texts.map(|column| FileColumn { name: column.name.clone(), ty: FileType::Text }).collect(),
        by_name: !is_json && all.iter().any(lacks),
        format,
    };
    Table { columns, ..table(Place::Files(files, named)) }
}

/// Why a file is left out.
fn reason(files: &Files, said: &str) -> String {
    match files.format {
        FileFormat::Parquet => "it is not a Parquet file".to_owned(),
        FileFormat::Json(_) => "it is not a file of JSON objects".to_owned(),
        FileFormat::Csv(_) if said.contains("nicode") || said.contains("utf-8") => {
            "it is not UTF-8: save it as UTF-8".to_owned()
        }
        FileFormat::Csv(_) => "its lines do not all end the same way".to_owned(),
    }
}

/// What stands between the values of lines: what makes the same number of them in all lines, and most.
fn delimiter_of(lines: &[String], usual: char) -> char {
    let text = lines.join("\n");
    let count = |delimiter: char| {
        let mut all = records(&text, delimiter);
        // The last record may have been cut.
        if all.len() > 2 {
            all.pop();
        }
        let first = all.first().map_or(0, Vec::len);
        let same = all.iter().filter(|record| record.len() > 1 || record.iter().any(|field| !field.is_empty()));
        (first > 1 && same.into_iter().all(|record| record.len() == first)).then_some(first)
    };
    let wanted = [usual].into_iter().chain(DELIMITERS.into_iter().filter(|delimiter| *delimiter != usual));
    let mut best: Option<(usize, char)> = None;
    for delimiter in wanted {
        if let Some(count) = count(delimiter)
            && best.is_none_or(|(most, _)| count > most)
        {
            best = Some((count, delimiter));
        }
    }
    best.map_or(usual, |(_, delimiter)| delimiter)
}

/// Whether the first record has names: all different, and none of them a number or a time.
fn has_header(records: &[Vec<String>]) -> bool {
    let Some(first) = records.first() else { return true };
    let mut names: Vec<String> = first.iter().map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty()).collect();
    let filled = names.len();
    names.sort_unstable();
    names.dedup();
    filled > 0 && names.len() == filled && !first.iter().any(|field| is_value(field))
}

/// Whether a field is a number or a time.
fn is_value(field: &str) -> bool {
    let field = field.trim();
    field.replace(',', ".").parse::<f64>().is_ok() || super::written::is_time(field)
}

/// A name that stands twice on the first line, where the lines below say that it has names: values come in columns that have none there.
fn doubled_name(records: &[Vec<String>]) -> Option<String> {
    let (first, others) = records.split_first()?;
    let has_values = others.iter().any(|record| record.iter().zip(first).any(|(field, _)| is_value(field)));
    if first.iter().any(|field| is_value(field)) || !has_values {
        return None;
    }
    let mut seen = std::collections::BTreeSet::new();
    let names = first.iter().map(|name| name.trim()).filter(|name| !name.is_empty());
    names.map(str::to_owned).find(|name| !seen.insert(name.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_delimiter_is_what_parts_all_lines_alike() {
        for (text, delimiter) in [
            ("a,b\n1,2", ','),
            ("a;b\n1,5;2,5\n2;3", ';'),
            ("a\tb\n1, 2\t3\n", '\t'),
            ("a|b|c\n1,2|3|4", '|'),
            ("a,\"b;c\"\n1,\"2;3;4\"", ','),
            ("a\n1\n2", ','),
            ("day;amount\n2024-01-01;\"1,234\"", ';'),
        ] {
            assert_eq!(delimiter_of(&lines(text), ','), delimiter, "{text}");
        }
    }

    #[test]
    fn a_line_of_names_has_no_values() {
        let has = |text: &str| has_header(&records(text, ','));
        assert!(has("id,day\n1,2024-01-01\n") && has("name,note\na,b\n"));
        let doubled = |text: &str| doubled_name(&records(text, ','));
        assert_eq!(doubled("id,day,Day\n1,2024-01-01,2024-01-02\n").as_deref(), Some("Day"));
        assert!(doubled("a,a\nb,c\n").is_none() && doubled("1,1\n2,3\n").is_none() && doubled("id,,\n1,2,3\n").is_none());
        assert!(!has("1,2024-01-01\n2,2024-01-02\n") && !has("a,31/01/2024\n") && !has("a,a\nb,c\n"));
    }
}
