//! Writing to the terminal, or to what is in its place. A reader that has gone away is not an error; whatever else keeps output from being
//! written is one, and [`has_failed`] says so in the end.
//!
//! What people read goes through [`print`] and [`error`], which show as escapes what a terminal or a CI would take for a command of its own.
//! What programs read goes through [`data`], as it is.

use crate::diagnostic::Findings;
use crate::diagnostic::render::Look;
use crate::text::{shown, shown_on_a_line};
use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use std::borrow::Cow;
use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::OnceLock;
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
        let words: String = words.lines().map(|line| format!("  {}\n", shown_on_a_line(line))).collect();
        Some(format!("\n{} {}\n{words}", styled(DIM, "the engine says of:"), shown_on_a_line(&finding.message)))
    });
    said.collect()
}

/// Why output could not be written, once that was so.
static FAILED: OnceLock<String> = OnceLock::new();

/// Why some output could not be written, if that is so.
pub(super) fn has_failed() -> Option<&'static str> {
    FAILED.get().map(String::as_str)
}

/// Notes what became of output.
pub(super) fn note(result: std::io::Result<()>) {
    if let Err(error) = result
        && error.kind() != ErrorKind::BrokenPipe
    {
        let _ = FAILED.set(error.to_string());
    }
}

/// Writes to stdout what people read.
pub(super) fn print(text: &str) {
    let mut stream = anstream::stdout().lock();
    note(stream.write_all(harmless(text).as_bytes()).and_then(|()| stream.flush()));
}

/// Writes to stdout what programs read, as it is. A terminal is read by people all the same.
pub(super) fn data(text: &str) {
    let mut stream = std::io::stdout().lock();
    let text = if stream.is_terminal() { harmless(text) } else { Cow::Borrowed(text) };
    note(stream.write_all(text.as_bytes()).and_then(|()| stream.flush()));
}

/// Writes to stderr what people read.
pub(super) fn error(text: &str) {
    let mut stream = anstream::stderr().lock();
    // Where even that cannot be written, nobody can be told.
    let _ = stream.write_all(harmless(text).as_bytes()).and_then(|()| stream.flush());
}

/// A text that does nothing but be read: colours are kept, all else that cannot be seen is an escape, and no line is a command of a CI.
fn harmless(text: &str) -> Cow<'_, str> {
    if shown(text) == text && !text.lines().any(is_command) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for line in text.split_inclusive('\n') {
        // A colour in the middle would be taken away later, where nobody wants colours.
        let line = if is_command(line) { plain(line).replace("::", ":\\:").replace("##", "#\\#") } else { line.to_owned() };
        beside_colours(&line, shown, &mut out);
    }
    Cow::Owned(out)
}

/// Whether a text is shown as it is.
pub(super) fn is_harmless(text: &str) -> bool {
    matches!(harmless(text), Cow::Borrowed(_))
}

/// What begins a command of a CI wherever it stands in a line, in small letters.
const COMMANDS: &[&str] = &["##[", "##vso[", "##teamcity["];

/// Whether a CI takes a line for a command, once colours are taken away.
fn is_command(line: &str) -> bool {
    if !line.contains("::") && !line.contains('#') {
        return false;
    }
    let line = plain(line).to_lowercase();
    line.trim_start().starts_with("::") || COMMANDS.iter().any(|command| line.contains(command))
}

/// A text without colours.
fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let taken = style_at(after);
        out.push_str(if taken == 0 { "\u{1b}" } else { "" });
        rest = after.get(taken.max(1)..).unwrap_or_default();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Writes JSON to stdout. A CI reads it too, where it lands in a log.
pub(super) fn json(text: &str) {
    let is_one = |text: &str| text.contains("##") && is_command(text);
    data(&if is_one(text) { text.replace("##", "#\\u0023").into() } else { Cow::Borrowed(text) });
}

/// A text on one line, in which colours are kept and all else that cannot be seen is an escape.
pub(super) fn on_a_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    beside_colours(text, shown_on_a_line, &mut out);
    out
}

/// Adds a text whose parts between colours are made fit to be shown.
fn beside_colours(text: &str, shown: fn(&str) -> Cow<'_, str>, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        let (before, after) = rest.split_at(at);
        out.push_str(&shown(before));
        let style = style_at(after);
        // What is none of a colour is shown.
        let (taken, written) = if style > 0 { (style, after.get(..style).unwrap_or_default()) } else { (1, "\\u{1b}") };
        out.push_str(written);
        rest = after.get(taken..).unwrap_or_default();
    }
    out.push_str(&shown(rest));
}

/// How many bytes at the beginning of a text are a colour or the like: `ESC [ digits ; digits m`. What hides text is none.
fn style_at(text: &str) -> usize {
    let Some(rest) = text.strip_prefix("\u{1b}[") else { return 0 };
    let length = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b';').count();
    let hides = rest.get(..length).unwrap_or_default().split(';').any(|number| number.trim_start_matches('0') == "8");
    if rest.as_bytes().get(length) == Some(&b'm') && !hides { "\u{1b}[".len() + length + 1 } else { 0 }
}

/// A message about something that no file of the project is to blame for.
pub(super) fn failure(message: &str, help: Option<&str>) -> String {
    let help = help.map(|help| format!("{} {help}\n", styled(DIM, "help:"))).unwrap_or_default();
    format!("{} {}\n{help}", styled(BAD, "error:"), shown_on_a_line(message))
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

/// A line under a table that says what it is about, `note: text`; in a terminal it wraps between words, each further line indented.
pub(super) fn remark(kind: &str, text: &str) -> String {
    let line = format!("{kind} {}", on_a_line(text));
    let wrapped = match terminal_width() {
        Some(width) => {
            let words = textwrap::Options::new(width).word_splitter(textwrap::WordSplitter::NoHyphenation);
            let words = words.word_separator(textwrap::WordSeparator::AsciiSpace).break_words(false);
            textwrap::fill(&line, words.subsequent_indent("  "))
        }
        None => line,
    };
    let rest = wrapped.strip_prefix(kind).unwrap_or(&wrapped);
    format!("{}{rest}\n", styled(DIM, kind))
}

/// How many columns the terminal has; nothing where there is none.
pub(super) fn terminal_width() -> Option<usize> {
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0).clamp(40, 200))
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn colours_stay_and_commands_do_not() {
        let fine = "\u{1b}[1;32mfine\u{1b}[0m: größe\n\ttab\n";
        assert_eq!(harmless(fine), fine);
        assert_eq!(harmless("a\u{1b}[2Kb\u{1b}]0;x\u{7}\n"), "a\\u{1b}[2Kb\\u{1b}]0;x\\u{7}\n");
        assert_eq!(harmless("x\n ::error::y::\n##[error]z\n"), "x\n :\\:error:\\:y:\\:\n#\\#[error]z\n");
        assert_eq!(harmless("\u{1b}[1m::error::y\u{1b}[0m\n#\u{1b}[0m#VSO[x\n"), ":\\:error:\\:y\n#\\#VSO[x\n");
        assert_eq!(harmless("a ##TeamCity[x\n"), "a #\\#TeamCity[x\n");
        assert_eq!(harmless("\u{1b}[31m\u{202e}\u{1b}"), "\u{1b}[31m\\u{202e}\\u{1b}");
    }
}
