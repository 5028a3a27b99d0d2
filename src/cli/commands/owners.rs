//! `kpic owners`

use crate::cli::commands::diff::{today, versions};
use crate::cli::findings::in_repository;
use crate::cli::{Context, ENVIRONMENT, FINDINGS, FINE, Stop, files, out, refused, usage};
use crate::diff;
use crate::diff::words::many;
use crate::history::json;
use crate::history::owners::{self, Document, Owner};
use crate::pipeline;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

/// The arguments of `owners`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic owners                                       who owns what is defined in each spec file
  kpic owners --write .github/CODEOWNERS            the same as lines for the code host
  kpic owners --diff                                who has to look at this branch, and why
  kpic owners --diff origin/main...HEAD --format json

A team says in the specs who reviews for it on the code host: `reviewers: [acme/growth]`. --write changes its own part of the file and nothing else.")]
pub(in crate::cli) struct OwnersArgs {
    /// Who has to look at a change: as `kpic diff` names versions [default: where this branch left the main branch].
    #[arg(long, value_name = "BASE", num_args = 0..=1, default_missing_value = "")]
    diff: Option<String>,
    /// Put the lines into a CODEOWNERS file, between two marks.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["diff", "format"])]
    write: Option<PathBuf>,
    /// How it is shown.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs; `kpic schema owners` prints the schema.
    Json,
    /// Lines of a CODEOWNERS file.
    Codeowners,
}

pub(in crate::cli) fn run(args: &OwnersArgs, context: &Context<'_>) -> Result<u8, Stop> {
    if let Some(base) = &args.diff {
        return of_change(base, args.format, context);
    }
    let root = context.root()?;
    // What cannot be read would lose its owners.
    let project = pipeline::check(&root, &context.options()).valid();
    let checked = project.map_err(|checked| refused(&checked.findings, &checked.files))?.into_checked();
    let document = owners::of_files(&checked);
    let lines = || owners::codeowners(&document, &in_repository(&root));
    if let Some(file) = &args.write {
        return write(file, &lines(), &root);
    }
    match args.format {
        Format::Text => out::print(&text(&document)),
        Format::Json => out::json(&json::text(&document)),
        Format::Codeowners => out::data(&lines()),
    }
    Ok(FINE)
}

fn of_change(base: &str, format: Format, context: &Context<'_>) -> Result<u8, Stop> {
    if format == Format::Codeowners {
        return Err(usage(
            "a CODEOWNERS file is about files, not about one change",
            "leave out `--diff`, or use `--format json`",
        ));
    }
    let base = Some(base).filter(|base| !base.is_empty());
    let (before, after) = versions(base, None, context)?;
    let diff = diff::diff(&before.checked, &after.checked, today());
    let document = owners::of_change(&diff, &before.checked, &after.checked);
    match format {
        Format::Text => out::print(&concerned(&document)),
        Format::Json | Format::Codeowners => out::json(&json::text(&document)),
    }
    if diff.errors_before + diff.errors_after == 0 {
        return Ok(FINE);
    }
    // Who owns what cannot be read is not known: an empty list is no leave.
    let errors = many(diff.errors_before + diff.errors_after, "error");
    out::error(&format!("{} {errors} in the versions, so somebody may be missing here\n", out::styled(out::BAD, "note:")));
    Ok(if diff.errors_after > 0 { FINDINGS } else { FINE })
}

fn named(owner: &Owner) -> String {
    if owner.reviewers.is_empty() {
        return owner.team.clone();
    }
    format!("{} {}", owner.team, out::styled(out::DIM, &format!("({})", owner.reviewers.join(", "))))
}

fn text(document: &Document) -> String {
    let width = document.files.iter().map(|file| file.path.chars().count()).max().unwrap_or_default();
    let line = |file: &owners::OfFile| {
        let names: Vec<String> = file.owners.iter().map(named).collect();
        let names = if names.is_empty() { out::styled(out::DIM, "nobody") } else { names.join(", ") };
        format!("{:width$}  {names}\n", file.path)
    };
    document.files.iter().map(line).collect()
}

fn concerned(document: &Document) -> String {
    const SHOWN: usize = 10;
    let mut text = String::new();
    for concerned in &document.reviewers {
        text.push_str(&format!("{}\n", out::styled(out::STRONG, &named(&concerned.owner))));
        for reason in concerned.because.iter().take(SHOWN) {
            let what = reason.kind.replace('_', " ");
            let by = if reason.through.is_empty() { String::new() } else { format!("  by {}", reason.through.join(" → ")) };
            text.push_str(&format!("  {} {what} {}{by}\n", reason.class, reason.name));
        }
        if concerned.because.len() > SHOWN {
            text.push_str(&format!("  and {} more\n", concerned.because.len() - SHOWN));
        }
        text.push('\n');
    }
    for name in &document.unowned {
        text.push_str(&format!("{} {name} changes and has no owner\n", out::styled(out::BAD, "note:")));
    }
    if document.reviewers.is_empty() {
        text.push_str("nobody has to look at this change\n");
    }
    text
}

/// Puts kpic's lines into a file; what else it says stays.
/// The folder of the repository that holds a project, or the project's own where there is none.
fn repository(root: &Path) -> Option<PathBuf> {
    let root = std::fs::canonicalize(root).ok()?;
    let top = root.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_path_buf);
    Some(top.unwrap_or(root))
}

fn write(path: &Path, lines: &str, root: &Path) -> Result<u8, Stop> {
    let fails = |message: String, help: Option<&str>| {
        out::error(&out::failure(&message, help));
        Stop { code: ENVIRONMENT }
    };
    // A link of the repository's, or a name that a job puts in, must not lead elsewhere.
    let parent = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let full = std::path::absolute(parent).unwrap_or_else(|_| parent.to_path_buf());
    let real = full.ancestors().find_map(|folder| folder.canonicalize().ok()).unwrap_or_default();
    let is_git = real.components().any(|part| part.as_os_str().eq_ignore_ascii_case(".git"));
    let goes_through_link = path.is_symlink() || path.is_relative() && parent.ancestors().any(Path::is_symlink);
    let is_within = repository(root).is_some_and(|top| real.starts_with(top));
    if path.file_name().is_none_or(|name| name != "CODEOWNERS") || is_git || goes_through_link || !is_within {
        let message = format!("`{}` is no CODEOWNERS file of the repository", path.display());
        return Err(usage(&message, "for instance `kpic owners --write .github/CODEOWNERS`, without links on the way"));
    }
    let before = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(fails(format!("cannot read {}: {error}", path.display()), None)),
    };
    let help = "put the two lines there by hand, one below the other, or remove what is left of them";
    let after = owners::replaced(&before, lines).map_err(|why| fails(format!("{}: {why}", path.display()), Some(help)))?;
    if after == before {
        out::print(&format!("{} is up to date\n", path.display()));
        return Ok(FINE);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Some(name) = path.file_name() else {
        return Err(usage("name the file to write", "for instance `kpic owners --write .github/CODEOWNERS`"));
    };
    files::write(folder, &[(name.to_string_lossy().into_owned(), after.into_bytes())])?;
    out::print(&format!("wrote {}\n", path.display()));
    Ok(FINE)
}
