//! `kpic schema`

use crate::cli::{FINE, Stop, files, out};
use crate::history::json as history;
use crate::schema::{self, Document};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

/// The arguments of `schema`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic schema spec > spec.schema.json
  kpic schema --output .kpic      both files, and the lines to add for an editor

An editor with the YAML language server completes keys and shows their meaning in files that start with this line, where PATH is relative to the file:

  # yaml-language-server: $schema=PATH")]
pub(in crate::cli) struct SchemaArgs {
    /// Which file the schema is for.
    #[arg(value_name = "FILE", required_unless_present = "output")]
    file: Option<File>,
    /// Write the schemas into this folder.
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum File {
    /// `kpic.yml`.
    Project,
    /// A spec file.
    Spec,
    /// What `kpic diff --format json` writes.
    Diff,
    /// What `kpic log --format json` writes.
    Log,
    /// What `kpic blame --format json` writes.
    Blame,
    /// What `kpic owners --format json` writes.
    Owners,
    /// What `kpic changelog --format json` writes.
    Changelog,
}

pub(in crate::cli) fn run(args: &SchemaArgs) -> Result<u8, Stop> {
    let documents = match args.file {
        Some(File::Project) => vec![Document::Project],
        Some(File::Spec) => vec![Document::Spec],
        Some(File::Diff) => return Ok(printed(&crate::diff::json::schema())),
        Some(File::Log) => return Ok(printed(&history::schema::<history::Log>())),
        Some(File::Blame) => return Ok(printed(&history::schema::<history::Blamed>())),
        Some(File::Owners) => return Ok(printed(&history::schema::<crate::history::owners::Document>())),
        Some(File::Changelog) => return Ok(printed(&history::schema::<crate::history::changelog::Document>())),
        None => Document::ALL.to_vec(),
    };
    let Some(folder) = &args.output else {
        documents.into_iter().for_each(|document| out::data(&schema::text(document)));
        return Ok(FINE);
    };
    let texts = documents.iter().map(|document| (document.file_name().to_owned(), schema::text(*document).into_bytes()));
    files::write(folder, &texts.collect::<Vec<_>>())?;
    for document in documents {
        let path = folder.join(document.file_name());
        let (file, from) = match document {
            Document::Project => ("kpic.yml", Path::new("")),
            Document::Spec => ("a file in specs/", Path::new("..")),
        };
        let seen = if path.is_absolute() { path.clone() } else { from.join(&path) };
        let line = format!("# yaml-language-server: $schema={}", seen.display());
        out::print(&format!("wrote {}; the first line of {file}:\n  {line}\n", path.display()));
    }
    Ok(FINE)
}

fn printed(schema: &str) -> u8 {
    out::data(schema);
    FINE
}
