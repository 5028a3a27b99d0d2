//! `kpic check`

use crate::build;
use crate::cli::{Context, FINDINGS, FINE, FindingsFormat, Stop, environment, findings, out};
use crate::diagnostic::{Findings, render};
use crate::engine::Failure;
use crate::fix::{self, Change, Fixed};
use crate::pipeline::{self, Checked};
use clap::Args;
use similar::TextDiff;
use std::path::Path;

/// The arguments of `check`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic check
  kpic -C specs/cdnow check
  kpic check --diff                       show what --fix would change
  kpic check --fix
  kpic check --format sarif > kpic.sarif

--fix applies safe fixes: misspelt keys and keywords, names that are one letter off and match only one name, former names of KPIs, duplicate entries. Everything else is only shown.

Paths are relative to the project's folder (human, json) or to the root of the repository (sarif, github, gitlab).")]
pub(in crate::cli) struct CheckArgs {
    /// How findings are shown.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: FindingsFormat,
    /// Apply safe fixes to the files.
    #[arg(long)]
    fix: bool,
    /// Show what `--fix` would change, and change nothing.
    #[arg(long, conflicts_with_all = ["fix", "format"])]
    diff: bool,
}

pub(in crate::cli) fn run(args: &CheckArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let root = context.root()?;
    let options = context.options();
    let look = || with_templates(pipeline::check_everywhere(&root, &options).0, args.format, &root);
    let mut checked = look();
    if args.diff {
        return Ok(diff(&fix::fix(&checked, &options), &root));
    }
    if args.fix {
        let fixed = fix::fix(&checked, &options);
        fix::write(&root, &fixed.changes)
            .map_err(|problem| environment(&Failure { message: problem.message, help: problem.help }))?;
        if !fixed.changes.is_empty() {
            checked = look();
        }
        let report = mended(&fixed);
        if args.format.is_for_programs() { out::error(&report) } else { out::print(&report) }
    }
    if args.format.is_for_programs() {
        out::json(&args.format.text(&checked.findings, &checked.files, &root, out::look_of_stdout()));
    } else {
        out::print(&report(&checked));
    }
    let code = code(&checked.findings);
    // The process ends; to take a large model apart before would only take time.
    std::mem::forget(checked);
    Ok(code)
}

/// The same project, with what is wrong with its own templates.
pub(super) fn with_templates(checked: Checked, format: FindingsFormat, root: &Path) -> Checked {
    let root = root.to_path_buf();
    let _watch = findings::watch(&checked.files, move |findings, files| {
        let text = format.text(findings, files, &root, out::look_of_stdout());
        if format.is_for_programs() { out::json(&text) } else { out::print(&text) }
    });
    build::with_templates(checked)
}

fn code(findings: &Findings) -> u8 {
    if findings.has_errors() { FINDINGS } else { FINE }
}

/// What there is to say to people.
pub(super) fn report(checked: &Checked) -> String {
    if checked.findings.is_empty() {
        let model = &checked.model;
        let done = format!("{} over {}", many(model.kpis.len(), "KPI"), many(model.source_count(), "source"));
        return format!("{} {done}\n", out::styled(out::GOOD, "fine:"));
    }
    // The summary is the last line of the text; it says what there is.
    let text = render::human(&checked.findings, &checked.files, out::look_of_stdout());
    let summary = render::summary(&checked.findings);
    let body = text.trim_end().strip_suffix(&summary).unwrap_or(&text);
    let style = if checked.findings.has_errors() { out::BAD } else { out::STRONG };
    let certain = checked.findings.iter().filter_map(|finding| finding.fix.as_ref());
    let certain = certain.filter(|fix| fix.exact(&checked.files).is_some()).count();
    let offer = match certain {
        0 => String::new(),
        _ => format!("{} {certain} can be fixed by `kpic check --fix`\n", out::styled(out::DIM, "note:")),
    };
    format!("{body}{}\n{offer}", out::styled(style, &summary))
}

/// What was fixed, a line for each finding.
fn mended(fixed: &Fixed) -> String {
    let lines = fixed.mended.iter().map(|one| format!("  {}:{} {}: {}\n", one.path, one.line, one.code.name, one.says));
    let lines: String = lines.collect();
    match fixed.mended.len() {
        0 => String::new(),
        count => {
            let files = many(fixed.changes.len(), "file");
            format!("{} {} in {files}\n{lines}\n", out::styled(out::GOOD, "mended"), many(count, "finding"))
        }
    }
}

/// Shows what would change, as a unified diff that `git apply` takes in the root of the repository.
fn diff(fixed: &Fixed, root: &Path) -> u8 {
    print_diff(&fixed.changes, root);
    let (count, files) = (fixed.mended.len(), many(fixed.changes.len(), "file"));
    out::error(&format!("--fix would fix {} in {files}\n", many(count, "finding")));
    if fixed.left.is_empty() {
        return if count > 0 { FINDINGS } else { FINE };
    }
    out::error(&format!("and {} would remain; see `kpic check`\n", render::summary(&fixed.left)));
    if count > 0 { FINDINGS } else { code(&fixed.left) }
}

/// Shows changes as a unified diff.
pub(super) fn print_diff(changes: &[Change], root: &Path) {
    let folder = findings::in_repository(root);
    let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    for change in changes {
        let diff = TextDiff::from_lines(&change.before, &change.after);
        let (old, new) = (format!("a/{prefix}{}", change.path), format!("b/{prefix}{}", change.path));
        let text = diff.unified_diff().context_radius(3).header(&old, &new).to_string();
        let text = change.hidden.iter().fold(text, |text, hidden| text.replace(hidden.as_str(), "***"));
        // A log is read by people and by a CI, and a patch that hides what it says is none to apply.
        if out::is_harmless(&text) {
            out::data(&text);
        } else {
            out::print(&text);
            out::error(&format!(
                "{} the diff of {} has characters that are shown as escapes: it cannot be applied\n",
                out::styled(out::DIM, "note:"),
                change.path
            ));
        }
    }
}

pub(super) fn many(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
