//! Files against what the specs declare of them. All that is wrong is said by file, line and column.
//!
//! 1. [`columns`] looks at the beginning of each file: it is there, it is what it is said to be, and it has the declared columns.
//! 2. [`values`] finds the values that are not of their column's type, and lines that cannot be taken apart, for `verify` and where an
//!    engine has refused a query. [`advice`] says what to do about a value.

mod advice;
mod values;

pub(super) use values::values;

use super::guard::{advice as type_advice, mismatch};
use super::refused::{finding, word_in};
use super::{Session, number};
use crate::diagnostic::{Findings, codes, suggest};
use crate::dialect::reader;
use crate::engine::{Answer, Failure, Kind, Refusal, Rows};
use crate::model::files::{Csv, FileColumn, FileFormat, FileType, Files, foreign_of, records};
use crate::model::{Column, ColumnId, Relation, Source, SourceId};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The sources that can be read, each with the columns that cannot.
pub(super) type Readable = BTreeMap<SourceId, BTreeSet<ColumnId>>;

/// The files of a source.
pub(super) fn of(source: &Source) -> Option<&Arc<Files>> {
    match &source.relation {
        Some(Relation::Files(files)) => Some(files),
        Some(Relation::Table(_) | Relation::Query(_)) | None => None,
    }
}

/// A column of a file.
#[derive(Debug, Clone)]
struct Found {
    name: String,
    /// Its type, where the format has types.
    ty: Option<String>,
}

/// What stands at the beginning of a file.
struct Beginning {
    path: String,
    /// Its columns; nothing where the file is empty.
    columns: Option<Vec<Found>>,
}

impl Beginning {
    /// The path and the columns of a file that is not empty.
    fn filled(&self) -> Option<(&str, &[Found])> {
        Some((self.path.as_str(), self.columns.as_deref()?))
    }
}

/// Checks that files are there and have the declared columns; gives the sources that can be read.
///
/// # Errors
/// Fails if the engine cannot be used.
pub(super) fn columns(session: &Session<'_>, sources: &[SourceId], findings: &mut Findings) -> Result<Readable, Failure> {
    let model = session.project.model();
    let mut readable = Readable::new();
    for (id, beginnings) in beginnings(session, sources, findings)? {
        let source = model.sources.get(id);
        let Some(files) = of(source) else { continue };
        let unfit = match &files.format {
            FileFormat::Csv(csv) if !csv.header => too_few(source, files, &beginnings, findings),
            FileFormat::Csv(_) | FileFormat::Json(_) | FileFormat::Parquet => named(session, id, files, &beginnings, findings)?,
        };
        readable.extend(unfit.map(|unfit| (id, unfit)));
    }
    Ok(readable)
}

/// The files behind the paths of sources, without the sources of which one path leads to none.
fn paths(
    session: &Session<'_>,
    sources: &[SourceId],
    findings: &mut Findings,
) -> Result<BTreeMap<SourceId, Vec<String>>, Failure> {
    let model = session.project.model();
    let named = || sources.iter().filter_map(|id| Some((*id, of(model.sources.get(*id))?)));
    // What is far away cannot always be listed.
    let is_remote = |path: &str| path.contains("://");
    let near = named().flat_map(|(_, files)| &files.paths).filter(|path| !is_remote(path));
    let queries: Vec<String> = near.map(|path| reader().list(path)).collect();
    let mut answers = session.engine.answer("", &queries)?.into_iter();
    let mut all = BTreeMap::new();
    for (id, files) in named() {
        let source = model.sources.get(id);
        let mut found: Option<Vec<String>> = Some(Vec::new());
        for path in &files.paths {
            let own = if is_remote(path) { vec![path.clone()] } else { listed(answers.next()) };
            if own.is_empty() && found.is_some() {
                let what = if path.contains(['*', '?', '[']) { "no file matches" } else { "there is no file" };
                let message = format!("the rows of `{}` cannot be read: {what} `{path}`", source.name.value);
                let within = source.relation_span.unwrap_or(source.name.span);
                let span = word_in(session.project.files(), within, path).unwrap_or(within);
                let help = nearby(session, path)?.unwrap_or_else(|| WHERE.to_owned());
                findings.report(&codes::NOT_IN_DATA, span, message).help(help);
                found = None;
            }
            found.iter_mut().for_each(|found| found.extend(own.iter().cloned()));
        }
        all.extend(found.map(|found| (id, found)));
    }
    Ok(all)
}

