//! The files of sources: what they are, how values are written in them, and which columns are read.

use crate::diagnostic::{Findings, codes};
use crate::model::facts::Type;
use crate::model::files::{
    BadFormat, Csv, FileColumn, FileFormat, FileType, Files, TimeFormat, Written, foreign_of, format_of,
};
use crate::model::{Clock, Column, KeyPart, Model, Relation, SourceId, Storage};
use crate::spec::files as written;
use crate::spec::reader::Text;
use crate::text::{Name, Span};
use std::sync::Arc;

/// The files of a source, without their columns: these have their types once references are known.
pub(super) fn files(source: &Name, files: &written::Files, findings: &mut Findings) -> Files {
    let paths: Vec<String> = files.paths.iter().map(|path| path.value.clone()).collect();
    let (format, delimiter) = format(source, files, findings);
    // Without paths, which is an error of its own, nobody knows what they are.
    if files.format.is_some() || !files.paths.is_empty() {
        unneeded(files, format, findings);
    }
    let format = match format {
        "csv" => FileFormat::Csv(Csv {
            delimiter: files.delimiter.as_ref().and_then(|text| sign(text, "delimiter", findings)).unwrap_or(delimiter),
            header: files.header.unwrap_or(true),
            values: values(files, true, findings),
        }),
        "json" => FileFormat::Json(values(files, false, findings)),
        _ => FileFormat::Parquet,
    };
    Files { paths, format, by_name: files.by_name.unwrap_or(false), columns: Vec::new() }
}

/// What files are, and what stands between the values of their lines if nothing is said.
fn format(source: &Name, files: &written::Files, findings: &mut Findings) -> (&'static str, char) {
    let known = |text: &Text| format_of(&text.value);
    let first = files.paths.first().and_then(known);
    if let Some(given) = &files.format {
        let word = crate::model::files::FORMATS.iter().find(|word| **word == given.value).copied().unwrap_or("parquet");
        return (word, first.map_or(',', |(_, delimiter)| delimiter));
    }
    let other = files.paths.iter().find(|path| known(path) != first);
    if let Some(other) = other {
        let message = format!("the files of `{}` have different formats", source.value);
        findings
            .report(&codes::BAD_FILE_FORMAT, other.span, message)
            .help("declare the format: `files: { paths: [...], format: csv }`; files with two formats are two sources");
    }
    if let Some((path, (what, is_text))) = files.paths.iter().find_map(|path| Some((path, foreign_of(&path.value)?))) {
        let message = format!("`{}` is {what}, but a source reads CSV, Parquet or JSON files", path.value);
        let help = if is_text {
            format!("say which of these it is: `files: {{ paths: {}, format: csv }}`", path.value)
        } else {
            "save its rows as a CSV or Parquet file, and name that file here".to_owned()
        };
        findings.report(&codes::BAD_FILE_FORMAT, path.span, message).help(help);
    }
    // Parquet is often stored without an ending.
    first.unwrap_or(("parquet", ','))
}

/// Reports what is said of how values are written where the format leaves nothing to say.
fn unneeded(files: &written::Files, format: &str, findings: &mut Findings) {
    let text = |text: &Option<Text>| text.as_ref().map(|text| text.span);
    let null = files.null.as_ref().and_then(|words| Some(words.first()?.span.to(words.last()?.span)));
    let of_csv = [("delimiter", text(&files.delimiter)), ("header", files.header_span)];
    let of_numbers = [("decimal", text(&files.decimal)), ("thousands", text(&files.thousands))];
    let of_texts = [("date", text(&files.date)), ("timestamp", text(&files.timestamp)), ("null", null)];
    let (keys, reason): (Vec<(&str, Option<Span>)>, &str) = match format {
        "parquet" => (
            of_csv.into_iter().chain(of_numbers).chain(of_texts).collect(),
            "Parquet files have their own types, and nothing is read from text",
        ),
        "json" => (
            of_csv.into_iter().chain(of_numbers).chain([("by_name", files.by_name_span)]).collect(),
            "JSON has its own syntax for lists, numbers and names; missing values are null",
        ),
        _ => (Vec::new(), ""),
    };
    for (key, span) in keys.into_iter().filter_map(|(key, span)| Some((key, span?))) {
        let name = if format == "json" { "JSON" } else { "Parquet" };
        findings
            .report(&codes::BAD_FILE_FORMAT, span, format!("`{key}` does not apply to {name} files"))
            .help(format!("{reason}: delete `{key}`, or correct `format`"));
    }
}

fn values(files: &written::Files, csv: bool, findings: &mut Findings) -> Written {
    let usual = Written::usual(csv);
    let decimal = files.decimal.as_ref().and_then(|text| sign(text, "decimal", findings));
    let thousands = files.thousands.as_ref().and_then(|text| sign(text, "thousands", findings));
    if let (Some(text), Some(sign)) = (&files.thousands, thousands)
        && sign == decimal.unwrap_or(usual.decimal)
    {
        let message = "`decimal` and `thousands` cannot be the same character".to_owned();
        let help = match (sign, &files.decimal) {
            ('.', None) => "write `decimal: \",\"` as well: a number is 1.234,50 then",
            _ => "in 1.234,50 `thousands` is `\".\"` and `decimal` is `\",\"`",
        };
        findings.report(&codes::BAD_FILE_FORMAT, text.span, message).help(help);
    }
    let mut time = |text: &Option<Text>, wrong: fn(&TimeFormat) -> Option<BadFormat>| {
        let text = text.as_ref()?;
        let parsed = TimeFormat::parse(&text.value).and_then(|format| wrong(&format).map_or(Ok(format), Err));
        match parsed {
            Ok(format) => Some(format),
            Err(BadFormat { message, help }) => {
                findings.report(&codes::BAD_DATE_FORMAT, text.span, message).help(help);
                None
            }
        }
    };
    let date = time(&files.date, TimeFormat::not_a_date);
    let timestamp = time(&files.timestamp, TimeFormat::not_a_timestamp);
    let null = files.null.as_ref().map(|words| words.iter().map(|word| word.value.clone()).collect());
    Written { decimal: decimal.unwrap_or(usual.decimal), thousands, date, timestamp, null: null.unwrap_or(usual.null) }
}

