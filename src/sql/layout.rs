//! Indents SQL without touching what stands in quotes.

/// Where a place in SQL text is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Code,
    Quotes(char),
    Comment,
}

/// As many as a line is moved by at once.
const BLANKS: &str = "        ";

/// Writes every line moved to the right by so many blanks, but for those that begin within a text or a quoted name: there a blank
/// would be another value.
pub(super) fn indent(out: &mut String, text: &str, by: usize) {
    let blanks = BLANKS.get(..by).unwrap_or(BLANKS);
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

/// Where the end of a line is, if its beginning is there.
fn after(line: &str, begin: Within) -> Within {
    // Most lines have no quotes, or pairs of single ones only, and the end of a line is the end of a comment.
    if begin == Within::Code {
        let (single, other) = line
            .bytes()
            .fold((0u32, false), |(single, other), byte| (single + u32::from(byte == b'\''), other || byte == b'"'));
        if !other && (single == 0 || !line.contains("--")) {
            return if single % 2 == 0 { Within::Code } else { Within::Quotes('\'') };
        }
    }
    let mut within = begin;
    let mut chars = line.chars().peekable();
    while let Some(char) = chars.next() {
        within = match within {
            Within::Code if char == '\'' || char == '"' => Within::Quotes(char),
            Within::Code if char == '-' && chars.peek() == Some(&'-') => Within::Comment,
            // A doubled quote ends a text and begins it again.
            Within::Quotes(quote) if char == quote => Within::Code,
            other => other,
        };
    }
    if within == Within::Comment { Within::Code } else { within }
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
        assert_eq!(indented("a -- don't\nb\n\nc", 2), "  a -- don't\n  b\n\n  c");
        assert_eq!(indented("\"two\nlines\"", 1), " \"two\nlines\"");
    }
}
