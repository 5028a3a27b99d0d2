//! The one place where people's texts become Markdown, HTML or Mermaid. Whatever is in a text, it is shown as it was written
//! and does nothing.
//!
//! Pages are read by `CommonMark` with GitHub's extensions and by Python-Markdown with those of `MkDocs`. Where both know a
//! backslash escape it is used, because pages are read as plain text too; else a character reference.

use crate::text::{is_bidi, shown};
use std::borrow::Cow;

/// A text on one line. Line breaks and control characters become spaces.
pub fn inline(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    let line = one_line(text);
    for (at, char) in line.char_indices() {
        if at == 0 && begins_block(&line) {
            reference(&mut out, char);
        } else {
            character(&mut out, char);
        }
    }
    Cow::Owned(out)
}

/// Whether a text is on one line and has nothing in it that could be more than a letter. Most texts are of that kind, and there
/// are many of them.
fn is_plain(text: &str) -> bool {
    let mark = |byte: u8| matches!(byte, b' ' | b'"' | b'%' | b'\'' | b'(' | b')' | b',' | b'-' | b'.' | b'/' | b':' | b';');
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || mark(byte);
    let begins = text.bytes().next().is_none_or(|first| first.is_ascii_alphabetic());
    begins && text.bytes().all(harmless) && is_one_line(text)
}

/// Whether a text has no white space but single blanks between words, and no control characters.
fn is_one_line(text: &str) -> bool {
    let visible = |byte: u8| (b' '..0x7f).contains(&byte);
    text.bytes().all(visible) && !text.contains("  ") && !text.starts_with(' ') && !text.ends_with(' ')
}