/// What to say of a path that leads to nothing, where no other one is like it.
pub(super) const WHERE: &str = "paths start at the project's folder";

/// A file of the same folder whose name is like that of a path, or a file of that name in another folder, as advice.
///
/// # Errors
/// Fails if the engine cannot be used.
pub(super) fn nearby(session: &Session<'_>, path: &str) -> Result<Option<String>, Failure> {
    let (folder, name) = path.rsplit_once('/').map_or(("", path), |(folder, name)| (folder, name));
    if path.contains("://") || folder.contains(['*', '?', '[']) {
        return Ok(None);
    }
    let beside = if folder.is_empty() { "*".to_owned() } else { format!("{folder}/*") };
    let patterns = [beside, format!("*/{name}"), name.to_owned()];
    let queries: Vec<String> = patterns.iter().map(|pattern| reader().list(pattern)).collect();
    let mut found = session.engine.answer("", &queries)?.into_iter().map(|answer| listed(Some(answer)));
    let beside = found.next().unwrap_or_default();
    let last = |file: &str| file.rsplit('/').next().unwrap_or_default().to_owned();
    let names: Vec<String> = beside.iter().map(|file| last(file)).collect();
    let near = suggest::nearest(name, names.iter().map(String::as_str));
    let near = near.and_then(|near| beside.iter().find(|file| last(file) == near)).cloned();
    let near = near.or_else(|| found.flatten().next());
    Ok(near.map(|file| format!("did you mean `{file}`? {WHERE}")))
}

/// The paths that the engine lists.
fn listed(answer: Option<Answer>) -> Vec<String> {
    let rows = answer.and_then(Result::ok).unwrap_or_default();
    let text = |row: &Vec<Value>| {
        let path = row.first()?.as_str()?;
        Some(path.strip_prefix("./").unwrap_or(path).to_owned())
    };
    rows.rows.iter().filter_map(text).collect()
}

/// Looks at the beginning of each file; leaves out the sources of which one cannot be read.
fn beginnings(
    session: &Session<'_>,
    sources: &[SourceId],
    findings: &mut Findings,
) -> Result<BTreeMap<SourceId, Vec<Beginning>>, Failure> {
    let model = session.project.model();
    let paths = paths(session, sources, findings)?;
    let mut queries = Vec::new();
    for (id, paths) in &paths {
        let Some(files) = of(model.sources.get(*id)) else { continue };
        queries.extend(paths.iter().map(|path| match &files.format {
            FileFormat::Csv(_) => reader().beginning(path),
            FileFormat::Parquet | FileFormat::Json(_) => reader().described(files, path),
        }));
    }
    let mut answers = session.engine.answer("", &queries)?.into_iter();
    let mut all = BTreeMap::new();
    for (id, paths) in paths {
        let source = model.sources.get(id);
        let Some(files) = of(source) else { continue };
        let own: Vec<(String, Answer)> = paths.into_iter().zip(answers.by_ref()).collect();
        let begun: Option<Vec<Beginning>> =
            own.into_iter().map(|(path, answer)| beginning(source, files, path, answer, findings)).collect();
        let Some(begun) = begun else { continue };
        let empty = |beginning: &&Beginning| beginning.columns.is_none();
        let lacks = match &files.format {
            // One file with the line of names is enough.
            FileFormat::Csv(csv) if csv.header => {
                begun.iter().all(|beginning| empty(&beginning)).then_some((begun.first(), ": it lacks a header line"))
            }
            FileFormat::Csv(_) => begun.iter().find(empty).map(|beginning| (Some(beginning), "")),
            FileFormat::Json(_) | FileFormat::Parquet => None,
        };
        if let Some((beginning, what)) = lacks {
            let path = beginning.map_or("", |beginning| beginning.path.as_str());
            let help = if what.is_empty() {
                "without a header line each file needs rows: remove it, or export it again"
            } else {
                "a file without rows has only that line"
            };
            findings.report(&codes::BROKEN_FILE, source.name.span, format!("`{path}` is empty{what}")).help(help);
            continue;
        }
        all.insert(id, begun);
    }
    Ok(all)
}

