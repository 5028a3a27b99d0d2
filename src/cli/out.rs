//! Writing to the terminal, or to what stands in its place. A reader that has gone away is no error.

use crate::diagnostic::Findings;
use crate::diagnostic::render::Look;
use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

/// For what is good.
pub(super) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// For what is bad.
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
/// For what matters less.
pub(super) const DIM: Style = Style::new().dimmed();
/// For headings.
pub(super) const STRONG: Style = Style::new().bold();

/// Text in a style. The stream takes the style away where it is not wanted.
pub(super) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Whether the engine's own words are shown.
static VERBOSE: AtomicBool = AtomicBool::new(false);

/// Shows the engine's own words from here on.
pub(super) fn be_verbose() {
    VERBOSE.store(true, Ordering::Relaxed);
}

/// Whether the engine's own words are shown.
pub(super) fn is_verbose() -> bool {
    VERBOSE.load(Ordering::Relaxed)
}

/// What the engine itself says of findings, for those who asked for it.
pub(super) fn engine_says(findings: &Findings) -> String {
    let said = findings.iter().filter(|_| is_verbose()).filter_map(|finding| {
        let words = finding.engine.as_ref()?;
        Some(format!("\n{} {}\n  {words}\n", styled(DIM, "the engine says of:"), finding.message))
    });
    said.collect()
}

/// Writes to stdout.
pub(super) fn print(text: &str) {
    let mut stream = anstream::stdout().lock();
    let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
}

/// Writes to stderr.
pub(super) fn error(text: &str) {
    let mut stream = anstream::stderr().lock();
    let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
}

/// A message about something that no file of the project is to blame for.
pub(super) fn failure(message: &str, help: Option<&str>) -> String {
    let help = help.map(|help| format!("{} {help}\n", styled(DIM, "help:"))).unwrap_or_default();
    format!("{} {message}\n{help}", styled(BAD, "error:"))
}

/// How reports may look on stdout.
pub(super) fn look_of_stdout() -> Look {
    Look { color: AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never, width: width() }
}

/// How reports may look on stderr.
pub(super) fn look_of_stderr() -> Look {
    Look { color: AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never, width: width() }
}

/// How many columns there are to write in.
pub(super) fn width() -> usize {
    terminal_width().unwrap_or(120)
}

/// How many columns the terminal has; nothing where there is none.
pub(super) fn terminal_width() -> Option<usize> {
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0).clamp(40, 200))
}
