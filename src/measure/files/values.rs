//! The values of files that are not of their column's type, and the lines that cannot be taken apart.

use super::advice::advice;
use super::{Readable, beginnings, of, stored};
use crate::diagnostic::{Findings, codes};
use crate::dialect::reader;
use crate::engine::{Answer, Failure, Rows};
use crate::measure::{Session, number, whole};
use crate::model::files::{FileColumn, Files};
use crate::model::{Column, ColumnId, Source, SourceId};
use crate::text::Span;
use serde_json::Value;

/// Values of one column that do not fit.
struct Misfits {
    column: usize,
    count: u64,
    /// The first file that has one.
    path: String,
}

/// Finds the values of readable columns that are not of their column's type. Columns that have any are unfit then, and sources
/// of which not even the lines can be read are not readable any more.
///
/// # Errors
/// Fails if the engine cannot be used.
pub(in crate::measure) fn values(
    session: &Session<'_>,
    readable: &mut Readable,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let model = session.project.model();
    let mut asked = Vec::new();
    for (id, unfit) in readable.iter() {
        let source = model.sources.get(*id);
        let Some(files) = of(source) else { continue };
        let unread: Vec<&String> = unfit.iter().flat_map(|column| stored(source.columns.get(*column))).collect();
        let mut files = Files::clone(files);
        files.columns.retain(|column| !unread.contains(&&column.name));
        let query = reader().misfits(&files);
        asked.extend(query.map(|query| (*id, files, query)));
    }
    let queries: Vec<String> = asked.iter().map(|(.., query)| query.clone()).collect();
    for ((id, files, _), answer) in asked.into_iter().zip(session.engine.answer("", &queries)?) {
        let source = model.sources.get(id);
        let Ok(rows) = answer else {
            broken(session, id, &files, findings)?;
            readable.remove(&id);
            continue;
        };
        for misfits in counted(&files, &rows) {
            let Some(file_column) = files.columns.get(misfits.column) else { continue };
            let is_own = |column: &Column| stored(column).any(|name| *name == file_column.name);
            let own: Vec<ColumnId> = source.columns.iter().filter(|(_, column)| is_own(column)).map(|(id, _)| id).collect();
            let span = own.first().map_or(source.name.span, |id| source.columns.get(*id).name.span);
            report(session, &files, file_column, &misfits, span, findings)?;
            readable.entry(id).or_default().extend(own);
        }
    }
    Ok(())
}

/// For each column that has values which do not fit how many there are, and in which file the first ones stand.
fn counted(files: &Files, rows: &Rows) -> Vec<Misfits> {
    let mut all: Vec<Misfits> = Vec::new();
    for row in &rows.rows {
        let path = rows.get(row, "file").and_then(Value::as_str).unwrap_or_default();
        let path = path.strip_prefix("./").unwrap_or(path);
        for column in 0..files.columns.len() {
            let count = rows.get(row, &format!("misfits_{column}")).and_then(number).map_or(0, whole);
            match all.iter_mut().find(|known| known.column == column) {
                _ if count == 0 => {}
                Some(known) => known.count += count,
                None => all.push(Misfits { column, count, path: path.to_owned() }),
            }
        }
    }
    all.sort_by_key(|misfits| misfits.column);
    all
}

fn report(
    session: &Session<'_>,
    files: &Files,
    column: &FileColumn,
    misfits: &Misfits,
    span: Span,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let Misfits { count, path, .. } = misfits;
    let found = ask(session, reader().first_misfits(files, path, misfits.column))?;
    let examples: Vec<(u64, String)> = found
        .iter()
        .flat_map(|rows| {
            rows.rows.iter().filter_map(|row| {
                let number = rows.get(row, "row").and_then(number).map(whole)?;
                Some((number, rows.get(row, "value").and_then(Value::as_str)?.to_owned()))
            })
        })
        .collect();
    let name = &column.name;
    let declared = column.ty.declared();
    let Some((row, value)) = examples.first() else {
        let message = format!("`{path}` has values in the column `{name}` that are not of the type `{declared}`");
        findings.report(&codes::VALUE_DOES_NOT_FIT, span, message);
        return Ok(());
    };
    let line = ask(session, reader().place_of(files, path, *row))?.and_then(|rows| {
        let found = rows.rows.first()?;
        let text = rows.get(found, "text").and_then(Value::as_str)?;
        // What is in a line is the value as far as it has neither quotes nor line breaks.
        let part = value.split(['"', '\n', '\r']).next().unwrap_or_default();
        text.contains(part).then(|| rows.get(found, "line").and_then(number).map(whole)).flatten()
    });
    let place = line.map_or_else(|| format!("row {row}"), |line| format!("line {line}"));
    let mut others: Vec<String> = examples.iter().map(|(_, value)| format!("`{}`", shown(value))).collect();
    others.dedup();
    others.retain(|other| *other != format!("`{}`", shown(value)));
    let more = match (count - 1, others.as_slice()) {
        (0, _) => String::new(),
        (1, []) => "; 1 more value does not fit".to_owned(),
        (1, others) => format!("; 1 more value does not fit, {}", others.join(", ")),
        (more, []) => format!("; {more} more values do not fit"),
        (more, others) => format!("; {more} more values do not fit, such as {}", others.join(", ")),
    };
    let message =
        format!("{place} of `{path}` has `{}` in the column `{name}`, which is declared as `{declared}`{more}", shown(value));
    findings.report(&codes::VALUE_DOES_NOT_FIT, span, message).help(advice(files, column.ty, value));
    Ok(())
}