/// What an engine says of the beginning of a file; nothing if it cannot be read.
fn beginning(source: &Source, files: &Files, path: String, answer: Answer, findings: &mut Findings) -> Option<Beginning> {
    let columns = match (&files.format, answer) {
        (FileFormat::Csv(csv), Ok(rows)) => match header(csv, &rows) {
            Ok(columns) => columns.map(|columns| columns.into_iter().chain(folders(csv, &path)).collect()),
            Err(message) => {
                findings
                    .report(&codes::BROKEN_FILE, source.name.span, format!("`{path}` {message}"))
                    .help("delete the empty lines at the top, so that the header line comes first");
                return None;
            }
        },
        (_, Ok(rows)) => {
            let text = |row: &Vec<Value>, at: usize| row.get(at).and_then(Value::as_str).unwrap_or_default().to_owned();
            let found = |row: &Vec<Value>| Found { name: text(row, 0), ty: Some(text(row, 1)) };
            let columns: Vec<Found> = rows.rows.iter().map(found).collect();
            // What has no objects is said to have one column of JSON.
            let is_empty = matches!(columns.as_slice(), [Found { name, ty: Some(ty) }] if name == "json" && ty == "JSON");
            (!is_empty || files.columns.iter().any(|column| column.name == "json")).then_some(columns)
        }
        (_, Err(why)) => {
            unreadable(source, files, &path, &why, findings);
            return None;
        }
    };
    Some(Beginning { path, columns })
}

/// The names in the first line of a file of lines, or its first values if it has no names; nothing if the file is empty.
fn header(csv: &Csv, rows: &Rows) -> Result<Option<Vec<Found>>, &'static str> {
    let lines: Vec<&str> = rows.rows.iter().map(|row| row.first().and_then(Value::as_str).unwrap_or_default()).collect();
    if lines.iter().all(|line| line.is_empty()) {
        return Ok(None);
    }
    if lines.first().is_some_and(|line| line.is_empty()) {
        return Err("starts with an empty line");
    }
    let fields = records(&lines.join("\n"), csv.delimiter).into_iter().next().unwrap_or_default();
    Ok(Some(fields.into_iter().map(|field| Found { name: field.trim().to_owned(), ty: None }).collect()))
}

/// The columns that folders such as `year=2024` stand for.
fn folders(csv: &Csv, path: &str) -> Vec<Found> {
    let of = |folder: &str| Some(Found { name: folder.split_once('=')?.0.to_owned(), ty: None });
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    if csv.header { folders.split('/').filter_map(of).collect() } else { Vec::new() }
}

/// Reports a file that is not what it is said to be.
fn unreadable(source: &Source, files: &Files, path: &str, why: &Refusal, findings: &mut Findings) {
    if matches!(why.kind, Kind::NoFile | Kind::NotAllowed | Kind::NoMemory | Kind::Interrupted) {
        let what = format!("the rows of `{}` cannot be read", source.name.value);
        findings.push(finding(&what, Some(source.name.span), why));
        return;
    }
    if let Some((what, false)) = foreign_of(path) {
        let message = format!("the rows of `{}` cannot be read: `{path}` is {what}", source.name.value);
        findings
            .report(&codes::NOT_IN_DATA, source.name.span, message)
            .help("save its rows as a CSV or Parquet file, and name that file here");
        return;
    }
    let (message, help) = match files.format {
        _ if path.contains("://") => (
            format!("`{path}` is not a file of this machine, and it cannot be read"),
            "save the file in the project, or let the engine read the network with `--allow-network`",
        ),
        FileFormat::Parquet => (
            format!("`{path}` is not a Parquet file"),
            "declare its format, `files: { paths: ..., format: csv }`, or correct the path",
        ),
        FileFormat::Json(_) => (
            format!("`{path}` is not a file of JSON objects"),
            "such a file has objects one after the other, or one array of them: correct the file, or set `format:`",
        ),
        FileFormat::Csv(_) if why.said.contains("nicode") || why.said.contains("utf-8") => {
            (format!("`{path}` is not UTF-8"), "save the file as UTF-8")
        }
        FileFormat::Csv(_) if why.said.contains("invalid state") => (
            format!("the lines of `{path}` do not all end the same way"),
            "use LF or CR LF for all of them; most editors can do that",
        ),
        FileFormat::Csv(_) => (format!("`{path}` is not a text file"), "save the file as CSV in UTF-8"),
    };
    findings.report(&codes::BROKEN_FILE, source.name.span, message).help(help).engine = Some(why.said.clone());
}