/// The one character of a sign.
fn sign(text: &Text, key: &str, findings: &mut Findings) -> Option<char> {
    if key == "delimiter" && matches!(text.value.as_str(), "tab" | "\\t") {
        return Some('\t');
    }
    let mut chars = text.value.chars();
    let only = chars.next().filter(|_| chars.next().is_none());
    let fits = |sign: &char| match key {
        "decimal" => matches!(sign, '.' | ','),
        // These have another meaning within a number or a line.
        _ => !sign.is_alphanumeric() && !matches!(sign, '"' | '-' | '+' | '\n' | '\r' | '\0'),
    };
    let fitting = only.filter(fits);
    if fitting.is_none() {
        let (message, help) = match key {
            "decimal" => ("`decimal` is a dot or a comma", "write `decimal: \",\"` or `decimal: \".\"`"),
            "thousands" => ("`thousands` is one character", "for instance `thousands: \".\"` or `thousands: \" \"`"),
            _ => (
                "a delimiter is one character, not a letter, digit or quote",
                "for instance `delimiter: \";\"`; a tab is `tab`",
            ),
        };
        findings.report(&codes::BAD_FILE_FORMAT, text.span, message).help(help);
    }
    fitting
}

/// Gives the files of all sources their stored columns with their types.
pub(super) fn columns(model: &mut Model, findings: &mut Findings) {
    for id in model.sources.ids() {
        let Some(Relation::Files(files)) = &model.sources.get(id).relation else { continue };
        let files = with_columns(Files::clone(files), id, model, findings);
        model.sources.get_mut(id).relation = Some(Relation::Files(Arc::new(files)));
    }
}

fn with_columns(mut files: Files, id: SourceId, model: &Model, findings: &mut Findings) -> Files {
    let without_header = matches!(&files.format, FileFormat::Csv(csv) if !csv.header);
    for column in model.sources.get(id).columns.rows() {
        for (name, ty) in stored(model, column) {
            if without_header && !name.parse::<u16>().is_ok_and(|place| place > 0) {
                let message = format!("`{}` does not say which column of the file it is", column.name.value);
                findings
                    .report(&codes::BAD_FILE_FORMAT, column.name.span, message)
                    .help("without a header line, columns have numbers, starting at 1: `column: 3`");
            }
            match files.columns.iter().find(|known| known.name.eq_ignore_ascii_case(&name)) {
                // Objects of JSON have both; the engine makes one column of them.
                Some(known) if known.name != name && matches!(files.format, FileFormat::Json(_)) => {
                    let message = format!(
                        "`{}` and `{name}` differ only in upper and lower case, and a source can read only one of \
                         them",
                        known.name
                    );
                    findings
                        .report(&codes::BAD_FILE_FORMAT, column.name.span, message)
                        .help("delete one of the two columns, or correct its `column:`; to read both, define two sources");
                }
                Some(known) if known.ty != ty => {
                    let (known, ty) = (known.ty.declared(), ty.declared());
                    let message = format!("the column `{name}` of the files is declared as `{known}` and as `{ty}`");
                    findings
                        .report(&codes::BAD_FILE_FORMAT, column.name.span, message)
                        .help("declare it once, and derive the other with `expr:`");
                }
                Some(_) => {}
                None => files.columns.push(FileColumn { name, ty }),
            }
        }
    }
    files
}

/// The stored columns behind a column, with their types.
fn stored(model: &Model, column: &Column) -> Vec<(String, FileType)> {
    match &column.storage {
        Storage::Derived(_) | Storage::Raw(_) => Vec::new(),
        Storage::Stored(name) => vec![(name.clone(), of(typed(model, column)))],
        Storage::Several(names) => {
            let target = column.reference.map(|id| model.sources.get(id));
            let key = |at: usize| target.and_then(|target| target.key.get(at).map(|key| target.columns.get(*key)));
            let ty = |at: usize| key(at).map_or(FileType::Text, |key| of(typed(model, key)));
            let stored = |(at, part): (usize, &KeyPart)| match part {
                KeyPart::Stored(name) => Some((name.clone(), ty(at))),
                KeyPart::Made(_) => None,
            };
            names.iter().enumerate().filter_map(stored).collect()
        }
    }
}

/// The column that says what a column holds: itself, or the key at the end of its references.
fn typed<'a>(model: &'a Model, column: &'a Column) -> &'a Column {
    let mut at = column;
    // References may go round in a circle.
    for _ in 0..model.sources.len() {
        let Some(target) = at.reference.filter(|_| at.ty == Type::Error) else { break };
        let target = model.sources.get(target);
        let Some(key) = target.key.first() else { break };
        at = target.columns.get(*key);
    }
    at
}

fn of(column: &Column) -> FileType {
    match (column.ty, &column.clock) {
        (Type::Boolean, _) => FileType::Boolean,
        (Type::Integer, _) => FileType::Integer,
        (Type::Decimal, _) => FileType::Decimal,
        (Type::Number, _) => FileType::Number,
        (Type::Date, _) => FileType::Date,
        (Type::Timestamp, Clock::Instant) => FileType::Instant,
        (Type::Timestamp, _) => FileType::Timestamp,
        (Type::Text | Type::Key | Type::Null | Type::Error, _) => FileType::Text,
    }
}
