//! An answer as a file.

use super::{Format, QueryArgs, json};
use crate::cli::{Stop, csv, environment, files, out, parquet, usage};
use crate::engine::{Failure, Rows};
use crate::plan::relation::Query;
use std::path::Path;

/// As what an answer is shown: as somebody says, or as the ending of the file does.
pub(super) fn format(args: &QueryArgs) -> Result<Format, Stop> {
    let by_ending = || {
        let ending = args.output.as_ref()?.extension()?.to_str()?.to_lowercase();
        let known = [("csv", Format::Csv), ("json", Format::Json), ("parquet", Format::Parquet)];
        known.into_iter().find(|(known, _)| *known == ending).map(|(_, format)| format)
    };
    let format = args.format.or_else(by_ending).unwrap_or(Format::Table);
    if format == Format::Parquet && args.output.is_none() {
        return Err(usage("Parquet is not text, and is not printed", "say which file to write: `-o answer.parquet`"));
    }
    Ok(format)
}

/// What is written into a file.
pub(super) fn bytes(
    format: Format,
    plan: Option<&Query>,
    rows: &Rows,
    args: &QueryArgs,
    table: impl Fn() -> String,
) -> Result<Vec<u8>, Stop> {
    Ok(match format {
        Format::Csv => csv::text(plan, rows, args.null.as_deref().unwrap_or_default(), args.csv_safe).into_bytes(),
        Format::Json => json(rows).into_bytes(),
        Format::Table => anstream::adapter::strip_str(&table()).to_string().into_bytes(),
        Format::Parquet => match plan {
            Some(plan) => parquet::file(plan, rows).map_err(|failure| environment(&failure))?,
            None => Vec::new(),
        },
    })
}

/// Writes a file as a whole, or to stdout where there is none.
pub(super) fn put(file: Option<&Path>, bytes: &[u8]) -> Result<(), Stop> {
    let Some(file) = file else {
        out::data(&String::from_utf8_lossy(bytes));
        return Ok(());
    };
    let refused = |message: String, help: &str| environment(&Failure { message, help: Some(help.to_owned()) });
    let shown = file.display();
    let Some(name) = file.file_name().and_then(|name| name.to_str()) else {
        return Err(refused(format!("`{shown}` is not the name of a file"), "name one: `-o answer.csv`"));
    };
    if file.symlink_metadata().is_ok_and(|meta| !meta.is_file()) {
        let help = "name another file; kpic replaces regular files only";
        return Err(refused(format!("cannot write {shown}: it is there, and not a regular file"), help));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(refused(
            format!("cannot write {shown}: there is no folder {}", folder.display()),
            "create the folder first",
        ));
    }
    files::write(folder, &[(name.to_owned(), bytes.to_vec())])
}