/// Checks that a file without a line of names has as many columns as are read.
fn too_few(source: &Source, files: &Files, beginnings: &[Beginning], findings: &mut Findings) -> Option<BTreeSet<ColumnId>> {
    let place = |column: &FileColumn| column.name.parse::<usize>().ok();
    let wanted = files.columns.iter().filter_map(place).max().unwrap_or(0);
    for beginning in beginnings {
        let Some(columns) = &beginning.columns else { continue };
        if columns.len() < wanted {
            let path = &beginning.path;
            let count = if columns.len() == 1 { "1 column".to_owned() } else { format!("{} columns", columns.len()) };
            let message = format!("`{path}` has {count}, but `{}` reads column {wanted}", source.name.value);
            let help = other_delimiter(files, columns).unwrap_or_else(|| {
                "correct the column numbers: `column: \
             1`"
                .to_owned()
            });
            findings.report(&codes::NOT_IN_DATA, source.name.span, message).help(help);
            return None;
        }
    }
    Some(BTreeSet::new())
}

/// What to write if a file of one column probably has another delimiter.
fn other_delimiter(files: &Files, columns: &[Found]) -> Option<String> {
    let [Found { name: only, .. }] = columns else { return None };
    let FileFormat::Csv(csv) = &files.format else { return None };
    let others = [(';', "\";\""), ('\t', "tab"), (',', "\",\""), ('|', "\"|\"")];
    let (_, written) = others.iter().find(|(sign, _)| *sign != csv.delimiter && only.contains(*sign))?;
    Some(format!("it seems to have another delimiter: `files: {{ paths: ..., delimiter: {written} }}`"))
}

