//! Indents SQL without touching what stands in quotes. It knows neither comments nor escaped quotes: kpic writes none.

use memchr::{memchr2, memchr2_iter};

/// Where a place in SQL text is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Code,
    Quotes(char),
}

/// As many as a line is moved by at once.
const BLANKS: &str = "        ";

/// Writes every line moved to the right by so many blanks, but for those that begin within a text or a quoted name: there a blank
/// would be another value.
pub fn indent(out: &mut String, text: &str, by: usize) {
    let blanks = BLANKS.get(..by).unwrap_or(BLANKS);
    // Most texts have no quoted names.
    if memchr2(b'"', b'`', text.as_bytes()).is_none() {
        indent_plain(out, text, blanks);
        return;
    }
    let mut within = Within::Code;
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            out.push('\n');
        }
        if !line.is_empty() && !matches!(within, Within::Quotes(_)) {
            out.push_str(blanks);
        }
        out.push_str(line);
        within = after(line, within);
    }
}

/// The same where only texts are in quotes.
fn indent_plain(out: &mut String, text: &str, blanks: &str) {
    let (mut begin, mut begins_quoted, mut quoted) = (0, false, false);
    let mut add = |line: &str, begins_quoted: bool| {
        if !begins_quoted && !line.is_empty() && line != "\n" {
            out.push_str(blanks);
        }
        out.push_str(line);
    };
    for at in memchr2_iter(b'\n', b'\'', text.as_bytes()) {
        if text.as_bytes().get(at) == Some(&b'\'') {
            quoted = !quoted;
        } else {
            add(text.get(begin..=at).unwrap_or_default(), begins_quoted);
            (begin, begins_quoted) = (at + 1, quoted);
        }
    }
    add(text.get(begin..).unwrap_or_default(), begins_quoted);
}

/// Where the end of a line is, if its beginning is there.
fn after(line: &str, begin: Within) -> Within {
    let mut within = begin;
    for char in line.chars() {
        within = match within {
            Within::Code if matches!(char, '\'' | '"' | '`') => Within::Quotes(char),
            // A doubled quote ends a text and begins it again.
            Within::Quotes(quote) if char == quote => Within::Code,
            other => other,
        };
    }
    within
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indented(text: &str, by: usize) -> String {
        let mut out = String::new();
        indent(&mut out, text, by);
        out
    }

    #[test]
    fn lines_within_quotes_stay_as_they_are() {
        assert_eq!(indented("a\nb", 2), "  a\n  b");
        assert_eq!(indented("a = 'it''s\n  so'\nb", 2), "  a = 'it''s\n  so'\n  b");
        assert_eq!(indented("a\nb\n\nc", 2), "  a\n  b\n\n  c");
        assert_eq!(indented("\"two\nlines\"", 1), " \"two\nlines\"");
        assert_eq!(indented("`it's\ntwo`\n'a\nb'", 1), " `it's\ntwo`\n 'a\nb'");
        // The same with and without a name in quotes, which is read otherwise.
        for text in ["'a\n\nb'\nc", "\n\n'it''s\n'''\nd", "", "a\n", "'\n'"] {
            let with_name = indented(&format!("{text}\n\"e\""), 3);
            assert_eq!(format!("{}\n   \"e\"", indented(text, 3)), with_name, "{text}");
        }
    }
}