/// A text of several paragraphs, which blank lines separate.
pub(super) fn paragraphs(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut parts: Vec<String> = vec![String::new()];
    for line in text.lines() {
        match parts.last_mut() {
            Some(part) if !line.trim().is_empty() => {
                part.push_str(line);
                part.push('\n');
            }
            Some(part) if !part.is_empty() => parts.push(String::new()),
            _ => {}
        }
    }
    parts.iter().map(|part| inline(part).into_owned()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// A text in the type of code, on one line.
pub fn code(text: &str) -> String {
    let line = one_line(text);
    // What could end the code or a table's cell has to be a reference, which only HTML's own element understands.
    if !line.contains(['`', '|', '\\', '$']) && !line.is_empty() {
        return format!("`{line}`");
    }
    let mut out = String::from("<code>");
    for char in line.chars() {
        if char.is_alphanumeric() || char == ' ' {
            out.push(char);
        } else {
            reference(&mut out, char);
        }
    }
    out.push_str("</code>");
    out
}

/// A text with its lines in a block of code.
pub fn fence(text: &str, language: &str) -> String {
    let language: String = language.chars().filter(char::is_ascii_alphanumeric).collect();
    let strange = |byte: u8| (byte < b' ' && byte != b'\n') || byte >= 0x7f || byte == b'`';
    // Without a way out in the middle, so that many bytes are looked at at once.
    if !text.bytes().fold(false, |found, byte| found | strange(byte)) {
        return format!("```{language}\n{}\n```", text.trim_matches('\n').trim_end());
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut longest = 0;
    let mut run = 0;
    for char in text.chars() {
        run = if char == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat((longest + 1).max(3));
    let visible: String = text.chars().map(|char| if char.is_control() && char != '\n' { ' ' } else { char }).collect();
    format!("{fence}{language}\n{}\n{fence}", visible.trim_matches('\n').trim_end())
}

/// A text inside an HTML element that stands on lines of its own, where Markdown means nothing.
pub(super) fn html(text: &str) -> String {
    one_line(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The label of a node in a Mermaid diagram, to be put between double quotes.
pub(super) fn mermaid(text: &str) -> String {
    /// A longer label makes a diagram that nobody can read.
    const LONGEST: usize = 48;
    let line = one_line(text);
    let shown: Vec<char> = if line.chars().count() > LONGEST {
        line.chars().take(LONGEST - 1).chain(['…']).collect()
    } else {
        line.chars().collect()
    };
    let word = |at: Option<usize>| at.and_then(|at| shown.get(at)).is_some_and(|char| char.is_alphanumeric());
    let mut out = String::with_capacity(line.len());
    for (at, char) in shown.iter().enumerate() {
        let inside = word(at.checked_sub(1)) && word(Some(at + 1));
        let harmless = char.is_alphanumeric() || matches!(char, ' ' | ',' | '…') || (inside && matches!(char, '_' | '-' | '.'));
        if harmless {
            out.push(*char);
        } else {
            // Mermaid's own references: no `&`, and numbers in decimal.
            out.push_str(&format!("#{};", u32::from(*char)));
        }
    }
    if out.is_empty() { "?".to_owned() } else { out }
}

/// The part of a file's name that stands for a text: lower case, digits, `_`, and `-` for whatever else there is.
pub(super) fn slug(text: &str) -> String {
    let mut out = String::new();
    for char in text.chars() {
        if char.is_ascii_alphanumeric() || char == '_' {
            out.push(char.to_ascii_lowercase());
        } else if !out.ends_with('-') {
            out.push('-');
        }
    }
    let out = out.trim_matches('-').to_owned();
    if out.is_empty() { "value".to_owned() } else { out }
}

/// A text with single spaces for all white space and without control characters.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    if is_one_line(text) {
        return Cow::Borrowed(text);
    }
    let visible = |char: char| if char.is_control() { ' ' } else { char };
    let text = if text.contains(is_bidi) { Cow::Owned(shown(text).into_owned()) } else { Cow::Borrowed(text) };
    let words = text.split(|char: char| char.is_whitespace() || char.is_control()).filter(|word| !word.is_empty());
    Cow::Owned(words.map(|word| word.chars().map(visible).collect::<String>()).collect::<Vec<_>>().join(" "))
}

/// Whether a line would start a heading, a list, a quote, a rule or a directive.
fn begins_block(line: &str) -> bool {
    let mut chars = line.chars();
    match chars.next() {
        Some('#' | '-' | '+' | '=' | ':') => true,
        Some(mark @ ('!' | '?' | '/' | '~')) => chars.next() == Some(mark),
        Some(char) if char.is_ascii_digit() => {
            let rest = line.trim_start_matches(|char: char| char.is_ascii_digit());
            rest.strip_prefix(['.', ')']).is_some_and(|after| after.is_empty() || after.starts_with(' '))
        }
        _ => false,
    }
}

fn character(out: &mut String, char: char) {
    match char {
        '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' => {
            out.push('\\');
            out.push(char);
        }
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '&' => out.push_str("&amp;"),
        '|' | '~' | '$' | '^' => reference(out, char),
        _ => out.push(char),
    }
}

fn reference(out: &mut String, char: char) {
    out.push_str(&format!("&#{};", u32::from(char)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_texts_stay_as_they_are() {
        for text in ["Revenue (net), month on month", "Half of the orders are larger. Really!", "größe: 5 % - or 7"] {
            assert_eq!(inline(text), text);
        }
        assert_eq!(code("order_id"), "`order_id`");
        assert_eq!(mermaid("Active buyers, 90 days"), "Active buyers, 90 days");
        assert_eq!(mermaid("is_complete"), "is_complete");
    }

    #[test]
    fn nothing_in_a_text_does_anything() {
        assert_eq!(inline("<script>a & b</script>"), "&lt;script&gt;a &amp; b&lt;/script&gt;");
        assert_eq!(inline("*a* _b_ `c` [d](e) {f} \\"), r"\*a\* \_b\_ \`c\` \[d\](e) \{f\} \\");
        assert_eq!(inline("a | b\n| c"), "a &#124; b &#124; c");
        assert_eq!(inline("$5 to $6, ~no~"), "&#36;5 to &#36;6, &#126;no&#126;");
        for start in ["# a", "- a", "+ a", "1. a", "2) a", "=== a", "!!! note", "::: a", "--- a"] {
            assert!(inline(start).starts_with("&#"), "{start}");
        }
        assert_eq!(inline("7 days"), "7 days");
        assert_eq!(inline("0.25"), "0.25");
        assert_eq!(inline("a\u{0}\u{1b}b"), "a b");
    }

    #[test]
    fn paragraphs_are_kept_and_lines_are_not() {
        assert_eq!(paragraphs("a\nb\n\n \n# c\r\n"), "a b\n\n&#35; c");
        assert_eq!(paragraphs(""), "");
    }

    #[test]
    fn code_cannot_be_left() {
        assert_eq!(code("a`b|c"), "<code>a&#96;b&#124;c</code>");
        assert_eq!(code("<b>"), "`<b>`");
        assert_eq!(code(""), "<code></code>");
        assert_eq!(fence("a\n````\nb\n", "sql"), "`````sql\na\n````\nb\n`````");
        assert_eq!(fence("x", "a b\nc"), "```abc\nx\n```");
    }

    #[test]
    fn labels_of_diagrams_are_harmless() {
        assert_eq!(mermaid("a\"]; click b"), "a#34;#93;#59; click b");
        assert_eq!(mermaid("%%{init: x}%%"), "#37;#37;#123;init#58; x#125;#37;#37;");
        assert_eq!(mermaid("1. a"), "1#46; a");
        assert_eq!(mermaid("`a`"), "#96;a#96;");
        assert_eq!(mermaid(""), "?");
        assert_eq!(mermaid(&"x".repeat(100)).chars().count(), 48);
    }

    #[test]
    fn slugs_are_names_of_files() {
        assert_eq!(slug("Revenue / Growth"), "revenue-growth");
        assert_eq!(slug("../../etc"), "etc");
        assert_eq!(slug("日本"), "value");
        assert_eq!(slug("value_realization"), "value_realization");
    }
}