fn ask(session: &Session<'_>, query: Option<String>) -> Result<Option<Rows>, Failure> {
    let Some(query) = query else { return Ok(None) };
    Ok(session.engine.answer("", &[query])?.pop().and_then(Answer::ok))
}

/// A value for a message: one line, and not too long.
fn shown(value: &str) -> String {
    let plain: String = value.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    if plain.chars().count() <= 60 { plain } else { plain.chars().take(59).chain(['…']).collect() }
}

/// Says which line of which file cannot be taken apart.
fn broken(session: &Session<'_>, id: SourceId, files: &Files, findings: &mut Findings) -> Result<(), Failure> {
    let source = session.project.model().sources.get(id);
    let before = findings.iter().len();
    let beginnings = beginnings(session, &[id], findings)?.remove(&id).unwrap_or_default();
    for beginning in &beginnings {
        let (path, Some(columns)) = (&beginning.path, &beginning.columns) else { continue };
        let Some((setup, query)) = reader().broken_lines(files, path, columns.len()) else {
            unreadable_rows(source, path, findings);
            continue;
        };
        let Ok(answers) = session.engine.answer(&setup, &[query]) else {
            // The engine refuses such a file as a whole.
            let message = format!("the lines of `{path}` do not all end the same way, or quotes in it are not closed");
            findings
                .report(&codes::BROKEN_FILE, source.name.span, message)
                .help("end all lines in one way, LF or CR LF, and put a value with quotes into quotes: `\"5\"\" pipe\"`");
            continue;
        };
        let rows = answers.into_iter().next().and_then(Answer::ok).unwrap_or_default();
        let Some(row) = rows.rows.first() else { continue };
        let text = |name: &str| rows.get(row, name).and_then(Value::as_str).unwrap_or_default();
        let line = rows.get(row, "line").and_then(number).map_or(0, whole);
        let (message, help) = broken_line(text("kind"), text("text"), columns.len());
        let message = format!("line {line} of `{path}` {message}");
        findings.report(&codes::BROKEN_FILE, source.name.span, message).help(help);
    }
    if findings.iter().len() == before {
        let message = format!("the files of `{}` do not match their description", source.name.value);
        findings
            .report(&codes::BROKEN_FILE, source.name.span, message)
            .help("compare their first lines with `files:`: the format, the delimiter, the header line");
    }
    Ok(())
}

fn unreadable_rows(source: &Source, path: &str, findings: &mut Findings) {
    let message = format!("`{path}` has rows that cannot be read");
    findings
        .report(&codes::BROKEN_FILE, source.name.span, message)
        .help("JSON files have objects one after the other, or one array of them; each name appears once in an object");
}

fn broken_line(kind: &str, text: &str, columns: usize) -> (String, &'static str) {
    let count = if columns == 1 { "1 value".to_owned() } else { format!("{columns} values") };
    let text = shown(text);
    match kind {
        "MISSING COLUMNS" => (
            format!("has fewer than {count}: `{text}`"),
            "correct the line; put double quotes around a value with a line break or a delimiter",
        ),
        "TOO MANY COLUMNS" => {
            (format!("has more than {count}: `{text}`"), "correct the line; put double quotes around a value with a delimiter")
        }
        "UNQUOTED VALUE" => (
            format!("has a quote that is not closed, or text after one: `{text}`"),
            "put double quotes around a value with quotes, and double those inside: `\"5\"\" pipe\"`",
        ),
        "INVALID ENCODING" | "INVALID UNICODE" => ("is not UTF-8".to_owned(), "save the file as UTF-8"),
        "LINE SIZE OVER MAXIMUM" => ("is longer than 2 MB".to_owned(), "probably a quote is not closed: correct it"),
        _ => (format!("cannot be split into values: `{text}`"), "correct the line"),
    }
}
