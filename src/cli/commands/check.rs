//! `kpic check`

use crate::cli::{Context, FINDINGS, FINE, FindingsFormat, Stop, findings_text, out};
use crate::diagnostic::render;
use crate::pipeline::{self, Checked};
use clap::Args;

/// The arguments of `check`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kpic check
  kpic -C specs/cdnow check
  kpic check --format json")]
pub(in crate::cli) struct CheckArgs {
    /// How findings are shown.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: FindingsFormat,
}

pub(in crate::cli) fn run(args: &CheckArgs, context: &Context<'_>) -> Result<u8, Stop> {
    let root = context.root()?;
    let checked = pipeline::check(&root, &context.options());
    if args.format == FindingsFormat::Human {
        out::print(&report(&checked));
    } else {
        out::print(&findings_text(&checked.findings, &checked.files, args.format, out::look_of_stdout()));
    }
    Ok(if checked.findings.has_errors() { FINDINGS } else { FINE })
}

/// What there is to say to people.
pub(super) fn report(checked: &Checked) -> String {
    if checked.findings.is_empty() {
        let model = &checked.model;
        let many = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        let done = format!("{} over {}", many(model.kpis.len(), "KPI"), many(model.sources.len(), "source"));
        return format!("{} {done}\n", out::styled(out::GOOD, "fine:"));
    }
    // The summary is the last line of the text; it says what there is.
    let text = render::human(&checked.findings, &checked.files, out::look_of_stdout());
    let summary = render::summary(&checked.findings);
    let body = text.trim_end().strip_suffix(&summary).unwrap_or(&text);
    let style = if checked.findings.has_errors() { out::BAD } else { out::STRONG };
    format!("{body}{}\n", out::styled(style, &summary))
}
