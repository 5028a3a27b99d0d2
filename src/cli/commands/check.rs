//! `kpic check`

use crate::cli::{Context, FINDINGS, FINE, FindingsFormat, Stop, findings_text, out};
use crate::diagnostic::render;
use crate::pipeline;
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
    let text = findings_text(&checked.findings, &checked.files, args.format, out::look_of_stdout());
    let errors = checked.findings.has_errors();
    if args.format == FindingsFormat::Json {
        out::print(&text);
    } else if checked.findings.is_empty() {
        let model = &checked.model;
        let many = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        let done = format!("{} over {}", many(model.kpis.len(), "KPI"), many(model.sources.len(), "source"));
        out::print(&format!("{} {done}\n", out::styled(out::GOOD, "fine:")));
    } else {
        // The summary is the last line of the text; it says what there is.
        let summary = render::summary(&checked.findings);
        let body = text.trim_end().strip_suffix(&summary).unwrap_or(&text);
        let style = if errors { out::BAD } else { out::STRONG };
        out::print(&format!("{body}{}\n", out::styled(style, &summary)));
    }
    Ok(if errors { FINDINGS } else { FINE })
}
