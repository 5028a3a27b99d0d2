//! Texts of others as they are shown: what cannot be seen, or moves what is seen, is written as an escape.

use std::borrow::Cow;

/// Whether a character turns the order of those after it around, so that a text reads as another than it is.
pub fn is_bidi(char: char) -> bool {
    matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character is a control character that no name or text of a spec needs.
pub fn is_control(char: char) -> bool {
    char.is_control() && !matches!(char, '\t' | '\n' | '\r')
}

/// Whether a character is shown as an escape.
fn is_hidden(char: char) -> bool {
    let marks = matches!(char, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\r');
    is_control(char) || is_bidi(char) || marks
}

/// A text with control characters and marks of direction as escapes; line breaks and tabs stay.
pub fn shown(text: &str) -> Cow<'_, str> {
    let text = if text.contains("\r\n") { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) };
    if text.contains(is_hidden) { Cow::Owned(escaped(&text, is_hidden)) } else { text }
}

/// The same on one line: line breaks and tabs are escapes too.
pub fn shown_on_a_line(text: &str) -> Cow<'_, str> {
    let is_hidden = |char: char| is_hidden(char) || matches!(char, '\n' | '\t');
    if text.contains(is_hidden) { Cow::Owned(escaped(text, is_hidden)) } else { Cow::Borrowed(text) }
}

/// A value as JSON for programs, in which the same characters are written as JSON's own escapes.
pub fn json(value: &impl serde::Serialize) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_else(|_| "null".to_owned());
    let is_hidden = |char: char| !char.is_ascii() && is_hidden(char);
    if !text.contains(is_hidden) {
        return text;
    }
    // Beyond ASCII a character can only be in a text.
    let mut out = String::with_capacity(text.len() + 64);
    for char in text.chars() {
        if is_hidden(char) {
            out.push_str(&format!("\\u{:04x}", u32::from(char)));
        } else {
            out.push(char);
        }
    }
    out
}

fn escaped(text: &str, is_hidden: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        match char {
            '\n' if is_hidden(char) => out.push_str("\\n"),
            '\t' if is_hidden(char) => out.push_str("\\t"),
            '\r' if is_hidden(char) => out.push_str("\\r"),
            _ if is_hidden(char) => out.extend(char.escape_unicode()),
            _ => out.push(char),
        }
    }
    out
}

/// Digits with separators between thousands.
pub fn grouped(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let mut out = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if part.is_empty() { format!("{sign}{out}") } else { format!("{sign}{out}.{part}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_escapes_of_its_own() {
        let text = "a\u{85}\u{9b}\u{202e}\u{2066}\u{61c}\u{2028}\u{7f}größe\n";
        let written = json(&[text]);
        assert!(written.contains(r"a\u0085\u009b\u202e\u2066\u061c\u2028") && written.contains("größe\\n"), "{written}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&written).unwrap(), [text]);
    }

    #[test]
    fn what_cannot_be_seen_is_an_escape() {
        assert_eq!(shown("a\u{1b}[31m\nb\tc\r\nd\u{202e}\0"), "a\\u{1b}[31m\nb\tc\nd\\u{202e}\\u{0}");
        assert_eq!(shown_on_a_line("a\n::error::x\r\t\u{9b}"), "a\\n::error::x\\r\\t\\u{9b}");
        assert!(matches!(shown("größe → 数\n"), Cow::Borrowed(_)));
    }
}
