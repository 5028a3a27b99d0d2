//! `kpic fmt`

use super::check::{many, print_diff};
use crate::cli::{Context, FAULT, FINDINGS, FINE, Stop, environment, out, show_findings};
use crate::engine::Failure;
use crate::fix::{self, Change};
use crate::layout::{self, Why};
use crate::load::PROJECT_FILE;
use clap::Args;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The arguments of `fmt`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic fmt                    all files of the project
  kpic fmt specs/sales.yml
  kpic fmt specs/sales        all files below a folder
  kpic fmt --check            for CI: exit code 1 if a file would change
  kpic fmt --diff
  kpic fmt - < specs/a.yml    for editors: from standard input to standard output

Only layout changes, the order of a definition's keys, blanks and the case of words in formulas. Definitions, lists, comments, anchors and the lines of texts stay as they are.")]
pub(in crate::cli) struct FmtArgs {
    /// Files and folders of the project [default: all]; `-` for standard input.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Name the files that would change, and change nothing.
    #[arg(long)]
    check: bool,
    /// Show the changes without writing them.
    #[arg(long)]
    diff: bool,
}

pub(in crate::cli) fn run(args: &FmtArgs, context: &Context<'_>) -> Result<u8, Stop> {
    if args.files == [PathBuf::from("-")] {
        return piped();
    }
    let root = context.root()?;
    let named = args.files.iter().map(|file| below(&root, file)).collect::<Result<Vec<_>, _>>()?;
    let is_wanted = |path: &str| named.is_empty() || named.iter().any(|wanted| Path::new(path).starts_with(wanted));
    let project = layout::project(&root, &context.opened(), is_wanted);
    for (wanted, typed) in named.iter().zip(&args.files) {
        let is_there = project.made.iter().any(|(id, _)| Path::new(project.files.path(*id)).starts_with(wanted));
        if !is_there {
            let message = format!("`{}` is no file of this project", typed.display());
            let help = format!("its files are {PROJECT_FILE} and the spec files in the folder that it names");
            return Err(environment(&Failure { message, help: Some(help) }));
        }
    }
    show_findings(&project.unread, &project.files);
    let mut code = if project.unread.has_errors() { FINDINGS } else { FINE };
    let mut changes = Vec::new();
    let count = project.made.len();
    for (id, made) in project.made {
        let Some(file) = project.files.get(id) else { continue };
        match made {
            Ok(after) if after == file.text => {}
            Ok(after) => changes.push(Change {
                path: file.path.clone(),
                before: file.text.clone(),
                after,
                hidden: file.hidden().map(str::to_owned).collect(),
            }),
            Err(why) => code = code.max(left_alone(&file.path, &why)),
        }
    }
    if args.diff {
        print_diff(&changes, &root);
    }
    if args.check || args.diff {
        let lines = changes.iter().map(|change| format!("{}\n", change.path));
        let paths: String = lines.collect();
        if args.check && !args.diff {
            out::print(&paths);
        }
        let would = many(changes.len(), "file");
        if !changes.is_empty() {
            out::error(&format!("{would} would change; `kpic fmt` lays them out\n"));
            code = code.max(FINDINGS);
        }
        return Ok(code);
    }
    fix::write(&root, &changes).map_err(|problem| environment(&Failure { message: problem.message, help: problem.help }))?;
    let lines: String = changes.iter().map(|change| format!("  {}\n", change.path)).collect();
    let rest = if changes.len() < count { ", the others have their layout already" } else { "" };
    out::print(&match changes.len() {
        0 if code == FINE => format!("{} {} laid out already\n", out::styled(out::GOOD, "fine:"), many(count, "file")),
        0 => String::new(),
        laid => format!("{} {}{rest}\n{lines}", out::styled(out::GOOD, "laid out:"), many(laid, "file")),
    });
    Ok(code)
}

/// From standard input to standard output; what has no layout comes out as it is.
fn piped() -> Result<u8, Stop> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| {
        let message = format!("standard input cannot be read: {error}");
        environment(&Failure { message, help: Some("save the file as UTF-8".to_owned()) })
    })?;
    // Only the project's file says which version of the language it is for.
    let is_project = text.lines().any(|line| line.starts_with("kpic:"));
    let path = if is_project { PROJECT_FILE } else { "standard input" };
    match layout::format(path, &text) {
        Ok(made) => {
            out::data(&made);
            Ok(FINE)
        }
        Err(why) => {
            out::data(&text);
            Ok(left_alone(path, &why))
        }
    }
}

/// Says why a file stays as it is.
fn left_alone(path: &str, why: &Why) -> u8 {
    match why {
        Why::Broken(broken) => {
            show_findings(&broken.1, &broken.0);
            FINDINGS
        }
        Why::Unusual(what) => {
            let help = "write it in another way; the file stays as it is".to_owned();
            out::error(&out::failure(&format!("{path} has no layout: it holds {what}"), Some(&help)));
            FINDINGS
        }
        Why::Changed(what) => {
            let help = "the file stays as it is; please report this with the file";
            out::error(&out::failure(&format!("kpic cannot lay out {path}: {what}"), Some(help)));
            FAULT
        }
    }
}

/// A path of the command line as the project names it.
fn below(root: &Path, typed: &Path) -> Result<PathBuf, Stop> {
    let full = std::path::absolute(typed).unwrap_or_else(|_| typed.to_path_buf());
    let full = full.canonicalize().unwrap_or(full);
    let own = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
    full.strip_prefix(&own).map(Path::to_path_buf).map_err(|_| {
        let message = format!("`{}` is outside the project in `{}`", typed.display(), root.display());
        environment(&Failure { message, help: Some("name the project's folder with `-C DIR`".to_owned()) })
    })
}