/// Checks that files have the declared columns, each once, and Parquet files the declared types.
fn named(
    session: &Session<'_>,
    id: SourceId,
    files: &Files,
    beginnings: &[Beginning],
    findings: &mut Findings,
) -> Result<Option<BTreeSet<ColumnId>>, Failure> {
    let source = session.project.model().sources.get(id);
    let filled: Vec<(&str, &[Found])> = beginnings.iter().filter_map(Beginning::filled).collect();
    // Names of JSON objects are what they are; SQL takes those of columns in any case.
    let is_json = matches!(files.format, FileFormat::Json(_));
    let same = |a: &str, b: &str| if is_json { a == b } else { a.eq_ignore_ascii_case(b) };
    let has = |columns: &[Found], name: &str| columns.iter().any(|known| same(&known.name, name));
    let late = if is_json { late_names(session, files, &filled)? } else { BTreeSet::new() };
    let stored: Vec<(ColumnId, &String)> =
        source.columns.iter().flat_map(|(id, column)| stored(column).map(move |name| (id, name))).collect();
    let none = |(_, name): &(ColumnId, &String)| !late.contains(*name) && !filled.iter().any(|(_, columns)| has(columns, name));
    // JSON without objects is a source without rows.
    let Some((path, first)) = filled.first() else { return Ok(Some(BTreeSet::new())) };
    if stored.len() > 1 && stored.iter().all(none) || stored.iter().any(none) && other_delimiter(files, first).is_some() {
        let names: Vec<&str> = first.iter().map(|found| found.name.as_str()).collect();
        let message = format!("`{path}` has none of the columns that `{}` declares", source.name.value);
        let help = other_delimiter(files, first).unwrap_or_else(|| {
            format!(
                "it has: {}; check that it is the right file and that its first line has the column names (`header: false` \
                 if not)",
                names.join(", ")
            )
        });
        findings.report(&codes::NOT_IN_DATA, source.name.span, message).help(help);
        return Ok(Some(stored.into_iter().map(|(id, _)| id).collect()));
    }
    let mut unfit = BTreeSet::new();
    for (id, name) in stored {
        let column = source.columns.get(id);
        if none(&(id, name)) {
            missing(source, column, name, first, findings);
            unfit.insert(id);
            continue;
        }
        for (path, columns) in &filled {
            let own: Vec<&Found> = columns.iter().filter(|known| same(&known.name, name)).collect();
            let problem = match own.as_slice() {
                [] if files.by_name || is_json => None,
                [] => Some((
                    &codes::NOT_IN_DATA,
                    format!("`{path}` has no column `{name}`, which other files of `{}` have", source.name.value),
                    "if it is null there, write `files: { paths: ..., by_name: true }`".to_owned(),
                )),
                [only] => only.ty.as_ref().filter(|_| !is_json).and_then(|ty| {
                    let declared = mismatch(column, ty)?;
                    let place = if filled.len() > 1 { format!("`{path}`") } else { "the data".to_owned() };
                    let message = format!("`{}` is declared as {declared}, but {place} has {ty}", column.name.value);
                    Some((&codes::COLUMN_TYPE_DIFFERS, message, type_advice(column, ty)))
                }),
                _ => Some((
                    &codes::BROKEN_FILE,
                    format!("`{path}` has several columns called `{name}`"),
                    "rename all but one of them in the file".to_owned(),
                )),
            };
            if let Some((code, message, help)) = problem {
                findings.report(code, column.name.span, message).help(help);
                unfit.insert(id);
                break;
            }
        }
    }
    Ok(Some(unfit))
}

fn missing(source: &Source, column: &Column, name: &str, known: &[Found], findings: &mut Findings) {
    let message = format!("the data of `{}` has no column `{name}`", source.name.value);
    let finding = findings.report(&codes::NOT_IN_DATA, column.name.span, message);
    let names = known.iter().map(|found| found.name.as_str());
    let mut help = suggest::did_you_mean(name, "it has", names).unwrap_or_default();
    if *name == column.name.value {
        help.push_str(if help.is_empty() { "" } else { "; " });
        help.push_str("if it has another name there, write `column: ...`");
    }
    finding.help(help);
}

/// The names in files that a column stands for.
fn stored(column: &Column) -> impl Iterator<Item = &String> {
    column.storage.stored()
}

/// The declared names that the first objects of JSON files do not have, and later ones do.
fn late_names(session: &Session<'_>, files: &Files, filled: &[(&str, &[Found])]) -> Result<BTreeSet<String>, Failure> {
    let is_early =
        |column: &&FileColumn| filled.iter().any(|(_, columns)| columns.iter().any(|found| found.name == column.name));
    let late: Vec<&FileColumn> = files.columns.iter().filter(|column| !is_early(column)).collect();
    if late.is_empty() {
        return Ok(BTreeSet::new());
    }
    let texts = Files {
        columns: late.iter().map(|column| FileColumn { name: column.name.clone(), ty: FileType::Text }).collect(),
        ..files.clone()
    };
    let counts: Vec<String> = late
        .iter()
        .enumerate()
        .map(|(at, column)| format!("count({}) as c_{at}", session.dialect().identifier(&column.name)))
        .collect();
    let query = format!("select {} from {}", counts.join(", "), reader().rows(&texts, None));
    let Some(Ok(rows)) = session.engine.answer("", &[query])?.pop() else { return Ok(BTreeSet::new()) };
    let row = rows.rows.first().map(Vec::as_slice).unwrap_or_default();
    let is_there = |at: usize| rows.get(row, &format!("c_{at}")).and_then(number).is_some_and(|count| count > 0.0);
    Ok(late.into_iter().enumerate().filter(|(at, _)| is_there(*at)).map(|(_, column)| column.name.clone()).collect())
}
